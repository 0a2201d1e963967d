"""Softmax, and every pair of an activation and a loss with one delta: right to the last bit, and what the chain gives.

Values are compared with textbook definitions in mpmath at 400 digits, printed terms with `sympy.diff`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy

from symbackprop.arithmetic import rounded
from symbackprop.catalogue.activations import activation_map
from symbackprop.catalogue.entries import Plain
from symbackprop.catalogue.losses import Orders, loss_map
from symbackprop.catalogue.pairs import PAIRS, Pair
from symbackprop.quantities import Array, Cell, Quantity, Role
from symbackprop.system import Map, SumOfProducts, scalar
from symbackprop.terms import Term
from tests.entries import arrays, assert_rounded, is_zero
from tests.plain import in_sympy

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
