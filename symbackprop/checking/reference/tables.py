"""A reference as JSON and as npz. The same reference gives the same bytes. Computes nothing."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from symbackprop import __version__
from symbackprop.checking.reference.listed import Listed, Reference

FORMAT = "symbackprop.reference/1"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip file cannot say "no date"


def json_text(reference: Reference) -> str:
    """The reference as JSON: numbers with 17 significant digits, which say which double is meant; null is unbounded."""
    arrays = reference.arrays
    inputs = {key: _numbers(arrays[name]) for key, name in reference.inputs.items()}
    head = {
        "format": json.dumps(FORMAT),
        "version": json.dumps(__version__),
        "title": json.dumps(reference.title),
        "observations": str(reference.observations),
        "inputs": _table(inputs, "  ") if reference.program else inputs["x"],
        "targets": "null" if reference.targets is None else _numbers(arrays[reference.targets]),
        "loss": _numbers(arrays[reference.loss]),
    }
    for name, table in (
        ("parameters", reference.parameters), ("gradients", reference.gradients), ("uses", reference.uses)
    ):  # fmt: skip
        head[name] = _table({key: _numbers(arrays[each]) for key, each in table.items()}, "  ")
    head["frozen"] = json.dumps(reference.frozen)
    head["bounds"] = _table({key: _bounds(arrays[each]) for key, each in reference.gradients.items()}, "  ")
    head["arrays"] = _table({name: _numbers(each) for name, each in arrays.items()}, "  ")
    return _table(head, "") + "\n"


def npz(reference: Reference) -> bytes:
    """Every array by its neutral name, as doubles."""
    import numpy as np

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as book:
        for name, each in reference.arrays.items():
            inner = io.BytesIO()
            np.lib.format.write_array(inner, np.array(each.numbers).reshape(each.shape), allow_pickle=False)
            book.writestr(zipfile.ZipInfo(f"{name}.npy", EARLIEST), inner.getvalue())
    return buffer.getvalue()


def _table(rows: dict[str, str], indent: str) -> str:
    if not rows:
        return "{}"
    inner = indent + "  "
    return "{\n" + ",\n".join(f"{inner}{json.dumps(key)}: {text}" for key, text in rows.items()) + f"\n{indent}}}"


def _numbers(listed: Listed) -> str:
    return shaped(list(map(_digits, listed.numbers)), listed.shape, "[]")


def _bounds(listed: Listed) -> str:
    texts = [_digits(each) if math.isfinite(each) else "null" for each in listed.bounds]
    return shaped(texts, listed.shape, "[]")


def _digits(number: float) -> str:
    """17 significant digits, with a point or an exponent: a reader must not take it for a whole number."""
    text = format(number, ".17g")
    return text if any(each in text for each in ".e") else f"{text}.0"


def shaped(texts: Sequence[str], shape: Sequence[int], brackets: str) -> str:
    """Texts in row-major order, in brackets by their shape.

    >>> shaped(["1", "2", "3", "4"], (2, 2), "[]")
    '[[1, 2], [3, 4]]'
    """
    rows: list[Any] = list(texts)
    for extent in reversed(shape):
        rows = [_bracketed(rows[start : start + extent], brackets) for start in _starts(len(rows), extent)]
    return str(rows[0])


def _starts(count: int, extent: int) -> Iterator[int]:
    return iter(range(0, count, extent)) if extent else iter(())


def _bracketed(rows: Sequence[str], brackets: str) -> str:
    return f"{brackets[0]}{', '.join(rows)}{brackets[1]}"
