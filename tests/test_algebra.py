from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from sympy import Max, Piecewise, Rational, Symbol, exp, log, sqrt

from symbackprop.algebra import Symbols, entries, to_sympy
from symbackprop.expressions import ZERO, BySign, Expression, Number, Reference
from symbackprop.formulas import parse
from symbackprop.functions import ABS, RELU, SIGMOID, leaky_relu
from symbackprop.quantities import Quantity, Role, every_index
from symbackprop.system import SumOfProducts
from tests.small import quantity, two_two_two

x, y = Symbol("x", real=True), Symbol("y", real=True)
HALF = Rational(1, 2)


def sympy_of(expression: Expression) -> sympy.Expr:
    return to_sympy(expression, lambda of: Symbol(str(of), real=True))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x*(1 - x)", x * (1 - x)),
        ("x/2 - y/(3*x)", x / 2 - y / (3 * x)),
        ("-(x + y)", -(x + y)),
        ("2*(x + y)", 2 * (x + y)),
        ("x^2 + x**3", x**2 + x**3),
        ("sigmoid(x)", 1 / (1 + exp(-x))),
        ("relu(x)", Max(0, x)),
        ("softplus(x)", log(1 + exp(x))),
        ("sqrt(x) + abs(y)", sqrt(x) + sympy.Abs(y)),
        ("0.1*x", x / 10),
        ("max(x, y) - min(x, 0)", Max(x, y) - sympy.Min(x, 0)),
        ("pi*x", sympy.pi * x),
    ],
)
def test_a_formula_is_the_expression_that_a_user_would_type(formula: str, expected: sympy.Expr) -> None:
    assert sympy_of(parse(formula, variables=("x", "y"))) == expected


def test_numbers_are_exact() -> None:
    assert sympy_of(Number(Fraction(1, 3)) * Reference("x")) == x / 3


def test_a_slope_with_a_kink_is_a_piecewise_with_its_rule() -> None:
    leaf = Reference("x")
    (slope,) = RELU.partials
    assert sympy_of(slope(leaf, at_kink=ZERO)) == Piecewise((0, x <= 0), (1, True))
    assert sympy_of(slope(leaf, at_kink=Number(Fraction(1, 2)))) == Piecewise((0, x < 0), (1, x > 0), (HALF, True))


def test_leaky_relu_is_written_out_by_its_definition() -> None:
    assert sympy_of(leaky_relu(Fraction(1, 100))(Reference("x"))) == Piecewise((x / 100, x < 0), (x, True))


def test_a_choice_between_equal_values_is_no_choice() -> None:
    assert sympy_of(BySign(Reference("x"), Reference("y"), Reference("y"), Reference("y"))) == y


def test_symbols_are_real_and_named_as_the_notation_prints() -> None:
    derivation = two_two_two()
    symbols = Symbols(derivation.notation)
    weight = quantity(derivation, "w[2][0][1]")
    assert symbols(weight) == Symbol("w_6", real=True)
    assert symbols(weight) is symbols(weight)


def test_every_entry_of_an_array_at_once_is_what_each_entry_is_alone() -> None:
    derivation = two_two_two(inputs=[[1, 2], [3, 4]], targets=[[0, 1], [1, 0]], penalty={"kind": "l2", "strength": 0.1})
    symbols = Symbols(derivation.notation)
    equations = [each for each in derivation.system.equations if isinstance(each, SumOfProducts)]
    assert {each.target.array.role for each in equations} >= {Role.NET, Role.DELTA, Role.DERIVATIVE, Role.PENALTY}
    for equation in equations:
        array = equation.target.array
        alone = [to_sympy(derivation.system.scalar(Quantity(array, each)), symbols) for each in every_index(array)]
        assert entries(equation, symbols) == alone


def test_a_function_of_a_number_is_a_number() -> None:
    assert sympy_of(SIGMOID(0)) == HALF
    assert sympy_of(ABS(-3)) == 3
