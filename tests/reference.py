"""A second method: networks in plain numpy, from the textbook, differentiated by autograd. Never imports the package.

Every entry of the catalogue has its own line here, written from its published formula and not from the package, and
beside it where its kinks are. A new entry needs one too: `test_networks.py` says which is missing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import autograd.numpy as np
from autograd import grad
from autograd.extend import defvjp, primitive

from tests.models import Key, Model, Pick

Numbers = Any  # an array, or autograd's box around one


@primitive
def erf(x: Numbers) -> Numbers:
    return np.vectorize(math.erf, otypes=[float])(x)


defvjp(erf, lambda _, x: lambda g: g * 2 / math.sqrt(math.pi) * np.exp(-(x**2)))


def _sigmoid(x: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-x))


def _softmax(x: Numbers) -> Numbers:
    powers = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return powers / np.sum(powers, axis=-1, keepdims=True)


Settings = Mapping[str, float]
Function = Callable[[Numbers, Settings], Numbers]


@dataclass(frozen=True)
class Statement:
    """A function, and how far its argument is from the nearest kink (infinitely far where it has none).

    ``text`` says the same as a formula that programs may use, of ``x`` (or of ``o`` and ``t``).
    """

    value: Function
    text: Callable[[Settings], str]
    distance: Function = lambda x, settings: np.full(np.shape(x), np.inf)


def _at_zero(x: Numbers, settings: Settings) -> Numbers:
    return np.abs(x)


ACTIVATIONS: Mapping[str, Statement] = {
    "identity": Statement(lambda x, s: x, lambda s: "x"),
    "sigmoid": Statement(lambda x, s: _sigmoid(x), lambda s: "1/(1 + exp(-x))"),
    "tanh": Statement(lambda x, s: np.tanh(x), lambda s: "tanh(x)"),
    "relu": Statement(lambda x, s: np.where(x > 0, x, 0 * x), lambda s: "max(0, x)", _at_zero),
    "leaky_relu": Statement(
        lambda x, s: np.where(x > 0, x, s["slope"] * x),
        lambda s: f"max(x, 0) + {s['slope']!r}*min(x, 0)",
        _at_zero,
    ),
    "elu": Statement(
        lambda x, s: np.where(x > 0, x, s["alpha"] * (np.exp(np.minimum(x, 0)) - 1)),
        lambda s: f"max(x, 0) + {s['alpha']!r}*(exp(min(x, 0)) - 1)",
        _at_zero,
    ),
    "softplus": Statement(lambda x, s: np.logaddexp(0 * x, x), lambda s: "log(1 + exp(x))"),
    "silu": Statement(lambda x, s: x * _sigmoid(x), lambda s: "x/(1 + exp(-x))"),
    "gelu": Statement(lambda x, s: x * (1 + erf(x / math.sqrt(2))) / 2, lambda s: "x*(1 + erf(x/sqrt(2)))/2"),
    "gelu_tanh": Statement(
        lambda x, s: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        lambda s: "x/2*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x^3)))",
    ),
    "softmax": Statement(lambda x, s: _softmax(x), lambda s: ""),  # of all units: written out by whoever uses it
}
ACTIVATION_DEFAULTS: Mapping[str, Settings] = {"leaky_relu": {"slope": 0.01}, "elu": {"alpha": 1.0}}

ACTIVATION_FORMULAS: Mapping[str, Statement] = {
    "x/(1 + abs(x))": Statement(lambda x, s: x / (1 + np.abs(x)), lambda s: "x/(1 + abs(x))"),
    "x^2/2 - x": Statement(lambda x, s: x**2 / 2 - x, lambda s: "x^2/2 - x"),
    "sin(x) + x/3": Statement(lambda x, s: np.sin(x) + x / 3, lambda s: "sin(x) + x/3"),
    "exp(-x**2)": Statement(lambda x, s: np.exp(-(x**2)), lambda s: "exp(-x**2)"),
    "max(x, -x/3)": Statement(lambda x, s: np.where(x > 0, x, -x / 3), lambda s: "max(x, -x/3)", _at_zero),
    "sqrt(1 + x^2) - 1": Statement(lambda x, s: np.sqrt(1 + x**2) - 1, lambda s: "sqrt(1 + x^2) - 1"),
}


def _at_target(gap: Numbers, settings: Settings) -> Numbers:
    return np.abs(gap)


@dataclass(frozen=True)
class LossStatement:
    """One output's loss of out and target, and how far out - target is from a kink."""

    value: Callable[[Numbers, Numbers, Settings], Numbers]
    text: Callable[[Settings], str]
    distance: Function = lambda gap, settings: np.full(np.shape(gap), np.inf)


