"""LibreOffice as a converter of workbooks: found, run under a profile of its own, its files read back.

The profile lets it work while the user has Calc open. The program is where SYMBACKPROP_SOFFICE says, on the PATH, or
in its usual folders.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from symbackprop.errors import OutsideError

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
INSTALL_LIBREOFFICE = (
    "LibreOffice was not found on the PATH or in its usual folders: install it, "
    f"or set {PROGRAM} to its program soffice"
)


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
