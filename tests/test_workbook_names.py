"""Names in workbooks, of cells and of sheets: all that Excel takes, and no two that it takes for one."""

from __future__ import annotations

import re

import pytest

from symbackprop.network import Dense
from symbackprop.workbook import layout
from tests.books import NUMERIC, book_of, example, small

# Excel's rules for names, from its documentation ("Names in formulas") and not from the package.


def excel_accepts(name: str) -> bool:
    if not 1 <= len(name) <= 255 or not re.fullmatch(r"[A-Za-z_\\][A-Za-z0-9_.\\?]*", name):
        return False
    if name.upper() in ("TRUE", "FALSE", "R", "C") or name == "\\":
        return False
    cell = re.fullmatch(r"([A-Za-z]{1,3})([0-9]+)", name)
    if cell and _column(cell[1]) <= 16_384 and 1 <= int(cell[2]) <= 1_048_576:
        return False
    return re.fullmatch(r"[Rr][0-9]*[Cc][0-9]*|[Rr][0-9]+|[Cc][0-9]+", name) is None


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
@pytest.mark.parametrize("name", NUMERIC)
def test_defined_names_and_sheet_names_are_legal_in_excel(
    *, name: str, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    book = book_of(example(name), steps=2)
    assert [each for each in book.names if not excel_accepts(each)] == []
    assert len({each.casefold() for each in book.names}) == len(book.names)
    for sheet in book.sheets:
        assert len(sheet.name) <= 31
        assert re.fullmatch(r"[A-Za-z]+", sheet.name)
        assert sheet.name != "History"


def test_names_that_look_like_cells_are_mended() -> None:
    names = ["w1", "R", "c", "TRUE"]
    layers = [Dense(2, "tanh", weights=[names[:2], names[2:]]), Dense(1, weights=[["a1", "A1_"]])]
    parameters = {name: 0.1 * number for number, name in enumerate([*names, "a1", "A1_"], 1)}
    book = book_of(small(layers=layers, parameters=parameters))
    assert [each for each in book.names if not excel_accepts(each)] == []
    assert len({each.casefold() for each in book.names}) == len(book.names)
