"""Steps of training, one evaluation after another in float64. The slow, obvious reference for compiled loops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.given import Exact, given_entries
from symbackprop.notation.names import Names
from symbackprop.quantities import Array, Phase, Role
from symbackprop.values import Values, values_at


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
