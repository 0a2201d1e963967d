"""What a document says of a derivation, in the order that a reader needs. Never writes a formula as text.

A small network is shown whole; of a large one, and for a symbolic number of observations, the laws of each layer and
one worked unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.documents.backward import backward_sections, matrix_sections, step_sections
from symbackprop.documents.content import Document, Item, Line, Section
from symbackprop.documents.context import Context
from symbackprop.documents.derivatives import array_items, derivative_items
from symbackprop.documents.figures import Figures
from symbackprop.documents.forward import (
    forward_sections,
    loss_section,
    network_section,
    second_pass_sections,
    update_section,
)
from symbackprop.documents.settings import Settings
from symbackprop.forms.delta import refuse_program
from symbackprop.quantities import Array, Phase, Quantity


def document_of(
    derivation: Derivation,
    figures: Figures | None,
    wanted: Sequence[Quantity | Array],
    settings: Settings,
    *,
    pictured: bool = False,
) -> Document:
    """The whole derivation, with the network's diagram if ``pictured``; or only the quantities that are wanted."""
    if settings.form in ("delta", "matrix"):
        refuse_program(derivation, settings.form)
    sections = (
        (_excerpt(derivation, wanted, settings),)
        if wanted
        else tuple(_sections(Context(derivation, figures, settings, pictured=pictured)))
    )
    if figures is None:
        sections = tuple(replace(each, items=_in_symbols(each.items)) for each in sections)
    return Document(derivation.network.title, sections)


def _in_symbols(items: Sequence[Item]) -> tuple[Item, ...]:
    """The items without numbers; what says the same then is said once."""
    bare = [replace(each, numbers=None, result=None) if isinstance(each, Line) else each for each in items]
    return tuple(dict.fromkeys(each for each in bare if not isinstance(each, Line) or each.sides))


def _excerpt(derivation: Derivation, wanted: Sequence[Quantity | Array], settings: Settings) -> Section:
    items: list[Item] = []
    for each in wanted:
        if isinstance(each, Quantity):
            items += derivative_items(derivation, each, settings.form)
        else:
            items += array_items(derivation, each, settings.form)
    return Section("", tuple(dict.fromkeys(items)))


def _sections(context: Context) -> Iterable[Section]:
    form = context.settings.form
    yield network_section(context)
    if form == "matrix":
        yield from matrix_sections(context, required=True)
        return
    yield from forward_sections(context, Phase.NOW, "Forward pass")
    yield loss_section(context, Phase.NOW, "Loss")
    yield from backward_sections(context)
    if form is None:
        yield from matrix_sections(context, required=False)
    if context.derivation.network.update is not None:
        yield update_section(context)
        if context.settings.second_pass:
            yield from second_pass_sections(context)
    if form is None:
        yield from step_sections(context)
