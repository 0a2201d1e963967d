"""Excel's rules, kept by every book: names, lengths, nesting, terms; over random networks and wide ones."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from symbackprop.derivation import derive
from symbackprop.errors import InputError
from symbackprop.network import Dense, Network
from symbackprop.values import evaluate
from symbackprop.workbook import layout
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula, Typed
from symbackprop.workbook.writer import book_bytes
from tests.books import planned_formulas, written_formulas
from tests.conftest import FULL
from tests.networks import drawn
from tests.small import wide
from tests.steps import finite_steps

RANDOM = 200 if FULL else 8
WIDE = {
    "many inputs": (260, 3, 2),
    "many hidden units": (3, 270, 2),
    "many outputs": (2, 3, 255),
    "just listed": (12, 11, 4),
}
SOFTMAX = {"many inputs": (260, 3, 2), "many classes": (4, 60), "just listed": (12, 11, 4)}  # a slope for each pair
ACTIVATIONS = ("sigmoid", "gelu", "relu") if FULL else ("sigmoid",)
WIDE_CASES = [(sizes, activation) for sizes in WIDE.values() for activation in ACTIVATIONS]
WIDE_CASES += [(sizes, "softmax") for sizes in SOFTMAX.values()] if FULL else []
HOSTILE_NAMES = [
    "w1", "R", "c", "TRUE", "a'b", "R1C1", "LOG10", "🦊", "שלום", "=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "a" * 300,
    "x y", "XFD1048576", "tax2010", "_xlnm.Print_Area", "<b>&amp;", "History", "é",
]  # fmt: skip


def book_of(network: Network, kind: str = "sheets") -> Book:
    derivation = derive(network)
    steps = finite_steps(derivation, 2) if derivation.after else None
    return planned(derivation, evaluate(derivation), steps=steps, kind=kind).held()


def random_network(number: int) -> Network:
    return Network.parse(drawn(number).to_toml())


# What Excel says of names ("Names in formulas"), of sheets' names ("Rename a worksheet") and of formulas ("Excel
# specifications and limits"): written here from its documentation, and not taken from the package.

CELL = re.compile(r"([A-Za-z]{1,3})([1-9][0-9]*)")
R1C1 = re.compile(r"[Rr](\[?-?[0-9]+\]?)?([Cc](\[?-?[0-9]+\]?)?)?|[Cc](\[?-?[0-9]+\]?)?")


def forbidden_name(name: str) -> str:
    """Why Excel refuses a defined name; empty where it takes it."""
    if not 1 <= len(name) <= 255:
        return "its length"
    if not (name[0].isalpha() or name[0] in "_\\"):
        return "its first character"
    if not all(each.isalnum() or each in "_.?\\" for each in name):
        return "a character"
    if name.upper() in ("TRUE", "FALSE"):
        return "a truth value"
    cell = CELL.fullmatch(name)
    if cell and column_number(cell[1]) <= 16_384 and int(cell[2]) <= 1_048_576:
        return "it is a cell"
    return "it is a cell in R1C1 style" if R1C1.fullmatch(name) else ""


def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def forbidden_sheet(name: str) -> str:
    """Why Excel refuses a sheet's name; empty where it takes it."""
    if not 1 <= len(name) <= 31:
        return "its length"
    if set(name) & set(":\\/?*[]"):
        return "a character"
    if name.startswith("'") or name.endswith("'"):
        return "an apostrophe at an end"
    return "a name of Excel's own" if name.casefold() == "history" else ""


def measured(formula: str) -> tuple[int, int, int]:
    """How deep brackets stand in each other, the most terms of a sum and the most arguments of a function."""
    return measured_shape(re.sub(r"\$?[A-Z]{1,3}\$?[0-9]+", "A1", formula))


@cache
def measured_shape(formula: str) -> tuple[int, int, int]:
    """The same of a formula that stands for all that differ from it in their places alone."""
    open_brackets: list[list[int]] = [[1, 1]]  # terms and arguments so far
    deepest, terms, arguments = 0, 1, 1
    before = "("
    for character in formula:
        if character == "(":
            open_brackets.append([1, 1])
        elif character == ")":
            open_brackets.pop()
        elif character == ",":
            open_brackets[-1] = [1, open_brackets[-1][1] + 1]
        elif character in "+-" and before not in "(,+-*/^<>=E":
            open_brackets[-1][0] += 1
        deepest = max(deepest, len(open_brackets) - 1)
        terms, arguments = max(terms, open_brackets[-1][0]), max(arguments, open_brackets[-1][1])
        before = character
    assert len(open_brackets) == 1, formula
    return deepest, terms, arguments


def offences(book: Book) -> list[str]:
    """Everything in a book that Excel would refuse, or that other programs cannot compute."""
    found = [f"name {name}: {why}" for name in book.names if (why := forbidden_name(name))]
    found += [f"sheet {sheet.name}: {why}" for sheet in book.sheets if (why := forbidden_sheet(sheet.name))]
    if len({each.casefold() for each in book.names}) != len(book.names):
        found.append("a name stands twice")
    for sheet, row, column, content in book.cells():
        if isinstance(content, Formula):
            deepest, terms, arguments = measured(content.text)
            if len(content.text) > 8_000 or deepest > 60 or terms > 250 or arguments > 255:
                found.append(f"{sheet} {row},{column}: {len(content.text)} {deepest} {terms} {arguments}")
    return found


