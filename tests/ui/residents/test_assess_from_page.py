"""The whole job: find the resident, assess by keys, see it in the timeline and in the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.assessments.view import AssessmentsRoom
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from tests.care.assessments.test_record import add_resident

CTRL = Qt.KeyboardModifier.ControlModifier


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def test_found_assessed_by_keys_and_seen_again(
    context: UiContext, store: Store, actor: Actor, shown: Callable[..., Any], qtbot: QtBot
) -> None:
    resident = add_resident(store, actor, name="赵德顺", village="光明村")
    residents, assessments = ResidentsRoom(context), AssessmentsRoom(context)
    rooms = {"residents": residents, "assessments": assessments}

    def to_front(name: str, where: dict[str, Any]) -> None:
        rooms[name].open(**where)
        with qtbot.waitActive(rooms[name]):
            rooms[name].show()
            rooms[name].activateWindow()

    context.navigated.connect(to_front)
    shown(residents)
    shown(assessments)
    context.navigate("residents")
    qtbot.keyClicks(residents.list.find_line, "zds")
    qtbot.waitUntil(lambda: residents.list.table.model().rowCount() == 1)
    residents.list.table.choose(0)
    residents.list.table.setFocus()
    qtbot.keyClick(residents.list.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: residents.page.resident_id == resident)
    assert residents.page.barthel.isHidden()
    qtbot.keyClick(residents.page, "4", CTRL)
    qtbot.waitUntil(lambda: assessments.overview.known is not None)
    assessments.overview.table.choose(2)
    qtbot.keyClick(assessments.overview, "n", CTRL)
    QApplication.processEvents()
    for _ in range(10):
        qtbot.keyClick(focused(), "1")
        QApplication.processEvents()
    assert assessments.form_page is not None
    assert "100 分（100）→ 无需依赖" in assessments.form_page.live.text()
    qtbot.keyClick(focused(), "s", CTRL)
    qtbot.waitUntil(lambda: assessments.form_page is None)
    qtbot.keyClick(assessments.overview, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: residents.page.barthel.isVisible())
    titles = [residents.page.model.row(at).title for at in range(residents.page.model.rowCount())]
    assert "评估：Barthel 指数" in titles
    with store.read() as session:
        assert session.scalars(select(Outbox.kind).where(Outbox.kind == "assessment")).all()
    entry = residents.page.model.row(titles.index("评估：Barthel 指数"))
    residents.page.timeline.opened.emit(entry)
    qtbot.waitUntil(lambda: assessments.form_page is not None)
    assert assessments.form_page.read().answers["feeding"] == "1"
