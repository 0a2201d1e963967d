"""Terms: the products that sums are made of, with index letters, and what one stands for at given indices.

Never computes a number and never prints; knows no equation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from symbackprop.expressions import (
    Along,
    Expression,
    Negative,
    Number,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    leaves,
    product_of,
)
from symbackprop.quantities import Axis, Cell, Quantity, extent


@dataclass(frozen=True, slots=True)
class Kronecker:
    """1 where the two indices are equal, else 0; the right one may be a fixed number."""

    left: str
    right: str | int

    @property
    def indices(self) -> tuple[str, ...]:
        return (self.left, self.right) if isinstance(self.right, str) else (self.left,)

    def holds(self, at: tuple[int, ...]) -> bool:
        """Whether it is 1 at these values of its letters."""
        return at[0] == (at[1] if isinstance(self.right, str) else self.right)


@dataclass(frozen=True, slots=True)
class Indicator:
    """1 at the listed places of ``indices``, else 0 (which entries of a weight array a penalty counts)."""

    indices: tuple[str, ...]
    places: frozenset[tuple[int, ...]]

    def holds(self, at: tuple[int, ...]) -> bool:
        """Whether it is 1 at these values of its letters."""
        return at in self.places


Factor = Cell | Kronecker | Indicator
SPARE_LETTERS = "kilmqrsuvjp"


@dataclass(frozen=True, slots=True)
class Term:
    """A product: a number, divided by the sizes of the axes ``over`` (a mean), times factors in the author's order.

    In an adjoint's equation one factor is the adjoint that the term comes from, the others are the link to it.
    """

    number: Fraction = Fraction(1)
    factors: tuple[Factor, ...] = ()
    over: tuple[Axis, ...] = ()

    def relettered(self, letters: Mapping[str, str]) -> Term:
        """The term in other letters; those that are not listed stay."""
        return Term(self.number, tuple([_relettered(each, letters) for each in self.factors]), self.over)

    def times(self, other: Term) -> Term:
        """The product, the other's factors behind its own."""
        return Term(self.number * other.number, self.factors + other.factors, self.over + other.over)

    def with_factor(self, factor: Factor, term: Term) -> Term:
        """The product with a term in place of one of its factors."""
        place = self.factors.index(factor)
        factors = (*self.factors[:place], *term.factors, *self.factors[place + 1 :])
        return Term(self.number * term.number, factors, self.over + term.over)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The factors that are entries of arrays."""
        return tuple([factor for factor in self.factors if isinstance(factor, Cell)])

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the factors, in order of appearance."""
        return tuple(dict.fromkeys([letter for factor in self.factors for letter in factor.indices]))

    def summed(self, target: Cell) -> tuple[str, ...]:
        """The letters that the target lacks: the term is summed over them."""
        return tuple([letter for letter in self.letters if letter not in target.indices])

    def law(self, target: Cell) -> Expression:
        """What the term adds to a target, in index letters."""
        law = divided(product_of([as_expression(self.number), *map(Reference, self.factors)]), self.over)
        for letter in reversed(self.summed(target)):
            law = Along("sum", letter, law)
        return law

    def scaling(self, body: Expression) -> Expression:
        """The body times the term, numbers gathered in front, a mean's size below."""
        return divided(product_of([as_expression(self.number), *map(Reference, self.factors), body]), self.over)


def terms_of(expression: Expression) -> list[Term] | None:
    """The terms that an expression of numbers and factors is the sum of; None where it is no sum of products."""
    match expression:
        case Number(value):
            return [Term(value)]
        case Reference(Cell() | Kronecker() | Indicator() as factor):
            return [Term(factors=(factor,))]
        case Negative(operand):
            found = terms_of(operand)
            return None if found is None else [replace(each, number=-each.number) for each in found]
        case Sum(operands):
            sums = [terms_of(each) for each in operands]
            return None if None in sums else [term for each in sums if each is not None for term in each]
        case Product(operands):
            product_terms = [Term()]
            for each in operands:
                found = terms_of(each)
                if found is None:
                    return None
                product_terms = [before.times(after) for before in product_terms for after in found]
            return product_terms
    return None


