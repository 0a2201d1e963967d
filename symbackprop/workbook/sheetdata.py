"""The rows of a planned sheet as a workbook's XML: each formula with its value beside it. Opens no file.

openpyxl writes formulas without values; programs that do not compute (previews, pandas, Protected View) would then show
nothing. So the rows are written here, and openpyxl writes all that stands around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from symbackprop.workbook.contents import Content, Formula, Run, Sheet, Text, Typed
from symbackprop.workbook.paging import kind
from symbackprop.workbook.placement import address, column_letters

LONGEST_TEXT = 32_000  # Excel takes 32,767 characters
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # a file's _x0041_ is an A: the underline itself is written as one
KEPT = ' xml:space="preserve"'  # or readers may take blanks at a text's ends away


@dataclass(frozen=True, slots=True)
class Looks:
    """How cells look, as a workbook's file says it: a style's number, and the properties of a script in a style."""

    numbers: Mapping[str, int]
    script: Callable[[str, str], str]


@dataclass(slots=True)
class SheetData:
    """A sheet's rows as pieces of XML, and what is found in them on the way: links, each row's kind, columns used."""

    sheet: Sheet
    looks: Looks
    links: list[tuple[str, str]] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    used: int = 0

    def rows(self) -> Iterator[bytes]:
        """Row by row; empty ones are left out."""
        for number, row in enumerate(self.sheet.rows(), 1):
            self.kinds.append(kind(row))
            self.used = max(self.used, len(row))
            cells = [
                self._cell(number, column, content) for column, content in enumerate(row, 1) if content is not None
            ]
            if cells:
                yield f'<row r="{number}">{"".join(cells)}</row>'.encode()

    def _cell(self, row: int, column: int, content: Content) -> str:
        place = f'<c r="{column_letters(column)}{row}" s="{self.looks.numbers[content.style]}"'
        match content:
            case Formula(text, value):
                return f"{place}{_valued(text, value)}</c>"
            case Typed(value):
                return f'{place} t="n"><v>{value!r}</v></c>'
            case Text(text, style, link):
                if link:
                    self.links.append((address(row, column), link))
                said = self._said(text, style)
                return f'{place} t="inlineStr"><is>{said}</is></c>' if said else f"{place}/>"
        raise AssertionError(content)

    def _said(self, text: str | tuple[Run, ...], style: str) -> str:
        """A text, or its runs; nothing for an empty one, which would keep its left neighbour's from running over."""
        if isinstance(text, tuple) and all(not script for _, script in text):
            text = "".join(piece for piece, _ in text)
        if isinstance(text, str):
            return _piece(text[:LONGEST_TEXT]) if text else ""
        return "".join(f"<r>{self.looks.script(style, script)}{_piece(piece)}</r>" for piece, script in text)


def _valued(formula: str, value: float | str) -> str:
    if isinstance(value, str):
        return f' t="str"><f>{escape(formula)}</f><v>{escape(value)}</v>'
    if value != value:
        return f' t="e"><f>{escape(formula)}</f><v>#NUM!</v>'
    return f"><f>{escape(formula)}</f><v>{value!r}</v>"


def _piece(text: str) -> str:
    legal = ESCAPED.sub("_x005F_", NOT_IN_XML.sub("", text))
    return f"<t{KEPT if legal != legal.strip() else ''}>{escape(legal)}</t>"
