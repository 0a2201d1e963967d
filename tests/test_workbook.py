"""What a workbook's file holds: values, names, texts, limits, and the same bytes for the same description."""

from __future__ import annotations

import importlib.util
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from lxml import etree

from symbackprop.catalogue.activations import ACTIVATIONS
from symbackprop.derivation import derive
from symbackprop.diagram import shapes
from symbackprop.errors import MissingValue, TooLarge
from symbackprop.network import Dense, Network
from symbackprop.notation.neutral import neutral
from symbackprop.values import evaluate
from symbackprop.workbook import layout, workbook_bytes
from symbackprop.workbook.building import planned
from symbackprop.workbook.check import TOO_LONG
from symbackprop.workbook.contents import Book, Formula, Text, Typed
from symbackprop.workbook.verifying import differing
from symbackprop.workbook.writer import book_bytes
from tests.books import NUMERIC, book_of, example, planned_formulas, small, written_formulas
from tests.engines import by_ironcalc, by_libreoffice

WORKBOOKS = Path(__file__).parent.parent / "workbooks"
SPREADSHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HOSTILE = ['=HYPERLINK("http://example.org","x")', "+cmd|' /C calc'!A0", "@SUM(1)", "-1+1", "a" * 40, "🦊 שלום a'b"]


@pytest.mark.parametrize("name", NUMERIC)
def test_every_formula_has_our_value_bit_by_bit_beside_it(name: str) -> None:
    book = book_of(example(name))
    expected = {
        (sheet, row, column): repr(content.value) if isinstance(content, Typed) else content
        for sheet, row, column, content in book.cells()
        if isinstance(content, Typed | Formula)
    }
    found: dict[tuple[str, int, int], object] = {}
    with ZipFile(BytesIO(book_bytes(book))) as zipped:
        for number, sheet in enumerate(book.sheets, 1):
            tree = etree.fromstring(zipped.read(f"xl/worksheets/sheet{number}.xml"))
            for cell in tree.iterfind(".//m:c", SPREADSHEET):
                place = openpyxl.utils.cell.coordinate_to_tuple(cell.get("r"))
                formula, value = cell.find("m:f", SPREADSHEET), cell.find("m:v", SPREADSHEET)
                if formula is not None:
                    content = expected[(sheet.name, *place)]
                    assert isinstance(content, Formula)
                    assert formula.text == content.text
                    if isinstance(content.value, str):
                        assert (cell.get("t"), value.text) == ("str", content.value)
                    else:
                        assert cell.get("t", "n") == "n"
                        assert value.text == repr(content.value)
                elif cell.get("t") == "n" and value is not None:
                    assert value.text == expected[(sheet.name, *place)]
                else:
                    continue
                found[(sheet.name, *place)] = None
    assert found.keys() == expected.keys()


def test_rows_that_find_no_place_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """If openpyxl writes a sheet without rows otherwise one day, this is an error and not an empty book."""
    from symbackprop.workbook import parts

    monkeypatch.setattr(parts, "NO_ROWS", re.compile(rb"<never/>"))
    with pytest.raises(AssertionError, match="written otherwise"):
        book_bytes(book_of(small()))


@pytest.mark.parametrize("name", NUMERIC)
def test_the_same_description_gives_the_same_bytes(name: str) -> None:
    first, second = (book_bytes(book_of(example(name))) for _ in range(2))
    assert first == second


