"""Slips of the pen: what each kind of them prints in place of a number. Never judges one.

Every slip is an exact one: it is made in the number as it would be printed, rounded or cut, and gives all its digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from symbackprop.checking.printed import Printed

FURTHEST = 3  # places that a decimal point is moved by, and places behind the last that are rounded to on the way
Edited = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Slip:
    """A number as a slip prints it, and in plain words what the slip is."""

    value: Fraction
    sentence: str


def slips_of(kind: str, value: Fraction, like: Printed) -> Iterator[Slip]:
    """What slips of one kind make of a number that is to be printed to the place of another one."""
    if like.unit and value:
        right = {sign * like.unit * number for number in _steps(abs(value), like.unit) for sign in (_sign(value),)}
        yield from (each for each in KINDS[kind](value, like) if each.value not in right)


def copied(number: Printed) -> Iterator[tuple[str, Slip]]:
    """What copying a printed number wrongly makes of it: digits exchanged, then one digit changed."""
    for kind in ("exchanged", "digit"):
        edited = {"exchanged": _exchanged, "digit": _other_digit}[kind]
        for text, sentence in edited(_text(abs(number.value), number.unit)):
            yield kind, Slip(_sign(number.value) * _read(text, number.unit), sentence)


# Numbers as they are written


def _sign(value: Fraction) -> int:
    return -1 if value < 0 else 1


def _steps(value: Fraction, unit: Fraction) -> tuple[int, ...]:
    """How many of its last place a number has: rounded, and cut where that is another number."""
    cut = value // unit
    nearest = (value / unit + Fraction(1, 2)) // 1
    return tuple(dict.fromkeys((int(nearest), int(cut))))


def _places(unit: Fraction) -> int:
    """The number of decimals of a power of ten; 0 above 1."""
    places = 0
    while unit < 1:
        unit, places = unit * 10, places + 1
    return places


def _text(value: Fraction, unit: Fraction) -> str:
    """A number of whole units in digits and a point; above 1, the units are counted."""
    steps, places = int(value / unit), _places(unit)
    digits = str(steps).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _read(text: str, unit: Fraction) -> Fraction:
    return Fraction(text) * max(unit, Fraction(1))


def _written(value: Fraction, unit: Fraction, *further: int) -> Iterator[str]:
    """A number's size as it is written to the last place, and to so many places further, rounded and cut."""
    for places in (0, *further):
        finer = unit / Fraction(10) ** places
        if places and (unit > 1 or finer > 1):
            continue
        for steps in _steps(abs(value), finer):
            yield _text(steps * finer, finer)


def _meant(value: Fraction, like: Printed) -> str:
    return f"{like.like(value)} is meant"


# The kinds of slips


def _in_text(edited: Callable[[str], Edited], *further: int) -> Callable[[Fraction, Printed], Iterator[Slip]]:
    """The slips that change a number's text, where what comes of it has the places of the printed one."""

    def made(value: Fraction, like: Printed) -> Iterator[Slip]:
        met = set()
        for written in dict.fromkeys(_written(value, like.unit, *further)):
            for text, sentence in edited(written):
                new = text and (text, sentence) not in met
                if len(text.partition(".")[2]) == _places(like.unit) and new:
                    met.add((text, sentence))
                    changed = _sign(value) * _read(text, like.unit)
                    yield Slip(changed, f"{sentence}: {_as_text(value, written, like)} is meant")

    return made


def _as_text(value: Fraction, written: str, like: Printed) -> str:
    """What was to be written, in the manner of the printed number."""
    if "." not in written or len(written) > 14:
        return like.like(value)
    return f"{'-' if value < 0 else ''}{written}"


def _exchanged(text: str) -> Edited:
    for place, (one, other) in enumerate(pairwise(text)):
        gap = place + 1
        if other == "." and place + 2 < len(text):
            gap, other = place + 2, text[place + 2]
        if one != other and "." not in (one, other):
            between = text[place + 1 : gap]
            changed = text[:place] + other + between + one + text[gap + 1 :]
            yield changed, f"the digits {one} and {other} are exchanged"


def _doubled(text: str) -> Edited:
    for place, digit in enumerate(text):
        if digit != "." and text[place - 1 : place] != digit:
            yield text[:place] + digit + text[place:], f"the digit {digit} is doubled"


def _dropped(text: str) -> Edited:
    for place, digit in enumerate(text):
        rest = text[:place] + text[place + 1 :]
        if digit != "." and rest[:1] not in (".", ""):
            yield rest, f"a digit {digit} is dropped"


def _other_digit(text: str) -> Edited:
    for place, digit in enumerate(text):
        for other in "0123456789":
            if digit not in (".", other):
                yield text[:place] + other + text[place + 1 :], f"a digit {digit} is printed as {other}"


def _inserted(text: str) -> Edited:
    for place in range(len(text) + 1):
        for digit in "0123456789":
            if digit not in (text[place : place + 1], text[place - 1 : place] if place else ""):
                yield text[:place] + digit + text[place:], f"a digit {digit} is put in"


def _point(value: Fraction, like: Printed) -> Iterator[Slip]:
    """The decimal point, or the power of ten, is off by some places."""
    for shift in (-1, 1, -2, 2, -3, 3):
        power = Fraction(10) ** shift
        finer = Printed("", like.value / power, like.unit / power)
        many = ("one place", "two places", "three places")[abs(shift) - 1]
        for steps in _steps(abs(value), finer.unit):
            moved = _sign(value) * steps * like.unit
            yield Slip(moved, f"the decimal point is off by {many}: {_meant(value, finer)}")


def _twice(value: Fraction, like: Printed) -> Iterator[Slip]:
    """Rounded to more places, and that again."""
    for further in range(1, FURTHEST + 1):
        finer = like.unit / Fraction(10) ** further
        first = _steps(abs(value), finer)[0] * finer
        again = _sign(value) * _steps(first, like.unit)[0] * like.unit
        way = Printed("", like.value, finer).like(_sign(value) * first)
        yield Slip(again, f"it is rounded twice, by way of {way}: {_meant(value, like)}")


def _upwards(value: Fraction, like: Printed) -> Iterator[Slip]:
    """Rounded away from 0, though the other neighbour is nearer."""
    up = -((-abs(value)) // like.unit) * like.unit
    yield Slip(_sign(value) * up, f"it is rounded up, and {like.like(value)} is nearer")


KINDS: Mapping[str, Callable[[Fraction, Printed], Iterator[Slip]]] = {
    "twice": _twice,
    "upwards": _upwards,
    "point": _point,
    "exchanged": _in_text(_exchanged),
    "doubled": _in_text(_doubled, -1),
    "dropped": _in_text(_dropped, 1),
    "digit": _in_text(_other_digit),
    "inserted": _in_text(_inserted, -1),
}  # the likelier ones first; the first two are habits of rounding
