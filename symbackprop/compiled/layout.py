"""Too wide lines of generated source, cut before operators and behind commas. Changes no token but brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

WIDEST = 116  # columns
INDENT = "    "
COMMENTS = ("#", '"""', "/*", "*", "//")
ASSIGNED = re.compile(r" \+?= ")
# Where a text is cut first; behind a comma, before anything else.
LOOSEST: tuple[tuple[str, ...], ...] = (
    (", ",),
    (" if ", " else ", " ? ", " : "),
    (" + ", " - "),
    (" * ", " / ", " @ "),
)
OPEN, CLOSED = "([{", ")]}"


def fitted(text: str, *, brackets: bool) -> str:
    """The source with every line of code within the width, where it has a place to be cut.

    ``brackets``: a statement that is cut outside of all brackets gets some, as in Python; C ends it by a semicolon.
    """
    return "\n".join(each for line in text.split("\n") for each in _fitted(line, brackets=brackets))


def returned(pairs: Iterable[str]) -> list[str]:
    """The lines that return the loss and a dict of these pairs: one line if it is not too wide."""
    entries = list(pairs)
    whole = f"return loss, {{{', '.join(entries)}}}"
    if len(INDENT + whole) <= WIDEST:
        return [whole]
    return ["return loss, {", *(f"{INDENT}{entry}," for entry in entries), "}"]


def listed(names: Sequence[str]) -> str:
    """The names; of many the first and the last."""
    text = ", ".join(names) or "none"
    return text if len(text) <= WIDEST // 2 else f"{names[0]}, {names[1]}, ..., {names[-1]}"


def _fitted(line: str, *, brackets: bool) -> Iterator[str]:
    code = line.lstrip()
    indent = line[: len(line) - len(code)]
    if len(line) <= WIDEST or code.startswith(COMMENTS):
        yield line
        return
    head, value = _parted(code)
    inner = indent + INDENT
    room = WIDEST - len(inner)
    if not brackets or not value or len(_pieces(value)) == 1:
        yield from _filled(indent, _atoms(value or code, room, head=head, outside=bool(value)), inner)
        return
    yield f"{indent}{head}("
    yield from _filled(inner, _atoms(value, room, head="", outside=True), inner)
    yield f"{indent})"


def _parted(code: str) -> tuple[str, str]:
    """What stands up to the equals sign, or up to what is returned, and what stands behind; nothing of other lines."""
    if code.startswith("return "):
        return "return ", code.removeprefix("return ")
    found = next((each for each in ASSIGNED.finditer(code) if _depth(code[: each.start()]) == 0), None)
    if found is None or found.end() > WIDEST // 2:
        return "", ""
    return code[: found.end()], code[found.end() :]


def _depth(text: str) -> int:
    return sum((each in OPEN) - (each in CLOSED) for each in text)


def _filled(first: str, atoms: list[str], inner: str) -> Iterator[str]:
    """As many atoms a line as there is room for."""
    line = first + atoms[0]
    for atom in atoms[1:]:
        wider = line + atom
        if len(wider.rstrip()) <= WIDEST:
            line = wider
        else:
            yield line.rstrip()
            line = inner + atom.lstrip()
    yield line.rstrip()


def _atoms(text: str, room: int, *, head: str, outside: bool) -> list[str]:
    """The text in pieces that fit where they can; joined they are the text. ``outside``: of all brackets, too."""
    pieces = _pieces(text) if outside else [text]
    if len(pieces) == 1:
        pieces = _opened(text)
        if len(pieces) == 1:
            return [head + text]
        start, inside, end = pieces
        found = _atoms(inside, room - len(end), head=head + start, outside=True)
        return [*found[:-1], found[-1] + end]
    found = []
    for number, piece in enumerate(pieces):
        here = room if number else room - len(head)
        found += [piece] if len(piece.strip()) <= here else _atoms(piece, here, head="", outside=True)
    return [head + found[0], *found[1:]]


def _pieces(text: str) -> list[str]:
    """The text cut at the loosest of its operators that stand outside of all brackets."""
    depth = 0
    marks: dict[int, list[int]] = {}
    for place, sign in enumerate(text):
        depth += (sign in OPEN) - (sign in CLOSED)
        if depth or sign not in " ,":
            continue
        for level, operators in enumerate(LOOSEST):
            mark = next((each for each in operators if text.startswith(each, place)), "")
            cut = place + (len(mark) if mark == ", " else 0)
            if mark and 0 < cut < len(text):
                marks.setdefault(level, []).append(cut)
    if not marks:
        return [text]
    places = [0, *marks[min(marks)], len(text)]
    return [text[start:end] for start, end in pairwise(places)]


def _opened(text: str) -> list[str]:
    """What stands up to the widest bracket, in it, and behind it; the text alone where it has no bracket."""
    best, start, depth = (0, 0), 0, 0
    for place, sign in enumerate(text):
        if sign in OPEN:
            start, depth = (place if depth == 0 else start), depth + 1
        elif sign in CLOSED:
            depth -= 1
            if depth == 0 and place - start > best[1] - best[0]:
                best = (start, place)
    if best[1] - best[0] < 2:
        return [text]
    return [text[: best[0] + 1], text[best[0] + 1 : best[1]], text[best[1] :]]
