"""Sums of products that are products of matrices, as calls of ``add_product``: over units, and over observations.

Blocks hold observations innermost, so that the sum over units is weights times a block. The sum over observations takes
one of its factors with units innermost: the inputs stand so in memory, and another array is turned first. Finds nothing
in what is not two plain factors; then there is no call.
"""

from __future__ import annotations

from collections.abc import Container

from symbackprop.compiled.naming import Identifiers
from symbackprop.compiled.statements import ProductSum
from symbackprop.expressions import Expression, Reference
from symbackprop.quantities import Array, Cell

LEAST = 4  # terms of a sum, or entries of a row, from which a call is quicker than a loop


class ProductWriter:
    """Writes the calls. ``observed`` are the given arrays that have rows of observations."""

    def __init__(self, names: Identifiers, observed: Container[Array]) -> None:
        self.names, self.observed = names, observed

    def turned(self, array: Array) -> str:
        """The name of the array with units innermost."""
        return self.names.variant(array, "turned")

    def block(self, array: Array) -> str:
        """The name of the array with observations innermost."""
        return f"{self.names.array(array)}{'_block' if array in self.observed else ''}"

    def over_units(self, target: Cell, product: ProductSum, lanes: int) -> str:
        """``target[j][b] += sum_k weights[j][k] * block[k][b]`` as a call, or nothing."""
        cells = _plain(product)
        units = _units(target)
        if len(cells) != 2 or len(product.summed) != 1 or len(units) != 1:
            return ""
        ((summed, axis),) = product.summed
        weights, block = cells if not _in_block(cells[0], self.observed) else cells[::-1]
        if _in_block(weights, self.observed) or not _in_block(block, self.observed):
            return ""
        inner, rows = axis.size or 0, _size(target, units[0])
        if _units(block) != (summed,) or set(weights.indices) != {units[0], summed} or len(weights.indices) != 2:
            return ""
        if inner < LEAST:
            return ""
        down, along = (inner, 1) if weights.indices == (units[0], summed) else (1, rows)
        return (
            f"add_product({rows}, {inner}, {lanes}, {self.names.array(weights.array)}, {down}, {along}, "
            f"{self.block(block.array)}, {lanes}, {self.names.array(target.array)}, {lanes});"
        )

    def over_observations(self, target: Cell, product: ProductSum, lanes: int) -> list[str]:
        """``target[j][k] += sum_b block[j][b] * other[k][b]`` as calls, or nothing."""
        pair = self.pair(target, product)
        if pair is None:
            return []
        left, right = pair
        rows, columns = (_size(target, letter) for letter in target.indices)
        if right.array in self.observed:
            lines, other = [], f"{self.names.array(right.array)} + start * {columns}"
        else:
            other = self.turned(right.array)
            lines = [f"turn({columns}, {lanes}, {self.block(right.array)}, {lanes}, {other}, {columns});"]
        return [
            *lines,
            f"add_product({rows}, (int)m, {columns}, {self.block(left.array)}, {lanes}, 1, {other}, {columns}, "
            f"{self.names.array(target.array)}, {columns});",
        ]

    def pair(self, target: Cell, product: ProductSum) -> tuple[Cell, Cell] | None:
        """The factor that gives the target's rows and the one that gives its columns, if a call is worth it."""
        cells = _plain(product)
        if len(cells) != 2 or product.summed or len(target.indices) != 2:
            return None
        if not all(_in_block(cell, self.observed) for cell in cells):
            return None
        letters = [_units(cell) for cell in cells]
        for left, right in ((0, 1), (1, 0)):
            if (letters[left], letters[right]) == ((target.indices[0],), (target.indices[1],)):
                return (cells[left], cells[right]) if _size(target, target.indices[1]) >= LEAST else None
        return None


def _plain(product: ProductSum) -> list[Cell]:
    """The factors, if they are cells and nothing stands before the sum."""
    if product.number != 1 or product.means:
        return []
    cells = [_cell(each) for each in product.factors]
    return [each for each in cells if each is not None] if all(cells) else []


def _cell(factor: Expression) -> Cell | None:
    return factor.of if isinstance(factor, Reference) and isinstance(factor.of, Cell) else None


def _in_block(cell: Cell, observed: Container[Array]) -> bool:
    return cell.array.has_observations or cell.array in observed


def _units(cell: Cell) -> tuple[str, ...]:
    """The cell's letters, that of observations left out."""
    pairs = zip(cell.indices, cell.array.axes, strict=True)
    return tuple(letter for letter, axis in pairs if axis.kind != "observation")


def _size(cell: Cell, letter: str) -> int:
    return cell.array.axes[cell.indices.index(letter)].size or 0
