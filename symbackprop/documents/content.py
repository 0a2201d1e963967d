"""What a document says, before it is written in any format: sections of lines, each a statement. Holds no formula text.

Every output renders the same statements: a line is ``symbols = numbers = result``, and its identity is what stands on
its left.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symbackprop.expressions import Expression
from symbackprop.forms.trees import Node
from symbackprop.quantities import Array, Cell, Quantity


@dataclass(frozen=True, slots=True)
class Ellipsis:
    """A leaf that stands for the terms of a long sum that are left out."""


@dataclass(frozen=True, slots=True)
class Brace:
    """A leaf that stands for an expression with its name below it: ``out (1 - out)`` with ∂out/∂net."""

    expression: Expression
    name: Quantity


@dataclass(frozen=True, slots=True)
class Operator:
    """A leaf that stands for the operation of differentiating: ∂/∂w [expression]."""

    expression: Expression
    by: Quantity


@dataclass(frozen=True, slots=True)
class Amount:
    """A number in a sentence; ``more``: with so many digits more than others have."""

    value: float | Fraction
    more: int = 0


# Words, a name, a formula, a number.
Piece = str | Quantity | Cell | Array | Expression | Amount


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or several."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """``left = side = ... = numbers = result``.

    ``sides`` are in symbols. ``numbers`` is one of them, or another one, to be shown with numbers in place of
    symbols; ``result`` is the quantity whose number ends the line. Both are left out where there are no numbers.
    """

    left: Expression
    sides: tuple[Expression, ...] = ()
    numbers: Expression | None = None
    result: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Givens:
    """Given quantities under a word, each with its value where there are values."""

    word: str
    quantities: tuple[Quantity, ...]
    more: int = 0  # how many are left out


@dataclass(frozen=True, slots=True)
class Results:
    """Quantities of which only the numbers are shown, under a word that says how they come about."""

    word: str
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Equality:
    """``target = expression`` of matrices; ``numbers`` has the numbers put into it, None where it has none to show."""

    target: Node
    expression: Node
    numbers: Node | None = None


@dataclass(frozen=True, slots=True)
class Matrices:
    """Equations of matrices; ``entries``: the matrices are written out, entry by entry, in symbols too."""

    equalities: tuple[Equality, ...]
    entries: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of quantities' numbers: one row for each quantity of the first column."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Quantity, ...], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The picture of the network."""


@dataclass(frozen=True, slots=True)
class Formulas:
    """Columns of equations."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


Item = Paragraph | Line | Givens | Results | Matrices | Table | Formulas | Diagram


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; ``level`` 1 is a section, 2 a subsection."""

    heading: str
    items: tuple[Item, ...]
    level: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its title, empty where nobody gave one, and its sections."""

    title: str
    sections: tuple[Section, ...]
    numbered: bool | None = None  # whether each equation has its number; None: as is the custom of the format
