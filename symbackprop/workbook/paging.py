"""Where the printed pages of a sheet begin: before a heading if there is one near, never behind it. Writes nothing.

The pages are a little shorter than paper: no program has to break them once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symbackprop.workbook.contents import Row

A4 = (595.0, 842.0)  # points
MARGINS = {"left": 0.5, "right": 0.5, "top": 0.55, "bottom": 0.65, "header": 0.3, "footer": 0.3}  # inches
INCH = 72.0
ROW = 15.0  # points of a row of 11 pt Calibri
CHARACTER, PADDING, DEFAULT_WIDTH = 5.25, 3.75, 8.43  # points of a column's character, beside them, characters
FILLED = 0.94  # of a page: titles are taller than other rows, and fonts differ
LEAST = 0.6  # of a page is filled before it ends for a heading's sake
MOST_BREAKS = 1_023  # that Excel takes; nobody prints as many pages
HEADS = frozenset({"title", "heading", "group", "column", "centred"})
BLANK, HEAD, BODY = range(3)


def kind(row: Row) -> int:
    """Whether a row is blank, a heading or what stands below one."""
    styles = {content.style for content in row if content is not None}
    return HEAD if styles & HEADS else BODY if styles else BLANK


def rows_on_a_page(columns: Mapping[int, float], used: int, *, landscape: bool) -> int:
    """How many rows stand on a page whose width the columns are fitted to."""
    across, down = reversed(A4) if landscape else A4
    across -= (MARGINS["left"] + MARGINS["right"]) * INCH
    down -= (MARGINS["top"] + MARGINS["bottom"]) * INCH
    widths = (columns.get(column, DEFAULT_WIDTH) for column in range(1, used + 1))
    width = sum(CHARACTER * each + PADDING for each in widths)
    return int(FILLED * down / ROW * max(1.0, width / across))


def first_rows(kinds: Iterable[int], page: int) -> list[int]:
    """The rows (from 1) that begin a page behind the first, of rows of these kinds; ``page``: how many fit.

    Behind as many as Excel takes, pages end where they are full.
    """
    known = list(kinds)
    found: list[int] = []
    start = 0
    while len(known) - start > page and len(found) < MOST_BREAKS:
        start = _next_start(known, start, start + page)
        found.append(start + 1)
    return found


def _next_start(kinds: list[int], start: int, limit: int) -> int:
    least = start + int(LEAST * (limit - start))
    groups = (place for place in range(limit, least, -1) if kinds[place] != BODY and _ended(kinds, place))
    within = (place for place in range(limit, least, -1) if set(kinds[place - 2 : place + 1]) == {BODY})
    return next(groups, next(within, limit))


def _ended(kinds: list[int], place: int) -> bool:
    """Whether a group's rows end before this one, and not its headings."""
    before = next((kinds[each] for each in range(place - 1, -1, -1) if kinds[each] != BLANK), BODY)
    return before == BODY
