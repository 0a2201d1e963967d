"""A notation's patterns and conventions, read from a description's table ``[notation]``. Never names a quantity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from symbackprop.errors import DescriptionError, suggestion
from symbackprop.notation.patterns import Pattern, array_pattern, parse_pattern
from symbackprop.notation.presets import ARRAY_KEYS, MARKS, OPTIONAL_PATTERNS, PATTERNS, PRESETS, SETTINGS

_MARK = re.compile(r"(?:\{name\})?[_^]?(?:\{([^{}]*)\}|([^{}]*))")
_GOOD_MARK = re.compile(r"'|[+*]|[A-Za-z0-9]{1,8}|\([A-Za-z0-9]{1,8}\)")


@dataclass(frozen=True, slots=True)
class Conventions:
    """How an author writes: orders, signs, forms. What the keys of `SETTINGS` mean is said there."""

    weight_order: str = "to_from"
    matrix_order: str = "to_from"
    first_index: int = 1
    vectors: str = "columns"
    observations: str = "rows"
    weight_first: bool = True
    bias_first: bool = False
    bias_form: str = "letter"
    target_first: bool = False
    slope_target_first: bool = False
    delta_sign: int = 1
    delta_first: bool = True
    update: str = "gradient"
    loss_vector: bool = False
    flat_parameters: bool = False
    diagonal: bool = False
    derivative: str = "∂"
    times: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """A notation before it meets a network: patterns by key, conventions, and the marks of new values.

    ``has_deltas``: the author has a letter for deltas; else it is the one that every notation has.
    """

    preset: str
    patterns: Mapping[str, Pattern] = field(hash=False)
    conventions: Conventions
    new_mark: str
    after_mark: str
    has_deltas: bool = True

    def pattern(self, key: str, *, output: bool = False) -> Pattern:
        """The pattern of a role or array, the output layer's own if it has one."""
        own = ("output" if key == "out" else f"output_{key}") if output else key
        return self.patterns.get(own) or self.patterns[key]


def style_of(table: Mapping[str, object]) -> Style:
    """The style that a table ``[notation]`` asks for; refused with place, what is wrong and what is allowed."""
    name = table.get("preset", "indexed")
    if not isinstance(name, str) or name not in PRESETS:
        raise DescriptionError(f"notation.preset: unknown notation {name!r}; {suggestion(str(name), PRESETS)}")
    known = ["preset", *MARKS, *SETTINGS, *PATTERNS, *OPTIONAL_PATTERNS]
    for key in table:
        if key not in known:
            raise DescriptionError(f"notation.{key}: unknown key; {suggestion(key, known, most=len(known))}")
    chosen: dict[str, object] = {**MARKS, **PATTERNS, **PRESETS[name], **table}
    patterns = {key: _pattern(key, chosen[key]) for key in (*PATTERNS, *OPTIONAL_PATTERNS) if key in chosen}
    patterns |= _parts(patterns, chosen, table)
    patterns |= _arrays(patterns, table)
    if patterns["mean"] == patterns["mean_square"]:
        raise DescriptionError("notation.mean_square: is written as notation.mean is; change one of them")
    new_mark = _mark("new_value", chosen["new_value"])
    after_mark = _mark("after_value", chosen["after_value"]) if chosen["after_value"] else new_mark
    has_deltas = any(key in given for key in ("delta", "output_delta") for given in (PRESETS[name], table))
    return Style(name, patterns, _conventions(chosen), new_mark, after_mark, has_deltas)


def _parts(
    patterns: Mapping[str, Pattern], chosen: Mapping[str, object], table: Mapping[str, object]
) -> dict[str, Pattern]:
    """Of a loss that the table names anew, the names of its parts by output: in its letter, if they were before."""
    before = _pattern("loss", {**PATTERNS, **PRESETS[str(chosen.get("preset", "indexed"))]}["loss"])
    part, loss = patterns["part"], patterns["loss"]
    if "part" in table or (part.base, part.accent, part.face) != (before.base, before.accent, before.face):
        return {}
    return {"part": replace(part, base=loss.base, accent=loss.accent, face=loss.face)}


def _arrays(patterns: Mapping[str, Pattern], table: Mapping[str, object]) -> dict[str, Pattern]:
    """Of entries that the table names anew, the names of their arrays, where it does not name these itself.

    Where two arrays would have one name they keep those of the preset.
    """
    found = {}
    for key, (array, layered) in ARRAY_KEYS.items():
        if key in table and array not in table:
            like = patterns.get(array) or patterns[array.removeprefix("output_")]
            hidden = ("output" if key == "out" else f"output_{key}") in patterns
            found[array] = array_pattern(patterns[key], like, layered=layered, hidden=hidden)
    for out, net in (("out", "net"), ("output", "output_net")):  # of one name for both, the outs' array has it
        if patterns.get(out) == patterns.get(net):
            found.pop(ARRAY_KEYS[net][0], None)
    others = {array: patterns[array] for array, _ in ARRAY_KEYS.values() if array in patterns and array not in found}
    names = [*found.values(), *others.values()]
    return {array: pattern for array, pattern in found.items() if names.count(pattern) == 1}


def _pattern(key: str, text: object) -> Pattern:
    if not isinstance(text, str):
        raise DescriptionError(
            f"notation.{key}: a pattern is a text in quotes, such as {PATTERNS.get(key, 'o_{unit}')!r}"
        )
    return parse_pattern(text, f"notation.{key}")


def _mark(key: str, text: object) -> str:
    found = _MARK.fullmatch(text) if isinstance(text, str) else None
    mark = (found[1] or found[2] or "") if found else ""
    if not _GOOD_MARK.fullmatch(mark):
        raise DescriptionError(
            f"notation.{key}: {str(text)[:40]!r} is no mark of a new value; allowed: '{{name}}^+', '{{name}}^*', "
            "\"{name}'\", '{name}_{(new)}', '{name}^n' and other words of up to 8 letters"
        )
    return mark


def _conventions(chosen: Mapping[str, object]) -> Conventions:
    setting = {key: _setting(key, chosen[key]) if key in chosen else allowed[0] for key, allowed in SETTINGS.items()}
    target_first, minus = setting["difference"] == "target - out", setting["delta_sign"] == "-"
    direct = {each.name: setting[each.name] for each in fields(Conventions) if each.name in SETTINGS}
    return Conventions(
        **direct
        | {
            "weight_first": setting["factor_order"] == "weight_first",
            "bias_first": setting["bias_place"] == "first",
            "target_first": target_first,
            "slope_target_first": setting["slope_difference"] == "target - out"
            if "slope_difference" in chosen
            else target_first and minus,
            "delta_sign": -1 if minus else 1,
        }  # type: ignore[arg-type]
    )


def _setting(key: str, value: object) -> object:
    """The allowed value that is meant; numbers may come as exact numbers, a sign as 1 or -1, minus as a sign."""
    value = getattr(value, "value", value)
    if key == "delta_sign" and value in (1, -1) and not isinstance(value, bool):
        value = "+" if value == 1 else "-"
    if isinstance(value, str):
        value = (
            " ".join(value.replace("\u2212", "-").split())
            if key in ("difference", "slope_difference", "delta_sign")
            else value
        )
        value = {"target-out": "target - out", "out-target": "out - target"}.get(value, value)
    for allowed in SETTINGS[key]:
        if value == allowed and isinstance(value, bool) == isinstance(allowed, bool):
            return allowed
    listed = ", ".join(_written(each) for each in SETTINGS[key])
    raise DescriptionError(f"notation.{key}: {str(value)[:40]!r} is not allowed; allowed: {listed}")


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
