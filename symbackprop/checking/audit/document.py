"""What a document says, as far as it has been read, beside what is right. Never judges a claim."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from symbackprop.checking.causes import Catalogue
from symbackprop.checking.claims import Claims
from symbackprop.checking.entries import as_expression_of
from symbackprop.checking.findings import Finding
from symbackprop.checking.formulas import FormulaReader
from symbackprop.checking.points import points
from symbackprop.checking.printed import Printed, printed
from symbackprop.checking.scalars import Scalars, evaluated
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError, SymbackpropError, TooLarge
from symbackprop.expressions import Expression, Negative, Reference
from symbackprop.given import given_entries
from symbackprop.notation.names import Names
from symbackprop.notation.neutral import neutral
from symbackprop.ordering import operands
from symbackprop.quantities import Array, Quantity, Role, every_index
from symbackprop.system import Equation, scalar
from symbackprop.values import Values, values_at

DIGITS = 60
MOST_BITS = 10_000  # before or behind the point of a number that is compared
KINDRED_POINTS = 10  # random points at which quantities that are always equal are recognised
MOST_WORLDS = 12
ROOM = 1e-12  # relative: how far floats may be off at the ends of what is printed like a number
DEEPEST = 400  # quantities that one equation is followed back through


@dataclass(frozen=True, slots=True)
class Said:
    """An earlier printed number: which claim it is, and whether it is a wrong one.

    ``least`` and ``most`` are the ends of what is printed like that. ``text`` is how it is printed; empty where it
    follows from a claim on an expression, such as new:w - w.
    """

    number: int
    value: float
    wrong: bool
    least: float
    most: float
    text: str = ""

    def allows(self, value: float) -> bool:
        """Whether a number is printed like that."""
        low, high = sorted((self.least, self.most))
        room = ROOM * max(abs(low), abs(high))
        return low - room <= value <= high + room


@dataclass(frozen=True, slots=True)
class World:
    """The numbers that follow if some wrong claims, the roots, are taken as they are printed or were before rounding.

    Of an edge, each number is two: what follows from the least and from the largest number that is printed like that.
    """

    roots: frozenset[int]
    numbers: Scalars


class Document:
    """One document's claims beside one derivation: the right numbers, and what is printed up to here."""

    def __init__(self, derivation: Derivation, claims: Claims) -> None:
        self.derivation, self.claims = derivation, claims
        self.names = Names(derivation)
        self.reader = FormulaReader(self.names)
        entries = given_entries(derivation)
        self.precise: Values = values_at(derivation, entries, names=self.names, digits=DIGITS)
        self.exact_given = {
            Quantity(array, indices): entry
            for array, row in entries.items()
            for indices, entry in zip(every_index(array), row, strict=True)
            if entry is not None
        }
        self.given = {quantity: float(entry) for quantity, entry in self.exact_given.items()}
        self.known = Scalars(derivation.definition, self.given)
        self.catalogue = Catalogue(derivation, self.known)
        self.places = [
            Scalars(derivation.definition, _scalar_given(point.numbers.given))
            for point in islice(points(derivation, dtype="float64", seed=1), 1, KINDRED_POINTS + 1)
        ]
        self.found: list[Finding] = []
        self.worlds: list[World] = []
        self.edges: list[World] = []
        self._alone: list[World] = []
        self._roots: set[int] = set()
        self._together: dict[Quantity, float] = {}
        self._said: dict[Any, list[Said]] = {}
        self._kinds: dict[Quantity, Any] = {}
        self._lines: dict[int, frozenset[int]] = {}

    # What is right

    def asked(self, text: str) -> tuple[Expression, Quantity | None]:
        """What a claim is about: a quantity, or an expression of quantities."""
        try:
            found = self.names.resolve(text)
            if isinstance(found, Quantity):
                return Reference(found), found
            single = [Quantity(found, indices) for indices in every_index(found)]
            if len(single) == 1:
                return Reference(single[0]), single[0]
            raise InputError(
                f"{text}: a whole array; a printed number is of one quantity, such as {neutral(single[0])}"
            )
        except SymbackpropError as error:
            if not re.search(r"[-+*/(]", text) or isinstance(error, TooLarge):
                raise
            node = self.reader.read(text)
        return as_expression_of(node), None

    def exact(self, expression: Expression) -> Fraction:
        """An expression's number, right to `DIGITS` digits."""
        numbers = self.precise.numbers
        value = numbers.arithmetic.evaluate(expression, lambda leaf: numbers.of(leaf))
        if not numbers.arithmetic.context.isfinite(value):  # type: ignore[attr-defined]
            raise InputError("it has no value at the description's numbers")
        sign, mantissa, exponent, _ = value._mpf_
        if abs(exponent) > MOST_BITS:
            raise TooLarge("its value is too large, or too near to 0, to be compared with a printed number")
        exact = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        return -exact if sign else exact

    def scalars(self, replaced: Mapping[Quantity, Any] | None = None) -> Scalars:
        """Numbers in floats, with some of them replaced."""
        return Scalars(self.derivation.definition, self.given, replaced, base=self.known)

    def as_printed(self, *, wrong: bool) -> Scalars:
        """Numbers worked out from those that have been printed, the last ones where there are several."""

        def taken(quantity: Quantity) -> float | None:
            said = [each for each in self.said(quantity) if wrong or not each.wrong]
            return said[-1].value if said else None

        return Scalars(self.derivation.definition, self.given, base=self.known, taken=taken)

    def behind(
        self,
        expression: Expression,
        *,
        definition: Callable[[Array], Equation | None] | None = None,
        until: Callable[[Quantity], bool] = lambda quantity: False,
        most: int | None = DEEPEST,
    ) -> Iterator[Quantity]:
        """The quantities that an expression comes from, each once, nearest first; not those behind ``until``."""
        defined = self.derivation.definition if definition is None else definition
        waiting, seen = list(operands(expression)), set[Quantity]()
        while waiting and (most is None or len(seen) < most):
            leaf = waiting.pop(0)
            if leaf in seen:
                continue
            seen.add(leaf)
            yield leaf
            equation = defined(leaf.array)
            if equation is not None and not until(leaf):
                waiting += operands(scalar(equation, leaf.indices))

    # What has been said

    def said(self, quantity: Quantity) -> list[Said]:
        """The numbers that have been printed for a quantity, or for one that is always equal to it."""
        return self._said.get(self._kind(quantity), [])

    def line(self, number: int) -> frozenset[int]:
        """A claim and all earlier ones that it carries on from, however far back."""
        known = self._lines.get(number)
        if known is None:
            earlier = (self.line(each) for each in self.found[number].because_of) if number < len(self.found) else ()
            known = self._lines[number] = frozenset({number}).union(*earlier)
        return known

    def everything_said(self) -> Iterable[Said]:
        """All numbers that have been printed for quantities."""
        return (said for group in self._said.values() for said in group)

    def numbers(self) -> dict[float, str]:
        """The numbers of the document, given and printed, with what they are called."""
        plain = self.derivation.notation.plain
        found = {value: plain(given) for given, value in self.given.items() if given.array.role is not Role.STATE}
        for finding in self.found:
            if finding.claim.printed and finding.value is not None:
                found.setdefault(float(printed(finding.claim.printed).value), finding.claim.quantity)
        return found

    def take_in(self, finding: Finding, claimed: Printed, expression: Expression, quantity: Quantity | None) -> None:
        """Notes what a claim says, and what would follow from it if it is a root."""
        numbers = [*finding.assumed, float(claimed.value), *(float(each) for each in claimed.reach)]
        if quantity is None:
            about = self._about(expression)
            if about is None:
                return
            quantity, slope = about
            start, exact = float(self.known.of(quantity)), float(evaluated(expression, self.known.of))
            numbers = [start + (number - exact) / slope for number in numbers]
            text = ""
        else:
            text = finding.claim.printed
        *unrounded, value, least, most = numbers
        self._said.setdefault(self._kind(quantity), []).append(
            Said(finding.number, value, finding.verdict == "wrong", least, most, text)
        )
        if finding.is_root and finding.instead is not None:
            self._new_worlds(finding.number, [dict(finding.instead)])
        elif finding.is_root:
            source, sign = self._source(quantity)
            ways = [{source: sign * each} for each in (*unrounded, value)]
            ways += [{quantity: each} for each in (*unrounded, value)] if quantity != source else []
            reach = np.array([sign * least, sign * most])
            self._new_worlds(finding.number, ways, World(frozenset({finding.number}), self.scalars({source: reach})))

    def _about(self, expression: Expression) -> tuple[Quantity, float] | None:
        """The latest quantity in an expression, and how fast that changes with it; None where it is not straight."""
        order = {array: place for place, array in enumerate(self.derivation.system.definitions)}
        leaves = [leaf for leaf in operands(expression) if self.derivation.definition(leaf.array) is not None]
        if not leaves:
            return None
        latest = max(leaves, key=lambda leaf: order.get(leaf.array, len(order)))
        start = float(self.known.of(latest))

        def at(value: float) -> float:
            return float(evaluated(expression, lambda leaf: value if leaf == latest else self.known.of(leaf)))

        slope, further = at(start + 1) - at(start), at(start + 2) - at(start)
        straight = math.isfinite(further) and abs(further - 2 * slope) <= 1e-9 * abs(slope)
        return (latest, slope) if slope and straight else None

    def _new_worlds(self, root: int, ways: list[dict[Quantity, float]], edges: World | None = None) -> None:
        """What follows from a root, alone and together with the earlier ones; the likeliest of its numbers is first."""
        self._together = {**self._together, **ways[0]}
        self._roots |= {root}
        alone = [World(frozenset({root}), self.scalars(way)) for way in ways]
        self._alone = [*self._alone, *alone][-MOST_WORLDS:]
        self.edges = [*self.edges, *([edges] if edges else [])][-MOST_WORLDS:]
        together = [World(frozenset(self._roots), self.scalars(self._together))] if len(self._roots) > 1 else []
        self.worlds = [*self._alone, *together]

    def _source(self, quantity: Quantity) -> tuple[Quantity, int]:
        """What a quantity is another name of, and 1, or -1 where that has the other sign: delta of dE/dnet."""
        sign = 1
        while (equation := self.derivation.definition(quantity.array)) is not None:
            match scalar(equation, quantity.indices):
                case Reference(Quantity() as source):
                    quantity = source
                case Negative(Reference(Quantity() as source)):
                    quantity, sign = source, -sign
                case _:
                    break
        return quantity, sign

    def _kind(self, quantity: Quantity) -> Any:
        """The same for quantities that are always equal: a delta and its bias's gradient, a weight and its slope."""
        known = self._kinds.get(quantity)
        if known is None:
            values = tuple(float(place.of(quantity)) for place in self.places)
            usable = any(values) and all(math.isfinite(each) for each in values) and len(set(values)) > 1
            known = tuple(float(f"{each:.9e}") for each in values) if usable else quantity
            self._kinds[quantity] = known
        return known


def _scalar_given(given: Mapping[Array, Any]) -> dict[Quantity, float]:
    return {
        Quantity(array, tuple(int(each) for each in place)): float(numbers[place])
        for array, numbers in given.items()
        for place in np.ndindex(*np.shape(numbers))
    }
