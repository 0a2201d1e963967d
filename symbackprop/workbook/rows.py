"""A whole pass of the System in one row: how training and difference quotients repeat it. Never states an equation."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from symbackprop.expressions import Expression
from symbackprop.printing.dialect import Label
from symbackprop.printing.sheet import SHEET
from symbackprop.quantities import Array, Quantity, every_index, flat
from symbackprop.workbook.placement import Addresses, column_letters, size

MARK = "\0"  # stands around how many rows above a reference is; no formula holds it


@dataclass
class RowTable:
    """Which column each quantity of a row has."""

    sheet: str
    addresses: Addresses
    columns: dict[Array, int] = field(default_factory=dict)
    next_column: int = 1
    single: dict[Quantity, int] = field(default_factory=dict)  # columns of entries that stand apart from their array's

    def add(self, arrays: Sequence[Array]) -> None:
        """Gives each array its columns, entries in row-major order."""
        for array in arrays:
            self.columns[array] = self.next_column
            self.next_column += size(array)

    def put(self, quantity: Quantity, column: int) -> None:
        """Gives one entry a column of its own."""
        self.single[quantity] = column
        self.columns.setdefault(quantity.array, column)

    def column(self, quantity: Quantity) -> int:
        """A quantity's column."""
        if quantity in self.single:
            return self.single[quantity]
        return self.columns[quantity.array] + flat(quantity.indices, quantity.array.shape)

    def quantities(self, arrays: Sequence[Array]) -> Iterator[Quantity]:
        """The arrays' quantities, in the order of their columns."""
        for array in arrays:
            for indices in every_index(array):
                yield Quantity(array, indices)

    def template(self, expression: Expression, *, above: Mapping[Array, Array] | None = None) -> RowTemplate:
        """An expression's formula in any row.

        Arrays are meant in the same row if they are here, else at their fixed place. With ``above`` they are meant in
        the row above, but for those that it maps to others of this table: these are meant in the same row.
        """

        def label(leaf: Hashable) -> Label:
            assert isinstance(leaf, Quantity)
            if above is not None and leaf.array in above:
                meant = Quantity(above[leaf.array], leaf.indices)
                return Label(f"{column_letters(self.column(meant))}{MARK}0{MARK}")
            if leaf.array in self.columns:
                up = 0 if above is None else 1
                return Label(f"{column_letters(self.column(leaf))}{MARK}{up}{MARK}")
            return Label(self.addresses.reference(leaf, self.sheet))

        pieces = SHEET.text(expression, label).split(MARK)
        return RowTemplate(tuple(pieces[::2]), tuple(int(each) for each in pieces[1::2]))


@dataclass(frozen=True, slots=True)
class RowTemplate:
    """A formula's texts, and how many rows above its own each reference between them is."""

    texts: tuple[str, ...]
    ups: tuple[int, ...]

    def at(self, row: int) -> str:
        """The formula in a row."""
        found = [self.texts[0]]
        for up, text in zip(self.ups, self.texts[1:], strict=True):
            found += (str(row - up), text)
        return "".join(found)
