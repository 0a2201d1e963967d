"""Lines of a derivation: index laws and single entries, as they are shown. Never decides which of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Ellipsis, Line
from symbackprop.expressions import (
    Along,
    Call,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Reference,
    Sum,
    parts,
    product_of,
    substituted,
    sum_of,
)
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import axes_of, cells_in, relettered

MOST_TERMS = 8  # of a sum that is shown in full where units are many
FIRST_TERMS, LAST_TERMS = 3, 1
OBSERVATION = "n"


@dataclass(frozen=True, slots=True)
class Lines:
    """Makes lines; ``abridged``: long sums are shown by their first and last terms.

    ``written``: an activation stands there by what it is defined as too, and numbers are put into that.
    """

    derivation: Derivation
    abridged: bool = False
    written: bool = False

    def entry(self, quantity: Quantity, *more: Expression, numbers: bool = True) -> Line:
        """A quantity's own equation, its other forms ``more`` before it, and its number."""
        own = self.own(quantity)
        sides = (*more, own)
        if self.written and quantity.array.role is Role.OUT and isinstance(own, Call) and own.function.definition:
            own = own.function.definition(*own.arguments)
            sides = (*sides, own)
        return Line(Reference(quantity), sides, own if numbers else None, quantity)

    def own(self, quantity: Quantity) -> Expression:
        """The right side of a quantity's own equation."""
        from symbackprop.forms.adjoints import scalar_of

        own = with_kept_names(self.derivation, scalar_of(self.derivation, quantity))
        own = with_squares(own) if quantity.array.role is Role.PENALTY else own
        return self.shortened(without_zeros(self.derivation, own))

    def shortened(self, expression: Expression) -> Expression:
        """The expression, its long sums by their first and last terms."""
        return _shortened(expression) if self.abridged else expression

    def sum_of(self, count: int, term: Callable[[int], Expression]) -> Expression:
        """The sum of so many terms; of a long one only those that are shown are made."""
        if not self.abridged or count <= MOST_TERMS:
            return self.shortened(sum_of([term(place) for place in range(count)]))
        first, last = ([self.shortened(term(place)) for place in places] for places in _ends(count))
        return Sum((*first, Reference(Ellipsis()), *last))

    def law(self, array: Array, *more: Expression) -> Line:
        """An array's law in index letters."""
        equation = self.derivation.definition(array)
        assert isinstance(equation, SumOfProducts | Map)
        return self.law_of(equation, *more)

    def law_of(self, equation: SumOfProducts | Map, *more: Expression) -> Line:
        """An equation as a law in index letters; sums over a single observation are left out."""
        left = Reference(self.lettered(equation.target))
        law = with_kept_names(self.derivation, equation.law())
        law = with_squares(law) if equation.target.array.role is Role.PENALTY else law
        sides = [self.displayed(each) for each in (law, *more)]
        return Line(left, tuple(sides))

    def is_entry(self, equation: SumOfProducts | Map) -> bool:
        """Whether a law says just what the equation of the array's only entry says."""
        only = all(axis.size == 1 for axis in equation.target.array.axes)
        return only and not _has_sum(_without_single_sums(equation.law()))

    def displayed(self, law: Expression) -> Expression:
        """A law with its observation's letter as it is shown, and without sums over one entry."""
        return relettered(_without_single_sums(law), {OBSERVATION: self.observation_letter})

    def lettered(self, cell: Cell) -> Cell:
        """A cell with its observation's letter as it is shown."""
        return Cell(
            cell.array, tuple(self.observation_letter if each == OBSERVATION else each for each in cell.indices)
        )

    def letters(self) -> dict[str, str]:
        """The letters of the laws, each with the kind of axis that it runs along, where that has several places."""
        found: dict[str, str] = {}
        for equation in self.derivation.system.equations:
            if isinstance(equation, SumOfProducts | Map):
                law = self.displayed(equation.law())
                for letter, axis in axes_of([self.lettered(equation.target), *cells_in(law)]).items():
                    if axis.size != 1:
                        found.setdefault(letter, axis.kind)
        return found

    @property
    def observation_letter(self) -> str:
        """The letter that runs over the observations: another one where their number has the same."""
        return "m" if self.derivation.network.observations == OBSERVATION else OBSERVATION


def with_kept_names(derivation: Derivation, expression: Expression) -> Expression:
    """The expression with the old names of parameters that keep their values in place of new ones."""
    frozen = derivation.arrays.frozen
    if not frozen:
        return expression

    def named(of: Hashable) -> Expression:
        match of:
            case Quantity(array, indices) if array.phase is Phase.NEW and array.now in frozen:
                return Reference(Quantity(array.now, indices))
            case Cell(array, indices) if array.phase is Phase.NEW and array.now in frozen:
                return Reference(Cell(array.now, indices))
        return Reference(of)

    return substituted(expression, named)


def with_squares(expression: Expression) -> Expression:
    """The expression with w^2 in place of w times w."""
    children = tuple(with_squares(child) for child in expression.children)
    if not isinstance(expression, Product):
        return expression.rebuilt(children) if children else expression
    factors: list[Expression] = []
    for each in children:
        if factors and isinstance(each, Reference) and factors[-1] == each:
            factors[-1] = Power(each, Number(Fraction(2)))
        else:
            factors.append(each)
    return product_of(factors)


def without_zeros(derivation: Derivation, expression: Expression) -> Expression:
    """A sum without the terms that are 0 since nothing leads from there to what is differentiated."""
    if not isinstance(expression, Sum):
        return expression
    kept = [each for each in expression.operands if not _is_zero(derivation, each)]
    return expression if len(kept) == len(expression.operands) else sum_of(kept)


def vanishes(derivation: Derivation, quantity: Quantity) -> bool:
    """Whether a derivative of a single unit's quantity is 0 by its equation alone."""
    from symbackprop.forms.adjoints import scalar_of

    if quantity.array.role is not Role.DERIVATIVE or quantity.array.of_unit is None:
        return False
    return _is_zero(derivation, scalar_of(derivation, quantity))


def _is_zero(derivation: Derivation, expression: Expression) -> bool:
    match expression:
        case Number(value):
            return value == 0
        case Reference(Quantity() as quantity):
            return vanishes(derivation, quantity)
        case Negative(operand):
            return _is_zero(derivation, operand)
        case Product(factors):
            return any(_is_zero(derivation, each) for each in factors)
        case Sum(terms):
            return all(_is_zero(derivation, each) for each in terms)
    return False


def has_law(equation: Equation) -> bool:
    """Whether an equation is stated in index letters."""
    return isinstance(equation, SumOfProducts | Map)


def _ends(count: int) -> tuple[range, range]:
    """The places of the terms that are shown of a long sum."""
    return range(FIRST_TERMS), range(count - LAST_TERMS, count)


def _shortened(expression: Expression) -> Expression:
    children = tuple(_shortened(child) for child in expression.children)
    if isinstance(expression, Sum) and len(children) > MOST_TERMS:
        return Sum((*children[:FIRST_TERMS], Reference(Ellipsis()), *children[-LAST_TERMS:]))
    return expression.rebuilt(children) if children else expression


def _without_single_sums(law: Expression) -> Expression:
    """The law without sums over one observation or unit: a notation shows no letter for what there is one of."""
    children = tuple(_without_single_sums(child) for child in law.children)
    if isinstance(law, Along):
        axis = axes_of(cells_in(law.body)).get(law.index)
        if axis is not None and axis.size == 1:
            return children[0]
    return law.rebuilt(children) if children else law


def _has_sum(law: Expression) -> bool:
    return any(isinstance(part, Along) for part in parts(law))
