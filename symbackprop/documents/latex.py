"""Documents as LaTeX: ASCII, for pdflatex with amsmath, booktabs, tikz and hyperref; a fragment needs amsmath alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Document, Formulas, Line, Matrices, Paragraph, Results, Section, Table
from symbackprop.documents.figures import Figures
from symbackprop.documents.format import Format, groups
from symbackprop.documents.labels import PREFIX, Labels
from symbackprop.documents.outline import document_of
from symbackprop.documents.settings import settings_of
from symbackprop.documents.typeset import CAUTION, Typesetter, grouped, widest
from symbackprop.documents.widths import width
from symbackprop.notation.lettering import LETTER_OF
from symbackprop.quantities import Array, Quantity
from symbackprop.values import Values

PAGE = 455.0  # points between the margins of a whole document
COLUMN = 345.0  # of LaTeX's own article class
NUMBER = 30.0  # of an equation's number, with the space before it
NARROW = 400.0  # a column in which text needs wider spaces between words
# Sizes of type that are tried one after the other, with their scale and the space on each side of a table's column.
SIZES = (("", 1.0, 6), (r"\small", 0.9, 4), (r"\footnotesize", 0.8, 2), (r"\scriptsize", 0.7, 1))
NO_GAP = r"\vspace{-\baselineskip}"  # TeX leaves an empty row above a display that begins a paragraph
MOST_ROWS = 40  # of a table, which cannot be broken over pages

PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{tikz}
\usepackage[hidelinks]{hyperref}
\setlength{\oddsidemargin}{0pt}
\setlength{\evensidemargin}{0pt}
\setlength{\textwidth}{WIDTHpt}
\setlength{\topmargin}{-20pt}
\setlength{\textheight}{680pt}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\setlength{\jot}{5pt}
\AtBeginDocument{\setlength{\abovedisplayskip}{4pt}\setlength{\belowdisplayskip}{4pt}}
\allowdisplaybreaks
\raggedbottom"""

ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\texttt{\char34}", "'": "'{}", "`": "`{}", "-": "-{}", "\u2013": "--", "\u2014": "---", "\u00df": r"\ss{}",
    "\u00e6": r"\ae{}", "\u00c6": r"\AE{}", "\u00f8": r"\o{}", "\u00d8": r"\O{}", "\u0142": r"\l{}", "\u0141": r"\L{}",
    "\u0131": r"\i{}", "\u2018": "`{}", "\u2019": "'{}", "\u201c": "``", "\u201d": "''", "\u2026": r"\dots{}",
    "\u00b7": r"$\cdot$", "\u00d7": r"$\times$", "\u2212": "$-$", "\u2192": r"$\rightarrow$", "\u2248": r"$\approx$",
    "\u2202": r"$\partial$", "\u2299": r"$\odot$", "\u00a7": r"\S{}", "\u00a9": r"\copyright{}",
    "\u00b0": r"$^{\circ}$",
}  # fmt: skip
COMBINED = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u030a": "r", "\u0327": "c",
    "\u030c": "v",
    "\u0304": "=", "\u0306": "u", "\u0307": ".", "\u030b": "H", "\u0328": "k",
}  # fmt: skip


def render(
    derivation: Derivation,
    *,
    values: Values | None = None,
    of: Sequence[Quantity | Array] = (),
    form: str | None = None,
    fragment: bool = False,
    room: float | None = None,
    label_prefix: str = PREFIX,
    diagram: Callable[[float], str] | None = None,
) -> str:
    """The derivation as LaTeX; ``of``: only these quantities. ``fragment``: to be put into a document with amsmath.

    ``room`` is the width of the column in points; ``label_prefix`` begins the label of every equation.
    ``diagram`` gives a picture of the network in TikZ, for a width in points.
    """
    settings = settings_of(derivation.network.document, form=form)
    figures = None if values is None else Figures(derivation, values, settings)
    document = document_of(derivation, figures, of, settings, pictured=diagram is not None)
    column = room or (COLUMN if fragment else PAGE)
    mark = settings.style.decimal_mark
    typesetter = Typesetter(derivation, figures, mark, room=column - NUMBER, operator="operatorname")
    picture = "" if diagram is None else diagram(column)
    written = _Latex(typesetter, Labels(label_prefix), fragment=fragment, room=column, diagram=picture)
    text = written.document(document)
    assert text.isascii(), "LaTeX is ASCII"
    return text


