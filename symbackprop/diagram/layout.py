"""Where everything of a network's diagram stands: columns of units, edges with the weights' names. Draws nothing.

A layer of more than `MOST_UNITS` units is summarised: its first two, dots, its last; the weights beside it then have
the name of their matrix alone. So are weights that find no room. A network of more than `MOST_LAYERS` layers shows the
outer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from symbackprop.derivation import Derivation
from symbackprop.diagram.amounts import Amounts, relation
from symbackprop.diagram.marks import Box, Edge, Label, Node, Picture, straight
from symbackprop.diagram.placing import Placed, placed
from symbackprop.diagram.spelling import Piece
from symbackprop.network import Choice, Network, counted, words
from symbackprop.quantities import Array

MOST_UNITS = 6
MOST_LAYERS = 6
OUTER_LAYERS = 2  # of a deeper network: layers shown at either end
HEIGHT = 48.0  # of a node
ROW = 84.0
LEAST_GAP, MOST_GAP, WIDER = 150.0, 620.0, 1.25
PER_NAME = 4.0  # wider for each name between two columns
MOST_WIDENED = 1.6  # times the least gap, to keep labels off other edges
ENOUGH = 290.0  # no wider for that alone
TOLERATED = 0.1  # of the labels may stand on another edge
TARGET_GAP = 46.0
NAME, VALUE, EDGE, CAPTION, DOTS = 15.0, 12.0, 13.5, 12.0, 21.6  # sizes of labels
PADDING = 13.0
LINE = 19.0
EdgeName = tuple[int | None, int, tuple[Piece, ...]]  # from unit (None: the bias), to unit, what stands there


@dataclass
class Column:
    """A column of the diagram. ``units`` has a unit's index or None, for dots, per row."""

    layer: int
    units: tuple[int | None, ...]
    nodes: list[Node] = field(default_factory=list)
    bias: Node | None = None
    x: float = 0.0
    caption: tuple[str, str] = ("", "")

    @property
    def is_whole(self) -> bool:
        return None not in self.units

    @property
    def half(self) -> float:
        """Half its width."""
        return max((node.width for node in self.nodes), default=HEIGHT) / 2

    @property
    def rows(self) -> list[float]:
        """The middle of each row."""
        return [(row - (len(self.units) - 1) / 2) * ROW for row in range(len(self.units))]


def network_picture(derivation: Derivation, amounts: Amounts) -> Picture:
    """The diagram of a network of layers."""
    return _Layout(derivation, amounts).picture()


def visible(count: int) -> tuple[int | None, ...]:
    """The units that are shown of so many: all, or the first two and the last.

    >>> visible(3), visible(784)
    ((0, 1, 2), (0, 1, None, 783))
    """
    return tuple(range(count)) if count <= MOST_UNITS else (0, 1, None, count - 1)


