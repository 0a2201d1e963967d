"""An edited workbook of ours, read back: the same network with the numbers that stand in the book. Computes nothing.

A number that was not changed keeps its written text. Programs save numbers to 15, 16 or 17 digits; a number that is the
written one to so many is the written one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symbackprop.derivation import Derivation, derive
from symbackprop.errors import InputError, SymbackpropError
from symbackprop.given import Exact, given_entries
from symbackprop.network import Network
from symbackprop.quantities import Array, Quantity, Role, flat
from symbackprop.values import Values, values_at
from symbackprop.workbook.building import typed_sheets
from symbackprop.workbook.check import SETTINGS
from symbackprop.workbook.contents import Run, Sheet, Text, Typed
from symbackprop.workbook.opening import Opened, flattened, opened
from symbackprop.workbook.placement import address

PLACES_OF_SETTINGS = {
    "factor": "loss.factor",
    "strength": "penalty.strength",
    "penalty factor": "penalty.factor",
}  # all others are of [update]
SAVED_DIGITS = (15, 16, 17)
STANDS = "the workbook's structure was changed, and it cannot be read; make it anew with symbackprop workbook"
Place = tuple[str, int | None, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Typing:
    """What is typed in a book: the description it came from, and every number that differs from it."""

    book: Opened
    derivation: Derivation
    values: Values  # at the numbers that stand in the book
    changed: Mapping[Quantity, float | int]
    settings: Mapping[Array, float] = field(default_factory=dict)


def read(path: str) -> Network:
    """The network of a workbook of ours with the numbers that stand in it. Raises InputError if it cannot be read."""
    found = typing_of(opened(path))
    numbers: dict[Place, float | int] = {}
    settings: dict[str, float | int] = {}
    for quantity, value in found.changed.items():
        if quantity.array.role is Role.SETTING:
            settings[_path(found, quantity)] = value
        else:
            numbers[_place(found, quantity)] = value
    network = found.derivation.network
    try:
        if numbers:
            network = network.with_numbers(numbers)
        return network.with_values(settings) if settings else network
    except SymbackpropError as error:
        raise InputError(f"{path}: its numbers make no network: {error}") from error


def typing_of(book: Opened) -> Typing:
    """The numbers that are typed in a book, beside those of its description."""
    try:
        network = Network.parse(book.inside.description, source=f"{book.name} (the description inside)")
    except InputError as error:
        raise InputError(f"{error}; the hidden sheet was changed") from error
    derivation = derive(network)
    entries: dict[Array, list[Exact]] = given_entries(derivation)
    blank = {array: [each or Fraction(0) for each in column] for array, column in entries.items()}
    changed: dict[Quantity, float | int] = {}
    settings: dict[Array, float] = {}
    for name, place, typed in _typed(book, typed_sheets(derivation, values_at(derivation, blank), book.inside.layout)):
        quantity, value = typed.of, _number(book, name, place)
        if quantity.array in SETTINGS:
            settings[quantity.array] = float(value)
            continue
        number = flat(quantity.indices, quantity.array.shape)
        written = entries[quantity.array][number]
        if written is None or not _is_saved(float(value), float(written)):
            changed[quantity] = value
        if written is None or float(value) != float(written):
            entries[quantity.array][number] = Fraction(value)
    return Typing(book, derivation, values_at(derivation, entries), changed, settings)


def _typed(book: Opened, sheets: list[Sheet]) -> Iterator[tuple[str, tuple[int, int], Typed]]:
    """The places of typed numbers, once the words beside them are found to be where they were written."""
    for sheet in sheets:
        here = book.cells.get(sheet.name)
        if here is None:
            raise InputError(f"{book.name}: has no sheet {sheet.name}: {STANDS}")
        for row, contents in enumerate(sheet.rows(), 1):
            for column, content in enumerate(contents, 1):
                if isinstance(content, Typed):
                    yield sheet.name, (row, column), content
                elif isinstance(content, Text) and content.style in ("name", "group", "column"):
                    _compare(book, sheet.name, row, column, content, here.get((row, column), ""))


def _compare(book: Opened, sheet: str, row: int, column: int, content: Text, found: object) -> None:
    wanted = flattened(said(content))
    if flattened(found) != wanted:
        place = f"{sheet}!{address(row, column)}"
        raise InputError(f"{book.name}: {place} has {str(found)[:40]!r} where {wanted[:40]!r} stood: {STANDS}")


def said(content: Text) -> str:
    """A text without its sub- and superscripts' looks."""
    runs: str | tuple[Run, ...] = content.text
    return runs if isinstance(runs, str) else "".join(text for text, _ in runs)


def _number(book: Opened, sheet: str, place: tuple[int, int]) -> float | int:
    value = book.cells[sheet].get(place)
    where = f"{book.name}: {sheet}!{address(*place)}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        if value is None:
            raise InputError(f"{where} is empty; a number must stand there")
        what = "the formula " if isinstance(value, str) and value.startswith("=") else ""
        raise InputError(f"{where} has {what}{str(value)[:40]!r}; a typed number must stand there")
    if not math.isfinite(value):
        raise InputError(f"{where} has {value}; a finite number must stand there")
    return value


def _is_saved(value: float, written: float) -> bool:
    """Whether a number is a written one as a program saves it."""
    return any(value == float(f"{written:.{digits}g}") for digits in SAVED_DIGITS)


def _path(found: Typing, quantity: Quantity) -> str:
    label = quantity.array.label
    if label == "step":
        raise InputError(f"{found.book.name}: the number of the first step was changed; a description begins at 1")
    return PLACES_OF_SETTINGS.get(label, f"update.{label}")


def _place(found: Typing, quantity: Quantity) -> Place:
    """Where a description has a given number, as `Network.with_numbers` takes it."""
    array, indices = quantity
    match array.role:
        case Role.STATE:
            name = found.derivation.notation.plain(quantity)
            raise InputError(
                f"{found.book.name}: {name}, a state of the update rule at the start, was changed; "
                "in a description it is 0"
            )
        case Role.INPUT if found.derivation.network.program:
            return "x", None, (array.label, *indices)
        case Role.PARAMETER if array.axes:
            source, place = found.derivation.ties.sources[array][indices[0]]
            return source.role.value, source.layer, place
        case Role.PARAMETER:
            return "parameter", None, (array.label,)
    return array.role.value, array.layer, indices
