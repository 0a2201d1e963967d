"""Workbooks, recalculated by real engines without the values that we wrote beside the formulas."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.network import Network
from symbackprop.quantities import Quantity
from symbackprop.values import Values, evaluate
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.writer import book_bytes
from tests.engines import Cells, by_ironcalc, by_libreoffice

EXAMPLES = [
    path for path in sorted(Path(__file__).parent.parent.glob("examples/*.toml")) if path.stem != "happydustbunny"
]  # it has no numbers
RELATIVE, ABSOLUTE = 1e-12, 1e-15  # what two engines may differ by in summing and in exp (shared facts)
LOOSE_RELATIVE, LOOSE_ABSOLUTE = 1e-6, 1e-9  # of a difference quotient


def plan_of(network: Network, steps: int | None = None) -> tuple[Book, Values]:
    derivation = derive(network)
    values = evaluate(derivation)
    return planned(derivation, values, steps=steps), values


def differences(book: Book, values: Values, found: Cells) -> list[str]:
    """The formula cells where an engine does not find our value."""
    wrong = []
    for sheet, row, column, content in book.cells():
        if not isinstance(content, Formula):
            continue
        here = found.get((sheet, row, column))
        if not agrees(content, here, bound(values, content.of)):
            wrong.append(f"{sheet} {row},{column} ={content.text}: {here!r}, expected {content.value!r}")
    return wrong


def bound(values: Values, quantity: Quantity | None) -> float:
    return 0.0 if quantity is None or values.derivation.definition(quantity.array) is None else values.bound(quantity)


def agrees(content: Formula, here: object, widening: float) -> bool:
    if isinstance(content.value, str):
        return content.value == here
    if content.value != content.value:
        return isinstance(here, str) and here.startswith("#")
    if not isinstance(here, int | float):
        return False
    relative, absolute = (LOOSE_RELATIVE, LOOSE_ABSOLUTE) if content.loose else (RELATIVE, ABSOLUTE)
    return abs(here - content.value) <= relative * abs(content.value) + absolute + widening


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_ironcalc_recalculates_each_example_to_our_numbers(path: Path) -> None:
    book, values = plan_of(Network.read(path))
    assert differences(book, values, by_ironcalc(book_bytes(book))) == []


@pytest.mark.engine
def test_libreoffice_recalculates_each_example_to_our_numbers() -> None:
    plans = [plan_of(Network.read(path)) for path in EXAMPLES]
    found = by_libreoffice(*(book_bytes(book) for book, _ in plans))
    assert [differences(book, values, cells) for (book, values), cells in zip(plans, found, strict=True)] == [[]] * len(
        plans
    )
