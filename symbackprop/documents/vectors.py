"""The update of all parameters as one vector, where the notation has it so. Writes no formula text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symbackprop.catalogue.updates import UPDATES
from symbackprop.documents.content import Equality, Item, Matrices, Paragraph
from symbackprop.documents.context import Context
from symbackprop.expressions import Reference, substituted
from symbackprop.forms.trees import Elementwise, Leaf, Listed
from symbackprop.formulas import parse
from symbackprop.notation import DerivativeName
from symbackprop.notation.lettering import GRADIENT
from symbackprop.quantities import Array, Axis, Phase, Quantity, Role

MOST_ENTRIES = 16  # of a vector that is written out


def vector_items(context: Context) -> Iterable[Item]:
    """The vector of all gradients, and gradient descent in one equation of vectors."""
    derived = context.derivation
    update = derived.network.update
    if not derived.conventions.flat_parameters or update is None:
        return
    rule = UPDATES[update.rule]
    if rule.states or rule.numbers:
        return  # its states are no vectors with names
    arrays = derived.arrays
    old = [each for array in arrays.parameters if array not in arrays.frozen for each in context.entries(array)]
    if not old or not context.whole or len(old) > MOST_ENTRIES:
        return
    axis = Axis("parameter", len(old))
    vector = Array(Role.PARAMETER, (axis,), label="trained")
    name = derived.notation.array_name(vector)
    new_name = derived.notation.array_name(replace(vector, phase=Phase.NEW))
    loss_name = derived.notation.array_name(derived.loss)
    gradients = [Quantity(derived.gradient_array(array), indices) for array, indices in old]
    new = [Quantity(replace(array, phase=Phase.NEW), indices) for array, indices in old]
    parameters = Listed(None, axis, name, tuple(old))
    gradient = Listed(None, axis, DerivativeName(loss_name, name, GRADIENT), tuple(gradients))  # type: ignore[arg-type]
    nodes = {"value": parameters, "gradient": gradient, "rate": Leaf(None, None, derived.rate)}
    ((_, formula),) = rule.equations(update.settings)
    written = substituted(parse(formula, variables=tuple(nodes)), lambda of: Reference(nodes[str(of)]))
    moved = Elementwise(None, axis, written)
    yield Paragraph(("All parameters as one vector, with the vector of their gradients:",))
    listed = (Equality(parameters, parameters, parameters), Equality(gradient, gradient, gradient))
    yield Matrices((*listed, Equality(Listed(None, axis, new_name, tuple(new)), moved, moved)), True)
