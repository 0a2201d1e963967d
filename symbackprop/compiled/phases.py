"""A program in three phases: before the observations, for each of them, and after them. Knows no language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from symbackprop.compiled.forms import Temporary
from symbackprop.compiled.statements import (
    OBSERVATIONS,
    Elementwise,
    Gathered,
    Largest,
    ProductSum,
    Program,
    Statement,
    Total,
    reads,
    targets,
)
from symbackprop.expressions import (
    ZERO,
    Expression,
    Negative,
    Number,
    Product,
    Quotient,
    Reference,
    Sum,
    as_expression,
    constant,
    product_of,
    substituted,
    sum_of,
)
from symbackprop.functions import MAX
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker

Place = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Accumulate:
    """One observation's summand of a sum over observations is added to the target."""

    target: Cell
    product: ProductSum


@dataclass(frozen=True)
class Phases:
    """Statements by when they are done. ``sums`` begin at 0 and are added to for each observation."""

    before: tuple[Statement, ...]
    each: tuple[Statement | Accumulate, ...]
    after: tuple[Statement, ...]
    sums: tuple[Array, ...]


def phases_of(program: Program) -> Phases:
    """The program's statements by phase."""
    before: list[Statement] = []
    each: list[Statement | Accumulate] = []
    after: list[Statement] = []
    sums: list[Array] = []
    late: set[Array] = set()
    for statement in program.statements:
        defined = targets(statement)
        if any(array.has_observations for array in defined):
            assert not any(cell.array in late for cell in reads(statement)), "an observation reads a sum over all"
            each.append(statement)
            continue
        if isinstance(statement, Total) and any(_over_observations(one) for one in statement.products):
            after += _summed(statement, each, sums)
            late.update(defined)
        elif any(cell.array in late for cell in reads(statement)):
            after.append(statement)
            late.update(defined)
        else:
            before.append(statement)
    return Phases(tuple(before), tuple(each), tuple(after), tuple(sums))


def _over_observations(one: ProductSum) -> bool:
    return any(axis.kind == "observation" for _, axis in one.summed)


def _summed(statement: Total, each: list[Statement | Accumulate], sums: list[Array]) -> Iterator[Statement]:
    """The accumulation for each observation; afterwards scales and other terms, where there are any."""
    target = statement.target
    products: list[ProductSum] = []
    direct = len(statement.products) == 1 and statement.products[0].number == 1 and not statement.products[0].means
    for number, one in enumerate(statement.products):
        if not _over_observations(one):
            products.append(one)
            continue
        array = target.array if direct else replace(target.array, label=f"{target.array.label}sum{number + 1}")
        cell = Cell(array, target.indices)
        sums.append(array)
        inner = tuple((letter, axis) for letter, axis in one.summed if axis.kind != "observation")
        each.append(Accumulate(cell, ProductSum(Fraction(1), 0, one.factors, inner)))
        products.append(ProductSum(one.number, one.means, (Reference(cell),), ()))
    if not direct:
        yield Total(target, tuple(products))


@dataclass(frozen=True, slots=True)
class Entry:
    """One number: of an array at its indices, observations left out, or of a temporary."""

    of: Array | Temporary
    place: Place = ()


Assignment = tuple[Entry, Expression]


def scalars(statements: Sequence[Statement | Accumulate], *, one: bool) -> Iterator[Assignment]:
    """Each statement as assignments to single numbers. ``one``: there is one observation, and means are over 1."""
    for statement in statements:
        match statement:
            case Elementwise(letters, axes, lines):
                for places in _grid(letters, dict(zip(letters, axes, strict=True))):
                    for target, law in lines:
                        entry = (
                            _entry(target, places)
                            if isinstance(target, Cell)
                            else Entry(_temporary(target), tuple(places.values()))
                        )
                        yield entry, _instance(law, places, one=one)
            case Total(target, products) | Accumulate(target, ProductSum() as products):
                every = (products,) if isinstance(products, ProductSum) else products
                letters = target.indices
                for places in _grid(letters, dict(zip(letters, target.array.axes, strict=True))):
                    yield _entry(target, places), sum_of(list(_terms(every, places, one=one)) or [ZERO])
            case Largest(target, index, of):
                along = dict(zip(of.indices, of.array.axes, strict=True))
                for places in _grid(target.indices, along):
                    entries = [Reference(_entry(of, places | here)) for here in _grid((index,), along)]
                    whole: Expression = entries[0]
                    for entry_ in entries[1:]:
                        whole = MAX(whole, entry_)
                    yield _entry(target, places), whole
            case Gathered(target, sources, table):
                places_of = _grid(target.indices, dict(zip(target.indices, target.array.axes, strict=True)))
                for places, uses in zip(places_of, table, strict=True):
                    terms: list[Expression] = [Reference(Entry(sources[number], place)) for number, place in uses]
                    yield _entry(target, places), sum_of(terms or [ZERO])


def _temporary(target: object) -> Temporary:
    assert isinstance(target, Temporary)
    return target


def _grid(letters: Sequence[str], axes: Mapping[str, Axis]) -> Iterator[dict[str, int]]:
    """Every value of the letters, that of observations left out."""
    kept = [letter for letter in letters if axes[letter].kind != "observation"]
    for places in product(*(range(axes[letter].size or 0) for letter in kept)):
        yield dict(zip(kept, places, strict=True))


def _entry(cell: Cell, places: Mapping[str, int]) -> Entry:
    letters = zip(cell.indices, cell.array.axes, strict=True)
    return Entry(cell.array, tuple(places[letter] for letter, axis in letters if axis.kind != "observation"))


def _instance(law: Expression, places: Mapping[str, int], *, one: bool) -> Expression:
    def replacement(leaf: object) -> Expression:
        match leaf:
            case Cell():
                return Reference(_entry(leaf, places))
            case Temporary():
                return Reference(Entry(leaf, tuple(places.values())))
            case Kronecker(left, right):
                same = places[left] == (places[right] if isinstance(right, str) else right)
                return Number(Fraction(int(same)))
            case Axis() if one:
                return Number(Fraction(1))
        assert leaf == OBSERVATIONS
        return Reference(OBSERVATIONS)

    return folded(substituted(law, replacement))


def folded(law: Expression) -> Expression:
    """The law without factors and divisors of 1 and without terms of 0."""
    if not law.children:
        return law
    children = tuple(folded(child) for child in law.children)
    match law:
        case Quotient():
            if constant(children[1]) == 1 or constant(children[0]) == 0:
                return children[0]
        case Product():
            return (
                product_of(list(children)) if any(constant(each) in (0, 1) for each in children) else Product(children)
            )
        case Sum():
            values = [constant(each) for each in children]
            if all(value is not None for value in values):
                return as_expression(sum(value or Fraction(0) for value in values))
            return sum_of(list(children))
        case Negative():
            return (
                as_expression(-(constant(children[0]) or 0))
                if constant(children[0]) is not None
                else Negative(children[0])
            )
    return law.rebuilt(children)


def _terms(products: Sequence[ProductSum], places: Mapping[str, int], *, one: bool) -> Iterator[Expression]:
    for each in products:
        number = as_expression(each.number)
        for here in _grid([letter for letter, _ in each.summed], dict(each.summed)):
            factors = [_instance(factor, {**places, **here}, one=one) for factor in each.factors]
            term = product_of([number, *factors])
            if constant(term) == 0:
                continue
            for _ in range(0 if one else each.means):
                term = term / Reference(OBSERVATIONS)
            yield term
