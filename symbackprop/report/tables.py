"""The tables that ``evaluate`` and ``train`` print for people. Computes and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symbackprop.errors import MissingValue
from symbackprop.notation.lettering import plain
from symbackprop.quantities import Quantity
from symbackprop.report.listed import entries_of, parameters_of, sections
from symbackprop.report.writing import Writer
from symbackprop.values import Values


def numbers_text(values: Values, *, digits: int | None = None) -> str:
    """Every quantity that a reader looks for with its number, under headings; a tied parameter stands there once."""
    writer = Writer(digits)
    blocks = []
    assert values.array(values.derivation.loss) is not None
    for section in sections(values.derivation):
        found = (row for array in section.arrays for row in _rows(values, entries_of(array), writer))
        blocks.append((section.title, list(dict.fromkeys(found))))
    width = max(len(name) for _, rows in blocks for name, _ in rows)
    lines: list[str] = []
    for title, rows in blocks:
        lines += ["", title] if lines else [title]
        lines += [f"  {name:<{width}}  {number}" for name, number in rows]
    return "\n".join(lines)


def selection_text(values: Values, names: Sequence[str], *, digits: int | None = None) -> str:
    """The quantities asked for, a line each with its number."""
    writer = Writer(digits)
    rows = [row for name in names for row in _strict_rows(values, entries_of(values.names.resolve(name)), writer)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {number}" for name, number in rows)


def _rows(values: Values, quantities: Iterator[Quantity], writer: Writer) -> list[tuple[str, str]]:
    rows = []
    for quantity in quantities:
        name = plain(values.derivation.notation.name(quantity))
        try:
            rows.append((name, writer.text(values.of(quantity), name)))
        except MissingValue:
            rows.append((name, "no value"))
    return rows


def _strict_rows(values: Values, quantities: Iterator[Quantity], writer: Writer) -> list[tuple[str, str]]:
    derivation = values.derivation
    return [
        (name, writer.text(values.of(quantity), name))
        for quantity in quantities
        for name in (plain(derivation.notation.name(quantity)),)
    ]


def parameters_text(values: Values) -> str:
    """The parameters with their numbers, a line each."""
    writer = Writer()
    every = (row for array in parameters_of(values.derivation) for row in _rows(values, entries_of(array), writer))
    rows = list(dict.fromkeys(every))
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:<{width}}  {number}" for name, number in rows)
