"""A small directed graph in ranks from left to right: which rank, which order in it, which height. Draws nothing.

Edges that span several ranks pass through places of their own in between, so that none runs through a node; those from
one node share them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12
ALIGNING = 24
STRAIGHT = 6.0
PASSING = 0.5  # the room of an edge that passes, in units of a node's


@dataclass(frozen=True, slots=True)
class Ranking:
    """Each node's rank and height (in rows, 0 in the middle), and each edge's heights in between."""

    rank: Mapping[str, int]
    height: Mapping[str, float]
    passing: Mapping[tuple[str, str], tuple[float, ...]]


def ranked(reads: Mapping[str, Sequence[str]]) -> Ranking:
    """The ranking of a graph: ``reads`` has each node with those that lead to it, every node before its readers."""
    rank = _ranks(reads)
    chains, columns = _chains(reads, rank)
    neighbours = _neighbours(chains)
    order = _ordered(columns, neighbours)
    height = _heights(order, neighbours)
    nodes = {node: height[node] for node in reads}
    return Ranking(rank, nodes, {edge: tuple(height[each] for each in chain[1:-1]) for edge, chain in chains.items()})


def _ranks(reads: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What is computed stands one rank behind all that it reads; what is given just before its first reader."""
    rank: dict[str, int] = {}
    for node, sources in reads.items():
        computed = [rank[source] for source in sources]
        rank[node] = max(computed) + 1 if computed else 0
    for node, sources in reads.items():
        readers = [rank[each] for each, others in reads.items() if node in others]
        if not sources and readers:
            rank[node] = min(readers) - 1
    return rank


def _chains(
    reads: Mapping[str, Sequence[str]], rank: Mapping[str, int]
) -> tuple[dict[tuple[str, str], list[str]], list[list[str]]]:
    """Each edge with the places it runs through, and all places by rank, in the order of the graph."""
    columns: list[list[str]] = [[] for _ in range(max(rank.values()) + 1)]
    for node in reads:
        columns[rank[node]].append(node)
    chains = {}
    for node, sources in reads.items():
        for source in dict.fromkeys(sources):
            between = {each: f"{source} {each}" for each in range(rank[source] + 1, rank[node])}
            for each, place in between.items():
                if place not in columns[each]:
                    columns[each].append(place)
            chains[source, node] = [source, *between.values(), node]
    return chains, columns


@dataclass(frozen=True, slots=True)
class _Neighbours:
    before: Mapping[str, list[str]]
    behind: Mapping[str, list[str]]


def _neighbours(chains: Mapping[tuple[str, str], list[str]]) -> _Neighbours:
    before: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    steps = dict.fromkeys(step for chain in chains.values() for step in pairwise(chain))
    for left, right in steps:
        behind.setdefault(left, []).append(right)
        before.setdefault(right, []).append(left)
    return _Neighbours(before, behind)


def _ordered(columns: list[list[str]], neighbours: _Neighbours) -> list[list[str]]:
    """The order with the fewest crossings of those that sorting by the neighbours' middles comes to."""
    order = [list(column) for column in columns]
    best, fewest = [list(column) for column in order], _crossings(order, neighbours)
    for sweep in range(SWEEPS):
        forwards = sweep % 2 == 0
        lists = range(1, len(order)) if forwards else range(len(order) - 2, -1, -1)
        for number in lists:
            beside = order[number - 1] if forwards else order[number + 1]
            place = {each: position for position, each in enumerate(beside)}
            sides = neighbours.before if forwards else neighbours.behind
            order[number] = _sorted_by_middles(order[number], sides, place)
        crossings = _crossings(order, neighbours)
        if crossings < fewest:
            best, fewest = [list(column) for column in order], crossings
    return best


def _sorted_by_middles(column: list[str], sides: Mapping[str, list[str]], place: Mapping[str, int]) -> list[str]:
    middles = {}
    for position, each in enumerate(column):
        beside = [place[other] for other in sides.get(each, ()) if other in place]
        middles[each] = sum(beside) / len(beside) if beside else float(position)
    return sorted(column, key=lambda each: middles[each])


def _crossings(order: list[list[str]], neighbours: _Neighbours) -> int:
    total = 0
    for left, right in pairwise(order):
        place = {each: position for position, each in enumerate(right)}
        ends = [sorted(place[other] for other in neighbours.behind.get(each, ())) for each in left]
        flat = [end for row in ends for end in row]
        total += sum(later < earlier for number, earlier in enumerate(flat) for later in flat[number + 1 :])
    return total


def _heights(order: list[list[str]], neighbours: _Neighbours) -> dict[str, float]:
    """Rows in the order, drawn to the middle of their neighbours without coming too close."""
    height = {}
    for column in order:
        offsets = _offsets(column)
        for each, offset in zip(column, offsets, strict=True):
            height[each] = offset - (offsets[-1] / 2)
    for sweep in range(ALIGNING):
        for column in order if sweep % 2 == 0 else reversed(order):
            wanted = []
            for each in column:
                beside = neighbours.before.get(each, []) + neighbours.behind.get(each, [])
                pulls = [_pull(each, other) for other in beside]
                middle = sum(pull * height[other] for pull, other in zip(pulls, beside, strict=True))
                wanted.append(middle / sum(pulls) if beside else height[each])
            for each, value in zip(column, _apart(wanted, _offsets(column)), strict=True):
                height[each] = value
    return height


def _offsets(column: list[str]) -> list[float]:
    """How far below the first place each is at least."""
    offsets = [0.0]
    for upper, lower in pairwise(column):
        offsets.append(offsets[-1] + (_room(upper) + _room(lower)) / 2)
    return offsets


def _pull(place: str, other: str) -> float:
    """How strongly a place is drawn to another: an edge that passes is to run straight."""
    return STRAIGHT if " " in place and " " in other else 1.0


def _room(place: str) -> float:
    return PASSING if " " in place else 1.0


def _apart(wanted: list[float], offsets: list[float]) -> list[float]:
    """The nearest heights to those wanted that keep their distances: neighbours that touch move as one block."""
    blocks: list[tuple[float, int]] = []  # the sum of what is wanted of the block's start, and how many
    for value, offset in zip(wanted, offsets, strict=True):
        total, count = value - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            earlier = blocks.pop()
            total, count = total + earlier[0], count + earlier[1]
        blocks.append((total, count))
    starts = [total / count for total, count in blocks for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
