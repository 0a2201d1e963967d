"""From a term in index letters to a matrix product: the recogniser behind the matrix form. Has no template.

A term is a graph: letters are its points, a factor of two letters is a matrix between two of them, a factor of one
letter a vector at one. A summed letter between two matrices is a matrix product, matrices between the same letters are
an elementwise product, a vector at a summed letter is multiplied from that side, and what remains at the target's
letters is the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop.errors import InputError
from symbackprop.forms.trees import (
    Constant,
    Hadamard,
    Identity,
    Leaf,
    Mask,
    Node,
    Ones,
    Scaled,
    Unit,
    diagonal,
    hadamard,
    matmul,
    scaled_by,
    transposed,
)
from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.terms import Indicator, Kronecker, Term

NO_MATRIX = "has no matrix form: {}; use the index law"


@dataclass
class Graph:
    """A term's graph. Vectors are columns here, whatever the notation; ``nodes`` replace the leaves of some cells."""

    axes: Mapping[str, Axis]
    nodes: Mapping[Cell, Node] = field(default_factory=dict)
    rows_are_written: bool = False  # vectors are rows in the notation
    turned: bool = False  # weight matrices have a row for each sending unit
    observations_are_columns: bool = False
    diagonals: bool = False  # a slope times a vector is a diagonal matrix times it
    number: Fraction = Fraction(1)
    over: tuple[Axis, ...] = ()
    scalars: list[Node] = field(default_factory=list)
    vectors: dict[str, list[Node]] = field(default_factory=dict)
    matrices: list[tuple[str, str, Node]] = field(default_factory=list)

    def put(self, term: Term, target: tuple[str, ...]) -> None:
        """Takes up a term's factors; letters that are not among the axes (one observation) are left out."""
        self.number, self.over = term.number, term.over
        same = _identified(term, target)
        for factor in term.factors:
            match factor:
                case Cell(_, indices):
                    letters = tuple(same.get(each, each) for each in indices if same.get(each, each) in self.axes)
                    self.put_node(self.nodes.get(factor) or self.leaf(factor, letters), letters)
                case Kronecker(left, right):
                    self._put_kronecker(
                        same.get(left, left), same.get(right, right) if isinstance(right, str) else right
                    )
                case Indicator(indices, places):
                    sides = [self.axes[same.get(each, each)] for each in indices] + [None]
                    self.put_node(Mask(sides[0], sides[1], places), tuple(same.get(each, each) for each in indices))

    def leaf(self, cell: Cell, letters: tuple[str, ...]) -> Node:
        """A cell's array as a matrix, a column vector or a scalar."""
        if len(letters) > 2:
            raise InputError(NO_MATRIX.format("an array has three indices"))
        sides = [*(self.axes[each] for each in letters), None, None]
        if len(letters) == 1 and self.rows_are_written:
            return transposed(Leaf(None, sides[0], cell.array))
        of_observations = len(letters) == 2 and self.axes[letters[0]].kind == "observation"
        if (self.turned and is_of_weights(cell.array)) or (self.observations_are_columns and of_observations):
            return transposed(Leaf(sides[1], sides[0], cell.array))
        return Leaf(sides[0], sides[1], cell.array)

    def put_node(self, node: Node, letters: tuple[str, ...]) -> None:
        match letters:
            case ():
                self.scalars.append(node)
            case (only,):
                self.vectors.setdefault(only, []).append(node)
            case (left, right) if left != right:
                self.matrices.append((left, right, node))
            case _:
                raise InputError(NO_MATRIX.format("an array is read along its diagonal"))

    def _put_kronecker(self, left: str, right: str | int) -> None:
        if isinstance(right, int):
            if left in self.axes:
                self.put_node(Unit(self.axes[left], None, right), (left,))
        elif left != right:
            self.put_node(Identity(self.axes[left], self.axes[right]), (left, right))

    def contracted(self, target: tuple[str, ...]) -> Node:
        """The matrix product that the term is, with the target's letters as rows and columns."""
        self._merge_parallel()
        while summed := [each for each in self._letters() if each not in target]:
            letter = min(reversed(summed), key=self._degree)
            if self._degree(letter) > 2:
                raise InputError(NO_MATRIX.format(f"three arrays meet at the index {letter}"))
            self._sum_over(letter)
            self._merge_parallel()
        return scaled_by(self.number, self.over, tuple(self.scalars), self._remaining(target))

    def _letters(self) -> list[str]:
        ends = [letter for left, right, _ in self.matrices for letter in (left, right)]
        return list(dict.fromkeys([*ends, *self.vectors]))

    def _degree(self, letter: str) -> int:
        return sum(letter in (left, right) for left, right, _ in self.matrices)

    def _merge_parallel(self) -> None:
        merged: dict[frozenset[str], tuple[str, str, Node]] = {}
        for left, right, node in self.matrices:
            known = merged.get(frozenset((left, right)))
            if known is None:
                merged[frozenset((left, right))] = (left, right, node)
            else:
                other = node if known[0] == left else transposed(node)
                merged[frozenset((left, right))] = (*known[:2], hadamard(known[2], other))
        self.matrices = list(merged.values())

    def _vector(self, letter: str) -> Node | None:
        found = self.vectors.get(letter)
        return hadamard(*found) if found else None

    def _sum_over(self, letter: str) -> None:
        meeting = [each for each in self.matrices if letter in each[:2]]
        self.matrices = [each for each in self.matrices if each not in meeting]
        vector = self._vector(letter)
        ones = Ones(self.axes[letter], None)
        match meeting:
            case []:
                first, second = _halves(hadamard(*self.vectors.pop(letter)), ones)
                self.scalars.append(matmul(transposed(first), second))
            case [only]:
                self.vectors.pop(letter, None)
                other = only[0] if only[1] == letter else only[1]
                self.vectors.setdefault(other, []).append(matmul(_towards(only, letter), vector or ones))
            case [first, second]:
                self.vectors.pop(letter, None)
                ends = [left if right == letter else right for left, right, _ in (first, second)]
                middle = () if vector is None else (diagonal(vector),)
                product = matmul(_towards(first, letter), *middle, transposed(_towards(second, letter)))
                self.matrices.append((ends[0], ends[1], product))

    def _remaining(self, target: tuple[str, ...]) -> Node:
        match target:
            case ():
                return Constant(None, None, Fraction(1))
            case (row,):
                return self._vector_product(row)
            case (row, column):
                return self._matrix_between(row, column)
        raise InputError(NO_MATRIX.format("it has three indices itself"))

    def _vector_product(self, row: str) -> Node:
        found = self.vectors.get(row, [])
        slopes = [each for each in found if self.diagonals and is_slope_leaf(each)]
        others = [each for each in found if each not in slopes]
        if slopes and others:
            return matmul(*(diagonal(each) for each in slopes), hadamard(*others))
        return hadamard(*found) if found else Ones(self.axes[row], None)

    def _matrix_between(self, row: str, column: str) -> Node:
        left, right = self._vector(row), self._vector(column)
        between = [node if start == row else transposed(node) for start, _, node in self.matrices]
        if not between:
            first = left or Ones(self.axes[row], None)
            second = right or Ones(self.axes[column], None)
            return matmul(first, transposed(second))
        (only,) = between
        if isinstance(only, Identity) and (left or right):
            return diagonal(hadamard(*(each for each in (left, right) if each)))
        factors = [*([diagonal(left)] if left else []), only, *([diagonal(right)] if right else [])]
        return matmul(*factors)


