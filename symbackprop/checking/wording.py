"""An equation of a derivation, right or with a mistake made in it, as a line of text. Never computes."""

from __future__ import annotations

from collections.abc import Hashable

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, Sum
from symbackprop.notation.lettering import plain
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import PLAIN
from symbackprop.quantities import Array, Axis, Cell, Quantity
from symbackprop.system import Equation, Map, SumOfProducts
from symbackprop.terms import Indicator, Kronecker


def equation_text(derivation: Derivation, equation: Equation | None) -> str:
    """The equation's law in the derivation's notation; empty where it has none in letters."""
    if not isinstance(equation, SumOfProducts | Map):
        return ""
    law = PLAIN.text(equation.law(), lambda leaf: _label(derivation, leaf))
    return f"{cell_text(derivation, equation.target)} = {law}"


def cell_text(derivation: Derivation, cell: Cell) -> str:
    """A cell's name; one that only a mistake knows is named by the array that it was made from, and what it is."""
    if cell.array.label and cell.array.role.value in ("w", "t", "x", "out"):
        from dataclasses import replace

        own = replace(cell.array, label="")
        return f"{plain(derivation.notation.cell_name(Cell(own, cell.indices)))} [{cell.array.label}]"
    return plain(derivation.notation.cell_name(cell))


def expression_text(derivation: Derivation, expression: Expression) -> str:
    """A formula over quantities, in brackets where it is a sum."""
    text = PLAIN.text(expression, lambda leaf: _label(derivation, leaf))
    return f"({text})" if isinstance(expression, Sum) else text


def array_text(derivation: Derivation, array: Array) -> str:
    """An array's name."""
    return plain(derivation.notation.array_name(array))


def _label(derivation: Derivation, leaf: Hashable) -> Label:
    match leaf:
        case Quantity():
            return Label(plain(derivation.notation.name(leaf)))
        case Cell():
            return Label(cell_text(derivation, leaf))
        case Kronecker(left, right):
            return Label(f"[{left}={right}]")
        case Indicator(indices):
            return Label(f"[{','.join(indices)} counts]")
        case Axis():
            return Label("n")
    raise AssertionError(leaf)
