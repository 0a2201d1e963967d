"""Points that gradients are checked at: the gradients have values there, and a pair's targets keep its condition."""

from __future__ import annotations

from itertools import islice

import numpy as np

import symbackprop as sb
from symbackprop.checking.points import points

POINTS = 40


def test_every_point_is_one_where_the_gradients_have_values() -> None:
    """exp(300 x w) leaves the range of float32 at a good part of the numbers that are drawn for x and w."""
    network = sb.Network(equations=[("f", "exp(300*x*w)")], loss="f", inputs={"x": [0.5]}, parameters={"w": 0.1})
    drawn = list(islice(points(sb.derive(network).core, dtype="float32", seed=1), POINTS))
    assert [each.label for each in drawn[:2]] == ["the description's values", "random point 1 of seed 1"]
    products = [float(each.inputs(batched=True)["x"] * each.parameters(layout="to_from")["w"]) for each in drawn]
    assert all(300 * each < np.log(np.finfo("float32").max) for each in products)
    assert min(products) < 0 < max(products)


def test_random_targets_of_a_softmax_with_cross_entropy_sum_to_1() -> None:
    derivation = sb.derive(sb.Network.read("examples/softmax-classifier.toml"))
    for each in islice(points(derivation.core, dtype="float64", seed=1), 1, POINTS):
        rows = each.targets(batched=True)
        assert (rows >= 0).all()
        assert (rows.sum(axis=-1) == 1).all()
