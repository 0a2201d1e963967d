"""Real numbers as exact rationals, or as balls: a binary midpoint and a bound on its distance from the true number.

A value is a `Fraction`, or ``(midpoint, exponent)``: the true number is within ``2**exponent`` of the midpoint, and is
the midpoint if the exponent is None. Midpoints are mpmath's raw numbers, whose own exponents have no limit; so no
argument overflows, and none is slow. Nothing here knows an expression. `Undetermined` asks for more working precision.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from mpmath import libmp

from symbackprop.errors import InputError

Midpoint: TypeAlias = Any  # mpmath's (sign, mantissa, exponent, bits); mpmath has no types
Ball: TypeAlias = tuple[Midpoint, int | None]
Value: TypeAlias = Fraction | Ball

EXACT_BITS = 5_000  # exact numbers above this size are rounded

ONE: Ball = (libmp.fone, None)
ZERO: Ball = (libmp.fzero, None)
HALF: Ball = (libmp.fhalf, None)

_add, _mul, _div = libmp.mpf_add, libmp.mpf_mul, libmp.mpf_div


class Undetermined(Exception):
    """The working precision leaves open what was asked."""


class NotANumber(InputError):
    """What was asked for has no real value, or none that can be represented: log(0), 1/0, the root of -1."""


def value_of_number(number: object) -> Value:
    """A float, int, Fraction or mpf, exactly."""
    if type(number) is float:
        if not math.isfinite(number):
            raise NotANumber("an argument is not a finite number")
        return libmp.from_float(number), None
    if isinstance(number, Fraction):
        bits = number.denominator.bit_length() - 1
        if number.denominator == 1 << bits:
            return libmp.from_man_exp(number.numerator, -bits), None
        return number
    if isinstance(number, int):
        return libmp.from_int(number), None
    raw = getattr(number, "_mpf_", None)
    if raw is not None:
        if raw[1] == 0 and raw != libmp.fzero:
            raise NotANumber("an argument is not a finite number")
        return raw, None
    return value_of_number(float(number))  # type: ignore[arg-type]  # numpy's scalars


def size(midpoint: Midpoint) -> int:
    """The binary exponent of a midpoint that is not zero: below 2**size, and at least half of that."""
    return int(midpoint[2] + midpoint[3])


def ball(value: Value, precision: int) -> Ball:
    """The value as a ball, with that many bits where it must be rounded."""
    if not isinstance(value, Fraction):
        return value
    if not value:
        return ZERO
    midpoint = libmp.from_rational(value.numerator, value.denominator, precision, "n")
    return midpoint, size(midpoint) - precision


def rational(value: Value) -> Fraction | None:
    """The value as a fraction if it is exact and of reasonable size."""
    if isinstance(value, Fraction):
        return value
    (sign, mantissa, exponent, _), error = value
    if error is not None or abs(exponent) > EXACT_BITS:
        return None
    mantissa = -int(mantissa) if sign else int(mantissa)
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def is_exact(value: Value) -> bool:
    """Whether the value has no bound to it."""
    return isinstance(value, Fraction) or value[1] is None


def sign(value: Value) -> int:
    """-1, 0 or 1."""
    if isinstance(value, Fraction):
        return (value > 0) - (value < 0)
    (negative, mantissa, exponent, bits), error = value
    if error is None:
        return 0 if not mantissa else -1 if negative else 1
    if not mantissa or error > exponent + bits - 2:
        raise Undetermined
    return -1 if negative else 1


def negative(value: Value) -> Value:
    """Minus the value."""
    return -value if isinstance(value, Fraction) else (libmp.mpf_neg(value[0]), value[1])


def absolute(value: Value) -> Value:
    """The value without its sign."""
    return abs(value) if isinstance(value, Fraction) else (libmp.mpf_abs(value[0]), value[1])


def total(values: Sequence[Value], precision: int) -> Value:
    """The sum: exact as long as the terms are, their sizes permitting."""
    fraction: Fraction | None = None
    exact: Midpoint = None
    inexact: list[Ball] = []
    for value in values:
        if isinstance(value, Fraction):
            fraction = value if fraction is None else fraction + value
        elif value[1] is not None:
            inexact.append(value)
        elif exact is None or not exact[1]:
            exact = value[0]
        elif value[0][1] and abs(exact[2] - value[0][2]) > EXACT_BITS:
            inexact.append(value)
        else:
            exact = _add(exact, value[0])
    if fraction is not None and not inexact:
        added = Fraction(0) if exact is None else rational((exact, None))
        if added is not None:
            return fraction + added
    if fraction is not None:
        inexact.append(ball(fraction, precision))
    if exact is not None:
        if not inexact:
            return exact, None
        inexact.append((exact, None))
    return _added(inexact, precision)


def _added(balls: Sequence[Ball], precision: int) -> Ball:
    whole, bound = balls[0]
    count = 1
    for midpoint, error in balls[1:]:
        whole = _add(whole, midpoint, precision, "n")
        count += 2
        if error is not None and (bound is None or error > bound):
            bound = error
        if whole[1]:
            rounding = size(whole) - precision
            if bound is None or rounding > bound:
                bound = rounding
    return whole, None if bound is None else bound + count.bit_length()


def times(a: Value, b: Value, precision: int) -> Value:
    """The product: exact as long as both are, their sizes permitting."""
    if isinstance(a, Fraction) or isinstance(b, Fraction):
        if is_exact(a) and is_exact(b):
            one, other = rational(a), rational(b)
            if one is not None and other is not None:
                return one * other
        a, b = ball(a, precision), ball(b, precision)
    (left, left_error), (right, right_error) = a, b
    if left_error is None and right_error is None:
        exact = _mul(left, right)
        if exact[3] <= EXACT_BITS:
            return exact, None
    if (left_error is None and not left[1]) or (right_error is None and not right[1]):
        return ZERO
    product = _mul(left, right, precision, "n")
    bounds = []
    if product[1]:
        bounds.append(size(product) - precision)
    if left_error is not None:
        if right[1]:
            bounds.append(size(right) + left_error)
        if right_error is not None:
            bounds.append(left_error + right_error)
    if right_error is not None and left[1]:
        bounds.append(size(left) + right_error)
    return product, max(bounds) + 2


def over(a: Value, b: Value, precision: int) -> Value:
    """The quotient: a fraction if both are exact."""
    if is_exact(b):
        if not sign(b):
            raise NotANumber("division by zero")
        if is_exact(a):
            if not isinstance(a, Fraction) and not isinstance(b, Fraction) and b[0][1] == 1:
                return libmp.mpf_div(a[0], b[0], max(a[0][3], 1)), None
            above, below = rational(a), rational(b)
            if above is not None and below is not None:
                return above / below
    a, b = ball(a, precision), ball(b, precision)
    (left, left_error), (right, right_error) = a, b
    if right_error is not None and (not right[1] or right_error > size(right) - 2):
        raise Undetermined
    if left_error is None and not left[1]:
        return ZERO
    quotient = _div(left, right, precision, "n")
    below_size = size(right) - 2
    bounds = []
    if quotient[1]:
        bounds.append(size(quotient) - precision)
        if right_error is not None:
            bounds.append(size(quotient) + right_error - below_size)
    if left_error is not None:
        bounds.append(left_error - below_size)
    return quotient, max(bounds) + 2


def largest(a: Value, b: Value, precision: int) -> Value:
    """The larger one; where the balls overlap, a ball around either."""
    if is_exact(a) and is_exact(b):
        return a if sign(total([a, negative(b)], precision)) >= 0 else b
    (left, left_error), (right, right_error) = ball(a, precision), ball(b, precision)
    bound = max(each for each in (left_error, right_error) if each is not None)
    return (left if libmp.mpf_gt(left, right) else right), bound


def smallest(a: Value, b: Value, precision: int) -> Value:
    """The smaller one."""
    return negative(largest(negative(a), negative(b), precision))
