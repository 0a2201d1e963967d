"""Files are written whole or not at all, and what goes wrong is told with its fix."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from symbackprop import files
from symbackprop.errors import OutsideError
from symbackprop.files import make_folder, write_whole


def test_text_is_written_as_utf_8_with_plain_line_ends(tmp_path: Path) -> None:
    write_whole(tmp_path / "note.txt", "δ\nη\n")
    assert (tmp_path / "note.txt").read_bytes() == "δ\nη\n".encode()


def test_a_file_is_replaced_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("old and longer")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["note.txt"]


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "note.txt"
    path.write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutsideError, match="disk is full"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["note.txt"]


def test_a_file_that_another_program_holds_is_named_with_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(source: str, target: str) -> None:
        raise PermissionError(errno.EACCES, "Access is denied", target)

    path = tmp_path / "book.xlsx"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, "replace", held)
    with pytest.raises(OutsideError, match=r"book\.xlsx is open in another program.*close it"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"


def test_permissions_of_a_replaced_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("old")
    path.chmod(0o640)
    write_whole(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_that_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_whole(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_whole(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="a device of Unix")
def test_a_device_is_written_to_and_never_replaced() -> None:
    write_whole("/dev/null", "new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("", "is a folder"),
        ("nowhere/note.txt", "there is no folder"),
        ("note.txt/inside.txt", "there is no folder"),
        ("x" * 300, "the name is too long"),
        ("zero\0byte", "cannot be written"),
    ],
)
def test_an_unwritable_place_is_an_outside_error_with_the_reason(tmp_path: Path, place: str, said: str) -> None:
    (tmp_path / "note.txt").write_text("a file")
    with pytest.raises(OutsideError, match=said):
        write_whole(f"{tmp_path}/{place}", "new")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_write_protected_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(OutsideError, match="write-protected"):
        write_whole(path, "new")


def test_a_folder_whose_name_a_file_has_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(OutsideError, match="is a file"):
        make_folder(tmp_path / "demo")


def test_threads_that_write_into_one_folder_do_not_get_each_others_files(tmp_path: Path) -> None:
    def written(number: int) -> list[str]:
        found = []
        for turn in range(50):
            write_whole(tmp_path / f"{number}.txt", f"{number} {turn}")
            found.append((tmp_path / f"{number}.txt").read_text())
        return found

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(written, range(4)))
    assert found == [[f"{number} {turn}" for turn in range(50)] for number in range(4)]
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.skipif(os.name == "nt", reason="permissions of Unix")
def test_a_private_file_is_private_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("old")
    path.chmod(0o600)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda number: seen.append(stat.S_IMODE(os.fstat(number).st_mode)))
    write_whole(path, "new")
    assert seen == [0o600]


def test_text_that_no_file_can_hold_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be written"):
        write_whole(tmp_path / "note.txt", "\ud800")
