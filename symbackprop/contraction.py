"""Which entries of which lists an equation needs for each entry of its target. Works on row-major lists.

Worked out once for an equation, used at any numbers. Chooses no arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from symbackprop.expressions import Along, Expression, leaves
from symbackprop.instances import instances
from symbackprop.quantities import Array, Cell, every_index, extents
from symbackprop.system import Equation, Map
from symbackprop.terms import Indicator, Kronecker, Term, axes_of, cells_in

Entries = Sequence[Any]  # float, Fraction, Expression or mpf, by the arithmetic


@dataclass(frozen=True, slots=True)
class Plan:
    """One term of a sum: its number, and where in its factors' lists the entries for each target place stand.

    ``factors``: for each, its steps along the target's letters, and its place beyond that at each summed position.
    """

    number: Fraction
    factors: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    conditions: tuple[Kronecker | Indicator, ...]
    letters: tuple[str, ...]
    summed: tuple[str, ...]
    fixed: tuple[str, ...]
    grid: tuple[tuple[int, ...], ...]

    def products(self, place: tuple[int, ...], columns: Sequence[Entries]) -> Iterator[list[Any]]:
        """The factors of each product at one place of the target, one product for each value of the summed letters.

        ``columns`` are the row-major entries of the factors' arrays.
        """
        bases = [
            (entries, sum([step * index for step, index in zip(here, place, strict=True)]), offsets)
            for entries, (here, offsets) in zip(columns, self.factors, strict=True)
        ]
        for position in self.positions(place):
            yield [entries[base + offsets[position]] for entries, base, offsets in bases]

    def positions(self, place: tuple[int, ...]) -> Sequence[int]:
        """Which of the summed positions count at a place of the target."""
        if not self.conditions:
            return range(len(self.grid))
        return [position for position, values in enumerate(self.grid) if self._holds(place, values)]

    def _holds(self, place: tuple[int, ...], values: tuple[int, ...]) -> bool:
        here = dict(zip(self.letters, place, strict=True)) | dict(zip(self.summed, values, strict=True))
        here |= dict.fromkeys(self.fixed, 0)
        return all(each.holds(tuple([here[letter] for letter in each.indices])) for each in self.conditions)


def planned(target: Cell, term: Term) -> Plan:
    """How a term is summed."""
    axes = axes_of(term.cells)
    free = term.summed(target)
    summed = tuple(letter for letter in free if axes[letter].size != 1)
    fixed = tuple(letter for letter in free if axes[letter].size == 1)
    grid = tuple(product(*(range(_sized(axes[letter].size)) for letter in summed)))
    number = term.number / math.prod(_sized(axis.size) for axis in term.over)
    factors = []
    for cell in term.cells:
        steps = dict.fromkeys(target.indices + summed + fixed, 0)
        for letter, stride in zip(cell.indices, _strides(extents(cell.array)), strict=True):
            steps[letter] += stride
        here = tuple(steps[letter] for letter in target.indices)
        offsets = tuple(
            sum([steps[letter] * value for letter, value in zip(summed, values, strict=True)]) for values in grid
        )
        factors.append((here, offsets))
    conditions = tuple(factor for factor in term.factors if not isinstance(factor, Cell))
    return Plan(number, tuple(factors), conditions, target.indices, summed, fixed, grid)


@dataclass(frozen=True, slots=True)
class ReadyTerm:
    """A term whose entries are found: for each factor its array and its place at each entry of the target.

    ``positions``: which of the summed positions count at each entry of the target, where not all do.
    """

    number: Fraction
    factors: tuple[tuple[Array, list[int], tuple[int, ...]], ...]
    everywhere: range
    positions: list[Sequence[int]] | None


def ready_term(target: Cell, term: Term) -> ReadyTerm:
    """The term made ready for all entries of the target, in row-major order."""
    plan = planned(target, term)
    shape = extents(target.array)
    factors = tuple(
        (cell.array, starts(here, shape), offsets)
        for cell, (here, offsets) in zip(term.cells, plan.factors, strict=True)
    )
    positions = [plan.positions(place) for place in every_index(target.array)] if plan.conditions else None
    return ReadyTerm(plan.number, factors, range(len(plan.grid)), positions)


@dataclass(frozen=True, slots=True)
class ReadyMap:
    """A map whose entries are found: its computed law, and where each cell of it is at each entry of the target.

    ``bodies``: the law written out at each entry, where it runs along an index.
    """

    law: Expression
    cells: tuple[tuple[Cell, list[int]], ...]
    bodies: tuple[Expression, ...]


def ready_map(equation: Map) -> ReadyMap:
    """The map made ready for all entries of its target, in row-major order."""
    law = equation.computed_law()
    array, letters = equation.target
    if _reduces(law):
        return ReadyMap(law, (), instances(law, equation.target))
    cells = [cell for cell in dict.fromkeys(leaves(law)) if isinstance(cell, Cell)]
    found = []
    for cell in cells:
        strides = dict.fromkeys(letters, 0)
        for letter, stride in zip(cell.indices, _strides(extents(cell.array)), strict=True):
            strides[letter] += stride
        found.append((cell, starts(tuple(strides.values()), extents(array))))
    return ReadyMap(law, tuple(found), ())


def starts(steps: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Where the entries of a list stand that go with each place of a shape, in row-major order."""
    found = [0]
    for step, extent in zip(steps, shape, strict=True):
        found = [each + step * index for each in found for index in range(extent)]
    return found


def _reduces(law: Expression) -> bool:
    return isinstance(law, Along) or any(_reduces(child) for child in law.children)


def needed(equation: Equation) -> list[Array]:
    """The arrays that computing an equation reads: of a map, those of its stable form."""
    if isinstance(equation, Map):
        return list(dict.fromkeys(cell.array for cell in cells_in(equation.computed_law())))
    return list(dict.fromkeys(equation.reads))


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def _sized(extent: int | None) -> int:
    assert extent is not None
    return extent
