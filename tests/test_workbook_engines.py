"""Workbooks, recalculated by real engines without the values that we wrote beside the formulas."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.network import Network
from symbackprop.values import Values, evaluate
from symbackprop.workbook import layout
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.verifying import ERF_RELATIVE, RELATIVE, differing
from symbackprop.workbook.writer import book_bytes
from tests.conftest import FULL
from tests.engines import Cells, by_ironcalc, by_libreoffice
from tests.networks import drawn
from tests.steps import finite_steps

RANDOM = 200 if FULL else 6
BY_LIBREOFFICE = 40 if FULL else 6  # it takes two seconds for a book
EXAMPLE_STEPS = 4
EXAMPLES = [
    path for path in sorted(Path(__file__).parent.parent.glob("examples/*.toml")) if path.stem != "happydustbunny"
]  # it has no numbers


def plan_of(network: Network, steps: int | None = None) -> tuple[Book, Values]:
    derivation = derive(network)
    values = evaluate(derivation)
    return planned(derivation, values, steps=steps and finite_steps(derivation, steps)), values


def differences(book: Book, values: Values, found: Cells, *, relative: float = RELATIVE) -> list[str]:
    """The formula cells where an engine does not find our value."""
    return [
        f"{sheet} {row},{column} ={content.text}: {what}"
        for (sheet, row, column), content, what in differing(book, values, found, relative=relative)
    ]


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
    book, values = plan_of(Network.parse(drawn(number).to_toml()), steps=3 if listed else 2)
    assert differences(book, values, by_ironcalc(book_bytes(book)), relative=precision(book)) == []


@pytest.mark.full
@pytest.mark.engine
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
def test_libreoffice_recalculates_random_networks_to_our_numbers(
    *, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    networks = [Network.parse(drawn(number).to_toml()) for number in range(BY_LIBREOFFICE)]
    plans = [plan_of(network, steps=3 if listed else 2) for network in networks]
    found = by_libreoffice(*(book_bytes(book) for book, _ in plans))
    wrong = [differences(book, values, cells) for (book, values), cells in zip(plans, found, strict=True)]
    assert wrong == [[]] * len(plans)
