"""At the keyboard one sees where one is: the focus mark, the page that follows, the tips."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.form_page import FormPage
from app.ui.residents.view import ResidentsRoom
from app.ui.roster.page import RosterPage
from app.ui.widgets.buttons import PrimaryButton
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.pages import ScrollArea
from tests.ui.checks import show_page


def in_sight(area: ScrollArea, widget: QWidget) -> bool:
    """All of a field; of a box of several lines the one with the cursor."""
    port = area.viewport()
    shown = widget.cursorRect() if isinstance(widget, QPlainTextEdit) else widget.rect()
    return port.rect().contains(QRect(widget.mapTo(port, shown.topLeft()), shown.size()))


@pytest.mark.parametrize("multiple", [False, True])
def test_the_option_under_the_keyboard_bears_a_mark(
    qapp: QApplication, shown: Callable[..., ChoiceField], multiple: bool
) -> None:
    theme.apply(qapp)
    field = shown(ChoiceField("k", "症状", [("1", "无"), ("2", "有")], multiple=multiple))
    first, second = field.options.button("1"), field.options.button("2")
    field.options.clearFocus()
    QApplication.processEvents()
    plain = first.grab().toImage()
    field.options.setFocus()
    QApplication.processEvents()
    assert first.grab().toImage() != plain
    unmarked = second.grab().toImage()
    field.options._move(1)
    assert second.grab().toImage() != unmarked
    assert first.grab().toImage() == plain


def test_enter_walks_through_the_whole_form_and_the_page_follows(
    qtbot: QtBot, context: UiContext
) -> None:
    room = ResidentsRoom(context)
    show_page(qtbot, room)
    room.show_new()
    form: FormPage = room.form
    area = form.scroll_area
    assert isinstance(area, ScrollArea)
    qtbot.waitUntil(lambda: form.isAncestorOf(QApplication.focusWidget() or room))
    reached = set()
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        if area.isAncestorOf(focused):
            assert in_sight(area, focused), focused.accessibleName()
            reached.add(focused.accessibleName())
        if focused.accessibleName() == "备注":  # the last one takes several lines
            break
        qtbot.keyClick(focused, Qt.Key.Key_Return)
        QApplication.processEvents()
    assert {"姓名", "村", "残疾情况", "备注"} <= reached
    assert area.verticalScrollBar().value() > 0


def test_a_village_in_use_is_offered_and_never_filled_in(
    qtbot: QtBot, context: UiContext, store: Store, actor: Actor
) -> None:
    with store.write(actor) as session:
        for village in ("东山村", "柳河村"):
            born = date(1950, 1, 1)
            session.add(Resident(name="甲", sex="1", birth_date=born, village=village))
    room = ResidentsRoom(context)
    show_page(qtbot, room)
    room.show_new()
    field = room.form.fields["village"]
    assert field.is_blank()
    field.line.setText("山")
    assert field.offered() == ["东山村"]
    field.line.setText("新村")  # not in use yet: taken as it is
    assert field.offered() == []
    assert field.value() == "新村"


class _Windows(QObject):
    """Every widget that shows itself as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched).__name__)
        return False


def test_building_the_roster_page_opens_no_window_of_its_own(
    qapp: QApplication, qtbot: QtBot, context: UiContext
) -> None:
    windows = _Windows()
    qapp.installEventFilter(windows)
    try:
        qtbot.addWidget(RosterPage(context))
    finally:
        qapp.removeEventFilter(windows)
    assert windows.seen == []


def test_a_buttons_tip_follows_its_word(qtbot: QtBot) -> None:
    button = PrimaryButton("打开", shortcut="Ctrl+N")
    qtbot.addWidget(button)
    button.setText("签约")
    assert (button.toolTip(), button.accessibleName()) == ("签约（Ctrl+N）", "签约")
    told = PrimaryButton("打开", shortcut="Ctrl+N", tip="打开表格")
    qtbot.addWidget(told)
    told.setText("签约")
    assert told.toolTip() == "打开表格（Ctrl+N）"
