"""Lists of people in two lines each: who, and what about them. Painted, no widget per row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.ui import theme
from app.ui.icons import pixmap, tone_colour
from app.ui.style import dress
from app.ui.widgets.tables import Column, PagedModel


@dataclass(frozen=True, slots=True)
class TwoLines:
    """The texts of one row. Upper: ``title`` (semibold), ``beside``, ``right``; lower: the rest."""

    title: str
    beside: str = ""
    right: str = ""
    lower: str = ""
    lower_right: str = ""
    lower_tone: theme.Tone = "neutral"
    right_tone: theme.Tone = "neutral"
    icon_name: str = ""

    def spoken(self) -> str:
        """The whole row in words, for screen readers."""
        parts = (self.title, self.beside, self.right, self.lower, self.lower_right)
        return " ".join(part for part in parts if part)


class TwoLineDelegate(QStyledItemDelegate):
    """Paints what ``describe(row)`` says."""

    def __init__(self, describe: Callable[[Any], TwoLines], parent: QWidget) -> None:
        super().__init__(parent)
        self._describe = describe

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, theme.ROW_HEIGHT_TWO)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.model().row(index.row())  # type: ignore[attr-defined]
        if row is None:
            return
        said = self._describe(row)
        painter.save()
        whole: QRect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        if chosen:
            painter.fillRect(whole, theme.colour("accent_soft"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(whole.bottomLeft(), whole.bottomRight())
        if chosen:
            painter.fillRect(
                QRect(whole.left(), whole.top(), 3, whole.height()), theme.colour("accent")
            )
        room = whole.adjusted(theme.GAP_FIELD, 5, -theme.GAP_FIELD, -5)
        if said.icon_name:
            image = pixmap(said.icon_name, tone_colour(said.lower_tone), theme.ICON_LARGE)
            painter.drawPixmap(
                room.left(), whole.top() + (whole.height() - theme.ICON_LARGE) // 2, image
            )
            room = room.adjusted(theme.ICON_LARGE + theme.GAP_FIELD, 0, 0, 0)
        half = room.height() // 2
        upper = QRect(room.left(), room.top(), room.width(), half)
        lower = QRect(room.left(), room.top() + half, room.width(), room.height() - half)
        self._upper(painter, upper, said)
        self._lower(painter, lower, said)
        painter.restore()

    def _upper(self, painter: QPainter, room: QRect, said: TwoLines) -> None:
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        right = _right(painter, room, said.right, "text_secondary")
        painter.setFont(theme.font(semibold=True))
        painter.setPen(theme.colour("text"))
        used = _left(painter, room.adjusted(0, 0, -right, 0), said.title)
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        painter.setPen(theme.colour("text_secondary"))
        _left(painter, room.adjusted(used + theme.GAP_INSIDE, 0, -right, 0), said.beside)

    def _lower(self, painter: QPainter, room: QRect, said: TwoLines) -> None:
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        right = _right(painter, room, said.lower_right, tone_colour(said.right_tone))
        painter.setPen(theme.colour(tone_colour(said.lower_tone)))
        _left(painter, room.adjusted(0, 0, -right, 0), said.lower)


def _right(painter: QPainter, room: QRect, text: str, colour: str) -> int:
    """Text at the right end; the width that it takes."""
    if not text:
        return 0
    painter.setPen(theme.colour(colour))
    painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    return painter.fontMetrics().horizontalAdvance(text) + theme.GAP_INSIDE


def _left(painter: QPainter, room: QRect, text: str) -> int:
    """Text from the left, cut with an ellipsis where the room ends; the width that it takes."""
    if not text or room.width() <= 0:
        return 0
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


class TwoLineList(QListView):
    """A list over a ``PagedModel`` of any rows. Enter or a click emits ``opened(row)``."""

    opened = Signal(object)
    aside = Signal(int)

    def __init__(
        self, name: str, describe: Callable[[Any], TwoLines], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        dress(self, kind="plain")
        self.rows: PagedModel[Any] = PagedModel(
            [Column(name, lambda row: describe(row).spoken())], parent=self
        )
        self.setModel(self.rows)
        self.setItemDelegate(TwoLineDelegate(describe, self))
        self.setAccessibleName(name)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(lambda index: self._open(index.row()))

    def current(self) -> Any:
        """The row under the cursor, or None."""
        return self.rows.row(self.currentIndex().row())

    def choose(self, position: int) -> None:
        self.setCurrentIndex(self.rows.index(position, 0))

    def _open(self, position: int) -> None:
        row = self.rows.row(position)
        if row is not None:
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex().row())
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.aside.emit(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.rows.rowCount():
            self.choose(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and self.focusPolicy():
            # Only the list in which the person is shows a chosen line.
            self.setCurrentIndex(self.rows.index(-1, 0))
