"""What a reference holds: every array of a derivation, right to the last bit, with what rounding can do to it.

The given numbers are the description's, rounded to doubles; all others are computed from these very doubles to many
digits and rounded once. Never writes a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symbackprop.checking.points import frozen_keys, own_point
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, MissingValue
from symbackprop.given import Exact, given_entries, keys_of, override
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral_array
from symbackprop.quantities import Array, Role
from symbackprop.report.listed import sections
from symbackprop.values import values_at

DIGITS = 30  # of the computation: far more than the 17 that tell doubles apart


@dataclass(frozen=True, slots=True)
class Listed:
    """One array: its neutral name, its shape without an axis for a single observation, its numbers row by row.

    ``bounds`` say how far a double that was computed in a usual way may be; infinite where a kink cannot be told.
    """

    name: str
    shape: tuple[int, ...]
    numbers: tuple[float, ...]
    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything that the files show.

    ``arrays`` have every array by its neutral name; the other tables say which of them are meant, by the keys that
    functions of arrays use. ``uses`` are a tied parameter's gradients place by place.
    """

    title: str
    observations: int
    arrays: dict[str, Listed]
    inputs: dict[str, str]
    targets: str | None
    loss: str
    parameters: dict[str, str]
    gradients: dict[str, str]
    uses: dict[str, str]
    frozen: tuple[str, ...]
    program: bool


def reference(derivation: Derivation, parameters: Mapping[str, Any]) -> Reference:
    """The reference of a derivation whose numbers are all known; ``parameters`` are some of them by name."""
    network = derivation.network
    if not isinstance(network.observations, int):
        raise InputError(f"observations: {network.observations!r} is a symbol; a reference needs numbers")
    keys = keys_of(derivation)
    gradients = {key: derivation.gradient_array(array) for key, array in keys.items()}
    listed = _listed(derivation, _arrays(derivation, list(gradients.values())), parameters)
    uses = {key: _use(array) for key, array in gradients.items() if keys[key] in derivation.ties.reindexed}
    arrays = derivation.arrays
    return Reference(
        network.title,
        network.observations,
        listed,
        {array.label or "x": neutral_array(array) for array in arrays.inputs},
        None if arrays.targets is None else neutral_array(arrays.targets),
        neutral_array(derivation.loss),
        {key: neutral_array(array) for key, array in keys.items()},
        {key: neutral_array(array) for key, array in gradients.items()},
        {key: name for key, name in uses.items() if name in listed},
        tuple(sorted(frozen_keys(derivation))),
        bool(network.program),
    )


def _name(array: Array) -> str:
    """The neutral name; the loss by output, whose array has the loss's name, is told from it."""
    if array.role is not Role.PART:
        return neutral_array(array)
    return f"{neutral_array(array)}_parts{'@n' if array.has_observations else ''}"


def _use(gradient: Array) -> str:
    return f"use:{neutral_array(gradient)}"


def _arrays(derivation: Derivation, gradients: Sequence[Array]) -> Iterator[Array]:
    """What a reader looks for first, then what else the System defines."""
    for section in sections(derivation):
        yield from section.arrays
    yield from gradients
    single = derivation.network.observations == 1
    yield from (array for array in derivation.system.definitions if not (single and array.role is Role.PART))


def _listed(derivation: Derivation, arrays: Iterator[Array], parameters: Mapping[str, Any]) -> dict[str, Listed]:
    doubles = _doubles(derivation, parameters)
    values = values_at(derivation, doubles, digits=DIGITS)
    for array in derivation.system.givens:
        values.array(array)  # says what is missing
    point = own_point(derivation, "float64", entries=doubles)
    assert point is not None
    found: dict[str, Listed] = {}
    for array in arrays:
        name = _name(array)
        if name in found:
            continue
        numbers = tuple(float(each) for each in values.array(array))
        if not all(map(math.isfinite, numbers)):
            raise MissingValue(f"{name} has no finite value here; a reference needs one for every number")
        bounds = tuple(float(each) for each in point.numbers.bound(array).reshape(-1))
        found[name] = Listed(name, _shape(derivation, array), numbers, bounds)
    return found


def _doubles(derivation: Derivation, parameters: Mapping[str, Any]) -> dict[Array, list[Exact]]:
    """The doubles nearest to what is given."""
    entries = given_entries(derivation)
    override(derivation, Names(derivation), entries, None, None, parameters)
    return {
        array: [None if each is None else Fraction(float(each)) for each in column] for array, column in entries.items()
    }


def _shape(derivation: Derivation, array: Array) -> tuple[int, ...]:
    """An array's shape; one observation has no axis of its own, as in the functions that `check` calls."""
    single = derivation.network.observations == 1
    return tuple(int(axis.size or 0) for axis in array.axes if not (single and axis.kind == "observation"))
