"""Where the quantities of a book stand: one rectangle of cells an array. Never knows what an array is for.

An array's indices run along rows or columns with fixed steps, so that the address of an entry, and the range of all
entries along a letter, follow from where the first one stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

from symbackprop.quantities import Array, Quantity, extents

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


@lru_cache(maxsize=LAST_COLUMN)
def column_letters(column: int) -> str:
    """The letters of a column, from 1.

    >>> column_letters(1), column_letters(27), column_letters(16384)
    ('A', 'AA', 'XFD')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """``C5``."""
    return f"{column_letters(column)}{row}"


@dataclass(frozen=True, slots=True)
class Placement:
    """An array's place: its first entry's sheet, row and column, and the steps of each index along both.

    ``fixed``: references are absolute, since formulas that are copied along rows must not move them.
    """

    array: Array
    sheet: str
    row: int
    column: int
    row_steps: tuple[int, ...]
    column_steps: tuple[int, ...]

    def cell(self, indices: Sequence[int]) -> tuple[int, int]:
        """The row and column of an entry."""
        row, column = self.row, self.column
        for index, down, right in zip(indices, self.row_steps, self.column_steps, strict=True):
            row += index * down
            column += index * right
        return row, column

    @property
    def last(self) -> tuple[int, int]:
        """The row and column of the last entry."""
        return self.cell([extent - 1 for extent in extents(self.array)])

    def range(self) -> str:
        """The whole rectangle, absolute, with its sheet."""
        first, last = absolute(self.row, self.column), absolute(*self.last)
        return f"{self.sheet}!{first}" + (f":{last}" if first != last else "")


def absolute(row: int, column: int) -> str:
    """``$C$5``."""
    return f"${column_letters(column)}${row}"


def listed(array: Array, sheet: str, row: int, column: int) -> Placement:
    """One row an entry, in row-major order; observations side by side."""
    shape = extents(array)
    inner = shape[1:] if array.has_observations else shape
    down = _row_major(inner)
    if array.has_observations:
        return Placement(array, sheet, row, column, (0, *down), (1, *(0 for _ in down)))
    return Placement(array, sheet, row, column, down, tuple(0 for _ in down))


def blocked(array: Array, sheet: str, row: int, column: int) -> Placement:
    """A matrix: the last index runs to the right, those before it down."""
    shape = extents(array)
    if not shape:
        return Placement(array, sheet, row, column, (), ())
    return Placement(array, sheet, row, column, (*_row_major(shape[:-1]), 0), (*(0 for _ in shape[:-1]), 1))


def in_a_row(array: Array, sheet: str, row: int, column: int) -> Placement:
    """All entries side by side, in row-major order."""
    shape = extents(array)
    return Placement(array, sheet, row, column, tuple(0 for _ in shape), _row_major(shape))


def size(array: Array) -> int:
    """How many entries an array has."""
    return prod(extents(array))


def _row_major(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[place + 1 :]) for place in range(len(shape)))


@dataclass
class Addresses:
    """The places of arrays, and the defined names of single quantities, as references in formulas.

    ``over`` are places that come before all others: a row of training, whose own parameters stand in it.
    """

    places: dict[Array, Placement] = field(default_factory=dict)
    names: dict[Quantity, str] = field(default_factory=dict)
    single: Mapping[Quantity, str] = field(default_factory=dict)

    def put(self, placement: Placement) -> Placement:
        """Notes where an array stands."""
        assert placement.array not in self.places, f"{placement.array} is placed twice"
        self.places[placement.array] = placement
        return placement

    def over(self, placements: Mapping[Array, Placement], single: Mapping[Quantity, str] | None = None) -> Addresses:
        """The same places, some arrays and single quantities elsewhere and without names."""
        names = {quantity: name for quantity, name in self.names.items() if quantity.array not in placements}
        return Addresses({**self.places, **placements}, names, single or {})

    def reference(self, quantity: Quantity, sheet: str) -> str:
        """A quantity as a formula on ``sheet`` says it: by name, or by its place."""
        if quantity in self.single:
            return self.single[quantity]
        return self.names.get(quantity) or self.place(quantity, sheet)

    def place(self, quantity: Quantity, sheet: str) -> str:
        """A quantity's address, with its sheet if it is another one."""
        placement = self.places[quantity.array]
        row, column = placement.cell(quantity.indices)
        text = address(row, column)
        return text if placement.sheet == sheet else f"{placement.sheet}!{text}"

    def link(self, quantity: Quantity) -> str:
        """The place that a link to a quantity leads to."""
        placement = self.places[quantity.array]
        return f"{placement.sheet}!{address(*placement.cell(quantity.indices))}"
