"""What a report lists: a derivation's arrays, in sections. Never computes a number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from symbackprop.derivation import Derivation
from symbackprop.notation.lettering import ascii_name
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index

# Derivatives by every pair of neighbours are listed where a network has at most so many weights, biases and inputs.
MOST_FOR_PAIRS = 400


@dataclass(frozen=True, slots=True)
class Section:
    """Some arrays under a heading."""

    title: str
    arrays: tuple[Array, ...]


def sections(derivation: Derivation) -> list[Section]:
    """The arrays of a derivation that a reader looks for, in the order of the computation."""
    arrays = derivation.arrays
    parameters = parameters_of(derivation)
    found = [
        Section("given", (*arrays.inputs, *_there(arrays.targets), *parameters, *_settings(derivation))),
        Section("forward pass", tuple(_forward(derivation, Phase.NOW))),
        Section("loss", tuple(_losses(derivation, Phase.NOW))),
        Section("gradients", tuple(_gradients(derivation))),
    ]
    if derivation.after is not None:
        found.append(Section("after one update", tuple(replace(each, phase=Phase.NEW) for each in parameters)))
        again = (*_forward(derivation, Phase.AFTER), *_losses(derivation, Phase.AFTER))
        found.append(Section("forward pass with the new parameters", again))
    return found


def further_arrays(derivation: Derivation) -> Iterator[Array]:
    """Arrays that have neutral names too, and that only the JSON lists."""
    arrays, now, after = derivation.arrays, derivation.now, derivation.after
    gradient = derivation.gradient_array
    for net in now.nets:
        yield derivation.weighted_sum(net)
        yield gradient(net)
    if now.nets:
        yield from (gradient(each) for each in arrays.inputs)
    for net in after.nets if after is not None else ():
        yield derivation.weighted_sum(net)
    for array in derivation.system.definitions:
        if array.phase is Phase.USE:
            yield array
    yield from _states(derivation)
    if _count(derivation) <= MOST_FOR_PAIRS and isinstance(derivation.network.observations, int):
        yield from _pairs(derivation)
        yield from _shares(derivation)


def _there(array: Array | None) -> tuple[Array, ...]:
    return () if array is None else (array,)


def parameters_of(derivation: Derivation) -> tuple[Array, ...]:
    """Weights and biases by layer, or a program's parameters; never the vectors that tied ones are taken from."""
    arrays = derivation.arrays
    if derivation.network.program:
        return arrays.parameters
    return tuple(each for pair in zip(arrays.weights, arrays.biases, strict=True) for each in pair if each is not None)


def _settings(derivation: Derivation) -> Iterator[Array]:
    yield from (each for each in derivation.system.givens if each.role in (Role.RATE, Role.SETTING))


def _forward(derivation: Derivation, phase: Phase) -> Iterator[Array]:
    passed = derivation.now if phase is Phase.NOW else derivation.after
    assert passed is not None
    if derivation.network.program:
        yield from (each.target.array for each in passed.equations if each.target.array != passed.loss)
    for net, out in zip(passed.nets, passed.outs, strict=True):
        yield from dict.fromkeys((net, out))


def _losses(derivation: Derivation, phase: Phase) -> Iterator[Array]:
    passed = derivation.now if phase is Phase.NOW else derivation.after
    assert passed is not None
    if passed.part is not None:
        yield derivation.output_part(phase)
    yield from _there(passed.penalty)
    yield passed.loss


def _gradients(derivation: Derivation) -> Iterator[Array]:
    """Backwards as they are derived, then those by the parameters."""
    now, gradient = derivation.now, derivation.gradient_array
    if derivation.network.program:
        loss = derivation.loss
        variables = [each.target.array for each in now.equations if each.target.array != loss]
        yield from (gradient(each) for each in (*reversed(variables), *derivation.arrays.inputs))
    for net, out in zip(reversed(now.nets), reversed(now.outs), strict=True):
        yield gradient(out)
        yield replace(net, role=Role.DELTA)
    yield from (gradient(each) for each in parameters_of(derivation))


def _states(derivation: Derivation) -> Iterator[Array]:
    for array in (*derivation.system.givens, *derivation.system.definitions):
        if array.role is Role.STATE:
            yield array


def _count(derivation: Derivation) -> int:
    """How many given entries there are, over one observation."""
    return sum(
        math.prod(axis.size or 1 for axis in array.axes if axis.kind != "observation")
        for array in (*derivation.arrays.inputs, *parameters_of(derivation))
    )


def _pairs(derivation: Derivation) -> Iterator[Array]:
    """Links of the chain: ∂out/∂net, ∂net/∂w, ∂net/∂out of the layer before, and each output's part by each out."""
    now, arrays, derivative = derivation.now, derivation.arrays, derivation.derivative
    for number, (net, out) in enumerate(zip(now.nets, now.outs, strict=True)):
        if net != out:
            yield derivation.slope(out, net)
        before = now.outs[number - 1] if number else arrays.inputs[0]
        for unit in range(net.axes[-1].size or 0):
            yield derivative(net, unit, before)
            yield derivative(net, unit, arrays.weights[number])
    if now.part is not None:
        for unit in range(now.part.axes[-1].size or 0):
            for out in now.outs:
                yield derivative(now.part, unit, out)


def _shares(derivation: Derivation) -> Iterator[Array]:
    """What each of several observations contributes."""
    if derivation.network.observations == 1 or derivation.network.program:
        return
    yield from _there(derivation.now.part)
    yield derivation.share(derivation.loss)
    for parameter in parameters_of(derivation):
        yield derivation.share(derivation.gradient_array(parameter))


def shown_name(derivation: Derivation, quantity: Quantity) -> str:
    """The quantity's name in the description's notation, in ASCII: it can be typed, and `--of` takes it."""
    return ascii_name(derivation.notation.name(quantity))


def entries_of(wanted: Quantity | Array) -> Iterator[Quantity]:
    """The quantity itself, or all of an array's, in row-major order."""
    if isinstance(wanted, Quantity):
        yield wanted
    else:
        yield from (Quantity(wanted, indices) for indices in every_index(wanted))
