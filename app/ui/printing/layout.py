"""Where everything of a document stands on its pages.

Laid out once, in steps of 1/600 inch, whatever the device: the preview, the PDF and the paper
break lines and pages alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QTextCharFormat, QTextLayout, QTextOption

from app.care.paper.document import BODY_PT, Cell, Form, PrintDocument, Row, Run
from app.ui import theme

DPI = 600
_MM = DPI / 25.4
_PADDING_MM = 1.1
_CUT_MM = 5.0
_FOOTER_MM = 5.0
# Words on a blank stand a little above its line.
_ABOVE_LINE_MM = 0.5
_INSET_MM = 0.8
_PLAIN_MM = 0.4
# Words that do not fit their place on pre-printed paper are made smaller, down to this.
_SMALLEST = 0.65
# A row is divided between two pages only where it is taller than this.
_DIVIDED_MM = 20.0
# Of words that go on on the next page at least so much stays with their heading.
_FIRST_LINES_MM = 10.0
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
    lined: bool = False
    filled: bool = False


@dataclass(slots=True)
class PlacedRow:
    """A row on its page."""

    row: Row
    frame: QRectF
    cells: list[PlacedCell]
    #: Taller than its place on pre-printed paper: what comes below would miss its place too.
    overfull: bool = False


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
    pages: list[LaidPage] = []
    for form in document.forms:
        flow = _Flow(document, pages)
        waiting = list(reversed(form.rows))
        while waiting:
            row = waiting.pop()
            below = _least(waiting, flow) if row.keep else 0.0
            rest = flow.add(row, below)
            if rest is not None:
                waiting.append(rest)
    return pages


class _Flow:
    """The pages of one form while they fill up from the top."""

    def __init__(self, document: PrintDocument, pages: list[LaidPage]) -> None:
        self.frame = content_frame(document)
        self.room = self.frame.height() - mm(_FOOTER_MM)
        self.fixed = document.preprinted
        self._pages = pages
        self._headings: list[Row] = []
        self._turn()

    def _turn(self) -> None:
        self.placed = PlacedForm(self.frame.topLeft())
        self._pages.append(LaidPage([self.placed]))
        self.y = 0.0
        #: Nothing but repeated headings on the page yet.
        self._fresh = True

    def _turn_for(self, row: Row) -> None:
        """The next page; a table goes on under its headings."""
        self._turn()
        if row.ruled and not row.heading:
            for heading in self._headings:
                self._put(heading, self.place(heading))
            self._fresh = True

    def place(self, row: Row) -> PlacedRow:
        if self.fixed and row.height:
            return _shrunk(row, self.y, self.frame.width())
        return _place(row, self.y, self.frame.width())

    def add(self, row: Row, below: float) -> Row | None:
        """Put a row on the page, or on the next one; what of a row that flows has no room any more
        is given back. ``below``: the room that has to be left for the next row."""
        made = self.place(row)
        if self.y + made.frame.height() + below > self.room:
            parts = self._parts(row, made)
            if parts is not None:
                self._put(parts[0], self.place(parts[0]))
                self._turn_for(row)
                return parts[1]
            if not self._fresh:
                self._turn_for(row)
                # On a page of its own it may still be too long.
                return row
        if row.heading:
            before = self.placed.rows
            goes_on = self._headings and before and before[-1].row.heading
            self._headings = [*self._headings, row] if goes_on else [row]
        self._put(row, made)
        return None

    def _put(self, row: Row, made: PlacedRow) -> None:
        self.placed.rows.append(made)
        self.y += made.frame.height()
        self._fresh = False

    def _parts(self, row: Row, made: PlacedRow) -> tuple[Row, Row] | None:
        """The row in two: what still fits the page, and the rest. None where it stays whole."""
        shortest = mm(_DIVIDED_MM) if row.flows else self.room
        if made.frame.height() <= shortest:
            return None
        return _divided(row, made, self.room - self.y)


def _least(waiting: list[Row], flow: _Flow) -> float:
    """How much of the next row has to stand on the same page: all, or its first lines."""
    if not waiting:
        return 0.0
    row = waiting[-1]
    height = flow.place(row).frame.height()
    if row.keep:
        return height + _least(waiting[:-1], flow)
    return min(height, mm(_FIRST_LINES_MM)) if row.flows else height


def _divided(row: Row, made: PlacedRow, room: float) -> tuple[Row, Row] | None:
    """A row in two by the lines of its cells; None where not even two lines fit."""
    space = room - 2 * mm(_PADDING_MM if row.ruled else _PLAIN_MM)
    first, rest = [], []
    lines = 0
    for cell, placed in zip(row.cells, made.cells, strict=True):
        end = 0
        if placed.text is not None:
            for number in range(placed.text.lineCount()):
                line = placed.text.lineAt(number)
                if line.y() + line.height() > space:
                    break
                end = line.textStart() + line.textLength()
                lines = max(lines, number + 1)
        above, below = _cut_at(cell, end)
        first.append(above)
        rest.append(below)
    if lines < 2 or not any(cell.runs for cell in rest):
        return None
    return (
        replace(row, cells=tuple(first), height=0.0),
        replace(row, cells=tuple(rest), height=0.0),
    )


def _cut_at(cell: Cell, end: int) -> tuple[Cell, Cell]:
    """The cell in two after so many letters as Qt counts them."""
    above: list[Run] = []
    below: list[Run] = []
    for run in cell.runs:
        taken = 0
        while taken < len(run.text) and end > 0:
            end -= _units(run.text[taken])
            taken += 1
        if taken:
            above.append(replace(run, text=run.text[:taken]))
        if taken < len(run.text):
            below.append(replace(run, text=run.text[taken:]))
    if above:
        # The line break at which it is cut would leave an empty line.
        above[-1] = replace(above[-1], text=above[-1].text.removesuffix("\n"))
    return replace(cell, runs=tuple(above)), replace(cell, runs=tuple(below))


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


def _shrunk(row: Row, y: float, width: float) -> PlacedRow:
    """The row at its height, with smaller words where they would need more. What the paper has
    already takes no room."""
    empty = tuple(cell if cell.filled else replace(cell, runs=()) for cell in row.cells)
    row = replace(row, cells=empty)
    scale = 1.0
    while True:
        made = _place(row, y, width, scale)
        if made.frame.height() <= mm(row.height) + 1:
            return made
        if scale <= _SMALLEST:
            made.overfull = True
            return made
        scale = max(scale - 0.05, _SMALLEST)


def _place(row: Row, y: float, width: float, scale: float = 1.0) -> PlacedRow:
    if row.cut:
        return PlacedRow(row, QRectF(0, y, width, mm(_CUT_MM)), [])
    padding = mm(_PADDING_MM) if row.ruled else 0.0
    shares = sum(cell.share for cell in row.cells) or 1.0
    texts: list[tuple[float, float, Cell, QTextLayout | None, float]] = []
    x = 0.0
    tallest = mm(row.height)
    for cell in row.cells:
        own = width * cell.share / shares
        inset = mm(_INSET_MM) if cell.lined else padding
        text, height = _broken(cell, own - 2 * inset, scale)
        texts.append((x, own, cell, text, height))
        tallest = max(tallest, height + 2 * mm(_PADDING_MM if row.ruled else _PLAIN_MM))
        x += own
    # Beside a blank everything stands on its line; words that may flow begin at the top.
    lined = any(cell.lined for cell in row.cells)

    def top(height: float) -> float:
        if lined:
            return tallest - height - mm(_ABOVE_LINE_MM)
        if row.flows:
            return mm(_PADDING_MM if row.ruled else _PLAIN_MM)
        return (tallest - height) / 2

    cells = [
        PlacedCell(
            QRectF(at, y, own, tallest),
            text,
            QPointF(at + (mm(_INSET_MM) if cell.lined else padding), y + top(height)),
            cell.shaded,
            cell.lined,
            cell.filled,
        )
        for at, own, cell, text, height in texts
    ]
    return PlacedRow(row, QRectF(0, y, width, tallest), cells)


def _broken(cell: Cell, width: float, scale: float = 1.0) -> tuple[QTextLayout | None, float]:
    """The words of a cell in lines of this width, and how tall they are."""
    if not cell.text.strip():
        return None, 0.0
    # QTextLayout knows one paragraph; the line separator breaks it.
    layout = QTextLayout(cell.text.replace("\n", "\u2028"), type_face(BODY_PT * scale))
    option = QTextOption(_ALIGN[cell.align])
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    formats = []
    start = 0
    for run in cell.runs:
        style = QTextCharFormat()
        style.setFont(type_face(run.points * scale, bold=run.bold))
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
