"""Documents as Typst source: no packages, no files, and no text of anyone's that is more than text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Document, Formulas, Item, Line, Matrices, Paragraph, Section, Table
from symbackprop.documents.figures import Figures
from symbackprop.documents.format import Format, groups
from symbackprop.documents.grids import Grids, WrittenTypst
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.typst_lines import Line as Aligned
from symbackprop.documents.typst_lines import aligned, equation
from symbackprop.documents.typst_page import PAGE_WIDTH, PREAMBLE
from symbackprop.documents.writing import Writer
from symbackprop.notation import AnyName
from symbackprop.notation.typst import quoted
from symbackprop.notation.typst import typst as typst_name
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.matrix import TypstMatrices
from symbackprop.printing.numbers import ShownNumber
from symbackprop.printing.typst import Typst
from symbackprop.quantities import Array, Axis, Quantity
from symbackprop.terms import Indicator
from symbackprop.values import Values

TIMES = {"": "", "*": "ast", "·": "dot", "×": "times"}
TITLE = "Backpropagation, step by step"
FEW = 3  # equations that are kept together with a sentence
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
    writer = _Writer(derivation, dialect, _Lettering(), figures)
    picture = "" if diagram is None else diagram(PAGE_WIDTH)
    return _Typst(writer, dialect, picture).document(document, titled=not (fragment or of))


class _Lettering:
    """Names and numbers in Typst."""

    def name(self, name: AnyName) -> str:
        return typst_name(name)

    def shown(self, number: ShownNumber) -> Label:
        return number.typst()

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


class _Typst(Format):
    def __init__(self, writer: _Writer, dialect: Typst, diagram: str) -> None:
        super().__init__(writer)
        self.dialect, self.diagram = dialect, diagram
        self.flat = replace(writer, dialect=replace(dialect, flat=True))
        self.numbered = True

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

    def headed(self, section: Section) -> str:
        return f"{'=' * section.level} {escaped(section.heading)}"

    def section(self, section: Section) -> list[str]:
        """A sentence that ends a section stands on the page of the few equations before it."""
        blocks = super().section(section)
        match list(groups(section)):
            case [*_, [*lines], [Paragraph()]] if isinstance(lines[0], Line) and len(lines) <= FEW:
                blocks[-2:] = [f"#together[\n{blocks[-2]}\n\n{blocks[-1]}\n]"]
        return blocks

    def group(self, items: Sequence[Item]) -> list[str]:
        """A paragraph stands on the page of what it leads to."""
        *others, last = super().group(items)
        return [*others, f"#leading[{last}]" if isinstance(items[-1], Paragraph) else last]

    def words(self, text: str) -> str:
        return escaped(text)

    def strong(self, text: str) -> str:
        return f"*{text}*"

    def inline(self, formula: str) -> str:
        return equation(formula)

    def whole(self, formula: str) -> str:
        return f"#box({equation(formula)})"

    def lines(self, lines: Sequence[Line]) -> list[str]:
        return [aligned([self.line(each) for each in lines], numbered=self.numbered)]

    def line(self, line: Line) -> Aligned:
        """A line with its left side, its other sides, and the way to write these with nothing built up."""
        left, rows = self.writer.rows(line)
        return left, rows, lambda: self.flat.rows(line)[1]

    def matrices(self, matrices: Matrices) -> str:
        names = TypstMatrices(self.writer.derivation.notation, self.dialect)
        made = Grids(self.writer, names, WrittenTypst).rows(matrices)
        return aligned([(left, rows, None) for left, rows in made], numbered=self.numbered)

    def picture(self) -> str:
        return f"#align(center)[\n{self.diagram}]"

    def formulas(self, formulas: Formulas) -> str:
        heads = ", ".join(f"[{escaped(each)}]" for each in formulas.heads)
        lines = [
            f"#table(columns: {len(formulas.heads)}, stroke: none, align: left + horizon, inset: (x: 5pt, y: 7pt),",
            f"  table.hline(), table.header({heads}), table.hline(),",
        ]
        for row in formulas.rows:
            cells = [equation(f"display({self.writer.equation(line)})") for line in row]
            lines.append(f"  {', '.join(cells)},")
        return "\n".join([*lines, "  table.hline())"])

    def table(self, table: Table) -> str:
        columns = len(table.heads)
        lines = [
            f"#table(columns: {columns}, stroke: none, align: (left{', right' * (columns - 1)}),",
            f"  table.hline(), table.header({', '.join(f'[{escaped(each)}]' for each in table.heads)}), table.hline(),",
        ]
        lines += [f"  {', '.join(equation(each) for each in row)}," for row in self.cells(table.rows)]
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
