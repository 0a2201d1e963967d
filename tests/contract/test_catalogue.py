"""Every entry of the catalogue: what is computed is right to the last bit, and what is printed is its derivative.

Entries enter by themselves. Values are compared with the textbook definition in mpmath at 380 digits and more
(`tests.plain`), printed slopes with `sympy.diff`.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from symbackprop.arithmetic import rounded
from symbackprop.calculus import differentiated
from symbackprop.catalogue.activations import ACTIVATIONS, Activation, activation_map
from symbackprop.catalogue.entries import KINK_RULES, Plain
from symbackprop.catalogue.losses import LOSSES, Orders, loss_map
from symbackprop.catalogue.pairs import PAIRS, Pair
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.catalogue.updates import UPDATES
from symbackprop.errors import DescriptionError, KinkError
from symbackprop.expressions import ONE, ZERO, BySign, Expression, Reference, as_expression, leaves, substituted
from symbackprop.formulas import parse
from symbackprop.quantities import Array, Axis, Cell, Quantity, Role
from symbackprop.system import Map, SumOfProducts, scalar
from symbackprop.terms import Term
from tests.plain import in_floats, in_mpmath, in_sympy, ulps

ROUNDED_ULPS = 0.51  # what `rounded` promises: half an ulp, and a little for rounding twice
CONTRACT_ULPS = 8.0  # what every output owes; plain floats reach it except where PLAIN_ULPS says how much they reach
SMALLEST_NORMAL = 2.2250738585072014e-308
LARGEST = 1.7976931348623157e308

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

VARIANTS: Mapping[str, Sequence[Mapping[str, Fraction]]] = {
    "leaky_relu": ({"slope": Fraction(1, 100)}, {"slope": Fraction(3, 2)}),
    "elu": ({"alpha": Fraction(1)}, {"alpha": Fraction(7, 3)}),
    "huber": ({"delta": Fraction(1)}, {"delta": Fraction(1, 3)}),
}

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


def is_normal(wanted: Any) -> bool:
    return wanted == 0 or SMALLEST_NORMAL <= abs(wanted) <= LARGEST


def assert_rounded(found: float, wanted: Any) -> None:
    """Right to the last bit; below the normal range to the smallest float, beyond the range infinite."""
    if is_normal(wanted):
        assert ulps(found, wanted) <= ROUNDED_ULPS
    elif abs(wanted) > LARGEST:
        assert abs(found) >= LARGEST
        assert (found > 0) == (wanted > 0)
    else:
        assert abs(found - float(wanted)) <= 5e-324


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


def is_zero(difference: sympy.Expr, symbols: Sequence[sympy.Symbol]) -> bool:
    """Whether an expression vanishes: as a rational function of exponentials, else to 40 digits at 12 random points."""
    if sympy.cancel(sympy.expand(difference.rewrite(sympy.exp))) == 0:
        return True
    source = random.Random(7)
    for _ in range(12):
        point = {}
        for symbol in symbols:
            size = sympy.Rational(source.randint(1, 4_000), 1_009)
            point[symbol] = -size if symbol.is_negative else size
        if abs(difference.subs(point).evalf(50)) > sympy.Float("1e-40"):
            return False
    return True


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


def arrays(units: int) -> tuple[Cell, Cell, Cell, Cell]:
    """Net, out, target and part of one layer for one observation, by letters."""
    axes = (Axis("observation", 1), Axis("unit", units, 1))
    return tuple(Cell(Array(role, axes, 1), ("n", "j")) for role in (Role.NET, Role.OUT, Role.TARGET, Role.PART))  # type: ignore[return-value]


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


ROWS = [
    (0.3, -1.2, 2.5),
    (0.0, 0.0, 0.0),
    (40.0, 0.0, -40.0),
    (745.0, 0.0, 745.0),
    (-1000.0, 1000.0, 999.5),
    (1e308, -1e308, 1e308),
    (1e308, -1e308, 0.0),
    (-1e308, -1e308, -1e308),
    (5e-324, 0.0, 1e-300),
]
TARGET_ROWS = [(1, 0, 0), (0, 0, 1), (Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)), (2, 1, 0)]


def quantity_values(net: Cell, row: Sequence[float], target: Cell, targets: Sequence[Any]) -> dict[Quantity, Any]:
    values: dict[Quantity, Any] = {Quantity(net.array, (0, unit)): each for unit, each in enumerate(row)}
    return values | {Quantity(target.array, (0, unit)): each for unit, each in enumerate(targets)}


def softmax_in_mpmath(row: Sequence[float]) -> list[Any]:
    powers = [mpmath.exp(mpmath.mpf(each) - max(row)) for each in row]
    return [each / sum(powers) for each in powers]


@pytest.mark.parametrize("row", ROWS)
def test_softmax_and_its_jacobian_are_rounded_once(row: tuple[float, ...]) -> None:
    net, out, target, _ = arrays(3)
    equation = activation_map(Plain("softmax"), out, net)
    (partial,) = equation.partials
    assert partial.stable is not None
    slope = Map(Cell(Array(Role.DERIVATIVE, (*out.array.axes, out.array.axes[1])), ("n", "j", "k")), partial.stable)
    values = quantity_values(net, row, target, ())
    with mpmath.workdps(400):
        shares = softmax_in_mpmath(row)
        for j in range(3):
            assert_rounded(rounded(scalar(equation, (0, j), computed=True), values.__getitem__), shares[j])
            for k in range(3):
                rest = sum(share for unit, share in enumerate(shares) if unit != j)
                wanted = shares[j] * (rest if j == k else -shares[k])
                assert_rounded(rounded(scalar(slope, (0, j, k)), values.__getitem__), wanted)


def test_the_terms_of_the_jacobian_of_softmax_are_its_derivative() -> None:
    net, out, _, _ = arrays(3)
    equation = activation_map(Plain("softmax"), out, net)
    (partial,) = equation.partials
    jacobian = Cell(Array(Role.DERIVATIVE, (*out.array.axes, out.array.axes[1])), ("n", "j", "k"))
    symbols = {Quantity(net.array, (0, unit)): sympy.Symbol(f"x{unit}", real=True) for unit in range(3)}
    outs = {Quantity(out.array, (0, j)): in_sympy(scalar(equation, (0, j)), symbols) for j in range(3)}
    for j, k in itertools.product(range(3), repeat=2):
        stated = in_sympy(scalar(SumOfProducts(jacobian, partial.terms), (0, j, k)), outs)
        derived = sympy.diff(outs[Quantity(out.array, (0, j))], symbols[Quantity(net.array, (0, k))])
        assert is_zero(stated - derived, list(symbols.values()))


def textbook_pair(pair: Pair, row: Sequence[float], targets: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Parts, their slopes by out, and deltas of both pairs from their definitions, in mpmath."""
    goals = [mpmath.mpf(Fraction(t).numerator) / Fraction(t).denominator for t in targets]
    if pair.activation == "softmax":
        outs = softmax_in_mpmath(row)
        parts = [-t * mpmath.log(y) for t, y in zip(goals, outs, strict=True)]
        slopes = [-t / y for t, y in zip(goals, outs, strict=True)]
        return parts, slopes, [y * sum(goals) - t for t, y in zip(goals, outs, strict=True)]
    outs = [1 / (1 + mpmath.exp(-mpmath.mpf(each))) for each in row]
    rests = [1 / (1 + mpmath.exp(mpmath.mpf(each))) for each in row]
    triples = list(zip(goals, outs, rests, strict=True))
    parts = [-t * mpmath.log(y) - (1 - t) * mpmath.log(z) for t, y, z in triples]
    slopes = [-t / y + (1 - t) / z for t, y, z in triples]
    return parts, slopes, [(1 - t) * y - t * z for t, y, z in triples]


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
@pytest.mark.parametrize("targets", TARGET_ROWS, ids=str)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_pair_is_rounded_once_from_its_nets(pair: Pair, row: tuple[float, ...], targets: tuple[Any, ...]) -> None:
    net, _, target, part = arrays(3)
    values = quantity_values(net, row, target, targets)
    with mpmath.workdps(400):
        wanted = textbook_pair(pair, row, targets)
        for stable, column in zip((pair.stable_part, pair.stable_out_slope, pair.stable_delta), wanted, strict=True):
            equation = Map(part, stable(net, target))
            for unit in range(3):
                found = rounded(scalar(equation, (0, unit)), values.__getitem__)
                exact = column[unit]
                assert_rounded(found, mpmath.mpf(0) if abs(exact) < mpmath.mpf("1e-370") else exact)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=lambda pair: pair.name)
