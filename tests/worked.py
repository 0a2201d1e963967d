"""Worked examples done by hand in plain Python, with a slip wherever a test wants one. Knows nothing of the package.

A `Hand` works one out number by number: each is printed to some digits, and what follows goes on with the printed or
with the unrounded number. A slip replaces one number by what somebody would get who makes it; all that follows,
follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

Slip = Callable[["Hand"], float]


@dataclass
class Hand:
    """Somebody who works an example out: to so many decimals, with these slips."""

    decimals: int = 9
    significant: bool = False  # so many significant digits instead
    goes_on_with: str = "printed"  # or "unrounded"
    cuts: bool = False
    slips: Mapping[str, Slip] = field(default_factory=dict)
    misprints: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    unprinted: tuple[str, ...] = ()  # beginnings of names that are worked out and not printed
    printed: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]

    def __call__(self, name: str, value: float) -> float:
        """Notes a number, and gives the one to go on with."""
        if name in self.slips:
            value = self.slips[name](self)
        text = self.shown(value)
        if name in self.misprints:
            text = self.misprints[name](text)
        if not name.startswith(self.unprinted):
            self.printed[name] = text
            value = float(text) if self.goes_on_with == "printed" else value
        self.numbers[name] = value
        return value

    def given(self, name: str, value: float) -> None:
        """Notes a number that is given."""
        self.numbers[name] = value

    def shown(self, value: float) -> str:
        """A number as it is printed."""
        places = self.decimals
        if self.significant and value:
            places = self.decimals - 1 - math.floor(math.log10(abs(value)))
        rounding = ROUND_DOWN if self.cuts else ROUND_HALF_UP
        number = Decimal(f"{value:.13g}")  # what a float has beyond is noise
        return f"{number.quantize(Decimal(1).scaleb(-places), rounding):f}"


ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float, float], float]]] = {
    "sigmoid": (lambda net: 1 / (1 + math.exp(-net)), lambda net, out: out * (1 - out)),
    "tanh": (math.tanh, lambda net, out: 1 - out * out),
    "relu": (lambda net: max(net, 0.0), lambda net, out: 1.0 if net > 0 else 0.0),
    "identity": (lambda net: net, lambda net, out: 1.0),
}
Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Dense:
    """A network of dense layers: weights to row from column, biases, activations; its data; its rate."""

    inputs: Matrix
    targets: Matrix
    weights: Sequence[Matrix]
    biases: Sequence[Sequence[float] | None]
    activations: Sequence[str]
    rate: float
    loss: str = "squared_error"  # half of it, summed over the outputs; or cross_entropy behind softmax
    observations: str = "mean"
    momentum: float | None = None

    def description(self) -> dict[str, object]:
        """The same for the package."""
        layers = [
            {"units": len(w), "activation": name, "weights": w, **({} if b is None else {"bias": list(b)})}
            for w, b, name in zip(self.weights, self.biases, self.activations, strict=True)
        ]
        several = len(self.inputs) > 1
        loss = {"name": self.loss, **({"over_observations": self.observations} if several else {})}
        update: dict[str, object] = {"rule": "gradient_descent", "learning_rate": self.rate}
        if self.momentum is not None:
            update |= {"rule": "momentum", "momentum": self.momentum}
        return {
            "inputs": self.inputs if several else self.inputs[0],
            "targets": self.targets if several else self.targets[0],
            "layers": layers,
            "loss": loss,
            "update": update,
        }

    def by(self, hand: Hand) -> Hand:
        """The example worked out: forward, backward, the new parameters, and forward again."""
        for layer, (w, b) in enumerate(zip(self.weights, self.biases, strict=True), 1):
            for j, row in enumerate(w):
                for k, weight in enumerate(row):
                    hand.given(f"w[{layer}][{j}][{k}]", weight)
                if b is not None:
                    hand.given(f"b[{layer}][{j}]", b[j])
        self._forward(hand, "")
        self._backward(hand)
        self._update(hand)
        self._forward(hand, "after:")
        return hand

    def _at(self, n: int) -> str:
        return f"@{n}" if len(self.inputs) > 1 else ""

    def _units(self) -> Iterator[tuple[int, int]]:
        for layer, w in enumerate(self.weights, 1):
            for j in range(len(w)):
                yield layer, j

    def _forward(self, hand: Hand, when: str) -> None:
        new = "new:" if when else ""
        losses = []
        for n, x in enumerate(self.inputs):
            at, below = self._at(n), list(x)
            for k, value in enumerate(x):
                hand.given(f"out[0][{k}]{at}", value)
            for layer, (w, b, name) in enumerate(zip(self.weights, self.biases, self.activations, strict=True), 1):
                nets, outs = [], []
                for j, row in enumerate(w):
                    total = sum(hand[f"{new}w[{layer}][{j}][{k}]"] * below[k] for k in range(len(row)))
                    if b is not None:
                        total += hand[f"{new}b[{layer}][{j}]"]
                    nets.append(hand(f"{when}net[{layer}][{j}]{at}", total))
                for j, net in enumerate(nets):
                    if name == "softmax":
                        value = math.exp(net) / sum(math.exp(each) for each in nets)
                    else:
                        value = ACTIVATIONS[name][0](net)
                    outs.append(hand(f"{when}out[{layer}][{j}]{at}", value))
                below = outs
            if self.loss == "squared_error":
                losses.append(sum((t - out) ** 2 / 2 for t, out in zip(self.targets[n], below, strict=True)))
            else:
                losses.append(-sum(t * math.log(out) for t, out in zip(self.targets[n], below, strict=True) if t))
        hand(f"{when}loss", sum(losses) / (len(losses) if self.observations == "mean" else 1))

    def _backward(self, hand: Hand) -> None:
        count = len(self.inputs) if self.observations == "mean" else 1
        last = len(self.weights)
        for layer in range(last, 0, -1):
            for n in range(len(self.inputs)):
                at = self._at(n)
                for j in range(len(self.weights[layer - 1])):
                    out, net = hand[f"out[{layer}][{j}]{at}"], hand[f"net[{layer}][{j}]{at}"]
                    if layer == last:
                        error = (out - self.targets[n][j]) / count
                    else:
                        error = sum(
                            hand[f"dE/dnet[{layer + 1}][{i}]{at}"] * hand[f"w[{layer + 1}][{i}][{j}]"]
                            for i in range(len(self.weights[layer]))
                        )
                        error = hand(f"dE/dout[{layer}][{j}]{at}", error)
                    name = self.activations[layer - 1]
                    slope = 1.0 if name == "softmax" else ACTIVATIONS[name][1](net, out)
                    hand(f"dE/dnet[{layer}][{j}]{at}", error * slope)
            for j, row in enumerate(self.weights[layer - 1]):
                rows = [(f"dE/dnet[{layer}][{j}]{self._at(n)}", self._at(n)) for n in range(len(self.inputs))]
                for k in range(len(row)):
                    total = sum(hand[delta] * hand[f"out[{layer - 1}][{k}]{at}"] for delta, at in rows)
                    hand(f"dE/dw[{layer}][{j}][{k}]", total)
                if self.biases[layer - 1] is not None:
                    hand(f"dE/db[{layer}][{j}]", sum(hand[delta] for delta, _ in rows))

    def _update(self, hand: Hand) -> None:
        for layer, j in self._units():
            names = [f"w[{layer}][{j}][{k}]" for k in range(len(self.weights[layer - 1][j]))]
            names += [f"b[{layer}][{j}]"] if self.biases[layer - 1] is not None else []
            for name in names:
                hand(f"new:{name}", hand[name] - self.rate * hand[f"dE/d{name}"])
