"""The strip of small pictures: one line or more of files, each with where it is on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QWidget,
)

from app.care.attachments.files import FileView
from app.i18n import tr
from app.ui import icons, theme
from app.ui.attachments.words import described, file_icon, progress
from app.ui.style import dress
from app.ui.widgets.said_keys import say_key

TILE = QSize(168, 146)
PICTURE = QSize(152, 88)
_VIEW_ROLE = Qt.ItemDataRole.UserRole
_IMAGE_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of the list with its small picture as it was read."""

    view: FileView
    picture: QImage | None
    #: To which record it belongs, said where a strip shows several.
    of: str = ""


class FileStrip(QListWidget):
    """Arrow keys move, Enter or a double click opens, Del takes back."""

    def __init__(
        self,
        open_file: Callable[[], None],
        take_back: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        dress(self, kind="plain")
        self._open, self._take_back = open_file, take_back
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setMovement(QListWidget.Movement.Static)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setGridSize(TILE)
        # What is dropped is for the card around it.
        self.setDragDropMode(QListWidget.DragDropMode.NoDragDrop)
        self.viewport().setAcceptDrops(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Tile(self))
        say_key(self, "Enter", tr("Open the chosen file"))
        say_key(self, "Delete", tr("Take the chosen file back"))
        self.itemActivated.connect(lambda _item: self._open())

    def show_files(self, files: Sequence[Shown]) -> None:
        """Fill it anew; the chosen file stays chosen."""
        chosen = self.chosen()
        self.clear()
        for shown in files:
            item = QListWidgetItem()
            item.setData(_VIEW_ROLE, shown)
            item.setData(_IMAGE_ROLE, _pixmap(shown))
            words = described(shown.view)
            item.setToolTip(words)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setSizeHint(TILE)
            self.addItem(item)
        rows = [shown.view.attachment_id for shown in files]
        keep = chosen.view.attachment_id if chosen is not None else ""
        self.setCurrentRow(rows.index(keep) if keep in rows else min(0, len(rows) - 1))
        self._fit()

    def chosen(self) -> Shown | None:
        item = self.currentItem()
        return None if item is None else item.data(_VIEW_ROLE)

    def choose(self, attachment_id: str) -> None:
        for row in range(self.count()):
            shown: Shown = self.item(row).data(_VIEW_ROLE)
            if shown.view.attachment_id == attachment_id:
                self.setCurrentRow(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._open()
                return
        elif event.key() == Qt.Key.Key_Delete:
            self._take_back()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as its lines of files: the page scrolls, not the strip."""
        across = max(1, (self.width() - 2 * self.frameWidth() - 2) // TILE.width())
        lines = -(-self.count() // across)
        height = lines * TILE.height() + 2 * self.frameWidth() + theme.GAP_TIGHT
        if self.height() != height:
            self.setFixedHeight(height)


def _pixmap(shown: Shown) -> QPixmap | None:
    if shown.picture is None or not shown.view.sound:
        return None
    scaled = shown.picture.scaled(
        PICTURE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    return QPixmap.fromImage(scaled)


class _Tile(QStyledItemDelegate):
    """Picture, title, and where it is; struck out when it was taken back."""

    def paint(self, painter: QPainter, option, index) -> None:
        shown: Shown = index.data(_VIEW_ROLE)
        palette = theme.colours()
        painter.save()
        tile = option.rect.adjusted(4, 4, -4, -4)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QColor(palette.accent if selected and focused else palette.line))
        painter.setBrush(QColor(palette.accent_soft if selected else palette.surface))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawRoundedRect(tile, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        place = QRect(tile.left() + 4, tile.top() + 4, tile.width() - 8, PICTURE.height())
        self._picture(painter, place, shown, index.data(_IMAGE_ROLE))
        words, tone = progress(shown.view)
        font = QFont(option.font)
        font.setPointSizeF(theme.SECONDARY_POINTS)
        font.setStrikeOut(shown.view.entered_in_error)
        painter.setFont(font)
        dim = shown.view.entered_in_error
        painter.setPen(QColor(palette.text_hint if dim else palette.text))
        line = QRect(place.left(), place.bottom() + 3, place.width(), 20)
        title = f"{shown.of}: {shown.view.title}" if shown.of else shown.view.title
        metrics = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignCenter
        elide = Qt.TextElideMode.ElideRight
        painter.drawText(line, middle, metrics.elidedText(title, elide, line.width()))
        font.setStrikeOut(False)
        painter.setFont(font)
        colour = palette.text_secondary if tone == "neutral" else getattr(palette, tone)
        painter.setPen(QColor(colour))
        line = line.translated(0, 20)
        painter.drawText(line, middle, metrics.elidedText(words, elide, line.width()))
        painter.restore()

    def _picture(
        self, painter: QPainter, place: QRect, shown: Shown, image: QPixmap | None
    ) -> None:
        if image is None:
            size = theme.ICON_HERO
            colour = "danger" if not shown.view.sound else "text_secondary"
            image = icons.pixmap(file_icon(shown.view), colour, size)
        painter.setOpacity(0.4 if shown.view.entered_in_error else 1.0)
        size = image.deviceIndependentSize().toSize()
        corner = place.center() - QRect(0, 0, size.width(), size.height()).center()
        painter.drawPixmap(corner, image)
        painter.setOpacity(1.0)

    def sizeHint(self, _option, _index) -> QSize:
        return TILE


__all__ = ["PICTURE", "TILE", "FileStrip", "Shown"]
