"""What a screen is given: rows that it has room for, signs that its encoding has."""

from __future__ import annotations

import sys

import pytest

from symbackprop.terminal import printable, say_words

PARAGRAPH = "    the sign is turned: a minus is lost, and so on"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "Café ﬁ 日 δ ŷ ≈ ½"),
        ("latin-1", "Café fi ? delta yhat ~ ½"),
        ("ascii", "Cafe fi ? delta yhat ~ 1/2"),
        (None, "Cafe fi ? delta yhat ~ 1/2"),
        ("no such encoding", "Cafe fi ? delta yhat ~ 1/2"),
    ],
)
def test_a_sign_that_an_encoding_lacks_becomes_its_name_its_letters_or_a_question_mark(
    encoding: str | None, shown: str
) -> None:
    assert printable("Café ﬁ 日 δ ŷ ≈ ½", encoding) == shown


def test_what_goes_on_in_the_next_row_is_set_in_by_two_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say_words(PARAGRAPH)
    assert capsys.readouterr().out == f"{PARAGRAPH}\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "24")
    say_words(f"{PARAGRAPH}\n\n    short, in 24 columns")
    assert capsys.readouterr().out.splitlines() == [
        "    the sign is turned:",
        "      a minus is lost,",
        "      and so on",
        "",
        "    short, in 24 columns",
    ]
