"""Every activation: what is computed is right to the last bit, and what is printed is its derivative.

Entries enter by themselves. Values are compared with the textbook definition in mpmath at 380 digits and more
(`tests.plain`), printed slopes with `sympy.diff`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from symbackprop.arithmetic import rounded
from symbackprop.calculus import differentiated
from symbackprop.catalogue.activations import ACTIVATIONS, Activation, activation_map
from symbackprop.catalogue.entries import KINK_RULES, Plain
from symbackprop.errors import DescriptionError, KinkError
from symbackprop.expressions import ZERO, Expression, Reference
from tests.entries import VARIANTS, arrays, assert_rounded, is_normal, is_zero
from tests.plain import in_floats, in_mpmath, in_sympy, ulps

CONTRACT_ULPS = 8.0  # what every output owes; plain floats reach it except where PLAIN_ULPS says how much they reach

NEAR = (
    1e-8,
    1e-3,
    0.1,
    0.5,
    0.75,
    0.7517,
    1.0,
    1.278,
    1.2784,
    2.0,
    5.0,
    10.0,
    20.0,
    26.5,
    36.0,
    37.0,
    37.5,
    38.0,
    50.0,
)
FAR = (100.0, 300.0, 700.0, 708.0, 709.5, 710.0, 715.0, 744.0, 745.0, 746.0, 1e3, 1e5, 1e10, 1e100, 1e154, 1e155, 1e308)
SIZES = (5e-324, 2.3e-308, 1e-300, 1e-100, 1e-20, *NEAR, *FAR)
GRID = [0.0, *SIZES, *(-each for each in SIZES)]

# Units in the last place that float64 arithmetic on the stable form reaches, where that is more than the contract's 8:
# in the lower tails of gelu and gelu_tanh the rounding of the argument of erfc and exp grows with its size, and near
# the zero of a slope the terms of the slope cancel. Only `rounded` is within the contract there.
PLAIN_ULPS: Mapping[tuple[str, str], float] = {
    ("silu", "slope"): 400.0,
    ("gelu", "value"): 1_500.0,
    ("gelu", "slope"): 4_000.0,
    ("gelu_tanh", "value"): 1_000.0,
    ("gelu_tanh", "slope"): 2_000.0,
}

X = Reference("x")


def elementwise() -> list[Any]:
    """Every elementwise activation with every set of settings that is tried."""
    return [
        pytest.param(entry, settings, id=f"{entry.name}-{','.join(map(str, settings.values()))}")
        for entry in ACTIVATIONS.values()
        if isinstance(entry, Activation)
        for settings in VARIANTS.get(entry.name, (entry.settings,))
    ]


def forms(entry: Activation, settings: Mapping[str, Fraction]) -> dict[str, tuple[Expression, Expression]]:
    """What is computed, and what it must be, for value and slope."""
    definition = entry.definition(X, settings)
    return {
        "value": (entry.stable(X, settings), definition),
        "slope": (entry.stable_slope(X, settings), differentiated(definition, "x")),
    }


@pytest.mark.parametrize(("entry", "settings"), elementwise())
def test_an_activation_is_rounded_once_over_the_whole_range(
    entry: Activation, settings: Mapping[str, Fraction]
) -> None:
    for what, (stable, definition) in forms(entry, settings).items():
        for net in GRID:
            if what == "slope" and entry.kinked and net == 0:
                continue
            assert_rounded(rounded(stable, lambda _, net=net: net), in_mpmath(definition, {"x": net}))


@pytest.mark.full
@pytest.mark.parametrize(("entry", "settings"), elementwise())
@given(net=st.floats(-50, 50) | st.floats(-1e308, 1e308))
@example(net=5e-324)
def test_an_activation_is_rounded_once_anywhere(
    entry: Activation, settings: Mapping[str, Fraction], net: float
) -> None:
    for what, (stable, definition) in forms(entry, settings).items():
        if not (what == "slope" and entry.kinked and net == 0):
            assert_rounded(rounded(stable, lambda _: net), in_mpmath(definition, {"x": net}))


@pytest.mark.parametrize(("entry", "settings"), elementwise())
def test_plain_floats_on_the_stable_form_are_as_close_as_stated(
    entry: Activation, settings: Mapping[str, Fraction]
) -> None:
    source = random.Random(entry.name)
    nets = [*GRID, *(source.uniform(-5, 5) for _ in range(60)), *(source.uniform(-750, 750) for _ in range(40))]
    for what, (stable, definition) in forms(entry, settings).items():
        allowed = PLAIN_ULPS.get((entry.name, what), CONTRACT_ULPS)
        for net in nets:
            wanted = in_mpmath(definition, {"x": net})
            if is_normal(wanted) and not (entry.kinked and net == 0):
                found = in_floats(stable, {"x": net})
                assert ulps(found, wanted) <= allowed, f"{what} at {net!r}: {found!r}, should be {float(wanted)!r}"


@pytest.mark.parametrize(("entry", "settings"), elementwise())
def test_a_printed_slope_is_the_derivative_of_the_definition(
    entry: Activation, settings: Mapping[str, Fraction]
) -> None:
    for x in (sympy.Symbol("x", positive=True), sympy.Symbol("x", negative=True)):
        value = in_sympy(entry.definition(X, settings), {"x": x})
        printed = in_sympy(entry.printed_slope(X, Reference("y"), settings, ZERO), {"x": x, "y": value})
        assert is_zero(sympy.diff(value, x) - printed, [x])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda y: y * (1 + y),
        lambda y: y * (1 - y) + sympy.Rational(1, 10**30),
        lambda y: y**2 * (1 - y),
        lambda y: 1 - y,
    ],
)
def test_a_planted_wrong_slope_is_found(wrong: Callable[[sympy.Expr], sympy.Expr]) -> None:
    x = sympy.Symbol("x", positive=True)
    entry = ACTIVATIONS["sigmoid"]
    assert isinstance(entry, Activation)
    value = in_sympy(entry.definition(X), {"x": x})
    assert not is_zero(sympy.diff(value, x) - wrong(value), [x])


KINKED = [entry.name for entry in ACTIVATIONS.values() if entry.kinked]


def slope_at(name: str, settings: Mapping[str, object], net: float) -> float:
    cells = arrays(1)
    equation = activation_map(Plain(name, settings), cells[1], cells[0])
    (partial,) = equation.partials
    assert partial.printed is not None
    leaf = {cells[0]: net, cells[1]: rounded(equation.computed_law(), lambda _: net)}
    found = rounded(partial.printed, leaf.__getitem__)
    assert partial.stable is None or rounded(partial.stable, leaf.__getitem__) == found
    return found


@pytest.mark.parametrize("name", KINKED)
@pytest.mark.parametrize("rule", [each for each in KINK_RULES if each != "error"])
def test_at_a_kink_the_slope_is_the_one_that_is_asked_for(name: str, rule: Fraction) -> None:
    settings = {"at_kink": rule, **({"alpha": Fraction(2)} if name == "elu" else {})}
    assert slope_at(name, settings, 0.0) == rule
    assert slope_at(name, settings, 5e-324) == 1
    assert slope_at(name, settings, -5e-324) == pytest.approx({"relu": 0, "leaky_relu": 0.01, "elu": 2}[name])


@pytest.mark.parametrize("name", KINKED)
def test_a_slope_at_a_kink_is_refused_where_the_rule_is_error(name: str) -> None:
    settings = {"at_kink": "error", **({"alpha": Fraction(2)} if name == "elu" else {})}
    with pytest.raises(KinkError, match="at_kink"):
        slope_at(name, settings, 0.0)
    assert slope_at(name, settings, 1.0) == 1


def test_elu_with_alpha_one_has_no_kink() -> None:
    assert slope_at("elu", {"at_kink": "error"}, 0.0) == 1


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Plain("sigmod"), "layers.0.: unknown activation 'sigmod'; did you mean 'sigmoid'"),
        (Plain("sigmoid", {"at_kink": Fraction(0)}), "sigmoid: unknown setting 'at_kink'; it has no settings"),
        (Plain("leaky_relu", {"slop": Fraction(0)}), "unknown setting 'slop'; did you mean 'slope'"),
        (Plain("leaky_relu", {"slope": "a"}), "slope: must be a number"),
        (Plain("relu", {"at_kink": Fraction(2)}), 'at_kink: .2. cannot be used; allowed: 0, 1, "1/2", "error"'),
    ],
)
def test_a_choice_that_cannot_be_used_is_refused(choice: Plain, message: str) -> None:
    net, out, _, _ = arrays(1)
    with pytest.raises(DescriptionError, match=message):
        activation_map(choice, out, net, place="layers[0]")


def test_a_formula_is_an_activation_with_its_derivative() -> None:
    net, out, _, _ = arrays(1)
    equation = activation_map(Plain(formula="x/(1 + abs(x))"), out, net)
    (partial,) = equation.partials
    assert partial.printed is not None
    for value in (0.75, -3.0):
        assert rounded(partial.printed, lambda _, value=value: value) == pytest.approx(
            1 / (1 + abs(value)) ** 2, rel=1e-15
        )
    # By the chain rule with the stated slope of abs: 1/(1+|x|) - x·s/(1+|x|)², and x is 0.
    assert rounded(partial.printed, lambda _: 0.0) == 1
