"""A derivation's equations and gradients as JSON, for other programs. Writes no file and derives nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from symbackprop import __version__
from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.expressions import Expression
from symbackprop.notation.lettering import AnyName, ascii_name, tex
from symbackprop.notation.neutral import neutral, neutral_array
from symbackprop.printing.dialect import Label
from symbackprop.printing.plain import Plain
from symbackprop.printing.tex import TEX
from symbackprop.quantities import Array, Axis, Cell, Quantity, Role
from symbackprop.report import Writer, as_json, entries_of, shown_name
from symbackprop.system import Map, SumOfProducts, scalar
from symbackprop.terms import Indicator, Kronecker
from symbackprop.values import Values

DERIVE_FORMAT = "symbackprop.derive/1"
# Where none are named, the gradients of so many parameters are listed; the laws say all others.
MOST_GRADIENTS = 1_000
ASCII = Plain(ascii=True)

Table = dict[str, Any]


def render(
    derivation: Derivation,
    *,
    values: Values | None,
    of: Sequence[Quantity | Array],
    form: str | None,
    fragment: bool,
) -> str:
    """Index laws of all arrays, and the gradients asked for (all, of a small network) in their forms.

    With a symbolic number of observations there are no single gradients, and none is listed.
    """
    assert not fragment, "JSON has no fragments"
    writer = Writer()
    gradients = [quantity for wanted in of or _gradients(derivation) for quantity in entries_of(wanted)]
    return as_json(
        {
            "format": DERIVE_FORMAT,
            "version": __version__,
            "title": derivation.network.title,
            "laws": list(_laws(derivation)),
            "gradients": [_gradient(derivation, each, values, form, writer) for each in gradients],
            "notes": writer.notes,
        }
    )


def _laws(derivation: Derivation) -> Iterator[Table]:
    for equation in derivation.system.equations:
        if isinstance(equation, SumOfProducts | Map):
            target = equation.target
            yield {
                "neutral": neutral_array(target.array),
                "name": ascii_name(derivation.notation.array_name(target.array)),
                "cell": ascii_name(derivation.notation.cell_name(target)),
                **_said(derivation, equation.law()),
            }


def _gradients(derivation: Derivation) -> list[Array]:
    if not isinstance(derivation.network.observations, int):
        return []  # a sum over n has laws only
    arrays = derivation.arrays
    parameters = (*arrays.weights, *(each for each in arrays.biases if each is not None))
    wanted = [derivation.gradient_array(each) for each in parameters or arrays.parameters]
    count = sum(math.prod(extent or 1 for extent in array.shape) for array in wanted)
    return wanted if count <= MOST_GRADIENTS else []


def _gradient(
    derivation: Derivation, quantity: Quantity, values: Values | None, form: str | None, writer: Writer
) -> Table:
    table: Table = {"neutral": neutral(quantity), "name": shown_name(derivation, quantity)}
    if quantity.array.role not in (Role.DERIVATIVE, Role.DELTA):
        table["equation"] = _said(derivation, _equation(derivation, quantity))
    else:
        for each in (form,) if form else ("chain", "delta"):
            if each == "delta" and form is None and derivation.network.program:
                continue
            table[each] = _said(derivation, _form(derivation, quantity, each))
    if values is not None:
        table["value"] = writer.number(values.of(quantity), neutral(quantity))
    return table


def _equation(derivation: Derivation, quantity: Quantity) -> Expression:
    definition = derivation.definition(quantity.array)
    if definition is None:
        raise InputError(f"{neutral(quantity)} is given: it has no equation")
    return scalar(definition, quantity.indices)


def _form(derivation: Derivation, quantity: Quantity, form: str) -> Expression:
    """The form as an ordered expression. Raises InputError for one that is no expression over quantities."""
    from symbackprop.forms.chain import chain
    from symbackprop.forms.delta import delta_form
    from symbackprop.forms.paths import path_sum

    match form:
        case "chain":
            return chain(derivation, quantity).expression
        case "delta":
            return delta_form(derivation, quantity).expression
        case "paths":
            return path_sum(derivation, quantity).expression
    raise InputError(f"the JSON of a derivation has the forms chain, delta and paths, not {form}")


def _said(derivation: Derivation, expression: Expression) -> Table:
    """The expression as text and as TeX."""
    notation = derivation.notation

    def labelled(write: Callable[[AnyName], str]) -> Callable[[Hashable], Label]:
        def label(leaf: Hashable) -> Label:
            match leaf:
                case Quantity():
                    return Label(write(notation.name(leaf)))
                case Cell():
                    return Label(write(notation.cell_name(leaf)))
                case Kronecker(left, right):
                    return Label(f"[{left}={right}]")
                case Indicator(indices):
                    return Label(f"[{','.join(indices)} counts]")
                case Axis():
                    return Label("n")
            raise AssertionError(leaf)

        return label

    return {
        "text": ASCII.text(expression, labelled(ascii_name)),
        "latex": TEX.text(expression, labelled(tex)),
    }
