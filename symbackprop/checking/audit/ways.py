"""The ways that a number may have been worked out: its own equation, and others that people write. Never computes."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.checking.audit.document import Document
from symbackprop.checking.scalars import evaluated
from symbackprop.errors import SymbackpropError
from symbackprop.expressions import Expression, Negative, Product, Reference, sum_of
from symbackprop.notation.neutral import neutral
from symbackprop.ordering import operands
from symbackprop.quantities import Phase, Quantity, Role
from symbackprop.system import Equation, scalar

SAME = 1e-9  # relative: how near a way comes to the right number, which tells that it is one


def ways(document: Document, expression: Expression, quantity: Quantity | None) -> Iterator[Expression]:
    """The ways to work out an expression, or the quantity that it is."""
    if quantity is None:
        yield expression
        return
    equation = document.derivation.definition(quantity.array)
    if equation is None:
        return
    own = scalar(equation, quantity.indices)
    yield own if document.said(quantity) else _unfolded(document, own)
    right = float(document.known.of(quantity))
    for way in _others(document, quantity, equation):
        if abs(float(evaluated(way, document.known.of)) - right) <= SAME * abs(right):
            yield way


def _unfolded(document: Document, expression: Expression) -> Expression:
    """What another name of a quantity stands for: dE/dnet for delta, a bias's gradient for its delta."""
    match expression:
        case Reference(Quantity() as quantity):
            equation = document.derivation.definition(quantity.array)
            return expression if equation is None else _unfolded(document, scalar(equation, quantity.indices))
        case Negative(operand):
            return Negative(_unfolded(document, operand))
    return expression


def _others(document: Document, quantity: Quantity, equation: Equation) -> Iterator[Expression]:
    array, names = quantity.array, document.names
    if array.role is Role.NET:
        bias = [leaf for leaf in operands(scalar(equation, quantity.indices)) if leaf.array.role is Role.BIAS]
        weighted = Quantity(document.derivation.weighted_sum(array), quantity.indices)
        yield sum_of([Reference(weighted), *(Reference(each) for each in bias)])
    for name in _sums_of_parts(document, quantity):
        parts = [names.resolve(each) for each in name]
        yield sum_of([Reference(each) for each in parts if isinstance(each, Quantity)])
    yield from _chains(document, quantity)


def _sums_of_parts(document: Document, quantity: Quantity) -> Iterator[list[str]]:
    """The loss, and its derivatives by hidden quantities, as sums over the outputs' parts."""
    array, network = quantity.array, document.derivation.network
    if network.program or network.observations != 1 or network.penalty is not None:
        return
    outputs = range(network.outputs_count)
    name = neutral(quantity)
    if array.role is Role.LOSS:
        yield [f"{'after:' if array.phase is Phase.AFTER else ''}loss[{output}]" for output in outputs]
    if (
        array.role is Role.DERIVATIVE
        and array.of == document.derivation.loss
        and (array.layer or 0) < len(network.layers)
    ):
        yield [f"dE[{output}]{name.removeprefix('dE')}" for output in outputs]


def _chains(document: Document, quantity: Quantity) -> Iterator[Expression]:
    """A gradient by a weight as a product of links that are printed one by one."""
    array, names = quantity.array, document.names
    if array.role is not Role.DERIVATIVE or array.of != document.derivation.loss or array.wrt is None:
        return
    if array.wrt.role is not Role.WEIGHT or document.derivation.network.observations != 1:
        return
    layer, (unit, before) = array.layer, quantity.indices
    try:
        links = [
            names.resolve(f"dE/dout[{layer}][{unit}]"),
            names.resolve(f"dout/dnet[{layer}][{unit}]"),
            names.resolve(f"dnet/dw[{layer}][{unit}][{before}]"),
        ]
    except SymbackpropError:
        return
    factors = [Reference(each) for each in links if isinstance(each, Quantity)]
    if len(factors) > 1:
        yield Product(tuple(factors))
