"""Balls, numbers with a bound on their error: what comes out of them holds every value that it can be."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import given

from symbackprop.arithmetic import NotANumber
from symbackprop.balls import Undetermined, ball, over, sign, size, times, total, value_of_number
from symbackprop.primitives import PRIMITIVES
from symbackprop.rounding import Run, program_of
from tests.formulas import FORMULAS, SMALL, read
from tests.plain import MPMATH, in_mpmath


@pytest.mark.full
@pytest.mark.parametrize("text", FORMULAS)
@given(x=SMALL, y=SMALL)
def test_balls_hold_the_true_value_at_any_precision(text: str, x: float, y: float) -> None:
    """The bounds are what all else rests on: at 30 bits they are wide, and the true value must lie within."""
    values = {"x": x, "y": y}
    program = program_of(read(text))
    for precision in (30, 53, 90):
        try:
            value = program.step(Run([None] * len(program.leaves), values.__getitem__, precision, last=False))
        except (Undetermined, NotANumber):
            continue
        midpoint, error = ball(value, 2_000)
        with mpmath.workdps(700):
            wanted = in_mpmath(read(text), values)
            distance = abs(mpmath.mp.make_mpf(midpoint) - wanted)
            known = abs(wanted) * mpmath.mpf("1e-370") + mpmath.mpf("1e-330")  # how well the true value is known here
            assert distance <= known + (0 if error is None else mpmath.ldexp(1, error))


@pytest.mark.parametrize("name", [name for name in PRIMITIVES if name not in ("pi", "max", "min", "sign")])
@pytest.mark.parametrize("size_of", [-1000, -200, -60, -9, -1, 0])
def test_a_primitive_of_a_wide_ball_bounds_all_of_it(name: str, size_of: int) -> None:
    """The image of a ball's ends lies in the ball that comes out."""
    with mpmath.workdps(700):
        middle = mpmath.mpf(3) / 4 * mpmath.mpf(2) ** size_of
        for gap in (3, 10, 40):
            error = size(middle._mpf_) - gap
            try:
                midpoint, bound = ball(PRIMITIVES[name]((middle._mpf_, error), 80), 80)
            except Undetermined:
                assert gap < 40
                continue
            assert bound is not None
            for end in (middle - mpmath.mpf(2) ** error, middle + mpmath.mpf(2) ** error):
                image = MPMATH[name](end)
                assert abs(image - mpmath.mp.make_mpf(midpoint)) <= mpmath.ldexp(1, bound)


@pytest.mark.parametrize("x", [0.5, -3.0, 1e-5, 12.0])
@pytest.mark.parametrize("name", ["cosh", "sinh", "erfc", "exp", "expm1", "tan", "sin"])
@pytest.mark.parametrize("gap", [2, 5, 20])
def test_a_primitive_of_a_wide_ball_of_ordinary_size_bounds_all_of_it(name: str, x: float, gap: int) -> None:
    middle = value_of_number(x)
    assert not isinstance(middle, Fraction)
    with mpmath.workdps(100):
        try:
            midpoint, bound = ball(PRIMITIVES[name]((middle[0], -gap), 80), 80)
        except Undetermined:
            assert gap < 20
            return
        assert bound is not None
        for end in (mpmath.mpf(x) - mpmath.mpf(2) ** -gap, mpmath.mpf(x) + mpmath.mpf(2) ** -gap):
            assert abs(MPMATH[name](end) - mpmath.mp.make_mpf(midpoint)) <= mpmath.ldexp(1, bound)


@pytest.mark.parametrize("gap", [3, 10, 40])
@pytest.mark.parametrize("right", [0.75, -1e-9, 3e7])
def test_an_operation_on_wide_balls_bounds_all_of_them(gap: int, right: float) -> None:
    operations: list[tuple[Any, Any]] = [
        (times, lambda a, b: a * b),
        (over, lambda a, b: a / b),
        (added, lambda a, b: a + b),
    ]
    with mpmath.workdps(100):
        sides = []
        for middle in (mpmath.mpf(1.9), mpmath.mpf(right)):
            error = size(middle._mpf_) - gap
            reach = mpmath.ldexp(1, error)
            sides.append(((middle._mpf_, error), (middle - reach, middle + reach)))
        (left_ball, left_ends), (right_ball, right_ends) = sides
        for of_balls, of_numbers in operations:
            midpoint, bound = ball(of_balls(left_ball, right_ball, 60), 60)
            assert bound is not None
            for a, b in itertools.product(left_ends, right_ends):
                assert abs(of_numbers(a, b) - mpmath.mp.make_mpf(midpoint)) <= mpmath.ldexp(1, bound)


def added(a: Any, b: Any, precision: int) -> Any:
    return total([a, b], precision)


@pytest.mark.parametrize("middle", [1.0, 0.75, -1.0, -6.0])
def test_a_ball_has_a_sign_unless_0_may_lie_in_it(middle: float) -> None:
    midpoint = mpmath.mpf(middle)._mpf_
    for error in range(-8, 5):
        if 2.0**error < abs(middle) / 2:
            assert sign((midpoint, error)) == math.copysign(1, middle)
        elif 2.0**error >= abs(middle):
            with pytest.raises(Undetermined):
                sign((midpoint, error))
