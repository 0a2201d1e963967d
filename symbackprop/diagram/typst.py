"""A diagram in Typst's own shapes: a block of a fixed size that fits where any content does. Imports no package."""

from __future__ import annotations

from symbackprop.diagram.marks import Edge, Label, Node, Picture, Point, curve, decimal
from symbackprop.diagram.spelling import spelled
from symbackprop.notation.lettering import DerivativeName, Name
from symbackprop.notation.typst import quoted
from symbackprop.notation.typst import typst as typst_name
from symbackprop.printing.numbers import ShownNumber

POINTS = 2 / 3  # Typst points to a unit of the layout
ARROW = 7.0
STROKES = {
    "plain": "0.75pt + ink",
    "dashed": "(paint: ink, thickness: 0.75pt, dash: (4pt, 3pt))",
    "dotted": '(paint: ink, thickness: 0.75pt, dash: "dotted")',
    "faint": "0.75pt + faint",
    "faint dashed": "(paint: faint, thickness: 0.75pt, dash: (4pt, 3pt))",
}
TINTS = {"unit": "luma(93%)", "result": "luma(86%)"}


def written(picture: Picture, *, width: float | None = None) -> str:
    """The picture as Typst code that begins with ``#``; made smaller where it is wider than ``width`` points."""
    frame = picture.frame
    natural = (frame.right - frame.left) * POINTS
    scale = POINTS if width is None or natural <= width else POINTS * width / natural
    writer = _Writer(scale, (frame.left, frame.top))
    size = f"width: {writer.length(frame.right - frame.left)}, height: {writer.length(frame.bottom - frame.top)}"
    lines = [
        f"#box({size}, {{",
        "  let ink = black",
        "  let faint = luma(50%)",
        "  let mark(x, y, size, paint, patch, body) = place(top + left, dx: x - 200pt, dy: y - 20pt, box(",
        "    width: 400pt, height: 40pt, align(center + horizon, box(",
        "      fill: patch, inset: (x: 1pt), outset: (top: 0.15 * size, bottom: 0.35 * size), radius: 2pt,",
        "      text(size: size, fill: paint, body)))))",
        "  set curve(stroke: 0.75pt + ink)",
        *(writer.edge(edge) for edge in picture.edges),
        *(writer.arrow(edge.end) for edge in picture.edges if edge.arrow),
        *(writer.node(node) for node in picture.nodes),
        *(writer.label(label) for label in picture.labels),
        "})",
    ]
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, scale: float, corner: Point) -> None:
        self.scale, self.corner = scale, corner

    def length(self, value: float) -> str:
        return f"{decimal(value * self.scale)}pt"

    def point(self, point: Point) -> str:
        return f"({self.length(point[0] - self.corner[0])}, {self.length(point[1] - self.corner[1])})"

    def edge(self, edge: Edge) -> str:
        if edge.curved:
            pieces = "".join(f", curve.cubic({', '.join(self.point(each) for each in piece)})" for piece in curve(edge))
            return f"  place(top + left, curve(curve.move({self.point(edge.start)}){pieces}))"
        ends = f"start: {self.point(edge.start)}, end: {self.point(edge.end)}"
        return f"  place(top + left, line({ends}, stroke: {STROKES[edge.style]}))"

    def arrow(self, tip: Point) -> str:
        back = [(tip[0] - ARROW, tip[1] + side * 0.4 * ARROW) for side in (-1, 1)]
        corners = ", ".join(self.point(each) for each in (tip, *back))
        return f"  place(top + left, polygon(fill: ink, {corners}))"

    def node(self, node: Node) -> str:
        box = node.box
        dash = ", dash: (3pt, 2pt)" if node.kind == "bias" else ""
        tint = f", fill: {TINTS[node.kind]}" if node.kind in TINTS else ""
        size = f"width: {self.length(node.width)}, height: {self.length(node.height)}"
        shape = f"rect({size}, radius: {self.length(node.corner)}, stroke: (paint: ink, thickness: 0.9pt{dash}){tint})"
        return f"  {self.placed((box.left, box.top))}, {shape})"

    def placed(self, point: Point) -> str:
        x, y = point[0] - self.corner[0], point[1] - self.corner[1]
        return f"place(top + left, dx: {self.length(x)}, dy: {self.length(y)}"

    def label(self, label: Label) -> str:
        x, y = label.x - self.corner[0], label.y - self.corner[1]
        paint, patch = ("faint" if label.faint else "ink"), ("white" if label.halo else "none")
        body = "".join(piece_text(piece) for piece in label.pieces)
        return f"  mark({self.length(x)}, {self.length(y)}, {self.length(label.size)}, {paint}, {patch}, [{body}])"


def piece_text(piece: object) -> str:
    """A name, a displayed number or a word of ours."""
    match piece:
        case Name() | DerivativeName():
            return f"${typst_name(piece)}$"
        case ShownNumber():
            number = spelled(piece)
            text = quoted("".join(run.text for run in number.line))
            raised = "".join(run.text for run in number.above)
            return f"${text}^({quoted(raised)})$" if raised else f"${text}$"
        case _:
            return f"#{quoted(str(piece))}"
