"""Engines that recalculate a workbook: ironcalc, and LibreOffice from outside. Our values are dropped first."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from symbackprop.workbook.caches import stripped

Cells = Mapping[tuple[str, int, int], float | str | None]
USUAL_PLACES = (
    "/usr/lib/libreoffice/program/soffice",
    "/opt/libreoffice/program/soffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
    r"C:\Program Files (x86)\LibreOffice\program\soffice.exe",
)
REQUIRED = os.environ.get("SYMBACKPROP_REQUIRE_ENGINES") == "1"
SECONDS = 180


def missing(engine: str, way: str) -> None:
    """Skips the test, or fails it where engines are required."""
    text = f"{engine} is not here: {way}"
    if REQUIRED:
        pytest.fail(text)
    pytest.skip(text)


def soffice() -> str:
    """LibreOffice's program: where SYMBACKPROP_SOFFICE says, on the PATH, or in its usual folders."""
    said = os.environ.get("SYMBACKPROP_SOFFICE")
    found = said or shutil.which("soffice") or shutil.which("libreoffice")
    found = found or next((place for place in USUAL_PLACES if Path(place).exists()), None)
    if found is None:
        missing("LibreOffice", "install it, or set SYMBACKPROP_SOFFICE to its soffice")
    assert found is not None
    return found


def by_ironcalc(book: bytes) -> Cells:
    """Every cell's value after ironcalc has computed it."""
    try:
        import ironcalc
    except ImportError:
        missing("ironcalc", "pip install ironcalc")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        path.write_bytes(stripped(book))
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    model.evaluate()
    names = [each["name"] for each in model.get_worksheets_properties()]
    return {
        (names[sheet], row, column): model.get_cell_value(sheet, row, column)
        for sheet, row, column in model.get_all_cells()
    }


def by_libreoffice(*books: bytes) -> list[Cells]:
    """Every cell's value in each book after LibreOffice has computed it; 15 digits."""
    assert books, "without a file LibreOffice opens and stays"
    with tempfile.TemporaryDirectory() as folder:
        for number, book in enumerate(books):
            Path(folder, f"book{number}.xlsx").write_bytes(stripped(book))
        converted(folder, "xlsx", *(f"book{number}.xlsx" for number in range(len(books))))
        return [_read(Path(folder, "out", f"book{number}.xlsx")) for number in range(len(books))]


def converted(folder: str, to: str, *names: str) -> None:
    """Files in a folder, converted into its folder ``out`` by a LibreOffice of its own."""
    profile = Path(folder, "profile").as_uri()
    command = [soffice(), f"-env:UserInstallation={profile}", "--headless", "--norestore", "--convert-to", to]
    run = subprocess.run(
        [*command, "--outdir", str(Path(folder, "out")), *names],
        cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    left = [name for name in names if not Path(folder, "out", Path(name).with_suffix("." + to).name).exists()]
    assert not left, f"LibreOffice made nothing of {left}: {run.stdout} {run.stderr}"


def _read(path: Path) -> Cells:
    from openpyxl import load_workbook

    book = load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.row, cell.column): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
