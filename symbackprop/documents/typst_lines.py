"""Lines of a document as aligned displays in Typst. What surely fits is plain source; what may not, Typst measures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from symbackprop.documents.typst_page import NUMBER_WIDTH, PAGE_WIDTH
from symbackprop.documents.typst_widths import width
from symbackprop.documents.writing import Row
from symbackprop.printing.typst import TYPST

SURE = 0.95  # of the room: what is estimated to be narrower fits
WIDE = 0.4  # of the page's width: a wider left side stands in a row of its own
CUTS = (" + ", " - ", " dot ", " times ", " ast ", " thin ", " dot.o ")
SUMS = CUTS[:2]
THIN = "thin"
Rows = Sequence[Row]
Flat = Callable[[], Rows]
Line = tuple[str, Rows, Flat | None]


def aligned(lines: Sequence[Line], *, numbered: bool) -> str:
    """Lines below each other: each its left side, its other sides, and how to write these with nothing built up."""
    if numbered:
        return _numbered(lines)
    lefts = [width(left) for left, _, _ in lines]
    column = max((each for each in lefts if each <= WIDE * PAGE_WIDTH), default=0.0)
    room = SURE * (PAGE_WIDTH - column)
    found = [_rows([_text(row) for row in rows], room) for _, rows, _ in lines]
    if column == max(lefts) and all(rows is not None and len(rows) == 1 for rows in found):
        texts = [f"{left} & {rows[0]}" for (left, _, _), rows in zip(lines, found, strict=True) if rows]
        return "$ " + " \\\n  ".join(texts) + " $"
    return _called("lines", lines, found, room)


def _numbered(lines: Sequence[Line]) -> str:
    """The same, each line with its number at the margin."""
    column = max((each for each in (width(left) for left, _, _ in lines) if each <= WIDE * PAGE_WIDTH), default=0.0)
    room = SURE * (PAGE_WIDTH - NUMBER_WIDTH - column)
    return _called("numbered", lines, [_rows([_text(row) for row in rows], room) for _, rows, _ in lines], room)


def _called(name: str, lines: Sequence[Line], found: Sequence[list[str] | None], room: float) -> str:
    """A call of the document's own function of that name."""
    written = [
        [equation(left), *(_measured(rows, flat, room) if ready is None else map(equation, ready))]
        for (left, rows, flat), ready in zip(lines, found, strict=True)
    ]
    return f"#{name}(\n" + "".join(f"  ({', '.join(parts)}),\n" for parts in written) + ")"


def equation(text: str) -> str:
    """A formula within a line of text."""
    return f"${text}$"


def _text(row: Row) -> str:
    return f"{TYPST.sign(row.relation)} {row.text}"


def _rows(texts: Sequence[str], room: float) -> list[str] | None:
    """Sides as rows that surely fit: one row, or a row each, the result behind its numbers; None if they may not."""
    if not texts:
        return [""]
    widths = [width(each) for each in texts]
    if sum(widths) <= room:
        return [" ".join(texts)]
    if max(widths) > room:
        return None
    *others, numbers, result = texts
    together = sum(widths[-2:]) <= room
    return [*others, f"{numbers} {result}"] if together else list(texts)


def _measured(rows: Rows, flat: Flat | None, room: float) -> list[str]:
    """A line's sides as the document's own ``lines`` takes them: those that may not fit as their pieces."""
    if flat is not None and any(width(text) > room and "(" in text for row in rows for _, text in pieces(row.text)):
        rows = flat()
    texts = [_text(row) for row in rows]
    product = THIN if flat is None else "dot"
    sides = [equation(text) if width(text) <= room else _side(text, product) for text in texts]
    return sides if any(side.startswith("(") for side in sides) else [*sides[:-1], _side(texts[-1], product)]


def _side(text: str, product: str) -> str:
    """One long side as its pieces, with how far inside brackets each begins; ``product`` begins a row of factors."""
    found = [
        (depth, f"{product}{piece.removeprefix(THIN)}" if piece.startswith(f"{THIN} ") else piece)
        for depth, piece in pieces(text)
    ]
    return f"({', '.join(f'({depth}, {equation(text)})' if depth else equation(text) for depth, text in found)},)"


def pieces(text: str) -> list[tuple[int, str]]:
    r"""A formula cut before each sign that may begin a row, each piece with how unwelcome a break before it is.

    Nothing is cut within Typst's own brackets; plain ones are deeper. A break before a factor is less welcome than one
    before a term.

    >>> pieces(r"a dot \(b + c\) + d")
    [(0, 'a'), (1, 'dot \\(b'), (2, '+ c\\)'), (0, '+ d')]
    """
    found: list[tuple[int, str]] = []
    start = depth = plain = unwelcome = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|\\.|[()\[\]{}]| ', text):
        token, place = match[0], match.start()
        if token in "([{" or token in ")]}":
            depth += 1 if token in "([{" else -1
        elif token in (r"\(", r"\)"):
            plain += 1 if token == r"\(" else -1
        elif token == " " and depth == 0 and place > start and text.startswith(CUTS, place):
            found.append((unwelcome, text[start:place].strip()))
            start, unwelcome = place, 2 * plain + (not text.startswith(SUMS, place))
    return [*found, (unwelcome, text[start:].strip())]
