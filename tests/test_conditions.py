"""Condition bounds: no float is further from the exact value, also where rounding decides the side of a kink."""

from __future__ import annotations

import pytest

import symbackprop as sb
from symbackprop.quantities import Quantity

CANCELLING = [("0.1", "0.2", "0.3"), ("1.1", "2.2", "3.3"), ("1.3", "0.4", "1.7"), ("0.7", "0.1", "0.8")]
DIGITS = 40
SMALL = 1e-14  # the largest bound: of sums of numbers of a few units, and slopes up to 4


@pytest.mark.parametrize("formula", ["relu(q)", "abs(q)", "max(q, 0)", "4*leaky_relu(q)", "sin(q)", "q^2", "exp(q)"])
@pytest.mark.parametrize("numbers", CANCELLING, ids=" ".join)
def test_a_difference_that_is_0_but_for_rounding_is_within_its_bound(numbers: tuple[str, ...], formula: str) -> None:
    """As floats the sums are some 1e-17 off, to one side or the other; exactly they are 0."""
    inputs = {name: [number] for name, number in zip("abc", numbers, strict=True)}
    network = sb.Network(equations=[("q", "a + b - c"), ("f", formula)], loss="f", inputs=inputs)
    derivation = sb.derive(network)
    floats, exact = derivation.evaluate(), derivation.evaluate(precision=DIGITS)
    assert floats["q"] != 0
    for name in ("q", "f"):
        quantity = derivation.names.resolve(name)
        assert isinstance(quantity, Quantity)
        assert abs(floats[name] - exact[name]) <= floats.bound(quantity) <= SMALL
