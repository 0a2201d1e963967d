"""Formulas in Typst's mathematics, without packages. Never breaks a line and never names a quantity.

Text that is a name or a word stands in quotes, and a comma between arguments behind a backslash: neither is ever code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from symbackprop.expressions import Along, BySign, Call, Expression, Function, Number
from symbackprop.notation.typst import quoted
from symbackprop.printing.dialect import Dialect, Label, Precedence, Say, cases, compared
from symbackprop.printing.plain import exact_text

DOT = " dot "
POWERED = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")


@dataclass(frozen=True)
class Typst(Dialect):
    """Formulas as they are set.

    ``times`` stands between factors: empty for a thin space (and a dot before a number), or ``dot``, ``ast`` ...
    ``flat``: nothing is built up, and round brackets are plain signs, so that a long formula can be cut anywhere.
    """

    times: str = ""
    decimal_mark: str = "."
    flat: bool = False

    name: ClassVar[str] = "Typst"
    heads: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min")},
        "log": "ln",
        "asin": "arcsin",
        "acos": "arccos",
        "atan": "arctan",
        "sigmoid": "sigma",
        "exp": "e^(...)",
        "sqrt": "sqrt(...)",
        "abs": "abs(...)",
        "pi": "pi",
    }

    def number(self, value: Fraction, text: str) -> Label:
        """As written; else exact, a fraction built up."""
        return number_label(text or exact_text(value), self.decimal_mark)

    def bracket(self, label: Label) -> str:
        """Round brackets, which grow by themselves where they are not flat."""
        return rf"\({label.text}\)" if self.flat else f"({label.text})"

    def product(self, factors: Sequence[Expression], say: Say) -> Label:
        """Factors side by side, or with the sign that was chosen between them."""
        labels = self.factor_labels(factors, say)
        text, behind = "", False
        for place, (label, bracketed) in enumerate(labels):
            if place:
                text += self.between(label)
            text += self.bracket(label) if bracketed else label.text
            behind = label.precedence is Precedence.BIG and not bracketed
        return Label(
            text,
            Precedence.BIG if behind else Precedence.PRODUCT,
            number=labels[0][0].number and not labels[0][1],
            tall=any(label.tall for label, _ in labels),
        )

    def between(self, right: Label) -> str:
        """What stands between two factors: a thin space, unless two numbers would meet."""
        if self.times:
            return f" {self.times} "
        return DOT if right.number or self.flat else " thin "

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        """``frac(a, b)``."""
        above, below = say(numerator), say(denominator)
        if self.flat:
            text = rf"{self.within(above, Precedence.PRODUCT)} \/ {self.within(below, Precedence.POWER)}"
            return Label(text, Precedence.PRODUCT, above.number)
        return Label(f"frac({above.text}, {below.text})", Precedence.QUOTIENT, above.number and below.number, tall=True)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``a^(b)``; an integer power of a named function stands on its name."""
        raised = self.raised(exponent, say)
        if isinstance(base, Call) and base.function.name in POWERED and isinstance(exponent, Number):
            return self.called(f"{self.heads[base.function.name]}^({raised})", base.arguments, say)
        label = say(base)
        starts = label.number and label.precedence is Precedence.ATOM
        return Label(f"{self.within(label, Precedence.ATOM)}^({raised})", Precedence.POWER, starts, label.tall)

    def raised(self, exponent: Expression, say: Say) -> str:
        """An exponent's text; a fraction of numbers is not built up there."""
        if isinstance(exponent, Number) and not exponent.text:
            return r"\/".join(exact_text(exponent.value).split("/"))
        return say(exponent).text

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """``tanh(x)``; exp, sqrt and abs in their own shapes."""
        match function.name:
            case "exp":
                return self.exponential(arguments[0], say)
            case "sqrt" if not self.flat:
                return Label(f"sqrt({say(arguments[0]).text})", tall=True)
            case "sqrt":
                return self.called('op("sqrt")', arguments, say)
            case "abs":
                inside = say(arguments[0])
                return Label(rf"\|{inside.text}\|" if self.flat else f"abs({inside.text})", tall=inside.tall)
        if not function.arity:
            return Label(self.head(function))
        return self.called(self.head(function), arguments, say)

    def called(self, head: str, arguments: Sequence[Expression], say: Say) -> Label:
        """A head in front of its arguments in brackets."""
        labels = [say(each) for each in arguments]
        tall = any(each.tall for each in labels)
        return Label(head + self.bracket(Label(r"\, ".join(each.text for each in labels), tall=tall)), tall=tall)

    def exponential(self, argument: Expression, say: Say) -> Label:
        """``e^(x)``, or ``exp(x)`` where the exponent would be too high to read."""
        label = say(argument)
        if self.flat or label.tall:
            return Label("exp" + self.bracket(label), tall=label.tall)
        return Label(f"e^({label.text})", Precedence.POWER)

    def own_name(self, function: Function) -> str:
        """The function's name, upright."""
        return f"op({quoted(function.name)})"

    def head(self, function: Function) -> str:
        """The function's sign, or its name upright."""
        return self.heads[function.name] if function.name in self.heads else self.own_name(function)

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """The branches below each other behind a brace."""
        left, right = (say(each).text for each in compared(choice.decider))
        branches = [
            (say(each).text, f"{left} {relation} {right}" if relation else "") for each, relation in cases(choice)
        ]
        if self.flat:
            texts = [f'{text} "if" thick {test}' if test else text for text, test in branches]
            listed = r"\; ".join(texts)
            return Label(rf"\{{ {listed} \}}")
        rows = ", ".join(f'{text} quad & "if" thick {test}' if test else text for text, test in branches)
        return Label(f"cases({rows})", Precedence.BIG, tall=True)

    def along(self, reduction: Along, say: Say) -> Label:
        """``sum_(k) w_(j k) a_(k)``."""
        body = self.within(say(reduction.body), Precedence.BIG)
        return Label(f"{reduction.reduction}_({reduction.index}) {body}", Precedence.BIG, tall=True)

    def undefined(self, reason: str) -> Label:
        """The word alone."""
        return Label('"undefined"')


TYPST = Typst()


def number_label(text: str, decimal_mark: str = ".") -> Label:
    """A number's plain text (``0.5``, ``-1/2``, ``5e-4``) in Typst: fractions built up, the decimal mark as asked for.

    >>> number_label("5e-4").text, number_label("-1/2").text, number_label("0.5", ",").text
    ('5 dot 10^(-4)', '-frac(1, 2)', '"0,5"')
    """
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    above, bar, below = digits.partition("/")
    if bar:
        fraction = f"frac({_decimal(above, decimal_mark)}, {_decimal(below, decimal_mark)})"
        return Label(sign + fraction, Precedence.NEGATIVE if sign else Precedence.QUOTIENT, number=True, tall=True)
    decimal = _decimal(digits, decimal_mark)
    least = Precedence.PRODUCT if DOT in decimal else Precedence.ATOM
    return Label(sign + decimal, Precedence.NEGATIVE if sign else least, number=True)


def _decimal(text: str, decimal_mark: str) -> str:
    mantissa, mark, exponent = text.strip().lower().partition("e")
    if decimal_mark != "." and "." in mantissa:
        mantissa = quoted(decimal_mark.join(mantissa.split(".")))
    elif mantissa.startswith("."):
        mantissa = quoted(mantissa)
    return f"{mantissa}{DOT}10^({int(exponent)})" if mark else mantissa
