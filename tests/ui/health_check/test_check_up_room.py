"""The check-up room, driven by keyboard on a real store: list, page, conclusion, list again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.health_check.lab_ranges import LabRanges, lab_ranges
from app.care.health_check.record import record_health_check
from app.care.referral_prefill import ReferralPrefill
from app.models.actor import Actor
from app.models.drafts import load_draft
from app.models.health_check import HealthCheck
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.health_check.fields import FindingField, ScaleField
from app.ui.health_check.page import FORM, HealthCheckPage
from app.ui.health_check.rows_field import LinesField, RowsField
from app.ui.health_check.view import CheckUpRoom
from app.ui.widgets.fields import Field
from app.ui.widgets.values import NumberField
from tests.care.follow_up_samples import managed_resident
from tests.care.health_check.samples import a_check
from tests.ui.checks import PAGE, check_page, type_text

ENTER, ESC = Qt.Key.Key_Return, Qt.Key.Key_Escape
F2, F6, F8, F9 = Qt.Key.Key_F2, Qt.Key.Key_F6, Qt.Key.Key_F8, Qt.Key.Key_F9


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> CheckUpRoom:
    made = CheckUpRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.fixture
def sent_to(context: UiContext) -> list[tuple[str, dict[str, Any]]]:
    seen: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda place, where: seen.append((place, where)))
    return seen


@pytest.fixture
def press(qtbot: QtBot) -> Callable[..., None]:
    def keys(*each: str | Qt.Key, ctrl: bool = False) -> None:
        held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        for one in each:
            qtbot.keyClick(focused(), one, held)
            QApplication.processEvents()

    return keys


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def open_page(room: CheckUpRoom, **where: str) -> HealthCheckPage:
    room.open(**where)
    QApplication.processEvents()
    assert room.front is not None
    return room.front


def checks(store: Store) -> list[HealthCheck]:
    with store.read() as session:
        rows = list(session.scalars(select(HealthCheck).order_by(HealthCheck.id)))
        session.expunge_all()
        return rows


def here(page: HealthCheckPage) -> str:
    return next((f.key for f in page.fields if f is focused() or f.isAncestorOf(focused())), "")


def answer(page: HealthCheckPage, press: Callable[..., None]) -> None:
    """What a person does at the field that has the focus; only keys."""
    key = here(page)
    field: Field = page.fields[key]
    if key == "symptoms":
        press("1", ENTER)
    elif isinstance(field, FindingField):
        if focused() is field.words:
            type_text(focused(), "写明")
            press(ENTER)
            return
        made_of = page.fields.form.by_key[key]
        wanted = {"conclusion": "2", "smoking": "2", "drinking": "3", "cognition": "2"}
        code = wanted.get(key, made_of.normal[0] if made_of.normal else "1")
        press(code)
        if made_of.kind == "several":
            press(ENTER)
    elif isinstance(field, NumberField):
        type_text(focused(), NUMBERS.get(key, "1"))
        press(ENTER)
        if here(page) == key:
            press(ENTER)
    elif isinstance(field, RowsField) and key == "drugs":
        if not field.rows()[0][0].text():
            type_text(focused(), "氨氯地平")
        press(ENTER)
    elif isinstance(field, LinesField):
        if not field.lines[0].text():
            type_text(focused(), "双侧下肢水肿")
        press(ENTER)
    elif isinstance(field, RowsField):
        press(ENTER)
    else:
        if isinstance(focused(), QLineEdit):
            type_text(focused(), "说明")
        press(ENTER)


NUMBERS = {
    **{"temperature": "36.5", "pulse": "76", "respiration": "18", "heart_rate": "76"},
    **{"sbp_left": "152", "dbp_left": "86", "sbp_right": "148", "dbp_right": "88"},
    **{"height": "156", "weight": "61.5", "waist": "84", "exercise_minutes": "30"},
    **{"cigarettes": "10", "smoking_from_age": "20", "smoking_until_age": "60"},
    **{"drinking_from_age": "20", "vision_left": "4.8", "vision_right": "4.8", "fpg": "5.6"},
    **{"haemoglobin": "128", "white_cells": "5.6", "platelets": "200", "hba1c": "5.9"},
    **{"alt": "20", "ast": "22", "albumin": "42", "bilirubin": "12", "bilirubin_direct": "4"},
    **{"creatinine": "70", "urea": "5", "potassium": "4.1", "sodium": "140"},
    **{"beer": "10", "weight_target": "58"},
}


def test_a_whole_check_by_keyboard_from_the_list_to_the_outbox(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    resident = managed_resident(store, actor, "type2_diabetes", sex="2", name="张桂兰")
    room.open()
    QApplication.processEvents()
    assert room.year_page.table.hasFocus()
    assert "1" in room.year_page.scopes.tabText(0)
    press(ENTER)
    page = room.front
    assert page is not None
    assert here(page) == "symptoms"
    visited: list[str] = []
    for _ in range(400):
        if focused() is page.save_button:
            break
        visited.append(here(page))
        answer(page, press)
    assert focused() is page.save_button
    order = [each.key for each in page.fields.form.fields()]
    seen = list(dict.fromkeys(visited))
    assert seen == sorted(seen, key=order.index)
    assert {"sbp_left", "dorsal_pulse", "vulva", "hdl", "drugs", "risk_control"} <= set(seen)
    assert "hazard_job" not in seen
    press("s", ctrl=True)
    QApplication.processEvents()
    assert room.front is None, {f.label: f.message() for f in page.fields if f.message()}
    (row,) = checks(store)
    assert (row.resident_id, row.conclusion, row.concluded_by) == (resident, "2", actor.name)
    assert (row.sbp_left, row.dbp_right, row.bmi, row.fpg) == (152, 88, 25.3, 5.6)
    assert row.answers["alcohol"] == 2.45
    assert row.answers["abnormal"] == ["双侧下肢水肿"]
    assert row.answers["drugs"] == [{"name": "氨氯地平"}]
    assert row.answers["smoking_until_age"] == 60
    with store.read() as session:
        assert session.scalar(select(Outbox.kind).where(Outbox.record_id == row.id))
        assert load_draft(store, actor, FORM, resident) is None
    assert "0" in room.year_page.scopes.tabText(0)
    room.year_page.scopes.setCurrentIndex(2)
    assert room.year_page.model.row(0).health_check_id == row.id
    press(ENTER)
    assert room.front is page
    assert page.fields["weight"].value() == 61.5


def test_marked_values_are_proposed_and_only_taken_by_hand(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None], qtbot: QtBot
) -> None:
    page = open_page(room, resident_id=managed_resident(store, actor))
    page.fields["sbp_left"].set_value(185)
    page.fields["dbp_left"].set_value(95)
    page.fields["lips"].set_value("2")
    qtbot.waitUntil(lambda: len(page.proposals.texts()) == 3)
    assert "185" in page.proposals.texts()[0]
    assert page.fields["conclusion"].is_blank()
    assert page.fields["abnormal"].is_blank()
    press(F9)
    assert page.fields["conclusion"].value() == "2"
    assert page.fields["abnormal"].value() == page.proposals.texts()
    press(F9)
    assert page.fields["abnormal"].value() == page.proposals.texts()


def test_rows_are_marked_with_f8_and_a_value_takes_the_mark_away(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    page = open_page(room, resident_id=managed_resident(store, actor))
    page.fields["haemoglobin"].setFocus()
    press(F8, F8)
    assert page.fields.marks() == {"blood_count": "2"}
    type_text(focused(), "120")
    assert page.fields.marks() == {}
    page.fields["ecg"].set_value("1")
    page.rest_button.click()
    marks = page.fields.marks()
    assert marks["liver"] == "1"
    assert not {"blood_count", "ecg"} & set(marks)
    assert "cervical_smear" not in marks


def test_last_year_stands_in_grey_and_never_in_the_field(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    resident = managed_resident(store, actor)
    before = {"weight": 63.0, "lips": "1", "drugs": ({"name": "二甲双胍", "dose": "0.5 g"},)}
    record_health_check(store, actor, a_check(resident, before, check_date=date(2025, 4, 1)))
    page = open_page(room, resident_id=resident)
    for field in page.fields:
        if field.key != "check_date":
            assert field.is_blank() or isinstance(field, ScaleField), field.key
    weight = page.fields["weight"]
    assert "63" in weight.editor.accessibleDescription()
    press(F6)
    assert page.fields["drugs"].value() == ({"name": "二甲双胍", "dose": "0.5 g"},)
    assert weight.is_blank()


def test_a_draft_comes_back_with_its_marks(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    resident = managed_resident(store, actor)
    page = open_page(room, resident_id=resident)
    page.fields["smoking"].set_value("3")
    page.fields["cigarettes"].set_value(20)
    page.fields["ecg"].setFocus()
    press(F8, ESC)
    assert room.front is None
    page = open_page(room, resident_id=resident)
    assert page.fields["cigarettes"].value() == 20
    assert not page.fields["cigarettes"].isHidden()
    assert page.fields["smoking_until_age"].isHidden()
    assert page.fields.marks() == {"ecg": "1"}
    assert page.strip.isVisible()


def test_what_is_missing_is_said_at_the_field(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    page = open_page(room, resident_id=managed_resident(store, actor, "type2_diabetes"))
    press("s", ctrl=True)
    assert room.front is page
    assert page.fields["symptoms"].message()
    assert page.fields["dorsal_pulse"].message()
    assert checks(store) == []
    press("1", F2)
    assert here(page) == "dorsal_pulse"
    press(F8)
    press("s", ctrl=True)
    assert room.front is None
    assert checks(store)[0].not_measured == {"dorsal_pulse": "1"}
    assert checks(store)[0].conclusion is None


def test_a_waiting_check_is_gone_on_with_and_concluded(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None], sent_to: list[Any]
) -> None:
    resident = managed_resident(store, actor)
    record_health_check(store, actor, a_check(resident, {"conclusion": None, "pulse": 70}))
    page = open_page(room, resident_id=resident)
    assert page.fields["pulse"].value() == 70
    assert page.fields.reason.isHidden()
    page.fields["conclusion"].set_value("2")
    page.fields["abnormal"].set_value(("血压偏高",))
    page.fields["guidance"].set_value(("1", "3"))
    press("s", ctrl=True)
    assert [each.status for each in checks(store)] == ["entered_in_error", "final"]
    listed = room.year_page
    assert listed.strip.action_button is not None
    listed.strip.action_button.click()
    assert sent_to[-1][0] == "referrals"
    assert isinstance(sent_to[-1][1]["prefill"], ReferralPrefill)
    assert listed.second_strip.action_button is not None
    listed.second_strip.action_button.click()
    assert sent_to[-1] == ("chronic", {"resident_id": resident})


def test_a_concluded_check_needs_a_reason_and_can_be_voided(
    room: CheckUpRoom, store: Store, actor: Actor, press: Callable[..., None]
) -> None:
    resident = managed_resident(store, actor)
    result = record_health_check(store, actor, a_check(resident))
    page = open_page(room, resident_id=resident)
    assert page.strip.action_button is not None
    page.strip.action_button.click()
    page.fields["pulse"].set_value(72)
    QApplication.processEvents()
    press("s", ctrl=True)
    assert page.fields.reason.message()
    page.fields.reason.set_value("补录脉率")
    press("s", ctrl=True)
    old, new = checks(store)
    assert (old.status, new.status, new.pulse) == ("entered_in_error", "amended", 72)
    page = open_page(room, health_check_id=new.id)
    page.fields.reason.set_value("录错人")
    page.void_button.click()
    assert {each.status for each in checks(store)} == {"entered_in_error"}
    assert result.health_check_id == old.id


def test_a_nurse_sees_the_conclusion_closed(
    store: Store, actor: Actor, qapp: QApplication, runner: Any, qtbot: QtBot
) -> None:
    from dataclasses import replace

    nurse = replace(actor, roles=frozenset({"nurse"}))
    made = CheckUpRoom(UiContext(store, nurse, runner))
    qtbot.addWidget(made)
    made.resize(*PAGE)
    made.show()
    page = open_page(made, resident_id=managed_resident(store, actor))
    assert not page.fields["conclusion"].isEnabled()
    assert not page.proposals.all_button.isEnabled()
    page.fields["symptoms"].set_value(("1",))
    page.save()
    assert checks(store)[0].conclusion is None
    made.year_page.scopes.setCurrentIndex(1)
    assert made.year_page.model.rowCount() == 1


def test_men_are_not_asked_what_is_asked_of_women(
    room: CheckUpRoom, store: Store, actor: Actor
) -> None:
    page = open_page(room, resident_id=managed_resident(store, actor, sex="2"))
    assert not page.fields["vulva"].isHidden()
    page = open_page(room, resident_id=managed_resident(store, actor, sex="1", name="李强"))
    assert page.fields["vulva"].isHidden()
    assert page.fields.rows["cervical_smear"].holder.isHidden()


def test_the_pages_are_good_to_look_at(
    room: CheckUpRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    resident = managed_resident(store, actor, "type2_diabetes", sex="2", name="欧阳建国爱华")
    before = {"weight": 63.0, "lips": "3", "fpg": 7.8, "dorsal_pulse": "2"}
    record_health_check(store, actor, a_check(resident, before, check_date=date(2025, 4, 1)))
    room.open()
    QApplication.processEvents()
    check_page(room)
    page = open_page(room, resident_id=resident)
    for key, value in (("hazards", "2"), ("drinking", "3"), ("smoking", "2"), ("skin", "7")):
        page.fields[key].set_value(value)
    page.fields["conclusion"].set_value("2")
    page.fields["sbp_left"].set_value(190)
    page.fields["dbp_left"].set_value(95)
    qtbot.waitUntil(lambda: bool(page.proposals.texts()))
    page.keep_draft()
    for _ in range(3):  # the note about the draft asks for a new layout
        QApplication.processEvents()
    check_page(room)


def test_the_laboratorys_ranges_are_entered_once(
    room: CheckUpRoom, store: Store, actor: Actor
) -> None:
    room.open()
    room.year_page.ranges_wanted.emit()
    dialog = room.dialog
    assert dialog is not None
    dialog.edits["haemoglobin"]["ranges.low"].setText("130")
    dialog.edits["haemoglobin"]["ranges.high"].setText("13")
    dialog.save()
    assert dialog.isVisible()
    assert dialog.strip.isVisible()
    dialog.edits["haemoglobin"]["ranges.high"].setText("175")
    dialog.edits["haemoglobin"]["women.low"].setText("115")
    dialog.save()
    assert not dialog.isVisible()
    assert lab_ranges(store, actor) == LabRanges(
        {"haemoglobin": (130.0, 175.0)}, {"haemoglobin": (115.0, None)}
    )
