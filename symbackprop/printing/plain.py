"""Plain text for terminals and for reading back: ``out_o1 * (1 - out_o1)``. Never aligns or breaks a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from symbackprop.expressions import Along, BySign, Expression, Negative, Quotient
from symbackprop.printing.dialect import Dialect, Factor, Label, Precedence, Say, cases, compared, decimal_text

PRIMITIVES = (
    *("exp", "log", "sqrt", "abs", "sign", "max", "min", "erf", "erfc", "expm1", "log1p", "pi"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)


@dataclass(frozen=True)
class Plain(Dialect):
    """Formulas as one types them; with ``ascii``, only characters that every terminal has. ``times`` multiplies.

    ``decimal_mark`` is that of literal numbers.
    """

    ascii: bool = False
    times: str = "*"
    decimal_mark: str = "."

    name: ClassVar[str] = "plain text"
    heads: ClassVar[Mapping[str, str]] = {name: name for name in PRIMITIVES}
    signs: ClassVar[Mapping[str, str]] = {"<=": "≤", ">=": "≥", "sum": "Σ"}

    def number(self, value: Fraction, text: str) -> Label:
        """As written; else an integer, a fraction ``1/2`` of small numbers, a decimal, or any fraction."""
        return self.numeral(text or exact_text(value))

    def numeral(self, text: str) -> Label:
        """Its precedence is that of a sign, a fraction bar or neither."""
        if text.startswith(("-", "+")):
            least = Precedence.NEGATIVE
        else:
            least = Precedence.PRODUCT if "/" in text else Precedence.ATOM
        return Label(self.decimal_mark.join(text.split(".")), least, number=True)

    def between(self, left: Factor, right: Factor) -> str:
        """``a * b``."""
        return f" {self.times} "

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        """``a / b``; a sign in front of both."""
        if isinstance(numerator, Negative):
            return self.negative(Quotient(numerator.operand, denominator), say)
        return super().quotient(numerator, denominator, say)

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``{-1 if x < 0; 0 if x = 0; 1 if x > 0}``."""
        left, right = (self.within(say(each), Precedence.SUM) for each in compared(choice.decider))
        branches = [f"{say(branch).text} if {left} {self.sign(relation)} {right}" for branch, relation in cases(choice)]
        return Label("{" + "; ".join(branches) + "}")

    def sign(self, sign: str) -> str:
        """``<=`` as one sign where there is one."""
        return sign if self.ascii else super().sign(sign)

    def along(self, reduction: Along, say: Say) -> Label:
        """``Σ_k w[j,k] * a[k]``, ``max_k net[k]``."""
        body = self.within(say(reduction.body), Precedence.BIG)
        return Label(f"{self.sign(reduction.reduction)}_{reduction.index} {body}", Precedence.BIG)

    def undefined(self, reason: str) -> Label:
        """The word alone: the reason stands in the error that evaluating it gives."""
        return Label("undefined")


class Ratios(Plain):
    """ASCII text in which every number is an integer or ``p/q``, however it was written."""

    def number(self, value: Fraction, text: str) -> Label:
        """``p/q``."""
        return self.numeral(str(value))


PLAIN = Plain()
RATIOS = Ratios(ascii=True)


def exact_text(value: Fraction) -> str:
    """The number without loss: ``7``, ``1/2``, ``0.044715``, ``1/3``.

    >>> [exact_text(Fraction(text)) for text in ("7", "-1/2", "0.01", "0.044715", "1/3000")]
    ['7', '-1/2', '1/100', '0.044715', '1/3000']
    """
    if value.denominator <= 100:
        return str(value)
    return decimal_text(value) or str(value)
