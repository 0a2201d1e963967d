"""Workbooks, recalculated by real engines without the values that we wrote beside the formulas."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.given import Given
from symbackprop.network import Network
from symbackprop.quantities import Array, Phase, Quantity, Role
from symbackprop.system import flat
from symbackprop.values import Values, evaluate, values_at
from symbackprop.workbook import layout
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.writer import book_bytes
from tests.conftest import FULL
from tests.engines import Cells, by_ironcalc, by_libreoffice
from tests.networks import drawn

RANDOM = 200 if FULL else 6
EXAMPLE_STEPS = 4
EXAMPLES = [
    path for path in sorted(Path(__file__).parent.parent.glob("examples/*.toml")) if path.stem != "happydustbunny"
]  # it has no numbers
RELATIVE, ABSOLUTE = 1e-12, 1e-15  # what two engines may differ by in summing and in exp (shared facts)
ERF_RELATIVE = 1e-9  # ironcalc 0.9 computes ERF and ERFC to ten digits
FIFTEEN_DIGITS = 16.0  # LibreOffice hands over so many: a parameter of a row is off by several roundings, not one
NEAR_KINK = 1e-9  # nets that training brings this near to a kink may be on either side of it


def plan_of(network: Network, steps: int | None = None) -> tuple[Book, Values]:
    derivation = derive(network)
    values = evaluate(derivation)
    return planned(derivation, values, steps=steps), values


def differences(book: Book, values: Values, found: Cells, *, relative: float = RELATIVE) -> list[str]:
    """The formula cells where an engine does not find our value.

    A row of training is compared with a pass at the parameters that the engine has in that row: over many steps the
    rounding of two engines grows apart, and each row must be right for itself.
    """
    wrong = []
    steps = _passes_of_rows(book, values, found)
    for sheet, row, column, content in book.cells():
        if not isinstance(content, Formula):
            continue
        here = found.get((sheet, row, column))
        reference, expected, widened = values, content.value, 1.0
        if sheet == "Training" and content.of is not None and not isinstance(expected, str):
            before, now = steps.get(row - 1), steps.get(row)
            if now is None:
                continue
            reference, expected, widened = now, float(now.of(content.of)), FIFTEEN_DIGITS
            new = replace(content.of.array, phase=Phase.NEW)
            if before is not None and new in values.derivation.system and content.of.array.role is not Role.SETTING:
                moved = Quantity(new, content.of.indices)
                reference, expected = before, float(before.of(moved))
                content = replace(content, of=moved)
        if not agrees(expected, here, content.within + widened * bound(reference, content.of), relative):
            wrong.append(f"{sheet} {row},{column} ={content.text}: {here!r}, expected {expected!r}")
    return wrong


def _passes_of_rows(book: Book, values: Values, found: Cells) -> dict[int, Values]:
    """A fresh pass for each row of training, at that row's parameters as the engine has them."""
    entries: dict[int, dict[Array, list[Fraction]]] = {}
    given = values.numbers.given
    assert isinstance(given, Given)
    for sheet, row, column, content in book.cells():
        if sheet != "Training" or not isinstance(content, Formula) or content.of is None:
            continue
        array = content.of.array
        if array in given.entries:
            columns = entries.setdefault(row, {each: list(column) for each, column in given.entries.items()})
            here = found[sheet, row, column]
            if isinstance(here, int | float):
                columns[array][flat(content.of.indices, array.shape)] = Fraction(repr(here))
    passes = {row: values_at(values.derivation, columns, names=values.names) for row, columns in entries.items()}
    return {row: each for row, each in passes.items() if not _near_a_kink(each)}


def _near_a_kink(values: Values) -> bool:
    return any(abs(net) < NEAR_KINK for array in values.derivation.now.nets for net in values.array(array))


def bound(values: Values, quantity: Quantity | None) -> float:
    if quantity is None or values.derivation.definition(quantity.array) is None:
        return 0.0
    return values.bound(quantity)


def agrees(expected: float | str, here: object, widening: float, relative: float = RELATIVE) -> bool:
    if isinstance(expected, str):
        return expected == here
    if not math.isfinite(expected):
        return isinstance(here, str) and here.startswith("#")
    if not isinstance(here, int | float):
        return False
    return abs(here - expected) <= relative * abs(expected) + ABSOLUTE + widening


def precision(book: Book) -> float:
    """What ironcalc may be off by, relatively."""
    formulas = (content.text for *_, content in book.cells() if isinstance(content, Formula))
    return ERF_RELATIVE if any("ERF" in text for text in formulas) else RELATIVE


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_ironcalc_recalculates_each_example_to_our_numbers(path: Path) -> None:
    book, values = plan_of(Network.read(path), steps=EXAMPLE_STEPS)
    assert differences(book, values, by_ironcalc(book_bytes(book))) == []


@pytest.mark.engine
def test_libreoffice_recalculates_each_example_to_our_numbers() -> None:
    plans = [plan_of(Network.read(path), steps=EXAMPLE_STEPS) for path in EXAMPLES]
    found = by_libreoffice(*(book_bytes(book) for book, _ in plans))
    wrong = [differences(book, values, cells) for (book, values), cells in zip(plans, found, strict=True)]
    assert wrong == [[]] * len(plans)


@pytest.mark.full
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
@pytest.mark.parametrize("number", range(RANDOM))
def test_ironcalc_recalculates_random_networks_to_our_numbers(
    *, number: int, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    book, values = plan_of(Network.parse(drawn(number).to_toml()), steps=3 if listed else 0)
    assert differences(book, values, by_ironcalc(book_bytes(book)), relative=precision(book)) == []


@pytest.mark.full
@pytest.mark.engine
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
def test_libreoffice_recalculates_random_networks_to_our_numbers(
    *, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    plans = [plan_of(Network.parse(drawn(number).to_toml()), steps=3 if listed else 0) for number in range(RANDOM)]
    found = by_libreoffice(*(book_bytes(book) for book, _ in plans))
    wrong = [differences(book, values, cells) for (book, values), cells in zip(plans, found, strict=True)]
    assert wrong == [[]] * len(plans)
