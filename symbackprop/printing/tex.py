"""TeX for pdflatex with amsmath, KaTeX and MathJax: ASCII only. Never breaks a line and never names a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from symbackprop.errors import InputError
from symbackprop.expressions import Along, BySign, Call, Expression, Function, Number
from symbackprop.printing.dialect import Dialect, Label, Precedence, Say, cases, compared
from symbackprop.printing.plain import exact_text

CDOT = r" \cdot "
RELATIONS = {"<=": r"\le", ">=": r"\ge"}
# Heads whose power is written \tanh^{2}(x).
UPRIGHT = ("sign", "erf", "erfc", "asinh", "acosh", "atanh", "expm1", "log1p")
POWERED = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")


@dataclass(frozen=True)
class Tex(Dialect):
    r"""Formulas as they are set.

    ``times`` stands between factors: empty for none (then ``\cdot`` stands only before a number), or for instance
    ``\cdot`` or ``\times``. ``decimal_mark`` is that of literal numbers. ``flat``: nothing is built up, so that a long
    formula can be broken anywhere. ``operator`` sets words upright (GitHub refuses ``\operatorname``).
    """

    times: str = ""
    decimal_mark: str = "."
    flat: bool = False
    operator: str = "operatorname"

    name: ClassVar[str] = "TeX"
    heads: ClassVar[Mapping[str, str]] = {
        **{name: "\\" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min")},
        "log": r"\ln",
        "asin": r"\arcsin",
        "acos": r"\arccos",
        "atan": r"\arctan",
        "sigmoid": r"\sigma",
        "exp": "e^{...}",
        "sqrt": r"\sqrt{...}",
        "abs": r"\left|...\right|",
        "pi": r"\pi",
    }

    def number(self, value: Fraction, text: str) -> Label:
        """As written; else exact, a fraction built up."""
        return number_label(text or exact_text(value), self.decimal_mark)

    def bracket(self, label: Label) -> str:
        """Round brackets, growing only where they have to."""
        return rf"\left({label.text}\right)" if label.tall and not self.flat else f"({label.text})"

    def product(self, factors: Sequence[Expression], say: Say) -> Label:
        """Factors side by side, or with the sign that was chosen between them."""
        labels = self.factor_labels(factors, say)
        text, behind = "", False
        for place, (label, bracketed) in enumerate(labels):
            if place:
                text += self.between(labels[place - 1], (label, bracketed))
            text += self.bracket(label) if bracketed else label.text
            behind = label.precedence is Precedence.BIG and not bracketed
        return Label(
            text,
            Precedence.BIG if behind else Precedence.PRODUCT,
            number=labels[0][0].number and not labels[0][1],
            tall=any(label.tall for label, _ in labels),
        )

    def between(self, left: tuple[Label, bool], right: tuple[Label, bool]) -> str:
        """What stands between two factors: nothing but a space, unless two numbers would meet."""
        if self.times:
            return f" {self.times} "
        if right[0].number:
            return CDOT
        loose = left[1] or right[1] or left[0].number or right[0].precedence is Precedence.BIG
        return " " if loose else r" \, "

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        r"""``\frac{a}{b}``."""
        above, below = say(numerator), say(denominator)
        if self.flat:
            text = f"{self.within(above, Precedence.PRODUCT)} / {self.within(below, Precedence.POWER)}"
            return Label(text, Precedence.PRODUCT, above.number)
        return Label(
            rf"\frac{{{above.text}}}{{{below.text}}}", Precedence.QUOTIENT, above.number and below.number, tall=True
        )

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``a^{b}``; an integer power of a named function stands on its name."""
        raised = self.raised(exponent, say)
        if isinstance(base, Call) and base.function.name in POWERED and isinstance(exponent, Number):
            return self.called(rf"{self.heads[base.function.name]}^{{{raised}}}", base.arguments, say)
        label = say(base)
        starts = label.number and label.precedence is Precedence.ATOM
        return Label(f"{self.within(label, Precedence.ATOM)}^{{{raised}}}", Precedence.POWER, starts, label.tall)

    def raised(self, exponent: Expression, say: Say) -> str:
        """An exponent's text; a fraction of numbers is not built up there."""
        if isinstance(exponent, Number) and not exponent.text:
            return exact_text(exponent.value)
        return say(exponent).text

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        r"""``\tanh(x)``; exp, sqrt and abs in their own shapes."""
        match function.name:
            case "exp":
                return self.exponential(arguments[0], say)
            case "sqrt" if self.flat:
                return self.called(rf"\{self.operator}{{sqrt}}", arguments, say)
            case "sqrt":
                return Label(rf"\sqrt{{{say(arguments[0]).text}}}", tall=True)
            case "abs":
                inside = say(arguments[0])
                return Label(f"|{inside.text}|" if self.flat else rf"\left|{inside.text}\right|", tall=inside.tall)
        if not function.arity:
            return Label(self.head(function))
        return self.called(self.head(function), arguments, say)

    def called(self, head: str, arguments: Sequence[Expression], say: Say) -> Label:
        """A head in front of its arguments in brackets."""
        labels = [say(each) for each in arguments]
        tall = any(each.tall for each in labels)
        return Label(head + self.bracket(Label(", ".join(each.text for each in labels), tall=tall)), tall=tall)

    def exponential(self, argument: Expression, say: Say) -> Label:
        r"""``e^{x}``, or ``\exp\left(x\right)`` where the exponent would be too high to read."""
        label = say(argument)
        if self.flat:
            return Label(rf"\exp({label.text})")
        if label.tall:
            return Label(rf"\exp\left({label.text}\right)", tall=True)
        return Label(f"e^{{{label.text}}}", Precedence.POWER)

    def head(self, function: Function) -> str:
        """The function's sign, or its name upright."""
        if function.name in UPRIGHT:
            return rf"\{self.operator}{{{function.name}}}"
        return super().head(function)

    def own_name(self, function: Function) -> str:
        """The function's name, upright."""
        return rf"\{self.operator}{{{escaped_name(function.name)}}}"

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """The branches below each other behind a brace."""
        left, right = (say(each).text for each in compared(choice.decider))
        if self.flat:
            texts = [
                rf"{say(branch).text} \text{{ if }} {left} {RELATIONS.get(relation, relation)} {right}"
                for branch, relation in cases(choice)
            ]
            return Label(rf"\{{ {'; '.join(texts)} \}}")
        branches = [
            rf"{say(branch).text} & \text{{if }} {left} {RELATIONS.get(relation, relation)} {right}"
            if relation
            else say(branch).text
            for branch, relation in cases(choice)
        ]
        return Label(r"\begin{cases} " + r" \\ ".join(branches) + r" \end{cases}", Precedence.BIG, tall=True)

    def along(self, reduction: Along, say: Say) -> Label:
        r"""``\sum_{k} w_{jk} a_{k}``."""
        body = self.within(say(reduction.body), Precedence.BIG)
        sign = {"sum": r"\sum", "max": r"\max"}[reduction.reduction]
        return Label(rf"{sign}_{{{reduction.index}}} {body}", Precedence.BIG, tall=True)

    def undefined(self, reason: str) -> Label:
        """The word alone."""
        return Label(r"\text{undefined}")


