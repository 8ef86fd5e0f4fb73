"""A slip whose record was merged after the printing is entered under the one that goes on."""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.paper.log import note_print
from app.care.paper.rounds import RoundRequest, prepare_round
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.today.view import TodayRoom
from tests.care.resident_record.test_merging import merge
from tests.care.rounds.people import village, villager


def test_entered_by_its_number_and_said(
    store: Store, actor: Actor, clock: FixedClock, context: UiContext, shown: Any, qtbot: QtBot
) -> None:
    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids), "光荣村"))
    note_print(store, actor, document, "paper", 3)
    clock.advance(hours=1)
    goes_on = villager(store, actor, "赵一平", village="光荣村")
    merge(store, actor, ids[0], goes_on)
    room: TodayRoom = shown(TodayRoom(context))
    room.to_pile()
    page = room.pile.page
    slip = page.model.row(0)
    assert slip is not None
    assert (slip.name, slip.resident_id) == ("赵一平", goes_on)
    cells = [page.model.index(0, at).data() for at in range(page.model.columnCount())]
    assert "待录入（档案已合并，纸上：赵一）" in cells
    page.day.set_value(date(2026, 2, 27))
    page.mode.set_value("2")
    page.day.left.emit()
    page.number.set_value("1-01")
    page.number.line.returnPressed.emit()
    form = room.pile.form
    assert "纸上打印的是赵一" in form._subtitle.text()
    qtbot.waitUntil(form.fields["hypertension.symptoms"].options.hasFocus)

    def keys(text: str) -> None:
        for char in text:
            qtbot.keyClick(QApplication.focusWidget(), char)

    # The key of the slip's number is its own: F8 is that of the visit before.
    qtbot.keyClick(form, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(form.number.hasFocus)
    copied = []
    form.copy_drugs = lambda: copied.append("drugs")
    qtbot.keyClick(form, Qt.Key.Key_F8)
    assert copied == ["drugs"]
    form.fields["hypertension.symptoms"].options.setFocus()

    keys("1")
    qtbot.keyClick(form, Qt.Key.Key_F2)
    keys("128")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    keys("76")
    qtbot.keyClick(form, Qt.Key.Key_F2)
    keys("1")
    keys("1")
    form.save_button.click()
    qtbot.waitUntil(lambda: page.pile is not None and page.pile.slips[0].state == "entered")
    with store.read() as session:
        (visit,) = session.scalars(select(FollowUp))
        assert (visit.resident_id, visit.sbp) == (goes_on, 128)
