"""A form that is only read: what was typed can be seen and scrolled, and nothing changed."""

from __future__ import annotations

from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.ui import theme
from app.ui.widgets.pages import Page

# As dark as a text that can be changed: it is there to be read.
_LEGIBLE = Template(
    """
QLabel:disabled, QCheckBox:disabled, QLineEdit:disabled, QPlainTextEdit:disabled,
QComboBox:disabled, QPushButton[kind="option"]:disabled { color: $text; }
QLabel[kind="hint"]:disabled, QLabel[kind="secondary"]:disabled { color: $secondary; }
QPushButton[kind="option"]:checked:disabled {
    background: $accent_soft; border-color: $accent; color: $accent_text; font-weight: 600; }
"""
)


def show_to_be_read(page: Page, why: str, *without: QWidget) -> None:
    """``why`` in the strip, every field locked, every key of the page but Esc without effect, and
    the keyboard on the content to scroll it. An empty ``why`` gives the form back.

    ``without``: what only belongs to a form that is filled in.
    """
    area = page.scroll_area
    assert area is not None
    content = area.widget()
    locked = bool(why)
    for each in without:
        each.setVisible(not locked)
    if content.isEnabled() and not locked:
        return
    leave = QKeySequence(Qt.Key.Key_Escape)
    for shortcut in page.findChildren(QShortcut):
        shortcut.setEnabled(not locked or shortcut.key() == leave)
    content.setEnabled(not locked)
    colours = theme.colours()
    dressed = _LEGIBLE.substitute(
        text=colours.text,
        secondary=colours.text_secondary,
        accent=colours.accent,
        accent_soft=colours.accent_soft,
        accent_text=colours.accent_text,
    )
    content.setStyleSheet(dressed if locked else "")
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus if locked else Qt.FocusPolicy.NoFocus)
    if locked:
        area.setAccessibleName(why)
        page.strip.say(why, "neutral", closable=False)
        area.verticalScrollBar().setValue(0)
        area.setFocus()
