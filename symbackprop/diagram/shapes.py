"""A diagram as the shapes that spreadsheets draw themselves (DrawingML): one group, which moves and prints as one.

Scripts are raised and lowered by the text's own means, fills are those of a workbook's cells. Nothing is linked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

from symbackprop.diagram.marks import Edge, Label, Node, Picture, Point, curve
from symbackprop.diagram.spelling import BOLD, ITALIC, Run, escaped, spelled

EMU = 12_700  # of DrawingML's units to a point
POINTS = 1.0  # to a unit of the layout, at most
INK, FAINT, PALE = "1F3864", "8497B0", "595959"
FILLS = {"given": "FFF9DB", "target": "FFF9DB", "parameter": "FFF9DB", "unit": "E7ECF5", "result": "C9D3E6"}
DASHES = {"dashed": "dash", "dotted": "sysDot", "faint dashed": "dash"}
FONT = "Cambria"
THIN, THICK = 0.75, 1.0  # points
LETTER = {ITALIC: ' i="1"', BOLD: ' b="1"'}


def written(picture: Picture, *, width: float, height: float) -> tuple[str, float, float]:
    """The picture as a group of shapes that fits into so many points, and its own width and height in points."""
    frame = picture.frame
    across, down = frame.right - frame.left, frame.bottom - frame.top
    scale = min(POINTS, width / across, height / down)
    writer = _Writer(scale, (frame.left, frame.top))
    size = writer.size(across, down)
    parts = [
        '<xdr:grpSp><xdr:nvGrpSpPr><xdr:cNvPr id="2" name="The network" '
        f'descr="{escaped(picture.description, quotes=True)}"/><xdr:cNvGrpSpPr/></xdr:nvGrpSpPr>'
        f'<xdr:grpSpPr><a:xfrm><a:off x="0" y="0"/>{size.format("ext")}<a:chOff x="0" y="0"/>{size.format("chExt")}'
        "</a:xfrm></xdr:grpSpPr>",
        *(writer.edge(edge) for edge in picture.edges),
        *(writer.node(node) for node in picture.nodes),
        *(writer.label(label) for label in picture.labels),
        "</xdr:grpSp>",
    ]
    return "".join(parts), min(width, across * scale), min(height, down * scale)


@dataclass
class _Writer:
    scale: float
    corner: Point
    numbers: count[int] = field(default_factory=lambda: count(3))

    NO_LINE: ClassVar[str] = "<a:ln><a:noFill/></a:ln>"

    def length(self, value: float) -> int:
        return round(value * self.scale * EMU)

    def size(self, across: float, down: float) -> str:
        """An extent whose tag is yet to be said."""
        return f'<a:{{}} cx="{self.length(across)}" cy="{self.length(down)}"/>'

    def place(self, left: float, top: float, across: float, down: float, *, turned: bool = False) -> str:
        x, y = self.length(left - self.corner[0]), self.length(top - self.corner[1])
        flip = ' flipV="1"' if turned else ""
        return f'<a:xfrm{flip}><a:off x="{x}" y="{y}"/>{self.size(across, down).format("ext")}</a:xfrm>'

    def shape(self, name: str, looks: str, words: str = "") -> str:
        """A shape of its own number."""
        known = f'<xdr:cNvPr id="{next(self.numbers)}" name="{name}"/>'
        return (
            f'<xdr:sp macro="" textlink=""><xdr:nvSpPr>{known}<xdr:cNvSpPr/></xdr:nvSpPr>'
            f"<xdr:spPr>{looks}</xdr:spPr>{words}</xdr:sp>"
        )

    def edge(self, edge: Edge) -> str:
        color = FAINT if edge.style.startswith("faint") else INK
        dash = f'<a:prstDash val="{DASHES[edge.style]}"/>' if edge.style in DASHES else ""
        head = '<a:tailEnd type="triangle" w="sm" len="med"/>' if edge.arrow else ""
        line = f'<a:ln w="{round(THIN * EMU)}">{_fill(color)}{dash}<a:round/>{head}</a:ln>'
        if edge.curved:
            return self.shape("edge", f"{self.path(edge)}<a:noFill/>{line}", _NO_WORDS)
        (left, start), (right, end) = edge.start, edge.end
        place = self.place(left, min(start, end), right - left, abs(end - start), turned=end < start)
        known = f'<xdr:cNvPr id="{next(self.numbers)}" name="edge"/>'
        return (
            f'<xdr:cxnSp macro=""><xdr:nvCxnSpPr>{known}<xdr:cNvCxnSpPr/></xdr:nvCxnSpPr>'
            f'<xdr:spPr>{place}<a:prstGeom prst="line"><a:avLst/></a:prstGeom>{line}</xdr:spPr></xdr:cxnSp>'
        )

    def path(self, edge: Edge) -> str:
        """A curve in the smallest box around its ends and points."""
        ends = [edge.start, *edge.points, edge.end]
        left, right = min(x for x, _ in ends), max(x for x, _ in ends)
        top, bottom = min(y for _, y in ends), max(y for _, y in ends)

        def point(at: Point) -> str:
            return f'<a:pt x="{self.length(at[0] - left)}" y="{self.length(at[1] - top)}"/>'

        pieces = "".join(
            f"<a:cubicBezTo>{''.join(point(each) for each in piece)}</a:cubicBezTo>" for piece in curve(edge)
        )
        across, down = self.length(right - left), self.length(bottom - top)
        return (
            f"{self.place(left, top, right - left, bottom - top)}<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/>"
            f'<a:rect l="0" t="0" r="r" b="b"/><a:pathLst><a:path w="{across}" h="{down}" fill="none">'
            f"<a:moveTo>{point(edge.start)}</a:moveTo>{pieces}</a:path></a:pathLst></a:custGeom>"
        )

    def node(self, node: Node) -> str:
        box = node.box
        place = self.place(box.left, box.top, node.width, node.height)
        form = "ellipse" if node.is_circle else "roundRect"
        round_by = min(50_000, round(node.corner / min(node.width, node.height) * 100_000))
        adjusted = "" if node.is_circle else f'<a:gd name="adj" fmla="val {round_by}"/>'
        fill = _fill(FILLS.get(node.kind, "FFFFFF"))
        dash = '<a:prstDash val="dash"/>' if node.kind == "bias" else ""
        line = f'<a:ln w="{round(THICK * EMU)}">{_fill(INK)}{dash}</a:ln>'
        geometry = f'<a:prstGeom prst="{form}"><a:avLst>{adjusted}</a:avLst></a:prstGeom>'
        return self.shape(node.kind, f"{place}{geometry}{fill}{line}", _NO_WORDS)

    def label(self, label: Label) -> str:
        box = label.box
        place = self.place(box.left, box.top, box.right - box.left, box.bottom - box.top)
        fill = _fill("FFFFFF") if label.halo else "<a:noFill/>"
        geometry = '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        parts = [spelled(piece) for piece in label.pieces]
        runs = [run for part in parts for run in (*part.line, *part.below, *part.above)]
        color = PALE if label.faint else INK
        size = max(100, round(label.size * self.scale * 100))
        words = "".join(_run(run, size, color) for run in runs)
        return self.shape("label", f"{place}{geometry}{fill}{self.NO_LINE}", _words(words))


def _run(run: Run, size: int, color: str) -> str:
    shift = f' baseline="{round(run.rise * 100_000)}"' if run.rise else ""
    looks = f'<a:rPr lang="en-US" sz="{size}"{LETTER.get(run.style, "")}{shift}>{_fill(color)}{_FACE}</a:rPr>'
    return f"<a:r>{looks}<a:t>{escaped(run.text, quotes=True)}</a:t></a:r>"


_FACE = f'<a:latin typeface="{FONT}"/><a:ea typeface="{FONT}"/><a:cs typeface="{FONT}"/>'
_NO_ROOM = 'lIns="0" tIns="0" rIns="0" bIns="0"'
_NO_WORDS = "<xdr:txBody><a:bodyPr/><a:lstStyle/><a:p/></xdr:txBody>"


def _words(runs: str) -> str:
    return (
        f'<xdr:txBody><a:bodyPr wrap="none" {_NO_ROOM} anchor="ctr" anchorCtr="0"/><a:lstStyle/>'
        f'<a:p><a:pPr algn="ctr"/>{runs}</a:p></xdr:txBody>'
    )


def _fill(color: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{color}"/></a:solidFill>'
