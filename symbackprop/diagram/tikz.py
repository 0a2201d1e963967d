r"""A diagram as a ``tikzpicture``: ASCII, TikZ without libraries, amsmath; to be put into anyone's document.

Nodes have names (``l1u2`` is the second unit of layer 1), so that more is easily drawn between them.
"""

from __future__ import annotations

import math

from symbackprop.diagram.marks import BASELINE, Edge, Label, Node, Picture, curve, decimal
from symbackprop.notation.lettering import DerivativeName, Name, tex
from symbackprop.printing.numbers import ShownNumber

POINTS = 2 / 3  # TeX points to a unit of the layout
SIZE = 15.0  # the size of a label, in units of the layout, that is set at ten points
ASCII = {
    "−": r"\ensuremath{-}",
    "≈": r"\ensuremath{\approx}", "=": r"\ensuremath{=}", "×": r"\ensuremath{\times}", "·": r"\ensuremath{\cdot}",
    "⋮": r"\ensuremath{\vdots}", "⋯": r"\ensuremath{\cdots}",
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}",
    '"': r"\symbol{34}",
}  # fmt: skip
STYLES = {
    "plain": "",
    "dashed": "dashed",
    "dotted": "dotted",
    "faint": "black!55",
    "faint dashed": "black!55, dashed",
}
KINDS = {
    "given": "draw",
    "unit": "draw, fill=black!7",
    "bias": "draw, densely dashed",
    "target": "draw",
    "parameter": "draw",
    "result": "draw, fill=black!14",
}


def written(picture: Picture, *, width: float | None = None) -> str:
    """The picture as TikZ; where it is wider than ``width`` (in TeX points), all of it is made smaller."""
    frame = picture.frame
    natural = (frame.right - frame.left) * POINTS
    scale = POINTS if width is None or natural <= width else POINTS * width / natural
    lines = [
        rf"\begin{{tikzpicture}}[x={_points(scale)}, y=-{_points(scale)}, line width=0.5pt, >=stealth,",
        r"  every node/.style={inner sep=0pt, outer sep=0pt, line width=0.6pt},",
        rf"  symbol/.style={{anchor=base, scale={_factor(scale)}, font=\normalfont\fontsize{{10}}{{12}}\selectfont}},",
        r"  patch/.style={symbol, fill=white, rounded corners=1pt, inner xsep=1.5pt, inner ysep=1pt}]",
        rf"\path[use as bounding box] {_point(frame.left, frame.top)} rectangle {_point(frame.right, frame.bottom)};",
        *(_node(node, scale) for node in picture.nodes),
        *(_edges(picture)),
        *(_label(label) for label in picture.labels),
        r"\end{tikzpicture}",
    ]
    return "\n".join(lines) + "\n"


def _node(node: Node, scale: float) -> str:
    width, height = _points(node.width * scale), _points(node.height * scale)
    shape = (
        f"circle, minimum size={width}"
        if node.is_circle
        else f"minimum width={width}, minimum height={height}, rounded corners={_points(node.corner * scale)}"
    )
    return rf"\node[{KINDS[node.kind]}, {shape}] ({node.identity}) at {_point(node.x, node.y)} {{}};"


def _edges(picture: Picture) -> list[str]:
    lines = []
    for edge in picture.edges:
        options = ", ".join(each for each in (STYLES[edge.style], "->" if edge.arrow else "") if each)
        lines.append(rf"\draw{f'[{options}]' if options else ''} {_path(edge)};")
    return lines


def _path(edge: Edge) -> str:
    if not edge.curved:
        first = edge.source.identity + ("" if edge.source.is_circle else ".east")
        last = edge.target.identity + ("" if edge.target.is_circle else ".west")
        return f"({first}) -- ({last})"
    text = _point(*edge.start)
    for first_control, second_control, there in curve(edge):
        text += f" .. controls {_point(*first_control)} and {_point(*second_control)} .. {_point(*there)}"
    return text


def _label(label: Label) -> str:
    style = "patch" if label.halo else "symbol"
    options = [style]
    if label.size != SIZE:
        options.append(rf"font=\normalfont\fontsize{{{_number(10 * label.size / SIZE)}}}{{12}}\selectfont")
    if label.faint:
        options.append("text=black!70")
    text = "".join(_piece(piece) for piece in label.pieces)
    return rf"\node[{', '.join(options)}] at {_point(label.x, label.y + BASELINE * label.size)} {{{text}}};"


def _piece(piece: object) -> str:
    match piece:
        case Name() | DerivativeName():
            return f"${tex(piece)}$"
        case ShownNumber():
            return f"${piece.tex().text}$"
        case _:
            return escaped(str(piece))


def escaped(text: str) -> str:
    r"""A text with TeX's own signs as what they look like; signs beyond ASCII that are not ours as ``?``.

    >>> print(escaped(r"\input{a} $x_1$"))
    \textbackslash{}input\{a\} \$x\_1\$
    """
    return "".join(ASCII.get(sign, sign if " " <= sign <= "~" else "?") for sign in text)


def _point(x: float, y: float) -> str:
    return f"({decimal(x)},{decimal(y)})"


def _points(value: float) -> str:
    return f"{_number(value)}pt"


def _factor(scale: float) -> str:
    return _number(scale / POINTS)


def _number(value: float) -> str:
    """Up to four decimals, cut."""
    return f"{math.floor(value * 10_000 + 1e-6) / 10_000:.4f}".rstrip("0").rstrip(".")
