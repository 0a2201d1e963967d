from __future__ import annotations

import pytest
import sympy

from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, TooLarge
from symbackprop.forms.delta import delta_form
from symbackprop.forms.steps import Step, steps
from symbackprop.network import Dense, Network
from symbackprop.values import evaluate
from tests.small import program, quantity, text, two_two_two

DEEP = [Dense(2, "sigmoid", weights=[[0.1, 0.2], [0.3, 0.4]], bias=[0.1, 0.2])] * 3
TOLERANCE = 1e-12  # of values near 1, in floats


def walked(derivation: Derivation, name: str) -> tuple[Step, ...]:
    return steps(derivation, quantity(derivation, name))


def assert_proven_and_equal(derivation: Derivation, name: str) -> None:
    values = evaluate(derivation)
    wanted = values.of(quantity(derivation, name))
    for step in walked(derivation, name):
        assert step.proof.holds, step.title
        assert step.proof.exact, step.title
        assert abs(values.numbers.arithmetic.evaluate(step.expression, values.of) - wanted) < TOLERANCE, step.title


def test_the_way_of_a_hidden_weight_in_named_steps() -> None:
    derivation = two_two_two()
    found = walked(derivation, "dE/dw[1][0][0]")
    assert [step.title for step in found] == [
        "closed form",
        "name the shared subexpressions",
        "write the slopes in terms of the outputs",
        "name the deltas of layer 2",
        "collect what the paths share up to layer 1",
        "name the deltas of layer 1",
    ]
    assert [text(derivation, step.expression) for step in found[3:]] == [
        "δ_o1 * w_5 * out_h1 * (1 - out_h1) * x_1 + δ_o2 * w_7 * out_h1 * (1 - out_h1) * x_1",
        "(δ_o1 * w_5 + δ_o2 * w_7) * out_h1 * (1 - out_h1) * x_1",
        "δ_h1 * x_1",
    ]


def test_the_closed_form_has_only_given_quantities_and_the_last_step_is_the_delta_form() -> None:
    derivation = two_two_two()
    found = walked(derivation, "dE/dw[1][0][0]")
    names = {str(symbol) for symbol in found[0].sympy().free_symbols}
    assert names == {*(f"w_{n}" for n in range(1, 9)), *(f"b_{n}" for n in range(1, 5)), "x_1", "x_2", "t_1", "t_2"}
    assert found[-1].expression == delta_form(derivation, quantity(derivation, "dE/dw[1][0][0]")).expression


def test_the_slope_of_the_net_becomes_that_of_the_output() -> None:
    derivation = two_two_two()
    _, named, sloped, _ = walked(derivation, "dE/dw[2][0][0]")
    assert text(derivation, named.expression) == "(out_o1 - t_1) * (exp(-net_o1) / (1 + exp(-net_o1))^2) * out_h1"
    assert text(derivation, sloped.expression) == "(out_o1 - t_1) * out_o1 * (1 - out_o1) * out_h1"
    definitions = {derivation.notation.plain(each): text(derivation, own) for each, own in named.definitions.items()}
    assert definitions["net_o1"] == "w_5 * out_h1 + w_6 * out_h2 + b_3"
    assert definitions["out_o1"] == "1 / (1 + exp(-net_o1))"


def test_each_step_begins_where_the_one_before_it_ends() -> None:
    found = walked(two_two_two(), "dE/dw[1][0][0]")
    assert found[0].before is None
    assert [step.before for step in found[1:]] == [step.expression for step in found[:-1]]


def test_the_closed_form_is_sympys_derivative_of_the_closed_loss() -> None:
    derivation = derive(
        Network(
            inputs=[2], targets=[1], loss="squared_error", layers=[Dense(1, "sigmoid", weights=[[0.5]], bias=[0.1])]
        )
    )
    w, b, x, t = sympy.symbols("w_1 b_1 x_1 t", real=True)
    loss = (1 / (1 + sympy.exp(-(w * x + b))) - t) ** 2 / 2
    assert walked(derivation, "dE/dw[1][0][0]")[0].sympy() == sympy.diff(loss, w)


def test_the_rewrite_of_softmax_with_cross_entropy_is_a_step_with_its_condition() -> None:
    derivation = two_two_two("tanh", "softmax", loss="cross_entropy", targets=[0, 1])
    found = walked(derivation, "dE/dw[2][0][0]")
    (rewrite,) = [step for step in found if step.title == "rewrite softmax with cross_entropy"]
    assert "the targets of each observation sum to 1" in rewrite.reason
    assert text(derivation, rewrite.expression) == "(out_o1 - t_1) * out_h1"


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "softmax"])
def test_every_step_is_proven_and_keeps_the_value(activation: str) -> None:
    assert_proven_and_equal(two_two_two(activation), "dE/dw[1][0][0]")


@pytest.mark.parametrize(
    "derivation",
    [
        two_two_two("tanh", "softmax", loss="cross_entropy", targets=[0, 1]),
        two_two_two("tanh", "sigmoid", loss="binary_cross_entropy"),
        two_two_two(inputs=[[1, 2], [3, 4]], targets=[[0, 1], [1, 0]], penalty={"kind": "l1", "strength": 0.1}),
        two_two_two(notation={"preset": "indexed", "delta_sign": "-"}),
        derive(Network(inputs=[0.1, 0.2], targets=[0, 1], loss="squared_error", layers=DEEP)),
    ],
    ids=["softmax", "binary cross-entropy", "observations and penalty", "negative delta", "three layers"],
)
def test_steps_hold_in_every_kind_of_network(derivation: Derivation) -> None:
    assert_proven_and_equal(derivation, "dE/dw[1][0][0]")
    assert_proven_and_equal(derivation, "dE/db[1][1]")


def test_a_tied_parameters_steps_sum_over_its_uses() -> None:
    network = Network(
        inputs=[1, 2],
        targets=[1],
        loss="squared_error",
        layers=[Dense(2, "tanh", weights=[["a", "b"], ["a", 0.1]]), Dense(1, "tanh", weights=[["a", 0.2]])],
        parameters={"a": 0.5, "b": 0.25},
    )
    derivation = derive(network)
    assert_proven_and_equal(derivation, "dE/da")
    assert text(derivation, walked(derivation, "dE/da")[-1].expression) == "δ_h1 * x_1 + δ_h2 * x_1 + δ_o1 * out_h1"


def test_a_programs_steps_end_with_the_derivatives_by_its_variables() -> None:
    derivation = program(("q", "x + y"), ("f", "q*z*q + exp(x)"), x=1, y=2, z=3)
    found = walked(derivation, "df/dx")
    assert len(found) > 1
    assert all(step.proof for step in found)
    assert text(derivation, found[-1].expression) == "df/dq + exp(x)"


def test_steps_are_refused_above_their_limits_and_for_parts_of_the_loss() -> None:
    wide = [Dense(12, "tanh", weights=[[0.1] * before] * 12) for before in (2, 12, 12)]
    derivation = derive(Network(inputs=[1, 2], targets=[0] * 12, loss="squared_error", layers=wide))
    with pytest.raises(TooLarge, match="the limit is"):
        walked(derivation, "dE/dw[1][0][0]")
    with pytest.raises(InputError, match="derivatives of the whole loss"):
        walked(two_two_two(), "dE[0]/dw[1][0][0]")
