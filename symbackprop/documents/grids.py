"""Matrix equations with their entries: the rows of a line in a dialect. Decides nothing of what is written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symbackprop.documents.content import Equality, Matrices
from symbackprop.documents.primes import named, primes_of
from symbackprop.documents.writing import EXACT, ROUNDED, Row, Writer
from symbackprop.expressions import ONE, ZERO, Expression, Number, Reference, leaves
from symbackprop.forms.adjoints import scalar_of
from symbackprop.forms.delta import inlined, is_slope
from symbackprop.forms.trees import (
    Beside,
    Constant,
    Diagonal,
    Leaf,
    Listed,
    Node,
    Ones,
    Side,
    Stacked,
    Transposed,
    extent,
    parts_of,
)
from symbackprop.printing.dialect import Label, Precedence
from symbackprop.printing.matrix import MatrixText, PlainMatrices, TexMatrices, TypstMatrices
from symbackprop.quantities import Quantity, Role, every_index

Grid = list[list[Expression]]
Entry = Callable[[Expression], Label]
Written = Callable[[MatrixText, Callable[[Node], "Grid | None"], Entry], MatrixText]


class Grids:
    """Writes matrix equations: in names, and with their entries in symbols and in numbers."""

    def __init__(self, writer: Writer, names: MatrixText, written: Written) -> None:
        self.writer, self.names, self.written = writer, names, written
        self.primes = primes_of(writer.derivation)

    def rows(self, matrices: Matrices) -> list[tuple[str, list[Row]]]:
        """The left side of each equation, with the rows behind it."""
        return [self._line(each, entries=matrices.entries) for each in matrices.equalities]

    def _line(self, equality: Equality, *, entries: bool) -> tuple[str, list[Row]]:
        same = equality.expression == equality.target
        rows = [] if same else [Row(EXACT, self.names.text(equality.expression))]
        numbers = equality.numbers
        if numbers is not None and entries:
            rows += self._symbols(equality)
        if numbers is not None and self.writer.figures is not None:
            exact = self._is_exact(numbers)
            if grid_of(numbers, self._entry) is None:
                rows.append(Row(EXACT if exact else ROUNDED, self._text(numbers, self._number, Reference)))
            if grid_of(equality.target, self._entry) is not None:
                relation = (
                    EXACT if exact and self._is_exact(equality.target) and self._is_one_step(equality) else ROUNDED
                )
                rows.append(Row(relation, self._text(equality.target, self._number, Reference)))
        return self.names.text(equality.target), list(dict.fromkeys(rows))

    def _symbols(self, equality: Equality) -> list[Row]:
        """The entries in symbols: of a derivative its own names, of what it is made from, and of the product."""
        rows = []
        grid = grid_of(equality.target, self._entry)
        if grid and any(_is_derivative(each) for row in grid for each in row):
            rows.append(Row(EXACT, self._text(equality.target, self._symbol)))
        rows.append(Row(EXACT, self._text(equality.expression, self._symbol)))
        made = grid_of(equality.expression, self._entry) is None and not isinstance(equality.target, Listed)
        if made and grid_of(equality.target, self._own) is not None:
            rows.append(Row(EXACT, self._text(equality.target, self._symbol, self._own)))
        return rows

    def _own(self, quantity: Quantity) -> Expression:
        """What an entry is equal to, derivatives that are no deltas written out."""
        own = inlined(self.writer.derivation, scalar_of(self.writer.derivation, quantity), {})
        return named(own, self.primes)

    def _text(self, node: Node, label: Entry, entry: Callable[[Quantity], Expression] | None = None) -> str:
        return self.written(self.names, lambda each: grid_of(each, entry or self._entry), label).text(node)

    def _entry(self, quantity: Quantity) -> Expression:
        """A slope by what it is equal to, since it stands in no other equation of matrices; else the name."""
        if is_slope(quantity.array) and self.writer.derivation.conventions.diagonal:
            return named(scalar_of(self.writer.derivation, quantity), self.primes)
        return Reference(quantity)

    def _symbol(self, entry: Expression) -> Label:
        return self.writer.dialect.said(entry, self.writer.label)

    def _number(self, entry: Expression) -> Label:
        return self.writer.dialect.said(entry, self.writer.number)

    def _is_one_step(self, equality: Equality) -> bool:
        """Whether nothing was rounded between the operands and the result: printed numbers that are carried on may be
        those of equations in between, which matrices leave out."""
        figures = self.writer.figures
        assert figures is not None
        if not figures.settings.carry_printed:
            return True
        entries = [leaf for entry in _entries(equality.target) for leaf in leaves(entry) if isinstance(leaf, Quantity)]
        return all(figures.rational(each) == figures.shown(each).value for each in entries)

    def _is_exact(self, node: Node) -> bool:
        assert self.writer.figures is not None
        entries = _entries(node)
        return all(self.writer.is_exact(each, self.writer.figures) for each in entries)


def _entries(node: Node) -> list[Expression]:
    """All entries of the arrays in a node."""
    grids = [grid_of(each, Reference) for each in parts_of(node)]
    return [entry for grid in grids if grid is not None for row in grid for entry in row]


def _is_derivative(entry: Expression) -> bool:
    match entry:
        case Reference(Quantity(array, _)):
            return array.role is Role.DERIVATIVE
    return False


def grid_of(node: Node, entry: Callable[[Quantity], Expression]) -> Grid | None:
    """The entries of a node that is an array, or made of arrays side by side; None of any other."""
    match node:
        case Leaf(rows, columns, array):
            entries = [entry(Quantity(array, indices)) for indices in every_index(array)]
            if node.is_turned:
                return [list(row) for row in zip(*_shaped(entries, columns, rows), strict=True)]
            return _shaped(entries, rows, columns)
        case Listed(_, _, _, entries):
            return [[entry(each) for each in entries]]
        case Ones(rows, columns):
            return [[ONE] * extent(columns) for _ in range(extent(rows))]
        case Transposed(_, _, operand):
            grid = grid_of(operand, entry)
            return None if grid is None else [list(row) for row in zip(*grid, strict=True)]
        case Diagonal(_, _, Leaf() | Transposed(_, _, Leaf()) as operand):
            inner = grid_of(operand, entry)
            assert inner is not None
            return [
                [row[0] if place == other else ZERO for other in range(len(inner))] for place, row in enumerate(inner)
            ]
        case Beside(_, _, (left, right)):
            grids = _grids((left, right), entry)
            return [[*one, *other] for one, other in zip(*grids, strict=True)] if grids else None
        case Stacked(_, _, (top, bottom)):
            grids = _grids((top, bottom), entry)
            return [*grids[0], *grids[1]] if grids else None
    return None


def _grids(nodes: tuple[Node, Node], entry: Callable[[Quantity], Expression]) -> list[Grid]:
    found: list[Grid] = []
    for node in nodes:
        grid: Grid | None = [[Number(node.number)]] if isinstance(node, Constant) else grid_of(node, entry)
        if grid is None:
            return []
        found.append(grid)
    return found


def _shaped(entries: Sequence[Expression], rows: Side, columns: Side) -> Grid:
    wide = extent(columns)
    assert extent(rows) * wide == len(entries)
    return [list(entries[start : start + wide]) for start in range(0, len(entries), wide)]


class _Written(MatrixText):
    """Matrices by their entries; ``names`` is how they are written without."""

    def __init__(self, names: MatrixText, grid: Callable[[Node], Grid | None], entry: Entry) -> None:
        super().__init__(names.notation, names.dialect)
        self.grid, self.entry, self.in_product = grid, entry, False

    def said(self, node: Node) -> Label:
        """An array by its entries; a single entry without brackets, but as a matrix in a product of matrices."""
        grid = self.grid(node)
        if grid is None:
            return super().said(node)
        labels = [[self.entry(each) for each in row] for row in grid]
        single = len(labels) == len(labels[0]) == 1 and (node.is_scalar or not self.in_product)
        if single:
            label = labels[0][0]
            return label._replace(precedence=Precedence.SUM) if label.text.startswith("-") else label
        return Label(self.entries([[each.text for each in row] for row in labels]))

    def joined(self, factors: tuple[Node, ...], sign: str, precedence: Precedence) -> Label:
        """Factors with a sign between them."""
        before, self.in_product = self.in_product, sign == self.product
        try:
            return super().joined(factors, sign, precedence)
        finally:
            self.in_product = before

    def entries(self, rows: list[list[str]]) -> str:
        raise NotImplementedError


class WrittenPlain(_Written, PlainMatrices):
    """``[w_1 w_2; w_3 w_4]``."""

    def entries(self, rows: list[list[str]]) -> str:
        """Columns apart by a blank, or by a comma where an entry has blanks."""
        between = ", " if any(" " in each for row in rows for each in row) else " "
        return "[" + "; ".join(between.join(row) for row in rows) + "]"


class _Tall(_Written):
    """Rows of a matrix in square brackets."""

    def said(self, node: Node) -> Label:
        """Brackets around what has matrices in it have to grow."""
        return super().said(node)._replace(tall=True)


class WrittenTex(_Tall, TexMatrices):
    """``\\begin{bmatrix} ... \\end{bmatrix}``."""

    def entries(self, rows: list[list[str]]) -> str:
        """Small numbers of rows, which fit a display."""
        inside = rf" \\{_gap(rows)} ".join(" & ".join(row) for row in rows)
        return rf"\begin{{bmatrix}} {inside} \end{{bmatrix}}"


def _gap(rows: list[list[str]]) -> str:
    """More room between rows of fractions, or of names with both an upper and a lower script, which touch otherwise."""
    entries = [each for row in rows for each in row]
    if any(r"\frac" in each for each in entries):
        return "[9pt]"
    return "[3pt]" if any("_" in each and "^" in each for each in entries) else ""


class WrittenTypst(_Tall, TypstMatrices):
    """``mat(delim: "[", ...)``."""

    def entries(self, rows: list[list[str]]) -> str:
        """Each row behind a semicolon."""
        return f'mat(delim: "[", {"; ".join(", ".join(row) for row in rows)})'