LOSSES: Mapping[str, LossStatement] = {
    "squared_error": LossStatement(lambda o, t, s: (o - t) ** 2, lambda s: "(o - t)^2"),
    "absolute_error": LossStatement(lambda o, t, s: np.abs(o - t), lambda s: "abs(o - t)", _at_target),
    "huber": LossStatement(
        lambda o, t, s: np.where(
            np.abs(o - t) <= s["delta"], (o - t) ** 2 / 2, s["delta"] * (np.abs(o - t) - s["delta"] / 2)
        ),
        # With c the part of the gap within delta: c(gap - c/2).
        lambda s: (
            f"min(max(o - t, -{s['delta']!r}), {s['delta']!r})"
            f"*((o - t) - min(max(o - t, -{s['delta']!r}), {s['delta']!r})/2)"
        ),
        lambda gap, s: np.abs(np.abs(gap) - s["delta"]),
    ),
    "binary_cross_entropy": LossStatement(
        lambda o, t, s: -(t * np.log(o) + (1 - t) * np.log(1 - o)), lambda s: "-(t*log(o) + (1 - t)*log(1 - o))"
    ),
    "cross_entropy": LossStatement(lambda o, t, s: -t * np.log(o), lambda s: "-t*log(o)"),
}
LOSS_DEFAULTS: Mapping[str, Settings] = {"huber": {"delta": 1.0}}

LOSS_FORMULAS: Mapping[str, LossStatement] = {
    "(out - target)^4/4": LossStatement(lambda o, t, s: (o - t) ** 4 / 4, lambda s: "(o - t)^4/4"),
    "log(1 + (out - target)^2)": LossStatement(
        lambda o, t, s: np.log(1 + (o - t) ** 2), lambda s: "log(1 + (o - t)^2)"
    ),
    "max(out - target, (target - out)/3)": LossStatement(
        lambda o, t, s: np.where(o > t, o - t, (t - o) / 3), lambda s: "max(o - t, (t - o)/3)", _at_target
    ),
    "exp(out - target) - out": LossStatement(lambda o, t, s: np.exp(o - t) - o, lambda s: "exp(o - t) - o"),
}

PENALTIES: Mapping[str, Callable[[Numbers], Numbers]] = {"l2": lambda w: w**2, "l1": lambda w: np.abs(w)}


State = dict[str, Numbers]


def _mean_square(state: State, gradient: Numbers, decay: float) -> Numbers:
    state["square"] = decay * state.get("square", 0.0) + (1 - decay) * gradient**2
    return state["square"]


def _root(square: Numbers, settings: Settings, *, inside: bool) -> Numbers:
    return np.sqrt(square + settings["epsilon"]) if inside else np.sqrt(square) + settings["epsilon"]


def _momentum(state: State, gradient: Numbers, settings: Settings, step: int, *, inside: bool) -> Numbers:
    state["velocity"] = settings["momentum"] * state.get("velocity", 0.0) + gradient
    return state["velocity"]


def _rmsprop(state: State, gradient: Numbers, settings: Settings, step: int, *, inside: bool) -> Numbers:
    return gradient / _root(_mean_square(state, gradient, settings["decay"]), settings, inside=inside)


def _adam(state: State, gradient: Numbers, settings: Settings, step: int, *, inside: bool) -> Numbers:
    first, second = settings["beta1"], settings["beta2"]
    state["mean"] = first * state.get("mean", 0.0) + (1 - first) * gradient
    square = _mean_square(state, gradient, second) / (1 - second**step)
    return state["mean"] / (1 - first**step) / _root(square, settings, inside=inside)


# What is subtracted, times the learning rate, in each step from 1 on.
UPDATES: Mapping[str, Callable[..., Numbers]] = {
    "gradient_descent": lambda state, gradient, settings, step, *, inside: gradient,
    "momentum": _momentum,
    "rmsprop": _rmsprop,
    "adam": _adam,
}
UPDATE_DEFAULTS: Mapping[str, Settings] = {
    "momentum": {"momentum": 0.9},
    "rmsprop": {"decay": 0.9, "epsilon": 1e-8},
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
}


def activation(pick: Pick) -> tuple[Statement, Settings]:
    """The statement of a layer's activation, and its settings as floats."""
    if pick.formula:
        return ACTIVATION_FORMULAS[pick.formula], {}
    return ACTIVATIONS[pick.name], {**ACTIVATION_DEFAULTS.get(pick.name, {}), **_floats(pick)}


