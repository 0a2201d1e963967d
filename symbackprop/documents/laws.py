"""Lines of a derivation: index laws and single entries, as they are shown. Never decides which of them are shown."""

from __future__ import annotations

from dataclasses import dataclass

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Ellipsis, Line
from symbackprop.expressions import (
    Along,
    Expression,
    Negative,
    Product,
    Quotient,
    Reference,
    Sum,
    leaves,
)
from symbackprop.quantities import Array, Axis, Cell, Quantity
from symbackprop.system import Equation, Kronecker, Map, SumOfProducts, axis_of

MOST_TERMS = 8  # of a sum that is shown in full where units are many
FIRST_TERMS, LAST_TERMS = 3, 1
OBSERVATION = "n"


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes lines; ``abridged``: long sums are shown by their first and last terms."""

    derivation: Derivation
    abridged: bool = False

    def entry(self, quantity: Quantity, *more: Expression, numbers: bool = True) -> Line:
        """A quantity's own equation, its other forms ``more`` before it, and its number."""
        own = self.own(quantity)
        return Line(Reference(quantity), (*more, own), own if numbers else None, quantity)

    def own(self, quantity: Quantity) -> Expression:
        """The right side of a quantity's own equation."""
        from symbackprop.forms.adjoints import scalar_of

        return self.shortened(scalar_of(self.derivation, quantity))

    def shortened(self, expression: Expression) -> Expression:
        """The expression, its long sums by their first and last terms."""
        return _shortened(expression) if self.abridged else expression

    def law(self, array: Array, *more: Expression) -> Line:
        """An array's law in index letters."""
        equation = self.derivation.definition(array)
        assert isinstance(equation, SumOfProducts | Map)
        return self.law_of(equation, *more)

    def law_of(self, equation: SumOfProducts | Map, *more: Expression) -> Line:
        """An equation as a law in index letters; sums over a single observation are left out."""
        left = Reference(self.lettered(equation.target))
        sides = [self.displayed(each) for each in (equation.law(), *more)]
        return Line(left, tuple(sides))

    def displayed(self, law: Expression) -> Expression:
        """A law with its observation's letter as it is shown, and without sums over one observation."""
        return _relettered(_without_single_sums(law), self.observation_letter)

    def lettered(self, cell: Cell) -> Cell:
        """A cell with its observation's letter as it is shown."""
        return Cell(
            cell.array, tuple(self.observation_letter if each == OBSERVATION else each for each in cell.indices)
        )

    @property
    def observation_letter(self) -> str:
        """The letter that runs over the observations: another one where their number has the same."""
        return "m" if self.derivation.network.observations == OBSERVATION else OBSERVATION


def has_law(equation: Equation) -> bool:
    """Whether an equation is stated in index letters."""
    return isinstance(equation, SumOfProducts | Map)


def _shortened(expression: Expression) -> Expression:
    children = tuple(_shortened(child) for child in expression.children)
    if isinstance(expression, Sum) and len(children) > MOST_TERMS:
        return Sum((*children[:FIRST_TERMS], Reference(Ellipsis()), *children[-LAST_TERMS:]))
    return expression.rebuilt(children) if children else expression


def _without_single_sums(law: Expression) -> Expression:
    children = tuple(_without_single_sums(child) for child in law.children)
    if isinstance(law, Along) and _extent(law) == 1:
        return children[0]
    return law.rebuilt(children) if children else law


def _extent(along: Along) -> int | None:
    axes: dict[str, Axis] = {}
    for leaf in leaves(along.body):
        if isinstance(leaf, Cell):
            axes.update(axis_of(leaf))
    axis = axes.get(along.index)
    return None if axis is None else axis.size


def _relettered(law: Expression, letter: str) -> Expression:
    if letter == OBSERVATION:
        return law
    match law:
        case Reference(Cell(array, indices)):
            return Reference(Cell(array, tuple(letter if each == OBSERVATION else each for each in indices)))
        case Reference(Kronecker(left, right)):
            names = [letter if each == OBSERVATION else each for each in (left, right)]
            return Reference(Kronecker(str(names[0]), names[1]))
        case Along(reduction, index, body):
            return Along(reduction, letter if index == OBSERVATION else index, _relettered(body, letter))
    children = law.children
    return law.rebuilt(tuple(_relettered(child, letter) for child in children)) if children else law


def is_trivial(expression: Expression) -> bool:
    """Whether an expression is a single name or number."""
    return not isinstance(expression, Sum | Product | Quotient | Negative | Along) and not expression.children
