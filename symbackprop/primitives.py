"""Powers and the functions that have no definition, on exact rationals and balls. Nothing here knows an expression.

Each returns a ball around all values that the function takes on the argument's ball, whatever the argument's size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from mpmath import libmp

from symbackprop.balls import (
    EXACT_BITS,
    ONE,
    ZERO,
    Ball,
    Midpoint,
    NotANumber,
    Undetermined,
    Value,
    absolute,
    ball,
    is_exact,
    largest,
    negative,
    over,
    rational,
    sign,
    size,
    smallest,
    times,
    total,
    value_of_number,
)

LARGEST_EXPONENT = 4_400  # exp of more than 2**this is refused
INDISTINCT = -(1 << 4_300)  # bounds exp of less than -2**LARGEST_EXPONENT
LONGEST_POWERING = 1_000_000

_add, _mul = libmp.mpf_add, libmp.mpf_mul


def power(base: Value, exponent: Value, precision: int) -> Value:
    """The power; 0**0 is 1, and a negative number has integer powers only."""
    number = rational(exponent) if is_exact(exponent) else None
    if number is not None and number.denominator == 1:
        return whole_power(base, number.numerator, precision)
    base_sign = sign(base)
    if base_sign < 0:
        raise NotANumber("a negative number to a power that is not whole")
    if base_sign == 0:
        if sign(exponent) < 0:
            raise NotANumber("division by zero: a negative power of 0")
        return ZERO
    known = rational(base) if is_exact(base) else None
    if known is not None and number is not None:
        root = exact_root(known, number.denominator)
        if root is not None:
            return whole_power(root, number.numerator, precision)
    if number is not None and number.denominator == 2:
        return whole_power(square_root(base, precision), number.numerator, precision)
    return exponential(times(exponent, logarithm(base, precision), precision), precision)


def whole_power(base: Value, exponent: int, precision: int) -> Value:
    """The power with a whole exponent."""
    if exponent == 2:
        return times(base, base, precision)
    if exponent < 0:
        return over(ONE, whole_power(base, -exponent, precision), precision)
    if exponent > LONGEST_POWERING and (rational(base) if is_exact(base) else None) not in (0, 1, -1):
        odd_negative = exponent % 2 and sign(base) < 0
        logarithms = logarithm(absolute(base), precision)
        found = exponential(times((libmp.from_int(exponent), None), logarithms, precision), precision)
        return negative(found) if odd_negative else found
    result: Value = ONE
    square = base
    while exponent:
        if exponent & 1:
            result = times(result, square, precision)
        exponent >>= 1
        if exponent:
            square = _limited(times(square, square, precision), precision)
    return result


def _limited(value: Value, precision: int) -> Value:
    if isinstance(value, Fraction) and value.denominator.bit_length() > EXACT_BITS:
        return ball(value, precision)
    return value


def exact_root(number: Fraction, degree: int) -> Fraction | None:
    """The root of a positive rational, if it is rational."""
    if degree > 64:
        return None
    roots = [_whole_root(part, degree) for part in (number.numerator, number.denominator)]
    return None if None in roots else Fraction(roots[0] or 0, roots[1] or 1)


def _whole_root(number: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(number)
    else:
        low, high = 0, 1 << (number.bit_length() // degree + 1)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
        root = low
    return root if root**degree == number else None


def _settled(midpoint: Midpoint, error: int | None, precision: int) -> Ball:
    """A function's value with its rounding added to the bound."""
    if not midpoint[1]:
        return midpoint, error
    rounding = size(midpoint) - precision + 2
    return midpoint, rounding if error is None else max(error, rounding) + 1


def exponential(value: Value, precision: int) -> Value:
    """exp; of a large negative number it is as small as it should be, never 0."""
    x, error = ball(value, precision)
    if not x[1]:
        if error is None:
            return ONE
        if error > -1:
            raise Undetermined
        return _settled(libmp.fone, error + 2, precision)
    if size(x) > LARGEST_EXPONENT and (error is None or error < size(x) - 2):
        if x[0]:
            return libmp.fzero, INDISTINCT
        raise NotANumber("a number too large to be represented: exp of more than 1e1300")
    if error is not None and error > -1:
        raise Undetermined
    found = libmp.mpf_exp(x, precision, "n") if size(x) < 60 else _exp_of_large(x, precision)
    return _settled(found, None if error is None else size(found) + error + 2, precision)


