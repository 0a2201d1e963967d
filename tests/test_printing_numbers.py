"""Displayed numbers are what a person would round or cut from the exact value, and never a 0 that is none."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.printing.numbers import NumberStyle, ShownNumber, exact, magnitude, shown

finite = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
styles = st.builds(
    NumberStyle,
    digits=st.integers(1, 12),
    decimals=st.one_of(st.none(), st.integers(0, 8)),
    rounding=st.sampled_from(["round", "cut"]),
    trailing_zeros=st.booleans(),
    least_power=st.one_of(st.none(), st.integers(-8, 0)),
)
POWERS = NumberStyle(decimals=9, rounding="cut", trailing_zeros=False, least_power=-2)


def step(number: ShownNumber) -> Fraction:
    """One unit of the last displayed digit."""
    decimals = len(number.mantissa.partition(".")[2])
    return Fraction(10) ** (number.power - decimals)


@given(st.one_of(finite, st.fractions()), styles)
def test_the_displayed_number_is_within_its_last_digit(value: float | Fraction, style: NumberStyle) -> None:
    number = shown(value, style)
    distance = abs(number.value) - abs(exact(value))
    if number.exact:
        assert distance == 0
    elif style.rounding == "cut":
        assert -step(number) < distance <= 0 or not style.trailing_zeros
    elif style.trailing_zeros:
        assert abs(distance) <= step(number) / 2
    assert number.exact == (number.value == exact(value))
    assert (number.value == 0) == (value == 0)


@given(st.decimals(-1000, 1000, places=6), st.integers(0, 6), st.sampled_from(["round", "cut"]))
def test_decimals_are_those_of_decimal_arithmetic(value: Decimal, decimals: int, rounding: str) -> None:
    number = shown(Fraction(value), NumberStyle(decimals=decimals, rounding=rounding))
    expected = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP if rounding == "round" else ROUND_DOWN)
    if expected != 0 or value == 0:
        assert number.value == Fraction(expected)
        assert number.power == 0


@given(finite.filter(bool), st.integers(1, 15))
def test_significant_digits_are_those_of_decimal_arithmetic(value: float, digits: int) -> None:
    with localcontext(prec=digits, rounding=ROUND_HALF_UP, Emin=-999999, Emax=999999):
        expected = +Decimal(value)
    assert shown(value, NumberStyle(digits=digits)).value == Fraction(expected)


@pytest.mark.parametrize(
    ("value", "style", "plain", "is_exact"),
    [
        (0.149975, NumberStyle(), "0.1500", False),
        (0.149975, NumberStyle(rounding="cut"), "0.1499", False),
        (0.149975, NumberStyle(digits=2, trailing_zeros=False), "0.15", False),
        (Fraction("1.13"), NumberStyle(), "1.130", True),
        (Fraction("1.13"), NumberStyle(trailing_zeros=False), "1.13", True),
        (Fraction(7), NumberStyle(), "7", True),
        (Fraction(7), NumberStyle(decimals=3), "7", True),
        (0.000044, NumberStyle(exponent="never"), "0.00004400", False),
        (123456.0, NumberStyle(exponent="never"), "123500", False),
        (7.0, NumberStyle(), "7.000", True),
        (Fraction(-1, 3), NumberStyle(decimals=5), "-0.33333", False),
        (9.9996, NumberStyle(), "10.00", False),
        (0.0004386, NumberStyle(), "0.0004386", False),
        (0.00004386, NumberStyle(digits=3), "4.39·10^-5", False),
        (0.00004386, NumberStyle(digits=3, exponent="e"), "4.39e-5", False),
        (0.00004386, NumberStyle(decimals=4), "4.4·10^-5", False),
        # The next two as a published example prints them, cut behind the ninth decimal of the mantissa.
        (
            -0.0002605222970,
            POWERS,
            "-2.60522297·10^-4",
            False,
        ),
        (0.0013893803145, POWERS, "1.389380314·10^-3", False),
        (0.01, NumberStyle(decimals=3, least_power=-2), "0.010", False),
        (0.009996, NumberStyle(decimals=3, least_power=-2), "9.996·10^-3", False),
        (0.009, NumberStyle(decimals=3, exponent="never", least_power=-2), "0.009", False),
        (0.004386, NumberStyle(least_power=-2), "4.386·10^-3", False),
        (0.00000004386, NumberStyle(least_power=-10), "0.00000004386", False),
        (0.00004386, NumberStyle(decimals=4, rounding="cut"), "4.3·10^-5", False),
        (-0.25, NumberStyle(decimal_mark=","), "-0,2500", True),
        (123456.0, NumberStyle(), "1.235·10^5", False),
        (Fraction(123456), NumberStyle(), "123456", True),
        (Fraction(15313, 2500), NumberStyle(digits=5), "6.1252", True),
        (0, NumberStyle(), "0", True),
        (0.0, NumberStyle(decimals=2), "0.00", True),
        (float("inf"), NumberStyle(), "∞", True),
        (float("-inf"), NumberStyle(), "-∞", True),
        (5e-324, NumberStyle(digits=2), "4.9·10^-324", False),
    ],
)
def test_numbers_are_displayed_as_the_style_says(
    value: float | Fraction, style: NumberStyle, plain: str, is_exact: object
) -> None:
    number = shown(value, style)
    assert number.plain().text == plain
    assert number.exact is is_exact


def test_a_value_is_rounded_once() -> None:
    # 0.14999999999999999 is a double below 0.15, although its 16 digits round to it.
    assert shown(0.15, NumberStyle(decimals=1)).plain().text == "0.1"
    assert shown(Fraction("0.15"), NumberStyle(decimals=1)).plain().text == "0.2"


def test_many_digits_are_shown_of_an_mpmath_number() -> None:
    with mpmath.workdps(40):
        third = mpmath.mpf(1) / 3
    assert shown(third, NumberStyle(digits=30)).plain().text == "0." + "3" * 30
    assert shown(mpmath.mpf("inf"), NumberStyle()).plain().text == "∞"


def test_tex_writes_powers_of_ten_and_the_decimal_mark() -> None:
    style = NumberStyle(digits=3, decimal_mark=",")
    assert shown(-0.00004386, style).tex().text == r"-4{,}39 \cdot 10^{-5}"
    assert shown(0.25, style).tex().text == "0{,}250"
    assert shown(0.00004386, NumberStyle(digits=3, exponent="e")).tex().text == r"4.39\mathrm{e}{-5}"


@given(st.integers(-300, 300))
def test_magnitudes_are_right_at_powers_of_ten(power: int) -> None:
    ten = Fraction(10) ** power
    assert magnitude(ten) == power
    assert magnitude(ten * Fraction(999_999, 1_000_000)) == power - 1
