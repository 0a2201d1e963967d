"""A planned workbook as the bytes of an .xlsx file. Never decides what stands where."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import Reference, ScatterChart, Series
from openpyxl.formatting.rule import FormulaRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.pagebreak import Break

from symbackprop.workbook.caches import DIGEST, NO_DIGEST, with_values
from symbackprop.workbook.contents import Book, Chart, Content, Formula, Run, Sheet, Text, Typed
from symbackprop.workbook.shapes import ShapesWriter
from symbackprop.workbook.styles import FACE, INK, named_styles

WIDE_SCALE = 60  # percent, in print, of sheets over several pages side by side
MADE = datetime(2000, 1, 1)
LONGEST_TEXT = 32_000  # Excel takes 32,767 and openpyxl cuts silently
VERDICTS = (  # words, fill and colour; the first that is found counts
    ("kink", "FFEB9C", "7F6000"),
    ("agree", "C6EFCE", "006100"),
    ("differs", "FFC7CE", "9C0006"),
    ("wrong", "FFC7CE", "9C0006"),
)


def book_bytes(book: Book) -> bytes:
    """The workbook's bytes: every formula with its value beside it, the same plan giving the same bytes."""
    return _Writer(book).bytes()


class _Writer:
    def __init__(self, book: Book):
        self.book = book
        self.workbook = Workbook(write_only=True)
        self.values: dict[str, list[float | str]] = {}
        self.named = named_styles()
        self.dressed: dict[str, Any] = {}

    def bytes(self) -> bytes:
        for style in self.named.values():
            self.workbook.add_named_style(style)
        properties = self.workbook.properties
        properties.created = properties.modified = MADE
        properties.creator, properties.title = "symbackprop", self.book.title
        self.workbook.custom_doc_props.append(StringProperty(name=DIGEST, value=NO_DIGEST))
        for number, sheet in enumerate(self.book.sheets, 1):
            self.values[f"xl/worksheets/sheet{number}.xml"] = self._sheet(sheet)
        for name, place in self.book.names.items():
            self.workbook.defined_names[name] = DefinedName(name, attr_text=place)
        saved = BytesIO()
        with ZipFile(saved, "w", ZIP_STORED) as zipped:  # it is compressed once, when the values stand in it
            drawings = {each.name: each.drawing for each in self.book.sheets if each.drawing is not None}
            ShapesWriter(self.workbook, zipped, drawings).save()
        return with_values(saved.getvalue(), {part: iter(values) for part, values in self.values.items()})

    def _sheet(self, sheet: Sheet) -> list[float | str]:
        written = self.workbook.create_sheet(sheet.name)
        _dress(written, sheet)
        links: list[tuple[str, str]] = []
        values: list[float | str] = []
        for number, row in enumerate(sheet.rows(), 1):
            cells = []
            for column, content in enumerate(row, 1):
                cells.append(None if content is None else self._cell(written, content))
                if isinstance(content, Formula):
                    values.append(content.value)
                elif isinstance(content, Text) and content.link:
                    links.append((f"{get_column_letter(column)}{number}", content.link))
            written.append(cells)
        for place, target in links:
            written._hyperlinks.append(Hyperlink(ref=place, location=_quoted(target), display=None))
        _validate(written, sheet)
        _judge(written, sheet)
        for chart in sheet.charts:
            source = self.workbook[chart.sheet] if chart.sheet else written
            written.add_chart(_chart(source, chart), chart.anchor)
        return values

    def _cell(self, sheet: Any, content: Content) -> Any:
        match content:
            case Typed(value):
                cell = _bare(sheet, repr(value), "n")  # openpyxl would write 16 digits, which are too few
            case Formula(text):
                cell = _bare(sheet, f"={text}", "f")
            case Text(""):
                cell = WriteOnlyCell(sheet)  # an empty text would keep its left neighbour's from running over
            case Text(text):
                written = text if isinstance(text, str) else _rich(text, self.named[content.style])
                if isinstance(written, str):
                    written = ILLEGAL_CHARACTERS_RE.sub("", written)[:LONGEST_TEXT]
                cell = WriteOnlyCell(sheet, value=written)
                if isinstance(written, str):
                    cell.data_type = "s"  # or a text that begins with an equals sign would be a formula
        self._dress(cell, content.style)
        return cell

    def _dress(self, cell: Any, style: str) -> None:
        """Gives a cell its named style; looking it up by name costs as much as writing the cell, so it is done once."""
        if style not in self.dressed:
            cell.style = self.named[style].name
            self.dressed[style] = cell._style
        else:
            cell._style = self.dressed[style]


