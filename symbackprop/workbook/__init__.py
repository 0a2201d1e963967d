"""A derivation as a live workbook: every quantity one cell, every equation one formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from symbackprop.derivation import Derivation
    from symbackprop.values import Values

    Picturing = Callable[..., tuple[str, float, float]]


def workbook_bytes(
    derivation: Derivation,
    values: Values,
    *,
    steps: int | None = None,
    layout: str = "sheets",
    picture: Picturing | None = None,
) -> bytes:
    """The derivation's workbook as the bytes of an .xlsx file, at the given numbers; the same in, the same bytes.

    ``steps`` is how many training steps it shows; by default 20 where each quantity has a cell of its own.
    ``layout`` is "sheets", or "rows": one row per iteration, by default down to row 1002. ``picture`` draws the network
    as spreadsheets do: a group of shapes, its width and height in points, given the room for it.
    Raises MissingValue with the list of what has no value, and TooLarge above a stated number of cells.
    """
    from symbackprop.workbook.building import planned
    from symbackprop.workbook.writer import book_bytes

    return book_bytes(planned(derivation, values, steps=steps, kind=layout, picture=picture))
