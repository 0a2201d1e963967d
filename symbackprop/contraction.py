"""How a sum of products is added up: which entries of which lists are multiplied for each entry of the target.

Works on row-major lists of anything that multiplies. Chooses no arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from symbackprop.expressions import leaves
from symbackprop.quantities import Array, Cell
from symbackprop.system import Equation, Indicator, Kronecker, Map, Term, axis_of, extents, letters_of

Entries = Sequence[Any]  # float, Fraction, Expression or mpf, by the arithmetic


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
        offsets = tuple(
            sum([steps[letter] * value for letter, value in zip(summed, values, strict=True)]) for values in grid
        )
        factors.append((entries, here, offsets))
    conditions = tuple(factor for factor in term.factors if not isinstance(factor, Cell))
    return Plan(number, tuple(factors), conditions, target.indices, summed, fixed, grid)


def needed(equation: Equation) -> list[Array]:
    """The arrays that computing an equation reads: of a map, those of its stable form."""
    if isinstance(equation, Map):
        return list(dict.fromkeys(cell.array for cell in leaves(equation.computed_law()) if isinstance(cell, Cell)))
    return list(dict.fromkeys(equation.reads))


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[place + 1 :]) for place in range(len(shape)))


def _sized(extent: int | None) -> int:
    assert extent is not None
    return extent
