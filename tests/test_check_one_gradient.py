"""Mistakes in one array's gradient or in all of them, by gradients that are written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symbackprop as sb

STRENGTH, RATE = 0.1, 0.3


def network(observations: int, *, penalty: bool) -> sb.Network:
    random = np.random.default_rng(observations)
    layers = [
        {"units": units, "activation": activation, "weights": random.normal(size=(units, 3)).round(3).tolist(),
         "bias": random.normal(size=units).round(3).tolist()}
        for units, activation in ((3, "tanh"), (2, "sigmoid"))
    ]  # fmt: skip
    return sb.Network(
        inputs=random.normal(size=(observations, 3)).round(3).tolist(),
        targets=random.uniform(size=(observations, 2)).round(3).tolist(),
        layers=layers,
        loss="squared_error",
        penalty={"kind": "l2", "strength": STRENGTH} if penalty else None,
    )


def gradients(p: Any, x: Any, t: Any, *, strength: float, summed: str = "") -> dict[str, Any]:
    hidden = np.tanh(x @ p["W1"].T + p["b1"])
    out = 1 / (1 + np.exp(-(hidden @ p["W2"].T + p["b2"])))
    delta_2 = (out - t) * out * (1 - out) / len(x)
    delta_1 = delta_2 @ p["W2"] * (1 - hidden**2)
    found = {"W1": delta_1.T @ x, "b1": delta_1.sum(0), "W2": delta_2.T @ hidden, "b2": delta_2.sum(0)}
    if summed:
        found[summed] = found[summed] * len(x)
    return {key: value + (strength * p[key] if key[0] == "W" else 0) for key, value in found.items()}


@pytest.mark.parametrize("penalty", [True, False])
@pytest.mark.parametrize("key", ["W1", "b1", "W2", "b2"])
def test_a_mean_that_is_missing_in_one_gradient_is_named(key: str, penalty: bool) -> None:  # noqa: FBT001
    strength = STRENGTH if penalty else 0.0
    made = network(5, penalty=penalty)
    assert sb.check_gradients(lambda *each: gradients(*each, strength=strength), made)
    report = sb.check_gradients(lambda *each: gradients(*each, strength=strength, summed=key), made)
    assert [(each.name, each.parameters) for each in report.mistakes] == [("mean missing in one gradient", (key,))]
    assert report.complete


def test_of_two_observations_a_missing_mean_is_a_doubled_gradient_too_unless_a_penalty_tells_them_apart() -> None:
    def names(*, penalty: bool) -> list[str]:
        strength = STRENGTH if penalty else 0.0
        made = network(2, penalty=penalty)
        report = sb.check_gradients(lambda *each: gradients(*each, strength=strength, summed="W1"), made)
        return [each.name for each in report.mistakes]

    assert names(penalty=False) == ["mean missing in one gradient", "gradient doubled"]
    assert names(penalty=True) == ["mean missing in one gradient"]


def changed(change: Callable[[dict[str, Any], Any, Any, Any], dict[str, Any]], observations: int = 4) -> sb.Report:
    made = network(observations, penalty=False).with_values(
        {"update": {"rule": "gradient_descent", "learning_rate": RATE}}
    )
    return sb.check_gradients(lambda p, x, t: change(gradients(p, x, t, strength=0.0), p, x, t), made)


def test_observations_that_overwrite_each_other_are_named_in_all_gradients_at_once() -> None:
    """``dW = ...`` in a loop over the observations, where ``dW += ...`` belongs, divided by their number and not."""

    def last(found: Any, p: Any, x: Any, t: Any, share: float = 1.0) -> dict[str, Any]:
        return {key: share * value for key, value in gradients(p, x[-1:], t[-1:], strength=0.0).items()}

    for share, where in ((0.25, "the last one alone"), (1.0, "the last one alone, not divided by their number")):
        report = changed(lambda *each, share=share: last(*each, share=share))
        assert [each.name for each in report.mistakes] == ["one observation only"], report
        assert report.mistakes[0].parameters == ("W1", "b1", "W2", "b2")
        assert report.mistakes[0].where.endswith(f"; {where}")


def test_steps_and_new_parameters_in_place_of_gradients_are_named() -> None:
    steps = changed(lambda found, p, x, t: {key: -RATE * value for key, value in found.items()})
    assert [each.name for each in steps.mistakes] == ["step for gradient"]
    new = changed(lambda found, p, x, t: {key: p[key] - RATE * value for key, value in found.items()})
    assert [each.name for each in new.mistakes] == ["new values for gradients"]
    assert new.complete


def test_a_softmax_whose_slope_is_left_out_is_named() -> None:
    made = sb.Network(
        inputs=[[0.3, -0.8], [1.1, 0.4]], targets=[[0, 1, 0], [1, 0, 0]], loss="cross_entropy",
        layers=[{"units": 3, "activation": "softmax", "weights": [[0.2, 0.5], [-0.7, 0.1], [0.4, -0.3]],
                 "bias": [0.1, 0.0, -0.2]}],
    )  # fmt: skip

    def without(p: Any, x: Any, t: Any) -> dict[str, Any]:
        powers = np.exp(x @ p["W1"].T + p["b1"])
        delta = -t / (powers / powers.sum(1, keepdims=True)) / len(x)
        return {"W1": delta.T @ x, "b1": delta.sum(0)}

    report = sb.check_gradients(without, made)
    assert report.mistakes[0].name == "slope left out", report
    assert report.complete


def test_of_numbers_that_are_rounded_or_another_units_that_is_said() -> None:
    rounded = changed(lambda found, p, x, t: {key: value.round(4) for key, value in found.items()}).to_text()
    assert "the numbers are the right ones, rounded to 4 decimals" in rounded

    def copied(found: Any, p: Any, x: Any, t: Any) -> dict[str, Any]:
        return found | {"W1": found["W1"][[0, 1, 1]]}

    assert "only unit 3 of the layer is wrong (row 2): it has what belongs to unit 2" in changed(copied).to_text()

    def each_apart(found: Any, p: Any, x: Any, t: Any) -> dict[str, Any]:
        return found | {"W1": np.repeat(found["W1"][None], len(x), axis=0)}

    assert (
        "shape (4, 3, 3); expected (3, 3): the gradient is not summed over the observations"
        in changed(each_apart).to_text()
    )
