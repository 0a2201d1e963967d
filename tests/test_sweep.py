"""Derivatives of single nets and outs, summed over observations and by observation: facts that need no arithmetic."""

from __future__ import annotations

import pytest

import symbackprop as sb

OBSERVATIONS = 3


def derived(bias: str) -> sb.Derivation:
    return sb.derive(
        sb.Network.parse(
            f"""
            [inputs]
            values = [[1], [2], [5]]
            [targets]
            values = [[1, 1], [0, 0], [1, 0]]
            [[layers]]
            units = 2
            activation = "identity"
            weights = [[0.5], [0.25]]
            bias = {bias}
            [loss]
            name = "squared_error"
            """
        )
    )


@pytest.mark.parametrize("bias", ["[0.1, 0.2]", "0.3"])
def test_a_net_has_slope_1_by_its_bias_at_each_observation(bias: str) -> None:
    derivation = derived(bias)
    values, core = derivation.evaluate(), derivation.core
    own = core.derivative(core.now.nets[0], 1, core.arrays.biases[0])
    assert sum(values.array(own)) == OBSERVATIONS
    assert sum(values.array(core.share(own))) == OBSERVATIONS
    assert values["dnet[1][1]/db[1][1]@2"] == 1


def test_a_net_has_its_input_as_slope_by_a_weight() -> None:
    derivation = derived("0.3")
    values, core = derivation.evaluate(), derivation.core
    own = core.derivative(core.now.nets[0], 1, core.arrays.weights[0])
    assert values.array(own) == [0, 1 + 2 + 5]
    assert values.array(core.share(own)) == [0, 1, 0, 2, 0, 5]


def test_the_shares_of_the_observations_sum_to_the_whole() -> None:
    values = derived("0.3").evaluate()
    for name in ("loss", "dE/dw[1][0][0]", "dE/db[1][0]"):
        shares = [values[f"{name}@{number}"] for number in range(OBSERVATIONS)]
        assert sum(shares) == pytest.approx(values[name], rel=1e-15)


def test_what_a_program_computes_beside_its_loss_has_no_part_in_the_gradients() -> None:
    equations = [("h", "w*x"), ("z", "v*h + w"), ("E", "h^2*v")]  # E = 2.25 w² v
    network = sb.Network(equations=equations, loss="E", inputs={"x": [1.5]}, parameters={"w": 2, "v": 3})
    derivation = sb.derive(network)
    values = derivation.evaluate()
    assert [values[each] for each in ("E", "dE/dw", "dE/dv", "z")] == [27, 27, 9, 11]
    assert [values[each] for each in ("dz/dw", "dz/dv", "dz/dh")] == [5.5, 3, 3]
    assert derivation.prove()
    loss, gradients = derivation.compile("python").loss_and_gradients({"w": 2.0, "v": 3.0}, {"x": 1.5})
    assert (loss, gradients) == (27, {"w": 27, "v": 9})
    assert "dE/dv = h^2 = 3^2 = 9" in derivation.to_text()


@pytest.mark.parametrize("rule", ["gradient_descent", "adam"])
def test_a_parameter_that_the_loss_does_not_use_has_gradient_0_and_keeps_its_value(rule: str) -> None:
    network = sb.Network(
        equations=[("h", "v*x"), ("E", "w*x^2")], loss="E", inputs={"x": [3]}, parameters={"w": 2, "v": 5},
        update={"rule": rule, "learning_rate": 0.1},
    )  # fmt: skip
    derivation = sb.derive(network)
    values = derivation.evaluate()
    assert [values[each] for each in ("dE/dw", "dE/dv", "new:v")] == [9, 0, 5]
    assert derivation.prove()
    assert "dE/dv = 0" in derivation.to_text()
    assert derivation.compile("python").loss_and_gradients({"w": 2.0, "v": 5.0}, {"x": 3.0}) == (18, {"w": 9, "v": 0})


@pytest.mark.parametrize(("reduction", "count"), [("sum", 2), ("mean", 1)])
def test_a_result_of_parameters_alone_is_added_up_for_each_observation(reduction: str, count: int) -> None:
    network = sb.Network(
        equations=[("h", "w^2"), ("f", "3*h")], loss="f", inputs={"x": [1, 4]}, parameters={"w": 2},
        over_observations=reduction, update={"rule": "gradient_descent", "learning_rate": 0.5},
    )  # fmt: skip
    values = sb.derive(network).evaluate()
    names = ("loss", "dE/dw", "dE/dw@0", "dE/dh@1", "new:w")
    assert [values[each] for each in names] == [12 * count, 12 * count, 6 * count, 1.5 * count, 2 - 6 * count]


def test_shares_of_what_all_observations_have_in_common_are_each_observations_own() -> None:
    network = sb.Network(  # E = x h^2, h = w^2
        equations=[("h", "w^2"), ("E", "x*h^2")], loss="E", inputs={"x": [1, 4]}, parameters={"w": 3},
        over_observations="sum",
    )  # fmt: skip
    values = sb.derive(network).evaluate()
    assert [values[f"dE/dw@{row}"] for row in range(2)] == [4 * 27, 4 * 4 * 27]


@pytest.mark.parametrize(("kind", "slope"), [("l2", 0.1 * 0.5), ("l1", 0.1)])
def test_a_derivative_by_a_tied_position_is_the_parameters_whatever_lies_between(kind: str, slope: float) -> None:
    network = sb.Network(
        inputs=[1, 2], targets=[1], loss="squared_error", parameters={"a": 0.5},
        layers=[sb.Dense(1, "tanh", weights=[["a", 0.3]]), sb.Dense(1, "identity", weights=[["a"]])],
        penalty={"kind": kind, "strength": 0.1},
    )  # fmt: skip
    values = sb.derive(network).evaluate()
    for place in ("a", "w[1][0][0]", "w[2][0][0]"):
        assert values[f"dpenalty/d{place}"] == pytest.approx(slope, rel=1e-15)
        assert values[f"dnet[1][0]/d{place}"] == 1
    uses = ("dpenalty/dw[1][0][0]", "dnet[1][0]/dw[1][0][0]", "dnet[1][0]/dw[2][0][0]")
    assert [values[f"use:{each}"] for each in uses] == [0, 1, 0]
