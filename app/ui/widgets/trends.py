"""Trends over time as a plot: series with marks, a target band, the value under the mouse.

Painted directly: the plotting libraries cost 300 ms and 40 MB on their first use, more than this
program may take, for a line with dots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from app.i18n import tr
from app.ui import theme
from app.ui.widgets.cards import label

_SIGNS = "●■▲"
_SERIES_COLOURS = ("series_1", "series_2", "series_3")
_MARK = 3.5
_REACH = 14.0
# Distances of the date marks, in days; beyond them whole years.
_DAY_STEPS = (1, 2, 7, 14)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 48, 120)


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: its name and its points, oldest first."""

    name: str
    points: Sequence[tuple[date, float]]


class TrendPlot(QWidget):
    """A plot of up to three series (told apart by colour, mark and legend) and target bands."""

    def __init__(
        self, title: str, unit: str = "", empty: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._unit = unit
        self._nothing = empty or tr("No measurements yet.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_TIGHT)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_INSIDE)
        head.addWidget(label(title, "strong"))
        self._unit_label = label(unit, "hint")
        head.addWidget(self._unit_label)
        head.addStretch(1)
        self._legend = QHBoxLayout()
        self._legend.setSpacing(theme.GAP_TIGHT)
        head.addLayout(self._legend)
        column.addLayout(head)
        # A stack without a parent would show its first page as a window of its own.
        self._holder = QStackedLayout()
        column.addLayout(self._holder, 1)
        self._empty = label(self._nothing, "hint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.canvas = _Canvas(unit)
        self._holder.addWidget(self._empty)
        self._holder.addWidget(self.canvas)
        self.setMinimumHeight(theme.PLOT_MINIMUM_HEIGHT)
        self.setAccessibleName(title)
        self.setAccessibleDescription(self._nothing)

    def set_unit(self, unit: str) -> None:
        """The unit of the data that come next."""
        self._unit = self.canvas.unit = unit
        self._unit_label.setText(unit)

    def set_data(
        self,
        series: Sequence[Series],
        bands: Sequence[tuple[float, float]] = (),
        limits: Sequence[float] = (),
    ) -> None:
        """Show the series; ``bands`` are the target ranges (low, high), shaded; ``limits`` the
        upper limit of each series where they differ, a broken line in its colour."""
        shown = tuple(one for one in series if one.points)[: len(_SIGNS)]
        self.canvas.show_data(shown, tuple(bands), tuple(limits))
        self._holder.setCurrentWidget(self.canvas if shown else self._empty)
        self._fill_legend(shown)
        parts = []
        for one in shown:
            day, value = one.points[-1]
            parts.append(f"{one.name} {value:g} {self._unit} ({day.isoformat()})")
        self.setAccessibleDescription("; ".join(parts) if parts else self._nothing)

    def _fill_legend(self, series: tuple[Series, ...]) -> None:
        while item := self._legend.takeAt(0):
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for at, one in enumerate(series):
            colour = getattr(theme.colours(), _SERIES_COLOURS[at])
            if at:
                self._legend.addSpacing(theme.GAP_INSIDE)
            self._legend.addWidget(QLabel(f'<span style="color:{colour}">{_SIGNS[at]}</span>'))
            self._legend.addWidget(label(one.name, "secondary"))


class _Canvas(QWidget):
    """The painted part. Values and days map linearly to the room inside the axes."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit
        self.series: tuple[Series, ...] = ()
        self.bands: tuple[tuple[float, float], ...] = ()
        self.limits: tuple[float, ...] = ()
        self._low, self._high, self._step = 0.0, 1.0, 1.0
        self._first = self._last = date.min
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_data(
        self,
        series: tuple[Series, ...],
        bands: tuple[tuple[float, float], ...],
        limits: tuple[float, ...] = (),
    ) -> None:
        self.series, self.bands, self.limits = series, bands, limits
        if series:
            days = [day for one in series for day, _ in one.points]
            room = timedelta(days=max(round((max(days) - min(days)).days * 0.03), 1))
            self._first, self._last = min(days) - room, max(days) + room
            self._scale()
        self.update()

    def _scale(self) -> None:
        values = [float(value) for one in self.series for _, value in one.points]
        # A band's far end must not flatten the line; its near end should be seen.
        edges = [edge for band in self.bands for edge in band if edge <= max(values) * 1.5]
        edges += self.limits
        low, high = min(values + edges), max(values + edges)
        self._step = nice_step((high - low) or abs(high) or 1.0)
        self._low = math.floor((low - self._step * 0.25) / self._step) * self._step
        self._high = math.ceil((high + self._step * 0.25) / self._step) * self._step

    # -- mapping ----------------------------------------------------------------------------

    def room(self) -> QRectF:
        """The rectangle inside the axes."""
        metrics = self.fontMetrics()
        left = max(metrics.horizontalAdvance(text) for _, text in self._values()) + 8
        return QRectF(left, 6, self.width() - left - 8, self.height() - metrics.height() - 12)

    def place(self, room: QRectF, day: date, value: float) -> QPointF:
        """Where a point lies."""
        across = (day - self._first).days / max((self._last - self._first).days, 1)
        up = (value - self._low) / ((self._high - self._low) or 1.0)
        return QPointF(room.left() + across * room.width(), room.bottom() - up * room.height())

    def _values(self) -> list[tuple[float, str]]:
        count = round((self._high - self._low) / self._step)
        marks = [self._low + self._step * at for at in range(count + 1)]
        return [(mark, f"{round(mark, 6):g}") for mark in marks]

    # -- painting ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.series:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
        room = self.room()
        self._paint_bands(painter, room)
        self._paint_values(painter, room)
        self._paint_days(painter, room)
        self._paint_limits(painter, room)
        for at, one in enumerate(self.series):
            self._paint_series(painter, room, at, one)
        painter.end()

    def _paint_bands(self, painter: QPainter, room: QRectF) -> None:
        ground = theme.colour("confirmed")
        ground.setAlpha(28)
        for low, high in self.bands:
            top = self.place(room, self._first, min(high, self._high)).y()
            bottom = self.place(room, self._first, max(low, self._low)).y()
            if bottom > top:
                painter.fillRect(QRectF(room.left(), top, room.width(), bottom - top), ground)

    def _paint_limits(self, painter: QPainter, room: QRectF) -> None:
        for at, limit in enumerate(self.limits[: len(_SIGNS)]):
            y = self.place(room, self._first, limit).y()
            painter.setPen(QPen(theme.colour(_SERIES_COLOURS[at]), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))

    def _paint_values(self, painter: QPainter, room: QRectF) -> None:
        height = painter.fontMetrics().height()
        marks = self._values()
        # Where the plot is low every second figure is left out.
        every = max(1, math.ceil(len(marks) * height * 1.3 / max(room.height(), 1)))
        for at, (value, text) in enumerate(marks):
            if at % every:
                continue
            y = self.place(room, self._first, value).y()
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(theme.colour("text_secondary"))
            where = QRectF(0, y - height / 2, room.left() - 6, height)
            painter.drawText(
                where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )

    def _paint_days(self, painter: QPainter, room: QRectF) -> None:
        metrics = painter.fontMetrics()
        most = max(int(room.width() / (metrics.horizontalAdvance("2026-12") * 1.6)), 2)
        painter.setPen(theme.colour("text_secondary"))
        for day, text in day_marks(self._first, self._last, most):
            x = self.place(room, day, self._low).x()
            width = metrics.horizontalAdvance(text)
            left = min(max(x - width / 2, room.left()), room.right() - width)
            painter.drawText(QPointF(left, room.bottom() + metrics.ascent() + 5), text)

    def _paint_series(self, painter: QPainter, room: QRectF, at: int, one: Series) -> None:
        colour = theme.colour(_SERIES_COLOURS[at])
        points = [self.place(room, day, float(value)) for day, value in one.points]
        painter.setPen(QPen(colour, 1.75))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(QPen(theme.colour("surface"), 1))
        painter.setBrush(colour)
        for point in points:
            _paint_mark(painter, at, point)

    # -- the value under the mouse ----------------------------------------------------------

    def said_at(self, position: QPointF) -> str:
        """The value nearest to a position in words, empty when none is near."""
        best, text = _REACH, ""
        for one in self.series:
            for day, value in one.points:
                point = self.place(self.room(), day, float(value))
                distance = math.hypot(point.x() - position.x(), point.y() - position.y())
                if distance < best:
                    best = distance
                    text = f"{day.isoformat()}\n{one.name} {value:g} {self.unit}"
        return text

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        text = self.said_at(event.position())
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()
        super().leaveEvent(event)


def _paint_mark(painter: QPainter, at: int, point: QPointF) -> None:
    """Circle, square, triangle: series are told apart without their colour."""
    if at == 0:
        painter.drawEllipse(point, _MARK, _MARK)
    elif at == 1:
        painter.drawRect(QRectF(point.x() - _MARK, point.y() - _MARK, 2 * _MARK, 2 * _MARK))
    else:
        corners = ((0, -_MARK - 1), (_MARK + 1, _MARK), (-_MARK - 1, _MARK))
        painter.drawPolygon(QPolygonF([point + QPointF(x, y) for x, y in corners]))


def nice_step(span: float) -> float:
    """A round distance (1, 2 or 5 times a power of ten) that divides ``span`` into 3 to 8 parts."""
    raw = span / 5
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5):
        if raw <= factor * power * 1.25:
            return factor * power
    return 10 * power


def day_marks(first: date, last: date, most: int) -> list[tuple[date, str]]:
    """At most about ``most`` days to write below the plot, each with its text."""
    span = max((last - first).days, 1)
    for step in _DAY_STEPS:
        if span / step <= most:
            count = (last - first).days // step + 1
            days = [first + timedelta(days=step * at) for at in range(count)]
            return [(day, f"{day:%m-%d}") for day in days]
    for months in _MONTH_STEPS:
        if span / (30.44 * months) <= most:
            break
    marks = []
    year, month = first.year, 1
    while (day := date(year, month, 1)) <= last:
        if day >= first:
            marks.append((day, f"{day:%Y}" if months >= 12 else f"{day:%Y-%m}"))
        month += months
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return marks or [(first, f"{first:%Y-%m}")]
