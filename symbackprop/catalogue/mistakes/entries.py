"""What a mistake is, what it is made in, and the System with it made. Knows no mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from symbackprop.quantities import Array, Axis, Cell, Phase, Role
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts, System
from symbackprop.terms import Factor, Indicator, Kronecker, Term

FRESH = "uvwyzabcdefg"
WIDEST = 8  # units of a layer that are tried one by one


@dataclass(frozen=True)
class Subject:
    """What a mistake is made in: equations by what they define, the given arrays, and the array of the loss."""

    givens: tuple[Array, ...]
    definitions: Mapping[Array, Equation]
    loss: Array

    @classmethod
    def of(cls, system: System, loss: Array, steps: Mapping[Array, Equation]) -> Subject:
        """The subject that a right derivation is; ``steps`` are its update's equations, by the gradients' names."""
        return cls(system.givens, {**system.definitions, **steps}, loss)

    @cached_property
    def equations(self) -> tuple[Equation, ...]:
        """The equations, in the System's order."""
        return tuple(self.definitions.values())

    def __contains__(self, array: Array) -> bool:
        return array in self.definitions or array in self.givens

    @property
    def deltas(self) -> list[Equation]:
        """The equations of the deltas, or of the adjoints of nets, output layer first."""
        return [each for each in self.equations if each.target.array.role is Role.DELTA]

    @property
    def output_layer(self) -> int | None:
        """The number of the last layer; None of a program."""
        return max((each.target.array.layer or 0 for each in self.deltas), default=None)

    @property
    def adjoints(self) -> list[Equation]:
        """The equations of all derivatives of the loss, deltas included."""
        return [each for each in self.equations if self.is_adjoint(each.target.array)]

    def is_adjoint(self, array: Array) -> bool:
        """Whether an array is a derivative of the loss, or a delta."""
        return array.role is Role.DELTA or (array.role is Role.DERIVATIVE and array.of == self.loss)

    def gradients(self, *roles: Role) -> list[SumOfProducts]:
        """The equations of the loss's derivatives by arrays of these roles, as sums of products."""
        return [
            each
            for each in self.equations
            if isinstance(each, SumOfProducts) and self.is_gradient(each.target.array, *roles)
        ]

    def is_gradient(self, array: Array, *roles: Role) -> bool:
        """Whether an array is the loss's derivative by an array of one of these roles."""
        return (
            array.role is Role.DERIVATIVE
            and array.of == self.loss
            and array.wrt is not None
            and array.wrt.role in roles
        )

    @property
    def back_propagated(self) -> list[SumOfProducts]:
        """The equations of the loss's derivatives by hidden outs."""
        return [each for each in self.gradients(Role.OUT) if each.target.array.layer != self.output_layer]

    def gradients_of_outputs(self) -> list[Equation]:
        """The equations of the loss's derivatives by the outputs."""
        return [each for each in self.equations if self.is_gradient(each.target.array, Role.OUT)]

    @property
    def heads(self) -> list[Map]:
        """Where the error enters: the loss's slope by the output, or the fused delta in its place."""
        maps = [each for each in self.equations if isinstance(each, Map)]
        fused = [each for each in maps if each.target.array.role is Role.DELTA]
        return fused or [each for each in maps if self.is_gradient(each.target.array, Role.OUT)]

    def slope_of(self, layer: int) -> Equation | None:
        """The equation of a layer's own slopes, dout/dnet."""
        for each in self.equations:
            array = each.target.array
            if is_slope(array) and array.layer == layer and array.phase is Phase.NOW:
                return each
        return None

    def same_width(self, array: Array, *roles: Role) -> list[Array]:
        """The other arrays of these roles with the same shape, of the pass before the update."""
        arrays = (*self.givens, *self.definitions)
        return [
            each
            for each in arrays
            if each.role in roles and each != array and each.phase is Phase.NOW and each.shape == array.shape
        ]


def is_slope(array: Array) -> bool:
    """Whether an array is dout/dnet of a layer."""
    return (
        array.role is Role.DERIVATIVE
        and array.of is not None
        and array.wrt is not None
        and (array.of.role, array.wrt.role) == (Role.OUT, Role.NET)
        and array.of_unit is None
    )


@dataclass(frozen=True)
class Change:
    """One way to make a mistake: other equations in place of the right ones; ``place`` is the array it is made in.

    ``where`` says more in plain words, if there is more to say (which unit, which input); ``further`` are equations of
    arrays that only the mistake knows.
    """

    equations: tuple[Equation, ...]
    where: str = ""
    further: tuple[Equation, ...] = ()

    @property
    def place(self) -> Array:
        """The array whose equation is broken: the first one."""
        return self.equations[0].target.array


Changes = Iterable[Change]


@dataclass(frozen=True)
class Mistake:
    """A mistake: its name, one plain sentence, and the changes that make it in a subject.

    ``kind`` is forward, backward or update: the part of the derivation that it is made in.
    """

    name: str
    sentence: str
    changes: Callable[[Subject], Changes] = field(repr=False)
    kind: str = "backward"


