"""A planned workbook as the bytes of an .xlsx file. Never decides what stands where."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
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
from openpyxl.xml.functions import tostring

from symbackprop.workbook.contents import Book, Chart, Sheet
from symbackprop.workbook.paging import MARGINS, first_rows, rows_on_a_page
from symbackprop.workbook.parts import DIGEST, NO_DIGEST, assembled
from symbackprop.workbook.shapes import ShapesWriter
from symbackprop.workbook.sheetdata import NOT_IN_XML, Looks, SheetData
from symbackprop.workbook.styles import FACE, INK, named_styles

WIDE_SCALE = 60  # percent, in print, of sheets over several pages side by side
MADE = datetime(2000, 1, 1)
SCRIPTS = {"": None, "sub": "subscript", "sup": "superscript"}
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
        self.named = named_styles()
        self.numbers: dict[str, int] = {}
        self.scripts: dict[tuple[str, str], str] = {}

    def bytes(self) -> bytes:
        for style in self.named.values():
            self.workbook.add_named_style(style)
        properties = self.workbook.properties
        properties.created = properties.modified = MADE
        properties.creator, properties.title = "symbackprop", NOT_IN_XML.sub("", self.book.title)
        self.workbook.custom_doc_props.append(StringProperty(name=DIGEST, value=NO_DIGEST))
        with ExitStack() as opened:
            rows: dict[str, IO[Any]] = {}
            for number, sheet in enumerate(self.book.sheets, 1):
                rows[f"xl/worksheets/sheet{number}.xml"] = file = opened.enter_context(TemporaryFile())
                self._sheet(sheet, file)
            for name, place in self.book.names.items():
                self.workbook.defined_names[name] = DefinedName(name, attr_text=place)
            frame = BytesIO()
            with ZipFile(frame, "w", ZIP_STORED) as zipped:  # it is compressed once, when the rows stand in it
                drawings = {each.name: each.drawing for each in self.book.sheets if each.drawing is not None}
                ShapesWriter(self.workbook, zipped, drawings).save()
            return assembled(frame.getvalue(), rows)

    def _sheet(self, sheet: Sheet, rows: IO[Any]) -> None:
        """Writes a sheet's rows into a file of their own, and tells openpyxl all that stands around them."""
        written = self.workbook.create_sheet(sheet.name)
        _dress(written, sheet)
        data = SheetData(sheet, Looks(self._numbers(written), self._script))
        rows.writelines(data.rows())
        if not (sheet.wide or sheet.one_page or sheet.printed):
            page = rows_on_a_page(sheet.columns, data.used, landscape=sheet.landscape)
            for row in first_rows(data.kinds, page):
                written.row_breaks.append(Break(id=row - 1))
        written._get_writer()  # it begins a list of links, and forgets those that were there before
        for place, target in data.links:
            written._hyperlinks.append(Hyperlink(ref=place, location=_quoted(target), display=None))
        _validate(written, sheet)
        _judge(written, sheet)
        for chart in sheet.charts:
            source = self.workbook[chart.sheet] if chart.sheet else written
            written.add_chart(_chart(source, chart), chart.anchor)

    def _numbers(self, sheet: Any) -> dict[str, int]:
        """The styles' numbers, which are the same on each sheet."""
        for name, style in self.named.items():
            if name not in self.numbers:
                cell = WriteOnlyCell(sheet)
                cell.style = style.name
                self.numbers[name] = cell.style_id
        return self.numbers

    def _script(self, style: str, script: str) -> str:
        """The properties of a run: a style's font, raised or lowered."""
        if (style, script) not in self.scripts:
            font = self.named[style].font
            looks = InlineFont(
                rFont=FACE, sz=font.sz, vertAlign=SCRIPTS[script], color=font.color, b=font.b or None, u=font.u
            )
            self.scripts[style, script] = tostring(looks.to_tree("rPr")).decode()
        return self.scripts[style, script]


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
    for side, inches in MARGINS.items():
        setattr(written.page_margins, side, inches)
    written.oddFooter.left.text, written.oddFooter.right.text = "&A", "&P / &N"
    written.print_options.horizontalCentered = False
    for column in sheet.breaks:
        written.col_breaks.append(Break(id=column - 1))


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
