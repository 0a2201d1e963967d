"""What a document says of a derivation, in the order that a reader needs. Never writes a formula as text.

A small network is shown whole; of a large one, and for a symbolic number of observations, the laws of each layer and
one worked unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from symbackprop.derivation import Derivation
from symbackprop.documents.backward import backward_sections
from symbackprop.documents.composites import composite_sections
from symbackprop.documents.content import Document, Item, Line, Section
from symbackprop.documents.context import Context
from symbackprop.documents.derivatives import array_items, derivative_items
from symbackprop.documents.figures import Figures
from symbackprop.documents.forward import forward_sections, loss_section, network_section, prediction_sections
from symbackprop.documents.matrices import matrix_sections
from symbackprop.documents.primes import primed, primes_of
from symbackprop.documents.proving import proof_sections
from symbackprop.documents.settings import Settings
from symbackprop.documents.sharing import sharing_sections
from symbackprop.documents.update import second_pass_sections, update_section
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
    if settings.show == "symbols":
        figures = None
    sections = (
        (_excerpt(derivation, wanted, settings),)
        if wanted
        else tuple(_sections(Context(derivation, figures, settings, pictured=pictured)))
    )
    primes = primes_of(derivation)
    if primes:
        explained = not wanted and "network" in settings.blocks
        sections = tuple(
            replace(each, items=tuple(primed(item, primes, explained=explained) for item in each.items))
            for each in sections
        )
    if figures is None:
        sections = tuple(replace(each, items=_in_symbols(each.items)) for each in sections)
    elif settings.show == "numbers":
        sections = tuple(replace(each, items=tuple(_in_numbers(item) for item in each.items)) for each in sections)
    return Document(derivation.network.title, sections, settings.numbered)


def _in_numbers(item: Item) -> Item:
    """A line with numbers without its symbols."""
    return replace(item, sides=()) if isinstance(item, Line) and item.numbers and item.result else item


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
    for block in context.settings.blocks:
        yield from _BLOCKS[block](context)


def _network(context: Context) -> Iterable[Section]:
    yield network_section(context)


def _forward(context: Context) -> Iterable[Section]:
    return forward_sections(context, Phase.NOW, "Forward pass")


def _loss(context: Context) -> Iterable[Section]:
    yield loss_section(context, Phase.NOW, "Loss")


def _matrix(context: Context) -> Iterable[Section]:
    return matrix_sections(context, required=context.settings.form == "matrix")


def _forward_matrix(context: Context) -> Iterable[Section]:
    heading = "Forward pass" if "forward" not in context.settings.blocks else "Forward pass in matrices"
    yield from matrix_sections(context, required=False, only="forward", heading=heading)
    if "forward" not in context.settings.blocks:
        yield from prediction_sections(context, Phase.NOW)


def _backward_matrix(context: Context) -> Iterable[Section]:
    heading = "Backward pass" if "backward" not in context.settings.blocks else "Backward pass in matrices"
    return matrix_sections(context, required=False, only="backward", heading=heading)


def _update(context: Context) -> Iterable[Section]:
    if context.derivation.network.update is not None:
        yield update_section(context)


def _second_pass(context: Context) -> Iterable[Section]:
    if context.derivation.network.update is not None and context.settings.second_pass:
        yield from second_pass_sections(context)


_BLOCKS: Mapping[str, Callable[[Context], Iterable[Section]]] = {
    "network": _network,
    "forward": _forward,
    "loss": _loss,
    "backward": backward_sections,
    "matrix": _matrix,
    "forward_matrix": _forward_matrix,
    "backward_matrix": _backward_matrix,
    "update": _update,
    "second_pass": _second_pass,
    "steps": sharing_sections,
    "composites": composite_sections,
    "proof": proof_sections,
}