@dataclass(frozen=True)
class Variant:
    """A mistake made in a subject."""

    mistake: Mistake
    change: Change
    subject: Subject
    earlier: Variant | None = None  # a mistake made before it

    @property
    def place(self) -> Array:
        """The array whose equation is broken."""
        return self.change.place

    @property
    def changed(self) -> tuple[Array, ...]:
        """The arrays whose equations differ from the right ones."""
        before = self.earlier.changed if self.earlier else ()
        return (*before, *(each.target.array for each in self.change.equations))

    @cached_property
    def new(self) -> Mapping[Array, Equation]:
        """The equations of the mistake by what they define."""
        return {each.target.array: each for each in (*self.change.equations, *self.change.further)}

    def definition(self, array: Array) -> Equation | None:
        """The equation that defines an array, with the mistake made."""
        return self.new.get(array) or self.subject.definitions.get(array)

    @property
    def result(self) -> Subject:
        """The subject with the mistake made, for another one to be made in."""
        return Subject(self.subject.givens, {**self.subject.definitions, **self.new}, self.subject.loss)

    @property
    def system(self) -> System:
        """The System with the mistake made, its equations in an order in which each can be computed."""
        result = self.result
        return System(result.givens, _ordered(result.givens, result.equations))


def variants_of(
    subject: Subject, mistakes: Mapping[str, Mistake], *, kinds: Sequence[str], earlier: Variant | None = None
) -> Iterator[Variant]:
    """Every way to make every mistake of these kinds in the subject."""
    for mistake in mistakes.values():
        if mistake.kind in kinds:
            for change in mistake.changes(subject):
                if all(subject.definitions[each.target.array] == each for each in change.equations):
                    continue
                yield Variant(mistake, change, subject, earlier)


def _ordered(givens: Sequence[Array], equations: Sequence[Equation]) -> tuple[Equation, ...]:
    """The equations, each after what it reads; those that can stay in order do."""
    known = set(givens)
    by_target = {each.target.array: each for each in equations}
    found: list[Equation] = []

    def place(equation: Equation) -> None:
        waiting = [equation]
        while waiting:
            here = waiting[-1]
            missing = [by_target[array] for array in here.reads if array not in known]
            if here.target.array in known:
                waiting.pop()
            elif missing:
                assert len(waiting) <= len(equations), "equations that need each other"
                waiting += missing
            else:
                known.add(here.target.array)
                found.append(waiting.pop())

    for equation in equations:
        place(equation)
    return tuple(found)


# Parts of equations


def with_terms(equation: SumOfProducts, terms: Iterable[Term]) -> SumOfProducts:
    """The equation with other terms."""
    return replace(equation, terms=tuple(terms))


def times(equation: Equation, number: Fraction) -> Equation:
    """The equation with its right side multiplied."""
    match equation:
        case SumOfProducts(_, terms):
            return with_terms(equation, [replace(term, number=term.number * number) for term in terms])
        case Map(scale=scale):
            return replace(equation, scale=replace(scale, number=scale.number * number))
    raise AssertionError(equation)


def without(term: Term, factor: Factor) -> Term:
    """The term without one factor."""
    place = term.factors.index(factor)
    return replace(term, factors=term.factors[:place] + term.factors[place + 1 :])


def swapped(term: Term, factor: Factor, *others: Factor) -> Term:
    """The term with other factors in place of one."""
    place = term.factors.index(factor)
    return replace(term, factors=(*term.factors[:place], *others, *term.factors[place + 1 :]))


def with_factor(term: Term, *factors: Factor) -> Term:
    """The term with further factors."""
    return replace(term, factors=(*term.factors, *factors))


def fresh_letter(term: Term, target: Cell) -> str:
    """A letter that neither the term nor the target has."""
    taken = {*term.letters, *target.indices}
    return next(letter for letter in FRESH if letter not in taken)


def axis_at(cell: Cell, letter: str) -> Axis:
    """The axis that a letter of the cell runs along."""
    return cell.array.axes[cell.indices.index(letter)]


def permuted(term: Term, cell: Cell, letter: str, target: Cell, order: Sequence[int]) -> Term:
    """The term with the cell's entry at ``order[i]`` wherever it should be at i."""
    other = fresh_letter(term, target)
    moved = Cell(cell.array, tuple(other if each == letter else each for each in cell.indices))
    return swapped(term, cell, moved, Indicator((letter, other), frozenset(enumerate(order))))


def only(letter: str, units: Iterable[int]) -> Indicator:
    """1 at these units."""
    return Indicator((letter,), frozenset((unit,) for unit in units))


def orders(size: int) -> Iterator[tuple[str, list[int]]]:
    """Wrong orders of units, with what they are called: neighbours, and back to front."""
    for step in range(1, min(size, 4)):
        yield f"each takes the one {step} further on", [(unit + step) % size for unit in range(size)]
    if size > 2:
        yield "in reverse order", list(range(size))[::-1]


def sign_of(equation: Equation) -> int:
    """The sign of an equation's right side, by its first term."""
    number = equation.scale.number if isinstance(equation, Map) else equation.terms[0].number  # type: ignore[union-attr]
    return 1 if number > 0 else -1


__all__ = [
    "WIDEST", "Change", "Changes", "Equation", "Fraction", "Indicator", "Kronecker", "Mistake", "Reindex", "Scatter",
    "Subject", "Variant", "axis_at", "fresh_letter", "is_slope", "only", "orders", "permuted",
    "sign_of", "swapped", "times", "variants_of", "with_factor", "with_terms", "without",
]  # fmt: skip
