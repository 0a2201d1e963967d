"""Documents as Typst source: no packages, no files, and no text of anyone's that is more than text."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from symbackprop.derivation import Derivation
from symbackprop.documents.content import (
    Amount,
    Diagram,
    Document,
    Givens,
    Item,
    Line,
    Matrices,
    Paragraph,
    Piece,
    Section,
    Table,
    Written,
)
from symbackprop.documents.figures import Figures
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.typst_page import PAGE_WIDTH, PREAMBLE
from symbackprop.documents.writing import EXACT, Row, Writer
from symbackprop.expressions import Expression
from symbackprop.notation import AnyName
from symbackprop.notation.typst import quoted
from symbackprop.notation.typst import typst as typst_name
from symbackprop.printing.dialect import Label
from symbackprop.printing.matrix import TypstMatrices
from symbackprop.printing.numbers import ShownNumber
from symbackprop.printing.typst import Typst, number_label
from symbackprop.quantities import Array, Axis, Quantity
from symbackprop.system import Indicator
from symbackprop.values import Values

TIMES = {"": "", "*": "ast", "·": "dot", "×": "times"}
RELATION = {EXACT: "="}
TITLE = "Backpropagation, step by step"
MARKUP = re.compile(r"([\\#$*_`<>@~\[\]=+\-/'\"])")
LONG = 40  # signs of a formula from which it is given as its pieces
WIDE = 85  # signs of a piece that a row can surely hold where nothing is built up
SIGNS = re.compile(r'"((?:[^"\\]|\\.)*)"|[A-Za-z]+(?:\.[a-z]+)*|[^\s"]')
UNSEEN = frozenset(
    ["frac", "thin", "attach", "italic", "upright", "lr", "bold", "cal", "op", "_", "^", ",", "\\", "(", ")"]
)
CUTS = (" + ", " - ", " dot ", " times ", " ast ", " thin ", " dot.o ")
SUMS = CUTS[:2]


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
        assert isinstance(writer.dialect, Typst)
        self.flat = replace(writer, dialect=replace(writer.dialect, flat=True))
        self.matrices = TypstMatrices(writer.derivation.notation, dialect=writer.dialect)

    def document(self, document: Document, *, titled: bool) -> str:
        from symbackprop import __version__

        blocks = [f"// symbackprop {__version__}", PREAMBLE]
        title = quoted(" ".join((document.title or TITLE).split()))
        blocks.append(f"#set document(title: {title}, date: none)\n")
        if titled:
            blocks.append(f"#align(center, text(size: 17pt, {title}))\n#v(0.6em)")
        blocks += [block for section in document.sections for block in self.section(section)]
        return "\n\n".join(blocks) + "\n"

    def section(self, section: Section) -> list[str]:
        blocks = [f"{'=' * section.level} {escaped(section.heading)}"] if section.heading else []
        for kind, items in groupby(section.items, key=lambda item: type(item)):
            group = list(items)
            if kind is Line:
                blocks.append(display([self.line(each) for each in group if isinstance(each, Line)]))
            else:
                blocks += [self.item(each) for each in group]
        return blocks

    def item(self, item: Item) -> str:
        match item:
            case Paragraph(pieces):
                return "".join(self.piece(each) for each in pieces)
            case Givens():
                return self.givens(item)
            case Matrices(forms):
                return display(
                    [
                        f"({equation(self.matrices.text(form.target))}, "
                        f"{side(Row(EXACT, self.matrices.text(form.expression)))})"
                        for form in forms
                    ]
                )
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
                return f"#{quoted(text)};"
            case Amount():
                return equation(self.writer.amount(piece))
            case Expression():
                return equation(self.writer.formula(piece))
        return equation(self.writer.label(piece).text)

    def line(self, line: Line) -> str:
        """A line as `lines` takes it: its left side, then each of its other sides."""
        left, rows = self.writer.rows(line)
        if any(signs(text) > WIDE and built_up(text) for row in rows for _, text in pieces(row.text)):
            left, rows = self.flat.rows(line)
        return f"({', '.join([equation(left), *(side(row) for row in rows)])},)"

    def givens(self, givens: Givens) -> str:
        number = self.writer.number
        texts = []
        for each in givens.quantities:
            value = "" if self.writer.figures is None else f" = {number(each).text}"
            texts.append(f"#box({equation(self.writer.label(each).text + value)})")
        if givens.more:
            texts.append(f"and {givens.more:,} more")
        return f"*{givens.word}:* {', '.join(texts)}."

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


def equation(text: str) -> str:
    """A formula within a line of text."""
    return f"${text}$"


def display(lines: Sequence[str]) -> str:
    """Lines below each other, aligned."""
    return "#lines(\n" + "".join(f"  {line},\n" for line in lines) + ")"


def side(row: Row) -> str:
    """One side of a line with its relation: an equation, or, of a long one, its pieces."""
    relation = RELATION.get(row.relation, "approx")
    if signs(row.text) <= LONG:
        return equation(f"{relation} {row.text}")
    (_, first), *others = pieces(row.text)
    rest = [f"({depth}, {equation(text)})" if depth else equation(text) for depth, text in others]
    return f"({', '.join([equation(f'{relation} {first}'), *rest])},)"


def signs(text: str) -> int:
    """About how many signs of a formula stand beside each other."""
    return sum(len(found[1]) if found[1] is not None else found[0] not in UNSEEN for found in SIGNS.finditer(text))


def built_up(text: str) -> bool:
    """Whether a formula has something in it that cannot be cut."""
    return "(" in text


def pieces(text: str) -> list[tuple[int, str]]:
    r"""A formula cut before each sign that may begin a row, each piece with how unwelcome a break before it is.

    Nothing is cut within Typst's own brackets; plain ones are deeper. A break before a factor is less welcome than one
    before a term.

    >>> pieces(r"a dot \(b + c\) + d")
    [(0, 'a'), (1, 'dot \\(b'), (2, '+ c\\)'), (0, '+ d')]
    """
    found: list[tuple[int, str]] = []
    start = depth = plain = unwelcome = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|\\.|[()\[\]{}]| ', text):
        token, place = match[0], match.start()
        if token in "([{" or token in ")]}":
            depth += 1 if token in "([{" else -1
        elif token in (r"\(", r"\)"):
            plain += 1 if token == r"\(" else -1
        elif token == " " and depth == 0 and place > start and text.startswith(CUTS, place):
            found.append((unwelcome, text[start:place].strip()))
            start, unwelcome = place, 2 * plain + (not text.startswith(SUMS, place))
    return [*found, (unwelcome, text[start:].strip())]


def escaped(text: str) -> str:
    r"""A text that Typst shows as it is.

    >>> print(escaped("a #b $c$"))
    a \#b \$c\$
    """
    return MARKUP.sub(r"\\\1", " ".join(text.split(" ")))
