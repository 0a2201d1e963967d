"""Lines of a document as rows of an aligned TeX display, for LaTeX and Markdown alike. Never writes a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Line, Matrices
from symbackprop.documents.figures import Figures
from symbackprop.documents.grids import Grids, WrittenTex
from symbackprop.documents.widths import broken, width
from symbackprop.documents.writing import Row, Writer
from symbackprop.notation import AnyName, tex
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.matrix import TexMatrices
from symbackprop.printing.numbers import ShownNumber
from symbackprop.printing.tex import TEX, Tex

TIMES = {"": "", "*": r"\ast", "·": r"\cdot", "×": r"\times"}
SIGN = 13.4  # points of a relation
QUAD = 10.0
STACKED = 0.35  # of the column: wider left sides stand in a row of their own
CONTINUED = r"&\quad {} "  # a sign behind it has the spaces of one between two terms
CAUTION = 0.97  # estimated widths are a little too small now and then


class TexLettering:
    """Names and numbers in TeX."""

    def name(self, name: AnyName) -> str:
        """A printed name."""
        return tex(name)

    def shown(self, number: ShownNumber) -> Label:
        """A displayed number."""
        return number.tex()

    def dots(self) -> str:
        """What stands for terms that are left out."""
        return r"\cdots"

    def braced(self, formula: Label, name: str) -> Label:
        """A brace below the formula, and the name below that."""
        return Label(rf"\underbrace{{{formula.text}}}_{{{name}}}", tall=True)

    def operator(self, by: str, letter: str, formula: str) -> Label:
        """The operator as a fraction, the formula in square brackets."""
        sign = r"\partial " if letter == "∂" else "d"
        operator = rf"\frac{{{sign.strip()}}}{{{sign}{by}}}"
        return Label(rf"{operator} \left[{formula}\right]", Precedence.QUOTIENT, tall=True)


class Typesetter:
    """Sets lines in a column ``room`` points wide; ``operator`` sets words upright, ``star`` is an asterisk."""

    def __init__(
        self,
        derivation: Derivation,
        figures: Figures | None,
        decimal_mark: str,
        *,
        room: float,
        operator: str,
        star: str = TIMES["*"],
    ) -> None:
        times = {**TIMES, "*": star}[derivation.conventions.times]
        self.dialect = Tex(times=times, decimal_mark=decimal_mark, operator=operator)
        self.writer = Writer(derivation, self.dialect, TexLettering(), figures)
        self.flat = Writer(derivation, replace(self.dialect, flat=True), self.writer.lettering, figures)
        self.matrices = TexMatrices(derivation.notation, self.dialect)
        self.room = room * CAUTION

    def lines(self, lines: Sequence[Line]) -> list[str]:
        """The rows of an aligned display: each with its ``&``, without the ends of rows."""
        made = [(line, *self.writer.rows(line)) for line in lines]
        column = max(width(left) for _, left, _ in made)
        if column > self.room * STACKED:
            return [row for line, left, rows in made for row in self._stacked(line, left, rows)]
        return [row for line, left, rows in made for row in self._line(line, left, rows, self.room - column)]

    def _stacked(self, line: Line, left: str, rows: Sequence[Row]) -> list[str]:
        """The left side in front of a short line, above a longer one."""
        made = self._line(line, "", rows, self.room - QUAD)
        made = [each.strip().removeprefix("&").strip() for each in made]
        if len(made) == 1 and width(f"{left} {made[0]}") <= self.room:
            return [f"&{left} {made[0]}".rstrip()]
        return [f"&{left}", *(rf"&\quad {each}" for each in made)]

    def matrix_rows(self, matrices: Matrices) -> list[str]:
        """Matrix equations as rows of an aligned display: a relation begins a row where they would be too long."""
        made = Grids(self.writer, self.matrices, WrittenTex).rows(matrices)
        column = max(width(left) for left, _ in made)
        return [row for left, rows in made for row in self.fitted(left, rows, self.room - column)]

    def fitted(self, left: str, rows: Sequence[Row], room: float) -> list[str]:
        """The sides behind each other in one row if they fit, else each in rows of its own."""
        whole = " ".join(map(self.writer.side, rows))
        if width(whole) <= room:
            return [f"{left} &{whole}"]
        written: list[str] = []
        sides = joined(rows, room)
        for place, row in enumerate(sides):
            parts = broken(row.text, room - SIGN)
            between = 0 < place < len(sides) - 1
            if between and any(width(part) > room - SIGN for part in parts):
                continue  # matrices that are too wide for the page: the sides before and behind say the same
            written.append(f"{'' if written else left} &{TEX.sign(row.relation)} {parts[0]}".strip())
            written += [CONTINUED + part for part in parts[1:]]
        return written

    def _line(self, line: Line, left: str, rows: Sequence[Row], room: float) -> list[str]:
        if not rows:
            return [f"{left} &"]
        whole = " ".join(map(self.writer.side, rows))
        if width(whole) <= room:
            return [f"{left} &{whole}"]
        rows = joined(rows, room)
        flat_rows: list[Row] | None = None
        written: list[str] = []
        for place, row in enumerate(rows):
            parts = broken(row.text, room - SIGN)
            if any(width(part) > room - SIGN for part in parts):
                flat_rows = flat_rows or joined(self.flat.rows(line)[1], room)
                parts = broken(flat_rows[place].text, room - SIGN) if place < len(flat_rows) else parts
            written.append(f"{left if place == 0 else ''} &{TEX.sign(row.relation)} {parts[0]}".strip())
            written += [CONTINUED + part for part in parts[1:]]
        return written


def grouped(rows: Sequence[str]) -> list[list[str]]:
    """The rows of a display, those of one equation together."""
    found: list[list[str]] = []
    for row in rows:
        if found and row.startswith(_CONTINUED):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def widest(equations: Sequence[Sequence[str]]) -> list[float]:
    """How wide each equation of a display is, by its widest row."""
    parts = [[parted(row) for row in equation] for equation in equations]
    column = max(width(left) for rows in parts for left, _ in rows)
    return [column + max(width(right) for _, right in rows) for rows in parts]


def parted(row: str) -> tuple[str, str]:
    """What stands on each side of the sign that a row is aligned by; that of a matrix inside is another's."""
    depth = 0
    for mark in _MARKS.finditer(row):
        if mark[0] == "&" and not depth:
            return row[: mark.start()], row[mark.end() :]
        depth += {r"\begin": 1, r"\end": -1, "&": 0}[mark[0]]
    return row, ""


_MARKS = re.compile(r"&|\\begin|\\end")
_CONTINUED = ("&=", r"&\approx", r"&\quad")


def joined(rows: Sequence[Row], room: float) -> list[Row]:
    """The rows, the result in the same row as its numbers if it fits."""
    if len(rows) < 3:
        return list(rows)
    *others, numbers, result = rows
    together = f"{numbers.text} {TEX.sign(result.relation)} {result.text}"
    return [*others, Row(numbers.relation, together)] if width(together) <= room - SIGN else list(rows)