def _bare(sheet: Any, value: str, data_type: str) -> Any:
    """A cell whose kind is known: finding it out from the value costs as much as writing the cell."""
    cell = WriteOnlyCell(sheet)
    cell._value, cell.data_type = value, data_type
    return cell


def _rich(runs: tuple[Run, ...], style: Any) -> Any:
    if all(not script for _, script in runs):
        return "".join(text for text, _ in runs)
    font = style.font
    fonts = {
        script: InlineFont(rFont=FACE, sz=font.sz, vertAlign=place, color=font.color, b=font.b or None, u=font.u)
        for script, place in (("", None), ("sub", "subscript"), ("sup", "superscript"))
    }
    return CellRichText(*(TextBlock(fonts[script], text) for text, script in runs))


def _quoted(target: str) -> str:
    sheet, _, cell = target.partition("!")
    return f"{quote_sheetname(sheet)}!{cell}"


def _dress(written: Any, sheet: Sheet) -> None:
    for column, width in sheet.columns.items():
        written.column_dimensions[get_column_letter(column)].width = width
    if sheet.freeze:
        written.freeze_panes = sheet.freeze
    if sheet.color:
        written.sheet_properties.tabColor = sheet.color
    written.sheet_view.showGridLines = False
    written.page_setup.orientation = "landscape" if sheet.landscape else "portrait"
    written.page_setup.paperSize = 9
    if sheet.wide:
        written.print_title_cols, written.page_setup.pageOrder = sheet.wide, "overThenDown"
        written.page_setup.scale = WIDE_SCALE
    else:
        written.page_setup.fitToWidth, written.page_setup.fitToHeight = 1, int(sheet.one_page)
        written.sheet_properties.pageSetUpPr.fitToPage = True
    if sheet.printed:
        written.print_area = sheet.printed
    if sheet.repeated:
        written.print_title_rows = sheet.repeated
    _page(written, sheet)
    if sheet.hidden:
        written.sheet_state = "veryHidden"
    if sheet.locked:
        protection = written.protection
        protection.sheet = True
        protection.formatCells = protection.formatColumns = protection.formatRows = False


def _page(written: Any, sheet: Sheet) -> None:
    """Narrow margins, the sheet's name and the page's number below, pages that begin where groups do."""
    margins = written.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.55, 0.65, 0.3, 0.3
    written.oddFooter.left.text, written.oddFooter.right.text = "&A", "&P / &N"
    written.print_options.horizontalCentered = False
    for column in sheet.breaks:
        written.col_breaks.append(Break(id=column - 1))
    for row in sheet.row_breaks:
        written.row_breaks.append(Break(id=row - 1))


def _validate(written: Any, sheet: Sheet) -> None:
    if not sheet.inputs:
        return
    rule = DataValidation(
        type="decimal", operator="between", formula1="-1E+300", formula2="1E+300", allow_blank=False,
        showErrorMessage=True, errorTitle="A number, please", error="Only a number can stand here.",
    )  # fmt: skip
    for place in sheet.inputs:
        rule.add(place)
    written.data_validations.append(rule)


def _judge(written: Any, sheet: Sheet) -> None:
    """Colours for verdicts, which are words."""
    for place in sheet.verdicts:
        first = f"${place.partition(':')[0]}"  # the verdict's column, whatever column is coloured
        for word, fill, color in VERDICTS:
            rule = FormulaRule(
                formula=[f'ISNUMBER(SEARCH("{word}",{first}))'],
                fill=PatternFill("solid", bgColor=fill), font=Font(color=color, bold=True), stopIfTrue=True,
            )  # fmt: skip
            written.conditional_formatting.add(place, rule)


def _chart(written: Any, chart: Chart) -> ScatterChart:
    drawn = ScatterChart()
    drawn.title, drawn.style, drawn.height, drawn.width = chart.title, 13, 6.2, 13.5
    drawn.x_axis.title, drawn.y_axis.title = chart.x_title, chart.y_title
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.legend = None
    drawn.x_axis.scaling.min, drawn.x_axis.scaling.max = 0, max(1, chart.last_row - chart.first_row)
    if chart.logarithmic:
        drawn.y_axis.scaling.logBase = 10
        drawn.y_axis.crosses = "min"
    rows = {"min_row": chart.first_row, "max_row": chart.last_row}
    series = Series(
        Reference(written, min_col=chart.column, **rows), Reference(written, min_col=chart.x_column, **rows)
    )
    series.marker.symbol = "none"
    series.smooth = False
    series.graphicalProperties.line.solidFill, series.graphicalProperties.line.width = INK, 19050
    drawn.series.append(series)
    return drawn
