"""Exact values of expressions: a fraction where arithmetic is rational, else a closed expression with exact numbers.

Folds what is rational by known rules (exp(0), roots of squares) and leaves the rest as it is written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from symbackprop.balls import NotANumber
from symbackprop.errors import KinkError
from symbackprop.expressions import (
    BySign,
    Call,
    Expression,
    Function,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    Undefined,
    as_expression,
    product_of,
    sum_of,
)
from symbackprop.primitives import exact_root
from symbackprop.rounding import ValueOf, sign_of

Exact: TypeAlias = Fraction | Expression


def exact(expression: Expression, value_of: ValueOf) -> Fraction | Expression:
    """The value as a fraction where it is rational by known rules, else as a closed expression with exact numbers.

    Leaves are fractions or closed expressions. Functions with a definition are written out.
    """
    match expression:
        case Number(value):
            return value
        case Reference(of):
            found = value_of(of)
            return found if isinstance(found, Expression) else Fraction(found)
        case Undefined(reason):
            raise KinkError(reason)
        case BySign(decider, below, at, above):
            sign = _exact_sign(exact(decider, value_of))
            return exact(below if sign < 0 else above if sign > 0 else at, value_of)
        case Negative(operand):
            return exact_product([Fraction(-1), exact(operand, value_of)])
        case Sum(operands):
            return exact_sum([exact(each, value_of) for each in operands])
        case Product(operands):
            return exact_product([exact(each, value_of) for each in operands])
        case Quotient(above, below):
            return _exact_quotient(exact(above, value_of), exact(below, value_of))
        case Power(base, exponent):
            return _exact_power(exact(base, value_of), exact(exponent, value_of))
        case Call(function, arguments):
            return _exact_call(function, [exact(each, value_of) for each in arguments])
    raise AssertionError(f"{type(expression).__name__} is written out before it is computed")


def _no_leaves(of: Hashable) -> Any:
    raise AssertionError(f"a closed expression has a leaf: {of!r}")


def _exact_sign(value: Exact) -> int:
    return sign_of(value, _no_leaves) if isinstance(value, Expression) else (value > 0) - (value < 0)


def exact_sum(terms: Sequence[Exact]) -> Exact:
    """The sum, numbers gathered at the first one's place and zeros left out."""
    number = sum((each for each in terms if isinstance(each, Fraction)), Fraction(0))
    others = [each for each in terms if isinstance(each, Expression)]
    if not others:
        return number
    first = next((place for place, each in enumerate(terms) if isinstance(each, Fraction)), len(others))
    return sum_of([*others[:first], as_expression(number), *others[first:]])


def exact_product(factors: Sequence[Exact]) -> Exact:
    """The product, numbers gathered in front."""
    number = math.prod((each for each in factors if isinstance(each, Fraction)), start=Fraction(1))
    others = [each for each in factors if isinstance(each, Expression)]
    return product_of([as_expression(number), *others]) if others and number else number


def _exact_quotient(above: Exact, below: Exact) -> Exact:
    if isinstance(below, Fraction):
        if below == 0:
            raise NotANumber("division by zero")
        if isinstance(above, Fraction):
            return above / below
        return above if below == 1 else Quotient(above, as_expression(below))
    if _exact_sign(below) == 0:
        raise NotANumber("division by zero")
    return Fraction(0) if above == 0 else Quotient(as_expression(above), below)


def _exact_power(base: Exact, exponent: Exact) -> Exact:
    if isinstance(exponent, Fraction):
        if exponent == 0:
            return Fraction(1)
        if exponent == 1:
            return base
        if isinstance(base, Fraction):
            return _rational_power(base, exponent)
    elif base == 1:
        return Fraction(1)
    elif base == 0:
        sign = _exact_sign(exponent)
        if sign < 0:
            raise NotANumber("division by zero: a negative power of 0")
        return Fraction(0 if sign else 1)
    if not (isinstance(exponent, Fraction) and exponent.denominator == 1):
        if _exact_sign(base) < 0:
            raise NotANumber("a negative number to a power that is not whole")
    elif exponent < 0 and _exact_sign(base) == 0:
        raise NotANumber("division by zero: a negative power of 0")
    return Power(as_expression(base), as_expression(exponent))


def _rational_power(base: Fraction, exponent: Fraction) -> Exact:
    if base == 0:
        if exponent < 0:
            raise NotANumber("division by zero: a negative power of 0")
        return Fraction(0)
    if exponent.denominator != 1 and base < 0:
        raise NotANumber("a negative number to a power that is not whole")
    root = base if exponent.denominator == 1 else exact_root(base, exponent.denominator)
    if root is not None and (
        abs(root) == 1
        or abs(exponent.numerator) * max(root.numerator.bit_length(), root.denominator.bit_length()) < 1_000_000
    ):
        return Fraction(root**exponent.numerator)
    return Power(as_expression(base), as_expression(exponent))


_SPECIAL: dict[tuple[str, Fraction], Fraction] = {
    **{(name, Fraction(0)): Fraction(1) for name in ("exp", "cos", "cosh", "erfc")},
    **{
        (name, Fraction(0)): Fraction(0)
        for name in ("expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "erf")
    },
    ("log", Fraction(1)): Fraction(0),
    ("acos", Fraction(1)): Fraction(0),
}
_DOMAIN: dict[str, Callable[[int, Expression], bool]] = {
    "log": lambda sign, x: sign > 0,
    "sqrt": lambda sign, x: sign >= 0,
    "log1p": lambda sign, x: _exact_sign(1 + x) > 0,
    "asin": lambda sign, x: _exact_sign(1 - x**2) >= 0,
    "acos": lambda sign, x: _exact_sign(1 - x**2) >= 0,
}


def _exact_call(function: Function, arguments: Sequence[Exact]) -> Exact:
    if function.definition is not None:
        return exact(function.definition(*map(as_expression, arguments)), _no_leaves)
    if function.arity == 2:
        first, second = arguments
        sign = _exact_sign(exact_sum([first, exact_product([Fraction(-1), second])]))
        return first if (sign >= 0) == (function.name == "max") else second
    if function.arity == 0:
        return Call(function, ())
    (x,) = arguments
    if isinstance(x, Fraction) and (function.name, x) in _SPECIAL:
        return _SPECIAL[function.name, x]
    if function.name in ("abs", "sign"):
        sign = _exact_sign(x)
        return Fraction(sign) if function.name == "sign" else exact_product([Fraction(-1 if sign < 0 else 1), x])
    if function.name in _DOMAIN and not _DOMAIN[function.name](_exact_sign(x), as_expression(x)):
        raise NotANumber(f"{function.name} of a number outside its domain")
    if function.name == "sqrt" and isinstance(x, Fraction):
        root = exact_root(x, 2) if x else x
        if root is not None:
            return root
    return Call(function, (as_expression(x),))
