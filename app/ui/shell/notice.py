"""One short sentence that needs no answer: comes below the top line and goes by itself."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.ui import theme
from app.ui.icons import TONE_ICONS, tone_colour
from app.ui.style import dress
from app.ui.widgets.cards import IconLabel, label

_SHOWN_MS = 4000


class Notice(QFrame):
    """Lies over the page; never takes the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
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
        parent = self.parentWidget()
        self.move((parent.width() - self.width()) // 2, theme.TOP_HEIGHT + theme.GAP_INSIDE)
        self.show()
        self.raise_()
        self._timer.start()

    def text(self) -> str:
        return self._text.text()
