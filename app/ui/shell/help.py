"""F1: the keys of the page in front and of the whole program."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label, rule
from app.ui.widgets.said_keys import said_keys


class KeysDialog(QDialog):
    """Two lists: the keys everywhere, and those of the page that can be seen now."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keys of this page"))
        self.setMinimumWidth(theme.DIALOG_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_CARD)
        column.addWidget(label(tr("Keys of this page"), "title"))
        found = _keys_of_buttons(parent) + _keys_of_pages(parent) + _keys_of_widgets(parent)
        here = list(dict.fromkeys(found))  # several lists of a page may take the same key
        if here:
            column.addLayout(_table(here))
            column.addWidget(rule())
        column.addLayout(_table(everywhere()))
        close = PrimaryButton(tr("Close"), self.accept, shortcut="")
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        close.setFocus()


def everywhere() -> list[tuple[str, str]]:
    """The keys that work on every page."""
    return [
        ("F3, Ctrl+K", tr("Find anyone")),
        ("Alt+1 … Alt+9", tr("The rooms at the left")),
        ("Enter, Shift+Enter", tr("Next field, field before")),
        ("Ctrl+S", tr("Save")),
        ("Ctrl+N", tr("New")),
        ("Esc", tr("Leave; the draft is kept")),
        ("Ctrl+L", tr("Lock the screen")),
        ("F1", tr("This list")),
    ]


def _keys_of_buttons(parent: QWidget) -> list[tuple[str, str]]:
    found = []
    for button in parent.findChildren(Button):
        if button.isVisible() and button.keys:
            found.append((button.keys, button.text().replace("&&", "&")))
    return found


def _keys_of_pages(parent: QWidget) -> list[tuple[str, str]]:
    """The keys that a page takes itself and says what they do."""
    found = []
    for shortcut in parent.findChildren(QShortcut):
        page = shortcut.parent()
        if shortcut.whatsThis() and isinstance(page, QWidget) and page.isVisible():
            keys = shortcut.key().toString(QKeySequence.SequenceFormat.NativeText)
            found.append((keys, shortcut.whatsThis()))
    return found


def _keys_of_widgets(parent: QWidget) -> list[tuple[str, str]]:
    """The keys that a list takes while it has the focus."""
    return [
        said
        for widget in parent.findChildren(QWidget)
        if widget.isVisible()
        for said in said_keys(widget)
    ]


def _table(rows: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.GAP_SECTION)
    grid.setVerticalSpacing(theme.GAP_INSIDE)
    for at, (keys, what) in enumerate(rows):
        grid.addWidget(label(keys, "strong"), at, 0)
        grid.addWidget(label(what), at, 1)
    grid.setColumnStretch(1, 1)
    return grid
