"""What is decided without SymPy is what SymPy decides: polynomials, their quotients, derivatives carried forward."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
import sympy

from symbackprop.algebra import real_symbol, to_sympy
from symbackprop.expressions import Expression, Negative, Number, Reference, product_of
from symbackprop.formulas import parse
from symbackprop.functions import FUNCTIONS
from symbackprop.identities import slope_of
from symbackprop.polynomials import MOST_TERMS, UNIT, Polynomial, TooManyTerms, are_same, differ_in_order_only
from symbackprop.proof.carried import path_verdict
from symbackprop.ratios import are_equal, is_slope_of
from tests.small import quantity, two_two_two

NAMES = ("x", "y", "z")


def formula(text: str) -> Expression:
    return parse(text, variables=NAMES)


def drawn(random: Random, depth: int) -> Expression:
    """A random polynomial as somebody might write it."""
    if depth == 0 or random.random() < 0.2:
        return Reference(random.choice(NAMES)) if random.random() < 0.7 else Number(Fraction(random.randint(1, 3)))
    one, other = drawn(random, depth - 1), drawn(random, depth - 1)
    return random.choice([one + other, one - other, one * other, Negative(one), one**2 if depth < 3 else one * other])


def symbolic(expression: Expression) -> sympy.Expr:
    return to_sympy(expression, lambda of: real_symbol(str(of)))


def test_two_random_formulas_are_one_polynomial_where_sympy_expands_their_difference_to_nothing() -> None:
    same = 0
    for seed in range(300):
        random = Random(f"polynomials:{seed}")
        one = drawn(random, 4)
        other = one * 1 if seed % 3 else drawn(random, 4)
        if seed % 3 == 1:
            other = (one + formula("x")) - formula("x*1")
        expected = sympy.expand(symbolic(one) - symbolic(other)) == 0
        assert are_same(one, other) == expected, (one, other)
        same += expected
    assert 100 < same < 290


ALIKE = (
    ("x*y*z", "z*x*y"),
    ("x*(y + z)", "(z + y)*x"),
    ("x - y", "-(y - x)"),
    ("2*(x + y)", "2*x + 2*y"),
    ("x*x", "x^2"),
    ("x + x", "2*x"),
    ("x/(y*z)", "x/z/y"),
    ("exp(x + y)", "exp(y + x)"),
)
UNLIKE = (("x*(y + z)", "x*y + x*z"), ("exp(x)*y", "exp(y)*x"), ("x + y", "x - y"), ("x^2", "x^3"), ("x/y", "y/x"))


@pytest.mark.parametrize(("left", "right"), [*ALIKE, *UNLIKE])
def test_formulas_differ_in_order_only_where_sympy_writes_them_alike(left: str, right: str) -> None:
    one, other = formula(left), formula(right)
    expected = (left, right) in ALIKE
    assert (symbolic(one) == symbolic(other)) == expected
    assert differ_in_order_only(one, other) == expected


EQUAL = (
    ("1/(1 + exp(-x))", "exp(x)/(1 + exp(x))"),
    ("tanh(x)", "(exp(x) - exp(-x))/(exp(x) + exp(-x))"),
    ("1 - tanh(x)^2", "1/cosh(x)^2"),
    ("exp(2*x + y)", "exp(x)*exp(y)*exp(x)"),
    ("exp(x)/(exp(x) + exp(y))", "1/(1 + exp(y - x))"),
    ("(x + y)^2/(x*y)", "x/y + 2 + y/x"),
    ("log(x) + y", "y + log(x)"),
)
UNEQUAL = (("1/(1 + exp(-x))", "1/(1 + exp(x))"), ("log(x)", "log(y)"), ("x/y", "x/(y + 1)"))


@pytest.mark.parametrize(("left", "right"), [*EQUAL, *UNEQUAL])
def test_quotients_of_exponentials_are_compared_without_sympy(left: str, right: str) -> None:
    assert are_equal(formula(left), formula(right)) == ((left, right) in EQUAL)


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) & {"sigmoid", "softplus", "silu", "tanh", "exp", "log", "sinh"}))
def test_a_slope_is_seen_without_sympy_and_a_wrong_one_is_not(name: str) -> None:
    x = Reference("x")
    value = FUNCTIONS[name](x * x + 3)
    (slope,) = value.function.slopes(value.arguments, Number(Fraction(0)), printed=True)
    assert slope_of(value, "x", slope * (2 * x))
    assert is_slope_of(value, "x", slope * (2 * x))
    assert not is_slope_of(value, "x", slope * x)
    assert not is_slope_of(value, "y", slope * (2 * x))


def test_a_wrong_derivative_is_told_from_the_right_one_carried_forward() -> None:
    derivation = two_two_two()
    weight = quantity(derivation, "dE/dw[1][0][0]")
    names = ("dE/dout[2][{}]", "dout/dnet[2][{}]", "w[2][{}][0]", "dout/dnet[1][0]", "x[0]")
    one, other = (
        product_of([Reference(quantity(derivation, name.format(output))) for name in names]) for output in (0, 1)
    )
    assert path_verdict(derivation, weight, one + other)
    assert not path_verdict(derivation, weight, one)
    assert not path_verdict(derivation, weight, one - other)


def test_a_product_of_more_terms_than_can_be_compared_is_refused_before_it_is_multiplied_out() -> None:
    one, other = (Polynomial({(number,): 1 for number in range(some)}) for some in (400, MOST_TERMS // 400 + 1))
    with pytest.raises(TooManyTerms):
        _ = one * other
    assert len((one * UNIT).terms) == 400
