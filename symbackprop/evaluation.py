"""Numbers of a System: floats, exact rationals, any number of digits. The slow, obvious reference for every other way.

Each equation is computed as it stands: sums of products entry by entry, maps by their stable form. Nothing here
knows what a layer or an activation is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic
from symbackprop.balls import NotANumber
from symbackprop.conditions import Bounds
from symbackprop.contraction import Entries, ReadyMap, ReadyTerm, needed, ready_map, ready_term
from symbackprop.derivation import Derivation
from symbackprop.errors import KinkError
from symbackprop.expressions import Expression, has_kink
from symbackprop.ordering import in_order
from symbackprop.quantities import Array, Cell, Quantity, every_index, extents, flat
from symbackprop.rounding import Memory, Together
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Term


@dataclass
class Numbers:
    """The numbers of a derivation's arrays, computed when they are asked for; row-major lists.

    ``taken``: entries that are what is said here, whatever their equations come to.
    """

    derivation: Derivation
    arithmetic: Arithmetic
    given: Mapping[Array, Entries]
    exact_given: Mapping[Array, Entries] | None = None
    ready: Ready = field(default_factory=lambda: Ready())
    taken: Mapping[Quantity, Any] = field(default_factory=dict)
    undefined: dict[Quantity, str] = field(default_factory=dict)  # why a quantity has no number
    _known: dict[Array, Entries] = field(default_factory=dict)
    _exact: Numbers | None = None

    def array(self, array: Array) -> Entries:
        """All entries of an array, in row-major order."""
        known = self._known.get(array)
        if known is None:
            self._compute(array)
            known = self._known[array]
        return known

    def of(self, quantity: Quantity) -> Any:
        """One quantity's number."""
        return self.array(quantity.array)[flat(quantity.indices, quantity.array.shape)]

    def _compute(self, wanted: Array) -> None:
        """Computes an array after whatever it needs, without recursion: programs may be long."""
        for array in in_order(wanted, self.needed, self._known):
            equation = self.derivation.definition(array)
            if equation is None:
                self._known[array] = self.given[array]
                continue
            self._known[array] = self._computed(equation)
            if self.taken:
                self._take(array)

    def needed(self, array: Array) -> list[Array]:
        """The arrays that computing one reads; none of a given one."""
        equation = self.derivation.definition(array)
        return [] if equation is None else self.ready.needed(equation)

    def _take(self, array: Array) -> None:
        entries = list(self._known[array])
        for quantity, number in self.taken.items():
            if quantity.array == array:
                entries[flat(quantity.indices, array.shape)] = number
        self._known[array] = entries

    def _computed(self, equation: Equation) -> Entries:
        match equation:
            case SumOfProducts(target, terms):
                return self._sums(target, terms)
            case Map():
                return self._mapped(equation)
            case Reindex(target, sources, table):
                columns = [self._known[source] for source in sources]
                return self._batched(
                    target, table, lambda row, entry: columns[entry[0]][_behind(row, sources[entry[0]], entry[1])]
                )
            case Scatter(target, sources, table, extra):
                columns = [self._known[source] for source in sources]
                further = self._sums(target, extra)
                added = self._batched(
                    target,
                    table,
                    lambda row, uses: self.arithmetic.total(
                        [columns[number][_behind(row, sources[number], place)] for number, place in uses]
                    ),
                )
                return [self.arithmetic.total([one, more]) for one, more in zip(added, further, strict=True)]
        raise AssertionError(equation)

    def _batched(self, target: Cell, table: Sequence[Any], entry_of: Any) -> Entries:
        """The table's entries, once for each observation if the target has them in front."""
        rows = extents(target.array)[0] if target.array.has_observations else 1
        return [entry_of(row, entry) for row in range(rows) for entry in table]

    def _sums(self, target: Cell, terms: Sequence[Term]) -> Entries:
        total, multiplied = self.arithmetic.total, self.arithmetic.multiplied
        ready = [
            (each.number, [(self._known[array], places, offsets) for array, places, offsets in each.factors], each)
            for each in self.ready.terms(target, terms)
        ]
        return [
            total(
                [
                    multiplied(
                        number, [entries[places[entry] + offsets[position]] for entries, places, offsets in factors]
                    )
                    for number, factors, term in ready
                    for position in (term.everywhere if term.positions is None else term.positions[entry])
                ]
            )
            for entry in range(prod(extents(target.array)))
        ]

    def _mapped(self, equation: Map) -> Entries:
        target = equation.target.array
        ready, kinked = self.ready.map(equation)
        columns = [(cell, self._known[cell.array], places) for cell, places in ready.cells]
        found = []
        if ready.bodies:
            memory = Memory(self.ready.together(target, ready.bodies))
            return [
                self._evaluated(body, self._known_value, Quantity(target, indices), memory)
                for body, indices in zip(ready.bodies, every_index(target), strict=True)
            ]
        for entry, indices in enumerate(every_index(target)):
            values = {cell: entries[places[entry]] for cell, entries, places in columns}
            if kinked:
                values = self._decided(values, dict(zip(equation.target.indices, indices, strict=True)))
            found.append(self._evaluated(ready.law, values.__getitem__, Quantity(target, indices)))
        return found

    def _evaluated(
        self, expression: Expression, value_of: Any, quantity: Quantity, memory: Memory | None = None
    ) -> Any:
        """The expression's number; undefined, with a note, where it has none."""
        try:
            return self.arithmetic.evaluate(expression, value_of, memory)
        except NotANumber as error:
            self.undefined[quantity] = str(error)
            return self.arithmetic.undefined(str(error))
        except KinkError as error:
            raise KinkError(f"{self.derivation.notation.plain(quantity)}: {error}") from error

    def _known_value(self, quantity: Quantity) -> Any:
        return self._known[quantity.array][flat(quantity.indices, quantity.array.shape)]

    def _decided(self, values: dict[Cell, Any], places: Mapping[str, int]) -> dict[Cell, Any]:
        """The arguments of a map with a kink: exact where rounding leaves their sign open and numbers are rational."""
        if not isinstance(self.arithmetic, FloatArithmetic):
            return values
        found = dict(values)
        for cell, here in values.items():
            quantity = Quantity(cell.array, tuple(places[letter] for letter in cell.indices))
            if self.derivation.definition(cell.array) is None or abs(here) > self.bounds.of(quantity):
                continue
            value = self.exact.of(quantity)
            if not isinstance(value, Expression):
                found[cell] = value
        return found

    @cached_property
    def bounds(self) -> Bounds:
        """The condition bounds of float numbers."""
        return Bounds(self)

    @property
    def exact(self) -> Numbers:
        """The same derivation in exact arithmetic, at the same given values."""
        if self._exact is None:
            given = self.exact_given or {
                array: [Fraction(each) for each in entries] for array, entries in self.given.items()
            }
            self._exact = Numbers(self.derivation, ExactArithmetic(), given, ready=self.ready)
        return self._exact


