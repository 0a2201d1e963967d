"""Formulas of the cells A1, B1 and C1, recalculated by ironcalc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ironcalc

from tests.trees import LETTERS


def recalculated(formulas: Sequence[str], values: Sequence[Mapping[str, float]]) -> list[float | str]:
    """What ironcalc makes of each formula, which stands behind its own values in its row."""
    model = ironcalc.create("test")
    for row, (text, here) in enumerate(zip(formulas, values, strict=True), 1):
        for column, letter in enumerate(LETTERS, 1):
            model.update_cell_with_number(0, row, column, here[letter])
        model.update_cell_with_formula(0, row, 4, "=" + in_row(text, row))
    model.evaluate()
    return [model.get_cell_value(0, row, 4) for row in range(1, len(formulas) + 1)]


def in_row(text: str, row: int) -> str:
    """The formula of the cells A1, B1, C1 for the cells of another row."""
    for column in "ABC":
        text = f"{column}{row}".join(text.split(f"{column}1"))
    return text