@pytest.mark.parametrize("targets", TARGET_ROWS, ids=str)
def test_a_pairs_printed_delta_is_the_chain_through_the_full_jacobian(pair: Pair, targets: tuple[Any, ...]) -> None:
    outs = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
    net, out, target, part = arrays(3)
    loss = loss_map(Plain(pair.loss), part, out, target, Term())
    activation = activation_map(Plain(pair.activation), out, net)
    values = {Quantity(out.array, (0, unit)): each for unit, each in enumerate(outs)}
    values |= {Quantity(target.array, (0, unit)): Fraction(each) for unit, each in enumerate(targets)}
    deltas = [in_sympy(scalar(Map(part, pair.delta(out, target, Orders())), (0, unit)), values) for unit in range(3)]
    chained = [sum(_link(loss, activation, values, i, j) for i in range(3)) for j in range(3)]
    assert (chained == deltas) == pair.row_holds([Fraction(each) for each in targets])


def _link(loss: Map, activation: Map, values: Mapping[Quantity, Fraction], i: int, j: int) -> Any:
    """∂part_i/∂out_i · ∂out_i/∂net_j from the stated partials."""
    (by_out,), (by_net,) = loss.partials, activation.partials
    assert by_out.printed is not None
    first = in_sympy(scalar(Map(loss.target, by_out.printed), (0, i)), values)
    if by_net.terms:
        axes = (*activation.target.array.axes, activation.target.array.axes[1])
        jacobian = SumOfProducts(Cell(Array(Role.DERIVATIVE, axes), ("n", "j", "k")), by_net.terms)
        return first * in_sympy(scalar(jacobian, (0, i, j)), values)
    assert by_net.printed is not None
    return first * in_sympy(scalar(Map(activation.target, by_net.printed), (0, i)), values) if i == j else 0


