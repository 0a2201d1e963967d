"""Points to check at: the description's values and random ones, as the numbers that a function of arrays is handed.

Never calls a function and never compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count
from random import Random
from typing import Any

import numpy as np

from symbackprop.checking.arrays import FLOAT32, FLOAT64, ArrayNumbers, Memory, Numbers
from symbackprop.derivation import Derivation, derive
from symbackprop.given import given_entries, keys_of
from symbackprop.quantities import Array, Phase, Role

ROUNDOFF = {"float64": FLOAT64, "float32": FLOAT32}
ROOM = 2.0**10  # a number may be so many times larger on the way to a result
ATTEMPTS = 40  # random points that are tried where the loss has no value at most of them
SHARES = 64  # targets that must sum to 1 are multiples of 1/64, which binary floats hold exactly


@dataclass
class Point:
    """One place where gradients are compared.

    ``numbers`` are the exact ones there; ``label`` says which place it is; ``kinks`` whether a number of the forward
    pass is on a kink as far as floats can tell.
    """

    label: str
    derivation: Derivation
    numbers: ArrayNumbers
    dtype: str

    def parameters(self, *, layout: str) -> dict[str, Numbers]:
        """Fresh arrays by the keys that functions of arrays use."""
        return {key: self._array(array, layout) for key, array in keys_of(self.derivation).items()}

    def inputs(self, *, batched: bool) -> Any:
        """The inputs: one row, or a row per observation; of a program a dict."""
        derivation = self.derivation
        if derivation.network.program:
            return {array.label: self._array(array, "to_from") for array in derivation.arrays.inputs}
        return self._rows(derivation.arrays.inputs[0], batched=batched)

    def targets(self, *, batched: bool) -> Any:
        """The targets, like the inputs; None of a program."""
        targets = self.derivation.arrays.targets
        return None if targets is None else self._rows(targets, batched=batched)

    def _rows(self, array: Array, *, batched: bool) -> Numbers:
        rows = self._array(array, "to_from")
        return rows if batched or len(rows) > 1 else rows[0].copy()

    def _array(self, array: Array, layout: str) -> Numbers:
        numbers = np.array(self.numbers.array(array), dtype=self.dtype)
        return np.ascontiguousarray(numbers.T) if layout == "from_to" and array.role is Role.WEIGHT else numbers

    @property
    def is_usable(self) -> bool:
        """Whether gradients have finite values here, also as floats of the kind that the function is handed."""
        derivation = self.derivation
        arrays = [derivation.gradient_array(each) for each in keys_of(derivation).values()]
        largest = float(np.finfo(self.dtype).max) / ROOM
        return all(bool((abs(self.numbers.array(each)) < largest).all()) for each in arrays)


def frozen_keys(derivation: Derivation) -> set[str]:
    """The keys of parameters that are not trained."""
    return {key for key, array in keys_of(derivation).items() if array in derivation.arrays.frozen}


def points(derivation: Derivation, *, dtype: str, seed: int, rounded: bool = False) -> Iterator[Point]:
    """The description's own point, where it has values, then random ones without end.

    ``rounded`` says that the description's numbers were rounded to floats by someone else: their rounding then counts.
    """
    memory: Memory = {}
    own = own_point(derivation, dtype, rounded=rounded, memory=memory)
    if own is not None and own.is_usable:
        yield own
    random = Random(seed)
    for number in count(1):
        for _ in range(ATTEMPTS):
            point = _random_point(derivation, dtype, random, number, seed, memory)
            if point.is_usable:
                break
        yield point


def settled(derivation: Derivation) -> Derivation:
    """The derivation for a number of observations: two where that is a symbol."""
    if isinstance(derivation.network.observations, int):
        return derivation
    return derive(derivation.network.with_observations(2))


def own_point(
    derivation: Derivation,
    dtype: str,
    *,
    rounded: bool = False,
    entries: Mapping[Array, Any] | None = None,
    memory: Memory | None = None,
) -> Point | None:
    """The point of the description's values, or of others in their place; None where one is missing."""
    given: dict[Array, Numbers] = {}
    for array, column in (entries or given_entries(derivation)).items():
        if any(entry is None for entry in column):
            if array.role in (Role.RATE, Role.STATE):
                given[array] = np.full(shape_of(array), 0.5)
                continue
            return None
        given[array] = _binary([entry for entry in column if entry is not None], array, dtype)
    exact = (Role.SETTING, Role.RATE)
    inexact = frozenset(given) if rounded else frozenset(each for each in given if each.role in exact)
    numbers = ArrayNumbers(derivation.definition, given, ROUNDOFF[dtype], inexact, {} if memory is None else memory)
    return Point("the description's values", derivation, numbers, dtype)


def _binary(entries: list[Fraction], array: Array, dtype: str) -> Numbers:
    kind = dtype if array.role not in (Role.SETTING, Role.RATE) else "float64"
    plain = [each.numerator / each.denominator for each in entries]  # rounds once, like float(), and is faster
    return np.array(plain, dtype=kind).reshape(shape_of(array)).astype(np.longdouble)


def shape_of(array: Array) -> tuple[int, ...]:
    """The shape of an array whose sizes are known."""
    return tuple(int(extent or 0) for extent in array.shape)


def _random_point(derivation: Derivation, dtype: str, random: Random, number: int, seed: int, memory: Memory) -> Point:
    own = dict(given_entries(derivation).items())
    given = {array: _drawn(derivation, array, own[array], dtype, random) for array in derivation.system.givens}
    inexact = frozenset(each for each in given if each.role in (Role.SETTING, Role.RATE))
    numbers = ArrayNumbers(derivation.definition, given, ROUNDOFF[dtype], rounded=inexact, memory=memory)
    return Point(f"random point {number} of seed {seed}", derivation, numbers, dtype)


def _drawn(derivation: Derivation, array: Array, own: Any, dtype: str, random: Random) -> Numbers:
    if array.role in (Role.SETTING, Role.RATE) and all(each is not None for each in own):
        return _binary(list(own), array, dtype)
    shape = shape_of(array)
    entries = int(np.prod(shape)) if shape else 1
    if array.role is Role.TARGET and any(rewrite.pair.condition for rewrite in derivation.rewrites):
        rows = [_shares(shape[-1], random) for _ in range(entries // shape[-1])]
        return np.array(rows, dtype=dtype).reshape(shape).astype(np.longdouble)
    low = {Role.TARGET: 0.05, Role.SETTING: 0.1, Role.RATE: 0.1, Role.STATE: 0.2}.get(array.role, -1.0)
    high = 0.95 if array.role is Role.TARGET else 1.5 if array.role is Role.INPUT else 1.0
    return (
        np.array([random.uniform(low, high) for _ in range(entries)], dtype=dtype).reshape(shape).astype(np.longdouble)
    )


def _shares(width: int, random: Random) -> list[float]:
    """Numbers that sum to 1, exactly."""
    cuts = sorted(random.randint(0, SHARES) for _ in range(width - 1))
    return [(high - low) / SHARES for low, high in zip([0, *cuts], [*cuts, SHARES], strict=True)]


def later(array: Array) -> Array:
    """The same array after an update."""
    return replace(array, phase=Phase.NEW)


Given = Mapping[Array, Numbers]
