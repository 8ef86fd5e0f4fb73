"""One short sentence that needs no answer: comes in the top line and goes by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.ui import theme
from app.ui.icons import TONE_ICONS, tone_colour
from app.ui.style import dress
from app.ui.widgets.cards import IconLabel, label

_SHOWN_MS = 4000


class Notice(QFrame):
    """Lies over the top line beside the find box; never takes the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        # From the start: a ground that is only put on later is not painted the first time.
        dress(self, kind="strip", tone="confirmed")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(*(theme.GAP_FIELD, theme.GAP_INSIDE) * 2)
        row.setSpacing(theme.GAP_INSIDE)
        self._icon = IconLabel(size=theme.ICON_LARGE)
        self._text = label()
        row.addWidget(self._icon)
        row.addWidget(self._text)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, text: str, tone: theme.Tone = "confirmed") -> None:
        dress(self, kind="strip", tone=tone)
        dress(self._text, tone="" if tone == "neutral" else tone)
        self._icon.set_icon(TONE_ICONS[tone], tone_colour(tone))
        self._text.setText(text)
        self.setAccessibleName(text)
        self.adjustSize()
        # In the top line, where it covers nothing of the page.
        beside = theme.RAIL_WIDTH + theme.FINDER_WIDTH + 2 * theme.GAP_CARD + theme.GAP_CARD
        room = self.parentWidget().width() - beside - theme.GAP_CARD
        self.resize(min(self.width(), room), min(self.height(), theme.TOP_HEIGHT - 2))
        self.move(beside, (theme.TOP_HEIGHT - self.height()) // 2)
        self.show()
        self.raise_()
        self._timer.start()

    def text(self) -> str:
        return self._text.text()