def test_a_pair_holds_where_its_condition_does() -> None:
    softmax = PAIRS["softmax+cross_entropy"]
    assert softmax.holds(None)
    assert softmax.holds([["t_1", "t_2"]])
    assert softmax.condition == "the targets of each observation sum to 1"
    assert not softmax.holds([[_number(1), _number(0)], [_number(1), _number(1)]])
    assert PAIRS["sigmoid+binary_cross_entropy"].holds([[_number(1), _number(1)]])


class _number:  # noqa: N801 - stands for network.ExactNumber
    def __init__(self, value: int) -> None:
        self.value = Fraction(value)


def loss_choices() -> list[Any]:
    return [
        pytest.param(entry.name, settings, first, id=f"{entry.name}-{'target' if first else 'out'}-first")
        for entry in LOSSES.values()
        for settings in VARIANTS.get(entry.name, (entry.settings,))[:1]
        for first in (False, True)
    ]


OUT, TARGET = Cell(Array(Role.OUT), ()), Cell(Array(Role.TARGET), ())
SHARES = [0.25, 1e-300, 5e-324, 1 - 2**-53, 0.5]


def loss_points(name: str) -> list[tuple[float, float]]:
    if "entropy" in name:
        return [(y, t) for y in SHARES for t in (0.0, 1.0, 0.3)]
    ends = [0.0, 0.3, 1.0, -2.5, 1e-300, 1e100, -1e300]
    return [(y, t) for y in ends for t in ends if y != t]


