"""Widths: of a column as somebody writes it, in TeX points; of a text, in columns of a terminal. Knows no formula."""

from __future__ import annotations

import re
import unicodedata

from symbackprop.errors import InputError

POINTS = {"pt": 1.0, "bp": 72.27 / 72, "in": 72.27, "cm": 72.27 / 2.54, "mm": 72.27 / 25.4, "": 1.0}
NARROWEST, WIDEST = 120.0, 2000.0
_LENGTH = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})\s*([a-z]*)\s*")


def points(width: str | float) -> float:
    """The width in points, of a number (of points) or a length such as ``8.5cm``.

    >>> round(points("8.5cm")), points(345)
    (242, 345.0)
    """
    found = _LENGTH.fullmatch(str(width))
    if found is not None and found[2] in POINTS:
        length = float(found[1]) * POINTS[found[2]]
        if NARROWEST <= length <= WIDEST:
            return length
    raise InputError(
        f"width: {str(width)[:40]!r} cannot be used; allowed: a length such as 8.5cm, 85mm, 3.3in or 240pt, "
        f"from {NARROWEST:g} to {WIDEST:,g} points"
    )


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: an accent takes none, a Chinese sign two.

    >>> columns("w"), columns("w\u20d7"), columns("\u65e5")
    (1, 1, 2)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
