"""Defined names that Excel takes: safe ones made from printed names. Never asks a spreadsheet.

Illegal in Excel is whatever looks like a cell (``w1``, ``TAX2010``), a row or column (``R``, ``c``, ``R1C1``; in
other languages ``Z1S1``, ``L1C1``, ``F``), or a logical value. Letter case does not tell names apart.
"""

from __future__ import annotations

import re

LONGEST = 250  # Excel takes 255; room for a number that tells two apart
CELL_LIKE = re.compile(r"[A-Za-z]{1,3}[0-9]+")
ROW_COLUMN_LIKE = re.compile(r"[RrZzLlFf][0-9]*([CcSs][0-9]*)?|[CcSs][0-9]*")
LOGICAL = frozenset({"true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "verdadeiro", "vero"})
RESERVED = ("_xl", "print_area", "print_titles", "criteria", "database", "extract", "consolidate_area", "sheet_title")
UNSAFE = re.compile(r"[^A-Za-z0-9]+")


def safe_name(text: str) -> str:
    """A legal defined name as near to the text as possible.

    >>> [safe_name(text) for text in ("w_10", "w1", "R", "dE/dw_5", "in_{O}", "1/2", "c1", "TRUE", "net_h1@2")]
    ['w_10', 'w1_', 'R_', 'dE_dw_5', 'in_O', '_1_2', 'c1_', 'TRUE_', 'net_h1_2']
    """
    bare = UNSAFE.sub("_", text).strip("_")[:LONGEST]
    name = f"_{bare}" if not bare or bare[0].isdigit() else bare
    return name if is_legal(name) else f"{name}_"


def is_legal(name: str) -> bool:
    """Whether a name made of ASCII letters, digits and underscores is legal."""
    folded = name.casefold()
    if CELL_LIKE.fullmatch(name) or ROW_COLUMN_LIKE.fullmatch(name) or folded in LOGICAL:
        return False
    return not folded.startswith(RESERVED)


class NameBook:
    """Hands out legal names, each once, letter case aside."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, text: str) -> str:
        """A legal name near to the text that nothing else has."""
        name = wanted = safe_name(text)
        number = 2
        while name.casefold() in self._taken:
            name = f"{wanted.rstrip('_')}__{number}"
            number += 1
        self._taken.add(name.casefold())
        return name
