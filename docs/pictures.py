"""Renders sheets and pages as the README shows them, by LibreOffice and pdftoppm: ``python docs/pictures.py``.

The workbook of examples/russo.toml is written anew, made a PDF at print size, and the first pages of some sheets become
docs/pictures/workbook-*.png; the first pages of the PDF of examples/two-input.toml become document-*.png. Another
machine's fonts give other pixels, so no test compares them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import symbackprop as sb
from symbackprop.derivation import derive
from symbackprop.diagram import shapes
from symbackprop.network import Network
from symbackprop.values import evaluate
from symbackprop.workbook import workbook_bytes
from symbackprop.workbook.libreoffice import converted

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "russo.toml"
DOCUMENT = ROOT / "examples" / "two-input.toml"
SHOWN = {"overview": "Overview", "backward": "Backward", "check": "Check"}  # pictures by the sheets that they show
RESOLUTION = 110  # dots an inch
MARGIN = 20  # pixels of paper left around what is printed


def pictures(folder: Path) -> list[Path]:
    """Writes the pictures into a folder; the paths written."""
    derivation = derive(Network.read(EXAMPLE))
    (pdf,) = converted([workbook_bytes(derivation, evaluate(derivation), picture=shapes)], "xlsx", "pdf")
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "book.pdf")
        path.write_bytes(pdf)
        return [picture(path, sheet, folder / f"workbook-{name}.png") for name, sheet in SHOWN.items()]


def pages(folder: Path) -> list[Path]:
    """Writes the first pages of a derivation's PDF into a folder; the paths written."""
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "document.pdf")
        path.write_bytes(sb.derive(sb.Network.read(DOCUMENT)).to_pdf())
        targets = [folder / f"document-{number}.png" for number in (1, 2)]
        for number, target in enumerate(targets, 1):
            page = ["-r", str(RESOLUTION), "-f", str(number), "-l", str(number)]
            target.write_bytes(run("pdftoppm", "-png", *page, str(path)))
    return targets


def picture(pdf: Path, sheet: str, target: Path) -> Path:
    """The first page that has a sheet's name at its foot, cut to what is printed on it."""
    pages = run("pdftotext", "-layout", str(pdf), "-").decode().split("\f")
    number = next(number for number, page in enumerate(pages, 1) if footer(page).startswith(f"{sheet} "))
    page = ["-r", str(RESOLUTION), "-f", str(number), "-l", str(number)]
    left, top, right, bottom = printed(run("pdftoppm", "-gray", *page, str(pdf)))
    cut = ["-x", str(left), "-y", str(top), "-W", str(right - left), "-H", str(bottom - top)]
    target.write_bytes(run("pdftoppm", "-png", *page, *cut, str(pdf)))
    return target


def footer(page: str) -> str:
    """A page's last line."""
    lines = [line.strip() for line in page.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def printed(graymap: bytes) -> tuple[int, int, int, int]:
    """The box around what is printed above the foot of a page, given as a binary PGM."""
    head, width, height, _, pixels = graymap.split(maxsplit=4)[0], *graymap.split(maxsplit=4)[1:]
    assert head == b"P5"
    across, down = int(width), int(height)
    rows = [pixels[row * across : (row + 1) * across] for row in range(down * 93 // 100)]
    inked = [number for number, row in enumerate(rows) if min(row) < 250]
    left = min(next(place for place, dot in enumerate(rows[number]) if dot < 250) for number in inked)
    right = max(
        across - next(place for place, dot in enumerate(reversed(rows[number])) if dot < 250) for number in inked
    )
    return max(0, left - MARGIN), max(0, inked[0] - MARGIN), min(across, right + MARGIN), inked[-1] + MARGIN


def run(*command: str) -> bytes:
    """What a program writes."""
    return subprocess.run(command, capture_output=True, check=True).stdout


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    for written in (*pictures(target), *pages(target)):
        print(written)
