"""A picture large: zoom, the next and the one before by keys; a PDF only tells what it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QDialog,
    QGraphicsScene,
    QGraphicsView,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.care.attachments.files import content_of
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import record_read
from app.models.store import Store
from app.ui import theme
from app.ui.attachments.pictures import MOST_SIDE, read_picture
from app.ui.attachments.strip import Shown
from app.ui.attachments.words import PDF, described
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.strips import sentence

_STEP = 1.25
_MOST_ZOOM = 8.0
#: A strange picture may be larger than one of ours; more than this is not kept in memory.
MOST_SHOWN = QSize(2 * MOST_SIDE, 2 * MOST_SIDE)


#: How the picture of a file is read, off this thread; None for a PDF.
Reader = Callable[[Store, Actor, Shown], QImage | None]


class PictureView(QGraphicsView):
    """One picture, whole at first; ``zoom`` 1 is as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setAccessibleName(tr("The picture"))
        self.zoom = 1.0

    def show_image(self, image: QImage) -> None:
        self._scene.clear()
        self._scene.addPixmap(QPixmap.fromImage(image))
        self._scene.setSceneRect(image.rect())
        self.set_zoom(1.0)

    def set_zoom(self, zoom: float) -> None:
        self.zoom = min(max(zoom, 1.0), _MOST_ZOOM)
        self.resetTransform()
        self.fitInView(self._scene.sceneRect(), Qt.AspectRatioMode.KeepAspectRatio)
        self.scale(self.zoom, self.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_zoom(self.zoom)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # All keys but up and down are the window's; those move a picture that is larger than it.
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.set_zoom(self.zoom * (_STEP if event.angleDelta().y() > 0 else 1 / _STEP))


class FileViewer(QDialog):
    """Files of one record one after the other: ← → between them, + − 0 zoom, Esc leaves."""

    def __init__(
        self,
        context: UiContext,
        files: Sequence[Shown],
        first: int,
        save_copy: Callable[[Shown], None] | None,
        parent: QWidget | None,
        read: Reader | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._files, self._at = context, files, first
        self._save_copy, self._read = save_copy, read or load
        self.setWindowTitle(tr("Files"))
        self.setModal(True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_INSIDE)
        self.title = label("", "section", wrap=True)
        whole.addWidget(self.title)
        self.pages = QStackedWidget()
        self.picture = PictureView()
        self.words = EmptyState("", "", "file-pdf-line")
        self.pages.addWidget(self.picture)
        self.pages.addWidget(self.words)
        whole.addWidget(self.pages, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.before = Button(
            tr("File before"), lambda: self.step(-1), tip=_tip(tr("File before"), "←")
        )
        self.after = Button(tr("Next file"), lambda: self.step(1), tip=_tip(tr("Next file"), "→"))
        self.larger = Button(tr("Larger"), lambda: self.enlarge(_STEP), tip=_tip(tr("Larger"), "+"))
        self.smaller = Button(
            tr("Smaller"), lambda: self.enlarge(1 / _STEP), tip=_tip(tr("Smaller"), "−")
        )
        self.save = Button(tr("Save a copy…"), self._save, icon_name="file-download-line")
        self.close_button = Button(tr("Close"), self.reject)
        for button in (self.before, self.after, self.larger, self.smaller):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.save)
        # Of what is not sent yet the person has the file already.
        self.save.setVisible(save_copy is not None)
        row.addWidget(self.close_button)
        whole.addLayout(row)
        screen = self.screen().availableGeometry().size()
        self.resize(QSize(theme.SCREEN_WIDTH - 96, theme.SCREEN_HEIGHT - 96).boundedTo(screen))
        self.picture.setFocus()
        self._show()

    @property
    def shown(self) -> Shown:
        return self._files[self._at]

    def step(self, by: int) -> None:
        """The next file, or the one before; the ends are ends."""
        at = min(max(self._at + by, 0), len(self._files) - 1)
        if at != self._at:
            self._at = at
            self._show()

    def enlarge(self, by: float) -> None:
        if self.pages.currentWidget() is self.picture:
            self.picture.set_zoom(self.picture.zoom * by)

    def _show(self) -> None:
        shown, of = self.shown, len(self._files)
        number = tr("{number} of {all}").format(number=self._at + 1, all=of)
        self.title.setText(f"{number}  ·  {described(shown.view)}" if of > 1 else
                           described(shown.view))  # fmt: skip
        self.before.setEnabled(self._at > 0)
        self.after.setEnabled(self._at < of - 1)
        self._say(tr("The file is being opened…"), "")
        wanted = shown.view.attachment_id
        context = self._context

        def done(image: QImage | None) -> None:
            if self.shown.view.attachment_id == wanted:
                self._opened(image)

        def failed(error: Exception) -> None:
            if self.shown.view.attachment_id == wanted:
                self._say(sentence(error), "")

        context.tasks.run(
            self._read, context.store, context.actor, shown, done=done, failed=failed, owner=self
        )

    def _opened(self, image: QImage | None) -> None:
        if image is None:
            self._say(
                tr("A PDF is not opened inside this program."),
                tr("Save a copy and open it there; the copy is not encrypted.")
                if self._save_copy is not None
                else "",
            )
        self.save.setEnabled(not self.shown.view.entered_in_error)
        if image is None:
            return
        self.pages.setCurrentWidget(self.picture)
        self.picture.show_image(image)
        self.larger.setEnabled(True)
        self.smaller.setEnabled(True)

    def _say(self, text: str, hint: str) -> None:
        self.words.set_text(text, hint)
        self.pages.setCurrentWidget(self.words)
        for button in (self.larger, self.smaller, self.save):
            button.setEnabled(False)

    def _save(self) -> None:
        if self._save_copy is not None:
            self._save_copy(self.shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_PageUp: -1,
                Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: 1}.get(event.key())  # fmt: skip
        if step is not None:
            self.step(step)
        elif event.text() in ("+", "="):
            self.enlarge(_STEP)
        elif event.text() in ("-", "_"):
            self.enlarge(1 / _STEP)
        elif event.text() == "0":
            self.picture.set_zoom(1.0)
        else:
            super().keyPressEvent(event)


def load(store: Store, actor: Actor, shown: Shown) -> QImage | None:
    """The picture of a file, or None for a PDF. Raises where it is not whole or none."""
    content = content_of(store, shown.view.attachment_id)
    if not store.read_only:
        record_read(store, actor, "attachment", shown.view.attachment_id)
    if shown.view.media_type == PDF:
        return None
    return read_picture(content, MOST_SHOWN)


def _tip(words: str, key: str) -> str:
    return tr("{what} ({keys})").format(what=words, keys=key)
