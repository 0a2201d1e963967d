"""One derivative in a chosen form, as lines: chain, delta, closed, paths, matrix. Derives nothing itself."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Equality, Item, Line, Matrices, Paragraph
from symbackprop.documents.laws import Lines, has_law, vanishes, without_zeros
from symbackprop.errors import InputError, TooLarge
from symbackprop.expressions import Expression, Reference, product_of, size, substituted
from symbackprop.forms.adjoints import Link, true_derivative
from symbackprop.ordering import in_order, operands
from symbackprop.quantities import Array, Quantity, Role, every_index

if TYPE_CHECKING:
    from symbackprop.forms.chain import Links

MOST_OPERATIONS = 1_500  # nodes of a closed form in a document
MOST_PATHS = 60
FEW = 4  # terms of a sum of names
MOST_ENTRIES = 60  # of a whole array
WAY_OUT = "use the delta or chain form"


def derivative_items(derivation: Derivation, quantity: Quantity, form: str | None) -> list[Item]:
    """What is shown of one derivative: in one form, or without a form the chain, its links, and the delta form.

    Of a quantity that is no derivative, its own equation.
    """
    lines = Lines(derivation)
    if not is_derivative(quantity.array):
        if form not in (None, "closed"):
            raise InputError(f"only derivatives have a {form} form; {derivation.notation.plain(quantity)} is none")
        return [_closed(lines, quantity) if form == "closed" else lines.entry(quantity)]
    match form:
        case "chain":
            return _chain(lines, quantity)
        case "delta":
            return _delta(lines, quantity)
        case "closed":
            return [_closed(lines, quantity)]
        case "paths":
            return [_paths(lines, quantity)]
        case "matrix":
            return [matrix_item(derivation, quantity.array)]
    chain, delta = _chain(lines, quantity), [] if derivation.network.program else _delta(lines, quantity)
    return chain if chain == delta else chain + delta


def array_items(derivation: Derivation, array: Array, form: str | None) -> list[Item]:
    """What is shown of a whole array: its law, and each of its entries where they are few."""
    if form == "matrix":
        return [matrix_item(derivation, array)]
    lines = Lines(derivation)
    equation = derivation.definition(array)
    items: list[Item] = []
    if equation is not None and has_law(equation) and array.axes:
        items.append(lines.law(array))
    sizes = [axis.size for axis in array.axes]
    count = 1
    for extent in sizes:
        count *= extent or MOST_ENTRIES + 1
    if count > MOST_ENTRIES:
        many = "as many as there are observations" if None in sizes else f"{count:,}"
        items.append(Paragraph((f"Its entries are {many}; ask for one of them to see it in full.",)))
        return items
    for indices in every_index(array):
        items += derivative_items(derivation, Quantity(array, indices), form)
    return items


def matrix_item(derivation: Derivation, array: Array) -> Matrices:
    """An array's equation in matrix form."""
    from symbackprop.forms.matrix import matrix_form

    form = matrix_form(derivation, array)
    return Matrices((Equality(form.target, form.expression),))


def is_derivative(array: Array) -> bool:
    """Whether the array has chain, delta and path forms: a derivative of something that is further on than a slope."""
    from symbackprop.forms.delta import is_slope

    return array.role is Role.DELTA or (array.role is Role.DERIVATIVE and not array.label and not is_slope(array))


def chain_side(lines: Lines, quantity: Quantity) -> Expression:
    """The chain of a derivative in the names of its links; of terms that are not shown no chain is made."""
    from symbackprop.forms.adjoints import link_products
    from symbackprop.forms.chain import links_of

    products = link_products(lines.derivation, quantity)

    def term(place: int) -> Expression:
        return product_of([Reference(link.quantity) for link in links_of(lines.derivation, products[place])])

    return lines.sum_of(len(products), term)


def chain_line(lines: Lines, quantity: Quantity) -> Line:
    """A derivative's chain and its numbers, a long sum by its first and last terms."""
    side = chain_side(lines, quantity)
    return Line(Reference(true_derivative(lines.derivation, quantity)), (side,), side, quantity)


def last_link(derivation: Derivation, quantity: Quantity) -> Link | None:
    """The last link of a derivative's first chain, where there is more than one link."""
    from symbackprop.forms.chain import chain

    products = chain(derivation, quantity).products
    return products[0][-1] if products and len(products[0]) > 1 else None


