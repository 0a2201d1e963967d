"""What a derivation is evaluated at: its given arrays' exact entries, written or handed over. Computes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symbackprop.arithmetic import Arithmetic
from symbackprop.catalogue.updates import UPDATES
from symbackprop.contraction import Entries
from symbackprop.derivation import Derivation
from symbackprop.description import numerals
from symbackprop.errors import InputError, MissingValue, UnknownName, suggestion
from symbackprop.forward import entries_of
from symbackprop.network import Entry, ExactNumber, Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity, Role, every_index, flat
from symbackprop.system import Reindex

Exact = Fraction | None  # None: the description has no value there
MOST_SHOWN = 12  # absent values that an error names


def given_entries(derivation: Derivation, roles: Collection[Role] = tuple(Role)) -> dict[Array, list[Exact]]:
    """What the description gives for each given array of these roles, exactly; None where it has no value."""
    network = derivation.network
    return {array: _entries(derivation, network, array) for array in derivation.system.givens if array.role in roles}


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
            return [_exact(network, setting_entry(network, array.label))]
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


def setting_entry(network: Network, label: str) -> Entry:
    """What a setting of the loss, the penalty or the update rule is: as the description has it, else the default."""
    if label == "factor":
        assert network.loss is not None
        return network.loss.factor
    if label in ("strength", "penalty factor"):
        assert network.penalty is not None
        return network.penalty.strength if label == "strength" else network.penalty.factor
    assert network.update is not None
    written = network.update.settings.get(label)
    return ExactNumber(UPDATES[network.update.rule].numbers[label], "") if written is None else written


@dataclass(frozen=True)
class Given(Mapping[Array, Entries]):
    """The given arrays' numbers in one arithmetic; an absent entry that is asked for is an error that names it."""

    derivation: Derivation
    names: Names = field(repr=False)
    entries: Mapping[Array, Sequence[Exact]]
    arithmetic: Arithmetic

    def __getitem__(self, array: Array) -> Entries:
        entries = self.entries[array]
        if any(entry is None for entry in entries):
            raise MissingValue(self._missing_sentence(array))
        return [self.arithmetic.number(entry) for entry in entries if entry is not None]

    def _missing_sentence(self, array: Array) -> str:
        """What has no value: the array's entries first, then those of the others."""
        arrays = [array, *(each for each in self.entries if each != array)]
        missing = [
            Quantity(each, indices)
            for each in arrays
            for indices, entry in zip(every_index(each), self.entries[each], strict=True)
            if entry is None
        ]
        shown = ", ".join(self.derivation.notation.plain(quantity) for quantity in missing[:MOST_SHOWN])
        more = f" and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else ""
        return f"no value for {shown}{more}: give it in the description or with --set NAME=NUMBER"

    def __iter__(self) -> Iterator[Array]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def exact_number(value: Any, place: str) -> Fraction:
    """A number handed over in Python, exactly: a float at its binary value, a string as it is written."""
    if isinstance(value, ExactNumber):
        return value.value
    try:
        if isinstance(value, str):
            read = numerals.exact(value.strip())
            if isinstance(read, ExactNumber):
                return read.value
            raise InputError(f"{place}: {value!r} is not a number" + (f": {read.why}" if read else ""))
        return Fraction(value.item() if hasattr(value, "item") else value)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise InputError(f"{place}: {value!r} is not a finite number") from error


def column_of(values: Any) -> list[Any]:
    """One number, or a list or array of them, as a list."""
    return list(values) if isinstance(values, list | tuple) or hasattr(values, "__len__") else [values]


def rows_of(values: Any, place: str) -> list[list[Any]]:
    """Rows of numbers from nested lists or an array; one row may stand by itself."""
    rows = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(rows, list | tuple) or not rows:
        raise InputError(
            f"{place}: expected a row of numbers, or a list of such rows, one per observation; got {values!r}"
        )
    nested_rows = [isinstance(row, list | tuple) for row in rows]
    if any(nested_rows) and not all(nested_rows):
        raise InputError(f"{place}: rows and single numbers are mixed")
    return [list(row) for row in rows] if all(nested_rows) else [list(rows)]