def _exp_of_large(x: Midpoint, precision: int) -> Midpoint:
    """exp by the remainder of log(2); mpmath takes whole arguments as powers of e, which is slow for large ones."""
    long = precision + size(x) + 20
    log2 = libmp.mpf_ln2(long)
    twos = int(libmp.to_int(libmp.mpf_div(x, log2, long)))
    rest = libmp.mpf_sub(x, libmp.mpf_mul_int(log2, twos, 2 * long), long)
    return libmp.mpf_shift(libmp.mpf_exp(rest, precision + 2, "n"), twos)


def exponential_less_one(value: Value, precision: int) -> Value:
    """exp(x) - 1, accurate near 0."""
    x, error = ball(value, precision)
    if x[1] and size(x) < -precision:
        found = x
    elif x[1] and size(x) < 2:
        found = _add(libmp.mpf_exp(x, precision + 4 - min(size(x), 0), "n"), libmp.fnone, precision, "n")
    elif x[1]:
        return total([exponential(value, precision), (libmp.fnone, None)], precision)
    elif error is None:
        return ZERO
    else:
        found = libmp.fzero
    if error is not None and error > -1:
        raise Undetermined
    return _settled(found, None if error is None else error + 4, precision)


def logarithm(value: Value, precision: int) -> Value:
    """log of a positive number."""
    _positive(value, "log")
    x, error = ball(value, precision)
    return _settled(libmp.mpf_log(x, precision, "n"), None if error is None else error - size(x) + 2, precision)


def logarithm_of_one_more(value: Value, precision: int) -> Value:
    """log(1 + x), accurate near 0."""
    x, error = ball(value, precision)
    if not x[1] or size(x) > 0:
        if not x[1] and error is None:
            return ZERO
        return logarithm(total([ONE, (x, error)], precision), precision)
    if size(x) < -precision:
        return _settled(x, None if error is None else error + 1, precision)
    whole = _add(libmp.fone, x)
    _positive((whole, error), "log1p")
    found = libmp.mpf_log(whole, precision, "n")
    return _settled(found, None if error is None else error - size(whole) + 2, precision)


def _positive(value: Value, name: str) -> None:
    if sign(value) <= 0:
        raise NotANumber(f"{name} of a number that is not positive")


