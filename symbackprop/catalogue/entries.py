"""How a catalogue is looked up and how an entry's settings are read. Never knows an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol, TypeVar

from symbackprop.errors import DescriptionError, suggestion
from symbackprop.expressions import Expression, Number, Undefined, as_expression

KINK_RULES: Mapping[object, Expression] = MappingProxyType(
    {
        Fraction(0): as_expression(0),
        Fraction(1): as_expression(1),
        Fraction(1, 2): Number(Fraction(1, 2), "1/2"),
        "error": Undefined('the slope does not exist here and the description says at_kink = "error"'),
    }
)


class Chosen(Protocol):
    """An entry's name with its settings as written, or a formula in place of a name: `network.Choice` is one."""

    @property
    def name(self) -> str:
        """The entry's name; empty for a formula."""

    @property
    def settings(self) -> Mapping[str, object]:
        """Exact numbers (anything with a ``value`` that is a Fraction) or words."""

    @property
    def formula(self) -> str:
        """The formula's text, or empty."""


class Named(Protocol):
    """An entry of a table."""

    @property
    def name(self) -> str:
        """What the entry is called in a description."""


Entry = TypeVar("Entry", bound=Named)


@dataclass(frozen=True, slots=True)
class Plain:
    """A choice by name, every setting at its default unless given."""

    name: str = ""
    settings: Mapping[str, object] = field(default_factory=dict, hash=False)
    formula: str = ""


def table(*entries: Entry) -> Mapping[str, Entry]:
    """The entries by name, in the order given."""
    names = [each.name for each in entries]
    assert len(set(names)) == len(names), "two entries have the same name"
    return MappingProxyType({each.name: each for each in entries})


def chosen(entries: Mapping[str, Entry], name: str, *, what: str, place: str = "") -> Entry:
    """The entry of that name; an unknown name is an error that suggests the nearest."""
    if name not in entries:
        raise DescriptionError(f"{_at(place)}unknown {what} {name!r}; {suggestion(name, entries, most=20)}")
    return entries[name]


def numbers_of(
    choice: Chosen, defaults: Mapping[str, Fraction], *, kinked: bool, what: str, place: str = ""
) -> dict[str, Fraction]:
    """Each numeric setting of the entry: the one that was written, or its default. Unknown ones are errors."""
    allowed = [*defaults, *(["at_kink"] if kinked else [])]
    for key in choice.settings:
        if key not in allowed:
            near = suggestion(key, allowed) if allowed else "it has no settings"
            raise DescriptionError(f"{_at(place)}{what}: unknown setting {key!r}; {near}")
    return {
        key: _number(choice.settings[key], f"{_at(place)}{what}: {key}") if key in choice.settings else default
        for key, default in defaults.items()
    }


def kink_rule(choice: Chosen, *, place: str = "") -> Expression:
    """The slope at a kink that the choice states; 0 if it states none."""
    given = choice.settings.get("at_kink", Fraction(0))
    rule = given if isinstance(given, str) else getattr(given, "value", given)
    if rule not in KINK_RULES:
        shown = getattr(given, "text", "") or str(rule)
        raise DescriptionError(f'{_at(place)}at_kink: {shown!r} cannot be used; allowed: 0, 1, "1/2", "error"')
    return KINK_RULES[rule]


def _number(given: object, place: str) -> Fraction:
    value = getattr(given, "value", given)
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    raise DescriptionError(f"{place}: must be a number, not {given!r}")


def _at(place: str) -> str:
    return f"{place}: " if place else ""
