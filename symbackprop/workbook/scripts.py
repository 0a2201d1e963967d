"""Expressions as texts with real sub- and superscripts: plain text in whose names and powers pieces are set apart.

Pieces are marked by characters that no name holds, and taken apart once the whole text is there. Places no cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from symbackprop.expressions import Along, Expression
from symbackprop.printing.dialect import Label, Precedence, Say
from symbackprop.printing.plain import Plain
from symbackprop.workbook.contents import Run

LOWER, UPPER, END = "\ue000", "\ue001", "\ue002"
MARKS = {"sub": LOWER, "sup": UPPER}
SCRIPTS = {mark: script for script, mark in MARKS.items()}
_PIECE = re.compile(f"([{LOWER}{UPPER}])([^{END}]*){END}")


class Scripted(Plain):
    """Plain text, its exponents raised and its letters of sums lowered."""

    name: ClassVar[str] = "text with scripts"

    def power(self, base: Expression, exponent: Expression, say: Say) -> Label:
        """A raised exponent, unless it has scripts of its own."""
        above = say(exponent)
        if LOWER in above.text or UPPER in above.text:
            return super().power(base, exponent, say)
        below = say(base)
        inside = (
            below.text if below.precedence is Precedence.ATOM and not below.text.endswith(END) else f"({below.text})"
        )
        return Label(f"{inside}{UPPER}{above.text}{END}", Precedence.POWER)

    def along(self, reduction: Along, say: Say) -> Label:
        """``Σ`` with its letter below."""
        body = self.within(say(reduction.body), Precedence.BIG)
        return Label(f"{self.sign(reduction.reduction)}{LOWER}{reduction.index}{END} {body}", Precedence.BIG)


SCRIPTED = Scripted(times="·")


def marked(runs: Sequence[Run]) -> str:
    """Pieces of text as one, their scripts marked."""
    return "".join(f"{MARKS[script]}{text}{END}" if script else text for text, script in runs)


def taken_apart(text: str) -> tuple[Run, ...]:
    """A marked text as its pieces.

    >>> taken_apart(marked([("w", ""), ("10", "sub"), (" + 1", "")]))
    (('w', ''), ('10', 'sub'), (' + 1', ''))
    """
    runs: list[Run] = []
    here = 0
    for found in _PIECE.finditer(text):
        if found.start() > here:
            runs.append((text[here : found.start()], ""))
        runs.append((found[2], SCRIPTS[found[1]]))
        here = found.end()
    if here < len(text):
        runs.append((text[here:], ""))
    return tuple(runs)


def unmarked(text: str) -> str:
    """A marked text without its marks."""
    return _PIECE.sub(r"\2", text)
