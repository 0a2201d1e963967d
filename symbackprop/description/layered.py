"""From the tables of a network of layers to its fields: inputs, targets, layers, loss and penalty. Knows no program."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from symbackprop.description.initial import MOST_DRAWN, SCHEMES, drawn
from symbackprop.description.numerals import exact
from symbackprop.description.reading import Reading, checked_choice, comma_hint
from symbackprop.description.shapes import kind_of, unknown_key, where_it_belongs
from symbackprop.network import Choice, Entry, ExactNumber, Layer, Loss, Matrix, Penalty, Row, Table, counted

ZERO = ExactNumber(Fraction(0), "0")
ONE = ExactNumber(Fraction(1), "1")


def network_fields(reading: Reading, table: Table) -> dict[str, Any]:
    """The fields that inputs, targets, layers, loss and penalty fill."""
    inputs_table, targets_table = table.get("inputs", {}), table.get("targets", {})
    names = reading.names(inputs_table.get("names", []), "inputs.names")
    if "names" in inputs_table and not names:
        reading.problem("inputs.names", "is empty; leave it out, and the notation names the inputs")
    inputs = None
    if "values" in inputs_table:
        inputs = reading.matrix(inputs_table["values"], "inputs.values", use="input")
    reading.stop_if_wrong()
    count = _inputs_count(reading, table, names, inputs)
    reading.stop_if_wrong()
    assert count is not None
    layers = _layers(reading, table, count)
    outputs = layers[-1].units
    targets = _targets(reading, targets_table, outputs)
    loss = _loss(reading, table["loss"])
    return {
        "layers": layers,
        "inputs": inputs,
        "targets": targets,
        "inputs_count": count,
        "outputs_count": outputs,
        "observations": _observations(reading, table, inputs, targets),
        "input_names": names,
        "loss": loss,
        "penalty": _penalty(reading, table.get("penalty")),
        "program": (),
        "program_inputs": {},
        "result": "",
        "over_observations": loss.over_observations,
    }


def _inputs_count(reading: Reading, table: Table, names: tuple[str, ...], inputs: Matrix | None) -> int | None:
    """How many inputs there are, from their names, values or count, else from the first weights."""
    stated: dict[str, int] = {}
    if names:
        stated["inputs.names"] = len(names)
    if "count" in table.get("inputs", {}):
        stated["inputs.count"] = table["inputs"]["count"]
    from_weights = _width_of_first_weights(table)
    if inputs is not None:
        width = next(iter(stated.values()), len(inputs[0]))
        for index, row in enumerate(inputs):
            if len(row) != width:
                wanted = f"{width}, as many as {next(iter(stated), 'the first row has')}"
                hint = comma_hint(row, width)
                reading.problem(f"inputs.values[{index}]", f"has {counted(len(row))}; wanted: {wanted}{hint}")
                return width
        if from_weights is not None and (hint := comma_hint(inputs[0], from_weights)):
            wanted = f"{from_weights}, as many as the first layer's weights take"
            reading.problem("inputs.values[0]", f"has {counted(width)}; wanted: {wanted}{hint}")
        return width
    if len(set(stated.values())) > 1:
        reading.problem(
            "inputs.count", f"is {stated['inputs.count']}, but inputs.names has {counted(len(names), 'name')}"
        )
    if stated:
        return next(iter(stated.values()))
    if from_weights is None:
        reading.problem("inputs", "how many inputs are there? give [inputs] names, values, or count = 2")
    return from_weights


def _width_of_first_weights(table: Table) -> int | None:
    first = table["layers"][0]
    rows = first.get("weights")
    if not rows or not isinstance(rows[0], list):
        return None
    column = first.get("bias") in ("first", "last")
    width = len(rows) if table.get("weights_order") == "from_to" else len(rows[0])
    return width - column if width > column else None


def _layers(reading: Reading, table: Table, inputs_count: int) -> tuple[Layer, ...]:
    layers = []
    before = inputs_count
    if "initial" in table and not _initial_is_good(reading, table["initial"]):
        reading.stop_if_wrong()
    for index, layer in enumerate(table["layers"]):
        layers.append(_layer(reading, table, layer, index, before))
        before = layer["units"]
    return tuple(layers)


def _layer(reading: Reading, table: Table, layer: Table, index: int, before: int) -> Layer:
    place, units, written_bias = f"layers[{index}]", layer["units"], layer.get("bias")
    column = written_bias if isinstance(written_bias, str) and written_bias in ("first", "last") else ""
    weights = None
    if "weights" in layer:
        weights = reading.matrix(layer["weights"], f"{place}.weights", use="weight")
        if weights is not None:
            weights = _oriented(reading, weights, f"{place}.weights", table, units, before + bool(column), column)
    form, bias = _bias(reading, layer, f"{place}.bias", units)
    if column and weights is not None:
        at = 0 if column == "first" else -1
        bias = tuple(row[at] for row in weights)
        weights = tuple(row[1:] if column == "first" else row[:-1] for row in weights)
    if "initial" in table and "weights" not in layer:
        weights = _drawn(reading, table["initial"], place, index + 1, units, before)
        if form != "none" and bias is None:
            bias = (ZERO,) * (1 if form == "shared" else units)
    trainable = layer.get("trainable", True)
    if isinstance(trainable, bool):
        trainable = {"weights": trainable, "bias": trainable}
    return Layer(
        units,
        _activation(reading, layer["activation"], f"{place}.activation"),
        weights,
        bias,
        form,
        trainable.get("weights", True),
        trainable.get("bias", True),
        _bias_input(reading, layer, f"{place}.bias_input"),
    )


def _oriented(
    reading: Reading, weights: Matrix, place: str, table: Table, units: int, width: int, column: str
) -> Matrix | None:
    """The weights ``[to][from]`` of a layer, whatever order they were written in; a problem if they do not fit."""
    turned = table.get("weights_order") == "from_to"
    rows, columns = (width, units) if turned else (units, width)
    sources = "one from each unit of the layer before" if "[0]" not in place else "one from each input"
    sources += f", and the bias {column}" if column else ""
    per_row, per_column = ("one for each unit", sources) if turned else (sources, "one for each unit")
    other = "to_from" if turned else "from_to"
    fits_turned = len(weights) == columns and all(len(row) == rows for row in weights)
    hint = (
        f'; written the other way round? weights_order = "{other}" at the top of the file reads them so'
        if fits_turned
        else ""
    )
    for index, row in enumerate(weights):
        if len(row) != columns:
            comma = comma_hint(row, columns)
            reading.problem(f"{place}[{index}]", f"has {counted(len(row))}; wanted: {columns}, {per_row}{hint}{comma}")
            return None
    if len(weights) != rows:
        reading.problem(place, f"has {counted(len(weights), 'row')}; wanted: {rows}, {per_column}{hint}")
        return None
    return tuple(zip(*weights, strict=True)) if turned else weights


def _bias(reading: Reading, layer: Table, place: str, units: int) -> tuple[str, Row | None]:
    """A bias's form and entries. The words "unit" and "shared" are biases without values; or columns."""
    written = layer.get("bias")
    if written is None:
        return "none", None
    if isinstance(written, str) and written in ("first", "last", "unit", "shared"):
        return written, None
    if not isinstance(written, list):
        return "shared", (reading.entry(written, place, use="bias"),)
    bias = reading.row(written, place, use="bias")
    if len(bias) != units:
        reading.problem(
            place,
            f"has {counted(len(bias))}; wanted: {units}, one for each unit; a number without brackets is shared by all"
            + comma_hint(bias, units),
        )
    return "unit", bias


