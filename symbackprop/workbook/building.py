"""A derivation's workbook, planned: all sheets in order. Never writes a file."""

from __future__ import annotations

from symbackprop.derivation import Derivation
from symbackprop.errors import MissingValue, TooLarge
from symbackprop.quantities import Quantity
from symbackprop.system import every_index
from symbackprop.values import Values
from symbackprop.workbook.contents import Book
from symbackprop.workbook.labels import Labels
from symbackprop.workbook.layout import MOST_FORMULAS, Layout
from symbackprop.workbook.passes import backward_sheet, forward_sheet, network_sheet, update_sheet

MOST_SHOWN = 12  # missing values that the error lists


def planned(derivation: Derivation, values: Values, *, steps: int | None = None) -> Book:
    """The plan of a derivation's workbook. Raises MissingValue if numbers are missing, TooLarge above a stated size."""
    layout = Layout(derivation, values, Labels(derivation))
    _refuse_without_values(layout)
    sheets = [network_sheet(layout), forward_sheet(layout), backward_sheet(layout)]
    if derivation.after is not None:
        sheets.append(update_sheet(layout))
    count = sum(sheet.formulas for sheet in sheets)
    if count > MOST_FORMULAS:
        raise TooLarge(
            f"the workbook would have {count:,} formula cells; at most {MOST_FORMULAS:,} are written: "
            "take fewer observations, units or training steps"
        )
    return Book(derivation.network.title or "A network", tuple(sheets), layout.names)


def _refuse_without_values(layout: Layout) -> None:
    missing = [
        layout.labels.plain(Quantity(array, indices))
        for array, entries in layout.given.entries.items()
        for indices, entry in zip(every_index(array), entries, strict=True)
        if entry is None
    ]
    if missing:
        shown = ", ".join(missing[:MOST_SHOWN]) + (f" and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else "")
        raise MissingValue(
            f"a workbook needs every value, and these have none: {shown}; give them in the description or with --set NAME=NUMBER"
        )
