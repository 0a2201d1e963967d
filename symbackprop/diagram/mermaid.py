"""A diagram in the language of Mermaid, which GitHub draws from a block of code in Markdown. Lays nothing out.

Nodes, edges and labels are those of the picture. A network with a layer that is summarised there has one box a layer.
"""

from __future__ import annotations

from symbackprop.derivation import Derivation
from symbackprop.diagram.layout import MOST_LAYERS, MOST_UNITS, activation_word
from symbackprop.diagram.marks import Label, Node, Picture
from symbackprop.diagram.spelling import Piece
from symbackprop.network import counted
from symbackprop.notation.lettering import AnyName, plain
from symbackprop.printing.numbers import ShownNumber

# Straight edges pass through the places that are kept free for their labels; along curves labels cover each other.
STRAIGHT = '%%{init: {"flowchart": {"curve": "linear"}}}%%'
HEAD = "flowchart LR"
SHAPES = {
    "given": ('(["', '"])'), "unit": ('(("', '"))'), "bias": ('(("', '"))'), "target": ('["', '"]'),
    "parameter": ('["', '"]'), "result": ('(["', '"])'),
}  # fmt: skip
LINES = {"dashed": "-.-", "dotted": "-.-", "faint dashed": "-.-"}
MARKS = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;", "|": "#124;"}
NEAR = 60.0  # of the layout: a label so far from a bias node, above or below it, is its name
DASHED = "  classDef bias stroke-dasharray: 4 3"


def written(picture: Picture, derivation: Derivation) -> str:
    """The picture as Mermaid's source."""
    network = derivation.network
    sizes = [network.inputs_count, *(layer.units for layer in network.layers)]
    if not network.program and (max(sizes) > MOST_UNITS or len(network.layers) > MOST_LAYERS):
        return _by_layers(derivation, sizes)
    nodes = sorted(picture.nodes, key=lambda node: (node.x, node.y))  # Mermaid keeps to the order of what it reads
    names = {node.identity: f"n{number}" for number, node in enumerate(nodes)}
    lines = [STRAIGHT, HEAD] if any(edge.label is not None for edge in picture.edges) else [HEAD]
    for node in nodes:
        before, after = SHAPES[node.kind]
        kind = ":::bias" if node.kind == "bias" else ""
        lines.append(f"  {names[node.identity]}{before}{_inside(node, picture)}{after}{kind}")
    for edge in picture.edges:
        line = "-->" if edge.arrow else LINES.get(edge.style, "---")
        label = f'|"{_text(edge.label)}"|' if edge.label is not None else ""
        lines.append(f"  {names[edge.source.identity]} {line}{label} {names[edge.target.identity]}")
    return "\n".join([*lines, *([DASHED] if any(node.kind == "bias" for node in picture.nodes) else [])])


def _by_layers(derivation: Derivation, sizes: list[int]) -> str:
    """A box for each layer, with the name of its weights before it."""
    lines = [HEAD, f'  n0(["{counted(sizes[0], "input")}"])']
    for number, layer in enumerate(derivation.network.layers, 1):
        name = derivation.notation.array_name(derivation.arrays.weights[number - 1])
        weights = quoted(f"{plain(name)}: {layer.units} × {sizes[number - 1]}")
        word = quoted(activation_word(layer.activation))
        lines.append(f'  n{number - 1} ---|"{weights}"| n{number}(["{counted(layer.units, "unit")}<br>{word}"])')
    return "\n".join(lines)


def _inside(node: Node, picture: Picture) -> str:
    """A node's labels below each other; beside a bias that is shared, its name."""
    labels = list(node.labels)
    if node.kind == "bias":
        labels += [each for each in picture.texts if each.x == node.x and 0 < abs(each.y - node.y) < NEAR]
    return "<br>".join(_text(each) for each in labels)


def _text(label: Label) -> str:
    return quoted("".join(_plain(piece) for piece in label.pieces))


def _plain(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    return piece.plain().text if isinstance(piece, ShownNumber) else _name(piece)


def _name(name: AnyName) -> str:
    return plain(name)


def quoted(text: str) -> str:
    """A text as it stands between quotes.

    >>> quoted('a "b" <c>')
    'a #quot;b#quot; #lt;c#gt;'
    """
    return "".join(MARKS.get(sign, sign) for sign in text)
