"""The scalar equations of a derivation's derivatives as sums of products of links. Knows no layer: it reads the System.

In each product the factor that is itself a derivative of the same thing is the upstream one; what remains is the local
link to it. Whatever the sign that a notation gives δ, products here are those of the true derivative.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import Expression, Reference, as_expression, product_of, sum_of
from symbackprop.quantities import Array, Axis, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts, gathered, scalar
from symbackprop.terms import Term, axes_of, multiplied, unrolled


@dataclass(frozen=True, slots=True)
class Instance:
    """One product of an equation at one entry.

    A number, divided by the sizes of ``over``, times quantities in order.
    """

    number: Fraction
    over: tuple[Axis, ...]
    quantities: tuple[Quantity, ...]

    def expression(self) -> Expression:
        """The product as an expression; 1 where nothing is left."""
        return multiplied(self.number, self.quantities, self.over)


@dataclass(frozen=True, slots=True)
class Link:
    """A factor of the chain rule: a derivative, as a quantity with its name and value, and what it is equal to.

    ``expression`` is over the System's quantities: the right side of the link's own equation.
    """

    quantity: Quantity
    expression: Expression


@dataclass(frozen=True, slots=True)
class LinkProduct:
    """One product of a derivative's equation: the upstream derivative, and the local link to it.

    ``upstream`` is None where the product begins at what is differentiated; ``link`` is None where the upstream
    derivative stands alone (one use of a tied parameter).
    """

    upstream: Quantity | None
    link: Link | None


Root = tuple[Array, int | None]  # what is differentiated: an array, and its unit


def root_of(derivation: Derivation, array: Array) -> Root:
    """What an array of derivatives differentiates."""
    if array.role is Role.DELTA:
        return derivation.loss if array.phase is Phase.NOW else replace(derivation.loss, phase=array.phase), None
    if array.role is Role.DERIVATIVE and array.of is not None:
        return array.of, array.of_unit
    raise InputError(f"{array.role.value} is not a derivative: only derivatives have chain, delta and path forms")


def is_derivative_of(root: Root, array: Array, derivation: Derivation) -> bool:
    """Whether the array holds derivatives of ``root`` (and not local slopes of a map)."""
    if array.role is Role.DELTA:
        return root == (derivation.loss, None)
    return array.role is Role.DERIVATIVE and (array.of, array.of_unit) == root and not array.label


def sum_of_names(products: Sequence[Sequence[Link]]) -> Expression:
    """The sum of products of links, each by its name."""
    return sum_of([product_of([Reference(link.quantity) for link in links]) for links in products])


def wrt_quantity(quantity: Quantity) -> Quantity:
    """The quantity that a derivative is by."""
    array = quantity.array
    if array.role is Role.DELTA:
        return Quantity(replace(array, role=Role.NET), quantity.indices)
    assert array.wrt is not None
    here = quantity.indices
    return Quantity(array.wrt, here[len(here) - len(array.wrt.axes) :])


def true_derivative(derivation: Derivation, quantity: Quantity) -> Quantity:
    """The derivative that a delta stands for, sign included; any other quantity as it is."""
    if quantity.array.role is not Role.DELTA:
        return quantity
    root = root_of(derivation, quantity.array)
    net = replace(quantity.array, role=Role.NET)
    return Quantity(derivation.derivative(*root, net), quantity.indices)


def unfused(derivation: Derivation, array: Array) -> Equation | None:
    """The equation that defines an array, before any rewrite."""
    equation = derivation.definition(array)
    for rewrite in derivation.rewrites:
        if equation == rewrite.after:
            return rewrite.before
    return equation


def link_products(derivation: Derivation, quantity: Quantity) -> list[LinkProduct]:
    """The products whose sum a derivative is, each as upstream derivative and local link, in the System's order."""
    array, indices = quantity
    root = root_of(derivation, array)
    equation = unfused(derivation, array)
    sign = derivation.conventions.delta_sign if array.role is Role.DELTA else 1
    match equation:
        case SumOfProducts(target, terms):
            if is_local(derivation, root, equation):
                return [LinkProduct(None, Link(quantity, scalar(equation, indices)))]
            found = [each for term in terms for each in instances(term, target, indices)]
            products = [_split(derivation, root, quantity, each, sign, alone=len(found) == 1) for each in found]
            return _through(derivation, products)
        case Map():
            return [_of_map(derivation, root, quantity, equation, sign)]
        case Reindex():
            (source,) = gathered(equation, indices)
            return link_products(derivation, source)
        case Scatter(target, _, _, extra):
            further = [each for term in extra for each in instances(term, target, indices)]
            return [
                *(LinkProduct(use, None) for use in gathered(equation, indices)),
                *(_split(derivation, root, quantity, each, sign, alone=False) for each in further),
            ]
    raise InputError("a given quantity is not a derivative and has no chain")


def is_local(derivation: Derivation, root: Root, equation: SumOfProducts) -> bool:
    """Whether an equation states a link by itself, with nothing upstream: a map's Jacobian."""
    return (
        root[0].role is Role.OUT
        and root[1] is None
        and not any(is_derivative_of(root, each, derivation) for each in equation.reads)
    )


