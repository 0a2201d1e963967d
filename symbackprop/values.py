"""The numbers of a derivation by name, as users ask for them. Computes nothing itself: `Numbers` does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic, PreciseArithmetic
from symbackprop.catalogue.updates import UPDATES
from symbackprop.contraction import Entries
from symbackprop.derivation import Derivation, derive
from symbackprop.description import numerals
from symbackprop.errors import InputError, MissingValue, UnknownName, suggestion
from symbackprop.evaluation import Numbers
from symbackprop.forward import entries_of
from symbackprop.network import Entry, ExactNumber, Network
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import Reindex, every_index, flat

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
        return self.numbers.bounds.of(quantity)


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


def evaluate(
    derivation: Derivation,
    *,
    inputs: Any = None,
    targets: Any = None,
    parameters: Mapping[str, Any] | None = None,
    exact: bool = False,
    digits: int | None = None,
) -> Values:
    """The derivation's numbers, at the description's values or at others in their place.

    ``inputs`` and ``targets`` are rows (one row may stand by itself); another number of observations is fine.
    ``parameters`` maps names (``w_1``, ``w[1][0][2]``) or whole arrays (``W1``, ``b1``, ``w[1]``) to numbers; floats
    are taken at their exact binary value, strings ("1/3", "0.1") as written. Raises `MissingValue` when a number
    is asked for that needs an absent one.
    """
    if inputs is not None or targets is not None:
        derivation = _with_observations(derivation, inputs, targets)
    names = Names(derivation)
    entries = given_entries(derivation)
    _override(derivation, names, entries, inputs, targets, parameters or {})
    _check_rewrites(derivation, entries)
    return values_at(derivation, entries, names=names, exact=exact, digits=digits)


def values_at(
    derivation: Derivation,
    entries: Mapping[Array, Sequence[Exact]],
    *,
    names: Names | None = None,
    exact: bool = False,
    digits: int | None = None,
) -> Values:
    """The numbers at exactly given entries, in the arithmetic asked for."""
    arithmetic: Arithmetic = (
        ExactArithmetic() if exact else FloatArithmetic() if digits is None else PreciseArithmetic(digits)
    )
    names = names or Names(derivation)
    given = Given(derivation, names, entries, arithmetic)
    return Values(
        Numbers(derivation, arithmetic, given, exact_given=Given(derivation, names, entries, ExactArithmetic())), names
    )


@dataclass(frozen=True)
class Given(Mapping[Array, Entries]):
    """The given arrays' numbers in one arithmetic; an absent entry that is asked for is an error that names it."""

    derivation: Derivation
    names: Names = field(repr=False)
    entries: Mapping[Array, Sequence[Exact]]
    arithmetic: Arithmetic

    def __getitem__(self, array: Array) -> Entries:
        entries = self.entries[array]
        missing = [indices for indices, entry in zip(every_index(array), entries, strict=True) if entry is None]
        if missing:
            shown = ", ".join(self.derivation.notation.plain(Quantity(array, indices)) for indices in missing[:6])
            more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
            raise MissingValue(f"no value for {shown}{more}: give it in the description or with --set NAME=NUMBER")
        return [self.arithmetic.number(entry) for entry in entries if entry is not None]

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


def _with_observations(derivation: Derivation, inputs: Any, targets: Any) -> Derivation:
    """The same derivation for as many observations as the rows that were handed over; laws do not change."""
    if derivation.network.program:
        rows = {len(_column(values)) for values in (inputs or {}).values()}
        count = rows.pop() if len(rows) == 1 else derivation.network.observations
    else:
        count = len(rows_of(inputs if inputs is not None else targets, "inputs" if inputs is not None else "targets"))
    if count == derivation.network.observations:
        return derivation
    assert isinstance(count, int)
    return derive(derivation.network.with_observations(count), rewrites=bool(derivation.rewrites))


def _column(values: Any) -> list[Any]:
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