class _Latex(Format):
    def __init__(self, typesetter: Typesetter, labels: Labels, *, fragment: bool, room: float, diagram: str) -> None:
        super().__init__(typesetter.writer)
        self.typesetter, self.labels = typesetter, labels
        self.fragment, self.room, self.diagram = fragment, room, diagram

    def document(self, document: Document) -> str:
        from symbackprop import __version__

        blocks = [block for section in document.sections for block in self.section(section)]
        needs = "amsmath" if self.fragment else "amsmath, booktabs, tikz, hyperref"
        head = [f"% symbackprop {__version__}; needs {needs}; for a column of {self.room:g}pt"]
        spread = r"\sloppy" if self.room < NARROW else ""
        if self.fragment:
            begin = rf"\begingroup\allowdisplaybreaks{spread}"
            return "\n\n".join([*head, begin, *blocks, r"\endgroup"]) + "\n"
        title = escaped(document.title or "Backpropagation, step by step")
        preamble = PREAMBLE.replace("WIDTH", f"{self.room:g}", 1)
        head += [
            preamble,
            *([spread] if spread else []),
            rf"\title{{{title}}}",
            r"\author{}",
            r"\date{}",
            r"\begin{document}",
            r"\maketitle",
        ]
        return "\n".join(head) + "\n\n" + "\n\n".join(blocks) + "\n\n\\end{document}\n"

    def section(self, section: Section) -> list[str]:
        blocks = self.heading(section)
        before: object = None
        for group in groups(section):
            written = self.group(group)
            if isinstance(group[0], Line | Matrices):
                self.lead(blocks, written, before)
            blocks += written
            before = type(group[0])
        return blocks

    def headed(self, section: Section) -> str:
        return rf"\{'sub' * (section.level - 1)}section*{{{escaped(section.heading)}}}"

    def lead(self, blocks: list[str], displays: list[str], before: object) -> None:
        """A display belongs to the paragraph before it, and stands on its page; below a heading it leaves no gap."""
        if before in (Paragraph, Results) and blocks:
            displays[0] = f"{blocks.pop()}\n{displays[0]}"
        elif before is None and blocks and not self.fragment:
            blocks[-1] += "\n" + NO_GAP

    def lines(self, lines: Sequence[Line]) -> list[str]:
        return [self.display(self.typesetter.lines(lines), [each.left for each in lines])]

    def matrices(self, matrices: Matrices) -> str:
        return self.display(self.typesetter.matrix_rows(matrices), [each.target for each in matrices.equalities])

    def picture(self) -> str:
        return f"\\begin{{center}}\n{self.diagram}\\end{{center}}"

    def display(self, rows: Sequence[str], lefts: Sequence[object]) -> str:
        """Equations that may be broken over pages, each with one number and its label.

        One that cannot be broken enough is set in smaller type; one that does not fit even so is left out, and said so.
        """
        equations = grouped(rows)
        scales = [(self.room - NUMBER) * CAUTION / each for each in widest(equations)]
        kept = [place for place, scale in enumerate(scales) if scale >= SIZES[-1][1]]
        written: list[str] = []
        for place in kept:
            *others, last = equations[place]
            written += [rf"{each} \notag" for each in others] + [f"{last} {self.labels.of(lefts[place])}"]
        blocks = ["\\begin{align}\n  " + " \\\\\n  ".join(written) + "\n\\end{align}"] if written else []
        smallest = min((scales[place] for place in kept), default=1.0)
        size = next(command for command, scale, _ in SIZES if scale <= max(smallest, SIZES[-1][1]))
        if size:
            blocks = [f"{{{size}", *blocks, "}"]
        left_out = len(equations) - len(kept)
        if left_out:
            said = "An equation is" if left_out == 1 else f"{left_out} equations are"
            blocks.append(f"{said} left out here: wider than this column.")
        return "\n".join(blocks)

    def words(self, text: str) -> str:
        return escaped(text)

    def strong(self, text: str) -> str:
        return rf"\textbf{{{text}}}"

    def inline(self, formula: str) -> str:
        return f"${formula}$"

    def formulas(self, formulas: Formulas) -> str:
        cells = [[self.writer.equation(line) for line in row] for row in formulas.rows]
        rows = [[rf"$\displaystyle {each}$" for each in row] for row in cells]
        columns = "l" * len(formulas.heads)
        return self.grid(columns, formulas.heads, rows, size=self.size(formulas.heads, cells), space="4pt")

    def table(self, table: Table) -> str:
        chunks = [table.rows[start : start + MOST_ROWS] for start in range(0, len(table.rows), MOST_ROWS)]
        return "\n\n".join(self.tabular(table.heads, rows) for rows in chunks)

    def tabular(self, heads: Sequence[str], rows: Sequence[Sequence[Quantity]]) -> str:
        cells = self.cells(rows)
        written = [[self.inline(each) for each in row] for row in cells]
        return self.grid("l" + "r" * (len(heads) - 1), heads, written, size=self.size(heads, cells))

    def grid(
        self, columns: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, size: str, space: str = ""
    ) -> str:
        top, middle, bottom = (r"\hline",) * 3 if self.fragment else (r"\toprule", r"\midrule", r"\bottomrule")
        end = rf" \\[{space}]" if space else r" \\"
        lines = [rf"\begin{{center}}{size}", rf"\begin{{tabular}}{{{columns}}}", top]
        lines += [" & ".join(escaped(each) for each in heads) + end, middle]
        lines += [" & ".join(row) + end for row in rows]
        return "\n".join([*lines, bottom, r"\end{tabular}", r"\end{center}"])

    def size(self, heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
        """The type in which a table fits its column: nothing where that is the document's own."""
        columns = zip([rf"\text{{{head}}}" for head in heads], *cells, strict=True)
        whole = sum(max(map(width, column)) for column in columns)
        fitting = (each for each in SIZES if each[1] * whole + 2 * each[2] * len(heads) <= self.room * CAUTION)
        command, _, space = next(fitting, SIZES[-1])
        return rf"{command}\setlength{{\tabcolsep}}{{{space}pt}}" if command else ""


def escaped(text: str) -> str:
    r"""A text in ASCII LaTeX that shows it as it is: nothing in it is a command.

    >>> print(escaped(r"50% \input{x} $a_b$"))
    50\% \textbackslash{}input\{x\} \$a\_b\$
    >>> print(escaped("Gödel, ŷ, δ"))
    G\"{o}del, \^{y}, $\delta$
    """
    return "".join(_escaped(character) for character in unicodedata.normalize("NFC", text))


def _escaped(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    if character.isascii():
        return character if character.isprintable() else " "
    if character in LETTER_OF:
        return rf"$\{LETTER_OF[character]}$"
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in COMBINED:
        return rf"\{COMBINED[parts[1]]}{{{parts[0]}}}"
    # A character that pdflatex has no glyph for is named by its code point.
    return rf"\texttt{{U+{ord(character):04X}}}"
