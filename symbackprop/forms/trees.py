"""Matrix expressions as small trees: what a matrix form is made of. Knows no layer; never prints or reorders.

Every node has ``rows`` and ``columns``, each the axis that it runs along or None for one alone: a column vector has
columns None, a scalar both. A scalar meets a matrix entry by entry. Build nodes with the functions below: they flatten
products, and push a transpose down to the leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction

from symbackprop.expressions import Expression, Reference, leaves, substituted
from symbackprop.quantities import Array, Axis, Quantity
from symbackprop.quantities import extent as axis_extent

Side = Axis | None
ONE = Fraction(1)


def size(side: Side) -> int | None:
    """How many rows or columns there are along a side; None where that is a symbol."""
    return 1 if side is None else side.size


def extent(side: Side) -> int:
    """The same; refused where it is a symbol."""
    return 1 if side is None else axis_extent(side)


@dataclass(frozen=True, slots=True)
class Node:
    """A matrix, vector or scalar."""

    rows: Side
    columns: Side

    @property
    def is_scalar(self) -> bool:
        return self.rows is None and self.columns is None


@dataclass(frozen=True, slots=True)
class Leaf(Node):
    """An array as a whole: in its own shape or turned, or a vector as a column or a row."""

    array: Array

    @property
    def is_turned(self) -> bool:
        """Whether the array's columns are the rows here."""
        return self.rows != self.columns and self.array.axes[-2:] == (self.columns, self.rows)


@dataclass(frozen=True, slots=True)
class Listed(Node):
    """A vector with a name of its own, gathered from single entries."""

    name: Hashable
    entries: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Ones(Node):
    """A vector or matrix of ones; a scalar 1 beside a vector."""


@dataclass(frozen=True, slots=True)
class Unit(Node):
    """The column vector that is 1 at ``index`` and 0 elsewhere."""

    index: int


@dataclass(frozen=True, slots=True)
class Identity(Node):
    """1 on the diagonal."""


