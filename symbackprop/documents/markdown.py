"""Documents as Markdown with TeX mathematics, as GitHub, VS Code and Pandoc read it. Never HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from symbackprop.derivation import Derivation
from symbackprop.documents.content import (
    Amount,
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
from symbackprop.documents.text import one_line
from symbackprop.documents.typeset import Typesetter
from symbackprop.expressions import Expression
from symbackprop.quantities import Array, Quantity
from symbackprop.values import Values

ROOM = 560.0  # points of a formula on a page of GitHub's
MOST_LINES = 12  # of one display
SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$]|:(?=\w+:))")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def render(
    derivation: Derivation,
    *,
    values: Values | None = None,
    of: Sequence[Quantity | Array] = (),
    form: str | None = None,
    fragment: bool = False,
) -> str:
    """The derivation as Markdown; ``of``: only these quantities. ``fragment`` leaves out the title."""
    settings = settings_of(derivation.network.document, form=form)
    figures = None if values is None else Figures(derivation, values, settings)
    document = document_of(derivation, figures, of, settings)
    # GitHub refuses \operatorname.
    typesetter = Typesetter(derivation, figures, settings.style.decimal_mark, room=ROOM, operator="mathrm")
    return _Markdown(typesetter).document(document, titled=not (fragment or of))


class _Markdown:
    def __init__(self, typesetter: Typesetter) -> None:
        self.typesetter = typesetter

    def document(self, document: Document, *, titled: bool) -> str:
        blocks = [f"# {escaped(document.title)}"] if titled and document.title else []
        blocks += [block for section in document.sections for block in self.section(section)]
        return "\n\n".join(blocks) + "\n"

    def section(self, section: Section) -> list[str]:
        blocks = [f"{'#' * (section.level + 1)} {escaped(section.heading)}"] if section.heading else []
        for kind, items in groupby(section.items, key=lambda item: type(item)):
            group = list(items)
            if kind is Line:
                lines = [each for each in group if isinstance(each, Line)]
                for start in range(0, len(lines), MOST_LINES):
                    blocks.append(display(self.typesetter.lines(lines[start : start + MOST_LINES])))
            else:
                blocks += [self.item(each) for each in group]
        return blocks

    def item(self, item: Item) -> str:
        match item:
            case Paragraph(pieces):
                return "".join(self.piece(each) for each in pieces)
            case Givens():
                from symbackprop.documents.latex import given_texts

                return f"**{givens_word(item)}** {', '.join(given_texts(self.typesetter, item))}."
            case Matrices(forms):
                return display(self.typesetter.matrix_rows(forms))
            case Table():
                return self.table(item)
        raise AssertionError(item)

    def piece(self, piece: Piece) -> str:
        match piece:
            case str():
                return escaped(piece)
            case Written(text):
                return escaped(text)
            case Amount():
                return f"${self.typesetter.writer.amount(piece)}$"
            case Expression():
                return f"${self.typesetter.writer.formula(piece)}$"
        return f"${self.typesetter.name(piece)}$"

    def table(self, table: Table) -> str:
        number = self.typesetter.writer.number
        rows = [f"| {' | '.join(table.heads)} |", f"| :--- |{' ---: |' * (len(table.heads) - 1)}"]
        for row in table.rows:
            cells = [self.typesetter.name(row[0]), *(number(each).text for each in row)]
            rows.append("| " + " | ".join(f"${each}$" for each in cells) + " |")
        return "\n".join(rows)


def givens_word(givens: Givens) -> str:
    """The word above given quantities."""
    return f"{givens.word}:"


def display(rows: Sequence[str]) -> str:
    """Rows as a display block."""
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"


def escaped(text: str) -> str:
    r"""A text that Markdown shows as it is: no markup, no HTML, no mathematics.

    >>> print(escaped("<script> *a* $x_1$"))
    &lt;script&gt; \*a\* \$x\_1\$
    """
    return "".join(ENTITIES.get(each, each) for each in SPECIAL.sub(r"\\\1", one_line_of(text)))


def one_line_of(text: str) -> str:
    """The text on one line; a blank at its start or end is kept, since pieces of a sentence are put together."""
    inner = one_line(text)
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() and inner else ""
    return before + inner + after
