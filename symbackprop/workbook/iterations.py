"""The layout of one row per iteration, after sheets that people make by hand: a whole pass in each row.

Row 8 is typed; every row below computes its parameters from the row above. From the left: the rate, the iteration's
number, the inputs; layer by layer its weights with the bias behind each unit's, its outputs, its deltas; the targets
and the cost. What a sheet made by hand leaves out stands to the right: net inputs, every gradient, and all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from symbackprop.errors import InputError, TooLarge
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.workbook.contents import Content, Formula, Region, Row, Sheet, Text, Typed
from symbackprop.workbook.heads import headings, page_breaks
from symbackprop.workbook.layout import MOST_FORMULAS, Layout
from symbackprop.workbook.placement import LAST_COLUMN, LAST_ROW, address, column_letters, size
from symbackprop.workbook.rows import RowTable
from symbackprop.workbook.trained import DEFAULT_STEPS, TrainedInRows, passes

ITERATIONS, CHART = "Iterations", "Chart"
FIRST_ROW = 8
LAST_BY_DEFAULT = 1002  # as in the sheet that this is made after
MOST_BY_DEFAULT = 100_000  # cells; a wider sheet has fewer rows by default
RATE_COLUMN, NUMBER_COLUMN, FIRST_COLUMN = 1, 2, 3
WIDTH = 12.0
STEPS_NEED = "the layout of rows needs an [update] table: each row's parameters are computed from the row above"


class Iterations(TrainedInRows):
    """The plan of the sheet; ``steps`` are the rows below the first one."""

    def __init__(self, layout: Layout, steps: int | None, *, diverging: bool = False):
        if layout.derivation.after is None:
            raise InputError(STEPS_NEED)
        super().__init__(layout)
        self.table = RowTable(ITERATIONS, layout.addresses)
        for number, quantity in enumerate(self.order, FIRST_COLUMN):
            self.table.put(quantity, number if quantity.array.role is not Role.RATE else RATE_COLUMN)
        self.last_column = max(self.table.single.values())
        if steps is None:
            fits = LAST_BY_DEFAULT - FIRST_ROW
            asked: int = fits if fits * self.last_column <= MOST_BY_DEFAULT else DEFAULT_STEPS
        else:
            asked = steps
        self._refuse_beyond(asked)
        self.passes = passes(layout, asked, diverging=diverging or steps is None)
        self.steps = asked if diverging else len(self.passes) - 1

    def _refuse_beyond(self, steps: int) -> None:
        cells = (steps + 1) * self.last_column
        if self.last_column > LAST_COLUMN or cells > MOST_FORMULAS or FIRST_ROW + steps > LAST_ROW:
            raise TooLarge(
                f"{steps:,} steps would take {cells:,} cells over {self.last_column:,} columns;"
                f" a workbook takes {MOST_FORMULAS:,} in {LAST_COLUMN:,}: ask for fewer with --steps"
            )

    @cached_property
    def order(self) -> list[Quantity]:
        """Every quantity in the order of its column; the rate, which is the first column, comes last."""
        givens = list(self.layout.derivation.system.givens)
        inputs = _of(givens, Role.INPUT)
        found = [*_quantities(inputs), *_quantities(_of(givens, Role.PARAMETER))]
        for number in range(1, len(self.layout.derivation.network.layers) + 1):
            found += self._parameters_of([each for each in (*givens, *self.parts) if each.layer == number])
            found += _quantities(each for each in self.parts if each == self.layout.derivation.now.outs[number - 1])
            found += _quantities(each for each in _of(self.parts, Role.DELTA) if each.layer == number)
        found += _quantities([*_of(givens, Role.TARGET), self.loss])
        found += _quantities(_of(self.parts, Role.NET))
        gradients = [each for each in self.parts if each.of == self.loss and each.wrt is not None]
        found += _quantities(each for each in gradients if each.wrt is not None and each.wrt.role in PARAMETERS)
        placed = dict.fromkeys(found)
        rest = [each for each in _quantities([*self.parts, *givens]) if each not in placed]
        return [*placed, *sorted(rest, key=lambda each: each.array.role is Role.RATE)]

    def _parameters_of(self, arrays: Sequence[Array]) -> list[Quantity]:
        """A layer's weights and bias, unit by unit, the bias last."""
        found = list(_quantities(each for each in arrays if each.role in (Role.WEIGHT, Role.BIAS) and _plain(each)))
        behind = _beyond(arrays)
        return sorted(
            found, key=lambda each: (each.indices[0] if each.indices else behind, each.array.role is Role.BIAS)
        )

    def sheet(self) -> Sheet:
        """The sheet."""
        sheet = Sheet(ITERATIONS, freeze=address(FIRST_ROW, FIRST_COLUMN), color="1F3864", wide="A:B")
        sheet.repeated = f"{FIRST_ROW - 3}:{FIRST_ROW - 1}"
        title = self.layout.derivation.network.title or "A network and its gradients"
        sheet.lines(
            [None, None, Text(title, "title")],
            [None, None, Text("One row per iteration: a whole pass, and new parameters in the row below.", "subtitle")],
            [None, None, Text(f"Change a blue number in row {FIRST_ROW}; every row below follows.", "text")],
            [None, None, Text("If a bar above says Protected View, press Enable Editing first.", "text")],
        )
        columns = self._columns()
        said = [each or ("iteration" if number == NUMBER_COLUMN else None) for number, each in enumerate(columns, 1)]
        sheet.lines(*headings(said, self.layout.labels))
        sheet.breaks = page_breaks(said, FIRST_COLUMN)
        assert sheet.next_row == FIRST_ROW
        givens = sum(size(each) for each in self.layout.derivation.system.givens)
        formulas = (self.steps + 1) * self.last_column - givens
        sheet.add(Region(self.steps + 1, self._rows, formulas))
        sheet.columns = dict.fromkeys(range(1, self.last_column + 1), WIDTH)
        typed = [column_letters(self.table.column(each)) for each in self.order if self._is_given(each)]
        sheet.inputs = [f"{letters}{FIRST_ROW}" for letters in typed]
        return sheet

    def chart_sheet(self) -> Sheet:
        """The cost over the iterations."""
        sheet = Sheet(CHART, color="00703C")
        sheet.lines([Text("The loss over the iterations", "title")])
        columns = NUMBER_COLUMN, self.table.column(Quantity(self.loss, ()))
        charts = self._loss_charts(FIRST_ROW, columns, ("A3", "A17"))
        sheet.charts += [replace(each, x_title="iteration", sheet=ITERATIONS) for each in charts]
        return sheet

    def _is_given(self, quantity: Quantity) -> bool:
        return quantity.array not in self.layout.derivation.system.definitions

    def _columns(self) -> list[Quantity | None]:
        """What each column has, from the first; None for the iteration's number, or where nothing stands."""
        found: list[Quantity | None] = [None] * self.last_column
        for quantity in self.order:
            found[self.table.column(quantity) - 1] = quantity
        return found

    def _rows(self) -> Iterator[Row]:
        same = self._templates()
        moved = self._moving_templates()
        columns = self._columns()
        for step in range(self.steps + 1):
            values = self._values(step)
            row, where = FIRST_ROW + step, f"iteration {step}"
            cells: list[Content | None] = []
            for number, quantity in enumerate(columns, 1):
                if quantity is None:
                    count = f"ROW()-ROW({address(FIRST_ROW, number)[:-1]}${FIRST_ROW})"
                    cells.append(Formula(count, float(step), where=where) if number == NUMBER_COLUMN else None)
                elif quantity in same:
                    cells.append(self._cell(same[quantity].at(row), values, quantity, where))
                elif not step:
                    cells.append(Typed(self.layout.typed(quantity, self.layout.value(quantity)), quantity))
                elif quantity in moved:
                    cells.append(self._cell(moved[quantity].at(row), values, quantity, where))
                else:
                    cells.append(self._cell(address(row - 1, number), values, quantity, where))
            yield cells


PARAMETERS = frozenset({Role.WEIGHT, Role.BIAS, Role.PARAMETER})


def _beyond(arrays: Sequence[Array]) -> int:
    """More than any unit's number: a shared bias stands behind all of a layer's weights."""
    return sum(size(each) for each in arrays)


def _of(arrays: Sequence[Array], role: Role) -> list[Array]:
    return [each for each in arrays if each.role is role]


def _quantities(arrays: Iterable[Array]) -> list[Quantity]:
    return [Quantity(array, indices) for array in arrays for indices in every_index(array)]


def _plain(array: Array) -> bool:
    return array.phase is Phase.NOW
