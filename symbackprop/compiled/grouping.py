"""Elementwise lines put together where they stand over one space, so that they share work. Adds nothing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from symbackprop.compiled.forms import Temporary, shared
from symbackprop.compiled.statements import Elementwise, Statement, reads, targets
from symbackprop.expressions import Expression, Reference, substituted
from symbackprop.quantities import Array, Cell


def grouped(statements: Sequence[Statement], kept: set[Array]) -> list[Statement]:
    """Elementwise lines over one space put together as early as what they read is there, and their parts shared."""
    placed: list[Statement] = []
    position: dict[Array, int] = {}
    for statement in statements:
        if isinstance(statement, Elementwise):
            latest = max([position[cell.array] for cell in reads(statement) if cell.array in position], default=-1)
            place = _group_for(statement, placed, latest)
            if place is not None:
                group = placed[place]
                assert isinstance(group, Elementwise)
                placed[place] = replace(group, lines=group.lines + statement.lines)
                position |= dict.fromkeys(statement.targets, place)
                continue
        position |= dict.fromkeys(targets(statement), len(placed))
        placed.append(statement)
    found: list[Statement] = []
    count = 0
    for statement in placed:
        if isinstance(statement, Elementwise):
            lines = shared(statement.lines, count)
            count += sum(isinstance(target, Temporary) for target, _ in lines)
            statement = replace(statement, lines=tuple(lines))
        found.append(statement)
    return _with_locals(found, kept)


def _group_for(statement: Elementwise, placed: Sequence[Statement], latest: int) -> int | None:
    for place in range(max(latest, 0), len(placed)):
        group = placed[place]
        if not isinstance(group, Elementwise) or (group.letters, group.axes) != (statement.letters, statement.axes):
            continue
        own = set(group.targets)
        if all(cell.indices == statement.letters for cell in reads(statement) if cell.array in own):
            return place
    return None


def _with_locals(statements: Sequence[Statement], kept: set[Array]) -> list[Statement]:
    """Arrays that only their own group reads become temporaries of it."""
    readers: dict[Array, set[int]] = {}
    for number, statement in enumerate(statements):
        for cell in reads(statement):
            readers.setdefault(cell.array, set()).add(number)
    count = sum(
        isinstance(target, Temporary)
        for each in statements
        if isinstance(each, Elementwise)
        for target, _ in each.lines
    )
    found: list[Statement] = []
    for number, statement in enumerate(statements):
        if isinstance(statement, Elementwise):
            names: dict[Hashable, Temporary] = {}
            for array in statement.targets:
                if array not in kept and readers.get(array, set()) <= {number}:
                    names[Cell(array, statement.letters)] = Temporary(count)
                    count += 1
            statement = replace(
                statement,
                lines=tuple(
                    (
                        names.get(target, target),
                        _renamed(law, names),
                    )
                    for target, law in statement.lines
                ),
            )
        found.append(statement)
    return found


def _renamed(law: Expression, names: Mapping[Hashable, Temporary]) -> Expression:
    return substituted(law, lambda leaf: Reference(names.get(leaf, leaf)))
