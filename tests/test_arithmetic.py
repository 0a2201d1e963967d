"""Arithmetic on expressions: floats rounded once, exact values where they are rational, any number of digits."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.arithmetic import (
    ExactArithmetic,
    FloatArithmetic,
    NotANumber,
    PreciseArithmetic,
    exact,
    precise,
    rounded,
    sign_of,
)
from symbackprop.derivation import derive
from symbackprop.errors import InputError, KinkError
from symbackprop.expressions import Along, Call, Expression, Number, Reference, Undefined, leaves
from symbackprop.expressions import size as nodes
from symbackprop.formulas import parse
from symbackprop.functions import EXP, FUNCTIONS, LOG, SIGMOID
from symbackprop.instances import instances
from symbackprop.network import Dense, Network
from symbackprop.rounding import Memory, Together
from symbackprop.system import Map
from tests.formulas import FORMULAS, SMALL, read
from tests.plain import in_mpmath, in_sympy
from tests.running import quick

QUICK = 0.5  # seconds of processor time, for a value that takes a few milliseconds


def at(text: str, x: Any, y: Any = None) -> float:
    return rounded(read(text), {"x": x, "y": y}.__getitem__)


EXTREME = [
    ("exp(x)", -1e308, 0.0),
    ("exp(x)", 1e308, math.inf),
    ("tanh(x)", 1e308, 1.0),
    ("log(1 + exp(x))", 1e308, 1e308),
    ("log(1 + exp(x))", -1e308, 0.0),
    ("1/exp(-exp(x))", 800.0, math.inf),
    ("erfc(x)", 1e308, 0.0),
    ("erf(x)", -1e308, -1.0),
    ("exp(-x^2/2)", 1e308, 0.0),
    ("sinh(x)", -1e308, -math.inf),
    ("expm1(x)", -1e308, -1.0),
    ("x*x", 1e200, math.inf),
    ("x*x*x", -1e200, -math.inf),
    ("x/3", 5e-324, 0.0),
    ("exp(x) - exp(x)", 700.0, 0.0),
    ("sqrt(x)^2 - x", 2.0, 0.0),
    ("(1 + 2^-900) - 1", 0.0, 2.0**-900),
    ("log(exp(x))", 1e-300, 1e-300),
    ("(exp(x) - 1)/x", 1e-300, 1.0),
]


@pytest.mark.parametrize(("text", "x", "wanted"), EXTREME)
def test_extreme_arguments_give_the_right_float_quickly(text: str, x: float, wanted: float) -> None:
    with quick(QUICK):
        assert at(text, x) == wanted


@pytest.mark.parametrize(
    ("text", "x", "message"),
    [
        ("log(x)", 0.0, "log of a number that is not positive"),
        ("log(x)", -1.0, "log of a number that is not positive"),
        ("sqrt(x)", -1.0, "square root of a negative number"),
        ("1/x", 0.0, "division by zero"),
        ("x^-1", 0.0, "division by zero"),
        ("x^0.5", -2.0, "a negative number to a power that is not whole"),
        ("x^x", -0.5, "a negative number to a power that is not whole"),
        ("asin(x)", 1.5, "asin of a number beyond -1 and 1"),
        ("log1p(x)", -1.0, "log1p of a number that is not positive|log of a number that is not positive"),
        ("1/(exp(x) - exp(x))", 1.0, "4,400 bits cannot tell"),
        ("exp(exp(x))", 1e308, "too large to be represented"),
        ("x + 1", math.inf, "an argument is not a finite number"),
        ("x + 1", math.nan, "an argument is not a finite number"),
    ],
)
def test_what_has_no_value_is_refused_with_its_reason(text: str, x: float, message: str) -> None:
    with quick(QUICK), pytest.raises(NotANumber, match=message) as refused:
        at(text, x)
    assert isinstance(refused.value, InputError)


@pytest.mark.parametrize(("text", "wanted"), [("x^(exp(1) - exp(1))", 1), ("x^(exp(1) - 2)", 0), ("(x + 1)^exp(1)", 1)])
def test_a_power_of_0_or_1_is_told_by_the_sign_of_its_exponent(text: str, wanted: int) -> None:
    assert exact(read(text), lambda _: Fraction(0)) == wanted


@pytest.mark.full
@pytest.mark.parametrize("text", FORMULAS)
@given(x=SMALL, y=SMALL)
@example(x=1e-300, y=-1e-300)
@example(x=50.0, y=-50.0)
@example(x=2.0, y=0.5)
def test_a_float_is_the_exact_value_rounded_once(text: str, x: float, y: float) -> None:
    formula = read(text)
    values = {"x": x, "y": y}
    try:
        found = rounded(formula, values.__getitem__)
    except NotANumber:
        assert text == "x/y"
        assert y == 0
        return
    wanted = in_mpmath(formula, values)
    with mpmath.workdps(400):
        assert abs(mpmath.mpf(found) - wanted) <= mpmath.mpf(math.ulp(found)) * mpmath.mpf("0.5003")


@pytest.mark.parametrize("x", [-15.0, -30.0, -38.0, -45.0, -60.0, -400.0])
@pytest.mark.parametrize("text", ["(1 + exp(x)) - 1", "log(1 + exp(x))", "1 - tanh(-x/2)", "(3 + exp(x)/7) - 3"])
def test_cancellation_costs_no_digit(text: str, x: float) -> None:
    assert at(text, x) == float(in_mpmath(read(text), {"x": x}))


def test_leaves_are_taken_exactly() -> None:
    assert at("x - y", Fraction(1, 10), 0.1) == float(Fraction(1, 10) - Fraction(0.1))
    assert at("3*x - 1", Fraction(1, 3)) == 0
    assert at("x", 7) == 7.0
    assert at("x*2", mpmath.mpf("0.75")) == 1.5


def test_a_rational_zero_is_zero_and_positive() -> None:
    assert math.copysign(1, at("x - x", 0.1)) == 1
    assert math.copysign(1, at("-x", 0.0)) == 1


def test_only_the_branch_that_is_taken_is_computed() -> None:
    assert at("relu(x)", 2.0) == 2
    from symbackprop.expressions import BySign

    branch = BySign(Reference("x"), LOG(Reference("x")), Undefined("at a kink"), Reference("x"))
    assert rounded(branch, lambda _: 2.0) == 2
    with pytest.raises(KinkError, match="at a kink"):
        rounded(branch, lambda _: 0.0)
    with pytest.raises(NotANumber, match="log of a number that is not positive"):
        rounded(branch, lambda _: -1.0)


@pytest.mark.parametrize(
    ("text", "x", "sign"),
    [
        ("exp(x) - 1", 1e-300, 1),
        ("exp(x) - exp(x)", 3.0, 0),
        ("sin(x)^2 + cos(x)^2 - 1", 0.3, 0),
        ("x - 1/3", 1 / 3, -1),
    ],
)
def test_the_sign_of_an_exact_value(text: str, x: float, sign: int) -> None:
    assert sign_of(read(text), lambda _: x) == sign


@pytest.mark.parametrize(
    ("text", "x", "wanted"),
    [
        ("sigmoid(x)", Fraction(0), Fraction(1, 2)),
        ("tanh(x)*7 + x/3", Fraction(0), Fraction(0)),
        ("softplus(x) - log(2)", Fraction(0), "log(2) - log(2)"),
        ("x/3 + 1", Fraction(1, 7), Fraction(22, 21)),
        ("sqrt(x)", Fraction(4, 9), Fraction(2, 3)),
        ("x^(3/2)", Fraction(4, 9), Fraction(8, 27)),
        ("x^(1/3)", Fraction(8), Fraction(2)),
        ("relu(x)", Fraction(-3), Fraction(0)),
        ("elu(x)", Fraction(5), Fraction(5)),
        ("max(exp(x), 3)", Fraction(1), Fraction(3)),
        ("abs(1 - exp(x))", Fraction(1), "-(1 - exp(1))"),
        ("log(x)", Fraction(1), Fraction(0)),
        ("exp(x)^0", Fraction(5), Fraction(1)),
        ("silu(x)", Fraction(0), Fraction(0)),
        ("gelu(x)", Fraction(0), Fraction(0)),
        ("sigmoid(x)", Fraction(1, 2), "1/(1 + exp(-(1/2)))"),
        ("2*exp(x)*3", Fraction(1), "6*exp(1)"),
        ("x^(1/2)", Fraction(2), "2^(1/2)"),
    ],
)
def test_an_exact_value_is_a_fraction_or_a_closed_expression(text: str, x: Fraction, wanted: Fraction | str) -> None:
    found = exact(read(text), lambda _: x)
    if isinstance(wanted, Fraction):
        assert found == wanted
        return
    assert isinstance(found, Expression)
    assert not list(leaves(found))
    closed = parse(wanted, variables=[])
    assert in_sympy(found, {}) == in_sympy(closed, {})


def test_a_power_of_a_million_bits_is_not_written_out() -> None:
    base = Fraction(10**999 + 1)
    assert isinstance(exact(read("x^1000"), lambda _: base), Expression)
    assert exact(read("x^2"), lambda _: base) == base * base


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log(x)", "log of a number outside its domain"),
        ("1/x", "division by zero"),
        ("x^-1", "division by zero: a negative power of 0"),
        ("x^(exp(1) - 3)", "division by zero: a negative power of 0"),
        ("sqrt(x - 1)", "sqrt of a number outside its domain"),
        ("log1p(x - 1)", "log1p of a number outside its domain"),
        ("asin(x + 2)", "asin of a number outside its domain"),
        ("asin(x - 2)", "asin of a number outside its domain"),
        ("acos(x + 2)", "acos of a number outside its domain"),
        ("acos(x - 3/2)", "acos of a number outside its domain"),
        ("(x - 1)^(1/2)", "a negative number to a power that is not whole"),
    ],
)
def test_an_exact_value_that_does_not_exist_is_refused(text: str, message: str) -> None:
    with pytest.raises(NotANumber, match=f"^{message}$"):
        exact(read(text), lambda _: Fraction(0))


@pytest.mark.full
@pytest.mark.parametrize("text", FORMULAS)
@given(x=st.fractions(-9, 9, max_denominator=40), y=st.fractions(1, 9, max_denominator=40))
def test_an_exact_value_has_the_same_float(text: str, x: Fraction, y: Fraction) -> None:
    values = {"x": x, "y": y}
    formula = read(text)
    found = exact(formula, values.__getitem__)
    wanted = rounded(formula, values.__getitem__)
    assert rounded(found if isinstance(found, Expression) else Number(found), lambda _: None) == wanted


def test_a_shared_part_of_a_closed_expression_is_computed_once() -> None:
    """40 doublings of one node: as a tree it would have 2**40 nodes."""
    whole: Expression = EXP(Number(Fraction(-3)))
    for _ in range(40):
        whole = (whole + whole) / 2
    with quick(QUICK):
        assert rounded(whole, lambda _: None) == math.exp(-3)


def test_nested_functions_do_not_multiply() -> None:
    """A stable form has its argument four times; 50 levels deep that must not be 4**50."""
    whole: Expression = Reference("x")
    for _ in range(50):
        whole = SIGMOID(whole)
    assert nodes(whole) == 51
    with quick(QUICK):
        assert rounded(whole, lambda _: 0.3) == pytest.approx(0.6590460684)  # the fixed point of the sigmoid


def test_digits_are_right_to_the_last() -> None:
    found = precise(read("sigmoid(x)"), lambda _: Fraction(1, 3), 50)
    with mpmath.workdps(80):
        assert abs(found - 1 / (1 + mpmath.exp(-mpmath.mpf(1) / 3))) < mpmath.mpf("1e-55")


def test_digits_survive_cancellation_and_underflow() -> None:
    with mpmath.workdps(80):
        assert abs(precise(read("1 - tanh(x)^2"), lambda _: 400.0, 40) / (4 * mpmath.exp(-800)) - 1) < mpmath.mpf(
            "1e-40"
        )
        assert precise(read("exp(x)"), lambda _: -1e308, 40) > 0
    assert precise(read("exp(x) - exp(x)"), lambda _: 1.0, 40) == 0


@pytest.mark.parametrize("arithmetic", [FloatArithmetic(), ExactArithmetic(), PreciseArithmetic(30)])
def test_each_arithmetic_adds_and_multiplies_its_numbers(arithmetic: Any) -> None:
    half, third = arithmetic.number(Fraction(1, 2)), arithmetic.number(Fraction(1, 3))
    assert float(arithmetic.multiplied(Fraction(6), [half, third])) == pytest.approx(1)
    assert float(arithmetic.total([half, third, half])) == pytest.approx(4 / 3)
    assert arithmetic.total([]) == 0
    assert arithmetic.multiplied(Fraction(-5), []) == -5
    assert arithmetic.evaluate(read("x - x"), lambda _: half) == 0


def test_float_products_and_sums_survive_overflow_on_the_way() -> None:
    floats = FloatArithmetic()
    assert floats.multiplied(Fraction(1, 10**200), [1e200, 1e200]) == 1e200
    assert floats.multiplied(Fraction(1), [1e-200, 1e-200, 1e200]) == pytest.approx(1e-200, rel=1e-15)
    assert floats.multiplied(Fraction(1, 10**400), [1e300]) == pytest.approx(1e-100, rel=1e-15)
    assert floats.multiplied(Fraction(10**400), [0.0]) == 0
    assert floats.multiplied(Fraction(10**400), [1e-300]) == pytest.approx(1e100, rel=1e-15)
    assert math.isnan(floats.multiplied(Fraction(10**400), [math.nan]))
    assert floats.total([1e308, 1e308, -1e308]) == 1e308
    assert floats.total([1e100, 1.0, -1e100]) == 1.0
    assert math.isinf(floats.total([math.inf, 1.0]))


def test_an_exact_sum_gathers_numbers_and_drops_zeros() -> None:
    rules = ExactArithmetic()
    e = EXP(Number(Fraction(1)))
    assert rules.total([e, Fraction(1), Fraction(2)]) == e + 3
    assert rules.total([Fraction(1), e, Fraction(-1)]) == e
    assert rules.multiplied(Fraction(2), [e, Fraction(1, 2)]) == e
    assert rules.multiplied(Fraction(0), [e]) == 0


def test_every_primitive_of_the_table_can_be_computed() -> None:
    for function in FUNCTIONS.values():
        value = at_half(function)
        assert math.isfinite(value)


def at_half(function: Any) -> float:
    return rounded(Call(function, tuple(Reference("x") for _ in range(function.arity))), lambda _: 0.5)


def test_a_reduction_must_be_written_out_before() -> None:
    with pytest.raises(AssertionError, match="written out"):
        rounded(Along("sum", "i", Reference("x")), lambda _: 1.0)


def test_what_expressions_share_is_computed_once() -> None:
    x, y = Reference("x"), Reference("y")
    both = EXP(x) + EXP(y)
    bodies = [EXP(x) / both, EXP(y) / both]
    asked: list[Any] = []

    def value_of(leaf: Any) -> float:
        asked.append(leaf)
        return {"x": 0.3, "y": -1.5}[leaf]

    memory = Memory(Together(bodies))
    found = [rounded(body, value_of, memory) for body in bodies]
    assert asked == ["x", "y"]
    assert found == [0.8581489350995122, 0.1418510649004878]  # 1/(1 + exp(∓1.8)), by mpmath


def test_the_outputs_of_a_wide_softmax_share_their_sum_and_are_rounded_once() -> None:
    nets = [Fraction(each * each % 97, 16) for each in range(40)]
    network = Network(
        inputs=[1],
        targets=[0] * 39 + [1],
        layers=[Dense(40, "softmax", weights=[[each] for each in nets])],
        loss="cross_entropy",
    )
    derivation = derive(network)
    equation = derivation.system.definitions[derivation.now.outs[0]]
    assert isinstance(equation, Map)
    assert len({id(each.children[-1]) for each in instances(equation.computed_law(), equation.target)}) == 1
    with mpmath.workdps(50):
        powers = [mpmath.exp(mpmath.mpf(each.numerator) / each.denominator) for each in nets]
        expected = [float(each / mpmath.fsum(powers)) for each in powers]
    assert sb.derive(network).evaluate()["out[1]"] == [expected]
