"""The System: an ordered list of equations, each defining one array once, from arrays defined before it.

Never computes a number and never prints. From an equation one reads off its index law and the scalar equation
of any of its cells; matrix forms, sheet cells and code are read off the same statement elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product

from symbackprop.errors import TooLarge
from symbackprop.expressions import (
    Along,
    Expression,
    Number,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    leaves,
    product_of,
    sum_of,
)
from symbackprop.functions import MAX
from symbackprop.quantities import Array, Axis, Cell, Quantity


@dataclass(frozen=True, slots=True)
class Kronecker:
    """1 where the two indices are equal, else 0; the right one may be a fixed number."""

    left: str
    right: str | int


@dataclass(frozen=True, slots=True)
class Indicator:
    """1 at the listed places of ``indices``, else 0 (which entries of a weight array a penalty counts)."""

    indices: tuple[str, ...]
    places: frozenset[tuple[int, ...]]


Factor = Cell | Kronecker | Indicator


@dataclass(frozen=True, slots=True)
class Term:
    """A product: a number, divided by the sizes of the axes ``over`` (a mean), times factors in the author's order.

    In an adjoint's equation the first factor is the adjoint that the term comes from, the others are the link to it.
    """

    number: Fraction = Fraction(1)
    factors: tuple[Factor, ...] = ()
    over: tuple[Axis, ...] = ()

    def times(self, other: Term) -> Term:
        return Term(self.number * other.number, self.factors + other.factors, self.over + other.over)


@dataclass(frozen=True, slots=True)
class SumOfProducts:
    """``target = Σ`` of the terms; a letter that the target lacks is summed, in each term by itself."""

    target: Cell
    terms: tuple[Term, ...]
    _ready: list[_Unrolled] = field(init=False, repr=False, compare=False, default_factory=list)

    def products(self, indices: tuple[int, ...]) -> list[Expression]:
        """The products that are added up at one place of the target."""
        if not self._ready:
            self._ready.extend(_unrolled(term, self.target) for term in self.terms)
        return [each for unrolled in self._ready for each in unrolled.products(indices)]

    @property
    def reads(self) -> tuple[Array, ...]:
        return tuple(factor.array for term in self.terms for factor in term.factors if isinstance(factor, Cell))

    def law(self) -> Expression:
        return sum_of([_summed(term, self.target) for term in self.terms])


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
    at_kink: Expression = field(default_factory=lambda: Number(Fraction(0)))

    @property
    def reads(self) -> tuple[Array, ...]:
        cells = [*leaves(self.body), *(leaves(self.stable) if self.stable else ()), *self.scale.factors]
        return tuple(cell.array for cell in cells if isinstance(cell, Cell))

    def law(self) -> Expression:
        return scaled(self.scale, self.body)

    def computed_law(self) -> Expression:
        """The law that numbers are computed by."""
        return scaled(self.scale, self.stable if self.stable is not None else self.body)


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
        more = tuple(factor.array for term in self.extra for factor in term.factors if isinstance(factor, Cell))
        return self.sources + more


Equation = SumOfProducts | Map | Reindex | Scatter


def axis_of(cell: Cell) -> dict[str, Axis]:
    """Each letter of a cell with the axis it runs along."""
    return dict(zip(cell.indices, cell.array.axes, strict=True))


def letters_of(term: Term) -> tuple[str, ...]:
    """The letters of a term's factors, in order of appearance."""
    return tuple(dict.fromkeys(letter for factor in term.factors for letter in _letters(factor)))


def _letters(factor: Factor) -> tuple[str, ...]:
    match factor:
        case Cell(_, indices) | Indicator(indices):
            return indices
        case Kronecker(left, right):
            return (left, right) if isinstance(right, str) else (left,)
    raise AssertionError(factor)


def scaled(scale: Term, body: Expression) -> Expression:
    """The body times the scale, numbers gathered in front, a mean's size below."""
    whole = product_of([as_expression(scale.number), *(_leaf(factor) for factor in scale.factors), body])
    return _over(scale.over, whole)


def _leaf(factor: Factor) -> Expression:
    return Reference(factor)


def _over(axes: tuple[Axis, ...], expression: Expression) -> Expression:
    for axis in axes:
        if axis.size != 1:
            expression = Quotient(expression, Reference(axis) if axis.size is None else Number(Fraction(axis.size)))
    return expression


def _summed(term: Term, target: Cell) -> Expression:
    law = _over(term.over, product_of([as_expression(term.number), *(_leaf(factor) for factor in term.factors)]))
    for letter in reversed([each for each in letters_of(term) if each not in target.indices]):
        law = Along("sum", letter, law)
    return law


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
            return instantiated(law, dict(zip(target.indices, indices, strict=True)))
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


def flat(indices: tuple[int, ...], shape: tuple[int | None, ...]) -> int:
    """The place of an entry in row-major order."""
    place = 0
    for index, extent in zip(indices, shape, strict=True):
        assert extent is not None
        place = place * extent + index
    return place


def every_index(array: Array) -> Iterator[tuple[int, ...]]:
    """The indices of all entries, in row-major order."""
    return product(*map(range, extents(array)))


def extents(array: Array) -> tuple[int, ...]:
    """The array's shape as numbers; refused while the number of observations is a symbol."""
    return tuple([_extent(axis) for axis in array.axes])


