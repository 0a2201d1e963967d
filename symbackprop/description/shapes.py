"""The tables of a description with their keys and types, and what to say of one that differs. Reads no number, no name.

Only here is pydantic used; its findings are told in our own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from symbackprop.description.numerals import Unusable, shortened
from symbackprop.network import ExactNumber, Table

Problem = tuple[str, str]  # a place (``layers[1].weights[0]``) and what is wrong there
MOST_TABLES = 10_000  # of layers, of equations
Reduction = Literal["sum", "mean"]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)  # a network needs no program's, and so on


class Inputs(_Table):
    """``[inputs]`` of a network of layers."""

    names: list[str] = []
    values: list[Any] = []
    count: Count = 1


class Targets(_Table):
    """``[targets]``."""

    values: list[Any] = []
    classes: list[int] = []


class Trainable(_Table):
    """A layer's ``trainable``."""

    weights: bool = True
    bias: bool = True


class LayerTable(_Table):
    """One of ``[[layers]]``."""

    kind: Literal["dense"] = "dense"
    units: Count
    activation: Any
    weights: list[Any] = []
    bias: Any = None
    bias_input: Any = 1
    trainable: bool | Trainable = True


class LossTable(_Table):
    """``[loss]``, with the loss's own settings, which the catalogue knows."""

    model_config = ConfigDict(extra="allow")
    name: str = ""
    formula: str = ""
    factor: Any = None
    over_outputs: Reduction = "sum"
    over_observations: Reduction = "mean"


class PenaltyTable(_Table):
    """``[penalty]``."""

    kind: str
    strength: Any
    factor: Any = None
    at_kink: Any = None
    biases: bool = False
    over_observations: Reduction = "sum"


class UpdateTable(_Table):
    """``[update]``, with the rule's own settings, which the catalogue knows."""

    model_config = ConfigDict(extra="allow")
    rule: str
    learning_rate: Any


class Initial(_Table):
    """``[initial]``."""

    seed: Annotated[int, Field(ge=0, lt=2**64)]
    scheme: str
    limit: Any = None
    decimals: Annotated[int, Field(ge=1, le=15)] = 6


class EquationTable(_Table):
    """One of ``[[equations]]``."""

    name: str
    formula: str


class Document(_Table):
    """``[document]``."""

    digits: Annotated[int, Field(ge=1, le=1_000)] = 1
    decimals: Annotated[int, Field(ge=0, le=1_000)] = 0
    rounding: Literal["round", "cut"] = "round"
    trailing_zeros: bool = True
    carry: Literal["full", "printed"] = "full"
    decimal_mark: Literal[".", ","] = "."
    exponent: str | bool = ""
    least_power: Annotated[int, Field(ge=-400, le=0)] = 0
    depth: str | int = ""
    second_pass: bool = True
    form: str = ""
    blocks: list[str] = []
    order: str = ""
    gradient: list[str] = []
    factors: str = ""
    worked: str | list[str] = ""
    contributions: bool = False
    prediction: bool = False
    numbered: bool = False
    matrices: str = ""
    functions: str = ""
    show: str = ""


class _Description(_Table):
    format: Literal[1] = 1
    title: str = ""
    notation: Any = ""
    document: Document = Document()
    parameters: dict[str, Any] = {}
    update: UpdateTable | None = None


class LayersDescription(_Description):
    """A network of layers."""

    weights_order: Literal["to_from", "from_to"] = "to_from"
    observations: Any = None
    inputs: Inputs = Inputs()
    targets: Targets = Targets()
    layers: Annotated[list[LayerTable], Field(min_length=1)]
    loss: LossTable
    penalty: PenaltyTable | None = None
    initial: Initial | None = None


class ProgramDescription(_Description):
    """A program."""

    inputs: dict[str, Any] = {}
    equations: Annotated[list[EquationTable], Field(min_length=1)]
    loss: str
    over_observations: Reduction = "mean"


_SECTIONS: dict[str, type[BaseModel]] = {
    "inputs": Inputs,
    "targets": Targets,
    "layers": LayerTable,
    "loss": LossTable,
    "penalty": PenaltyTable,
    "update": UpdateTable,
    "initial": Initial,
    "document": Document,
    "equations": EquationTable,
    "trainable": Trainable,
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
        if key in model.model_fields and name not in (section, "trainable")
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
    model: type[BaseModel] = ProgramDescription if program else LayersDescription
    problems = _only_for_the_other(table, program=program)
    known = set(model.model_fields) | {place for place, _ in problems}
    unknown = [key for key in table if key not in known]
    top = sorted(model.model_fields)
    problems += [unknown_key("", key, top, section="") for key in unknown[:5]]
    try:
        model.model_validate({key: value for key, value in table.items() if key in model.model_fields})
    except ValidationError as error:
        problems += list(_told(error))
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


def _told(error: ValidationError) -> Iterator[Problem]:
    """Each finding in our words; of a value that may be one or another kind, the finding that goes deepest."""
    problems: dict[str, str] = {}
    program = error.title == ProgramDescription.__name__
    for finding in error.errors(include_url=False)[:100]:
        location = tuple(part for part in finding["loc"] if part not in ("bool", "Trainable", "str", "int"))
        place, what = _problem(finding["type"], location, finding.get("input"), finding.get("ctx", {}), program=program)
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


def _problem(
    kind: str, location: tuple[str | int, ...], value: object, context: Mapping[str, Any], *, program: bool
) -> Problem:
    words = [part for part in location if isinstance(part, str)]
    place, last = place_of(location), words[-1]
    model = _SECTIONS.get(words[-2] if len(words) > 2 or last == "trainable" else words[0])
    if kind == "extra_forbidden" and model is not None:
        return unknown_key(place_of(location[:-1]), last, sorted(model.model_fields), section=words[-2])
    if kind == "missing":
        advice = 'name the result before the first table: loss = "f"' if program and last == "loss" else _MISSING[last]
        return place, f"missing; {advice}"
    if kind == "literal_error":
        return place, _not_among(value, _choices(words))
    if kind == "too_short":
        return place, "is empty; a network has at least one layer, a program at least one equation"
    if kind in ("greater_than_equal", "less_than_equal", "less_than"):
        bound = {"greater_than_equal": "at least", "less_than_equal": "at most", "less_than": "less than"}[kind]
        return place, f"is {kind_of(value)}; allowed: {bound} {next(iter(context.values())):,}"
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
        "model_attributes_type": "a table",
    }.get(kind, "another kind of value")


def _choices(words: list[str]) -> list[object]:
    model: type[BaseModel] | None = _SECTIONS.get(words[0]) if len(words) > 1 else None
    for candidate in (model, LayersDescription, ProgramDescription):
        field = candidate.model_fields.get(words[-1]) if candidate is not None else None
        if field is not None and get_origin(field.annotation) is Literal:
            return list(get_args(field.annotation))
    raise AssertionError(f"no choices for {words}")


def _not_among(value: object, choices: list[object]) -> str:
    listed = ", ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
    near = get_close_matches(value, [str(choice) for choice in choices], n=1) if isinstance(value, str) else []
    return f"is {kind_of(value)}; " + (f'did you mean "{near[0]}"? ' if near else "") + f"allowed: {listed}"
