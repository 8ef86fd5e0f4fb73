"""Nothing of the room is cut off or wider than the screen, in both languages; all has a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import i18n
from app.care import residents
from app.care.basic_form import Answer, Disease
from app.care.conditions import ConditionInput, add_condition
from app.models.actor import Actor
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from app.ui.tasks import SynchronousRunner
from app.ui.widgets.forms import tab_order
from tests.care.test_basic_form import WHOLE
from tests.care.test_resident_page import FORM, visit

WIDTH = theme.SCREEN_WIDTH - theme.RAIL_WIDTH
HEIGHT = theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT


@pytest.fixture(params=["zh_CN", "en"])
def room(
    request: pytest.FixtureRequest, store: Store, actor: Actor, qapp: QApplication, qtbot: QtBot
) -> ResidentsRoom:
    i18n.set_language(request.param)
    theme.apply(qapp)
    made = ResidentsRoom(UiContext(store, actor, SynchronousRunner()))
    qtbot.addWidget(made)
    made.resize(WIDTH, HEIGHT)
    made.show()
    qtbot.waitExposed(made)
    return made


def check(widget: QWidget) -> None:
    """Width, cut buttons, names of controls."""
    assert widget.width() == WIDTH
    assert widget.minimumSizeHint().width() <= WIDTH
    assert widget.minimumSizeHint().height() <= HEIGHT
    for control in widget.findChildren(QWidget):
        if not control.isVisible():
            continue
        kinds = (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit, QAbstractItemView)
        inner = control.objectName().startswith("qt_") or isinstance(
            control.parent(), QComboBox | QAbstractItemView
        )
        if isinstance(control, kinds) and not inner and control.focusPolicy().value:
            text = getattr(control, "text", lambda: "")()
            named = control.accessibleName() or (text if isinstance(control, QPushButton) else "")
            assert named, control
        if isinstance(control, QPushButton) and control.text():
            assert control.width() >= control.sizeHint().width(), control.text()
        left = control.mapTo(widget, control.rect().topLeft()).x()
        assert left + control.width() <= WIDTH, control


def settle() -> None:
    for _ in range(4):
        QApplication.processEvents()


def test_the_list_empty_and_full(room: ResidentsRoom, store: Store, actor: Actor) -> None:
    room.open()
    settle()
    check(room)
    residents.register(store, actor, FORM)
    residents.register(store, actor, WHOLE)
    room.open()
    settle()
    check(room)
    room.list.find_line.setText("张无忌")
    room.list.refresh()
    settle()
    check(room)


def test_the_page_with_the_longest_of_all(room: ResidentsRoom, store: Store, actor: Actor) -> None:
    saved = residents.register(
        store,
        actor,
        replace(
            FORM,
            name="阿不都热合曼·" + "买买提" * 13,
            phone="0564-7356120-123456",
            village="很长的村名" * 9,
            township="很长的乡镇名" * 8,
            drug_allergy=(Answer("2"), Answer("5", "药" * 100)),
            past_disease=tuple(Disease(str(code), "2015", "字" * 90) for code in range(2, 14)),
        ),
    ).resident_id
    add_condition(store, actor, saved, ConditionInput("诊" * 100))
    visit(store, actor, saved, date(2026, 3, 1), 190, 112, urgent=True, fpg=8.0)
    room.open(resident_id=saved)
    settle()
    check(room)
    room.page.head.reveal_button.click()
    settle()
    check(room)


def test_the_form_new_wrong_and_whole(room: ResidentsRoom, store: Store, actor: Actor) -> None:
    room.open(new=True)
    settle()
    check(room)
    room.form.save()
    settle()
    check(room)
    room.form.fields.show(WHOLE)
    settle()
    check(room)
    bar = room.form.scroll_area
    assert bar is not None
    assert bar.horizontalScrollBar().maximum() == 0


def test_the_tab_order_follows_the_paper(room: ResidentsRoom) -> None:
    room.open(new=True)
    room.form.fields.show(WHOLE)
    settle()
    stops = tab_order(room.form)
    places = [stops.index(each.editor) for each in room.form.fields if each.editor in stops]
    assert len(places) > 40
    assert places == sorted(places)
    for field in room.form.fields:
        rows = [
            stops.index(line)
            for line in field.findChildren(QLineEdit)
            if line in stops and line is not field.editor
        ]
        if field.editor in stops and field.key != "contacts":
            assert all(place > stops.index(field.editor) for place in rows), field.key
            own = [*sorted(rows)]
            assert own == list(range(own[0], own[0] + len(own))) if own else True
