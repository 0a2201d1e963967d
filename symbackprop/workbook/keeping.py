"""Workbooks as files: as .xlsx or through LibreOffice as .ods, and never over one that somebody changed by hand.

A workbook of ours says in a property the digest of its other parts. Any program that saves it writes other parts.
"""

from __future__ import annotations

import os
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from symbackprop.archives import BROKEN
from symbackprop.errors import OutsideError
from symbackprop.files import write_whole
from symbackprop.workbook.ods import DIGESTED, META, as_ods, digest_of
from symbackprop.workbook.parts import CUSTOM, DIGEST

_SAID = re.compile(rb'name="' + DIGEST.encode() + rb'".{0,400}?>([0-9a-f]{64})<')


def write_book(path: str | os.PathLike[str], content: bytes, *, force: bool = False) -> None:
    """Puts a workbook in place, as .ods if the name ends so. Raises OutsideError rather than lose somebody's work.

    ``force`` replaces a workbook that was changed since we wrote it, or that is none of ours.
    """
    shown = os.fspath(path)
    if not force and not _is_untouched(shown):
        raise OutsideError(
            f"{shown}: this file was changed since symbackprop wrote it, or is another one; "
            "choose another name, or say --force to replace it"
        )
    write_whole(path, as_ods(content) if shown.lower().endswith(".ods") else content)


def _is_untouched(path: str) -> bool:
    """Whether nothing is lost if a file is replaced: there is none, or nothing in it, or a workbook as we wrote it."""
    if not os.path.isfile(path) or not os.path.getsize(path):
        return True
    try:
        with ZipFile(BytesIO(Path(path).read_bytes())) as zipped:
            names = zipped.namelist()
            if META in names:
                parts, said = [name for name in DIGESTED if name in names], zipped.read(META)
            else:
                parts = [name for name in names if name != CUSTOM]
                said = zipped.read(CUSTOM) if CUSTOM in names else b""
            found = _SAID.search(said)
            return found is not None and found[1].decode() == digest_of({name: zipped.read(name) for name in parts})
    except OSError:
        return True  # writing says why, if it cannot be replaced
    except BROKEN:
        return False  # somebody's text, or a workbook with a password