def test_the_workbooks_of_the_examples_are_built_from_them(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("build", WORKBOOKS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    built = module.build(tmp_path)
    assert {path.name for path in built} == {path.name for path in WORKBOOKS.glob("*.xlsx")}
    different = [path.name for path in built if _parts(path) != _parts(WORKBOOKS / path.name)]
    assert different == [], "run `make workbooks`"


def _parts(path: Path) -> dict[str, bytes]:
    """The parts of a workbook: how they are compressed depends on the machine's zlib."""
    with ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def test_numbers_are_typed_in_the_sheet_network_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NUMERIC, "matrices"):
        if name == "matrices":
            monkeypatch.setattr(layout, "MOST_LISTED", 0)
        network = small() if name == "matrices" else example(name)
        book = openpyxl.load_workbook(BytesIO(book_bytes(book_of(network, steps=2 if name == "matrices" else None))))
        typed = {
            sheet.title
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
            if isinstance(cell.value, int | float)
        }
        assert typed == {"Network"}, name


def test_only_typed_numbers_and_the_scratch_sheet_are_open() -> None:
    book = openpyxl.load_workbook(BytesIO(book_bytes(book_of(example("russo")))))
    locked = {sheet.title: sheet.protection.sheet for sheet in book.worksheets}
    assert [title for title, is_locked in locked.items() if not is_locked] == ["Scratch"]
    for sheet in book.worksheets:
        assert not sheet.protection.password
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.protection.locked != isinstance(cell.value, int | float), f"{sheet.title} {cell.coordinate}"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_stays_a_text(text: str) -> None:
    book = openpyxl.load_workbook(BytesIO(book_bytes(book_of(small(title=text)))))
    cell = book["Overview"]["A1"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_a_programs_gradients_by_its_inputs_stand_at_each_observation() -> None:
    network = Network(equations=[("u", "w*x"), ("f", "u^2")], loss="f", inputs={"x": [1, 2]}, parameters={"w": 3})
    derivation = derive(network)
    cells = [each for *_, each in planned(derivation, evaluate(derivation)).cells() if isinstance(each, Formula)]
    by_inputs = [each for each in cells if each.of is not None and neutral(each.of).startswith("dloss/dx@")]
    assert [(each.of.indices, each.value) for each in by_inputs if each.of] == [((0,), 9), ((1,), 18)]


def test_no_text_cell_is_a_formula() -> None:
    book = book_of(small(title="=1+1", input_names=["x", "R"]))
    assert planned_formulas(book)
    loaded = openpyxl.load_workbook(BytesIO(book_bytes(book)))
    assert written_formulas(loaded) == planned_formulas(book)


@pytest.mark.parametrize("name", NUMERIC)
def test_no_formula_passes_the_limits_of_spreadsheets(name: str) -> None:
    texts = [content.text for *_, content in book_of(example(name)).cells() if isinstance(content, Formula)]
    assert texts
    assert max(map(len, texts)) <= 8_000
    assert max(map(_depth, texts)) <= 60


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def test_links_lead_to_cells_that_are_there() -> None:
    book = openpyxl.load_workbook(BytesIO(book_bytes(book_of(example("russo")))))
    targets = [
        cell.hyperlink.location
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink is not None
    ]
    assert len(targets) > 100
    for target in targets:
        sheet, _, place = target.partition("!")
        assert book[sheet.strip("'")][place].value is not None, target


def test_the_network_is_drawn_on_the_overview_alone_and_no_cell_depends_on_it() -> None:
    derivation = derive(example("russo"))
    values = evaluate(derivation)
    plain, drawn = (planned(derivation, values, picture=picture) for picture in (None, shapes))
    assert list(plain.cells()) == list(drawn.cells())
    with ZipFile(BytesIO(book_bytes(drawn))) as zipped:
        drawings = {name: zipped.read(name).decode() for name in zipped.namelist() if "drawings/drawing" in name}
        overview = zipped.read("xl/worksheets/sheet1.xml")
    holding = [name for name, xml in drawings.items() if 'name="The network"' in xml]
    assert len(holding) == 1
    assert overview.count(b"<drawing ") == 1
    texts = etree.fromstring(drawings[holding[0]].encode()).iter("{*}t")
    assert not re.search(r"0\.[0-9]", " ".join(each.text or "" for each in texts)), "a number would go stale"


def test_a_closed_form_reads_typed_numbers_alone_and_the_check_says_where_it_is_too_long() -> None:
    book = book_of(example("two-input"))
    cells = [each for each in book.cells() if each[0] == "Check" and each[2] == 3 and 6 <= each[1] < 18]
    forms = [content.text for *_, content in cells if isinstance(content, Formula)]
    assert len(forms) == len(cells) == 12
    for text in forms:
        names = set(re.findall(r"[A-Za-z_]+_[A-Za-z0-9_]+", text))
        assert {book.names[name].partition("!")[0] for name in names} == {"Network"}
        assert "Forward!" not in text
        assert "Backward!" not in text
    long = book_of(wide())
    assert [content for *_, content in long.cells() if isinstance(content, Text) and content.text == TOO_LONG]


def wide() -> Network:
    """Sums of more products than are written out, a tied weight and a penalty on all of them."""
    weights: list[list[object]] = [[round(0.01 * unit - 0.2, 3) for unit in range(50)] for _ in range(2)]
    weights[0][3] = weights[1][5] = "tied"
    return small(
        inputs=[round(0.03 * unit - 0.7, 3) for unit in range(50)],
        layers=[
            Dense(2, "sigmoid", weights=weights, bias=0.5),
            Dense(1, "sigmoid", weights=[[0.7, 0.8]]),
        ],
        parameters={"tied": 0.3},
        penalty={"kind": "l2", "strength": 0.1},
    )


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
def test_long_sums_are_checked_and_trained_as_ironcalc_finds_them(
    *, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    book = book_of(wide(), steps=2)
    derivation = derive(wide())
    found = by_ironcalc(book_bytes(book))
    assert [(place, what) for place, _, what in differing(book, evaluate(derivation), found)] == []
    assert str(found["Overview", 9, 1]).startswith("✓ All")


def test_a_wrong_gradient_is_seen_by_the_check_and_said_on_the_overview() -> None:
    book = openpyxl.load_workbook(BytesIO(book_bytes(book_of(small()))))
    row = next(cell.row for cell in book["Backward"]["A"] if str(cell.value).startswith("∂E/∂w"))
    book["Backward"].cell(row, 2).value += "*1.001"
    saved = BytesIO()
    book.save(saved)
    found = by_ironcalc(saved.getvalue())
    assert found["Overview", 9, 1] == "✗ 1 of 8 checked gradients wrong: see the sheet Check"
    assert [value for (sheet, _, column), value in found.items() if sheet == "Check" and column == 9].count(
        "differs"
    ) == 1


FUSED = [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")]
SATURATED = [
    pytest.param(activation, loss, id=f"{activation}-{loss}")
    for activation, loss in [*((name, "squared_error") for name in ACTIVATIONS if name != "softmax"), *FUSED]
]


@pytest.mark.parametrize(("activation", "loss"), SATURATED)
def test_large_nets_stay_finite_in_ironcalc(activation: str, loss: str) -> None:
    book = _saturated(activation, loss)
    assert _problems(book, by_ironcalc(book_bytes(book))) == []


@pytest.mark.engine
def test_large_nets_stay_finite_in_libreoffice() -> None:
    books = [_saturated(*each.values) for each in SATURATED]  # type: ignore[misc]
    found = by_libreoffice(*map(book_bytes, books))
    assert [_problems(book, cells) for book, cells in zip(books, found, strict=True)] == [[]] * len(books)


def _saturated(activation: str, loss: str) -> Book:
    """Nets at which exp overflows or is 0, and such at which its powers are less than the least normal double."""
    nets = [800, -800] if (activation, loss) in FUSED else [800, -800, 23, -23]
    layers = [Dense(len(nets), activation, weights=[[net] for net in nets])]
    return book_of(Network(inputs=[1], targets=[0, 1, 0, 0][: len(nets)], layers=layers, loss=loss), steps=0)


def _problems(book: Book, found: object) -> list[str]:
    """Cells of Forward and Backward without a number; ∂E/∂out is left aside, which no double can hold here."""
    return [
        f"{sheet} {row},{column} ={content.text}"
        for sheet, row, column, content in book.cells()
        if isinstance(content, Formula)
        and sheet in ("Forward", "Backward")
        and content.value == content.value
        and not isinstance(found[sheet, row, column], int | float)  # type: ignore[index]
    ]


EDITS = {"x": ("x", None, (0, 1)), "w": ("w", 1, (0, 0)), "lr": ("lr", None, ())}


@pytest.mark.engine
def test_an_edited_number_changes_everything_behind_it_as_a_fresh_derivation_does() -> None:
    cases = [(name, kind) for name in ("russo", "xor") for kind in EDITS]
    fresh = [book_of(example(name).with_numbers({EDITS[kind]: 0.75})) for name, kind in cases]
    found = by_libreoffice(
        *(_typed_over(example(name), new, 0.75) for (name, _), new in zip(cases, fresh, strict=True))
    )
    for case, book, cells in zip(cases, fresh, found, strict=True):
        checked = set()
        for sheet, row, column, content in book.cells():
            if isinstance(content, Formula) and not content.within:
                checked.add(sheet)
                here, expected = cells[sheet, row, column], content.value
                if not isinstance(expected, str):  # over many steps of training two engines' roundings grow
                    expected = pytest.approx(expected, rel=1e-9 if sheet == "Training" else 1e-11, abs=1e-14)
                assert here == expected, (case, sheet, row, column)
        assert checked == {"Overview", "Forward", "Backward", "Update", "Training", "Check"}


def _typed_over(network: Network, fresh: Book, number: float) -> bytes:
    """The network's book after openpyxl has typed a number into the one cell where another book has it."""
    book = book_of(network)
    before = {tuple(place): content for *place, content in book.cells() if isinstance(content, Typed)}
    places = [
        place
        for *place, content in fresh.cells()
        if isinstance(content, Typed) and content.value != before[tuple(place)].value
    ]
    ((sheet, row, column),) = places
    edited = openpyxl.load_workbook(BytesIO(book_bytes(book)))
    edited[sheet].cell(row, column).value = number
    saved = BytesIO()
    edited.save(saved)
    return saved.getvalue()


def test_a_description_without_values_is_refused_with_what_is_missing() -> None:
    derivation = derive(example("happydustbunny"))
    with pytest.raises(MissingValue, match=r"w_00\^\(1\), w_01\^\(1\)"):
        workbook_bytes(derivation, evaluate(derivation))


def test_too_many_steps_are_refused_with_their_number() -> None:
    with pytest.raises(TooLarge, match=r"1,000,000 steps would take [\d,]+ cells"):
        book_of(small(), steps=1_000_000)


def test_a_network_beyond_the_limit_is_refused_before_its_numbers_are_computed() -> None:
    inputs = [[0.5] * 1000]
    layers = [Dense(1200, "tanh", weights=[[0.1] * 1000] * 1200)]
    derivation = derive(Network(inputs=inputs, targets=[[0.5] * 1200], layers=layers, loss="squared_error"))
    values = evaluate(derivation)
    with pytest.raises(TooLarge, match=r"would have 1,2\d\d,\d\d\d formula cells; at most 1,000,000 are written"):
        planned(derivation, values)
    assert not values.numbers._known


@pytest.mark.parametrize("reader", ["pandas", "calamine"])
def test_other_readers_find_every_value(reader: str) -> None:
    book = book_of(example("russo"))
    content = BytesIO(book_bytes(book))
    if reader == "pandas":
        pandas = pytest.importorskip("pandas")
        frames = pandas.read_excel(content, sheet_name=None, header=None, engine="openpyxl")
        found = {name: frame.to_numpy().tolist() for name, frame in frames.items()}
    else:
        calamine = pytest.importorskip("python_calamine")
        opened = calamine.CalamineWorkbook.from_filelike(content)
        found = {name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in opened.sheet_names}
    cells = [each for each in book.cells() if isinstance(each[-1], Typed | Formula)]
    assert len(cells) > len(planned_formulas(book)) > 100
    for sheet, row, column, cell in cells:
        assert found[sheet][row - 1][column - 1] == cell.value
