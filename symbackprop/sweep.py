"""The reverse sweep: from forward equations, the equations of all adjoints. Knows no layer, activation or loss.

The adjoint of an array is the derivative of what the sweep starts from by that array. A sum of products passes
its adjoint on with one factor replaced, a map with its partial, a re-indexing adds back; everything else
(weight sharing, several observations, recurrence) follows from summing over uses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symbackprop.calculus import differentiated
from symbackprop.expressions import Call, Expression, Reference
from symbackprop.quantities import Array, Axis, Cell, Role, every_index, extents
from symbackprop.system import Equation, Map, Partial, Reindex, Scatter, SumOfProducts
from symbackprop.terms import SPARE_LETTERS, Factor, Kronecker, Term, axes_of


@dataclass(frozen=True, slots=True)
class Naming:
    """What the adjoints of a sweep are called.

    ``adjoint`` gives the array that holds the adjoint of an array, with the sign it is held with, or None for an
    array whose adjoint is not worth a name (the loss, one output's part) and is carried on as terms.
    """

    adjoint: Callable[[Array], tuple[int, Array] | None]
    wanted: Callable[[Array], bool]


@dataclass(frozen=True, slots=True)
class _Slope:
    """A contribution that is a map's own partial: the adjoint above it is a constant."""

    scale: Term
    partial: Partial
    origin: Map


@dataclass(frozen=True, slots=True)
class _Use:
    """A contribution that is added back through a re-indexing."""

    array: Array
    reindex: Reindex
    number: int


_Piece = Term | _Slope | _Use


@dataclass
class Slopes:
    """The local derivatives of maps that have an array of their own, shared by all sweeps over a system."""

    arrays: dict[tuple[Array, Cell], Array] = field(default_factory=dict)


def canonical_letters(array: Array) -> tuple[str, ...]:
    """The letters of an array's own equation: n for observations, p for parameters, then j, k, i, l.

    >>> canonical_letters(Array(Role.WEIGHT, (Axis("unit", 2, 1), Axis("unit", 3, 0)), 1))
    ('j', 'k')
    """
    units = iter("jkil")
    special = {"observation": "n", "parameter": "p"}
    return tuple(special.get(axis.kind) or next(units) for axis in array.axes)


def uses_in(equations: Iterable[Equation]) -> Counter[Array]:
    """How many equations each array is an argument of."""
    return Counter(array for equation in equations for array in set(_arguments(equation)))


def leading_to(array: Array, equations: Sequence[Equation]) -> list[Equation]:
    """The equations that an array comes from, in order: a program may compute what its loss does not use."""
    definitions = {equation.target.array: equation for equation in equations}
    leading, waiting = set[Array](), [array]
    while waiting:
        one = waiting.pop()
        if one in definitions and one not in leading:
            leading.add(one)
            waiting += _arguments(definitions[one])
    return [each for each in equations if each.target.array in leading]


def reverse_sweep(
    equations: Sequence[Equation],
    seeds: Mapping[Array, Term],
    *,
    naming: Naming,
    slopes: Slopes,
    uses: Counter[Array] | None = None,
) -> list[Equation]:
    """The equations of all wanted adjoints, each before it is used.

    ``seeds`` are the derivatives, by the arrays that the sweep starts from, of what is differentiated. ``uses`` are
    those in the whole forward pass where the sweep goes through a part of it.
    """
    return _Sweep(equations, naming, slopes, uses_in(equations) if uses is None else uses).run(seeds)


class _Sweep:
    def __init__(self, equations: Sequence[Equation], naming: Naming, slopes: Slopes, uses: Counter[Array]) -> None:
        self.equations, self.naming, self.slopes, self.uses = equations, naming, slopes, uses
        self.found: list[Equation] = []
        self.pieces: dict[Array, list[_Piece]] = {}
        self.definitions = {equation.target.array: equation for equation in equations}

    def run(self, seeds: Mapping[Array, Term]) -> list[Equation]:
        for array, seed in seeds.items():
            self.pieces[array] = [seed]
        remaining = uses_in(self.equations)
        for equation in reversed(self.equations):
            pieces = self.pieces.pop(equation.target.array, None)
            if pieces is not None:
                self._pass_on(equation, self._settled(equation.target.array, pieces))
            for array in dict.fromkeys(_arguments(equation)):
                remaining[array] -= 1
                done = not remaining[array] and array not in self.definitions and array.role is not Role.INPUT
                if done and array in self.pieces:
                    self._settled(array, self.pieces.pop(array))
        for array, pieces in list(self.pieces.items()):  # the inputs, after everything that is changed
            self._settled(array, pieces)
        self._totals_of_tied()
        return self.found

    def _settled(self, array: Array, pieces: list[_Piece]) -> list[Term]:
        """The adjoint as terms in the array's canonical letters, defined by an equation if it has a name."""
        pieces = pieces[::-1]  # uses in the order of the forward pass
        named = self.naming.adjoint(array)
        if named is None:
            return _collected([self._as_term(piece) for piece in pieces])
        sign, adjoint = named
        target = Cell(adjoint, canonical_letters(array))
        self.found.append(self._equation(target, pieces, sign))
        return [Term(Fraction(sign), (target,))]

    def _equation(self, target: Cell, pieces: list[_Piece], sign: int) -> Equation:
        match pieces:
            case [_Slope(scale, partial, origin)]:
                if sign == 1 and scale == Term():
                    self.slopes.arrays[origin.target.array, partial.wrt] = target.array
                assert partial.printed is not None
                signed = replace(scale, number=scale.number * sign)
                return Map(target, partial.printed, partial.stable, signed, at_kink=origin.at_kink)
        uses = [piece for piece in pieces if isinstance(piece, _Use)]
        terms = _collected([self._as_term(piece) for piece in pieces if not isinstance(piece, _Use)])
        signed_terms = tuple(replace(term, number=term.number * sign) for term in terms)
        if uses:
            assert sign == 1
            return _scatter(target, uses, signed_terms)
        return SumOfProducts(target, signed_terms)

    def _as_term(self, piece: _Piece) -> Term:
        match piece:
            case Term():
                return piece
            case _Slope(scale, partial, origin):
                slope = self._slope_array(origin, partial)
                return scale.times(Term(factors=(Cell(slope, origin.target.indices),)))
        raise AssertionError("a re-indexed array must have a named adjoint")

    def _pass_on(self, equation: Equation, adjoint: list[Term]) -> None:
        match equation:
            case SumOfProducts():
                for term in equation.terms:
                    self._pass_through_term(equation.target, term, adjoint)
            case Map():
                for cell in equation.arguments:
                    if self.naming.wanted(cell.array):
                        self._pass_through_map(equation, cell, adjoint)
            case Reindex(_, sources, _):
                (term,) = adjoint
                (use,) = term.cells
                for number, source in enumerate(sources):
                    self._add(source, _Use(use.array, equation, number))
            case Scatter():
                raise AssertionError("a forward equation is never a scatter")

    def _pass_through_term(self, target: Cell, term: Term, adjoint: list[Term]) -> None:
        axes = axes_of([target, *term.cells])
        for place, factor in enumerate(term.factors):
            if not isinstance(factor, Cell) or not self.naming.wanted(factor.array):
                continue
            rest = Term(term.number, term.factors[:place] + term.factors[place + 1 :], term.over)
            for above in adjoint:
                self._add(factor.array, _renamed(_summed_out(above.times(rest), axes, factor.indices), factor))

    def _pass_through_map(self, equation: Map, cell: Cell, adjoint: list[Term]) -> None:
        partial = _partial(equation, cell)
        alone = self.uses[cell.array] == 1 and len(_cells_of(equation, cell.array)) == 1
        same_letters = set(partial.wrt.indices) == set(equation.target.indices)
        for above in adjoint:
            if alone and same_letters and not partial.terms and not above.letters:
                self._add(cell.array, _Slope(above.times(equation.scale), partial, equation))
                continue
            slope = self._slope_array(equation, partial)
            letters = _slope_letters(equation, partial)
            self._add(cell.array, _renamed(above.times(Term(factors=(Cell(slope, letters),))), partial.wrt))

    def _slope_array(self, equation: Map, partial: Partial) -> Array:
        """The array of a map's own partial, with an equation the first time it is asked for."""
        key = (equation.target.array, partial.wrt)
        if key not in self.slopes.arrays:
            letters = _slope_letters(equation, partial)
            axes = equation.target.array.axes + _further_axes(equation, partial)
            of, wrt = equation.target.array, partial.wrt.array
            label = "direct" if self._leads_elsewhere(equation, wrt) else ""
            array = Array(Role.DERIVATIVE, axes, of.layer, label, of.phase, of=of, wrt=wrt)
            if partial.terms:
                scaled_terms = tuple(equation.scale.times(term) for term in partial.terms)
                self.found.append(SumOfProducts(Cell(array, letters), scaled_terms))
            else:
                assert partial.printed is not None
                self.found.append(
                    Map(Cell(array, letters), partial.printed, partial.stable, equation.scale, at_kink=equation.at_kink)
                )
            self.slopes.arrays[key] = array
        return self.slopes.arrays[key]

    def _leads_elsewhere(self, equation: Map, argument: Array) -> bool:
        """Whether a map depends on its argument through another one too: its partial is not the whole derivative."""
        waiting = [array for array in _arguments(equation) if array != argument]
        seen = set(waiting)
        while waiting:
            definition = self.definitions.get(waiting.pop())
            for array in () if definition is None else _arguments(definition):
                if array == argument:
                    return True
                if array not in seen:
                    seen.add(array)
                    waiting.append(array)
        return False

    def _add(self, array: Array, piece: _Piece) -> None:
        if self.naming.wanted(array):
            self.pieces.setdefault(array, []).append(piece)

    def _totals_of_tied(self) -> None:
        """Every position of a tied parameter shows its total gradient."""
        for equation in self.equations:
            if not isinstance(equation, Reindex):
                continue
            sources = [self.naming.adjoint(source) for source in equation.sources]
            adjoints = tuple(each[1] for each in sources if each is not None)
            array = equation.target.array
            known = {each.target.array for each in self.found}
            if len(adjoints) == len(equation.sources) and all(each in known for each in adjoints):
                use = self.naming.adjoint(array)
                assert use is not None
                total = replace(use[1], phase=array.phase)
                self.found.append(Reindex(Cell(total, equation.target.indices), adjoints, equation.table))


def _arguments(equation: Equation) -> Iterable[Array]:
    """What an equation is a function of, its stable form and its scale left aside."""
    if isinstance(equation, Map):
        return [cell.array for cell in equation.arguments]
    return equation.reads


def _cells_of(equation: Map, array: Array) -> list[Cell]:
    return [cell for cell in equation.arguments if cell.array == array]


def _partial(equation: Map, cell: Cell) -> Partial:
    for partial in equation.partials:
        if partial.wrt == cell:
            return partial
    printed = differentiated(equation.body, cell, equation.at_kink, printed=True)
    stable = differentiated(equation.body, cell, equation.at_kink)
    if equation.scale == Term() and isinstance(equation.body, Call):
        printed = _in_terms_of(printed, equation.body, Reference(equation.target))
    return Partial(cell, printed, None if stable == printed else stable)


def _in_terms_of(expression: Expression, body: Expression, name: Expression) -> Expression:
    """The expression with the name wherever it has the body: the slope of tanh as 1 - out²."""
    if expression == body:
        return name
    children = expression.children
    return expression.rebuilt(tuple(_in_terms_of(each, body, name) for each in children)) if children else expression


def _slope_letters(equation: Map, partial: Partial) -> tuple[str, ...]:
    target = equation.target.indices
    return target + tuple(letter for letter in partial.wrt.indices if letter not in target)


def _further_axes(equation: Map, partial: Partial) -> tuple[Axis, ...]:
    pairs = zip(partial.wrt.indices, partial.wrt.array.axes, strict=True)
    return tuple(axis for letter, axis in pairs if letter not in equation.target.indices)


def _summed_out(term: Term, axes: Mapping[str, Axis], kept: tuple[str, ...]) -> Term:
    """The term, with sums over letters that no array in it has done at once.

    Over a Kronecker such a sum is 1, over nothing it is as many ones as the axis is long. With a symbolic number of
    observations a law is read for one of them, and so it stays.
    """
    carried = {letter for each in term.factors if not isinstance(each, Kronecker) for letter in each.indices}
    for letter, axis in axes.items():
        if letter in kept or letter in carried:
            continue
        deciding = [each for each in term.factors if isinstance(each, Kronecker) and letter in (each.left, each.right)]
        if deciding:
            term = replace(term, factors=tuple(each for each in term.factors if each != deciding[0]))
        elif axis.size is not None:
            term = replace(term, number=term.number * axis.size)
    return term


def _renamed(term: Term, cell: Cell) -> Term:
    """The term with the cell's letters turned into its array's canonical ones, other letters out of their way."""
    wished = dict(zip(cell.indices, canonical_letters(cell.array), strict=True))
    if all(old == new for old, new in wished.items()):
        return term
    taken = set(wished.values())
    for letter in term.letters:
        if letter not in wished:
            free = letter if letter not in taken else next(each for each in SPARE_LETTERS if each not in taken)
            wished[letter] = free
            taken.add(free)
    return term.relettered(wished)


def _collected(terms: Sequence[Term]) -> list[Term]:
    """Like terms added up; the first one's order of factors stays."""
    kept: list[Term] = []
    keys: dict[tuple[frozenset[tuple[Factor, int]], tuple[Axis, ...]], int] = {}
    for term in terms:
        key = (frozenset(Counter(term.factors).items()), term.over)
        if key in keys:
            place = keys[key]
            kept[place] = replace(kept[place], number=kept[place].number + term.number)
        else:
            keys[key] = len(kept)
            kept.append(term)
    return [term for term in kept if term.number != 0]


def _scatter(target: Cell, uses: Sequence[_Use], extra: tuple[Term, ...]) -> Scatter:
    """Adding back: which entries of which uses each entry of the target was the source of."""
    (size,) = extents(target.array)
    places: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in range(size)]
    for source, use in enumerate(uses):
        for here, (number, place) in zip(every_index(use.array), use.reindex.table, strict=True):
            if number == use.number:
                places[place[0]].append((source, here))
    return Scatter(target, tuple(use.array for use in uses), tuple(tuple(each) for each in places), extra)
