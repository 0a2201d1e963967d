from __future__ import annotations

import pytest

from symbackprop.expressions import Expression, Reference
from symbackprop.formulas import parse
from symbackprop.identities import decide, same_polynomial, slope_of


def formula(text: str) -> Expression:
    return parse(text, variables=("x", "y", "t"))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(x - 1)*(x + 1)", "x^2 - 1"),
        ("1/(1 + exp(-x))", "exp(x)/(1 + exp(x))"),
        ("tanh(x)", "(exp(2*x) - 1)/(exp(2*x) + 1)"),
        ("log(1 + exp(x))", "x + log(1 + exp(-x))"),
        ("t*log(1 + exp(x))", "t*x + t*log(1 + exp(-x))"),
        ("abs(x)", "max(x, -x)"),
        ("max(x, y)", "(x + y + abs(x - y))/2"),
        ("exp(x/2)*exp(x/2)", "exp(x)"),
    ],
)
def test_equal_formulas_are_equal_by_an_identity(left: str, right: str) -> None:
    verdict = decide(formula(left), formula(right))
    assert verdict.holds
    assert verdict.exact


def test_what_no_identity_decides_is_decided_at_random_points_and_says_so() -> None:
    verdict = decide(formula("sin(x)^2 + cos(x)^2"), formula("1 + 0*x"))
    assert verdict.holds
    assert not verdict.exact
    assert "random points" in verdict.how


@pytest.mark.parametrize(("left", "right"), [("x", "x + 1e-30"), ("abs(x)", "x"), ("x*y", "y"), ("exp(x)", "exp(-x)")])
def test_different_formulas_are_told_apart(left: str, right: str) -> None:
    assert not decide(formula(left), formula(right))


def test_a_slope_is_compared_with_the_derivative_that_sympy_finds() -> None:
    assert slope_of(formula("sigmoid(x)"), "x", formula("sigmoid(x)*(1 - sigmoid(x))"))
    assert not slope_of(formula("sigmoid(x)"), "x", formula("sigmoid(x)*(1 + sigmoid(x))"))
    assert slope_of(formula("abs(x - t)"), "x", formula("sign(x - t)"))
    assert not slope_of(formula("abs(x - t)"), "x", formula("sign(t - x)"))


def test_polynomials_may_have_any_functions_as_their_variables() -> None:
    x, y = Reference("x"), Reference("y")
    assert same_polynomial(formula("(x + y)*exp(x)"), x * formula("exp(x)") + y * formula("exp(x)"))
    assert not same_polynomial(formula("x*exp(x)"), formula("x*exp(y)"))
    assert same_polynomial(formula("(x + y)/(2*t)"), formula("x/t/2 + y/(t*2)"))
