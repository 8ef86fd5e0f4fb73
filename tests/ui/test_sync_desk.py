"""The conflict desk and refused records by keyboard, on real stores and a real server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

from app.care.follow_up import correct_follow_up, load_visit, record_follow_up
from app.i18n import set_language
from app.models.chronic import FollowUp
from app.models.identity import new_id
from app.models.outbox import REJECTED, Conflict, Outbox, delivery_state
from app.models.records import fetch
from app.models.resident import Resident
from app.sync.facade import SyncService
from app.ui.context import UiContext
from app.ui.sync.bridge import SyncBridge
from app.ui.sync.view import SyncRoom
from app.ui.tasks import SynchronousRunner
from tests.care.follow_up_samples import a_visit, managed_resident
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic, make_clinic, proxy, server, township
from tests.sync.making import a_resident, save
from tests.ui.checks import check_page, type_text

__all__ = ["make_clinic", "proxy", "server", "township"]

MINE, THEIRS = "13900000002", "13900000001"


def _edit(clinic: Clinic, resident_id: str, **values: object) -> None:
    with clinic.store.write(clinic.actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _settle() -> None:
    """Lay-outs that depend on each other's height need a few rounds of the event loop."""
    for _ in range(5):
        QApplication.processEvents()


def _record(clinic: Clinic, resident_id: str) -> dict[str, Any]:
    with clinic.store.read() as session:
        return fetch(session, "resident", [resident_id])[resident_id]


@pytest.fixture
def pair(township: Clinic, make_clinic: Callable[..., Clinic]) -> tuple[Clinic, Clinic, str]:
    """Two PCs; the second one's courier has met a conflict in two fields."""
    resident = a_resident(note="初诊")
    save(township.store, township.actor, resident)
    township.sync()
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    _edit(township, resident.id, phone=THEIRS, marital="2")
    township.sync()
    _edit(other, resident.id, phone=MINE, marital="3")
    other.sync()
    return township, other, resident.id


def _room(clinic: Clinic, shown: Callable[..., Any]) -> tuple[SyncRoom, UiContext]:
    service = SyncService(clinic.store)
    context = UiContext(clinic.store, clinic.actor, SynchronousRunner(), service)
    context.sync_bridge = SyncBridge(service, context)
    return shown(SyncRoom(context)), context


