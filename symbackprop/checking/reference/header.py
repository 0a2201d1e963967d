"""A reference as a C header: hexadecimal float literals, which are the doubles themselves. Computes nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from symbackprop import __version__
from symbackprop.checking.reference.listed import Listed, Reference
from symbackprop.checking.reference.tables import shaped

WIDTH = 110
PREFIX = "reference_"
ABOUT = """\
 * Given numbers are the description's, rounded to doubles. All others are computed from these very doubles to many
 * digits and rounded once. A _bound says how far a double that was computed in a usual way may be from it; a gradient
 * is wrong where it is further off than 64 times that. Weights stand as [to][from]. C99, C++17."""


def header(reference: Reference) -> str:
    """The header. Names are the neutral names in letters, digits and underscores: dE/dw[1] is reference_dE_dw_1."""
    names = _identifiers(reference)
    gradients = set(reference.gradients.values())
    lines = [
        f"/* {_comment(reference.title) or 'Loss and gradients of a network'}",
        " *",
        f" * Written by symbackprop {__version__}.",
        f"{ABOUT} */",
        "#ifndef SYMBACKPROP_REFERENCE_H",
        "#define SYMBACKPROP_REFERENCE_H",
        "",
        "#include <math.h>",
        "",
        f"#define REFERENCE_OBSERVATIONS {reference.observations}",
    ]
    for name, listed in reference.arrays.items():
        lines += ["", f"/* {_comment(name)} */"]
        lines += _declared(names[name], listed, listed.numbers)
        if name in gradients:
            lines += _declared(f"{names[name]}_bound", listed, listed.bounds)
    return "\n".join([*lines, "", "#endif", ""])


def _declared(name: str, listed: Listed, numbers: tuple[float, ...]) -> Iterator[str]:
    sizes = "".join(f"[{extent}]" for extent in listed.shape)
    text = shaped([literal(each) for each in numbers], listed.shape, "{}")
    yield from _wrapped(f"static const double {name}{sizes} = {text};")


def literal(number: float) -> str:
    """The double as C writes it.

    >>> literal(0.1)
    '0x1.999999999999ap-4'
    """
    return number.hex() if math.isfinite(number) else "INFINITY"


def _wrapped(line: str) -> Iterator[str]:
    while len(line) > WIDTH:
        place = line.rfind(", ", 0, WIDTH)
        if place < 0:
            break
        yield line[: place + 1]
        line = "    " + line[place + 2 :]
    yield line


def _identifiers(reference: Reference) -> dict[str, str]:
    """A C name for each array; where two names differ only in signs, the later one gets a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in reference.arrays:
        letters = "".join(each if each.isascii() else f"u{ord(each):x}" for each in name)
        plain = PREFIX + re.sub(r"[^A-Za-z0-9]+", "_", letters).strip("_")
        unique, number = plain, 2
        while unique in taken or f"{unique}_bound" in taken:
            unique, number = f"{plain}_{number}", number + 1
        taken |= {unique, f"{unique}_bound"}
        found[name] = unique
    return found


def _comment(text: str) -> str:
    """A text that cannot end the comment that it stands in."""
    plain = "".join(each if each.isalnum() or each in " []:.,()=+-_/" else " " for each in text)
    return re.sub(r"\s+", " ", plain.replace("//", "/")).strip()
