"""From a network built in Python to the plain table that a file would hold. Checks nothing: ``description.py`` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symbackprop.description.numerals import plain
from symbackprop.network import Choice, Dense, Layer, Loss, Matrix, Penalty, ProgramEquation, Row, Table, Update

_AS_THEY_ARE = (
    "penalty",
    "update",
    "parameters",
    "observations",
    "weights_order",
    "over_observations",
    "initial",
    "document",
)


def table_from(arguments: Mapping[str, Any]) -> Table:
    """The description that the arguments of ``Network(...)`` amount to; what was not given is left out."""
    table: Table = {}
    program = bool(arguments["equations"])
    order = arguments["weights_order"] or "to_from"
    if arguments["title"]:
        table["title"] = arguments["title"]
    if program:
        table["equations"] = [_equation(each) for each in arguments["equations"]]
    if arguments["layers"] or not program:
        layers = arguments["layers"]
        listed = isinstance(layers, Sequence) and not isinstance(layers, str)
        table["layers"] = [layer_as_written(each, order) for each in layers] if listed else plain(layers)
    inputs = _program_inputs(arguments["inputs"]) if program else _rows(arguments["inputs"])
    names = arguments["input_names"]
    if inputs is not None or names is not None:
        table["inputs"] = ({"names": plain(names)} if names is not None else {}) | (inputs or {})
    if arguments["targets"] is not None or arguments["classes"] is not None:
        classes = {} if arguments["classes"] is None else {"classes": plain(arguments["classes"])}
        table["targets"] = classes | (_rows(arguments["targets"]) or {})
    loss = arguments["loss"]
    if loss is not None:
        table["loss"] = {"name": loss} if isinstance(loss, str) and not program else _plain_table(loss)
    for key in _AS_THEY_ARE:
        if arguments[key] is not None:
            table[key] = _plain_table(arguments[key])
    if arguments["notation"] is not None:
        table["notation"] = plain(arguments["notation"])
    return table


def layer_as_written(layer: object, order: str) -> Any:
    """A layer as a ``[[layers]]`` table, its weights in the order of the description."""
    match layer:
        case Dense():
            table: Table = {"units": plain(layer.units), "activation": _plain_table(layer.activation)}
            table |= {
                name: plain(getattr(layer, name)) for name in ("weights", "bias") if getattr(layer, name) is not None
            }
            table |= {} if layer.bias_input == 1 else {"bias_input": plain(layer.bias_input)}
            return table | ({} if layer.trainable is True else {"trainable": plain(layer.trainable)})
        case Layer():
            return _checked_layer(layer, order)
    return plain(layer)


def written_weights(weights: Matrix, bias: Row | None, form: str, order: str) -> list[list[Any]]:
    """Weights ``[to][from]`` as a description writes them: with the bias's column, and in its order."""
    rows = [list(row) for row in weights]
    if form in ("first", "last") and bias is not None:
        rows = [[entry, *row] if form == "first" else [*row, entry] for row, entry in zip(rows, bias, strict=True)]
    return [list(column) for column in zip(*rows, strict=True)] if order == "from_to" else rows


def written_bias(bias: Row | None, form: str) -> Any:
    """A bias as a description writes it; None if it is left out."""
    if form == "none":
        return None
    if bias is None or form in ("first", "last"):
        return form
    return bias[0] if form == "shared" else list(bias)


def _checked_layer(layer: Layer, order: str) -> Table:
    table: Table = {"units": layer.units, "activation": _plain_table(layer.activation)}
    if layer.weights is not None:
        table["weights"] = written_weights(layer.weights, layer.bias, layer.bias_form, order)
    if layer.bias_form != "none":
        table["bias"] = written_bias(layer.bias, layer.bias_form)
    if layer.bias_input.value != 1:
        table["bias_input"] = layer.bias_input
    if not (layer.trainable_weights and layer.trainable_bias):
        table["trainable"] = {"weights": layer.trainable_weights, "bias": layer.trainable_bias}
    return table


def _plain_table(value: object) -> Any:
    """A table, or one of our own dataclasses as the table that would be read as it."""
    match value:
        case Choice():
            if value.formula:
                return {"formula": value.formula} | dict(value.settings)
            return {"name": value.name} | dict(value.settings) if value.settings else value.name
        case Loss():
            choice = _plain_table(value.choice)
            own = {
                "factor": value.factor,
                "over_outputs": value.over_outputs,
                "over_observations": value.over_observations,
            }
            return ({"name": choice} if isinstance(choice, str) else choice) | own
        case Penalty():
            own = {name: getattr(value, name) for name in ("kind", "strength", "factor", "biases", "over_observations")}
            return own | dict(value.settings)
        case Update():
            return {"rule": value.rule, "learning_rate": value.learning_rate} | dict(value.settings)
    return plain(value)


def _equation(equation: object) -> Any:
    if isinstance(equation, ProgramEquation):
        return {"name": equation.name, "formula": equation.formula}
    if isinstance(equation, tuple | list) and len(equation) == 2:
        return {"name": equation[0], "formula": equation[1]}
    return plain(equation)


def _program_inputs(inputs: object) -> Any:
    if not isinstance(inputs, Mapping):
        return None if inputs is None else plain(inputs)
    written = {name: plain(values) for name, values in inputs.items()}
    return {name: values if isinstance(values, list) else [values] for name, values in written.items()}


def _rows(values: object) -> Any:
    """Values as a row for each observation; one list of numbers is one observation."""
    if values is None or isinstance(values, Mapping):
        return None if values is None else _plain_table(values)
    written = plain(values)
    if isinstance(written, list) and written and not any(isinstance(each, list) for each in written):
        written = [written]
    return {"values": written}
