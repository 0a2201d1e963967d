"""What a training reached, and its step as `evaluate` takes it: the reference for compiled loops. Never loops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.given import Exact
from symbackprop.quantities import Array, Phase, Role
from symbackprop.values import Values


@dataclass(frozen=True)
class Training:
    """Losses before the first step and after each; the values and given entries after the last.

    ``diverged`` is the step whose new parameters are beyond the range of floats, if there is one: no loss follows it,
    and values and entries are those before it. ``stopped`` is the number of steps that were taken where it ended early.
    """

    losses: tuple[float, ...]
    values: Values
    entries: Mapping[Array, Sequence[Exact]]
    diverged: int | None = None
    stopped: int | None = None


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
