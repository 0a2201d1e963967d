"""From a description's plain table to the fields of a Network: every check that needs more than one value.

The only way into a network: files, texts and networks built in Python all pass here.
"""

from __future__ import annotations

from typing import Any

from symbackprop.description import display
from symbackprop.description.layered import network_fields
from symbackprop.description.programs import program_fields, program_name
from symbackprop.description.reading import Reading, checked_choice, nearest
from symbackprop.description.shapes import kind_of, problems_of, unknown_key, where_it_belongs
from symbackprop.errors import DescriptionError
from symbackprop.network import Choice, Parameter, Table, Update


def fields_of(table: Table, *, source: str = "") -> dict[str, Any]:
    """The fields of the network that a plain table describes, by name.

    Raises DescriptionError with the first few problems, a line each, behind the name of the source.
    """
    reading = Reading(source)
    reading.texts(table, "")
    reading.problems += problems_of(table)
    reading.stop_if_wrong()
    fields = program_fields(reading, table) if "equations" in table else network_fields(reading, table)
    fields |= {
        "update": _update(reading, table.get("update")),
        "parameters": _parameters(reading, table),
        "notation": _notation(reading, table.get("notation", "indexed")),
        "document": _document(reading, table.get("document", {})),
        "title": table.get("title", ""),
        "table": table,
    }
    _clashes(reading, fields)
    reading.stop_if_wrong()
    return fields


def _update(reading: Reading, table: Table | None) -> Update | None:
    from symbackprop.catalogue.updates import UPDATES

    if table is None:
        return None
    rule = table["rule"]
    settings = reading.choice(table, "update", keys=("rule", "learning_rate"))
    if reading.known(rule, UPDATES, "update.rule", "rule"):
        checked_choice(reading, Choice(rule, settings), "update", UPDATES[rule])
    return Update(rule, reading.entry(table["learning_rate"], "update.learning_rate", use="setting"), settings)


def _parameters(reading: Reading, table: Table) -> dict[str, Parameter]:
    parameters = {}
    program = "equations" in table
    for name, written in table.get("parameters", {}).items():
        place = f"parameters.{name}"
        home = where_it_belongs(name, "parameters")
        if home and name not in reading.uses and not program:
            reading.problem(place, home)
            continue
        if program:
            program_name(reading, name, place)
        elif name not in reading.uses:
            known = list(reading.uses)
            listed = f"; names in use: {', '.join(known[:12])}" if known else "; no value above is given by a name"
            reading.problem(place, f"nothing is named '{name}'{nearest(name, known)}{listed}")
        parameters[name] = _parameter(reading, written, place)
    return parameters


def _parameter(reading: Reading, written: object, place: str) -> Parameter:
    if not isinstance(written, dict):
        return Parameter(reading.number(written, place))
    for key in written:
        if key not in ("value", "trainable"):
            reading.problems.append(unknown_key(place, key, ["trainable", "value"], section="parameters"))
    trainable = written.get("trainable", True)
    if not isinstance(trainable, bool):
        reading.problem(f"{place}.trainable", f"is {kind_of(trainable)}; allowed: true or false")
        trainable = True
    value = reading.number(written["value"], f"{place}.value") if "value" in written else None
    return Parameter(value, trainable)


def _notation(reading: Reading, written: object) -> dict[str, Any]:
    from symbackprop.notation.presets import MARKS, OPTIONAL_PATTERNS, PATTERNS, PRESETS, SETTINGS

    if isinstance(written, str):
        written = {"preset": written}
    if not isinstance(written, dict):
        reading.problem("notation", f'is {kind_of(written)}; allowed: a preset such as "indexed", or a table')
        return {"preset": "indexed"}
    preset = written.get("preset", "indexed")
    if not isinstance(preset, str):
        reading.problem("notation.preset", f"is {kind_of(preset)}; allowed: a text in quotes")
    else:
        reading.known(preset, PRESETS, "notation.preset", "notation")
    keys = ["preset", *SETTINGS, *PATTERNS, *OPTIONAL_PATTERNS, *MARKS]
    for key, value in written.items():
        place = f"notation.{key}"
        if key not in keys:
            reading.problems.append(unknown_key("notation", key, keys, section="notation"))
        elif key in SETTINGS:
            if not any(type(value) is type(choice) and value == choice for choice in SETTINGS[key]):
                allowed = ", ".join(
                    str(choice).lower() if isinstance(choice, bool) else repr(choice) for choice in SETTINGS[key]
                )
                reading.problem(place, f"is {kind_of(value)}; allowed: {allowed}")
        elif not isinstance(value, str):
            reading.problem(place, f"is {kind_of(value)}; allowed: a pattern, in quotes")
        elif key in PATTERNS or key in OPTIONAL_PATTERNS:
            _pattern(reading, value, place)
    return {"preset": "indexed"} | written


def _pattern(reading: Reading, pattern: str, place: str) -> None:
    from symbackprop.notation.patterns import parse_pattern

    try:
        parse_pattern(pattern)
    except DescriptionError as error:
        reading.problem(place, str(error))


def _document(reading: Reading, table: Table) -> dict[str, Any]:
    if "digits" in table and "decimals" in table:
        reading.problem("document", "has both digits (significant) and decimals; one of them is enough")
    for key, what in display.problems_of({key: getattr(value, "value", value) for key, value in table.items()}):
        reading.problem(f"document.{key}", what)
    return dict(table)


def _clashes(reading: Reading, fields: dict[str, Any]) -> None:
    """Notes names that stand for two things."""
    for name, uses in reading.uses.items():
        kinds = {use if use in ("setting", "number of observations") else "value" for use, _ in uses}
        if len(kinds) > 1:
            places = ", ".join(place for _, place in uses[:4])
            reading.problem(
                uses[0][1], f"the name '{name}' stands for a setting and for a value of the network: {places}"
            )
        if name in fields["input_names"] and not fields["program"]:
            reading.problem(uses[0][1], f"the name '{name}' is an input's (inputs.names) and cannot be a parameter's")
        if fields["program"] and name in {equation.name for equation in fields["program"]}:
            reading.problem(uses[0][1], f"the name '{name}' is an equation's and cannot be a parameter's")
        if "number of observations" in kinds and len(uses) > 1:
            reading.problem(uses[-1][1], f"the name '{name}' is the number of observations")