@pytest.mark.parametrize(("name", "settings", "target_first"), loss_choices())
def test_a_loss_and_its_slope_are_rounded_once(
    name: str, settings: Mapping[str, Fraction], *, target_first: bool
) -> None:
    equation = loss_map(
        Plain(name, settings), Cell(Array(Role.PART), ()), OUT, TARGET, Term(), orders=Orders(target_first=target_first)
    )
    (partial,) = equation.partials
    slope = partial.stable or partial.printed
    assert slope is not None
    for out, target in loss_points(name):
        values = {OUT: out, TARGET: target}
        if not (target in (0.0, 1.0) and "binary" in name and out in (1.0,)):
            assert_rounded(rounded(equation.computed_law(), values.__getitem__), in_mpmath(equation.body, values))
            assert_rounded(rounded(slope, values.__getitem__), in_mpmath(differentiated(equation.body, OUT), values))


@pytest.mark.parametrize(("name", "settings", "target_first"), loss_choices())
def test_a_losss_printed_slope_is_its_derivative(
    name: str, settings: Mapping[str, Fraction], *, target_first: bool
) -> None:
    equation = loss_map(
        Plain(name, settings), Cell(Array(Role.PART), ()), OUT, TARGET, Term(), orders=Orders(target_first=target_first)
    )
    (partial,) = equation.partials
    assert partial.printed is not None
    half = Fraction(1, 2)
    for y, t in ((half / 2, half), (half, half / 3), (Fraction(9, 10), -Fraction(4)), (-Fraction(7), Fraction(1, 5))):
        if "entropy" in name and not 0 < y < 1:
            continue
        symbol = sympy.Symbol("y", real=True)
        body = in_sympy(equation.body, {OUT: symbol, TARGET: t}, signs_at={symbol: y})
        printed = in_sympy(partial.printed, {OUT: y, TARGET: t})
        assert sympy.diff(body, symbol).subs(symbol, sympy.Rational(y)) == printed


def test_a_width_of_huber_that_is_not_positive_is_refused() -> None:
    with pytest.raises(DescriptionError, match=r"^loss: huber: delta: must be above 0"):
        loss_map(Plain("huber", {"delta": Fraction(0)}), Cell(Array(Role.PART), ()), OUT, TARGET, Term(), place="loss")


@pytest.mark.parametrize(("name", "out", "wanted"), [("cross_entropy", 0.0, 0.0), ("binary_cross_entropy", 0.0, 0.0)])
def test_an_impossible_output_with_target_zero_costs_nothing(name: str, out: float, wanted: float) -> None:
    equation = loss_map(Plain(name), Cell(Array(Role.PART), ()), OUT, TARGET, Term())
    assert rounded(equation.computed_law(), {OUT: out, TARGET: 0.0}.__getitem__) == wanted


def test_the_slope_of_an_absolute_error_of_nothing_is_at_kink() -> None:
    for rule, slope in KINK_RULES.items():
        equation = loss_map(Plain("absolute_error", {"at_kink": rule}), Cell(Array(Role.PART), ()), OUT, TARGET, Term())
        (partial,) = equation.partials
        assert isinstance(partial.printed, BySign)
        assert partial.printed.zero == slope


def test_the_difference_stands_in_the_authors_order_and_its_slope_as_out_minus_target() -> None:
    part, out, target = (Cell(Array(role), ()) for role in (Role.PART, Role.OUT, Role.TARGET))
    found = loss_map(Plain("squared_error"), part, out, target, Term(), orders=Orders(target_first=True))
    assert found.body == (Reference(target) - Reference(out)) ** 2
    assert found.partials[0].printed == 2 * (Reference(out) - Reference(target))


@pytest.mark.parametrize("entry", PENALTIES.values(), ids=lambda entry: entry.name)
def test_a_penaltys_slope_is_its_derivative(entry: Any) -> None:
    w = Reference("w")
    for point in (0.75, -2.0):
        wanted = in_mpmath(differentiated(entry.term(w), "w"), {"w": point})
        assert rounded(entry.slope(w, as_expression(0)), lambda _, point=point: point) == wanted


