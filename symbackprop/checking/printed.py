"""Numbers as documents print them: what they say, and to which place. Never judges one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.errors import InputError

LONGEST = 200
MOST_EXPONENT = 300  # floats end at 308
NEAR = Fraction(1, 10**30)  # relative: an exact value this near to a tie is on it
FLOAT = Fraction(1, 10**13)  # the same of a number that was worked out in floats

_SIGNS = str.maketrans("−–—⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹٫·×∙⋅", "-----0123456789.****")
_SUPERSCRIPT = re.compile(r"10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FRACTION = re.compile(r"([+-]?)\\?[dt]?frac\{?([0-9.]+)\}?\{([0-9.]+)\}|\(?([+-]?[0-9.]+)/([0-9.]+)\)?")
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:(?:\*10\^\(?\{?|[eE])([+-]?[0-9]+)\}?\)?)?(%?)")
_VULGAR = re.compile("[¼½¾⅐-⅞]")
_GIVES = re.compile(r"\s*(?:=|≈|\\approx)\s*")
_WORKED = re.compile(r"\d\s*(?:[-+*/·×⋅∙x^)]|\\cdot|\\times)\s*[(\d\-−]|\(")  # an operation between numbers
_POWER = re.compile(r"([+-]?)10\^\(?\{?([+-]?[0-9]+)\}?\)?")


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: its value, what one step of its last digit is worth (0 for a fraction), and its text.

    ``cut`` says that dots follow: more digits are meant.
    """

    text: str
    value: Fraction
    unit: Fraction
    cut: bool = False

    def rounded_from(self, value: Fraction, *, near: Fraction = NEAR) -> bool:
        """Whether a value rounds to this; a tie may go either way."""
        room = self.unit / 2 + abs(value) * near
        return abs(value - self.value) <= room

    def cut_from(self, value: Fraction, *, near: Fraction = NEAR) -> bool:
        """Whether a value gives this when its further digits are left out."""
        if self.value == 0:
            return abs(value) < self.unit
        apart = (value - self.value) * (1 if self.value > 0 else -1)
        return -abs(value) * near <= apart < self.unit

    def matches(self, value: Fraction) -> bool:
        """Whether a value gives these digits, rounded or cut."""
        return self.rounded_from(value) or self.cut_from(value)

    def rounded_float(self, value: float) -> bool:
        """Whether a number worked out in floats rounds to this."""
        return _is_usual(value) and self.rounded_from(Fraction(value), near=FLOAT)

    def fits(self, value: float) -> bool:
        """Whether a number worked out in floats gives these digits, rounded or cut."""
        return self.rounded_float(value) or (_is_usual(value) and self.cut_from(Fraction(value), near=FLOAT))

    @property
    def reach(self) -> tuple[Fraction, Fraction]:
        """The least and the largest number that is printed like this, rounded or cut."""
        further = self.unit if self.value else self.unit / 2
        least, most = (self.unit / 2, further) if self.value >= 0 else (further, self.unit / 2)
        return self.value - least, self.value + most

    @property
    def digits(self) -> str:
        """Its significant digits."""
        return str(abs(self.value / self.unit).numerator) if self.unit else ""

    def like(self, value: Fraction) -> str:
        """Another value printed to the same place, as a percentage and with a decimal comma where this one is."""
        if not self.unit:
            return str(value)
        if "%" in self.text:
            hundred = Printed(self.text.replace("%", ""), self.value * 100, self.unit * 100)
            return f"{hundred.like(value * 100)} %"
        if self.text.count(",") == 1 and "." not in self.text:
            return ",".join(Printed("", self.value, self.unit).like(value).split("."))
        steps = round(value / self.unit)
        places = _places(self.unit)
        if places is None or places > 12:
            return f"{float(steps * self.unit):.{max(len(self.digits), 1)}g}"
        return f"{'-' if steps < 0 else ''}{_decimal(abs(steps) * self.unit, places)}"


def _is_usual(value: float) -> bool:
    return value == value and abs(value) < 1e300


def _places(unit: Fraction) -> int | None:
    """The number of decimals of a power of ten, None above 1."""
    if unit > 1:
        return None
    places = 0
    while unit < 1:
        unit, places = unit * 10, places + 1
    return places


def _decimal(value: Fraction, places: int) -> str:
    whole = round(value * 10**places)
    text = str(whole).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text


