"""Workbooks as files: nobody's work is lost, and .ods holds the same as .xlsx."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from symbackprop.workbook.libreoffice import PROGRAM
from tests.engines import need_libreoffice
from tests.running import run

EXAMPLE = Path(__file__).parent.parent / "examples" / "two-input.toml"


OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # how a workbook with a password begins: it is no zip file


def written(path: Path, *options: str) -> int:
    return run("workbook", EXAMPLE, "-o", path, "--steps", "2", *options).status


def resaved(path: Path) -> bytes:
    book = openpyxl.load_workbook(path)
    book["Scratch"]["A9"] = "my own note"
    book.save(path)
    return path.read_bytes()


def test_a_workbook_as_we_wrote_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    assert [written(path), written(path), written(path, "--layout", "rows"), written(path)] == [0, 0, 0, 0]


def test_a_workbook_changed_by_hand_is_replaced_by_force_only(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    written(path)
    changed = resaved(path)
    ran = run("workbook", EXAMPLE, "-o", path)
    assert (ran.status, ran.out) == (4, "")
    assert "was changed since symbackprop wrote it" in ran.err
    assert "--force" in ran.err
    assert path.read_bytes() == changed
    assert written(path, "--force") == 0
    assert written(path) == 0


def test_what_somebody_else_wrote_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    openpyxl.Workbook().save(path)
    assert written(path) == 4
    for content in (b"a text", OLE + bytes(512)):
        path.write_bytes(content)
        assert written(path) == 4
        assert path.read_bytes() == content
    path.write_bytes(b"")
    assert written(path) == 0


def test_the_demo_does_not_write_over_a_changed_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("demo").status == 0
    path = tmp_path / "symbackprop-demo" / "russo.xlsx"
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    changed = resaved(path)
    ran = run("demo")
    assert (ran.status, "was changed since symbackprop wrote it" in ran.err) == (4, True)
    assert path.read_bytes() == changed
    assert run("demo", "--force").status == 0


@pytest.mark.engine
def test_ods_verifies_reads_back_and_is_guarded(tmp_path: Path) -> None:
    need_libreoffice()
    path = tmp_path / "book.ods"
    assert written(path) == 0
    ran = run("verify", path, "--engine", "libreoffice")
    assert (ran.status, "formula cells agree" in ran.out) == (0, True)
    xlsx = tmp_path / "book.xlsx"
    written(xlsx)
    assert run("read", path).out == run("read", xlsx).out
    before = path.read_bytes()
    assert written(path) == 0
    assert path.read_bytes() == before


def test_without_libreoffice_an_ods_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROGRAM, str(tmp_path / "nowhere"))
    ran = run("workbook", EXAMPLE, "-o", tmp_path / "book.ods")
    assert (ran.status, PROGRAM in ran.err) == (4, True)
    assert not (tmp_path / "book.ods").exists()
