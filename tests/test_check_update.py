"""`check_update`: right steps of every rule agree, written by hand; wrong ones are found and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.catalogue.mistakes import MISTAKES, Subject, Variant, variants_of
from symbackprop.catalogue.updates import UPDATES
from symbackprop.checking.arrays import ArrayNumbers
from symbackprop.derivation import derive
from symbackprop.errors import InputError, OutsideError
from symbackprop.given import keys_of
from symbackprop.quantities import Phase, Role
from symbackprop.values import evaluate
from tests.conftest import FULL
from tests.planted import generic_network

Rule = Callable[..., Any]
NOTICED = 1e-9  # a step that is off by less is right
RATE, SHARE, SQUARES, EPSILON = 0.05, 0.9, 0.99, 1e-3


def network(rule: str, place: str = "outside", number: int = 1) -> sb.Network:
    """A random network with this rule; epsilon large enough for its place to be seen."""
    settings: dict[str, Any] = {"rule": rule, "learning_rate": RATE}
    if UPDATES[rule].epsilon_places:
        settings |= {"epsilon": EPSILON, "epsilon_place": place}
    if rule == "adam":
        settings |= {"beta1": SHARE, "beta2": SQUARES}
    made = generic_network(number)
    return made.with_values({f"update.{key}": value for key, value in settings.items()})


# The rules as their authors write them; each gives the new value and the new states of one array.


def gradient_descent(w: Any, g: Any, s: Any, n: int, *, sign: int = -1) -> Any:
    return w + sign * RATE * g, {}


def momentum(w: Any, g: Any, s: Any, n: int, *, sign: int = 1, share: float = SHARE, old: int = 0) -> Any:
    velocity = share * s["velocity"] + sign * g
    return w - RATE * (s["velocity"] if old else velocity), {"velocity": velocity}


def rmsprop(w: Any, g: Any, s: Any, n: int, *, inside: int = 0, rooted: int = 1, power: int = 2) -> Any:
    squares = 0.9 * s["mean_square"] + (1 - 0.9) * g**power
    if not rooted:
        return w - RATE * g / (squares + EPSILON), {"mean_square": squares}
    below = np.sqrt(squares + EPSILON) if inside else np.sqrt(squares) + EPSILON
    return w - RATE * g / below, {"mean_square": squares}


def adam(w: Any, g: Any, s: Any, n: int, *, inside: int = 0, corrected: int = 1, exchanged: int = 0) -> Any:
    share = 1 - SHARE if exchanged else SHARE
    mean = share * s["mean"] + (1 - share) * g
    squares = SQUARES * s["mean_square"] + (1 - SQUARES) * g**2
    first = mean / (1 - SHARE**n) if corrected else mean
    second = squares / (1 - SQUARES**n) if corrected else squares
    below = np.sqrt(second + EPSILON) if inside else np.sqrt(second) + EPSILON
    return w - RATE * first / below, {"mean": mean, "mean_square": squares}


RIGHT: dict[tuple[str, str], tuple[Rule, dict[str, Any]]] = {
    ("gradient_descent", "outside"): (gradient_descent, {}),
    ("momentum", "outside"): (momentum, {}),
    ("rmsprop", "outside"): (rmsprop, {}),
    ("rmsprop", "inside"): (rmsprop, {"inside": 1}),
    ("adam", "outside"): (adam, {}),
    ("adam", "inside"): (adam, {"inside": 1}),
}


def handed(rule: Rule, *, returns_states: bool = False, **how: Any) -> Rule:
    """A step that is handed its states."""

    def step(parameters: Any, gradients: Any, states: Any) -> Any:
        new, kept = {}, {label: {} for label in states if label != "step"}
        for key, value in parameters.items():
            own = {label: states[label][key] for label in kept}
            new[key], found = rule(value, gradients[key], own, states.get("step", 1), **how)
            for label, numbers in found.items():
                kept[label][key] = numbers
        return (new, kept) if returns_states else new

    return step


class Keeping:
    """A step that keeps its states, as optimisers of frameworks do."""

    def __init__(self, rule: Rule, labels: tuple[str, ...], **how: Any) -> None:
        self.rule, self.labels, self.how = rule, labels, how
        self.states: dict[str, dict[str, Any]] = {}
        self.count = 0

    def __call__(self, parameters: Any, gradients: Any) -> Any:
        self.count += 1
        new = {}
        for key, value in parameters.items():
            own = self.states.setdefault(key, {label: np.zeros_like(value) for label in self.labels})
            new[key], self.states[key] = self.rule(value, gradients[key], own, self.count, **self.how)
        return new


def test_every_rule_has_a_right_step_here() -> None:
    assert set(RIGHT) == {
        (name, place) for name, rule in UPDATES.items() for place in rule.epsilon_places or ["outside"]
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "place"), RIGHT)
def test_right_steps_agree(name: str, place: str, dtype: str) -> None:
    rule, how = RIGHT[name, place]
    for number in (1, 2):
        made = network(name, place, number)
        for step in (handed(rule, **how), handed(rule, returns_states=True, **how)):
            report = sb.check_update(step, made, dtype=dtype)
            assert report, report
        if UPDATES[name].states:
            assert ("velocity of W1" in report.parameters) == (name == "momentum")
            report = sb.check_update(Keeping(rule, UPDATES[name].states, **how), made, dtype=dtype)
            assert report, report
            assert len(report.places) == 4


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("gradient_descent", "outside", {"sign": 1}, "step added"),
    ("momentum", "outside", {"sign": -1}, "momentum's sign"),
    ("momentum", "outside", {"share": 0.0}, "momentum left out"),
    ("momentum", "outside", {"old": 1}, "old state"),
    ("rmsprop", "outside", {"inside": 1}, "epsilon in the wrong place"),
    ("rmsprop", "inside", {"inside": 0}, "epsilon in the wrong place"),
    ("rmsprop", "outside", {"rooted": 0}, "root left out"),
    ("adam", "outside", {"inside": 1}, "epsilon in the wrong place"),
    ("adam", "inside", {"inside": 0}, "epsilon in the wrong place"),
    ("adam", "outside", {"corrected": 0}, "bias correction missing"),
    ("adam", "outside", {"exchanged": 1}, "decay's weights exchanged"),
]


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize(("name", "place", "how", "mistake"), WRONG)
def test_wrong_steps_are_named(name: str, place: str, how: dict[str, Any], mistake: str, keeps: bool) -> None:  # noqa: FBT001
    rule, right = RIGHT[name, place]
    if keeps and not UPDATES[name].states:
        keeps = False
    step = Keeping(rule, UPDATES[name].states, **right | how) if keeps else handed(rule, **right | how)
    report = sb.check_update(step, network(name, place))
    assert not report
    assert report.complete, report
    if keeps and mistake == "momentum's sign":  # from 0 on, a velocity of the other sign is a step of the other sign
        assert {each.name for each in report.mistakes} == {"step added", mistake}
    else:
        assert report.mistakes[0].name == mistake, report


def adam_with(*, first: int = 1, power: int = 2, epsilon: float = EPSILON) -> Rule:
    """Adam with a slip that may end in no number: steps counted from 0, gradients not squared, no epsilon."""

    def rule(w: Any, g: Any, s: Any, n: int) -> Any:
        n = n - 1 + first
        mean = SHARE * s["mean"] + (1 - SHARE) * g
        squares = SQUARES * s["mean_square"] + (1 - SQUARES) * g**power
        with np.errstate(all="ignore"):
            below = np.sqrt(squares / (1 - SQUARES**n)) + epsilon
            return w - RATE * mean / (1 - SHARE**n) / below, {"mean": mean, "mean_square": squares}

    return rule


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize(
    ("how", "mistake"),
    [
        ({"first": 0}, "steps counted from 0"),
        ({"power": 1}, "gradient not squared"),
        ({"epsilon": 0.0}, "epsilon left out"),
    ],
)
def test_a_wrong_step_that_ends_in_no_number_is_named(how: dict[str, Any], mistake: str, keeps: bool) -> None:  # noqa: FBT001
    step = Keeping(adam_with(**how), UPDATES["adam"].states) if keeps else handed(adam_with(**how))
    report = sb.check_update(step, network("adam"))
    assert [each.name for each in report.mistakes] == [mistake], report
    assert report.complete, report
    shown = report.to_text()
    assert ("has nan at" in shown or "infinite at" in shown) == (mistake != "epsilon left out"), shown
    assert "nan relative" not in shown
    assert "inf relative" not in shown


def test_new_values_that_are_no_numbers_for_no_known_reason_are_called_nothing_else() -> None:
    report = sb.check_update(lambda p, g, s: {key: value * np.nan for key, value in p.items()}, network("adam"))
    assert not report
    assert not report.mistakes


def test_wrong_states_are_found_where_they_are_returned() -> None:
    def step(parameters: Any, gradients: Any, states: Any) -> Any:
        new, kept = handed(momentum, returns_states=True)(parameters, gradients, states)
        return new, {"velocity": {**kept["velocity"], "b1": kept["velocity"]["b1"] * 2}}

    report = sb.check_update(step, network("momentum"))
    assert [key for key, finding in report.parameters.items() if not finding.agrees] == ["velocity of b1"]
    assert "every entry is 2 times the right one" in report.to_text()


def test_steps_of_a_program_are_checked() -> None:
    made = sb.Network.read("examples/recurrent.toml")
    assert sb.check_update(lambda p, g: {key: p[key] - 0.5 * g[key] for key in p}, made.with_values({
        "update.rule": "gradient_descent", "update.learning_rate": 0.5}))  # fmt: skip


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda p, g: None, "nothing (None)"),
        (lambda p, g: {"W1": p["W1"]}, "missing from what the function returns: b1"),
        (lambda p, g: p | {"W1": p["W1"][:1]}, "W1 has the shape"),
        (lambda p, g: p | {"W1": p["W1"] * np.nan}, "W1 has nan at W1[0][0]"),
    ],
)
def test_what_cannot_be_compared_is_said(step: Rule, said: str) -> None:
    report = sb.check_update(step, network("gradient_descent"))
    assert not report
    assert said in report.to_text()


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(InputError, match=r"no \[update\] table"):
        sb.check_update(lambda p, g: p, generic_network(1).with_values({"update": None}))
    with pytest.raises(InputError, match="which cannot be called"):
        sb.check_update(3, network("adam"))  # type: ignore[arg-type]
    with pytest.raises(OutsideError, match=r"test_check_update\.py:\d+: .* raised KeyError: 'W9'"):
        sb.check_update(lambda p, g: p["W9"], network("gradient_descent"))


TIED = """
format = 1
[inputs]
values = [[0.3, 0.6]]
[targets]
values = [[0.2]]
[[layers]]
units = 2
activation = "sigmoid"
weights = [["w_a", 0.2], ["w_b", "w_a"]]
bias = ["c", "c"]
[[layers]]
units = 1
activation = "tanh"
weights = [["w_a", "w_b"]]
bias = 0.1
[loss]
name = "squared_error"
[parameters]
w_a = 0.3
w_b = { value = -0.4, trainable = false }
c = 0.2
[update]
rule = "RULE"
learning_rate = 0.05
"""


@pytest.mark.parametrize(("name", "place"), RIGHT)
def test_steps_of_tied_and_of_single_frozen_parameters_are_checked(name: str, place: str) -> None:
    made = sb.Network.parse(TIED.replace("RULE", name))
    settings: dict[str, Any] = {"epsilon": EPSILON, "epsilon_place": place} if UPDATES[name].epsilon_places else {}
    settings |= {"beta1": SHARE, "beta2": SQUARES} if name == "adam" else {}
    made = made.with_values({f"update.{key}": value for key, value in settings.items()})
    rule, how = RIGHT[name, place]
    steps = [handed(rule, **how), handed(rule, returns_states=True, **how)]
    for step in steps + [Keeping(rule, UPDATES[name].states, **how)] * bool(UPDATES[name].states):
        report = sb.check_update(step, made)
        assert report, report


def test_a_wrong_step_of_tied_parameters_is_named() -> None:
    made = sb.Network.parse(TIED.replace("RULE", "momentum"))
    report = sb.check_update(handed(momentum, sign=-1), made)
    assert report.mistakes[0].name == "momentum's sign"
    assert report.complete

    def one_use_forgotten(parameters: Any, gradients: Any, states: Any) -> Any:
        return handed(momentum)(parameters, gradients, states) | {"W2": parameters["W2"]}

    report = sb.check_update(one_use_forgotten, made)
    assert [key for key, finding in report.parameters.items() if not finding.agrees] == ["W2"]
    assert report.mistakes[0].sentence == "the parameter keeps its old value"


def test_the_frozen_entries_of_a_tied_array_are_handed_no_gradient() -> None:
    met: list[Any] = []

    def step(parameters: Any, gradients: Any) -> Any:
        met.append(gradients)
        return {key: parameters[key] - RATE * gradients[key] for key in parameters}

    assert sb.check_update(step, sb.Network.parse(TIED.replace("RULE", "gradient_descent")))
    assert met
    assert all(each["W1"][1][0] == 0 and each["W2"][0][1] == 0 for each in met)
    assert all(each["W1"][0][0] == each["W1"][1][1] == each["W2"][0][0] != 0 for each in met)


class PlantedStep:
    """A step with a mistake of the catalogue in it; notes whether it made any number wrong, or none at all."""

    def __init__(self, made: sb.Network, variant: Variant) -> None:
        self.derivation, self.variant = derive(made), variant
        self.settings = evaluate(self.derivation)
        self.shows, self.finite = False, True

    def __call__(self, parameters: Any, gradients: Any, states: Any) -> Any:
        keys = keys_of(self.derivation)
        given = {array: parameters[key] for key, array in keys.items()}
        given |= {self.derivation.gradient_array(array): gradients[key] for key, array in keys.items()}
        for array in self.derivation.system.givens:
            if array.role is Role.STATE:
                given[array] = states[array.label][next(key for key, each in keys.items() if each == array.wrt)]
            elif array.role in (Role.SETTING, Role.RATE):
                given[array] = np.asarray(states["step"] if array.label == "step" else self.settings.array(array)[0])
        wrong, right = (
            ArrayNumbers(lambda array, of=of: None if array in given else of(array), given)  # type: ignore[misc]
            for of in (self.variant.definition, self.derivation.definition)
        )
        new = {key: replace(array, phase=Phase.NEW) for key, array in keys.items()}
        found = {key: np.array(wrong.array(array), dtype=float) for key, array in new.items()}
        for key, array in new.items():
            self.shows |= bool(np.any(abs(found[key] - right.array(array)) > NOTICED))
            self.finite &= bool(np.isfinite(found[key]).all())
        return found


@pytest.mark.full
def test_every_planted_mistake_of_a_step_is_found_and_named() -> None:
    counts: Counter[str] = Counter()
    for number in range(20 if FULL else 1):
        for name, place in RIGHT:
            made = network(name, place, number)
            derivation = derive(made)
            variants: dict[str, list[Variant]] = {}
            for each in variants_of(
                Subject.of(derivation.system, derivation.loss, derivation.steps), MISTAKES, kinds=("update",)
            ):
                variants.setdefault(each.mistake.name, []).append(each)
            for mistake, several in variants.items():
                step = PlantedStep(made, Random(f"{number}:{name}:{mistake}").choice(several))
                with np.errstate(all="ignore"):
                    report = sb.check_update(step, made)
                if not step.shows and step.finite:  # a gradient that is always 0: a shared bias behind softmax
                    continue
                assert not report, f"network {number}: {mistake} is not found"
                named = [each.name for each in report.mistakes]
                assert mistake in named, f"network {number}, {name}: {mistake} is called {named}"
                counts["nan" if not step.finite else "unique" if set(named) == {mistake} else "tied"] += 1
    assert counts["unique"] >= 0.95 * (counts["unique"] + counts["tied"]), counts
