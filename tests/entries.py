"""Entries of the catalogue: settings that are tried, the cells of one layer, and when a number or a slope is right."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from symbackprop.quantities import Array, Axis, Cell, Role
from tests.plain import ulps

ROUNDED_ULPS = 0.51  # what `rounded` promises: half an ulp, and a little for rounding twice
SMALLEST_NORMAL = 2.2250738585072014e-308
LARGEST = 1.7976931348623157e308

VARIANTS: Mapping[str, Sequence[Mapping[str, Fraction]]] = {
    "leaky_relu": ({"slope": Fraction(1, 100)}, {"slope": Fraction(3, 2)}),
    "elu": ({"alpha": Fraction(1)}, {"alpha": Fraction(7, 3)}),
    "huber": ({"delta": Fraction(1)}, {"delta": Fraction(1, 3)}),
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


def arrays(units: int) -> tuple[Cell, Cell, Cell, Cell]:
    """Net, out, target and part of one layer for one observation, by letters."""
    axes = (Axis("observation", 1), Axis("unit", units, 1))
    return tuple(Cell(Array(role, axes, 1), ("n", "j")) for role in (Role.NET, Role.OUT, Role.TARGET, Role.PART))  # type: ignore[return-value]
