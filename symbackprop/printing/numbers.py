"""Numbers as they are displayed: digits or decimals, rounded or cut. Never computes with what it displays.

A value is rounded once, from its exact binary or rational value, by integer arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbackprop.notation.typst import quoted
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.tex import Tex
from symbackprop.printing.typeset import Typeset
from symbackprop.printing.typst import Typst

# Exact integers below this size are shown whole, however few digits are asked for.
WHOLE = 10**6
# Significant digits: numbers less than ten to this power are shown with a power of ten, if a style says nothing else.
LEAST_POWER = -4
FALLBACK_DIGITS = 2


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are displayed: ``digits`` significant ones, or, if ``decimals`` is given, so many behind the mark.

    ``rounding`` is "round" (half away from zero) or "cut"; ``exponent`` is "power" (``4.4·10^-5``), "e" (``4.4e-5``) or
    "never" (``0.000044``; a number that `decimals` would show as 0 has a power all the same). Numbers less than ten to
    ``least_power`` have one, with ``decimals`` so many behind the mark of the mantissa. Without it significant digits
    take -4, and decimals have a power only for what they would show as 0.
    """

    digits: int = 4
    decimals: int | None = None
    rounding: str = "round"
    trailing_zeros: bool = True
    decimal_mark: str = "."
    exponent: str = "power"
    least_power: int | None = None

    def __post_init__(self) -> None:
        assert self.digits > 0, "at least one significant digit"
        assert self.decimals is None or self.decimals >= 0
        assert self.rounding in ("round", "cut")
        assert self.exponent in ("power", "e", "never")
        assert self.decimal_mark in (".", ",")


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number as displayed: ``mantissa`` times ten to ``power``; ``exact`` if that is the number itself.

    ``mantissa`` has a point as its decimal mark and no sign. An infinite number has the mantissa "inf", one that
    is not a number "nan".
    """

    negative: bool
    mantissa: str
    power: int
    exact: bool
    style: NumberStyle

    @property
    def value(self) -> Fraction:
        """What is displayed, as a number."""
        return (-1 if self.negative else 1) * Fraction(self.mantissa) * Fraction(10) ** self.power

    @property
    def is_finite(self) -> bool:
        return self.mantissa not in ("inf", "nan")

    def plain(self) -> Label:
        """For plain text: ``-0.1499``, ``4.4·10^-5``, ``4.4e-5``."""
        text = self.marked
        if self.power:
            text += f"e{self.power}" if self.style.exponent == "e" else f"·10^{self.power}"
        return self._label(text)

    def tex(self) -> Label:
        r"""For TeX: ``-0.1499``, ``4.4 \cdot 10^{-5}``."""
        dialect = Tex(decimal_mark=self.style.decimal_mark)
        return self._set(dialect, rf"{dialect.digits(self.mantissa)}\mathrm{{e}}{{{self.power}}}")

    def typst(self) -> Label:
        """For Typst's mathematics: ``-0.1499``, ``4.4 dot 10^(-5)``."""
        dialect = Typst(decimal_mark=self.style.decimal_mark)
        return self._set(dialect, quoted(f"{self.marked}e{self.power}"))

    def _set(self, dialect: Typeset, short: str) -> Label:
        """``short``: how a power of ten is written with the letter e."""
        if not self.is_finite:
            return self._label(dialect.sign({"inf": "infinite", "nan": "undefined"}[self.mantissa]))
        if self.power and self.style.exponent == "e":
            return self._label(short)
        return self._label(dialect.numeral(self.mantissa + (f"e{self.power}" if self.power else "")).text)

    @property
    def marked(self) -> str:
        """The mantissa with its decimal mark, or the sign or word of what is no number."""
        digits = self.style.decimal_mark.join(self.mantissa.split("."))
        return {"inf": "∞", "nan": "undefined"}.get(self.mantissa) or digits

    def _label(self, text: str) -> Label:
        if self.negative:
            return Label(f"-{text}", Precedence.NEGATIVE, number=True)
        bound = self.power != 0 and self.style.exponent != "e"
        return Label(text, Precedence.PRODUCT if bound else Precedence.ATOM, number=True)


