"""Programs that recalculate a workbook: ironcalc in this process, LibreOffice beside it. Neither sees our values."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from symbackprop.errors import OutsideError
from symbackprop.workbook.libreoffice import converted
from symbackprop.workbook.opening import loaded
from symbackprop.workbook.parts import stripped

if TYPE_CHECKING:
    from typing import Any

Cells = Mapping[tuple[str, int, int], float | str | bool | None]
ENGINES = ("ironcalc", "libreoffice")
INSTALL_IRONCALC = (
    "the engine ironcalc is not installed: pip install 'symbackprop[verify]', or recalculate with --engine libreoffice"
)


def recalculated(book: bytes, engine: str) -> Cells:
    """Every cell's value after the engine has computed all formulas anew. Raises OutsideError if it cannot."""
    return by_ironcalc(book) if engine == "ironcalc" else by_libreoffice(book)[0]


def by_ironcalc(book: bytes) -> Cells:
    """Every cell's value after ironcalc has computed it."""
    try:
        import ironcalc
    except ImportError as error:
        raise OutsideError(INSTALL_IRONCALC) from error
    with tempfile.TemporaryDirectory(prefix="symbackprop-") as folder:
        path = Path(folder, "book.xlsx")
        path.write_bytes(stripped(book, relative=True))
        try:
            with _nothing_on_stdout():
                model: Any = ironcalc.load_from_xlsx(str(path), "en", "UTC")
                model.evaluate()
        except ironcalc.WorkbookError as error:
            raise OutsideError(f"ironcalc cannot read the workbook ({error}); try --engine libreoffice") from error
    names = [each["name"] for each in model.get_worksheets_properties()]
    return {
        (names[sheet], row, column): model.get_cell_value(sheet, row, column)
        for sheet, row, column in model.get_all_cells()
    }


@contextmanager
def _nothing_on_stdout() -> Iterator[None]:
    """Keeps ironcalc's remarks on looks that it does not know from the results; it writes past Python's stdout."""
    if sys.stdout is not None:
        sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def by_libreoffice(*books: bytes) -> list[Cells]:
    """Every cell's value in each book after LibreOffice has computed it, to 15 digits."""
    return [cells_of(each) for each in converted([stripped(book) for book in books], "xlsx", "xlsx")]


def cells_of(book: bytes) -> Cells:
    """The values that a file has for its cells."""
    return {
        (name, row, column): value
        for name, rows in loaded(book, "the recalculated workbook", values=True).items()
        for row, column, value in rows
    }
