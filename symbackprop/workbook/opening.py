"""A workbook of ours, opened: what it says of itself, what stands in its cells. Computes nothing, changes no file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from symbackprop.archives import BROKEN
from symbackprop.errors import InputError
from symbackprop.workbook.inside import DESCRIPTION, Inside, inside

MOST_BYTES = 1_000_000_000  # of a workbook's parts, unpacked
MOST_TIMES, ANY_BYTES = 200, 50_000_000  # a file that unpacks to more times its size than this, and to more bytes
MOST_CELLS = 20_000_000  # of all sheets, empty ones left of filled ones included
UNDERLINE = re.compile("_x005F_(?=x[0-9A-Fa-f]{4}_)")
NOT_OURS = "is not a workbook that symbackprop wrote: it has no description inside"
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
        from symbackprop.workbook.libreoffice import converted

        _refuse_foreign(content, path, "content.xml")
        _refuse_damaged(content, path, "content.xml")
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
    if size > max(ANY_BYTES, MOST_TIMES * len(content)):
        raise InputError(
            f"{path}: unpacks to {size // len(content):,} times its size; no workbook does, and it is not read"
        )
    if size > MOST_BYTES:
        raise InputError(f"{path}: has {size:,} bytes unpacked; at most {MOST_BYTES:,} are read")


def _refuse_damaged(content: bytes, path: str, part: str) -> None:
    """Refuses what is not whole: LibreOffice would make of it what it can, and say nothing."""
    try:
        with ZipFile(BytesIO(content)) as zipped, zipped.open(part) as file:
            ParserCreate().ParseFile(file)
    except (*BROKEN, ExpatError) as error:
        raise InputError(f"{path}: is damaged and cannot be read: {error}") from error


def loaded(content: bytes, name: str, *, values: bool = False) -> dict[str, Filled]:
    """What stands in the cells of an .xlsx file, by sheet; with ``values``, the values beside formulas."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(BytesIO(content), read_only=True, data_only=values)
            filled: dict[str, Filled] = {}
            left = MOST_CELLS
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # what a sheet says of its size is not believed
                cells = []
                for row in sheet.iter_rows():
                    left -= len(row)
                    if left < 0:
                        raise InputError(f"{name}: has more than {MOST_CELLS:,} cells; it is not read")
                    cells += [(cell.row, cell.column, _said(cell.value)) for cell in row if cell.value is not None]
                filled[sheet.title] = iter(cells)
            return filled
    except BROKEN as error:
        raise InputError(f"{name}: is damaged and cannot be read: {error}") from error


def _said(value: Any) -> Any:
    """A cell's value as it is shown: openpyxl leaves the underlines of texts in cells as the file writes them."""
    return UNDERLINE.sub("_", value) if isinstance(value, str) and "_x005F_" in value else value


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
