"""Slips that people make in a worked example, each with what a good diagnosis of it says. Knows no package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.worked import ACTIVATIONS, Dense, Hand, Slip


@dataclass(frozen=True)
class Planted:
    """A slip in one number; ``told`` is a pattern that its diagnosis has."""

    kind: str
    name: str
    slip: Slip
    told: str


def slips_of(example: Dense) -> Iterator[Planted]:
    """Every slip of every kind in an example."""
    for n in range(len(example.inputs)):
        for layer, weights in enumerate(example.weights, 1):
            for j in range(len(weights)):
                yield from _in_delta(example, layer, j, n)
                if layer < len(example.weights):
                    yield from _on_the_way_back(example, layer, j, n)
    for layer, weights in enumerate(example.weights, 1):
        for j in range(len(weights)):
            for k in range(len(weights[j])):
                yield from _in_gradient(example, layer, j, k)
                yield from _in_update(example, layer, j, k)
            yield from _in_second_pass(example, layer, j)


def _at(example: Dense, n: int) -> str:
    return f"@{n}" if len(example.inputs) > 1 else ""


def _in_delta(example: Dense, layer: int, j: int, n: int) -> Iterator[Planted]:
    at, kind = _at(example, n), example.activations[layer - 1]
    name, out, net = f"dE/dnet[{layer}][{j}]{at}", f"out[{layer}][{j}]{at}", f"net[{layer}][{j}]{at}"
    width = len(example.weights[layer - 1])
    count = len(example.inputs) if example.observations == "mean" else 1

    def error(hand: Hand) -> float:
        if layer == len(example.weights):
            return (hand[out] - example.targets[n][j]) / count
        return hand[f"dE/dout[{layer}][{j}]{at}"]

    def slope(hand: Hand, unit: int = j) -> float:
        if kind == "softmax":
            return 1.0
        return ACTIVATIONS[kind][1](hand[net], hand[f"out[{layer}][{unit}]{at}"])

    yield Planted("sign", name, lambda hand: -error(hand) * slope(hand), "sign|target - out")
    if kind in ("sigmoid", "tanh"):
        yield Planted("slope forgotten", name, error, "slope")
        yield Planted("function for slope", name, lambda hand: error(hand) * hand[out], "activation itself|out|factor")
        if width > 1:
            other = (j + 1) % width
            yield Planted("slope of another unit", name, lambda hand: error(hand) * slope(hand, other), "stands where")
    if kind == "sigmoid":
        yield Planted("half of the slope", name, lambda hand: error(hand) * (1 - hand[out]), "left out")


def _on_the_way_back(example: Dense, layer: int, j: int, n: int) -> Iterator[Planted]:
    at, above = _at(example, n), example.weights[layer]
    name, units = f"dE/dout[{layer}][{j}]{at}", range(len(above))

    def sent(hand: Hand, i: int, weight: float) -> float:
        return hand[f"dE/dnet[{layer + 1}][{i}]{at}"] * weight

    def new(hand: Hand, i: int) -> float:
        return hand[f"w[{layer + 1}][{i}][{j}]"] - example.rate * hand[f"dE/dw[{layer + 1}][{i}][{j}]"]

    yield Planted(
        "updated weights", name, lambda hand: sum(sent(hand, i, new(hand, i)) for i in units), r"after their update|\+"
    )
    if len(above) > 1:
        yield Planted(
            "path missing", name, lambda hand: sent(hand, 0, hand[f"w[{layer + 1}][0][{j}]"]), "only|left out|alone"
        )
    if len(above) == len(above[0]) > 1:
        yield Planted(
            "not transposed",
            name,
            lambda hand: sum(sent(hand, i, hand[f"w[{layer + 1}][{j}][{i}]"]) for i in units),
            "transpose",
        )


def _in_gradient(example: Dense, layer: int, j: int, k: int) -> Iterator[Planted]:
    name, weights = f"dE/dw[{layer}][{j}][{k}]", example.weights[layer - 1]
    places = [_at(example, n) for n in range(len(example.inputs))]

    def gradient(hand: Hand, unit: int, below: int) -> float:
        return sum(hand[f"dE/dnet[{layer}][{unit}]{at}"] * hand[f"out[{layer - 1}][{below}]{at}"] for at in places)

    if len(weights[j]) > 1:
        other = (k + 1) % len(weights[j])
        yield Planted("another input", name, lambda hand: gradient(hand, j, other), "stands where|another unit")
    if len(weights) > 1:
        unit = (j + 1) % len(weights)
        yield Planted("another delta", name, lambda hand: gradient(hand, unit, k), "stands where|another unit|order")
    yield Planted(
        "input forgotten",
        name,
        lambda hand: sum(hand[f"dE/dnet[{layer}][{j}]{at}"] for at in places),
        "left out|without|stands where",
    )


def _in_update(example: Dense, layer: int, j: int, k: int) -> Iterator[Planted]:
    weight, rate = f"w[{layer}][{j}][{k}]", example.rate
    gradient, name = f"dE/d{weight}", f"new:{weight}"
    yield Planted("not updated", name, lambda hand: hand[weight], "not updated|keeps")
    yield Planted("step added", name, lambda hand: hand[weight] + rate * hand[gradient], "along the gradient|sign")
    yield Planted("rate forgotten", name, lambda hand: hand[weight] - hand[gradient], "rate")
    width = len(example.weights[layer - 1][j])
    if width > 1:
        other = f"dE/dw[{layer}][{j}][{(k + 1) % width}]"
        yield Planted("another gradient", name, lambda hand: hand[weight] - rate * hand[other], "stands where")


def _in_second_pass(example: Dense, layer: int, j: int) -> Iterator[Planted]:
    at, has_bias = _at(example, 0), example.biases[layer - 1] is not None
    name, columns = f"after:net[{layer}][{j}]{at}", range(len(example.weights[layer - 1][j]))

    def weighted(hand: Hand, old: int | None = None) -> float:
        when = "after:" if layer > 1 else ""
        return sum(
            hand[f"{'' if k == old else 'new:'}w[{layer}][{j}][{k}]"] * hand[f"{when}out[{layer - 1}][{k}]{at}"]
            for k in columns
        )

    def bias(hand: Hand, when: str = "new:") -> float:
        return hand[f"{when}b[{layer}][{j}]"] if has_bias else 0.0

    before = "not updated|before"
    yield Planted("old weight", name, lambda hand: weighted(hand, 0) + bias(hand), before)
    if has_bias:
        yield Planted("bias forgotten", name, weighted, "bias|left out")
        yield Planted("old bias", name, lambda hand: weighted(hand) + bias(hand, ""), before)
