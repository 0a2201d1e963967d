"""Where a wrong printed number may come from: guesses, each with the number that it would give. Never judges one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symbackprop.catalogue.mistakes import MISTAKES, Subject, Variant, is_slope, variants_of
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.scalars import Scalars, evaluated
from symbackprop.checking.slips import copied, slips_of
from symbackprop.checking.wording import array_text, expression_text
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import Expression, Negative, Number, Product, Reference
from symbackprop.ordering import operands
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.system import Equation, scalar

CHANCE = 0.02  # a diagnosis that fits by chance with more than this is none
# Simpler guesses come first. Those of the first group are mistakes of thought, and add up: the more of them are tried,
# the likelier one fits by chance; a mistake that leaves what is printed before as it is, is consistent with it. Each of
# the others is a slip, and its family stands for itself.
THOUGHT = ("simple", "direct", "factor", "consistent", "mistake", "one")
SLIPS = ("point", "exchanged", "another", "doubled", "dropped", "neighbour", "changed", "value", "digit", "inserted")
PENS = ("point", "exchanged", "doubled", "dropped", "digit", "inserted")  # slips in writing the number itself down
HEDGED = 0.1  # slips that fit with less chance than this are named if there are several: which one cannot be told
MOST_FACTORS = 10
MINUS_ONE = Number(Fraction(-1))
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

    def __init__(self, derivation: Derivation, known: Scalars) -> None:
        self.derivation, self.known = derivation, known
        subject = Subject.of(derivation.system, derivation.loss, derivation.steps)
        kinds = ("backward", "forward", "update")
        self.variants: list[Variant] = (
            [] if _too_large(derivation) else list(variants_of(subject, MISTAKES, kinds=kinds))
        )
        self._places: dict[Array, list[Variant]] = {}
        for variant in self.variants:
            for array in variant.new:
                self._places.setdefault(array, []).append(variant)
        self._numbers: dict[int, Scalars] = {}
        self._values: dict[Expression, list[tuple[Variant, float]]] = {}

    def definition(self, variant: Variant) -> Callable[[Array], Equation | None]:
        """The equations with a mistake made, those that a derivation does not show included."""
        return lambda array: variant.new.get(array) or self.derivation.definition(array)

    def made_in(self, array: Array) -> list[Variant]:
        """The mistakes that are made in an array of several entries."""
        if math.prod(extent or 1 for extent in array.shape) == 1:
            return []
        return self._places.get(array, [])

    def with_mistake(self, variant: Variant, replaced: Mapping[Quantity, Any] | None = None) -> Scalars:
        """The numbers with a mistake made, and some of them replaced."""
        definition = self.definition(variant)
        return Scalars(definition, self.known.given, replaced, base=self.known, changed=variant.new)

    def value(self, number: int, quantity: Quantity) -> float:
        """What a quantity is with the mistake of that number made."""
        scalars = self._numbers.get(number)
        if scalars is None:
            scalars = self._numbers[number] = self.with_mistake(self.variants[number])
        try:
            return float(scalars.of(quantity))
        except (ZeroDivisionError, OverflowError):
            return float("nan")

    def values(self, expression: Expression) -> list[tuple[Variant, float]]:
        """What an expression is with each mistake made."""
        found = self._values.get(expression)
        if found is None:
            found = self._values[expression] = list(self._each_value(expression))
        return found

    def _each_value(self, expression: Expression) -> Iterator[tuple[Variant, float]]:
        leaves = operands(expression)
        for number, variant in enumerate(self.variants):
            known = {leaf: self.value(number, leaf) for leaf in leaves}
            yield variant, float(evaluated(expression, known.__getitem__))

    def sentence(self, variant: Variant, quantity: Quantity | None = None) -> str:
        """The mistake in one sentence, and where it is made: in the quantity's own array if it is made there too."""
        where = f" ({variant.change.where})" if variant.change.where else ""
        place = variant.place if quantity is None or quantity.array not in variant.new else quantity.array
        return f"{variant.mistake.sentence}: in {array_text(self.derivation, place)}{where}"


def _too_large(derivation: Derivation) -> bool:
    count = 0
    for array in derivation.system.definitions:
        size = 1
        for extent in array.shape:
            size *= extent or 1
        count += size
    return count > LARGEST


def turned(value: float) -> str:
    """What is said of a number with the other sign."""
    return "the sign is turned: a minus is lost" if value < 0 else "the sign is turned"


