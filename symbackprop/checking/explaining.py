"""An explanation of wrong numbers, for a report: each mistake with its equations. Never looks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symbackprop.catalogue.mistakes import Variant
from symbackprop.checking.diagnosis import Explanation
from symbackprop.checking.report import MistakeFinding
from symbackprop.checking.wording import array_text, equation_text
from symbackprop.derivation import Derivation
from symbackprop.quantities import Array

MOST_PLACES = 4  # arrays that a mistake is made in, by name


def mistakes_of(
    derivation: Derivation, explanation: Explanation | None, keys: Mapping[Array, str]
) -> tuple[MistakeFinding, ...]:
    """The mistakes of an explanation, best first, then those that cannot be told from the first."""
    if explanation is None:
        return ()
    found = [
        _described(derivation, variant, tuple(keys[array] for array in arrays if array in keys))
        for variant, arrays in zip(explanation.variants, explanation.explains, strict=True)
    ]
    best = found[0]
    for tie in explanation.ties:
        other = _described(derivation, tie, best.parameters)
        if (other.name, other.where) != (best.name, best.where):
            found.append(replace(other, instead_of=best.name))
    return tuple(found)


def _described(derivation: Derivation, variant: Variant, parameters: tuple[str, ...]) -> MistakeFinding:
    places = list(dict.fromkeys(array_text(derivation, each.target.array) for each in variant.change.equations))
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    place = ", ".join(places[:MOST_PLACES]) + more
    return MistakeFinding(
        variant.mistake.name,
        variant.mistake.sentence,
        parameters,
        equation_text(derivation, derivation.definition(variant.place)),
        equation_text(derivation, variant.change.equations[0]),
        f"in {place}" + (f"; {variant.change.where}" if variant.change.where else ""),
    )
