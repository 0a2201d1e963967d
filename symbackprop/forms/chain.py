"""The chain form.

A derivative as named links from the loss inward, summed over paths and uses. Never expands a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, product_of, sum_of
from symbackprop.forms.adjoints import (
    Link,
    LinkProduct,
    is_one_product,
    link_products,
    root_of,
    scalar_of,
    sum_of_names,
    true_derivative,
    wrt_quantity,
)
from symbackprop.forms.spoken import equation_text
from symbackprop.quantities import Quantity, Role

if TYPE_CHECKING:
    from symbackprop.algebra import Expr, Symbols

Links = tuple[Link, ...]


@dataclass(frozen=True)
class Expansion:
    """A way to write a derivative as a sum of products of links; ``over`` says in words what is summed over."""

    quantity: Quantity
    over: str
    products: tuple[Links, ...]

    @property
    def expression(self) -> Expression:
        """The sum of products of the links' names."""
        return sum_of_names(self.products)

    @property
    def written_out(self) -> Expression:
        """The same with each link's own equation in its place."""
        return sum_of([product_of([link.expression for link in links]) for links in self.products])


@dataclass(frozen=True)
class Chain(Expansion):
    """A derivative's chain: ∂E/∂out · ∂out/∂net · ∂net/∂w, from the loss inward.

    There is one product for each path that the derivative's own equation adds up: one, unless there are several
    observations, uses of a tied parameter, or a penalty. A first link that is itself a sum (∂E/∂out of a hidden unit)
    has its `expansions`.
    """

    derivation: Derivation = field(repr=False, compare=False)

    def expansions(self, link: Link) -> tuple[Expansion, ...]:
        """The ways to write a link as a sum: over the next layer's nets, and over the parts of the loss by output."""
        return expansions(self.derivation, link.quantity)

    def __str__(self) -> str:
        return equation_text(self.derivation, self.quantity, self.expression, self.written_out)

    def sympy(self, symbols: Symbols | None = None) -> Expr:
        """The chain as a canonical SymPy expression in the links' names."""
        from symbackprop.algebra import Symbols, to_sympy

        return to_sympy(self.expression, symbols or Symbols(self.derivation.notation))


def chain(derivation: Derivation, quantity: Quantity) -> Chain:
    """The chain of a derivative: of the loss, of one output's part of it, or of any net or out, by anything."""
    products = [links_of(derivation, each) for each in link_products(derivation, quantity)]
    over = _over(derivation, quantity, products)
    return Chain(true_derivative(derivation, quantity), over, tuple(products), derivation)


def links_of(derivation: Derivation, product: LinkProduct) -> Links:
    """All links of one product of a derivative's equation, from the loss inward."""
    links = [] if product.upstream is None else _links_to(derivation, product.upstream)
    return (*links, *([product.link] if product.link else []))


def expansions(derivation: Derivation, quantity: Quantity) -> tuple[Expansion, ...]:
    """The ways to write a derivative as a sum over what lies between it and the loss; none where there is no sum."""
    if quantity.array.role not in (Role.DERIVATIVE, Role.DELTA):
        return ()
    named = true_derivative(derivation, quantity)
    found = []
    products = [
        tuple(link for link in (each.upstream and _itself(derivation, each.upstream), each.link) if link is not None)
        for each in link_products(derivation, quantity)
    ]
    if len(products) > 1 or any(len(links) > 1 for links in products):
        found.append(Expansion(named, _over(derivation, quantity, products), tuple(products)))
    parts = _by_parts(derivation, named)
    if parts:
        found.append(Expansion(named, "parts of the loss by output", parts))
    return tuple(found)


def _links_to(derivation: Derivation, upstream: Quantity) -> list[Link]:
    """The links from the loss to an upstream derivative, as far as each is one product; a sum stays one link."""
    found: list[Link] = []
    while is_one_product(derivation, upstream):
        products = link_products(derivation, upstream)
        if len(products) != 1:  # a use's gradient, a sum over observations, may be one product in its law only
            break
        (only,) = products
        if only.link is not None:
            found.append(only.link)
        if only.upstream is None:
            return found[::-1]
        upstream = only.upstream
    return [_itself(derivation, upstream), *found[::-1]]


def _itself(derivation: Derivation, quantity: Quantity) -> Link:
    """A derivative as a link: what it is equal to, never a delta's name alone."""
    named, own = true_derivative(derivation, quantity), scalar_of(derivation, quantity)
    sign = derivation.conventions.delta_sign if quantity.array.role is Role.DELTA else 1
    return Link(named, own if sign == 1 else -own)


def _by_parts(derivation: Derivation, named: Quantity) -> tuple[Links, ...]:
    """A derivative of the loss as the sum of those of its parts by output."""
    part = derivation.now.part
    root = root_of(derivation, named.array)
    wrt = wrt_quantity(named)
    inside = wrt.array.role in (Role.NET, Role.OUT, Role.INPUT)
    if part is None or root != (derivation.loss, None) or not inside or part.axes[-1].size in (1, None):
        return ()
    if wrt.array == derivation.now.outs[-1]:
        return ()
    units = range(part.axes[-1].size or 0)
    arrays = [derivation.derivative(part, unit, wrt.array) for unit in units]
    quantities = [Quantity(array, wrt.indices) for array in arrays]
    return tuple((Link(each, scalar_of(derivation, each)),) for each in quantities)


def _over(derivation: Derivation, quantity: Quantity, products: Sequence[Sequence[Link]]) -> str:
    """What a sum of several products is over, in words."""
    if len(products) < 2:
        return ""
    seen: dict[str, None] = {}
    for each in link_products(derivation, quantity):
        if each.upstream is None:
            seen["paths" if derivation.now.penalty is None else "the penalty"] = None
        elif each.link is None:
            seen["uses of the parameter"] = None
        else:
            above, below = wrt_quantity(each.upstream).array, wrt_quantity(quantity).array
            if above.has_observations and not quantity.array.has_observations and above.axes[0].size != 1:
                seen["observations"] = None
            if above.role is Role.NET and below.role is not Role.WEIGHT and len(above.axes) > 1:
                seen["units of the next layer"] = None
            elif above.role is Role.VARIABLE:
                seen["paths"] = None
    return " and ".join(seen) or "paths"
