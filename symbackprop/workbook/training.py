"""The sheet Training: one row a step, a whole pass in each, no macros and no circles. Never states an update rule."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from symbackprop.errors import TooLarge
from symbackprop.quantities import Array, Quantity, flat
from symbackprop.workbook.contents import Content, Formula, Passes, Region, Row, Sheet, Text
from symbackprop.workbook.formulas import MOST_REDUCED, reduces
from symbackprop.workbook.heads import headings, page_breaks
from symbackprop.workbook.layout import MOST_FORMULAS, Layout, bounded
from symbackprop.workbook.placement import LAST_COLUMN, address, size
from symbackprop.workbook.rows import RowTable
from symbackprop.workbook.trained import DEFAULT_STEPS, TrainedInRows, passes

TRAINING = "Training"
STEP_COLUMN, LOSS_COLUMN, CHART_COLUMN, FIRST_COLUMN = 1, 2, 3, 4
HEAD = 6  # rows above the first step
CHART_ROWS = 13
STEP_WIDTH, LOSS_WIDTH, CHART_WIDTH, CELL_WIDTH = 8.0, 16.0, 72.0, 13.5


class Training(TrainedInRows):
    """The plan of the sheet: a row for each of the passes, the first one before any step."""

    def __init__(self, layout: Layout, steps: int | None, *, diverging: bool = False):
        super().__init__(layout)
        self.table = RowTable(TRAINING, layout.addresses, next_column=LOSS_COLUMN)
        self.table.add([self.loss])
        self.table.next_column = FIRST_COLUMN
        self.table.add(self._arrays)
        self._refuse_too_large(DEFAULT_STEPS if steps is None else steps)
        self.passes = passes(layout, steps, diverging=diverging)
        self.steps = steps if diverging and steps is not None else len(self.passes) - 1

    def sheet(self) -> Sheet:
        """The sheet."""
        sheet = Sheet(
            TRAINING,
            freeze=f"{address(HEAD + 1, CHART_COLUMN)}",
            color="00703C",
            wide="A:B",
            repeated=f"{HEAD - 2}:{HEAD}",
        )
        word = "step" if self.steps == 1 else "steps"
        sheet.lines(
            [Text("Training", "title")],
            [
                None,
                None,
                Text(
                    f"{self.steps} {word}, each a whole pass: a row's new parameters come from the row above it.",
                    "subtitle",
                ),
            ],
            [Text("← Overview", "hyperlink", link="Overview!A1")],
        )
        columns = self._columns()
        sheet.lines(*headings(columns, self.layout.labels))
        sheet.breaks = [FIRST_COLUMN, *page_breaks(columns, FIRST_COLUMN)]
        sheet.add(Region(self.steps + 1, self._rows, (self.steps + 1) * (2 + sum(size(each) for each in self._arrays))))
        sheet.columns |= {STEP_COLUMN: STEP_WIDTH, LOSS_COLUMN: LOSS_WIDTH, CHART_COLUMN: CHART_WIDTH}
        sheet.columns |= dict.fromkeys(range(FIRST_COLUMN, self.table.next_column), CELL_WIDTH)
        places = address(HEAD + 1, CHART_COLUMN), address(HEAD + 1 + CHART_ROWS, CHART_COLUMN)
        sheet.charts += self._loss_charts(HEAD + 1, (STEP_COLUMN, LOSS_COLUMN), places)
        return sheet

    @property
    def rows(self) -> Passes:
        """Which pass each row belongs to."""
        return Passes(HEAD + 1)

    @cached_property
    def _arrays(self) -> list[Array]:
        others = [each for each in self.parts if each != self.loss]
        last = [each for each in others if each in self.layout.derivation.now.outs[-1:]]
        return [*self.moving, *last, *(each for each in others if each not in last)]

    def _refuse_too_large(self, steps: int) -> None:
        cells = (steps + 1) * self.table.next_column
        if self.table.next_column > LAST_COLUMN or cells > MOST_FORMULAS:
            raise TooLarge(
                f"{steps:,} steps would take {cells:,} cells over {self.table.next_column:,} columns;"
                f" a workbook takes {MOST_FORMULAS:,} in {LAST_COLUMN:,}: ask for fewer, or for none with --steps 0"
            )

    def _columns(self) -> list[Quantity | str | None]:
        """What each column has, from the first."""
        return ["step", Quantity(self.loss, ()), None, *self.table.quantities(self._arrays)]

    def _rows(self) -> Iterator[Row]:
        first = HEAD + 1
        same = self._templates()
        moved = self._moving_templates()
        columns = [
            (each, each.array, flat(each.indices, each.array.shape)) for each in self.table.quantities(self._arrays)
        ]
        for step in range(self.steps + 1):
            values = self._values(step)
            row, where = first + step, f"step {step}"
            cells: list[Content | None] = [
                Formula(f"ROW()-ROW(A${first})", float(step), where=where),
                self._cell(same[Quantity(self.loss, ())].at(row), values, Quantity(self.loss, ()), where),
                None,
            ]
            for quantity, array, place in columns:
                if quantity in same:
                    text, style = same[quantity].at(row), "calculation"
                elif step:
                    text, style = moved[quantity].at(row), "calculation"
                else:
                    text, style = self.layout.addresses.reference(quantity, TRAINING), "link"
                value = math.nan if values is None else bounded(values.array(array)[place])
                cells.append(Formula(text, value, quantity, style, where))
            yield cells


def fits_in_rows(layout: Layout) -> bool:
    """Whether a pass can stand in a row: no sum that must run over a range of cells."""
    return layout.as_list and not any(reduces(each, MOST_REDUCED) for each in layout.derivation.system.equations)
