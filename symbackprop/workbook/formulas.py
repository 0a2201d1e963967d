"""Equations of a System as formula texts: written out product by product, or over ranges where sums are long.

The expressions come from the System and the words from the sheet dialect; here is only where things stand. Nothing
is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import ClassVar

from symbackprop.expressions import (
    Along,
    BySign,
    Call,
    Expression,
    Reference,
    as_expression,
    leaves,
    product_of,
    sum_of,
)
from symbackprop.printing.dialect import Label, Say
from symbackprop.printing.sheet import MOST_CHARACTERS, Sheet
from symbackprop.quantities import Array, Cell, Quantity
from symbackprop.system import Equation, Map, SumOfProducts, scalar
from symbackprop.terms import Kronecker, Term, axes_of, axis_of, divided
from symbackprop.workbook.placement import Addresses, Placement, address

MOST_WRITTEN = 40  # products that are written out; longer sums run over ranges where these exist
MOST_REDUCED = 16  # entries of a sum or maximum in a formula: a softmax says them as often as there are
MARK = "\0"  # stands around the number of a leaf in a formula's template; no formula holds it


@dataclass(frozen=True, slots=True)
class Contraction:
    """The sum, along some letters, of a product of cells."""

    factors: tuple[Cell, ...]
    letters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Span:
    """A cell's entries along some letters: a range."""

    cell: Cell
    letters: frozenset[str]


class _NoRangeError(Exception):
    """The entries that a sum runs over do not stand in one rectangle, or not the same way round."""


@dataclass(frozen=True)
class Template:
    """A law's formula: texts, and between them leaves whose places follow from the law's indices."""

    pieces: tuple[str | tuple[Placement, tuple[str, ...], frozenset[str]], ...]
    letters: tuple[str, ...]
    sheet: str

    def at(self, indices: Sequence[int]) -> str:
        """The formula at one entry of the law's target."""
        places = dict(zip(self.letters, indices, strict=True))
        return "".join(
            [each if isinstance(each, str) else _reference(*each, places, self.sheet) for each in self.pieces]
        )


def _reference(
    placement: Placement, letters: tuple[str, ...], along: frozenset[str], places: Mapping[str, int], sheet: str
) -> str:
    row, column = placement.cell([places.get(letter, 0) for letter in letters])
    text = address(row, column)
    if along:
        extents = _extents_of(placement, letters)
        last = [extents[letter] - 1 if letter in along else places.get(letter, 0) for letter in letters]
        text += f":{address(*placement.cell(last))}"
    return text if placement.sheet == sheet else f"{placement.sheet}!{text}"


def _extents_of(placement: Placement, letters: tuple[str, ...]) -> dict[str, int]:
    return {letter: axis.size or 1 for letter, axis in zip(letters, placement.array.axes, strict=True)}


@dataclass
class Formulas:
    """Formula texts for the cells of one book."""

    addresses: Addresses
    _templates: dict[tuple[Array, str], Template | None] = field(default_factory=dict)

    def over(self, addresses: Addresses) -> Formulas:
        """The same with other places."""
        return Formulas(addresses)

    def text(self, equation: Equation, indices: tuple[int, ...], sheet: str, *, ranges: bool = False) -> str:
        """The formula of one cell of an equation; with ``ranges``, sums run over ranges wherever these exist."""
        if ranges or products_of(equation) > MOST_WRITTEN or reduces(equation, MOST_REDUCED):
            template = self._template(equation, sheet)
            if template is not None:
                return template.at(indices)
        return self.expression(scalar(equation, indices, computed=True), sheet)

    def expression(self, expression: Expression, sheet: str) -> str:
        """The formula of an expression over quantities."""

        def label(quantity: Hashable) -> Label:
            assert isinstance(quantity, Quantity)
            return Label(self.addresses.reference(quantity, sheet))

        return RANGES.text(expression, label)

    def _template(self, equation: Equation, sheet: str) -> Template | None:
        key = (equation.target.array, sheet)
        if key not in self._templates:
            self._templates[key] = self._made(equation, sheet)
        return self._templates[key]

    def _made(self, equation: Equation, sheet: str) -> Template | None:
        law = _law(equation)
        if law is None:
            return None
        leaf_places: list[tuple[Placement, tuple[str, ...], frozenset[str]]] = []

        def placed(cell: Cell, letters: frozenset[str] = frozenset()) -> str:
            leaf_places.append((self.addresses.places[cell.array], cell.indices, letters))
            return f"{MARK}{len(leaf_places) - 1}{MARK}"

        def label(leaf: Hashable) -> Label:
            match leaf:
                case Cell():
                    return Label(placed(leaf))
                case Span(cell, letters):
                    self._shape(cell, letters)
                    return Label(placed(cell, letters))
                case Contraction():
                    return Label(self._contracted(leaf, placed))
            raise _NoRangeError

        try:
            text = RANGES.text(law, label)
        except _NoRangeError:
            return None
        if len(text) + 25 * len(leaf_places) > MOST_CHARACTERS:
            return None
        pieces = [leaf_places[int(piece)] if place % 2 else piece for place, piece in enumerate(text.split(MARK))]
        return Template(tuple(each for each in pieces if each != ""), equation.target.indices, sheet)

    def _contracted(self, contraction: Contraction, placed: Callable[[Cell, frozenset[str]], str]) -> str:
        shapes = [self._shape(cell, contraction.letters) for cell in contraction.factors]
        ranges = [placed(cell, contraction.letters) for cell in contraction.factors]
        if len(ranges) == 1:
            return f"SUM({ranges[0]})"
        if all(shape == shapes[0] for shape in shapes):
            return f"SUMPRODUCT({','.join(ranges)})"
        if len(ranges) == 2 and len(contraction.letters) == 1:
            # A row times a column: SUMPRODUCT wants both the same way round.
            rows = [rows for (rows, _), _ in shapes]
            return f"SUMPRODUCT(MMULT({','.join(ranges if rows[0] == 1 else ranges[::-1])}))"
        raise _NoRangeError

    def _shape(self, cell: Cell, letters: frozenset[str]) -> tuple[tuple[int, int], tuple[str, ...]]:
        """Rows and columns of the range of a cell's entries along letters, and the order in which it runs over them."""
        placement = self.addresses.places[cell.array]
        steps = [
            (letter, axis.size or 1, down, right)
            for (letter, axis), down, right in zip(
                axis_of(cell).items(), placement.row_steps, placement.column_steps, strict=True
            )
            if letter in letters
        ]
        if len(steps) != len(letters):
            raise _NoRangeError
        down = sorted((step, size, letter) for letter, size, step, right in steps if not right)
        right = sorted((step, size, letter) for letter, size, step_down, step in steps if not step_down)
        if len(down) + len(right) != len(steps):
            raise _NoRangeError
        for run in (down, right):
            expected = 1
            for step, size, _ in run:
                if step != expected:
                    raise _NoRangeError
                expected *= size
        order = tuple(letter for run in (down, right) for _, _, letter in run)
        return (prod(size for _, size, _ in down), prod(size for _, size, _ in right)), order


