"""The sheets of the System itself: Network, Forward, Backward, Update. Never states an equation: it reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from symbackprop.notation.lettering import DerivativeName
from symbackprop.quantities import Array, Cell, Phase, Quantity, Role
from symbackprop.system import Equation, SumOfProducts
from symbackprop.terms import Term, multiplied
from symbackprop.workbook.contents import Content, Formula, Region, Row, Run, Sheet, Text, Typed
from symbackprop.workbook.labels import runs
from symbackprop.workbook.layout import (
    BAR,
    NAME,
    NAME_WIDTH,
    VALUE,
    VALUE_WIDTH,
    WIDE_NAME_WIDTH,
    Layout,
    barred,
    inner_indices,
)
from symbackprop.workbook.placement import address, listed, size

NETWORK, FORWARD, BACKWARD, UPDATE = "Network", "Forward", "Backward", "Update"
BLOCK_WIDTH = 12.0  # of a column of matrices
MOST_UPRIGHT, MOST_FITTED = 8, 20  # columns that fit on a page: upright, across


def network_sheet(layout: Layout) -> Sheet:
    """Everything that may be typed: inputs, targets, parameters, settings, an update rule's states at the start."""
    sheet = begun(
        NETWORK,
        "Network: what may be changed",
        "Type over the blue numbers; every other sheet follows.",
        color="0000FF",
    )
    for _, arrays in groupby(layout.derivation.system.givens, key=lambda each: layout.labels.heading(each)):
        layout.given_group(sheet, list(arrays))
    widths(sheet, layout)
    return sheet


def settings_group(
    layout: Layout, sheet: Sheet, title: str, settings: Mapping[Array, float], notes: Mapping[Array, str]
) -> None:
    """Typed numbers that belong to a sheet of checks and not to the network."""
    sheet.lines((), barred([Text(title, "group")]))
    layout.settings.update(settings)
    first = sheet.next_row
    for array, value in settings.items():
        layout.put(listed(array, sheet.name, sheet.next_row, VALUE))
        words = array.label
        sheet.lines([Text(words, "name"), Typed(value, Quantity(array)), Text(notes[array], "equation")])
    sheet.inputs.append(f"{address(first, VALUE)}:{address(sheet.next_row - 1, VALUE)}")


def forward_sheet(layout: Layout) -> Sheet:
    """From inputs to the loss."""
    sheet = begun(FORWARD, "Forward pass", "From the inputs, layer by layer, to the loss.", color="1F3864")
    _groups(layout, sheet, [each for each in _computed(layout) if _sheet_of(each) == FORWARD])
    return sheet


def backward_sheet(layout: Layout) -> Sheet:
    """From the loss back to every gradient."""
    sheet = begun(
        BACKWARD,
        "Backward pass",
        "From the loss back, layer by layer"
        + ("; with each gradient, the links of the chain rule that multiply to it." if layout.as_list else "."),
        color="1F3864",
    )
    _groups(layout, sheet, [each for each in _computed(layout) if _sheet_of(each) == BACKWARD])
    return sheet


def update_sheet(layout: Layout) -> Sheet:
    """New parameters, and the forward pass with them."""
    sheet = begun(UPDATE, "Update", "All new values come from the old ones; then forward again.", color="1F3864")
    _groups(layout, sheet, [each for each in _computed(layout) if _sheet_of(each) == UPDATE])
    return sheet


def begun(name: str, title: str, subtitle: str, *, color: str) -> Sheet:
    """A sheet with its title and the way back to the first sheet."""
    sheet = Sheet(name, freeze="B4", color=color, landscape=False)
    sheet.lines(
        [Text(title, "title")], [Text(subtitle, "subtitle")], [Text("← Overview", "hyperlink", link="Overview!A1")]
    )
    return sheet


def widths(sheet: Sheet, layout: Layout) -> None:
    """A column for names, and columns for numbers; what is wider than a page is printed on several side by side."""
    places = layout.addresses.places.values()
    widest = max((each.last[1] for each in places if each.sheet == sheet.name), default=VALUE)
    over_pages = widest > MOST_FITTED
    sheet.columns[NAME] = WIDE_NAME_WIDTH if over_pages or layout.observations > 1 else NAME_WIDTH
    for column in range(VALUE, max(widest, VALUE + 7) + 1):
        sheet.columns[column] = VALUE_WIDTH if layout.as_list else BLOCK_WIDTH
    sheet.landscape = widest > MOST_UPRIGHT
    sheet.wide = "A:A" if over_pages else ""


