"""The networks that are timed: dense sigmoid layers with a bias per unit, squared error, symbols for every number."""

from __future__ import annotations

import symbackprop as sb
from symbackprop.derivation import Derivation
from symbackprop.quantities import Array, Role
from symbackprop.system import Equation, SumOfProducts


def network(*sizes: int) -> sb.Network:
    """The network with these numbers of inputs and units."""
    text = f'[inputs]\ncount = {sizes[0]}\n[loss]\nname = "squared_error"\n'
    for units in sizes[1:]:
        text += f'[[layers]]\nunits = {units}\nactivation = "sigmoid"\nbias = "unit"\n'
    return sb.Network.parse(text)


def gradients(derivation: Derivation) -> list[Array]:
    """The arrays of the loss's derivatives by weights and biases."""
    return [derivation.gradient_array(parameter) for parameter in derivation.arrays.parameters]


def backward(derivation: Derivation) -> list[SumOfProducts]:
    """The sums of products of the backward pass: deltas, derivatives by outs, gradients."""
    found: list[SumOfProducts] = []
    for equation in derivation.system.equations:
        if _is_backward(equation):
            assert isinstance(equation, SumOfProducts)
            found.append(equation)
    return found


def _is_backward(equation: Equation) -> bool:
    return isinstance(equation, SumOfProducts) and equation.target.array.role in (Role.DELTA, Role.DERIVATIVE)
