"""Statements as loops over indices with a line inside: what is written above the size of straight-line code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from symbackprop.compiled.phases import Accumulate
from symbackprop.compiled.statements import (
    OBSERVATIONS,
    Elementwise,
    Gathered,
    Largest,
    Letters,
    ProductSum,
    Statement,
    Total,
)
from symbackprop.expressions import (
    Expression,
    Number,
    Reference,
    as_expression,
    product_of,
    sum_of,
)
from symbackprop.quantities import Axis, Cell

Target = object


@dataclass(frozen=True, slots=True)
class Nest:
    """Loops over letters, the last one innermost; inside, lines ``target = law``, ``+=`` or the larger of both.

    ``observed`` says that the lines are done for each observation.
    """

    letters: tuple[tuple[str, int], ...]
    lines: tuple[tuple[Target, Expression], ...]
    operation: str = "="
    observed: bool = False


def nests(statement: Statement | Accumulate) -> Iterator[Nest | Gathered]:
    """The loops of a statement."""
    match statement:
        case Elementwise(letters, axes, lines):
            observed = any(axis.kind == "observation" for axis in axes)
            yield Nest(_extents(letters, dict(zip(letters, axes, strict=True))), lines, observed=observed)
        case Total(target, products):
            yield from _total(target, products)
        case Accumulate(target, one):
            every = dict(zip(target.indices, target.array.axes, strict=True)) | dict(one.summed)
            yield Nest(_extents(tuple(every), every), ((target, product_of(list(one.factors))),), "+=", True)
        case Largest(target, index, of):
            along = dict(zip(of.indices, of.array.axes, strict=True))
            observed = target.array.has_observations
            first = Cell(of.array, tuple("0" if each == index else each for each in of.indices))
            outer = _extents(target.indices, along)
            yield Nest(outer, ((target, Reference(first)),), observed=observed)
            yield Nest((*outer, (index, along[index].size or 0)), ((target, Reference(of)),), "larger", observed)
        case Gathered():
            yield statement


def _total(target: Cell, products: tuple[ProductSum, ...]) -> Iterator[Nest]:
    observed = target.array.has_observations
    axes = dict(zip(target.indices, target.array.axes, strict=True))
    outer = _extents(target.indices, axes)
    simple = [product for product in products if not product.summed]
    start = sum_of([term_of(each) for each in simple]) if simple else Number(Fraction(0))
    yield Nest(outer, ((target, start),), observed=observed)
    for product in products:
        if product.summed:
            every = axes | dict(product.summed)
            yield Nest(_extents(tuple(every), every), ((target, term_of(product)),), "+=", observed)


def term_of(product: ProductSum) -> Expression:
    """One summand of a sum of products."""
    term = product_of([as_expression(product.number), *product.factors])
    for _ in range(product.means):
        term = term / Reference(OBSERVATIONS)
    return term


def _extents(letters: Letters, axes: dict[str, Axis]) -> tuple[tuple[str, int], ...]:
    return tuple((letter, axes[letter].size or 0) for letter in letters if axes[letter].kind != "observation")