def _behind(row: int, source: Array, place: tuple[int, ...]) -> int:
    indices = (row, *place) if source.has_observations else place
    return flat(indices, source.shape)


@dataclass
class Ready:
    """A derivation's equations made ready, as they are asked for: the same at all numbers and in all arithmetics."""

    _terms: dict[Array, list[ReadyTerm]] = field(default_factory=dict)
    _maps: dict[Array, tuple[ReadyMap, bool]] = field(default_factory=dict)
    _needed: dict[Array, list[Array]] = field(default_factory=dict)
    _together: dict[Array, Together] = field(default_factory=dict)

    def together(self, array: Array, bodies: Sequence[Expression]) -> Together:
        """The array's entries, whose laws have parts in common."""
        if array not in self._together:
            self._together[array] = Together(bodies)
        return self._together[array]

    def needed(self, equation: Equation) -> list[Array]:
        """The arrays that computing the equation reads."""
        target = equation.target.array
        if target not in self._needed:
            self._needed[target] = needed(equation)
        return self._needed[target]

    def terms(self, target: Cell, terms: Sequence[Term]) -> list[ReadyTerm]:
        """The terms of the array's sum of products."""
        if target.array not in self._terms:
            self._terms[target.array] = [ready_term(target, term) for term in terms]
        return self._terms[target.array]

    def map(self, equation: Map) -> tuple[ReadyMap, bool]:
        """The array's map, and whether it has a kink."""
        target = equation.target.array
        if target not in self._maps:
            ready = ready_map(equation)
            self._maps[target] = ready, has_kink(ready.law)
        return self._maps[target]
