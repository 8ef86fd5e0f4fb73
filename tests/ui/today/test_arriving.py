"""The cursor comes to the work also where Today was opened before there was any."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.today.view import TodayRoom
from tests.care.rounds.people import due, villager


class _Desk(QWidget):
    """Today beside the column of rooms and the finder."""

    def __init__(self, room: TodayRoom) -> None:
        super().__init__()
        self.room = room
        self.rail, self.finder = QPushButton("今日"), QLineEdit()
        row = QHBoxLayout(self)
        for each in (self.rail, self.finder, room):
            row.addWidget(each)


@pytest.fixture
def desk(context: UiContext, qtbot: QtBot) -> _Desk:
    made = _Desk(TodayRoom(context))
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.room.open()
    made.rail.setFocus()
    return made


def work_comes(store: Store, actor: Actor, context: UiContext) -> str:
    who = villager(store, actor, "赵一")
    due(store, actor, who, "follow_up:hypertension", -2)
    context.tell_changed("resident")
    return who


def test_enter_opens_the_first_line_that_came_later(
    desk: _Desk, store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    opened: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda where, arguments: opened.append((where, arguments)))
    context.tell_changed("resident")  # asked once more, and still nothing to do
    assert desk.rail.hasFocus()
    who = work_comes(store, actor, context)
    assert desk.room.today.list.hasFocus()
    qtbot.keyClick(desk.room.today.list, Qt.Key.Key_Return)
    assert opened == [("chronic", {"resident_id": who, "disease": "hypertension"})]


def test_who_types_elsewhere_is_left_there(
    desk: _Desk, store: Store, actor: Actor, context: UiContext
) -> None:
    desk.finder.setFocus()
    work_comes(store, actor, context)
    assert desk.finder.hasFocus()


def test_the_cursor_stays_in_another_room(
    desk: _Desk, store: Store, actor: Actor, context: UiContext
) -> None:
    desk.room.leave()
    work_comes(store, actor, context)
    assert desk.rail.hasFocus()