def test_the_rules_refuse_what_excel_refuses() -> None:
    wrong = [
        "w1",
        "W1",
        "XFD1048576",
        "LOG10",
        "TAX2010",
        "r",
        "C",
        "R1C1",
        "rc",
        "R2",
        "c3",
        "True",
        "1a",
        "a b",
        "a-b",
        "",
    ]
    assert [name for name in wrong if not forbidden_name(name)] == []
    right = ["w_1", "XFE1", "A1048577", "A01", "R_1", "rate", "dE_dw_1", "_x", "Aaaa1"]
    assert [name for name in right if forbidden_name(name)] == []
    assert [bool(forbidden_sheet(name)) for name in ("a" * 32, "a/b", "'a'", "history", "Forward")] == [True] * 4 + [
        False
    ]
    assert measured("SUM(A1,B1,1E-7+2)*(a+b-c)") == (1, 3, 3)


@pytest.mark.full
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
def test_books_of_random_networks_keep_excels_rules(*, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    assert {number: found for number in range(RANDOM) if (found := offences(book_of(random_network(number))))} == {}


@pytest.mark.full
@pytest.mark.parametrize(("sizes", "activation"), WIDE_CASES)
def test_books_of_wide_networks_keep_excels_rules(sizes: tuple[int, ...], activation: str) -> None:
    assert offences(book_of(wide(sizes, activation))) == []


def test_sums_of_many_products_run_over_ranges_where_a_formula_would_be_too_long() -> None:
    texts = [
        content.text for *_, content in book_of(wide((260, 3, 2), "softmax")).cells() if isinstance(content, Formula)
    ]
    assert any("SUMPRODUCT" in text for text in texts)


@pytest.mark.parametrize("kind", ["sheets", "rows"])
def test_hostile_names_and_titles_come_out_as_text(kind: str) -> None:
    usable = [name for name in HOSTILE_NAMES if _is_taken(name)]
    assert {"w1", "R", "c", "TRUE", "R1C1"} <= set(usable)
    weights = [[name, 0.5] for name in usable]
    layers = [Dense(len(usable), "tanh", weights=weights), Dense(1, weights=[[0.25] * len(usable)])]
    parameters = {name: 0.01 * number for number, name in enumerate(usable, 1)}
    update = {"rule": "gradient_descent", "learning_rate": 0.5}
    titles = [
        '=HYPERLINK("http://example.org","x")',
        "+cmd|' /C calc'!A0",
        "a" * 40,
        "🦊 שלום a'b",
        "_x0041_ \ufffe <b>",
    ]
    for title in titles:
        network = Network(
            title=title,
            inputs=[1, 2],
            targets=[1],
            layers=layers,
            parameters=parameters,
            loss="squared_error",
            update=update,
        )
        book = book_of(network, kind)
        assert offences(book) == []
        loaded = openpyxl.load_workbook(BytesIO(book_bytes(book)))
        assert planned_formulas(book)
        assert written_formulas(loaded) == planned_formulas(book)
        assert all(not any(cell.hyperlink and cell.hyperlink.target for cell in row) for row in loaded.worksheets[0])


def _is_taken(name: str) -> bool:
    """Whether a description may call a parameter so."""
    layers = [Dense(1, weights=[[name]])]
    try:
        derive(Network(inputs=[1], targets=[1], layers=layers, parameters={name: 1}, loss="squared_error"))
    except InputError:
        return False
    return True


@pytest.mark.parametrize("name", ["russo", "xor", "recurrent", "math-note"])
@pytest.mark.parametrize("reader", ["pandas", "openpyxl", "calamine"])
def test_other_programs_read_every_value(reader: str, name: str, request: pytest.FixtureRequest) -> None:
    examples = request.getfixturevalue("examples")
    book = book_of(Network.read(examples / f"{name}.toml"))
    found = READERS[reader](book_bytes(book))
    wrong = [
        (sheet, row, column)
        for sheet, row, column, content in book.cells()
        if isinstance(content, Typed | Formula) and found[sheet][row - 1][column - 1] != content.value
    ]
    assert wrong == []


def by_pandas(content: bytes) -> dict[str, Any]:
    pandas = pytest.importorskip("pandas")
    frames = pandas.read_excel(BytesIO(content), sheet_name=None, header=None, engine="openpyxl")
    return {name: frame.to_numpy().tolist() for name, frame in frames.items()}


def by_openpyxl(content: bytes) -> dict[str, Any]:
    book = openpyxl.load_workbook(BytesIO(content), data_only=True)
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets}


def by_calamine(content: bytes) -> dict[str, Any]:
    calamine = pytest.importorskip("python_calamine")
    opened = calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names}


READERS = {"pandas": by_pandas, "openpyxl": by_openpyxl, "calamine": by_calamine}
