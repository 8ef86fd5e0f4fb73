"""A month as a grid of days, each with the visits of its day. Painted, no widget per day."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.care.outreach.poster import weekdays
from app.care.outreach.visit_lists import VisitView
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.icons import tone_colour
from app.ui.outreach.words import STATUS_TONE
from app.ui.style import dress

AnyIndex = QModelIndex | QPersistentModelIndex
#: The day of a cell, and its visits.
DAY_ROLE = Qt.ItemDataRole.UserRole
VISITS_ROLE = DAY_ROLE + 1


class MonthModel(QAbstractTableModel):
    """Weeks as rows, Monday first; days of the neighbouring months are shown without visits."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first = date.min
        self._weeks: list[list[date]] = []
        self._visits: dict[date, list[VisitView]] = {}

    def set_month(self, year: int, month: int, visits: Sequence[VisitView]) -> None:
        self.beginResetModel()
        self.first = date(year, month, 1)
        start = self.first - timedelta(days=self.first.weekday())
        days = calendar.monthrange(year, month)[1]
        weeks = -(-(self.first.weekday() + days) // 7)
        self._weeks = [
            [start + timedelta(days=7 * week + day) for day in range(7)] for week in range(weeks)
        ]
        self._visits = {}
        for visit in visits:
            if visit.plan.visit_on is not None:
                self._visits.setdefault(visit.plan.visit_on, []).append(visit)
        self.endResetModel()

    def index_of(self, day: date) -> QModelIndex:
        for row, week in enumerate(self._weeks):
            if day in week:
                return self.index(row, week.index(day))
        return QModelIndex()

    def visits_of(self, day: date) -> list[VisitView]:
        """The visits of a day, by hour."""
        return self._visits.get(day, [])

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._weeks)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 7

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        day = self._weeks[index.row()][index.column()]
        if role == DAY_ROLE:
            return day
        if role == VISITS_ROLE:
            return self.visits_of(day)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            visits = self.visits_of(day)
            if not visits and role == Qt.ItemDataRole.ToolTipRole:
                return None
            return "\n".join([day.isoformat(), *(visit_words(visit) for visit in visits)])
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return weekdays()[section]
        return None


def visit_words(visit: VisitView) -> str:
    """``08:30 心血管内科 李建华 (计划)``."""
    plan = visit.plan
    return tr("{time} {department} {expert} ({status})").format(
        time=plan.starts_at,
        department=plan.department,
        expert=plan.expert_name,
        status=codes.label("expert_visit_status", visit.status),
    )


def day_lines(
    visits: Sequence[VisitView], room: int, fits: Callable[[str], bool]
) -> list[tuple[VisitView, str]]:
    """What stands in a day of ``room`` lines: expert and department of each visit.

    On one line where it fits whole, else below each other; where there is no room for that, the
    expert alone. Visits for which no line is left are not among them.
    """
    shown = visits if len(visits) <= room else visits[: max(room - 1, 0)]
    spare = room - len(visits)
    lines: list[tuple[VisitView, str]] = []
    for visit in shown:
        name, department = visit.plan.expert_name, visit.plan.department
        whole = f"{name} {department}"
        if fits(whole):
            lines.append((visit, whole))
            continue
        lines.append((visit, name))
        if spare > 0:
            lines.append((visit, department))
            spare -= 1
    return lines


class _DayDelegate(QStyledItemDelegate):
    """The number of the day, below it its visits; what does not fit is counted."""

    def __init__(self, grid: MonthGrid) -> None:
        super().__init__(grid)
        self._grid = grid

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        day: date = index.data(DAY_ROLE)
        visits: list[VisitView] = index.data(VISITS_ROLE)
        room: QRect = option.rect  # type: ignore[attr-defined]
        inside = day.month == self._grid.month_model.first.month
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.save()
        if chosen:
            painter.fillRect(room, theme.colour("accent_soft"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(room.topRight(), room.bottomRight())
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        text = room.adjusted(theme.GAP_TIGHT + 2, 3, -theme.GAP_TIGHT, 0)
        today = day == self._grid.today
        painter.setFont(theme.font(theme.SECONDARY_POINTS, semibold=today, tabular=True))
        painter.setPen(
            theme.colour("accent_text" if today else "text" if inside else "text_secondary")
        )
        number = tr("{day} today").format(day=day.day) if today else str(day.day)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, number)
        height = painter.fontMetrics().height()
        top = text.top() + height
        fit = max((room.bottom() - top) // height, 1)
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        width = painter.fontMetrics().horizontalAdvance
        lines = day_lines(visits, fit, lambda words: width(words) <= text.width())
        shown = {visit.visit_id for visit, _ in lines}
        for visit, words in lines:
            painter.setPen(theme.colour(tone_colour(STATUS_TONE.get(visit.status, "neutral"))))
            font = painter.font()
            font.setStrikeOut(visit.status == "cancelled")
            painter.setFont(font)
            line = QRect(text.left(), top, text.width(), height)
            elided = painter.fontMetrics().elidedText(
                words, Qt.TextElideMode.ElideRight, line.width()
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, elided)
            top += height
        if len(shown) < len(visits):
            painter.setFont(theme.font(theme.SECONDARY_POINTS))
            painter.setPen(theme.colour("text_secondary"))
            more = tr("{count} more").format(count=len(visits) - len(shown))
            painter.drawText(
                QRect(text.left(), top, text.width(), height), Qt.AlignmentFlag.AlignLeft, more
            )
        painter.restore()


class MonthGrid(QTableView):
    """Arrow keys move from day to day; ``chosen(day)`` as it moves, ``opened(day)`` at Enter."""

    chosen = Signal(object)
    opened = Signal(object)

    def __init__(self, today: date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.today = today
        self.month_model = MonthModel(self)
        self.setModel(self.month_model)
        self.setItemDelegate(_DayDelegate(self))
        dress(self, kind="table")
        self.setAccessibleName(tr("Month"))
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setFixedHeight(theme.ROW_HEIGHT)
        self.horizontalHeader().setHighlightSections(False)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.data(DAY_ROLE)))
        self.selectionModel().currentChanged.connect(self._moved)

    def choose(self, day: date) -> None:
        """Put the cursor on a day of the month."""
        index = self.month_model.index_of(day)
        if index.isValid():
            self.setCurrentIndex(index)

    def day(self) -> date | None:
        """The day under the cursor."""
        index = self.currentIndex()
        return index.data(DAY_ROLE) if index.isValid() else None

    def _moved(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.data(DAY_ROLE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            day = self.day()
            if day is not None:
                self.opened.emit(day)
            return
        super().keyPressEvent(event)
