"""The delta form.

A derivative in the deltas of its layer, slopes written in terms of outputs. Never writes out a delta.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import (
    Expression,
    Negative,
    Product,
    Quotient,
    Reference,
    Sum,
    product_of,
    substituted,
    sum_of,
)
from symbackprop.forms.adjoints import scalar_of
from symbackprop.ordering import in_order, operands
from symbackprop.quantities import Array, Quantity, Role

if TYPE_CHECKING:
    from symbackprop.algebra import Expr, Symbols


@dataclass(frozen=True)
class DeltaForm:
    """A derivative as δ·a: over deltas, outputs, parameters, inputs and targets, in the author's order.

    ``definitions`` are the delta forms of the deltas in it, theirs included, from this quantity towards the loss.
    """

    quantity: Quantity
    expression: Expression
    derivation: Derivation = field(repr=False, compare=False)

    @cached_property
    def definitions(self) -> Mapping[Quantity, Expression]:
        """Each delta that the form needs, with its own delta form."""
        found: dict[Quantity, Expression] = {}
        waiting = deltas_in(self.expression)
        while waiting:
            delta = waiting.pop(0)
            if delta not in found:
                found[delta] = inlined(self.derivation, scalar_of(self.derivation, delta), {})
                waiting += deltas_in(found[delta])
        return found

    def sympy(self, symbols: Symbols | None = None) -> Expr:
        """The form as a canonical SymPy expression, deltas and outputs being symbols."""
        from symbackprop.algebra import Symbols, to_sympy

        return to_sympy(self.expression, symbols or Symbols(self.derivation.notation))


def delta_form(derivation: Derivation, quantity: Quantity) -> DeltaForm:
    """The delta form of a derivative; of a delta itself, what it is equal to. A program has none."""
    refuse_program(derivation, "delta")
    return DeltaForm(quantity, inlined(derivation, scalar_of(derivation, quantity), {}), derivation)


def refuse_program(derivation: Derivation, form: str) -> None:
    """A program's refusal of a form that needs layers."""
    if derivation.network.program:
        raise InputError(
            f"the {form} form needs layers, and a program of equations has none: use the chain, closed or paths form"
        )


def is_delta(array: Array) -> bool:
    """Whether the array is a delta, or the derivative of something but the loss by a net, which plays its part."""
    if array.role is Role.DELTA:
        return True
    return (
        array.role is Role.DERIVATIVE
        and array.wrt is not None
        and array.wrt.role is Role.NET
        and not is_slope(array)
        and array.of is not None
        and array.of.role is not Role.LOSS
    )


def is_slope(array: Array) -> bool:
    """Whether the array holds the local slopes of a layer: ∂out/∂net."""
    of, wrt = array.of, array.wrt
    return (
        of is not None and wrt is not None and of.role is Role.OUT and of.layer == wrt.layer and array.of_unit is None
    )


def is_inlined(array: Array) -> bool:
    """Whether the delta form writes the array out: every derivative that is not a delta."""
    return array.role is Role.DERIVATIVE and not is_delta(array)


def deltas_in(expression: Expression) -> list[Quantity]:
    """The deltas among an expression's leaves, each once, in order."""
    return [each for each in operands(expression) if is_delta(each.array)]


def inlined(derivation: Derivation, expression: Expression, known: dict[Quantity, Expression]) -> Expression:
    """The expression with every derivative that is not a delta written out; ``known`` keeps those that are."""

    equations: dict[Quantity, Expression] = {}

    def needs(of: Quantity) -> list[Quantity]:
        if of not in equations:
            equations[of] = scalar_of(derivation, of)
        return [each for each in operands(equations[of]) if is_inlined(each.array)]

    def written(of: Hashable) -> Expression:
        return known[of] if isinstance(of, Quantity) and of in known else Reference(of)

    for leaf in operands(expression):
        if is_inlined(leaf.array):
            for each in in_order(leaf, needs, known):
                known[each] = flattened(substituted(equations[each], written))
    return flattened(substituted(expression, written))


def flattened(expression: Expression) -> Expression:
    """The expression with products in products and sums in sums made one, as they come from writing factors out.

    Numbers are gathered in front of their product; the order of everything else stays.
    """
    children = tuple(flattened(child) for child in expression.children)
    match expression:
        case Product():
            return product_of([_sign_outside(each) for each in children])
        case Negative():
            (child,) = children
            return child.operand if isinstance(child, Negative) else product_of([Negative(child)])
        case Sum():
            terms = [term for each in children for term in (each.operands if isinstance(each, Sum) else (each,))]
            return sum_of(terms)
        case Quotient():
            above, below = children
            if isinstance(above, Negative):
                return Negative(Quotient(above.operand, below))
            return Quotient(above, below)
    return expression.rebuilt(children) if children else expression


def _sign_outside(factor: Expression) -> Expression:
    """A sum of negative terms as minus the sum, for the sign to be gathered in front of the product."""
    if isinstance(factor, Sum) and all(isinstance(each, Negative) for each in factor.operands):
        return Negative(Sum(tuple(each.operand for each in factor.operands if isinstance(each, Negative))))
    return factor
