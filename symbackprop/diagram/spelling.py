"""A printed name as runs of text with their sizes and rises, and how much room they take. Draws nothing.

Widths are those of common serif and mathematical fonts, the wider one where they differ, so that a box is rather too
large than too small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from symbackprop.notation.lettering import ACCENTS, GREEK, WHOLE_ACCENTS, AnyName, DerivativeName, Name, plain
from symbackprop.printing.numbers import ShownNumber

ITALIC, UPRIGHT, BOLD = "italic", "upright", "bold"
SCRIPT, SMALLEST = 0.7, 0.55  # sizes of scripts and of their scripts, in units of the name's
LOWERED, LOWERED_TWICE, RAISED = -0.22, -0.36, 0.4  # ems of the name
WORD = 3  # letters in a script that make an upright word
_LETTERS = re.compile("([A-Za-z]+|[α-ωϵϕℓΑ-Ω])")
ADVANCES = {
    **dict.fromkeys("il.,;:'′|!⋮ ", 0.36),
    **dict.fromkeys("jtrI()[]-⟨⟩", 0.45),
    **dict.fromkeys("sceazvgo", 0.52),
    **dict.fromkeys("0123456789", 0.53),
    **dict.fromkeys("fxybdpqhnuk*", 0.58),
    **dict.fromkeys("w", 0.76),
    **dict.fromkeys("m", 0.9),
    **dict.fromkeys("MW", 1.02),
    **dict.fromkeys("=≈·×+−≤≥", 0.78),
}
CAPITAL, OTHER_LETTER, WIDE = 0.78, 0.64, 1.1


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text: ``size`` and ``rise`` in units of the label's size."""

    text: str
    style: str = UPRIGHT
    size: float = 1.0
    rise: float = 0.0

    @property
    def width(self) -> float:
        return self.size * advance(self.text)


@dataclass(frozen=True, slots=True)
class Spelled:
    """Runs on the line, then a lower and an upper row of runs that both begin where the line ends."""

    line: tuple[Run, ...]
    below: tuple[Run, ...] = ()
    above: tuple[Run, ...] = ()

    @property
    def width(self) -> float:
        return room(self.line) + max(room(self.below), room(self.above))


Piece = AnyName | ShownNumber | str


def spelled(piece: Piece) -> Spelled:
    """The runs of a name, a displayed number or a word of ours."""
    match piece:
        case Name():
            return _name(piece)
        case DerivativeName():
            return Spelled((Run(plain(piece), ITALIC),))
        case ShownNumber():
            return _number(piece)
    return Spelled((Run(piece),))


def advance(text: str) -> float:
    """About how wide a text is, in ems.

    >>> advance("w") < advance("net") < advance("total")
    True
    """
    return sum(_advance(sign) for sign in text)


def room(runs: Iterable[Run]) -> float:
    """About how wide runs behind each other are."""
    return sum(run.width for run in runs)


def _advance(sign: str) -> float:
    known = ADVANCES.get(sign)
    if known is not None:
        return known
    if "\u0300" <= sign <= "\u036f" or sign == "\u20d7":
        return 0.0
    if sign.isupper():
        return CAPITAL
    return OTHER_LETTER if sign.isalpha() and sign < "\u2000" else WIDE


def _name(name: Name) -> Spelled:
    base = GREEK.get(name.base, name.base)
    if name.accent:
        whole = WHOLE_ACCENTS.get((name.accent, name.base))
        base = whole or base + ACCENTS[name.accent]
    style = {"upright": UPRIGHT, "bold": BOLD}.get(name.face, ITALIC)
    line = (Run(base + ("′" if name.mark == "'" else ""), style),)
    mark = name.mark if name.mark != "'" else ""
    in_brackets = mark.startswith("(")
    below = _script(name.subscript + (mark if in_brackets else ""), LOWERED)
    above = _script(name.superscript + ("" if in_brackets else mark), RAISED)
    if name.observation:
        above = (*above, Run(f"⟨{name.observation}⟩", UPRIGHT, SCRIPT, RAISED))
    if name.argument is not None:
        below = (*below, Run(f"({plain(name.argument)})", UPRIGHT, SCRIPT, LOWERED))
    return Spelled(line, below, above)


def _script(text: str, rise: float) -> tuple[Run, ...]:
    outer, _, inner = text.partition("_")
    further = LOWERED_TWICE if rise < 0 else rise - (LOWERED - LOWERED_TWICE)
    inside = [Run(run.text, run.style, SMALLEST, further) for run in _script(inner, LOWERED)] if inner else []
    return (*_letters(outer, rise), *inside)


def _letters(text: str, rise: float) -> list[Run]:
    """Short runs of letters are indices and stand in italics; digits and words stand upright."""
    runs: list[Run] = []
    for part in _LETTERS.split(text):
        if not part:
            continue
        word = GREEK.get(part, part)
        italic = _LETTERS.fullmatch(word) is not None and len(word) < WORD
        style = ITALIC if italic else UPRIGHT
        if runs and runs[-1].style == style:
            runs[-1] = Run(runs[-1].text + word, style, SCRIPT, rise)
        else:
            runs.append(Run(word, style, SCRIPT, rise))
    return runs


def _number(number: ShownNumber) -> Spelled:
    """The number's plain text with a real minus sign, its power of ten raised."""
    text = ("−" if number.negative else "") + number.marked
    if not number.power:
        return Spelled((Run(text),))
    power = str(number.power) if number.power > 0 else f"−{-number.power}"
    if number.style.exponent == "e":
        return Spelled((Run(f"{text}e{power}"),))
    return Spelled((Run(f"{text}·10"),), above=(Run(power, UPRIGHT, SCRIPT, RAISED),))


def escaped(text: str, *, quotes: bool = False) -> str:
    """A text in XML, without the control characters that XML has no way to write."""
    allowed = (sign if sign >= " " and sign not in "\ufffe\uffff" else " " for sign in text)
    return escape("".join(allowed), quote=quotes)
