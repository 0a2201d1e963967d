"""A workbook of ours, recalculated by a real engine and compared with a fresh derivation. Trusts no value in the file.

The description inside the book is derived anew, evaluated at the numbers that are typed in the book, and laid out as
the book was; then every formula cell's recalculated value must be that of its place, and so must its formula.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeGuard

from symbackprop.errors import InputError
from symbackprop.given import Given
from symbackprop.quantities import Array, Phase, Quantity, Role, flat
from symbackprop.values import Values
from symbackprop.workbook.building import planned
from symbackprop.workbook.contents import Book, Formula, Typed
from symbackprop.workbook.engines import Cells, recalculated
from symbackprop.workbook.kinks import as_sided, is_near_a_kink
from symbackprop.workbook.labels import Labels
from symbackprop.workbook.opening import Opened, opened
from symbackprop.workbook.placement import address
from symbackprop.workbook.reading import STANDS, Typing, typing_of

RELATIVE, ABSOLUTE = 1e-12, 1e-15  # what two engines may differ by in summing and in exp
ERF_RELATIVE = 1e-9  # ironcalc 0.9 computes ERF and ERFC to ten digits
FIFTEEN_DIGITS = 16.0  # LibreOffice hands over so many: a parameter of a row is off by several roundings, not one
NEAR_KINK = 1e-9  # what training brings this near to a kink may be on either side of it
MOST_SHOWN = 10
MOST_QUOTED = 160
Passed = Mapping[tuple[str, int], Values | None]  # by sheet and number of a pass


@dataclass(frozen=True, slots=True)
class Difference:
    """A formula cell that is not what the derivation says: where, which quantity, and what is wrong."""

    place: str
    name: str
    what: str
    rewritten: bool  # its own formula is another one; otherwise it may only stand behind such a cell

    def __str__(self) -> str:
        return f"{self.place}  {self.name + ': ' if self.name else ''}{self.what}"


@dataclass(frozen=True, slots=True)
class Verification:
    """How a workbook compares: true if every formula cell agrees."""

    engine: str
    compared: int
    left_out: (
        int  # stand in rows of training where rounding decides the side of a kink, or where a parameter is no number
    )
    differences: tuple[Difference, ...]

    def __bool__(self) -> bool:
        return not self.differences

    def text(self) -> str:
        """The outcome in words, the first cells that differ by name: those whose own formula is another come first."""
        if not self.differences:
            text = f"all {self.compared:,} formula cells agree, recalculated by {self.engine}"
            return text + (f"; {self.left_out:,} more, at kinks of training, were left out" if self.left_out else "")
        count = len(self.differences)
        verb = "differs" if count == 1 else "differ"
        lines = [f"{count:,} of {self.compared:,} formula cells {verb}, recalculated by {self.engine}:"]
        ordered = sorted(self.differences, key=lambda each: not each.rewritten)
        lines += [f"  {each}" for each in ordered[:MOST_SHOWN]]
        if count > MOST_SHOWN:
            lines.append(f"  and {count - MOST_SHOWN:,} more")
        return "\n".join(lines)


def verified(path: str, engine: str) -> Verification:
    """Compares a workbook. Raises InputError if it is none of ours, OutsideError if the engine is missing or fails."""
    book = opened(path)
    typing = typing_of(book)
    values = typing.values
    plan = planned_as(book, typing)
    for sheet in plan.sheets:
        if sheet.name not in book.cells:
            raise InputError(f"{path}: has no sheet {sheet.name}: {STANDS}")
    found = recalculated(book.content, engine)
    sided = as_sided(plan, values, found)
    if sided is not values:
        values, plan = sided, planned_as(book, replace(typing, values=sided))
    relative = ERF_RELATIVE if engine == "ironcalc" and _has_erf(plan) else RELATIVE
    passes = passes_of_rows(plan, values, found)
    differences = tuple(_differences(book, plan, values, found, passes, relative))
    formulas = [(sheet, row, content) for sheet, row, _, content in plan.cells() if isinstance(content, Formula)]
    left_out = sum(
        content.of is not None and passes.get(_row_of(plan, sheet, row), values) is None
        for sheet, row, content in formulas
    )
    return Verification(engine, len(formulas) - left_out, left_out, differences)


def planned_as(book: Opened, typing: Typing) -> Book:
    """The plan that a book was written by, at the numbers that are typed in it."""
    inside = book.inside
    return planned(
        typing.derivation,
        typing.values,
        steps=inside.steps,
        kind=inside.layout,
        settings=typing.settings,
        diverging=True,
    ).held()


def _has_erf(book: Book) -> bool:
    return any("ERF" in content.text for *_, content in book.cells() if isinstance(content, Formula))


def _differences(
    book: Opened, plan: Book, values: Values, found: Cells, passes: Passed, relative: float
) -> Iterator[Difference]:
    wrong = {place: what for place, _, what in differing(plan, values, found, passes, relative=relative)}
    labels = Labels(values.derivation)
    for sheet, row, column, content in plan.cells():
        if not isinstance(content, Formula):
            continue
        here = book.cells[sheet].get((row, column))
        rewritten = _rewritten(content.text, here)
        what = "; ".join(each for each in (rewritten, wrong.get((sheet, row, column), "")) if each)
        if what:
            name = (
                labels.plain(content.of)
                if content.of is not None and not content.of.array.label.startswith("check ")
                else ""
            )
            shown = ", ".join(each for each in (name, content.where) if each)
            yield Difference(f"{sheet}!{address(row, column)}", shown, what, bool(rewritten))


def _rewritten(wanted: str, found: object) -> str:
    """What is wrong with a formula's text; nothing if it is the one that was written, however a program spells it."""
    if found == f"={wanted}":
        return ""
    if found is None:
        return f"is empty, where ={_quoted(wanted)} stood"
    text = str(found)
    if not text.startswith("="):
        return f"has {text[:40]!r}, where ={_quoted(wanted)} stood"
    if _spelling(text) == _spelling(f"={wanted}"):
        return ""
    return f"has the formula {_quoted(text)}, where ={_quoted(wanted)} stood"


