"""The frame of a page: title line, content that scrolls only downward, footer with the buttons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.cards import label
from app.ui.widgets.strips import ErrorStrip


class ScrollArea(QScrollArea):
    """Scrolls only downward, and follows the keyboard: whatever has it is in sight.

    Qt scrolls by itself only for Tab; Enter, F2 and the digits go on to the next field, too. And
    what was in sight stays so where a message opens beside it: in the content, or below the area.
    """

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._in_sight = False
        self.setWidget(content)
        self.verticalScrollBar().sliderMoved.connect(self._scrolled)
        QApplication.instance().focusChanged.connect(self._follow)  # type: ignore[union-attr]

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._in_sight = new is not None and self.isAncestorOf(new)
        if new is not None and self._in_sight:
            self.ensureWidgetVisible(new, 0, theme.GAP_SECTION * 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_in_sight()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        handled = super().eventFilter(watched, event)  # Qt itself listens to the content here
        if event.type() == QEvent.Type.Resize and watched is self.widget():
            self._keep_in_sight()
        return handled

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        self._scrolled()

    def _scrolled(self) -> None:
        """A person looks somewhere else: the next message does not pull them back."""
        now = QApplication.focusWidget()
        if now is not None and self.isAncestorOf(now):
            self._in_sight = not now.visibleRegion().isEmpty()

    def _keep_in_sight(self) -> None:
        now = QApplication.focusWidget()
        if self._in_sight and now is not None and self.isAncestorOf(now):
            self.ensureWidgetVisible(now, 0, theme.GAP_SECTION * 2)


class Page(QWidget):
    """A page of a room.

    ``body`` is the vertical layout of the content (inside a scroll area when ``scroll``),
    ``strip`` the error strip above the footer, ``add_action`` puts buttons to the right of the
    title, ``add_footer`` to the lower right (the primary one last).
    """

    def __init__(
        self, title: str = "", *, scroll: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        dress(self, kind="page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_CARD, theme.GAP_INSIDE)
        head.setSpacing(theme.GAP_INSIDE)
        self._title = label(title, "title")
        self._subtitle = label("", "secondary")
        head.addWidget(self._title)
        head.addWidget(self._subtitle)
        head.addStretch(1)
        self._actions = head
        whole.addWidget(self._head)
        self._head.setVisible(bool(title))
        content = QWidget()
        dress(content, kind="body")
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_CARD)
        self.body.setSpacing(theme.GAP_CARD)
        if not title:
            self.body.setContentsMargins(*(theme.GAP_CARD,) * 4)
        if scroll:
            area = ScrollArea(content)
            whole.addWidget(area, 1)
            self.scroll_area: QScrollArea | None = area
        else:
            whole.addWidget(content, 1)
            self.scroll_area = None
        self.strip = ErrorStrip()
        holder = QHBoxLayout()
        holder.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, 0)
        holder.addWidget(self.strip)
        whole.addLayout(holder)
        self._footer = QFrame()
        dress(self._footer, kind="footer")
        row = QHBoxLayout(self._footer)
        row.setContentsMargins(theme.GAP_CARD, theme.GAP_INSIDE, theme.GAP_CARD, theme.GAP_INSIDE)
        row.setSpacing(theme.GAP_INSIDE)
        self._note = label("", "hint")
        row.addWidget(self._note)
        row.addStretch(1)
        self._buttons = row
        self._footer.hide()
        whole.addWidget(self._footer)

    def set_title(self, title: str, subtitle: str = "") -> None:
        self._title.setText(title)
        self._subtitle.setText(subtitle)
        self._head.show()

    def set_note(self, text: str) -> None:
        """A quiet word at the lower left, e.g. that the draft is kept."""
        self._note.setText(text)
        self._footer.show()
        # At once, as a chip does: a note is often set while the page is still coming to rest.
        footer = self._footer.layout()
        assert footer is not None
        footer.activate()

    def add_action(self, button: QWidget) -> None:
        self._actions.addWidget(button)

    def add_footer(self, *buttons: QWidget) -> None:
        for button in buttons:
            self._buttons.addWidget(button)
        self._footer.show()