def loss(pick: Pick) -> tuple[LossStatement, Settings]:
    """The statement of one output's loss, and its settings as floats."""
    if pick.formula:
        return LOSS_FORMULAS[pick.formula], {}
    return LOSSES[pick.name], {**LOSS_DEFAULTS.get(pick.name, {}), **_floats(pick)}


def _floats(pick: Pick) -> Settings:
    return {key: float(value) for key, value in pick.settings.items() if key not in ("at_kink", "epsilon_place")}


class Reference:
    """A model's loss as a function of the vector of its parameters, each once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        values = model.keys()
        self.keys = list(values)
        self.values = np.array([float(value) for value in values.values()])
        self.inputs = np.array([[float(each) for each in row] for row in model.inputs])
        self.targets = np.array([[float(each) for each in row] for row in model.targets])
        place = {key: number for number, key in enumerate(self.keys)}
        used: dict[str, int] = {name: place[key] for key, _, name in model.uses()}
        self.layers = [
            (
                np.array(
                    [[used[f"w[{number}][{j}][{k}]"] for k in range(len(row))] for j, row in enumerate(layer.weights)]
                ),
                np.array([used[f"b[{number}][{j}]"] for j in range(len(layer.bias))], dtype=int),
            )
            for number, layer in enumerate(model.layers, 1)
        ]
        of_weights = {key for key, _, name in model.uses() if name[0] == "w"}
        everything = model.penalty is not None and model.penalty.biases
        self.penalised = np.array([everything or key in of_weights for key in self.keys])

    def forward(self, parameters: Numbers) -> Iterator[tuple[Pick, Numbers, Numbers]]:
        """Each layer's activation, nets and outs, a row per observation."""
        before = self.inputs
        for layer, (weights, bias) in zip(self.model.layers, self.layers, strict=True):
            net = before @ parameters[weights].T
            if len(bias):
                net = net + parameters[bias]
            statement, settings = activation(layer.activation)
            before = statement.value(net, settings)
            yield layer.activation, net, before

    def loss(self, parameters: Numbers) -> Numbers:
        """The loss, penalty included."""
        *_, (_, _, outs) = self.forward(parameters)
        model = self.model
        statement, settings = loss(model.loss.pick)
        whole = float(model.loss.scale) * np.sum(statement.value(outs, self.targets, settings))
        if model.loss.over_outputs == "mean":
            whole = whole / self.targets.shape[1]
        if model.loss.over_observations == "mean":
            whole = whole / self.targets.shape[0]
        if model.penalty is not None:
            terms = PENALTIES[model.penalty.kind](parameters[self.penalised])
            share = len(self.inputs) if model.penalty.over_observations == "mean" else 1
            whole = whole + float(model.penalty.scale) * np.sum(terms) / share
        return whole

    def gradient(self) -> dict[Key, float]:
        """The total derivative of the loss by each parameter."""
        found = grad(self.loss)(self.values)
        return {key: float(value) for key, value in zip(self.keys, found, strict=True)}

    def losses(self, steps: int) -> list[float]:
        """The loss before the first update and after each."""
        pick = self.model.update
        assert pick is not None
        settings = {**UPDATE_DEFAULTS.get(pick.name, {}), **_floats(pick)}
        inside = pick.settings.get("epsilon_place") == "inside"
        frozen = self.model.frozen()
        rates = np.array([0.0 if key in frozen else float(self.model.rate) for key in self.keys])
        parameters, state, found = self.values, {}, [float(self.loss(self.values))]
        for step in range(1, steps + 1):
            gradient = grad(self.loss)(parameters)
            parameters = parameters - rates * UPDATES[pick.name](state, gradient, settings, step, inside=inside)
            found.append(float(self.loss(parameters)))
        return found

    def kink_distance(self) -> float:
        """How far the nearest argument of a function with a kink is from it."""
        layers = list(self.forward(self.values))
        nearest = math.inf
        for pick, net, _ in layers:
            statement, settings = activation(pick)
            nearest = min(nearest, float(np.min(statement.distance(net, settings))))
        outs = layers[-1][2]
        losses, settings = loss(self.model.loss.pick)
        nearest = min(nearest, float(np.min(losses.distance(outs - self.targets, settings))))
        penalty = self.model.penalty
        if penalty is not None and penalty.kind == "l1":
            # Of tied parameters all sizes have slopes, also of those that are not penalised: none may be refused.
            everything = penalty.settings.get("at_kink") == "error"
            nearest = min(nearest, float(np.min(np.abs(self.values[self.penalised | everything]))))
        return nearest

    def largest_net(self) -> float:
        """The largest absolute net: beyond a few hundred the plain formulas overflow."""
        return max(float(np.max(np.abs(net))) for _, net, _ in self.forward(self.values))