def square_root(value: Value, precision: int) -> Value:
    """The root of a number that is not negative; a fraction if it is one."""
    known = rational(value) if is_exact(value) else None
    if known is not None:
        if known < 0:
            raise NotANumber("the square root of a negative number")
        root = exact_root(known, 2)
        if root is not None:
            return value_of_number(root)
    if sign(value) < 0:
        raise NotANumber("the square root of a negative number")
    x, error = ball(value, precision)
    found = libmp.mpf_sqrt(x, precision, "n")
    return _settled(found, None if error is None else error - (size(x) - 1) // 2, precision)


Raw = Callable[[Midpoint, int, str], Midpoint]


def _gentle(raw: Raw, growth: int) -> Callable[[Value, int], Value]:
    """A function whose slope is at most 2**growth everywhere."""

    def function(value: Value, precision: int) -> Value:
        x, error = ball(value, precision)
        if error is not None and error > 2:
            raise Undetermined
        return _settled(raw(x, precision, "n"), None if error is None else error + growth, precision)

    return function


def _steep(raw: Raw, slope_size: Callable[[Midpoint], int]) -> Callable[[Value, int], Value]:
    """A function whose slope within 1/2 of x is at most 2**slope_size(value at x)."""

    def function(value: Value, precision: int) -> Value:
        x, error = ball(value, precision)
        if error is not None and error > -1:
            raise Undetermined
        if x[1] and size(x) > LARGEST_EXPONENT:
            raise NotANumber("a number too large to be represented: sinh or cosh of more than 1e1300")
        found = raw(x, precision, "n")
        return _settled(found, None if error is None else error + slope_size(found), precision)

    return function


def tangent(value: Value, precision: int) -> Value:
    """sin/cos."""
    if is_exact(value) and not sign(value):
        return ZERO
    return over(_sine(value, precision), _cosine(value, precision), precision)


_sine, _cosine = _gentle(libmp.mpf_sin, 0), _gentle(libmp.mpf_cos, 0)


def hyperbolic_tangent(value: Value, precision: int) -> Value:
    """tanh: between -1 and 1, however large the argument."""
    x, error = ball(value, precision)
    if error is not None and error > 2:
        raise Undetermined
    if x[1] and size(x) > precision.bit_length():
        # 1 - tanh(x) < 2·exp(-2x), with x above the precision
        return (libmp.fnone if x[0] else libmp.fone), -precision
    return _settled(libmp.mpf_tanh(x, precision, "n"), error, precision)


def _within_one(raw: Raw, name: str) -> Callable[[Value, int], Value]:
    def function(value: Value, precision: int) -> Value:
        known = rational(value) if is_exact(value) else None
        if known is not None and abs(known) > 1:
            raise NotANumber(f"{name} of a number beyond -1 and 1")
        x, error = ball(value, precision)
        found = None
        if known is not None and abs(known) == 1:
            return _settled(raw(x, precision, "n"), None, precision)
        margin = total([ONE, negative(absolute((x, error)))], precision)
        if sign(margin) < 0:
            raise NotANumber(f"{name} of a number beyond -1 and 1")
        found = raw(x, precision, "n")
        # The slope is at most 1/sqrt(margin), and at most twice that within the ball.
        gap = ball(margin, precision)[0]
        if error is not None and error > size(gap) - 3:
            raise Undetermined
        return _settled(found, None if error is None else error + 2 - (size(gap) - 1) // 2, precision)

    return function


def error_function(value: Value, precision: int) -> Value:
    """erf: between -1 and 1."""
    x, error = ball(value, precision)
    if error is not None and error > 2:
        raise Undetermined
    if x[1] and size(x) > precision.bit_length():
        return (libmp.fnone if x[0] else libmp.fone), -precision
    return _settled(libmp.mpf_erf(x, precision, "n"), None if error is None else error + 1, precision)


def complementary_error_function(value: Value, precision: int) -> Value:
    """1 - erf, accurate in its upper tail."""
    x, error = ball(value, precision)
    if not x[1] or x[0] or size(x) < 1:
        return total([ONE, negative(error_function(value, precision))], precision)
    if size(x) > LARGEST_EXPONENT // 2:
        return libmp.fzero, INDISTINCT
    if error is not None and error + size(x) > -4:
        raise Undetermined
    if size(x) > precision.bit_length():
        return _erfc_tail(x, error, precision)
    found = libmp.mpf_erfc(x, precision, "n")
    # The logarithm's slope is at most 2x + 2 in size.
    return _settled(found, None if error is None else size(found) + error + size(x) + 3, precision)


def _erfc_tail(x: Midpoint, error: int | None, precision: int) -> Value:
    """exp(-x²)/(x√π)·(1 - 1/(2x²) + ...) for x far above the precision: as many terms as count."""
    square = _mul(x, x)
    series: list[Value] = [ONE]
    term: Value = ONE
    while series[-1] and size(ball(term, precision)[0]) > -precision - 2:
        odd = 2 * len(series) - 1
        term = over(times(term, (libmp.from_int(-odd), None), precision), (libmp.mpf_shift(square, 1), None), precision)
        series.append(term)
    below = times((x, None), square_root(pi(precision), precision), precision)
    head = over(exponential((libmp.mpf_neg(square), None), precision), below, precision)
    found, bound = ball(times(head, total(series, precision), precision), precision)
    if error is None:
        return found, bound
    return _settled(found, max(bound or INDISTINCT, size(found) + error + size(x) + 3), precision)


def pi(precision: int) -> Value:
    """The number π."""
    return libmp.mpf_pi(precision, "n"), 2 - precision


def _sign_value(value: Value, _precision: int) -> Value:
    return libmp.from_int(sign(value)), None


PRIMITIVES: Mapping[str, Callable[..., Value]] = MappingProxyType(
    {
        "pi": pi,
        "exp": exponential,
        "expm1": exponential_less_one,
        "log": logarithm,
        "log1p": logarithm_of_one_more,
        "sqrt": square_root,
        "sin": _sine,
        "cos": _cosine,
        "tan": tangent,
        "asin": _within_one(libmp.mpf_asin, "asin"),
        "acos": _within_one(libmp.mpf_acos, "acos"),
        "atan": _gentle(libmp.mpf_atan, 0),
        "sinh": _steep(libmp.mpf_sinh, lambda found: max(size(found) if found[1] else 0, 0) + 3),
        "cosh": _steep(libmp.mpf_cosh, lambda found: size(found) + 2),
        "tanh": hyperbolic_tangent,
        "erf": error_function,
        "erfc": complementary_error_function,
        "abs": lambda value, precision: absolute(value),
        "sign": _sign_value,
        "max": largest,
        "min": smallest,
    }
)
"""Each function that has no definition, of values and the working precision."""
