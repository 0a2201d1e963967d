"""What a number carries on: the earlier wrong claims that it is right given, or printed operands that explain it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np

from symbackprop.checking.audit.document import Document
from symbackprop.checking.audit.ways import ways
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.scalars import evaluated
from symbackprop.expressions import Expression
from symbackprop.quantities import Quantity

MOST_CASES = 4_096  # ways to take exact or printed operands that are tried for one number
SHARE = 0.1  # what may follow from an unrounded root lies in less than this share of its distance from the right one


@dataclass(frozen=True, slots=True)
class Case:
    """One number that an operand may have been taken as, and the wrong claims that it comes from."""

    value: float
    wrong: frozenset[int]
    printed: bool


def carried_from(
    document: Document, expression: Expression, quantity: Quantity | None, claimed: Printed
) -> tuple[int, ...] | None:
    """The wrong claims that a number carries on from, nearest first, none if printed operands explain it.

    None if nothing does.
    """
    causes = _causes(document, expression, quantity, claimed)
    return None if causes is None else _nearest_first(document, expression, quantity, causes)


def _nearest_first(
    document: Document, expression: Expression, quantity: Quantity | None, causes: frozenset[int]
) -> tuple[int, ...]:
    """Wrong claims in the order in which one comes to them, each as the nearest one that goes back to it."""
    found: dict[int, frozenset[int]] = {}
    own = [] if quantity is None else [each.number for each in document.said(quantity) if each.number in causes]
    if not causes or own:
        return tuple(own)

    def leads(leaf: Quantity) -> list[int]:
        return [each.number for each in document.said(leaf) if each.wrong and causes & document.line(each.number)]

    for leaf in document.behind(expression, until=lambda leaf: bool(leads(leaf))):
        here = leads(leaf)
        found |= {number: causes & document.line(number) for number in [*causes.intersection(here)] or here[-1:]}
    missing = causes.difference(*found.values())
    kept = [number for number in found if number in causes or not found[number] <= frozenset(found)]
    return (*kept, *sorted(missing))


def _causes(
    document: Document, expression: Expression, quantity: Quantity | None, claimed: Printed
) -> frozenset[int] | None:
    best: frozenset[int] | None = None
    for said in [] if quantity is None else document.said(quantity):
        if said.wrong and claimed.matches(Fraction(str(said.value))):
            return frozenset({said.number})
    for way in ways(document, expression, quantity):
        found = _worked_out(document, way, claimed)
        if found is not None and (best is None or len(found) < len(best)):
            best = found
        if best is not None and not best:
            return best
    if best is not None:
        return best
    for world in document.worlds:
        fits = claimed.fits(float(evaluated(expression, world.numbers.of)))
        if fits and (best is None or len(world.roots) < len(best)):
            best = world.roots
    return _between_edges(document, expression, claimed) if best is None else best


def _between_edges(document: Document, expression: Expression, claimed: Printed) -> frozenset[int] | None:
    """The root that a number follows from, if that was gone on with before it was rounded."""
    right = float(evaluated(expression, document.known.of))
    low, high = (float(each) for each in claimed.reach)
    for edge in document.edges:
        values = np.broadcast_to(np.asarray(evaluated(expression, edge.numbers.of), dtype=np.float64), (2,))
        least, most = float(values.min()), float(values.max())
        apart = min(abs(least - right), abs(most - right))
        if least <= high and low <= most and least < most and most - least < SHARE * apart:
            return edge.roots
    return None


def _worked_out(document: Document, expression: Expression, claimed: Printed) -> frozenset[int] | None:
    cases = _cases(document, expression)
    if not cases or all(len(each) == 1 for each in cases.values()):
        return None
    chosen = _limited(cases)
    combined = list(islice(product(*chosen.values()), MOST_CASES))
    columns = {
        leaf: np.array([combination[place].value for combination in combined]) for place, leaf in enumerate(chosen)
    }
    worked: Any = np.asarray(evaluated(expression, document.scalars(columns).of), dtype=np.float64)
    results = np.broadcast_to(worked, (len(combined),))
    low, high = _window(claimed)
    best: frozenset[int] | None = None
    for place in np.flatnonzero((results >= low) & (results <= high)):
        if not claimed.fits(float(results[place])):
            continue
        wrong = frozenset().union(*(case.wrong for case in combined[place]))
        if best is None or len(wrong) < len(best):
            best = wrong
    return best


def _cases(document: Document, expression: Expression) -> dict[Quantity, list[Case]]:
    """The operands that were printed before, with the numbers they may have been taken as."""
    cases: dict[Quantity, list[Case]] = {}
    for leaf in document.behind(expression, until=lambda each: bool(document.said(each))):
        said = document.said(leaf)
        if not said:
            continue
        options = [Case(float(document.known.of(leaf)), frozenset(), printed=False)]
        for each in said:
            options.append(Case(each.value, frozenset({each.number}) if each.wrong else frozenset(), printed=True))
        for each in said:
            text = printed(each.text) if each.wrong and each.text else None
            for world in document.worlds if text else ():
                value = float(world.numbers.of(leaf))
                if text is not None and text.fits(value):  # what it was before it was rounded
                    options.append(Case(value, frozenset({each.number}), printed=False))
        cases[leaf] = list({(case.value, case.wrong): case for case in options}.values())
    return cases


def _limited(cases: dict[Quantity, list[Case]]) -> dict[Quantity, list[Case]]:
    """The cases, thinned out until there are not too many combinations of them."""
    count = math.prod(len(each) for each in cases.values())
    if count <= MOST_CASES:
        return cases
    thinner = {leaf: [each[0], *[case for case in each[1:] if case.printed][-1:]] for leaf, each in cases.items()}
    if math.prod(len(each) for each in thinner.values()) <= MOST_CASES:
        return thinner
    wrong = {leaf: each if any(case.wrong for case in each) else each[-1:] for leaf, each in thinner.items()}
    if math.prod(len(each) for each in wrong.values()) <= MOST_CASES:
        return wrong
    return {leaf: each[-1:] for leaf, each in thinner.items()}


def _window(claimed: Printed) -> tuple[float, float]:
    value, unit = float(claimed.value), float(claimed.unit)
    room = 1.01 * unit + 1e-12 * abs(value)
    return value - room, value + room
