"""Kinds of values in a description's tables, and what a value finds wrong with one. Knows no table and no words for it.

A finding says what kind of thing is wrong, where, with which value, and the bound or the choices that it missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

Location = tuple[str | int, ...]
Finding = tuple[str, Location, object, Any]


class Kind(Protocol):
    """What a value can be."""

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """What is wrong with a value; nothing of a good one."""


class Anything:
    """Any value: others look at it."""

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """Nothing."""
        yield from ()


class Of:
    """A text, true or false: a value of one of Python's types."""

    def __init__(self, kind: type, name: str) -> None:
        self.kind, self.name = kind, name

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """The value, if it is of another type."""
        if not isinstance(value, self.kind):
            yield self.name, at, value, None


class Whole:
    """A whole number within bounds, both included."""

    def __init__(self, least: int | None = None, most: int | None = None, *, below: int | None = None) -> None:
        self.least, self.most, self.below = least, most, below

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """The value, if it is no whole number, or the bound that it misses."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield "int_type", at, value, None
        elif self.least is not None and value < self.least:
            yield "greater_than_equal", at, value, self.least
        elif self.most is not None and value > self.most:
            yield "less_than_equal", at, value, self.most
        elif self.below is not None and value >= self.below:
            yield "less_than", at, value, self.below


class OneOf:
    """One of a few values."""

    def __init__(self, *choices: str | int) -> None:
        self.choices = choices

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """The value, if it is none of them."""
        if not any(type(value) is type(each) and value == each for each in self.choices):
            yield "literal_error", at, value, self.choices


class Many:
    """A list of values of one kind."""

    def __init__(self, kind: Kind, *, least: int = 0) -> None:
        self.kind, self.least = kind, least

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """The value, if it is no list or too short a one; else what is wrong with what is in it."""
        if not isinstance(value, list):
            yield "list_type", at, value, None
            return
        if len(value) < self.least:
            yield "too_short", at, value, self.least
        if not isinstance(self.kind, Anything):
            for index, each in enumerate(value):
                yield from self.kind.findings(each, (*at, index))


class Either:
    """A value of one of several kinds."""

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """What is wrong with it as each of the kinds, unless it is of one of them."""
        found = [list(each.findings(value, at)) for each in self.kinds]
        if all(found):
            for each in found:
                yield from each


class Keys:
    """A table with its keys; ``needed`` ones have to be there, ``open`` tables may have others."""

    def __init__(self, keys: Mapping[str, Kind], *, needed: tuple[str, ...] = (), is_open: bool = False) -> None:
        self.keys, self.needed, self.is_open = keys, needed, is_open

    def findings(self, value: object, at: Location) -> Iterator[Finding]:
        """The value, if it is no table; else keys that are missing, what is wrong with values, and unknown keys."""
        if not isinstance(value, dict):
            yield "model_type", at, value, None
            return
        for key, kind in self.keys.items():
            if key in value:
                yield from kind.findings(value[key], (*at, key))
            elif key in self.needed:
                yield "missing", (*at, key), value, None
        if not self.is_open:
            for key, each in value.items():
                if key not in self.keys:
                    yield "extra_forbidden", (*at, key), each, None