def _computed(layout: Layout) -> list[Array]:
    return [equation.target.array for equation in layout.derivation.system.equations]


def _sheet_of(array: Array) -> str:
    if array.phase in (Phase.NEW, Phase.AFTER):
        return UPDATE
    return BACKWARD if array.role in (Role.DELTA, Role.DERIVATIVE) else FORWARD


def _groups(layout: Layout, sheet: Sheet, arrays: Sequence[Array]) -> None:
    """One group for neighbours that have the same heading, a bar over each layer."""
    section = None
    for heading, members in groupby(arrays, key=lambda each: (_section(layout, each), layout.labels.heading(each))):
        group = list(members)
        if heading[0] != section:
            section = heading[0]
            sheet.lines((), [Text(section, "heading"), *([Text("", "heading")] * (BAR - 1))])
        if layout.as_list and _is_gradient(layout, group[0]):
            _gradient_groups(layout, sheet, group)
        else:
            layout.group(sheet, group)
    widths(sheet, layout)


def _section(layout: Layout, array: Array) -> str:
    if array.phase is Phase.NEW:
        return "New values"
    prefix = "Forward again: " if array.phase is Phase.AFTER else ""
    whose = array.wrt if array.role is Role.DERIVATIVE and array.wrt is not None else array
    if layout.derivation.network.program:
        return prefix + "Program"
    if array.role in (Role.PART, Role.LOSS, Role.PENALTY):
        return prefix + "Loss"
    if whose.layer is None or array.role in (Role.WEIGHT, Role.BIAS):
        return prefix + "Parameters"
    text = layout.labels.layer(whose.layer)
    return prefix + text[0].upper() + text[1:]


# Gradients with the links of their chain


def _is_gradient(layout: Layout, array: Array) -> bool:
    wrt = array.wrt
    return (
        array.role is Role.DERIVATIVE
        and array.of == layout.derivation.loss
        and wrt is not None
        and wrt.role in (Role.WEIGHT, Role.BIAS, Role.INPUT)
        and isinstance(layout.definition(array), SumOfProducts)
    )


def _gradient_groups(layout: Layout, sheet: Sheet, arrays: Sequence[Array]) -> None:
    for array in arrays:
        chain = _Chain.of(layout, array)
        if chain is None:
            layout.group(sheet, [array])
            continue
        if chain.observations == 1:
            chain.beside(sheet)
        else:
            layout.group(sheet, [array])
            chain.below(sheet)


