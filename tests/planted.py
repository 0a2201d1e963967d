"""Random networks with generic values, and gradient functions that have a mistake of the catalogue planted in them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import MISTAKES, Subject, Variant, variants_of
from symbackprop.checking.arrays import ArrayNumbers, Circular
from symbackprop.derivation import Derivation, derive
from symbackprop.given import keys_of
from symbackprop.network import Network
from symbackprop.quantities import Phase, Role
from symbackprop.values import evaluate

OUTPUTS = (
    ("sigmoid", "squared_error"),
    ("identity", "squared_error"),
    ("softmax", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
)
MOST_NUMBERS = 200  # of each family of networks
HIDDEN = ("sigmoid", "tanh", "relu", "softplus")


def generic_network(number: int) -> Network:
    """A network with 2 or 3 layers of weights, with or without penalty, one observation or five."""
    return Network(**_described(number))


def tied_network(number: int) -> Network:
    """A generic network in which some entries of weights are one parameter."""
    described, random = _described(number), Random(f"tied:{number}")
    rows = [row for layer in described["layers"] for row in layer["weights"]]
    for row in random.sample(rows, 2):
        row[random.randrange(len(row))] = "s"
    described["parameters"] = {"s": round(random.uniform(-1, 1), 4)}
    return Network(**described)


def reduced_network(number: int) -> Network:
    """A generic network whose loss is a mean over its outputs or a sum over its observations."""
    described, random = _described(number), Random(f"reduced:{number}")
    name = described["loss"]
    loss = {"name": name, "over_observations": random.choice(["mean", "sum"])}
    if name != "cross_entropy":
        loss["over_outputs"] = random.choice(["mean", "sum"])
        loss["factor"] = Random(f"factor:{number}").choice(["1/2", 1]) if name == "squared_error" else 1
    return Network(**described | {"loss": loss})


def program(number: int) -> Network:
    """A cell with a state, over two to four steps of time, with a second path to the loss."""
    random = Random(f"program:{number}")
    steps, cell = random.choice([2, 3, 4]), random.choice(["tanh", "sigmoid", "sin"])
    lines = ['loss = "E"', "[inputs]"]
    lines += [f"x_{step} = [{random.uniform(-1, 1):.4f}]" for step in range(1, steps + 1)] + ["t = [0.37]"]
    for step in range(1, steps + 1):
        before = f"w*h_{step - 1} + " if step > 1 else ""
        lines += ["[[equations]]", f'name = "h_{step}"', f'formula = "{cell}({before}u*x_{step} + b)"']
    lines += ["[[equations]]", 'name = "y"', f'formula = "v*h_{steps} + r*h_1"']
    lines += ["[[equations]]", 'name = "E"', f'formula = "1/2*(y - t)^2 + {random.choice(["0", "y^3", "exp(y)"])}"']
    lines += ["[parameters]", *(f"{name} = {random.uniform(-1, 1):.4f}" for name in "wubvr")]
    return Network.parse("\n".join(lines))


def deep_network(number: int) -> Network:
    """A generic network with two hidden layers of the same width."""
    return Network(**_described(number, hidden=(3, 3)))


FAMILIES = (generic_network, reduced_network, tied_network, deep_network, program)


def _described(number: int, *, hidden: tuple[int, ...] = ()) -> dict[str, Any]:
    random = Random(f"generic:{number}")
    activation, loss = random.choice(OUTPUTS)
    sizes = [*(random.choice([2, 3, 4]) for _ in range(random.choice([2, 2, 3]))), random.choice([3, 4])]
    sizes = [sizes[0], *hidden, sizes[-1]] if hidden else sizes
    observations = random.choice([1, 5])
    function = random.choice(HIDDEN)

    def matrix(rows: int, columns: int) -> list[list[float]]:
        return [[round(random.uniform(-1, 1), 4) for _ in range(columns)] for _ in range(rows)]

    layers = [
        {
            "units": here,
            "activation": activation if place == len(sizes) - 1 else function,
            "weights": matrix(here, before),
            "bias": random.choice([matrix(1, here)[0], round(random.uniform(-1, 1), 3)]),
        }
        for place, (before, here) in enumerate(itertools.pairwise(sizes), 1)
    ]
    targets: Any = [[round(random.uniform(0.1, 0.9), 3) for _ in range(sizes[-1])] for _ in range(observations)]
    if activation == "softmax":
        targets = np.eye(sizes[-1], dtype=int)[[random.randrange(sizes[-1]) for _ in range(observations)]].tolist()
    return {
        "inputs": matrix(observations, sizes[0]),
        "targets": targets,
        "layers": layers,
        "loss": loss,
        "penalty": random.choice([None, {"kind": "l2", "strength": 0.1}]),
        "update": {"rule": "gradient_descent", "learning_rate": 0.5},
    }


def backward_variants(derivation: Derivation) -> dict[str, list[Variant]]:
    """The ways to make each mistake that a gradient function can have."""
    found: dict[str, list[Variant]] = {}
    for variant in variants_of(
        Subject.of(derivation.system, derivation.loss, derivation.steps), MISTAKES, kinds=("backward", "forward")
    ):
        if variant.place.phase in (Phase.NOW, Phase.USE):
            found.setdefault(variant.mistake.name, []).append(variant)
    return found


def planted(derivation: Derivation, variant: Variant) -> Callable[..., Any]:
    """A gradient function that has the mistake."""
    settings = evaluate(derivation)

    def gradients(parameters: dict[str, Any], inputs: Any, targets: Any) -> dict[str, Any]:
        keys = {array: key for key, array in keys_of(derivation).items()}
        given: dict[Any, Any] = {}
        for array in derivation.system.givens:
            if array in keys:
                given[array] = parameters[keys[array]]
            elif array in derivation.ties.sources:
                places = derivation.ties.sources[array]
                given[array] = np.array([parameters[keys[source]][place] for source, place in places])
            elif isinstance(inputs, dict) and array.label in inputs:
                given[array] = inputs[array.label]
            elif array.role in (Role.INPUT, Role.TARGET):
                given[array] = np.atleast_2d(inputs if array.role is Role.INPUT else targets)
            else:
                given[array] = np.asarray(settings.array(array)).reshape(array.shape)
        numbers = ArrayNumbers(variant.definition, given)
        return {
            key: np.array(numbers.array(derivation.gradient_array(array)), dtype=float) for array, key in keys.items()
        }

    return gradients


@lru_cache(maxsize=512)
def variants_in(family: int, number: int) -> tuple[Network, Derivation, dict[str, list[Variant]]]:
    """A network of a family, derived, and the ways to make each mistake in it."""
    network = FAMILIES[family](number)
    derivation = derive(network)
    return network, derivation, backward_variants(derivation)


def networks_with(name: str, count: int) -> Iterator[tuple[int, Network, Derivation, Variant]]:
    """The first networks in which a mistake can be made and seen, with one way to make it in each."""
    found = 0
    for number in range(MOST_NUMBERS):
        for family in range(len(FAMILIES)):
            if found == count:
                return
            network, derivation, variants = variants_in(family, number)
            if name not in variants:
                continue
            variant = Random(f"{number}:{name}").choice(variants[name])
            if is_visible(derivation, variant):
                found += 1
                yield number, network, derivation, variant


def is_visible(derivation: Derivation, variant: Variant) -> bool:
    """Whether the mistake changes any gradient at the description's point."""
    from itertools import islice

    from symbackprop.checking.points import points

    for point in islice(points(derivation, dtype="float64", seed=7), 2):
        wrong = point.numbers.with_equations(variant.definition, variant.changed)
        for array in keys_of(derivation).values():
            gradient = derivation.gradient_array(array)
            if np.any(abs(wrong.array(gradient) - point.numbers.array(gradient)) > 64 * point.numbers.bound(gradient)):
                return True
    return False


