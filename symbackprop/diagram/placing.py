"""Where the labels of crossing edges go: near 30 % of each edge, clear of each other and of nodes. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from symbackprop.diagram.marks import Box, Edge

PREFERRED = 0.3
PLACES = tuple((15 + 2 * step) / 50 for step in range(-4, 12))
MARGIN = 3.0
HIT = 1_000.0  # a label on a label or node
CROSSED = 4.0  # a label on another edge
AWAY = 12.0  # for the whole edge's length away from the preferred place
SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Placed:
    """Edges with their labels placed, and how often a label stands on another edge."""

    edges: tuple[Edge, ...]
    crossed: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    share: float
    box: Box
    crossed: int
    cost: float


def placed(edges: Sequence[Edge], obstacles: Sequence[Box], others: Sequence[Edge] = ()) -> Placed | None:
    """The edges with their labels placed, or None if some of them overlap at the best place that was found.

    ``others`` are edges without labels that run between the same nodes.
    """
    candidates = [_candidates(edge, [*edges, *others], obstacles) for edge in edges]
    chosen = [each[0] for each in candidates]
    for _ in range(SWEEPS):
        before = list(chosen)
        for number, options in enumerate(candidates):
            rest = chosen[:number] + chosen[number + 1 :]
            chosen[number] = _best(options, rest)
        if chosen == before:
            break
    overlap = any(_hits(each.box, chosen[:number]) for number, each in enumerate(chosen))
    if overlap or any(each.cost >= HIT for each in chosen):
        return None
    done = tuple(_labelled(edge, each.share) for edge, each in zip(edges, chosen, strict=True))
    return Placed(done, sum(each.crossed for each in chosen))


def _labelled(edge: Edge, share: float) -> Edge:
    assert edge.label is not None
    x, y = edge.along(share)
    return replace(edge, label=replace(edge.label, x=x, y=y), at=share)


def _candidates(edge: Edge, edges: Sequence[Edge], obstacles: Sequence[Box]) -> list[_Candidate]:
    """The places on an edge, the cheapest first."""
    assert edge.label is not None
    found = []
    relative = replace(edge.label, x=0.0, y=0.0).box
    lines = [_Line.of(other) for other in edges if other is not edge]
    for share in PLACES:
        x, y = edge.along(share)
        box = Box(relative.left + x, relative.top + y, relative.right + x, relative.bottom + y)
        crossed = _crossed(lines, box)
        hit = any(box.meets(each, MARGIN) for each in obstacles)
        cost = CROSSED * crossed + AWAY * abs(share - PREFERRED) + HIT * hit
        found.append(_Candidate(share, box, crossed, cost))
    return sorted(found, key=lambda candidate: candidate.cost)


class _Line(NamedTuple):
    """A straight edge that runs from left to right."""

    left: float
    right: float
    top: float
    slope: float

    @classmethod
    def of(cls, edge: Edge) -> _Line:
        (left, top), (right, bottom) = edge.start, edge.end
        return cls(left, right, top, (bottom - top) / (right - left))


def _crossed(lines: Sequence[_Line], box: Box) -> int:
    """How many of the lines touch the box. One loop: it is most of what a diagram takes."""
    start, end, above, below = box.left, box.right, box.top, box.bottom
    count = 0
    for left, right, top, slope in lines:
        if end < left or right < start:
            continue
        first = top + slope * (start - left) if start > left else top
        last = top + slope * ((end if end < right else right) - left)
        count += (first < below or last < below) and (first > above or last > above)
    return count


def _best(options: Sequence[_Candidate], rest: Sequence[_Candidate]) -> _Candidate:
    """The cheapest of the options, which are sorted by what they cost by themselves."""
    best, least = options[0], float("inf")
    for option in options:
        if option.cost >= least:
            break
        cost = option.cost + HIT * _hits(option.box, rest)
        if cost < least:
            best, least = option, cost
    return best


def _hits(box: Box, rest: Sequence[_Candidate]) -> int:
    return sum(box.meets(each.box, MARGIN) for each in rest)
