"""The first and the last sheets: Overview, Derivation, Scratch. Nothing here computes."""

from __future__ import annotations

from collections.abc import Iterator

from symbackprop.quantities import Array, Phase, Quantity, Role, every_index
from symbackprop.workbook.check import CHECK, Check
from symbackprop.workbook.contents import Content, Formula, Region, Row, Sheet, Text
from symbackprop.workbook.layout import Layout
from symbackprop.workbook.passes import begun
from symbackprop.workbook.placement import address, size

OVERVIEW, DERIVATION, SCRATCH = "Overview", "Derivation", "Scratch"
UNCHECKED = "No check in cells here: symbackprop verify recalculates and compares it all."
TRAVELS = "symbackprop read gives this network's description back, with your numbers."
SHEETS = {
    "Network": "inputs, targets, parameters, settings: all that may be changed",
    "Forward": "net inputs and outputs of every layer, and the loss",
    "Backward": "the links of the chain rule, deltas, and every gradient",
    "Update": "the new parameters, and the forward pass with them",
    "Training": "a pass for every step, with a chart of the loss",
    CHECK: "gradients beside difference quotients, and a verdict on each",
    DERIVATION: "all equations in order, each with the way to its cell",
    SCRATCH: "an empty sheet for your own notes and sums",
}
LEFT, GUTTER = 5, 6  # columns: what is said in words, and the gap before the picture
RIGHT = 8  # columns of the picture
WIDTHS = (21.0, 15.0, 15.0, 15.0, 9.0, 2.5)
PICTURE_WIDTH = 11.0  # of a column
PICTURE, ROOM = "G6", (440.0, 400.0)  # its upper left cell, and points
KINDS = {
    Role.INPUT: ("input", "inputs"),
    Role.TARGET: ("target", "targets"),
    Role.WEIGHT: ("weight", "weights"),
    Role.BIAS: ("bias", "biases"),
    Role.PARAMETER: ("parameter", "parameters"),
    Role.RATE: ("learning rate", "learning rates"),
    Role.SETTING: ("setting", "settings"),
}


def overview_sheet(layout: Layout, sheets: list[Sheet], check: Check | None) -> Sheet:
    """What this is, what to change, whether it is right, and where everything stands; a place for the picture."""
    sheet = Sheet(OVERVIEW, color="1F3864")
    network = layout.derivation.network
    picture = [
        None,
        Text("The program" if network.program else "The network", "heading"),
        *([Text("", "heading")] * (RIGHT - 1)),
    ]
    sheet.lines(
        [Text(network.title or "A network and its gradients", "title")],
        [Text(_what(layout), "subtitle")],
        (),
        [*_bar("What to do"), *picture],
        [
            Text("Network", "hyperlink", link="Network!A1"),
            Text("Type over a blue number there: every other sheet follows."),
        ],
        [Text("Protected View", "name"), Text("If a bar above says so, press Enable Editing first.")],
        (),
        _bar("Is it right?"),
    )
    if check is not None:
        sheet.lines([check.verdict(), *([Text("", "banner")] * (LEFT - 1))])
        sheet.verdicts.append(f"A{sheet.next_row - 1}:{address(sheet.next_row - 1, LEFT)}")
    else:
        sheet.lines([Text(UNCHECKED, "text")])
    sheet.lines((), _bar("Loss"), *_losses(layout), (), _bar("Given and computed"))
    sheet.lines(*([Text(word, "name"), Text(text)] for word, text in _given_and_computed(layout)), ())
    sheet.lines(_bar("Sheets"))
    sheet.lines(
        *([Text(each.name, "hyperlink", link=f"{each.name}!A1"), Text(SHEETS[each.name], "text")] for each in sheets),
        (),
    )
    sheet.lines(_bar("Legend"), *_legend(), ())
    sheet.lines([Text(TRAVELS, "note")])
    sheet.columns = dict(enumerate(WIDTHS, 1)) | dict.fromkeys(range(GUTTER + 1, GUTTER + 1 + RIGHT), PICTURE_WIDTH)
    sheet.printed = f"A1:{address(sheet.next_row - 1, GUTTER + RIGHT)}"
    sheet.one_page = True
    return sheet


