"""The package's own ways to recalculate a workbook, in tests: skipped where an engine is missing, unless required."""

from __future__ import annotations

import os

import pytest

from symbackprop.errors import OutsideError
from symbackprop.workbook import engines, libreoffice
from symbackprop.workbook.engines import Cells

REQUIRED = os.environ.get("SYMBACKPROP_REQUIRE_ENGINES") == "1"

__all__ = ["Cells", "by_ironcalc", "by_libreoffice", "missing", "need_libreoffice"]


def missing(engine: str, way: str) -> None:
    """Skips the test, or fails it where engines are required."""
    text = f"{engine} is not here: {way}"
    if REQUIRED:
        pytest.fail(text)
    pytest.skip(text)


def need_ironcalc() -> None:
    """Skips the test where ironcalc is missing."""
    try:
        import ironcalc  # noqa: F401
    except ImportError:
        missing("ironcalc", engines.INSTALL_IRONCALC)


def need_libreoffice() -> None:
    """Skips the test where LibreOffice is missing."""
    try:
        libreoffice.soffice()
    except OutsideError as error:
        missing("LibreOffice", str(error))


def by_ironcalc(book: bytes) -> Cells:
    """Every cell's value after ironcalc has computed it."""
    need_ironcalc()
    return engines.by_ironcalc(book)


def by_libreoffice(*books: bytes) -> list[Cells]:
    """Every cell's value in each book after LibreOffice has computed it; 15 digits."""
    need_libreoffice()
    return engines.by_libreoffice(*books)
