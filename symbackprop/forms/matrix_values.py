"""The numbers of a matrix expression, by numpy. Never derives: a second way to the numbers that `evaluate` gives."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from symbackprop.arithmetic import Arithmetic
from symbackprop.forms.trees import (
    ONE,
    Added,
    Beside,
    Constant,
    Diagonal,
    Elementwise,
    Hadamard,
    Identity,
    Leaf,
    Listed,
    Mask,
    MatMul,
    Node,
    Ones,
    Scaled,
    Side,
    Stacked,
    Transposed,
    Unit,
    extent,
)
from symbackprop.values import Values

ZERO = Fraction(0)
Matrix = Any  # a 2-d numpy array of objects


def matrix_value(node: Node, values: Values) -> Matrix:
    """The matrix of a node at the values' numbers and in their arithmetic: rows by columns, 1 by 1 for a scalar."""
    arithmetic = values.numbers.arithmetic

    def of(each: Node) -> Matrix:
        return matrix_value(each, values)

    match node:
        case Leaf(rows, columns, array):
            entries = list(values.array(array))
            return _shaped(entries, columns, rows).T if node.is_turned else _shaped(entries, rows, columns)
        case Listed(rows, columns, _, entries):
            return _shaped([values.of(each) for each in entries], rows, columns)
        case Transposed(_, _, operand):
            return of(operand).T
        case MatMul(_, _, factors):
            return reduce(np.matmul, map(of, factors))
        case Hadamard(_, _, factors):
            return reduce(np.multiply, map(of, factors))
        case Diagonal(_, _, operand):
            return _diagonal(list(of(operand)[:, 0]), arithmetic.number(ZERO))
        case Scaled():
            scalars = (of(each) for each in node.scalars)
            return reduce(np.multiply, scalars, of(node.operand)) * arithmetic.number(_factor(node))
        case Added(rows, columns, terms):
            return reduce(np.add, map(of, terms), _filled(arithmetic.number(ZERO), rows, columns))
        case Elementwise(rows, columns, expression):
            return _entries(expression, rows, columns, of, arithmetic)
        case Beside(_, _, (left, right)):
            return np.hstack([of(left), of(right)])
        case Stacked(_, _, (top, bottom)):
            return np.vstack([of(top), of(bottom)])
    return _constant(node, arithmetic)


def _constant(node: Node, arithmetic: Arithmetic) -> Matrix:
    """The matrix of a node that holds no quantity."""
    zero, one = arithmetic.number(ZERO), arithmetic.number(ONE)
    match node:
        case Ones(rows, columns):
            return _filled(one, rows, columns)
        case Constant(_, _, value):
            return _filled(arithmetic.number(value), None, None)
        case Identity(rows):
            return _diagonal([one] * extent(rows), zero)
        case Unit(rows, columns, index):
            return _marked(_filled(zero, rows, columns), [(index, 0)], one)
        case Mask(rows, columns, places):
            return _marked(_filled(zero, rows, columns), [(*place, 0)[:2] for place in places], one)
    raise AssertionError(node)


def _factor(node: Scaled) -> Fraction:
    return node.number / math.prod(extent(axis) for axis in node.over)


def _marked(matrix: Matrix, places: Iterable[tuple[int, ...]], number: Any) -> Matrix:
    for place in places:
        matrix[place] = number
    return matrix


def _entries(expression: Any, rows: Side, columns: Side, of: Any, arithmetic: Arithmetic) -> Matrix:
    parts: dict[Node, Matrix] = {}

    def value_of(node: Node, row: int, column: int) -> Any:
        if node not in parts:
            parts[node] = of(node)
        matrix = parts[node]
        return matrix[row if matrix.shape[0] > 1 else 0, column if matrix.shape[1] > 1 else 0]

    found = _filled(None, rows, columns)
    for row in range(found.shape[0]):
        for column in range(found.shape[1]):
            found[row, column] = arithmetic.evaluate(
                expression,
                lambda node, row=row, column=column: value_of(node, row, column),  # type: ignore[misc]
            )
    return found


def _shaped(entries: list[Any], rows: Side, columns: Side) -> Matrix:
    found = np.empty(len(entries), dtype=object)
    found[:] = entries
    return found.reshape(extent(rows), extent(columns))


def _filled(value: Any, rows: Side, columns: Side) -> Matrix:
    return np.full((extent(rows), extent(columns)), value, dtype=object)


def _diagonal(entries: list[Any], zero: Any) -> Matrix:
    found = np.full((len(entries), len(entries)), zero, dtype=object)
    for place, entry in enumerate(entries):
        found[place, place] = entry
    return found
