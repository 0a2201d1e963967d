"""The backward pass parameter by parameter: chain, factors, gradient and new value of each. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbackprop.documents.content import Item, Line, Paragraph, Results, Section
from symbackprop.documents.context import Context
from symbackprop.documents.gradients import factor_lines, gradient_line, new_deltas
from symbackprop.quantities import Array, Phase, Quantity
from symbackprop.system import Scatter

FEW = 2  # factors that may stand before the equation that they are needed for


def parameter_sections(context: Context) -> Iterable[Section]:
    """A section for each layer from the output on, in it each parameter with its gradient and its new value."""
    derived = context.derivation
    layers = dict.fromkeys(each.layer for each in reversed(derived.arrays.parameters))
    stated: set[Quantity] = set()
    for layer in layers:
        arrays = [each for each in derived.arrays.parameters if each.layer == layer]
        items: list[Item] = []
        for array in arrays:
            items += _array(context, array, stated)
        yield Section(context.heading(layer), tuple(items), 2)


def _array(context: Context, array: Array, stated: set[Quantity]) -> list[Item]:
    frozen = array in context.derivation.arrays.frozen
    if frozen and context.settings.worked != "all":
        return []
    gradient = context.derivation.gradient_array(array)
    items: list[Item] = []
    others: list[Quantity] = []
    for parameter in context.entries(array):
        new = Quantity(replace(array, phase=Phase.NEW), parameter.indices)
        updated = context.derivation.after is not None and not frozen
        if not context.is_worked(parameter):
            others.append(new if updated else Quantity(gradient, parameter.indices))
            continue
        items += _worked(context, parameter, Quantity(gradient, parameter.indices), stated)
        items += [context.lines.entry(new)] if updated else []
    return [*items, *([Results("In the same way", tuple(others))] if others else [])]


def _worked(context: Context, parameter: Quantity, gradient: Quantity, stated: set[Quantity]) -> list[Item]:
    """A gradient's equation; where most of its factors are new, in symbols first, then the factors, then in numbers."""
    introduction = Paragraph(("For ", parameter, ":"))
    if isinstance(context.derivation.definition(gradient.array), Scatter):
        return [introduction, context.lines.entry(gradient)]
    line = gradient_line(context, gradient)
    factors = factor_lines(context, gradient, stated) if context.settings.factors == "lines" else []
    deltas = new_deltas(context, line, stated)
    if len(factors) < FEW:
        return [introduction, *factors, *deltas, line]
    factors += deltas
    first = Line(line.left, line.sides[:1])
    rest = line.sides[1:] if context.figures is not None else line.sides
    if context.figures is None and not line.sides[1:]:
        return [introduction, first, *factors]
    return [introduction, first, *factors, Line(line.left, rest, line.numbers, line.result)]
