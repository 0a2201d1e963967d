"""Files: every one that is no description is refused with its path and the way out, soon."""

from pathlib import Path

import pytest

import symbackprop.description.source
from symbackprop.errors import DescriptionError
from symbackprop.network import Network
from tests.descriptions import GOOD, SECONDS
from tests.running import quick


def refused_file(path: Path) -> str:
    with quick(SECONDS), pytest.raises(DescriptionError) as caught:
        Network.read(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_missing_file_beside_its_toml_txt_says_what_the_editor_did(tmp_path):
    (tmp_path / "net.toml.txt").write_text(GOOD)
    assert "net.toml.txt beside it: rename that to net.toml" in refused_file(tmp_path / "net.toml")


def test_a_missing_file_suggests_the_nearest(tmp_path):
    (tmp_path / "network.toml").write_text(GOOD)
    assert "did you mean network.toml?" in refused_file(tmp_path / "netwrok.toml")


def test_a_missing_folder_is_named(tmp_path):
    assert f"no folder {tmp_path / 'gone'}" in refused_file(tmp_path / "gone" / "net.toml")


def test_a_folder_is_no_description(tmp_path):
    assert "is a folder" in refused_file(tmp_path)


def test_10_megabytes_are_refused_with_the_limit(tmp_path):
    path = tmp_path / "big.toml"
    path.write_bytes(b"# " + b"x" * 10_000_000)
    assert f"larger than {symbackprop.description.source.LARGEST_FILE:,} bytes" in refused_file(path)


JUNK_LINES = ["a{} = 1\n", "[[layers]]\n", "[a{}]\n", "x{} = [1.5, [2]]\n", "w_{}\n", "#{}\n", "{}.5,\n", "[[{}]],\n"]


@pytest.mark.parametrize("beginning", ["", "[inputs]\nvalues = [[\n"])
@pytest.mark.parametrize("bytes_of_junk", [150_000, 1_000_000, 3_900_000])
@pytest.mark.parametrize("line", JUNK_LINES)
def test_megabytes_of_junk_are_refused_in_time(tmp_path, line, bytes_of_junk, beginning):
    path = tmp_path / "junk.toml"
    path.write_text(beginning + "".join(line.format(index) for index in range(bytes_of_junk // (len(line) + 5))))
    refused_file(path)


def test_more_values_than_a_description_holds_are_refused_with_the_ways_out(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text(f"[inputs]\nvalues = [[{'0.5,' * 300_000}]]\n")
    assert "has about 300,000 values, at most 200,000 are read" in refused_file(path)


def test_more_keys_than_a_description_holds_are_refused_with_the_count(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text("".join(f"a{index} = 1\n" for index in range(40_000)))
    assert "has 40,000 keys and tables, at most 30,000 are read" in refused_file(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_as_such(tmp_path, encoding):
    path = tmp_path / "net.toml"
    path.write_bytes(GOOD.strip().encode(encoding))
    assert "is UTF-16 text; save it as UTF-8" in refused_file(path)


def test_another_encoding_says_which_line(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(GOOD.replace("good", "größer").encode("latin-1"))
    assert "line 2: byte 0xf6 is not UTF-8 text" in refused_file(path)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (bytes(range(256)) * 100, "not UTF-8 text"),
        (b"\0" * 1000, "NUL bytes"),
        (b"PK\x03\x04\x14\0\6\0", "perhaps a workbook; symbackprop read"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF"),
        (b"\x89PNG\r\n", "is a picture"),
    ],
)
def test_binary_junk_is_refused(tmp_path, data, what):
    path = tmp_path / "net.toml"
    path.write_bytes(data)
    assert what in refused_file(path)


def test_a_byte_order_mark_is_simply_read(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.strip().encode())
    assert Network.read(path).title == "good"


def test_windows_line_ends_are_simply_read(tmp_path):
    path = tmp_path / "net.toml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert Network.read(path) == Network.parse(GOOD)
