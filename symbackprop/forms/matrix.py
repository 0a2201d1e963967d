"""The matrix form: an array's equation as a small matrix expression, with a statement of where the observations run.

For one observation there are vectors, columns or rows as the notation says; for several, each is a row or a column.
Recognised from the equation itself (`contracting`): there is no template per layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import (
    Along,
    Expression,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Reference,
    Sum,
    constant,
    leaves,
)
from symbackprop.forms.contracting import NO_MATRIX, Graph, is_of_weights
from symbackprop.forms.delta import is_delta, is_slope, refuse_program
from symbackprop.forms.trees import (
    Beside,
    Constant,
    Elementwise,
    Leaf,
    Node,
    Ones,
    Stacked,
    added,
    diagonal,
    hadamard,
    matmul,
    scaled_by,
    spread,
    transposed,
    zero,
)
from symbackprop.quantities import Array, Axis, Cell, Role
from symbackprop.system import Map, SumOfProducts
from symbackprop.terms import Term, axes_of, axis_of, cells_in

ONE_OBSERVATION = "one observation: vectors are {}"
MANY_OBSERVATIONS = "each {} of a matrix over observations is one observation"


@dataclass(frozen=True)
class MatrixForm:
    """``target = expression`` as matrices; ``observations`` says which axis the observations are."""

    array: Array
    target: Node
    expression: Node
    observations: str
    derivation: Derivation = field(repr=False, compare=False)

    def __str__(self) -> str:
        from symbackprop.printing.matrix import PlainMatrices

        return PlainMatrices(self.derivation.notation).equation(self)


def matrix_form(derivation: Derivation, array: Array, *, written_out: bool = True, slopes: bool = True) -> MatrixForm:
    """The matrix form of an array's equation.

    ``written_out``: a delta is shown in the deltas of the layer behind it and slopes in outputs; else by the System's
    own equation, ∂E/∂out ⊙ ∂out/∂net. Without ``slopes``, slopes alone keep their names. Where the notation has biases
    as a column of the weights, so has the matrix form. Raises InputError for what has no matrix form: programs, tied
    parameters, arrays of three indices.
    """
    refuse_program(derivation, "matrix")
    maker = _Maker(derivation, written_out, slopes)
    maker.refuse(array)
    return MatrixForm(array, *maker.equation(array), maker.statement(), derivation)


@dataclass(frozen=True)
class _BiasNode:
    """What the column of biases is multiplied by, and whether it is the first or the last column."""

    value: Fraction
    first: bool


@dataclass
class _Maker:
    derivation: Derivation
    written_out: bool
    slopes: bool

    @property
    def rows(self) -> bool:
        return self.derivation.conventions.vectors == "rows"

    @property
    def turned(self) -> bool:
        return self.derivation.conventions.matrix_order == "from_to"

    @property
    def observations_are_columns(self) -> bool:
        return self.derivation.conventions.observations == "columns"

    def statement(self) -> str:
        """How many observations stand in the matrices, and which way."""
        if self.derivation.observations.size != 1:
            return MANY_OBSERVATIONS.format("column" if self.observations_are_columns else "row")
        return ONE_OBSERVATION.format("rows" if self.rows else "columns")

    def refuse(self, array: Array) -> None:
        """Refuses what has no equation in index letters."""
        equation = self.derivation.definition(array)
        if not isinstance(equation, SumOfProducts | Map):
            what = "it is given" if equation is None else "its entries are picked one by one (tied parameters)"
            raise InputError(NO_MATRIX.format(what))

    def equation(self, array: Array) -> tuple[Node, Node]:
        """The two sides."""
        column = self._bias_column(array)
        if column is not None:
            return column
        equation = self.derivation.definition(array)
        assert isinstance(equation, SumOfProducts | Map)
        leaf = self._leaf(equation.target)
        tree = spread(self.tree(equation, {}), leaf)
        if self._has_diagonal(array):
            return diagonal(leaf), diagonal(tree)
        if self._is_turned(equation.target):
            return transposed(leaf), transposed(tree)
        return leaf, tree

    def _is_turned(self, target: Cell) -> bool:
        """Whether the author writes the array the other way round."""
        match shown(target):
            case (_,):
                return self.rows
            case ("n", _):
                return self.observations_are_columns
        return self.turned and is_of_weights(target.array)

    def _has_diagonal(self, array: Array) -> bool:
        """Whether a layer's slopes are the diagonal of a matrix with a name of its own."""
        one = self.derivation.observations.size == 1
        return is_slope(array) and len(array.axes) == 2 and self.derivation.conventions.diagonal and one

    def _leaf(self, cell: Cell) -> Node:
        axes = {letter: axis for letter, axis in axis_of(cell).items() if letter in shown(cell)}
        return self._graph(axes, {}).leaf(cell, shown(cell))

    def _graph(self, axes: Mapping[str, Axis], nodes: Mapping[Cell, Node]) -> Graph:
        diagonals = self.derivation.conventions.diagonal
        return Graph(axes, nodes, self.rows, self.turned, self.observations_are_columns, diagonals)

    def tree(self, equation: SumOfProducts | Map, replaced: dict[Cell, Node]) -> Node:
        """An equation's right side, vectors as columns."""
        letters = shown(equation.target)
        if isinstance(equation, Map):
            body = self.elementwise(equation.body, letters, axis_of(equation.target))
            return hadamard(self._scale(equation.scale), body)
        if len(letters) > 2:
            raise InputError(NO_MATRIX.format("it has three indices"))
        whole = [each for term in equation.terms for each in self._without_jacobians(term)]
        terms = [self._term(each, equation.target, letters, replaced) for each in whole]
        axes = axis_of(equation.target)
        sides = [*(axes[each] for each in letters), None, None]
        return added(*terms) if terms else zero(sides[0], sides[1])

    def _scale(self, scale: Term) -> Node:
        scalars = tuple(Leaf(None, None, each.array) for each in scale.cells)
        return scaled_by(scale.number, scale.over, scalars, Constant(None, None, Fraction(1)))

    def _term(self, term: Term, target: Cell, letters: tuple[str, ...], replaced: dict[Cell, Node]) -> Node:
        axes = axis_of(target) | axes_of(term.cells)
        kept = {letter: axis for letter, axis in axes.items() if not _is_one_observation(axis)}
        nodes = dict(replaced)
        for each in term.factors:
            if isinstance(each, Cell) and each not in nodes and self._is_inlined(each.array, target.array):
                nodes[each] = self._inlined(each)
        graph = self._graph(kept, nodes)
        graph.put(term, letters)
        return graph.contracted(letters)

    def _without_jacobians(self, term: Term) -> list[Term]:
        """The term with a Jacobian over observations, which is no matrix, replaced by its own terms."""
        for place, factor in enumerate(term.factors):
            if not isinstance(factor, Cell) or len(shown(factor)) < 3:
                continue
            equation = self.derivation.definition(factor.array)
            if isinstance(equation, SumOfProducts):
                letters = dict(zip(equation.target.indices, factor.indices, strict=True))
                rest = replace(term, factors=term.factors[:place]), Term(factors=term.factors[place + 1 :])
                return [rest[0].times(each.relettered(letters)).times(rest[1]) for each in equation.terms]
        return [term]

    def _is_inlined(self, array: Array, target: Array) -> bool:
        """Whether a factor is written out.

        Of a delta, ∂E/∂out and the slope, unless that has a diagonal matrix's name.
        """
        if not self.written_out:
            return False
        if target.role is Role.LOSS and array.role is Role.PART:
            return self.derivation.conventions.loss_vector
        if not is_delta(target) or array.role is not Role.DERIVATIVE or is_delta(array):
            return False
        return not is_slope(array) or (self.slopes and not self._has_diagonal(array))

    def _inlined(self, cell: Cell) -> Node:
        equation = self.derivation.definition(cell.array)
        assert isinstance(equation, SumOfProducts | Map)
        return self.tree(equation, {})

    def elementwise(self, body: Expression, letters: tuple[str, ...], axes: dict[str, Axis]) -> Node:
        """A map's body, entry by entry."""

        def part(each: Expression) -> Node:
            return self.elementwise(each, letters, axes)

        match body:
            case Number(value):
                return Constant(None, None, value)
            case Reference(Cell() as cell):
                return (
                    self._term(Term(factors=(cell,)), _as_target(letters, axes), letters, {})
                    if shown(cell)
                    else Leaf(None, None, cell.array)
                )
            case Sum(operands):
                return added(*(part(each) for each in operands))
            case Negative(operand):
                return scaled_by(Fraction(-1), (), (), part(operand))
            case Product(operands):
                return hadamard(*(part(each) for each in operands))
            case Quotient(above, below) if constant(below):
                return scaled_by(1 / Fraction(constant(below) or 1), (), (), part(above))
            case Power(base, Number(exponent)) if exponent in (2, 3):
                return hadamard(*[part(base)] * int(exponent))
            case Power(base, exponent) if constant(exponent) is None:
                return self._formula(body.rebuilt((Reference(part(base)), Reference(part(exponent)))), letters, axes)
            case Along("sum", index, inner):
                return self._sum_along(index, inner, letters, axes)
            case Along():
                raise InputError(NO_MATRIX.format("it has a maximum along an index"))
        children = body.children
        parts = tuple(child if isinstance(child, Number) else Reference(part(child)) for child in children)
        return self._formula(body.rebuilt(parts) if children else body, letters, axes)

    def _formula(self, expression: Expression, letters: tuple[str, ...], axes: dict[str, Axis]) -> Node:
        nodes = [leaf for leaf in leaves(expression) if isinstance(leaf, Node)]
        if all(each.is_scalar for each in nodes):
            return Elementwise(None, None, expression)
        sides = [*(axes[each] for each in letters), None, None]
        return Elementwise(sides[0], sides[1], expression)

    def _sum_along(self, index: str, inner: Expression, letters: tuple[str, ...], axes: dict[str, Axis]) -> Node:
        """Σ along the last letter: times ones, and with several observations the same in every column."""
        cell = next(each for each in cells_in(inner) if index in each.indices)
        inside = (*letters[:-1], index)
        axis = axis_of(cell)[index]
        whole = self.elementwise(inner, inside, axes | {index: axis})
        if len(letters) == 1:
            return matmul(transposed(Ones(axis, None)), whole)
        return matmul(whole, Ones(axis, None), transposed(Ones(axes[letters[-1]], None)))

    def _bias_column(self, array: Array) -> tuple[Node, Node] | None:
        """The equation with the biases as a column of the weights, where the notation has them so."""
        layer = array.layer
        if self.derivation.conventions.bias_form != "column" or not layer or array.phase.value:
            return None
        weight, bias = self.derivation.arrays.weights[layer - 1], self.derivation.arrays.biases[layer - 1]
        if bias is None or not bias.axes or {weight, bias} & self.derivation.ties.reindexed.keys():
            return None
        written = self.derivation.network.layers[layer - 1]
        node = _BiasNode(written.bias_input.value, written.bias_form == "first")
        if array.role is Role.NET:
            return self._net_with_column(array, weight, bias, node)
        if array.wrt in (weight, bias) and array.of == self.derivation.loss:
            return self._gradient_with_column(weight, bias, node)
        return None

    def _net_with_column(self, array: Array, weight: Array, bias: Array, node: _BiasNode) -> tuple[Node, Node] | None:
        equation = self.derivation.definition(array)
        assert isinstance(equation, SumOfProducts)
        weighted = [each for each in equation.terms if any(cell.array == weight for cell in each.cells)]
        (term,) = weighted
        wide = next(each for each in term.cells if each.array == weight)
        before = next(each for each in term.cells if each.array != weight)
        column = Leaf(bias.axes[0], None, bias)
        replaced = {wide: _joined(self._leaf(wide), column, first=node.first), before: self._extended(before, node)}
        tree = self._term(term, equation.target, shown(equation.target), replaced)
        if self._is_turned(equation.target):
            return transposed(self._leaf(equation.target)), transposed(tree)
        return self._leaf(equation.target), tree

    def _gradient_with_column(self, weight: Array, bias: Array, node: _BiasNode) -> tuple[Node, Node] | None:
        by_weight, by_bias = (self.derivation.gradient_array(each) for each in (weight, bias))
        equation, other = self.derivation.definition(by_weight), self.derivation.definition(by_bias)
        if not (isinstance(equation, SumOfProducts) and isinstance(other, SumOfProducts)):
            return None
        if len(equation.terms) != 1 or len(other.terms) != 1:
            return None
        (term,) = equation.terms
        before = next(each for each in term.cells if not is_delta(each.array))
        replaced = {before: self._extended(before, node)}
        tree = self._term(term, equation.target, shown(equation.target), replaced)
        column = Leaf(by_bias.axes[0], None, by_bias)
        joined = _joined(self._leaf(equation.target), column, first=node.first)
        return (transposed(joined), transposed(tree)) if self.turned else (joined, tree)

    def _extended(self, cell: Cell, node: _BiasNode) -> Node:
        """A layer's outs with the 1 of the bias node: below the column, or as a column of ones."""
        leaf = self._leaf(cell)
        if len(shown(cell)) == 1:
            one = Constant(None, None, node.value)
            return Stacked(leaf.rows, None, (one, leaf) if node.first else (leaf, one))
        return _joined(leaf, scaled_by(node.value, (), (), Ones(leaf.rows, None)), first=node.first)


def shown(cell: Cell) -> tuple[str, ...]:
    """A cell's letters, that of a single observation left out."""
    return tuple(letter for letter, axis in axis_of(cell).items() if not _is_one_observation(axis))


def _is_one_observation(axis: Axis) -> bool:
    return axis.kind == "observation" and axis.size == 1


def _joined(left: Node, right: Node, *, first: bool) -> Node:
    return Beside(left.rows, left.columns, (right, left) if first else (left, right))


def _as_target(letters: tuple[str, ...], axes: dict[str, Axis]) -> Cell:
    return Cell(Array(Role.SETTING, tuple(axes[each] for each in letters)), letters)
