"""The width of a column as somebody writes it, in TeX points. Measures nothing."""

from __future__ import annotations

import re

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
