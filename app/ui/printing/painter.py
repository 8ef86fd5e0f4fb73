"""Paints laid-out pages: on an image for the preview, in a PDF, on paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPen,
)

from app.care.paper.document import PrintDocument
from app.i18n import tr
from app.ui.printing.layout import DPI, LaidPage, PlacedForm, lay_out, mm, type_face

_LINE_MM = 0.2
_FOOTER_PT = 8.0
_BLANK_END_MM = 1.5
# Paper is black on white whatever the screen's palette.
_INK = QColor(Qt.GlobalColor.black)
_SHADE = QColor(238, 238, 238)
_QUIET = QColor(110, 110, 110)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far everything is moved on the page, in mm: pre-printed paper is never quite straight."""

    right: float = 0.0
    down: float = 0.0


class Pages:
    """The pages of a document, laid out once and painted as often as needed."""

    def __init__(self, document: PrintDocument, shift: Shift | None = None) -> None:
        self.document = document
        self.shift = shift or Shift()
        self.laid = lay_out(document)

    def __len__(self) -> int:
        return len(self.laid)

    @property
    def overfull(self) -> bool:
        """Whether words are longer than their place on the pre-printed paper."""
        return any(row.overfull for page in self.laid for form in page.forms for row in form.rows)

    def paint(self, painter: QPainter, number: int, dpi: float) -> None:
        """Paint page ``number`` (from 0); the painter's origin is the corner of the paper."""
        painter.save()
        painter.scale(dpi / DPI, dpi / DPI)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.translate(mm(self.shift.right), mm(self.shift.down))
        page = self.laid[number]
        for form in page.forms:
            _paint_form(painter, form, filled_only=self.document.preprinted)
        if not self.document.preprinted:
            self._paint_cuts(painter, page)
            self._paint_foot(painter, number)
        painter.restore()

    def image(self, number: int, dpi: float = 96.0) -> QImage:
        """Page ``number`` as a picture."""
        width, height = self.document.size
        image = QImage(
            round(width * dpi / 25.4), round(height * dpi / 25.4), QImage.Format.Format_RGB32
        )
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, dpi >= DPI / 4)
        self.paint(painter, number, dpi)
        painter.end()
        return image

    def page_layout(self) -> QPageLayout:
        """The paper as Qt's printers know it, without margins: they are ours."""
        width, height = self.document.size
        landscape = self.document.landscape
        size = QSizeF(height, width) if landscape else QSizeF(width, height)
        way = QPageLayout.Orientation
        return QPageLayout(
            QPageSize(size, QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.FuzzyMatch),
            way.Landscape if landscape else way.Portrait,
            QMarginsF(0, 0, 0, 0),
        )

    def write_pdf(self, path: Path) -> None:
        """Write the document as a PDF. Raises OSError where the file cannot be written."""
        # Tried first: the writer itself tells nothing but "failed".
        with path.open("ab"):
            pass
        writer = QPdfWriter(str(path))
        writer.setResolution(DPI)
        writer.setTitle(self.document.title)
        writer.setPageLayout(self.page_layout())
        painter = QPainter(writer)
        if not painter.isActive():
            raise OSError(str(path))
        for number in range(len(self)):
            if number:
                writer.newPage()
            self.paint(painter, number, DPI)
        painter.end()

    def _paint_cuts(self, painter: QPainter, page: LaidPage) -> None:
        pen = QPen(_QUIET, mm(_LINE_MM), Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for x1, y1, x2, y2 in page.cuts:
            painter.drawLine(QPointF(x1, y1), QPointF(x2, y2))

    def _paint_foot(self, painter: QPainter, number: int) -> None:
        if self.document.down:
            return
        left, _, right, bottom = self.document.margins
        width, height = self.document.size
        frame = QRectF(mm(left), mm(height - bottom), mm(width - left - right), mm(6))
        painter.setFont(type_face(_FOOTER_PT))
        painter.setPen(_QUIET)
        words = tr("Page {number} of {total}").format(number=number + 1, total=len(self))
        painter.drawText(frame, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, words)
        painter.drawText(
            frame, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.document.footer
        )


def _paint_form(painter: QPainter, form: PlacedForm, *, filled_only: bool) -> None:
    painter.save()
    painter.translate(form.origin)
    painter.scale(form.scale, form.scale)
    if not filled_only:
        _paint_lines(painter, form)
    painter.setPen(_INK)
    for placed in form.rows:
        for cell in placed.cells:
            if cell.text is not None and (cell.filled or not filled_only):
                cell.text.draw(painter, cell.at)
    painter.restore()


def _paint_lines(painter: QPainter, form: PlacedForm) -> None:
    for placed in form.rows:
        for cell in placed.cells:
            if cell.shaded:
                painter.fillRect(cell.frame, _SHADE)
    for placed in form.rows:
        if placed.row.ruled:
            painter.setPen(
                QPen(_INK, mm(_LINE_MM), Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap)
            )
            for cell in placed.cells:
                painter.drawRect(cell.frame)
        elif placed.row.cut:
            painter.setPen(QPen(_QUIET, mm(_LINE_MM), Qt.PenStyle.DashLine))
            y = placed.frame.center().y()
            painter.drawLine(QPointF(0, y), QPointF(placed.frame.width(), y))
        painter.setPen(QPen(_INK, mm(_LINE_MM)))
        for cell in placed.cells:
            if cell.lined:
                end = QPointF(mm(_BLANK_END_MM), 0)
                painter.drawLine(cell.frame.bottomLeft(), cell.frame.bottomRight() - end)
