"""From a description file to its plain table, with mending advice where the text is not TOML. Knows no keys.

Never executes anything: the text is read by tomllib, numbers by ``numerals.py``.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from os import PathLike, fsdecode
from pathlib import Path
from typing import NamedTuple

from symbackprop.description.numerals import LIMITS, MOST_DIGITS, shortened, toml_float
from symbackprop.errors import DescriptionError
from symbackprop.network import Table

LARGEST_FILE = 4_000_000  # bytes; 784-128-10 with every weight written to 17 digits has 2.2 million
MOST_STATEMENTS = 30_000  # keys and table headers: a program of 10,000 equations
MOST_VALUES = 200_000  # commas: 784-128-10 has 101,770 parameters
MOST_KEY_PARTS = 50  # as in _LONG_KEY

_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}""", re.ASCII)
_LONG_INTEGER = re.compile(rf"[0-9_]{{{MOST_DIGITS + 1}}}")
_POSITION = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPES = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r"}
_KNOWN_FORMATS = (
    (b"PK\x03\x04", "a zip file, perhaps a workbook; symbackprop read BOOK.xlsx makes a description of one"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
)


def file_text(path: str | PathLike[str]) -> str:
    """The text of a description file; a byte-order mark is dropped.

    Raises DescriptionError for a file that is missing, too large, or not UTF-8 text.
    """
    place = Path(fsdecode(path))
    try:
        with place.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise DescriptionError(f"{place}: no such file{_nearby(place)}") from None
    except IsADirectoryError:
        raise DescriptionError(
            f"{place}: is a folder; a description is a file such as {place / 'network.toml'}"
        ) from None
    except (OSError, ValueError) as error:
        raise DescriptionError(f"{place}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return decoded(data, name=str(place))


def decoded(data: bytes, *, name: str) -> str:
    """The text that the bytes of a description hold."""
    if len(data) > LARGEST_FILE:
        raise DescriptionError(
            f"{name}: is larger than {LARGEST_FILE:,} bytes, the most that is read; "
            "without written weights, [initial] with seed and scheme draws them"
        )
    for mark, what in _KNOWN_FORMATS:
        if data.startswith(mark):
            raise DescriptionError(f"{name}: is {what}, not a text file; a description is TOML in UTF-8")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_like_utf_16(data):
        raise DescriptionError(
            f"{name}: is UTF-16 text; save it as UTF-8 (Notepad: Save As, Encoding: UTF-8; "
            "PowerShell: Out-File -Encoding utf8)"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DescriptionError(
            f"{name}: line {line}: byte {data[error.start]:#04x} is not UTF-8 text; "
            "a description is TOML; save it with the encoding UTF-8"
        ) from None
    if "\0" in text:
        raise DescriptionError(f"{name}: holds NUL bytes, so it is not a text file; a description is TOML in UTF-8")
    return text


def table_of(text: str, *, name: str) -> Table:
    """The plain table of a description's text, floats as exact numbers. A DescriptionError has the mended line."""
    _refuse_what_takes_long(text, name=name)
    long_key = _LONG_KEY.search(text)
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        raise DescriptionError(
            f"{name}: line {line}: a key of more than {MOST_KEY_PARTS} parts; no key has more than two"
        )
    try:
        return tomllib.loads(text, parse_float=toml_float)
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"{name}: {_syntax_error(str(error), text)}") from None
    except RecursionError:
        raise DescriptionError(
            f"{name}: brackets are nested too deeply; a matrix has two levels: [[1, 2], [3, 4]]"
        ) from None
    except ValueError:  # Python converts no integer of more than 4,300 digits
        long_integer = _LONG_INTEGER.search(text)
        assert long_integer is not None
        line = text.count("\n", 0, long_integer.start()) + 1
        raise DescriptionError(f"{name}: line {line}: a number with too many digits; allowed: {LIMITS}") from None


def _refuse_what_takes_long(text: str, *, name: str) -> None:
    """Counts on the raw text, so that megabytes of junk are refused before they are parsed."""
    statements = text.count("=") + text.count("\n[")
    if statements > MOST_STATEMENTS:
        raise DescriptionError(
            f"{name}: has {statements:,} keys and tables, at most {MOST_STATEMENTS:,} are read; "
            "a layer's weights are one key, weights = [[..], ..]"
        )
    values = text.count(",")
    if values > MOST_VALUES:
        raise DescriptionError(
            f"{name}: has about {values:,} values, at most {MOST_VALUES:,} are read; "
            "without written weights, [initial] with seed and scheme draws them, "
            "and in Python inputs and parameters are handed over as arrays"
        )


def control_character(text: str) -> str | None:
    """What is wrong with a text that holds a control character, with the mended text; None if it holds none."""
    found = _CONTROL.search(text)
    if found is None:
        return None
    escape = _ESCAPES.get(found.group())
    if escape is None:
        return f"the text {text[:40]!r} holds the control character U+{ord(found.group()):04X}; leave it out"
    mended = _CONTROL.sub(lambda match: _ESCAPES.get(match.group(), ""), text)
    return (
        f'the text holds a control character: within double quotes TOML reads "{escape}" as one; '
        f"write it in single quotes: '{shortened(mended)}'"
    )


def _looks_like_utf_16(data: bytes) -> bool:
    """Whether every other byte is zero, as in English text without a mark."""
    zeros = [data[start:400:2].count(0) for start in (0, 1)]
    return len(data) > 3 and max(zeros) > 0.8 * len(data[:400:2]) and min(zeros) == 0


def _nearby(place: Path) -> str:
    """What to say of files that the user may have meant."""
    folder = place.parent
    if (doubled := folder / f"{place.name}.txt").is_file():
        return f"; there is {doubled.name} beside it: rename that to {place.name}, an editor added .txt"
    if not folder.is_dir():
        return f", and no folder {folder}"
    near = get_close_matches(place.name, sorted(path.name for path in folder.glob("*.toml"))[:1000], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _syntax_error(message: str, text: str) -> str:
    position = _POSITION.search(message)
    what = message[: position.start()] if position else message
    what = what[:1].lower() + what[1:]
    if position is None or position.group(1) is None:
        return f"at its end: {what}; {_advice(what, '') or 'a bracket or a quote is not closed'}"
    line, column = int(position.group(1)), int(position.group(2))
    lines = text.split("\n")
    source = lines[line - 1] if line <= len(lines) else ""
    advice = _advice(what, source.strip())
    return f"line {line}, column {column}: {what}: {shortened(source.strip())}" + (f"; {advice}" if advice else "")


class _Slip(NamedTuple):
    """What people write and TOML does not take: what it looks like, how the line is mended, what to say."""

    looks: re.Pattern[str]
    mended: str
    say: str
    sure: re.Pattern[str] | None = None  # the line must look like this too


_SLIPS = (
    _Slip(re.compile(r"[“”„«»]"), '"', "quotes are straight"),
    _Slip(re.compile(r"[−–](?=[0-9.])"), "-", "a minus is a hyphen"),
    _Slip(re.compile(r"([+-]?[0-9]+) ?/ ?([0-9]+)"), r'"\1/\2"', "a fraction stands in quotes"),
    _Slip(
        re.compile(r"(?<=[\[=, ])([+-]?[0-9]+),([0-9]+)(?=[\], ]|$)"),
        r"\1.\2",
        "write a decimal point",
        re.compile(r"[0-9],0[0-9]|=\s*[+-]?[0-9]+,[0-9]+\s*(?:#|$)"),
    ),
    _Slip(re.compile(r"(?<![\w.])([+-]?)\.([0-9]+)"), r"\g<1>0.\2", "a digit stands before the decimal point"),
    _Slip(re.compile(r"(?<![\w.])([+-]?[0-9]+)\.(?![0-9])"), r"\1.0", "a digit stands after the decimal point"),
    _Slip(re.compile(r"\b(True|TRUE)\b"), "true", "true is written small"),
    _Slip(re.compile(r"\b(False|FALSE)\b"), "false", "false is written small"),
    _Slip(re.compile(r"(=\s*)([A-Za-z_]\w*)(?=\s*(?:#|$|[,}]))"), r'\1"\2"', "a text stands in quotes"),
    _Slip(re.compile(r"^(\s*[\w.]+)\s*:\s*(?=\S)"), r"\1 = ", "a key and its value are joined by ="),
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_SLASHED = re.compile(r'"([^"]*\\[^"]*)"')


def _advice(what: str, line: str) -> str:
    """How to mend a line that TOML does not take, if it looks like one of the usual slips."""
    if "'\\'" in what or "escape" in what or "unicode scalar" in what:
        slashed = _SLASHED.search(line)
        return f"a backslash stands in single quotes: '{slashed.group(1)}'" if slashed else "write it in single quotes"
    if "overwrite" in what or "declare" in what or "mutate" in what:
        return "the same key or table stands twice; keep one ([[layers]] and [[equations]] may repeat)"
    if len(line) > 200:
        return ""
    bare = _QUOTED.sub(lambda match: '"' + "_" * (len(match.group()) - 2) + '"', line)
    for slip in _SLIPS:
        if slip.sure is not None and slip.sure.search(bare) is None:
            continue
        pieces, end = [], 0
        for found in slip.looks.finditer(bare):
            pieces += [line[end : found.start()], found.expand(slip.mended)]
            end = found.end()
        if pieces:
            return f"{slip.say}: {''.join(pieces)}{line[end:]}"
    return ""
