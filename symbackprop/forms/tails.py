"""A derivative as a sum over paths that stop where deltas stand, written in several ways. The material of the steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from symbackprop.calculus import differentiated
from symbackprop.derivation import Derivation
from symbackprop.expressions import (
    ONE,
    Call,
    Expression,
    Product,
    Quotient,
    Reference,
    as_expression,
    product_of,
    substituted,
    sum_of,
)
from symbackprop.forms.adjoints import Link, LinkProduct, link_products, scalar_of
from symbackprop.forms.delta import flattened, inlined, is_delta, is_slope
from symbackprop.instances import instantiated
from symbackprop.ordering import in_order
from symbackprop.quantities import Array, Quantity, Role
from symbackprop.system import Map

Written = Callable[[Link], Expression]


@dataclass
class Tails:
    """The paths of a derivative from the loss, or from the deltas of one layer, inward."""

    derivation: Derivation
    known: dict[Quantity, list[LinkProduct]] = field(default_factory=dict)

    def products(self, quantity: Quantity) -> list[LinkProduct]:
        """A derivative's products, looked up once."""
        if quantity not in self.known:
            self.known[quantity] = link_products(self.derivation, quantity)
        return self.known[quantity]

    def sum(self, quantity: Quantity, written: Written, stops: Sequence[Array] = ()) -> Expression:
        """The sum over paths; one that passes deltas of the arrays ``stops`` begins with the last of them."""
        return flattened(sum_of([product_of(factors) for factors in self._paths(quantity, written, stops)]))

    def _paths(self, quantity: Quantity, written: Written, stops: Sequence[Array]) -> list[list[Expression]]:
        known: dict[Quantity, list[list[Expression]]] = {}

        def upstream(of: Quantity) -> list[Quantity]:
            found = [each.upstream for each in self.products(of) if each.upstream is not None]
            return [each for each in found if each.array not in stops]

        def before(product: LinkProduct) -> list[list[Expression]]:
            if product.upstream is None:
                return [[]]
            return [self._delta(product.upstream)] if product.upstream.array in stops else known[product.upstream]

        for here in in_order(quantity, upstream, known):
            known[here] = [
                [*path, *([] if each.link is None else [written(each.link)])]
                for each in self.products(here)
                for path in before(each)
            ]
        return known[quantity]

    def _delta(self, quantity: Quantity) -> list[Expression]:
        """A delta in place of ∂E/∂net, with the notation's sign."""
        sign = self.derivation.conventions.delta_sign if quantity.array.role is Role.DELTA else 1
        return [*([as_expression(sign)] if sign != 1 else []), Reference(quantity)]

    def stops(self, quantity: Quantity) -> list[Array]:
        """The arrays of deltas that lie between the loss and a derivative, from the loss inward, itself left out."""
        waiting = [quantity]
        seen = {quantity}
        while waiting:
            for each in self.products(waiting.pop(0)):
                if each.upstream is not None and each.upstream not in seen:
                    seen.add(each.upstream)
                    waiting.append(each.upstream)
        found = {each.array for each in seen - {quantity} if is_delta(each.array)}
        return sorted(found, key=lambda array: -(array.layer or 0))

    def named(self, link: Link) -> Expression:
        """A link by its name where it is a slope or begins a path, else what it is equal to."""
        return Reference(link.quantity) if self._is_formula(link) else link.expression

    def _is_formula(self, link: Link) -> bool:
        return isinstance(self.derivation.definition(link.quantity.array), Map) or is_slope(link.quantity.array)

    def printed(self, link: Link) -> Expression:
        """A link as the System states it: slopes in terms of outputs."""
        return inlined(self.derivation, link.expression, {})

    def raw(self, link: Link) -> Expression:
        """A link as differentiation gives it: slopes in terms of nets."""
        found = raw_slope_formula(self.derivation, link.quantity)
        return self.printed(link) if found is None else found


def raw_slope_formula(derivation: Derivation, quantity: Quantity) -> Expression | None:
    """A slope ∂out/∂net as the derivative of the activation's definition, in order; None of any other quantity.

    Where the chain rule in order says it less plainly than the stated slope (tanh, kinks), the stated one with the
    activation's value in place of out.
    """
    from symbackprop.forms.closed import has_kink
    from symbackprop.identities import slope_of

    array = quantity.array
    if not is_slope(array) or array.of is None or array.wrt is None:
        return None
    origin = derivation.definition(array.of)
    if not isinstance(origin, Map):
        return None
    of, wrt = slope_ends(quantity)
    value = written_by_definition(instantiated(origin.body, origin.target, of.indices))
    raw = _one_fraction(flattened(differentiated(value, wrt, origin.at_kink)))
    if (has_kink(raw) or has_kink(value)) or not slope_of(value, wrt, raw, by_sympy=False):
        stated = scalar_of(derivation, quantity)
        return flattened(substituted(stated, lambda leaf: _value_at(derivation, leaf, of.array)))
    return raw


def _one_fraction(expression: Expression) -> Expression:
    """A product that begins with 1 over something, as the fraction that it is."""
    match expression:
        case Product((Quotient(above, below), *rest)) if above == ONE:
            return Quotient(product_of(rest), below)
    return expression


def slope_ends(quantity: Quantity) -> tuple[Quantity, Quantity]:
    """The out and the net of a slope's entry: of a Jacobian's, the last index is that of the net."""
    array, indices = quantity
    assert array.of is not None
    assert array.wrt is not None
    of = Quantity(array.of, indices[: len(array.of.axes)])
    if len(indices) == len(array.of.axes):
        return of, Quantity(array.wrt, indices)
    return of, Quantity(array.wrt, (*indices[: len(array.of.axes) - 1], indices[-1]))


def _value_at(derivation: Derivation, leaf: object, of: Array) -> Expression:
    assert isinstance(leaf, Quantity)
    return written_by_definition(scalar_of(derivation, leaf)) if leaf.array == of else Reference(leaf)


def written_by_definition(expression: Expression) -> Expression:
    """The expression with functions that have a definition written out by it."""
    match expression:
        case Call(function, arguments) if function.definition is not None:
            return written_by_definition(function.definition(*arguments))
    children = expression.children
    return expression.rebuilt(tuple(written_by_definition(each) for each in children)) if children else expression
