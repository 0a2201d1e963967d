"""The forward pass in one row, with one parameter moved: its formulas. Never states an equation and computes nothing.

What a layer computes stands in the row, a cell an entry. Weights stay where they are: where a long sum runs over them,
the moved one's product is exchanged.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from symbackprop.expressions import Expression, leaves
from symbackprop.printing.dialect import Label
from symbackprop.quantities import Array, Cell, Quantity, every_index, flat
from symbackprop.system import Equation, Map, Reindex, SumOfProducts, scalar
from symbackprop.workbook.formulas import MOST_REDUCED, MOST_WRITTEN, RANGES, Formulas, products_of, reduces
from symbackprop.workbook.layout import Layout
from symbackprop.workbook.placement import column_letters, in_a_row, size

ROW = "\0"  # stands for a row's number in a formula that many rows have; no formula holds it


@dataclass(frozen=True)
class MovedRows:
    """Rows of one sheet: the columns of a pass, and its formulas where a parameter is moved."""

    layout: Layout
    sheet: str
    first_column: int
    own_column: str  # where the moved parameter stands

    @cached_property
    def equations(self) -> list[Equation]:
        """The equations of a pass, tied parameters first."""
        derivation = self.layout.derivation
        return [*derivation.ties.reindexed.values(), *derivation.now.equations]

    @cached_property
    def columns(self) -> dict[Array, int]:
        """The first column of each array that stands in the row."""
        arrays = [each.target.array for each in self.equations if each.target.array not in self._left]
        found, column = {}, self.first_column
        for array in arrays:
            found[array] = column
            column += size(array)
        return found

    @property
    def width(self) -> int:
        """How many cells a pass has."""
        return sum(size(each) for each in self.columns)

    @cached_property
    def products(self) -> int:
        """How many products a pass adds up."""
        return sum(max(1, products_of(each)) * size(each.target.array) for each in self.equations)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """What stands in a row, in order."""
        return [Quantity(array, indices) for array in self.columns for indices in every_index(array)]

    def column(self, quantity: Quantity) -> int:
        """The column of a quantity without indices."""
        return self.columns[quantity.array]

    @cached_property
    def _left(self) -> frozenset[Array]:
        """Larger networks' arrays that are made of parameters entry by entry: they are not repeated in each row."""
        found: set[Array] = set()
        if self.layout.as_list:
            return frozenset()
        own = {*self.layout.derivation.arrays.parameters, *self.layout.derivation.system.givens}
        for equation in self.equations:
            target = equation.target.array
            entrywise = isinstance(equation, Reindex) or (isinstance(equation, Map) and bool(target.axes))
            if entrywise and not target.has_observations and all(each in own | found for each in equation.reads):
                found.add(target)
        return frozenset(found)

    def formulas(self, parameter: Quantity, row: int) -> Iterator[tuple[Quantity, str]]:
        """Each quantity of the row and its formula."""
        placements = {array: in_a_row(array, self.sheet, row, column) for array, column in self.columns.items()}
        over_ranges = Formulas(self.layout.addresses.over(placements))
        touched = self._touched(parameter)
        for equation in self.equations:
            if equation.target.array in self.columns:
                is_long = products_of(equation) > MOST_WRITTEN or reduces(equation, MOST_REDUCED)
                for indices in every_index(equation.target.array):
                    quantity = Quantity(equation.target.array, indices)
                    if is_long and (isinstance(equation, SumOfProducts) or not _may_read(equation, indices, touched)):
                        text = over_ranges.text(equation, indices, self.sheet) + self._exchanged(quantity, touched)
                    else:
                        text = self._written(quantity, touched)
                    yield quantity, str(row).join(text.split(ROW))

    def _touched(self, parameter: Quantity) -> dict[Quantity, str]:
        """The moved parameter and what is made of it without standing in the row, each as a text for formulas."""
        touched = {parameter: f"${self.own_column}{ROW}"}
        for equation in self.equations:
            if equation.target.array in self._left:
                for quantity in _made_of(equation, touched):
                    text = self._said(scalar(equation, quantity.indices, computed=True), touched)
                    touched[quantity] = text if isinstance(equation, Reindex) else f"({text})"
        return touched

    def _written(self, quantity: Quantity, touched: Mapping[Quantity, str]) -> str:
        """A formula over single cells; those that no moved parameter stands in are the same in every row."""
        equation = self.layout.definition(quantity.array)
        here = tuple(touched) if _may_read(equation, quantity.indices, touched) else ()
        key = (quantity, here)
        if key not in self._known:
            self._known[key] = self._said(scalar(equation, quantity.indices, computed=True), touched)
        return self._known[key]

    def _exchanged(self, quantity: Quantity, touched: Mapping[Quantity, str]) -> str:
        """What a sum over a range differs by, where the moved parameter stands in it."""
        equation, text = self.layout.definition(quantity.array), ""
        if not isinstance(equation, SumOfProducts) or not _may_read(equation, quantity.indices, touched):
            return text
        for product in equation.products(quantity.indices):
            if any(leaf in touched for leaf in leaves(product)):
                text += f"+({self._said(product, touched)}-({self._said(product, {})}))"
        return text

    def _said(self, expression: Expression, touched: Mapping[Quantity, str]) -> str:
        """An expression, what is touched in its moved place; `ROW` stands for the row's number."""

        def label(leaf: Hashable) -> Label:
            assert isinstance(leaf, Quantity)
            if leaf in touched:
                return Label(touched[leaf])
            if leaf.array in self.columns:
                column = self.columns[leaf.array] + flat(leaf.indices, leaf.array.shape)
                return Label(f"{column_letters(column)}{ROW}")
            return Label(self.layout.addresses.reference(leaf, self.sheet))

        return RANGES.text(expression, label)

    @cached_property
    def _known(self) -> dict[tuple[Quantity, tuple[Quantity, ...]], str]:
        return {}


def _made_of(equation: Equation, touched: Mapping[Quantity, str]) -> list[Quantity]:
    """The entries of an entrywise equation that read one of these."""
    target = equation.target
    if isinstance(equation, Reindex):
        return [
            Quantity(target.array, indices)
            for indices, (number, place) in zip(every_index(target.array), equation.table, strict=True)
            if Quantity(equation.sources[number], place) in touched
        ]
    assert isinstance(equation, Map)
    found: dict[Quantity, None] = {}
    for cell in leaves(equation.computed_law()):
        for quantity in touched:
            if isinstance(cell, Cell) and cell.array == quantity.array:
                places = dict(zip(cell.indices, quantity.indices, strict=True))
                found[Quantity(target.array, tuple(places[letter] for letter in target.indices))] = None
    return list(found)


def _may_read(equation: Equation, indices: tuple[int, ...], touched: Mapping[Quantity, str]) -> bool:
    """Whether one cell of an equation may read one of these."""
    arrays = {each.array for each in touched}
    if not arrays & set(equation.reads):
        return False
    if not isinstance(equation, SumOfProducts):
        return True
    at = dict(zip(equation.target.indices, indices, strict=True))
    cells = [each for term in equation.terms for each in term.cells]
    return any(
        all(at.get(letter, index) == index for letter, index in zip(cell.indices, quantity.indices, strict=True))
        for quantity in touched
        for cell in cells
        if cell.array == quantity.array
    )
