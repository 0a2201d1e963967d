"""Headings over a wide table whose columns are quantities: the layer, the kind, the name. Breaks pages at groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from symbackprop.quantities import Array, Quantity, Role
from symbackprop.workbook.contents import Content, Row, Text
from symbackprop.workbook.labels import Labels

ON_A_PAGE = 11  # columns of numbers beside those that are on each page
SHORT = {
    Role.INPUT: "inputs",
    Role.TARGET: "targets",
    Role.WEIGHT: "weights",
    Role.BIAS: "bias",
    Role.PARAMETER: "parameters",
    Role.RATE: "rate",
    Role.SETTING: "settings",
    Role.NET: "net inputs",
    Role.OUT: "outputs",
    Role.PART: "by output",
    Role.PENALTY: "penalty",
    Role.LOSS: "loss",
    Role.VARIABLE: "equations",
    Role.DELTA: "deltas",
}
BY = {
    Role.OUT: "by outputs",
    Role.NET: "by nets",
    Role.INPUT: "by inputs",
    Role.VARIABLE: "adjoints",
    Role.WEIGHT: "gradients",
    Role.BIAS: "gradients",
    Role.PARAMETER: "gradients",
}
Columns = Sequence[Quantity | str | None]  # a word stands where no quantity does


def headings(columns: Columns, labels: Labels) -> list[Row]:
    """Three rows of headings; each group is said once, over its first column, in words that a column has room for."""
    places: list[Content | None] = []
    kinds: list[Content | None] = []
    names: list[Content | None] = []
    last = ("", "")
    for each in columns:
        here = (_place(each.array), _word(each.array, labels)) if isinstance(each, Quantity) else ("", "")
        places.append(Text(here[0] if here[0] != last[0] else "", "group"))
        kinds.append(Text(here[1] if here != last else "", "group"))
        names.append(Text(labels.full(each) if isinstance(each, Quantity) else each or "", "column"))
        last = here
    return [places, kinds, names]


def page_breaks(columns: Columns, first: int) -> list[int]:
    """The columns, from ``first`` on, before which a page begins: groups are kept together where they fit."""
    groups = [
        len(list(group))
        for _, group in groupby(
            columns[first - 1 :],
            key=lambda each: isinstance(each, Quantity) and (_place(each.array), _kind(each.array)),
        )
    ]
    found = []
    column, used = first, 0
    for length in groups:
        if used and used + length > ON_A_PAGE:
            found.append(column)
            used = 0
        while used + length > ON_A_PAGE:
            column, length, used = column + ON_A_PAGE, length - ON_A_PAGE, 0
            found.append(column)
        column, used = column + length, used + length
    return [each for each in found if each <= len(columns)]


def _place(array: Array) -> str:
    whose = array.wrt if array.role is Role.DERIVATIVE and array.wrt is not None else array
    return f"layer {whose.layer}" if whose.layer else ""


def _word(array: Array, labels: Labels) -> str:
    return labels.nets(array.layer) if array.role is Role.NET else _kind(array)


def _kind(array: Array) -> str:
    if array.role is Role.STATE:
        return " ".join(array.label.split("_"))
    if array.role is not Role.DERIVATIVE or array.of is None or array.wrt is None:
        return SHORT.get(array.role, "")
    if array.of.role in (Role.LOSS, Role.PART) or array.wrt.role is Role.VARIABLE:
        return BY.get(array.wrt.role, "derivatives")
    return "slopes"