def simple_guesses(derivation: Derivation, quantity: Quantity | None, exact: float, known: Scalars) -> Iterator[Guess]:
    """A turned sign, a parameter that was not updated, a value of before the update."""
    if exact:
        yield Guess("simple", turned(exact), -exact, "sign")
    if quantity is None:
        return
    array = quantity.array
    if array.phase in (Phase.NEW, Phase.AFTER):
        old = Quantity(array.now, quantity.indices)
        if old.array in derivation.system:
            what = "it is not updated" if array.phase is Phase.NEW else "it is the value of before the update"
            yield Guess(
                "simple", f"{what}: it is {derivation.notation.plain(old)}", float(known.of(old)), "not updated"
            )


@dataclass(frozen=True, slots=True)
class Behind:
    """A quantity that a number is worked out from: its number as it is taken, and as it is, or would be, printed."""

    quantity: Quantity
    value: float
    printed: str = ""
    direct: bool = False  # it stands in the number's own equation
    held: bool = True  # it is taken as it is, not worked out from what is behind it


def operand_guesses(
    derivation: Derivation,
    expression: Expression,
    behind: Sequence[Behind],
    known: Scalars,
    document: Mapping[float, str],
) -> Iterator[Guess]:
    """One operand, however far behind, with another number in its place.

    Other entries of the same array and numbers of before the update come first; then any number of the document;
    then slips in copying the operand. ``known`` has the numbers that the others have, ``document`` those of the
    document with what they are called.
    """
    taken = {each.quantity: each.value for each in behind if each.held}
    plain = derivation.notation.plain
    for each in behind:
        options: list[tuple[str, str, float]] = []
        here = plain(each.quantity)
        for other in _relatives(derivation, each.quantity):
            value = float(known.of(other))
            if each.quantity.array.now == other.array != each.quantity.array:
                if each.quantity.indices == other.indices:
                    options.append(("simple", f"{here} is not updated: {plain(other)} stands in its place", value))
            else:
                family = "direct" if each.direct else "neighbour"
                options.append((family, f"{plain(other)} stands where {here} belongs", value))
        options += [
            ("value", f"{value:g} ({name}) stands where {here} belongs", value)
            for value, name in document.items()
            if value != each.value
        ]
        options += _slips(each, here)
        options = [option for option in options if option[2] != each.value]
        if not options:
            continue
        columns = {**taken, each.quantity: np.array([value for _, _, value in options])}
        found = evaluated(expression, Scalars(derivation.definition, known.given, columns, base=known.base or known).of)
        numbers = np.broadcast_to(np.asarray(found, dtype=float), (len(options),))
        for (family, sentence, _), number in zip(options, numbers, strict=True):
            yield Guess(family, sentence, float(number))


def _relatives(derivation: Derivation, quantity: Quantity) -> Iterator[Quantity]:
    """Other entries of the same array that differ in one index, and the same entry of before the update."""
    array = quantity.array
    if array.role in (Role.SETTING, Role.RATE, Role.STATE):
        return
    if all(extent is not None for extent in array.shape):
        for indices in every_index(array):
            if sum(a != b for a, b in zip(indices, quantity.indices, strict=True)) == 1:
                yield Quantity(array, indices)
    if array.phase in (Phase.NEW, Phase.AFTER):
        old = Quantity(array.now, quantity.indices)
        if old.array in derivation.system:
            yield old


def _slips(each: Behind, here: str) -> Iterator[tuple[str, str, float]]:
    """The operand with its digits exchanged or changed."""
    try:
        number = printed(each.printed)
    except InputError:
        return
    if not number.unit or len(number.digits) < 2:
        return
    for kind, slip in copied(number):
        family = "exchanged" if kind == "exchanged" else "changed"
        yield family, f"in {here} = {each.printed} {slip.sentence}", float(slip.value)


def link_guesses(derivation: Derivation, expression: Expression, value_of: Callable[[Any], float]) -> Iterator[Guess]:
    """A product of links with one of them left out, or twice; a slope is one link."""
    factors = _factors(derivation, expression, frozenset(), slopes=False)
    if not 2 <= len(factors) <= MOST_FACTORS:
        return
    links = [each.of for each in factors if isinstance(each, Reference) and isinstance(each.of, Quantity)]
    whole = float(evaluated(expression, value_of))
    for link in links:
        value = float(value_of(link))
        if value in (0, 1) or not math.isfinite(value):
            continue
        what = f"{'the slope' if is_slope(link.array) else 'the factor'} {derivation.notation.plain(link)}"
        yield Guess("direct", f"{what} is left out", whole / value)
        yield Guess("direct", f"{what} stands twice", whole * value)


