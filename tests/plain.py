"""Second ways to compute an expression: in Python's floats, as a spreadsheet or C would, in mpmath, and in SymPy.

None shares code with `symbackprop.arithmetic`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath
import sympy

from symbackprop.expressions import (
    BySign,
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
)

Value = Any
FLOATS: Mapping[str, Callable[..., float]] = {
    **{name: getattr(math, name) for name in ("exp", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "tanh")},
    **{name: getattr(math, name) for name in ("erf", "erfc", "log", "sinh", "cosh", "asin", "acos", "atan")},
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "max": max,
    "min": min,
    "pi": lambda: math.pi,
}
MPMATH: Mapping[str, Callable[..., Value]] = {
    **{name: getattr(mpmath, name) for name in ("exp", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "tanh")},
    **{name: getattr(mpmath, name) for name in ("erf", "erfc", "log", "sinh", "cosh", "asin", "acos", "atan", "sign")},
    # Whole numbers above a million cost mpmath a power of e; nothing of the difference is left at 1,000 digits.
    "exp": lambda x: mpmath.mpf(0) if x < -1e6 else mpmath.exp(x),
    "tanh": lambda x: mpmath.sign(x) if abs(x) > 1e6 else mpmath.tanh(x),
    "abs": abs,
    "max": max,
    "min": min,
    "pi": lambda: +mpmath.pi,
}


def in_floats(expression: Expression, leaves: Mapping[object, float]) -> float:
    """With one rounding for each operation; overflow gives inf and 0/0 nan, as in C."""
    return float(_computed(expression, leaves, FLOATS, float, stable=True))


def _mpf(value: Any) -> Value:
    return mpmath.mpf(value.numerator) / value.denominator if isinstance(value, Fraction) else mpmath.mpf(value)


def in_mpmath(expression: Expression, leaves: Mapping[Any, Any], *, digits: int = 380) -> Value:
    """To about 30 digits, of the textbook definitions; 0 if it is below 1e-330.

    The digits that it begins with are enough for a difference of 1 and 1e-330.
    """
    with mpmath.workdps(digits):
        coarse = _computed(expression, leaves, MPMATH, _mpf, stable=False)
    with mpmath.workdps(digits + 60):
        fine = _computed(expression, leaves, MPMATH, _mpf, stable=False)
        if abs(fine) < mpmath.mpf("1e-330") and abs(coarse) < mpmath.mpf("1e-330"):
            return mpmath.mpf(0)
        if abs(fine - coarse) <= abs(fine) * mpmath.mpf("1e-30"):
            return fine
    assert digits < 3000, "no precision settles this value"
    return in_mpmath(expression, leaves, digits=2 * digits)


def _computed(
    node: Expression,
    leaves: Mapping[object, Value],
    functions: Mapping[str, Callable[..., Value]],
    number: Callable[[Any], Value],
    *,
    stable: bool,
    decided: Callable[[Value], Value] = lambda decider: decider,
) -> Value:
    def of(child: Expression) -> Value:
        return _computed(child, leaves, functions, number, stable=stable, decided=decided)

    match node:
        case Number(value):
            return number(value.numerator) / number(value.denominator)
        case Reference(name):
            return number(leaves[name])
        case Negative(operand):
            return -of(operand)
        case Sum(operands):
            total = of(operands[0])
            for each in operands[1:]:
                total = total + of(each)
            return total
        case Product(operands):
            product = of(operands[0])
            for each in operands[1:]:
                product = product * of(each)
            return product
        case Quotient(above, below):
            return _quotient(of(above), of(below))
        case Power(base, exponent):
            return _power(of(base), of(exponent))
        case BySign(decider, below, at, above):
            sign = decided(of(decider))
            return of(below) if sign < 0 else of(above) if sign > 0 else of(at)
        case Call(function, arguments) if function.name in functions:
            return _guarded(functions[function.name], *map(of, arguments))
        case Call(function, arguments):
            body = (function.stable if stable else None) or function.definition
            assert body is not None
            return of(body(*arguments))
    raise AssertionError(node)


def _quotient(above: Value, below: Value) -> Value:
    if below == 0 and isinstance(below, float):
        return math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)
    return above / below


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(base, float) and base < 0 and exponent % 2 == 1:
        return -_guarded(pow, -base, exponent)
    return _guarded(pow, base, exponent)


def _guarded(function: Callable[..., Value], *arguments: Value) -> Value:
    try:
        return function(*arguments)
    except OverflowError:
        return math.inf


def ulps(found: float, wanted: Value) -> float:
    """How many units in the last place of the nearest float of ``wanted`` lie between; inf for nan."""
    nearest = float(wanted)
    if math.isinf(nearest):
        return 0.0 if found == nearest else math.inf
    if not math.isfinite(found):
        return math.inf
    with mpmath.workdps(400):
        return float(abs(mpmath.mpf(found) - wanted) / mpmath.mpf(math.ulp(nearest)))


SYMPY: Mapping[str, Any] = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh")},
    **{name: getattr(sympy, name) for name in ("erf", "erfc", "asin", "acos", "atan", "sign")},
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "abs": sympy.Abs,
    "max": sympy.Max,
    "min": sympy.Min,
    "pi": lambda: sympy.pi,
}


def in_sympy(
    expression: Expression, leaves: Mapping[Any, Any], *, signs_at: Mapping[sympy.Symbol, Fraction] | None = None
) -> sympy.Expr:
    """As a SymPy expression; branches are decided by symbols' assumptions, or at the point ``signs_at``."""
    point = {symbol: sympy.Rational(value) for symbol, value in (signs_at or {}).items()}
    return sympy.sympify(_computed(expression, leaves, SYMPY, _rational, stable=False, decided=lambda d: d.subs(point)))


def _rational(value: Any) -> Any:
    return sympy.Rational(value) if isinstance(value, int | Fraction) else value
