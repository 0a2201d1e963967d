"""Kinds of numbers: correctly rounded floats, exact values, and any number of digits, behind one interface.

A float is the exact value of an expression at the arguments' exact values, rounded once (`symbackprop.rounding`); an
exact value is a fraction or a closed expression (`symbackprop.exactness`). Nothing here knows an array.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

from mpmath import MPContext

from symbackprop import balls
from symbackprop.balls import NotANumber, Undetermined, Value
from symbackprop.exactness import Exact, exact, exact_product, exact_sum
from symbackprop.expressions import Call, Expression, Undefined
from symbackprop.rounding import (
    HIGHEST,
    INDISTINCT_FROM_ZERO,
    Memory,
    ValueOf,
    computed,
    nearest_float,
    rounded,
    sign_of,
)

__all__ = [
    "Arithmetic",
    "ExactArithmetic",
    "FloatArithmetic",
    "NotANumber",
    "PreciseArithmetic",
    "decides_by_sign",
    "exact",
    "precise",
    "rounded",
    "sign_of",
]


def precise(expression: Expression, value_of: ValueOf, digits: int) -> Any:
    """The exact value at the exact values of the leaves, as an mpf of at least that many correct digits."""
    return PreciseArithmetic(digits).evaluate(expression, value_of)


def decides_by_sign(expression: Expression) -> bool:
    """Whether this node's value jumps where its argument changes sign."""
    return isinstance(expression, Call) and expression.function.name == "sign"


class Arithmetic(Protocol):
    """One kind of number. Entries of arrays are its numbers; given ones may also be fractions."""

    def number(self, value: Fraction) -> Any:
        """A rational as a number of this kind."""

    def evaluate(self, expression: Expression, value_of: ValueOf, memory: Memory | None = None) -> Any:
        """The expression's value, with ``value_of`` of what each leaf refers to; ``memory`` has parts found before."""

    def total(self, terms: Sequence[Any]) -> Any:
        """The sum; of nothing, 0."""

    def multiplied(self, number: Fraction, factors: Sequence[Any]) -> Any:
        """The product of an exact number and the factors."""

    def undefined(self, reason: str) -> Any:
        """What stands where there is no number: it makes everything that is computed from it undefined."""


class FloatArithmetic:
    """float64: each expression is rounded once, sums of products are computed in floats."""

    def number(self, value: Any) -> float:
        """The nearest float."""
        return nearest_float(value if isinstance(value, Fraction) else Fraction(value))

    def evaluate(self, expression: Expression, value_of: ValueOf, memory: Memory | None = None) -> float:
        """The exact value, rounded once."""
        return rounded(expression, value_of, memory)

    def total(self, terms: Sequence[float]) -> float:
        """The sum, rounded once."""
        if len(terms) == 1:
            return float(terms[0]) + 0.0  # a zero has no sign
        try:
            return math.fsum(terms) + 0.0
        except (OverflowError, ValueError):  # too large on the way, or inf - inf
            if all(math.isfinite(each) for each in terms):
                return nearest_float(sum(map(Fraction, terms), Fraction(0)))
            return sum(terms)

    def multiplied(self, number: Fraction, factors: Sequence[float]) -> float:
        """The product; exact and rounded once where floats overflow or underflow on the way."""
        product = float(math.prod(factors))
        if number.numerator != number.denominator:
            if max(abs(number.numerator), number.denominator) < 2**53:
                product = product * number.numerator / number.denominator
            elif math.isfinite(product):
                return nearest_float(math.prod(map(Fraction, factors), start=number))
        if 1e-290 < abs(product) < 1e290 or 0 in factors or not all(map(math.isfinite, factors)):
            return product
        return nearest_float(math.prod(map(Fraction, factors), start=number))

    def undefined(self, reason: str) -> float:
        """Not a number."""
        return math.nan


class ExactArithmetic:
    """Fractions where arithmetic is rational, closed expressions where it is not."""

    def number(self, value: Fraction) -> Fraction:
        """The fraction."""
        return Fraction(value)

    def evaluate(
        self, expression: Expression, value_of: ValueOf, memory: Memory | None = None
    ) -> Fraction | Expression:
        """A fraction or a closed expression."""
        return exact(expression, value_of)

    def total(self, terms: Sequence[Exact]) -> Exact:
        """The sum, numbers gathered and zeros left out."""
        return exact_sum(terms)

    def multiplied(self, number: Fraction, factors: Sequence[Exact]) -> Exact:
        """The product, numbers gathered in front."""
        return exact_product([number, *factors])

    def undefined(self, reason: str) -> Expression:
        """An expression that says why."""
        return Undefined(reason)


class PreciseArithmetic:
    """mpf numbers of at least ``digits`` digits; each expression is right to all of them, sums carry ten more."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.context = MPContext()
        self.context.dps = digits + 10
        bits = int(self.context.prec)
        self._precisions = (bits + 40, 2 * bits + 200, 4 * bits + 1_800, 8 * bits + HIGHEST)

    def number(self, value: Any) -> Any:
        """The number as an mpf."""
        if isinstance(value, Fraction):
            return self.context.mpf(value.numerator) / value.denominator
        return self.context.mpf(value)

    def evaluate(self, expression: Expression, value_of: ValueOf, memory: Memory | None = None) -> Any:
        """An mpf; 0 where the value is below 1e-750 and no precision tells it from 0."""
        found = computed(expression, value_of, self._precisions, self._accepted, memory)
        return self.context.make_mpf(found)

    def _accepted(self, value: Value) -> Any:
        bits = int(self.context.prec)
        midpoint, error = balls.ball(value, bits + 20)
        if error is not None:
            if midpoint[1] and error <= balls.size(midpoint) - bits:
                return midpoint
            if error < INDISTINCT_FROM_ZERO and (not midpoint[1] or balls.size(midpoint) < error + 3):
                return balls.ZERO[0]
            raise Undetermined
        return midpoint

    def total(self, terms: Sequence[Any]) -> Any:
        """The sum."""
        return self.context.fsum(self.number(each) for each in terms)

    def multiplied(self, number: Fraction, factors: Sequence[Any]) -> Any:
        """The product."""
        return math.prod(map(self.number, factors), start=self.number(number))

    def undefined(self, reason: str) -> Any:
        """Not a number."""
        return self.context.nan
