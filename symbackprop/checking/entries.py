"""What a formula of a claim says entry by entry: as floats at a point, or as exact expressions. Never reads text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from symbackprop.checking.formulas import Node
from symbackprop.checking.scalars import evaluated
from symbackprop.derivation import Derivation
from symbackprop.errors import FormulaError
from symbackprop.expressions import (
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    leaves,
)
from symbackprop.functions import FUNCTIONS
from symbackprop.quantities import Array, Quantity, every_index

LARGEST_POWER = 1_000
Entries = npt.NDArray[Any]


def as_expression_of(node: Node) -> Expression:
    """A formula of single quantities as an expression. Raises FormulaError where it speaks of whole arrays."""
    parts = [as_expression_of(part) for part in node.parts]
    match node.kind:
        case "number":
            return Number(node.of)
        case "name" if isinstance(node.of, Quantity):
            return Reference(node.of)
        case "negative":
            return Negative(parts[0])
        case "+":
            return Sum((parts[0], parts[1]))
        case "-":
            return Sum((parts[0], Negative(parts[1])))
        case "*":
            return Product((parts[0], parts[1]))
        case "/":
            return Quotient(parts[0], parts[1])
        case "^":
            return raised(parts[0], parts[1])
        case "call" if node.of in FUNCTIONS:
            return FUNCTIONS[node.of](*parts)
    raise FormulaError("a formula of single quantities is wanted here, not of whole arrays")


def raised(base: Expression, exponent: Expression) -> Power:
    """A power. Raises FormulaError where its exponent is larger than anybody writes."""
    if not any(leaves(exponent)) and not abs(evaluated(exponent, lambda leaf: leaf)) <= LARGEST_POWER:
        raise FormulaError(f"an exponent of more than {LARGEST_POWER:,}")
    return Power(base, exponent)


class Kind(Protocol):
    """What entries are: floats, or expressions."""

    def number(self, value: Any) -> Entries:
        """A number as an array without axes."""

    def array(self, array: Array) -> Entries:
        """The entries of an array."""

    def called(self, function: str, parts: list[Entries]) -> Entries:
        """A function of each entry."""

    def slopes(self, layer: int) -> Array:
        """The array of a layer's slopes."""


@dataclass(frozen=True)
class Floats:
    """Entries are the floats that ``numbers_of`` gives for arrays."""

    numbers_of: Callable[[Array], Any]
    derivation: Derivation | None = None

    def number(self, value: Any) -> Entries:
        return np.asarray(float(value))

    def array(self, array: Array) -> Entries:
        return np.asarray(self.numbers_of(array), dtype=float)

    def called(self, function: str, parts: list[Entries]) -> Entries:
        call = FUNCTIONS[function](*(Reference(number) for number in range(len(parts))))
        return np.asarray(evaluated(call, lambda number: parts[number]), dtype=float)

    def slopes(self, layer: int) -> Array:
        return slopes_of(self.derivation, layer)


@dataclass(frozen=True)
class Expressions:
    """Entries are expressions of the quantities that the formula names."""

    derivation: Derivation

    def number(self, value: Any) -> Entries:
        return np.asarray(Number(value), dtype=object)

    def array(self, array: Array) -> Entries:
        entries = [Reference(Quantity(array, indices)) for indices in every_index(array)]
        found = np.empty(len(entries), dtype=object)
        found[:] = entries
        return found.reshape([axis.size or 1 for axis in array.axes])

    def called(self, function: str, parts: list[Entries]) -> Entries:
        return np.asarray(np.frompyfunc(FUNCTIONS[function], len(parts), 1)(*parts), dtype=object)

    def slopes(self, layer: int) -> Array:
        return slopes_of(self.derivation, layer)


def slopes_of(derivation: Derivation | None, layer: int) -> Array:
    """The array of a layer's slopes."""
    if derivation is None or not 1 <= layer <= len(derivation.now.outs):
        raise FormulaError(f"D{layer}: there is no layer {layer} here")
    return derivation.slope(derivation.now.outs[layer - 1], derivation.now.nets[layer - 1])


class Laid(NamedTuple):
    """How an author lays arrays out: vectors, and each of several observations, as a column or as a row."""

    vectors_are_columns: bool = True
    observations_are_columns: bool = False


# What authors do: W x; x W; and of several observations W X, where X W goes with either of the first two.
LAYINGS = (Laid(), Laid(vectors_are_columns=False), Laid(observations_are_columns=True))


def entries_of(node: Node, kind: Kind, *, laid: Laid = LAYINGS[0]) -> Entries:
    """A formula's entries. Raises ValueError where shapes do not go together."""
    parts = [entries_of(part, kind, laid=laid) for part in node.parts]
    with np.errstate(all="ignore"):
        match node.kind:
            case "number":
                return kind.number(node.of)
            case "name" if isinstance(node.of, Quantity):
                return np.asarray(kind.array(node.of.array)[node.of.indices])
            case "name":
                return _laid(node.of, kind, laid)
            case "slopes":
                return np.diag(_laid(kind.slopes(node.of), kind, laid).reshape(-1))
            case "call" if node.of not in SHAPED:
                return kind.called(node.of, parts)
            case "call":
                return np.asarray(SHAPED[node.of](parts[0]))
            case "column" if not laid.vectors_are_columns:
                return np.concatenate([_block(part) for part in parts], axis=1)
        return np.asarray(OPERATIONS[node.kind](*parts))


def _laid(array: Array, kind: Kind, laid: Laid) -> Entries:
    entries = kind.array(array)
    if array.has_observations and entries.shape[0] == 1:
        entries = entries[0]
    if entries.ndim == 1:
        return entries.reshape(-1, 1) if laid.vectors_are_columns else entries.reshape(1, -1)
    across = laid.observations_are_columns and array.has_observations and entries.ndim == len(array.axes) == 2
    return entries.T if across else entries


def _block(entries: Entries) -> Entries:
    """A block of a matrix: a single number is a matrix of one entry."""
    return entries if entries.ndim == 2 else entries.reshape(1, 1)


def _beside(axis: int, *parts: Entries) -> Entries:
    return np.concatenate([_block(part) for part in parts], axis=axis)


def _product(left: Entries, right: Entries) -> Entries:
    return np.asarray(left @ right if left.ndim and right.ndim else left * right)


def _power(base: Entries, exponent: Entries) -> Entries:
    if base.dtype != object:
        return np.asarray(np.power(base, exponent))
    return np.asarray(
        np.frompyfunc(lambda one, other: raised(as_expression(one), as_expression(other)), 2, 1)(base, exponent)
    )


SHAPED: dict[str, Callable[[Entries], Any]] = {
    "diag": lambda entries: np.diag(entries.reshape(-1)),
    "sum": lambda entries: entries.sum(),
}
OPERATIONS: dict[str, Callable[..., Any]] = {
    "negative": lambda part: -part,
    "transposed": lambda part: part.T,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "@": _product,
    "^": _power,
    "row": partial(_beside, 1),
    "column": partial(_beside, 0),
    "block": partial(_beside, 0),
}  # fmt: skip
