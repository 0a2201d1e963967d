"""Documents as Markdown with TeX mathematics, in the flavours of its readers. Never HTML.

GitHub takes backslashes and underscores between dollar signs for its own, so that formulas are code there.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from symbackprop.derivation import Derivation
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
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.text import one_line
from symbackprop.documents.typeset import Typesetter, grouped
from symbackprop.errors import InputError, suggestion
from symbackprop.expressions import Expression
from symbackprop.quantities import Array, Quantity
from symbackprop.values import Values

ROOM = 560.0  # points of a formula on a page of GitHub's
MOST_LINES = 12  # of one display
# KaTeX gives up a formula of more than 1,000 expansions: how many a command makes, and how many we allow.
EXPANSIONS = {r"\,": 3, r"\dots": 2, r"\cdots": 1, r"\quad": 1}
MOST_EXPANSIONS = 800
SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$]|:(?=\w+:))")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Flavour:
    """What stands around a formula in a line and around a display; ``metadata``: the title stands in a YAML block.

    ``picture`` is what shows the network's diagram: a block of Mermaid, or an image that has its SVG in it.
    """

    inline: tuple[str, str] = ("$", "$")
    block: tuple[str, str] = ("$$", "$$")
    metadata: bool = False
    picture: str = "svg"


FLAVOURS = {
    "github": Flavour(("$`", "`$"), ("```math", "```"), picture="mermaid"),
    "vscode": Flavour(),
    "jupyter": Flavour(),
    "pandoc": Flavour(metadata=True),
}


def render(
    derivation: Derivation,
    *,
    values: Values | None = None,
    of: Sequence[Quantity | Array] = (),
    form: str | None = None,
    fragment: bool = False,
    flavour: str = "github",
    diagram: Callable[[str], str] | None = None,
) -> str:
    """The derivation as Markdown; ``of``: only these quantities. ``fragment`` leaves out the title.

    ``diagram`` gives a picture of the network as "mermaid" or as "svg".
    """
    if flavour not in FLAVOURS:
        raise InputError(f"unknown flavour {flavour!r} of Markdown; {suggestion(flavour, FLAVOURS)}")
    settings = settings_of(derivation.network.document, form=form)
    figures = None if values is None else Figures(derivation, values, settings)
    document = document_of(derivation, figures, of, settings, pictured=diagram is not None)
    # GitHub refuses \operatorname.
    typesetter = Typesetter(derivation, figures, settings.style.decimal_mark, room=ROOM, operator="mathrm")
    return _Markdown(typesetter, FLAVOURS[flavour], diagram).document(document, titled=not (fragment or of))


class _Markdown:
    def __init__(self, typesetter: Typesetter, flavour: Flavour, diagram: Callable[[str], str] | None) -> None:
        self.typesetter, self.flavour, self.diagram = typesetter, flavour, diagram
        self.numbered, self.count = False, 0

    def document(self, document: Document, *, titled: bool) -> str:
        self.numbered = bool(document.numbered)
        blocks = [self.title(document.title)] if titled and document.title else []
        blocks += [block for section in document.sections for block in self.section(section)]
        return "\n\n".join(blocks) + "\n"

    def title(self, title: str) -> str:
        """The title as a heading, or as metadata."""
        if self.flavour.metadata:
            return f"---\ntitle: {json.dumps(escaped(title), ensure_ascii=False)}\n---"
        return f"# {escaped(title)}"

    def inline(self, formula: str) -> str:
        """A formula in a line of text."""
        before, after = self.flavour.inline
        return f"{before}{formula}{after}"

    def displays(self, rows: Sequence[str]) -> list[str]:
        """Rows as a display block, or as several where one would be too much for KaTeX."""
        parts: list[list[str]] = []
        left = 0
        for row in rows:
            left -= expansions(row)
            if left < 0 or not parts:
                parts.append([])
                left = MOST_EXPANSIONS - expansions(row)
            parts[-1].append(row)
        if self.numbered:
            parts = [self.tagged(part) for part in parts]
        before, after = self.flavour.block
        return [
            f"{before}\n\\begin{{aligned}}\n" + " \\\\\n".join(part) + f"\n\\end{{aligned}}\n{after}" for part in parts
        ]

    def tagged(self, rows: Sequence[str]) -> list[str]:
        """The rows, the last one of each equation with the equation's number behind it."""
        written: list[str] = []
        for *others, last in grouped(rows):
            self.count += 1
            written += [*others, rf"{last} \qquad ({self.count})"]
        return written

    def section(self, section: Section) -> list[str]:
        blocks = [f"{'#' * (section.level + 1)} {escaped(section.heading)}"] if section.heading else []
        for kind, items in groupby(section.items, key=lambda item: type(item)):
            group = list(items)
            if kind is Line:
                lines = [each for each in group if isinstance(each, Line)]
                for start in range(0, len(lines), MOST_LINES):
                    blocks += self.displays(self.typesetter.lines(lines[start : start + MOST_LINES]))
            else:
                blocks += [self.item(each) for each in group]
        return blocks

    def item(self, item: Item) -> str:
        match item:
            case Paragraph(pieces):
                return "".join(self.piece(each) for each in pieces)
            case Givens():
                from symbackprop.documents.latex import given_texts

                texts = [self.inline(each) for each in given_texts(self.typesetter, item)]
                more = [f"and {item.more:,} more"] if item.more else []
                return f"**{givens_word(item)}** {', '.join([*texts, *more])}."
            case Results():
                return self.results(item)
            case Matrices():
                return "\n\n".join(self.displays(self.typesetter.matrix_rows(item)))
            case Formulas():
                return self.formulas(item)
            case Table():
                return self.table(item)
            case Diagram():
                return self.picture()
        raise AssertionError(item)

    def piece(self, piece: Piece) -> str:
        match piece:
            case str():
                return escaped(piece)
            case Written(text):
                return escaped(text)
            case Amount():
                return self.inline(self.typesetter.writer.amount(piece))
            case Expression():
                return self.inline(self.typesetter.writer.formula(piece))
        return self.inline(self.typesetter.name(piece))

    def picture(self) -> str:
        """The network's diagram, as readers of this flavour see it without a file beside."""
        assert self.diagram is not None
        drawn = self.diagram(self.flavour.picture)
        if self.flavour.picture == "mermaid":
            return f"```mermaid\n{drawn}\n```"
        return f"![The network](data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()})"

    def results(self, results: Results) -> str:
        from symbackprop.documents.latex import result_texts

        texts = [self.inline(each) for each in result_texts(self.typesetter, results)]
        return f"{escaped(results.word)}: {', '.join(texts)}."

    def formulas(self, formulas: Formulas) -> str:
        rows = [f"| {' | '.join(formulas.heads)} |", "|" + " :--- |" * len(formulas.heads)]
        for row in formulas.rows:
            cells = [self.typesetter.equation(line) for line in row]
            rows.append("| " + " | ".join(self.inline(each) for each in cells) + " |")
        return "\n".join(rows)

    def table(self, table: Table) -> str:
        number = self.typesetter.writer.number
        rows = [f"| {' | '.join(table.heads)} |", f"| :--- |{' ---: |' * (len(table.heads) - 1)}"]
        for row in table.rows:
            cells = [self.typesetter.name(row[0]), *(number(each).text for each in row)]
            rows.append("| " + " | ".join(self.inline(each) for each in cells) + " |")
        return "\n".join(rows)


def givens_word(givens: Givens) -> str:
    """The word above given quantities."""
    return f"{givens.word}:"


def expansions(formula: str) -> int:
    """How many expansions KaTeX counts for a formula."""
    return sum(each * formula.count(command) for command, each in EXPANSIONS.items())


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
