"""Values beside formulas: the saved file is streamed once, with a ``<v>`` put behind each ``<f>``. Changes no formula.

openpyxl writes formulas without values; programs that do not compute (previews, pandas, Protected View) would show
nothing. The parts of the file that openpyxl stamps with the present time are fixed here too, so that the same plan
gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

STAMP = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
EPOCH = "2000-01-01T00:00:00Z"
CORE, CUSTOM = "docProps/core.xml", "docProps/custom.xml"
DIGEST = "symbackprop digest"  # the property that holds the digest of all other parts, which comes last in the file
NO_DIGEST = "0" * 64
FORMULA = re.compile(rb"<c ([^>]*)>(<f(?: [^>]*)?>[^<]*</f>)<v(?: ?/>|></v>)</c>")
MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
COORDINATE = re.compile(rb'r="([A-Z]+[0-9]+)"')
CACHED = re.compile(rb"(</f>|<f(?: [^>]*)?/>)<v(?: [^>]*)?>[^<]*</v>")
CHUNK = 1 << 20

Values = Mapping[str, Iterator[float | str]]  # by part of the file: its formulas' values in reading order


def with_values(saved: bytes, values: Values) -> bytes:
    """The saved workbook with each formula's value beside it, and nothing in it that says when it was made."""
    target = BytesIO()
    with ZipFile(BytesIO(saved)) as source, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=6) as zipped:
        digest = sha256()
        for part in source.infolist():
            if part.filename == CUSTOM:
                continue
            digest.update(part.filename.encode() + b"\0")
            with source.open(part) as opened, zipped.open(_info(part.filename), "w") as written:

                def put(piece: bytes, written: IO[bytes] = written) -> None:
                    digest.update(piece)
                    written.write(piece)

                if part.filename in values:
                    for piece in _filled(opened, values[part.filename]):
                        put(piece)
                elif part.filename == CORE:
                    put(MODIFIED.sub(rb"\g<1>" + EPOCH.encode() + rb"\g<2>", opened.read()))
                else:
                    while piece := opened.read(CHUNK):
                        put(piece)

        custom = source.read(CUSTOM)
        assert custom.count(NO_DIGEST.encode()) == 1, "the property for the digest is written otherwise than expected"
        zipped.writestr(_info(CUSTOM), custom.replace(NO_DIGEST.encode(), digest.hexdigest().encode()))
    return target.getvalue()


def _info(name: str) -> ZipInfo:
    info = ZipInfo(name, STAMP)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 3
    return info


def _filled(opened, values: Iterator[float | str]) -> Iterator[bytes]:  # type: ignore[no-untyped-def]
    """A sheet's XML, cell by cell at its formulas; refuses to leave one without its value."""
    rest = b""
    while piece := opened.read(CHUNK):
        whole = rest + piece
        cut = whole.rfind(b"</c>") + len(b"</c>") if b"</c>" in whole else 0
        rest = whole[cut:]
        yield _with(whole[:cut], values)
    yield _with(rest, values)
    assert next(values, None) is None, "a formula cell is written otherwise than expected"


def _with(xml: bytes, values: Iterator[float | str]) -> bytes:
    return FORMULA.sub(lambda found: _cell(found, next(values)), xml)


def _cell(found: re.Match[bytes], value: float | str) -> bytes:
    attributes, formula = found[1], found[2]
    if isinstance(value, str):
        text = escape(value).encode()
        return b"<c " + attributes + b' t="str">' + formula + b"<v>" + text + b"</v></c>"
    if value != value:
        return b"<c " + attributes + b' t="e">' + formula + b"<v>#NUM!</v></c>"
    return b"<c " + attributes + b">" + formula + b"<v>" + repr(value).encode() + b"</v></c>"


def stripped(book: bytes) -> bytes:
    """The workbook without the values beside its formulas: what an engine has to compute."""
    target = BytesIO()
    with ZipFile(BytesIO(book)) as source, ZipFile(target, "w", ZIP_DEFLATED) as zipped:
        for part in source.infolist():
            data = source.read(part)
            if part.filename.startswith("xl/worksheets/sheet"):
                data = CACHED.sub(rb"\1<v></v>", data)
            zipped.writestr(part.filename, data)
    return target.getvalue()
