"""Numbers of a System: floats, exact rationals, any number of digits. The slow, obvious reference for every other way.

Each equation is computed as it stands: sums of products entry by entry, maps by their stable form. Nothing here
knows what a layer or an activation is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from symbackprop.arithmetic import Arithmetic, ExactArithmetic, FloatArithmetic
from symbackprop.balls import NotANumber
from symbackprop.conditions import Bounds
from symbackprop.contraction import Entries, cells_of, needed, planned
from symbackprop.derivation import Derivation
from symbackprop.errors import KinkError
from symbackprop.expressions import Along, BySign, Expression, leaves
from symbackprop.quantities import Array, Cell, Quantity
from symbackprop.system import (
    Equation,
    Map,
    Reindex,
    Scatter,
    SumOfProducts,
    Term,
    every_index,
    extents,
    flat,
    scalar,
)


@dataclass
class Numbers:
    """The numbers of a derivation's arrays, computed when they are asked for; row-major lists."""

    derivation: Derivation
    arithmetic: Arithmetic
    given: Mapping[Array, Entries]
    exact_given: Mapping[Array, Entries] | None = None
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
        waiting = [wanted]
        while waiting:
            array = waiting[-1]
            if array in self._known:
                waiting.pop()
                continue
            equation = self.derivation.definition(array)
            if equation is None:
                self._known[array] = self.given[array]
                continue
            missing = [each for each in needed(equation) if each not in self._known]
            if missing:
                waiting += missing
            else:
                self._known[array] = self._computed(equation)

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
        plans = [planned(target, term, [self._known[each.array] for each in cells_of(term)]) for term in terms]
        total, multiplied = self.arithmetic.total, self.arithmetic.multiplied
        return [
            total([multiplied(plan.number, factors) for plan in plans for factors in plan.products(place)])
            for place in every_index(target.array)
        ]

    def _mapped(self, equation: Map) -> Entries:
        law = equation.computed_law()
        target, letters = equation.target
        kinked, reduces = _has_kink(law), _reduces(law)
        found = []
        for indices in every_index(target):
            places = dict(zip(letters, indices, strict=True))
            value_of = self._at(places)
            if reduces:
                body = scalar(equation, indices, computed=True)
                found.append(self._evaluated(body, self._known_value, Quantity(target, indices)))
            else:
                decided = self._decided(law, places, value_of) if kinked else value_of
                found.append(self._evaluated(law, decided, Quantity(target, indices)))
        return found

    def _evaluated(self, expression: Expression, value_of: Any, quantity: Quantity) -> Any:
        """The expression's number; undefined, with a note, where it has none."""
        try:
            return self.arithmetic.evaluate(expression, value_of)
        except NotANumber as error:
            self.undefined[quantity] = str(error)
            return self.arithmetic.undefined(str(error))
        except KinkError as error:
            raise KinkError(f"{self.derivation.notation.plain(quantity)}: {error}") from error

    def _known_value(self, quantity: Quantity) -> Any:
        return self._known[quantity.array][flat(quantity.indices, quantity.array.shape)]

    def _at(self, places: Mapping[str, int]) -> Any:
        known = self._known

        def value_of(cell: Cell) -> Any:
            array, letters = cell
            return known[array][flat(tuple([places[letter] for letter in letters]), array.shape)]

        return value_of

    def _decided(self, law: Expression, places: Mapping[str, int], value_of: Any) -> Any:
        """The arguments of a map with a kink: exact where rounding leaves their sign open and numbers are rational."""
        if not isinstance(self.arithmetic, FloatArithmetic):
            return value_of
        exact = {}
        for cell in dict.fromkeys(leaves(law)):
            assert isinstance(cell, Cell)
            quantity = Quantity(cell.array, tuple(places[letter] for letter in cell.indices))
            if self.derivation.definition(cell.array) is None or abs(value_of(cell)) > self.bounds.of(quantity):
                continue
            value = self.exact.of(quantity)
            if not isinstance(value, Expression):
                exact[cell] = value
        return lambda cell: exact[cell] if cell in exact else value_of(cell)

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
            self._exact = Numbers(self.derivation, ExactArithmetic(), given)
        return self._exact


def _behind(row: int, source: Array, place: tuple[int, ...]) -> int:
    indices = (row, *place) if source.has_observations else place
    return flat(indices, source.shape)


def _reduces(law: Expression) -> bool:
    return isinstance(law, Along) or any(_reduces(child) for child in law.children)


def _has_kink(law: Expression) -> bool:
    """Whether a sign decides between slopes; between two forms of a smooth function it decides nothing."""
    return (isinstance(law, BySign) and law.kink) or any(_has_kink(child) for child in law.children)
