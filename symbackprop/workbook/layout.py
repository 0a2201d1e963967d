"""The plan's common ground: which array stands where, and the groups of cells that sheets are made of.

Small networks have a labelled row for each quantity, its equation beside it; larger ones a matrix for each array. The
identity of a cell is its quantity. Never opens a file and derives nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, TooLarge
from symbackprop.evaluation import Numbers
from symbackprop.expressions import Expression
from symbackprop.given import Given
from symbackprop.quantities import Array, Quantity, Role, every_index, extents
from symbackprop.system import Equation
from symbackprop.values import Values
from symbackprop.workbook.contents import Content, Formula, Region, Row, Sheet, Text, Typed
from symbackprop.workbook.definednames import NameBook
from symbackprop.workbook.formulas import Formulas
from symbackprop.workbook.labels import Labels
from symbackprop.workbook.placement import LAST_COLUMN, LAST_ROW, Addresses, Placement, absolute, blocked, listed, size

MOST_LISTED = 200  # parameters up to which each quantity has a row of its own
MOST_SIDE_BY_SIDE = 12  # observations up to which they stand side by side in those rows
MOST_FORMULAS = 1_000_000
LARGEST = 9.99999999999999e307  # of the numbers that may be typed in Excel
NAME, VALUE = 1, 2  # columns
BAR = 7  # columns that a heading runs over
NAME_WIDTH, WIDE_NAME_WIDTH, VALUE_WIDTH = 34.0, 54.0, 15.5


@dataclass
class Layout:
    """What all sheets of a book share: the derivation, its numbers, and where everything stands so far."""

    derivation: Derivation
    values: Values
    labels: Labels
    addresses: Addresses = field(default_factory=Addresses)
    names: dict[str, str] = field(default_factory=dict)
    _name_book: NameBook = field(default_factory=NameBook)

    @cached_property
    def settings(self) -> dict[Array, float]:
        """Typed numbers that are not the System's, by arrays of their own."""
        return {}

    @cached_property
    def formulas(self) -> Formulas:
        """Formula texts at the places of this book."""
        return Formulas(self.addresses)

    @cached_property
    def observations(self) -> int:
        """How many observations there are."""
        counts = [
            axis.size or 0
            for array in self.derivation.arrays.inputs
            for axis in array.axes[:1]
            if array.has_observations
        ]
        return max(counts, default=1)

    @cached_property
    def as_list(self) -> bool:
        """Whether each quantity has a row of its own."""
        parameters = sum(size(each) for each in self.derivation.arrays.parameters)
        widest = max((size(each) // self.observations for each in self.derivation.arrays.inputs), default=0)
        return max(parameters, widest) <= MOST_LISTED and self.observations <= MOST_SIDE_BY_SIDE

    @cached_property
    def given(self) -> Given:
        """The given entries that the numbers belong to."""
        numbers: Numbers = self.values.numbers
        assert isinstance(numbers.given, Given)
        return numbers.given

    def definition(self, array: Array) -> Equation:
        """The equation of an array that is computed."""
        return self.derivation.system.definitions[array]

    def value(self, quantity: Quantity) -> float:
        """A quantity's number; nan where it has none, or none that a cell can hold."""
        return bounded(self.values.of(quantity))

    def calculated(self, expression: Expression) -> float:
        """The number of an expression over quantities, in the same arithmetic."""
        return bounded(self.values.numbers.arithmetic.evaluate(expression, self.values.of))

    def typed(self, quantity: Quantity, value: float) -> float:
        """A given quantity's number, which must be one that a cell can hold."""
        if not abs(value) <= LARGEST:
            raise InputError(f"{self.labels.plain(quantity)} is {value}: a cell holds finite numbers up to {LARGEST}")
        return value

    # Groups

    def given_group(self, sheet: Sheet, arrays: Sequence[Array]) -> None:
        """Typed numbers of arrays that belong together, under one heading."""
        self.group(sheet, arrays)
        for array in arrays:
            sheet.inputs.append(self.addresses.places[array].range().partition("!")[2].replace("$", ""))

    def group(self, sheet: Sheet, arrays: Sequence[Array]) -> None:
        """Arrays that belong together, under one heading: each quantity in a row of its own, or each array a matrix."""
        if self.as_list:
            self._listed_group(sheet, arrays)
        else:
            for array in arrays:
                self._block(sheet, array)

    def heading(self, array: Array) -> list[Content | None]:
        """A group's first row: what it is, and the observations over their columns."""
        row: list[Content | None] = [Text(self.labels.heading(array), "group")]
        if array.has_observations and self.observations > 1:
            row += [Text(f"@{number}", "column") for number in range(self.observations)]
        return row

    def put(self, placement: Placement) -> Placement:
        """Notes a place, and gives it names."""
        row, column = placement.last
        if row > LAST_ROW or column > LAST_COLUMN:
            what = self.labels.heading(placement.array).lower()
            raise TooLarge(
                f"a sheet has {LAST_ROW:,} rows and {LAST_COLUMN:,} columns, and these need more: {what}; "
                "take fewer observations or units"
            )
        self.addresses.put(placement)
        array = placement.array
        if self.as_list and not (array.has_observations and self.observations > 1):
            for indices in every_index(array):
                quantity = Quantity(array, indices)
                name = self._name_book.take(self.labels.defined(quantity))
                self.addresses.names[quantity] = name
                self.names[name] = f"{placement.sheet}!{absolute_cell(placement, indices)}"
        else:
            self.names[self._name_book.take(self.labels.defined_array(array))] = placement.range()
        return placement

    def _listed_group(self, sheet: Sheet, arrays: Sequence[Array]) -> None:
        sheet.lines((), barred(self.heading(arrays[0])))
        for array in arrays:
            self.put(listed(array, sheet.name, sheet.next_row, VALUE))
            formulas = size(array) if array in self.derivation.system.definitions else 0
            sheet.add(Region(len(inner_indices(array)), partial(self._listed_rows, array), formulas))

    def _listed_rows(self, array: Array) -> Iterator[Row]:
        row_of = self._computed_row if array in self.derivation.system.definitions else self._typed_row
        for rest in inner_indices(array):
            yield row_of(array, rest)

    def entries(self, array: Array, rest: tuple[int, ...]) -> list[Quantity]:
        """The quantities of one row: an entry at each observation."""
        if array.has_observations:
            return [Quantity(array, (number, *rest)) for number in range(extents(array)[0])]
        return [Quantity(array, rest)]

    def _typed_row(self, array: Array, rest: tuple[int, ...]) -> Row:
        quantities = self.entries(array, rest)
        note = self.labels.meaning(quantities[0])
        if array in self.derivation.arrays.frozen:
            note += " (no step changes it)"
        typed = [Typed(self.typed(each, self.value(each)), each) for each in quantities]
        return [Text(self.labels.entry(*quantities[0]), "name"), *typed, Text(note, "equation")]

    def computed_cells(self, array: Array, rest: tuple[int, ...], sheet: str) -> list[Formula]:
        """The formula cells of one row."""
        equation = self.definition(array)
        return [
            Formula(self.formulas.text(equation, each.indices, sheet), self.value(each), each)
            for each in self.entries(array, rest)
        ]

    def equation_text(self, array: Array, rest: tuple[int, ...]) -> Text:
        """The equation beside a row's values."""
        first = self.entries(array, rest)[0]
        return Text(self.labels.equation(self.definition(array), first.indices), "equation")

    def _computed_row(self, array: Array, rest: tuple[int, ...]) -> Row:
        sheet = self.addresses.places[array].sheet
        name = Text(self.labels.entry(*self.entries(array, rest)[0]), "name")
        return [name, *self.computed_cells(array, rest, sheet), self.equation_text(array, rest)]

    def _block(self, sheet: Sheet, array: Array) -> None:
        """An array as a matrix, its indices along its sides."""
        equation = self.derivation.system.definitions.get(array)
        law = self.labels.law(equation) if equation is not None else ""
        columns = extents(array)[-1] if array.axes else 1
        head: list[Content | None] = (
            [Text(str(number + 1), "column") for number in range(columns)] if array.axes else []
        )
        sheet.lines(
            (),
            barred([Text(self.labels.heading(array), "group")]),
            [Text(self.labels.array(array), "name"), Text(law, "equation")],
            [Text(self._corner(array), "note"), *head],
        )
        self.put(blocked(array, sheet.name, sheet.next_row, VALUE))
        count = size(array)
        sheet.add(
            Region(count // columns, lambda: self._block_rows(sheet.name, array, columns), count if equation else 0)
        )

    def _block_rows(self, sheet: str, array: Array, columns: int) -> Iterator[Row]:
        equation = self.derivation.system.definitions.get(array)
        entries = [bounded(each) for each in self.values.array(array)]
        row: list[Content | None] = []
        for number, (indices, value) in enumerate(zip(every_index(array), entries, strict=True)):
            if number % columns == 0:
                row = [Text(self.side(array, indices), "name")]
            quantity = Quantity(array, indices)
            if equation is None:
                row.append(Typed(self.typed(quantity, value), quantity))
            else:
                row.append(Formula(self.formulas.text(equation, indices, sheet, ranges=True), value, quantity))
            if number % columns == columns - 1:
                yield row

    def _corner(self, array: Array) -> str:
        words = {"observation": "observation", "unit": "unit", "parameter": "parameter"}
        if array.role is Role.WEIGHT or (array.wrt is not None and array.wrt.role is Role.WEIGHT):
            return "to unit ↓   from →"
        kinds = [words.get(axis.kind, axis.kind) for axis in array.axes]
        return "" if not kinds else f"{', '.join(kinds[:-1])} ↓   {kinds[-1]} →" if kinds[:-1] else f"{kinds[-1]} →"

    def side(self, array: Array, indices: tuple[int, ...]) -> str:
        """What stands before a row of a matrix: the indices that all its entries have."""
        shown = [
            f"@{index}" if axis.kind == "observation" else str(index + 1)
            for axis, index in zip(array.axes[:-1], indices[:-1], strict=True)
        ]
        return ", ".join(shown)


def barred(row: Sequence[Content | None], style: str = "group") -> Row:
    """A heading's row, its bar drawn on to the width of a page."""
    return [*row, *([Text("", style)] * (BAR - len(row)))]


def inner_indices(array: Array) -> list[tuple[int, ...]]:
    """An array's indices without the observation's."""
    shape = extents(array)
    found: list[tuple[int, ...]] = [()]
    for extent in shape[1:] if array.has_observations else shape:
        found = [(*each, index) for each in found for index in range(extent)]
    return found


def absolute_cell(placement: Placement, indices: Sequence[int]) -> str:
    """``$C$5``."""
    return absolute(*placement.cell(indices))


def bounded(value: float) -> float:
    """The number as a float; nan where a cell could only show an error."""
    number = float(value)
    return number if math.isfinite(number) else math.nan
