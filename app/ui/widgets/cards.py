"""Quiet containers and small marks: cards, chips, titles, the empty state."""

from __future__ import annotations

from PySide6 import QtCore
from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ui import theme
from app.ui.icons import TONE_ICONS, character, icon_font, tone_colour
from app.ui.style import dress


class PlainLabel(QLabel):
    """A label that shows its text as it is, also when it looks like HTML."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)

    def setText(self, text: str) -> None:
        if "<" in text:
            self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        super().setText(text)


def label(text: str = "", kind: str = "", *, wrap: bool = False, tone: str = "") -> QLabel:
    """A text. Kinds: title, section, figure, strong, secondary, hint, or none for body text."""
    made = PlainLabel(text)
    made.setWordWrap(wrap)
    dress(made, kind=kind, tone=tone)
    return made


class IconLabel(QLabel):
    """Only an icon; the word stands beside it in another label.

    The icon is a letter of the icon font, coloured by the style sheet, so it follows a change of
    palette and stays sharp at every scale.
    """

    def __init__(
        self, name: str = "", colour: str = "text_secondary", size: int = theme.ICON
    ) -> None:
        super().__init__()
        self.setFixedSize(QSize(size, size))
        self.setFont(icon_font(size))
        # Screen readers must not spell the private letter of the icon font.
        self.setAccessibleName(" ")
        # Dressed also while it shows nothing: one first dressed after its window was shown
        # would keep the colour of text.
        dress(self, icon=colour)
        if name:
            self.set_icon(name, colour)

    def set_icon(self, name: str, colour: str = "text_secondary") -> None:
        dress(self, icon=colour)
        self.setText(character(name))


class Card(QFrame):
    """A white panel with an optional title line. Put content into ``body`` (a vertical layout)."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="card")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_CARD, theme.GAP_CARD)
        whole.setSpacing(theme.GAP_FIELD)
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.GAP_INSIDE)
        self._title = label(title, "section")
        self.header.addWidget(self._title)
        self.header.addStretch(1)
        if title:
            whole.addLayout(self.header)
        else:
            self._title.hide()
            whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.GAP_FIELD)
        whole.addLayout(self.body, 1)

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def add_action(self, button: QWidget) -> None:
        """A small action at the right end of the title line."""
        self.header.addWidget(button)


class Chip(QFrame):
    """A small mark: a word on a tinted ground, with an icon where the tone is not neutral."""

    def __init__(
        self,
        text: str = "",
        tone: theme.Tone = "neutral",
        icon_name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_INSIDE, 2, theme.GAP_INSIDE, 2)
        row.setSpacing(theme.GAP_TIGHT)
        self._icon = IconLabel(size=14)
        self._text = label("", "secondary")
        row.addWidget(self._icon)
        row.addWidget(self._text)
        self.set(text, tone, icon_name)

    def set(self, text: str, tone: theme.Tone = "neutral", icon_name: str = "") -> None:
        dress(self, kind="chip", tone=tone)
        dress(self._text, tone="" if tone == "neutral" else tone)
        name = icon_name or ("" if tone in ("neutral", "accent") else TONE_ICONS[tone])
        self._icon.setVisible(bool(name))
        if name:
            self._icon.set_icon(name, tone_colour(tone))
        self._text.setText(text)
        self.setAccessibleName(text)
        # A longer word asks for its room at once: asked for later, a page that just came to the
        # front does not give it.
        row = self.layout()
        assert row is not None
        row.activate()

    def text(self) -> str:
        return self._text.text()


class EmptyState(QWidget):
    """Where a list would be: what will appear here and how to make the first one."""

    def __init__(
        self,
        text: str,
        hint: str = "",
        icon_name: str = "inbox-line",
        action: QPushButton | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_INSIDE)
        column.addStretch(1)
        image = IconLabel(icon_name, "line_strong", theme.ICON_HERO)
        self._text = label(text, "strong", wrap=True)
        self._hint = label(hint, "secondary", wrap=True)
        if not hint:
            self._hint.hide()
        centre = QtCore.Qt.AlignmentFlag.AlignHCenter
        column.addWidget(image, 0, centre)
        column.addSpacing(theme.GAP_TIGHT)
        for words in (self._text, self._hint):
            words.setAlignment(centre)
            column.addWidget(words)
        if action is not None:
            column.addWidget(action, 0, centre)
        column.addStretch(2)

    def set_text(self, text: str, hint: str = "") -> None:
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))


def rule() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setFixedHeight(1)
    dress(line, kind="rule")
    return line
