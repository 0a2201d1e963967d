"""A System for fewer observations or units: the same laws over arrays of another extent. Changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, Reference
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.rewriting import Rewrite
from symbackprop.system import Equation, Map, Partial, Reindex, Scatter, SumOfProducts, System
from symbackprop.terms import Factor, Term

MOST_OBSERVATIONS = 3  # a proof for so many is one for any number: observations occur in laws only by their letter
MOST_UNITS = 3  # the same holds for units, in formulas: nothing there picks one by its number


def with_few_observations(derivation: Derivation) -> Derivation:
    """The derivation for few observations where there are many, or a symbolic number of them."""
    axes = [axis for array in derivation.arrays.inputs for axis in array.axes if axis.kind == "observation"]
    if all(axis.size is not None and axis.size <= MOST_OBSERVATIONS for axis in axes):
        return derivation
    return _Resized({"observation": MOST_OBSERVATIONS}).derivation(derivation, derivation.system.equations)


def with_few_units(derivation: Derivation, formulas: Sequence[Equation]) -> Derivation:
    """The derivation with these equations alone, for layers of a few units."""
    return _Resized({"observation": 2, "unit": MOST_UNITS}).derivation(derivation, formulas)


@dataclass
class _Resized:
    most: Mapping[str, int]
    known: dict[Array, Array] = field(default_factory=dict)

    def derivation(self, derivation: Derivation, equations: Sequence[Equation]) -> Derivation:
        """The derivation with these equations; what they read and none of them defines is given."""
        resized = tuple(self.equation(each) for each in equations)
        defined = {each.target.array for each in resized}
        read = [array for each in resized for array in each.reads if array not in defined]
        givens = [self.array(each) for each in derivation.system.givens]
        return replace(
            derivation,
            arrays=replace(derivation.arrays, inputs=tuple(self.array(each) for each in derivation.arrays.inputs)),
            now=replace(derivation.now, loss=self.array(derivation.now.loss)),
            system=System(tuple(dict.fromkeys([*givens, *read])), resized),
            rewrites=tuple(
                Rewrite(each.pair, self.sums(each.before), self.map(each.after)) for each in derivation.rewrites
            ),
            _further={},
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
        most = self.most.get(axis.kind)
        if most is None or (axis.size is not None and axis.size <= most):
            return axis
        return replace(axis, size=most)
