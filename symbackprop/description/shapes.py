"""The tables of a description with their keys and types, and what to say of one that differs. Reads no number, no name.

`kinds` finds what differs; here it is told in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from symbackprop.description.kinds import Anything, Either, Finding, Keys, Kind, Many, Of, OneOf, Whole
from symbackprop.description.numerals import Unusable, shortened
from symbackprop.network import ExactNumber, Table

Problem = tuple[str, str]  # a place (``layers[1].weights[0]``) and what is wrong there
MOST_TABLES = 10_000  # of layers, of equations
MOST_FINDINGS = 100  # that are looked at
ANY, TEXT, SWITCH = Anything(), Of(str, "string_type"), Of(bool, "bool_type")
REDUCTION = OneOf("sum", "mean")
COUNT = Whole(1, 1_000_000)

INPUTS = Keys({"names": Many(TEXT), "values": Many(ANY), "count": COUNT})
TARGETS = Keys({"values": Many(ANY), "classes": Many(Whole())})
TRAINABLE = Keys({"weights": SWITCH, "bias": SWITCH})
LAYER = Keys(
    {
        "kind": OneOf("dense"),
        "units": COUNT,
        "activation": ANY,
        "weights": Many(ANY),
        "bias": ANY,
        "trainable": Either(SWITCH, TRAINABLE),
    },
    needed=("units", "activation"),
)
# The loss's own settings and the rule's stand in these tables too: the catalogue knows them.
LOSS = Keys(
    {"name": TEXT, "formula": TEXT, "factor": ANY, "over_outputs": REDUCTION, "over_observations": REDUCTION},
    is_open=True,
)
UPDATE = Keys({"rule": TEXT, "learning_rate": ANY}, needed=("rule", "learning_rate"), is_open=True)
PENALTY = Keys(
    {
        "kind": TEXT,
        "strength": ANY,
        "factor": ANY,
        "at_kink": ANY,
        "biases": SWITCH,
        "over_observations": REDUCTION,
    },
    needed=("kind", "strength"),
)
INITIAL = Keys(
    {"seed": Whole(0, below=2**64), "scheme": TEXT, "limit": ANY, "decimals": Whole(1, 15)}, needed=("seed", "scheme")
)
EQUATION = Keys({"name": TEXT, "formula": TEXT}, needed=("name", "formula"))
DOCUMENT = Keys(
    {
        "digits": Whole(1, 1_000),
        "decimals": Whole(0, 1_000),
        "rounding": OneOf("round", "cut"),
        "trailing_zeros": SWITCH,
        "carry": OneOf("full", "printed"),
        "decimal_mark": OneOf(".", ","),
        "exponent": Either(TEXT, SWITCH),
        "depth": Either(TEXT, Whole()),
        "second_pass": SWITCH,
        "form": TEXT,
        "blocks": Many(TEXT),
        "order": TEXT,
        "gradient": Many(TEXT),
        "factors": TEXT,
        "worked": Either(TEXT, Many(TEXT)),
        "contributions": SWITCH,
        "prediction": SWITCH,
        "numbered": SWITCH,
        "matrices": TEXT,
        "show": TEXT,
    }
)
_ANY_TABLE = Of(dict, "dict_type")
_OF_BOTH: Mapping[str, Kind] = {
    "format": OneOf(1),
    "title": TEXT,
    "notation": ANY,
    "document": DOCUMENT,
    "parameters": _ANY_TABLE,
    "update": UPDATE,
}
LAYERS_DESCRIPTION = Keys(
    {
        **_OF_BOTH,
        "weights_order": OneOf("to_from", "from_to"),
        "observations": ANY,
        "inputs": INPUTS,
        "targets": TARGETS,
        "layers": Many(LAYER, least=1),
        "loss": LOSS,
        "penalty": PENALTY,
        "initial": INITIAL,
    },
    needed=("layers", "loss"),
)
PROGRAM_DESCRIPTION = Keys(
    {
        **_OF_BOTH,
        "inputs": _ANY_TABLE,
        "equations": Many(EQUATION, least=1),
        "loss": TEXT,
        "over_observations": REDUCTION,
    },
    needed=("equations", "loss"),
)
_SECTIONS: Mapping[str, Keys] = {
    "inputs": INPUTS,
    "targets": TARGETS,
    "layers": LAYER,
    "loss": LOSS,
    "penalty": PENALTY,
    "update": UPDATE,
    "initial": INITIAL,
    "document": DOCUMENT,
    "equations": EQUATION,
    "trainable": TRAINABLE,
}
_TOP_ONLY = ("format", "title", "notation", "weights_order", "observations")
_MISSING = {
    "units": "say how many: units = 2",
    "activation": 'say which: activation = "sigmoid", or "identity" for none',
    "loss": 'say how the outputs are judged: [loss] with name = "squared_error"',
    "rule": 'say which: rule = "gradient_descent"',
    "learning_rate": 'a number, or a name for a symbol: learning_rate = 0.5 or learning_rate = "eta"',
    "kind": 'say which: kind = "l2"',
    "strength": 'a number, or a name for a symbol: strength = 0.1 or strength = "lambda"',
    "seed": "any whole number from 0: seed = 1",
    "scheme": 'say which: scheme = "glorot_uniform"',
    "name": 'every equation has a name: { name = "q", formula = "x + y" }',
    "formula": 'every equation has a formula: { name = "q", formula = "x + y" }',
}


def kind_of(value: object) -> str:
    """A value in words, as the reader of an error sees it in the file."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"the number {value}" if abs(value) < 10**30 else "a very large number"
        case ExactNumber():
            return f"the number {shortened(value.text)}"
        case Unusable():
            return f"{shortened(value.text)}, which {value.why}"
        case str():
            return f"the text '{shortened(value)}'"
        case list() | tuple():
            return "an empty list" if not value else "a list"
        case dict():
            return "a table"
        case None:
            return "nothing"
    return f"a {type(value).__name__}"