@dataclass(frozen=True, slots=True)
class Mask(Node):
    """1 at the listed places, else 0: which entries a penalty counts."""

    places: frozenset[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, added to every entry."""

    number: Fraction


@dataclass(frozen=True, slots=True)
class Scaled(Node):
    """A number, over the sizes of axes, times scalars, times the operand."""

    number: Fraction
    over: tuple[Axis, ...]
    scalars: tuple[Node, ...]
    operand: Node


@dataclass(frozen=True, slots=True)
class Transposed(Node):
    """The operand the other way round."""

    operand: Node


@dataclass(frozen=True, slots=True)
class MatMul(Node):
    """The matrix product of the factors."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Hadamard(Node):
    """The product of the factors entry by entry."""

    factors: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Diagonal(Node):
    """The diagonal matrix of a vector."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Added(Node):
    """The sum of the terms."""

    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Elementwise(Node):
    """A formula entry by entry; its leaves refer to nodes."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Beside(Node):
    """The second to the right of the first: weights and the column of biases."""

    parts: tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Stacked(Node):
    """The second below the first: a layer's outs and the 1 of a bias node."""

    parts: tuple[Node, Node]


def parts_of(node: Node) -> Iterator[Node]:
    """A node and all nodes in it."""
    yield node
    for field in fields(node):
        for each in _nodes_in(getattr(node, field.name)):
            yield from parts_of(each)


def _nodes_in(value: object) -> Iterator[Node]:
    match value:
        case Node():
            yield value
        case tuple():
            yield from (each for each in value if isinstance(each, Node))
        case Expression():
            yield from (each for each in leaves(value) if isinstance(each, Node))


def transposed(node: Node) -> Node:
    """The transpose, at the leaves."""
    match node:
        case _ if node.is_scalar:
            return node
        case Transposed(_, _, operand):
            return operand
        case Diagonal() | Identity():
            return node
        case Ones(Axis() as rows, Axis() as columns):
            return Ones(columns, rows)
        case Scaled(rows, columns, number, over, scalars, operand):
            return Scaled(columns, rows, number, over, scalars, transposed(operand))
        case MatMul(rows, columns, factors):
            return MatMul(columns, rows, tuple(transposed(each) for each in reversed(factors)))
        case Hadamard(rows, columns, factors):
            return _shorter(Hadamard(columns, rows, tuple(transposed(each) for each in factors)), node)
        case Added(rows, columns, terms):
            return _shorter(Added(columns, rows, tuple(transposed(each) for each in terms)), node)
        case Beside(rows, columns, parts):
            return Stacked(columns, rows, (transposed(parts[0]), transposed(parts[1])))
        case Stacked(rows, columns, parts):
            return Beside(columns, rows, (transposed(parts[0]), transposed(parts[1])))
        case Elementwise(rows, columns, expression):
            return _shorter(Elementwise(columns, rows, _with_nodes(expression, transposed)), node)
    return Transposed(node.columns, node.rows, node)


def _shorter(inside: Node, node: Node) -> Node:
    """The transpose of a node written at its leaves, or behind its bracket if that is shorter."""
    return inside if _transposes(inside) <= _transposes(node) else Transposed(node.columns, node.rows, node)


def plainer(first: Node, second: Node) -> Node:
    """The one with fewer transposes in it; of two alike the first."""
    return min(first, second, key=_transposes)


def _transposes(node: Node) -> int:
    match node:
        case Transposed(_, _, operand):
            return 1 + _transposes(operand)
        case Hadamard(_, _, parts) | Added(_, _, parts) | MatMul(_, _, parts):
            return sum(_transposes(each) for each in parts)
        case Scaled(_, _, _, _, _, operand):
            return _transposes(operand)
        case Elementwise(_, _, expression):
            return sum(_transposes(each) for each in leaves(expression) if isinstance(each, Node))
    return 0


def _with_nodes(expression: Expression, change: Callable[[Node], Node]) -> Expression:
    def changed(of: object) -> Expression:
        assert isinstance(of, Node)
        return Reference(change(of))

    return substituted(expression, changed)


@dataclass
class _Front:
    """What is gathered in front of a product: a number, sizes below it, scalars."""

    number: Fraction = Fraction(1)
    over: tuple[Axis, ...] = ()
    scalars: tuple[Node, ...] = ()

    def bare(self, factor: Node) -> Node:
        """The factor without its own front, which is gathered."""
        if not isinstance(factor, Scaled):
            return factor
        self.number *= factor.number
        self.over += factor.over
        self.scalars += factor.scalars
        return factor.operand

    def times(self, operand: Node) -> Node:
        return scaled_by(self.number, self.over, self.scalars, operand)


def matmul(*factors: Node) -> Node:
    """The matrix product, numbers and scalars in front."""
    front, flat = _Front(), list[Node]()
    for factor in factors:
        bare = front.bare(factor)
        flat += bare.factors if isinstance(bare, MatMul) else (bare,)
    kept = [each for each in flat if not isinstance(each, Identity)] or flat[:1]
    return front.times(kept[0] if len(kept) == 1 else MatMul(kept[0].rows, kept[-1].columns, tuple(kept)))


def hadamard(*factors: Node) -> Node:
    """The product entry by entry; scalars in front."""
    front, flat = _Front(), list[Node]()
    for factor in factors:
        bare = front.bare(factor)
        if isinstance(bare, Constant):
            front.number *= bare.number
        elif bare.is_scalar:
            front.scalars += (bare,)
        else:
            flat += bare.factors if isinstance(bare, Hadamard) else (bare,)
    kept = [each for each in flat if not isinstance(each, Ones)] or flat[:1]
    if not kept:
        return front.times(Constant(None, None, Fraction(1)))
    return front.times(kept[0] if len(kept) == 1 else Hadamard(kept[0].rows, kept[0].columns, tuple(kept)))


def scaled_by(number: Fraction, over: tuple[Axis, ...], scalars: tuple[Node, ...], operand: Node) -> Node:
    """The operand times a number and scalars; itself if there are none."""
    kept = tuple(axis for axis in over if axis.size != 1)
    match operand:
        case Scaled():
            inner = (number * operand.number, (*kept, *operand.over), (*scalars, *operand.scalars))
            return scaled_by(*inner, operand.operand)
        case Constant(_, _, value) if scalars:
            return scaled_by(number * value, kept, scalars[:-1], scalars[-1])
        case Constant(_, _, value) if not kept:
            return Constant(None, None, number * value)
    if number == 1 and not kept and not scalars:
        return operand
    return Scaled(operand.rows, operand.columns, number, kept, scalars, operand)


def added(*terms: Node) -> Node:
    """The sum; a single term is itself."""
    flat = [each for term in terms for each in (term.terms if isinstance(term, Added) else (term,))]
    if len(flat) == 1:
        return flat[0]
    shaped = next((each for each in flat if not each.is_scalar), flat[0])
    return Added(shaped.rows, shaped.columns, tuple(flat))


def diagonal(node: Node) -> Node:
    """The diagonal matrix of a column vector; a number stays in front."""
    match node:
        case Scaled(_, _, number, over, scalars, operand):
            return scaled_by(number, over, scalars, diagonal(operand))
        case Ones(rows, _):
            return Identity(rows, rows)
    return Diagonal(node.rows, node.rows, node)


def spread(node: Node, like: Node) -> Node:
    """A scalar as every entry of a matrix that is as large as another one; what is no scalar as it is."""
    if not node.is_scalar or like.is_scalar:
        return node
    if node == zero(None, None):
        return zero(like.rows, like.columns)
    ones = Ones(like.rows, like.columns)
    return scaled_by(node.number, (), (), ones) if isinstance(node, Constant) else scaled_by(ONE, (), (node,), ones)


def zero(rows: Side, columns: Side) -> Node:
    """Nothing: the sum of no terms."""
    return Constant(None, None, Fraction(0)) if rows is None and columns is None else Added(rows, columns, ())
