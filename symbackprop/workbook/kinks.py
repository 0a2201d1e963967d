"""Kinks in cells: which of them rounding leaves open, and the side that a spreadsheet took. States no slope.

A cell decides a kink by the numbers that the spreadsheet computes: above, below, or at the kink, where the slope is
``at_kink``; with ``at_kink = "error"`` it is #N/A there, as is all that needs it. The reference decides by the exact
value where arithmetic is rational. The two can differ only where rounding leaves the side open: 0.1*3 - 0.3 is 0, but
5.6e-17 in floats, and some spreadsheets take so small a difference for 0. There, either side is right, and everything
behind it has to follow from the side that was taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from symbackprop.errors import KinkError
from symbackprop.expressions import BySign, Expression, leaves
from symbackprop.quantities import Quantity, every_index
from symbackprop.system import Map, scalar
from symbackprop.values import Values
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.engines import Cells

SAME = 4e-15  # numbers that differ by less, relatively, are equal to LibreOffice and Excel
ROUNDINGS = 16.0  # how many bounds on its arguments' errors a decider may be off by in another engine
RELATIVE = 1e-12
MOST_OPEN = 6  # kinks in one cell's formula


def as_sided(book: Book, values: Values, found: Cells) -> Values:
    """The numbers with each kink on the side that an engine's cells are on, where rounding leaves the side open."""
    cells = {
        content.of: found.get((sheet, row, column))
        for sheet, row, column, content in book.cells()
        if isinstance(content, Formula) and content.of is not None and not content.where and sheet not in book.passes
    }
    taken: dict[Quantity, float] = {}
    for equation in values.derivation.system.equations:
        if not isinstance(equation, Map) or not any(True for _ in _kinks(equation.computed_law())):
            continue
        array = equation.target.array
        sided = {}
        for indices in every_index(array):
            quantity = Quantity(array, indices)
            number = _sided(values, scalar(equation, indices, computed=True), cells.get(quantity))
            if number is not None:
                sided[quantity] = number
        if sided:
            taken |= sided
            values = values.with_taken(taken)  # what follows, a second pass included, goes on from there
    return values


def is_near_a_kink(values: Values, distance: float) -> bool:
    """Whether something computed, not a number that was given, decides a kink from less than this distance."""
    for equation in values.derivation.system.equations:
        if not isinstance(equation, Map) or not any(True for _ in _kinks(equation.computed_law())):
            continue
        for indices in every_index(equation.target.array):
            for kink in _kinks(scalar(equation, indices, computed=True)):
                if _is_computed(values, kink.decider) and abs(_number(values, kink.decider)) < distance:
                    return True
    return False


def _is_computed(values: Values, decider: Expression) -> bool:
    definition = values.derivation.definition
    return any(isinstance(each, Quantity) and definition(each.array) is not None for each in leaves(decider))


def _number(values: Values, expression: Expression) -> float:
    return float(values.numbers.arithmetic.evaluate(expression, values.of))


def _sided(values: Values, body: Expression, here: object) -> float | None:
    """What a cell comes to on the side of its open kinks that the engine's number is on; None if none is open."""
    opened = [kink for kink in dict.fromkeys(_kinks(body)) if _is_open(values, kink.decider)]
    if not 1 <= len(opened) <= MOST_OPEN or isinstance(here, bool) or not isinstance(here, int | float):
        return None
    for sides in product((1, 2, 3), repeat=len(opened)):
        chosen = {kink: kink.children[side] for kink, side in zip(opened, sides, strict=True)}
        try:
            number = _number(values, _replaced(body, chosen))
        except KinkError:
            continue
        if abs(number - here) <= RELATIVE * abs(number):
            return number
    return None


def _kinks(expression: Expression) -> Iterator[BySign]:
    if isinstance(expression, BySign) and expression.kink:
        yield expression
    for child in expression.children:
        yield from _kinks(child)


def _is_open(values: Values, decider: Expression) -> bool:
    quantities = [each for each in leaves(decider) if isinstance(each, Quantity)]
    bounds = [values.bound(each) for each in quantities if values.derivation.definition(each.array) is not None]
    size = max((abs(values.of(each)) for each in quantities), default=0.0)
    return abs(_number(values, decider)) <= ROUNDINGS * sum(bounds) + SAME * size


def _replaced(expression: Expression, chosen: Mapping[BySign, Expression]) -> Expression:
    if isinstance(expression, BySign) and expression in chosen:
        return _replaced(chosen[expression], chosen)
    if not expression.children:
        return expression
    return expression.rebuilt(tuple(_replaced(child, chosen) for child in expression.children))
