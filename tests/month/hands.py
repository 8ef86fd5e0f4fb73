"""A person at one of the programs: finds, opens, types, saves, and sees it in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.clock import clinic_time
from app.ui.referrals.model import ITEM_ROLE
from app.ui.widgets.fields import Field
from tests.month.program import Program, settle
from tests.referral_rooms import Keys, bring

ENDED = frozenset({"closed", "rejected", "cancelled", "no_show", "expired"})


class Hands:
    """Keys and the mouse at the window that is in front."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.keys = Keys(qtbot)

    def press(self, button: QAbstractButton) -> None:
        """A click in the middle of a button that can be seen and pressed."""
        assert button.isEnabled(), button.text()
        assert button.isVisible(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def type_in(self, field: Field, text: str) -> None:
        """A click into a field, the old text away, the new one typed."""
        editor = field.editor
        editor.setFocus(Qt.FocusReason.MouseFocusReason)
        assert QApplication.focusWidget() is editor, field.key
        assert isinstance(editor, QLineEdit | QPlainTextEdit), field.key
        editor.selectAll()
        self.keys.text(text)

    def choose(self, field: Any, *codes: str) -> None:
        """Options of a choice by the mouse; those of a drop-down list by the keyboard's list."""
        if hasattr(field, "combo"):
            field.set_value(codes[0])
            return
        held = field.value()
        for code in codes:
            if code not in (held if isinstance(held, tuple) else (held,)):
                self.press(field.editor.button(code))
        for code in held if isinstance(held, tuple) else ():
            if code not in codes:
                self.press(field.editor.button(code))

    def fill(self, fields: Any, typed: Mapping[str, str]) -> None:
        for key, text in typed.items():
            self.type_in(fields[key], text)

    def moment(self, fields: Any, at: datetime) -> None:
        """A day and a time of day."""
        local = clinic_time(at)
        self.type_in(fields.day, f"{local:%Y-%m-%d}")
        self.type_in(fields.time, f"{local:%H:%M}")

    # -- the room -----------------------------------------------------------------------------

    def enter(self, program: Program) -> Any:
        """The referral room of a program, with its list."""
        program.front()
        if program.frame.here != "referrals":
            program.frame.go("referrals")
        room = program.room
        if room.pages.currentWidget() is not room.desk:
            raise AssertionError(f"{program.house}: a form is still open")
        return room

    def show_list(self, program: Program, side: str, *, ended: bool) -> list[Any]:
        """The lines of one of the four lists, as they are shown."""
        room = self.enter(program)
        button = room.sent if side == "S" else room.received
        if not button.isChecked() or room.ended.isChecked() or ended:
            self.press(button)
        if ended:
            self.press(room.ended)
        model = room.model
        rows = [model.item(row) for row in range(model.rowCount())]
        return [row for row in rows if hasattr(row, "referral_id")]

    def open(self, program: Program, side: str, referral_id: str, state: str) -> Any:
        """A click on the line of a referral; its page at the right."""
        room = self.enter(program)
        lines = self.show_list(program, side, ended=state in ENDED)
        found = [line for line in lines if line.referral_id == referral_id]
        assert found, (program.house, referral_id, state)
        assert found[0].state == state, (program.house, found[0].state, state)
        row = room.model.row_of(referral_id)
        index = room.model.index(row, 0)
        assert index.data(ITEM_ROLE) is not None
        room.list.scrollTo(index)
        spot: QPoint = room.list.visualRect(index).center()
        QTest.mouseClick(
            room.list.viewport(),
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            spot,
        )
        settle()
        view = room.controller.view
        assert view is not None
        assert view.referral_id == referral_id
        assert view.state == state, (program.house, view.state, state)
        return room

    def move(self, room: Any, word: str) -> None:
        """The button of a move or step by the beginning of its word."""
        buttons = room.detail.move_buttons()
        found = [button for button in buttons if button.text().startswith(word)]
        assert found, (word, [button.text() for button in buttons])
        self.press(found[0])

    def offers(self, room: Any, word: str) -> bool:
        return any(button.text().startswith(word) for button in room.detail.move_buttons())

    def dialog(self, room: Any, fill: Callable[[Any], None]) -> None:
        """Fill the dialog that opened and save it with the keyboard."""
        dialog = room.controller.dialog
        self.in_dialog(dialog, fill)

    def in_dialog(self, dialog: Any, fill: Callable[[Any], None]) -> None:
        bring(dialog, self.qtbot)
        window = dialog.parentWidget().window()
        fill(dialog)
        self.save()
        assert gone(dialog), (dialog.windowTitle(), shown_problems(dialog, dialog.fields))
        window.activateWindow()
        settle()

    def save(self) -> None:
        self.keys.save()
        settle()

    def person(self, program: Program, name: str) -> Any:
        """Ctrl+N, the name, Enter: the form of a new letter."""
        room = self.enter(program)
        room.list.setFocus()
        self.qtbot.keyClick(room, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        dialog = room.dialog
        bring(dialog, self.qtbot)
        self.keys.text(name)
        self.keys.enter()
        settle()
        assert gone(dialog), f"{name} was not found"
        program.front()
        return room


def gone(dialog: Any) -> bool:
    """Whether a dialog was closed; soon after it does not exist any more."""
    return not isValid(dialog) or not dialog.isVisible()


def shown_problems(form: QWidget, fields: Any) -> dict[str, str]:
    """What a form that did not close complains of."""
    strip = getattr(form, "strip", None)
    found = {f.key: f.message() for f in fields if f.message()}
    return {**found, "strip": "" if strip is None else strip.text()}
