"""The four kinds of array statements, and the program that they make. Knows no language and no layer.

`Elementwise` lines stand over one space of indices, `Total` is a sum of products, `Largest` the maximum along an index,
`Gathered` takes entries of other arrays and adds them up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symbackprop.compiled.forms import Line
from symbackprop.compiled.tasks import Task
from symbackprop.derivation import Derivation
from symbackprop.expressions import Along, Expression, Reference, leaves
from symbackprop.quantities import Array, Axis, Cell
from symbackprop.terms import Kronecker, axes_of, cells_in

Letters = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Lines over the same index letters; a target is a cell with just these letters, or a `Temporary`."""

    letters: Letters
    axes: tuple[Axis, ...]
    lines: tuple[Line, ...]

    @property
    def targets(self) -> tuple[Array, ...]:
        return tuple(target.array for target, _ in self.lines if isinstance(target, Cell))


@dataclass(frozen=True, slots=True)
class ProductSum:
    """``number / n^means · Σ`` over the ``summed`` letters of the factors' product; n is the number of observations."""

    number: Fraction
    means: int
    factors: tuple[Expression, ...]
    summed: tuple[tuple[str, Axis], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The target is the sum of the products."""

    target: Cell
    products: tuple[ProductSum, ...]


@dataclass(frozen=True, slots=True)
class Largest:
    """The target is the maximum of the cell along an index letter."""

    target: Cell
    index: str
    of: Cell


@dataclass(frozen=True, slots=True)
class Gathered:
    """Each entry of the target is the sum of the entries that ``table`` lists for it: (source number, place)."""

    target: Cell
    sources: tuple[Array, ...]
    table: tuple[tuple[tuple[int, tuple[int, ...]], ...], ...]


Statement = Elementwise | Total | Largest | Gathered


@dataclass(frozen=True)
class Program:
    """What a compiled function takes, computes and gives back.

    ``parameters`` are given arrays by the task's keys (``W1``, ``b1``, or a program's own names), ``results`` what is
    found besides the loss. ``tables`` are constant arrays. ``undefined`` are reasons why a slope may not exist.
    """

    derivation: Derivation
    inputs: tuple[Array, ...]
    targets: Array | None
    task: Task
    loss: Array
    statements: tuple[Statement, ...]
    observations: int = 1  # that the description has; 1 where their number is a symbol
    tables: Mapping[Array, tuple[int, ...]] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()  # the names of those that are called
    bounded: bool = False  # no exponential has a positive argument
    undefined: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, Array]:
        return self.task.parameters

    @property
    def results(self) -> Mapping[str, Array]:
        return self.task.results

    @property
    def named_inputs(self) -> bool:
        """Whether inputs come by name, a number for each observation: those of ``[[equations]]``."""
        return self.targets is None

    @property
    def operations(self) -> int:
        """About how many operations one observation takes."""
        return sum(_cost(statement) for statement in self.statements)


def count_of(axes: Iterable[Axis]) -> int:
    """How many entries there are, observations aside."""
    count = 1
    for axis in axes:
        count *= 1 if axis.kind == "observation" else (axis.size or 1)
    return count


def places_of(array: Array) -> list[tuple[int, ...]]:
    """The indices of every entry in row-major order, observations aside."""
    places: list[tuple[int, ...]] = [()]
    for axis in array.axes:
        if axis.kind != "observation":
            places = [(*place, index) for place in places for index in range(axis.size or 0)]
    return places


def axes_in(laws: Iterable[Expression]) -> dict[str, Axis]:
    """The axis of every letter of the cells in the laws."""
    return axes_of([cell for law in laws for cell in cells_in(law)])


def letters_in(expression: Expression) -> Letters:
    """The letters of an expression's leaves, in order of appearance; those that `Along` binds left out."""
    found: dict[str, None] = {}
    _collect_letters(expression, found, frozenset())
    return tuple(found)


def _collect_letters(expression: Expression, found: dict[str, None], bound: frozenset[str]) -> None:
    if isinstance(expression, Reference):
        found.update((letter, None) for letter in leaf_letters(expression.of) if letter not in bound)
    if isinstance(expression, Along):
        bound |= {expression.index}
    for child in expression.children:
        _collect_letters(child, found, bound)


def leaf_letters(leaf: Hashable) -> Letters:
    """The letters of a leaf: a cell's or a Kronecker's."""
    match leaf:
        case Cell(_, indices):
            return indices
        case Kronecker(left, right):
            return (left, right) if isinstance(right, str) else (left,)
    return ()


def _cost(statement: Statement) -> int:
    match statement:
        case Elementwise(_, axes, lines):
            return count_of(axes) * len(lines)
        case Total(target, products):
            return sum(count_of(target.array.axes) * count_of(axis for _, axis in each.summed) for each in products)
        case Largest(_, _, of):
            return count_of(of.array.axes)
        case Gathered(_, _, table):
            return sum(len(each) for each in table)
    raise AssertionError(statement)


OBSERVATIONS = Axis("observation", None)


def laws(statement: Statement) -> Iterator[Expression]:
    """The formulas that a statement computes."""
    match statement:
        case Elementwise(_, _, lines):
            yield from (law for _, law in lines)
        case Total(_, products):
            yield from (factor for each in products for factor in each.factors)


def counts_observations(statements: Iterable[Statement]) -> bool:
    """Whether the number of observations stands in a law, or below one."""
    means = any(each.means for statement in statements if isinstance(statement, Total) for each in statement.products)
    return means or any(leaf == OBSERVATIONS for each in statements for law in laws(each) for leaf in leaves(law))


def reads(statement: Statement) -> Iterator[Cell]:
    """The cells that a statement reads; a gathering's sources without letters."""
    match statement:
        case Largest(_, _, of):
            yield of
        case Gathered(_, sources, _):
            yield from (Cell(array) for array in sources)
        case _:
            for law in laws(statement):
                yield from cells_in(law)


def targets(statement: Statement) -> tuple[Array, ...]:
    """The arrays that a statement defines."""
    return statement.targets if isinstance(statement, Elementwise) else (statement.target.array,)
