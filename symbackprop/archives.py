"""Zip files, which workbooks and NumPy's .npz are: what reading one may raise, and one without a date. Knows no part.

openpyxl and zipfile stamp what they write with the present time; the same content has to be the same bytes.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

# What a damaged or an encrypted file raises somewhere in zipfile, openpyxl, or NumPy.
BROKEN = (
    BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError, SyntaxError, RuntimeError,
    ArithmeticError, zlib.error,
)  # fmt: skip
STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
EPOCH = "2000-01-01T00:00:00Z"
CORE = "docProps/core.xml"
_TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def undated_properties(content: bytes) -> bytes:
    """The part `CORE` of a workbook with a fixed time in place of those of its making."""
    return _TIMES.sub(rb"\g<1>" + EPOCH.encode() + rb"\g<2>", content)


def undated(book: bytes) -> bytes:
    """A workbook with the same parts, and nothing in it that says when it was made."""
    target = BytesIO()
    with ZipFile(BytesIO(book)) as source, ZipFile(target, "w", ZIP_DEFLATED) as zipped:
        for part in source.namelist():
            content = source.read(part)
            with zipped.open(part, "w") as written:  # dated 1980, as a name alone is
                written.write(undated_properties(content) if part == CORE else content)
        for info in zipped.infolist():
            info.create_system, info.external_attr = 3, 0o600 << 16
    return target.getvalue()
