"""What `verify` finds in the rows of training, where each row is compared with a pass of its own."""

from __future__ import annotations

import pytest

from symbackprop.derivation import derive
from symbackprop.network import Dense, Network
from symbackprop.quantities import Role
from symbackprop.values import Values, evaluate
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from symbackprop.workbook.engines import Cells
from symbackprop.workbook.verifying import differing

Place = tuple[str, int, int]
LAYOUTS = {"sheets": "Training", "rows": "Iterations"}


def planned_with(kind: str, activation: str = "sigmoid") -> tuple[Book, Values]:
    """A book of a 1-1-1 network whose hidden net is exactly 0 in every row, for its input is 0."""
    network = Network(
        inputs=[0],
        targets=[1],
        layers=[Dense(1, activation, weights=[[0.3]]), Dense(1, "sigmoid", weights=[[0.7]])],
        loss="squared_error",
        update={"rule": "gradient_descent", "learning_rate": 0.5},
    )
    derivation = derive(network)
    values = evaluate(derivation)
    return planned(derivation, values, steps=4, kind=kind), values


def as_derived(book: Book) -> dict[Place, object]:
    """What a faultless engine finds."""
    return {
        (sheet, row, column): content.value
        for sheet, row, column, content in book.cells()
        if isinstance(content, Formula)
    }


def of_training(book: Book, sheet: str, row: int) -> list[tuple[Place, Formula]]:
    return [
        ((name, line, column), content)
        for name, line, column, content in book.cells()
        if name == sheet and line == row and isinstance(content, Formula) and content.of is not None
    ]


def found_in(book: Book, values: Values, found: Cells) -> list[Place]:
    return [place for place, *_ in differing(book, values, found)]


@pytest.mark.parametrize(("kind", "sheet"), LAYOUTS.items(), ids=list(LAYOUTS))
def test_a_row_of_wrong_numbers_is_found_where_a_net_is_0_and_no_kink_is_there(kind: str, sheet: str) -> None:
    book, values = planned_with(kind)
    assert found_in(book, values, as_derived(book)) == []
    row = book.passes[sheet].first + 2
    changed = [place for place, content in of_training(book, sheet, row)]
    assert len(changed) > 3
    found = as_derived(book) | dict.fromkeys(changed, 123.0)
    parameters = [place for place, content in of_training(book, sheet, row) if content.of.array.role is Role.WEIGHT]
    assert set(found_in(book, values, found)) & set(changed) >= set(parameters) != set()


@pytest.mark.parametrize(("kind", "sheet"), LAYOUTS.items(), ids=list(LAYOUTS))
@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_errors_in_a_row_are_found_though_there_is_no_pass_to_compare_it_with(
    kind: str, sheet: str, activation: str
) -> None:
    book, values = planned_with(kind, activation)
    row = book.passes[sheet].first + 2
    changed = [place for place, _ in of_training(book, sheet, row)]
    assert len(changed) > 3
    found = as_derived(book) | dict.fromkeys(changed, "#NAME?")
    assert set(found_in(book, values, found)) >= set(changed)