def test_a_conflict_is_decided_by_keyboard_and_both_pcs_are_equal(qtbot, shown, pair) -> None:
    one, other, resident_id = pair
    room, _context = _room(other, shown)
    check_page(room)
    assert "需人工处理 1" in room.page.trouble_tab.text()
    room.page.troubles.table.setFocus()
    qtbot.keyClick(room.page.troubles.table, Qt.Key.Key_Return)
    desk = room.desk
    qtbot.waitUntil(lambda: len(desk.rows) == 2)
    _settle()
    check_page(room)
    phone, marital = desk.rows
    assert (phone.mine.text(), phone.theirs.text()) == (MINE, THEIRS)
    assert (marital.mine.text(), marital.theirs.text()) == ("丧偶", "已婚")
    assert [row.choice.value() for row in desk.rows] == [None, None]
    # Nothing was chosen beforehand, so nothing can be decided yet.
    qtbot.keyClick(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert phone.choice.message()
    assert marital.choice.message()

    phone.choice.setFocus()
    qtbot.keyClick(phone.choice.options, "2")
    qtbot.keyClick(phone.choice.options, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is marital.choice.options
    qtbot.keyClick(marital.choice.options, "1")
    qtbot.keyClick(marital.choice.options, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is desk.decide_button
    qtbot.keyClick(desk.decide_button, Qt.Key.Key_Return)

    assert room._stack.currentWidget() is room.page
    assert room.page.troubles.model.rowCount() == 0
    assert other.sync().outcome == "done"
    one.sync()
    for clinic in (one, other):
        record = _record(clinic, resident_id)
        assert (record["phone"], record["marital"]) == (THEIRS, "3")
    with other.store.read() as session:
        kept = session.query(Conflict).one()
        assert (kept.fields["phone"]["mine"], kept.fields["phone"]["theirs"]) == (MINE, THEIRS)
        conflict_id = kept.id
    # The decision stays readable from the record's history.
    room.open(conflict_id=conflict_id)
    qtbot.waitUntil(lambda: not desk.decide_button.isVisible())
    _settle()
    check_page(room)


def test_another_value_is_typed_and_a_bad_one_is_told_at_its_field(qtbot, shown, pair) -> None:
    _one, other, resident_id = pair
    room, _context = _room(other, shown)
    room.open(record_id=resident_id)
    desk = room.desk
    phone, marital = desk.rows
    _settle()
    qtbot.keyClick(phone.choice.options, "3")
    assert phone.choice.value() == "other"
    assert phone.other.isVisible()
    _settle()
    check_page(room)
    type_text(phone.other.line, "12")
    qtbot.keyClick(marital.choice.options, "3")
    marital.other.set_value("4")
    qtbot.keyClick(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert phone.choice.message()
    phone.other.line.selectAll()
    type_text(phone.other.line, "13900000003")
    qtbot.keyClick(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    record = _record(other, resident_id)
    assert (record["phone"], record["marital"]) == ("13900000003", "4")


def test_what_changed_while_the_desk_was_open_is_shown_anew(qtbot, shown, pair) -> None:
    _one, other, resident_id = pair
    room, _context = _room(other, shown)
    room.open(record_id=resident_id)
    desk = room.desk
    for row in desk.rows:
        qtbot.keyClick(row.choice.options, "1")
    _edit(other, resident_id, phone="13900000009")
    qtbot.keyClick(desk, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert "重新显示" in desk.strip.text()
    assert desk.rows[0].mine.text() == "13900000009"
    assert [row.choice.value() for row in desk.rows] == [None, None]
    assert room._stack.currentWidget() is desk
    _settle()
    check_page(room)
    qtbot.keyClick(desk, Qt.Key.Key_Escape)
    assert room._stack.currentWidget() is room.page


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_long_values_and_lists_fit_in_both_languages(
    shown, store, actor, runner, language: str
) -> None:
    set_language(language)
    try:
        resident = a_resident()
        save(store, actor, resident)
        stay = {"id": new_id(), "org_id": TOWNSHIP_ID, "bed": "3", "admit_date": "2026-01-01"}
        contacts = [{"name": f"联系人{n}", "phone": "13800000000"} for n in range(8)]
        with store.apply_remote() as session:
            session.query(Outbox).update({"state": REJECTED, "reason": "x"})
            session.add(
                Conflict(
                    id=new_id(),
                    kind="resident",
                    record_id=resident.id,
                    resident_id=resident.id,
                    created_at=store.clock.now(),
                    mine_by=actor.staff_id,
                    mine_at=store.clock.now(),
                    theirs_at=store.clock.now(),
                    fields={
                        "address": {"base": None, "mine": "长" * 300, "theirs": "路" * 200},
                        "contacts": {"base": [], "mine": contacts, "theirs": contacts[:1]},
                        "residences": {
                            "base": [],
                            "mine": [stay],
                            "theirs": [{**stay, "bed": "4"}],
                        },
                        "birth_date": {
                            "base": "1950-01-01",
                            "mine": str(date(1951, 1, 1)),
                            "theirs": "1952-01-01",
                        },
                    },
                )
            )
        context = UiContext(store, actor, runner)
        room = shown(SyncRoom(context))
        check_page(room)
        room.open(record_id=resident.id)
        assert len(room.desk.rows) == 4
        _settle()
        check_page(room)
    finally:
        set_language("zh_CN")


# -- refused records ------------------------------------------------------------------------


@pytest.fixture
def refused(store, actor) -> str:
    resident = a_resident()
    save(store, actor, resident)
    with store.apply_remote() as session:
        session.query(Outbox).update(
            {
                "state": REJECTED,
                "reason": "县级医院服务器没有接收这条记录：缺少出生日期。记录保存在本机。",
                "sent_at": store.clock.now(),
            }
        )
    return resident.id


def _state(store, resident_id: str) -> tuple[str, str | None]:
    with store.read() as session:
        found = delivery_state(session, "resident", resident_id)
    return found.state, found.reason


def test_a_refused_record_opens_its_own_form(qtbot, shown, context, refused) -> None:
    room = shown(SyncRoom(context))
    went = []
    context.navigated.connect(lambda name, where: went.append((name, where)))
    room.open(record_id=refused)
    assert room.page.troubles.table.hasFocus()
    qtbot.keyClick(room.page.troubles.table, Qt.Key.Key_Return)
    assert went == [("residents", {"resident_id": refused, "edit": True})]
    assert "缺少出生日期" in room.page.troubles._reason.text()


def test_keep_only_here_asks_for_a_reason_and_can_be_taken_back(
    qtbot, shown, context, store, refused
) -> None:
    room = shown(SyncRoom(context))
    troubles = room.page.troubles
    troubles.keep_button.setFocus()
    qtbot.keyClick(troubles.keep_button, Qt.Key.Key_Return)
    dialog = troubles.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    check_page(dialog)
    qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert dialog.isVisible(), "a reason is needed"
    check_page(dialog)
    field = dialog.fields["reason"]
    assert field.height() >= field.heightForWidth(field.width()), "what is lacking is told whole"
    type_text(dialog.fields["reason"].editor, "外县居民，县医院不收")
    qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert _state(store, refused) == ("kept", "外县居民，县医院不收")
    assert troubles.table.current().what == "kept"
    assert "王" in troubles._reason.text()
    check_page(room)
    qtbot.keyClick(troubles.again_button, Qt.Key.Key_Return)
    assert _state(store, refused)[0] == "waiting"
    assert troubles.model.rowCount() == 0


def test_what_was_dealt_with_elsewhere_is_told(qtbot, shown, context, store, refused) -> None:
    room = shown(SyncRoom(context))
    with store.apply_remote() as session:
        session.query(Outbox).delete()
    room.page.troubles.again_button.click()
    assert "状态已变化" in room.page.troubles.strip.text()
    assert room.page.troubles.model.rowCount() == 0


def test_two_corrections_of_one_visit_are_decided_by_keyboard(
    qtbot, shown, township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    one, other = township, make_clinic(TOWNSHIP_ID)
    patient = managed_resident(one.store, one.actor, "hypertension", name="周大伯")
    visit = record_follow_up(one.store, one.actor, a_visit(patient)).follow_up_id
    one.sync()
    other.sync()
    made = {}
    for clinic, sbp in ((one, 134), (other, 138)):
        form = replace(load_visit(clinic.store, clinic.actor, visit), sbp=sbp)
        saved = correct_follow_up(clinic.store, clinic.actor, visit, form, f"应为 {sbp}")
        made[saved.follow_up_id] = sbp
        clinic.sync()
    one.sync()
    room, _context = _room(one, shown)
    assert "需人工处理 1" in room.page.trouble_tab.text()
    room.page.troubles.table.setFocus()
    qtbot.keyClick(room.page.troubles.table, Qt.Key.Key_Return)
    desk = room.desk
    qtbot.waitUntil(lambda: len(desk.rows) == 1)
    _settle()
    check_page(room)
    (row,) = desk.rows
    first = min(made)
    assert f"应为 {made[first]}" in row.mine.text()
    assert f"应为 {made[max(made)]}" in row.theirs.text()
    assert "以此份计入" in row.mine.text()
    assert row.choice.value() is None
    row.choice.setFocus()
    qtbot.keyClick(row.choice.options, "2")
    qtbot.keyClick(row.choice.options, Qt.Key.Key_Return)
    qtbot.keyClick(desk.decide_button, Qt.Key.Key_Return)
    assert room.page.troubles.model.rowCount() == 0
    one.sync()
    other.sync()
    for clinic in (one, other):
        with clinic.store.read() as session:
            standing = select(FollowUp.sbp).where(FollowUp.status != "entered_in_error")
            assert list(session.scalars(standing)) == [made[max(made)]]
            assert session.query(Outbox).count() == 0
