"""The proven steps from the closed form to the delta form of one parameter, with what proves each. No formula text."""

from __future__ import annotations

from collections.abc import Iterable

from symbackprop.documents.content import Item, Line, Paragraph, Section
from symbackprop.documents.context import Context, sentence
from symbackprop.documents.sharing import LONGEST, worked_gradient
from symbackprop.errors import InputError
from symbackprop.expressions import Reference, size

TITLE = "From the closed form to the delta form"


def proof_sections(context: Context) -> Iterable[Section]:
    """The way from the closed form to the delta form, for one weight of a small network."""
    quantity = worked_gradient(context)
    if quantity is None:
        return
    from symbackprop.forms.steps import steps

    try:
        found = steps(context.derivation, quantity)
    except InputError as reason:
        yield Section(TITLE, (Paragraph(("There are no steps for ", quantity, f": {reason}.")),))
        return
    yield Section(TITLE, (Paragraph(("For one parameter: ", quantity, ".")),))
    for number, step in enumerate(found, 1):
        items: list[Item] = [Paragraph((f"{sentence(step.reason)}.",))]
        length = size(step.expression)
        if length > LONGEST:
            items.append(Paragraph((f"It has {length:,} operations and names; the form closed shows it.",)))
        else:
            items.append(Line(Reference(step.quantity), (step.expression,)))
        items += [Line(Reference(name), (meaning,)) for name, meaning in step.definitions.items()]
        verdict = "Proven" if step.proof.holds else "Not proven"
        items.append(Paragraph((f"{verdict}: {step.proof.how}.",)))
        yield Section(f"Step {number}: {step.title}", tuple(items), 2)
