"""A derivation's workbook, planned: all sheets in order. Never writes a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symbackprop.derivation import Derivation
from symbackprop.errors import MissingValue, TooLarge
from symbackprop.quantities import Array, Quantity, every_index
from symbackprop.values import Values
from symbackprop.workbook.blocks import TrainingBlocks
from symbackprop.workbook.check import MEANINGS, SETTINGS, Check, is_checked
from symbackprop.workbook.contents import Book, Drawing, Passes, Sheet
from symbackprop.workbook.inside import Inside, description_of
from symbackprop.workbook.iterations import FIRST_ROW, ITERATIONS, Iterations
from symbackprop.workbook.labels import Labels
from symbackprop.workbook.layout import MOST_FORMULAS, Layout
from symbackprop.workbook.overview import PICTURE, ROOM, derivation_sheet, overview_sheet, scratch_sheet
from symbackprop.workbook.passes import backward_sheet, forward_sheet, network_sheet, settings_group, update_sheet
from symbackprop.workbook.placement import size
from symbackprop.workbook.training import TRAINING, Training, fits_in_rows

MOST_SHOWN = 12  # missing values that the error lists


def planned(
    derivation: Derivation,
    values: Values,
    *,
    steps: int | None = None,
    kind: str = "sheets",
    settings: Mapping[Array, float] | None = None,
    diverging: bool = False,
    picture: Callable[..., tuple[str, float, float]] | None = None,
) -> Book:
    """The plan of a derivation's workbook. Raises MissingValue if numbers are missing, TooLarge above a stated size.

    ``settings`` are typed numbers that are not the network's (how large a step the check makes), as they stand in a
    book. ``diverging``: steps beyond the range of floats are planned too, without values. ``picture`` draws a
    derivation within so many points; no cell depends on it.
    """
    layout = Layout(derivation, values, Labels(derivation))
    refuse_without_values(layout)
    if kind == "rows":
        return _in_rows(layout, steps, diverging=diverging)
    _refuse_too_large(sum(size(equation.target.array) for equation in derivation.system.equations))
    for equation in derivation.system.equations:
        values.array(equation.target.array)  # what cannot be computed is refused before anything is written
    network = network_sheet(layout)
    sheets = [network, forward_sheet(layout), backward_sheet(layout)]
    shown_steps = 0
    repeated: dict[str, Passes] = {}
    if derivation.after is not None:
        sheets.append(update_sheet(layout))
        if steps or (steps is None and layout.as_list):
            plan = Training if fits_in_rows(layout) else TrainingBlocks
            training = plan(layout, steps, diverging=diverging)
            shown_steps, repeated[TRAINING] = training.steps, training.rows
            sheets.append(training.sheet())
    check = None
    if is_checked(layout):
        settings_group(layout, network, "Check", {**SETTINGS, **(settings or {})}, MEANINGS)
        check = Check(layout)
        sheets.append(check.sheet())
    sheets += [derivation_sheet(layout), scratch_sheet()]
    overview = overview_sheet(layout, sheets, check)
    if picture is not None:
        overview.drawing = Drawing(*picture(derivation, width=ROOM[0], height=ROOM[1]), anchor=PICTURE)
    sheets.insert(0, overview)
    sheets.append(Inside("sheets", shown_steps, description_of(derivation, values)).sheet())
    _refuse_too_large(sum(sheet.formulas for sheet in sheets))
    return Book(derivation.network.title or "A network", tuple(sheets), layout.names, repeated)


def _refuse_too_large(count: int) -> None:
    if count > MOST_FORMULAS:
        raise TooLarge(
            f"the workbook would have {count:,} formula cells; at most {MOST_FORMULAS:,} are written: "
            "take fewer observations, units or training steps"
        )


def _in_rows(layout: Layout, steps: int | None, *, diverging: bool) -> Book:
    iterations = Iterations(layout, steps, diverging=diverging)
    hidden = Inside("rows", iterations.steps, description_of(layout.derivation, layout.values)).sheet()
    title = layout.derivation.network.title or "A network"
    return Book(title, (iterations.sheet(), iterations.chart_sheet(), hidden), {}, {ITERATIONS: Passes(FIRST_ROW)})


def typed_sheets(derivation: Derivation, values: Values, kind: str) -> list[Sheet]:
    """The sheets of a book where numbers are typed; of their formulas, if any, only where they stand counts."""
    layout = Layout(derivation, values, Labels(derivation))
    if kind == "rows":
        return [Iterations(layout, 0).sheet()]
    network = network_sheet(layout)
    if is_checked(layout):
        settings_group(layout, network, "Check", SETTINGS, MEANINGS)
    return [network]


def refuse_without_values(layout: Layout) -> None:
    """Refuses numbers that are not all there, and says which."""
    missing = [
        layout.labels.plain(Quantity(array, indices))
        for array, entries in layout.given.entries.items()
        for indices, entry in zip(every_index(array), entries, strict=True)
        if entry is None
    ]
    if missing:
        more = f" and {len(missing) - MOST_SHOWN} more" if len(missing) > MOST_SHOWN else ""
        raise MissingValue(
            f"a workbook needs every value, and these have none: {', '.join(missing[:MOST_SHOWN])}{more}; "
            "give them in the description or with --set NAME=NUMBER"
        )
