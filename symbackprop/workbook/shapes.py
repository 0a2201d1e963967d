"""A sheet's own drawn shapes as a part of the file, which openpyxl has no way to write. Draws nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from zipfile import ZipFile

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.packaging.relationship import RelationshipList
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import fromstring

from symbackprop.workbook.contents import Drawing

EMU = 12_700  # of a drawing's units to a point
NAMESPACES = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


class ShapesWriter(ExcelWriter):  # type: ignore[misc]
    """openpyxl's writer; sheets by these titles have shapes and no chart."""

    def __init__(self, workbook: Workbook, archive: ZipFile, drawings: Mapping[str, Drawing]):
        super().__init__(workbook, archive)
        self.drawings = drawings

    def write_worksheet(self, ws: Any) -> None:
        """Writes a sheet; openpyxl says in it that there is a drawing if it believes that there is a picture."""
        drawing = self.drawings.get(ws.title)
        if drawing is not None:
            ws.add_image(_Image())
        super().write_worksheet(ws)
        if drawing is not None:
            ws._drawing = _Part(drawing)


class _Image:
    anchor = "A1"


class _Part:
    """The part of the file, with what openpyxl asks of one."""

    mime_type: ClassVar[str] = SpreadsheetDrawing.mime_type
    charts: ClassVar[list[Any]] = []
    images: ClassVar[list[Any]] = []
    _id = 0

    def __init__(self, drawing: Drawing):
        self.drawing = drawing

    @property
    def path(self) -> str:
        return str(SpreadsheetDrawing._path.format(self._id))

    def _write(self) -> Any:
        row, column = coordinate_to_tuple(self.drawing.anchor)
        size = f'<xdr:ext cx="{round(self.drawing.width * EMU)}" cy="{round(self.drawing.height * EMU)}"/>'
        return fromstring(
            f"<xdr:wsDr {NAMESPACES}><xdr:oneCellAnchor>"
            f"<xdr:from><xdr:col>{column - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
            f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>{size}{self.drawing.shapes}"
            "<xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
        )

    def _write_rels(self) -> Any:
        return RelationshipList().to_tree()
