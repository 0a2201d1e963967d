"""What the formats of a document share: which statement follows which, and what a sentence or a table holds.

Has no markup: a format says how words, formulas, displays and tables are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from symbackprop.documents.content import (
    Amount,
    Diagram,
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
)
from symbackprop.documents.writing import Writer
from symbackprop.expressions import Expression
from symbackprop.quantities import Quantity


class Format:
    """Writes the statements of a document; a subclass is a format."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def section(self, section: Section) -> list[str]:
        """The heading, and the blocks below it."""
        return [*self.heading(section), *(block for group in groups(section) for block in self.group(group))]

    def heading(self, section: Section) -> list[str]:
        """The heading's block; none where there is no heading."""
        return [self.headed(section)] if section.heading else []

    def group(self, items: Sequence[Item]) -> list[str]:
        """Items of one kind that follow each other; lines stand in one display."""
        lines = [each for each in items if isinstance(each, Line)]
        return self.lines(lines) if lines else [self.item(each) for each in items]

    def item(self, item: Item) -> str:
        """One statement that is no line."""
        match item:
            case Paragraph(pieces):
                return "".join(self.piece(each) for each in pieces)
            case Givens():
                return self.givens(item)
            case Results():
                return self.results(item)
            case Matrices():
                return self.matrices(item)
            case Formulas():
                return self.formulas(item)
            case Table():
                return self.table(item)
            case Diagram():
                return self.picture()
        raise AssertionError(item)

    def piece(self, piece: Piece) -> str:
        """A part of a sentence."""
        match piece:
            case str():
                return self.words(piece)
            case Amount():
                return self.inline(self.writer.amount(piece))
            case Expression():
                return self.inline(self.writer.formula(piece))
        return self.inline(self.writer.label(piece).text)

    def givens(self, givens: Givens) -> str:
        """Given quantities in a sentence, each with its value where there are values."""
        texts = [self.whole(self.writer.given(each)) for each in givens.quantities]
        more = [f"and {givens.more:,} more"] if givens.more else []
        return f"{self.strong(f'{givens.word}:')} {', '.join([*texts, *more])}."

    def results(self, results: Results) -> str:
        """Quantities in a sentence, each with its number where there are numbers."""
        texts = [self.whole(self.writer.result(each)) for each in results.quantities]
        return f"{self.words(results.word)}: {', '.join(texts)}."

    def cells(self, rows: Sequence[Sequence[Quantity]]) -> list[list[str]]:
        """The rows of a table: a name, and numbers."""
        number = self.writer.number
        return [[self.writer.label(row[0]).text, *(number(each).text for each in row)] for row in rows]

    def headed(self, section: Section) -> str:
        raise NotImplementedError

    def words(self, text: str) -> str:
        """Words that are shown as they are."""
        raise NotImplementedError

    def strong(self, text: str) -> str:
        """Words that stand out."""
        raise NotImplementedError

    def inline(self, formula: str) -> str:
        """A formula in a sentence."""
        raise NotImplementedError

    def whole(self, formula: str) -> str:
        """A formula in a list, which is not broken where the format can say so."""
        return self.inline(formula)

    def lines(self, lines: Sequence[Line]) -> list[str]:
        raise NotImplementedError

    def matrices(self, matrices: Matrices) -> str:
        raise NotImplementedError

    def formulas(self, formulas: Formulas) -> str:
        raise NotImplementedError

    def table(self, table: Table) -> str:
        raise NotImplementedError

    def picture(self) -> str:
        raise NotImplementedError


def groups(section: Section) -> Iterator[list[Item]]:
    """A section's items, those of one kind that follow each other together."""
    return (list(items) for _, items in groupby(section.items, key=lambda item: type(item)))


def one_line(text: str) -> str:
    """A stranger's text without characters that could move a terminal's cursor."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
