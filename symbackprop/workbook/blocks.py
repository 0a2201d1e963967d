"""The sheet Training of a larger network: a block of matrices for each step, below a table of the losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial

from symbackprop.errors import TooLarge
from symbackprop.expressions import ONE, Reference, Sum
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index, extents
from symbackprop.workbook.contents import Content, Formula, Passes, Region, Row, Sheet, Text
from symbackprop.workbook.formulas import Formulas
from symbackprop.workbook.layout import MOST_FORMULAS, Layout, barred
from symbackprop.workbook.placement import LAST_COLUMN, LAST_ROW, Placement, address, blocked, size
from symbackprop.workbook.trained import DEFAULT_STEPS, Trained, passes
from symbackprop.workbook.training import CHART_ROWS, TRAINING

STEP_COLUMN, LOSS_COLUMN, FIRST_COLUMN = 1, 2, 2
HEAD = 5  # rows above the table of losses
CHART_COLUMN, SECOND_CHART_COLUMN = 4, 12
NAME_WIDTH, CELL_WIDTH = 54.0, 12.0
PRINTED_COLUMNS = 18  # the table and both charts


class TrainingBlocks(Trained):
    """The plan of the sheet: a block for each of the passes, the first one before any step."""

    def __init__(self, layout: Layout, steps: int | None, *, diverging: bool = False):
        super().__init__(layout)
        self._refuse_too_large(DEFAULT_STEPS if steps is None else steps)
        self.passes = passes(layout, steps, diverging=diverging)
        self.steps = steps if diverging and steps is not None else len(self.passes) - 1

    def sheet(self) -> Sheet:
        """The sheet."""
        sheet = Sheet(TRAINING, freeze=address(HEAD, FIRST_COLUMN), color="00703C")
        word = "step" if self.steps == 1 else "steps"
        sheet.lines(
            [Text("Training", "title")],
            [
                Text(
                    f"{self.steps} {word}, each a block below: its new parameters come from the block above.",
                    "subtitle",
                )
            ],
            [Text("← Overview", "hyperlink", link="Overview!A1")],
            (),
            [Text("step", "column"), Text("loss", "column")],
        )
        table = Region(self._table_height, self._table, 2 * (self.steps + 1))
        sheet.add(table)
        for step in range(self.steps + 1):
            sheet.add(Region(self._height, partial(self._block, step), sum(size(each) for each in self._arrays)))
        sheet.columns = {1: NAME_WIDTH} | dict.fromkeys(range(FIRST_COLUMN, self._last_column + 1), CELL_WIDTH)
        places = address(HEAD, CHART_COLUMN), address(HEAD, SECOND_CHART_COLUMN)
        sheet.charts += self._loss_charts(HEAD + 1, (STEP_COLUMN, LOSS_COLUMN), places)
        sheet.printed = f"A1:{address(HEAD + self._table_height, PRINTED_COLUMNS)}"
        return sheet

    @property
    def rows(self) -> Passes:
        """Which pass each row belongs to."""
        return Passes(HEAD + 1, HEAD + 1 + self._table_height, self._height)

    @property
    def _arrays(self) -> list[Array]:
        return [*self.moving, *self.parts]

    @property
    def _table_height(self) -> int:
        return max(self.steps + 1, CHART_ROWS)

    @cached_property
    def _offsets(self) -> dict[Array, int]:
        """How far below its block's first row each array begins: under the step's heading, and one of its own."""
        found, offset = {}, 2
        for array in self._arrays:
            found[array] = offset + 1
            offset += 1 + _height(array)
        return found

    @cached_property
    def _height(self) -> int:
        return 2 + sum(1 + _height(array) for array in self._arrays)

    @property
    def _last_column(self) -> int:
        return FIRST_COLUMN - 1 + max(extents(array)[-1] if array.axes else 1 for array in self._arrays)

    def _refuse_too_large(self, steps: int) -> None:
        cells = (steps + 1) * (2 + sum(size(each) for each in self._arrays))
        rows = HEAD + steps + CHART_ROWS + (steps + 1) * self._height
        if cells > MOST_FORMULAS or rows > LAST_ROW or self._last_column > LAST_COLUMN:
            raise TooLarge(
                f"{steps:,} steps would take {cells:,} cells in {rows:,} rows; a workbook takes {MOST_FORMULAS:,} in"
                f" {LAST_ROW:,}: ask for fewer, or for none with --steps 0"
            )

    def _places(self, step: int) -> dict[Array, Placement]:
        top = HEAD + 1 + self._table_height + step * self._height
        return {array: blocked(array, TRAINING, top + offset, FIRST_COLUMN) for array, offset in self._offsets.items()}

    def _table(self) -> Iterator[Row]:
        first = HEAD + 1
        for step in range(self._table_height):
            if step > self.steps:
                yield ()
                continue
            place = self._places(step)[self.loss]
            loss = Quantity(self.loss, ())
            yield [
                Formula(f"ROW()-ROW(A${first})", float(step), where=f"step {step}"),
                self._cell(address(place.row, place.column), self._values(step), loss, f"step {step}"),
            ]

    def _block(self, step: int) -> Iterator[Row]:
        yield ()
        yield barred([Text(f"Step {step}", "heading")], "heading")
        here = self._places(step)
        formulas = Formulas(self.layout.addresses.over(here))
        moved = self._moving(step, here)
        for array in self._arrays:
            columns = extents(array)[-1] if array.axes else 0
            numbers = [Text(str(number + 1), "column") for number in range(columns)]
            yield barred([Text(self.layout.labels.heading(array), "group"), *numbers])
            row: list[Content | None] = []
            for number, indices in enumerate(every_index(array)):
                if number % max(columns, 1) == 0:
                    row = [Text(self.layout.side(array, indices), "name")]
                quantity = Quantity(array, indices)
                text, style = self._text(quantity, step, formulas, moved)
                row.append(self._cell(text, self._values(step), quantity, f"step {step}", style))
                if number % max(columns, 1) == max(columns, 1) - 1:
                    yield row

    def _moving(self, step: int, here: Mapping[Array, Placement]) -> Formulas:
        """Formulas of new values: from the block above; new states are those of this block."""
        new = {
            replace(array, phase=Phase.NEW): replace(here[array], array=replace(array, phase=Phase.NEW))
            for array in self.moving
            if array.role is not Role.SETTING
        }
        above = self._places(step - 1) if step else {}
        return Formulas(self.layout.addresses.over({**above, **new}))

    def _text(self, quantity: Quantity, step: int, formulas: Formulas, moved: Formulas) -> tuple[str, str]:
        array, indices = quantity
        if array not in self.moving:
            return formulas.text(self.layout.definition(array), indices, TRAINING, ranges=True), "calculation"
        if not step:
            return self.layout.addresses.reference(quantity, TRAINING), "link"
        if array.role is Role.SETTING:
            return moved.expression(Sum((Reference(quantity), ONE)), TRAINING), "calculation"
        new = self.layout.definition(replace(array, phase=Phase.NEW))
        return moved.text(new, indices, TRAINING, ranges=True), "calculation"


def _height(array: Array) -> int:
    return size(array) // extents(array)[-1] if array.axes else 1
