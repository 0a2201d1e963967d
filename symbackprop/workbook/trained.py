"""What the sheets of a training share: its passes, what moves between them, formulas in rows, charts. No sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symbackprop.errors import InputError
from symbackprop.expressions import ONE, Expression, Reference, Sum
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import Reindex, scalar
from symbackprop.training import stepped
from symbackprop.values import Values
from symbackprop.workbook.contents import Chart, Formula
from symbackprop.workbook.layout import Layout, bounded
from symbackprop.workbook.rows import RowTable, RowTemplate

DEFAULT_STEPS = 20


def passes(layout: Layout, steps: int | None, *, diverging: bool = False) -> list[Values]:
    """The numbers at the start and after each step.

    Where training leaves the range of floats they are fewer, if no number of steps was asked for or ``diverging``.
    """
    entries: Mapping[Array, Sequence[Fraction | None]] = layout.given.entries
    found = [layout.values]
    for step in range(1, 1 + (DEFAULT_STEPS if steps is None else steps)):
        try:
            entries = stepped(layout.derivation, entries, found[-1])
        except (OverflowError, ValueError) as error:
            if steps is None or diverging:
                break
            raise InputError(
                f"training leaves the range of floats at step {step} of {steps}: "
                "ask for fewer steps, or lower the learning rate"
            ) from error
        found.append(layout.values.at(entries))
    return found


class Trained:
    """A training that a sheet shows: the arrays that move from pass to pass, and those that each pass computes."""

    passes: Sequence[Values]
    steps: int

    def __init__(self, layout: Layout):
        system = layout.derivation.system
        self.layout = layout
        self.loss = layout.derivation.loss
        self.moving = [array for array in system.givens if self._moves(array)]
        every = [each.target.array for each in system.equations]
        self.parts = [array for array in every if array.phase not in (Phase.NEW, Phase.AFTER)]

    def _moves(self, array: Array) -> bool:
        derivation = self.layout.derivation
        if array.role is Role.SETTING:
            return array.label == "step"
        return replace(array, phase=Phase.NEW) in derivation.system and array not in derivation.arrays.frozen

    def _values(self, step: int) -> Values | None:
        """The numbers of a pass; None beyond the range of floats."""
        return self.passes[step] if step < len(self.passes) else None

    def _cell(
        self, text: str, values: Values | None, quantity: Quantity, where: str, style: str = "calculation"
    ) -> Formula:
        value = math.nan if values is None else bounded(values.of(quantity))
        return Formula(text, value, quantity, style, where)

    def _loss_charts(self, first_row: int, columns: tuple[int, int], places: tuple[str, str]) -> list[Chart]:
        """The loss over the steps, and its logarithm where it has one; ``columns`` are those of step and loss."""
        plain = Chart(
            title="Loss",
            anchor=places[0],
            column=columns[1],
            first_row=first_row,
            last_row=first_row + self.steps,
            x_column=columns[0],
            x_title="step",
            y_title="loss",
        )
        if any(bounded(each.of(Quantity(self.loss, ()))) <= 0 for each in self.passes):
            return [plain]
        return [plain, replace(plain, title="Loss, logarithmic", anchor=places[1], logarithmic=True)]


class TrainedInRows(Trained):
    """The same with each pass in a row of a table."""

    table: RowTable

    def _templates(self) -> dict[Quantity, RowTemplate]:
        """Formulas of what a pass computes."""
        return {
            quantity: self.table.template(
                scalar(self.layout.definition(quantity.array), quantity.indices, computed=True)
            )
            for quantity in self.table.quantities(self.parts)
        }

    def _moving_templates(self) -> dict[Quantity, RowTemplate]:
        """New values from the row above; new states are those of the same row."""
        new = {replace(array, phase=Phase.NEW): array for array in self.moving if array.role is not Role.SETTING}
        found = {}
        for quantity in self.table.quantities(self.moving):
            if quantity.array.role is Role.SETTING:
                expression: Expression = Sum((Reference(quantity), ONE))
            else:
                definition = self.layout.definition(replace(quantity.array, phase=Phase.NEW))
                assert not isinstance(definition, Reindex)
                expression = scalar(definition, quantity.indices, computed=True)
            found[quantity] = self.table.template(expression, above=new)
        return found
