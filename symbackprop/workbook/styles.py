"""The looks of a workbook: one named style for each kind of cell, after the conventions of people who build models.

What may be typed is blue on a light fill, what is computed is black, what only repeats another sheet's cell is green.
Colour never carries a meaning alone: inputs have a border, verdicts are words.
"""

from __future__ import annotations

from collections.abc import Mapping

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

FACE = "Calibri"
BLUE, BLACK, GREEN, GREY, WHITE, INK = "0000FF", "000000", "00703C", "595959", "FFFFFF", "1F3864"
FILL_INPUT, FILL_HEADING, FILL_GROUP, FILL_UNIT = "FFF9DB", INK, "E7ECF5", "F3F6FB"
_LINE = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
NUMBER = "General"


def _style(
    name: str,
    *,
    color: str = BLACK,
    size: int = 11,
    bold: bool = False,
    italic: bool = False,
    underline: str | None = None,
    fill: str = "",
    border: Border | None = None,
    horizontal: str | None = None,
    vertical: str = "center",
    wrap: bool = False,
    locked: bool = True,
    indent: int = 0,
) -> NamedStyle:
    style = NamedStyle(name=f"sb {name}")
    style.font = Font(name=FACE, size=size, bold=bold, italic=italic, color=color, underline=underline)
    if fill:
        style.fill = PatternFill("solid", fgColor=fill)
    if border is not None:
        style.border = border
    style.alignment = Alignment(horizontal=horizontal, vertical=vertical, wrap_text=wrap, indent=indent)
    style.number_format = NUMBER
    style.protection = Protection(locked=locked)
    return style


def named_styles() -> Mapping[str, NamedStyle]:
    """A fresh set of the styles by the names that plans use."""
    return {
        "title": _style("title", color=INK, size=18, bold=True),
        "subtitle": _style("subtitle", color=GREY, size=11, italic=True),
        "heading": _style("heading", color=WHITE, size=12, bold=True, fill=FILL_HEADING),
        "group": _style("group", color=INK, bold=True, fill=FILL_GROUP),
        "column": _style("column", color=INK, bold=True, fill=FILL_GROUP, horizontal="right", indent=1),
        "centred": _style("centred", color=INK, bold=True, fill=FILL_GROUP, horizontal="center"),
        "text": _style("text"),
        "wrapped": _style("wrapped", wrap=True, vertical="top"),
        "note": _style("note", color=GREY, italic=True),
        "aside": _style("aside", color=GREY, italic=True, horizontal="right", indent=1),
        "name": _style("name", horizontal="left", indent=1),
        "equation": _style("equation", color=GREY, horizontal="left", indent=1),
        "hyperlink": _style("link to a place", color="0563C1", underline="single"),
        "input": _style("input", color=BLUE, fill=FILL_INPUT, border=_BOX, horizontal="right", indent=1, locked=False),
        "sample": _style("sample", color=BLUE, fill=FILL_INPUT, border=_BOX, horizontal="right", indent=1, locked=True),
        "calculation": _style("calculation", horizontal="right", indent=1),
        "link": _style("link", color=GREEN, horizontal="right", indent=1),
        "verdict": _style("verdict", horizontal="center", bold=True),
        "banner": _style("banner", bold=True, size=12, horizontal="left", indent=1),
        "unit": _style("unit", fill=FILL_UNIT, border=_BOX, horizontal="center"),
        "arrow": _style("arrow", color=GREY, horizontal="center"),
        "open": _style("open", locked=False),
    }
