"""What stands in the cells of a planned workbook: texts, typed numbers, formulas. Never opens a file.

A plan is made of sheets; a sheet is made of regions, each a number of rows whose contents are given row by row, so
that a large book is never held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from symbackprop.quantities import Quantity

Run = tuple[str, str]  # a piece of text, and "", "sub" or "sup"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is never taken for a formula; ``link`` is a place in the same book."""

    text: str | tuple[Run, ...]
    style: str = "text"
    link: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A number that a person may change."""

    value: float
    of: Quantity
    style: str = "input"


class Formula(NamedTuple):  # a book may have a million, and this is made fastest
    """A formula without its equals sign, and what it comes to by our own computation: nan where that is no number.

    ``of`` is the quantity whose equation it is (None for a link, a product of chain factors, a verdict); ``where``
    tells apart the same quantity at several places: a step of training, one side of a difference quotient.
    ``within``: how far another engine's value may be off beyond rounding, in a difference quotient.
    """

    text: str
    value: float | str
    of: Quantity | None = None
    style: str = "calculation"
    where: str = ""
    within: float = 0.0


Content = Text | Typed | Formula
Row = Sequence[Content | None]


@dataclass(frozen=True, slots=True)
class Region:
    """Rows of a sheet, rendered when they are written; ``formulas`` says how many formula cells they hold."""

    height: int
    rows: Callable[[], Iterable[Row]]
    formulas: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of one column against another; rows from 1. ``sheet`` is where they stand, if it is another one."""

    title: str
    anchor: str
    column: int
    first_row: int
    last_row: int
    x_column: int
    x_title: str
    y_title: str
    logarithmic: bool = False
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in a spreadsheet's own shapes (the XML of one group): its size in points, its upper left cell."""

    shapes: str
    width: float
    height: float
    anchor: str = "A1"


@dataclass(slots=True)
class Sheet:
    """A sheet's plan. ``columns`` maps column numbers to widths; ``freeze`` is the first cell that scrolls.

    ``wide``: printed over several pages side by side, these columns on each; ``repeated``: rows on each page;
    ``printed``: only this range is printed; ``breaks``: columns before which a page begins.

    ``verdicts`` are ranges of verdict cells; ``inputs`` are ranges of typed numbers. ``hidden``: no menu shows it.
    """

    name: str
    regions: list[Region] = field(default_factory=list)
    columns: dict[int, float] = field(default_factory=dict)
    freeze: str = ""
    color: str = ""
    locked: bool = True
    hidden: bool = False
    landscape: bool = True
    wide: str = ""
    repeated: str = ""
    breaks: list[int] = field(default_factory=list)
    printed: str = ""
    verdicts: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    drawing: Drawing | None = None
    one_page: bool = False
    next_row: int = 1

    def add(self, region: Region) -> int:
        """Puts a region below those there are; its first row's number."""
        top = self.next_row
        self.regions.append(region)
        self.next_row += region.height
        return top

    def lines(self, *rows: Row) -> int:
        """Puts finished rows below; the first one's number."""
        formulas = sum(isinstance(each, Formula) for row in rows for each in row)
        return self.add(Region(len(rows), lambda: rows, formulas))

    def rows(self) -> Iterator[Row]:
        """All rows from the first."""
        for region in self.regions:
            count = 0
            for row in region.rows():
                count += 1
                yield row
            assert count == region.height, f"a region of {self.name} has {count} rows and said {region.height}"

    def held(self) -> Sheet:
        """The same with its rows made once."""
        rows = list(self.rows())
        return replace(self, regions=[Region(len(rows), lambda: rows, self.formulas)])

    @property
    def formulas(self) -> int:
        """How many formula cells it has."""
        return sum(region.formulas for region in self.regions)


@dataclass(frozen=True, slots=True)
class Passes:
    """Which pass each row of a sheet belongs to: a row each from ``first`` on, and blocks of equal height below."""

    first: int
    blocks: int = 0
    height: int = 0

    def of(self, row: int) -> int:
        """The pass's number, from 0."""
        return (row - self.blocks) // self.height if self.height and row >= self.blocks else row - self.first


@dataclass(frozen=True, slots=True)
class Book:
    """A planned workbook: sheets in order, and defined names with the places they stand for.

    ``passes`` are the sheets that repeat whole passes, at the parameters that stand in each.
    """

    title: str
    sheets: tuple[Sheet, ...]
    names: Mapping[str, str]
    passes: Mapping[str, Passes] = field(default_factory=dict)

    def held(self) -> Book:
        """The same with all rows made once, for those who go through its cells more than once."""
        return replace(self, sheets=tuple(sheet.held() for sheet in self.sheets))

    def cells(self) -> Iterator[tuple[str, int, int, Content]]:
        """Every cell with content: its sheet, row, column and what stands there."""
        for sheet in self.sheets:
            for number, row in enumerate(sheet.rows(), 1):
                for column, content in enumerate(row, 1):
                    if content is not None:
                        yield sheet.name, number, column, content
