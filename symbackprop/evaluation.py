"""Numbers of a System: floats, exact rationals, or any number of digits. The slow, obvious reference for every other way.

Each equation is computed as it stands: sums of products entry by entry, maps by their stable form. Nothing here
knows what a layer or an activation is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic
from symbackprop.derivation import Derivation
from symbackprop.expressions import Along, BySign, Expression, leaves
from symbackprop.quantities import Array, Cell, Quantity
from symbackprop.system import (
    Equation,
    Indicator,
    Kronecker,
    Map,
    Reindex,
    Scatter,
    SumOfProducts,
    Term,
    axis_of,
    every_index,
    extents,
    flat,
    letters_of,
    scalar,
)

Entries = Sequence[Any]  # float, Fraction, Expression or mpf, by the arithmetic


@dataclass
class Numbers:
    """The numbers of a derivation's arrays, computed when they are asked for; row-major lists."""

    derivation: Derivation
    arithmetic: Arithmetic
    given: Mapping[Array, Entries]
    exact_given: Mapping[Array, Entries] | None = None
    _known: dict[Array, Entries] = field(default_factory=dict)
    _exact: Numbers | None = None

    def array(self, array: Array) -> Entries:
        """All entries of an array, in row-major order."""
        known = self._known.get(array)
        if known is None:
            self._compute(array)
            known = self._known[array]
        return known

    def of(self, quantity: Quantity) -> Any:
        """One quantity's number."""
        return self.array(quantity.array)[flat(quantity.indices, quantity.array.shape)]

    def _compute(self, wanted: Array) -> None:
        """Computes an array after whatever it needs, without recursion: programs may be long."""
        waiting = [wanted]
        while waiting:
            array = waiting[-1]
            if array in self._known:
                waiting.pop()
                continue
            equation = self.derivation.definition(array)
            if equation is None:
                self._known[array] = self.given[array]
                continue
            missing = [each for each in needed(equation) if each not in self._known]
            if missing:
                waiting += missing
            else:
                self._known[array] = self._computed(equation)

    def _computed(self, equation: Equation) -> Entries:
        match equation:
            case SumOfProducts(target, terms):
                return self._sums(target, terms)
            case Map():
                return self._mapped(equation)
            case Reindex(target, sources, table):
                columns = [self._known[source] for source in sources]
                return self._batched(target, table, lambda row, entry: columns[entry[0]][_behind(row, sources[entry[0]], entry[1])])
            case Scatter(target, sources, table, extra):
                columns = [self._known[source] for source in sources]
                further = self._sums(target, extra)
                added = self._batched(
                    target,
                    table,
                    lambda row, uses: self.arithmetic.total(
                        [columns[number][_behind(row, sources[number], place)] for number, place in uses]
                    ),
                )
                return [self.arithmetic.total([one, more]) for one, more in zip(added, further, strict=True)]
        raise AssertionError(equation)

    def _batched(self, target: Cell, table: Sequence[Any], entry_of: Any) -> Entries:
        """The table's entries, once for each observation if the target has them in front."""
        rows = extents(target.array)[0] if target.array.has_observations else 1
        return [entry_of(row, entry) for row in range(rows) for entry in table]

    def _sums(self, target: Cell, terms: Sequence[Term]) -> Entries:
        plans = [planned(target, term, [self._known[each.array] for each in cells_of(term)]) for term in terms]
        total, multiplied = self.arithmetic.total, self.arithmetic.multiplied
        return [
            total([multiplied(plan.number, factors) for plan in plans for factors in plan.products(place)])
            for place in every_index(target.array)
        ]

    def _mapped(self, equation: Map) -> Entries:
        law = equation.computed_law()
        evaluate, known = self.arithmetic.evaluate, self._known
        if _reduces(law):
            return [
                evaluate(scalar(equation, indices, computed=True), lambda each: known[each.array][flat(each.indices, each.array.shape)])
                for indices in every_index(equation.target.array)
            ]
        kinked = _has_kink(law)
        found = []
        for indices in every_index(equation.target.array):
            places = dict(zip(equation.target.indices, indices, strict=True))
            value_of = self._at(places)
            if kinked:
                found.append(evaluate(law, self._decided(law, places, value_of)))
            else:
                found.append(evaluate(law, value_of))
        return found

    def _at(self, places: Mapping[str, int]) -> Any:
        known = self._known

        def value_of(cell: Cell) -> Any:
            array, letters = cell
            return known[array][flat(tuple([places[letter] for letter in letters]), array.shape)]

        return value_of

    def _decided(self, law: Expression, places: Mapping[str, int], value_of: Any) -> Any:
        """The arguments of a map with a kink: exact where rounding leaves their sign open and arithmetic is rational."""
        if not isinstance(self.arithmetic, FloatArithmetic):
            return value_of
        from symbackprop.conditions import Bounds

        bounds = Bounds(self)
        exact = {}
        for cell in dict.fromkeys(leaves(law)):
            assert isinstance(cell, Cell)
            quantity = Quantity(cell.array, tuple(places[letter] for letter in cell.indices))
            if self.derivation.definition(cell.array) is None or abs(value_of(cell)) > bounds.of(quantity):
                continue
            value = self.exact.of(quantity)
            if not isinstance(value, Expression):
                exact[cell] = value
        return lambda cell: exact[cell] if cell in exact else value_of(cell)

    @property
    def exact(self) -> Numbers:
        """The same derivation in exact arithmetic, at the same given values."""
        if self._exact is None:
            given = self.exact_given or {
                array: [Fraction(each) for each in entries] for array, entries in self.given.items()
            }
            self._exact = Numbers(self.derivation, ExactArithmetic(), given)
        return self._exact


