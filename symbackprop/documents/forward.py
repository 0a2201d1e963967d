"""The sections on given values, the forward pass, the loss, the update and the second pass. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from symbackprop.documents.content import Amount, Diagram, Givens, Item, Line, Paragraph, Piece, Section, Table
from symbackprop.documents.context import Context, first_of
from symbackprop.documents.laws import has_law
from symbackprop.expressions import Call, Expression, Reference, leaves
from symbackprop.forward import Pass
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import Equation, Map, Reindex, every_index

MOST_GIVENS, FEW_GIVENS = 60, 24  # of one kind: of a network that is shown whole, and of a larger one
LOSS_ROLES = frozenset({Role.PART, Role.LOSS, Role.PENALTY})
WORDS = {
    Role.INPUT: "Inputs",
    Role.TARGET: "Targets",
    Role.WEIGHT: "Weights",
    Role.BIAS: "Biases",
    Role.PARAMETER: "Parameters",
    Role.RATE: "Learning rate",
    Role.SETTING: "Settings",
    Role.STATE: "States of the update rule before the step",
}


def network_section(context: Context) -> Section:
    """What the network is, the given values, and the functions that the equations call."""
    items: list[Item] = [Paragraph(tuple(_described(context))), *([Diagram()] if context.pictured else [])]
    for role, arrays in groupby(_givens(context), key=lambda array: array.role):
        quantities = [Quantity(array, indices) for array in arrays for indices in _places(array)]
        shown = quantities[: MOST_GIVENS if context.whole else FEW_GIVENS]
        if shown:
            items.append(Givens(WORDS[role], tuple(shown), len(quantities) - len(shown)))
    return Section("Network and given values", (*items, *_functions(context)))


def _givens(context: Context) -> list[Array]:
    order = list(WORDS)
    arrays = [each for each in context.derivation.system.givens if context.whole or each.role is not Role.STATE]
    return sorted(arrays, key=lambda array: order.index(array.role))


def _places(array: Array) -> list[tuple[int, ...]]:
    return [] if any(axis.size is None for axis in array.axes) else list(every_index(array))


def _described(context: Context) -> Iterable[Piece]:
    network = context.derivation.network
    if network.program:
        yield f"A program of {_counted(len(network.program), 'equation')} for "
        yield Reference(network.result)
        yield "."
    else:
        hidden = [_counted(each.units, "unit") for each in network.layers[:-1]]
        between = f", {_counted(len(hidden), 'hidden layer')} ({', '.join(hidden)})" if hidden else ""
        inputs, outputs = _counted(network.inputs_count, "input"), _counted(network.outputs_count, "output")
        yield f"A network of {inputs}{between} and {outputs}."
        named = [each.activation.name or "a formula" for each in network.layers]
        if len(set(named)) == 1:
            yield f" The activation is {_words(named[0])}."
        else:
            yield f" The activations are {', '.join(_words(each) for each in named)}, from the first layer on."
        assert network.loss is not None
        yield f" The loss is {_words(network.loss.choice.name or 'a formula')}."
    if network.observations != 1:
        yield f" There are {network.observations} observations."
    if network.update is not None:
        yield f" The update rule is {_words(network.update.rule)}."


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _words(name: str) -> str:
    return " ".join(name.split("_"))


def _functions(context: Context) -> list[Item]:
    """The definition of each function that the equations call, of a letter x."""
    found: dict[str, Line] = {}
    x = Reference("x")
    for equation in context.derivation.now.equations:
        for call in _calls(equation.body) if isinstance(equation, Map) else ():
            function = call.function
            if function.definition is not None and function.arity == 1:
                found.setdefault(function.name, Line(function(x), (function.definition(x),)))
    return [Paragraph(("Functions:",)), *found.values()] if found else []


def _calls(expression: Expression) -> Iterable[Call]:
    if isinstance(expression, Call):
        yield expression
    for child in expression.children:
        yield from _calls(child)


def forward_sections(context: Context, phase: Phase, heading: str) -> Iterable[Section]:
    """A forward pass, layer by layer."""
    passed = _passed(context, phase)
    wanted = [each for each in passed.equations if each.target.array.role not in LOSS_ROLES]
    if phase is Phase.NOW:
        tied = [each for each in context.derivation.ties.reindexed.values() if _says_something(context, each)]
        wanted = [*tied, *wanted]
    if context.derivation.network.program:
        wanted = [each for each in wanted if each.target.array != passed.loss]
        yield Section(heading, tuple(context.shown(wanted)))
        return
    yield Section(heading, ())
    for layer, equations in groupby(wanted, key=lambda each: each.target.array.layer):
        yield Section(context.heading(layer), tuple(context.shown(list(equations))), 2)


def _passed(context: Context, phase: Phase) -> Pass:
    passed = context.derivation.now if phase is Phase.NOW else context.derivation.after
    assert passed is not None
    return passed


def _says_something(context: Context, equation: Equation) -> bool:
    """Whether a re-indexing is more than entries under their own names."""
    if not context.whole or not isinstance(equation, Reindex):
        return False
    plain = context.derivation.notation.plain
    for indices in every_index(equation.target.array):
        quantity = Quantity(equation.target.array, indices)
        sources = [each for each in leaves(context.lines.own(quantity)) if isinstance(each, Quantity)]
        if [plain(each) for each in sources] != [plain(quantity)]:
            return True
    return False


def loss_section(context: Context, phase: Phase, heading: str, level: int = 1) -> Section:
    """The loss: its parts, the penalty, their sum."""
    passed = _passed(context, phase)
    loss = Quantity(passed.loss, (0,) * len(passed.loss.axes))
    part = passed.part
    if part is not None and passed.penalty is None and all(axis.size == 1 for axis in part.axes):
        # One output of one observation: its part is the loss.
        own = context.lines.own(first_of(part))
        return Section(heading, (Line(Reference(loss), (own,), own, first_of(part)),), level)
    wanted = [
        each for each in passed.equations if each.target.array.role in LOSS_ROLES or each.target.array == passed.loss
    ]
    items = context.shown(wanted)
    if not context.whole and context.figures is not None and context.counted:
        items.append(Line(Reference(loss), (), None, loss))
    return Section(heading, tuple(items), level)


def update_section(context: Context) -> Section:
    """New values, what keeps its value, and a table of both."""
    equations = [each for each in context.derivation.system.equations if each.target.array.phase is Phase.NEW]
    new = [each for each in equations if not _keeps(context, each)]
    items = context.shown([each for each in new if context.whole or has_law(each)])
    kept = [_now(each.target.array) for each in equations if _keeps(context, each)]
    if kept:
        names: list[Piece] = []
        for array in kept:
            names += [", " if names else "", array]
        single = len(kept) == 1 and not kept[0].axes
        verb = "keeps its value: it is" if single else "keep their values: they are"
        items.append(Paragraph((*names, f" {verb} not trained.")))
    table = _table(context)
    return Section("Update", (*items, *([table] if table else [])))


def _keeps(context: Context, equation: Equation) -> bool:
    """Whether a new value is the old one: the parameter is frozen."""
    return _now(equation.target.array) in context.derivation.arrays.frozen


def _now(array: Array) -> Array:
    return replace(array, phase=Phase.NOW)


def _table(context: Context) -> Table | None:
    if context.figures is None or not context.whole:
        return None
    rows: list[tuple[Quantity, ...]] = []
    for array in context.derivation.arrays.parameters:
        if array not in context.derivation.arrays.frozen:
            kinds = (array, context.derivation.gradient_array(array), replace(array, phase=Phase.NEW))
            rows += [tuple(Quantity(kind, indices) for kind in kinds) for indices in every_index(array)]
    return Table(("Parameter", "Old value", "Gradient", "New value"), tuple(rows)) if rows else None


def second_pass_sections(context: Context) -> Iterable[Section]:
    """The forward pass with the new parameters, and how far the loss fell."""
    first, *others = forward_sections(context, Phase.AFTER, "Second forward pass")
    yield first
    yield from others
    loss = loss_section(context, Phase.AFTER, "Loss after the update", 2)
    yield Section(loss.heading, (*loss.items, *_fall(context)), 2)


def _fall(context: Context) -> list[Item]:
    """How far the loss fell, in a sentence."""
    figures = context.figures
    if figures is None or not context.counted:
        return []
    before, after = (figures.value(Quantity(_passed(context, phase).loss)) for phase in (Phase.NOW, Phase.AFTER))
    difference = before - after
    if difference == 0:
        return [Paragraph(("The loss stayed at ", Amount(before), "."))]
    verb = "fell" if difference > 0 else "rose"
    amounts = (Amount(before), " to ", Amount(after), ", by ", Amount(abs(difference)), ".")
    return [Paragraph((f"The loss {verb} from ", *amounts))]
