"""Where everything of a program's diagram stands: variables from left to right, an edge for each use. Draws nothing.

A program of more than `MOST_VARIABLES` names is summarised: how many inputs, parameters and equations lead to its
result.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from symbackprop.derivation import Derivation
from symbackprop.diagram.amounts import Amounts
from symbackprop.diagram.layout import NAME, PADDING, VALUE
from symbackprop.diagram.marks import Edge, Label, Node, Picture, Point
from symbackprop.diagram.ranking import ranked
from symbackprop.network import Network, counted
from symbackprop.quantities import Array, Role

MOST_VARIABLES = 40
HEIGHT = 38.0
ROW = 56.0
GAP = 56.0
KINDS = {Role.INPUT: "given", Role.PARAMETER: "parameter"}


def program_picture(derivation: Derivation, amounts: Amounts) -> Picture:
    """The diagram of a program."""
    network = derivation.network
    equations = derivation.now.equations
    reads = {equation.target.array: tuple(dict.fromkeys(equation.reads)) for equation in equations}
    givens = [*derivation.arrays.inputs, *derivation.arrays.parameters]
    if len(givens) + len(reads) > MOST_VARIABLES:
        nodes, edges = summary(derivation)
    else:
        nodes, edges = graph(derivation, amounts, dict.fromkeys(givens, ()) | reads)
    return Picture(nodes, edges, (), network.title, description_of(network))


def graph(
    derivation: Derivation, amounts: Amounts, reads: dict[Array, tuple[Array, ...]]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Every variable as a node and every use of one as an edge."""
    identity = {array: f"v{number}" for number, array in enumerate(reads, 1)}
    ranking = ranked({identity[array]: [identity[each] for each in sources] for array, sources in reads.items()})
    nodes = {identity[array]: variable(derivation, amounts, array, identity[array]) for array in reads}
    last = max(ranking.rank.values())
    ranks = [[node for key, node in nodes.items() if ranking.rank[key] == each] for each in range(last + 1)]
    halves = [max((node.width for node in rank), default=0) / 2 for rank in ranks]
    middles = [halves[0]]
    for left, right in pairwise(halves):
        middles.append(middles[-1] + left + GAP + right)
    nodes = {key: _at(node, middles[ranking.rank[key]], ranking.height[key] * ROW) for key, node in nodes.items()}
    edges = []
    for (left_key, right_key), passing in ranking.passing.items():
        source, target = nodes[left_key], nodes[right_key]
        points: list[Point] = []
        for number, height in enumerate(passing, ranking.rank[left_key] + 1):
            points += [
                (middles[number] - halves[number], height * ROW),
                (middles[number] + halves[number], height * ROW),
            ]
        edges.append(use(source, target, tuple(points)))
    return tuple(nodes.values()), tuple(edges)


def use(source: Node, target: Node, points: tuple[Point, ...]) -> Edge:
    """An arrow from a variable to one that is computed from it."""
    start, end = (source.box.right, source.y), (target.box.left, target.y)
    return Edge(source, target, start, end, points=points, arrow=True, curved=True)


def variable(derivation: Derivation, amounts: Amounts, array: Array, identity: str) -> Node:
    """A variable's node: what is given plain, what is computed tinted, the loss more so."""
    kind = "result" if array == derivation.loss else KINDS.get(array.role, "unit")
    name = derivation.notation.entry(array, "", ())
    number = amounts.shown(array, ())
    labels: tuple[Label, ...] = (Label((name,), 0, 0, NAME),)
    if number is not None:
        labels = (Label((name,), 0, -7, NAME), Label((number,), 0, 10, VALUE))
    width = max(HEIGHT, *(label.width + PADDING for label in labels))
    return Node(identity, kind, 0, 0, width, HEIGHT, labels)


def summary(derivation: Derivation) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """What is given, then how many equations, then the result."""
    network = derivation.network
    result = Label((derivation.notation.entry(derivation.loss, "", ()),), 0, 0, NAME)
    drawn = [
        ("given", [Label((text,), 0, 0, VALUE) for text in givens_words(network)]),
        ("unit", [Label((f"{len(network.program)} equations",), 0, 0, VALUE)]),
        ("result", [result]),
    ]
    nodes: list[Node] = []
    for number, (kind, labels) in enumerate(drawn, 1):
        width = max(HEIGHT, *(label.width + PADDING for label in labels))
        x = nodes[-1].box.right + GAP + width / 2 if nodes else width / 2
        first = -(len(labels) - 1) * 7.5
        lines = tuple(replace(label, x=x, y=first + 15 * line) for line, label in enumerate(labels))
        nodes.append(Node(f"v{number}", kind, x, 0, width, HEIGHT, lines))
    return tuple(nodes), (use(nodes[0], nodes[1], ()), use(nodes[1], nodes[2], ()))


def givens_words(network: Network) -> list[str]:
    """How many inputs and parameters there are."""
    counts = {"input": len(network.program_inputs), "parameter": len(network.parameters)}
    return [counted(count, what) for what, count in counts.items() if count]


def description_of(network: Network) -> str:
    """What the diagram shows, for those who cannot see it."""
    return f"{', '.join(givens_words(network))}, then {len(network.program)} equations for {network.result}"


def _at(node: Node, x: float, y: float) -> Node:
    labels = tuple(replace(label, x=x, y=label.y + y) for label in node.labels)
    return replace(node, x=x, y=y, labels=labels)
