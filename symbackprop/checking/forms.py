"""Empty forms to fill in: a row for each quantity that somebody who works an example through finds. Never reads one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from symbackprop.archives import undated
from symbackprop.derivation import Derivation
from symbackprop.notation.neutral import neutral
from symbackprop.quantities import Array, Phase, Quantity, Role, every_index

COLUMNS = ("where", "quantity", "neutral", "printed", "working")
WIDTHS = (16, 24, 24, 18, 40)


def form_rows(derivation: Derivation) -> list[dict[str, str]]:
    """The rows of an empty form, in the derivation's order."""
    rows = []
    for quantity in form_quantities(derivation):
        name = derivation.notation.plain(quantity)
        rows.append({"where": "", "quantity": name, "neutral": neutral(quantity), "printed": "", "working": ""})
    return rows


def form_quantities(derivation: Derivation) -> Iterator[Quantity]:
    """Nets, outs, losses, deltas, gradients, new parameters and the second pass, in the derivation's order."""
    frozen = set(derivation.arrays.frozen)
    for array in derivation.system.definitions:
        if array.role is Role.STATE or array.phase is Phase.USE or _is_input_gradient(array):
            continue
        if array.phase is Phase.NEW and array.now in frozen:
            continue
        for indices in every_index(array):
            yield Quantity(array, indices)


def _is_input_gradient(array: Array) -> bool:
    return array.role is Role.DERIVATIVE and array.wrt is not None and array.wrt.role is Role.INPUT


def form_csv(derivation: Derivation) -> str:
    """The empty form as a table that spreadsheets open."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(form_rows(derivation))
    return text.getvalue()


def form_workbook(derivation: Derivation) -> bytes:
    """The empty form as a workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "claims"
    sheet.append(COLUMNS)
    for row in form_rows(derivation):
        sheet.append([row[column] for column in COLUMNS])
    for column, width in zip("ABCDE", WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    data = io.BytesIO()
    book.save(data)
    return undated(data.getvalue())