def printed(text: str) -> Printed:
    """The number that a text prints: ``1,5``, ``8.2*10^-3``, ``8.2·10⁻³``, ``−0.3``, ``≈0.3``, ``1/3``, ``.5``.

    Raises InputError for a text that is no number.

    >>> printed("8.2·10⁻³").value, printed("−0,30").unit
    (Fraction(41, 5000), Fraction(1, 100))
    """
    if len(text) > LONGEST:
        raise InputError(f"a printed number of {len(text)} characters; at most {LONGEST} are allowed")
    plain = _plain(text)
    cut = plain.endswith(("...", "…"))
    plain = plain.removesuffix("...").removesuffix("…")
    fraction = _FRACTION.fullmatch(plain)
    if fraction:
        sign, above, below, other, under = fraction.groups()
        top, bottom = Fraction(other or above), Fraction(under or below)
        if bottom == 0:
            raise InputError(f"{text!r} is divided by 0")
        return Printed(text, -top / bottom if sign == "-" else top / bottom, Fraction(0))
    power = _POWER.fullmatch(plain)
    if power:
        plain = f"{power[1]}1e{power[2]}"
    found = _NUMBER.fullmatch(plain)
    if not found or not (found[2] or found[3]):
        raise InputError(f"{text!r} is not a number")
    sign, whole, decimals, exponent, percent = found.groups()
    shift = int(exponent or 0) - (2 if percent else 0)
    if abs(shift) > MOST_EXPONENT:
        raise InputError(f"{text!r} has an exponent beyond {MOST_EXPONENT}")
    unit = Fraction(10) ** (shift - len(decimals or ""))
    value = int((whole or "") + (decimals or "")) * unit
    return Printed(text, -value if sign == "-" else value, unit, cut)


def _plain(text: str) -> str:
    plain = text.strip().strip("$").strip()
    for sign in ("≈", "~", "=", "\\approx", "\\simeq", "\\sim", "≃", "≅"):
        plain = plain.removeprefix(sign).strip()
    plain = _SUPERSCRIPT.sub(lambda found: "10^" + found[1], plain)
    for sign, meant in (
        ("\\cdot", "*"),
        ("\\times", "*"),
        ("{,}", ","),
        ("\\,", ""),
        ("\\!", ""),
        ("\\%", "%"),
        ("**", "^"),
    ):
        plain = meant.join(plain.split(sign))
    plain = "".join(plain.translate(_SIGNS).split()).replace("\u00a0", "").replace("\u202f", "").replace("'", "")
    plain = plain.replace("x10", "*10")
    plain = _VULGAR.sub(lambda found: "/".join(unicodedata.normalize("NFKC", found[0]).split("\u2044")), plain)
    if plain.startswith("(") and plain.endswith(")") and plain.count("(") == 1:
        plain = plain[1:-1]
    plain = _with_a_point(plain)
    return plain.strip("{}") if plain.count("{") != plain.count("}") or plain[:1] == "{" else plain


def _with_a_point(plain: str) -> str:
    """A number whose decimal mark is a point; of points and commas, the last is the mark, the others group digits."""
    point, comma = plain.rfind("."), plain.rfind(",")
    if comma < 0:
        return plain
    if point > comma or plain.count(",") > 1:
        return plain.replace(",", "")
    return plain.replace(".", "").replace(",", ".")


def line_of_numbers(text: str) -> str:
    """A line of working as formulas are written: without what it is said to give, decimal commas as points.

    >>> line_of_numbers("δ = 0,74·8,2·10⁻³ = 0,0061")
    '0.74·8.2·10^-3'
    """
    parts = [part.strip() for part in _GIVES.split(text)]
    lines = [part for part in parts if _WORKED.search(part) and not _is_number(part)] or parts[:1]
    line = _SUPERSCRIPT.sub(lambda found: "10^" + found[1].translate(_SIGNS), lines[-1])
    line = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", "*", line)
    if "." not in line and "(" not in re.sub(r"(?<![\w])\(", "", line):
        line = re.sub(r"(?<=\d),(?=\d)", ".", line)
    return re.sub(r"(\d+(?:\.\d+)?)\s*%", r"(\1/100)", line)


def _is_number(text: str) -> bool:
    try:
        printed(text)
    except InputError:
        return False
    return True
