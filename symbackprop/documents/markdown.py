"""Documents as Markdown with TeX mathematics, in the flavours of its readers. Never HTML.

GitHub takes backslashes and underscores between dollar signs for its own, so that formulas are code there.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Document, Formulas, Line, Matrices, Section, Table
from symbackprop.documents.displays import aligned, batches, numbered, singly
from symbackprop.documents.figures import Figures
from symbackprop.documents.format import Format, one_line
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.typeset import Typesetter, grouped
from symbackprop.errors import InputError, suggestion
from symbackprop.quantities import Array, Quantity
from symbackprop.values import Values

# Points of a formula in 10 pt type: 800 pixels of a browser's or editor's window; a page of Word's, in 12 pt.
SCREEN, PAGE = 420.0, 370.0
NUMBER = 40.0  # of an equation's number, with the space before it
SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$]|:(?=\w+:))")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Flavour:
    """What stands around a formula in a line and around a display; ``metadata``: the title stands in a YAML block.

    ``picture`` is what shows the network's diagram: a block of Mermaid, or an image that has its SVG in it. ``room``: a
    formula's width in points of 10 pt type. ``aligned``: an equation's sides stand below each other in one display.
    ``star``: a product's asterisk; LibreOffice takes the ASCII one for a sign that binds fractions.
    """

    inline: tuple[str, str] = ("$", "$")
    block: tuple[str, str] = ("$$", "$$")
    metadata: bool = False
    picture: str = "svg"
    room: float = SCREEN
    aligned: bool = True
    star: str = r"\ast"


FLAVOURS = {
    "github": Flavour(("$`", "`$"), ("```math", "```"), picture="mermaid"),
    "vscode": Flavour(),
    "jupyter": Flavour(),
    "pandoc": Flavour(metadata=True, room=PAGE, aligned=False, star="\u2217"),
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
    chosen = FLAVOURS[flavour]
    room = chosen.room - (NUMBER if document.numbered else 0)
    # GitHub refuses \operatorname.
    typesetter = Typesetter(
        derivation, figures, settings.style.decimal_mark, room=room, operator="mathrm", star=chosen.star
    )
    return _Markdown(typesetter, chosen, diagram).document(document, titled=not (fragment or of))


class _Markdown(Format):
    def __init__(self, typesetter: Typesetter, flavour: Flavour, diagram: Callable[[str], str] | None) -> None:
        super().__init__(typesetter.writer)
        self.typesetter, self.flavour, self.diagram = typesetter, flavour, diagram
        self.numbered, self.count = False, 1

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
        """Rows as display blocks."""
        if self.numbered:
            count = len(grouped(rows))
            rows = numbered(rows, self.count, behind="&&" if self.flavour.aligned else r"\qquad")
            self.count += count
        before, after = self.flavour.block
        written = aligned(rows) if self.flavour.aligned else singly(rows)
        return [f"{before}\n{each}\n{after}" for each in written]

    def headed(self, section: Section) -> str:
        return f"{'#' * (section.level + 1)} {escaped(section.heading)}"

    def words(self, text: str) -> str:
        return escaped(text)

    def strong(self, text: str) -> str:
        return f"**{text}**"

    def lines(self, lines: Sequence[Line]) -> list[str]:
        return [block for batch in batches(lines) for block in self.displays(self.typesetter.lines(batch))]

    def matrices(self, matrices: Matrices) -> str:
        return "\n\n".join(self.displays(self.typesetter.matrix_rows(matrices)))

    def picture(self) -> str:
        """The network's diagram, as readers of this flavour see it without a file beside."""
        assert self.diagram is not None
        drawn = self.diagram(self.flavour.picture)
        if self.flavour.picture == "mermaid":
            return f"```mermaid\n{drawn}\n```"
        return f"![The network](data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()})"

    def formulas(self, formulas: Formulas) -> str:
        rows = [f"| {' | '.join(formulas.heads)} |", "|" + " :--- |" * len(formulas.heads)]
        for row in formulas.rows:
            cells = [self.writer.equation(line) for line in row]
            rows.append("| " + " | ".join(self.inline(each) for each in cells) + " |")
        return "\n".join(rows)

    def table(self, table: Table) -> str:
        rows = [f"| {' | '.join(table.heads)} |", f"| :--- |{' ---: |' * (len(table.heads) - 1)}"]
        rows += ["| " + " | ".join(self.inline(each) for each in row) + " |" for row in self.cells(table.rows)]
        return "\n".join(rows)


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