def axis_of(cell: Cell) -> dict[str, Axis]:
    """Each letter of a cell with the axis it runs along."""
    return dict(zip(cell.indices, cell.array.axes, strict=True))


def axes_of(cells: Iterable[Cell]) -> dict[str, Axis]:
    """Each letter of the cells with the axis it runs along."""
    return {letter: axis for cell in cells for letter, axis in axis_of(cell).items()}


def cells_in(law: Expression) -> list[Cell]:
    """The cells among a law's leaves, each as often as it occurs."""
    return [leaf for leaf in leaves(law) if isinstance(leaf, Cell)]


def relettered(law: Expression, letters: Mapping[str, str]) -> Expression:
    """A law in other letters; those that are not listed stay, but bound ones that would be mistaken for new ones."""
    match law:
        case Along(reduction, index, body):
            if index not in letters:
                there = {each for cell in cells_in(body) for each in cell.indices} - {index}
                taken = there.union(letters.values())
                free = index if index not in taken else next(each for each in SPARE_LETTERS if each not in taken)
                letters = {**letters, index: free}
            return Along(reduction, letters[index], relettered(body, letters))
        case Reference(Cell() | Kronecker() as factor):
            return Reference(_relettered(factor, letters))
    return law.mapped(lambda child: relettered(child, letters))


def _relettered(factor: Factor, letters: Mapping[str, str]) -> Factor:
    match factor:
        case Cell(array, indices):
            return Cell(array, tuple([letters.get(each, each) for each in indices]))
        case Indicator(indices, places):
            return Indicator(tuple([letters.get(each, each) for each in indices]), places)
        case Kronecker(left, right):
            return Kronecker(letters.get(left, left), letters.get(right, right) if isinstance(right, str) else right)
    raise AssertionError(factor)


def divided(expression: Expression, over: tuple[Axis, ...]) -> Expression:
    """The expression by the sizes of the axes, those of one entry left out."""
    for axis in over:
        if axis.size != 1:
            expression = Quotient(expression, Reference(axis) if axis.size is None else Number(Fraction(axis.size)))
    return expression


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A term made ready for writing out: where in (target's indices, summed indices) each factor's indices stand."""

    term: Term
    plain: bool
    factors: tuple[tuple[Factor, tuple[int, ...]], ...]
    grid: tuple[tuple[int, ...], ...]

    def quantities(self, indices: tuple[int, ...]) -> Iterator[tuple[Quantity, ...]]:
        """The entries that are multiplied at one place, for each value of the summed letters.

        Products that are structurally zero are left out.
        """
        for summed in self.grid:
            here = indices + summed
            found: list[Quantity] = []
            for factor, places in self.factors:
                at = tuple([here[place] for place in places])
                if isinstance(factor, Cell):
                    found.append(Quantity(factor.array, at))
                elif not factor.holds(at):
                    break
            else:
                yield tuple(found)

    def products(self, indices: tuple[int, ...]) -> Iterator[Expression]:
        """The products at one place, number and mean included."""
        for quantities in self.quantities(indices):
            if self.plain and quantities:
                factors = tuple([Reference(each) for each in quantities])
                yield factors[0] if len(factors) == 1 else Product(factors)
            else:
                yield multiplied(self.term.number, quantities, self.term.over)


def unrolled(term: Term, target: Cell) -> Unrolled:
    """The term made ready for every place of a target."""
    summed, axes = term.summed(target), axes_of(term.cells)
    place = {letter: number for number, letter in enumerate((*target.indices, *summed))}
    factors = tuple([(factor, tuple([place[letter] for letter in factor.indices])) for factor in term.factors])
    plain = term.number == 1 and not any(axis.size != 1 for axis in term.over)
    return Unrolled(term, plain, factors, tuple(product(*(range(extent(axes[letter])) for letter in summed))))


def multiplied(number: Fraction, quantities: Iterable[Quantity], over: tuple[Axis, ...]) -> Expression:
    """A product written out: the number, the quantities in order, the sizes of the axes below; 1 where nothing is."""
    return divided(product_of([as_expression(number), *map(Reference, quantities)]), over)
