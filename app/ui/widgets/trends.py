"""Trends over time as a plot: series with marks, a target band, the value under the mouse.

The plotting library is imported when the first plot is shown, not before (it costs 300 ms);
``warm_up`` does it ahead of time in the background after sign-in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.widgets.cards import label

_SYMBOLS = ("o", "s", "t")
_SIGNS = "●■▲"
_SERIES_COLOURS = ("series_1", "series_2", "series_3")


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot: its name and its points, oldest first."""

    name: str
    points: Sequence[tuple[date, float]]


def warm_up() -> None:
    """Import the plotting library; safe on a background thread."""
    import pyqtgraph  # noqa: F401


class TrendPlot(QWidget):
    """A plot of up to three series (told apart by colour, mark and legend) and target bands."""

    def __init__(self, title: str, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._unit = unit
        self._series: tuple[Series, ...] = ()
        self._bands: tuple[tuple[float, float], ...] = ()
        self._plot: Any = None
        self._dirty = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_TIGHT)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_INSIDE)
        head.addWidget(label(title, "strong"))
        head.addWidget(label(unit, "hint"))
        head.addStretch(1)
        self._legend = QHBoxLayout()
        self._legend.setSpacing(theme.GAP_FIELD)
        head.addLayout(self._legend)
        column.addLayout(head)
        # A stack without a parent would show its first page as a window of its own.
        self._holder = QStackedLayout()
        column.addLayout(self._holder, 1)
        self._empty = label(tr("No measurements yet."), "hint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._holder.addWidget(self._empty)
        self.setMinimumHeight(120)
        self.setAccessibleName(title)

    def set_data(
        self,
        series: Sequence[Series],
        bands: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Show the series; ``bands`` are the target ranges (low, high), shaded."""
        self._series = tuple(one for one in series if one.points)
        self._bands = tuple(bands)
        self._describe()
        self._dirty = True
        if self.isVisible():
            self._draw()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._draw()

    def _describe(self) -> None:
        parts = []
        for one in self._series:
            day, value = one.points[-1]
            parts.append(f"{one.name} {value:g} {self._unit} ({day.isoformat()})")
        self.setAccessibleDescription("; ".join(parts) if parts else tr("No measurements yet."))

    def _draw(self) -> None:
        if not self._dirty:
            return
        self._dirty = False
        while item := self._legend.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        if not self._series:
            self._holder.setCurrentWidget(self._empty)
            return
        if self._plot is None:
            self._plot = _build_plot()
            self._plot.setAccessibleName(self._title)
            self._holder.addWidget(self._plot)
        self._holder.setCurrentWidget(self._plot)
        _fill(self._plot, self._series, self._bands)
        for at, one in enumerate(self._series):
            colour = getattr(theme.colours(), _SERIES_COLOURS[at % 3])
            mark = QLabel(f'<span style="color:{colour}">{_SIGNS[at % 3]}</span>')
            self._legend.addWidget(mark)
            self._legend.addWidget(label(one.name, "secondary"))


def _build_plot() -> Any:
    import pyqtgraph as pg

    class Days(pg.AxisItem):
        """Dates as 2025-01 or 01-05, by the distance of the ticks."""

        def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
            form = "%m-%d" if spacing < 25 * 86400 else "%Y-%m"
            return [f"{datetime.fromtimestamp(value, UTC):{form}}" for value in values]

        def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
            days = max((high - low) / 86400, 1)
            room = max(size / 70, 2)
            for step in (1, 2, 7, 14, 30.4375, 60.875, 91.3125, 182.625, 365.25, 730.5):
                if days / step <= room:
                    return [(step * 86400, 0)]
            return [(1461 * 86400, 0)]

    c = theme.colours()
    plot = pg.PlotWidget(axisItems={"bottom": Days(orientation="bottom")})
    plot.setBackground(c.surface)
    plot.setMouseEnabled(x=False, y=False)
    plot.hideButtons()
    plot.setMenuEnabled(False)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setStyle(tickFont=theme.font(theme.SECONDARY_POINTS), tickLength=-4)
        axis.setPen(pg.mkPen(c.line_strong))
        axis.setTextPen(pg.mkPen(c.text_secondary))
    plot.showGrid(x=False, y=True, alpha=0.12)
    return plot


def _fill(plot: Any, series: Sequence[Series], bands: Sequence[tuple[float, float]]) -> None:
    import pyqtgraph as pg

    plot.clear()
    c = theme.colours()
    values = [value for one in series for _, value in one.points]
    for low, high in bands:
        ground = QColor(c.confirmed)
        ground.setAlpha(26)
        region = pg.LinearRegionItem(
            (low, high), orientation="horizontal", brush=ground, movable=False, pen=pg.mkPen(None)
        )
        region.setZValue(-10)
        plot.addItem(region)
    for at, one in enumerate(series):
        value = getattr(c, _SERIES_COLOURS[at % 3])
        xs = [_seconds(day) for day, _ in one.points]
        ys = [float(number) for _, number in one.points]
        plot.plot(
            xs,
            ys,
            pen=pg.mkPen(value, width=2),
            symbol=_SYMBOLS[at % 3],
            symbolSize=7,
            symbolBrush=value,
            symbolPen=pg.mkPen(c.surface),
        )
    span = [edge for low, high in bands for edge in (low, high) if edge < max(values) * 2]
    low, high = min(values + span), max(values + span)
    room = max((high - low) * 0.12, 0.5)
    plot.setYRange(low - room, high + room, padding=0)
    days = [_seconds(day) for one in series for day, _ in one.points]
    margin = max((max(days) - min(days)) * 0.04, 86400.0 * 2)
    plot.setXRange(min(days) - margin, max(days) + margin, padding=0)


def _seconds(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