class _Layout:
    def __init__(self, derivation: Derivation, amounts: Amounts) -> None:
        self.derivation, self.amounts = derivation, amounts
        self.network = derivation.network
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.texts: list[Label] = []

    def picture(self) -> Picture:
        columns = [self.column(layer) for layer in self.layers()]
        for number, column in enumerate(columns):
            self.set_column(column, columns[number - 1] if number else None)
        self.set_targets(columns[-1])
        self.set_captions(columns)
        for column in columns:
            self.nodes += column.nodes + ([column.bias] if column.bias else [])
        return Picture(
            tuple(self.nodes), tuple(self.edges), tuple(self.texts), self.network.title, description_of(self.network)
        )

    def layers(self) -> list[int]:
        """The layers that are shown, the inputs being 0; -1 for those that are left out."""
        last = len(self.network.layers)
        if last <= MOST_LAYERS:
            return list(range(last + 1))
        return [*range(OUTER_LAYERS + 1), -1, *range(last - OUTER_LAYERS + 1, last + 1)]

    def column(self, layer: int) -> Column:
        network = self.network
        if layer < 0:
            hidden = len(network.layers) - 2 * OUTER_LAYERS
            return Column(layer, (None,), caption=(f"{hidden} more layers", ""))
        count = network.layers[layer - 1].units if layer else network.inputs_count
        units = visible(count)
        amount = f"{count} " if None in units else ""
        column = Column(layer, units)
        if layer:
            what = activation_word(network.layers[layer - 1].activation)
            column.caption = (f"layer {layer}", f"{amount}units, {what}" if amount else what)
        else:
            column.caption = (f"{amount}inputs", observations_word(network))
        array = self.derivation.now.outs[layer - 1] if layer else self.derivation.arrays.inputs[0]
        column.nodes = [
            self.unit(array, unit, y) for unit, y in zip(units, column.rows, strict=True) if unit is not None
        ]
        widest = max(node.width for node in column.nodes)
        column.nodes = [replace(node, width=widest) for node in column.nodes]
        if layer + 1 in self.layers() and self.bias_of(layer + 1) is not None:
            first = network.layers[layer].bias_form == "first"
            y = column.rows[0] - ROW if first else column.rows[-1] + ROW
            one = Label((network.layers[layer].bias_input.text,), 0, y, NAME)
            column.bias = Node(f"b{layer + 1}", "bias", 0, y, HEIGHT * 0.75, HEIGHT * 0.75, (one,))
        return column

    def unit(self, array: Array, unit: int, y: float) -> Node:
        name = self.derivation.notation.entry(array, "", (unit,))
        number = self.amounts.shown(array, (unit,))
        if number is None:
            labels = [Label((name,), 0, y, NAME)]
        else:
            labels = [Label((name,), 0, y - 8, NAME), Label((number,), 0, y + 11, VALUE)]
        width = max(HEIGHT, *(label.width + PADDING for label in labels))
        kind = "unit" if array.layer else "given"
        return Node(f"l{array.layer}u{unit + 1}", kind, 0, y, width, HEIGHT, tuple(labels))

    def bias_of(self, layer: int) -> Array | None:
        return self.derivation.arrays.biases[layer - 1]

    # Between columns

    def set_column(self, column: Column, before: Column | None) -> None:
        """Gives a column its place, and draws the edges that lead to it."""
        if before is None:
            self.move(column, 0.0)
        elif column.layer < 0 or before.layer < 0:
            self.move(column, before.x + before.half + column.half + LEAST_GAP / 3)
        elif not (before.is_whole and column.is_whole and self.named_edges(column, before)):
            self.summarised_edges(column, before)
        for row, unit in zip(column.rows, column.units, strict=True):
            if unit is None:
                self.texts.append(Label(("⋯" if column.layer < 0 else "⋮",), column.x, row, DOTS))

    def move(self, column: Column, x: float) -> None:
        column.x = x
        column.nodes = [moved(node, x) for node in column.nodes]
        column.bias = moved(column.bias, x) if column.bias else None

    def named_edges(self, column: Column, before: Column) -> bool:
        """Draws every edge with its name; False if there is no room for the names."""
        names = self.edge_names(column, before)
        widest = max(Label(pieces, 0, 0, EDGE).width for _, _, pieces in names)
        gap = least = max(LEAST_GAP, widest * 1.5 + 56) + PER_NAME * max(0, len(names) - 4)
        tried: list[tuple[int, float, Placed]] = []
        while gap <= MOST_GAP and not (tried and gap > min(least * MOST_WIDENED, ENOUGH)):
            found = self.with_gap(gap, column, before, names)
            if found is not None:
                tried.append((found.crossed, gap, found))
                if found.crossed <= len(names) * TOLERATED:
                    break
            gap *= WIDER
        if not tried:
            return False
        _, gap, found = min(tried, key=lambda each: each[:2])
        self.move(column, before.x + before.half + gap + column.half)
        self.edges += [*found.edges, *self.shared_bias_edges(column, before)]
        self.name_shared_bias(column, before)
        return True

    def with_gap(self, gap: float, column: Column, before: Column, names: Sequence[EdgeName]) -> Placed | None:
        """The named edges at that distance of the two columns."""
        self.move(column, before.x + before.half + gap + column.half)
        obstacles = [node.box for node in (*before.nodes, before.bias, *column.nodes, column.bias) if node]
        edges = [self.named(before, column, *each) for each in names]
        return placed(edges, obstacles, self.shared_bias_edges(column, before))

    def edge_names(self, column: Column, before: Column) -> list[EdgeName]:
        """What stands on each edge."""
        weight, bias = self.derivation.arrays.weights[column.layer - 1], self.bias_of(column.layer)
        names: list[EdgeName] = [
            (source, to, self.named_value(weight, (to, source)))
            for source in range(len(before.units))
            for to in range(len(column.units))
        ]
        if bias is not None and bias.axes:
            names += [(None, to, self.named_value(bias, (to,))) for to in range(len(column.units))]
        return names

    def named_value(self, array: Array, indices: tuple[int, ...]) -> tuple[Piece, ...]:
        number = self.amounts.shown(array, indices)
        name = self.derivation.notation.entry(array, "", indices)
        return (name,) if number is None else (name, relation(number), number)

    def named(self, before: Column, column: Column, source: int | None, to: int, pieces: tuple[Piece, ...]) -> Edge:
        node = before.bias if source is None else before.nodes[source]
        assert node is not None
        edge = straight(node, column.nodes[to], "dashed" if source is None else "plain")
        return replace(edge, label=Label(pieces, 0, 0, EDGE, halo=True))

    def shared_bias_edges(self, column: Column, before: Column) -> list[Edge]:
        bias = self.bias_of(column.layer)
        if bias is None or bias.axes:
            return []
        assert before.bias is not None
        return [straight(before.bias, node, "dashed") for node in column.nodes]

    def name_shared_bias(self, column: Column, before: Column) -> None:
        """One bias of all units is named once, beside its node."""
        bias = self.bias_of(column.layer)
        if bias is not None and not bias.axes:
            assert before.bias is not None
            above = before.bias.y < before.rows[0]
            y = before.bias.y + (-1 if above else 1) * (before.bias.height / 2 + EDGE)
            self.texts.append(Label(self.named_value(bias, ()), before.x, y, EDGE))

    def summarised_edges(self, column: Column, before: Column) -> None:
        """Thin edges without names, and the name and shape of the weights' matrix below them."""
        notation, weight = self.derivation.notation, self.derivation.arrays.weights[column.layer - 1]
        bias = self.bias_of(column.layer)
        rows, columns = (axis.size for axis in weight.axes)
        lines: list[tuple[Piece, ...]] = [(notation.array_name(weight), f": {rows} × {columns}")]
        if bias is not None:
            lines.append(
                (notation.array_name(bias), f": {bias.axes[0].size}") if bias.axes else self.named_value(bias, ())
            )
        labels = [Label(pieces, 0, 0, EDGE) for pieces in lines]
        gap = max(LEAST_GAP, max(label.width for label in labels) + PADDING)
        self.move(column, before.x + before.half + gap + column.half)
        sources = before.nodes + ([before.bias] if before.bias else [])
        self.edges += [
            straight(source, target, "faint dashed" if source is before.bias else "faint")
            for source in sources
            for target in column.nodes
        ]
        left, right = before.x + before.half, column.x - column.half
        lowest = max(node.box.bottom for each in (before, column) for node in (*each.nodes, each.bias) if node)
        for number, label in enumerate(labels):
            self.texts.append(replace(label, x=(left + right) / 2, y=lowest + LINE * (number + 1)))

    # Beside and above

    def set_targets(self, column: Column) -> None:
        """A box with the target beside each output."""
        array = self.derivation.arrays.targets
        assert array is not None
        labels = {unit: self.named_value(array, (unit,)) for unit in column.units if unit is not None}
        width = max(Label(pieces, 0, 0, NAME).width for pieces in labels.values()) + PADDING
        caption = ("targets", loss_word(self.network))
        apart = (caption_width(column.caption) + caption_width(caption)) / 2 + PADDING
        x = column.x + max(column.half + TARGET_GAP + width / 2, apart)
        for node, (unit, pieces) in zip(column.nodes, labels.items(), strict=True):
            label = Label(pieces, x, node.y, NAME)
            target = Node(f"t{unit + 1}", "target", x, node.y, width, HEIGHT * 0.6, (label,))
            self.nodes.append(target)
            self.edges.append(Edge(node, target, (node.box.right, node.y), (target.box.left, node.y), "dotted"))
        self.target_column = Column(column.layer + 1, column.units, x=x, caption=caption)
        self.target_column.nodes = self.nodes[-len(labels) :]

    def set_captions(self, columns: Sequence[Column]) -> None:
        """Two lines above each column, at one height; lifted in turn where neighbours would touch."""
        drawn = [node.box for column in columns for node in (*column.nodes, column.bias) if node]
        top = min(box.top for box in drawn) - 2.4 * LINE
        taken: list[Box] = []
        for column in (*columns, self.target_column):
            lines = [
                Label((text,), column.x, top + LINE * number, CAPTION, faint=number > 0)
                for number, text in enumerate(column.caption)
                if text
            ]
            while any(line.box.meets(each, 6) for line in lines for each in taken):
                lines = [replace(line, y=line.y - 2 * LINE) for line in lines]
            taken += [line.box for line in lines]
            self.texts += lines


def moved(node: Node, x: float) -> Node:
    """The node with its labels at another x."""
    return replace(node, x=x, labels=tuple(replace(label, x=x) for label in node.labels))


def caption_width(caption: tuple[str, str]) -> float:
    """How wide a column's caption is."""
    return max(Label((text,), 0, 0, CAPTION).width for text in caption)


def activation_word(choice: Choice) -> str:
    """An activation's name; a formula of the user's stands in the laws."""
    return words(choice.name) or "own formula"


def loss_word(network: Network) -> str:
    """The loss's name."""
    return words(network.loss.choice.name) or "own loss" if network.loss else ""


def observations_word(network: Network) -> str:
    """How many observations there are, if not one."""
    return "" if network.observations == 1 else f"{network.observations} observations"


def description_of(network: Network) -> str:
    """What the diagram shows, for those who cannot see it."""
    layers = [f"{counted(layer.units, 'unit')} with {activation_word(layer.activation)}" for layer in network.layers]
    return f"{counted(network.inputs_count, 'input')}, then layers of {', '.join(layers)}"
