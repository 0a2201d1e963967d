"""The sections on the backward pass, layer by layer from the output to the input. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from symbackprop.documents.content import Item, Line, Paragraph, Section
from symbackprop.documents.context import Context, first_of, sentence
from symbackprop.documents.derivatives import chain_line, chain_side, derivative_items, last_link, sums
from symbackprop.documents.gradients import delta_line, gradient_line, parts_of_loss
from symbackprop.documents.parameters import parameter_sections
from symbackprop.errors import TooLarge
from symbackprop.expressions import Expression, Reference, leaves
from symbackprop.forms.delta import is_slope
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, Reindex, Scatter, SumOfProducts
from symbackprop.terms import Kronecker

BACKWARD = frozenset({Role.DERIVATIVE, Role.DELTA})
MOST_EQUAL = 4  # links that are shown to be equal to the first


def backward_sections(context: Context) -> Iterable[Section]:
    """The backward pass from the output to the input, layer by layer."""
    yield Section("Backward pass", tuple(_introduction(context)))
    if context.by_parameter:
        yield from parameter_sections(context)
        return
    equations = [
        each
        for each in context.derivation.system.equations
        if each.target.array.role in BACKWARD and _is_wanted(context, each.target.array) and not _repeats(context, each)
    ]
    if context.derivation.network.program:
        signs = _two_signs(each.target.array for each in equations)
        yield Section("Derivatives", (*signs, *_derivatives(context, equations)), 2)
        return
    equations.sort(key=lambda each: -(context.layer_of(each.target.array) or 0))  # a penalty's slopes are derived first
    for layer, group in groupby(equations, key=lambda each: context.layer_of(each.target.array)):
        if not context.is_repeated(layer):
            items = (*context.remark(layer), *_derivatives(context, list(group)))
            yield Section(context.heading(layer), items, 2)


def _two_signs(arrays: Iterable[Array]) -> list[Item]:
    """What tells ∂ from d, where some slope of an equation is not the whole derivative."""
    if any(each.label and each.of is not None and each.of.role is Role.VARIABLE for each in arrays):
        return [Paragraph(("With ∂ stands the slope of one equation by itself; with d, the sum over all ways.",))]
    return []


def _introduction(context: Context) -> list[Item]:
    """What a delta is, and where the output layer's equation is a shorter one than the chain rule's."""
    items: list[Item] = []
    derived = context.derivation
    named = not context.by_parameter or "delta" in context.settings.gradient
    plain = derived.notation.is_plain_derivative
    nets = [each for each in derived.now.nets if not plain(_delta_of(each))]
    if nets and named and context.settings.form in (None, "delta"):
        context.said_delta = True
        net = nets[-1]
        names = [context.lines.lettered(Cell(each, ("n", "j"))) for each in (_delta_of(net), net)]
        what = "output" if net in derived.now.outs else "net input"
        middle = f", is {context.delta_sign}the derivative of the loss by its {what} "
        items.append(Paragraph(("The delta of a unit, such as ", names[0], middle, names[1], ".")))
    for rewrite in derived.rewrites:
        condition = f" This holds since {rewrite.pair.condition}." if rewrite.pair.condition else ""
        items.append(Paragraph((f"{sentence(rewrite.pair.sentence)}.{condition}",)))
        items.append(context.lines.law_of(rewrite.before, rewrite.after.law()))
    return [*items, *([] if context.whole else _brackets(context))]


def _brackets(context: Context) -> Iterable[Item]:
    """What the sign for equal indices means, where a law has one."""
    laws = [each.law() for each in context.derivation.system.equations if isinstance(each, SumOfProducts | Map)]
    found = next((each for law in laws for each in leaves(law) if isinstance(each, Kronecker)), None)
    if found is not None:
        left, right = (Reference(str(each)) for each in (found.left, found.right))
        yield Paragraph((Reference(found), " is 1 where ", left, " = ", right, ", and 0 elsewhere."))


def _delta_of(net: Array) -> Array:
    return Array(Role.DELTA, net.axes, net.layer)


def _is_wanted(context: Context, array: Array) -> bool:
    """Whether a derivative is shown: those by inputs of a program only, and in some forms gradients alone."""
    form = context.settings.form
    wrt = array.wrt
    if wrt is not None and wrt.role is Role.INPUT and array.of == context.derivation.loss:
        return bool(context.derivation.network.program) and form is None
    return form not in ("closed", "paths") or context.is_gradient(array)


def _repeats(context: Context, equation: Equation) -> bool:
    """Whether an equation says tied gradients once more, at each place where the parameter stands."""
    return isinstance(equation, Reindex) and context.is_gradient(equation.target.array)


def _derivatives(context: Context, equations: Sequence[Equation]) -> list[Item]:
    items: list[Item] = []
    for equation in equations:
        array = equation.target.array
        if not context.whole:
            items += _laws(context, equation)
            continue
        items += context.lines_of([(each, _derivative(context, each)) for each in context.entries(array)])
    return items


def _laws(context: Context, equation: Equation) -> list[Item]:
    """A law, and of a delta or gradient one worked entry."""
    items: list[Item] = []
    array = equation.target.array
    if isinstance(equation, SumOfProducts | Map):
        items.append(context.lines.law_of(equation))
    if context.counted and (array.role is Role.DELTA or _is_worked(context, array)):
        items.append(context.lines.entry(first_of(array)))
    elif context.counted and context.is_gradient(array) and context.settings.form is not None:
        items += _in_form(context, first_of(array), context.settings.form)
    elif context.counted and context.is_gradient(array):
        items.append(context.lines.entry(first_of(array), chain_side(context.lines, first_of(array))))
    return items


def _is_worked(context: Context, array: Array) -> bool:
    """Whether the first entry of a factor of a delta is worked out: not where the delta has a shorter equation."""
    wrt = array.wrt
    if array.of != context.derivation.loss and not is_slope(array):
        return False
    layer = context.layer_of(array)
    short = any(context.layer_of(each.after.target.array) == layer for each in context.derivation.rewrites)
    return not short and wrt is not None and wrt.role in (Role.OUT, Role.NET)


def _derivative(context: Context, quantity: Quantity) -> list[Item]:
    """One derivative on the way back: in the form asked for, or its equation with the chain before it."""
    form, array, lines = context.settings.form, quantity.array, context.lines
    if context.is_gradient(array) and array.phase is Phase.NOW:
        if form is not None:
            return _in_form(context, quantity, form)
        if not isinstance(context.derivation.definition(array), Scatter):
            return [*_last_link(context, quantity), gradient_line(context, quantity)]
    if array.role is Role.DELTA and form is None:
        return [delta_line(context, quantity)]
    if form is None and array.of == context.derivation.loss and array.wrt is not None and array.wrt.role is Role.OUT:
        parts = parts_of_loss(context, quantity) if context.settings.contributions else []
        return [*parts, lines.entry(quantity, *sums(context.derivation, quantity))]
    return [lines.entry(quantity)]


def _in_form(context: Context, quantity: Quantity, form: str) -> list[Item]:
    """A gradient in one form: its last line, since what leads to it stands before; or why it is too long."""
    if form == "chain" and context.lines.abridged:
        return [chain_line(context.lines, quantity)]
    try:
        return derivative_items(context.derivation, quantity, form)[-1:]
    except TooLarge as error:
        return [Paragraph((f"{sentence(str(error))}.",))]


def _last_link(context: Context, quantity: Quantity) -> list[Item]:
    """The link from a parameter to the net that it stands in: for the first unit, with those that are equal to it."""
    if context.settings.factors != "lines" or quantity.indices[:1] not in ((), (0,)):
        return []
    link = last_link(context.derivation, quantity)
    if link is None or link.quantity.array in context.derivation.system:
        return []
    others: list[Expression] = []
    for unit in range(1, quantity.array.axes[0].size or 1) if quantity.array.axes else ():
        other = last_link(context.derivation, Quantity(quantity.array, (unit, *quantity.indices[1:])))
        if other is not None and other.expression == link.expression:
            others.append(Reference(other.quantity))
    if len(others) >= MOST_EQUAL:
        others = []
    return [Line(Reference(link.quantity), (*others, link.expression), link.expression, link.quantity)]
