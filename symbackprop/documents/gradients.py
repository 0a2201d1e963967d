"""A gradient's equation with the sides that the settings ask for, and its factors. Writes no formula text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from symbackprop.derivation import Derivation
from symbackprop.documents.content import Brace, Item, Line, Operator
from symbackprop.documents.context import Context
from symbackprop.documents.derivatives import leading
from symbackprop.documents.laws import without_zeros
from symbackprop.expressions import Expression, Reference, leaves, product_of, sum_of
from symbackprop.forms.adjoints import Link, scalar_of, sum_of_names, wrt_quantity
from symbackprop.forms.delta import delta_form, inlined, is_slope
from symbackprop.quantities import Quantity, Role
from symbackprop.system import scalar

if TYPE_CHECKING:
    from symbackprop.forms.paths import PathSum

MOST_PATHS = 12  # of a sum over paths that is one side of an equation


def gradient_line(context: Context, quantity: Quantity) -> Line:
    """``∂E/∂w = side = ... = numbers = result``; a side that would be too long is left out."""
    from symbackprop.forms.chain import chain

    sides = {name: _SIDES[name](context, quantity) for name in context.settings.gradient}
    kept = {name: context.lines.shortened(each) for name, each in sides.items() if each is not None}
    if not kept:
        return context.lines.entry(quantity)
    last = list(kept)[-1]
    numbers = kept[last]
    if last == "operators":
        numbers = _written(context, quantity) or numbers
    elif last == "chain" and context.settings.factors == "braces":
        numbers = chain(context.derivation, quantity).expression
    return Line(Reference(quantity), tuple(kept.values()), numbers, quantity)


def delta_line(context: Context, quantity: Quantity) -> Line:
    """A delta's own equation, and the same in the deltas of the layer behind it; numbers are put into the last side.

    Printed numbers are carried on by the delta's own equation, which is the last side then.
    """
    line = context.lines.entry(quantity)
    written = delta_form(context.derivation, quantity).expression
    if context.settings.carry_printed:
        return Line(line.left, (written, *line.sides), line.numbers, line.result)
    return Line(line.left, (*line.sides, written), written, line.result)


def new_deltas(context: Context, line: Line, stated: set[Quantity]) -> list[Item]:
    """The equations of the deltas in a line that were not stated before."""
    found = dict.fromkeys(each for side in line.sides for each in leaves(side) if isinstance(each, Quantity))
    new = [each for each in found if each.array.role is Role.DELTA and each not in stated]
    stated.update(new)
    return [delta_line(context, each) for each in new]


def _chain(context: Context, quantity: Quantity) -> Expression:
    """The chain by its links' names; with braces, what they are equal to above their names."""
    from symbackprop.forms.chain import chain

    whole = chain(context.derivation, quantity)
    if context.settings.factors != "braces":
        return whole.expression
    products = whole.products
    return sum_of([product_of([_braced(context, link) for link in links]) for links in products])


def _braced(context: Context, link: Link) -> Expression:
    written = without_zeros(context.derivation, inlined(context.derivation, link.expression, {}))
    return Reference(link.quantity) if written == Reference(link.quantity) else Reference(Brace(written, link.quantity))


def paths_of(context: Context, quantity: Quantity) -> PathSum | None:
    """All paths of a derivative, where there are some and they are few."""
    from symbackprop.forms.paths import path_count, path_sum

    return (
        path_sum(context.derivation, quantity) if 0 < path_count(context.derivation, quantity) <= MOST_PATHS else None
    )


def _paths(context: Context, quantity: Quantity) -> Expression | None:
    found = paths_of(context, quantity)
    return None if found is None else found.expression


def _written(context: Context, quantity: Quantity) -> Expression | None:
    found = paths_of(context, quantity)
    return None if found is None else found.written_out


