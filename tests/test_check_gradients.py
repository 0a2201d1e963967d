"""The gradient check: what is right is right, what is wrong is found, and what the report says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbackprop.checking.gradients import check_gradients, check_values
from symbackprop.derivation import derive
from symbackprop.errors import InputError, OutsideError
from symbackprop.network import Network
from symbackprop.testing import assert_gradients
from symbackprop.values import evaluate
from tests.planted import textbook

EXAMPLE = "examples/two-input.toml"


def test_one_weight_wrong_by_1e_9_is_found() -> None:
    network = Network.read(EXAMPLE)

    def gradients(parameters, inputs, targets):  # type: ignore[no-untyped-def]
        found = textbook(network)(parameters, inputs, targets)
        found["W1"] = found["W1"] * np.array([[1, 1 + 1e-9], [1, 1]])
        return found

    report = check_gradients(gradients, network)
    assert not report
    assert report.mistakes == ()
    assert any("only W1[0][1]" in note for note in report.parameters["W1"].notes)
    assert [key for key, finding in report.parameters.items() if not finding.agrees] == ["W1"]


def test_layouts_and_keys_and_losses_beside_the_gradients_are_taken() -> None:
    network = Network.read(EXAMPLE)
    right = textbook(network)

    def turned(parameters, inputs, targets):  # type: ignore[no-untyped-def]
        own = {key: array.T if key[0] == "W" else array for key, array in parameters.items()}
        found = right(own, inputs, targets)
        return 0.3, {f"d{key}": array.T if key[0] == "W" else array for key, array in found.items()}

    assert check_gradients(turned, network, layout="from_to", batched=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: None, "nothing (None)"),
        (lambda found: {key: found[key] for key in ("W1", "b1", "b2")}, "missing from what the function returns: W2"),
        (lambda found: found | {"W9": 1}, "'W9' is not one of"),
        (lambda found: found | {"W1": found["W1"][:1]}, "shape (1, 2); expected (2, 2)"),
        (lambda found: found | {"W1": found["W1"] * np.nan}, "has nan at W1[0][0]"),
        (lambda found: found | {"W1": "no numbers"}, "not an array of numbers"),
        (lambda found: found | {"b1": np.tile(found["b1"], (3, 1))}, "is not summed over the observations"),
    ],
)
def test_what_cannot_be_compared_is_said(change, said: str) -> None:  # type: ignore[no-untyped-def]
    network = Network.read(EXAMPLE)
    report = check_gradients(lambda *arguments: change(textbook(network)(*arguments)), network)
    assert not report
    assert said in report.to_text()


@pytest.mark.parametrize(("shape", "what"), [((-1, 1), "column"), ((1, -1), "row")])
def test_a_bias_may_come_as_a_column_or_a_row_and_that_is_said(shape: tuple[int, int], what: str) -> None:
    """As in courses that keep b as a column: ``np.sum(dZ, axis=1, keepdims=True)``."""
    network = Network.read(EXAMPLE)
    right = textbook(network)

    def gradients(parameters, inputs, targets, wrong=1):  # type: ignore[no-untyped-def]
        found = right(parameters, inputs, targets)
        return found | {"b1": (wrong * found["b1"]).reshape(shape)}

    report = check_gradients(gradients, network)
    assert report
    assert f"b1 comes as a {what}" in report.to_text()
    assert not check_gradients(lambda *arguments: gradients(*arguments, wrong=-1), network)


def test_a_changed_argument_is_said() -> None:
    network = Network.read(EXAMPLE)

    def gradients(parameters, inputs, targets):  # type: ignore[no-untyped-def]
        found = textbook(network)(parameters, inputs, targets)
        parameters["W1"] -= found["W1"]
        return found

    assert "changes its arguments in place: W1" in check_gradients(gradients, network).to_text()


def test_an_exception_in_the_function_is_said_with_its_own_line() -> None:
    def gradients(parameters, inputs, targets):  # type: ignore[no-untyped-def]
        return parameters["W7"]

    with pytest.raises(OutsideError, match=r"test_check_gradients\.py:\d+: .* raised KeyError: 'W7'"):
        check_gradients(gradients, Network.read(EXAMPLE))


def test_wrong_options_are_refused() -> None:
    with pytest.raises(InputError, match="layout: 'rows' cannot be used; allowed: to_from, from_to"):
        check_gradients(lambda *_: {}, Network.read(EXAMPLE), layout="rows")


def test_gradients_computed_elsewhere_are_compared() -> None:
    network = Network.read(EXAMPLE)
    numbers = evaluate(derive(network))
    gradients = {f"{kind}{layer}": numbers[f"dE/d{kind.lower()}[{layer}]"] for kind in "Wb" for layer in (1, 2)}
    assert check_values(gradients, network)
    gradients["b2"] = [2 * each for each in gradients["b2"]]
    report = check_values(gradients, network)
    assert [each.name for each in report.mistakes][:1] == ["gradient doubled"]


def test_mistakes_with_the_same_numbers_stand_beside_the_one_that_is_named() -> None:
    """Half of everything: there are two outputs, and the learning rate is 1/2."""
    network = Network.read(EXAMPLE)
    right = textbook(network)
    report = check_gradients(lambda *each: {key: value / 2 for key, value in right(*each).items()}, network)
    lines = report.to_text().splitlines()
    assert [line for line in lines if line.startswith("  mistake: ")] == ["  mistake: factor 1/2"]
    others = [line for line in lines if line.startswith("  it could as well be: ")]
    assert others
    assert others[0].startswith("  it could as well be: mean over outputs for sum: the loss's slope is divided by")


def test_an_assertion_fails_with_the_report() -> None:
    network = Network.read(EXAMPLE)
    assert assert_gradients(textbook(network), EXAMPLE)
    with pytest.raises(AssertionError, match="the sign of one gradient is turned"):
        assert_gradients(lambda *each: (found := textbook(network)(*each)) | {"W1": -found["W1"]}, network)


def changed_to(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Any]:
    """The right gradients of the two-input example, with some of them changed."""
    right = textbook(Network.read(EXAMPLE))
    return lambda *each: (found := right(*each)) | change(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: {"W1": found["W1"] * 1.7}, "every entry is 1.7 times the right one"),
        (lambda found: {"W1": found["W1"] * [[1], [1.3]]}, "only unit 2 of the layer is wrong (row 1)"),
        (lambda found: {"W1": found["W1"] + [[0, 0.3], [0, 0.4]]}, "only what comes from unit 2 is wrong (column 1)"),
        (lambda found: {"b2": found["b2"] + [0.01, 0]}, "only b2[0] is wrong"),
        (lambda found: {"W2": found["W2"] * 0}, "W2 is 0 everywhere"),
        (lambda found: {"W2": found["W2"] * [[0, 1.5], [1.2, 1]]}, "1 entry is 0 where it should not be"),
        (lambda found: {"W2": found["W2"] ** 2 + 0.3}, "none of the known mistakes, nor two of them together"),
    ],
)
def test_of_an_unknown_mistake_what_can_be_said_is_said(change: Any, said: str) -> None:
    text = check_gradients(changed_to(change), Network.read(EXAMPLE)).to_text()
    assert said in text


def test_a_mistake_that_symmetric_weights_hide_is_found_at_a_random_point() -> None:
    symmetric = {"layers[1].weights": [[0.4, 0.5], [0.5, 0.4]], "layers[0].weights": [[0.2, 0.2], [0.2, 0.2]]}
    network = Network.read(EXAMPLE).with_values(symmetric)
    right = textbook(network)

    def gradients(parameters: Any, inputs: Any, targets: Any) -> Any:
        found = right(parameters, inputs, targets)
        hidden = 1 / (1 + np.exp(-(parameters["W1"] @ inputs + parameters["b1"])))
        error = found["b2"] @ parameters["W2"].T * hidden * (1 - hidden)
        return found | {"W1": np.outer(error, inputs), "b1": error}

    report = check_gradients(gradients, network, seed=5)
    assert not report
    assert report.places[1:] == tuple(f"random point {number} of seed 5" for number in (1, 2, 3))
    assert report.mistakes[0].name == "weights not transposed", report


def test_a_mask_that_the_own_point_does_not_need_is_missed_at_a_random_one() -> None:
    network = Network.read(EXAMPLE).with_values({"layers[0].activation": "relu"})  # every net is positive there
    right = textbook(network)

    def gradients(parameters: Any, inputs: Any, targets: Any) -> Any:
        net = parameters["W1"] @ inputs + parameters["b1"]
        found = right(parameters, inputs, targets)
        error = found["b2"] @ parameters["W2"]
        return found | {"W1": np.outer(error, inputs), "b1": error} if (net < 0).any() else found

    report = check_gradients(gradients, network)
    assert "mask" in report.mistakes[0].name, report


def test_numbers_that_lie_on_a_kink_are_not_judged() -> None:
    network = Network.read(EXAMPLE).with_values(
        {"layers[0].activation": "relu", "layers[0].weights": [[2, -1], [1, 1]]}
    )
    at_kink = network.with_values({"layers[0].bias": [0, 0]})  # net = 2·0.05 - 0.1: which side, rounding decides
    right = textbook(at_kink)

    def other_side(parameters: Any, inputs: Any, targets: Any) -> Any:
        nudged = {**parameters, "b1": parameters["b1"] + 1e-18}
        found = right(nudged, inputs, targets)
        if abs((parameters["W1"] @ inputs + parameters["b1"])[0]) < 1e-15:
            error = found["b2"] @ parameters["W2"]
            found |= {"W1": np.outer(error, inputs), "b1": error}
        return found

    assert check_gradients(right, at_kink)
    assert check_gradients(other_side, at_kink)


RECURRENT = "examples/recurrent.toml"


def through_time(parameters: Any, inputs: Any, targets: Any, *, back: int = 3) -> Any:
    """The recurrent example by hand, carried back over so many steps of time."""
    assert targets is None
    w, u, b, v = (parameters[key] for key in "wubv")
    states = [np.zeros_like(b)]
    for step in (1, 2, 3):
        states.append(np.tanh(w * states[-1] + u * inputs[f"x_{step}"] + b))
    gap = v * states[-1] - inputs["target"]
    found = {"w": 0.0, "u": 0.0, "b": 0.0, "v": gap * states[-1]}
    error = gap * v
    for step in (3, 2, 1)[:back]:
        delta = error * (1 - states[step] ** 2)
        found["w"] += delta * states[step - 1]
        found["u"] += delta * inputs[f"x_{step}"]
        found["b"] += delta
        error = delta * w
    return found


def test_programs_are_checked_and_a_step_of_time_that_is_not_carried_back_is_named() -> None:
    network = Network.read(RECURRENT)
    assert check_gradients(through_time, network)
    report = check_gradients(lambda *each: through_time(*each, back=2), network)
    assert report.complete, report
    assert report.mistakes[0].name == "not carried back"
    assert report.mistakes[0].where == "in dE/dh_1"
    report = check_gradients(lambda *each: through_time(*each, back=1), network)
    assert (report.mistakes[0].name, report.mistakes[0].where) == ("not carried back", "in dE/dh_2")


def test_a_program_over_several_observations_is_checked() -> None:
    network = Network(
        equations=[("z", "a*x + c"), ("E", "(sigmoid(z) - t)^2")],
        loss="E",
        inputs={"x": [0.5, -1, 2], "t": [0, 1, 1]},
        parameters={"a": 0.3, "c": "1/10"},
        over_observations="mean",
    )

    def gradients(parameters: Any, inputs: Any, targets: Any) -> Any:
        out = 1 / (1 + np.exp(-(parameters["a"] * inputs["x"] + parameters["c"])))
        delta = 2 * (out - inputs["t"]) * out * (1 - out)
        return {"a": np.mean(delta * inputs["x"]), "c": np.mean(delta)}

    assert check_gradients(gradients, network)
    report = check_gradients(lambda *each: {key: 3 * value for key, value in gradients(*each).items()}, network)
    assert "mean" in report.mistakes[0].sentence, report
