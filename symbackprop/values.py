"""The numbers of a derivation by name, as users ask for them. Computes nothing itself: `Numbers` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic, PreciseArithmetic
from symbackprop.catalogue.updates import UPDATES
from symbackprop.conditions import Bounds
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, MissingValue
from symbackprop.evaluation import Entries, Numbers
from symbackprop.forward import entries_of
from symbackprop.names import Names
from symbackprop.network import Entry, ExactNumber, Network
from symbackprop.quantities import Array, Quantity, Role
from symbackprop.system import every_index, flat

Exact = Fraction | None  # None: the description has no value there


@dataclass(frozen=True)
class Values:
    """A derivation's numbers at given inputs, targets and parameters.

    ``values["dE/dw_1"]`` by either name; ``values["dE/dw[1]"]`` a whole array as nested lists. Floats, or
    fractions and expressions (``exact``), or numbers of ``digits`` correct digits.
    """

    numbers: Numbers
    names: Names = field(repr=False)

    @property
    def derivation(self) -> Derivation:
        return self.numbers.derivation

    def __getitem__(self, name: str) -> Any:
        wanted = self.names.resolve(name)
        if isinstance(wanted, Quantity):
            return self.numbers.of(wanted)
        return self.nested(wanted)

    def of(self, quantity: Quantity) -> Any:
        """One quantity's number."""
        return self.numbers.of(quantity)

    def array(self, array: Array) -> Entries:
        """An array's numbers in row-major order."""
        return self.numbers.array(array)

    def nested(self, array: Array) -> Any:
        """An array's numbers as lists in its shape."""
        return nested(self.numbers.array(array), array.shape)

    def bound(self, quantity: Quantity) -> float:
        """The condition bound: how far the float may be from the exact value."""
        return Bounds(self.numbers).of(quantity)


def nested(entries: Sequence[Any], shape: Sequence[int | None]) -> Any:
    """A row-major list as lists of lists."""
    if not shape:
        return entries[0]
    if len(shape) == 1:
        return list(entries)
    rows = shape[0] or 0
    step = len(entries) // rows if rows else 0
    return [nested(entries[row * step : (row + 1) * step], shape[1:]) for row in range(rows)]


def given_entries(derivation: Derivation) -> dict[Array, list[Exact]]:
    """What the description gives for each given array, exactly; None at each place where it has no value."""
    network = derivation.network
    return {array: _entries(derivation, network, array) for array in derivation.system.givens}


def _entries(derivation: Derivation, network: Network, array: Array) -> list[Exact]:
    count = _count(array)
    match array.role:
        case Role.INPUT if network.program:
            return _row(network, network.program_inputs[array.label], count)
        case Role.INPUT:
            return _row(network, _flattened(network.inputs), count)
        case Role.TARGET:
            return _row(network, _flattened(network.targets), count)
        case Role.WEIGHT | Role.BIAS:
            return _row(network, entries_of(network, array), count)
        case Role.PARAMETER if network.program:
            return [_value(network, array.label)]
        case Role.PARAMETER:
            sources = derivation.ties.sources[array]
            rows = {source: entries_of(network, source) for source, _ in sources}
            return [_one(network, rows[source], flat(place, source.shape)) for source, place in sources]
        case Role.RATE:
            assert network.update is not None
            return _row(network, [network.update.learning_rate], 1)
        case Role.SETTING:
            return [_setting(network, array.label)]
        case Role.STATE:
            return [Fraction(0)] * count
    raise AssertionError(array)


def _count(array: Array) -> int:
    count = 1
    for extent in array.shape:
        count *= 0 if extent is None else extent
    return count


def _flattened(matrix: Any) -> list[Entry] | None:
    return None if matrix is None else [entry for row in matrix for entry in row]


def _row(network: Network, entries: Sequence[Entry] | None, count: int) -> list[Exact]:
    if entries is None:
        return [None] * count
    return [_exact(network, entry) for entry in entries]


def _one(network: Network, entries: Sequence[Entry] | None, place: int) -> Exact:
    return None if entries is None else _exact(network, entries[place])


def _exact(network: Network, entry: Entry) -> Exact:
    return _value(network, entry) if isinstance(entry, str) else entry.value


def _value(network: Network, name: str) -> Exact:
    parameter = network.parameters.get(name)
    return parameter.value.value if parameter is not None and parameter.value is not None else None


def _setting(network: Network, label: str) -> Exact:
    if label == "factor":
        assert network.loss is not None
        return _exact(network, network.loss.factor)
    if label in ("strength", "penalty factor"):
        assert network.penalty is not None
        return _exact(network, network.penalty.strength if label == "strength" else network.penalty.factor)
    assert network.update is not None
    written = network.update.settings.get(label)
    if written is None:
        return UPDATES[network.update.rule].numbers[label]
    return _exact(network, written)