def where_it_belongs(key: str, section: str) -> str:
    """Where a key stands that has landed in another table; empty if no table has it."""
    if key in _TOP_ONLY or (section in ("inputs", "equations", "parameters") and key in ("loss", "over_observations")):
        return f"{key} belongs at the top of the file, before the first [table]"
    homes = [
        f"[[{name}]]" if name in ("layers", "equations") else f"[{name}]"
        for name, model in _SECTIONS.items()
        if key in model.keys and name not in (section, "trainable")
    ]
    return f"{key} belongs in {' or '.join(homes)}" if homes else ""


def unknown_key(place: str, key: str, known: list[str], *, section: str) -> Problem:
    """The problem of a key that a table does not have: the nearest that it has, or where the key belongs."""
    at = f"{place}.{shortened(key)}" if place else shortened(key)
    home = where_it_belongs(key, section)
    near = get_close_matches(key, known, n=1)
    hint = f"{home}; " if home else f"did you mean {near[0]}? " if near else ""
    return at, f"unknown key; {hint}known here: {', '.join(known)}"


def problems_of(table: Table) -> list[Problem]:
    """Every place where a description's tables, keys and types are not what they should be."""
    program = "equations" in table
    if program and "layers" in table:
        return [("equations", "a description has [[layers]] or [[equations]], not both")]
    if not program and "layers" not in table:
        near = get_close_matches("layers", [str(key) for key in table][:100], n=1)
        hint = f"did you mean [[layers]] instead of {near[0]}? " if near else ""
        return [("layers", f"missing; {hint}a network has [[layers]], a program has [[equations]]")]
    for key in ("layers", "equations"):
        if isinstance(table.get(key), dict):
            return [(key, f"is one table; write [[{key}]] in double brackets, one for each")]
        if isinstance(table.get(key), list) and len(table[key]) > MOST_TABLES:
            return [(key, f"there are {len(table[key]):,}; at most {MOST_TABLES:,} are allowed")]
    model = PROGRAM_DESCRIPTION if program else LAYERS_DESCRIPTION
    problems = _only_for_the_other(table, program=program)
    known = set(model.keys) | {place for place, _ in problems}
    unknown = [key for key in table if key not in known]
    top = sorted(model.keys)
    problems += [unknown_key("", key, top, section="") for key in unknown[:5]]
    found = model.findings({key: value for key, value in table.items() if key in model.keys}, ())
    problems += list(_told(islice(found, MOST_FINDINGS), program=program))
    return [_landed(table, problem) for problem in problems]


