"""How far a float64 entry may be from the exact one: its condition bound, computed on the same System.

A running error analysis. A product's bound is what its factors' bounds change its size by at most, a sum's the sum of
its terms' bounds, a map's its partials' sizes times its arguments' bounds; each operation adds its own rounding. For a
gradient that amounts to a few ulp of the sum of absolute values over its paths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symbackprop.balls import NotANumber
from symbackprop.calculus import differentiated
from symbackprop.contraction import planned
from symbackprop.expressions import ONE, ZERO, Expression, leaves
from symbackprop.ordering import in_order
from symbackprop.quantities import Array, Cell, Quantity, every_index, flat
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts, scalar
from symbackprop.terms import Term

UNIT_ROUNDOFF = 2.0**-53
SMALLEST = 5e-324  # an underflowing product loses at most this much
SAFETY = 4.0  # for what each product of several factors rounds


@dataclass
class Bounds:
    """Bounds on the absolute error of float64 numbers; ``numbers`` are a `Numbers` in float arithmetic."""

    numbers: Any
    _known: dict[Array, list[float]] = field(default_factory=dict)

    def of(self, quantity: Quantity) -> float:
        """The bound on one quantity."""
        return self.array(quantity.array)[flat(quantity.indices, quantity.array.shape)]

    def array(self, array: Array) -> list[float]:
        """The bounds on an array's entries, in row-major order."""
        for here in in_order(array, self.numbers.needed, self._known):
            equation = self.numbers.derivation.definition(here)
            self._known[here] = self._given(here) if equation is None else self._bounded(equation)
        return self._known[array]

    def _given(self, array: Array) -> list[float]:
        """A given number is off by its rounding to binary, unless it is one."""
        exact = self.numbers.exact.given[array]
        return [
            0.0
            if isinstance(wanted, Fraction) and math.isfinite(value) and Fraction(value) == wanted
            else UNIT_ROUNDOFF * abs(value)
            for value, wanted in zip(self.numbers.array(array), exact, strict=True)
        ]

    def _bounded(self, equation: Equation) -> list[float]:
        match equation:
            case SumOfProducts(target, terms):
                return self._of_sums(target, terms)
            case Map():
                return self._of_map(equation)
            case Reindex(_, sources, table):
                return self._gathered(equation, [[entry] for entry in table], sources)
            case Scatter(target, sources, table, extra):
                further = self._of_sums(target, extra)
                return [one + more for one, more in zip(self._gathered(equation, table, sources), further, strict=True)]
        raise AssertionError(equation)

    def _gathered(self, equation: Reindex | Scatter, table: Any, sources: tuple[Array, ...]) -> list[float]:
        rows = equation.target.array.shape[0] if equation.target.array.has_observations else 1
        assert rows is not None
        found = []
        for row in range(rows):
            for entries in table:
                places = [
                    (sources[number], (row, *place) if sources[number].has_observations else place)
                    for number, place in entries
                ]
                value = sum(abs(self.numbers.of(Quantity(*each))) for each in places)
                found.append(sum(self.of(Quantity(*each)) for each in places) + UNIT_ROUNDOFF * value)
        return found

    def _of_sums(self, target: Cell, terms: tuple[Term, ...]) -> list[float]:
        plans = []
        for term in terms:
            sizes = [[abs(value) for value in self.numbers.array(cell.array)] for cell in term.cells]
            errors = [self._known[cell.array] for cell in term.cells]
            plans.append((planned(target, term), sizes, errors))
        return [
            sum(
                _product_bound(abs(float(plan.number)), *factors)
                for plan, sizes, errors in plans
                for factors in zip(plan.products(place, sizes), plan.products(place, errors), strict=True)
            )
            for place in every_index(target.array)
        ]

    def _of_map(self, equation: Map) -> list[float]:
        values = self.numbers.array(equation.target.array)
        found = []
        for value, indices in zip(values, every_index(equation.target.array), strict=True):
            body = scalar(equation, indices, computed=True)
            error = SAFETY * UNIT_ROUNDOFF * abs(value) + SMALLEST
            for quantity in dict.fromkeys(leaves(body)):
                assert isinstance(quantity, Quantity)
                own = self.of(quantity)
                if own:
                    error += self._passed_on(body, quantity, own)
            found.append(error)
        return found

    def _passed_on(self, body: Expression, quantity: Quantity, error: float) -> float:
        """What an argument's error changes a map by: by its steepest slope there and at both ends of the error.

        Where it has a slope at none of the three (the root of a quotient whose numerator is 0), by its values.
        """
        slope = differentiated(body, quantity, ONE)
        if slope == ZERO:
            return 0.0
        middle = self.numbers.of(quantity)
        places = (middle, middle - error, middle + error)
        slopes = [self._at(slope, quantity, place) for place in places]
        sizes = [error * abs(each) for each in slopes if each is not None]
        if not sizes:
            value, *ends = [self._at(body, quantity, place) for place in places]
            sizes = [abs(end - value) for end in ends if end is not None and value is not None]
        return max(sizes, default=math.inf)

    def _at(self, expression: Expression, quantity: Quantity, value: float) -> float | None:
        """The expression with the quantity at that value; None where it is undefined."""
        of = self.numbers.of
        try:
            found = self.numbers.arithmetic.evaluate(expression, lambda each: value if each == quantity else of(each))
        except NotANumber:
            return None
        return float(found)


def _product_bound(number: float, sizes: list[float], errors: list[float]) -> float:
    """What the factors' errors can change the product by, all orders of them, and its own rounding."""
    whole, passed_on = number, 0.0
    for size, error in zip(sizes, errors, strict=True):
        passed_on = passed_on * (size + error) + whole * error
        whole *= size
    return passed_on + SAFETY * UNIT_ROUNDOFF * whole + SMALLEST
