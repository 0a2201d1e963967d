"""Printed pages of a workbook: none ends with a heading, and none is longer than paper."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

import symbackprop as sb
from symbackprop.workbook.contents import Text
from symbackprop.workbook.paging import BLANK, BODY, HEAD, first_rows, kind, rows_on_a_page
from tests.examples import ROOT

HEADINGS = ("sb title", "sb heading", "sb group", "sb column", "sb centred")
LISTED = ("Network", "Forward", "Backward", "Update", "Derivation")
GROUPS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=12)


@given(GROUPS, st.integers(12, 60))
def test_no_page_ends_with_a_heading_or_is_too_long(groups: list[tuple[int, int]], page: int) -> None:
    kinds = [each for heads, rows in groups for each in [BLANK, *[HEAD] * heads, *[BODY] * rows]]
    places = [0, *(row - 1 for row in first_rows(kinds, page)), len(kinds)]
    assert all(0 < end - start <= page for start, end in pairwise(places))
    for place in places[1:-1]:
        assert [each for each in kinds[:place] if each != BLANK][-1] == BODY


def test_a_short_sheet_stays_on_one_page() -> None:
    assert first_rows([HEAD, *[BODY] * 19], 20) == []
    assert first_rows([HEAD, *[BODY] * 19, BLANK, HEAD, BODY], 20) == [21]


def test_a_sheet_has_no_more_breaks_than_excel_takes() -> None:
    """Excel takes 1,026 in a direction; XlsxWriter stops at 1,023 too."""
    assert len(first_rows([BODY] * 20_000, 20)) == 999
    assert len(first_rows([BODY] * 40_000, 20)) == 1_023


def test_a_row_is_a_heading_by_its_style() -> None:
    assert [kind(row) for row in ([], [None], [Text("x")], [None, Text("@0", "column")])] == [BLANK, BLANK, BODY, HEAD]


def test_wider_sheets_are_printed_smaller() -> None:
    """A4 upright is 523 points wide between the margins; 11 pt Calibri has 5.25 points a character at 100 percent."""
    assert rows_on_a_page({1: 20.0}, 1, landscape=False) == 47
    assert rows_on_a_page({1: 200.0}, 1, landscape=False) == pytest.approx(2 * 47, abs=2)


@pytest.mark.parametrize("name", ["russo", "softmax-classifier"])
def test_pages_of_a_workbook_begin_with_headings(name: str) -> None:
    derivation = sb.derive(sb.Network.read(str(ROOT / "examples" / f"{name}.toml")))
    book = load_workbook(io.BytesIO(derivation.to_workbook()))
    begun = [(sheet, each.id + 1) for sheet in map(book.__getitem__, LISTED) for each in sheet.row_breaks.brk]
    assert len(begun) > 2
    for sheet, row in begun:
        below = row if any(cell.value for cell in sheet[row]) else row + 1
        assert any(cell.style in HEADINGS for cell in sheet[below]), (sheet.title, row)