def _landed(table: Table, problem: Problem) -> Problem:
    """A key that is missing at the top because it landed in a table, told where it stands."""
    key, what = problem
    if what.startswith("missing"):
        sections = [("inputs", table.get("inputs")), ("parameters", table.get("parameters"))]
        sections += [(f"equations[{index}]", each) for index, each in enumerate(table.get("equations", [])[:100])]
        for name, section in sections:
            if isinstance(section, dict) and key in section:
                return f"{name}.{key}", f"{key} belongs at the top of the file, before the first [table]"
    return problem


def _only_for_the_other(table: Table, *, program: bool) -> list[Problem]:
    reasons = (
        {
            "targets": "a program has no targets; name them in [inputs]",
            "penalty": "a program has no penalty; write it as an equation",
            "initial": "a program's parameters have their values in [parameters]",
            "weights_order": "a program has no weights",
            "observations": "a program has as many observations as its inputs have values",
        }
        if program
        else {"over_observations": 'belongs in [loss] (or [penalty]): over_observations = "mean"'}
    )
    return [(key, reason) for key, reason in reasons.items() if key in table]


def _told(findings: Iterator[Finding], *, program: bool) -> Iterator[Problem]:
    """Each finding in our words; of a value that may be one or another kind, the finding that goes deepest."""
    problems: dict[str, str] = {}
    for kind, location, value, missed in findings:
        place, what = _problem(kind, location, value, missed, program=program)
        problems.setdefault(place, what)
    for place, what in problems.items():
        if not (place.endswith(".trainable") and any(other.startswith(f"{place}.") for other in problems)):
            yield place, what


def place_of(location: tuple[str | int, ...]) -> str:
    """A place as it is printed: ``layers[1].weights[0]``."""
    place = ""
    for part in location:
        place += f"[{part}]" if isinstance(part, int) else (f".{part}" if place else part)
    return place


def _problem(kind: str, location: tuple[str | int, ...], value: object, missed: Any, *, program: bool) -> Problem:
    words = [part for part in location if isinstance(part, str)]
    place, last = place_of(location), words[-1]
    model = _SECTIONS.get(words[-2] if len(words) > 2 or last == "trainable" else words[0])
    if kind == "extra_forbidden" and model is not None:
        return unknown_key(place_of(location[:-1]), last, sorted(model.keys), section=words[-2])
    if kind == "missing":
        advice = 'name the result before the first table: loss = "f"' if program and last == "loss" else _MISSING[last]
        return place, f"missing; {advice}"
    if kind == "literal_error":
        return place, _not_among(value, missed)
    if kind == "too_short":
        return place, "is empty; a network has at least one layer, a program at least one equation"
    if kind in ("greater_than_equal", "less_than_equal", "less_than"):
        bound = {"greater_than_equal": "at least", "less_than_equal": "at most", "less_than": "less than"}[kind]
        return place, f"is {kind_of(value)}; allowed: {bound} {missed:,}"
    if last == "loss" and program:
        return place, f'is {kind_of(value)}; a program names its result before the first table: loss = "f"'
    if last == "loss" and isinstance(value, str):
        return place, f'is {kind_of(value)}; a network has a table: [loss] with name = "{shortened(value)}"'
    return place, f"is {kind_of(value)}; allowed: {_wanted(kind, last)}"


def _wanted(kind: str, key: str) -> str:
    if key in _SECTIONS and kind not in ("bool_type", "list_type"):
        return f"a table, [{key}]" if key != "layers" else "tables, [[layers]]"
    return {
        "string_type": "a text in quotes",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "list_type": "a list, in brackets",
        "dict_type": f"a table, [{key}]",
        "model_type": "a table",
    }.get(kind, "another kind of value")


def _not_among(value: object, choices: Sequence[object]) -> str:
    listed = ", ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
    near = get_close_matches(value, [str(choice) for choice in choices], n=1) if isinstance(value, str) else []
    return f"is {kind_of(value)}; " + (f'did you mean "{near[0]}"? ' if near else "") + f"allowed: {listed}"
