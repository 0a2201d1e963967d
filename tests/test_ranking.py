"""Ranks of a graph: few crossings, room between places, edges that pass run straight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise, permutations, product
from random import Random

import pytest

from symbackprop.diagram.ranking import ranked

GRAPHS = 30
ENOUGH = 1.25  # times the fewest crossings that any order has, over all graphs: sorting by middles is a heuristic
NEAR = 1e-9

Graph = Mapping[str, Sequence[str]]


def of_two_ranks(seed: int) -> Graph:
    """Two to four nodes that are given, each read by some of two to four others."""
    random = Random(seed)
    given = [f"a{number}" for number in range(random.randint(2, 4))]
    computed = {f"b{number}": random.sample(given, random.randint(1, len(given))) for number in range(len(given))}
    for each in given:
        if not any(each in sources for sources in computed.values()):
            random.choice(list(computed.values())).append(each)
    return {**{each: [] for each in given}, **computed}


def crossings(graph: Graph, height: Mapping[str, float]) -> int:
    edges = [(height[source], height[node]) for node, sources in graph.items() for source in sources]
    return sum((one[0] - other[0]) * (one[1] - other[1]) < 0 for one, other in combinations(edges, 2))


def fewest_crossings(graph: Graph) -> int:
    """Over every order of both ranks."""
    above, below = ([each for each in graph if each[0] == letter] for letter in "ab")
    orders = product(permutations(range(len(above))), permutations(range(len(below))))
    return min(crossings(graph, dict(zip([*above, *below], [*one, *other], strict=True))) for one, other in orders)


def test_nodes_whose_edges_would_cross_change_places() -> None:
    graph = {"a": [], "b": [], "reads b": ["b"], "reads a": ["a"]}
    height = ranked(graph).height
    assert (height["a"] < height["b"]) == (height["reads a"] < height["reads b"])


def test_there_are_hardly_more_crossings_than_there_must_be() -> None:
    ours = fewest = as_written = 0
    for seed in range(GRAPHS):
        graph = of_two_ranks(seed)
        found = crossings(graph, ranked(graph).height)
        order = crossings(graph, {each: float(each[1:]) for each in graph})
        assert found <= order, seed
        ours, fewest, as_written = ours + found, fewest + fewest_crossings(graph), as_written + order
    assert fewest <= ours <= ENOUGH * fewest
    assert ours < as_written / 2


def long_chain() -> Graph:
    """One node is read at once and again five ranks on; two others pull the end aside."""
    graph = {"u": [], "a": [], "b": ["a", "u"], "c": ["b"], "d": ["c"], "e": ["d"], "f": ["e", "u"]}
    return {**graph, "x": [], "y": [], "g": ["f", "x", "y"]}


def bends(heights: Iterable[float]) -> float:
    slopes = [right - left for left, right in pairwise(heights)]
    return sum(abs(right - left) for left, right in pairwise(slopes))


def test_what_is_given_stands_just_before_its_first_reader() -> None:
    rank = ranked(long_chain()).rank
    assert rank == {"u": 0, "a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5, "x": 5, "y": 5, "g": 6}


def test_an_edge_that_passes_runs_straighter_than_it_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    def along_the_edge() -> list[float]:
        found = ranked(long_chain())
        return [found.height["u"], *found.passing["u", "f"], found.height["f"]]

    straight = along_the_edge()
    assert len(straight) == 6
    monkeypatch.setattr("symbackprop.diagram.ranking.STRAIGHT", 1.0)
    assert bends(straight) < 0.8 * bends(along_the_edge())


def test_places_of_a_rank_have_room() -> None:
    """A row between two nodes, three quarters of one between a node and an edge that passes."""
    found = ranked(long_chain())
    for rank in range(max(found.rank.values()) + 1):
        nodes = sorted(found.height[each] for each, own in found.rank.items() if own == rank)
        assert all(lower - upper >= 1 - NEAR for upper, lower in pairwise(nodes))
    passed = dict(zip(range(1, 5), found.passing["u", "f"], strict=True))
    assert all(abs(found.height[each] - passed[found.rank[each]]) >= 0.75 - NEAR for each in "bcde")
