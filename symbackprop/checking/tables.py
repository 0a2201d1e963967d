"""Rows of a filled-in form as spreadsheets save it: text with separators in some encoding, or a sheet. No claims."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from zipfile import ZipFile

from symbackprop.archives import BROKEN
from symbackprop.errors import InputError, TooLarge

MOST_ROWS = 10_000
MOST_BYTES = 20_000_000  # of a file, unpacked
CELL_DIGITS = 12  # significant digits of a computed cell: beyond them stands the noise of floats
ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

Row = dict[str, str]


def decoded(data: bytes, path: str) -> str:
    """A file's text: UTF-8 with or without a mark, UTF-16 with one, or Windows-1252."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"{path}: {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    marked = ENCODINGS.get(data[:2])
    for encoding in (marked,) if marked else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}: the text is neither UTF-8 nor another encoding that spreadsheets save")


def text_rows(text: str, source: str) -> list[tuple[int, Row]]:
    """The rows below the header of a table, each with its line; separated by commas, semicolons or tabs."""
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = 0
    separator = max((";", "\t", ","), key=lines[0].count)
    if lines[0].strip().strip('"').lower().startswith("sep="):  # what some programs write on top
        first, separator = 1, lines[0].strip().strip('"')[4:5] or "\t"
    try:
        table = list(csv.reader(io.StringIO("\n".join(lines[first:])), delimiter=separator))
    except csv.Error as error:
        raise InputError(f"{source}: {error}") from error
    return list(_named(table, source, first))


def sheet_rows(path: str) -> list[tuple[int, Row]]:
    """The rows below the header of a workbook's first sheet."""
    import openpyxl

    try:
        with ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MOST_BYTES:
            raise TooLarge(f"{path}: {size:,} bytes when it is unpacked; at most {MOST_BYTES:,} are read")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS + 2)
        table = [[_cell(each) for each in row] for row in rows]
        book.close()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except BROKEN as error:
        raise InputError(
            f"{path}: is not a workbook that can be read; save it as .xlsx or .csv anew, without a password"
        ) from error
    return list(_named(table, path, 0))


def _named(table: list[list[str]], source: str, above: int) -> Iterator[tuple[int, Row]]:
    if not table:
        return
    if len(table) > MOST_ROWS + 1:
        raise TooLarge(f"{source}: more than {MOST_ROWS:,} rows")
    head = [name.strip().lower().lstrip("\ufeff") for name in table[0]]
    for line, cells in enumerate(table[1:], above + 2):
        further = [cell for cell in cells[len(head) :] if cell.strip()]
        if further:
            raise InputError(
                f"{source}: line {line} has more cells than the header; "
                "a decimal comma between commas needs quotes, or save it with semicolons"
            )
        yield line, {name: cell.strip() for name, cell in zip(head, cells, strict=False) if name}


def _cell(value: object) -> str:
    if isinstance(value, float):
        text = repr(value)
        return text if len(text.strip("-0.").replace(".", "")) <= CELL_DIGITS else f"{value:.{CELL_DIGITS}g}"
    return "" if value is None else str(value)
