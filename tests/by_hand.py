"""Backpropagation in numpy as people write it, for any model, in one of many manners. Never imports the package.

How it is written is drawn by a number: each activation's value and slope in one of its usual forms, the fused delta or
the long one, the mean taken first or last, weights turned or not. All of them are right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

from tests.models import LossModel, Model, Pick

Numbers = Any
Slope = Callable[[Numbers, Numbers], Numbers]  # of net and out
ROOT = math.sqrt(2 / math.pi)


def _gelu_tanh(z: Numbers) -> Numbers:
    return 0.5 * z * (1 + np.tanh(ROOT * (z + 0.044715 * z**3)))


def _gelu_tanh_slope(z: Numbers, a: Numbers) -> Numbers:
    t = np.tanh(ROOT * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * ROOT * (1 + 3 * 0.044715 * z**2)


def _erf(z: Numbers) -> Numbers:
    return np.array(np.vectorize(math.erf, otypes=[float])(z), dtype=z.dtype)


def _normal(z: Numbers) -> Numbers:
    return 0.5 * (1 + _erf(z / math.sqrt(2)))


def _logistic(z: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-z))


# Of each activation: ways to write its value, and ways to write its slope. ``s`` are its settings.
VALUES: Mapping[str, list[Callable[[Numbers, Any], Numbers]]] = {
    "identity": [lambda z, s: z],
    "sigmoid": [
        lambda z, s: _logistic(z),
        lambda z, s: np.exp(z) / (1 + np.exp(z)),
        lambda z, s: 0.5 * (1 + np.tanh(0.5 * z)),
    ],
    "tanh": [lambda z, s: np.tanh(z), lambda z, s: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))],
    "relu": [lambda z, s: np.maximum(z, 0), lambda z, s: z * (z > 0)],
    "leaky_relu": [lambda z, s: np.where(z > 0, z, s["slope"] * z)],
    "elu": [
        lambda z, s: np.where(z > 0, z, s["alpha"] * (np.exp(np.minimum(z, 0)) - 1)),
        lambda z, s: np.where(z > 0, z, s["alpha"] * np.expm1(np.minimum(z, 0))),
    ],
    "softplus": [lambda z, s: np.log1p(np.exp(z)), lambda z, s: np.log(1 + np.exp(z))],
    "silu": [lambda z, s: z * _logistic(z), lambda z, s: z / (1 + np.exp(-z))],
    "gelu": [lambda z, s: z * _normal(z)],
    "gelu_tanh": [lambda z, s: _gelu_tanh(z)],
    "softmax": [
        lambda z, s: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
        lambda z, s: (e := np.exp(z - z.max(-1, keepdims=True))) / e.sum(-1, keepdims=True),
    ],
    "x/(1 + abs(x))": [lambda z, s: z / (1 + np.abs(z))],
    "x^2/2 - x": [lambda z, s: z**2 / 2 - z],
    "sin(x) + x/3": [lambda z, s: np.sin(z) + z / 3],
    "exp(-x**2)": [lambda z, s: np.exp(-(z**2))],
    "max(x, -x/3)": [lambda z, s: np.maximum(z, -z / 3)],
    "sqrt(1 + x^2) - 1": [lambda z, s: np.sqrt(1 + z**2) - 1],
}
SLOPES: Mapping[str, list[Callable[[Numbers, Numbers, Any], Numbers]]] = {
    "identity": [lambda z, a, s: np.ones_like(z)],
    "sigmoid": [lambda z, a, s: a * (1 - a), lambda z, a, s: np.exp(-z) / (1 + np.exp(-z)) ** 2,
                lambda z, a, s: a - a**2],
    "tanh": [lambda z, a, s: 1 - a**2, lambda z, a, s: 1 / np.cosh(z) ** 2, lambda z, a, s: (1 - a) * (1 + a)],
    "relu": [lambda z, a, s: (z > 0).astype(z.dtype), lambda z, a, s: np.where(a > 0, 1.0, 0.0).astype(z.dtype)],
    "leaky_relu": [lambda z, a, s: np.where(z > 0, 1.0, s["slope"]).astype(z.dtype)],
    "elu": [lambda z, a, s: np.where(z > 0, 1, a + s["alpha"]),
            lambda z, a, s: np.where(z > 0, 1, s["alpha"] * np.exp(np.minimum(z, 0)))],
    "softplus": [lambda z, a, s: _logistic(z), lambda z, a, s: 1 - np.exp(-a)],
    "silu": [lambda z, a, s: _logistic(z) * (1 + z * (1 - _logistic(z))),
             lambda z, a, s: a + _logistic(z) * (1 - a)],
    "gelu": [lambda z, a, s: _normal(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)],
    "gelu_tanh": [lambda z, a, s: _gelu_tanh_slope(z, a)],
    "x/(1 + abs(x))": [lambda z, a, s: 1 / (1 + np.abs(z)) ** 2],
    "x^2/2 - x": [lambda z, a, s: z - 1],
    "sin(x) + x/3": [lambda z, a, s: np.cos(z) + 1 / 3],
    "exp(-x**2)": [lambda z, a, s: -2 * z * np.exp(-(z**2)), lambda z, a, s: -2 * z * a],
    "max(x, -x/3)": [lambda z, a, s: np.where(z > 0, 1.0, -1 / 3).astype(z.dtype)],
    "sqrt(1 + x^2) - 1": [lambda z, a, s: z / np.sqrt(1 + z**2), lambda z, a, s: z / (a + 1)],
}  # fmt: skip
LOSS_SLOPES: Mapping[str, list[Callable[[Numbers, Numbers, Any], Numbers]]] = {
    "squared_error": [lambda o, t, s: 2 * (o - t)],
    "absolute_error": [lambda o, t, s: np.sign(o - t)],
    "huber": [lambda o, t, s: np.clip(o - t, -s["delta"], s["delta"])],
    "binary_cross_entropy": [lambda o, t, s: (o - t) / (o * (1 - o)), lambda o, t, s: -t / o + (1 - t) / (1 - o)],
    "cross_entropy": [lambda o, t, s: -t / o],
    "(out - target)^4/4": [lambda o, t, s: (o - t) ** 3],
    "log(1 + (out - target)^2)": [lambda o, t, s: 2 * (o - t) / (1 + (o - t) ** 2)],
    "max(out - target, (target - out)/3)": [lambda o, t, s: np.where(o > t, 1.0, -1 / 3).astype(o.dtype)],
    "exp(out - target) - out": [lambda o, t, s: np.exp(o - t) - 1],
}
DEFAULTS: Mapping[str, dict[str, float]] = {
    "leaky_relu": {"slope": 0.01},
    "elu": {"alpha": 1.0},
    "huber": {"delta": 1.0},
}
FUSED = {("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")}


def _settings(pick: Pick) -> dict[str, float]:
    given = {key: float(value) for key, value in pick.settings.items() if key != "at_kink"}
    return DEFAULTS.get(pick.name, {}) | given


def _key(pick: Pick) -> str:
    return pick.name or pick.formula


class ByHand:
    """A gradient function of a model, written in the manner of that number."""

    def __init__(self, model: Model, number: int) -> None:
        self.model = model
        random = Random(f"by hand:{number}")
        self.layout = random.choice(["to_from", "from_to"])
        self.batched = random.random() < 0.5
        self.fused = random.random() < 0.5 or max(abs(float(v)) for v in model.keys().values()) > 5
        self.mean_first = random.random() < 0.5
        self.with_loss = random.random() < 0.3
        self.prefix = random.choice(["", "d"])
        self.values = [random.choice(VALUES[_key(layer.activation)]) for layer in model.layers]
        self.slopes = [random.choice(SLOPES.get(_key(layer.activation), [_none])) for layer in model.layers]
        self.loss_slope = random.choice(LOSS_SLOPES[_key(model.loss.pick)])
        self.overflowed = False  # a way of writing that leaves the range of floats is not right there

    def __call__(self, parameters: dict[str, Any], inputs: Any, targets: Any) -> Any:
        model, turned = self.model, self.layout == "from_to"
        weights = {key: value.T if turned and key[0] == "W" else value for key, value in parameters.items()}
        rows, wanted = np.atleast_2d(inputs), np.atleast_2d(targets)
        outs, nets = [rows], []
        for number, layer in enumerate(model.layers, 1):
            nets.append(outs[-1] @ weights[f"W{number}"].T + weights.get(f"b{number}", 0))
            outs.append(self.values[number - 1](nets[-1], _settings(layer.activation)))
        scale = _scale(model.loss, wanted.shape)
        first, last = (scale, 1.0) if self.mean_first else (1.0, scale)
        delta = self._delta(nets[-1], outs[-1], wanted) * first
        found = {}
        for number in range(len(model.layers), 0, -1):
            found[f"W{number}"] = (delta.T @ outs[number - 1]) * last
            if f"b{number}" in weights:
                found[f"b{number}"] = (delta.sum(0) if weights[f"b{number}"].ndim else delta.sum()) * last
            if number > 1:
                error = delta @ weights[f"W{number}"]
                delta = self._back(number - 2, error, nets[number - 2], outs[number - 1])
        self._add_penalty(found, weights, len(rows))
        self.overflowed |= not all(np.isfinite(value).all() for value in found.values())
        found = {self.prefix + key: value.T if turned and key[0] == "W" else value for key, value in found.items()}
        return (0.0, found) if self.with_loss else found

    def _delta(self, net: Numbers, out: Numbers, wanted: Numbers) -> Numbers:
        last, loss = self.model.layers[-1].activation, self.model.loss.pick
        if self.fused and (_key(last), _key(loss)) in FUSED:
            whole = wanted.sum(-1, keepdims=True) if last.name == "softmax" else 1
            return out * whole - wanted
        return self._back(-1, self.loss_slope(out, wanted, _settings(loss)), net, out)

    def _back(self, place: int, error: Numbers, net: Numbers, out: Numbers) -> Numbers:
        activation = self.model.layers[place].activation
        if activation.name == "softmax":
            return out * (error - (error * out).sum(-1, keepdims=True))
        return error * self.slopes[place](net, out, _settings(activation))

    def _add_penalty(self, found: dict[str, Any], weights: dict[str, Any], rows: int) -> None:
        penalty = self.model.penalty
        if penalty is None:
            return
        scale = float(penalty.scale) / (rows if penalty.over_observations == "mean" else 1)
        for key in found:
            if key[0] == "W" or penalty.biases:
                slope = 2 * weights[key] if penalty.kind == "l2" else np.sign(weights[key])
                found[key] = found[key] + scale * slope


def _scale(loss: LossModel, shape: tuple[int, int]) -> float:
    whole = float(loss.scale)
    whole /= shape[1] if loss.over_outputs == "mean" else 1
    return whole / (shape[0] if loss.over_observations == "mean" else 1)


def _none(z: Numbers, a: Numbers, s: Any) -> Numbers:
    raise AssertionError("this activation has no slope of its own")
