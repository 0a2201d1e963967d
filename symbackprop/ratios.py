"""Formulas as quotients of polynomials, with their derivatives: what proves most slopes and rewrites without SymPy.

Exponentials and logarithms are symbols, so that an identity found here always holds; one that is not found may hold all
the same. Never says that two formulas differ.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop.expressions import (
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
)
from symbackprop.polynomials import NOTHING, UNIT, Polynomial, Ring, TooManyTerms, number

LARGEST_POWER = 8


class _Unknown(Exception):
    """A formula that is not one of the few kinds that are known here."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient of polynomials, and its derivative by one symbol, which has the same denominator squared."""

    above: Polynomial
    below: Polynomial
    slope: Polynomial  # times 1 / below²

    def __add__(self, other: Ratio) -> Ratio:
        if self.below == other.below:
            return Ratio(self.above + other.above, self.below, self.slope + other.slope)
        slope = self.slope * other.below**2 + other.slope * self.below**2
        return Ratio(self.above * other.below + other.above * self.below, self.below * other.below, slope)

    def __mul__(self, other: Ratio) -> Ratio:
        slope = self.slope * other.above * other.below + other.slope * self.above * self.below
        return Ratio(self.above * other.above, self.below * other.below, slope)

    def inverse(self) -> Ratio:
        """1 over it."""
        if not self.above:
            raise _Unknown
        return Ratio(self.below, self.above, -self.slope)


@dataclass
class _Field:
    """Ratios of formulas over one set of symbols; ``by`` is the leaf that derivatives are by."""

    by: Hashable = None
    ring: Ring = field(default_factory=Ring)

    def ratio(self, expression: Expression) -> Ratio:
        match expression:
            case Reference(of):
                return Ratio(self.ring.symbol(expression), UNIT, UNIT if of == self.by else NOTHING)
            case Number(value):
                return _constant(value)
            case Negative(operand):
                return _constant(Fraction(-1)) * self.ratio(operand)
            case Sum(operands):
                return self._of_many(operands, Ratio.__add__, Fraction(0))
            case Product(operands):
                return self._of_many(operands, Ratio.__mul__, Fraction(1))
            case Quotient(above, below):
                return self.ratio(above) * self.ratio(below).inverse()
            case Power(base, exponent):
                return self._power(self.ratio(base), exponent)
            case Call(function, arguments) if function.definition is not None:
                return self.ratio(function.definition(*arguments))
            case Call(function, (argument,)) if function.name in _KNOWN:
                return _KNOWN[function.name](self, argument)
        raise _Unknown

    def _of_many(
        self, operands: tuple[Expression, ...], joined: Callable[[Ratio, Ratio], Ratio], start: Fraction
    ) -> Ratio:
        whole = _constant(start)
        for each in operands:
            whole = joined(whole, self.ratio(each))
        return whole

    def _power(self, base: Ratio, exponent: Expression) -> Ratio:
        value = exponent.value if isinstance(exponent, Number) else None
        if isinstance(exponent, Negative) and isinstance(exponent.operand, Number):
            value = -exponent.operand.value
        if value is None or value.denominator != 1 or abs(value) > LARGEST_POWER:
            raise _Unknown
        whole = _constant(Fraction(1))
        for _ in range(abs(int(value))):
            whole = whole * base
        return whole if value >= 0 else whole.inverse()

    def exponential(self, argument: Expression) -> Ratio:
        """A product of powers of one symbol for each part of the exponent."""
        exponent = self.ratio(argument)
        divisor = exponent.below.terms.get(())
        if divisor is None or len(exponent.below.terms) > 1:
            raise _Unknown
        whole = _constant(Fraction(1))
        for monomial, coefficient in exponent.above.terms.items():
            power = Fraction(coefficient) / divisor
            if power.denominator != 1 or abs(power) > LARGEST_POWER:
                raise _Unknown
            unit = Ratio(self.ring.symbol(("exp", monomial)), UNIT, NOTHING)
            for _ in range(abs(int(power))):
                whole = whole * (unit if power > 0 else unit.inverse())
        # (exp u)' = exp u · u', over the squared denominators of both.
        slope = whole.above * whole.below * exponent.slope * number(1 / Fraction(divisor) ** 2)
        return Ratio(whole.above, whole.below, slope)

    def logarithm(self, argument: Expression) -> Ratio:
        """A symbol for each argument."""
        inner = self.ratio(argument)
        if not inner.above:
            raise _Unknown
        symbol = self.ring.symbol(("log", inner.above, inner.below))
        # (log u)' = u' / u = (slope / below²) · below / above
        below = inner.above * inner.below
        return Ratio(symbol * below, below, inner.slope * below) if inner.slope else Ratio(symbol, UNIT, NOTHING)


def _constant(value: Fraction) -> Ratio:
    return Ratio(number(value), UNIT, NOTHING)


def _exp(here: _Field, argument: Expression) -> Ratio:
    return here.exponential(argument)


def _tanh(here: _Field, argument: Expression) -> Ratio:
    twice = here.exponential(as_expression(2) * argument)
    return (twice + _constant(Fraction(-1))) * (twice + _constant(Fraction(1))).inverse()


def _sinh(here: _Field, argument: Expression) -> Ratio:
    up, down = here.exponential(argument), here.exponential(Negative(argument))
    return (up + _constant(Fraction(-1)) * down) * _constant(Fraction(1, 2))


def _cosh(here: _Field, argument: Expression) -> Ratio:
    up, down = here.exponential(argument), here.exponential(Negative(argument))
    return (up + down) * _constant(Fraction(1, 2))


_KNOWN: dict[str, Callable[[_Field, Expression], Ratio]] = {
    "exp": _exp,
    "expm1": lambda here, argument: _exp(here, argument) + _constant(Fraction(-1)),
    "log": lambda here, argument: here.logarithm(argument),
    "log1p": lambda here, argument: here.logarithm(as_expression(1) + argument),
    "tanh": _tanh,
    "sinh": _sinh,
    "cosh": _cosh,
}


def are_equal(left: Expression, right: Expression) -> bool:
    """Whether two smooth formulas are seen to be equal wherever both have values.

    >>> from symbackprop.functions import EXP
    >>> e = EXP(Reference("x"))
    >>> are_equal(1 / (1 + 1 / e), e / (1 + e))
    True
    """
    try:
        here = _Field()
        first, second = here.ratio(left), here.ratio(right)
        return first.above * second.below == second.above * first.below
    except (_Unknown, TooManyTerms):
        return False


def is_slope_of(value: Expression, by: Hashable, slope: Expression) -> bool:
    """Whether ``slope`` is seen to be the derivative of a smooth formula by one of its leaves."""
    try:
        here = _Field(by)
        whole, stated = here.ratio(value), here.ratio(slope)
        return whole.slope * stated.below == stated.above * whole.below**2
    except (_Unknown, TooManyTerms):
        return False
