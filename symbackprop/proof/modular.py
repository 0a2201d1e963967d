"""The comparison of large networks: directional derivatives of the forward equations at random points modulo a prime.

Given quantities, the values of maps and the partials of maps are independent random residues. Derivatives are carried
forward with the values (dual numbers), along a random direction of one array at a time, down to the loss or to arrays
whose derivatives have been found right before: from there on, those tell how the loss changes. The System's equation
for the array's derivatives, at the same residues, has to give the same number (Schwartz and Zippel: two different
polynomials agree with a chance of their degree over the prime). Never uses the sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from heapq import heappop, heappush
from math import prod
from random import Random

from symbackprop.contraction import planned
from symbackprop.identities import Verdict
from symbackprop.ordering import operands
from symbackprop.proof.checks import Check, check
from symbackprop.proof.claims import DERIVATIVES, Claims, body_at
from symbackprop.quantities import Array, Cell, Quantity, every_index, extents, flat
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Term

PRIME = 2**61 - 1
DIRECTIONS = 2

Residues = list[int]


def modular_checks(claims: Claims) -> Iterator[Check]:
    """Each backward equation; one that reads a wrong one is not blamed for it."""
    point = _Point(claims)
    doubtful: set[Array] = set()
    for equation in claims.backward:
        array = equation.target.array
        if not claims.is_adjoint(array):
            continue
        verdict = _compared(point, equation)
        if verdict and not claims.is_total(equation):
            point.found_right(array)
        if not verdict:
            doubtful.add(array)
            if any(read in doubtful for read in equation.reads if read != array):
                verdict = Verdict(False, True, "read from an equation that is wrong")
        yield check("derivative", array, [verdict])


def _compared(point: _Point, equation: Equation) -> Verdict:
    claims, array = point.claims, equation.target.array
    stated = point.backward(array)
    if stated is None:
        return Verdict(False, True, "there is no single map that it could be a slope of")
    wrt = claims.wrt(array)
    if claims.is_total(equation):
        forward = claims.defined[wrt]
        assert isinstance(forward, Reindex)
        totals = [point.column(each) for each in _totals_of(claims, forward)]
        sources = [each.shape for each in forward.sources]
        agree = stated == [totals[number][flat(place, sources[number])] for number, place in forward.table]
    else:
        agree = all(
            point.tangent_of_loss(wrt, direction)
            == claims.sign(array) * sum([one * other for one, other in zip(stated, direction, strict=True)]) % PRIME
            for direction in point.directions(wrt)
        )
    if agree:
        return Verdict(True, True, f"modulo 2^61 - 1 along {DIRECTIONS} random directions")
    return Verdict(False, True, "another derivative along a random direction modulo 2^61 - 1")


def _totals_of(claims: Claims, forward: Reindex) -> list[Array]:
    found = {
        claims.wrt(each.target.array): each.target.array
        for each in claims.backward
        if claims.is_adjoint(each.target.array)
    }
    return [found[source] for source in forward.sources]


@dataclass
class _Point:
    """A random assignment.

    Residues of the givens, of the maps' values and of their partials; what follows from them.
    """

    claims: Claims
    random: Random = field(default_factory=lambda: Random("proof"))
    values: dict[Array, Residues] = field(default_factory=dict)
    derivatives: dict[Array, Residues | None] = field(default_factory=dict)
    partials: dict[tuple[Quantity, Quantity], int] = field(default_factory=dict)
    arguments: dict[Array, list[list[Quantity]]] = field(default_factory=dict)
    right: dict[Array, Residues] = field(default_factory=dict)  # the loss's derivatives by arrays, proven

    @cached_property
    def readers(self) -> dict[Array, list[int]]:
        """The forward equations that read each array, by their places."""
        found: dict[Array, list[int]] = {}
        for place, equation in enumerate(self.claims.forward):
            for array in dict.fromkeys(equation.reads):
                found.setdefault(array, []).append(place)
        return found

    def found_right(self, array: Array) -> None:
        """Notes that the System's equation of an array of derivatives is proven."""
        stated, sign = self.backward(array), self.claims.sign(array)
        assert stated is not None
        self.right.setdefault(self.claims.wrt(array), [sign * each % PRIME for each in stated])

    def residue(self) -> int:
        return self.random.randrange(1, PRIME)

    def partial(self, of: Quantity, wrt: Quantity) -> int:
        """The partial of a map's body by one argument."""
        key = (of, wrt)
        if key not in self.partials:
            self.partials[key] = self.residue()
        return self.partials[key]

    def directions(self, array: Array) -> list[Residues]:
        """Random directions in the space of an array's entries."""
        count = prod(extents(array))
        return [[self.residue() for _ in range(count)] for _ in range(DIRECTIONS)]

    def column(self, array: Array) -> Residues:
        """An array's entries: a forward one's, or a derivative's as the System states it."""
        if array.role in DERIVATIVES:
            stated = self.backward(array)
            return [0] * prod(extents(array)) if stated is None else stated
        return self.forward(array)

    def forward(self, array: Array) -> Residues:
        """The residues of a given or forward array."""
        if array not in self.values:
            equation = self.claims.defined.get(array)
            match equation:
                case None:
                    found = [self.residue() for _ in every_index(array)]
                case Map():
                    found = [self._scale(equation, each) * self.residue() % PRIME for each in every_index(array)]
                case _:
                    found = self._computed(equation)
            self.values[array] = found
        return self.values[array]

    def backward(self, array: Array) -> Residues | None:
        """The residues of a derivative array by the System's equation; None where its map cannot be told."""
        if array not in self.derivatives:
            equation = self.claims.system.definitions[array]
            rewrite = self.claims.rewrite(array)
            if isinstance(equation, Map) and rewrite is not None:
                self.derivatives[array] = self._computed(rewrite.before)
            elif isinstance(equation, Map) or not self.claims.is_adjoint(array):
                self.derivatives[array] = self._slopes(equation)
            else:
                self.derivatives[array] = self._computed(equation)
        return self.derivatives[array]

    def _slopes(self, equation: Equation) -> Residues | None:
        found = []
        for indices in every_index(equation.target.array):
            at = self.claims.partial_at(equation.target.array, indices)
            if at is None:
                return None
            origin, of, wrt = at
            scale = self._scale(equation, indices) if isinstance(equation, Map) else self._scale(origin, of.indices)
            found.append(scale * self.partial(of, wrt) % PRIME)
        return found

    def _scale(self, equation: Map, indices: Sequence[int]) -> int:
        places = dict(zip(equation.target.indices, indices, strict=True))
        number = equation.scale.number
        for axis in equation.scale.over:
            assert axis.size is not None
            number /= axis.size
        whole = modular(number)
        for factor in equation.scale.factors:
            assert isinstance(factor, Cell)
            column = self.column(factor.array)
            whole = whole * column[flat(tuple(places[each] for each in factor.indices), factor.array.shape)] % PRIME
        return whole

    def _computed(self, equation: Equation) -> Residues:
        match equation:
            case SumOfProducts(target, terms):
                return _sums(target, terms, self.column)
            case Reindex(_, sources, table):
                columns = [self.column(each) for each in sources]
                return [columns[number][flat(place, sources[number].shape)] for number, place in table]
            case Scatter(target, sources, table, extra):
                columns = [self.column(each) for each in sources]
                further = _sums(target, extra, self.column)
                return [
                    (sum([columns[number][flat(place, sources[number].shape)] for number, place in uses]) + more)
                    % PRIME
                    for uses, more in zip(table, further, strict=True)
                ]
        raise AssertionError(equation)

    def tangent_of_loss(self, cut: Array, direction: Residues) -> int:
        """The derivative of the loss along a direction of one array, what does not depend on it being fixed.

        It is summed over the paths from the array, each followed until it comes to the loss or to a proven derivative.
        """
        tangents: dict[Array, Residues] = {cut: direction}
        waiting = list(self.readers.get(cut, ()))  # a heap: what is read stands before its readers
        met, whole = set(waiting), 0
        while waiting:
            equation = self.claims.forward[heappop(waiting)]
            array, tangent = equation.target.array, self._tangent(equation, tangents)
            if array == self.claims.loss:
                whole += tangent[0]
            elif array in self.right:
                whole += sum(one * other for one, other in zip(self.right[array], tangent, strict=True))
            else:
                tangents[array] = tangent
                for place in self.readers.get(array, ()):
                    if place not in met:
                        met.add(place)
                        heappush(waiting, place)
        return whole % PRIME

    def _tangent(self, equation: Equation, tangents: dict[Array, Residues]) -> Residues:
        match equation:
            case SumOfProducts(target, terms):
                whole = [0] * prod(extents(target.array))
                for term in terms:
                    for place, factor in enumerate(term.factors):
                        if isinstance(factor, Cell) and factor.array in tangents:
                            whole = [
                                (one + more) % PRIME
                                for one, more in zip(
                                    whole, self._product_tangent(target, term, place, tangents), strict=True
                                )
                            ]
                return whole
            case Map():
                return self._map_tangent(equation, tangents)
            case Reindex(target, sources, table):
                return [
                    tangents[sources[number]][flat(place, sources[number].shape)] if sources[number] in tangents else 0
                    for number, place in table
                ]
        raise AssertionError(equation)

    def _product_tangent(self, target: Cell, term: Term, place: int, tangents: dict[Array, Residues]) -> Residues:
        """A term with the tangent of one of its factors in that factor's place."""
        moved = term.factors[place]
        cells = term.cells
        position = next(number for number, each in enumerate(cells) if each is moved)
        columns = [self.column(each.array) for each in cells]
        assert isinstance(moved, Cell)
        columns[position] = tangents[moved.array]
        return _summed(target, term, columns)

    def _map_tangent(self, equation: Map, tangents: dict[Array, Residues]) -> Residues:
        array = equation.target.array
        if array not in self.arguments:
            self.arguments[array] = [operands(body_at(equation, each)) for each in every_index(array)]
        found = []
        for indices, arguments in zip(every_index(array), self.arguments[array], strict=True):
            of = Quantity(array, indices)
            slope = 0
            for each in arguments:
                if each.array in tangents:
                    slope += self.partial(of, each) * tangents[each.array][flat(each.indices, each.array.shape)]
            found.append(slope * self._scale(equation, indices) % PRIME)
        return found


def modular(number: Fraction) -> int:
    """A rational number modulo the prime."""
    return number.numerator * pow(number.denominator, -1, PRIME) % PRIME


def _sums(target: Cell, terms: Sequence[Term], column_of: Callable[[Array], Residues]) -> Residues:
    whole = [0] * prod(extents(target.array))
    for term in terms:
        summed = _summed(target, term, [column_of(each.array) for each in term.cells])
        whole = [(one + more) % PRIME for one, more in zip(whole, summed, strict=True)]
    return whole


def _summed(target: Cell, term: Term, columns: Sequence[Residues]) -> Residues:
    plan = planned(target, term)
    number = modular(plan.number)
    found = []
    for place in every_index(target.array):
        total = 0
        for factors in plan.products(place, columns):
            product = number
            for each in factors:
                product = product * each % PRIME
            total += product
        found.append(total % PRIME)
    return found
