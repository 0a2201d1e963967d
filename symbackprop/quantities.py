"""Roles, arrays and quantities: what a derivation speaks of, by identity. Never prints or parses a name.

An array is a role in a layer with its axes (the outputs of layer 2, over observations and units); a
quantity is one entry of it. Printed names come from a notation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import NamedTuple

from symbackprop.errors import TooLarge


class Role(StrEnum):
    """What an array is for. Values are the words of the neutral names where there is one."""

    INPUT = "x"
    TARGET = "t"
    WEIGHT = "w"
    BIAS = "b"
    PARAMETER = "parameter"  # tied parameters' common vector, or a program's parameter
    WEIGHTED_SUM = "wsum"  # net without the bias
    NET = "net"
    OUT = "out"
    PART = "part"  # one output's part of one observation's loss
    LOSS = "loss"
    PENALTY = "penalty"
    RATE = "lr"
    SETTING = "setting"  # strength, momentum, decay, ...: `label` says which
    DELTA = "delta"  # the derivative of the loss by a net, or its negative
    DERIVATIVE = "derivative"  # of `of` by `wrt`
    STATE = "state"  # of an optimiser: `label` says which, `wrt` says whose
    VARIABLE = "variable"  # of a program


class Phase(StrEnum):
    """When, or in which sense, an array is meant."""

    NOW = ""
    NEW = "new"  # after one update
    AFTER = "after"  # forward again with the new parameters
    USE = "use"  # one use's share of a tied parameter's gradient


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction of an array: ``observation``, ``unit`` of a layer (0: the inputs) or ``parameter``.

    ``size`` is None for a number of observations that is a symbol.
    """

    kind: str
    size: int | None
    layer: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Array:
    """An array of quantities. A derivative says what is differentiated (``of``, at unit ``of_unit``) by what (``wrt``).

    A local derivative (``dout/dnet``) has ``of`` an array of the same layer; a sweep's adjoint has ``of`` the loss,
    one output's part of it, or a net.
    """

    role: Role
    axes: tuple[Axis, ...] = ()
    layer: int | None = None
    label: str = ""
    phase: Phase = Phase.NOW
    of: Array | None = None
    of_unit: int | None = None
    wrt: Array | None = None
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        identity = (self.role, self.layer, self.label, self.phase, self.of, self.of_unit, self.wrt, len(self.axes))
        object.__setattr__(self, "_hash", hash(identity))

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"<{self._words()}>"

    def _words(self) -> str:
        """A short text for messages to developers; what users read comes from a notation."""
        prefix = f"{self.phase}:" if self.phase else ""
        label = f" {self.label}" if self.label else ""
        if self.of is not None and self.wrt is not None:
            unit = "" if self.of_unit is None else f"[{self.of_unit}]"
            return f"{prefix}d{self.of._words()}{unit}/d{self.wrt._words()}{label}"
        whose = f" of {self.wrt._words()}" if self.wrt is not None else ""
        return f"{prefix}{self.role.value}{'' if self.layer is None else self.layer}{label}{whose}"

    @property
    def now(self) -> Array:
        """The same array before the update."""
        return replace(self, phase=Phase.NOW)

    @property
    def shape(self) -> tuple[int | None, ...]:
        return tuple(axis.size for axis in self.axes)

    @property
    def has_observations(self) -> bool:
        return any(axis.kind == "observation" for axis in self.axes)


def derivative_of(of: Array, of_unit: int | None, wrt: Array) -> Array:
    """The array of derivatives of ``of``, at one unit or as a whole, by each entry of ``wrt``."""
    return Array(Role.DERIVATIVE, wrt.axes, wrt.layer, phase=wrt.phase, of=of, of_unit=of_unit, wrt=wrt)


class Quantity(NamedTuple):
    """One entry of an array, by its indices from 0."""

    array: Array
    indices: tuple[int, ...] = ()


class Cell(NamedTuple):
    """An entry of an array by index letters, as it stands in an array's law: ``net[n,j]``."""

    array: Array
    indices: tuple[str, ...] = ()


def extent(axis: Axis) -> int:
    """The axis's size; refused while the number of observations is a symbol."""
    if axis.size is None:
        raise TooLarge(
            "the number of observations is the symbol n: there are laws, but no single equations; give the inputs"
        )
    return axis.size


def extents(array: Array) -> tuple[int, ...]:
    """The array's shape as numbers; refused while the number of observations is a symbol."""
    return tuple([extent(axis) for axis in array.axes])


def every_index(array: Array) -> Iterator[tuple[int, ...]]:
    """The indices of all entries, in row-major order."""
    return product(*map(range, extents(array)))


def flat(indices: tuple[int, ...], shape: tuple[int | None, ...]) -> int:
    """The place of an entry in row-major order."""
    place = 0
    for index, size in zip(indices, shape, strict=True):
        assert size is not None
        place = place * size + index
    return place
