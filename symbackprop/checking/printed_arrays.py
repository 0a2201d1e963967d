"""Arrays as documents print them: rows of printed numbers, and the claims on single entries that they are.

Never judges one, and reads no formula: what is not all numbers is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from symbackprop.checking.claims import Claim
from symbackprop.checking.printed import printed
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Array, Quantity

MOST_NUMBERS = 2_000
LATEX = re.compile(r"\\begin\{(?:[bpvBV]?matrix|array|smallmatrix)\}(?:\{[lcr|]*\})?")
BRACKETED = re.compile(r"\s*[\[(](.*)[\])]\s*", re.DOTALL)
ROW = re.compile(r"[\[(]([^\[\]()]*)[\])]")
Rows = list[list[str]]


def entrywise(claims: Iterable[Claim], names: Names) -> Iterator[Claim]:
    """The claims; one that prints a whole array's numbers is as many as these are, row by row."""
    for claim in claims:
        rows = _rows_of(claim)
        array = _array_of(claim.quantity, names) if rows else None
        yield from [claim] if rows is None or array is None else _of_entries(claim, array, rows)


def _rows_of(claim: Claim) -> Rows | None:
    if claim.printed:
        return printed_rows(claim.printed)
    if isinstance(claim.formula, str):
        return printed_rows(claim.formula) if claim.formula else None
    rows = [list(row) for row in claim.formula]
    return rows if _are_numbers(rows) else None


def printed_rows(text: str) -> Rows | None:
    """The rows of printed numbers that a text is; None where it is anything else.

    >>> printed_rows("[[0,1; 2], [3; 4]]"), printed_rows("[0.5 -0.25]"), printed_rows("0.5")
    ([['0,1', '2'], ['3', '4']], [['0.5', '-0.25']], None)
    """
    plain = text.strip().strip("$").replace(r"\left", "").replace(r"\right", "")
    latex = LATEX.search(plain)
    if latex:
        inside = plain[latex.end() :].rpartition(r"\end{")[0]
        lines = [line for line in re.split(r"\\\\", inside) if line.strip()]
        rows = [[cell.strip() for cell in line.split("&")] for line in lines]
    else:
        whole = BRACKETED.fullmatch(plain)
        if not whole:
            return None
        inner = ROW.findall(whole[1])
        if inner and ROW.sub("", whole[1]).strip(" ,;\n\t"):
            return None
        rows = [_cells(row) for row in inner or [whole[1]]]
    several = len(rows) > 1 or len(rows[0]) > 1 if rows else False
    return rows if several and len({len(row) for row in rows}) == 1 and _are_numbers(rows) else None


def _cells(row: str) -> list[str]:
    """The cells of a row: semicolons part them if there are any, else commas, else spaces."""
    for mark in (";", ","):
        if mark in row:
            return [cell.strip() for cell in row.split(mark)]
    return row.split()


def _are_numbers(rows: Rows) -> bool:
    if sum(map(len, rows)) > MOST_NUMBERS:
        return False
    try:
        return all(printed(cell) for row in rows for cell in row)
    except InputError:
        return False


def _array_of(name: str, names: Names) -> Array | None:
    try:
        found = names.resolve_all(name)
    except SymbackpropError:
        return None
    return found if isinstance(found, Array) and None not in found.shape else None


def _of_entries(claim: Claim, array: Array, rows: Rows) -> Iterator[Claim]:
    """A claim for each number; a vector may lie or stand, and a matrix that fits only when turned is turned."""
    extents = [size or 1 for size in array.shape]
    wide = [size for size in extents if size != 1] or [1]
    shape = (len(rows), len(rows[0]))
    if tuple(extents[-2:]) != shape and len(wide) < 2:
        rows = [[cell for row in rows for cell in row]]
    elif shape != tuple(wide) and shape[::-1] == tuple(wide):
        rows = [list(row) for row in zip(*rows, strict=True)]
    cells = [cell for row in rows for cell in row]
    places: list[tuple[int, ...]] = [()]
    for size in extents:
        places = [(*place, number) for place in places for number in range(size)]
    if len(cells) != len(places):
        yield claim
        return
    for place, cell in zip(places, cells, strict=True):
        yield replace(claim, quantity=neutral(Quantity(array, place)), printed=cell, formula="")
