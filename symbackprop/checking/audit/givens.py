"""Given numbers that a document contradicts: printed otherwise, or calculated with otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterable

from symbackprop.checking.audit.document import Document
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.scalars import Scalars, evaluated
from symbackprop.errors import SymbackpropError
from symbackprop.expressions import Expression, Reference
from symbackprop.ordering import operands
from symbackprop.quantities import Quantity, Role

SUPPORT = 2  # printed numbers that must agree with another given number, and none with the given one alone
Agreeing = tuple[Quantity, int]  # what is printed, and how many digits of it
DIGITS = 4  # those numbers' digits, besides the number that the other one is calculated from


def contradiction(document: Document, quantity: Quantity, claimed: Printed) -> str:
    """What speaks for the description's number, and what for the printed one."""
    plain = document.derivation.notation.plain(quantity)
    own, theirs = map(len, _support(document, document.scalars({quantity: float(claimed.value)})))
    used = float(document.exact_given[quantity])
    if own > theirs:
        agree = f"{own} of its numbers agree with that alone, {theirs} with {claimed.text}"
        return f"the document calculates with {plain} = {used:g}: {agree}"
    agree = f"{theirs} of the document's numbers agree with {claimed.text} alone, {own} with {used:g}"
    return f"the description has {plain} = {used:g}; {agree}"


def other_given(
    document: Document, claimed: Printed, expression: Expression
) -> tuple[str, dict[Quantity, float]] | None:
    """A given number that the document calculates with in another value: it must explain a further number too."""
    for given in _givens_behind(document, expression):
        value = _solved(document, given, expression, claimed)
        if value is None:
            continue
        own, theirs = _support(document, document.scalars({given: value}))
        digits = sum(length for _, length in theirs) - len(claimed.digits)
        enough = len(theirs) >= SUPPORT and not own and digits >= DIGITS
        if enough and _is_told_apart(document, expression, [each for each, _ in theirs]):
            plain = document.derivation.notation.plain(given)
            agree = f"{len(theirs)} of the document's numbers agree with that alone"
            sentence = f"calculated with {plain} = {value:g}, which is given as {document.given[given]:g}; {agree}"
            return sentence, {given: value}
    return None


def _is_told_apart(document: Document, expression: Expression, agreeing: Iterable[Quantity]) -> bool:
    """Whether one of these is not just what comes of the expression: that would agree whatever made it wrong."""
    wrong = set(operands(expression))
    return any(each not in wrong and wrong.isdisjoint(document.behind(Reference(each))) for each in agreeing)


def _support(document: Document, other: Scalars) -> tuple[list[Agreeing], list[Agreeing]]:
    """The printed numbers that agree with the description alone, and with another world alone."""
    own: list[Agreeing] = []
    theirs: list[Agreeing] = []
    for claim in document.claims.claims:
        try:
            found = document.names.resolve(claim.quantity) if claim.printed else None
            number = printed(claim.printed) if found is not None else None
        except SymbackpropError:
            continue
        if not isinstance(found, Quantity) or number is None or found in document.given:
            continue
        here, there = float(document.known.of(found)), float(other.of(found))
        if here != there and math.isfinite(here) and math.isfinite(there):
            mine, its = number.fits(here), number.fits(there)
            if mine != its:
                (own if mine else theirs).append((found, len(number.digits)))
    return own, theirs


def _givens_behind(document: Document, expression: Expression) -> list[Quantity]:
    found = [leaf for leaf in document.behind(expression) if document.derivation.definition(leaf.array) is None]
    return [leaf for leaf in found if leaf.array.role not in (Role.STATE, Role.SETTING)]


def _solved(document: Document, given: Quantity, expression: Expression, claimed: Printed) -> float | None:
    """The value of a given number, with as many decimals as it has, that gives the printed digits."""

    def at(value: float) -> float:
        return float(evaluated(expression, document.scalars({given: value}).of))

    start, wanted = document.given[given], float(claimed.value)
    value = start
    for _ in range(4):
        step = 1e-6 * max(abs(value), 1e-3)
        here = at(value)
        slope = (at(value + step) - here) / step
        if not slope or not math.isfinite(slope):
            return None
        value += (wanted - here) / slope
        if not math.isfinite(value) or abs(value) > 1e6:
            return None
    denominator = document.exact_given[given].denominator
    decimals = next((places for places in range(13) if 10**places % denominator == 0), None)
    if decimals is None:
        return None
    value = round(value, max(decimals, 1))
    if value == start or (given.array.role is Role.RATE and value <= 0):  # a step that is added has no other rate
        return None
    return value if claimed.fits(at(value)) else None
