"""The path form: a derivative as the sum over all paths from the loss, each a product of local links. Counted first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.expressions import Expression, product_of, sum_of
from symbackprop.forms.adjoints import Link, LinkProduct, link_products, sum_of_names
from symbackprop.forms.delta import flattened, inlined
from symbackprop.forms.spoken import equation_text
from symbackprop.ordering import in_order
from symbackprop.quantities import Quantity

if TYPE_CHECKING:
    from symbackprop.algebra import Expr, Symbols

PATHS_LIMIT = 2_000

Path = tuple[Link, ...]


@dataclass(frozen=True)
class PathSum:
    """A derivative as the sum of its paths; each path's links stand from the loss inward."""

    quantity: Quantity
    paths: tuple[Path, ...]
    derivation: Derivation = field(repr=False, compare=False)

    @property
    def expression(self) -> Expression:
        """The sum of products of the links' names."""
        return sum_of_names(self.paths)

    @property
    def written_out(self) -> Expression:
        """The sum of products of the links' own equations: outs, nets, weights, inputs and targets."""
        known: dict[Quantity, Expression] = {}
        products = [product_of([link.expression for link in path]) for path in self.paths]
        return sum_of([flattened(inlined(self.derivation, each, known)) for each in products])

    def __str__(self) -> str:
        return equation_text(self.derivation, self.quantity, self.expression, self.written_out)

    def sympy(self, symbols: Symbols | None = None) -> Expr:
        """The written-out sum as a canonical SymPy expression."""
        from symbackprop.algebra import Symbols, to_sympy

        return to_sympy(self.written_out, symbols or Symbols(self.derivation.notation))


def path_count(derivation: Derivation, quantity: Quantity) -> int:
    """How many paths there are, counted without listing them."""
    return _counted(_Upstream(derivation), quantity)


def path_sum(derivation: Derivation, quantity: Quantity, *, limit: int = PATHS_LIMIT) -> PathSum:
    """All paths of a derivative. Raises TooLarge if there are more than ``limit``."""
    from symbackprop.forms.closed import refuse_above

    upstream = _Upstream(derivation)
    count = _counted(upstream, quantity)
    refuse_above(limit, count, "paths", "paths", "use the delta or chain form, or raise the limit")
    return PathSum(quantity, tuple(_paths(upstream, quantity)), derivation)


@dataclass
class _Upstream:
    derivation: Derivation
    products: dict[Quantity, list[LinkProduct]] = field(default_factory=dict)
    counts: dict[Quantity, int] = field(default_factory=dict)
    paths: dict[Quantity, list[Path]] = field(default_factory=dict)

    def of(self, quantity: Quantity) -> list[LinkProduct]:
        if quantity not in self.products:
            self.products[quantity] = link_products(self.derivation, quantity)
        return self.products[quantity]

    def ordered(self, quantity: Quantity) -> list[Quantity]:
        """The quantity and all upstream of it, each behind what it comes from."""
        done: dict[Quantity, None] = {}
        for each in in_order(quantity, self._needs, done):
            done[each] = None
        return list(done)

    def _needs(self, quantity: Quantity) -> list[Quantity]:
        return [each.upstream for each in self.of(quantity) if each.upstream is not None]


def _counted(upstream: _Upstream, quantity: Quantity) -> int:
    for here in upstream.ordered(quantity):
        products = upstream.of(here)
        upstream.counts[here] = sum(1 if each.upstream is None else upstream.counts[each.upstream] for each in products)
    return upstream.counts[quantity]


def _paths(upstream: _Upstream, quantity: Quantity) -> list[Path]:
    for here in upstream.ordered(quantity):
        found: list[Path] = []
        for each in upstream.of(here):
            before = [()] if each.upstream is None else upstream.paths[each.upstream]
            own = () if each.link is None else (each.link,)
            found += [(*path, *own) for path in before]
        upstream.paths[here] = found
    return upstream.paths[quantity]
