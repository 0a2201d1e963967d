"""What a diagram is made of, in one system of coordinates: nodes, edges, labels. Knows no format and no network.

x runs to the right and y downwards; a unit is a pixel of the SVG.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from symbackprop.diagram.spelling import Piece, spelled

Point = tuple[float, float]
ABOVE, BELOW = 0.78, 0.5  # of a label's size: from its middle line (half an x) up to its top, down to its scripts
BASELINE = 0.26  # of a label's size: how far its baseline is below its middle line


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle along the axes."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box, margin: float = 0.0) -> bool:
        """Whether the two overlap, or are nearer to each other than ``margin``."""
        return (
            self.left < other.right + margin
            and other.left < self.right + margin
            and self.top < other.bottom + margin
            and other.top < self.bottom + margin
        )


@dataclass(frozen=True)
class Label:
    """Names, numbers and words beside each other, centred at a point."""

    pieces: tuple[Piece, ...]
    x: float
    y: float
    size: float
    halo: bool = False
    faint: bool = False

    @cached_property
    def width(self) -> float:
        return self.size * sum(spelled(piece).width for piece in self.pieces)

    @property
    def baseline(self) -> float:
        return self.y + BASELINE * self.size

    @property
    def box(self) -> Box:
        half = self.width / 2
        return Box(self.x - half, self.y - ABOVE * self.size, self.x + half, self.y + BELOW * self.size)


@dataclass(frozen=True, slots=True)
class Node:
    """A circle, or where its label is wider a pill; ``kind`` is given, unit, bias, target, parameter or result."""

    identity: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    labels: tuple[Label, ...] = ()

    @property
    def is_circle(self) -> bool:
        return self.width <= self.height and not self.has_corners

    @property
    def has_corners(self) -> bool:
        """Whether it is a box with small round corners."""
        return self.kind in ("target", "parameter")

    @property
    def corner(self) -> float:
        """The radius of its corners."""
        return 4.0 if self.has_corners else self.height / 2

    @property
    def box(self) -> Box:
        half, rise = self.width / 2, self.height / 2
        return Box(self.x - half, self.y - rise, self.x + half, self.y + rise)

    def border_towards(self, other: Node) -> Point:
        """Where an edge to another node begins: on a circle in its direction, else at the nearer tip."""
        if self.is_circle:
            distance = math.hypot(other.x - self.x, other.y - self.y)
            share = self.width / 2 / distance
            return self.x + share * (other.x - self.x), self.y + share * (other.y - self.y)
        return (self.box.right if other.x > self.x else self.box.left), self.y


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another. A curved one runs through its ``points`` and is level at each.

    ``style`` is plain, dashed, dotted or faint; an ``arrow`` stands at its end.
    """

    source: Node
    target: Node
    start: Point
    end: Point
    style: str = "plain"
    points: tuple[Point, ...] = ()
    arrow: bool = False
    curved: bool = False
    label: Label | None = None
    at: float = 0.3

    def along(self, share: float) -> Point:
        """The point at that share of a straight edge."""
        (left, top), (right, bottom) = self.start, self.end
        return left + share * (right - left), top + share * (bottom - top)


@dataclass(frozen=True)
class Picture:
    """A whole diagram. ``description`` says in words what it shows."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    texts: tuple[Label, ...]
    title: str
    description: str

    @property
    def labels(self) -> Iterator[Label]:
        """Every label, of nodes and edges too."""
        for node in self.nodes:
            yield from node.labels
        for edge in self.edges:
            if edge.label is not None:
                yield edge.label
        yield from self.texts

    @cached_property
    def frame(self) -> Box:
        """The box of all that is drawn, with a margin."""
        boxes = [each.box for each in self.nodes] + [each.box for each in self.labels]
        points = [point for edge in self.edges for point in edge.points]
        return Box(
            math.floor(min([each.left for each in boxes] + [x for x, _ in points])) - MARGIN,
            math.floor(min([each.top for each in boxes] + [y for _, y in points])) - MARGIN,
            math.ceil(max([each.right for each in boxes] + [x for x, _ in points])) + MARGIN,
            math.ceil(max([each.bottom for each in boxes] + [y for _, y in points])) + MARGIN,
        )


MARGIN = 10


def straight(source: Node, target: Node, style: str = "plain") -> Edge:
    """The straight edge between two nodes."""
    return Edge(source, target, source.border_towards(target), target.border_towards(source), style)


def curve(edge: Edge) -> list[tuple[Point, Point, Point]]:
    """A curved edge's pieces: two control points and the end of each."""
    here = edge.start
    pieces = []
    for there in (*edge.points, edge.end):
        middle = (here[0] + there[0]) / 2
        pieces.append(((middle, here[1]), (middle, there[1]), there))
        here = there
    return pieces


def decimal(value: float) -> str:
    """A coordinate: at most one decimal, the same text on every machine.

    >>> decimal(3.0), decimal(-0.04), decimal(12.25)
    ('3', '0', '12.3')
    """
    tenths = math.floor(value * 10 + 0.5)
    whole, rest = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
