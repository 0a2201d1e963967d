"""Every loss and penalty: what is computed is right to the last bit, and what is printed is its derivative.

Entries enter by themselves. Values are compared with the textbook definition in mpmath at 380 digits and more
(`tests.plain`), printed slopes with `sympy.diff`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
import sympy

from symbackprop.arithmetic import rounded
from symbackprop.calculus import differentiated
from symbackprop.catalogue.entries import KINK_RULES, Plain
from symbackprop.catalogue.losses import LOSSES, Orders, loss_map
from symbackprop.catalogue.penalties import PENALTIES
from symbackprop.errors import DescriptionError
from symbackprop.expressions import BySign, Reference, as_expression
from symbackprop.quantities import Array, Cell, Role
from symbackprop.terms import Term
from tests.entries import VARIANTS, assert_rounded
from tests.plain import in_mpmath, in_sympy


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