def _bias_input(reading: Reading, layer: Table, place: str) -> ExactNumber:
    if "bias_input" not in layer:
        return ONE
    number = reading.number(layer["bias_input"], place)
    if number is not None and not number.value:
        reading.problem(place, "is 0, and then the bias does nothing; allowed: any other number, such as -1")
    elif "bias" not in layer:
        reading.problem(place, "the layer has no bias")
    return number or ONE


def _initial_is_good(reading: Reading, initial: Table) -> bool:
    good = reading.known(initial["scheme"], SCHEMES, "initial.scheme", "scheme")
    if "limit" in initial:
        limit = reading.number(initial["limit"], "initial.limit")
        if limit is not None and not 0 < limit.value <= 1_000_000:
            reading.problem("initial.limit", f"is {limit.text}; allowed: more than 0, at most 1,000,000")
        return good and limit is not None and 0 < limit.value <= 1_000_000
    return good


def _drawn(reading: Reading, initial: Table, place: str, layer: int, units: int, before: int) -> Matrix | None:
    limit = reading.number(initial["limit"], "initial.limit") if "limit" in initial else None
    if units * before > MOST_DRAWN:
        reading.problem(place, f"{units * before:,} weights to draw; at most {MOST_DRAWN:,} in a layer are allowed")
        return None
    return drawn(
        seed=initial["seed"],
        scheme=initial["scheme"],
        layer=layer,
        units=units,
        before=before,
        limit=None if limit is None else limit.value,
        decimals=initial.get("decimals", 6),
    )


