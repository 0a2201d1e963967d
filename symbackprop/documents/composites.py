"""The functions through which the loss depends on a weight, in a table with their derivatives. No formula text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symbackprop.documents.content import Formulas, Item, Line, Paragraph, Section
from symbackprop.documents.context import Context, first_of
from symbackprop.documents.gradients import differentiated, paths_of
from symbackprop.expressions import Expression, Reference, product_of, sum_of
from symbackprop.forms.adjoints import Link, wrt_quantity
from symbackprop.forms.delta import inlined
from symbackprop.quantities import Quantity, Role

LETTERS = "fghkmpqrsuv"
HEADS = ("", "Function", "Derivative")
TITLE = "Composite functions"


def composite_sections(context: Context) -> Iterable[Section]:
    """For the first weight of each layer from the output on: the functions that lie between it and the loss."""
    derived = context.derivation
    if derived.network.program or not context.counted:
        return
    yield Section(TITLE, (Paragraph(("The loss depends on a weight through a chain of functions.",)),))
    for weights in reversed(derived.arrays.weights):
        found = tuple(_of_weight(context, first_of(derived.gradient_array(weights))))
        if found and not context.is_repeated(weights.layer):
            yield Section(context.heading(weights.layer), found, 2)


def _of_weight(context: Context, gradient: Quantity) -> Iterable[Item]:
    found = paths_of(context, gradient)
    if found is None or len(found.paths[0]) > len(LETTERS):
        return
    paths, first = found.paths, found.paths[0]
    rows = [_row(context, letter, link) for letter, link in zip(LETTERS, first, strict=False)]
    if any(row is None for row in rows):
        return
    weight = wrt_quantity(gradient)
    letters = LETTERS[: len(first)]
    composed = f" is a composite function {'('.join(letters)}(" if len(letters) > 1 else " is a function f("
    yield Paragraph((*_whole(context, first[0]), composed, weight, ")" * len(letters), " of ", weight, ":"))
    yield Formulas(HEADS, tuple(row for row in rows if row is not None))
    if len(paths) > 1:
        count = f"{len(paths)} terms" if len(paths) > 2 else "both terms"
        yield Paragraph((weight, f" occurs in {count} of the loss, so the products of all paths are added up:"))
    else:
        yield Paragraph(("The chain rule multiplies the derivatives:",))
    written = sum_of([_written(context, path) for path in paths])
    yield Line(Reference(gradient), (found.expression, written), written if context.figures else None, gradient)


def _written(context: Context, path: Sequence[Link]) -> Expression:
    from symbackprop.forms.delta import flattened

    known: dict[Quantity, Expression] = {}
    return flattened(product_of([inlined(context.derivation, link.expression, known) for link in path]))


def _whole(context: Context, link: Link) -> tuple[Quantity | str, ...]:
    """What the first function gives: the part of the loss by the output, or the loss of a single output."""
    part = _part(context, link)
    loss = context.derivation.loss
    if part is None or all(axis.size == 1 for axis in part.array.axes):
        return (Quantity(loss, ()),)
    return ("The term ", part)


def _part(context: Context, link: Link) -> Quantity | None:
    part, wrt = context.derivation.now.part, link.quantity.array.wrt
    if part is None or wrt is None or wrt.role is not Role.OUT:
        return None
    return Quantity(part, link.quantity.indices[-len(part.axes) :])


def _row(context: Context, letter: str, link: Link) -> tuple[Line, ...] | None:
    """A function's letter, what it is and its derivative."""
    of = differentiated(context.derivation, link)
    if of is None:
        return None
    written = inlined(context.derivation, link.expression, {})
    own = _target(context, link)
    return (
        Line(Reference(letter)),
        Line(Reference(own), (of,)),
        Line(Reference(link.quantity), (written,)),
    )


def _target(context: Context, link: Link) -> Quantity:
    """The quantity that a link differentiates."""
    array, indices = link.quantity
    assert array.of is not None
    if array.of == context.derivation.loss:
        (whole,) = [each for each in _whole(context, link) if isinstance(each, Quantity)]
        return whole
    if array.of_unit is None:
        return Quantity(array.of, indices)
    return Quantity(array.of, (0, array.of_unit))
