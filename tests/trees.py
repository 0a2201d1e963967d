"""Random expressions, and what they are worth: exactly, or in many digits with the error that doubles may make."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath
from hypothesis import strategies as st

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
from symbackprop.functions import FUNCTIONS

LETTERS = ("x", "y", "z")
# Functions that are defined for every real argument.
EVERYWHERE = (
    *("exp", "tanh", "sigmoid", "relu", "abs", "max", "min", "sin", "cos", "atan", "softplus", "silu", "gelu"),
    *("gelu_tanh", "erf", "erfc", "leaky_relu", "elu", "sign", "expm1"),
)
ULP = mpmath.mpf(2) ** -50  # four units in the last place for every operation of an engine

numbers = st.builds(Number, st.fractions(0, 20, max_denominator=12))
references = st.sampled_from(LETTERS).map(Reference)


def _arithmetic(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    exponents = st.integers(0, 3).map(lambda n: Number(Fraction(n)))
    return st.one_of(
        several.map(Sum),
        several.map(Product),
        inner.map(Negative),
        st.builds(Quotient, inner, inner),
        st.builds(Power, inner, st.one_of(exponents, exponents.map(Negative))),
    )


def _functions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def call(name: str) -> st.SearchStrategy[Expression]:
        function = FUNCTIONS[name]
        return st.lists(inner, min_size=function.arity, max_size=function.arity).map(lambda each: function(*each))

    return st.one_of(
        _arithmetic(inner), st.sampled_from(EVERYWHERE).flatmap(call), st.builds(BySign, inner, inner, inner, inner)
    )


arithmetic = st.recursive(st.one_of(numbers, references), _arithmetic, max_leaves=9)
expressions = st.recursive(st.one_of(numbers, references), _functions, max_leaves=7)


def exact(expression: Expression, values: Mapping[str, Fraction]) -> Fraction:
    """The expression's value; ZeroDivisionError where it has none."""

    def value(part: Expression) -> Fraction:
        return exact(part, values)

    match expression:
        case Number(number):
            return number
        case Reference(of):
            return values[str(of)]
        case Sum(terms):
            return sum((value(each) for each in terms), Fraction(0))
        case Product(factors):
            product = Fraction(1)
            for each in factors:
                product *= value(each)
            return product
        case Negative(operand):
            return -value(operand)
        case Quotient(numerator, denominator):
            return value(numerator) / value(denominator)
        case Power(base, exponent):
            return value(base) ** int(value(exponent))
    raise AssertionError(expression)


class Unsure(Exception):
    """No bound on the error: a kink within the error, a value out of range."""


def bounded(expression: Expression, values: Mapping[str, float]) -> tuple[Any, Any]:
    """The value in 40 digits, and how far off a few ulp an operation may bring doubles."""
    value, error = _bounded(expression, values)
    if abs(value) > mpmath.mpf("1e250") or 0 < abs(value) < mpmath.mpf("1e-250"):
        raise Unsure
    return value, error + ULP * abs(value)


def _bounded(expression: Expression, values: Mapping[str, float]) -> tuple[Any, Any]:
    match expression:
        case Number(number):
            return mpmath.mpf(number.numerator) / number.denominator, mpmath.mpf(0)
        case Reference(of):
            return mpmath.mpf(values[str(of)]), mpmath.mpf(0)
    parts = [bounded(each, values) for each in expression.children]
    match expression:
        case Sum():
            return sum(v for v, _ in parts), sum(e + ULP * abs(v) for v, e in parts)
        case Product():
            product, error = parts[0]
            for value, its_error in parts[1:]:
                product, error = product * value, abs(product) * its_error + abs(value) * error + error * its_error
            return product, error
        case Negative():
            return -parts[0][0], parts[0][1]
        case Quotient():
            (above, error), (below, its_error) = parts
            if abs(below) <= 2 * its_error or below == 0:
                raise Unsure
            return above / below, 2 * (error + abs(above / below) * its_error) / abs(below)
        case Power():
            (base, error), (exponent, _) = parts
            power = int(exponent)
            if base == 0 or error > abs(base) / 100:
                raise Unsure
            return base**power, 2 * abs(power) * abs(base) ** (power - 1) * error
        case BySign():
            (decider, error), *branches = parts
            if abs(decider) <= error + mpmath.mpf("1e-12"):
                raise Unsure
            return branches[0] if decider < 0 else branches[2]
        case Call(function):
            return _called(function.name, parts)
    raise AssertionError(expression)


def _called(name: str, parts: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    (x, error), *others = parts
    if abs(x) > 600 or error > mpmath.mpf("1e-6"):
        raise Unsure
    if name in ("max", "min"):
        ((y, its_error),) = others
        return (max if name == "max" else min)(x, y), max(error, its_error)
    if name in ("sign", "leaky_relu", "elu", "relu", "abs") and abs(x) <= error + mpmath.mpf("1e-12"):
        raise Unsure
    value = MEANINGS[name](x)
    around = max(abs(MEANINGS[name](x + side * error) - value) for side in (-1, 1))
    return value, 2 * around


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


# The functions' textbook definitions, to be used with many digits.
MEANINGS: Mapping[str, Any] = {
    "exp": mpmath.exp,
    "tanh": mpmath.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "abs": abs,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "atan": mpmath.atan,
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "gelu_tanh": lambda x: x * _sigmoid(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)),
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "sign": mpmath.sign,
    "expm1": mpmath.expm1,
    "log1p": mpmath.log1p,
    "log": mpmath.log,
    "sqrt": mpmath.sqrt,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "normal_cdf": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "normal_pdf": lambda x: mpmath.exp(-(x**2) / 2) / mpmath.sqrt(2 * mpmath.pi),
    "pi": lambda: +mpmath.pi,
}
