"""The numbers of a derivation by name, as users ask for them. Computes nothing itself: `Numbers` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic, PreciseArithmetic
from symbackprop.contraction import Entries
from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError
from symbackprop.evaluation import Numbers, Ready
from symbackprop.given import Exact, Given, column_of, given_entries, override, rows_of
from symbackprop.limits import AGREEING_DIGITS, MOST_DIGITS
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Quantity, every_index, extents

SMALL = 2.0**-40  # of the largest number: what may be the rounding of a sum
MOST_SETTLED = 2_000  # numbers of a derivation of which each is looked at


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

    @property
    def given(self) -> Mapping[Array, Sequence[Exact]]:
        """The exact given entries that the numbers were computed from."""
        given = self.numbers.given
        assert isinstance(given, Given)
        return given.entries

    def of(self, quantity: Quantity) -> Any:
        """One quantity's number."""
        return self.numbers.of(quantity)

    def array(self, array: Array) -> Entries:
        """An array's numbers in row-major order."""
        return self.numbers.array(array)

    def nested(self, array: Array) -> Any:
        """An array's numbers as lists in its shape."""
        return nested(self.numbers.array(array), array.shape)

    def at(self, entries: Mapping[Array, Sequence[Exact]]) -> Values:
        """The same derivation's floats at other given entries; what was made ready for these serves those too."""
        return values_at(self.derivation, entries, names=self.names, ready=self.numbers.ready)

    def with_taken(self, taken: Mapping[Quantity, float]) -> Values:
        """The same numbers with some entries as they are said here, and what follows from them."""
        return replace(self, numbers=replace(self.numbers, taken=taken, undefined={}, _known={}, _exact=None))

    def bound(self, quantity: Quantity) -> float:
        """The condition bound: how far the float may be from the exact value."""
        return self.numbers.bounds.of(quantity)


def settled(values: Values) -> Values:
    """The same floats, those that rounding alone keeps from being 0 as 0, and what follows from them.

    Such a float is no larger than its condition bound, and 0 to `AGREEING_DIGITS` digits when it is computed with more.
    Numbers that are no floats, and those of large derivations, stay as they are.
    """
    if not isinstance(values.numbers.arithmetic, FloatArithmetic):
        return values
    arrays = values.derivation.system.definitions
    if sum(prod(extents(each)) for each in arrays) > MOST_SETTLED:
        return values
    found: dict[Quantity, float] = {}
    for array in arrays:
        with suppress(InputError):  # what does not exist here is told where it is shown, if it is
            entries = values.array(array)
            found |= {Quantity(array, place): each for place, each in zip(every_index(array), entries, strict=True)}
    largest = max((abs(number) for number in found.values() if isfinite(number)), default=0.0)
    small = [each for each, number in found.items() if 0 < abs(number) <= SMALL * largest]
    doubtful = [each for each in small if abs(found[each]) <= values.bound(each)]
    if not doubtful:
        return values
    precise = values_at(values.derivation, values.given, names=values.names, digits=2 * AGREEING_DIGITS)
    least = largest / 10**AGREEING_DIGITS
    return values.with_taken({each: 0.0 for each in doubtful if abs(precise.of(each)) <= least})


def nested(entries: Sequence[Any], shape: Sequence[int | None]) -> Any:
    """A row-major list as lists of lists."""
    if not shape:
        return entries[0]
    if len(shape) == 1:
        return list(entries)
    rows = shape[0] or 0
    step = len(entries) // rows if rows else 0
    return [nested(entries[row * step : (row + 1) * step], shape[1:]) for row in range(rows)]


def evaluate(
    derivation: Derivation,
    *,
    inputs: Any = None,
    targets: Any = None,
    parameters: Mapping[str, Any] | None = None,
    exact: bool = False,
    digits: int | None = None,
    names: Names | None = None,
) -> Values:
    """The derivation's numbers, at the description's values or at others in their place.

    ``inputs`` and ``targets`` are rows (one row may stand by itself); another number of observations is fine.
    ``parameters`` maps names (``w_1``, ``w[1][0][2]``) or whole arrays (``W1``, ``b1``, ``w[1]``) to numbers; floats
    are taken at their exact binary value, strings ("1/3", "0.1") as written. Raises `MissingValue` when a number
    is asked for that needs an absent one. ``names`` are the derivation's, where they have been made before.
    """
    if digits is not None and not 1 <= digits <= MOST_DIGITS:
        raise InputError(f"precision: {digits:,} digits cannot be given; from 1 to {MOST_DIGITS:,} can")
    if inputs is not None or targets is not None:
        derivation = _with_observations(derivation, inputs, targets)
    if names is None or names.derivation is not derivation:
        names = Names(derivation)
    entries = given_entries(derivation)
    override(derivation, names, entries, inputs, targets, parameters or {})
    _check_rewrites(derivation, entries)
    return values_at(derivation, entries, names=names, exact=exact, digits=digits)


def values_at(
    derivation: Derivation,
    entries: Mapping[Array, Sequence[Exact]],
    *,
    names: Names | None = None,
    exact: bool = False,
    digits: int | None = None,
    ready: Ready | None = None,
) -> Values:
    """The numbers at exactly given entries, in the arithmetic asked for; ``ready`` are the derivation's equations."""
    arithmetic: Arithmetic = (
        ExactArithmetic() if exact else FloatArithmetic() if digits is None else PreciseArithmetic(digits)
    )
    names = names or Names(derivation)
    given = Given(derivation, names, entries, arithmetic)
    exactly = Given(derivation, names, entries, ExactArithmetic())
    return Values(Numbers(derivation, arithmetic, given, exact_given=exactly, ready=ready or Ready()), names)


def _with_observations(derivation: Derivation, inputs: Any, targets: Any) -> Derivation:
    """The same derivation for as many observations as the rows that were handed over; laws do not change."""
    if derivation.network.program:
        rows = {len(column_of(values)) for values in (inputs or {}).values()}
        count = rows.pop() if len(rows) == 1 else derivation.network.observations
    else:
        count = len(rows_of(inputs if inputs is not None else targets, "inputs" if inputs is not None else "targets"))
    if count == derivation.network.observations:
        return derivation
    assert isinstance(count, int)
    return derive(derivation.network.with_observations(count), rewrites=bool(derivation.rewrites))


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
                    'and here it does not hold; give numbers as text, "0.9", where their binary values are at fault, '
                    "else derive with these targets, or with rewrites=False"
                )
