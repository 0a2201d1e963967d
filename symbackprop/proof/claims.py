"""What a System claims: which of its equations are forward, which are derivatives, and of what. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, Reference, substituted
from symbackprop.instances import instantiated
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role, every_index, flat
from symbackprop.rewriting import Rewrite
from symbackprop.sweep import leading_to
from symbackprop.system import Equation, Map, Reindex, System, scalar
from symbackprop.terms import cells_in

DERIVATIVES = frozenset({Role.DERIVATIVE, Role.DELTA})
SAMPLED = 40  # entries of an array whose formulas are compared, at most


@dataclass(frozen=True)
class Claims:
    """A derivation's System, taken apart; ``loss`` is what its adjoints are derivatives of."""

    derivation: Derivation

    @property
    def system(self) -> System:
        """The System as it is, mistakes that were put into it included."""
        return self.derivation.system

    @property
    def loss(self) -> Array:
        """What all adjoints are derivatives of."""
        return self.derivation.loss

    @cached_property
    def forward(self) -> tuple[Equation, ...]:
        """The equations from the givens to the loss."""
        return tuple(
            each
            for each in self.system.equations
            if each.target.array.role not in DERIVATIVES | {Role.STATE} and each.target.array.phase is Phase.NOW
        )

    @cached_property
    def backward(self) -> tuple[Equation, ...]:
        """The equations of derivatives."""
        return tuple(each for each in self.system.equations if each.target.array.role in DERIVATIVES)

    @cached_property
    def defined(self) -> dict[Array, Equation]:
        """The forward equation of each array that has one."""
        return {each.target.array: each for each in self.forward}

    @cached_property
    def _readers(self) -> dict[Array, list[Equation]]:
        """The equations that each array is an argument of, of those that the loss comes from."""
        found: dict[Array, list[Equation]] = {}
        whole = self.loss in self.defined  # a narrowed derivation may leave its equation out
        for equation in leading_to(self.loss, self.forward) if whole else self.forward:
            for array in dict.fromkeys(_arguments(equation)):
                found.setdefault(array, []).append(equation)
        return found

    def is_adjoint(self, array: Array) -> bool:
        """Whether the array claims to be the loss's derivative; else it is a local slope of a map."""
        return array.role is Role.DELTA or (array.of == self.loss and not array.label)

    def sign(self, array: Array) -> int:
        """The sign with which an array holds the loss's derivative."""
        return self.derivation.conventions.delta_sign if array.role is Role.DELTA else 1

    def wrt(self, array: Array) -> Array:
        """What a derivative is by."""
        if array.role is Role.DELTA:
            return replace(array, role=Role.NET)
        assert array.wrt is not None
        return array.wrt

    def given(self, quantity: Quantity) -> Quantity:
        """What a derivative is by: of a tied position's total, the parameter that stands there."""
        wrt = self.wrt(quantity.array)
        here = self.defined.get(wrt)
        if quantity.array.phase is not Phase.USE and isinstance(here, Reindex):
            number, place = here.table[flat(quantity.indices, wrt.shape)]
            return Quantity(here.sources[number], place)
        return Quantity(wrt, quantity.indices)

    def is_total(self, equation: Equation) -> bool:
        """Whether a derivative by a tied position shows its parameter's total."""
        array = equation.target.array
        return array.phase is not Phase.USE and isinstance(self.defined.get(self.wrt(array)), Reindex)

    def rewrite(self, array: Array) -> Rewrite | None:
        """The rewrite that put the array's equation in place of a longer one."""
        return next((each for each in self.derivation.rewrites if each.after.target.array == array), None)

    def origin(self, array: Array) -> tuple[Map, Cell] | None:
        """The map that a stated slope is a partial of, and the argument; None where no single map can be meant."""
        wrt = self.wrt(array)
        if not self.is_adjoint(array):
            maps = [self.defined[array.of]] if array.of in self.defined else []
        else:
            maps = self._readers.get(wrt, [])
        match maps:
            case [Map() as only] if wrt in _arguments(only):
                return only, _argument(only, wrt)
        return None

    def partial_at(self, array: Array, indices: tuple[int, ...]) -> tuple[Map, Quantity, Quantity] | None:
        """At an entry of a stated slope: the map, the entry of its target and that of its argument."""
        found = self.origin(array)
        if found is None:
            return None
        origin, cell = found
        letters = origin.target.indices
        if self.is_adjoint(array):
            places = dict(zip(cell.indices, indices, strict=True))
        else:
            further = tuple(each for each in cell.indices if each not in letters)
            if len(letters) + len(further) != len(indices):
                return None
            places = dict(zip((*letters, *further), indices, strict=True))
        if not set(letters) <= places.keys():
            return None
        of = Quantity(origin.target.array, tuple(places[each] for each in letters))
        return origin, of, Quantity(cell.array, tuple(places[each] for each in cell.indices))

    def expanded(self, expression: Expression, *, unless: frozenset[Quantity] = frozenset()) -> Expression:
        """The expression with the values of maps (outs) written as their formulas."""

        def written(of: object) -> Expression:
            assert isinstance(of, Quantity)
            equation = self.defined.get(of.array)
            if isinstance(equation, Map) and of not in unless:
                return scalar(equation, of.indices)
            return Reference(of)

        return substituted(expression, written)


def body_at(equation: Map, indices: tuple[int, ...]) -> Expression:
    """A map's body at one entry, its scale left out."""
    return instantiated(equation.body, equation.target, indices)


def sampled(array: Array) -> Iterator[tuple[int, ...]]:
    """All entries of a small array; of a large one the first ones and some others."""
    places = list(every_index(array))
    if len(places) <= SAMPLED:
        yield from places
        return
    yield from places[: SAMPLED // 4]
    yield from Random(str(array.shape)).sample(places[SAMPLED // 4 :], SAMPLED - SAMPLED // 4)


def _arguments(equation: Equation) -> list[Array]:
    if not isinstance(equation, Map):
        return list(equation.reads)
    return [leaf.array for leaf in cells_in(equation.body)]


def _argument(equation: Map, array: Array) -> Cell:
    """The argument cell of a map: the stated partial's own letters where one is stated."""
    for partial in equation.partials:
        if partial.wrt.array == array:
            return partial.wrt
    return next(leaf for leaf in cells_in(equation.body) if leaf.array == array)