class _Chain:
    """The links of a gradient's chain, each a cell, and their product: beside the gradient, or below it."""

    def __init__(self, layout: Layout, equation: SumOfProducts, term: Term):
        self.layout, self.equation, self.term = layout, equation, term
        self.summed = term.summed(equation.target)
        self.observations = layout.observations if self.summed else 1

    @classmethod
    def of(cls, layout: Layout, array: Array) -> _Chain | None:
        """The chain of a gradient, where it is one product for each observation that it is summed over."""
        equation = layout.definition(array)
        if array.has_observations or not isinstance(equation, SumOfProducts) or len(equation.terms) != 1:
            return None
        chain = cls(layout, equation, _expanded(layout, equation.terms[0]))
        if not all(isinstance(factor, Cell) for factor in chain.term.factors) or len(chain.term.factors) < 2:
            return None
        return chain if set(chain.summed) <= {"n"} else None

    @property
    def headings(self) -> list[tuple[Run, ...]]:
        """Over each link its name, over the product that of the gradient."""
        notation = self.layout.derivation.notation
        found = []
        for factor in self.term.cells:
            found.append(self._last_link(factor) or runs(notation.array_name(factor.array)))
        return [*found, (("product", ""),)]

    def beside(self, sheet: Sheet) -> None:
        """A group of gradients, each with its links and their product in its row."""
        layout, array = self.layout, self.equation.target.array
        heading: list[Content | None] = [*layout.heading(array)[:1], Text("", "group")]
        sheet.lines((), barred([*heading, *(Text(each, "column") for each in self.headings)]))
        layout.put(listed(array, sheet.name, sheet.next_row, VALUE))
        inner = inner_indices(array)
        cells = size(array) * (1 + len(self.headings))
        sheet.add(Region(len(inner), lambda: [self._row(sheet.name, each) for each in inner], cells))

    def below(self, sheet: Sheet) -> None:
        """A group of links and products for each observation; a gradient is the sum of its products."""
        array = self.equation.target.array
        inner = inner_indices(array)
        for observation in range(self.observations):
            title = f"Links and their product at observation @{observation}"
            sheet.lines((), barred([Text(title, "note"), None, *(Text(each, "column") for each in self.headings)]))
            cells = len(inner) * len(self.headings)
            sheet.add(Region(len(inner), partial(self._link_rows, sheet.name, inner, observation), cells))

    def _link_rows(self, sheet: str, inner: Sequence[tuple[int, ...]], observation: int) -> Iterator[Row]:
        for rest in inner:
            name = Text(self.layout.labels.entry(self.equation.target.array, rest), "name")
            yield [name, None, *self._links(sheet, rest, observation)]

    def _row(self, sheet: str, rest: tuple[int, ...]) -> Row:
        layout, array = self.layout, self.equation.target.array
        row: list[Content | None] = [Text(layout.labels.entry(array, rest), "name")]
        row += layout.computed_cells(array, rest, sheet)
        row += self._links(sheet, rest, 0)
        text = layout.labels.equation(self.equation, layout.entries(array, rest)[0].indices)
        row.append(Text(text, "equation"))
        return row

    def _links(self, sheet: str, rest: tuple[int, ...], observation: int) -> Iterator[Content]:
        places = dict(zip(self.equation.target.indices, rest, strict=True)) | dict.fromkeys(self.summed, observation)
        cells = self.term.cells
        quantities = [Quantity(cell.array, tuple(places[letter] for letter in cell.indices)) for cell in cells]
        where = f"link @{observation}"
        for quantity in quantities:
            same = self.layout.addresses.places[quantity.array].sheet == sheet
            text = self.layout.addresses.place(quantity, sheet)
            yield Formula(text, self.layout.value(quantity), quantity, "calculation" if same else "link", where)
        product = multiplied(self.term.number, quantities, self.term.over)
        yield Formula(self.layout.formulas.expression(product, sheet), self.layout.calculated(product), where=where)

    def _last_link(self, factor: Cell) -> tuple[Run, ...] | None:
        """The link from net to the parameter, where it is that: ``∂net/∂w``, which is the unit's input."""
        wrt = self.equation.target.array.wrt
        assert wrt is not None
        net = next((each for each in self.layout.derivation.now.nets if each.layer == wrt.layer), None)
        if factor.array.role not in (Role.INPUT, Role.OUT, Role.NET) or net is None or wrt.role is not Role.WEIGHT:
            return None
        notation = self.layout.derivation.notation
        above, below = notation.array_name(net), notation.array_name(wrt)
        if isinstance(above, DerivativeName) or isinstance(below, DerivativeName):
            return None
        return runs(DerivativeName(above, below, notation.conventions.derivative))


def _expanded(layout: Layout, term: Term) -> Term:
    """The term with a delta in it replaced by the links that it is the product of, where it is a single product."""
    for place, factor in enumerate(term.factors):
        if not isinstance(factor, Cell) or factor.array.role is not Role.DELTA:
            continue
        delta: Equation = layout.definition(factor.array)
        if not isinstance(delta, SumOfProducts) or len(delta.terms) != 1:
            return term
        (inner,) = delta.terms
        if set(inner.letters) - set(delta.target.indices) or not all(isinstance(each, Cell) for each in inner.factors):
            return term
        renaming = dict(zip(delta.target.indices, factor.indices, strict=True))
        links = tuple(
            Cell(each.array, tuple(renaming[letter] for letter in each.indices))
            for each in inner.factors
            if isinstance(each, Cell)
        )
        factors = term.factors[:place] + links + term.factors[place + 1 :]
        return replace(term, number=term.number * inner.number, factors=factors, over=term.over + inner.over)
    return term
