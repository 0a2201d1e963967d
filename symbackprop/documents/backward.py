"""The sections on the backward pass, the matrix form and the steps to the delta form. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from symbackprop.documents.content import Item, Line, Matrices, Paragraph, Section
from symbackprop.documents.context import Context, first_of, sentence
from symbackprop.documents.derivatives import chain_side, derivative_items, last_link, sums
from symbackprop.errors import InputError, TooLarge
from symbackprop.expressions import Reference, size
from symbackprop.forms.delta import delta_form, is_slope
from symbackprop.forms.matrix import MatrixForm, matrix_form
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, Map, Scatter, SumOfProducts, every_index

BACKWARD = frozenset({Role.DERIVATIVE, Role.DELTA})
LONGEST_STEP = 350  # operations and names of a formula that a step shows
STEPS_UP_TO = 40  # parameters of a network whose steps are shown


def backward_sections(context: Context) -> Iterable[Section]:
    """The backward pass from the output to the input, layer by layer."""
    yield Section("Backward pass", tuple(_introduction(context)))
    equations = [
        each
        for each in context.derivation.system.equations
        if each.target.array.role in BACKWARD and _is_wanted(context, each.target.array)
    ]
    if context.derivation.network.program:
        yield Section("Derivatives", tuple(_derivatives(context, equations)), 2)
        return
    for layer, group in groupby(equations, key=lambda each: context.layer_of(each.target.array)):
        yield Section(context.heading(layer), tuple(_derivatives(context, list(group))), 2)


def _introduction(context: Context) -> list[Item]:
    """What a delta is, and where the output layer's equation is a shorter one than the chain rule's."""
    items: list[Item] = []
    derived = context.derivation
    if derived.now.nets and context.settings.form in (None, "delta"):
        net = derived.now.nets[-1]
        delta = Array(Role.DELTA, net.axes, net.layer)
        names = [context.lines.lettered(Cell(each, ("n", "j"))) for each in (delta, net)]
        sign = "minus " if derived.conventions.delta_sign < 0 else ""
        middle = f", is {sign}the derivative of the loss by its net input "
        items.append(Paragraph(("The delta of a unit, such as ", names[0], middle, names[1], ".")))
    for rewrite in derived.rewrites:
        condition = f" This holds since {rewrite.pair.condition}." if rewrite.pair.condition else ""
        items.append(Paragraph((f"{sentence(rewrite.pair.sentence)}.{condition}",)))
        items.append(context.lines.law_of(rewrite.before, rewrite.after.law()))
    return items


def _is_wanted(context: Context, array: Array) -> bool:
    """Whether a derivative is shown: those by inputs of a program only, and in some forms gradients alone."""
    form = context.settings.form
    wrt = array.wrt
    if wrt is not None and wrt.role is Role.INPUT and array.of == context.derivation.loss:
        return bool(context.derivation.network.program) and form is None
    return form not in ("closed", "paths") or context.is_gradient(array)


def _derivatives(context: Context, equations: Sequence[Equation]) -> list[Item]:
    items: list[Item] = []
    for equation in equations:
        array = equation.target.array
        if not context.whole:
            items += _laws(context, equation)
            continue
        for indices in every_index(array):
            items += _derivative(context, Quantity(array, indices))
    return items


def _laws(context: Context, equation: Equation) -> list[Item]:
    """A law, and of a delta or gradient one worked entry."""
    items: list[Item] = []
    array = equation.target.array
    if isinstance(equation, SumOfProducts | Map):
        items.append(context.lines.law_of(equation))
    if context.counted and array.role is Role.DELTA:
        items.append(context.lines.entry(first_of(array)))
    elif context.counted and context.is_gradient(array) and context.settings.form is not None:
        items += _in_form(context, first_of(array), context.settings.form)
    elif context.counted and context.is_gradient(array):
        chained = context.lines.shortened(chain_side(context.derivation, first_of(array)))
        items.append(context.lines.entry(first_of(array), chained))
    return items


def _derivative(context: Context, quantity: Quantity) -> list[Item]:
    """One derivative on the way back: in the form asked for, or its equation with the chain before it."""
    form, array, lines = context.settings.form, quantity.array, context.lines
    if context.is_gradient(array) and array.phase is Phase.NOW:
        if form is not None:
            return _in_form(context, quantity, form)
        if not isinstance(context.derivation.definition(array), Scatter):
            links = [] if any(quantity.indices) else _last_link(context, quantity)
            return [*links, lines.entry(quantity, chain_side(context.derivation, quantity))]
    if array.role is Role.DELTA and form is None:
        line = lines.entry(quantity)
        written = delta_form(context.derivation, quantity).expression
        return [Line(line.left, (*line.sides, written), line.numbers, line.result)]
    if form is None and array.of == context.derivation.loss and array.wrt is not None and array.wrt.role is Role.OUT:
        return [lines.entry(quantity, *sums(context.derivation, quantity))]
    return [lines.entry(quantity)]


def _in_form(context: Context, quantity: Quantity, form: str) -> list[Item]:
    """A gradient in one form: its last line, since what leads to it stands before; or why it is too long."""
    try:
        return derivative_items(context.derivation, quantity, form)[-1:]
    except TooLarge as error:
        return [Paragraph((f"{sentence(str(error))}.",))]


def _last_link(context: Context, quantity: Quantity) -> list[Item]:
    """The link from a parameter to the net that it stands in, shown for the first of its array."""
    link = last_link(context.derivation, quantity)
    if link is None or link.quantity.array in context.derivation.system:
        return []
    return [Line(Reference(link.quantity), (link.expression,), link.expression, link.quantity)]


def matrix_sections(context: Context, *, required: bool) -> Iterable[Section]:
    """The matrix form of every layer; ``required``: why there is none is an error, or said."""
    if context.derivation.network.program:
        if required:
            matrix_form(context.derivation, context.derivation.loss)  # refused, with the reason
        return
    forms: dict[int | None, list[MatrixForm]] = {}
    reasons: dict[str, None] = {}
    for array in _matrix_arrays(context):
        try:
            form = matrix_form(context.derivation, array)
        except InputError as error:
            reasons[str(error)] = None
            continue
        said = forms.setdefault(context.layer_of(array), [])
        if (form.target, form.expression) not in [(each.target, each.expression) for each in said]:
            said.append(form)
    if forms:
        statement = next(iter(forms.values()))[0].observations
        yield Section("Matrix form", (Paragraph((f"{sentence(statement)}.",)),))
    for layer, found in forms.items():
        yield Section("Loss" if layer is None else context.heading(layer), (Matrices(tuple(found)),), 2)
    if reasons and required:
        yield Section("Without a matrix form", tuple(Paragraph((f"{sentence(each)}.",)) for each in reasons), 2)


def _matrix_arrays(context: Context) -> list[Array]:
    derived = context.derivation
    arrays = [each for pair in zip(derived.now.nets, derived.now.outs, strict=True) for each in pair]
    if derived.conventions.loss_vector:
        arrays.append(derived.loss)
    for equation in derived.system.equations:
        array = equation.target.array
        diagonal = derived.conventions.diagonal and is_slope(array)
        if array.role is Role.DELTA or context.is_gradient(array) or diagonal:
            arrays.append(array)
    return arrays


def step_sections(context: Context) -> Iterable[Section]:
    """The way from the closed form to the delta form, for one weight of a small network."""
    quantity = _worked_weight(context)
    if quantity is None:
        return
    from symbackprop.forms.steps import steps

    title = "From the closed form to the delta form"
    try:
        found = steps(context.derivation, quantity)
    except InputError as reason:
        yield Section(title, (Paragraph(("There are no steps for ", quantity, f": {reason}.")),))
        return
    yield Section(title, (Paragraph(("For one parameter: ", quantity, ".")),))
    for number, step in enumerate(found, 1):
        items: list[Item] = [Paragraph((f"{sentence(step.reason)}.",))]
        length = size(step.expression)
        if length > LONGEST_STEP:
            items.append(Paragraph((f"It has {length:,} operations and names; the form closed shows it.",)))
        else:
            items.append(Line(Reference(step.quantity), (step.expression,)))
        items += [Line(Reference(name), (meaning,)) for name, meaning in step.definitions.items()]
        verdict = "Proven" if step.proof.holds else "Not proven"
        items.append(Paragraph((f"{verdict}: {step.proof.how}.",)))
        yield Section(f"Step {number}: {step.title}", tuple(items), 2)


def _worked_weight(context: Context) -> Quantity | None:
    arrays = context.derivation.arrays
    trained = [each for each in arrays.parameters if each not in arrays.frozen]
    if not trained or not context.counted:
        return None
    if sum(len(list(every_index(each))) for each in trained) > STEPS_UP_TO:
        return None
    return first_of(context.derivation.gradient_array(trained[0]))
