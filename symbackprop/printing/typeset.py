"""What the dialects of set mathematics share: fractions, exponents, roots and cases, built up or flat. Has no sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from symbackprop.expressions import (
    ONE,
    Along,
    BySign,
    Call,
    Expression,
    Function,
    Negative,
    Number,
    Product,
    Quotient,
    Sum,
)
from symbackprop.printing.dialect import Dialect, Factor, Label, Precedence, Say, cases, compared
from symbackprop.printing.plain import exact_text

# Functions that have no sign of their own, and those whose power is written \tanh^{2}(x).
UPRIGHT = ("sign", "erf", "erfc", "asinh", "acosh", "atanh", "expm1", "log1p")
POWERED = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh")
Branch = tuple[str, str]  # an expression, and the condition for it


@dataclass(frozen=True)
class Typeset(Dialect):
    """Formulas as they are set.

    ``times`` stands between factors: empty for none (then ``dot`` stands only before a number), or a sign.
    ``decimal_mark`` is that of literal numbers. ``flat``: nothing is built up, so that a long formula can be broken
    anywhere.
    """

    times: str = ""
    decimal_mark: str = "."
    flat: bool = False

    dot: ClassVar[str]

    def number(self, value: Fraction, text: str) -> Label:
        """As written; else exact, a fraction built up."""
        return self.numeral(text or exact_text(value))

    def numeral(self, text: str) -> Label:
        """A number's plain text (``0.5``, ``-1/2``, ``5e-4``): fractions built up, powers of ten, the decimal mark."""
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
        above, bar, below = digits.partition("/")
        if bar:
            fraction = self.fraction(self._decimal(above), self._decimal(below))
            return Label(sign + fraction, Precedence.NEGATIVE if sign else Precedence.QUOTIENT, number=True, tall=True)
        decimal = self._decimal(digits)
        least = Precedence.PRODUCT if self.dot in decimal else Precedence.ATOM
        return Label(sign + decimal, Precedence.NEGATIVE if sign else least, number=True)

    def _decimal(self, text: str) -> str:
        mantissa, mark, exponent = text.strip().lower().partition("e")
        digits = self.digits(mantissa)
        return f"{digits}{self.dot}10^{self.script(str(int(exponent)))}" if mark else digits

    def digits(self, text: str) -> str:
        """Digits with a point, as digits with the decimal mark."""
        raise NotImplementedError

    def script(self, text: str) -> str:
        """A text kept together as an exponent or index."""
        raise NotImplementedError

    def fraction(self, above: str, below: str) -> str:
        """One text over another."""
        raise NotImplementedError

    def root(self, text: str) -> str:
        """The square root's sign over a text."""
        raise NotImplementedError

    def absolute(self, text: str) -> str:
        """A text between the bars of its size."""
        raise NotImplementedError

    def upright(self, word: str) -> str:
        """A word of our own as a function's name."""
        raise NotImplementedError

    def between(self, left: Factor, right: Factor) -> str:
        """The sign that was chosen; without one a dot between two numbers, and a space elsewhere."""
        if self.times:
            return f" {self.times} "
        return self.dot if right[0].number else self.space(left, right)

    def space(self, left: Factor, right: Factor) -> str:
        """What stands between two factors that are set side by side."""
        raise NotImplementedError

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        """One expression over another: a sign before the fraction, and no fraction above another's bar."""
        if self.flat:
            return super().quotient(numerator, denominator, say)
        match numerator:
            case Negative(operand):
                return self.negative(Quotient(operand, denominator), say)
            case Quotient(above, below):
                return self.quotient(above, Product((below, denominator)), say)
        upper, lower = say(numerator), say(denominator)
        if _has_fractions(numerator) and not lower.tall:
            whole = self.fraction(say(ONE).text, lower.text)
            return Label(f"{whole} {self.bracket(upper)}", Precedence.PRODUCT, lower.number, tall=True)
        text = self.fraction(upper.text, lower.text)
        return Label(text, Precedence.QUOTIENT, upper.number and lower.number, tall=True)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """A raised exponent; an integer power of a named function stands on its name."""
        raised = "^" + self.script(self.exponent(exponent, say))
        if isinstance(base, Call) and base.function.name in POWERED and isinstance(exponent, Number):
            return self.called(self.head(base.function) + raised, base.arguments, say)
        label = say(base)
        starts = label.number and label.precedence is Precedence.ATOM
        return Label(self.within(label, Precedence.ATOM) + raised, Precedence.POWER, starts, label.tall)

    def exponent(self, exponent: Expression, say: Say) -> str:
        """An exponent's text; a fraction of numbers is not built up there."""
        if isinstance(exponent, Number) and not exponent.text:
            return self.slash.strip().join(exact_text(exponent.value).split("/"))
        return say(exponent).text

    def call(self, function: Function, arguments: Sequence[Expression], say: Say) -> Label:
        """``tanh(x)``; exp, sqrt and abs in their own shapes."""
        match function.name:
            case "exp":
                return self.exponential(arguments[0], say)
            case "sqrt" if self.flat:
                return self.called(self.upright("sqrt"), arguments, say)
            case "sqrt":
                return Label(self.root(say(arguments[0]).text), tall=True)
            case "abs":
                inside = say(arguments[0])
                return Label(self.absolute(inside.text), tall=inside.tall)
        return super().call(function, arguments, say)

    def exponential(self, argument: Expression, say: Say) -> Label:
        """``e^(x)``, or ``exp(x)`` where the exponent would be too high to read."""
        label = say(argument)
        if self.flat or label.tall:
            return Label(self.heads["exp"] + self.bracket(label), tall=label.tall)
        return Label(f"e^{self.script(label.text)}", Precedence.POWER)

    def head(self, function: Function) -> str:
        """The function's sign, or its name upright."""
        return self.own_name(function) if function.name in UPRIGHT else super().head(function)

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """The branches below each other behind a brace."""
        left, right = (say(each).text for each in compared(choice.decider))
        branches = [(say(branch).text, f"{left} {self.sign(relation)} {right}") for branch, relation in cases(choice)]
        if self.flat:
            return Label(self.listed(branches))
        return Label(self.cases(branches), Precedence.BIG, tall=True)

    def listed(self, branches: Sequence[Branch]) -> str:
        """The branches behind each other in braces."""
        raise NotImplementedError

    def cases(self, branches: Sequence[Branch]) -> str:
        """The branches below each other."""
        raise NotImplementedError

    def along(self, reduction: Along, say: Say) -> Label:
        """The sum's sign, its letter below."""
        body = self.within(say(reduction.body), Precedence.BIG)
        sign = f"{self.sign(reduction.reduction)}_{self.script(reduction.index)}"
        return Label(f"{sign} {body}", Precedence.BIG, tall=True)

    def undefined(self, reason: str) -> Label:
        """The word alone."""
        return Label(self.sign("undefined"))


def _has_fractions(expression: Expression) -> bool:
    """Whether a term of a sum is a fraction."""
    terms = expression.operands if isinstance(expression, Sum) else ()
    return any(isinstance(each.operand if isinstance(each, Negative) else each, Quotient) for each in terms)
