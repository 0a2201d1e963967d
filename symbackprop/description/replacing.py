"""A description with settings or numbers replaced, as a new plain table. Checks only that there is such a place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from symbackprop.description.building import written_bias, written_weights
from symbackprop.description.numerals import exact, plain, toml_float
from symbackprop.errors import DescriptionError, suggestion
from symbackprop.network import Layer, Network, Table

Number = tuple[str, int | None, tuple[Any, ...]]  # kind, layer, indices

_STEP = re.compile(r"\[(\d{1,6})\]|\.?([^.\[\]]+)")
_SHORT_FOR = {"notation": "preset", "activation": "name"}  # a text in their place is this key of their table
_EXCLUDED = {"digits": "decimals", "decimals": "digits"}


def with_settings(table: Table, values: Mapping[str, Any]) -> Table:
    """The table with values at dotted paths (``document.decimals``, ``layers[1].activation.slope``) replaced."""
    result = dict(table)
    for path, value in values.items():
        steps = _steps(path)
        _replace(result, steps, _as_in_a_file(value), path)
    return result


def _steps(path: str) -> list[str | int]:
    if path.startswith("parameters."):
        return ["parameters", path.removeprefix("parameters.")]
    steps: list[str | int] = []
    end = 0
    for found in _STEP.finditer(path):
        if found.start() != end:
            break
        index, key = found.groups()
        steps.append(int(index) if index is not None else int(key) if key.isascii() and key.isdigit() else key)
        end = found.end()
    if not steps or end != len(path) or isinstance(steps[0], int):
        raise DescriptionError(f"{path[:60]!r} is no place in a description; places are written layers[1].activation")
    return steps


def _replace(container: Any, steps: list[str | int], value: Any, path: str) -> None:
    """Puts a value at the end of the steps; every container on the way is copied first."""
    for position, step in enumerate(steps):
        if isinstance(container, list):
            if not isinstance(step, int) or step >= len(container):
                raise DescriptionError(
                    f"{path}: there is no such place; the list has {len(container)} entries, counted from 0"
                )
        elif isinstance(step, int):
            raise DescriptionError(f"{path}: there is no such place; a table has keys, not numbers")
        if position == len(steps) - 1:
            _put(container, step, value)
            return
        inside = container[int(step)] if isinstance(container, list) else container.get(step)
        if isinstance(inside, str) and step in _SHORT_FOR:
            inside = {_SHORT_FOR[str(step)]: inside}
        elif inside is None and position == 0 and step not in ("layers", "equations"):
            inside = {}
        if not isinstance(inside, dict | list):
            raise DescriptionError(
                f"{path}: there is no such place; {'.'.join(map(str, steps[: position + 1]))} is no table"
            )
        inside = inside.copy()
        _put(container, step, inside)
        container = inside


def _put(container: Any, step: Any, value: Any) -> None:
    if isinstance(container, dict):
        if value is not None:
            container.pop(_EXCLUDED.get(str(step), ""), None)
        written = container.get(step)
        if isinstance(written, dict) and not isinstance(value, dict) and "value" in written:
            value = written | {"value": value}  # a parameter's number; it stays trainable or not
        elif step == "notation" and isinstance(written, dict) and isinstance(value, str):
            value = written | {"preset": value}
    if value is None and isinstance(container, dict):
        container.pop(step, None)
    else:
        container[step] = value


def _as_in_a_file(value: Any) -> Any:
    if not isinstance(value, str) or "\n" in value or "\r" in value:
        return plain(value)
    try:
        return tomllib.loads(f"value = {value}", parse_float=toml_float)["value"]
    except (ValueError, RecursionError):  # not TOML: the text itself
        return value


def with_numbers(network: Network, numbers: Mapping[Number, Any]) -> Table:
    """The network's table with numbers replaced; see ``Network.with_numbers``."""
    return _Numbers(network).replaced(numbers)