def override(
    derivation: Derivation,
    names: Names,
    entries: dict[Array, list[Exact]],
    inputs: Any,
    targets: Any,
    parameters: Mapping[str, Any],
) -> None:
    """Puts inputs, targets and parameters by name in the place of what the description has in ``entries``."""
    arrays = derivation.arrays
    if inputs is not None and derivation.network.program:
        by_name = {array.label: array for array in arrays.inputs}
        for name, values in inputs.items():
            if name not in by_name:
                raise UnknownName(f"inputs: unknown input {name!r}; {suggestion(name, by_name)}")
            _put(entries, by_name[name], column_of(values), f"inputs.{name}")
    elif inputs is not None:
        _put_rows(entries, arrays.inputs[0], rows_of(inputs, "inputs"), "inputs")
    if targets is not None:
        if arrays.targets is None:
            raise InputError("targets: a program has none")
        _put_rows(entries, arrays.targets, rows_of(targets, "targets"), "targets")
    for name, value in parameters.items():
        _put_parameter(derivation, names, entries, name, value)


def _put_rows(entries: dict[Array, list[Exact]], array: Array, rows: list[list[Any]], place: str) -> None:
    width = array.axes[-1].size
    for number, row in enumerate(rows):
        if len(row) != width:
            raise InputError(f"{place}[{number}]: has {len(row)} numbers; expected {width}, one per unit")
    _put(entries, array, [value for row in rows for value in row], place)


def _put(entries: dict[Array, list[Exact]], array: Array, values: Sequence[Any], place: str) -> None:
    count = _count(array)
    if len(values) != count:
        raise InputError(f"{place}: has {len(values)} numbers; expected {count}")
    entries[array] = [exact_number(value, f"{place}[{number}]") for number, value in enumerate(values)]


def _put_parameter(
    derivation: Derivation, names: Names, entries: dict[Array, list[Exact]], name: str, value: Any
) -> None:
    wanted = keys_of(derivation).get(name) or names.resolve(name)
    if isinstance(wanted, Quantity):
        _put_one(derivation, entries, wanted, exact_number(value, name), name)
        return
    flat_values = flattened(value)
    if len(flat_values) != _count(wanted):
        raise InputError(f"{name}: has {len(flat_values)} numbers; its shape is {wanted.shape}")
    for indices, each in zip(every_index(wanted), flat_values, strict=True):
        _put_one(derivation, entries, Quantity(wanted, indices), exact_number(each, name), name)


def keys_of(derivation: Derivation) -> dict[str, Array]:
    """The arrays of parameters by the names that functions of arrays use: W1, b1; a program's own names."""
    arrays = derivation.arrays
    if derivation.network.program:
        return {array.label: array for array in arrays.parameters}
    found: dict[str, Array] = {}
    for number, (weight, bias) in enumerate(zip(arrays.weights, arrays.biases, strict=True), 1):
        found[f"W{number}"] = weight
        if bias is not None:
            found[f"b{number}"] = bias
    return found


def flattened(value: Any) -> list[Any]:
    """All numbers of nested lists or an array, in row-major order."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    return [each for row in plain for each in flattened(row)] if isinstance(plain, list | tuple) else [plain]


def _put_one(
    derivation: Derivation, entries: dict[Array, list[Exact]], quantity: Quantity, number: Fraction, name: str
) -> None:
    equation = derivation.definition(quantity.array)
    if isinstance(equation, Reindex):
        source, place = equation.table[flat(quantity.indices, quantity.array.shape)]
        quantity = Quantity(equation.sources[source], place)
    elif equation is not None or quantity.array not in entries:
        raise InputError(f"{name} is computed, not given: only inputs, targets, parameters and settings can be set")
    entries[quantity.array][flat(quantity.indices, quantity.array.shape)] = number
