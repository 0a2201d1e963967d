"""Rows of equations as displays of Markdown: aligned ones for readers of TeX, one a side for word processors.

Never writes a formula: it only says which rows stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from symbackprop.documents.content import Line
from symbackprop.documents.typeset import grouped, parted
from symbackprop.expressions import leaves

MOST_LINES = 12  # of one display
# KaTeX gives up a formula of more than 1,000 expansions: how many a command makes, and how many we allow.
EXPANSIONS = {r"\,": 3, r"\dots": 2, r"\cdots": 1, r"\quad": 1}
MOST_EXPANSIONS = 800
ROW, TALL_ROW = r" \\", r" \\[4pt]"
TALL = (r"\frac", r"\begin", r"\sum")
RELATIONS = ("=", r"\approx")


def batches(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """The lines of one display after the other, parted where another array begins if there is such a place.

    A line and the next one that uses it stay together.
    """
    if len(lines) <= MOST_LINES:
        return [lines]
    places = [place for place in range(MOST_LINES // 2, MOST_LINES + 1) if not _used(lines[place - 1], lines[place])]
    changes = [place for place in places if _array(lines[place - 1]) != _array(lines[place])]
    place = max(changes or places, default=MOST_LINES)
    return [lines[:place], *batches(lines[place:])]


def _used(line: Line, following: Line) -> bool:
    return any(each in set(leaves(line.left)) for side in following.sides[:1] for each in leaves(side))


def _array(line: Line) -> object:
    return next((getattr(each, "array", each) for each in leaves(line.left)), None)


def numbered(rows: Sequence[str], first: int, *, behind: str) -> list[str]:
    """The rows, the last one of each equation with the equation's number ``behind`` a sign."""
    written: list[str] = []
    for number, (*others, last) in enumerate(grouped(rows), first):
        written += [*others, f"{last} {behind} ({number})"]
    return written


def aligned(rows: Sequence[str]) -> list[str]:
    """Aligned displays: one, or several where one would be too much for KaTeX."""
    parts: list[list[str]] = []
    left = 0
    for equation in grouped(rows):
        whole = sum(map(expansions, equation))
        for piece in [equation] if whole <= MOST_EXPANSIONS else [[row] for row in equation]:
            left -= sum(map(expansions, piece))
            if left < 0 or not parts:
                parts.append([])
                left = MOST_EXPANSIONS - sum(map(expansions, piece))
            parts[-1] += piece
    return [_environment("aligned", "", part) for part in parts]


def _environment(name: str, columns: str, rows: Sequence[str]) -> str:
    ends = [TALL_ROW if any(sign in row + following for sign in TALL) else ROW for row, following in pairwise(rows)]
    written = [row + end for row, end in zip(rows, [*ends, ""], strict=True)]
    return "\n".join([rf"\begin{{{name}}}{columns}", *written, rf"\end{{{name}}}"])


def singly(rows: Sequence[str]) -> list[str]:
    """Each side of an equation as a display of its own, the left side before it: word processors align nothing.

    LibreOffice reads no row that begins with a relation, and Word breaks a display over lines, but not over pages.
    """
    return [display for equation in grouped(rows) for display in _sides(equation)]


def _sides(equation: Sequence[str]) -> list[str]:
    left, texts = _left_side(equation)
    sides: list[list[str]] = []
    for text in texts:
        if text.startswith(RELATIONS) or not sides:
            sides.append([f"{left} {text}".strip()])
        else:
            sides[-1].append(rf"\quad {text}")
    return [side[0] if len(side) == 1 else _environment("array", "{l}", side) for side in sides]


def _left_side(equation: Sequence[str]) -> tuple[str, list[str]]:
    """The left side of an equation, and what stands behind it row by row."""
    parts = [parted(row) for row in equation]
    left, texts = parts[0][0].strip(), [text.strip().removeprefix(r"\quad").strip() for _, text in parts]
    return (texts[0], texts[1:]) if not left and len(texts) > 1 else (left, texts)


def expansions(formula: str) -> int:
    """How many expansions KaTeX counts for a formula."""
    return sum(each * formula.count(command) for command, each in EXPANSIONS.items())
