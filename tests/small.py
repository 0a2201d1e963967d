"""The contract's 2-2-2 network in variations, and names for its quantities."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

from symbackprop.derivation import Derivation, derive
from symbackprop.network import Dense, Network
from symbackprop.notation.names import Names
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import PLAIN
from symbackprop.quantities import Quantity


def two_two_two(
    activation: str = "sigmoid", output: str | None = None, *, rewrites: bool = True, **more: Any
) -> Derivation:
    """Weights, biases, inputs and targets of the well-known example; ``more`` are arguments of `Network`."""
    given: dict[str, Any] = {
        "inputs": [0.05, 0.1],
        "targets": [0.01, 0.99],
        "loss": "squared_error",
        "layers": [
            Dense(2, activation, weights=[[0.15, 0.2], [0.25, 0.3]], bias=[0.35, 0.35]),
            Dense(2, output or activation, weights=[[0.4, 0.45], [0.5, 0.55]], bias=[0.6, 0.6]),
        ],
    }
    return derive(Network(**given | more), rewrites=rewrites)


def wide(sizes: tuple[int, ...], activation: str = "sigmoid", *, observations: int = 2) -> Network:
    """A network of layers with a bias for each unit, its numbers seeded and of two decimals."""
    random = Random(f"wide {sizes} {activation}")

    def numbers(count: int) -> list[float]:
        return [random.randint(-100, 100) / 100 for _ in range(count)]

    layers = [
        Dense(units, activation, weights=[numbers(before) for _ in range(units)], bias=numbers(units))
        for before, units in itertools.pairwise(sizes)
    ]
    return Network(
        inputs=[numbers(sizes[0])] * observations,
        targets=[numbers(sizes[-1])] * observations,
        layers=layers,
        loss="squared_error",
        update={"rule": "gradient_descent", "learning_rate": 0.5},
    )


def program(*equations: tuple[str, str], loss: str = "f", **inputs: float) -> Derivation:
    """A program of equations with one value for each input."""
    return derive(
        Network(equations=list(equations), loss=loss, inputs={name: [value] for name, value in inputs.items()})
    )


def quantity(derivation: Derivation, name: str) -> Quantity:
    """What a name stands for."""
    found = Names(derivation).resolve(name)
    assert isinstance(found, Quantity)
    return found


def text(derivation: Derivation, expression: Any) -> str:
    """An expression over quantities as plain text in the derivation's notation."""

    def label(of: Any) -> Label:
        return Label(derivation.notation.plain(of))

    return PLAIN.text(expression, label)
