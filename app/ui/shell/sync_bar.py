"""The bottom line: the state of the sync, always true; a click opens the Sync page."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.icons import icon, tone_colour
from app.ui.style import dress
from app.ui.sync.words import bar_text
from app.ui.tips import plain_tip
from app.ui.widgets.cards import label

if TYPE_CHECKING:
    from app.sync.facade import SyncStatus


class _Line(QPushButton):
    """A button of one line that ends in an ellipsis where its place is too short."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    def say(self, text: str) -> None:
        self._whole = text
        self._fit()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        # The icon and its gap at the left, and as much air at both ends.
        room = self.width() - self.iconSize().width() - 2 * theme.GAP_CARD - theme.GAP_INSIDE
        metrics = self.fontMetrics()
        shown = metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, max(room, 0))
        shown = shown.replace("&", "&&")
        if shown != self.text():
            self.setText(shown)


class SyncBar(QFrame):
    """One button over the whole width, and at the right the number of drafts."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="bar")
        self.setFixedHeight(theme.BAR_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 1, theme.GAP_CARD, 0)
        row.setSpacing(theme.GAP_CARD)
        self._button = _Line()
        dress(self._button, kind="bar")
        self._button.setIconSize(QSize(theme.ICON, theme.ICON))
        self._button.clicked.connect(self.pressed)
        self._drafts = label("", "secondary")
        row.addWidget(self._button, 1)
        row.addWidget(self._drafts)

    def show_status(self, status: SyncStatus | None, now: datetime, today: date) -> None:
        said = bar_text(status, now, today)
        dress(self, tone=said.tone)
        dress(self._button, tone=said.tone)
        self._button.setIcon(icon(said.icon, tone_colour(said.tone)))
        self._button.say(said.text)
        self._button.setAccessibleName(said.text)
        self._button.setToolTip(
            plain_tip(tr("{text}\nOpens the Sync page.").format(text=said.text))
        )

    def show_drafts(self, count: int) -> None:
        self._drafts.setText(tr("Drafts: {count}").format(count=count) if count else "")

    def text(self) -> str:
        """The whole sentence, also where less of it can be seen."""
        return self._button.whole()
