"""The System: an ordered list of equations, each defining one array once, from arrays defined before it.

Never computes a number and never prints. From an equation one reads off its index law and the scalar equation
of any of its cells; matrix forms, sheet cells and code are read off the same statement elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from symbackprop.expressions import ZERO, Expression, Reference, sum_of
from symbackprop.instances import instantiated
from symbackprop.quantities import Array, Cell, Quantity, flat
from symbackprop.terms import Term, Unrolled, cells_in, unrolled


@dataclass(frozen=True, slots=True)
class SumOfProducts:
    """``target = Σ`` of the terms; a letter that the target lacks is summed, in each term by itself."""

    target: Cell
    terms: tuple[Term, ...]
    _ready: list[Unrolled] = field(init=False, repr=False, compare=False, default_factory=list)

    def products(self, indices: tuple[int, ...]) -> list[Expression]:
        """The products that are added up at one place of the target."""
        if not self._ready:
            self._ready.extend([unrolled(term, self.target) for term in self.terms])
        return [each for term in self._ready for each in term.products(indices)]

    @property
    def reads(self) -> tuple[Array, ...]:
        return tuple([cell.array for term in self.terms for cell in term.cells])

    def law(self) -> Expression:
        return sum_of([term.law(self.target) for term in self.terms])


@dataclass(frozen=True, slots=True)
class Partial:
    """A map's stated partial by one argument.

    Elementwise: ``printed`` as textbooks write it and ``stable`` as it is computed (None: the same). Along an
    index: ``terms`` over the target's letters and the argument's.
    """

    wrt: Cell
    printed: Expression | None = None
    stable: Expression | None = None
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Map:
    """``target = scale · body``: body is an expression over cells whose letters the target has, or that `Along` binds.

    ``stable`` is an equal expression, possibly of other cells further upstream, that loses no accuracy: what is
    computed. ``partials`` are those that the catalogue states; the others are differentiated.
    """

    target: Cell
    body: Expression
    stable: Expression | None = None
    scale: Term = field(default_factory=Term)
    partials: tuple[Partial, ...] = ()
    at_kink: Expression = ZERO
    _arguments: list[Cell] = field(init=False, repr=False, compare=False, default_factory=list)

    @property
    def arguments(self) -> list[Cell]:
        """The distinct cells of the body; a stated partial's own cell stands for all cells of its array."""
        if not self._arguments:
            stated = {partial.wrt.array: partial.wrt for partial in self.partials}
            cells = [stated.get(cell.array, cell) for cell in cells_in(self.body)]
            self._arguments.extend(dict.fromkeys(cells))
        return self._arguments

    @property
    def reads(self) -> tuple[Array, ...]:
        upstream = cells_in(self.stable) if self.stable else ()
        return tuple([cell.array for cell in (*self.arguments, *upstream, *self.scale.cells)])

    def law(self) -> Expression:
        return self.scale.scaling(self.body)

    def computed_law(self) -> Expression:
        """The law that numbers are computed by."""
        return self.scale.scaling(self.stable if self.stable is not None else self.body)


@dataclass(frozen=True, slots=True)
class Reindex:
    """Each entry of the target is an entry of a source: ``table[flat index] = (source number, indices there)``."""

    target: Cell
    sources: tuple[Array, ...]
    table: tuple[tuple[int, tuple[int, ...]], ...]

    @property
    def reads(self) -> tuple[Array, ...]:
        return self.sources


@dataclass(frozen=True, slots=True)
class Scatter:
    """The adjoint of `Reindex`: ``table[flat index of the target]`` lists the entries of the sources that are added.

    ``extra`` are further terms of the target's own letters (a penalty's slope).
    """

    target: Cell
    sources: tuple[Array, ...]
    table: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]
    extra: tuple[Term, ...] = ()

    @property
    def reads(self) -> tuple[Array, ...]:
        return self.sources + tuple([cell.array for term in self.extra for cell in term.cells])


Equation = SumOfProducts | Map | Reindex | Scatter


@dataclass(frozen=True)
class System:
    """Givens, and equations in an order in which each can be computed.

    Refuses an array that is defined twice or used before it is defined.
    """

    givens: tuple[Array, ...]
    equations: tuple[Equation, ...]

    def __post_init__(self) -> None:
        known = set(self.givens)
        for equation in self.equations:
            target = equation.target.array
            missing = [array for array in equation.reads if array not in known]
            assert not missing, f"{target} is defined from {missing[0]}, which is not defined before it"
            assert target not in known, f"{target} is defined twice"
            known.add(target)

    @cached_property
    def definitions(self) -> dict[Array, Equation]:
        """The equation that defines each array that is not given."""
        return {equation.target.array: equation for equation in self.equations}

    def __contains__(self, array: Array) -> bool:
        return array in self.definitions or array in self._givens

    @cached_property
    def _givens(self) -> frozenset[Array]:
        return frozenset(self.givens)

    def replaced(self, equations: Sequence[Equation]) -> System:
        """The system with each of these in place of the one that defined the same array: a rewrite, or a mistake."""
        new = {equation.target.array: equation for equation in equations}
        assert new.keys() <= self.definitions.keys(), "a replacement must define an array that the system defines"
        return System(self.givens, tuple(new.get(each.target.array, each) for each in self.equations))

    def law(self, array: Array) -> tuple[Cell, Expression]:
        """The array's cell and its index law; for a re-indexed array ask for its scalars instead."""
        equation = self.definitions[array]
        assert isinstance(equation, SumOfProducts | Map), "a re-indexing has no law in index letters"
        return equation.target, equation.law()

    def scalar(self, quantity: Quantity) -> Expression:
        """The right side of the quantity's own equation: an expression over quantities, in the author's order."""
        return scalar(self.definitions[quantity.array], quantity.indices)


def scalar(equation: Equation, indices: tuple[int, ...], *, computed: bool = False) -> Expression:
    """The right side of one cell of an equation, over quantities; ``computed``: of a map's stable form."""
    match equation:
        case SumOfProducts():
            return sum_of(equation.products(indices))
        case Map(target):
            law = equation.computed_law() if computed else equation.law()
            return instantiated(law, target, indices)
        case Reindex():
            return Reference(*gathered(equation, indices))
        case Scatter(target, _, _, extra):
            uses = [Reference(each) for each in gathered(equation, indices)]
            return sum_of([*uses, *SumOfProducts(target, extra).products(indices)])
    raise AssertionError(equation)


def gathered(equation: Reindex | Scatter, indices: tuple[int, ...]) -> list[Quantity]:
    """The entries that an entry is taken from, or adds up; of one observation's share, their shares of it."""
    array = equation.target.array
    front = indices[:1] if array.has_observations else ()
    place = flat(indices[len(front) :], array.shape[len(front) :])
    entries = [equation.table[place]] if isinstance(equation, Reindex) else equation.table[place]
    return [
        Quantity(source, (*front, *behind) if source.has_observations else behind)
        for number, behind in entries
        for source in (equation.sources[number],)
    ]
