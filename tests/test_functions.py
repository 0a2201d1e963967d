"""The function table: each partial is the derivative that SymPy finds, and each composite is its definition."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy

from symbackprop.arithmetic import rounded
from symbackprop.calculus import differentiated
from symbackprop.errors import KinkError
from symbackprop.expressions import BySign, Expression, Function, Number, Reference, Undefined
from symbackprop.formulas import parse
from symbackprop.functions import FUNCTIONS, elu, leaky_relu
from symbackprop.primitives import PRIMITIVES
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import PLAIN
from tests.plain import in_mpmath, in_sympy

EVERY = [*dict.fromkeys(FUNCTIONS.values()), leaky_relu(Fraction(3, 2)), elu(Fraction(7, 3))]
TIED = Number(Fraction(1, 2))
# Inside every domain (asin's too), away from kinks; pairs are never equal.
POINTS = (Fraction(3, 7), Fraction(1, 9), -Fraction(2, 5), -Fraction(8, 9))
POSITIVE_ONLY = ("log", "sqrt")


def name_of(function: Function) -> str:
    return function.name + "".join(f"-{value}" for _, value in function.settings)


def points(function: Function) -> list[tuple[Fraction, ...]]:
    usable = [each for each in POINTS if each > 0 or function.name not in POSITIVE_ONLY]
    return [
        tuple(usable[(place + shift) % len(usable)] for shift in range(function.arity)) for place in range(len(usable))
    ]


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("(x - 1)^2 / 2", "x - 1"),
        ("1/2 * (x - 1)^2", "x - 1"),
        ("0.5 * (1 - x)^2", "-(1 - x)"),
        ("(x - 1)^2 / 4", "(x - 1) / 2"),
        ("x^3 / 3", "x^2"),
        ("x / 3", "1 / 3"),
    ],
)
def test_numbers_in_front_of_a_slope_are_in_lowest_terms(text: str, slope: str) -> None:
    found = differentiated(parse(text, variables=["x"]), "x")
    assert PLAIN.text(found, lambda of: Label(str(of))) == slope


@pytest.mark.parametrize("function", EVERY, ids=name_of)
def test_each_partial_is_the_derivative_that_sympy_finds(function: Function) -> None:
    symbols = [sympy.Symbol(f"x{place}", real=True) for place in range(function.arity)]
    leaves = {f"x{place}": symbol for place, symbol in enumerate(symbols)}
    references = [Reference(name) for name in leaves]
    assert len(function.partials) == function.arity
    for place, partial in enumerate(function.partials):
        stated = partial(*references, at_kink=TIED)
        for point in points(function):
            here = dict(zip(symbols, point, strict=True))
            value = in_sympy(function(*references), leaves, signs_at=here)
            derived = sympy.diff(value, symbols[place]).subs(
                {symbol: sympy.Rational(at) for symbol, at in here.items()}
            )
            wanted = derived.doit().evalf(50)
            found = in_mpmath(stated, dict(zip(leaves, point, strict=True)))
            assert abs(sympy.Float(str(found), 50) - wanted) < sympy.Float("1e-14")


@pytest.mark.parametrize("function", EVERY, ids=name_of)
def test_a_function_is_a_primitive_or_defined(function: Function) -> None:
    assert (function.name in PRIMITIVES) != (function.definition is not None)
    assert function.stable is None or function.definition is not None


@pytest.mark.parametrize("function", [each for each in EVERY if each.stable], ids=name_of)
def test_a_stable_form_equals_its_definition(function: Function) -> None:
    assert function.stable is not None
    assert function.definition is not None
    source = random.Random(3)
    x = Reference("x")
    for _ in range(20):
        point = source.uniform(-9, 9)
        stable = in_mpmath(function.stable(x), {"x": point})
        assert abs(stable - in_mpmath(function.definition(x), {"x": point})) <= abs(stable) * 1e-28


@pytest.mark.parametrize(
    ("text", "point", "slope"),
    [
        ("abs(x)", 0.0, 0.5),
        ("max(x, 0)", 0.0, 0.5),
        ("max(0, x)", 0.0, 0.5),
        ("min(x, 1)", 1.0, 0.5),
        ("relu(x - 2)", 2.0, 0.5),
        ("max(x, 0)", 1.0, 1.0),
        ("min(1, x)", 2.0, 0.0),
        ("abs(x)*x", -3.0, 6.0),
    ],
)
def test_at_a_kink_the_slope_is_the_stated_one(text: str, point: float, slope: float) -> None:
    assert rounded(differentiated(parse(text, variables=["x"]), "x", TIED), lambda _: point) == slope


def test_a_slope_at_a_kink_can_be_refused() -> None:
    slope = differentiated(parse("abs(x)", variables=["x"]), "x", Undefined("no slope here"))
    assert rounded(slope, lambda _: -1.0) == -1
    with pytest.raises(KinkError, match="no slope here"):
        rounded(slope, lambda _: 0.0)


def test_a_jump_has_no_slope_whatever_the_rule() -> None:
    with pytest.raises(KinkError, match="sign jumps at 0"):
        rounded(differentiated(parse("sign(x)", variables=["x"]), "x", TIED), lambda _: 0.0)


FORMULAS = [
    "x^3 - 2*x/y + 7",
    "exp(x*y)/(1 + x^2)",
    "x^y",
    "(x + y)^(1/2)",
    "log(x + exp(y))*sin(x)",
    "tanh(x - y)^3/x",
    "sigmoid(x*y) - softplus(y/x)",
    "gelu(x)*silu(y) + gelu_tanh(x*y)",
    "-(x - y)*-x",
    "2^x*x^2^y",
    "sqrt(x)*erf(y)*erfc(x) + atan(x)/acos(y)",
    "pi*x - sinh(x)/cosh(y)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formulas_derivative_is_the_one_that_sympy_finds(text: str) -> None:
    formula = parse(text, variables=["x", "y"])
    x, y = sympy.symbols("x y", positive=True)
    point = {"x": 0.75, "y": 0.375}
    for name, symbol in (("x", x), ("y", y)):
        derived = sympy.diff(in_sympy(formula, {"x": x, "y": y}), symbol)
        wanted = derived.subs({x: sympy.Rational(3, 4), y: sympy.Rational(3, 8)}).evalf(40)
        found = in_mpmath(differentiated(formula, name), point)
        assert abs(sympy.Float(str(found), 40) - wanted) < sympy.Float("1e-14") * max(1, abs(wanted))


def test_a_derivative_keeps_the_order_in_which_the_formula_was_written() -> None:
    formula = parse("y*x*(1 - x)", variables=["x", "y"])
    y, x = Reference("y"), Reference("x")
    assert differentiated(formula, "x") == y * (1 - x) - y * x


def test_the_derivative_of_a_branch_is_taken_branch_by_branch() -> None:
    x = Reference("x")
    branch: Expression = BySign(x, x**2, Number(Fraction(0)), 3 * x)
    slope = differentiated(branch, "x")
    assert [rounded(slope, lambda _, at=at: at) for at in (-2.0, 0.0, 2.0)] == [-4, 0, 3]
