"""Numbers as they are written: exact values with their text. Never rounds, never computes a huge power.

The limits are checked on the text, so that ``1e999999999`` is refused without being built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

from symbackprop.network import ExactNumber

MOST_DIGITS = 1_000
LARGEST_EXPONENT = 400
LIMITS = f"at most {MOST_DIGITS:,} digits, exponents from -{LARGEST_EXPONENT} to {LARGEST_EXPONENT}"

_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
_RATIO = re.compile(r"([+-]?[0-9]+) ?/ ?([0-9]+)")
_BARE_IN_TOML = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_TENS = tuple(10**power for power in range(40))


class Unusable(NamedTuple):
    """A text in the place of a number that is none, and why; the check that finds it knows the place."""

    text: str
    why: str


def shortened(text: str) -> str:
    """The text itself, or its beginning and length if it is long."""
    return text if len(text) <= 40 else f"{text[:24]}... ({len(text):,} characters)"


def exact(text: str) -> ExactNumber | Unusable | None:
    """The number that a text writes: a decimal or ``p/q``. None if the text is not meant as a number at all.

    >>> exact("0.10")
    ExactNumber(value=Fraction(1, 10), text='0.10')
    >>> exact("1/3").value
    Fraction(1, 3)
    >>> exact("w_a") is None
    True
    """
    decimal = _DECIMAL.fullmatch(text)
    if decimal is not None:
        sign, whole, places, exponent = decimal.groups()
        places = places or ""
        if whole or places:
            if len(text) > 300 and sum(map(str.isdigit, text)) > MOST_DIGITS:
                return Unusable(text, f"has {sum(map(str.isdigit, text)):,} digits; allowed: {LIMITS}")
            shift = 0
            if exponent is not None:
                shift = int(exponent)
                if abs(shift) > LARGEST_EXPONENT:
                    return Unusable(text, f"has the exponent {shortened(exponent)}; allowed: {LIMITS}")
            return ExactNumber(_scaled(int(sign + whole + places), shift - len(places)), text)
    ratio = _RATIO.fullmatch(text)
    if ratio is not None:
        if len(text) > MOST_DIGITS:
            return Unusable(text, f"has about {len(text):,} digits; allowed: {LIMITS}")
        numerator, denominator = (int(part) for part in ratio.groups())
        if denominator == 0:
            return Unusable(text, "divides by zero")
        return ExactNumber(Fraction(numerator, denominator), text)
    word = text.strip().lstrip("+-").lower()
    if word in ("nan", "inf", "infinity"):
        return Unusable(text, "is not a finite number")
    if _DECIMAL_COMMA.fullmatch(text):
        return Unusable(text, f"has a decimal comma; write a decimal point: {text.replace(',', '.')}")
    if text[:1] in "0123456789+-.−" and text:
        return Unusable(text, 'is not a number; numbers are written 0.05, 5e-4 or, in quotes, "1/3"')
    return None


def exact_integer(value: int) -> ExactNumber | Unusable:
    """The number of a Python integer."""
    if -(10**18) < value < 10**18:
        return ExactNumber(Fraction(value), str(value))
    if abs(value) >= 10**MOST_DIGITS:
        return Unusable("an integer", f"has more than {MOST_DIGITS:,} digits; allowed: {LIMITS}")
    return ExactNumber(Fraction(value), str(value))


def exact_float(value: float) -> ExactNumber | Unusable:
    """The number of a float's shortest decimal: 0.1 is 1/10."""
    number = exact(repr(float(value)))
    assert number is not None
    return number


def toml_float(text: str) -> ExactNumber | Unusable:
    """What tomllib makes of a float: the number, its text without digit groups (``1_000.5`` is kept as ``1000.5``)."""
    number = exact(text.replace("_", ""))
    assert number is not None
    return number


def stands_bare(text: str) -> bool:
    """Whether TOML takes this number's text without quotes."""
    return _BARE_IN_TOML.fullmatch(text) is not None


def plain(value: Any) -> Any:
    """A Python value as a description has it: numbers exact, arrays and tuples as lists, keys of None left out."""
    if value is None or isinstance(value, (str, bool, ExactNumber, Unusable)):
        return value
    if isinstance(value, float):  # NumPy's float64 too
        return exact_float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Rational):
        ratio = Fraction(int(value.numerator), int(value.denominator))
        return int(ratio) if ratio.denominator == 1 else ExactNumber(ratio, str(ratio))
    if isinstance(value, Decimal):
        return exact(str(value)) or Unusable(str(value), "is not a finite number")
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return [plain(item) for item in value]
    return _plain_array(value)


def _plain_array(value: Any) -> Any:
    if not hasattr(value, "dtype") or not hasattr(value.dtype, "kind"):  # tensors and tables of other libraries
        array = getattr(value, "__array__", None)
        value = value if array is None else array()
    kind, shape = getattr(getattr(value, "dtype", None), "kind", None), getattr(value, "shape", None)
    if kind is None or shape is None:
        return value
    if shape:
        doubles = kind == "f" and value.dtype.itemsize == 8
        return [plain(item) for item in (value.tolist() if doubles or kind in "biuUO" else value)]
    if kind == "f":  # its own shortest decimal: float32(0.1) is 0.1, not the double nearest to it
        return exact(str(value)) or value
    return plain(value.item())


def _scaled(digits: int, power: int) -> Fraction:
    if power >= 0:
        return Fraction(digits * 10**power)
    return Fraction(digits, _TENS[-power] if -power < len(_TENS) else 10**-power)
