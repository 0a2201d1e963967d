"""The numbers that a diagram shows beside its names. Computes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symbackprop.arithmetic import FloatArithmetic
from symbackprop.errors import MissingValue
from symbackprop.expressions import Expression
from symbackprop.given import Exact, Given
from symbackprop.printing.numbers import NumberStyle, ShownNumber, shown
from symbackprop.quantities import Array, Quantity, flat
from symbackprop.values import Values

MOST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Amounts:
    """Short displayed numbers of quantities; None where there is none to show."""

    values: Values | None
    style: NumberStyle
    _missing: set[Array] = field(default_factory=set)

    def shown(self, array: Array, indices: tuple[int, ...]) -> ShownNumber | None:
        """The number at the indices, the observation's left out: none where there are several observations."""
        if self.values is None or array in self._missing:
            return None
        if array.has_observations:
            derivation = self.values.derivation
            if array.axes[0].size != 1 or derivation.network.observations != 1:
                return None
            indices = (0, *indices)
        source = _source(self.values, array, indices)
        if source is not None:
            given = source[0][source[1]]
            return None if given is None else shown(given, self.style)
        try:
            return shown(_number(self.values.of(Quantity(array, indices))), self.style)
        except MissingValue:
            self._missing.add(array)
            return None


def style_of(table: Mapping[str, Any]) -> NumberStyle:
    """How a diagram shows numbers: by the table ``[document]``, but with few digits and no zeros behind."""
    return NumberStyle(
        digits=min(MOST_DIGITS, int(table.get("digits", MOST_DIGITS))),
        rounding=str(table.get("rounding", "round")),
        trailing_zeros=False,
        decimal_mark=str(table.get("decimal_mark", ".")),
    )


def relation(number: ShownNumber) -> str:
    """What stands between a name and its number."""
    return " = " if number.exact else " ≈ "


def _source(values: Values, array: Array, indices: tuple[int, ...]) -> tuple[Sequence[Exact], int] | None:
    """The exact given entries that a quantity's number stands among, and where; None for what is computed."""
    given = values.numbers.given
    if not isinstance(given, Given):
        return None
    tied = values.derivation.ties.reindexed.get(array)
    if tied is not None:
        number, indices = tied.table[flat(indices, array.shape)]
        array = tied.sources[number]
    return (given.entries[array], flat(indices, array.shape)) if array in given.entries else None


def _number(value: Any) -> Any:
    """The number that an exact value is, as a float where it is no fraction."""
    if isinstance(value, Expression):
        return float(FloatArithmetic().evaluate(value, _no_leaf))
    return value


def _no_leaf(of: object) -> Any:
    raise AssertionError(f"an exact value has no {of} in it")
