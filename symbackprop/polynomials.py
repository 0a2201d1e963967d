"""Polynomials with rational coefficients, and formulas as such: the arithmetic behind proofs that need no SymPy.

Never factors, never divides, never looks at a number: two polynomials are the same if their terms are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop.expressions import (
    ONE,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
)

MOST_TERMS = 20_000  # of a product of two polynomials
Coefficient = int | Fraction
Monomial = tuple[int, ...]  # the numbers of its symbols, sorted, as often as their powers say


class TooManyTerms(Exception):
    """A product would have more than `MOST_TERMS` terms."""


class Polynomial:
    """A sum of products of numbered symbols."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Monomial, Coefficient]) -> None:
        self.terms = terms

    def __repr__(self) -> str:
        return f"Polynomial({dict(self.terms)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Polynomial) -> Polynomial:
        if not self.terms or not other.terms:
            return other if not self.terms else self
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            found = terms.get(monomial, 0) + coefficient
            if found:
                terms[monomial] = found
            else:
                del terms[monomial]
        return Polynomial(terms)

    def __neg__(self) -> Polynomial:
        return Polynomial({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + -other

    def __mul__(self, other: Polynomial) -> Polynomial:
        if len(self.terms) * len(other.terms) > MOST_TERMS:
            raise TooManyTerms
        terms: dict[Monomial, Coefficient] = {}
        for left, one in self.terms.items():
            for right, another in other.terms.items():
                monomial = tuple(sorted(left + right)) if left and right else left or right
                terms[monomial] = terms.get(monomial, 0) + one * another
        return Polynomial({monomial: coefficient for monomial, coefficient in terms.items() if coefficient})

    def __pow__(self, exponent: int) -> Polynomial:
        found = UNIT
        for _ in range(exponent):
            found = found * self
        return found


NOTHING, UNIT = Polynomial({}), Polynomial({(): 1})


def number(value: Fraction | int) -> Polynomial:
    """A constant."""
    whole = int(value) if Fraction(value).denominator == 1 else value
    return Polynomial({(): whole}) if whole else NOTHING


@dataclass
class Ring:
    """Symbols, each with its number: one for each thing that is taken as independent of all others."""

    numbers: dict[Hashable, int] = field(default_factory=dict)

    def symbol(self, of: Hashable) -> Polynomial:
        """The symbol that stands for a thing."""
        return Polynomial({(self.numbers.setdefault(of, len(self.numbers)),): 1})

    def polynomial(self, expression: Expression, value_of: Callable[[Hashable], Polynomial]) -> Polynomial:
        """A formula as a polynomial in its leaves; every function, quotient and other power is a symbol of its own."""
        match expression:
            case Reference(of):
                return value_of(of)
            case Number(value):
                return number(value)
            case Negative(operand):
                return -self.polynomial(operand, value_of)
            case Sum(operands):
                whole = NOTHING
                for each in operands:
                    whole = whole + self.polynomial(each, value_of)
                return whole
            case Product(operands):
                whole = UNIT
                for each in operands:
                    whole = whole * self.polynomial(each, value_of)
                return whole
            case Quotient(above, below):
                return self.polynomial(above, value_of) * self._reciprocal(below)
            case Power(base, Number(exponent)) if exponent.denominator == 1 and exponent > 0:
                return self.polynomial(base, value_of) ** int(exponent)
        return self.symbol(expression)

    def _reciprocal(self, expression: Expression) -> Polynomial:
        """1 over a formula: of a number itself, of a product that of each factor, of anything else a symbol."""
        match expression:
            case Number(value) if value:
                return number(1 / value)
            case Product(operands):
                whole = UNIT
                for each in operands:
                    whole = whole * self._reciprocal(each)
                return whole
            case Power(base, Number(exponent)) if exponent.denominator == 1 and exponent > 0:
                return self._reciprocal(base) ** int(exponent)
        return self.symbol(Quotient(ONE, expression))


def are_same(left: Expression, right: Expression) -> bool:
    """Whether two formulas are one polynomial, in their leaves and in whatever functions and quotients are in them.

    >>> x, y = Reference("x"), Reference("y")
    >>> are_same((x + y) * (x - y), x**2 - y**2)
    True
    """
    ring = Ring()
    first, second = (ring.polynomial(each, lambda of: ring.symbol(Reference(of))) for each in (left, right))
    return first == second


def differ_in_order_only(left: Expression, right: Expression) -> bool:
    """Whether two formulas have the same terms and factors, nothing multiplied out.

    >>> x, y = Reference("x"), Reference("y")
    >>> differ_in_order_only(x * y - 2 * x, y * x + x * -2), differ_in_order_only(x * (y + 1), x * y + x)
    (True, False)
    """
    return _unordered(left) == _unordered(right)


_Unordered = tuple[Fraction, Hashable]  # a number, and what it is a factor of


def _unordered(expression: Expression) -> _Unordered:
    match expression:
        case Number(value):
            return value, None
        case Negative(operand):
            return _scaled(Fraction(-1), _unordered(operand))
        case Sum(operands):
            return _unordered_sum([_unordered(each) for each in operands])
        case Product() | Quotient() | Power(_, Number()):
            powers: dict[Hashable, Fraction] = {}
            coefficient = _factors(expression, Fraction(1), powers)
            return _unordered_product(coefficient, powers)
    children = expression.children
    if not children:
        return Fraction(1), expression
    kind = expression.rebuilt(tuple(Reference(place) for place in range(len(children))))
    return Fraction(1), (kind, tuple(_unordered(each) for each in children))


def _unordered_sum(terms: list[_Unordered]) -> _Unordered:
    found: dict[Hashable, Fraction] = {}
    for coefficient, rest in terms:
        inner = rest.items if isinstance(rest, _Terms) else ((rest, Fraction(1)),)
        for each, factor in inner:
            found[each] = found.get(each, Fraction(0)) + coefficient * factor
    kept = {rest: coefficient for rest, coefficient in found.items() if coefficient}
    if len(kept) < 2:
        return next(((coefficient, rest) for rest, coefficient in kept.items()), (Fraction(0), None))
    return Fraction(1), _Terms(frozenset(kept.items()))


@dataclass(frozen=True, slots=True)
class _Terms:
    items: frozenset[tuple[Hashable, Fraction]]


def _scaled(factor: Fraction, of: _Unordered) -> _Unordered:
    coefficient, rest = of
    if isinstance(rest, _Terms) and factor * coefficient != 1:
        return Fraction(1), _Terms(frozenset((each, factor * coefficient * own) for each, own in rest.items))
    return factor * coefficient, rest


def _factors(expression: Expression, exponent: Fraction, powers: dict[Hashable, Fraction]) -> Fraction:
    """The number in front of a product; what else it has goes to ``powers``."""
    match expression:
        case Product(operands):
            whole = Fraction(1)
            for each in operands:
                whole *= _factors(each, exponent, powers)
            return whole
        case Quotient(above, below):
            return _factors(above, exponent, powers) * _factors(below, -exponent, powers)
        case Power(base, Number(power)) if power.denominator == 1:
            return _factors(base, exponent * power, powers)
    coefficient, rest = _unordered(expression)
    if not coefficient and exponent < 0:
        coefficient, rest = Fraction(1), expression
    if rest is not None:
        powers[rest] = powers.get(rest, Fraction(0)) + exponent
    return coefficient ** int(exponent)


def _unordered_product(coefficient: Fraction, powers: Mapping[Hashable, Fraction]) -> _Unordered:
    kept = {base: exponent for base, exponent in powers.items() if exponent}
    if not kept or not coefficient:
        return coefficient, None
    (base, exponent), *others = kept.items()
    if not others and exponent == 1:
        return _scaled(coefficient, (Fraction(1), base))
    return coefficient, frozenset(kept.items())