def factor_guesses(
    derivation: Derivation, expression: Expression, stops: frozenset[Quantity], value_of: Callable[[Any], float]
) -> Iterator[Guess]:
    """A product with one or two of its factors left out, or one of them twice."""
    factors = _factors(derivation, expression, stops)
    if not 2 <= len(factors) <= MOST_FACTORS:
        return
    values = [float(evaluated(each, value_of)) for each in factors]
    texts = [expression_text(derivation, each) for each in factors]
    whole = math.prod(values)
    if not whole or not math.isfinite(whole):
        return
    places = [place for place, each in enumerate(factors) if values[place] != 1 and each != MINUS_ONE]
    for place in places:
        yield Guess("factor", f"the factor {texts[place]} is left out", whole / values[place])
        yield Guess("factor", f"the factor {texts[place]} stands twice", whole * values[place])
    for one in places:
        for other in (each for each in places if each > one):
            left = whole / values[one] / values[other]
            yield Guess("factor", f"the factors {texts[one]} and {texts[other]} are left out", left)


def _factors(
    derivation: Derivation, expression: Expression, stops: frozenset[Quantity], *, slopes: bool = True
) -> list[Expression]:
    """The factors that a textbook writes, printed operands left whole; slopes are, unless they are opened."""
    match expression:
        case Product(parts):
            return [factor for part in parts for factor in _factors(derivation, part, stops, slopes=slopes)]
        case Negative(operand):
            return [MINUS_ONE, *_factors(derivation, operand, stops, slopes=slopes)]
        case Reference(Quantity() as quantity) if quantity not in stops and (slopes or not is_slope(quantity.array)):
            equation = derivation.definition(quantity.array)
            own = None if equation is None else scalar(equation, quantity.indices)
            if isinstance(own, Product | Negative | Reference):
                return _factors(derivation, own, stops, slopes=slopes)
    return [expression]


def slip_guesses(value: Fraction, claimed: Printed, said: str = "") -> Iterator[Guess]:
    """A slip in writing down a number that is worked out; ``said`` tells what it comes from, if not from right ones."""
    for family in PENS:
        for slip in slips_of(family, value, claimed):
            yield Guess(family, slip.sentence + said, float(slip.value), family)


def habits(value: Fraction, claimed: Printed) -> list[str]:
    """The habits of rounding that print a number so."""
    kinds = [slip for kind in ("twice", "upwards") for slip in slips_of(kind, value, claimed)]
    return list(dict.fromkeys(slip.sentence for slip in kinds if slip.value == claimed.value))[:1]


def chosen(claimed: Printed, exact: float, guesses: Sequence[Guess]) -> tuple[list[Guess], list[Guess]]:
    """The guesses that reproduce the printed digits and are unlikely to do so by chance, the simplest family's.

    Given apart are those that fit besides: of less simple families, or, where none is chosen, those that may fit by
    chance, the simplest ones first. The chance: how many different numbers the guesses give in the neighbourhood, as
    far around as the printed number is from the right one, times the share of it that would print the same.
    """
    apart = abs(float(claimed.value) - exact)
    unit = float(claimed.unit) or abs(float(claimed.value)) * 1e-12
    tried: list[Guess] = []
    doubtful: list[Guess] = []
    if apart == 0:
        return [], []
    for family in (*THOUGHT, *SLIPS):
        own = [each for each in guesses if each.family == family]
        tried = own + (tried if family in THOUGHT else [])
        fits = claimed.rounded_float if family in PENS else claimed.fits  # slips of the pen give all digits
        fitting = _distinct([each for each in own if fits(each.value)])
        if not fitting:
            continue
        near = [each for each in tried if abs(each.value - float(claimed.value)) <= apart and each.value != exact]
        different = min(len({round(each.value / unit) for each in near}), len({each.sentence for each in near}))
        width = 1.0 if any(claimed.rounded_float(each.value) for each in fitting) else 1.5
        chance = (different - 0.5) * width * unit / (2 * apart)
        if chance < CHANCE or (chance < HEDGED and len(fitting) > 1 and family in SLIPS):
            besides = [each for each in guesses if each.family in THOUGHT and claimed.fits(each.value)]
            return fitting, [
                each for each in _distinct(besides) if each.sentence not in {own.sentence for own in fitting}
            ]
        doubtful += fitting if family not in ("value", "neighbour", "changed", "inserted") else []
    return [], _distinct(doubtful)


def _distinct(guesses: Sequence[Guess]) -> list[Guess]:
    return list({each.sentence: each for each in guesses}.values())
