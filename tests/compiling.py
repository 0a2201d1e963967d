"""Compares compiled functions with ``evaluate``: every entry within its condition bound."""

from __future__ import annotations

import math
from typing import Any

import symbackprop as sb
from symbackprop.compiled.functions import Gradient
from symbackprop.derivation import Derivation
from symbackprop.quantities import Array
from symbackprop.values import Values, evaluate

UNDERFLOW = 5e-324


def core(network: sb.Network) -> Derivation:
    """The derivation that compiling takes."""
    return sb.derive(network).core


def given(derivation: Derivation, values: Values) -> tuple[dict[str, Any], Any, Any]:
    """Parameters, inputs and targets of the description as nested lists."""
    parameters = {key: values.nested(array) for key, array in parameter_arrays(derivation).items()}
    if derivation.network.program:
        return parameters, {array.label: values.nested(array) for array in derivation.arrays.inputs}, None
    assert derivation.arrays.targets is not None
    return parameters, values.nested(derivation.arrays.inputs[0]), values.nested(derivation.arrays.targets)


def parameter_arrays(derivation: Derivation) -> dict[str, Array]:
    """The parameters' arrays by the contract's keys."""
    arrays = derivation.arrays
    if derivation.network.program:
        return {array.label: array for array in arrays.parameters}
    found = {f"W{number}": array for number, array in enumerate(arrays.weights, 1)}
    return found | {f"b{number}": array for number, array in enumerate(arrays.biases, 1) if array is not None}


def flat(value: Any) -> list[float]:
    """All numbers of nested lists, an array or a number."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    return [each for row in plain for each in flat(row)] if isinstance(plain, list | tuple) else [float(plain)]


def disagreements(derivation: Derivation, function: Gradient) -> list[str]:
    """Every entry that is further from the reference than its condition bound, in words."""
    values = evaluate(derivation)
    loss, gradients = function.loss_and_gradients(*given(derivation, values))
    wanted = {"loss": derivation.loss}
    wanted |= {key: derivation.gradient_array(array) for key, array in parameter_arrays(derivation).items()}
    found = []
    for key, array in wanted.items():
        ours = flat(loss if key == "loss" else gradients[key])
        rows = zip(values.array(array), ours, values.numbers.bounds.array(array), strict=True)
        for place, (expected, actual, bound) in enumerate(rows):
            if not (math.isfinite(actual) and abs(actual - expected) <= bound + UNDERFLOW):
                found.append(f"{function.target} {key} at {place}: {actual} and not {expected} ± {bound}")
    return found
