"""The JSON of ``evaluate`` and ``train``. Computes and prints nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from symbackprop import __version__
from symbackprop.derivation import Derivation
from symbackprop.errors import MissingValue
from symbackprop.notation.neutral import neutral, neutral_array
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.report.listed import entries_of, further_arrays, sections, shown_name
from symbackprop.report.writing import Writer, diverged_text
from symbackprop.training import Training
from symbackprop.values import Values, nested

EVALUATE_FORMAT = "symbackprop.evaluate/1"

Table = dict[str, Any]


def evaluation(values: Values, *, digits: int | None = None) -> Table:
    """The structure that ``evaluate --json`` prints. Raises MissingValue where the loss itself has no number."""
    derivation, writer = values.derivation, Writer(digits)
    loss = values.array(derivation.loss)[0]
    after = None if derivation.after is None else _nested(values, derivation.after.loss, writer)
    layers = [_layer(values, number, writer) for number in range(len(derivation.now.nets))]
    by_neutral, by_notation = _by_name(values, writer)
    return {
        "format": EVALUATE_FORMAT,
        "version": __version__,
        "loss": writer.number(loss, "loss"),
        "loss_after_update": after,
        "layers": layers,
        "neutral": by_neutral,
        "quantities": by_notation,
        "notes": writer.notes,
    }


def selection(values: Values, names: Sequence[str], *, digits: int | None = None) -> Table:
    """The structure that ``evaluate --of NAME ... --json`` prints: just these, by each of their names."""
    writer = Writer(digits)
    asked: Table = {}
    by_neutral: Table = {}
    by_notation: Table = {}
    for name in names:
        wanted = values.names.resolve(name)
        if isinstance(wanted, Quantity):
            asked[name] = writer.number(values.of(wanted), name)
        else:
            asked[name] = _nested(values, wanted, writer)
        for quantity in entries_of(wanted):
            written = writer.number(values.of(quantity), neutral(quantity))
            by_neutral[neutral(quantity)] = written
            by_notation[shown_name(values.derivation, quantity)] = written
    return {
        "format": EVALUATE_FORMAT,
        "version": __version__,
        "of": asked,
        "neutral": by_neutral,
        "quantities": by_notation,
        "notes": writer.notes,
    }


def training(result: Training) -> Table:
    """The structure that ``train --json`` prints: the losses, and the layers after the last step."""
    writer = Writer()
    values = result.values
    known = len(result.losses) if result.diverged is None else result.diverged
    losses = [writer.number(loss, f"the loss after step {step}") for step, loss in enumerate(result.losses[:known])]
    losses += [None] * (len(result.losses) - known)
    table: Table = {"losses": losses}
    if values.derivation.network.program:
        table["parameters"] = {
            array.label: _nested(values, array, writer) for array in values.derivation.arrays.parameters
        }
    table["layers"] = [_layer(values, number, writer) for number in range(len(values.derivation.now.nets))]
    if result.diverged is not None:
        writer.notes[:] = [diverged_text(result.diverged), *writer.notes]
    return table | {"notes": writer.notes}


def as_json(table: Mapping[str, Any]) -> str:
    """The table as JSON in ASCII, a line for each key and each row; never NaN or Infinity."""
    return _laid_out(table, "") + "\n"


def _laid_out(value: Any, indent: str) -> str:
    """Tables and lists of tables over several lines, lists of numbers on one."""
    if isinstance(value, Mapping) and value:
        inner = indent + "  "
        rows = [f"{inner}{json.dumps(str(key))}: {_laid_out(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        inner = indent + "  "
        return "[\n" + ",\n".join(f"{inner}{_laid_out(each, inner)}" for each in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def _layer(values: Values, number: int, writer: Writer) -> Table:
    """A layer's numbers; weights and bias in the description's shapes: its order, a bias column with the weights."""
    derivation = values.derivation
    arrays, now = derivation.arrays, derivation.now
    weight, bias = arrays.weights[number], arrays.biases[number]
    table: Table = {
        "net": _nested(values, now.nets[number], writer),
        "out": _nested(values, now.outs[number], writer),
        "delta": _nested(values, derivation.gradient_array(now.nets[number]), writer),
    }
    kinds = {"": _itself, "_gradient": derivation.gradient_array, "_updated": _updated}
    for ending, of in kinds.items():
        absent = of is _updated and derivation.after is None
        rows = None if absent else _nested(values, of(weight), writer)
        column = None if absent or bias is None else _nested(values, of(bias), writer)
        table[f"weights{ending}"], table[f"bias{ending}"] = _as_described(derivation, number, rows, column)
    return table


def _itself(array: Array) -> Array:
    return array


def _updated(array: Array) -> Array:
    return replace(array, phase=Phase.NEW)


def _as_described(derivation: Derivation, number: int, rows: Any, column: Any) -> tuple[Any, Any]:
    form = derivation.network.layers[number].bias_form
    if form in ("first", "last"):
        if rows is None or column is None:
            return None, None
        pairs = zip(rows, column, strict=True)
        rows = [[offset, *row] if form == "first" else [*row, offset] for row, offset in pairs]
        column = None
    if rows is not None and derivation.network.table.get("weights_order") == "from_to":
        rows = [list(each) for each in zip(*rows, strict=True)]
    return rows, column


def _nested(values: Values, array: Array, writer: Writer) -> Any:
    """An array's numbers as lists in its shape; null as a whole where they need an absent number."""
    try:
        entries = values.array(array)
    except MissingValue as error:
        writer.missing(error)
        return None
    return nested(_written(array, entries, writer), array.shape)


