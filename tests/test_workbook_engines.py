"""Workbooks, recalculated by real engines without the values that we wrote beside the formulas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from symbackprop.derivation import derive
from symbackprop.network import Network
from symbackprop.values import Values, evaluate
from symbackprop.workbook import layout
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.verifying import ERF_RELATIVE, RELATIVE, agrees, differing
from symbackprop.workbook.writer import book_bytes
from tests.conftest import FULL
from tests.engines import Cells, by_ironcalc, by_libreoffice
from tests.networks import drawn, features, wanted_features
from tests.small import wide
from tests.steps import finite_steps

MOST_RANDOM = 200
RANDOM = MOST_RANDOM if FULL else 6
BATCH = 20  # books for one start of LibreOffice
LARGE = (784, 128, 10) if FULL else (30, 12, 5)  # the first has 101,770 parameters
AT_LEAST = 15  # of the random networks have each feature
RECALCULATE: dict[str, Callable[..., list[Cells]]] = {
    "ironcalc": lambda *books: [by_ironcalc(book) for book in books],
    "libreoffice": by_libreoffice,
}
EXAMPLE_STEPS = 4
EXAMPLES = [
    path for path in sorted(Path(__file__).parent.parent.glob("examples/*.toml")) if path.stem != "happydustbunny"
]  # it has no numbers


def plan_of(network: Network, steps: int | None = None) -> tuple[Book, Values]:
    derivation = derive(network)
    values = evaluate(derivation)
    return planned(derivation, values, steps=steps and finite_steps(derivation, steps)).held(), values


def differences(book: Book, values: Values, found: Cells, *, relative: float = RELATIVE) -> list[str]:
    """The formula cells where an engine does not find our value."""
    return [
        f"{sheet} {row},{column} ={content.text}: {what}"
        for (sheet, row, column), content, what in differing(book, values, found, relative=relative)
    ]


def precision(book: Book, engine: str) -> float:
    """What an engine may be off by, relatively."""
    formulas = (content.text for *_, content in book.cells() if isinstance(content, Formula))
    return ERF_RELATIVE if engine == "ironcalc" and any("ERF" in text for text in formulas) else RELATIVE


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
@pytest.mark.engine
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
@pytest.mark.parametrize("first", range(0, RANDOM, BATCH))
def test_both_engines_recalculate_random_networks_to_our_numbers(
    *, first: int, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    numbers = range(first, min(first + BATCH, RANDOM))
    plans = [plan_of(Network.parse(drawn(number).to_toml()), steps=3 if listed else 2) for number in numbers]
    books = [book_bytes(book) for book, _ in plans]
    for engine, recalculate in RECALCULATE.items():
        wrong = {
            number: differences(book, values, cells, relative=precision(book, engine))
            for number, (book, values), cells in zip(numbers, plans, recalculate(*books), strict=True)
        }
        assert wrong == {number: [] for number in numbers}, engine


@pytest.mark.full
@pytest.mark.engine
def test_both_engines_recalculate_a_large_network_to_our_numbers_and_each_others() -> None:
    book, values = plan_of(wide(LARGE, observations=1))
    content = book_bytes(book)
    found = {engine: recalculate(content)[0] for engine, recalculate in RECALCULATE.items()}
    assert {engine: differences(book, values, cells)[:5] for engine, cells in found.items()} == {
        engine: [] for engine in found
    }
    apart = [
        (sheet, row, column)
        for sheet, row, column, content in book.cells()
        if isinstance(content, Formula)
        and not agrees(*(cells[sheet, row, column] for cells in found.values()), content.within)
    ]
    assert apart == []


def test_the_random_networks_have_everything_often_enough() -> None:
    """All activations, losses, update rules; several observations; shared, frozen and tied parameters."""
    models = [drawn(number) for number in range(MOST_RANDOM)]
    seen = Counter(feature for model in models for feature in features(model))
    assert {feature: seen[feature] for feature in wanted_features() if seen[feature] < AT_LEAST} == {}
    frozen = [model for model in models if not all(each.trains_weights and each.trains_bias for each in model.layers)]
    assert len(frozen) >= AT_LEAST
