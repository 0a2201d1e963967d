"""One row per iteration, beside the hand-made sheet that this layout is made after: the same numbers in its cells."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from symbackprop.derivation import derive
from symbackprop.errors import InputError, TooLarge
from symbackprop.network import Network
from symbackprop.values import evaluate
from symbackprop.workbook import workbook_bytes
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Typed
from symbackprop.workbook.reading import read
from symbackprop.workbook.verifying import differing, verified
from symbackprop.workbook.writer import book_bytes
from tests.conftest import FULL
from tests.engines import by_ironcalc, by_libreoffice, need_ironcalc
from tests.networks import drawn
from tests.steps import finite_steps

EXAMPLES = Path(__file__).parent.parent / "examples"
RANDOM = 60 if FULL else 4
SEED = {
    "A": 0.5, "C": 0.1, "D": 0.9, "E": 0.5, "F": -0.2, "G": 0.3, "H": 0.2, "I": -0.6, "J": 0.6,
    "O": 0.1, "P": 0.5, "Q": -0.3, "R": 0.2, "S": 0.3, "T": 0.5, "Y": 0.3, "Z": 0.4,
}  # fmt: skip
GOLDEN = {
    "U8": 0.5035585559528, "V8": 0.68232481659447, "AA8": 0.06057169388335, "M8": 0.00430083146465,
    "N8": 0.01093308541133, "W8": 0.05088706126, "X8": 0.06119606695892, "AA9": 0.05557987503592,
    "U1002": 0.3, "V1002": 0.4,
}  # fmt: skip


def book_of(name: str, steps: int | None = None) -> bytes:
    derivation = derive(Network.read(EXAMPLES / f"{name}.toml"))
    return workbook_bytes(derivation, evaluate(derivation), steps=steps, layout="rows")


def test_the_hand_made_seed_row_gives_its_golden_values_in_the_same_cells() -> None:
    content = book_of("spreadsheet")
    sheet = openpyxl.load_workbook(BytesIO(content))["Iterations"]
    assert {column: sheet[f"{column}8"].value for column in SEED} == SEED
    assert sheet.max_row == 1002
    values = openpyxl.load_workbook(BytesIO(content), data_only=True)["Iterations"]
    recalculated = by_ironcalc(content)
    for place, golden in GOLDEN.items():
        cell = sheet[place]
        assert values[place].value == pytest.approx(golden, abs=1e-12), place
        assert recalculated["Iterations", cell.row, cell.column] == pytest.approx(golden, abs=1e-12), place


@pytest.mark.engine
def test_libreoffice_finds_the_golden_values() -> None:
    (found,) = by_libreoffice(book_of("spreadsheet"))
    for place, golden in GOLDEN.items():
        row, column = openpyxl.utils.cell.coordinate_to_tuple(place)
        assert found["Iterations", row, column] == pytest.approx(golden, abs=1e-12), place


def test_numbers_are_typed_in_the_first_row_only_and_columns_are_copied_down() -> None:
    sheet = openpyxl.load_workbook(BytesIO(book_of("two-input", 3)))["Iterations"]
    for row in sheet.iter_rows(min_row=9):
        formulas = [cell.value for cell in row if cell.value is not None]
        assert len(formulas) > len(SEED)
        assert all(str(each).startswith("=") for each in formulas)
    relative = [
        [str(cell.value).replace(str(number), "R").replace(str(number - 1), "S") for cell in sheet[number]]
        for number in (9, 11)
    ]
    assert [each for each in zip(*relative, strict=True) if "ROW" not in each[0] and each[0] != each[1]] == []


@pytest.mark.full
@pytest.mark.parametrize("number", range(RANDOM))
def test_random_networks_recalculate_to_our_numbers(number: int) -> None:
    network = Network.parse(drawn(number).to_toml())
    derivation = derive(network)
    values = evaluate(derivation)
    if derivation.after is None:
        with pytest.raises(InputError, match=r"needs an \[update\]"):
            planned(derivation, values, kind="rows")
        return
    book = planned(derivation, values, steps=finite_steps(derivation, 3), kind="rows")
    found = by_ironcalc(book_bytes(book))
    assert [(place, what) for place, _, what in differing(book, values, found, relative=1e-9)] == []


@pytest.mark.parametrize("name", ["recurrent", "xor", "softmax-classifier"])
def test_an_edited_book_of_rows_is_read_and_verified(name: str, tmp_path: Path) -> None:
    need_ironcalc()
    network = Network.read(EXAMPLES / f"{name}.toml")
    path = tmp_path / "rows.xlsx"
    path.write_bytes(book_of(name, 3))
    assert read(str(path)).to_toml() == network.to_toml()
    derivation = derive(network)
    typed = [
        (row, column, content.of)
        for _, row, column, content in planned(derivation, evaluate(derivation), steps=0, kind="rows").cells()
        if isinstance(content, Typed)
    ]
    row, column, _ = next(each for each in typed if each[2].array.role.value == "x")
    book = openpyxl.load_workbook(path)
    book["Iterations"].cell(row, column).value = 0.375
    book.save(path)
    assert "0.375" in read(str(path)).to_toml()
    assert verified(str(path), "ironcalc").differences == ()


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(TooLarge, match=r"ask for fewer with --steps"):
        book_of("spreadsheet", 100_000)
