"""Mistakes in one array's gradient, beside a penalty and without one; gradients written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symbackprop as sb

STRENGTH = 0.1


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
