"""The first and the last sheets: Overview, Derivation, Scratch. Nothing here computes."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.quantities import Array, Phase, Quantity
from symbackprop.system import every_index
from symbackprop.workbook.check import CHECK, Check
from symbackprop.workbook.contents import Content, Formula, Region, Row, Run, Sheet, Text
from symbackprop.workbook.layout import Layout
from symbackprop.workbook.passes import begun

OVERVIEW, DERIVATION, SCRATCH = "Overview", "Derivation", "Scratch"
UNCHECKED = "No check in cells here (too large, or no parameters): symbackprop verify recalculates and compares it all."
TRAVELS = "The network's description travels in this file: symbackprop read gives it back with your numbers."
MOST_DRAWN = 12  # units of a layer in the picture
SHEETS = {
    "Network": "inputs, targets, parameters, settings: everything that may be changed",
    "Forward": "net inputs and outputs of every layer, and the loss",
    "Backward": "the links of the chain rule, deltas, and the gradient of every parameter",
    "Update": "the new parameters, and the forward pass with them",
    "Training": "one row a step, with a chart of the loss",
    CHECK: "every gradient beside a difference quotient, and a verdict",
    DERIVATION: "all equations in order, each with the way to its cell",
    SCRATCH: "an empty sheet for your own notes and sums",
}


def overview_sheet(layout: Layout, sheets: list[Sheet], check: Check | None) -> Sheet:
    """What this is, what to change, whether it is right, and where everything stands."""
    sheet = Sheet(OVERVIEW, color="1F3864", landscape=False)
    network = layout.derivation.network
    bar: list[Content | None] = [Text("", "heading")] * 6
    sheet.lines(
        [Text(network.title or "A network and its gradients", "title")],
        [Text(_what(layout), "subtitle")],
        (),
        [Text("What to do", "heading"), *bar],
        [Text("Change a blue number on the sheet Network. Everything else is a formula and follows.", "text")],
        [
            Text(
                "If a bar above says Protected View, press Enable Editing first: until then the numbers stand still.",
                "text",
            )
        ],
        [Text(TRAVELS, "text")],
        (),
    )
    if check is not None:
        sheet.lines([Text("Is it right?", "heading"), *bar], [check.verdict()])
        sheet.verdicts.append(f"A{sheet.next_row - 1}:G{sheet.next_row - 1}")
    else:
        sheet.lines(
            [Text("Is it right?", "heading"), *bar],
            [Text(UNCHECKED, "text")],
        )
    sheet.lines((), [Text("Loss", "heading"), *bar], *_losses(layout), ())
    sheet.lines([Text("Sheets", "heading"), *bar])
    sheet.lines(
        *([Text(each.name, "hyperlink", link=f"{each.name}!A1"), Text(SHEETS[each.name], "text")] for each in sheets),
        (),
    )
    sheet.lines([Text("Legend", "heading"), *bar], *_legend(), ())
    picture = list(_picture(layout))
    if picture:
        sheet.lines([Text("The network", "heading"), *bar], *picture)
    sheet.columns = {1: 28.0, **dict.fromkeys(range(2, 14), 14.0)}
    return sheet


def _what(layout: Layout) -> str:
    network = layout.derivation.network
    if network.program:
        return f"A program of {len(network.program)} equations: its result, and its derivative by every quantity, live."
    sizes = "-".join(str(each) for each in (network.inputs_count, *(each.units for each in network.layers)))
    return f"A {sizes} network: one pass forward, every gradient, one update. All of it live."


def _losses(layout: Layout) -> Iterator[Row]:
    derivation = layout.derivation
    found = [("loss now", derivation.now.loss)]
    if derivation.after is not None:
        found.append(("loss after one update", derivation.after.loss))
    for words, array in found:
        quantity = Quantity(array, ())
        text = layout.addresses.place(quantity, OVERVIEW)
        yield [Text(words, "name"), Formula(text, layout.value(quantity), quantity, "link", "overview")]


def _legend() -> list[Row]:
    return [
        [Text("blue, in a box", "sample"), Text("a number that you may type over (sheet Network only)", "text")],
        [Text("black", "calculation"), Text("a formula", "text")],
        [Text("green", "link"), Text("the same number as on another sheet", "text")],
    ]


def _picture(layout: Layout) -> Iterator[Row]:
    """The units by their names, layer beside layer: names only, so that nothing here can go stale."""
    derivation = layout.derivation
    if derivation.network.program:
        return
    columns: list[tuple[str, list[tuple[Run, ...] | str]]] = []
    for array in (derivation.arrays.inputs[0], *derivation.now.outs):
        entries = [layout.labels.entry(array, (0, unit)) for unit in range(array.axes[-1].size or 0)]
        shown: list[tuple[Run, ...] | str] = list(entries[:MOST_DRAWN])
        if len(entries) > MOST_DRAWN:
            shown[-1] = f"⋮ {len(entries)} units"
        columns.append((layout.labels.layer(array.layer) if array.layer else "inputs", shown))
    deepest = max(len(shown) for _, shown in columns)
    yield [cell for head, _ in columns for cell in (Text(head, "arrow"), Text("", "arrow"))][:-1]
    for number in range(deepest):
        cells: list[Content | None] = []
        for _, shown in columns:
            place = number - (deepest - len(shown)) // 2
            here = 0 <= place < len(shown)
            cells += [
                Text(shown[place], "unit") if here else None,
                Text("→", "arrow") if number == (deepest - 1) // 2 else None,
            ]
        yield cells[:-1]


def derivation_sheet(layout: Layout) -> Sheet:
    """Every equation as text, in order, with the way to its cell."""
    sheet = begun(DERIVATION, "The derivation", "Every equation in order. The name leads to its cell.", color="595959")
    section = ""
    for equation in layout.derivation.system.equations:
        array = equation.target.array
        heading = layout.labels.heading(array)
        prefix = {Phase.NEW: "New: ", Phase.AFTER: "Forward again: "}.get(array.phase, "")
        if prefix + heading != section:
            section = prefix + heading
            sheet.lines((), [Text(section, "group"), Text("", "group")])
        sheet.add(_lines_of(layout, array))
    sheet.columns = {1: 30.0, 2: 110.0}
    return sheet


def _lines_of(layout: Layout, array: Array) -> Region:
    equation, labels = layout.definition(array), layout.labels
    if not layout.as_list:
        link = layout.addresses.link(Quantity(array, next(iter(every_index(array)))))
        return Region(
            1,
            lambda: [
                [Text(labels.plain_array(array), "hyperlink", link=link), Text(f"= {labels.law(equation)}", "equation")]
            ],
        )
    entries = [Quantity(array, indices) for indices in every_index(array)]

    def rows() -> Iterator[Row]:
        for quantity in entries:
            text = labels.expression_of(equation, quantity.indices)
            link = layout.addresses.link(quantity)
            yield [Text(labels.plain(quantity), "hyperlink", link=link), Text(f"= {text}", "equation")]

    return Region(len(entries), rows)


def scratch_sheet() -> Sheet:
    """A sheet that is not locked."""
    sheet = Sheet(SCRATCH, locked=False, color="FFFFFF")
    sheet.lines(
        [Text("Scratch", "title")], [Text("Nothing here is computed or read: write what you like.", "subtitle")]
    )
    return sheet
