"""Documents as Typst source: no packages, no files, and no text of anyone's that is more than text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from symbackprop.derivation import Derivation
from symbackprop.documents import typst_lines
from symbackprop.documents.content import (
    Amount,
    Diagram,
    Document,
    Formulas,
    Givens,
    Item,
    Line,
    Matrices,
    Paragraph,
    Piece,
    Results,
    Section,
    Table,
    Written,
)
from symbackprop.documents.figures import Figures
from symbackprop.documents.grids import Grids, WrittenTypst
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.typst_lines import RELATION, aligned, equation
from symbackprop.documents.typst_page import PAGE_WIDTH, PREAMBLE
from symbackprop.documents.writing import Writer
from symbackprop.expressions import Expression
from symbackprop.notation import AnyName
from symbackprop.notation.typst import quoted
from symbackprop.notation.typst import typst as typst_name
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.matrix import TypstMatrices
from symbackprop.printing.numbers import ShownNumber
from symbackprop.printing.typst import Typst, number_label
from symbackprop.quantities import Array, Axis, Quantity
from symbackprop.terms import Indicator
from symbackprop.values import Values

TIMES = {"": "", "*": "ast", "·": "dot", "×": "times"}
TITLE = "Backpropagation, step by step"
# Latin, Greek and Russian letters, and common signs: what New Computer Modern surely has.
GLYPHS = (range(0x20, 0x180), range(0x391, 0x3CA), range(0x410, 0x450), frozenset(map(ord, "–—‘’“”…•−≈≠≤≥→←∞√∂∑")))
MARKUP = re.compile(r"([\\#$*_`<>@~\[\]=+\-/'\"])")


def render(
    derivation: Derivation,
    *,
    values: Values | None = None,
    of: Sequence[Quantity | Array] = (),
    form: str | None = None,
    fragment: bool = False,
    diagram: Callable[[float], str] | None = None,
) -> str:
    """The derivation as Typst; ``of``: only these quantities. ``fragment`` leaves out the title.

    ``diagram`` gives a picture of the network, as Typst, for a width in points.
    """
    settings = settings_of(derivation.network.document, form=form)
    figures = None if values is None else Figures(derivation, values, settings)
    document = document_of(derivation, figures, of, settings, pictured=diagram is not None)
    dialect = Typst(times=TIMES[derivation.conventions.times], decimal_mark=settings.style.decimal_mark)
    writer = _Writer(derivation, dialect, _Lettering(settings.style.decimal_mark), figures)
    return _Typst(writer, "" if diagram is None else diagram(PAGE_WIDTH)).document(
        document, titled=not (fragment or of)
    )


@dataclass(frozen=True, slots=True)
class _Lettering:
    """Names and numbers in Typst."""

    decimal_mark: str

    def name(self, name: AnyName) -> str:
        return typst_name(name)

    def shown(self, number: ShownNumber) -> Label:
        return number.typst()

    def written(self, text: str) -> Label:
        return number_label(text, self.decimal_mark)

    def dots(self) -> str:
        return "dots.c"

    def braced(self, formula: Label, name: str) -> Label:
        return Label(f"underbrace({formula.text}, {name})", tall=True)

    def operator(self, by: str, letter: str, formula: str) -> Label:
        sign = "partial" if letter == "∂" else "upright(d)"
        return Label(f"frac({sign}, {sign} {by}) lr([{formula}])", Precedence.QUOTIENT, tall=True)


@dataclass
class _Writer(Writer):
    """A writer whose words and letters are no code."""

    def label(self, of: Hashable) -> Label:
        match of:
            case Indicator():
                return Label(f"[{quoted('weights')}]")
            case Axis() | str():
                text = str(self.derivation.network.observations) if isinstance(of, Axis) else of
                return Label(text if len(text) == 1 or text.isdecimal() else f"italic({quoted(text)})")
        return super().label(of)


class _Typst:
    def __init__(self, writer: _Writer, diagram: str) -> None:
        self.writer, self.diagram = writer, diagram
        self.numbered = True
        assert isinstance(writer.dialect, Typst)
        self.flat = replace(writer, dialect=replace(writer.dialect, flat=True))
        self.matrices = TypstMatrices(writer.derivation.notation, dialect=writer.dialect)

    def document(self, document: Document, *, titled: bool) -> str:
        from symbackprop import __version__

        blocks = [f"// symbackprop {__version__}", PREAMBLE]
        title = quoted(shown(document.title or TITLE))
        blocks.append(f"#set document(title: {title}, date: none)\n")
        if titled:
            blocks.append(f"#align(center, text(size: 17pt, {title}))\n#v(0.6em)")
        self.numbered = document.numbered is not False
        blocks += [block for section in document.sections for block in self.section(section)]
        return "\n\n".join(blocks) + "\n"

    def section(self, section: Section) -> list[str]:
        blocks = [f"{'=' * section.level} {escaped(section.heading)}"] if section.heading else []
        for kind, items in groupby(section.items, key=lambda item: type(item)):
            group = list(items)
            if kind is Paragraph:
                *others, last = (self.item(each) for each in group)
                blocks += [*others, f"#leading[{last}]"]
            elif kind is Line:
                lines = [self.line(each) for each in group if isinstance(each, Line)]
                blocks.append(aligned(lines, numbered=self.numbered))
            else:
                blocks += [self.item(each) for each in group]
        return blocks

    def item(self, item: Item) -> str:
        match item:
            case Paragraph(pieces):
                return "".join(self.piece(each) for each in pieces)
            case Givens():
                return self.givens(item)
            case Results():
                return self.results(item)
            case Matrices():
                made = Grids(self.writer, self.matrices, WrittenTypst).rows(item)
                return aligned([(left, rows, None) for left, rows in made], numbered=self.numbered)
            case Formulas():
                return self.formulas(item)
            case Table():
                return self.table(item)
            case Diagram():
                return f"#align(center)[\n{self.diagram}]"
        raise AssertionError(item)

    def piece(self, piece: Piece) -> str:
        match piece:
            case str():
                return escaped(piece)
            case Written(text):
                return f"#{quoted(shown(text))};"
            case Amount():
                return equation(self.writer.amount(piece))
            case Expression():
                return equation(self.writer.formula(piece))
        return equation(self.writer.label(piece).text)

    def line(self, line: Line) -> typst_lines.Line:
        """A line with its left side, its other sides, and the way to write these with nothing built up."""
        left, rows = self.writer.rows(line)
        return left, rows, lambda: self.flat.rows(line)[1]

    def givens(self, givens: Givens) -> str:
        number = self.writer.number
        texts = []
        for each in givens.quantities:
            value = "" if self.writer.figures is None else f" = {number(each).text}"
            texts.append(f"#box({equation(self.writer.label(each).text + value)})")
        if givens.more:
            texts.append(f"and {givens.more:,} more")
        return f"*{givens.word}:* {', '.join(texts)}."

    def results(self, results: Results) -> str:
        texts = []
        for each in results.quantities:
            row = self.writer.valued(each) if self.writer.figures is not None else None
            value = "" if row is None else f" {RELATION.get(row.relation, 'approx')} {row.text}"
            texts.append(f"#box({equation(self.writer.label(each).text + value)})")
        return f"{escaped(results.word)}: {', '.join(texts)}."

    def formulas(self, formulas: Formulas) -> str:
        heads = ", ".join(f"[{escaped(each)}]" for each in formulas.heads)
        lines = [
            f"#table(columns: {len(formulas.heads)}, stroke: none, align: left + horizon, inset: (x: 5pt, y: 7pt),",
            f"  table.hline(), table.header({heads}), table.hline(),",
        ]
        for row in formulas.rows:
            cells = []
            for line in row:
                left, rows = self.writer.rows(line)
                parts = [f"{RELATION.get(each.relation, 'approx')} {each.text}" for each in rows]
                cells.append(equation(f"display({' '.join([left, *parts])})"))
            lines.append(f"  {', '.join(cells)},")
        return "\n".join([*lines, "  table.hline())"])

    def table(self, table: Table) -> str:
        number = self.writer.number
        columns = len(table.heads)
        lines = [
            f"#table(columns: {columns}, stroke: none, align: (left{', right' * (columns - 1)}),",
            f"  table.hline(), table.header({', '.join(f'[{escaped(each)}]' for each in table.heads)}), table.hline(),",
        ]
        for row in table.rows:
            cells = [self.writer.label(row[0]).text, *(number(each).text for each in row)]
            lines.append(f"  {', '.join(equation(each) for each in cells)},")
        return "\n".join([*lines, "  table.hline())"])


def shown(text: str) -> str:
    """A stranger's text on one line; a sign that the fonts inside Typst may lack is named by its code point.

    >>> shown("Gödel, δ, 日"), shown("😀")
    ('Gödel, δ, U+65E5', 'U+1F600')
    """
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each if _has_glyph(each) else f"U+{ord(each):04X}" for each in composed)


def _has_glyph(sign: str) -> bool:
    return sign.isprintable() and any(ord(sign) in glyphs for glyphs in GLYPHS)


def escaped(text: str) -> str:
    r"""A text that Typst shows as it is.

    >>> print(escaped("a #b $c$"))
    a \#b \$c\$
    """
    return MARKUP.sub(r"\\\1", " ".join(text.split(" ")))