def _of_map(derivation: Derivation, root: Root, quantity: Quantity, equation: Map, sign: int) -> LinkProduct:
    """A slope that stands for a derivative; the upstream derivative, if there is one, is in its scale."""
    places = dict(zip(equation.target.indices, quantity.indices, strict=True))
    for factor in equation.scale.factors:
        if isinstance(factor, Cell) and is_derivative_of(root, factor.array, derivation):
            rest = tuple(each for each in equation.scale.factors if each != factor)
            local = replace(equation, scale=replace(equation.scale, factors=rest))
            upstream = Quantity(factor.array, tuple(places[each] for each in factor.indices))
            of, wrt = wrt_quantity(upstream), wrt_quantity(quantity)
            return LinkProduct(upstream, Link(local_derivative(derivation, of, wrt), scalar(local, quantity.indices)))
    expression = product_of([as_expression(sign), scalar(equation, quantity.indices)])
    return LinkProduct(None, Link(true_derivative(derivation, quantity), expression))


def _through(derivation: Derivation, products: list[LinkProduct]) -> list[LinkProduct]:
    """The products, but those of the upstream derivative where that is the same quantity under another name."""
    match products:
        case [LinkProduct(upstream, None)] if upstream is not None:
            return link_products(derivation, upstream)
    return products


def is_one_product(derivation: Derivation, quantity: Quantity) -> bool:
    """Whether the array's own law is one product for each entry: no sum over units, paths or uses."""
    equation = unfused(derivation, quantity.array)
    if isinstance(equation, Map):
        root = root_of(derivation, quantity.array)
        return any(is_derivative_of(root, each.array, derivation) for each in equation.scale.cells)
    if not isinstance(equation, SumOfProducts):
        return isinstance(equation, Reindex)
    if not equation.terms:
        return False
    return len(equation.terms) == 1 and not _sums_units(equation)


def _sums_units(equation: SumOfProducts) -> bool:
    (term,) = equation.terms
    axes = axes_of(term.cells)
    return any(axes[each].kind != "observation" for each in term.summed(equation.target))


def instances(term: Term, target: Cell, indices: tuple[int, ...]) -> Iterator[Instance]:
    """The products that a term stands for at one entry of the target, one for each value of its summed letters."""
    for quantities in unrolled(term, target).quantities(indices):
        yield Instance(term.number, term.over, quantities)


def _split(
    derivation: Derivation, root: Root, quantity: Quantity, instance: Instance, sign: int, *, alone: bool
) -> LinkProduct:
    upstream = next((each for each in instance.quantities if is_derivative_of(root, each.array, derivation)), None)
    if upstream is None:
        return LinkProduct(
            None, _first_link(derivation, quantity, replace(instance, number=instance.number * sign), alone=alone)
        )
    number = instance.number * sign
    if upstream.array.role is Role.DELTA:
        number *= derivation.conventions.delta_sign
    rest = list(instance.quantities)
    rest.remove(upstream)
    local = Instance(number, instance.over, tuple(rest))
    # One quantity under two names (δ and ∂E/∂net, a parameter and its one use): no link lies between.
    same = wrt_quantity(upstream) == wrt_quantity(quantity) and not rest
    link = None if same and number == 1 else _local_link(derivation, upstream, quantity, local)
    return LinkProduct(upstream, link)


def _first_link(derivation: Derivation, quantity: Quantity, instance: Instance, *, alone: bool) -> Link:
    """A product that begins at what is differentiated, by its name."""
    match instance:
        case Instance(number, over, (only,)) if number == 1 and not over and only.array.role is Role.DERIVATIVE:
            return Link(only, scalar_of(derivation, only))
    penalty = derivation.now.penalty
    if alone or penalty is None:
        return Link(true_derivative(derivation, quantity), instance.expression())
    wrt = wrt_quantity(quantity)
    direct = derivation.derivative(penalty, None, wrt.array)
    if wrt.array in derivation.ties.reindexed:
        direct = replace(direct, phase=Phase.USE)
    if len(quantity.indices) > len(wrt.indices):
        return Link(Quantity(derivation.share(direct), quantity.indices), instance.expression())
    return Link(Quantity(direct, wrt.indices), instance.expression())


def _local_link(derivation: Derivation, upstream: Quantity, quantity: Quantity, local: Instance) -> Link:
    of, wrt = wrt_quantity(upstream), wrt_quantity(quantity)
    expression = local.expression()
    match local:
        case Instance(number, over, (only,)) if number == 1 and not over and _is_slope(only, of):
            return Link(only, scalar_of(derivation, only))
    return Link(local_derivative(derivation, of, wrt), expression)


def _is_slope(quantity: Quantity, of: Quantity) -> bool:
    return quantity.array.role is Role.DERIVATIVE and quantity.array.of == of.array


def local_derivative(derivation: Derivation, of: Quantity, wrt: Quantity) -> Quantity:
    """The derivative of one quantity by another that it is defined from."""
    unit = of.indices[-1] if any(axis.kind != "observation" for axis in of.array.axes) else None
    array = derivation.derivative(of.array, unit, wrt.array)
    if wrt.array in derivation.ties.reindexed and derivation.definition(replace(array, phase=Phase.USE)) is not None:
        array = replace(array, phase=Phase.USE)
    if of.array.has_observations and not wrt.array.has_observations and of.array.axes[0].size != 1:
        return Quantity(derivation.share(array), (of.indices[0], *wrt.indices))
    return Quantity(array, wrt.indices)


def scalar_of(derivation: Derivation, quantity: Quantity) -> Expression:
    """The right side of a quantity's own equation, shown or asked for; a given quantity is itself."""
    equation = derivation.definition(quantity.array)
    return Reference(quantity) if equation is None else scalar(equation, quantity.indices)
