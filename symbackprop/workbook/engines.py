"""Programs that recalculate a workbook: ironcalc in this process, LibreOffice beside it. Neither sees a value of ours.

LibreOffice runs under a profile of its own, so that it works while the user has Calc open, and is found where
SYMBACKPROP_SOFFICE says, on the PATH, or in its usual folders.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from symbackprop.errors import OutsideError
from symbackprop.workbook.parts import stripped

if TYPE_CHECKING:
    from typing import Any

Cells = Mapping[tuple[str, int, int], float | str | bool | None]
ENGINES = ("ironcalc", "libreoffice")
USUAL_PLACES = (
    "/usr/lib/libreoffice/program/soffice",
    "/usr/lib64/libreoffice/program/soffice",
    "/opt/libreoffice/program/soffice",
    "/snap/bin/libreoffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.exe",
)
PROGRAM = "SYMBACKPROP_SOFFICE"
SECONDS = 600
INSTALL_IRONCALC = (
    "the engine ironcalc is not installed: pip install 'symbackprop[verify]', or recalculate with --engine libreoffice"
)
INSTALL_LIBREOFFICE = (
    "LibreOffice was not found on the PATH or in its usual folders: install it, "
    f"or set {PROGRAM} to its program soffice"
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
    from symbackprop.workbook.opening import loaded

    return {
        (name, row, column): value
        for name, rows in loaded(book, "the recalculated workbook", values=True).items()
        for row, column, value in rows
    }


def converted(books: Sequence[bytes], ending: str, to: str) -> list[bytes]:
    """Files of one ending as LibreOffice writes them with another, or with a filter behind it: ``csv:...``."""
    program = soffice()
    with tempfile.TemporaryDirectory(prefix="symbackprop-", ignore_cleanup_errors=True) as folder:
        names = [f"book{number}.{ending}" for number in range(len(books))]
        for name, book in zip(names, books, strict=True):
            Path(folder, name).write_bytes(book)
        profile = Path(folder, "profile").as_uri()
        options = [f"-env:UserInstallation={profile}", "--headless", "--norestore", "--convert-to", to]
        command = [program, *options, "--outdir", str(Path(folder, "out")), *names]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise OutsideError(f"LibreOffice ({program}) took more than {SECONDS} seconds and was stopped") from error
        except OSError as error:
            raise OutsideError(f"LibreOffice ({program}) cannot be run: {error.strerror or error}") from error
        made = [Path(folder, "out", Path(name).with_suffix("." + to.partition(":")[0]).name) for name in names]
        if not all(path.exists() for path in made):
            said = re.sub(r"\s+", " ", (run.stderr or run.stdout).decode("utf-8", "replace")).strip()
            raise OutsideError(
                f"LibreOffice ({program}) made nothing of the workbook: {said[:300] or 'without a word'}"
            )
        return [path.read_bytes() for path in made]


def soffice() -> str:
    """LibreOffice's program. Raises OutsideError with what to do where there is none."""
    said = os.environ.get(PROGRAM)
    if said:
        if shutil.which(said) is None:
            raise OutsideError(f"{PROGRAM} is {said}, and no program is there")
        return said
    found = shutil.which("soffice") or shutil.which("libreoffice")
    found = found or next((place for place in USUAL_PLACES if os.path.exists(place)), None)
    if found is None:
        raise OutsideError(INSTALL_LIBREOFFICE)
    return found