class _Numbers:
    """The numbers of a network as lists that can be written to, made when they are first needed."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.table = dict(network.table)
        self.arrays: dict[tuple[str, int], list[list[Any]]] = {}
        self.parameters: dict[str, Any] = {}

    def replaced(self, numbers: Mapping[Number, Any]) -> Table:
        for (kind, layer, indices), value in numbers.items():
            self._set(kind, layer, indices, plain(value))
        for (kind, layer), rows in self.arrays.items():
            empty = next(((i, j) for i, row in enumerate(rows) for j, entry in enumerate(row) if entry is None), None)
            if empty is not None:
                raise DescriptionError(
                    f"{_named(kind, layer, empty)}: has no value, and one of its array's entries is set; set them all"
                )
        for kind in ("x", "t"):
            self._write_rows(kind)
        self._write_layers()
        self._write_parameters()
        return self.table

    def _set(self, kind: str, layer: int | None, indices: tuple[Any, ...], value: Any) -> None:
        if kind == "parameter":
            return self._set_parameter(str(indices[0]), value)
        if kind == "lr":
            return self._set_rate(value)
        if kind == "x" and self.network.program:
            return self._set_program_input(str(indices[0]), indices[1] if len(indices) > 1 else 0, value)
        rows = self._rows(kind, layer or 0)
        row, column = _row_and_column(kind, indices, rows)
        if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
            raise DescriptionError(f"{_named(kind, layer or 0, indices)}: the network has no such number")
        written = rows[row][column]
        if isinstance(written, str):
            return self._set_parameter(written, value)
        rows[row][column] = value
        return None

    def _rows(self, kind: str, layer: int) -> list[list[Any]]:
        if (kind, layer) not in self.arrays:
            self.arrays[kind, layer] = self._current(kind, layer)
        return self.arrays[kind, layer]

    def _current(self, kind: str, layer: int) -> list[list[Any]]:
        network = self.network
        if kind in ("x", "t"):
            given = network.inputs if kind == "x" else network.targets
            width = network.inputs_count if kind == "x" else network.outputs_count
            if given is None and isinstance(network.observations, str):
                raise DescriptionError(
                    f"{kind}: the number of observations is the symbol '{network.observations}'; it has no values"
                )
            if network.program:
                raise DescriptionError(f"{kind}: a program has no such numbers")
            return (
                [list(row) for row in given]
                if given is not None
                else [[None] * width for _ in range(int(network.observations))]
            )
        if kind not in ("w", "b") or not 1 <= layer <= len(network.layers):
            raise DescriptionError(f"{kind}[{layer}]: the network has no such numbers")
        this = network.layers[layer - 1]
        if kind == "w":
            before = network.layers[layer - 2].units if layer > 1 else network.inputs_count
            return (
                [list(row) for row in this.weights]
                if this.weights is not None
                else [[None] * before for _ in range(this.units)]
            )
        if this.bias_form == "none":
            raise DescriptionError(f"b[{layer}]: the layer has no bias")
        return [
            list(this.bias) if this.bias is not None else [None] * (1 if this.bias_form == "shared" else this.units)
        ]

    def _set_parameter(self, name: str, value: Any) -> None:
        if self.parameters.setdefault(name, value) != value:
            raise DescriptionError(f"the parameter '{name}' stands at several places and was given two values")

    def _set_rate(self, value: Any) -> None:
        update = self.network.update
        if update is None:
            raise DescriptionError("lr: the description has no [update], so it has no learning rate")
        if isinstance(update.learning_rate, str):
            self._set_parameter(update.learning_rate, value)
        else:
            self.table["update"] = self.table["update"] | {"learning_rate": value}

    def _set_program_input(self, name: str, observation: int, value: Any) -> None:
        if name not in self.network.program_inputs:
            raise DescriptionError(
                f"{name}: the program has no such input; {suggestion(name, self.network.program_inputs)}"
            )
        inputs = dict(self.table["inputs"])
        row = list(inputs.get(name, [None]))
        if not 0 <= observation < len(row):
            raise DescriptionError(f"{name}@{observation}: there are {len(row)} observations, counted from 0")
        written = row[observation]
        if isinstance(written, str) and exact(written) is None:
            return self._set_parameter(written, value)
        row[observation] = value
        unnamed = [each for each in inputs.pop("names", []) if each != name]
        self.table["inputs"] = ({"names": unnamed} if unnamed else {}) | inputs | {name: row}
        return None

    def _write_rows(self, kind: str) -> None:
        rows = self.arrays.get((kind, 0))
        if rows is not None:
            section = "inputs" if kind == "x" else "targets"
            kept = {key: value for key, value in self.table.get(section, {}).items() if key not in ("classes", "count")}
            self.table[section] = kept | {"values": rows}

    def _write_layers(self) -> None:
        changed = {layer for kind, layer in self.arrays if kind in ("w", "b")}
        if not changed:
            return
        tables = list(self.table["layers"])
        for number in changed:
            tables[number - 1] = tables[number - 1] | self._layer(number, self.network.layers[number - 1])
        self.table["layers"] = tables
        if all("weights" in table for table in tables):
            self.table.pop("initial", None)

    def _layer(self, number: int, layer: Layer) -> Table:
        """The keys of a ``[[layers]]`` table that its numbers fill."""
        order = self.table.get("weights_order", "to_from")
        rows = self.arrays.get(("w", number))
        weights = layer.weights if rows is None else tuple(map(tuple, rows))
        entries = self.arrays.get(("b", number))
        bias = layer.bias if entries is None else tuple(entries[0])
        if layer.bias_form in ("first", "last") and (weights is None or bias is None):
            raise DescriptionError(
                f"{'w' if weights is None else 'b'}[{number}]: has no values; set weights and bias together"
            )
        written: Table = {}
        if weights is not None:
            written["weights"] = written_weights(weights, bias, layer.bias_form, order)
        if layer.bias_form != "none":
            written["bias"] = written_bias(bias, layer.bias_form)
        return written

    def _write_parameters(self) -> None:
        if not self.parameters:
            return
        parameters = dict(self.table.get("parameters", {}))
        for name, value in self.parameters.items():
            written = parameters.get(name)
            parameters[name] = written | {"value": value} if isinstance(written, dict) else value
        self.table["parameters"] = parameters


def _row_and_column(kind: str, indices: tuple[Any, ...], rows: list[list[Any]]) -> tuple[int, int]:
    if kind == "b":
        shared = len(rows[0]) == 1
        return 0, 0 if shared else (indices[0] if indices else -1)
    if len(indices) == 1 and kind in ("x", "t"):
        if len(rows) > 1:
            raise DescriptionError(
                f"{kind}[{indices[0]}]: there are {len(rows)} observations; say which: {kind}[{indices[0]}]@0"
            )
        return 0, indices[0]
    if len(indices) != 2:
        raise DescriptionError(f"{kind}{list(indices)}: two indices are wanted")
    return indices[0], indices[1]


def _named(kind: str, layer: int, indices: tuple[Any, ...]) -> str:
    if kind in ("x", "t"):
        return f"{kind}[{indices[-1]}]@{indices[0]}"
    return f"{kind}[{layer}]" + "".join(
        f"[{index}]" for index in (indices[1:] if kind == "b" and len(indices) > 1 else indices)
    )