def _activation(reading: Reading, written: object, place: str) -> Choice:
    from symbackprop.catalogue.activations import ACTIVATIONS

    if isinstance(written, str):
        written = {"name": written}
    if not isinstance(written, dict):
        reading.problem(
            place,
            f'is {kind_of(written)}; allowed: a name, or a table such as {{ name = "leaky_relu", slope = "1/100" }}',
        )
        return Choice("identity")
    return _choice(reading, written, place, ("name", "formula"), ACTIVATIONS, "activation", variables=("x",))


def _choice(
    reading: Reading,
    table: Table,
    place: str,
    keys: tuple[str, ...],
    entries: Any,
    what: str,
    variables: tuple[str, ...],
) -> Choice:
    """An entry of a catalogue, or a formula, with its settings."""
    name, formula = table.get("name", ""), table.get("formula", "")
    for key, value in (("name", name), ("formula", formula)):
        if not isinstance(value, str):
            reading.problem(f"{place}.{key}", f"is {kind_of(value)}; allowed: a text in quotes")
            return Choice("")
    choice = Choice(name, reading.choice(table, place, keys=keys), formula)
    if ("name" in table) == ("formula" in table):
        reading.problem(
            place, f"has {'both' if 'name' in table else 'neither'} name and formula; one of them is needed"
        )
    elif formula or "formula" in table:
        reading.formula(formula, f"{place}.formula", variables=variables)
        checked_choice(reading, choice, place, None)
    elif reading.known(name, entries, f"{place}.name" if what == "loss" else place, what):
        checked_choice(reading, choice, place, entries[name])
    return choice


def _targets(reading: Reading, table: Table, outputs: int) -> Matrix | None:
    if "classes" in table and "values" in table:
        reading.problem("targets", "has both values and classes; one of them is enough")
    if "classes" in table:
        return _one_hot(reading, table["classes"], outputs)
    if "values" not in table:
        return None
    targets = reading.matrix(table["values"], "targets.values", use="target")
    for index, row in enumerate(targets or ()):
        if len(row) != outputs:
            wanted = f"{outputs}, one for each unit of the output layer"
            hint = comma_hint(row, outputs)
            reading.problem(f"targets.values[{index}]", f"has {counted(len(row))}; wanted: {wanted}{hint}")
            break
    return targets


