"""A System for another number of observations: the same laws over arrays of another extent. Changes nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, Reference
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.rewriting import Rewrite
from symbackprop.system import Equation, Factor, Map, Partial, Reindex, Scatter, SumOfProducts, System, Term

MOST_OBSERVATIONS = 3  # a proof for so many is one for any number: observations occur in laws only by their letter


def proven_size(derivation: Derivation) -> Derivation:
    """The derivation for few observations where there are many, or a symbolic number of them."""
    count = next((axis.size for axis in _observation_axes(derivation)), 1)
    if count is not None and count <= MOST_OBSERVATIONS:
        return derivation
    resized = _Resized(MOST_OBSERVATIONS)
    return replace(
        derivation,
        arrays=replace(derivation.arrays, inputs=tuple(resized.array(each) for each in derivation.arrays.inputs)),
        now=replace(derivation.now, loss=resized.array(derivation.now.loss)),
        system=resized.system(derivation.system),
        rewrites=tuple(
            Rewrite(each.pair, resized.sums(each.before), resized.map(each.after)) for each in derivation.rewrites
        ),
    )


def _observation_axes(derivation: Derivation) -> list[Axis]:
    return [axis for array in derivation.arrays.inputs for axis in array.axes if axis.kind == "observation"]


@dataclass
class _Resized:
    count: int
    known: dict[Array, Array] = field(default_factory=dict)

    def system(self, system: System) -> System:
        return System(
            tuple(self.array(each) for each in system.givens), tuple(self.equation(each) for each in system.equations)
        )

    def equation(self, equation: Equation) -> Equation:
        match equation:
            case SumOfProducts():
                return self.sums(equation)
            case Map():
                return self.map(equation)
            case Reindex(target, sources, table):
                return Reindex(self.cell(target), tuple(self.array(each) for each in sources), table)
            case Scatter(target, sources, table, extra):
                arrays = tuple(self.array(each) for each in sources)
                return Scatter(self.cell(target), arrays, table, tuple(self.term(each) for each in extra))
        raise AssertionError(equation)

    def sums(self, equation: SumOfProducts) -> SumOfProducts:
        return SumOfProducts(self.cell(equation.target), tuple(self.term(each) for each in equation.terms))

    def map(self, equation: Map) -> Map:
        return Map(
            self.cell(equation.target),
            self.law(equation.body),
            self.optional(equation.stable),
            self.term(equation.scale),
            tuple(
                Partial(
                    self.cell(each.wrt),
                    self.optional(each.printed),
                    self.optional(each.stable),
                    tuple(self.term(term) for term in each.terms),
                )
                for each in equation.partials
            ),
            equation.at_kink,
        )

    def term(self, term: Term) -> Term:
        return Term(
            term.number, tuple(self.factor(each) for each in term.factors), tuple(self.axis(each) for each in term.over)
        )

    def factor(self, factor: Factor) -> Factor:
        return self.cell(factor) if isinstance(factor, Cell) else factor

    def optional(self, law: Expression | None) -> Expression | None:
        return None if law is None else self.law(law)

    def law(self, law: Expression) -> Expression:
        match law:
            case Reference(Cell() as cell):
                return Reference(self.cell(cell))
            case Reference(Axis() as axis):
                return Reference(self.axis(axis))
        children = law.children
        return law.rebuilt(tuple(self.law(child) for child in children)) if children else law

    def cell(self, cell: Cell) -> Cell:
        return Cell(self.array(cell.array), cell.indices)

    def array(self, array: Array) -> Array:
        if array not in self.known:
            self.known[array] = replace(
                array,
                axes=tuple(self.axis(each) for each in array.axes),
                of=None if array.of is None else self.array(array.of),
                wrt=None if array.wrt is None else self.array(array.wrt),
            )
        return self.known[array]

    def axis(self, axis: Axis) -> Axis:
        return replace(axis, size=self.count) if axis.kind == "observation" else axis
