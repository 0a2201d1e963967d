"""The sections on the update and on the forward pass with the new parameters. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symbackprop.documents.content import Amount, Item, Paragraph, Piece, Results, Section, Table
from symbackprop.documents.context import Context, quantities_of
from symbackprop.documents.figures import Figures
from symbackprop.documents.forward import forward_sections, loss_section, passed_in
from symbackprop.documents.laws import has_law
from symbackprop.documents.vectors import vector_items
from symbackprop.quantities import Phase, Quantity, Role
from symbackprop.system import Equation, Reindex

MOST_ROWS = 60  # of the table of a network of which only laws are shown
MOST_MORE = 6  # digits of the losses in the last sentence
MOST_OUTPUTS = 8  # of which the second pass of a large network shows the numbers
AGAINST = "Each parameter moves against its gradient; all {} are those at the old parameters."


def update_section(context: Context) -> Section:
    """New values, what keeps its value, and a table of both; where each was worked out before, the table alone."""
    equations = [each for each in context.derivation.system.equations if each.target.array.phase is Phase.NEW]
    new = [each for each in equations if not _keeps(context, each) and not isinstance(each, Reindex)]
    wanted = [each for each in new if context.whole or (has_law(each) and not context.is_repeated(_layer(each)))]
    items: list[Item] = [Paragraph((AGAINST.format("deltas" if _by_deltas(new) else "gradients"),))] if new else []
    items += [] if context.by_parameter else context.shown(wanted)
    kept = [each.target.array.now for each in equations if _keeps(context, each)]
    if kept:
        names: list[Piece] = []
        for array in kept:
            names += [", " if names else "", array]
        single = len(kept) == 1 and not kept[0].axes
        verb = "keeps its value: it is" if single else "keep their values: they are"
        items.append(Paragraph((*names, f" {verb} not trained.")))
    table = _table(context)
    return Section("Update", (*items, *vector_items(context), *([table] if table else [])))


def _by_deltas(equations: Iterable[Equation]) -> bool:
    return any(each.role is Role.DELTA for equation in equations for each in equation.reads)


def _layer(equation: Equation) -> int | None:
    return equation.target.array.layer


def _keeps(context: Context, equation: Equation) -> bool:
    """Whether a new value is the old one: the parameter is frozen."""
    return equation.target.array.now in context.derivation.arrays.frozen


def _table(context: Context) -> Table | None:
    if context.figures is None or not (context.whole or context.has_batch):
        return None
    rows: list[tuple[Quantity, ...]] = []
    for array in context.derivation.arrays.parameters:
        if array not in context.derivation.arrays.frozen:
            kinds = (array, context.derivation.gradient_array(array), replace(array, phase=Phase.NEW))
            rows += [tuple(Quantity(kind, each.indices) for kind in kinds) for each in context.entries(array)]
    if len(rows) > MOST_ROWS and not context.whole:
        return None
    return Table(("Parameter", "Old value", "Gradient", "New value"), tuple(rows)) if rows else None


def second_pass_sections(context: Context) -> Iterable[Section]:
    """The forward pass with the new parameters, and how far the loss fell."""
    if context.whole:
        yield from forward_sections(context, Phase.AFTER, "Second forward pass")
    else:
        yield Section("Second forward pass", tuple(_outcome(context)))
    loss = loss_section(context, Phase.AFTER, "Loss after the update", 2)
    items = loss.items if context.whole else loss.items[-1:]
    yield Section(loss.heading, (*items, *_fall(context)), 2)


def _outcome(context: Context) -> Iterable[Item]:
    """The second pass of a large network: the equations stand above, so what comes out of them is shown."""
    yield Paragraph(("The same equations once more, with the new parameters.",))
    if context.figures is not None and context.counted:
        passed = passed_in(context, Phase.AFTER)
        outputs = passed.outs[-1] if passed.outs else passed.loss
        yield Results("Outputs" if passed.outs else "Result", tuple(quantities_of(outputs)[:MOST_OUTPUTS]))


def _fall(context: Context) -> list[Item]:
    """How far the loss fell, in a sentence."""
    figures = context.figures
    if figures is None or not context.counted:
        return []
    before, after = (figures.value(Quantity(passed_in(context, phase).loss)) for phase in (Phase.NOW, Phase.AFTER))
    difference = before - after
    if difference == 0:
        return [Paragraph(("The loss stayed at ", Amount(before), "."))]
    verb = "fell" if difference > 0 else "rose"
    more = next((each for each in range(MOST_MORE) if _agree(figures, before, after, each)), MOST_MORE)
    amounts = [Amount(each, more) for each in (before, after, abs(difference))]
    return [Paragraph((f"The loss {verb} from ", amounts[0], " to ", amounts[1], ", by ", amounts[2], "."))]


def _agree(figures: Figures, before: Any, after: Any, more: int) -> bool:
    """Whether the printed losses differ by the printed difference, as far as their last digits go."""
    numbers = [figures.displayed(each, more=more) for each in (before, after, abs(before - after))]
    if not all(each.is_finite for each in numbers):
        return True
    first, second, fall = (each.value for each in numbers)
    last = max(Fraction(10) ** (each.power - len(each.mantissa.partition(".")[2])) for each in numbers[:2])
    return first != second and abs(abs(first - second) - fall) <= last / 2
