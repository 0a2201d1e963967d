"""An .xlsx book as .ods: LibreOffice converts it, and what it leaves to time or chance is said the same each time.

It dates the file and counts its editing; it writes pages' layouts in an order, and numbers them by it, that differs
from run to run; and it gives a rule for typed numbers one of several sheets as the place that it counts from, which
says nothing, for the rule has no reference. Changes no cell.
"""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from symbackprop.archives import EPOCH, STAMP
from symbackprop.workbook.parts import DIGEST

META, CONTENT, STYLES = "meta.xml", "content.xml", "styles.xml"
DIGESTED = (CONTENT, STYLES)  # what the digest is of; the other parts hold no work of anybody's
_SAID = re.compile(rb'(meta:name="' + DIGEST.encode() + rb'"[^>]*>)[^<]*(<)')
_DATES = re.compile(rb"(<(?:dc:date|meta:creation-date)>)[^<]*(<)")
_DURATION = re.compile(rb"(<meta:editing-duration>)[^<]*(<)")
_CYCLES = re.compile(rb"(<meta:editing-cycles>)[^<]*(<)")
_FIRST_TABLE = re.compile(rb'<table:table table:name="([^"]*)"')
_BASE = re.compile(rb'(table:base-cell-address=)"[^"]*"')
_LAYOUT = re.compile(rb'<style:page-layout style:name="([^"]*)".*?</style:page-layout>', re.DOTALL)
_PAGE = re.compile(rb"<style:master-page .*?</style:master-page>", re.DOTALL)
_USED = re.compile(rb'(style:page-layout-name=)"([^"]*)"')


def as_ods(book: bytes) -> bytes:
    """A workbook as .ods, the same for the same workbook and version of LibreOffice."""
    from symbackprop.workbook.libreoffice import converted

    (made,) = converted([book], "xlsx", "ods")
    target = BytesIO()
    with ZipFile(BytesIO(made)) as source, ZipFile(target, "w") as zipped:
        parts = {name: source.read(name) for name in source.namelist()}
        parts[CONTENT] = _with_one_base(parts[CONTENT])
        parts[STYLES] = _with_pages_in_order(parts[STYLES])
        parts[META] = _undated(parts[META], digest_of({name: parts[name] for name in DIGESTED}))
        for name, data in parts.items():
            info = ZipInfo(name, STAMP)
            info.create_system, info.external_attr = 3, 0o600 << 16
            info.compress_type = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
            zipped.writestr(info, data)
    return target.getvalue()


def digest_of(parts: dict[str, bytes]) -> str:
    """One digest of several parts."""
    found = sha256()
    for name, data in parts.items():
        found.update(name.encode() + b"\0" + data)
    return found.hexdigest()


def _undated(meta: bytes, digest: str) -> bytes:
    for pattern, said in (
        (_SAID, digest.encode()),
        (_DATES, EPOCH.encode()),
        (_DURATION, b"PT0S"),
        (_CYCLES, b"1"),
    ):
        meta = pattern.sub(rb"\g<1>" + said + rb"\g<2>", meta)
    return meta


def _with_one_base(content: bytes) -> bytes:
    first = _FIRST_TABLE.search(content)
    return _BASE.sub(rb'\g<1>"' + first[1] + rb'.A1"', content) if first else content


def _with_pages_in_order(styles: bytes) -> bytes:
    """Pages by their names, and the layouts numbered as these pages use them."""
    layouts = {found[1]: found[0] for found in _LAYOUT.finditer(styles)}
    written = _PAGE.findall(styles)
    pages = sorted(written, key=lambda page: _USED.sub(rb"\g<1>", page))
    used = list(dict.fromkeys(found[2] for page in pages for found in _USED.finditer(page)))
    if sorted(used) != sorted(layouts):
        return styles  # not as LibreOffice wrote them when this was made: as they are
    names = {old: b"Mpm%d" % number for number, old in enumerate(used, 1)}
    ordered = b"".join(layouts[old].replace(b'"%s"' % old, b'"%s"' % names[old], 1) for old in used)
    renamed = b"".join(_USED.sub(lambda found: found[1] + b'"%s"' % names[found[2]], page) for page in pages)
    styles = styles.replace(b"".join(layouts.values()), ordered)
    return styles.replace(b"".join(written), renamed)
