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
from symbackprop.quantities import Array, Cell, Quantity
from symbackprop.system import Equation, Map, Reindex, SumOfProducts, every_index, scalar
from symbackprop.workbook.formulas import MOST_WRITTEN, RANGES, Formulas, products_of
from symbackprop.workbook.layout import Layout
from symbackprop.workbook.placement import Addresses, in_a_row, size


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
        plain = self.layout.addresses.over(placements)
        touched = self._touched(parameter, f"${self.own_column}{row}", plain)
        writer = _Writer(self.sheet, plain, Formulas(plain), touched)
        for equation in self.equations:
            if equation.target.array in self.columns:
                for indices in every_index(equation.target.array):
                    yield Quantity(equation.target.array, indices), writer.text(equation, indices)

    def _touched(self, parameter: Quantity, own: str, addresses: Addresses) -> dict[Quantity, str]:
        """The moved parameter and what is made of it without standing in the row, each as a text for formulas."""
        touched = {parameter: own}
        for equation in self.equations:
            if equation.target.array in self._left:
                for quantity in _made_of(equation, touched):
                    expression = scalar(equation, quantity.indices, computed=True)
                    text = _Writer(self.sheet, addresses, Formulas(addresses), touched).said(expression)
                    touched[quantity] = text if isinstance(equation, Reindex) else f"({text})"
        return touched


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


@dataclass(frozen=True)
class _Writer:
    sheet: str
    addresses: Addresses
    over_ranges: Formulas
    touched: Mapping[Quantity, str]

    @cached_property
    def arrays(self) -> frozenset[Array]:
        return frozenset(each.array for each in self.touched)

    def text(self, equation: Equation, indices: tuple[int, ...]) -> str:
        if not self.arrays & set(equation.reads):
            return self.over_ranges.text(equation, indices, self.sheet)
        if not isinstance(equation, SumOfProducts) or products_of(equation) <= MOST_WRITTEN:
            return self.said(scalar(equation, indices, computed=True))
        text = self.over_ranges.text(equation, indices, self.sheet)
        if not self._may_touch(equation, indices):
            return text
        for product in equation.products(indices):
            if any(leaf in self.touched for leaf in leaves(product)):
                moved, before = self.said(product), self._said(product, moved={})
                text += f"+({moved}-({before}))"
        return text

    def said(self, expression: Expression) -> str:
        """An expression, what is touched in its moved place."""
        return self._said(expression, moved=self.touched)

    def _said(self, expression: Expression, *, moved: Mapping[Quantity, str]) -> str:
        def label(leaf: Hashable) -> Label:
            assert isinstance(leaf, Quantity)
            return Label(moved.get(leaf) or self.addresses.reference(leaf, self.sheet))

        return RANGES.text(expression, label)

    def _may_touch(self, equation: SumOfProducts, indices: tuple[int, ...]) -> bool:
        at = dict(zip(equation.target.indices, indices, strict=True))
        cells = [each for term in equation.terms for each in term.factors if isinstance(each, Cell)]
        return any(
            all(at.get(letter, index) == index for letter, index in zip(cell.indices, quantity.indices, strict=True))
            for quantity in self.touched
            for cell in cells
            if cell.array == quantity.array
        )