def shown(value: Any, style: NumberStyle) -> ShownNumber:
    """The number as the style displays it; a number that is not 0 is never displayed as 0.

    ``value`` is an int, float, Fraction or mpmath number, and is taken for exactly what it is. An integer that is known
    to be one (an int or Fraction) is displayed as one.

    >>> shown(0.14991, NumberStyle(digits=3)).plain().text, shown(Fraction(9), NumberStyle()).plain().text
    ('0.150', '9')
    >>> shown(0.00004386, NumberStyle(decimals=3)).plain().text
    '4.4·10^-5'
    """
    if not isinstance(value, int | Fraction) and not is_finite(value):
        nan = bool(value != value)
        return ShownNumber(bool(value < 0), "nan" if nan else "inf", 0, not nan, style)
    number = exact(value)
    size = abs(number)
    if size.denominator == 1 and isinstance(value, int | Fraction) and size < WHOLE:
        return ShownNumber(number < 0, str(size), 0, True, style)
    if style.decimals is not None:
        whole, is_exact = _rounded(size, style.decimals, style.rounding)
        mantissa, power = _point(whole, style.decimals), 0
        if style.least_power is not None and style.exponent != "never" and 0 < size < _power(style.least_power):
            mantissa, power, is_exact = _scientific(size, style.decimals + 1, style.rounding)
        elif size and not whole:
            mantissa, power, is_exact = _scientific(size, FALLBACK_DIGITS, style.rounding)
    elif not size:
        return ShownNumber(number < 0, "0", 0, True, style)
    else:
        mantissa, power, is_exact = _significant(size, style)
    if not style.trailing_zeros and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return ShownNumber(number < 0, mantissa, power, is_exact, style)


def exact(value: Any) -> Fraction:
    """The rational number that an int, float, Fraction or mpmath number is."""
    if isinstance(value, int | float | Fraction):
        return Fraction(value)
    import mpmath

    above, below = mpmath.libmp.to_rational(value._mpf_)
    return Fraction(int(above), int(below))


def is_finite(value: Any) -> bool:
    """Whether a number is neither infinite nor undefined."""
    if isinstance(value, int | Fraction):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    import mpmath

    return bool(mpmath.isfinite(value))


def magnitude(size: Fraction) -> int:
    """The power of ten of the first digit of a positive number.

    >>> [magnitude(Fraction(text)) for text in ("1", "999", "0.1", "0.0999")]
    [0, 2, -1, -2]
    """
    above, below = size.numerator, size.denominator
    power = math.floor((above.bit_length() - below.bit_length()) * math.log10(2)) - 1
    while above * 10 ** max(0, -power - 1) >= below * 10 ** max(0, power + 1):
        power += 1
    return power


def _rounded(size: Fraction, decimals: int, rounding: str) -> tuple[int, bool]:
    """The number times ten to ``decimals`` as a whole one, and whether it is one."""
    above, below = size.numerator, size.denominator
    if decimals >= 0:
        above *= 10**decimals
    else:
        below *= 10**-decimals
    whole, rest = divmod(above, below)
    return whole + int(rounding == "round" and 2 * rest >= below), rest == 0


def _power(of_ten: int) -> Fraction:
    return Fraction(10) ** of_ten


def _point(whole: int, decimals: int) -> str:
    digits = str(whole).zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _significant(size: Fraction, style: NumberStyle) -> tuple[str, int, bool]:
    power = magnitude(size)
    scaled, is_exact = _rounded(size, style.digits - 1 - power, style.rounding)
    if scaled == 10**style.digits:
        power += 1
    least = LEAST_POWER if style.least_power is None else style.least_power
    if least <= power < style.digits:
        whole, is_exact = _rounded(size, style.digits - 1 - power, style.rounding)
        return _point(whole, style.digits - 1 - power), 0, is_exact
    if style.exponent == "never":
        scaled, is_exact = _rounded(size, style.digits - 1 - power, style.rounding)
        return _written_out(scaled, power - style.digits + 1), 0, is_exact
    return _scientific(size, style.digits, style.rounding)


def _written_out(digits: int, power: int) -> str:
    if power >= 0:
        return str(digits * 10**power)
    text = str(digits).zfill(-power + 1)
    return f"{text[:power]}.{text[power:]}"


def _scientific(size: Fraction, digits: int, rounding: str) -> tuple[str, int, bool]:
    power = magnitude(size)
    scaled, is_exact = _rounded(size, digits - 1 - power, rounding)
    if scaled == 10**digits:
        scaled, power = scaled // 10, power + 1
    text = str(scaled)
    return (f"{text[0]}.{text[1:]}" if digits > 1 else text), power, is_exact