def _override(
    derivation: Derivation,
    names: Names,
    entries: dict[Array, list[Exact]],
    inputs: Any,
    targets: Any,
    parameters: Mapping[str, Any],
) -> None:
    arrays = derivation.arrays
    if inputs is not None and derivation.network.program:
        by_name = {array.label: array for array in arrays.inputs}
        for name, values in inputs.items():
            if name not in by_name:
                raise UnknownName(f"inputs: unknown input {name!r}; {suggestion(name, by_name)}")
            _put(entries, by_name[name], _column(values), f"inputs.{name}")
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
    wanted = parameter_array(derivation, name) or names.resolve(name)
    if isinstance(wanted, Quantity):
        _put_one(derivation, entries, wanted, exact_number(value, name), name)
        return
    flat_values = flattened(value)
    if len(flat_values) != _count(wanted):
        raise InputError(f"{name}: has {len(flat_values)} numbers; its shape is {wanted.shape}")
    for indices, each in zip(every_index(wanted), flat_values, strict=True):
        _put_one(derivation, entries, Quantity(wanted, indices), exact_number(each, name), name)


def parameter_array(derivation: Derivation, name: str) -> Array | None:
    """The weights or bias that functions of numpy arrays call ``W1``, ``b1``; None for any other name."""
    arrays = derivation.arrays
    by_key = {f"W{number}": array for number, array in enumerate(arrays.weights, 1)}
    by_key |= {f"b{number}": array for number, array in enumerate(arrays.biases, 1) if array is not None}
    return by_key.get(name)


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
    column = list(entries[quantity.array])
    column[flat(quantity.indices, quantity.array.shape)] = number
    entries[quantity.array] = column


def _check_rewrites(derivation: Derivation, entries: Mapping[Array, Sequence[Exact]]) -> None:
    """Numbers at targets that break a rewrite's condition would belong to other equations than the printed ones."""
    targets = derivation.arrays.targets
    if targets is None or not derivation.rewrites:
        return
    width = targets.axes[-1].size or 1
    column = entries[targets]
    for number in range(len(column) // width):
        row = column[number * width : (number + 1) * width]
        known = [each for each in row if each is not None]
        for rewrite in derivation.rewrites:
            if len(known) == width and not rewrite.pair.row_holds(known):
                raise InputError(
                    f"targets[{number}]: {rewrite.pair.condition} is what {rewrite.pair.name} = out - target needs, "
                    "and here it does not hold; derive with these targets, or with rewrites=False"
                )


def trained(derivation: Derivation, steps: int, *, start: Mapping[Array, Sequence[Exact]] | None = None) -> Training:
    """``steps`` updates in a row in float64: every loss on the way, and the parameters at the end."""
    if derivation.after is None:
        raise InputError("training needs an [update] table: a rule and a learning rate")
    names = Names(derivation)
    entries = dict(start or given_entries(derivation))
    losses = []
    for step in range(1, steps + 1):
        values = values_at(derivation, entries, names=names)
        losses.append(values.array(derivation.loss)[0])
        try:
            entries = stepped(derivation, entries, values)
        except (OverflowError, ValueError):  # a new parameter is infinite or not a number
            return Training((*losses, *[math.nan] * (steps - step + 1)), values, entries, diverged=step)
    values = values_at(derivation, entries, names=names)
    losses.append(values.array(derivation.loss)[0])
    return Training(tuple(losses), values, entries)


@dataclass(frozen=True)
class Training:
    """Losses before the first step and after each; the values and given entries after the last.

    ``diverged`` is the step whose new parameters are beyond the range of floats, if there is one: no loss follows it,
    and values and entries are those before it.
    """

    losses: tuple[float, ...]
    values: Values
    entries: Mapping[Array, Sequence[Exact]]
    diverged: int | None = None


def stepped(
    derivation: Derivation, entries: Mapping[Array, Sequence[Exact]], values: Values
) -> dict[Array, Sequence[Exact]]:
    """The given entries for the next step: new parameters and states at their binary values, the step counted on."""
    after = dict(entries)
    for array in entries:
        if array.role is Role.SETTING and array.label == "step":
            after[array] = [(entries[array][0] or Fraction(0)) + 1]
        new = replace(array, phase=Phase.NEW)
        if new in derivation.system and array not in derivation.arrays.frozen:
            after[array] = [Fraction(each) for each in values.array(new)]
    return after
