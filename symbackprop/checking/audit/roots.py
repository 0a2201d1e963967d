"""What a wrong number that follows from nothing before it may come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice

from symbackprop.catalogue.mistakes import Variant
from symbackprop.checking.audit.document import Document, Said
from symbackprop.checking.audit.givens import other_given
from symbackprop.checking.audit.ways import ways
from symbackprop.checking.causes import (
    PENS,
    THOUGHT,
    Behind,
    Guess,
    chosen,
    factor_guesses,
    habits,
    link_guesses,
    operand_guesses,
    simple_guesses,
    slip_guesses,
    turned,
)
from symbackprop.checking.findings import Finding
from symbackprop.checking.printed import Printed
from symbackprop.checking.scalars import Scalars, evaluated
from symbackprop.expressions import Expression
from symbackprop.ordering import operands
from symbackprop.quantities import Array, Quantity, Role, every_index

MOST_OPERANDS = 60  # operands of one number that slips are looked for in
MOST_KIN = 200  # quantities of a number's kind that it may be the value of
MOST_HIDDEN = 20  # operands that are not printed, in each of which alone mistakes are looked for
MOST_ASSUMED = 3  # unrounded numbers that are followed on from one root
NOTHING = 1e-12  # relative: a mistake that changes a number by less is not made in it
ROUNDED = 0.02  # relative: how far rounded operands may take a mistake's number


@dataclass(frozen=True, slots=True)
class Cause:
    """What may have happened: the guesses that fit, and the sentence that says it; None where nothing is known.

    ``doubtful`` are guesses that fit, but so few digits fit many by chance; ``besides`` are less simple ones that fit.
    """

    fitting: tuple[Guess, ...] = ()
    sentence: str | None = None
    doubtful: tuple[Guess, ...] = ()
    besides: tuple[Guess, ...] = ()

    @property
    def assumed(self) -> tuple[float, ...]:
        """The unrounded numbers that may stand behind the printed one."""
        values = dict.fromkeys(each.value for each in self.fitting if each.family not in PENS)
        return tuple(values)[:MOST_ASSUMED]

    @property
    def remark(self) -> str:
        """What can be said without a diagnosis."""
        if self.sentence or not self.doubtful:
            return ""
        some = "; ".join(each.sentence for each in self.doubtful[:2])
        more = "; ..." if len(self.doubtful) > 2 else ""
        return f"its digits are too few to tell what it comes from; they would fit, perhaps by chance: {some}{more}"


def root(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> tuple[Finding, Cause]:
    """The finding on a root, and its cause."""
    given = other_given(document, claimed, expression)
    if given is not None:
        sentence, instead = given
        found = replace(finding, verdict="wrong", diagnosis=sentence, instead=tuple(instead.items()))
        return found, Cause(sentence=sentence)
    cause = cause_of(document, finding, claimed, expression, quantity)
    told = {"diagnosis": cause.sentence, "assumed": cause.assumed, "remark": cause.remark}
    return replace(finding, verdict="wrong", **told), cause  # type: ignore[arg-type]


def cause_of(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> Cause:
    """What reproduces the printed digits, if that is unlikely by chance."""
    assert finding.value is not None
    right, worked = float(finding.value), list(_worked_out(document, finding, claimed, expression, quantity))
    guesses = list(simple_guesses(document.derivation, quantity, right, document.known))
    guesses += _of_operands(document, claimed, expression, quantity)
    guesses += _of_the_catalogue(document, claimed, expression, right, quantity)
    guesses += _in_one_number(document, expression, quantity)
    guesses += _of_others(document, quantity)
    guesses += [guess for value, said in worked for guess in slip_guesses(value, claimed, said)]
    guesses += [Guess("simple", turned(float(value)) + said, -float(value), "sign") for value, said in worked[1:]]
    fitting, doubtful = chosen(claimed, right, guesses)
    if fitting:
        return Cause(tuple(fitting), told_of(fitting), besides=tuple(doubtful))
    steps = abs(float(claimed.value) - right) / float(claimed.unit) if claimed.unit else 0
    if 0 < steps <= 1.5:
        habit = next((each for value, said in worked for each in habits(value, claimed)), "")
        off = habit or f"its last digit is off by one: {claimed.like(finding.value)} is meant"
        thought = [each for each in doubtful if each.family in THOUGHT]
        return Cause(sentence=told_of([Guess("digit", off, right), *thought]))
    return Cause(doubtful=tuple(doubtful))


def _worked_out(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> Iterator[tuple[Fraction, str]]:
    """What a number is to be, and what it comes to from the numbers that are printed before it, as a hand has it."""
    assert finding.value is not None
    yield finding.value, ""
    seen = {finding.value // claimed.unit} if claimed.unit else set()
    way = next(ways(document, expression, quantity), expression)
    for taken, _ in islice(_takings(document), 1, None):
        held = {leaf: float(taken.of(leaf)) for leaf in document.behind(way) if document.said(leaf)}
        value = float(evaluated(way, document.scalars(held).of))
        if claimed.unit and math.isfinite(value) and (steps := Fraction(value) // claimed.unit) not in seen:
            seen.add(steps)
            yield Fraction(f"{value:.12g}"), ", from the numbers printed before it"


def _of_others(document: Document, quantity: Quantity | None) -> Iterator[Guess]:
    """The number of another quantity: of another entry, of another layer's, of the unit's net, or of the document."""
    plain = document.derivation.notation.plain
    if quantity is None:
        return
    array, own = quantity.array, document.known.of(quantity)
    for place, other in enumerate(islice(_kin(document, quantity), MOST_KIN)):
        value = float(document.known.of(other))
        if value != own:
            family = "simple" if other.array == array and place < MOST_OPERANDS else "another"
            yield Guess(family, f"{plain(other)} stands where {plain(quantity)} belongs", value)
    for value, name in document.numbers().items():
        if value != own and value:
            yield Guess("another", f"it is {value:g}, which is {name}", value)


def _kin(document: Document, quantity: Quantity) -> Iterator[Quantity]:
    """Other entries of a quantity's array, then those of other arrays of its kind; nets and outs are of one kind."""
    array = quantity.array
    own = {array.role} | ({Role.NET, Role.OUT} if array.role in (Role.NET, Role.OUT) else set())
    arrays = [each for each in document.derivation.system.definitions if each.role in own and each.phase is array.phase]
    alike = [each for each in arrays if each == array or array.wrt is None or _same_kind(each, array)]
    for other in sorted(alike, key=lambda each: each != array):
        if None not in other.shape:
            yield from (Quantity(other, indices) for indices in every_index(other))