@dataclass(frozen=True, slots=True)
class Plan:
    """One term of a sum: its number, and where in its factors' lists the entries for each target place stand."""

    number: Fraction
    factors: tuple[tuple[Entries, tuple[int, ...], tuple[int, ...]], ...]
    conditions: tuple[Kronecker | Indicator, ...]
    letters: tuple[str, ...]
    summed: tuple[str, ...]
    fixed: tuple[str, ...]
    grid: tuple[tuple[int, ...], ...]

    def products(self, place: tuple[int, ...]) -> Iterator[list[Any]]:
        """The factors of each product at one place of the target, one product for each value of the summed letters."""
        columns = [
            (entries, sum([step * index for step, index in zip(here, place, strict=True)]), offsets)
            for entries, here, offsets in self.factors
        ]
        for position, values in enumerate(self.grid):
            if not self.conditions or self._holds(place, values):
                yield [entries[base + offsets[position]] for entries, base, offsets in columns]

    def _holds(self, place: tuple[int, ...], values: tuple[int, ...]) -> bool:
        here = dict(zip(self.letters, place, strict=True)) | dict(zip(self.summed, values, strict=True))
        here |= dict.fromkeys(self.fixed, 0)
        for condition in self.conditions:
            match condition:
                case Kronecker(left, right):
                    if here[left] != (here[right] if isinstance(right, str) else right):
                        return False
                case Indicator(indices, places):
                    if tuple(here[letter] for letter in indices) not in places:
                        return False
        return True


def cells_of(term: Term) -> list[Cell]:
    """The term's factors that are entries of arrays."""
    return [factor for factor in term.factors if isinstance(factor, Cell)]


def planned(target: Cell, term: Term, columns: Sequence[Entries]) -> Plan:
    """How a term is summed, ``columns`` being the row-major entries of its cells' arrays."""
    axes = {letter: axis for cell in cells_of(term) for letter, axis in axis_of(cell).items()}
    free = [letter for letter in letters_of(term) if letter not in target.indices]
    summed = tuple(letter for letter in free if axes[letter].size != 1)
    fixed = tuple(letter for letter in free if axes[letter].size == 1)
    grid = tuple(product(*(range(_sized(axes[letter].size)) for letter in summed)))
    number = term.number / math.prod(_sized(axis.size) for axis in term.over)
    factors = []
    for cell, entries in zip(cells_of(term), columns, strict=True):
        steps = dict.fromkeys(target.indices + summed + fixed, 0)
        for letter, stride in zip(cell.indices, _strides(extents(cell.array)), strict=True):
            steps[letter] += stride
        here = tuple(steps[letter] for letter in target.indices)
        offsets = tuple(sum([steps[letter] * value for letter, value in zip(summed, values, strict=True)]) for values in grid)
        factors.append((entries, here, offsets))
    conditions = tuple(factor for factor in term.factors if not isinstance(factor, Cell))
    return Plan(number, tuple(factors), conditions, target.indices, summed, fixed, grid)


def needed(equation: Equation) -> list[Array]:
    """The arrays that computing an equation reads: of a map, those of its stable form."""
    if isinstance(equation, Map):
        return list(dict.fromkeys(cell.array for cell in leaves(equation.computed_law()) if isinstance(cell, Cell)))
    return list(dict.fromkeys(equation.reads))


def _behind(row: int, source: Array, place: tuple[int, ...]) -> int:
    indices = (row, *place) if source.has_observations else place
    return flat(indices, source.shape)


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def _sized(extent: int | None) -> int:
    assert extent is not None
    return extent


def _reduces(law: Expression) -> bool:
    return isinstance(law, Along) or any(_reduces(child) for child in law.children)


def _has_kink(law: Expression) -> bool:
    """Whether a sign decides between slopes; between two forms of a smooth function it decides nothing."""
    return (isinstance(law, BySign) and law.kink) or any(_has_kink(child) for child in law.children)