def _written(array: Array, entries: Sequence[Any], writer: Writer) -> list[Any]:
    return [
        writer.number(entry, neutral(Quantity(array, indices)))
        for indices, entry in zip(every_index(array), entries, strict=True)
    ]


def _by_name(values: Values, writer: Writer) -> tuple[Table, Table]:
    """Every listed quantity by its neutral name, and by its name in the notation; the first of equal names counts."""
    derivation = values.derivation
    by_neutral: Table = {}
    by_notation: Table = {}
    listed = (array for section in sections(derivation) for array in section.arrays)
    for array in (*listed, *further_arrays(derivation)):
        try:
            entries = values.array(array)
        except MissingValue as error:
            writer.missing(error)
            entries = [None] * math.prod(extent or 0 for extent in array.shape)
        for indices, entry in zip(every_index(array), entries, strict=True):
            quantity = Quantity(array, indices)
            name = neutral(quantity)
            written = None if entry is None else writer.number(entry, name)
            by_neutral.setdefault(name, written)
            by_notation.setdefault(shown_name(derivation, quantity), written)
            for alias in (*_aliases(derivation, array), *_others(derivation, quantity)):
                by_neutral.setdefault(alias, written)
    return by_neutral, by_notation


def _others(derivation: Derivation, quantity: Quantity) -> Iterator[str]:
    """The neutral name as an out, of a net that is its out."""
    array, indices = quantity
    whose = array.wrt if array.role is Role.DERIVATIVE else array
    if whose is None or whose.role is not Role.NET or whose.layer not in derivation.notation.merged:
        return
    out = replace(whose, role=Role.OUT)
    yield neutral(Quantity(replace(array, wrt=out) if array.role is Role.DERIVATIVE else out, indices))


def _aliases(derivation: Derivation, array: Array) -> Iterator[str]:
    """The neutral names that the units of a layer share with their one bias."""
    bias = array.wrt if array.role is Role.DERIVATIVE else array
    if bias is None or bias.role is not Role.BIAS or array.axes or bias.layer is None:
        return
    whole = neutral_array(array)
    for unit in range(1, derivation.network.layers[bias.layer - 1].units):
        yield f"{whole}[{unit}]"
