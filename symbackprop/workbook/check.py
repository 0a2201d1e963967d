"""The sheet Check: each gradient beside a difference quotient that cells compute from the forward formulas alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from symbackprop.quantities import Array, Quantity, Role, every_index, flat
from symbackprop.values import Values
from symbackprop.workbook.closed import ClosedForms
from symbackprop.workbook.contents import Formula, Region, Row, Sheet, Text
from symbackprop.workbook.heads import headings
from symbackprop.workbook.layout import Layout, bounded
from symbackprop.workbook.moved import MovedRows
from symbackprop.workbook.placement import LAST_COLUMN, address, size

CHECK = "Check"
MOST_CHECKED = 60  # parameters; above, as many are taken evenly
MOST_WORKINGS = 100_000  # cells of moved passes
MOST_PRODUCTS = 500_000  # products that they add up
STEP, RELATIVE, ABSOLUTE = (Array(Role.SETTING, label=f"check {word}") for word in ("step", "relative", "absolute"))
SETTINGS = {STEP: 1e-5, RELATIVE: 1e-6, ABSOLUTE: 1e-9}
MEANINGS = {
    STEP: "how far a parameter is moved to either side",
    RELATIVE: "what a gradient and its difference quotient may differ by: this times the gradient ...",
    ABSOLUTE: "... plus this times the loss, or times 1 if the loss is smaller",
}
AGREES, KINK, DIFFERS = "agrees", "agrees with one side of a kink", "differs"
HEADINGS = (
    "parameter",
    "gradient",
    "closed form",
    "loss, moved up",
    "loss, moved down",
    "difference quotient",
    "apart by",
    "allowed",
    "verdict",
)
NAME, GRADIENT, CLOSED, UP, DOWN, QUOTIENT, APART, ALLOWED, VERDICT = range(1, 10)
FIRST_WORKING = 4  # column
TOO_LONG = "too long for a cell"


@dataclass(frozen=True, slots=True)
class _Moved:
    """A parameter moved to one side, and the pass with it."""

    row: int
    value: float
    values: Values


def is_checked(layout: Layout) -> bool:
    """Whether there is something to check, and a pass fits into a row."""
    width = FIRST_WORKING + MovedRows(layout, CHECK, FIRST_WORKING, "C").width
    return bool(layout.derivation.arrays.parameters) and width <= LAST_COLUMN


class Check:
    """The plan of the sheet."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.loss = Quantity(layout.derivation.loss, ())
        self.moved = MovedRows(layout, CHECK, FIRST_WORKING, "C")
        self.closed = ClosedForms(layout, CHECK)
        self.first = 6
        self.first_working = self.first + len(self.parameters) + 5

    @cached_property
    def parameters(self) -> list[Quantity]:
        """The parameters that are checked."""
        derivation = self.layout.derivation
        every = [
            Quantity(array, indices)
            for array in derivation.arrays.parameters
            if self._gradient_array(array) in derivation.system.definitions
            for indices in every_index(array)
        ]
        cells, products = MOST_WORKINGS // (2 * self.moved.width), MOST_PRODUCTS // (2 * self.moved.products)
        most = max(2, min(MOST_CHECKED, cells, products))
        if len(every) <= most:
            return every
        return [every[number * len(every) // most] for number in range(most)]

    @property
    def count(self) -> int:
        """How many gradients there are in all."""
        derivation = self.layout.derivation
        return sum(size(each) for each in derivation.arrays.parameters)

    def _gradient_array(self, array: Array) -> Array:
        return Array(
            Role.DERIVATIVE, array.axes, array.layer, of=self.layout.derivation.loss, wrt=array, phase=array.phase
        )

    @property
    def verdicts(self) -> str:
        """The range of verdicts."""
        return f"{address(self.first, VERDICT)}:{address(self.first + len(self.parameters) - 1, VERDICT)}"

    def verdict(self) -> Formula:
        """All verdicts in one sentence."""
        place, total = f"{CHECK}!{self.verdicts}", len(self.parameters)
        good = f'(COUNTIF({place},"{AGREES}")+COUNTIF({place},"{KINK}"))'
        what = "gradients" if total > 1 else "gradient"
        text = (
            f'IF({good}=ROWS({place}),"✓ All "&ROWS({place})&" checked {what} agree with difference quotients",'
            f'"✗ "&(ROWS({place})-{good})&" of "&ROWS({place})&" checked {what} wrong: see the sheet {CHECK}")'
        )
        agreeing = sum(self._judged(each)[-1].startswith(AGREES) for each in self.parameters)
        value = (
            f"✓ All {total} checked {what} agree with difference quotients"
            if agreeing == total
            else f"✗ {total - agreeing} of {total} checked {what} wrong: see the sheet {CHECK}"
        )
        return Formula(text, value, style="banner")

    def sheet(self) -> Sheet:
        """The sheet."""
        sheet = Sheet(CHECK, freeze="B6", color="7F6000", repeated="5:5")
        some = (
            f"{len(self.parameters)} of {self.count} parameters, taken evenly"
            if len(self.parameters) < self.count
            else "All parameters"
        )
        sheet.lines(
            [Text("Check", "title")],
            [
                Text(
                    f"{some}: the derived gradient; its closed form in one cell; "
                    "(loss up - loss down) / (twice the step).",
                    "subtitle",
                )
            ],
            [Text("← Overview", "hyperlink", link="Overview!A1")],
            (),
            [
                Text(HEADINGS[0], "group"),
                *(Text(each, "column") for each in HEADINGS[1:-1]),
                Text(HEADINGS[-1], "centred"),
            ],
        )
        count = len(self.parameters)
        closed = sum(self._closed(each) is not None for each in self.parameters)
        sheet.add(Region(count, self._verdict_rows, count * 7 + closed))
        sheet.verdicts.append(self.verdicts)
        sheet.printed = f"A1:{address(sheet.next_row, VERDICT)}"
        sheet.lines(
            (),
            [Text("Workings: the forward pass with one parameter moved", "heading"), *([Text("", "heading")] * 8)],
            *self._heads(),
        )
        assert sheet.next_row == self.first_working
        sheet.add(Region(2 * count, self._working_rows, 2 * count * (1 + self.moved.width)))
        sheet.columns = dict.fromkeys(range(1, FIRST_WORKING + self.moved.width), 15.5) | {
            NAME: 24.0,
            VERDICT: 34.0,
            **dict.fromkeys((CLOSED, UP, DOWN, QUOTIENT), 20.0),
        }
        return sheet

    def _moved(self, parameter: Quantity, side: int) -> _Moved:
        key = (parameter, side)
        if key not in self._known:
            number = self.parameters.index(parameter)
            value = self.layout.typed(parameter, self.layout.value(parameter)) + side * self.layout.settings[STEP]
            entries = {array: list(column) for array, column in self.layout.given.entries.items()}
            entries[parameter.array][flat(parameter.indices, parameter.array.shape)] = Fraction(value)
            values = self.layout.values.at(entries)
            self._known[key] = _Moved(self.first_working + 2 * number + (side < 0), value, values)
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[Quantity, int], _Moved]:
        return {}

    def _judged(self, parameter: Quantity) -> tuple[float, float, float, float, float, float, str]:
        """A row's numbers, as its formulas compute them."""
        gradient = self.layout.value(Quantity(self._gradient_array(parameter.array), parameter.indices))
        up, down = self._moved(parameter, 1), self._moved(parameter, -1)
        above, below, here = (bounded(each.of(self.loss)) for each in (up.values, down.values, self.layout.values))
        quotient = (above - below) / (up.value - down.value)
        apart = abs(gradient - quotient)
        allowed = self.layout.settings[RELATIVE] * abs(gradient) + self.layout.settings[ABSOLUTE] * max(1.0, abs(here))
        start = self.layout.value(parameter)
        sides = ((above - here) / (up.value - start), (here - below) / (start - down.value))
        one_sided = min(sides) - allowed <= gradient <= max(sides) + allowed
        return (
            gradient,
            above,
            below,
            quotient,
            apart,
            allowed,
            AGREES if apart <= allowed else KINK if one_sided else DIFFERS,
        )

    def _verdict_rows(self) -> Iterator[Row]:
        layout = self.layout
        loss_column = self.moved.column(self.loss)
        here = layout.addresses.reference(self.loss, CHECK)
        relative, absolute = (layout.addresses.reference(Quantity(each), CHECK) for each in (RELATIVE, ABSOLUTE))
        for number, parameter in enumerate(self.parameters):
            row = self.first + number
            gradient, above, below, quotient, apart, allowed, verdict = self._judged(parameter)
            of = Quantity(self._gradient_array(parameter.array), parameter.indices)
            up, down = self._moved(parameter, 1), self._moved(parameter, -1)
            b, c, d, e, f, g = (address(row, column) for column in (GRADIENT, UP, DOWN, QUOTIENT, APART, ALLOWED))
            closed, closed_place = self._closed(parameter), address(row, CLOSED)
            moved_up, moved_down = address(up.row, 3), address(down.row, 3)
            start = layout.addresses.reference(parameter, CHECK)
            right, left = f"({c}-{here})/({moved_up}-{start})", f"({here}-{d})/({start}-{moved_down})"
            between = f"AND({b}>=MIN({right},{left})-{g},{b}<=MAX({right},{left})+{g})"
            judged = f'IF({f}<={g},"{AGREES}",IF({between},"{KINK}","{DIFFERS}"))'
            if closed is not None:
                judged = f'IF(ABS({b}-{closed_place})<={g},{judged},"{DIFFERS}")'
            name = layout.labels.full(parameter)
            yield [
                Text(name, "name"),
                Formula(layout.addresses.place(of, CHECK), gradient, of, "link", "check"),
                Text(TOO_LONG, "aside") if closed is None else Formula(closed, gradient, of, where="closed form"),
                Formula(address(up.row, loss_column), above, self.loss, where="loss up"),
                Formula(address(down.row, loss_column), below, self.loss, where="loss down"),
                Formula(f"({c}-{d})/({moved_up}-{moved_down})", quotient, where="quotient", within=allowed),
                Formula(f"ABS({b}-{e})", apart, where="apart", within=allowed),
                Formula(f"{relative}*ABS({b})+{absolute}*MAX(1,ABS({here}))", allowed, where="allowed"),
                Formula(judged, verdict, style="verdict"),
            ]

    def _closed(self, parameter: Quantity) -> str | None:
        """The gradient's closed form, where a cell holds it."""
        return self.closed.text(Quantity(self._gradient_array(parameter.array), parameter.indices))

    def _heads(self) -> list[Row]:
        return headings(["moved", "side", "to", *self.moved.quantities], self.layout.labels)

    def _working_rows(self) -> Iterator[Row]:
        layout = self.layout
        step = layout.addresses.reference(Quantity(STEP), CHECK)
        for parameter in self.parameters:
            start = layout.addresses.reference(parameter, CHECK)
            for side, word, sign in ((1, "up", "+"), (-1, "down", "-")):
                moved = self._moved(parameter, side)
                where = f"{layout.labels.plain(parameter)} {word}"
                yield [
                    Text(layout.labels.full(parameter), "name"),
                    Text(word, "note"),
                    Formula(f"{start}{sign}{step}", moved.value, parameter, where=where),
                    *(
                        Formula(text, bounded(moved.values.of(quantity)), quantity, where=where)
                        for quantity, text in self.moved.formulas(parameter, moved.row)
                    ),
                ]
