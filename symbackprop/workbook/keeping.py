"""Workbooks as files: as .xlsx or through LibreOffice as .ods, and never over one that somebody changed by hand.

A workbook of ours says in a property the digest of its other parts. Any program that saves it writes other parts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from symbackprop.errors import OutsideError
from symbackprop.files import write_whole
from symbackprop.workbook.opening import BROKEN
from symbackprop.workbook.parts import CUSTOM, DIGEST, EPOCH, STAMP

META = "meta.xml"
_SAID = re.compile(rb'name="' + DIGEST.encode() + rb'".{0,400}?>([0-9a-f]{64})<')
_META_SAID = re.compile(rb'(meta:name="' + DIGEST.encode() + rb'"[^>]*>)[^<]*(<)')
_DATES = re.compile(rb"(<(?:dc:date|meta:creation-date|meta:editing-duration)>)[^<]*(<)")
_CYCLES = re.compile(rb"(<meta:editing-cycles>)[^<]*(<)")
OF_ODS = ("content.xml", "styles.xml")  # what an .ods digest is of; its other parts hold no work of anybody's


def write_book(path: str | os.PathLike[str], content: bytes, *, force: bool = False) -> None:
    """Puts a workbook in place, as .ods if the name ends so. Raises OutsideError rather than lose somebody's work.

    ``force`` replaces a workbook that was changed since we wrote it, or that is none of ours.
    """
    shown = os.fspath(path)
    if not force and not _is_untouched(shown):
        raise OutsideError(
            f"{shown}: this workbook was changed since symbackprop wrote it, or is another one; "
            "choose another name, or say --force to replace it"
        )
    write_whole(path, as_ods(content) if shown.lower().endswith(".ods") else content)


def as_ods(book: bytes) -> bytes:
    """A workbook as .ods, the same for the same workbook; LibreOffice converts it."""
    from symbackprop.workbook.engines import converted

    (made,) = converted([book], "xlsx", "ods")
    target = BytesIO()
    with ZipFile(BytesIO(made)) as source, ZipFile(target, "w") as zipped:
        digest = _digest((name, source.read(name)) for name in OF_ODS)
        for part in source.infolist():
            data = source.read(part)
            if part.filename == META:
                data = _META_SAID.sub(rb"\g<1>" + digest.encode() + rb"\g<2>", data)
                data = _CYCLES.sub(rb"\g<1>1\g<2>", _DATES.sub(_dated, data))
            info = ZipInfo(part.filename, STAMP)
            info.create_system, info.external_attr = 3, 0o600 << 16
            info.compress_type = ZIP_STORED if part.filename == "mimetype" else ZIP_DEFLATED
            zipped.writestr(info, data)
    return target.getvalue()


def _dated(found: re.Match[bytes]) -> bytes:
    said = b"PT0S" if b"duration" in found[1] else EPOCH.encode()
    return found[1] + said + found[2]


def _is_untouched(path: str) -> bool:
    """Whether nothing is lost if a file is replaced: there is none, or no workbook, or one as we wrote it."""
    if not os.path.isfile(path):
        return True
    try:
        with ZipFile(BytesIO(Path(path).read_bytes())) as zipped:
            names = zipped.namelist()
            if META in names:
                parts, said = [name for name in OF_ODS if name in names], zipped.read(META)
            else:
                parts = [name for name in names if name != CUSTOM]
                said = zipped.read(CUSTOM) if CUSTOM in names else b""
            found = _SAID.search(said)
            return found is not None and found[1].decode() == _digest((name, zipped.read(name)) for name in parts)
    except (*BROKEN, OSError):
        return True  # no workbook, or not to be read: writing says why, if it cannot be replaced


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    found = sha256()
    for name, data in parts:
        found.update(name.encode() + b"\0" + data)
    return found.hexdigest()
