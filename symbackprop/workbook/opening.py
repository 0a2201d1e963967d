"""A workbook of ours, opened: what it says of itself, what stands in its cells. Computes nothing, changes no file."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from symbackprop.errors import InputError
from symbackprop.workbook.inside import DESCRIPTION, Inside, inside

MOST_BYTES = 2_000_000_000  # of a workbook's parts, unpacked
NOT_OURS = "is not a workbook that symbackprop wrote: it has no description inside"
BROKEN = (BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError, SyntaxError, zlib.error)
Filled = Iterator[tuple[int, int, Any]]  # row, column, what stands there


@dataclass(frozen=True, slots=True)
class Opened:
    """A workbook's bytes, as .xlsx, what it says of itself, and its cells by sheet, row and column."""

    name: str
    content: bytes
    inside: Inside
    cells: Mapping[str, Mapping[tuple[int, int], Any]]


def opened(path: str) -> Opened:
    """A workbook of ours. Raises InputError if it is none, or if it cannot be read."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if path.lower().endswith(".ods"):
        from symbackprop.workbook.engines import converted

        _refuse_foreign(content, path, "content.xml")
        (content,) = converted([content], "ods", "xlsx")
    else:
        _refuse_foreign(content, path, "xl/workbook.xml")
    sheets = {
        name: {(row, column): value for row, column, value in rows} for name, rows in loaded(content, path).items()
    }
    if DESCRIPTION not in sheets:
        raise InputError(f"{path}: {NOT_OURS}")
    return Opened(path, content, inside(_rows(sheets[DESCRIPTION]), path), sheets)


def _refuse_foreign(content: bytes, path: str, part: str) -> None:
    try:
        with ZipFile(BytesIO(content)) as zipped:
            known = part in zipped.namelist()
            size = sum(each.file_size for each in zipped.infolist())
    except BROKEN as error:
        raise InputError(f"{path}: is not a workbook, or is damaged") from error
    if not known:
        raise InputError(f"{path}: is not a workbook of its ending")
    if size > MOST_BYTES:
        raise InputError(f"{path}: has {size:,} bytes unpacked; at most {MOST_BYTES:,} are read")


def loaded(content: bytes, name: str, *, values: bool = False) -> dict[str, Filled]:
    """What stands in the cells of an .xlsx file, by sheet; with ``values``, the values beside formulas."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(BytesIO(content), read_only=True, data_only=values)
            return {sheet.title: iter(list(_filled(sheet))) for sheet in book.worksheets}
    except BROKEN as error:
        raise InputError(f"{name}: is damaged and cannot be read: {error}") from error


def _filled(sheet: Any) -> Filled:
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                yield cell.row, cell.column, cell.value


def _rows(cells: Mapping[tuple[int, int], Any]) -> Iterator[list[Any]]:
    """The rows of a sheet from the first to the last, empty ones included."""
    last = max((row for row, _ in cells), default=0)
    pieces: dict[int, list[Any]] = {}
    for (row, _), value in sorted(cells.items()):
        pieces.setdefault(row, []).append(value)
    for row in range(1, last + 1):
        yield pieces.get(row, [])


def flattened(text: object) -> str:
    """A cell's text as it is compared: without differences that other programs make in saving."""
    return re.sub(r"\s+", " ", str(text)).strip()
