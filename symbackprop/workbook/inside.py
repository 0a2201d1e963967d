"""The description that travels inside a workbook: a hidden sheet of text, and back. Never looks at another sheet.

A line of the description is a row; a line that is longer than a cell takes goes on in the next column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symbackprop.derivation import Derivation
from symbackprop.errors import InputError
from symbackprop.given import Given
from symbackprop.network import ExactNumber
from symbackprop.quantities import Array
from symbackprop.values import Values
from symbackprop.workbook.contents import Row, Sheet, Text

DESCRIPTION = "Description"
FORMAT = "symbackprop.workbook/1"
LAYOUTS = ("sheets", "rows")
LONGEST_PIECE = 30_000  # Excel takes 32,767 characters in a cell
MOST_STEPS = 1_000_000
_HEAD = re.compile(r"(layout|steps) = (\w{1,10})")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # spreadsheet files read _x0041_ as a character's number


@dataclass(frozen=True, slots=True)
class Inside:
    """What a workbook says of itself: how it is laid out, how many steps of training it has, and the description."""

    layout: str
    steps: int
    description: str

    def sheet(self) -> Sheet:
        """The hidden sheet."""
        sheet = Sheet(DESCRIPTION, hidden=True)
        head = [FORMAT, f"layout = {self.layout}", f"steps = {self.steps}"]
        sheet.lines(*(_row(line) for line in (*head, *self.description.splitlines())))
        sheet.columns = {1: 100.0}
        return sheet


def inside(rows: Iterable[Sequence[object]], book: str) -> Inside:
    """What the hidden sheet's rows say; refused if they are not ours."""
    lines = ["".join(_UNESCAPE.sub("_", str(piece)) for piece in row if piece is not None) for row in rows]
    if lines[:1] != [FORMAT]:
        found = f"format {lines[0][:40]!r}" if lines and lines[0].startswith("symbackprop.") else "another text"
        raise InputError(
            f"{book}: its hidden sheet {DESCRIPTION} has {found} where {FORMAT!r} stood; it cannot be read"
        )
    heads = [_HEAD.fullmatch(line) for line in lines[1:3]]
    said = {found[1]: found[2] for found in heads if found is not None}
    steps = said.get("steps", "")
    if said.get("layout") not in LAYOUTS or not steps.isascii() or not steps.isdecimal() or int(steps) > MOST_STEPS:
        raise InputError(f"{book}: its hidden sheet {DESCRIPTION} was changed and cannot be read")
    return Inside(said["layout"], int(steps), "\n".join(lines[3:]) + "\n")


_UNESCAPE = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)")


def description_of(derivation: Derivation, values: Values) -> str:
    """The description as a file's text; of observations that were handed over, with these."""
    from symbackprop.description.writing import toml

    network = derivation.network
    table, given = network.table, values.numbers.given
    assert isinstance(given, Given)
    targets = derivation.arrays.targets
    if network.inputs is None and not network.program and targets is not None:
        inputs = derivation.arrays.inputs[0]
        kept = {"names": table["inputs"]["names"]} if "names" in table.get("inputs", {}) else {}
        table = {key: value for key, value in table.items() if key != "observations"}
        table["inputs"] = {**kept, "values": _rows(given, inputs)}
        table["targets"] = {"values": _rows(given, targets)}
    return toml(table)


def _rows(given: Given, array: Array) -> list[list[ExactNumber]]:
    width = array.axes[-1].size or 1
    numbers = [ExactNumber(each, str(each)) for each in given.entries[array] if each is not None]
    return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def _row(line: str) -> Row:
    return [
        Text(_ESCAPE.sub("_x005F_", line[start : start + LONGEST_PIECE]), "text")
        for start in range(0, max(len(line), 1), LONGEST_PIECE)
    ]
