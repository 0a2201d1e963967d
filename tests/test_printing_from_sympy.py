"""SymPy expressions as sheet formulas: the same value wherever it is a double, and no overflow on the way."""

from __future__ import annotations

from pathlib import Path

import mpmath
import pytest
import sympy
from sympy import (
    Float,
    Function,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    cosh,
    erf,
    exp,
    log,
    pi,
    sqrt,
    symbols,
    tanh,
)

from symbackprop.errors import InputError
from symbackprop.printing.sheet import formula
from tests.sheet_formulas import recalculated

x, y, z = symbols("x y z")
CELLS = {x: "A1", y: "B1", z: "C1"}
POINTS = ((0.7, -1.3, 0.4), (-30.0, 20.0, 1.0), (800.0, -800.0, 3.0), (-800.0, 750.0, -740.0), (0.0, 0.0, 0.0))
SIGMOID = 1 / (1 + exp(-x))
SOFTMAX = exp(x) / (exp(x) + exp(y) + exp(z))
EXPRESSIONS = (
    x - 1,
    1 - x,
    -(x**2),
    3 * x / (2 * y + 1) ** 2,
    x**2 - 2 * x * y + y**2,
    SIGMOID,
    SIGMOID.diff(x),
    SIGMOID.diff(x, 2),
    SIGMOID.subs(x, x * y + z),
    SOFTMAX,
    SOFTMAX.diff(x),
    SOFTMAX.diff(y),
    log(1 + exp(x)),
    log(1 + exp(x)).diff(x),
    log(exp(x) + exp(y) + 2 * exp(z)),
    tanh(x),
    tanh(x).diff(x),
    x * (1 + erf(x / sqrt(2))) / 2,
    (x * (1 + erf(x / sqrt(2))) / 2).diff(x),
    1 - erf(x),
    Max(0, x, y),
    Min(x, y, 1),
    Max(x, Rational(1, 3)).diff(x),
    Heaviside(x - y, 0),
    abs(x - y),
    sympy.sign(x),
    sympy.atan(x),
    sympy.asinh(x),
    sqrt(1 + x**2),
    (1 + x**2) ** Rational(-3, 2),
    Piecewise((x, x > y), (y, x < -1), (z, True)),
    Piecewise((x, (x > 0) & (y > 0)), (y, (x < -1) | (z >= 1)), (z, True)),
    Piecewise((1, sympy.Eq(x, 0)), (0, True)),
    Piecewise((1, sympy.Ne(x, y) & sympy.Not(x > 1)), (2, True)),
    pi * x + sympy.E,
    Float(0.1) * x,
    Float("0.1234567890123456789", 30) * x,
    Rational(1, 3) + x / 7,
    1 / cosh(x / 100),
    sympy.sech(x / 100) + sympy.cot(1 + x / 1000),
)


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_a_formula_is_worth_what_the_expression_is_worth(expr: sympy.Expr) -> None:
    text = formula(expr, CELLS)
    values = [dict(zip("xyz", point, strict=True)) for point in POINTS]
    for point, result in zip(POINTS, recalculated([text.removeprefix("=")] * len(POINTS), values), strict=True):
        expected = worth(expr, point)
        if expected is None:
            continue
        assert isinstance(result, float | int), (text, point, result)
        assert abs(result - expected) <= 1e-12 * abs(expected) + 1e-15 * (1 + max(map(abs, point))), (text, point)


def worth(expr: sympy.Expr, point: tuple[float, ...]) -> mpmath.mpf | None:
    """The value in 1,000 digits, since exponentials of 800 cancel; None where it is not a finite real double."""
    here = dict(zip((x, y, z), (Rational(each) for each in point), strict=True))
    if sympy.sympify(expr).has(erf) and abs(point[0]) > 100:
        return None  # it would take 100,000 digits to tell it from 1
    value = sympy.sympify(expr).subs(here)
    if value.has(sympy.nan, sympy.zoo):
        return None
    number = value.evalf(1000)
    return mpmath.mpf(str(number.evalf(30))) if number.is_Number and abs(number) < 1e300 else None


def test_functions_of_the_table_are_taken_by_name() -> None:
    assert formula(Function("relu")(x) + Function("normal_cdf")(y), CELLS).startswith("=")


def test_symbols_may_be_given_by_name() -> None:
    assert formula(x + y, {"x": "$A$1", "y": "'my sheet'!B2"}) == "=$A$1+'my sheet'!B2"


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (sympy.gamma(x), "gamma is not among its functions"),
        (sympy.I * x, "ImaginaryUnit"),
        (sympy.zoo, "ComplexInfinity"),
        (sympy.oo, "not a finite number"),
        (Piecewise((x, x > 0)), "without a last branch"),
        (sympy.Integral(exp(x**2), x), "Integral"),
        (sympy.DiracDelta(x), "DiracDelta"),
    ],
    ids=str,
)
def test_what_a_sheet_cannot_say_is_refused(expr: sympy.Expr, message: str) -> None:
    with pytest.raises(InputError, match=message):
        formula(expr, CELLS)


def test_text_is_refused_and_never_executed(tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    with pytest.raises(InputError, match="text is not read as one"):
        formula(f"__import__('pathlib').Path({str(witness)!r}).touch()", CELLS)
    assert not witness.exists()
