"""Jobs on a whole record through the widgets: merging, consents, closing, cards, numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import residents
from app.care.management.outcome import managed_diseases
from app.care.resident_record import consents, numbers
from app.care.resident_record.suspects import count_suspects
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.resident_record import NumberBlock
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from app.ui.settings.numbers import NumbersSection
from app.ui.settings.view import SettingsRoom
from tests.care.resident_record.test_merging import TWIN, manage
from tests.care.test_resident_page import FORM, visit
from tests.ui.checks import check_page
from tests.ui.residents.test_residents_room import (
    NUMBER,
    enter,
    focused,
    press,
    room,
    type_text,
    until,
)

__all__ = ["room"]


@pytest.fixture
def context(store: Store, actor: Actor, qapp: QApplication) -> UiContext:
    from app.ui.tasks import SynchronousRunner

    theme.apply(qapp)
    return UiContext(store, actor, SynchronousRunner())


@pytest.fixture
def pair(store: Store, actor: Actor) -> tuple[str, str]:
    first = residents.register(store, actor, FORM).resident_id
    second = residents.register(store, actor, TWIN, distinct_from=[first]).resident_id
    with store.write(actor) as session:
        session.get_one(Resident, second).distinct_from = []
        session.query(Outbox).delete()
    visit(store, actor, second, date(2026, 2, 1), 152, 88)
    return first, second


def queued(store: Store) -> set[tuple[str, str]]:
    with store.read() as session:
        return {(row.kind, row.record_id) for row in session.scalars(select(Outbox))}


def test_two_records_become_one_and_two_again(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    """List → suspects → compare → merge → the page shows both → undo → two again."""
    first, second = pair
    room.list.suspects_button.setFocus()
    press(qtbot, Qt.Key.Key_Space)
    page = room.suspects
    until(qtbot, lambda: focused() is page.table)
    check_page(page)
    assert page.model.rowCount() == 1
    enter(qtbot)
    dialog = page.dialog
    assert dialog is not None
    until(qtbot, dialog.isVisible)
    check_page(dialog)
    assert dialog.survivor.value() == first  # it bears the card
    said = {
        dialog.model.row(at).label: dialog.model.row(at) for at in range(dialog.model.rowCount())
    }
    assert said["姓名"].one == said["姓名"].other == "单国华"
    assert said["证件号码"].differs
    assert NUMBER not in said["证件号码"].one + said["证件号码"].other
    dialog.survivor.set_value(None)
    dialog.merge_button.click()
    assert dialog.survivor.message()
    dialog.survivor.set_value(first)
    qtbot.keyClick(dialog.merge_button, Qt.Key.Key_Space)
    assert not dialog.isVisible()
    assert page.empty.isVisible()
    assert count_suspects(store, actor) == 0
    assert ("resident", second) in queued(store)
    room.show_page(second)
    action = room.page.strip.action_button
    assert action is not None
    action.click()
    assert room.page.resident_id == first
    assert "含合并档案 1 份" in room.page.head.chips.texts()
    titles = [room.page.model.row(at).record_id for at in range(room.page.model.rowCount())]
    assert second in titles
    assert "收缩压 152" in room.page.pressure.accessibleDescription()
    room.page.head.merged.emit()
    merged = room.page.dialog
    assert merged is not None
    check_page(merged)
    qtbot.keyClick(merged.undo_button, Qt.Key.Key_Space)
    assert not merged.isVisible()
    until(qtbot, lambda: "可能重复建档" in room.page.head.chips.texts())
    assert count_suspects(store, actor) == 1


def test_two_people_are_never_asked_about_again(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, _ = pair
    room.show_page(first)
    head = room.page.head
    alert = next(each for each in room.page._summary.alerts if each.kind == "duplicate")
    head.alert.emit(alert)
    dialog = room.page.dialog
    assert dialog is not None
    qtbot.keyClick(dialog.distinct_button, Qt.Key.Key_Space)
    until(qtbot, lambda: "可能重复建档" not in head.chips.texts())
    room.list.suspects_button.click()
    assert room.suspects.empty.isVisible()
    press(qtbot, Qt.Key.Key_Escape)
    assert room.list.isVisible()


def test_a_consent_is_written_down_and_a_mistake_marked(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    who = residents.register(store, actor, FORM).resident_id
    room.show_page(who)
    room.page.head.consents.emit()
    dialog = room.page.dialog
    assert dialog is not None
    until(qtbot, lambda: focused() is dialog.fields["type"].editor)
    check_page(dialog)
    dialog.action_button.click()
    assert dialog.fields["decision"].message()
    assert dialog.nothing.isVisible()
    # With everything that is missing said, a screen of 768 with its task bar still holds it.
    QApplication.processEvents()
    assert dialog.sizeHint().height() <= theme.SCREEN_HEIGHT - 90
    dialog.fields["type"].editor.setFocus()
    press(qtbot, Qt.Key.Key_2)
    enter(qtbot)
    press(qtbot, Qt.Key.Key_2)
    enter(qtbot)
    enter(qtbot)  # today
    enter(qtbot)  # the resident signs
    enter(qtbot)
    press(qtbot, Qt.Key.Key_1)
    enter(qtbot)
    type_text(qtbot, "档案柜 3")
    dialog.action_button.click()
    (line,) = consents.list_consents(store, actor, who)
    assert (line.type, line.decision, line.signer, line.evidence, line.evidence_place) == (
        "sharing",
        "refused",
        "单国华",
        "paper",
        "档案柜 3",
    )
    assert ("consent", line.id) in queued(store)
    assert dialog.model.rowCount() == 1
    model = room.page.model
    until(qtbot, lambda: "知情同意" in [model.row(at).title for at in range(model.rowCount())])
    dialog.void_button.click()
    assert "误录" in dialog.strip.text() or dialog.strip.isVisible()
    dialog.reason.setText("录错人")
    dialog.void_button.click()
    assert consents.list_consents(store, actor, who)[0].voided
    assert not dialog.void_button.isEnabled()


def test_closing_says_what_ends_and_reopening_brings_it_back(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    room.show_page(who)
    room.page.head.bed_button.click()
    bed = room.page.dialog
    assert bed is not None
    bed.fields["bed"].set_value("12")
    bed.action_button.click()
    until(qtbot, lambda: any("12" in text for text in room.page.head.chips.texts()))
    room.page._status()
    dialog = room.page.dialog
    assert dialog is not None
    assert "在床 1 处" in dialog.effects.text()
    assert "慢病管理 1 项" in dialog.effects.text()
    check_page(dialog)
    dialog.fields["record_status"].set_value("deceased")
    dialog.fields["note"].set_value("脑出血")
    dialog.action_button.click()
    until(qtbot, lambda: "死亡 2026-03-02 脑出血" in room.page.head.chips.texts())
    (ended,) = managed_diseases(store, actor, who)
    assert (ended.managed, ended.reason) == (False, "1")
    # It was not a death, but a removal: what ended with it ends so.
    room.page._status()
    dialog = room.page.dialog
    assert dialog is not None
    dialog.fields["record_status"].set_value("moved_away")
    dialog.action_button.click()
    until(qtbot, lambda: not any("死亡" in text for text in room.page.head.chips.texts()))
    (ended,) = managed_diseases(store, actor, who)
    assert (ended.managed, ended.reason) == (False, "2")
    room.page._status()
    dialog = room.page.dialog
    assert dialog is not None
    dialog.fields["record_status"].set_value("active")
    dialog.fields["note"].set_value("录错人")
    dialog.action_button.click()
    until(qtbot, lambda: not any("迁出" in text for text in room.page.head.chips.texts()))
    assert managed_diseases(store, actor, who)[0].managed


def test_a_temporary_record_gets_its_card(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    numbers.reserve(
        store, actor, numbers.BlockInput("341524001101", 1, 100, TWIN.village, "一号机")
    )
    who = residents.register(store, actor, TWIN).resident_id
    room.show_page(who)
    alert = next(each for each in room.page._summary.alerts if each.kind == "temporary")
    room.page.head.alert.emit(alert)
    until(qtbot, lambda: focused() is room.form.number.line)
    type_text(qtbot, NUMBER)
    enter(qtbot)
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: room.page.isVisible())
    kept = residents.load_form(store, actor, who).form
    assert (kept.temporary, kept.id_no) == (False, NUMBER)
    assert "临时档案（无证件）" not in room.page.head.chips.texts()
    assert kept.record_no == "34152400110100001"
    assert "档案号 101-00001" in room.page.head.chips.texts()


def test_the_card_of_a_temporary_record_may_be_somebody_known(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    room.show_page(second)
    room.show_card(second)
    until(qtbot, lambda: focused() is room.form.number.line)
    type_text(qtbot, NUMBER)
    action = room.form.strip.action_button
    assert action is not None
    assert "是否合并" in room.form.strip.text()
    action.click()
    dialog = room.form.comparison
    assert dialog is not None
    assert dialog.survivor.value() == first
    dialog.merge_button.click()
    assert room.page.isVisible()
    assert room.page.resident_id == first
    with store.read() as session:
        assert session.get_one(Resident, second).merged_into_id == first


def test_serials_are_reserved_in_the_settings(
    qtbot: QtBot, context: UiContext, store: Store, actor: Actor
) -> None:
    settings = SettingsRoom(context)
    qtbot.addWidget(settings)
    settings.resize(theme.SCREEN_WIDTH - theme.RAIL_WIDTH, theme.SCREEN_HEIGHT - theme.TOP_HEIGHT)
    settings.show()
    settings.activateWindow()
    qtbot.waitActive(settings)
    settings.go("numbers")
    section = settings.section("numbers")
    assert isinstance(section, NumbersSection)
    check_page(settings)
    fields = section.form.fields
    fields["prefix"].editor.setFocus()
    until(qtbot, lambda: focused() is fields["prefix"].editor)
    type_text(qtbot, "３４１５２４ 001 101")
    enter(qtbot)
    assert (fields["first"].value(), fields["last"].value()) == (1, 1000)
    fields["area"].set_value("项冲村")
    section.form.submit()
    assert fields["pc_name"].message()
    fields["pc_name"].set_value("一号机")
    section.form.submit()
    (block,) = numbers.blocks(store, actor)
    assert (block.prefix, block.area, block.first, block.last, block.here, block.left) == (
        "341524001101",
        "项冲村",
        1,
        1000,
        True,
        1000,
    )
    assert ("number_block", block.id) in queued(store)
    assert section.model.rowCount() == 1
    assert fields["pc_name"].value() == "一号机"
    fields["prefix"].set_value("341524001101")
    fields["first"].set_value(1000)
    fields["last"].set_value(1200)
    section.form.submit()
    assert "一号机" in fields["first"].message()
    section.close_button.click()
    assert numbers.blocks(store, actor)[0].closed
    with store.read() as session:
        assert len(session.scalars(select(NumberBlock)).all()) == 1


def test_the_two_records_look_different_where_they_are(
    room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    """A field that only one of the two has filled is marked, the same ones are not."""
    first = residents.register(store, actor, FORM).resident_id
    other = replace(FORM, id_no="341599195001010018", name="单国强", phone="")
    second = residents.register(store, actor, other).resident_id
    room.show_page(first)
    room.page._compare(second)
    dialog = room.page.dialog
    assert dialog is not None
    rows = {
        dialog.model.row(at).label: dialog.model.row(at) for at in range(dialog.model.rowCount())
    }
    assert rows["姓名"].differs
    assert not rows["性别"].differs
    assert isinstance(dialog.grab().toImage(), QImage)