def _bar(title: str) -> list[Content | None]:
    return [Text(title, "heading"), *([Text("", "heading")] * (LEFT - 1))]


def _what(layout: Layout) -> str:
    network = layout.derivation.network
    if network.program:
        return f"A program of {len(network.program)} equations: its result, and its derivative by every quantity, live."
    sizes = "-".join(str(each) for each in (network.inputs_count, *(each.units for each in network.layers)))
    return f"The {sizes} network as live formulas: one pass forward, every gradient by backpropagation, one update."


def _given_and_computed(layout: Layout) -> Iterator[tuple[str, str]]:
    derivation = layout.derivation
    counts: dict[Role, int] = {}
    for array in derivation.system.givens:
        each = size(array) // (layout.observations if array.has_observations else 1)
        counts[array.role] = counts.get(array.role, 0) + each
    said = [
        words[0] if role is Role.RATE else f"{counts[role]:,} {words[counts[role] != 1]}"
        for role, words in KINDS.items()
        if role in counts
    ]
    yield "given", ", ".join(said)
    if layout.observations > 1:
        yield "observations", f"{layout.observations:,}"
    gradients = sum(size(each) for each in derivation.arrays.parameters)
    after = ", new values" if derivation.after is not None else ""
    yield "computed", f"every net input and output, the loss, {gradients:,} gradients{after}"


def _losses(layout: Layout) -> Iterator[Row]:
    derivation = layout.derivation
    found = [("loss now", derivation.now.loss)]
    if derivation.after is not None:
        found.append(("after one update", derivation.after.loss))
    for words, array in found:
        quantity = Quantity(array, ())
        text = layout.addresses.place(quantity, OVERVIEW)
        yield [Text(words, "name"), Formula(text, layout.value(quantity), quantity, "link", "overview")]


def _legend() -> list[Row]:
    return [
        [Text("blue, in a box", "sample"), Text("a number that you may type over (sheet Network only)", "text")],
        [Text("black", "calculation"), Text("a formula", "text")],
        [Text("green", "link"), Text("the same number as in another cell", "text")],
    ]


def derivation_sheet(layout: Layout) -> Sheet:
    """Every equation as text, in order, with the way to its cell."""
    sheet = begun(DERIVATION, "The derivation", "Every equation in order, with the way to its cell.", color="595959")
    section = ""
    for equation in layout.derivation.system.equations:
        array = equation.target.array
        heading = layout.labels.heading(array)
        prefix = {Phase.NEW: "New: ", Phase.AFTER: "Forward again: "}.get(array.phase, "")
        if prefix + heading != section:
            section = prefix + heading
            sheet.lines((), [Text(section, "group"), Text("", "group"), Text("", "group")])
        sheet.add(_lines_of(layout, array))
    sheet.columns = {1: 16.0, 2: 24.0, 3: 100.0}
    return sheet


def _lines_of(layout: Layout, array: Array) -> Region:
    equation, labels = layout.definition(array), layout.labels
    if not layout.as_list:
        link = layout.addresses.link(Quantity(array, next(iter(every_index(array)))))
        return Region(
            1,
            lambda: [[_way(link), Text(labels.array(array), "name"), Text(labels.law(equation), "equation")]],
        )
    entries = [Quantity(array, indices) for indices in every_index(array)]

    def rows() -> Iterator[Row]:
        for quantity in entries:
            text = labels.whole_equation(equation, quantity.indices)
            link = layout.addresses.link(quantity)
            yield [_way(link), Text(labels.full(quantity), "name"), Text(text, "equation")]

    return Region(len(entries), rows)


def _way(link: str) -> Text:
    """A link that says where it leads; a name stands beside it, for some programs lose a link's subscripts."""
    return Text(link, "hyperlink", link=link)


def scratch_sheet() -> Sheet:
    """A sheet that is not locked."""
    sheet = Sheet(SCRATCH, locked=False, color="FFFFFF")
    sheet.lines(
        [Text("Scratch", "title")], [Text("Nothing here is computed or read: write what you like.", "subtitle")]
    )
    return sheet