def textbook(network: Network, *, dtype: str = "float64") -> Callable[..., Any]:
    """Backpropagation by hand in numpy, as textbooks write it: slopes in terms of outputs."""
    values = {
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
        "tanh": (np.tanh, lambda z, a: 1 - a**2),
        "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0).astype(z.dtype)),
        "softplus": (lambda z: np.log1p(np.exp(z)), lambda z, a: 1 / (1 + np.exp(-z))),
        "identity": (lambda z: z, lambda z, a: np.ones_like(z)),
        "softmax": (lambda z: np.exp(z) / np.exp(z).sum(1, keepdims=True), lambda z, a: np.ones_like(z)),
    }
    assert network.loss is not None
    loss = network.loss.choice.name
    strength = 0.1 if network.penalty is not None else 0.0

    def gradients(parameters: dict[str, Any], inputs: Any, targets: Any) -> dict[str, Any]:
        outs, nets = [np.atleast_2d(inputs)], []
        target = np.atleast_2d(targets)
        for place, layer in enumerate(network.layers, 1):
            nets.append(outs[-1] @ parameters[f"W{place}"].T + parameters[f"b{place}"])
            outs.append(values[layer.activation.name][0](nets[-1]))
        error = (outs[-1] - target) / np.asarray(len(target), dtype=dtype)
        found: dict[str, Any] = {}
        for place in range(len(network.layers), 0, -1):
            weight, bias = parameters[f"W{place}"], parameters[f"b{place}"]
            name = network.layers[place - 1].activation.name
            is_fused = place == len(network.layers) and loss != "squared_error"
            delta = error if is_fused else error * values[name][1](nets[place - 1], outs[place])
            found[f"W{place}"] = delta.T @ outs[place - 1] + np.asarray(strength, dtype=dtype) * weight
            found[f"b{place}"] = delta.sum(0) if bias.ndim else delta.sum()
            error = delta @ weight
        return found

    return gradients


def two_mistakes(number: int) -> tuple[Network, Variant] | None:
    """A network with two different mistakes made in it, one after the other; None where they cannot both be made."""
    random = Random(f"two:{number}")
    network = generic_network(random.randrange(50))
    derivation = derive(network)
    variants = backward_variants(derivation)
    first = random.choice(variants[random.choice(sorted(variants))])
    second: dict[str, list[Variant]] = {}
    for variant in variants_of(first.result, MISTAKES, kinds=("backward", "forward"), earlier=first):
        if variant.place.phase in (Phase.NOW, Phase.USE) and variant.mistake.name != first.mistake.name:
            second.setdefault(variant.mistake.name, []).append(variant)
    both = random.choice(second[random.choice(sorted(second))])
    try:
        if not (is_visible(derivation, first) and is_visible(derivation, both)):
            return None
    except Circular:
        return None
    return network, both
