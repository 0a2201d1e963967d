"""A diagram as SVG by itself: no script, no link, no font of its own; light or dark as the reader has it.

Ink is the current colour and paper is white, unless the reader's system is dark; a page may set ``.symbackprop``
otherwise. Labels stand on a patch of paper, so that edges do not run through them.
"""

from __future__ import annotations

from collections.abc import Sequence

from symbackprop.diagram.marks import Edge, Label, Node, Picture, curve, decimal
from symbackprop.diagram.spelling import BOLD, ITALIC, UPRIGHT, Run, Spelled, escaped, room, spelled

FONTS = "'STIX Two Text','Latin Modern Roman',Cambria,'Times New Roman',Times,serif"
STYLE = (
    ".symbackprop{color:#1b1f24}"
    "@media(prefers-color-scheme:dark){.symbackprop{color:#dfe3e8}.symbackprop .paper{fill:#15191e}}"
)
EDGE_STYLES = {
    "plain": "",
    "dashed": ' stroke-dasharray="5 4"',
    "dotted": ' stroke-dasharray="1 4" stroke-linecap="round"',
    "faint": ' stroke-opacity=".45"',
    "faint dashed": ' stroke-opacity=".45" stroke-dasharray="5 4"',
}
TINTS = {"unit": ".07", "result": ".14"}
STYLES = {ITALIC: ['font-style="italic"'], BOLD: ['font-weight="bold"'], UPRIGHT: []}
FAINT = ' fill-opacity=".7"'
HALO = 2.0
ARROW = 7.0


def written(picture: Picture) -> str:
    """The picture as SVG."""
    frame = picture.frame
    width, height = decimal(frame.right - frame.left), decimal(frame.bottom - frame.top)
    corner = f"{decimal(frame.left)} {decimal(frame.top)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="symbackprop" viewBox="{corner} {width} {height}" '
        f'width="{width}" height="{height}" role="img" color="#1b1f24" font-family="{FONTS}">',
        f"<title>{escaped(picture.title or 'network')}</title>",
        f"<desc>{escaped(picture.description)}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" x="{decimal(frame.left)}" y="{decimal(frame.top)}" width="{width}" height="{height}" '
        'rx="6" fill="#fff"/>',
        '<g fill="none" stroke="currentColor" stroke-width="1.1">',
        *_edges(picture),
        "</g>",
        *_arrows(picture),
        *_halos(picture),
        '<g stroke="currentColor" stroke-width="1.3">',
        *(_node(node) for node in picture.nodes),
        "</g>",
        '<g fill="currentColor" text-anchor="middle">',
        *_labels(picture),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _edges(picture: Picture) -> list[str]:
    """One path for all edges of a style."""
    drawn: dict[str, str] = {}
    for edge in picture.edges:
        drawn[edge.style] = drawn.get(edge.style, "") + _edge(edge)
    return [f'<path d="{path}"{EDGE_STYLES[style]}/>' for style, path in drawn.items()]


def _edge(edge: Edge) -> str:
    start = f"M{_point(edge.start)}"
    if not edge.curved:
        return f"{start}L{_point(edge.end)}"
    return start + "".join("C" + " ".join(_point(each) for each in piece) for piece in curve(edge))


def _arrows(picture: Picture) -> list[str]:
    heads = [
        f"M{_point(edge.end)}l{decimal(-ARROW)} {decimal(-ARROW * 0.4)}v{decimal(ARROW * 0.8)}z"
        for edge in picture.edges
        if edge.arrow
    ]
    return [f'<path fill="currentColor" d="{"".join(heads)}"/>'] if heads else []


def _halos(picture: Picture) -> list[str]:
    patches = []
    for label in picture.labels:
        if label.halo:
            box = label.box
            width, height = decimal(box.right - box.left + 2 * HALO), decimal(box.bottom - box.top)
            patches.append(f"M{_point((box.left - HALO, box.top))}h{width}v{height}h-{width}z")
    return [f'<path class="paper" fill="#fff" d="{"".join(patches)}"/>'] if patches else []


def _node(node: Node) -> str:
    dashes = ' stroke-dasharray="4 3"' if node.kind == "bias" else ""
    tint = f' fill="currentColor" fill-opacity="{TINTS[node.kind]}"' if node.kind in TINTS else ' fill="none"'
    if node.is_circle:
        return f'<circle cx="{decimal(node.x)}" cy="{decimal(node.y)}" r="{decimal(node.width / 2)}"{tint}{dashes}/>'
    box = node.box
    size = f'width="{decimal(node.width)}" height="{decimal(node.height)}" rx="{decimal(node.corner)}"'
    return f'<rect x="{decimal(box.left)}" y="{decimal(box.top)}" {size}{tint}{dashes}/>'


def _labels(picture: Picture) -> list[str]:
    """The labels, those of one size together."""
    sizes: dict[tuple[float, bool], list[str]] = {}
    for label in picture.labels:
        sizes.setdefault((label.size, label.faint), []).append(_label(label))
    lines = []
    for (size, faint), labels in sizes.items():
        lines += [f'<g font-size="{decimal(size)}"{FAINT if faint else ""}>', *labels, "</g>"]
    return lines


def _label(label: Label) -> str:
    """One text where it can flow; several where a lower and an upper script begin at the same place."""
    parts = [spelled(piece) for piece in label.pieces]
    if not any(part.below and part.above for part in parts):
        runs = [run for part in parts for run in (*part.line, *part.below, *part.above)]
        return _flowing(runs, label, label.x)
    texts: list[str] = []
    x = label.x - label.width / 2
    for part in parts:
        x = _stacked(part, label, x, texts)
    return "".join(texts)


def _stacked(part: Spelled, label: Label, x: float, texts: list[str]) -> float:
    """Scripts begin where the base ends, in every font: it is anchored at its end, they at their beginning."""
    joint = x + label.size * room(part.line)
    if not part.below and not part.above:
        texts.append(_flowing(part.line, label, x, "start"))
        return joint
    texts.append(_flowing(part.line, label, joint, "end"))
    for runs in (part.below, part.above):
        if runs:
            texts.append(_flowing(runs, label, joint + 0.04 * label.size, "start"))
    return x + label.size * part.width


def _flowing(runs: Sequence[Run], label: Label, x: float, anchor: str = "") -> str:
    rise, parts = runs[0].rise, []
    place = f'x="{decimal(x)}" y="{decimal(label.baseline - label.size * rise)}"'
    for run in runs:
        fall = decimal(label.size * (rise - run.rise))
        rise = run.rise
        attributes = [f'dy="{fall}"'] if fall != "0" else []
        if run.size != 1.0:
            attributes.append(f'font-size="{decimal(label.size * run.size)}"')
        attributes += STYLES[run.style]
        inside = escaped(run.text)
        parts.append(f"<tspan {' '.join(attributes)}>{inside}</tspan>" if attributes else inside)
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    spaces = ' xml:space="preserve"' if any(run.text != run.text.strip() for run in runs) else ""
    return f"<text {place}{anchored}{spaces}>{''.join(parts)}</text>"


def _point(point: tuple[float, float]) -> str:
    return f"{decimal(point[0])} {decimal(point[1])}"