class RangeSheet(Sheet):
    """The sheet dialect where leaves may be ranges: sums and maxima along a letter become SUMPRODUCT and MAX."""

    name: ClassVar[str] = "a sheet formula over ranges"

    def along(self, reduction: Along, say: Say) -> Label:
        """``SUMPRODUCT(EXP(A1:C1-MAX(A1:C1)))``: SUMPRODUCT computes entry by entry without array entry."""
        body = say(_spanned(reduction.body, reduction.index)).text
        head = "MAX" if reduction.reduction == "max" else "SUMPRODUCT"
        if head == "MAX" and not isinstance(reduction.body, Reference):
            raise _NoRangeError
        return Label(f"{head}({body})")


RANGES = RangeSheet()


def _spanned(body: Expression, letter: str) -> Expression:
    """The body with the cells along the letter as ranges; a choice by sign cannot be made entry by entry."""
    match body:
        case Reference(Cell() as cell) if letter in cell.indices:
            return Reference(Span(cell, frozenset({letter})))
        case Reference(Kronecker()):
            raise _NoRangeError
        case Along():
            if any(isinstance(leaf, Cell) and letter in leaf.indices for leaf in leaves(body)):
                raise _NoRangeError
            return body
    if not _plain_array_function(body):
        raise _NoRangeError
    children = body.children
    return body.rebuilt(tuple(_spanned(child, letter) for child in children)) if children else body


def _plain_array_function(body: Expression) -> bool:
    if isinstance(body, BySign):
        return False
    return not isinstance(body, Call) or body.function.name in ("exp", "log", "abs", "sqrt")


def _law(equation: Equation) -> Expression | None:
    """The computed law with sums of products as contractions; None where it has none that ranges can say."""
    match equation:
        case SumOfProducts(target, terms):
            parts = [_contraction(term, target) for term in terms]
            return None if any(each is None for each in parts) else sum_of([each for each in parts if each is not None])
        case Map():
            law = equation.computed_law()
            return None if any(isinstance(leaf, Kronecker) for leaf in leaves(law)) else law
    return None


def _contraction(term: Term, target: Cell) -> Expression | None:
    cells = term.cells
    if len(cells) != len(term.factors):
        return None
    free = frozenset(term.summed(target))
    sizes = {letter: axis.size for letter, axis in axes_of(cells).items()}
    long = frozenset(letter for letter in free if sizes[letter] != 1)
    summed = [cell for cell in cells if long & set(cell.indices)]
    if any(not long <= set(cell.indices) for cell in summed):
        return None
    factors: list[Expression] = [as_expression(term.number)]
    factors += [Reference(cell) for cell in cells if cell not in summed]
    if summed:
        factors.append(Reference(Contraction(tuple(summed), long)))
    return divided(product_of(factors), term.over)


def products_of(equation: Equation) -> int:
    """How many products one cell of an equation adds up."""
    if not isinstance(equation, SumOfProducts):
        return 0
    return sum(_count(term, equation.target) for term in equation.terms)


def _count(term: Term, target: Cell) -> int:
    axes = axes_of(term.cells)
    return prod(axes[letter].size or 1 for letter in term.summed(target))


def reduces(equation: Equation, least: int) -> bool:
    """Whether an equation has a sum or maximum along more than so many entries."""
    return isinstance(equation, Map) and _longest(equation.computed_law()) > least


def _longest(law: Expression) -> int:
    here = 0
    if isinstance(law, Along):
        sizes = [
            axis.size or 1
            for cell in leaves(law.body)
            if isinstance(cell, Cell)
            for letter, axis in axis_of(cell).items()
            if letter == law.index
        ]
        here = max(sizes, default=0)
    return max([here, *(_longest(child) for child in law.children)])
