"""Numbers of a System as numpy arrays, with bounds on what rounding can do to them. Never knows a layer or a mistake.

The numbers are long doubles where the machine has them. A bound is a running error analysis for a stated unit roundoff,
carried through an equation both as it is printed and as it is computed: a function written in either way keeps it.
Where rounding leaves open which side of a kink a number is on, the bound spans both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symbackprop.checking.laws import SAFETY, Law, Lettered, Numbers, entries_of, shaped
from symbackprop.contraction import needed
from symbackprop.quantities import Array, Cell
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Indicator, Kronecker, Term

__all__ = ["FLOAT32", "FLOAT64", "SMALLEST", "ArrayNumbers", "Circular", "Numbers"]

FLOAT64, FLOAT32 = 2.0**-53, 2.0**-24
SMALLEST = {FLOAT64: 5e-324, FLOAT32: 1.5e-45}
Definition = Callable[[Array], Equation | None]
# What is worked out of an equation without numbers, by the equation's id: it serves at every point. The equation stands
# beside it, so that the id stays its own.
Memory = dict[int, tuple[Equation, "Worked"]]


class Circular(Exception):
    """Two mistakes together make an array depend on itself."""


@dataclass
class ArrayNumbers:
    """The arrays of a System's equations at given numbers, computed when they are asked for.

    ``roundoff`` is the unit roundoff that `bound` speaks of; ``rounded`` are given arrays that somebody has rounded
    from decimals.
    """

    definition: Definition
    given: Mapping[Array, Numbers]
    roundoff: float = FLOAT64
    rounded: frozenset[Array] = frozenset()
    memory: Memory = field(default_factory=dict)
    _known: dict[Array, Numbers] = field(default_factory=dict)
    _bounds: dict[Array, Numbers] = field(default_factory=dict)

    def array(self, array: Array) -> Numbers:
        """The numbers of an array."""
        known = self._known.get(array)
        if known is not None:
            return known
        for missing in self._waiting(array, self._known):
            self._known[missing] = self._computed(missing)
        return self._known[array]

    def bound(self, array: Array) -> Numbers:
        """How far a float of the stated roundoff may be from each number."""
        known = self._bounds.get(array)
        if known is not None:
            return known
        self.array(array)
        for missing in self._waiting(array, self._bounds):
            self.array(missing)
            with np.errstate(all="ignore"):
                bound = self._bounded(missing)
            self._bounds[missing] = np.where(np.isnan(bound), np.inf, bound)  # 0 times an infinite bound tells nothing
        return self._bounds[array]

    def assume(self, bounds: Mapping[Array, Numbers]) -> None:
        """Takes bounds of given arrays as known: they were computed before."""
        self._bounds.update(bounds)

    def with_equations(self, definition: Definition, changed: Iterable[Array]) -> ArrayNumbers:
        """The numbers of a system that differs in the equations of ``changed``; the others are computed once."""
        stale = set(changed)
        kept: dict[Array, Numbers] = {}
        for array, numbers in self._known.items():  # in the order of computation: what is used stands before its user
            equation = definition(array)
            if array in stale or (equation is not None and any(each in stale for each in needed(equation))):
                stale.add(array)
            else:
                kept[array] = numbers
        return ArrayNumbers(definition, self.given, self.roundoff, self.rounded, self.memory, kept)

    def _worked(self, equation: Equation) -> Worked:
        known = self.memory.get(id(equation))
        if known is None:
            known = self.memory[id(equation)] = (equation, Worked.of(equation))
        return known[1]

    def _waiting(self, wanted: Array, known: Mapping[Array, Numbers]) -> Iterable[Array]:
        waiting = [wanted]
        begun: set[Array] = set()
        while waiting:
            array = waiting[-1]
            if array in known:
                waiting.pop()
                continue
            equation = self.definition(array)
            missing = [] if equation is None else [each for each in self._worked(equation).reads if each not in known]
            if missing:
                begun.add(array)
                if any(each in begun for each in missing):
                    raise Circular
                waiting += missing
            else:
                yield array
                waiting.pop()

    def _computed(self, array: Array) -> Numbers:
        equation = self.definition(array)
        if equation is None:
            return np.asarray(self.given[array], dtype=np.longdouble)
        match equation:
            case SumOfProducts(target, terms):
                return self._sum(target, terms)
            case Map():
                with np.errstate(all="ignore"):
                    return shaped(self._law(equation, computed=True).numbers(), equation.target, self)
            case Reindex(target, sources, table):
                return self._gathered(target, sources, [[entry] for entry in table], self._known)
            case Scatter(target, sources, table, extra):
                return self._gathered(target, sources, table, self._known) + self._sum(target, extra)
        raise AssertionError(equation)

    def _bounded(self, array: Array) -> Numbers:
        equation = self.definition(array)
        if equation is None:
            return abs(self._known[array]) * (self.roundoff if array in self.rounded else 0)
        match equation:
            case SumOfProducts(target, terms):
                return self._sum_bound(target, terms)
            case Map():
                return self._map_bound(equation)
            case Reindex(target, sources, table):
                return self._gathered(target, sources, [[entry] for entry in table], self._bounds)
            case Scatter(target, sources, table, extra):
                sizes = {source: abs(self._known[source]) for source in sources}
                own = self._gathered(target, sources, table, sizes) * SAFETY * self.roundoff
                return own + self._gathered(target, sources, table, self._bounds) + self._sum_bound(target, extra)
        raise AssertionError(equation)

    def _gathered(
        self, target: Cell, sources: tuple[Array, ...], table: Any, columns: Mapping[Array, Numbers]
    ) -> Numbers:
        shape = self.shape(target)
        rows = shape[0] if target.array.has_observations else 1
        found = np.zeros((rows, len(table)), dtype=np.longdouble)
        for place, entries in enumerate(table):
            for number, indices in entries:
                source = sources[number]
                column = columns[source]
                found[:, place] += column[(slice(None), *indices)] if source.has_observations else column[indices]
        return found.reshape(shape)

    @cached_property
    def _observations(self) -> int:
        return next((len(self.given[each]) for each in self.given if each.has_observations), 1)

    def shape(self, target: Cell) -> tuple[int, ...]:
        """The shape of an array; the number of observations is that of the given numbers."""
        return tuple(
            self._observations if axis.kind == "observation" else int(axis.size or 0) for axis in target.array.axes
        )

    def _sum(self, target: Cell, terms: Iterable[Term]) -> Numbers:
        total = np.zeros(self.shape(target), dtype=np.longdouble)
        for term in terms:
            total = total + self._product(target, term, self._known, {})
        return total

    def _sum_bound(self, target: Cell, terms: Iterable[Term]) -> Numbers:
        total = np.full(self.shape(target), SMALLEST[self.roundoff], dtype=np.longdouble)
        for term in terms:
            cells = [factor.array for factor in term.cells]
            sizes = {array: abs(self._known[array]) for array in cells}
            total = total + SAFETY * self.roundoff * abs(self._product(target, term, sizes, {}))
            for place, factor in enumerate(term.factors):
                if isinstance(factor, Cell) and self._bounds[factor.array].any():
                    swapped = {place: self._bounds[factor.array]}
                    total = total + abs(self._product(target, term, sizes, swapped))
        return total

    def _product(
        self, target: Cell, term: Term, columns: Mapping[Array, Numbers], swapped: Mapping[int, Numbers]
    ) -> Numbers:
        """One term, summed over the letters that the target lacks."""
        sizes = dict(zip(target.indices, self.shape(target), strict=True))
        for factor in term.factors:
            if isinstance(factor, Cell):
                sizes |= dict(zip(factor.indices, columns[factor.array].shape, strict=True))
        for factor in term.factors:  # letters that no array has: two mistakes together may leave such
            if isinstance(factor, Indicator):
                for place, letter in enumerate(factor.indices):
                    sizes.setdefault(letter, 1 + max((each[place] for each in factor.places), default=0))
            elif isinstance(factor, Kronecker):
                other = sizes.get(factor.right, 1) if isinstance(factor.right, str) else factor.right + 1
                sizes.setdefault(factor.left, other)
                if isinstance(factor.right, str):
                    sizes.setdefault(factor.right, sizes[factor.left])
        letters = {letter: chr(97 + number) for number, letter in enumerate(sizes)}
        operands: list[Numbers] = []
        places: list[str] = []
        for number, factor in enumerate(term.factors):
            entries, indices = entries_of(factor, columns, sizes)
            operands.append(swapped.get(number, entries))
            places.append("".join(letters[each] for each in indices))
        present = [letter for letter in target.indices if any(letters[letter] in each for each in places)]
        scale = np.longdouble(term.number.numerator) / np.longdouble(term.number.denominator)
        for axis in term.over:
            scale /= np.longdouble(self.shape(Cell(Array(target.array.role, (axis,))))[0])
        if operands:
            subscripts = ",".join(places) + "->" + "".join(letters[each] for each in present)
            product = np.einsum(subscripts, *operands) * scale
        else:
            product = np.asarray(scale)
        shape = [sizes[letter] if letter in present else 1 for letter in target.indices]
        shaped: Numbers = product.reshape(shape)
        return shaped

    def _law(self, equation: Map, *, computed: bool = False) -> Law:
        worked = self._worked(equation)
        law = worked.computed if computed else worked.printed
        assert law is not None
        return Law(self, equation, law)

    def _map_bound(self, equation: Map) -> Numbers:
        with np.errstate(all="ignore"):
            value = self._known[equation.target.array]
            printed, error = self._law(equation).bounded()
            apart = abs(shaped(printed, equation.target, self) - value)
            worst = shaped(error, equation.target, self) + np.where(np.isfinite(apart), apart, 0)
            if equation.stable is not None:
                _, other = self._law(equation, computed=True).bounded()
                worst = np.fmax(worst, shaped(other, equation.target, self))
            own = SAFETY * self.roundoff * abs(value) + SMALLEST[self.roundoff]
            found: Numbers = np.where(np.isnan(worst), np.inf, worst) + own
            return found


@dataclass(frozen=True, slots=True)
class Worked:
    """What an equation reads, in its printed form and in its computed one; and a map's two laws."""

    reads: tuple[Array, ...]
    printed: Lettered | None = None
    computed: Lettered | None = None

    @classmethod
    def of(cls, equation: Equation) -> Worked:
        reads = tuple(dict.fromkeys(equation.reads))
        if not isinstance(equation, Map):
            return cls(reads)
        indices = equation.target.indices
        printed = Lettered.of(equation.law(), indices)
        return cls(
            reads, printed, printed if equation.stable is None else Lettered.of(equation.computed_law(), indices)
        )
