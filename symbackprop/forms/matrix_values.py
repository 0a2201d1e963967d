"""The numbers of a matrix expression, by numpy. Never derives: a second way to the numbers that `evaluate` gives."""

from __future__ import annotations

from typing import Any

import numpy as np

from symbackprop.arithmetic import Arithmetic
from symbackprop.forms.trees import (
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

Matrix = Any  # a 2-d numpy array of objects


def matrix_value(node: Node, values: Values) -> Matrix:
    """The matrix of a node at the values' numbers and in their arithmetic: rows by columns, 1 by 1 for a scalar."""
    arithmetic = values.numbers.arithmetic

    def of(each: Node) -> Matrix:
        return matrix_value(each, values)

    def number(value: Any) -> Any:
        return arithmetic.number(value)

    match node:
        case Leaf(rows, columns, array):
            entries = list(values.array(array))
            return _shaped(entries, columns, rows).T if node.is_turned else _shaped(entries, rows, columns)
        case Listed(rows, columns, _, entries):
            return _shaped([values.of(each) for each in entries], rows, columns)
        case Ones(rows, columns):
            return _filled(number(1), rows, columns)
        case Constant(_, _, value):
            return _filled(number(value), None, None)
        case Unit(rows, _, index):
            found = _filled(number(0), rows, None)
            found[index, 0] = number(1)
            return found
        case Identity(rows):
            return _diagonal([number(1)] * extent(rows), number(0))
        case Mask(rows, columns, places):
            found = _filled(number(0), rows, columns)
            for place in places:
                found[(*place, 0)[:2]] = number(1)
            return found
        case Scaled(_, _, factor, over, scalars, operand):
            found = of(operand)
            for axis in over:
                factor /= extent(axis)
            for scalar in scalars:
                found = found * of(scalar)
            return found * number(factor)
        case Transposed(_, _, operand):
            return of(operand).T
        case MatMul(_, _, factors):
            found = of(factors[0])
            for each in factors[1:]:
                found = found @ of(each)
            return found
        case Hadamard(_, _, factors):
            found = of(factors[0])
            for each in factors[1:]:
                found = found * of(each)
            return found
        case Diagonal(_, _, operand):
            return _diagonal(list(of(operand)[:, 0]), number(0))
        case Added(rows, columns, terms):
            found = _filled(number(0), rows, columns)
            for each in terms:
                found = found + of(each)
            return found
        case Elementwise(rows, columns, expression):
            return _entries(expression, rows, columns, of, arithmetic)
        case Beside(_, _, (left, right)):
            return np.hstack([of(left), of(right)])
        case Stacked(_, _, (top, bottom)):
            return np.vstack([of(top), of(bottom)])
    raise AssertionError(node)


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
