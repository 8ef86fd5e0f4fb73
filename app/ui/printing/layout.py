"""Where everything of a document stands on its pages.

Laid out once, in steps of 1/600 inch, whatever the device: the preview, the PDF and the paper
break lines and pages alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QTextCharFormat, QTextLayout, QTextOption

from app.care.paper.document import BODY_PT, Cell, Form, PrintDocument, Row
from app.ui import theme

DPI = 600
_MM = DPI / 25.4
_PADDING_MM = 1.1
_CUT_MM = 5.0
_FOOTER_MM = 5.0
_ALIGN = {
    "left": Qt.AlignmentFlag.AlignLeft,
    "center": Qt.AlignmentFlag.AlignHCenter,
    "right": Qt.AlignmentFlag.AlignRight,
}


def mm(length: float) -> float:
    """Millimetres in steps of the layout."""
    return length * _MM


@dataclass(slots=True)
class PlacedCell:
    """A cell of a row that has its place: its frame, and its words already broken into lines."""

    frame: QRectF
    text: QTextLayout | None
    at: QPointF
    shaded: bool = False


@dataclass(slots=True)
class PlacedRow:
    """A row on its page."""

    row: Row
    frame: QRectF
    cells: list[PlacedCell]


@dataclass(slots=True)
class PlacedForm:
    """The rows of a form on one page; ``scale`` below 1 where it was too tall for its place."""

    origin: QPointF
    rows: list[PlacedRow] = field(default_factory=list)
    scale: float = 1.0


@dataclass(slots=True)
class LaidPage:
    """One page: its forms, and the lines to cut along (x1, y1, x2, y2)."""

    forms: list[PlacedForm] = field(default_factory=list)
    cuts: list[tuple[float, float, float, float]] = field(default_factory=list)


def lay_out(document: PrintDocument) -> list[LaidPage]:
    """The pages of a document; at least one."""
    pages = _cells(document) if document.down else _flow(document)
    return pages or [LaidPage()]


def type_face(points: float = BODY_PT, *, bold: bool = False) -> QFont:
    """The printed type face; its size is set in steps of the layout, so that no screen hints it."""
    font = QFont(list(theme.FAMILIES))
    font.setPixelSize(round(points * DPI / 72))
    font.setBold(bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def content_frame(document: PrintDocument) -> QRectF:
    """The page without its margins."""
    width, height = document.size
    left, top, right, bottom = document.margins
    return QRectF(mm(left), mm(top), mm(width - left - right), mm(height - top - bottom))


# -- forms that flow over pages -------------------------------------------------------------


def _flow(document: PrintDocument) -> list[LaidPage]:
    frame = content_frame(document)
    room = frame.height() - mm(_FOOTER_MM)
    pages: list[LaidPage] = []
    for form in document.forms:
        placed = PlacedForm(frame.topLeft())
        pages.append(LaidPage([placed]))
        y = 0.0
        headings: list[Row] = []
        for row in form.rows:
            made = _place(row, y, frame.width())
            if y + made.frame.height() > room and placed.rows:
                placed = PlacedForm(frame.topLeft())
                pages.append(LaidPage([placed]))
                y = 0.0
                if row.ruled and not row.heading:
                    for heading in headings:
                        again = _place(heading, y, frame.width())
                        placed.rows.append(again)
                        y += again.frame.height()
                made = _place(row, y, frame.width())
            if row.heading:
                headings = [*headings, row] if headings and placed.rows[-1].row.heading else [row]
            placed.rows.append(made)
            y += made.frame.height()
    return pages


# -- several forms a page -------------------------------------------------------------------


def _cells(document: PrintDocument) -> list[LaidPage]:
    frame = content_frame(document)
    across, down = document.across, document.down
    gap = mm(_CUT_MM)
    width = (frame.width() - gap * (across - 1)) / across
    height = (frame.height() - gap * (down - 1)) / down
    pages: list[LaidPage] = []
    for at, form in enumerate(document.forms):
        place = at % (across * down)
        if place == 0:
            pages.append(LaidPage(cuts=_cuts(document, frame, width, height, gap)))
        column, line = place % across, place // across
        origin = QPointF(frame.x() + column * (width + gap), frame.y() + line * (height + gap))
        pages[-1].forms.append(_fitted(form, origin, width, height))
    return pages


def _fitted(form: Form, origin: QPointF, width: float, height: float) -> PlacedForm:
    """The form in its place, made smaller where long words need more room than there is."""
    placed = PlacedForm(origin)
    scale = 1.0
    for _ in range(8):
        placed.rows, tall = _stack(form, width / scale)
        if tall * scale <= height + 1:
            break
        scale *= 0.95
    placed.scale = scale
    return placed


def _stack(form: Form, width: float) -> tuple[list[PlacedRow], float]:
    rows = []
    y = 0.0
    for row in form.rows:
        made = _place(row, y, width)
        rows.append(made)
        y += made.frame.height()
    return rows, y


def _cuts(
    document: PrintDocument, frame: QRectF, width: float, height: float, gap: float
) -> list[tuple[float, float, float, float]]:
    page_width, page_height = (mm(each) for each in document.size)
    across = [frame.x() + column * (width + gap) - gap / 2 for column in range(1, document.across)]
    down = [frame.y() + line * (height + gap) - gap / 2 for line in range(1, document.down)]
    return [(x, 0.0, x, page_height) for x in across] + [(0.0, y, page_width, y) for y in down]


# -- rows -----------------------------------------------------------------------------------


def _place(row: Row, y: float, width: float) -> PlacedRow:
    if row.cut:
        return PlacedRow(row, QRectF(0, y, width, mm(_CUT_MM)), [])
    padding = mm(_PADDING_MM) if row.ruled else 0.0
    shares = sum(cell.share for cell in row.cells) or 1.0
    texts: list[tuple[float, float, Cell, QTextLayout | None, float]] = []
    x = 0.0
    tallest = mm(row.height)
    for cell in row.cells:
        own = width * cell.share / shares
        text, height = _broken(cell, own - 2 * padding)
        texts.append((x, own, cell, text, height))
        tallest = max(tallest, height + 2 * mm(_PADDING_MM if row.ruled else 0.4))
        x += own
    cells = [
        PlacedCell(
            QRectF(at, y, own, tallest),
            text,
            QPointF(at + padding, y + (tallest - height) / 2),
            cell.shaded,
        )
        for at, own, cell, text, height in texts
    ]
    return PlacedRow(row, QRectF(0, y, width, tallest), cells)


def _broken(cell: Cell, width: float) -> tuple[QTextLayout | None, float]:
    """The words of a cell in lines of this width, and how tall they are."""
    if not cell.text.strip():
        return None, 0.0
    # QTextLayout knows one paragraph; the line separator breaks it.
    layout = QTextLayout(cell.text.replace("\n", "\u2028"), type_face())
    option = QTextOption(_ALIGN[cell.align])
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    formats = []
    start = 0
    for run in cell.runs:
        style = QTextCharFormat()
        style.setFont(type_face(run.points, bold=run.bold))
        style.setFontUnderline(run.underlined)
        part = QTextLayout.FormatRange()
        part.start, part.length, part.format = start, _units(run.text), style
        formats.append(part)
        start += part.length
    layout.setFormats(formats)
    layout.beginLayout()
    height = 0.0
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1.0))
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return layout, height


def _units(text: str) -> int:
    """Length as Qt counts it: a rare character outside the first plane is two."""
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)