@pytest.mark.parametrize("entry", UPDATES.values(), ids=lambda entry: entry.name)
def test_an_update_rules_formulas_use_only_its_names(entry: Any) -> None:
    for place in entry.epsilon_places or (None,):
        equations = entry.equations({} if place is None else {"epsilon_place": place})
        names = ["value", "gradient", "rate", *entry.numbers, *entry.states]
        used: set[object] = set()
        for name, formula in equations:
            used |= set(leaves(parse(formula, variables=names)))
            names.append(name)
        assert [name for name, _ in equations] == [*(f"new_{state}" for state in entry.states), "value"]
        assert used >= {"value", "gradient", "rate", *entry.numbers, *entry.states}


def updated(rule: str, settings: Mapping[str, Any], gradients: Sequence[float]) -> float:
    """A parameter that began at 1, after these gradients, by the rule's formulas; rate 1/10."""
    entry = UPDATES[rule]
    values: dict[str, Any] = {
        **entry.numbers,
        **settings,
        "value": 1.0,
        "rate": 0.1,
        **dict.fromkeys(entry.states, 0.0),
    }
    for step, gradient in enumerate(gradients, 1):
        values |= {"gradient": gradient} | ({"step": step} if entry.counts_steps else {})
        for name, formula in entry.equations(settings):
            values[name] = rounded(parse(formula, variables=values), values.__getitem__)
        values |= {state: values[f"new_{state}"] for state in entry.states}
    return float(values["value"])


# By hand: momentum's velocities are 2 and 0.9*2 + 1 = 2.8; RMSProp's mean squares are 0.1*4 and 0.9*0.4 + 0.1*1;
# Adam's corrected first step is rate*g/(|g| + epsilon), its second rate*m/(sqrt(v) + epsilon) with the corrected
# m = (0.9*0.2 + 0.1)/0.19 and v = (0.999*0.004 + 0.001)/(1 - 0.999²).
BY_HAND = [
    ("gradient_descent", {}, 1 - 0.1 * 2 - 0.1 * 1),
    ("momentum", {}, 1 - 0.1 * 2 - 0.1 * 2.8),
    ("rmsprop", {}, 1 - 0.2 / (math.sqrt(0.4) + 1e-8) - 0.1 / (math.sqrt(0.46) + 1e-8)),
    ("rmsprop", {"epsilon_place": "inside", "epsilon": 0.01}, 1 - 0.2 / math.sqrt(0.41) - 0.1 / math.sqrt(0.47)),
    ("adam", {}, 1 - 0.2 / (2 + 1e-8) - 0.1 * (0.28 / 0.19) / (math.sqrt(0.004996 / 0.001999) + 1e-8)),
    (
        "adam",
        {"epsilon_place": "inside", "epsilon": 0.01},
        1 - 0.2 / math.sqrt(4.01) - 0.1 * (0.28 / 0.19) / math.sqrt(0.004996 / 0.001999 + 0.01),
    ),
]


@pytest.mark.parametrize(("rule", "settings", "wanted"), BY_HAND)
def test_an_update_rule_gives_the_values_computed_by_hand(
    rule: str, settings: Mapping[str, Any], wanted: float
) -> None:
    assert updated(rule, settings, [2.0, 1.0]) == pytest.approx(wanted, rel=1e-13)


def test_an_unknown_place_of_epsilon_is_refused() -> None:
    with pytest.raises(DescriptionError, match="epsilon_place: 'outsid' cannot be used; did you mean 'outside'"):
        UPDATES["adam"].equations({"epsilon_place": "outsid"})
    with pytest.raises(DescriptionError, match="momentum has no epsilon"):
        UPDATES["momentum"].equations({"epsilon_place": "inside"})


def test_the_tables_are_ordered_and_named() -> None:
    for table in (ACTIVATIONS, LOSSES, PAIRS, PENALTIES, UPDATES):
        assert [entry.name for entry in table.values()] == list(table)
        assert all(entry.sentence for entry in table.values())
    assert substituted(ONE, Reference) == ONE
