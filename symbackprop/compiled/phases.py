"""A program in three phases: before the observations, for each of them, and after them. Knows no language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.compiled.statements import (
    ProductSum,
    Program,
    Statement,
    Total,
    reads,
    targets,
)
from symbackprop.expressions import (
    Reference,
)
from symbackprop.quantities import Array, Cell

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