def sums(derivation: Derivation, quantity: Quantity) -> list[Expression]:
    """What a derivative is the sum of, in names, where its terms are few."""
    from symbackprop.forms.chain import expansions

    found = expansions(derivation, quantity)[:1]
    return [each.expression for each in found if 1 < len(each.products) <= FEW]


def _chain(lines: Lines, quantity: Quantity) -> list[Item]:
    """The chain, then each link's own equation, and of a link that is a sum what it is the sum of."""
    from symbackprop.forms.chain import chain

    whole = chain(lines.derivation, quantity)
    whole = replace(whole, products=leading(lines.derivation, whole.products))
    if whole.expression == Reference(whole.quantity):  # the first link of chains: it has no links itself
        return [Line(Reference(whole.quantity), (whole.written_out,), whole.written_out, whole.quantity)]
    items: list[Item] = [Line(Reference(whole.quantity), (whole.expression,))]
    shown = {whole.quantity}
    for products in whole.products:
        for link in products:
            if link.quantity in shown:
                continue
            shown.add(link.quantity)
            sums = [each.expression for each in whole.expansions(link) if len(each.products) > 1]
            sides = tuple(each for each in (*sums, link.expression) if each != Reference(link.quantity))
            if sides:
                items.append(Line(Reference(link.quantity), sides, link.expression, link.quantity))
    items.append(Line(Reference(whole.quantity), (whole.expression,), whole.expression, whole.quantity))
    return items if len(items) > 2 else items[-1:]


def leading(derivation: Derivation, products: tuple[Links, ...]) -> tuple[Links, ...]:
    """The products without those that are 0 since nothing leads there from what is differentiated."""
    kept = [links for links in products if not any(vanishes(derivation, link.quantity) for link in links)]
    return tuple(kept) or products


def _delta(lines: Lines, quantity: Quantity) -> list[Item]:
    """The delta form, with the deltas that it is made of from the output on."""
    from symbackprop.forms.delta import delta_form

    form = delta_form(lines.derivation, quantity)
    items: list[Item] = [
        Line(Reference(delta), (expression,), expression, delta)
        for delta, expression in sorted(form.definitions.items(), key=lambda item: -(item[0].array.layer or 0))
        if delta != quantity and not vanishes(lines.derivation, delta)
    ]
    own = without_zeros(lines.derivation, form.expression)
    items.append(Line(Reference(quantity), (own,), own, quantity))
    return items


def _closed(lines: Lines, quantity: Quantity) -> Line:
    """The closed form, in the author's order and with the functions by their names."""
    expression = closed_expression(lines.derivation, quantity)
    return Line(Reference(quantity), (expression,), None, quantity)


def _paths(lines: Lines, quantity: Quantity) -> Line:
    """The sum over all paths: of named links, and the same written out."""
    from symbackprop.forms.paths import path_sum

    found = path_sum(lines.derivation, quantity, limit=MOST_PATHS)
    return Line(Reference(quantity), (found.expression, found.written_out), found.written_out, quantity)


def closed_expression(derivation: Derivation, quantity: Quantity) -> Expression:
    """The quantity in inputs, targets, parameters and settings alone. Refused where it would be too long to be read."""
    from symbackprop.forms.adjoints import scalar_of
    from symbackprop.forms.closed import refuse_deeper
    from symbackprop.forms.delta import flattened

    known: dict[Quantity, Expression] = {}
    equations: dict[Quantity, Expression] = {}

    def needs(of: Quantity) -> list[Quantity]:
        if of not in equations:
            equations[of] = scalar_of(derivation, of)
        return [] if derivation.definition(of.array) is None else operands(equations[of])

    def written(of: Hashable) -> Expression:
        return known[of] if isinstance(of, Quantity) and of in known else Reference(of)

    for here in in_order(quantity, needs, known):
        found = known[here] = flattened(substituted(equations[here], written))
        refuse_deeper(found, "closed", WAY_OUT)
        if size(found) > MOST_OPERATIONS:
            raise TooLarge(
                f"the closed form of {derivation.notation.plain(quantity)} would have more than {MOST_OPERATIONS:,} "
                f"operations and names in a document: {WAY_OUT}, or take it from Python, as gradient(...).closed_form"
            )
    return known[quantity]
