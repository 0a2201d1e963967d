"""Where a wrong printed number may come from: guesses, each with the number that it would give. Never judges one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symbackprop.catalogue.mistakes import MISTAKES, Subject, Variant, variants_of
from symbackprop.checking.printed import Printed, edits
from symbackprop.checking.scalars import Scalars, evaluated, operands
from symbackprop.checking.wording import array_text
from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import Equation

CHANCE = 0.02  # a diagnosis that fits by chance with more than this is none
FAMILIES = ("simple", "mistake", "value", "digits")
LARGEST = 3_000  # quantities in a System above which the catalogue is not tried


@dataclass(frozen=True, slots=True)
class Guess:
    """What may have happened, in one sentence, and the number that it gives."""

    family: str
    sentence: str
    value: float
    name: str = ""


class Catalogue:
    """Every mistake of the catalogue at the description's values, quantity by quantity."""

    def __init__(self, derivation: Derivation, given: Mapping[Quantity, Any]) -> None:
        self.derivation, self.given = derivation, given
        subject = Subject.of(derivation.system, derivation.loss)
        kinds = ("backward", "forward", "update")
        self.variants: list[Variant] = [] if _too_large(derivation) else list(variants_of(subject, MISTAKES, kinds=kinds))
        self._numbers: dict[int, Scalars] = {}

    def definition(self, variant: Variant) -> Callable[[Array], Equation | None]:
        """The equations with a mistake made, those that a derivation does not show included."""
        return lambda array: variant.new.get(array) or self.derivation.definition(array)

    def value(self, number: int, quantity: Quantity) -> float:
        """What a quantity is with the mistake of that number made."""
        scalars = self._numbers.get(number)
        if scalars is None:
            scalars = self._numbers[number] = Scalars(self.definition(self.variants[number]), self.given)
        try:
            return float(scalars.of(quantity))
        except (ZeroDivisionError, OverflowError):
            return float("nan")

    def values(self, expression: Expression) -> Iterator[tuple[Variant, float]]:
        """What an expression is with each mistake made."""
        leaves = operands(expression)
        for number, variant in enumerate(self.variants):
            known = {leaf: self.value(number, leaf) for leaf in leaves}
            yield variant, float(evaluated(expression, known.__getitem__))

    def sentence(self, variant: Variant) -> str:
        """The mistake in one sentence, and where it is made."""
        where = f" ({variant.change.where})" if variant.change.where else ""
        return f"{variant.mistake.sentence}: in {array_text(self.derivation, variant.place)}{where}"


def _too_large(derivation: Derivation) -> bool:
    count = 0
    for array in derivation.system.definitions:
        size = 1
        for extent in array.shape:
            size *= extent or 1
        count += size
    return count > LARGEST


def simple_guesses(derivation: Derivation, quantity: Quantity | None, exact: float, known: Scalars) -> Iterator[Guess]:
    """A turned sign, a parameter that was not updated, a value of before the update."""
    if exact:
        yield Guess("simple", "the sign is turned", -exact, "sign")
    if quantity is None:
        return
    array = quantity.array
    if array.phase in (Phase.NEW, Phase.AFTER):
        old = Quantity(replace(array, phase=Phase.NOW), quantity.indices)
        if old.array in derivation.system:
            what = "it is not updated" if array.phase is Phase.NEW else "it is the value of before the update"
            yield Guess("simple", f"{what}: it is {derivation.notation.plain(old)}", float(known.of(old)), "not updated")


def operand_guesses(
    derivation: Derivation, expression: Expression, operand_values: Mapping[Quantity, float], known: Scalars
) -> Iterator[Guess]:
    """One operand of the equation with another value of the same document in its place."""
    leaves = operands(expression)
    plain = derivation.notation.plain
    for leaf in leaves:
        for other in _alternatives(derivation, leaf):
            value = float(known.of(other))
            if value == operand_values[leaf]:
                continue
            values = {**operand_values, leaf: value}
            found = float(evaluated(expression, values.__getitem__))
            not_updated = replace(leaf.array, phase=Phase.NOW) == other.array and leaf.indices == other.indices
            sentence = (
                f"{plain(leaf)} is not updated: {plain(other)} stands in its place"
                if not_updated and leaf.array.phase is Phase.NEW
                else f"{plain(other)} stands where {plain(leaf)} belongs"
            )
            yield Guess("simple" if not_updated else "value", sentence, found, "another value")


def _alternatives(derivation: Derivation, leaf: Quantity) -> Iterator[Quantity]:
    """The quantities that are taken for another one: of the same array, of the same kind, of before the update."""
    array = leaf.array
    if array.role in (Role.SETTING, Role.RATE, Role.STATE):
        return
    here = (*derivation.system.givens, *derivation.system.definitions)
    for other in here:
        if other.role is not array.role and not {other.role, array.role} <= {Role.NET, Role.OUT, Role.INPUT}:
            continue
        if other.role is Role.DERIVATIVE or any(extent is None for extent in other.shape):
            continue
        if other.phase is not array.phase and replace(other, phase=array.phase) != array:
            continue
        yield from (
            found for indices in _indices(other) if (found := Quantity(other, indices)) != leaf
        )


def _indices(array: Array) -> Iterator[tuple[int, ...]]:
    from symbackprop.system import every_index

    yield from every_index(array)


def digit_guesses(exact: Fraction, claimed: Printed) -> Iterator[Guess]:
    """A slip in writing the right number down."""
    if not claimed.unit or not exact:
        return
    right = Printed("", round(exact / claimed.unit) * claimed.unit, claimed.unit)
    sign = -1 if exact < 0 else 1
    seen = set()
    for digits, sentence in edits(right):
        if digits and digits not in seen:
            seen.add(digits)
            for shift in (0, -1, 1):
                value = sign * int(digits) * claimed.unit * Fraction(10) ** shift
                if shift == 0 or len(digits) != len(right.digits):
                    yield Guess("digits", f"{sentence}: {right.like(exact)} is meant", float(value), "digits")
    for shift in (-3, -2, -1, 1, 2, 3):
        yield Guess(
            "digits", f"the decimal point is off by {abs(shift)}", float(exact * Fraction(10) ** shift), "decimal point"
        )


def chosen(claimed: Printed, exact: float, guesses: Sequence[Guess]) -> list[Guess]:
    """The guesses that reproduce the printed digits and are unlikely to do so by chance, the simplest family's.

    The chance: how many different numbers the guesses give in the neighbourhood, times the share of the
    neighbourhood that would print the same.
    """
    apart = abs(float(claimed.value) - exact)
    unit = float(claimed.unit) or abs(float(claimed.value)) * 1e-12
    if apart == 0:
        return []
    tried: list[float] = []
    for family in FAMILIES:
        own = [each for each in guesses if each.family == family]
        tried += [each.value for each in own]
        fitting = [each for each in own if _fits(claimed, each.value)]
        if not fitting:
            continue
        near = {round(each / unit) for each in tried if abs(each - float(claimed.value)) <= 2 * apart and each != exact}
        if len(near) * 1.5 * unit / (4 * apart) < CHANCE:
            return _distinct(fitting)
    return []


def _fits(claimed: Printed, value: float) -> bool:
    return value == value and abs(value) < 1e300 and claimed.matches(Fraction(value))


def _distinct(guesses: Sequence[Guess]) -> list[Guess]:
    return list({each.sentence: each for each in guesses}.values())
