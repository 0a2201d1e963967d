"""Whether two formulas of quantities are equal, given the derivation that defines these. Never looks at a claim.

Quantities are replaced by what defines them, the latest ones first, until both formulas are seen to be one polynomial
or one quotient of polynomials: that is exact. Where this does not show it, both are computed to `DIGITS` digits at
random points. If they differ there, they are different; if they agree, they are taken for equal, and it is said so.
Coordinates are drawn from about 2**53 numbers (targets that sum to 1: from 64): two different polynomials of degree d
agree by chance at all of the points with a probability below (d / 2**53) ** `POINTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.balls import NotANumber
from symbackprop.checking.points import points
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.expressions import Call, Expression, Number, Reference, leaves, substituted
from symbackprop.given import given_entries
from symbackprop.identities import decide
from symbackprop.polynomials import TooManyTerms, are_same
from symbackprop.quantities import Array, Quantity, Role, flat
from symbackprop.ratios import are_equal
from symbackprop.system import scalar
from symbackprop.values import Values, values_at

POINTS = 6
DIGITS = 60
EQUAL = Fraction(1, 10**40)  # relative to the larger of two numbers of `DIGITS` digits
NOTHING = Fraction(1, 10**45)  # numbers of the size of 1 that cancel out leave less
MOST_UNFOLDED = 40  # quantities that are replaced by what defines them
SMALL = 30  # leaves of a formula that is looked at piece by piece
LARGEST = 600  # leaves of a formula that is multiplied out


@dataclass(frozen=True, slots=True)
class Equality:
    """Whether two formulas are equal, and how that is known: ``exact`` if it is proven, else random points say it."""

    holds: bool
    exact: bool

    @property
    def remark(self) -> str:
        """What is to say where points decide."""
        return "" if self.exact else f"equal to {DIGITS - 20} digits at {POINTS} random points, not proven"


@dataclass
class Comparison:
    """Compares formulas of one derivation's quantities."""

    derivation: Derivation
    seed: int = 2
    _depths: dict[Array, int] = field(default_factory=dict)

    @cached_property
    def places(self) -> list[Values]:
        """The random points."""
        some = islice(points(self.derivation, dtype="float64", seed=self.seed), POINTS + 1)
        drawn = [_fractions(each.numbers.given) for each in some if each.label.startswith("random")][:POINTS]
        return [values_at(self.derivation, given | self._settings, digits=DIGITS) for given in drawn]

    @cached_property
    def _settings(self) -> dict[Array, Sequence[Fraction]]:
        """Numbers such as the learning rate, which are no variables where the description has them."""
        entries = given_entries(self.derivation).items()
        return {
            array: [each for each in row if each is not None]
            for array, row in entries
            if array.role in (Role.SETTING, Role.RATE) and all(each is not None for each in row)
        }

    def of(self, left: Expression, right: Expression) -> Equality:
        """Whether two formulas are equal."""
        left, right = (substituted(each, self._settled) for each in (left, right))
        if self._proven(left, right):
            return Equality(True, True)
        met = 0
        for place in self.places:
            try:
                one, other = (number_at(place, each) for each in (left, right))
            except (NotANumber, InputError, ZeroDivisionError):
                continue
            met += 1
            if abs(one - other) > max(EQUAL * max(abs(one), abs(other)), NOTHING):
                return Equality(False, True)
        return Equality(met > 0, False)

    def _settled(self, leaf: Any) -> Expression:
        fixed = self._settings.get(leaf.array)
        return Reference(leaf) if fixed is None else Number(fixed[flat(leaf.indices, leaf.array.shape)])

    def _depth(self, array: Array) -> int:
        """How many definitions stand between an array and given ones."""
        waiting = [array]
        while waiting:
            here = waiting[-1]
            equation = self.derivation.definition(here)
            reads = () if equation is None else equation.reads
            missing = [each for each in reads if each not in self._depths]
            if missing:
                waiting += missing
                continue
            below = max((self._depths[each] for each in reads), default=0)
            self._depths[waiting.pop()] = 0 if equation is None else 1 + below
        return self._depths[array]

    def _proven(self, left: Expression, right: Expression) -> bool:
        """Whether replacing quantities by their definitions shows that two formulas are one."""
        for _ in range(MOST_UNFOLDED):
            met = [leaf for leaf in (*leaves(left), *leaves(right)) if isinstance(leaf, Quantity)]
            if len(met) > LARGEST:
                return False
            try:
                if are_same(left, right) or are_equal(_spelt_out(left), _spelt_out(right)):
                    return True
                if len(met) <= SMALL and set(leaves(left)) == set(leaves(right)):
                    verdict = decide(left, right)
                    if verdict and verdict.exact:
                        return True
            except TooManyTerms:
                return False
            latest = max(met, key=lambda leaf: self._depth(leaf.array), default=None)
            equation = None if latest is None else self.derivation.definition(latest.array)
            if latest is None or equation is None:
                return False
            try:
                meant = substituted(scalar(equation, latest.indices), self._settled)
            except SymbackpropError:
                return False
            left, right = (_with(each, latest, meant) for each in (left, right))
        return False


def _with(expression: Expression, quantity: Quantity, meant: Expression) -> Expression:
    return substituted(expression, lambda of: meant if of == quantity else Reference(of))


def _spelt_out(expression: Expression) -> Expression:
    """The formula with functions such as sigmoid written as they are defined."""
    if isinstance(expression, Call) and expression.function.definition is not None:
        return _spelt_out(expression.function.definition(*expression.arguments))
    children = expression.children
    return expression.rebuilt(tuple(_spelt_out(each) for each in children)) if children else expression


def number_at(place: Values, expression: Expression) -> Fraction:
    """A formula's number at a point, right to `DIGITS` digits."""
    numbers = place.numbers
    value = numbers.arithmetic.evaluate(expression, numbers.of)
    if not numbers.arithmetic.context.isfinite(value):  # type: ignore[attr-defined]
        raise NotANumber("no number")
    sign, mantissa, exponent, _ = value._mpf_
    exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -exact if sign else exact


def _fractions(given: Mapping[Array, Any]) -> dict[Array, Sequence[Fraction]]:
    return {
        array: [Fraction(float(each)) for each in np.asarray(numbers).reshape(-1)] for array, numbers in given.items()
    }
