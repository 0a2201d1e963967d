"""A network's or program's diagram from one layout: as SVG, TikZ, Mermaid, as Typst's or a spreadsheet's own shapes.

`Network._repr_svg_` returns ``svg(derive(network))``; a document asks for the same picture in its own format.
"""

from __future__ import annotations

from symbackprop.derivation import Derivation
from symbackprop.diagram.amounts import Amounts, style_of
from symbackprop.diagram.layout import network_picture
from symbackprop.diagram.marks import Picture
from symbackprop.diagram.mermaid import written as _as_mermaid
from symbackprop.diagram.program import program_picture
from symbackprop.diagram.shapes import written as _as_shapes
from symbackprop.diagram.svg import written as _as_svg
from symbackprop.diagram.tikz import written as _as_tikz
from symbackprop.diagram.typst import written as _as_typst
from symbackprop.values import Values


def picture_of(derivation: Derivation, values: Values | None = None) -> Picture:
    """The laid out diagram; with ``values``, their numbers stand beside the names."""
    amounts = Amounts(values, style_of(derivation.network.document))
    return program_picture(derivation, amounts) if derivation.network.program else network_picture(derivation, amounts)


def svg(derivation: Derivation, values: Values | None = None) -> str:
    """The diagram as SVG."""
    return _as_svg(picture_of(derivation, values))


def tikz(derivation: Derivation, values: Values | None = None, *, width: float | None = None) -> str:
    """The diagram as a ``tikzpicture``; ``width`` is that of the text column in TeX points."""
    return _as_tikz(picture_of(derivation, values), width=width)


def typst(derivation: Derivation, values: Values | None = None, *, width: float | None = None) -> str:
    """The diagram in Typst's shapes; ``width`` is that of the text column in points."""
    return _as_typst(picture_of(derivation, values), width=width)


def mermaid(derivation: Derivation, values: Values | None = None) -> str:
    """The diagram in the language of Mermaid."""
    return _as_mermaid(picture_of(derivation, values), derivation)


def shapes(derivation: Derivation, *, width: float, height: float) -> tuple[str, float, float]:
    """The diagram, names only, in a spreadsheet's own shapes within so many points; its width and height in points."""
    return _as_shapes(picture_of(derivation), width=width, height=height)
