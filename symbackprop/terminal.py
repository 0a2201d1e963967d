"""Text for a terminal whose encoding may lack characters. Never decides what is printed."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from typing import TextIO

from symbackprop.errors import OutsideError

# What a character is in ASCII where it is not a Greek letter, which is spelt as its word.
SIGNS = {
    "∂": "d", "·": "*", "×": "x", "−": "-", "–": "-", "—": "-", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">=", "→": "->",
    "←": "<-", "⇒": "=>", "…": "...", "⊙": "(*)", "∞": "inf", "√": "sqrt", "½": "1/2", "ᵀ": "^T", "⁻": "^-", "⟨": "<",
    "⟩": ">", "“": '"', "”": '"', "‘": "'", "’": "'", "′": "'", "│": "|", "─": "-", "┼": "+", "├": "+", "•": "*",
    "∇": "grad ", "∑": "sum", "Σ": "sum", "∈": "in",
}  # fmt: skip


def printable(text: str, encoding: str | None) -> str:
    """The text, each character that the encoding lacks as its ASCII name.

    >>> printable("δ_0 = ŷ·2", "ascii")
    'delta_0 = yhat*2'
    """
    name = encoding or "ascii"
    try:
        text.encode(name)
    except (UnicodeEncodeError, LookupError):
        return "".join(_held(character, name) for character in text)
    return text


def say(text: str) -> None:
    """Prints a result to stdout, with a line's end. Raises OutsideError if it cannot be written."""
    _write(sys.stdout, text if text.endswith("\n") else text + "\n")


def say_words(text: str) -> None:
    """Prints lines of words to stdout; a terminal's rows end between words, what goes on in the next is set in."""
    columns = terminal_columns()
    say(text if columns is None else "\n".join(_row(line, columns) for line in text.splitlines()))


def say_bytes(data: bytes) -> None:
    """Writes bytes to stdout as they are."""
    if sys.stdout is None:
        raise OutsideError("there is no standard output; write to a file with -o FILE")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutsideError(f"standard output cannot be written: {error.strerror}") from error


def complain(text: str) -> None:
    """Prints a remark or an error to stderr, if there is one."""
    if sys.stderr is None:
        return
    try:
        _write(sys.stderr, text + "\n")
    except (OutsideError, BrokenPipeError):
        return


def close_quietly() -> None:
    """Leaves stdout so that Python's own last flush finds nothing to complain of."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return
    finally:
        os.close(nowhere)


def is_terminal() -> bool:
    """Whether results go to a person's screen."""
    return sys.stdout is not None and sys.stdout.isatty()


def terminal_columns() -> int | None:
    """How wide the screen is, None where results go elsewhere."""
    return shutil.get_terminal_size().columns if is_terminal() else None


def output_encoding() -> str | None:
    """The encoding of stdout, as far as it is known."""
    return getattr(sys.stdout, "encoding", None)


def _row(line: str, columns: int) -> str:
    further = " " * (len(line) - len(line.lstrip()) + 2)
    rows = textwrap.wrap(
        line, columns, subsequent_indent=further, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return "\n".join(rows) if len(line) > columns else line


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        raise OutsideError("there is no standard output; write to a file with -o FILE")
    try:
        stream.write(printable(text, getattr(stream, "encoding", None) or "utf-8"))
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutsideError(f"standard output cannot be written: {error.strerror}") from error


def _held(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ascii(character)
    return character


def _ascii(character: str) -> str:
    from symbackprop.notation.lettering import ACCENTS, LETTER_OF, WHOLE_ACCENTS

    if character.isascii():
        return character
    accents = {sign: word for word, sign in ACCENTS.items()}
    whole = {letter: base + accent for (accent, base), letter in WHOLE_ACCENTS.items()}
    for table in (SIGNS, LETTER_OF, accents, whole):
        if character in table:
            return table[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")
    return plain or "?"