def _same_kind(one: Array, other: Array) -> bool:
    """Whether two derivatives are of the same thing by things of one role."""
    return one.of == other.of and one.wrt is not None and other.wrt is not None and one.wrt.role is other.wrt.role


def told_of(fitting: Sequence[Guess]) -> str:
    """The guess that fits, and those that it cannot be told from."""
    different = {(each.name or each.sentence, each.value): each for each in reversed(fitting)}
    first, *others = [each.sentence for each in reversed(different.values())]
    if not others:
        return first
    return f"{first}; it cannot be told from: {'; '.join(others[:3])}{'; ...' if len(others) > 3 else ''}"


def _of_operands(
    document: Document, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> Iterator[Guess]:
    derivation = document.derivation
    numbers = document.numbers()
    way = next(ways(document, expression, quantity), expression)
    for taken, wrong in _takings(document):
        stops, behind = _behind(document, way, claimed, taken, wrong=wrong)
        yield from operand_guesses(derivation, way, behind, taken, numbers)
        yield from link_guesses(derivation, way, taken.of)
        yield from factor_guesses(derivation, way, stops, taken.of)
        yield from factor_guesses(derivation, way, frozenset(), taken.of)


def _takings(document: Document) -> Iterator[tuple[Scalars, bool]]:
    """The numbers that somebody may have gone on with, and whether wrong ones are among them."""
    yield document.known, False
    yield document.as_printed(wrong=False), False
    if any(each.wrong for each in document.everything_said()):
        yield document.as_printed(wrong=True), True


def _behind(
    document: Document, way: Expression, claimed: Printed, taken: Scalars, *, wrong: bool
) -> tuple[frozenset[Quantity], list[Behind]]:
    """What a number is worked out from: where printed operands stand, and all operands."""

    def said(leaf: Quantity) -> list[Said]:
        return [each for each in document.said(leaf) if wrong or not each.wrong]

    own = set(operands(way))
    stops, found = set[Quantity](), list[Behind]()
    for leaf in islice(document.behind(way, until=lambda leaf: bool(said(leaf))), MOST_OPERANDS):
        here = said(leaf)
        if here:
            stops.add(leaf)
        if here or leaf in own or document.derivation.definition(leaf.array) is None:
            value = float(taken.of(leaf))
            given = document.derivation.definition(leaf.array) is None
            text = here[-1].text if here else f"{value:g}" if given else _like(claimed, value)
            found.append(Behind(leaf, value, text, direct=leaf in own, held=bool(here) or given))
    return frozenset(stops), found


def _like(claimed: Printed, value: float) -> str:
    """A number that is not printed, to the place of one that is."""
    return claimed.like(Fraction(value)) if claimed.unit and math.isfinite(value) else ""


def _of_the_catalogue(
    document: Document, claimed: Printed, expression: Expression, right: float, quantity: Quantity | None
) -> Iterator[Guess]:
    """Mistakes, first those that leave what is printed before as it is."""
    catalogue = document.catalogue
    takings = list(_takings(document)) + [(world.numbers, True) for world in document.worlds[-1:]]
    for variant, value in catalogue.values(expression):
        if not math.isfinite(value) or abs(value - right) <= NOTHING * max(abs(right), 1e-300):
            continue
        sentence, name = catalogue.sentence(variant, quantity), variant.mistake.name
        held = _held(document, variant, expression)
        alone = _with_mistake(document, variant, expression, held, document.known)
        if abs(alone - right) <= NOTHING * max(abs(right), 1e-300):
            if not _contradicted(document, variant, held):
                yield Guess("mistake", sentence, value, name)
            continue
        yield Guess("consistent", sentence, alone, name)
        room = ROUNDED * abs(alone) + 5 * float(claimed.unit)
        for taken, wrong in takings[1:]:
            if wrong or (abs(alone - float(claimed.value)) <= room and not claimed.fits(alone)):
                number = _with_mistake(document, variant, expression, held, taken)
                if math.isfinite(number):
                    yield Guess("consistent", sentence, number, name)


def _in_one_number(document: Document, expression: Expression, quantity: Quantity | None) -> Iterator[Guess]:
    """Mistakes that are made in one number that is not printed, of one unit or observation, and not in its like."""
    catalogue = document.catalogue
    way = next(ways(document, expression, quantity), expression)
    for taken, wrong in islice(_takings(document), 2):
        said = [leaf for leaf in document.behind(way) if any(wrong or not each.wrong for each in document.said(leaf))]
        held = {leaf: float(taken.of(leaf)) for leaf in said}
        hidden = document.behind(way, until=held.__contains__)
        for leaf in islice((each for each in hidden if each not in held), MOST_HIDDEN):
            for variant in catalogue.made_in(leaf.array):
                number = float(catalogue.with_mistake(variant, held).of(leaf))
                if abs(number - float(taken.of(leaf))) <= NOTHING * abs(number) or not math.isfinite(number):
                    continue
                value = float(evaluated(way, document.scalars({**held, leaf: number}).of))
                sentence = f"{variant.mistake.sentence}: in {document.derivation.notation.plain(leaf)} alone"
                yield Guess("one", sentence, value, variant.mistake.name)


def _held(document: Document, variant: Variant, expression: Expression) -> list[Quantity]:
    """The printed numbers that a mistake would be made behind."""
    own, definition = set(operands(expression)), document.catalogue.definition(variant)

    def is_printed(leaf: Quantity) -> bool:
        return leaf not in own and leaf.array in document.derivation.system and bool(document.said(leaf))

    return [leaf for leaf in document.behind(expression, definition=definition, until=is_printed) if is_printed(leaf)]


def _contradicted(document: Document, variant: Variant, held: list[Quantity]) -> bool:
    """Whether a number that is printed before, and is not wrong, shows that a mistake is not made behind it."""
    made = document.catalogue.with_mistake(variant)
    for leaf in held:
        said = [each for each in document.said(leaf) if not each.wrong]
        value, right = float(made.of(leaf)), float(document.known.of(leaf))
        if abs(value - right) > NOTHING * abs(right) and said and not any(each.allows(value) for each in said):
            return True
    return False


def _with_mistake(
    document: Document, variant: Variant, expression: Expression, held: list[Quantity], taken: Scalars
) -> float:
    """What an expression is with a mistake made behind the numbers that are held."""
    numbers = document.catalogue.with_mistake(variant, {leaf: float(taken.of(leaf)) for leaf in held})
    try:
        return float(evaluated(expression, numbers.of))
    except (ZeroDivisionError, OverflowError):
        return math.nan