TEX = Tex()


def number_label(text: str, decimal_mark: str = ".") -> Label:
    r"""A number's plain text (``0.5``, ``-1/2``, ``5e-4``) as TeX: fractions built up, powers of ten, the decimal mark.

    >>> number_label("5e-4").text, number_label("-1/2").text, number_label("0.5", ",").text
    ('5 \\cdot 10^{-4}', '-\\frac{1}{2}', '0{,}5')
    """
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    above, bar, below = digits.partition("/")
    if bar:
        fraction = rf"\frac{{{_decimal(above, decimal_mark)}}}{{{_decimal(below, decimal_mark)}}}"
        return Label(sign + fraction, Precedence.NEGATIVE if sign else Precedence.QUOTIENT, number=True, tall=True)
    decimal = _decimal(digits, decimal_mark)
    least = Precedence.PRODUCT if CDOT in decimal else Precedence.ATOM
    return Label(sign + decimal, Precedence.NEGATIVE if sign else least, number=True)


def _decimal(text: str, decimal_mark: str) -> str:
    mantissa, mark, exponent = text.strip().lower().partition("e")
    mark_text = {",": "{,}"}.get(decimal_mark, decimal_mark)
    whole, point, decimals = mantissa.partition(".")
    set_mantissa = whole + (mark_text + decimals if point else "")
    return rf"{set_mantissa}{CDOT}10^{{{int(exponent)}}}" if mark else set_mantissa


def escaped_name(name: str) -> str:
    """A function's name with its underscores escaped; refused if it has more than letters, digits and a prime."""
    if not name.removesuffix("'").replace("_", "").isalnum() or not name.isascii():
        raise InputError(f"TeX cannot say the function name {name!r}: only letters, digits and underscores are allowed")
    return "\\_".join(name.split("_"))
