"""Documents as plain text for a terminal: aligned, and broken before signs where a line would be too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbackprop.derivation import Derivation
from symbackprop.documents.content import (
    Document,
    Formulas,
    Givens,
    Item,
    Line,
    Matrices,
    Paragraph,
    Results,
    Section,
    Table,
)
from symbackprop.documents.figures import Figures
from symbackprop.documents.format import Format, one_line
from symbackprop.documents.lengths import columns
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.writing import Row, Writer
from symbackprop.notation import AnyName, plain
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.numbers import ShownNumber
from symbackprop.printing.plain import Plain
from symbackprop.quantities import Array, Quantity
from symbackprop.values import Values

WIDTH = 88
ONE_ROW = 72  # up to here a whole line stands in one row
INDENT = "  "


def render(
    derivation: Derivation,
    *,
    values: Values | None = None,
    of: Sequence[Quantity | Array] = (),
    form: str | None = None,
    fragment: bool = False,
    width: int = WIDTH,
    spelling: Callable[[str], str] = str,
) -> str:
    """The derivation as text; ``of``: only these quantities. ``fragment`` leaves out the title.

    ``spelling`` is how the reader's terminal shows a text: columns are aligned for that.
    """
    settings = settings_of(derivation.network.document, form=form)
    figures = None if values is None else Figures(derivation, values, settings)
    document = document_of(derivation, figures, of, settings)
    mark = settings.style.decimal_mark
    dialect = Plain(times=derivation.conventions.times or "*", decimal_mark=mark)
    writer = Writer(derivation, dialect, _Lettering(), figures)
    return _Text(writer, dialect, width, spelling).document(document, titled=not (fragment or of))


class _Lettering:
    """Names and numbers in plain text."""

    def name(self, name: AnyName) -> str:
        return plain(name)

    def shown(self, number: ShownNumber) -> Label:
        return number.plain()

    def dots(self) -> str:
        return "..."

    def braced(self, formula: Label, name: str) -> Label:
        return formula

    def operator(self, by: str, letter: str, formula: str) -> Label:
        return Label(f"d/d{by} [{formula}]", Precedence.QUOTIENT)


class _Text(Format):
    def __init__(self, writer: Writer, dialect: Plain, width: int, spelling: Callable[[str], str]) -> None:
        super().__init__(writer)
        self.dialect, self.width, self.spelling = dialect, width, spelling
        self.numbered, self.count = False, 0

    def document(self, document: Document, *, titled: bool) -> str:
        blocks: list[str] = []
        self.numbered = bool(document.numbered)
        if titled and document.title:
            title = one_line(document.title)
            blocks.append(f"{title}\n{'=' * min(self.columns(title), self.width)}")
        for section in document.sections:
            blocks += self.section(section)
        return "\n\n".join(blocks) + "\n"

    def headed(self, section: Section) -> str:
        return f"{section.heading}\n{'-' * len(section.heading)}" if section.level == 1 else section.heading

    def group(self, items: Sequence[Item]) -> list[str]:
        """What is given stands in one block."""
        blocks = super().group(items)
        return ["\n".join(blocks)] if isinstance(items[0], Givens) else blocks

    def item(self, item: Item) -> str:
        text = super().item(item)
        return "\n".join(filled(text, self.width, self.columns)) if isinstance(item, Paragraph) else text

    def words(self, text: str) -> str:
        return text

    def inline(self, formula: str) -> str:
        return formula

    def lines(self, lines: Sequence[Line]) -> list[str]:
        return [self.aligned([self.writer.rows(line) for line in lines])]

    def matrices(self, matrices: Matrices) -> str:
        from symbackprop.documents.grids import Grids, WrittenPlain
        from symbackprop.printing.matrix import PlainMatrices

        names = PlainMatrices(self.writer.derivation.notation, self.dialect)
        return self.aligned(Grids(self.writer, names, WrittenPlain).rows(matrices))

    def aligned(self, made: Sequence[tuple[str, list[Row]]]) -> str:
        """Left sides with their rows below each other, the relations aligned."""
        column = max(self.columns(left) for left, _ in made)
        return "\n".join(row for left, rows in made for row in self.tagged(self.line(self.padded(left, column), rows)))

    def tagged(self, rows: list[str]) -> list[str]:
        """The rows of an equation, with its number at the right where equations are numbered."""
        if not self.numbered:
            return rows
        self.count += 1
        tag = f"({self.count})"
        *others, last = rows
        whole = f"{self.padded(last, self.width - len(tag) - 1)} {tag}"
        return [*others, whole] if self.columns(whole) <= self.width else [*rows, tag.rjust(self.width)]

    def line(self, left: str, rows: Sequence[Row]) -> list[str]:
        if not rows:
            return [INDENT + left.rstrip()]
        whole = INDENT + self.writer.in_a_row(left, rows)
        if self.columns(whole) <= ONE_ROW:
            return [whole]
        rows = self.joined(rows, self.width - len(INDENT) - self.columns(left) - 1)
        written: list[str] = []
        for place, row in enumerate(rows):
            head = f"{INDENT}{left if place == 0 else ' ' * self.columns(left)} {row.relation} "
            first, *others = broken(row.text, self.width - self.columns(head))
            written.append(head + first)
            written += [" " * (self.columns(head) + 2) + each for each in others]
        return written

    def joined(self, rows: Sequence[Row], room: int) -> list[Row]:
        """The rows, the result in the same row as its numbers if it fits."""
        if len(rows) < 3:
            return list(rows)
        *others, numbers, result = rows
        together = f"{numbers.text} {result.relation} {result.text}"
        if self.columns(together) + 2 > room:
            return list(rows)
        return [*others, Row(numbers.relation, together)]

    def givens(self, givens: Givens) -> str:
        texts = [self.writer.given(each) for each in givens.quantities]
        if givens.more:
            texts.append(f"... and {givens.more:,} more")
        return f"{givens.word}:\n" + ",\n".join(INDENT * 2 + row for row in self.listed(texts))

    def listed(self, texts: Sequence[str]) -> list[str]:
        """Texts in rows, a comma between them; there is room for one behind each row."""
        rows: list[str] = []
        for text in texts:
            if rows and self.columns(rows[-1]) + self.columns(text) + 3 <= self.width - len(INDENT) * 2:
                rows[-1] += f", {text}"
            else:
                rows.append(text)
        return rows

    def results(self, results: Results) -> str:
        texts = [self.writer.result(each) for each in results.quantities]
        return f"{results.word}:\n" + ",\n".join(INDENT * 2 + row for row in self.listed(texts))

    def formulas(self, formulas: Formulas) -> str:
        """Columns of equations side by side, or below each other where they would be too wide."""
        cells = [[self.writer.equation(line) for line in row] for row in formulas.rows]
        rows = [list(formulas.heads), *cells]
        widths = [max(self.columns(row[column]) for row in rows) for column in range(len(formulas.heads))]
        if sum(widths) + len(INDENT) * len(widths) > self.width:
            first = widths[0]
            below = [
                [f"{self.padded(row[0], first)}  {row[1]}", *(" " * (first + 2) + each for each in row[2:])]
                for row in cells
            ]
            return "\n".join(INDENT + each for row in below for each in row)
        rows.insert(1, ["-" * each for each in widths])
        return "\n".join((INDENT + "  ".join(map(self.padded, row, widths))).rstrip() for row in rows)

    def table(self, table: Table) -> str:
        rows = [list(table.heads), *self.cells(table.rows)]
        widths = [max(self.columns(row[column]) for row in rows) for column in range(len(table.heads))]
        written = [
            INDENT
            + "  ".join(
                [self.padded(row[0], widths[0])]
                + [self.padded(each, wide, right=True) for each, wide in zip(row[1:], widths[1:], strict=True)]
            )
            for row in rows
        ]
        written.insert(1, INDENT + "  ".join("-" * each for each in widths))
        return "\n".join(written)

    def columns(self, text: str) -> int:
        """How many columns the text takes as it will be shown."""
        return columns(self.spelling(text))

    def padded(self, text: str, width: int, *, right: bool = False) -> str:
        """The text with blanks behind it, or before it, up to so many columns."""
        blanks = " " * (width - self.columns(text))
        return blanks + text if right else text + blanks


def filled(text: str, width: int, measure: Callable[[str], int] = columns) -> list[str]:
    """Words in rows."""
    rows: list[str] = [""]
    for word in text.split():
        if rows[-1] and measure(rows[-1]) + 1 + measure(word) > width:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def broken(text: str, width: int) -> list[str]:
    """A formula in rows of at most that width where it can be: before outermost signs, and inside terms too long."""
    if len(text) <= width:
        return [text]
    rows: list[str] = []
    width -= len(INDENT)
    for term in terms_of(text):
        if rows and len(rows[-1]) + 1 + len(term) <= width:
            rows[-1] += f" {term}"
            continue
        first, *others = wrapped(term, width)
        rows += [first, *(INDENT + each for each in others)]
    return rows


def terms_of(text: str) -> list[str]:
    """A formula cut before its outermost ``+`` and ``-``."""
    terms, depth = [""], 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character == " " and text[place + 1 : place + 3] in ("+ ", "- "):
            terms.append("")
        else:
            terms[-1] += character
    return terms


def wrapped(term: str, width: int) -> list[str]:
    """A term in rows: broken before a sign as little inside brackets as can be."""
    rows: list[str] = []
    while len(term) > width:
        place = _break(term, width)
        if place is None:
            break
        rows.append(term[:place])
        term = term[place:].lstrip()
        width = width - len(INDENT) if len(rows) == 1 else width
    return [*rows, term]


def _break(text: str, width: int) -> int | None:
    """Where to break: in as few brackets as can be, as far to the right as can be, not near the left if avoidable."""
    best: tuple[bool, float, int] | None = None  # whether near the left, depth of brackets, place from the right
    depth = 0
    for place, character in enumerate(text[: width + 1]):
        depth += (character in "([{") - (character in ")]}")
        between = text[place - 1] == ";"  # two rows of a matrix, two cases
        factor = text[place + 1 : place + 2] in ("[", "(") and text[place - 1] in _ENDS
        sign = factor or text.startswith(_SIGNS, place + 1)
        if place and character == " " and (sign or between):
            here = (place <= width // 3, depth - between / 2, -place)
            best = min(best, here) if best else here
    return None if best is None else -best[2]


_SIGNS = ("+ ", "- ", "* ", "· ", "× ", "/ ", "⊙ ")
_ENDS = "])ᵀ"  # of what a matrix may stand behind
