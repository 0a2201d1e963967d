"""From a program's tables to its fields: equations in order, each from inputs, parameters and earlier ones."""

from __future__ import annotations

from typing import Any

from symbackprop.description.reading import Reading, is_identifier, names_in, nearest
from symbackprop.description.shapes import kind_of, where_it_belongs
from symbackprop.functions import FUNCTIONS
from symbackprop.network import ProgramEquation, Row, Table, counted


def program_fields(reading: Reading, table: Table) -> dict[str, Any]:
    """The fields that a program's equations and inputs fill."""
    inputs, observations = _program_inputs(reading, table.get("inputs", {}))
    given = dict.fromkeys([*inputs, *table.get("parameters", {})])
    equations: list[Table] = table["equations"]
    later = [equation["name"] for equation in equations]
    names = set(later)
    known: dict[str, None] = dict(given)
    for index, equation in enumerate(equations):
        name, place = equation["name"], f"equations[{index}]"
        program_name(reading, name, f"{place}.name", is_result=name == table["loss"])
        if name in known:
            what = "another equation" if name in later[:index] else "an input" if name in inputs else "a parameter"
            reading.problem(f"{place}.name", f"the name '{name}' already stands for {what}")
        _program_formula(reading, equation["formula"], f"{place}.formula", name, known, names)
        known[name] = None
    if table["loss"] not in later:
        reading.problem(
            "loss",
            f"no equation is named '{table['loss']}'{nearest(table['loss'], later)}; known: {', '.join(later[:12])}",
        )
    return {
        "layers": (),
        "inputs": None,
        "targets": None,
        "inputs_count": len(inputs),
        "outputs_count": 1,
        "observations": observations,
        "input_names": tuple(inputs),
        "loss": None,
        "penalty": None,
        "program": tuple(ProgramEquation(each["name"], each["formula"]) for each in equations),
        "program_inputs": inputs,
        "result": table["loss"],
        "over_observations": table.get("over_observations", "mean"),
    }


def _program_inputs(reading: Reading, table: Table) -> tuple[dict[str, Row | None], int]:
    """Each input's values, one for each observation, and the number of observations."""
    inputs: dict[str, Row | None] = {}
    first = ""
    for name, values in table.items():
        place = f"inputs.{name}"
        if name == "names" and isinstance(values, list) and all(isinstance(each, str) for each in values):
            inputs |= dict.fromkeys(reading.names(values, place))
            continue
        if not isinstance(values, list):
            home = where_it_belongs(name, "inputs")
            hint = home or f"a list with one value for each observation: {name} = [{getattr(values, 'text', values)}]"
            reading.problem(place, f"is {kind_of(values)}; {hint}")
            continue
        program_name(reading, name, place)
        inputs[name] = row = reading.row(values, place, use="input")
        if not row:
            reading.problem(place, 'is empty; inputs without values are named: names = ["x", "y"]')
        first = first or name
        if len(row) != len(inputs[first] or ()):
            reading.problem(
                place,
                f"has {counted(len(row))}, but inputs.{first} has {len(inputs[first] or ())}; wanted: as many",
            )
    return inputs, len(inputs[first] or ()) if first else 1


def program_name(reading: Reading, name: str, place: str, *, is_result: bool = False) -> None:
    """Notes a name that formulas cannot use."""
    if not (is_result and name == "loss") and not reading.name_is_good(name, place):
        return
    if not is_identifier(name):
        reading.problem(
            place, f"'{name}' cannot stand in a formula; allowed: letters, digits and _, beginning with a letter"
        )
    elif name in FUNCTIONS:
        reading.problem(place, f"'{name}' is the name of a function; take another, such as '{name}_1'")


def _program_formula(
    reading: Reading, formula: str, place: str, name: str, known: dict[str, None], later: set[str]
) -> None:
    words = set(names_in(formula))
    if name in words and name not in known:
        reading.problem(
            place, f"'{name}' is defined by itself; an equation uses inputs, parameters and earlier equations"
        )
        return
    for other in words - known.keys():
        if other in later:
            reading.problem(
                place,
                f"uses '{other}', which is defined only later; move its equation up, or is it a cycle?",
            )
            return
    reading.formula(formula, place, variables=known)