def is_of_weights(array: Array) -> bool:
    """Whether an array has an entry for each weight of a layer: weights, derivatives by them, states of them."""
    whose = array.wrt if array.wrt is not None else array
    return whose.role is Role.WEIGHT and array.axes == whose.axes


def is_slope_leaf(node: Node) -> bool:
    """Whether the node is an array of local slopes ∂out/∂net."""
    from symbackprop.forms.delta import is_slope

    bare = transposed(node) if not isinstance(node, Leaf) else node
    return isinstance(bare, Leaf) and is_slope(bare.array)


def _halves(vector: Node, ones: Node) -> tuple[Node, Node]:
    """Two vectors whose inner product is the sum of a vector's entries: of u ⊙ v those two, else ones and itself."""
    match vector:
        case Scaled(_, _, number, over, scalars, Hadamard(_, _, (first, second))):
            return scaled_by(number, over, scalars, first), second
        case Hadamard(_, _, (first, second)):
            return first, second
    return ones, vector


def _towards(matrix: tuple[str, str, Node], letter: str) -> Node:
    """The matrix with ``letter`` as its columns."""
    _, right, node = matrix
    return node if right == letter else transposed(node)


def _identified(term: Term, target: tuple[str, ...]) -> dict[str, str]:
    """Letters that a Kronecker makes the same: a summed one becomes the other."""
    same: dict[str, str] = {}
    for factor in term.factors:
        match factor:
            case Kronecker(left, str() as right) if right not in target:
                same[right] = same.get(left, left)
            case Kronecker(left, str() as right) if left not in target:
                same[left] = same.get(right, right)
    return same
