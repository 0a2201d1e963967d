"""The sections on given values, the forward pass, the loss, the update and the second pass. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from symbackprop.documents.content import Diagram, Givens, Item, Line, Paragraph, Piece, Section
from symbackprop.documents.context import Context, first_of
from symbackprop.documents.figures import Figures
from symbackprop.documents.primes import primes_of
from symbackprop.errors import InputError
from symbackprop.expressions import Call, Reference, leaves, parts
from symbackprop.forward import Pass
from symbackprop.network import counted, words
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.system import Equation, Map, Reindex

HALF = 0.5
UNITS = "Each unit adds up its weighted inputs{} applies its activation."
WITH, AT_TIMES, WITHOUT = " and its bias, and", " and its bias, if it has one, and", " and"
THRESHOLD = ", takes its threshold off and"
AGAIN = "The same inputs again, with the new parameters."
LETTERS = {"unit": "unit or input", "observation": "observation"}  # what letters of laws stand for
MOST_GIVENS, FEW_GIVENS = 60, 24  # of one kind: of a network that is shown whole, and of a larger one
FEW_NAMES = 4  # of names without values, where not all are shown
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
        quantities = [each for array in arrays if not _is_uncounted(array) for each in context.entries(array)]
        shown = quantities[: MOST_GIVENS if context.whole else FEW_GIVENS]
        if context.figures is None and len(shown) < len(quantities):
            shown = shown[:FEW_NAMES]
        if shown:
            items.append(Givens(WORDS[role], tuple(shown), len(quantities) - len(shown)))
    return Section("Network and given values", (*items, *_functions(context)))


def _givens(context: Context) -> list[Array]:
    order = list(WORDS)
    arrays = [each for each in context.derivation.system.givens if context.whole or each.role is not Role.STATE]
    return sorted(arrays, key=lambda array: order.index(array.role))


def _is_uncounted(array: Array) -> bool:
    return any(axis.size is None for axis in array.axes)


def _described(context: Context) -> Iterable[Piece]:
    network = context.derivation.network
    if network.program:
        yield f"A program of {counted(len(network.program), 'equation')} for "
        yield Reference(network.result)
        yield "."
    else:
        hidden = [counted(each.units, "unit") for each in network.layers[:-1]]
        alike = len(hidden) > 1 and len(set(hidden)) == 1
        sizes = f"of {hidden[0]} each" if alike else f"({', '.join(hidden)})"
        between = f", {counted(len(hidden), 'hidden layer')} {sizes}" if hidden else ""
        inputs, outputs = counted(network.inputs_count, "input"), counted(network.outputs_count, "output")
        yield f"A network of {inputs}{between} and {outputs}."
        named = [each.activation.name or "a formula" for each in network.layers]
        if len(set(named)) == 1:
            yield f" The activation is {words(named[0])}."
        else:
            *others, last = named
            if len(set(others)) == 1:
                where = "layer" if len(others) == 1 else "layers"
                yield f" The activation is {words(others[0])} in the hidden {where}"
                yield f" and {words(last)} in the output layer."
            else:
                *before, after = _in_turn(named)
                yield f" The activations are {', '.join(before)} and {after}, from the first layer to the last."
        assert network.loss is not None
        yield f" The loss is {words(network.loss.choice.name or 'a formula')}."
        if network.penalty is not None:
            whose = "weights and biases" if network.penalty.biases else "weights"
            yield f" A penalty ({network.penalty.kind}) on the {whose} is added to it."
    if network.observations != 1:
        yield f" There are {network.observations} observations"
        first = next((each for each in context.derivation.arrays.inputs if each.has_observations), None)
        if first is not None and isinstance(network.observations, int):
            yield ", counted from 0: "
            yield Quantity(first, (0,) * len(first.axes))
            yield " is of the first"
        yield "."
    if network.update is not None:
        yield f" The update rule is {words(network.update.rule)}."


def _in_turn(names: list[str]) -> Iterable[str]:
    """Each name with how often it follows itself."""
    for name, group in groupby(names):
        count = len(list(group))
        yield words(name) if count == 1 else f"{words(name)} ({count} layers)"


def _functions(context: Context) -> list[Item]:
    """The definition of each function that the equations call, of a letter x."""
    found: dict[str, Line] = {}
    x = Reference("x")
    for equation in context.derivation.system.equations:
        for call in parts(equation.body) if isinstance(equation, Map) else ():
            function = call.function if isinstance(call, Call) else None
            if function is not None and function.definition is not None and function.arity == 1:
                found.setdefault(function.name, Line(function(x), (function.definition(x),)))
    for prime in primes_of(context.derivation):
        assert prime.definition is not None
        found.setdefault(prime.name, Line(prime(x), (prime.definition(x),)))
    return [Paragraph(("Functions:",)), *found.values()] if found else []


def _units_do(context: Context) -> str:
    layers = context.derivation.network.layers
    biased = [each for each in layers if each.bias_form != "none"]
    if not biased:
        return UNITS.format(WITHOUT)
    if len(biased) < len(layers):
        return UNITS.format(AT_TIMES)
    return UNITS.format(THRESHOLD if all(each.bias_input.value == -1 for each in layers) else WITH)


def _letters(context: Context) -> Iterable[Item]:
    """What the letters of laws stand for, in a sentence."""
    found = sorted(context.lines.letters().items())
    said: list[Piece] = []
    for kind, meaning in LETTERS.items():
        letters = [letter for letter, its in found if its == kind]
        verb = "" if said else " stand" if len(letters) > 1 else " stands"
        for place, letter in enumerate(letters):
            before = (", " if said else "") if place == 0 else " and " if place == len(letters) - 1 else ", "
            said += [before, Reference(letter)]
        said += [f"{verb} for any {meaning}"] if letters else []
    if said:
        yield Paragraph(("Here ", *said, "; a sum runs over all of them."))


def forward_sections(context: Context, phase: Phase, heading: str) -> Iterable[Section]:
    """A forward pass, layer by layer."""
    passed = passed_in(context, phase)
    wanted = [each for each in passed.equations if each.target.array.role not in LOSS_ROLES]
    if phase is Phase.NOW:
        tied = [each for each in context.derivation.ties.reindexed.values() if _says_something(context, each)]
        wanted = [*tied, *wanted]
    if context.derivation.network.program:
        wanted = [each for each in wanted if each.target.array != passed.loss]
        yield Section(heading, tuple(context.shown(wanted)))
        return
    introduction = Paragraph((_units_do(context) if phase is Phase.NOW else AGAIN,))
    yield Section(heading, (introduction, *([] if context.whole else _letters(context))))
    for layer, equations in groupby(wanted, key=lambda each: each.target.array.layer):
        if not context.is_repeated(layer):
            items = (*context.remark(layer), *context.shown(list(equations), together=True))
            yield Section(context.heading(layer), items, 2)
    yield from prediction_sections(context, phase)


def prediction_sections(context: Context, phase: Phase) -> Iterable[Section]:
    """Which class the outputs speak for, where that is to be said."""
    if context.settings.prediction and context.figures is not None and context.counted:
        yield Section("Prediction", tuple(_predictions(context, passed_in(context, phase), context.figures)), 2)


def _as_vectors(context: Context) -> list[Item]:
    """The loss as the product of a row and a column, where the notation has it so."""
    from symbackprop.documents.matrices import equations
    from symbackprop.forms.matrix import matrix_form

    if not context.derivation.conventions.loss_vector or context.derivation.network.program:
        return []
    try:
        form = matrix_form(context.derivation, context.derivation.loss)
    except InputError:
        return []  # a loss of several observations, or a formula that is no product
    return [equations(context, [form]), Paragraph(("It is the sum of the parts of the outputs:",))]


def _predictions(context: Context, passed: Pass, figures: Figures) -> Iterable[Item]:
    """The class that each observation's outputs speak for: that of the largest, or 1 or 0 of a single one."""
    outputs = context.entries(passed.outs[-1])
    units = passed.outs[-1].axes[-1].size or 1
    first = context.derivation.conventions.first_index
    for start in range(0, len(outputs), units):
        row = outputs[start : start + units]
        if units > 1:
            largest = max(row, key=lambda each: figures.values.of(each))
            number = row.index(largest) + first
            yield Paragraph(("The largest output is ", largest, f", so the predicted class is {number}."))
            continue
        (only,) = row
        above = figures.values.of(only) > HALF
        comparison = "greater" if above else "not greater"
        yield Paragraph(("The output ", only, f" is {comparison} than 0.5, so the predicted class is {int(above)}."))


def passed_in(context: Context, phase: Phase) -> Pass:
    """The forward pass before or after the update."""
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
    passed = passed_in(context, phase)
    loss = Quantity(passed.loss, (0,) * len(passed.loss.axes))
    part = passed.part
    if part is not None and passed.penalty is None and all(axis.size == 1 for axis in part.axes):
        # One output of one observation: its part is the loss.
        own = context.lines.own(first_of(part))
        return Section(heading, (Line(Reference(loss), (own,), own, first_of(part)),), level)
    wanted = [
        each for each in passed.equations if each.target.array.role in LOSS_ROLES or each.target.array == passed.loss
    ]
    vector = _as_vectors(context) if phase is Phase.NOW else []
    return Section(heading, (*vector, *context.shown(wanted)), level)
