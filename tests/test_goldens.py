"""The spreadsheet Simple_Neural_Net.ods: what its rows hold comes out of training its first row.

``golden/spreadsheet.csv`` has the stored values of five of its 995 rows, to the 15 digits that the file keeps. Row 8 is
the start; each row is one update further.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

import symbackprop as sb

HERE = Path(__file__).resolve().parent
FIRST_ROW, LAST_ROW = 8, 1_002
# 15 digits are kept of numbers below 1; and the sheet's own roundings add up over the rows, as ours do.
TOLERANCE = 2e-15
PER_STEP = 1e-16
# Copied from the sheet's description, as a check on the file with its values.
STATED = {
    (8, "out[2][0]"): 0.5035585559528,
    (8, "out[2][1]"): 0.68232481659447,
    (8, "loss"): 0.06057169388335,
    (9, "loss"): 0.05557987503592,
    (1_002, "out[2][0]"): 0.3,
    (1_002, "out[2][1]"): 0.4,
}


def rows() -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    with (HERE / "golden" / "spreadsheet.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            found.setdefault(int(line["row"]), {})[line["neutral"]] = float(line["value"])
    return found


ROWS = rows()


@cache
def derivation() -> sb.Derivation:
    return sb.derive(sb.Network.read(HERE.parent / "examples" / "spreadsheet.toml"))


def test_the_golden_file_holds_what_is_stated_of_the_sheet() -> None:
    for (row, name), value in STATED.items():
        assert ROWS[row][name] == pytest.approx(value, abs=1e-14), (row, name)


@pytest.mark.parametrize("target", ["python", "numpy", pytest.param("c", marks=pytest.mark.engine)])
@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_sheet_is_what_training_reaches(row: int, target: str) -> None:
    steps = row - FIRST_ROW
    values = derivation().train(steps, target=target).values
    tolerance = TOLERANCE + steps * PER_STEP
    off = {name: (values[name], value) for name, value in ROWS[row].items() if abs(values[name] - value) > tolerance}
    assert off == {}


def test_the_second_row_is_the_first_one_updated() -> None:
    values = derivation().evaluate()
    assert values["after:loss"] == pytest.approx(ROWS[9]["loss"], abs=TOLERANCE)
    for name, value in ROWS[9].items():
        if name[0] in "wb":
            assert values[f"new:{name}"] == pytest.approx(value, abs=TOLERANCE), name


def test_the_loss_falls_at_every_step_until_it_is_rounding() -> None:
    losses = derivation().train(LAST_ROW - FIRST_ROW).losses
    assert len(losses) == LAST_ROW - FIRST_ROW + 1
    falling = [loss for loss in losses if loss > 1e-28]
    assert sorted(falling, reverse=True) == falling
