"""Workbooks read back and verified: numbers that a person typed come back, and planted changes are found and named."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.comments import Comment

from symbackprop.derivation import derive
from symbackprop.errors import InputError
from symbackprop.network import Dense, Network
from symbackprop.values import evaluate
from symbackprop.workbook import layout, workbook_bytes
from symbackprop.workbook.engines import ENGINES
from symbackprop.workbook.libreoffice import PROGRAM, converted
from symbackprop.workbook.reading import read
from symbackprop.workbook.verifying import verified
from tests.conftest import FULL
from tests.engines import need_ironcalc, need_libreoffice
from tests.networks import drawn
from tests.running import run

EXAMPLES = Path(__file__).parent.parent / "examples"
NUMERIC = [path.stem for path in sorted(EXAMPLES.glob("*.toml")) if path.stem != "happydustbunny"]
PLANTED = 100 if FULL else 8
READ_BACK = 200 if FULL else 20


def written(network: Network, folder: Path, **options: Any) -> Path:
    derivation = derive(network)
    path = folder / "book.xlsx"
    path.write_bytes(workbook_bytes(derivation, evaluate(derivation), **options))
    return path


def edited(path: Path, sheet: str, cell: str, value: object) -> Path:
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


def place_of(path: Path, name: str) -> str:
    """The cell of the sheet Network whose row has a name or a meaning."""
    rows = openpyxl.load_workbook(path)["Network"].iter_rows()
    return next(f"B{row[0].row}" for row in rows if name in (row[0].value, row[2].value))


def small(**changes: object) -> Network:
    settings: dict[str, object] = {
        "inputs": [0.5, "1/3"],
        "targets": [1],
        "layers": [
            Dense(2, "tanh", weights=[[0.1, 0.2], [0.3, -0.4]], bias=[0.5, -0.6]),
            Dense(1, weights=[[0.7, "2/3"]]),
        ],
        "loss": "squared_error",
        "update": {"rule": "momentum", "learning_rate": 0.5, "momentum": 0.9},
    }
    return Network(**{**settings, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NUMERIC)
def test_an_example_comes_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    network = Network.read(EXAMPLES / f"{name}.toml")
    assert read(str(written(network, tmp_path))).to_toml() == network.to_toml()


@pytest.mark.full
@pytest.mark.parametrize("listed", [True, False], ids=["listed", "matrices"])
def test_random_networks_come_back_as_they_were_written(
    *, listed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not listed:
        monkeypatch.setattr(layout, "MOST_LISTED", 0)
    for number in range(READ_BACK):
        network = Network.parse(drawn(number).to_toml())
        assert read(str(written(network, tmp_path, steps=0))).to_toml() == network.to_toml(), number


def test_a_typed_number_comes_back_and_others_keep_their_text(tmp_path: Path) -> None:
    path = written(small(), tmp_path)
    for name, value in {"x1": 0.25, "w1": 3}.items():
        edited(path, "Network", place_of(path, name), value)
    text = read(str(path)).to_toml()
    assert text == small().with_numbers({("x", None, (0,)): 0.25, ("w", 1, (0, 0)): 3}).to_toml()
    assert '"1/3"' in text
    assert '"2/3"' in text


def test_a_typed_setting_comes_back(tmp_path: Path) -> None:
    path = written(small(), tmp_path)
    edited(path, "Network", place_of(path, "momentum"), 0.75)
    assert read(str(path)) == small().with_values({"update.momentum": 0.75})


def test_a_tied_and_a_frozen_parameter_come_back(tmp_path: Path) -> None:
    layers = [Dense(2, "tanh", weights=[["a", 0.2], ["a", "c"]]), Dense(1, weights=[[0.7, 0.8]])]
    network = small(layers=layers, parameters={"a": 0.5, "c": {"value": 0.3, "trainable": False}})
    path = written(network, tmp_path)
    edited(path, "Network", place_of(path, "a"), 0.25)
    edited(path, "Network", place_of(path, "c"), -1.5)
    found = read(str(path))
    assert found.parameters["a"].value is not None
    assert (float(found.parameters["a"].value.value), found.parameters["a"].trainable) == (0.25, True)
    assert found.parameters["c"].value is not None
    assert (float(found.parameters["c"].value.value), found.parameters["c"].trainable) == (-1.5, False)


@pytest.mark.parametrize("title", ['_x0041_ a\'b \\ "q"', "=1+1", "  two  spaces ", "🦊 שלום"])
def test_hostile_texts_come_back(title: str, tmp_path: Path) -> None:
    assert read(str(written(small(title=title), tmp_path))).title == title


BROKEN = {
    "a text for a number": ("x1", "abc", "has 'abc'; a typed number must stand there"),
    "nothing": ("x1", None, "is empty"),
    "a formula": ("w1", "=1/3", "has the formula '=1/3'"),
    "a state at the start": ("v(w1)", 0.5, "a state of the update rule at the start"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_number_is_refused_with_its_place(what: str, tmp_path: Path) -> None:
    name, value, message = BROKEN[what]
    path = written(small(), tmp_path)
    places = {
        str(row[0].value): f"B{row[0].row}"
        for row in openpyxl.load_workbook(path)["Network"].iter_rows()
        if row[1].value == 0
    }
    place = next(iter(places.values())) if name.startswith("v(") else place_of(path, name)
    with pytest.raises(InputError, match=message.replace("(", r"\(")) as refused:
        read(str(edited(path, "Network", place, value)))
    assert "book.xlsx" in str(refused.value)


def test_a_moved_row_is_refused(tmp_path: Path) -> None:
    path = written(small(), tmp_path)
    book = openpyxl.load_workbook(path)
    book["Network"].insert_rows(6)
    book.save(path)
    with pytest.raises(InputError, match="structure was changed"):
        read(str(path))


def test_other_files_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.xlsx"
    openpyxl.Workbook().save(foreign)
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(InputError, match="is not a workbook that symbackprop wrote"):
        read(str(foreign))
    with pytest.raises(InputError, match="is not a workbook, or is damaged"):
        read(str(tmp_path / "text.xlsx"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(str(tmp_path / "absent.xlsx"))
    half = written(small(), tmp_path).read_bytes()
    (tmp_path / "half.xlsx").write_bytes(half[: len(half) // 2])
    with pytest.raises(InputError, match="damaged"):
        read(str(tmp_path / "half.xlsx"))


def test_a_damaged_ods_is_refused_before_libreoffice_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM, str(tmp_path / "nowhere"))
    path = tmp_path / "book.ods"
    with ZipFile(path, "w") as zipped:
        zipped.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        zipped.writestr(
            "content.xml", "<office:document-content xmlns:office='x'><office:body></office:document-content>"
        )
    whole = path.read_bytes()
    with pytest.raises(InputError, match=r"book.ods: is damaged and cannot be read: mismatched tag"):
        read(str(path))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"book.ods: is not a workbook, or is damaged"):
        read(str(path))


DAMAGED = 300 if FULL else 15


@pytest.mark.full
def test_a_damaged_file_is_read_or_refused(tmp_path: Path) -> None:
    """Cut off, or with some bytes changed in the file or inside a part; a change may also leave it as it was meant."""
    content = written(small(), tmp_path).read_bytes()
    path = tmp_path / "damaged.xlsx"
    refused = 0
    for number in range(DAMAGED):
        path.write_bytes(damaged(content, Random(f"damaged:{number}"), number % 3))
        try:
            read(str(path))
        except InputError:
            refused += 1
    assert refused > DAMAGED / 3


def damaged(content: bytes, random: Random, way: int) -> bytes:
    if way == 0:
        return content[: random.randrange(len(content))]
    if way == 1:
        return changed(content, random)
    target = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(target, "w") as zipped:
        victim = random.choice(source.namelist())
        for part in source.namelist():
            data = source.read(part)
            zipped.writestr(part, changed(data, random) if part == victim else data)
    return target.getvalue()


def changed(data: bytes, random: Random) -> bytes:
    found = bytearray(data)
    for _ in range(4):
        found[random.randrange(len(found))] = random.randrange(256)
    return bytes(found)


def test_a_file_that_unpacks_to_very_much_is_refused(tmp_path: Path) -> None:
    path = written(small(), tmp_path)
    with ZipFile(path, "a", ZIP_DEFLATED) as zipped:
        zipped.writestr("xl/worksheets/sheet99.xml", b" " * 60_000_000)
    with pytest.raises(InputError, match=r"unpacks to [\d,]+ times its size"):
        read(str(path))


# Verifying


def test_a_book_with_a_comment_a_sheet_and_a_note_far_away_is_verified(tmp_path: Path) -> None:
    need_ironcalc()
    path = written(small(), tmp_path)
    book = openpyxl.load_workbook(path)
    book["Forward"]["B8"].comment = Comment("is this right?", "me")
    mine = book.create_sheet("Mine")
    mine["A1"], mine["XFD1048576"] = "=Forward!B8", "far away"
    book.save(path)
    assert verified(str(path), "ironcalc").differences == ()
    assert read(str(path)).to_toml() == small().to_toml()


@pytest.mark.engine
@pytest.mark.parametrize("engine", ENGINES)
def test_an_edited_book_verifies_in_both_engines(engine: str, tmp_path: Path) -> None:
    (need_ironcalc if engine == "ironcalc" else need_libreoffice)()
    path = written(small(), tmp_path, steps=5)
    edited(path, "Network", place_of(path, "w1"), -0.85)
    found = verified(str(path), engine)
    assert (found.differences, bool(found)) == ((), True)


@pytest.mark.engine
def test_books_that_libreoffice_has_saved_are_read_and_verified(tmp_path: Path) -> None:
    need_ironcalc()
    need_libreoffice()
    titled = small(title="_x0041_ a'b")
    networks = [titled, titled, Network.read(EXAMPLES / "softmax-classifier.toml")]
    kinds = ["sheets", "rows", "sheets"]
    books = [
        written(network, tmp_path, steps=2, layout=kind).read_bytes()
        for network, kind in zip(networks, kinds, strict=True)
    ]
    for network, book, saved in zip(networks, books, converted(books, "xlsx", "xlsx"), strict=True):
        path = tmp_path / "saved.xlsx"
        path.write_bytes(saved)
        assert read(str(path)).to_toml() == network.to_toml()
        assert verified(str(path), "ironcalc").differences == ()
        loaded = openpyxl.load_workbook(path)
        assert set(loaded.defined_names) == set(openpyxl.load_workbook(BytesIO(book)).defined_names)
        first = loaded.worksheets[0]
        texts = [cell.value for row in first.iter_rows(max_row=5) for cell in row]
        assert network.title in texts, "as LibreOffice shows it"


def test_values_beside_formulas_are_not_believed(tmp_path: Path) -> None:
    """openpyxl writes none, and a book with wrong ones verifies."""
    need_ironcalc()
    content = written(small(), tmp_path).read_bytes()
    target = tmp_path / "wrong.xlsx"
    with ZipFile(BytesIO(content)) as source, ZipFile(target, "w", ZIP_DEFLATED) as zipped:
        for part in source.namelist():
            data = source.read(part)
            zipped.writestr(part, data.replace(b"</f><v>0", b"</f><v>9") if "worksheets/sheet" in part else data)
    assert verified(str(target), "ironcalc")


def plant(formula: str, random: Random) -> str:
    """A formula with one change that a slip of the hand could make."""
    changes = [f"{formula}+0.001", f"-({formula[1:]})", f"2*({formula[1:]})"]
    for old, new in (("+", "-"), ("*", "+"), ("-", "+"), ("/", "*"), ("EXP(", "SIN(")):
        places = [at for at in range(2, len(formula)) if formula.startswith(old, at)]
        if places:
            at = random.choice(places)
            changes.append(formula[:at] + new + formula[at + len(old) :])
    changed = random.choice(changes)
    return changed if changed.startswith("=") else f"={changed}"


@pytest.mark.full
@pytest.mark.parametrize("engine", ENGINES)
def test_planted_changes_are_found_and_named(engine: str, tmp_path: Path) -> None:
    """One changed formula a book; the first cell that is named is the changed one."""
    (need_ironcalc if engine == "ironcalc" else need_libreoffice)()
    unseen = []
    for number in range(PLANTED if engine == "ironcalc" else max(2, PLANTED // 10)):
        random = Random(f"planted:{engine}:{number}")
        name = random.choice(["russo", "two-input", "softmax-classifier", "recurrent", "math-note"])
        path = written(Network.read(EXAMPLES / f"{name}.toml"), tmp_path, steps=2)
        book = openpyxl.load_workbook(path)
        formulas = [
            cell
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f" and '"' not in cell.value
        ]
        cell = random.choice(formulas)
        before = cell.value
        cell.value = plant(before, random)
        book.save(path)
        found = verified(str(path), engine)
        place = f"{cell.parent.title}!{cell.coordinate}"
        if place not in found.text().splitlines()[1] if found.differences else True:
            unseen.append(f"{name} {place} {before} -> {cell.value}")
    assert unseen == []


def test_a_formula_typed_over_by_its_value_is_named(tmp_path: Path) -> None:
    need_ironcalc()
    path = written(small(), tmp_path)
    cells = openpyxl.load_workbook(path, data_only=True)["Forward"]
    place, value = next(
        (f"B{row[1].row}", row[1].value) for row in cells.iter_rows() if isinstance(row[1].value, float)
    )
    found = verified(str(edited(path, "Forward", place, value)), "ironcalc")
    (difference,) = found.differences
    assert difference.place == f"Forward!{place}"
    assert "where =" in difference.what


def test_a_description_is_not_written_over_the_workbook_that_it_is_read_from(tmp_path: Path) -> None:
    path = written(small(), tmp_path)
    before = path.read_bytes()
    ran = run("read", path, "-o", path)
    assert (ran.status, "would replace what is read" in ran.err, path.read_bytes() == before) == (2, True, True)


def test_the_commands_read_and_verify(tmp_path: Path) -> None:
    need_ironcalc()
    path = written(small(), tmp_path)
    assert run("verify", path).status == 0
    target = tmp_path / "net.toml"
    assert run("read", path, "-o", target).out.strip() == str(target)
    assert target.read_text(encoding="utf-8") == run("read", path).out == small().to_toml()
    book = openpyxl.load_workbook(path)
    cell = next(cell for (cell,) in book["Backward"]["B4:B40"] if cell.data_type == "f")
    edited(path, "Backward", cell.coordinate, f"{cell.value}+1")
    ran = run("verify", path)
    assert (ran.status, f"Backward!{cell.coordinate}" in ran.out) == (1, True)
    assert run("read", EXAMPLES / "russo.toml").status == 3
