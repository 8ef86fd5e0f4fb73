"""A house with its referral room, and typing as a person does, for tests of the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.referrals.view import ReferralsRoom
from tests.referral_support import carry


@dataclass
class House:
    """One organisation's store, person and room."""

    store: Store
    actor: Actor
    context: UiContext
    room: ReferralsRoom
    said: list[str]

    def news_from(self, other: House) -> None:
        """What a pull does: rows are applied, the screen is told."""
        carry(other.store, self.store)
        self.context.tell_changed("referral", "referral_task", "referral_event")

    def names(self) -> list[str]:
        """The lines of the list as they are spoken, headings included."""
        model = self.room.model
        return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]

    def buttons(self) -> list[str]:
        return [button.text() for button in self.room.detail.move_buttons()]

    def press(self, word: str) -> None:
        """A move's button by its word."""
        button = next(b for b in self.room.detail.move_buttons() if b.text() == word)
        button.click()

    @property
    def dialog(self) -> QDialog:
        assert self.room.controller.dialog is not None
        return self.room.controller.dialog


class Keys:
    """Typing as a person does: always into whatever has the focus."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot

    def focused(self) -> QWidget:
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def text(self, text: str) -> None:
        """Keys for Latin letters and digits, the input method for all else."""
        if text.isascii():
            self._qtbot.keyClicks(self.focused(), text)
        else:
            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(self.focused(), event)

    def key(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        self._qtbot.keyClick(self.focused(), key, held)

    def enter(self) -> None:
        """To the next field; a box of several lines takes Ctrl+Enter."""
        if isinstance(self.focused(), QPlainTextEdit):
            self.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        else:
            self.key(Qt.Key.Key_Return)

    def to(self, widget: QWidget) -> None:
        """Enter until the focus is there, at most a page's worth."""
        for _ in range(60):
            if self.focused() is widget:
                return
            self.enter()
        raise AssertionError("the keyboard does not reach this field")

    def save(self) -> None:
        self.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


def bring(dialog: QDialog, qtbot: QtBot) -> None:
    """Wait until an opened dialog has the keyboard, as every desktop gives it."""
    dialog.activateWindow()

    def has_focus() -> bool:
        widget = QApplication.focusWidget()
        return widget is not None and dialog.isAncestorOf(widget)

    qtbot.waitUntil(has_focus)


def back(house: House, qtbot: QtBot) -> None:
    """Wait until the keyboard is with the room again after its dialog closed."""
    house.room.activateWindow()

    def has_focus() -> bool:
        widget = QApplication.focusWidget()
        return widget is not None and house.room.isAncestorOf(widget)

    qtbot.waitUntil(has_focus)


def front(house: House, qtbot: QtBot) -> House:
    """The room as it is when a person comes to it."""
    house.room.show()
    house.room.activateWindow()
    qtbot.waitActive(house.room)
    house.room.open()
    return house