def _one_hot(reading: Reading, classes: list[int], outputs: int) -> Matrix | None:
    if not classes:
        reading.problem("targets.classes", "is empty; one class for each observation")
    if outputs == 1:
        reading.problem("targets.classes", "classes need an output each; with one output write values = [[0], [1]]")
        return None
    for index, value in enumerate(classes):
        if not 0 <= value < outputs:
            reading.problem(
                f"targets.classes[{index}]", f"is {kind_of(value)}; allowed: 0 to {outputs - 1}, the output that is 1"
            )
            return None
    return tuple(tuple(ONE if output == value else ZERO for output in range(outputs)) for value in classes)


def _observations(reading: Reading, table: Table, inputs: Matrix | None, targets: Matrix | None) -> int | str:
    rows = {name: len(rows) for name, rows in (("inputs", inputs), ("targets", targets)) if rows is not None}
    if len(set(rows.values())) > 1:
        reading.problem(
            "targets",
            f"has {counted(rows['targets'], 'row')}, but inputs has {counted(rows['inputs'], 'row')}; "
            "wanted: one of each for every observation",
        )
    found = next(iter(rows.values()), 1)
    declared = table.get("observations")
    if declared is None:
        return found
    if isinstance(declared, str) and exact(declared) is None:
        if rows:
            reading.problem(
                "observations", f"is the symbol '{declared}', but {' and '.join(rows)} have values; leave out one"
            )
        if reading.name_is_good(declared, "observations"):
            reading.uses.setdefault(declared, []).append(("number of observations", "observations"))
        return declared
    if not isinstance(declared, int) or isinstance(declared, bool) or not 1 <= declared <= 10_000_000:
        reading.problem(
            "observations", f'is {kind_of(declared)}; allowed: a name such as "n", or a whole number from 1'
        )
        return found
    if rows and declared != found:
        reading.problem("observations", f"is {declared}, but {' and '.join(rows)} have {counted(found, 'row')}")
    return declared


def _loss(reading: Reading, table: Table) -> Loss:
    from symbackprop.catalogue.losses import LOSSES

    own = ["name", "formula", "factor", "over_outputs", "over_observations"]
    unknown = [key for key in table if key not in own and where_it_belongs(key, "loss")]
    known_elsewhere: list[str] = []
    for key in unknown:
        if key not in {"at_kink", *(setting for entry in LOSSES.values() for setting in entry.settings)}:
            reading.problems.append(unknown_key("loss", key, own, section="loss"))
            known_elsewhere.append(key)
    choice = _choice(reading, table, "loss", (*own, *known_elsewhere), LOSSES, "loss", variables=("out", "target"))
    entry = LOSSES.get(choice.name)
    factor: Entry
    if "factor" in table:
        factor = reading.entry(table["factor"], "loss.factor", use="setting")
    else:
        default = entry.factor if entry is not None else Fraction(1)
        factor = ExactNumber(default, str(default))
    over_outputs = table.get("over_outputs", "sum")
    if entry is not None and over_outputs not in entry.over_outputs:
        reading.problem(
            "loss.over_outputs", f"is '{over_outputs}'; '{entry.name}' allows: {', '.join(entry.over_outputs)}"
        )
    return Loss(choice, factor, over_outputs, table.get("over_observations", "mean"))


def _penalty(reading: Reading, table: Table | None) -> Penalty | None:
    from symbackprop.catalogue.penalties import PENALTIES

    if table is None:
        return None
    kind = table["kind"]
    default = Fraction(1)
    settings = reading.choice({key: table[key] for key in ("at_kink",) if key in table}, "penalty", keys=())
    if reading.known(kind, PENALTIES, "penalty.kind", "penalty"):
        default = PENALTIES[kind].factor
        checked_choice(reading, Choice(kind, settings), "penalty", PENALTIES[kind])
    return Penalty(
        kind,
        reading.entry(table["strength"], "penalty.strength", use="setting"),
        reading.entry(table["factor"], "penalty.factor", use="setting")
        if "factor" in table
        else ExactNumber(default, str(default)),
        table.get("biases", False),
        table.get("over_observations", "sum"),
        settings,
    )
