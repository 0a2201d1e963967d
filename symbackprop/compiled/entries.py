"""Statements as assignments to single numbers: a law stands once, with the places at which it is done.

Knows no language.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from symbackprop.compiled.forms import Temporary, folded
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
    laws,
)
from symbackprop.expressions import (
    ONE,
    ZERO,
    Expression,
    Number,
    Product,
    Reference,
    as_expression,
    constant,
    leaves,
    product_of,
    substituted,
    sum_of,
)
from symbackprop.instances import largest
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker, axis_of

Places = Mapping[str, int]


class Entry(NamedTuple):
    """One number: of an array at its indices, observations left out, or of a temporary.

    In a `Block` letters stand in place of the indices that differ from place to place.
    """

    of: Array | Temporary
    place: tuple[int | str, ...] = ()

    def at(self, places: Places) -> Entry:
        """The entry at these values of its letters."""
        return Entry(self.of, tuple([places[each] if isinstance(each, str) else each for each in self.place]))


Assignment = tuple[Entry, Expression]


@dataclass(frozen=True, slots=True)
class Block:
    """Assignments that are done, one after the other, at each of the places. Leaves are entries, and n."""

    lines: tuple[Assignment, ...]
    places: tuple[Places, ...]


def scalars(statements: Iterable[Statement | Accumulate], *, one: bool) -> Iterator[Assignment]:
    """Statements as assignments to single numbers. ``one``: there is one observation, and means are over 1."""
    for block in (each for statement in statements for each in blocks(statement, one=one)):
        for places in block.places:
            yield from ((target.at(places), _at(law, places)) for target, law in block.lines)


def blocks(statement: Statement | Accumulate, *, one: bool) -> Iterator[Block]:
    """A statement as few laws at many places. ``one``: there is one observation, and means are over 1."""
    if isinstance(statement, Gathered):
        for places, uses in zip(_grid(axis_of(statement.target)), statement.table, strict=True):
            terms: list[Expression] = [Reference(Entry(statement.sources[number], place)) for number, place in uses]
            yield Block(((_entry(statement.target, places), sum_of(terms or [ZERO])),), ({},))
        return
    axes, written = _writing(statement, one=one)
    if _decides(statement):
        yield from (Block(written(places), ({},)) for places in _grid(axes))
    else:
        yield Block(written({}), tuple(_grid(axes)))


def _decides(statement: Statement | Accumulate) -> bool:
    """Whether a law is another one at each place, for it asks whether two indices are the same."""
    formulas = statement.product.factors if isinstance(statement, Accumulate) else laws(statement)
    return any(isinstance(leaf, Kronecker) for law in formulas for leaf in leaves(law))


def _writing(
    statement: Elementwise | Total | Largest | Accumulate, *, one: bool
) -> tuple[Mapping[str, Axis], Callable[[Places], tuple[Assignment, ...]]]:
    """The letters of a statement's targets, and what it assigns where some of them are known."""
    match statement:
        case Elementwise(letters, axes, lines):
            along = dict(zip(letters, axes, strict=True))
            kept = tuple(letter for letter, axis in along.items() if axis.kind != "observation")
            ready = [(target, over_one(law) if one else law) for target, law in lines]
            return along, lambda known: tuple(
                [(_entry(target, known, kept), _opened(law, known, kept)) for target, law in ready]
            )
        case Total(target, products) | Accumulate(target, ProductSum() as products):
            every = (products,) if isinstance(products, ProductSum) else products
            return axis_of(target), lambda known: (
                (_entry(target, known), sum_of(list(_terms(every, known, one=one)) or [ZERO])),
            )
        case Largest(target, index, of):
            along = {index: axis_of(of)[index]}
            return axis_of(target), lambda known: (
                (
                    _entry(target, known),
                    largest([Reference(_entry(of, {**known, **here})) for here in _grid(along)]),
                ),
            )
    raise AssertionError(statement)


def _terms(products: Sequence[ProductSum], known: Places, *, one: bool) -> Iterator[Expression]:
    for each in products:
        cells = [factor.of for factor in each.factors if isinstance(factor, Reference) and isinstance(factor.of, Cell)]
        plain = each.number == 1 and len(cells) == len(each.factors) > 0
        for summed in _grid(dict(each.summed)):
            here = {**known, **summed}
            if plain:
                factors = tuple([Reference(_entry(of, here)) for of in cells])
                term: Expression = factors[0] if len(factors) == 1 else Product(factors)
            else:
                laws = [over_one(factor) if one else factor for factor in each.factors]
                term = product_of([as_expression(each.number), *[_opened(law, here) for law in laws]])
            if constant(term) == 0:
                continue
            for _ in range(0 if one else each.means):
                term = term / Reference(OBSERVATIONS)
            yield term


def _opened(law: Expression, known: Places, kept: Letters = ()) -> Expression:
    """The law over entries, where some letters are known: all of a Kronecker's. ``kept`` are a temporary's letters."""
    decided = False

    def replacement(leaf: Hashable) -> Expression:
        nonlocal decided
        match leaf:
            case Kronecker(indices=indices):
                decided = True
                return Number(Fraction(leaf.holds(tuple([known[letter] for letter in indices]))))
            case Axis():
                return Reference(OBSERVATIONS)
        return Reference(_entry(leaf, known, kept))

    found = substituted(law, replacement)
    return folded(found) if decided else found


def _at(law: Expression, places: Places) -> Expression:
    def replacement(leaf: Hashable) -> Expression:
        return Reference(leaf.at(places) if isinstance(leaf, Entry) else leaf)

    return substituted(law, replacement) if places else law


def _entry(leaf: Hashable, known: Places, kept: Letters = ()) -> Entry:
    if isinstance(leaf, Temporary):
        return Entry(leaf, tuple([known.get(letter, letter) for letter in kept]))
    assert isinstance(leaf, Cell)
    array, letters = leaf
    axes = zip(letters, array.axes, strict=True)
    return Entry(array, tuple([known.get(letter, letter) for letter, axis in axes if axis.kind != "observation"]))


def over_one(law: Expression) -> Expression:
    """The law where there is one observation."""
    if not any(isinstance(leaf, Axis) for leaf in leaves(law)):
        return law
    return folded(substituted(law, lambda leaf: ONE if isinstance(leaf, Axis) else Reference(leaf)))


def _grid(axes: Mapping[str, Axis]) -> Iterator[Places]:
    """Every value of the letters, that of observations left out."""
    kept = {letter: range(axis.size or 0) for letter, axis in axes.items() if axis.kind != "observation"}
    for places in product(*kept.values()):
        yield dict(zip(kept, places, strict=True))
