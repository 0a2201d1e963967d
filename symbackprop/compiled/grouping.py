"""Elementwise lines put together where they stand over one space, so that they share work. Adds nothing."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from symbackprop.compiled.forms import Temporary, shared
from symbackprop.compiled.statements import Elementwise, Statement, reads, targets
from symbackprop.expressions import Expression, Reference, substituted
from symbackprop.quantities import Array, Cell


def grouped(statements: Sequence[Statement], kept: set[Array]) -> list[Statement]:
    """Elementwise lines over one space put together as early as what they read is there, and their parts shared."""
    placed: list[Statement] = []
    position: dict[Array, int] = {}
    readers: dict[Array, set[int]] = {}
    for statement in statements:
        cells = list(reads(statement))
        place = _group_for(statement, cells, placed, position) if isinstance(statement, Elementwise) else None
        if place is None:
            place = len(placed)
            placed.append(statement)
        else:
            group = placed[place]
            assert isinstance(group, Elementwise)
            assert isinstance(statement, Elementwise)
            placed[place] = replace(group, lines=group.lines + statement.lines)
        position |= dict.fromkeys(targets(statement), place)
        for cell in cells:
            readers.setdefault(cell.array, set()).add(place)
    numbers = count()
    found: list[Statement] = []
    for statement in placed:
        if isinstance(statement, Elementwise):
            statement = replace(statement, lines=tuple(shared(statement.lines, numbers)))
        found.append(statement)
    local = {array for array in position if array not in kept and readers.get(array, set()) <= {position[array]}}
    return [_with_locals(each, local, numbers) if isinstance(each, Elementwise) else each for each in found]


def _group_for(
    statement: Elementwise, cells: Sequence[Cell], placed: Sequence[Statement], position: Mapping[Array, int]
) -> int | None:
    """The first place behind what the statement reads where lines over its space stand, if there is one."""
    first = max([position[cell.array] for cell in cells if cell.array in position], default=0)
    for place in range(first, len(placed)):
        group = placed[place]
        if not isinstance(group, Elementwise) or (group.letters, group.axes) != (statement.letters, statement.axes):
            continue
        own = set(group.targets)
        if all(cell.indices == statement.letters for cell in cells if cell.array in own):
            return place
    return None


def _with_locals(group: Elementwise, local: set[Array], numbers: Iterator[int]) -> Elementwise:
    """Arrays that only their own group reads become temporaries of it."""
    names: dict[Hashable, Temporary] = {
        Cell(array, group.letters): Temporary(next(numbers)) for array in group.targets if array in local
    }
    if not names:
        return group
    return replace(
        group, lines=tuple([(names.get(target, target), _renamed(law, names)) for target, law in group.lines])
    )


def _renamed(law: Expression, names: Mapping[Hashable, Temporary]) -> Expression:
    return substituted(law, lambda leaf: Reference(names.get(leaf, leaf)))