def _operators(context: Context, quantity: Quantity) -> Expression | None:
    """Each link as the operation that it stands for, ∂/∂net [the activation's formula]: of an array's first entry."""
    from symbackprop.forms.tails import written_by_definition

    found = paths_of(context, quantity)
    if found is None or any(quantity.indices):
        return None
    products = []
    for path in found.paths:
        factors: list[Expression] = []
        for link in path:
            of = differentiated(context.derivation, link)
            if of is None:
                return None
            by = wrt_quantity(link.quantity)
            factors.append(Reference(Operator(written_by_definition(of), by)))
        products.append(product_of(factors))
    return sum_of(products)


def differentiated(derivation: Derivation, link: Link) -> Expression | None:
    """The equation of what a link differentiates; of the loss, its part by the output. None where there is none."""
    array, indices = link.quantity
    of = array.of
    if of is None or array.label:
        return None
    if of == derivation.loss and array.wrt is not None and derivation.now.part is not None:
        unit = indices[len(indices) - len(array.wrt.axes) :]
        if len(unit) != len(derivation.now.part.axes):
            return None
        return scalar_of(derivation, Quantity(derivation.now.part, unit))
    if is_slope(array) and len(indices) == len(of.axes):
        return scalar_of(derivation, Quantity(of, indices))
    if array.of_unit is None or len(of.axes) != 2:
        return None
    wrt = wrt_quantity(link.quantity)
    shared = len(indices) > len(wrt.indices)
    observation = indices[0] if shared or wrt.array.has_observations else 0
    equation = derivation.definition(of)
    return None if equation is None else scalar(equation, (observation, array.of_unit))


def _delta(context: Context, quantity: Quantity) -> Expression:
    return context.lines.own(quantity)


_SIDES: Mapping[str, Callable[[Context, Quantity], Expression | None]] = {
    "chain": _chain,
    "paths": _paths,
    "operators": _operators,
    "written": _written,
    "delta": _delta,
}


def parts_of_loss(context: Context, quantity: Quantity) -> list[Item]:
    """A derivative by a hidden unit's output as the sum over the parts of the loss by output, each worked out."""
    from symbackprop.forms.chain import chain, expansions

    found = [each for each in expansions(context.derivation, quantity) if each.over.startswith("parts")]
    items: list[Item] = []
    for expansion in found:
        for (part,) in expansion.products:
            items.append(_part(context, part, chain(context.derivation, part.quantity).products))
        names = expansion.expression
        items.append(Line(Reference(quantity), (names,), names, quantity))
    return items


def _part(context: Context, part: Link, products: tuple[tuple[Link, ...], ...]) -> Line:
    """A part's derivative: by its links, the last one written out."""
    kept = leading(context.derivation, products)
    names = sum_of_names(kept)
    written = [[*(Reference(link.quantity) for link in links[:-1]), links[-1].expression] for links in kept]
    numbers = sum_of([product_of(list(factors)) for factors in written])
    return Line(Reference(part.quantity), (names, numbers), numbers, part.quantity)


def factor_lines(context: Context, quantity: Quantity, stated: set[Quantity]) -> list[Item]:
    """A line for each factor of a gradient's chain that was not stated before."""
    from symbackprop.forms.chain import chain

    items: list[Item] = []
    for links in chain(context.derivation, quantity).products:
        for link in links:
            if link.quantity not in stated:
                stated.add(link.quantity)
                items += _factor(context, link)
    return items


def _factor(context: Context, link: Link) -> list[Item]:
    from symbackprop.forms.chain import chain

    quantity, expression = link.quantity, without_zeros(context.derivation, link.expression)
    wrt = quantity.array.wrt
    if quantity.array.of == context.derivation.loss and wrt is not None and wrt.role is Role.OUT:
        parts = parts_of_loss(context, quantity) if context.settings.contributions else []
        if parts:
            return parts
        whole = chain(context.derivation, quantity)
        if whole.expression != Reference(quantity) and any(len(links) > 1 for links in whole.products):
            return [Line(Reference(quantity), (whole.expression,), whole.expression, quantity)]
    if expression == Reference(quantity):
        return []
    return [Line(Reference(quantity), (expression,), expression, quantity)]
