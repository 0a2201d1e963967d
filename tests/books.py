"""Workbooks of the examples and of a small network, as they are planned."""

from __future__ import annotations

import openpyxl

from symbackprop.derivation import derive
from symbackprop.network import Dense, Network
from symbackprop.values import evaluate
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula
from tests.examples import EXAMPLES, ROOT

NUMERIC = [name for name in EXAMPLES if name != "happydustbunny"]  # which has no values


def book_of(network: Network, steps: int | None = None) -> Book:
    derivation = derive(network)
    return planned(derivation, evaluate(derivation), steps=steps)


def example(name: str) -> Network:
    return Network.read(ROOT / "examples" / f"{name}.toml")


def small(**changes: object) -> Network:
    settings: dict[str, object] = {
        "inputs": [0.5, -1],
        "targets": [1],
        "layers": [
            Dense(2, "tanh", weights=[[0.1, 0.2], [0.3, -0.4]], bias=[0.5, -0.6]),
            Dense(1, weights=[[0.7, 0.8]]),
        ],
        "loss": "squared_error",
        "update": {"rule": "gradient_descent", "learning_rate": 0.5},
    }
    return Network(**{**settings, **changes})  # type: ignore[arg-type]


Place = tuple[str, int, int]


def planned_formulas(book: Book) -> set[Place]:
    """Where a book is to have formulas: sheet, row, column."""
    return {(sheet, row, column) for sheet, row, column, content in book.cells() if isinstance(content, Formula)}


def written_formulas(loaded: openpyxl.Workbook) -> set[Place]:
    """Where a book's file has formulas for who reads it."""
    return {
        (sheet.title, cell.row, cell.column)
        for sheet in loaded.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
