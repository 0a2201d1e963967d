"""Plain text for terminals and for reading back: ``out_o1 * (1 - out_o1)``. Never aligns or breaks a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from symbackprop.expressions import Along, BySign, Expression, Negative, Quotient
from symbackprop.printing.dialect import Dialect, Label, Precedence, Say, cases, compared, decimal_text

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

    def number(self, value: Fraction, text: str) -> Label:
        """As written; else an integer, a fraction ``1/2`` of small numbers, a decimal, or any fraction."""
        return number_label(self.decimal_mark.join((text or exact_text(value)).split(".")))

    def product(self, factors: Sequence[Expression], say: Say) -> Label:
        """``a * b``."""
        labels = self.factor_labels(factors, say)
        text = f" {self.times} ".join(self.bracket(label) if bracketed else label.text for label, bracketed in labels)
        last, bracketed = labels[-1]
        ends_open = last.precedence is Precedence.BIG and not bracketed
        return Label(text, Precedence.BIG if ends_open else Precedence.PRODUCT)

    def quotient(self, numerator: Expression, denominator: Expression, say: Say) -> Label:
        """``a / b``."""
        if isinstance(numerator, Negative):
            return self.negative(Quotient(numerator.operand, denominator), say)
        above, below = self.within(say(numerator), Precedence.PRODUCT), self.within(say(denominator), Precedence.POWER)
        return Label(f"{above} / {below}", Precedence.PRODUCT)

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """``a^b``."""
        return Label(
            f"{self.within(say(base), Precedence.ATOM)}^{self.within(say(exponent), Precedence.ATOM)}", Precedence.POWER
        )

    def by_sign(self, choice: BySign, say: Say) -> Label:
        """``{-1 if x < 0; 0 if x = 0; 1 if x > 0}``."""
        left, right = (self.within(say(each), Precedence.SUM) for each in compared(choice.decider))
        branches = [
            f"{say(branch).text} if {left} {self.relation(relation)} {right}" if relation else say(branch).text
            for branch, relation in cases(choice)
        ]
        return Label("{" + "; ".join(branches) + "}")

    def relation(self, relation: str) -> str:
        """``<=`` as one sign where there is one."""
        return relation if self.ascii else {"<=": "≤", ">=": "≥"}.get(relation, relation)

    def along(self, reduction: Along, say: Say) -> Label:
        """``Σ_k w[j,k] * a[k]``, ``max_k net[k]``."""
        body = self.within(say(reduction.body), Precedence.BIG)
        sign = {"sum": "sum" if self.ascii else "Σ", "max": "max"}[reduction.reduction]
        return Label(f"{sign}_{reduction.index} {body}", Precedence.BIG)

    def undefined(self, reason: str) -> Label:
        """The word alone: the reason stands in the error that evaluating it gives."""
        return Label("undefined")


class Ratios(Plain):
    """ASCII text in which every number is an integer or ``p/q``, however it was written."""

    def number(self, value: Fraction, text: str) -> Label:
        """``p/q``."""
        return number_label(str(value))


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


def number_label(text: str) -> Label:
    """A number's text with its precedence: a sign, a fraction bar or neither."""
    if text.startswith(("-", "+")):
        return Label(text, Precedence.NEGATIVE, number=True)
    return Label(text, Precedence.PRODUCT if "/" in text else Precedence.ATOM, number=True)
