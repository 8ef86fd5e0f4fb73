"""Qt models of the room: the list of residents and the timeline of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.care.resident_list import ResidentLine
from app.care.timeline import TimelineEntry
from app.clock import Clock
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.icons import pixmap, tone_colour
from app.ui.widgets.delivery import delivery_mark
from app.ui.widgets.tables import Column, PagedModel

KIND_ICONS = {
    "resident": "user-add-line",
    "condition": "stethoscope-line",
    "follow_up": "heart-pulse-line",
    "assessment": "clipboard-line",
    "bp_screening": "heart-pulse-line",
    "consent": "quill-pen-line",
    "health_check": "file-edit-line",
    "contract": "quill-pen-line",
    "contract_service": "service-line",
    "rehab_plan": "file-list-3-line",
    "check_in": "walk-line",
    "referral": "arrow-left-right-line",
    "referral_event": "arrow-left-right-line",
    "consultation": "question-answer-line",
    "referral_visit": "home-heart-line",
    "admission": "hotel-bed-line",
    "discharge": "logout-box-r-line",
    "conflict": "git-merge-line",
}


def state_word(line: ResidentLine) -> str:
    """What is not as usual with a record: temporary, or closed and why."""
    if line.record_status != "active":
        return codes.label("record_status", line.record_status)
    return tr("temporary") if line.temporary else ""


def list_columns() -> list[Column[ResidentLine]]:
    """The columns of the list; what tells two people apart stands left."""
    return [
        Column(tr("Name"), lambda line: line.name, 134, strong=True),
        Column(tr("Sex"), lambda line: codes.label("sex", line.sex), 60),
        Column(tr("Age"), lambda line: str(line.age), 64, align="right"),
        Column(tr("ID number"), lambda line: line.id_masked or tr("no card"), 176),
        Column(tr("Phone"), lambda line: line.phone_masked, 122),
        Column(tr("Village"), lambda line: line.village or line.township, 132),
        Column(tr("Bed"), lambda line: line.bed, 116),
        Column(tr("Conditions"), lambda line: tr(", ").join(line.conditions)),
        Column(
            tr("State"),
            state_word,
            128,
            tone=lambda line: "attention" if state_word(line) else None,
            icon_name=lambda line: "alert-line" if state_word(line) else "",
        ),
    ]


def timeline_model(load: Callable[[int, int], Any], parent: Any) -> PagedModel[TimelineEntry]:
    """The model of a timeline; its one text is what a screen reader says of an entry."""
    spoken: Column[TimelineEntry] = Column(
        tr("Timeline"),
        lambda entry: " ".join((entry.day.isoformat(), entry.title, entry.detail, entry.author)),
        tip=lambda entry: "\n".join(
            part for part in (entry.title, entry.detail, entry.delivery.reason) if part
        ),
    )
    return PagedModel([spoken], load, lambda: 0, page=60, parent=parent)


class TimelineDelegate(QStyledItemDelegate):
    """Paints an entry: the day, the kind's icon, title and detail, author, the receipt mark."""

    _DAY = 88
    _ICON = 28

    def __init__(self, clock: Clock, parent: QListView) -> None:
        super().__init__(parent)
        self._clock = clock

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(theme.FORM_WIDTH // 2, theme.ROW_HEIGHT_TWO)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model = index.model()
        assert isinstance(model, PagedModel)
        entry: TimelineEntry | None = model.row(index.row())
        if entry is None:
            return
        before: TimelineEntry | None = model.row(index.row() - 1) if index.row() else None
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, theme.colour("accent_soft"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        room = option.rect.adjusted(theme.GAP_FIELD, 5, -theme.GAP_FIELD, -5)
        upper = QRect(room.left(), room.top(), room.width(), room.height() // 2)
        lower = upper.translated(0, room.height() // 2)
        self._day(painter, entry, before, upper)
        tone = entry.tone if entry.tone in ("danger", "attention") else "neutral"
        image = pixmap(KIND_ICONS.get(entry.kind, "file-line"), tone_colour(tone), theme.ICON_LARGE)
        painter.drawPixmap(
            QPoint(room.left() + self._DAY, room.center().y() - theme.ICON_LARGE // 2), image
        )
        left = self._DAY + self._ICON + theme.GAP_TIGHT
        marked = self._mark(painter, entry, upper) + theme.GAP_INSIDE
        written = self._author(painter, entry, lower) + theme.GAP_INSIDE
        painter.setFont(theme.font(semibold=True))
        painter.setPen(theme.colour("text"))
        _draw(painter, upper.adjusted(left, 0, -marked, 0), entry.title)
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        painter.setPen(theme.colour(tone_colour(tone)))
        _draw(painter, lower.adjusted(left, 0, -written, 0), entry.detail)
        painter.restore()

    def _day(
        self, painter: QPainter, entry: TimelineEntry, before: TimelineEntry | None, room: QRect
    ) -> None:
        # A day is written once; the entries below it belong to it.
        if before is not None and before.day == entry.day:
            return
        painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
        painter.setPen(theme.colour("text_secondary"))
        text = tr("today") if entry.day == self._clock.today() else entry.day.isoformat()
        _draw(painter, room.adjusted(0, 0, self._DAY - room.width(), 0), text)

    def _mark(self, painter: QPainter, entry: TimelineEntry, room: QRect) -> int:
        """The receipt mark at the right end; the width it took."""
        mark = delivery_mark(entry.delivery, self._clock.today())
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        painter.setPen(theme.colour(tone_colour(mark.tone)))
        used = _draw_right(painter, room, mark.text, room.width() // 2) + theme.GAP_TIGHT
        place = QPoint(room.right() - used - theme.ICON, room.center().y() - theme.ICON // 2)
        painter.drawPixmap(place, pixmap(mark.icon, tone_colour(mark.tone), theme.ICON))
        return used + theme.ICON

    def _author(self, painter: QPainter, entry: TimelineEntry, room: QRect) -> int:
        """Who wrote it and where, at the right end; the width it took."""
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        painter.setPen(theme.colour("text_hint"))
        text = " · ".join(part for part in (entry.organisation, entry.author) if part)
        return _draw_right(painter, room, text, room.width() // 3)


def _draw_right(painter: QPainter, room: QRect, text: str, most: int) -> int:
    metrics = painter.fontMetrics()
    elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, most)
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, elided)
    return metrics.horizontalAdvance(elided)


def _draw(painter: QPainter, room: QRect, text: str) -> None:
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