def _quoted(text: str) -> str:
    return text if len(text) <= MOST_QUOTED else f"{text[: MOST_QUOTED - 3]}..."


def _spelling(text: str) -> list[str]:
    """A formula's tokens, without what programs change in saving: blanks, dollars, quotes, forms of numbers."""
    from openpyxl.formula import Tokenizer
    from openpyxl.formula.tokenizer import Token, TokenizerError

    try:
        tokens = Tokenizer(text).items
    except (TokenizerError, IndexError):
        return [text]
    found = []
    for token in tokens:
        value = token.value
        if token.type == Token.WSPACE:
            continue
        if token.subtype == Token.NUMBER:
            value = repr(float(value))
        elif token.subtype == Token.RANGE:
            value = value.replace("$", "").replace("'", "").upper()
        elif token.type == Token.FUNC:
            value = value.upper()
        found.append(value)
    return found


def differing(
    book: Book, values: Values, found: Cells, passes: Passed | None = None, *, relative: float = RELATIVE
) -> Iterator[tuple[tuple[str, int, int], Formula, str]]:
    """The formula cells of a plan where an engine does not find our value, and what it finds.

    A row of training is compared with a pass at the parameters that the engine has in that row: over many steps the
    rounding of two engines grows apart, and each row must be right for itself. Where there is no such pass a cell has
    to be a number if it is one in the derivation. ``passes`` are those of `passes_of_rows`, made here if not given.
    """
    steps = passes_of_rows(book, values, found) if passes is None else passes
    for sheet, row, column, content in book.cells():
        if not isinstance(content, Formula):
            continue
        here = found.get((sheet, row, column))
        reference, expected, widened, of = values, content.value, 1.0, content.of
        place = sheet, number = _row_of(book, sheet, row)
        if place in steps and of is not None and not isinstance(expected, str):
            before, now = steps.get((sheet, number - 1)), steps[place]
            if now is None:
                if math.isfinite(expected) and not _is_number(here):
                    yield (sheet, row, column), content, f"{here!r} here, {expected!r} derived"
                continue
            reference, expected, widened = now, float(now.of(of)), FIFTEEN_DIGITS
            new = replace(of.array, phase=Phase.NEW)
            if before is not None and new in values.derivation.system and of.array.role is not Role.SETTING:
                of = Quantity(new, of.indices)
                reference, expected = before, float(before.of(of))
        if agrees(expected, here, content.within, relative):
            continue  # most do without the bound, which takes longer than all the rest
        if not agrees(expected, here, content.within + widened * bound(reference, of), relative):
            yield (sheet, row, column), content, f"{here if here is not None else 'nothing'} here, {expected!r} derived"


def _row_of(book: Book, sheet: str, row: int) -> tuple[str, int]:
    """The sheet and the number of the pass that a row belongs to; -1 on sheets that do not repeat passes."""
    return sheet, book.passes[sheet].of(row) if sheet in book.passes else -1


def passes_of_rows(book: Book, values: Values, found: Cells) -> Passed:
    """A fresh pass for each row or block of training at the parameters that the engine has.

    None where one of them is no number, and where rounding decides on which side of a kink the row is.
    """
    given = values.numbers.given
    assert isinstance(given, Given)
    entries: dict[tuple[str, int], dict[Array, list[Fraction | None]] | None] = {}
    for sheet, row, column, content in book.cells():
        if sheet not in book.passes or not isinstance(content, Formula | Typed) or content.of is None:
            continue
        array = content.of.array
        if array not in given.entries:
            continue
        place = _row_of(book, sheet, row)
        if place not in entries:
            entries[place] = {each: list(typed) for each, typed in given.entries.items()}
        columns = entries[place]
        here = found.get((sheet, row, column))
        if not _is_number(here):
            entries[place] = None
        elif columns is not None:
            columns[array][flat(content.of.indices, array.shape)] = Fraction(repr(here))
    passes: dict[tuple[str, int], Values | None] = {}
    for place, row_entries in entries.items():
        passed = None if row_entries is None else values.at(row_entries)
        passes[place] = None if passed is not None and is_near_a_kink(passed, NEAR_KINK) else passed
    return passes


def _is_number(here: object) -> TypeGuard[int | float]:
    return isinstance(here, int | float) and not isinstance(here, bool) and math.isfinite(here)


def bound(values: Values, quantity: Quantity | None) -> float:
    """The condition bound of a cell's quantity."""
    if quantity is None or values.derivation.definition(quantity.array) is None:
        return 0.0
    return values.bound(quantity)


def agrees(expected: float | str, here: object, widening: float, relative: float = RELATIVE) -> bool:
    """Whether an engine's value of a cell is ours."""
    if isinstance(expected, str):
        return expected == here
    if not math.isfinite(expected):
        return isinstance(here, str) and here.startswith("#")
    return _is_number(here) and abs(here - expected) <= relative * abs(expected) + ABSOLUTE + widening
