"""What a wrong number that follows from nothing before it may come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symbackprop.catalogue.mistakes import Variant
from symbackprop.checking.audit.document import Document
from symbackprop.checking.audit.givens import other_given
from symbackprop.checking.audit.ways import ways
from symbackprop.checking.causes import (
    Behind,
    Guess,
    chosen,
    digit_guesses,
    factor_guesses,
    operand_guesses,
    simple_guesses,
)
from symbackprop.checking.findings import Finding
from symbackprop.checking.printed import Printed
from symbackprop.checking.scalars import evaluated, operands
from symbackprop.expressions import Expression
from symbackprop.quantities import Quantity
from symbackprop.system import scalar

MOST_OPERANDS = 60  # operands of one number that slips are looked for in


@dataclass(frozen=True, slots=True)
class Cause:
    """What may have happened: the guesses that fit, and the sentence that says it; None where nothing is known."""

    fitting: tuple[Guess, ...]
    sentence: str | None

    @property
    def assumed(self) -> float | None:
        """The unrounded number, where it is known."""
        values = {each.value for each in self.fitting if each.family not in ("digits", "exchanged")}
        return values.pop() if len(values) == 1 else None


def root(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> tuple[Finding, Cause]:
    """The finding on a root, and its cause."""
    given = other_given(document, claimed, expression)
    if given is not None:
        sentence, instead = given
        found = replace(finding, verdict="wrong", diagnosis=sentence, instead=tuple(instead.items()))
        return found, Cause((), sentence)
    cause = cause_of(document, finding, claimed, expression, quantity)
    return replace(finding, verdict="wrong", diagnosis=cause.sentence, assumed=cause.assumed), cause


def cause_of(
    document: Document, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None
) -> Cause:
    """What reproduces the printed digits, if that is unlikely by chance."""
    assert finding.value is not None
    right = float(finding.value)
    guesses = list(simple_guesses(document.derivation, quantity, right, document.known))
    guesses += _of_operands(document, expression, quantity)
    guesses += _of_the_catalogue(document, claimed, expression, right)
    guesses += digit_guesses(finding.value, claimed)
    fitting = chosen(claimed, right, guesses)
    if fitting:
        return Cause(tuple(fitting), told(fitting))
    steps = abs(float(claimed.value) - right) / float(claimed.unit) if claimed.unit else 0
    if 0 < steps <= 1.5:
        return Cause((), f"its last digit is off by one: {claimed.like(finding.value)} is meant")
    return Cause((), None)


def told(fitting: Sequence[Guess]) -> str:
    """The guess that fits, and those that it cannot be told from."""
    first, *others = [each.sentence for each in fitting]
    if not others:
        return first
    return f"{first}; it cannot be told from: {'; '.join(others[:3])}{'; ...' if len(others) > 3 else ''}"


def _of_operands(document: Document, expression: Expression, quantity: Quantity | None) -> Iterator[Guess]:
    derivation = document.derivation
    stops, exact, as_printed = _behind(document, expression, quantity)
    numbers = document.numbers()
    way = next(ways(document, expression, quantity), expression)
    for behind in (exact, as_printed):
        yield from operand_guesses(derivation, way, behind, document.known, numbers)
        taken = document.scalars({each.quantity: each.value for each in behind})
        yield from factor_guesses(derivation, way, stops, taken.of)
        yield from factor_guesses(derivation, way, frozenset(), taken.of)


def _behind(
    document: Document, expression: Expression, quantity: Quantity | None
) -> tuple[frozenset[Quantity], list[Behind], list[Behind]]:
    """What a number is worked out from: where printed operands stand, and all operands, exact and as printed."""
    definition = document.derivation.definition
    waiting = list(operands(expression))
    if quantity is not None:
        equation = definition(quantity.array)
        waiting = [] if equation is None else operands(scalar(equation, quantity.indices))
    own = set(waiting)
    stops, exact, as_printed = set[Quantity](), list[Behind](), list[Behind]()
    seen = set[Quantity]()
    while waiting and len(seen) < MOST_OPERANDS:
        leaf = waiting.pop(0)
        if leaf in seen:
            continue
        seen.add(leaf)
        value = float(document.known.of(leaf))
        said = [each for each in document.said(leaf) if not each.wrong]
        equation = definition(leaf.array)
        text = document.text(said[-1]) if said else ""
        if said or equation is None or leaf in own:
            exact.append(Behind(leaf, value, text, leaf in own))
            as_printed.append(Behind(leaf, said[-1].value if said else value, text, leaf in own))
        if said:
            stops.add(leaf)
        elif equation is not None:
            waiting += operands(scalar(equation, leaf.indices))
    return frozenset(stops), exact, as_printed


def _of_the_catalogue(document: Document, claimed: Printed, expression: Expression, right: float) -> Iterator[Guess]:
    for variant, value in document.catalogue.values(expression):
        if math.isfinite(value) and abs(value - right) > 1e-12 * max(abs(right), 1e-300):
            yield Guess("mistake", document.catalogue.sentence(variant), value, variant.mistake.name)
            yield from _from_printed_with(document, variant, expression, claimed, value)


def _from_printed_with(
    document: Document, variant: Variant, expression: Expression, claimed: Printed, value: float
) -> Iterator[Guess]:
    """The same mistake made with printed operands, where its exact number is near to what is printed."""
    apart = abs(value - float(claimed.value))
    if not apart or apart > 1e-3 * abs(value) + 3 * float(claimed.unit) or claimed.fits(value):
        return
    definition = document.catalogue.definition(variant)
    own = set(operands(expression))

    def is_printed(leaf: Quantity) -> bool:
        return leaf not in own and leaf.array in document.derivation.system and bool(document.said(leaf))

    behind = document.behind(expression, definition=definition, until=is_printed)
    replaced = {leaf: document.said(leaf)[-1].value for leaf in behind if is_printed(leaf)}
    found = float(evaluated(expression, document.catalogue.with_mistake(variant, replaced).of))
    if math.isfinite(found):
        yield Guess("mistake", document.catalogue.sentence(variant), found, variant.mistake.name)