def _extent(axis: Axis) -> int:
    if axis.size is None:
        raise TooLarge(
            "the number of observations is the symbol n: there are laws, but no single equations; give the inputs"
        )
    return axis.size


@dataclass(frozen=True, slots=True)
class _Unrolled:
    """A term made ready for writing out: where in (target's indices, summed indices) each factor's indices stand."""

    term: Term
    plain: bool
    factors: tuple[tuple[Factor, tuple[int, ...]], ...]
    grid: tuple[tuple[int, ...], ...]

    def products(self, indices: tuple[int, ...]) -> Iterator[Expression]:
        """The products at one place, one for each value of the summed letters; structurally zero ones are left out."""
        for summed in self.grid:
            here = indices + summed
            factors: list[Expression] = []
            for factor, places in self.factors:
                at = tuple([here[place] for place in places])
                if type(factor) is Cell:
                    factors.append(Reference(Quantity(factor.array, at)))
                elif not _holds(factor, at):
                    break
            else:
                if self.plain and factors:
                    yield factors[0] if len(factors) == 1 else Product(tuple(factors))
                else:
                    yield _over(self.term.over, product_of([as_expression(self.term.number), *factors]))


def _holds(condition: Factor, at: tuple[int, ...]) -> bool:
    match condition:
        case Kronecker(_, right):
            return at[0] == (at[1] if isinstance(right, str) else right)
        case Indicator(_, places):
            return at in places
    raise AssertionError(condition)


def _unrolled(term: Term, target: Cell) -> _Unrolled:
    summed = [letter for letter in letters_of(term) if letter not in target.indices]
    axes = {
        letter: axis for factor in term.factors if isinstance(factor, Cell) for letter, axis in axis_of(factor).items()
    }
    place = {letter: number for number, letter in enumerate((*target.indices, *summed))}
    factors = tuple((factor, tuple(place[letter] for letter in _letters(factor))) for factor in term.factors)
    plain = term.number == 1 and not any(axis.size != 1 for axis in term.over)
    return _Unrolled(term, plain, factors, tuple(product(*(range(_extent(axes[letter])) for letter in summed))))


def instantiated(law: Expression, places: dict[str, int]) -> Expression:
    """A law at given values of its letters: an expression over quantities, reductions written out.

    A reduction that does not depend on an outer one's letter is one object wherever it occurs, so that it is computed
    once: of a softmax, the largest net.
    """
    return _Written(reductions_only=True).at(law, places)


def instances(equation: Map) -> tuple[Expression, ...]:
    """The computed law at every entry of a map's target, in row-major order; what entries share is one object."""
    law, written = equation.computed_law(), _Written(reductions_only=False)
    array, letters = equation.target
    return tuple(written.at(law, dict(zip(letters, indices, strict=True))) for indices in every_index(array))


class _Written:
    """Laws written out; a part (or a reduction alone) is one object wherever its letters have the same values."""

    def __init__(self, *, reductions_only: bool) -> None:
        self.reductions_only = reductions_only
        self.parts: dict[Hashable, Expression] = {}
        self.letters: dict[int, tuple[str, ...]] = {}

    def at(self, law: Expression, places: dict[str, int]) -> Expression:
        match law:
            case Reference(Cell(array, indices)):
                return Reference(Quantity(array, tuple([places[letter] for letter in indices])))
            case Reference(Kronecker(left, right)):
                same = places[left] == (places[right] if isinstance(right, str) else right)
                return Number(Fraction(int(same)))
        if not law.children:
            return law
        if self.reductions_only and not isinstance(law, Along):
            return law.rebuilt(tuple([self.at(child, places) for child in law.children]))
        key = (id(law), *[places[letter] for letter in self._free(law)])
        known = self.parts.get(key)
        if known is None:
            known = self.parts[key] = self._new(law, places)
        return known

    def _new(self, law: Expression, places: dict[str, int]) -> Expression:
        if not isinstance(law, Along):
            children = [self.at(child, places) for child in law.children]
            match law:
                case Sum():
                    return sum_of(children)
                case Product():
                    return product_of(children)
            return law.rebuilt(tuple(children))
        cells = [cell for cell in leaves(law.body) if isinstance(cell, Cell)]
        axis = next(axes[law.index] for cell in cells if law.index in (axes := axis_of(cell)))
        each = [self.at(law.body, places | {law.index: value}) for value in range(_extent(axis))]
        return sum_of(each) if law.reduction == "sum" else largest(each)

    def _free(self, law: Expression) -> tuple[str, ...]:
        """The letters on which a part depends."""
        known = self.letters.get(id(law))
        if known is None:
            match law:
                case Reference(Cell() | Kronecker() as factor):
                    found = _letters(factor)
                case Along(_, letter, body):
                    found = tuple(each for each in self._free(body) if each != letter)
                case _:
                    found = tuple(letter for child in law.children for letter in self._free(child))
            known = self.letters[id(law)] = tuple(dict.fromkeys(found))
        return known


def largest(expressions: Sequence[Expression]) -> Expression:
    """The maximum of several expressions, as nested calls of max."""
    whole = expressions[0]
    for each in expressions[1:]:
        whole = MAX(whole, each)
    return whole
