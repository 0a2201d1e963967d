"""From a description's plain table to TOML, every number and text as it was written. Checks nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from symbackprop.description.numerals import stands_bare
from symbackprop.network import ExactNumber, Table

WIDTH = 120

_TOP = ("format", "title", "notation", "weights_order", "observations", "loss", "over_observations")
_SECTIONS = (
    "inputs",
    "targets",
    "layers",
    "initial",
    "equations",
    "loss",
    "penalty",
    "update",
    "parameters",
    "notation",
    "document",
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def toml(table: Table) -> str:
    """The table as TOML: keys of the top first, then the sections in their usual order.

    >>> print(toml({"title": "one", "inputs": {"values": [[ExactNumber(1, "0.10"), 2]]}}), end="")
    title = "one"
    <BLANKLINE>
    [inputs]
    values = [[0.10, 2]]
    """
    blocks = [
        [f"{key} = {value_text(table[key])}" for key in _TOP if key in table and not isinstance(table[key], dict)]
    ]
    for name in _SECTIONS:
        section = table.get(name)
        if isinstance(section, dict):
            blocks.append([f"[{name}]", *_lines(section)])
        elif name in ("layers", "equations") and section:
            blocks += [[f"[[{name}]]", *_lines(each)] for each in section]
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def value_text(value: Any, *, name: str = "") -> str:
    """One value as TOML. A list of lists that is too long for one line has a line for each row."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case ExactNumber():
            text = value.text or str(value.value)
            return text if stands_bare(text) else f'"{text}"'
        case str():
            return _text(value)
        case list():
            return _list(value, room=WIDTH - len(name))
        case dict():
            return (
                "{ " + ", ".join(f"{_key(key)} = {value_text(item)}" for key, item in value.items()) + " }"
                if value
                else "{}"
            )
    raise AssertionError(f"no TOML for {type(value).__name__}")


def _lines(section: Table) -> Iterator[str]:
    for key, value in section.items():
        yield f"{_key(key)} = {value_text(value, name=f'{key} = ')}"


def _list(items: list[Any], *, room: int) -> str:
    texts = [value_text(item, name=" " * WIDTH) if isinstance(item, list) else value_text(item) for item in items]
    nested = any(isinstance(item, list) for item in items)
    if not nested or sum(map(len, texts)) + 2 * len(texts) <= room:
        return f"[{', '.join(texts)}]"
    return "[\n" + "".join(f"    {text},\n" for text in texts) + "]"


def _text(text: str) -> str:
    if "\\" in text and "'" not in text and not any(_ESCAPED.match(sign) and sign not in '"\\' for sign in text):
        return f"'{text}'"
    return (
        '"' + _ESCAPED.sub(lambda found: _SHORT_ESCAPES.get(found.group(), f"\\u{ord(found.group()):04x}"), text) + '"'
    )


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)
