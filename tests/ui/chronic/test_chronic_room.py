"""The chronic-care room, driven by keyboard on a real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.care.drugs import DrugLine
from app.care.follow_up import record_follow_up
from app.care.referral_prefill import ReferralPrefill
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.drafts import load_draft
from app.models.store import Store
from app.ui import theme
from app.ui.chronic.form_page import FORM, FollowUpPage
from app.ui.chronic.view import ChronicRoom
from app.ui.context import UiContext
from app.ui.tasks import SynchronousRunner
from app.ui.widgets.cards import Chip
from app.ui.widgets.fields import Field
from app.ui.widgets.forms import tab_order
from tests.care.follow_up_samples import (
    AMLODIPINE,
    HYPERTENSION,
    TODAY,
    a_diabetes_visit,
    a_visit,
    managed_resident,
)

METFORMIN = DrugLine(
    name="二甲双胍", code="metformin", strength="0.5 g", frequency="bid", dose=1, unit="片"
)
AddResident = Callable[..., str]


@pytest.fixture
def add_resident(store: Store, actor: Actor) -> AddResident:
    return partial(managed_resident, store, actor)


@pytest.fixture
def context(store: Store, actor: Actor, qapp: QApplication) -> UiContext:
    theme.apply(qapp)
    return UiContext(store, actor, SynchronousRunner())


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ChronicRoom:
    made = ChronicRoom(context)
    qtbot.addWidget(made)
    made.resize(
        theme.SCREEN_WIDTH - theme.RAIL_WIDTH,
        theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT,
    )
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


class KeyCounter(QObject):
    """Counts the keys that a person presses, modifiers not counted apart."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def press(self, qtbot: QtBot, keys: str | Qt.Key, *, ctrl: bool = False) -> None:
        held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        for key in keys if isinstance(keys, str) else (keys,):
            self.count += 1
            widget = focused()
            if isinstance(key, str):
                qtbot.keyClick(widget, key, held)
            else:
                qtbot.keyClick(widget, key, held)
            QApplication.processEvents()


@pytest.fixture
def keys(qtbot: QtBot) -> Callable[..., None]:
    counter = KeyCounter()

    def press(*each: str | Qt.Key, ctrl: bool = False) -> None:
        for one in each:
            counter.press(qtbot, one, ctrl=ctrl)

    press.counter = counter  # type: ignore[attr-defined]
    return press


@pytest.fixture
def sent_to(context: UiContext) -> list[tuple[str, dict[str, Any]]]:
    seen: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda place, where: seen.append((place, where)))
    return seen


ENTER, F2, F6, F9, DOWN, ESC = (
    Qt.Key.Key_Return,
    Qt.Key.Key_F2,
    Qt.Key.Key_F6,
    Qt.Key.Key_F9,
    Qt.Key.Key_Down,
    Qt.Key.Key_Escape,
)


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def field_with_focus(page: FollowUpPage) -> str:
    return next((f.key for f in page.fields if f is focused() or f.isAncestorOf(focused())), "")


def open_form(room: ChronicRoom, resident_id: str, **where: str) -> FollowUpPage:
    room.open(resident_id=resident_id, **where)
    QApplication.processEvents()
    return room.form_page


def visits(store: Store) -> list[FollowUp]:
    with store.read() as session:
        query = select(FollowUp).order_by(FollowUp.id).options(selectinload(FollowUp.diseases))
        rows = list(session.scalars(query))
        session.expunge_all()
        return rows


def fill(page: FollowUpPage, **values: Any) -> None:
    """Answers of a whole hypertension visit, put in without keys."""
    answers = {
        "mode": "1",
        "hypertension.symptoms": ("1",),
        "sbp": 128,
        "dbp": 76,
        "adherence": "1",
        "adverse_reaction": "1",
        **values,
    }
    for key, value in answers.items():
        page.fields[key].set_value(value)


def test_the_whole_job_by_keyboard_with_few_keys(
    room: ChronicRoom,
    store: Store,
    actor: Actor,
    add_resident: AddResident,
    keys: Any,
    qtbot: QtBot,
) -> None:
    add_resident("hypertension", name="早已逾期")
    known = add_resident("hypertension", name="钱桂英")
    day = TODAY - timedelta(days=85)
    record_follow_up(store, actor, a_visit(known, visit_date=day, drugs=(AMLODIPINE, METFORMIN)))
    room.open()
    room.refresh()
    due = room.due_page
    assert due.table.hasFocus()
    assert due.model.rowCount() == 2
    assert due.scopes.tabText(1) == "7 天内 2"

    keys(DOWN, ENTER)  # the second of the list
    page = room.form_page
    assert page.isVisible()
    assert field_with_focus(page) == "mode"
    keys("1")
    assert field_with_focus(page) == "hypertension.symptoms"
    keys("1", ENTER)
    assert field_with_focus(page) == "sbp"
    keys("138", ENTER, "84", ENTER, "72")
    assert "血压 138/84 < 150/90 → 控制满意 → 3 个月内随访" in page.live.text()
    keys(F2)
    assert field_with_focus(page) == "adherence"
    keys("1")
    assert field_with_focus(page) == "adverse_reaction"
    keys("1", F6)
    keys("s", ctrl=True)
    qtbot.waitUntil(lambda: room.due_page.isVisible())
    pressed = keys.counter.count
    # 21 keys at 0.28 s and four thoughts at 1.35 s: 11.3 s by the keystroke-level model.
    assert pressed <= 21, pressed
    assert pressed * 0.28 + 4 * 1.35 <= 13

    (_, row) = visits(store)
    assert (row.sbp, row.dbp, row.heart_rate, row.mode) == (138, 84, 72, "1")
    assert [line["name"] for line in row.drugs] == ["苯磺酸氨氯地平", "二甲双胍"]
    assert (row.weight, row.smoking, row.fpg) == (None, None, None)
    assert due.isVisible()
    assert due.table.hasFocus()
    assert due.model.rowCount() == 1
    recorded = due.recorded_model.row(0)
    assert recorded is not None
    assert recorded.name == "钱桂英"
    assert recorded.delivery.state == "waiting"
    mark = due.recorded_model.index(0, 2).data()
    assert "待上传" in mark
    assert load_draft(store, actor, FORM, known) is None


def test_an_urgent_visit_opens_the_referral_with_the_letter_begun(
    room: ChronicRoom,
    store: Store,
    add_resident: AddResident,
    sent_to: list[tuple[str, dict[str, Any]]],
    keys: Any,
) -> None:
    page = open_form(room, add_resident("hypertension"))
    keys("1", "2", ENTER, "186", ENTER, "96", ENTER)
    assert "收缩压 186 ≥ 180 → 立即转诊" in page.live.text()
    assert page.live.property("tone") == "danger"
    assert page.live.now_button.isVisible()
    # A symptom that may be a danger sign asks, and the signs stand open.
    assert "是否剧烈" in page.live.text()
    assert page.fields.danger_signs.isVisible()
    keys(F2, "1", "1", F9)
    (row,) = visits(store)
    assert row.diseases[0].urgent
    ((place, where),) = sent_to
    assert place == "referrals"
    letter = where["prefill"]
    assert isinstance(letter, ReferralPrefill)
    assert where["resident_id"] == row.resident_id
    assert (letter.urgency, letter.source_id) == ("emergency", row.id)
    assert letter.vitals.sbp == 186
    # Back in the room, the list still says what was found, with the way to the letter.
    strip = room.due_page.strip
    assert "186" in strip.text()
    assert strip.action_button is not None
    strip.action_button.click()
    assert len(sent_to) == 2


def test_the_doctor_refers_where_the_rule_does_not_ask_for_it(
    room: ChronicRoom,
    store: Store,
    add_resident: AddResident,
    sent_to: list[tuple[str, dict[str, Any]]],
    keys: Any,
) -> None:
    page = open_form(room, add_resident("hypertension"))
    keys("1", "1", ENTER, "138", ENTER, "84", ENTER)
    assert not page.live.now_button.isVisible()
    assert not page.live.refer_button.isVisible()
    keys(F2, "1", "1", F9)
    (row,) = visits(store)
    assert not row.diseases[0].urgent
    ((place, where),) = sent_to
    assert place == "referrals"
    letter = where["prefill"]
    assert (letter.urgency, letter.source_id, letter.vitals.sbp) == ("routine", row.id, 138)


def test_an_emergency_does_not_wait_for_an_unfinished_form(
    room: ChronicRoom,
    store: Store,
    actor: Actor,
    add_resident: AddResident,
    sent_to: list[tuple[str, dict[str, Any]]],
) -> None:
    resident_id = add_resident("hypertension")
    page = open_form(room, resident_id)
    page.fields.sbp.set_value(200)
    assert page.live.now_button.isVisible()
    page.live.now_button.click()
    assert visits(store) == []
    assert sent_to[0][1]["prefill"].vitals.sbp == 200
    draft = load_draft(store, actor, FORM, resident_id)
    assert draft is not None
    assert draft.data["fields"]["sbp"] == "200"


def test_nothing_clinical_is_filled_in_and_last_values_stand_beside(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes")
    whole = a_diabetes_visit(
        resident_id,
        parts=(HYPERTENSION, a_diabetes_visit(resident_id).parts[0]),
        visit_date=TODAY - timedelta(days=80),
        sbp=141,
        weight=66.5,
        smoking=10,
        drugs=(AMLODIPINE,),
    )
    record_follow_up(store, actor, whole)
    page = open_form(room, resident_id)
    for field in page.fields:
        if field.key not in ("visit_date", "parts"):
            assert field.is_blank(), field.key
    assert page.fields.sbp._last.text() == "上次 141"
    assert page.fields.weight._last.text() == "上次 66.5"
    assert "每日一次" in page.fields.drugs._told.text()
    assert "上次：无症状" in page.fields["hypertension.symptoms"].label
    # Habits may be copied, measurements never.
    page.copy_habits()
    page.copy_drugs()
    assert page.fields["smoking"].value() == 10
    assert page.fields.drugs.value() == (AMLODIPINE,)
    for key in ("sbp", "dbp", "heart_rate", "weight", "fpg", "adherence"):
        assert page.fields[key].is_blank(), key


def test_one_form_for_two_diseases_with_a_line_each(
    room: ChronicRoom, store: Store, add_resident: AddResident
) -> None:
    page = open_form(room, add_resident("hypertension", "type2_diabetes"))
    assert page.fields.parts.value() == ("hypertension", "type2_diabetes")
    fill(
        page,
        **{
            "type2_diabetes.symptoms": ("1",),
            "fpg": 7.4,
            "hypoglycaemia": "1",
            "dorsalis_pedis": "1",
        },
    )
    said = page.live.text()
    assert "高血压: 血压 128/76" in said
    assert "空腹血糖 7.4 ≥ 7.0 → 控制不满意" in said
    page.save()
    (row,) = visits(store)
    assert [part.disease for part in row.diseases] == ["hypertension", "type2_diabetes"]


def test_keys_that_queue_up_find_their_fields_and_never_tick_a_danger_sign(
    room: ChronicRoom, add_resident: AddResident, qtbot: QtBot
) -> None:
    page = open_form(room, add_resident("hypertension"))
    # No turn of the event loop between the keys, as when a slow PC catches up.
    for key in ("1", "2", "\r", "1", "8", "6", "\r", "9", "6"):
        qtbot.keyClick(focused(), Qt.Key.Key_Return if key == "\r" else key)
    f = page.fields
    assert (f.mode.value(), f["hypertension.symptoms"].value()) == ("1", ("2",))
    assert (f.sbp.value(), f.dbp.value()) == (186, 96)
    assert f.danger_signs.isVisible()
    assert f.danger_signs.value() == ()
    qtbot.keyClick(focused(), Qt.Key.Key_F4)
    qtbot.keyClick(focused(), "1")
    assert f.danger_signs.value() == ()
    qtbot.keyClick(focused(), Qt.Key.Key_Space)
    assert f.danger_signs.value() == ("consciousness",)
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    assert field_with_focus(page) == "sbp"


def test_fields_follow_the_disease_and_the_mode(
    room: ChronicRoom, add_resident: AddResident
) -> None:
    page = open_form(room, add_resident("hypertension"))
    f = page.fields
    for key in ("fpg", "hypoglycaemia", "dorsalis_pedis", "insulin", "staple_food"):
        assert not f[key].isVisible(), key
    assert f.sbp.required
    f.mode.set_value("3")
    assert not f.sbp.required
    fill(page, mode="3", sbp=None, dbp=None)
    assert "下次随访日期不变" in page.live.text() or page.live.text() == ""
    page.save()
    assert room.due_page.isVisible()


def test_a_measurement_passed_over_asks_why(
    room: ChronicRoom, store: Store, add_resident: AddResident, keys: Any
) -> None:
    page = open_form(room, add_resident("hypertension"))
    keys("1", "1", ENTER, ENTER)
    assert not page.fields.no_bp.isVisible()
    keys(ENTER)
    assert page.fields.no_bp.isVisible()
    page.fields.no_bp.set_value("2")
    assert not page.fields.sbp.required
    page.fields.adherence.set_value("1")
    page.fields.reaction.set_value("1")
    page.save()
    (row,) = visits(store)
    assert row.not_measured == {"bp": "2"}


def test_unusual_and_impossible_values(
    room: ChronicRoom, store: Store, add_resident: AddResident, keys: Any
) -> None:
    page = open_form(room, add_resident("hypertension"))
    fill(page)
    page.fields.heart_rate.setFocus()
    typed = QInputMethodEvent()
    typed.setCommitString("４５")
    QApplication.sendEvent(focused(), typed)
    keys(ENTER)
    assert field_with_focus(page) == "heart_rate"
    assert "Enter" in page.fields.heart_rate.message() or "回车" in page.fields.heart_rate.message()
    keys(ENTER)
    assert field_with_focus(page) != "heart_rate"
    assert page.fields.heart_rate.value() == 45
    page.fields.dbp.setFocus()
    page.fields.dbp.set_value(140)
    page.save()
    assert visits(store) == []
    assert "必须大于" in page.fields.sbp.message()
    page.fields.dbp.set_value(88)
    page.save()
    assert len(visits(store)) == 1


def test_what_is_missing_is_shown_at_its_field_and_nothing_is_saved(
    room: ChronicRoom, store: Store, add_resident: AddResident, keys: Any, qtbot: QtBot
) -> None:
    page = open_form(room, add_resident("hypertension"))
    keys("s", ctrl=True)
    qtbot.waitUntil(lambda: page.fields.mode.message() != "")
    assert visits(store) == []
    for key in ("mode", "hypertension.symptoms", "sbp", "dbp", "adherence", "adverse_reaction"):
        assert page.fields[key].message(), key
    assert field_with_focus(page) == "mode"


def test_a_draft_survives_leaving_and_comes_back(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident, keys: Any
) -> None:
    resident_id = add_resident("hypertension")
    page = open_form(room, resident_id)
    keys("2", "2", ENTER, "150", ENTER)
    page.fields.drugs.set_value((AMLODIPINE,))
    keys(ESC)
    assert room.due_page.isVisible()
    page = open_form(room, resident_id)
    assert page.fields.mode.value() == "2"
    assert page.fields.sbp.value() == 150
    assert page.fields.drugs.value() == (AMLODIPINE,)
    assert "上次" in page.strip.text()
    assert page.strip.action_button is not None
    page.strip.action_button.click()
    assert page.fields.sbp.is_blank()
    assert load_draft(store, actor, FORM, resident_id) is None


def test_what_was_wiped_out_again_is_not_said_to_be_unfinished(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident, keys: Any
) -> None:
    resident_id = add_resident("hypertension")
    page = open_form(room, resident_id)
    page.fields.sbp.set_value(150)
    keys(ESC)
    assert load_draft(store, actor, FORM, resident_id) is not None
    page = open_form(room, resident_id)
    page.fields.sbp.set_value(None)
    keys(ESC)
    assert load_draft(store, actor, FORM, resident_id) is None
    page = open_form(room, resident_id)
    assert "上次" not in page.strip.text()


def test_a_form_only_looked_at_keeps_no_draft(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident, keys: Any, qtbot: Any
) -> None:
    resident_id = add_resident("hypertension")
    open_form(room, resident_id)
    assert room.form_page._keeper is not None
    assert not room.form_page._keeper._timer.isActive()
    keys(ESC)
    qtbot.waitUntil(room.due_page.isVisible)
    assert load_draft(store, actor, FORM, resident_id) is None


def test_a_drug_is_found_by_initials_and_noted_by_keyboard(
    room: ChronicRoom, store: Store, add_resident: AddResident, keys: Any
) -> None:
    page = open_form(room, add_resident("hypertension"))
    fill(page)
    drugs = page.fields.drugs
    drugs.setFocus()
    assert focused() is drugs.finder
    keys("aldp", ENTER)
    assert [line.name for line in drugs.value()] == ["苯磺酸氨氯地平"]
    row = drugs._rows[0]
    assert row.frequency.hasFocus()
    row.frequency.setCurrentIndex(1)
    keys(ENTER, "1", ENTER, ENTER)
    assert drugs.finder.hasFocus()
    assert drugs.finder.text() == ""
    drugs.finder.setFocus()
    for sign in "zbcy":
        keys(sign)
    keys(ENTER)
    assert [line.name for line in drugs.value()] == ["苯磺酸氨氯地平", "zbcy"]
    page.save()
    (kept,) = visits(store)
    assert kept.drugs[0] == {
        "name": "苯磺酸氨氯地平",
        "code": "amlodipine",
        "strength": "5 mg",
        "frequency": "qd",
        "times_per_day": 1,
        "dose": 1.0,
        "unit": "片",
    }


def test_the_doctor_judges_otherwise_with_a_reason(
    room: ChronicRoom, store: Store, add_resident: AddResident
) -> None:
    page = open_form(room, add_resident("hypertension"))
    fill(page, sbp=152)
    page.fields.override_button.click()
    visit_class, step, reason = page.fields.overrides["hypertension"]
    # The fields stand below the fold: the keyboard is there at once, and they are in sight.
    focused = QApplication.focusWidget()
    assert focused is not None
    assert visit_class.isAncestorOf(focused)
    assert page.scroll_area is not None
    port = page.scroll_area.viewport()
    assert port.rect().contains(focused.mapTo(port, focused.rect().center()))
    visit_class.set_value("1")
    step.set_value("1")
    assert "医生更改" in page.live.text()
    page.save()
    assert visits(store) == []
    assert reason.message()
    reason.set_value("家庭自测 132/78")
    page.save()
    (row,) = visits(store)
    assert (row.diseases[0].control_class, row.diseases[0].proposed_class) == ("1", "2")


def test_management_begins_by_a_tick(
    room: ChronicRoom, store: Store, add_resident: AddResident
) -> None:
    page = open_form(room, add_resident(), disease="hypertension")
    fill(page)
    assert page.fields.enrol.isVisible()
    assert page.fields.enrol.value() is True
    page.fields.enrol.set_value(False)
    page.save()
    assert visits(store) == []
    assert "开始管理" in page.fields.parts.message()
    page.fields.enrol.set_value(True)
    page.save()
    assert len(visits(store)) == 1


def test_a_saved_visit_is_corrected_and_taken_back(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    first = record_follow_up(
        store, actor, a_visit(resident_id, sbp=160, drugs=(AMLODIPINE,), weight=70.0)
    )
    room.open(follow_up_id=first.follow_up_id)
    page = room.form_page
    assert (page.fields.sbp.value(), page.fields.drugs.value()) == (160, (AMLODIPINE,))
    page.fields.sbp.set_value(130)
    page.save()
    assert len(visits(store)) == 1
    assert page.fields.reason.message()
    page.fields.reason.set_value("录入错误")
    page.save()
    old, new = visits(store)
    assert (old.status, new.status, new.sbp, new.weight) == (
        "entered_in_error",
        "amended",
        130,
        70.0,
    )
    room.open(follow_up_id=new.id)
    page.void_button.click()
    assert "原因" in page.fields.reason.message()
    page.fields.reason.set_value("录错了人")
    page.void_button.click()
    assert {row.status for row in visits(store)} == {"entered_in_error"}
    assert room.due_page.isVisible()


def test_filters_and_the_empty_list(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident
) -> None:
    room.refresh()
    due = room.due_page
    assert due.empty.isVisible()
    assert not due.open_button.isEnabled()
    add_resident("hypertension", name="甲", village="桥头村")
    diabetic = add_resident("type2_diabetes", name="乙")
    room.refresh()
    assert due.model.rowCount() == 2
    due.disease.setCurrentIndex(due.disease.findData("type2_diabetes"))
    assert due.model.rowCount() == 1
    assert due.table.current().resident_id == diabetic
    due.village.setCurrentIndex(due.village.findData("桥头村"))
    assert due.empty.isVisible()
    due.disease.setCurrentIndex(0)
    assert due.table.current().name == "甲"


def test_an_unknown_resident_is_told_plainly(room: ChronicRoom) -> None:
    room.open(resident_id="00000000-0000-7000-8000-000000000000")
    assert room.due_page.isVisible()
    assert "没有" in room.due_page.strip.text() or room.due_page.strip.text()


def test_every_control_has_a_name_and_the_tab_key_follows_the_paper(
    room: ChronicRoom, add_resident: AddResident
) -> None:
    page = open_form(room, add_resident("hypertension", "type2_diabetes"))
    page.fields.danger_button.click()
    page.fields.override_button.click()
    page.fields.drugs.set_value((AMLODIPINE, METFORMIN))
    QApplication.processEvents()
    stops = tab_order(page)
    for widget in stops:
        assert widget.accessibleName(), widget
    order: list[str] = []
    for widget in stops:
        owner: QWidget | None = widget
        while owner is not None and not isinstance(owner, Field):
            owner = owner.parentWidget()
        if isinstance(owner, Field) and owner.key not in order:
            order.append(owner.key)
    wanted = [f.key for f in page.fields if f.isVisible() and f.key in order]
    assert order == wanted


@pytest.mark.parametrize("width", [1206, 1320, 1000])
def test_no_page_scrolls_sideways(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: AddResident, width: int
) -> None:
    resident_id = add_resident(
        "hypertension",
        "type2_diabetes",
        name="欧阳" + "很长的名字" * 6,
        village="一个名字特别长的行政村第十二村民小组",
        drug_allergy=[{"code": "5", "text": "头孢曲松钠及其他头孢菌素类药物"}],
    )
    day = TODAY - timedelta(days=20)
    record_follow_up(
        store,
        actor,
        a_diabetes_visit(
            resident_id,
            visit_date=day,
            parts=(HYPERTENSION, a_diabetes_visit(resident_id).parts[0]),
            sbp=199,
            fpg=16.6,
            weight=120.5,
            drugs=(AMLODIPINE, METFORMIN) * 5,
        ),
    )
    room.resize(width, 680)
    page = open_form(room, resident_id)
    page.copy_drugs()
    page.fields.override_button.click()
    QApplication.processEvents()
    assert page.scroll_area is not None
    content = page.scroll_area.widget()
    assert content.minimumSizeHint().width() <= page.scroll_area.viewport().width()
    assert room.minimumSizeHint().width() <= width
    # What is dangerous to forget is the last to give way.
    first = page.marks.findChildren(Chip)[1]
    assert first.text().startswith("过敏：头孢曲松")
    assert first.isVisible() == (width > 1000)
    assert "头孢菌素" in (first.toolTip() if first.isVisible() else page.marks._more.toolTip())


def test_dates_are_the_clinics(room: ChronicRoom, add_resident: AddResident) -> None:
    page = open_form(room, add_resident("hypertension"))
    assert page.fields.visit_date.value() == TODAY
    page.fields.visit_date.set_value(date(2026, 3, 3))
    page.save()
    assert page.fields.visit_date.message()


def test_an_event_of_the_sync_refreshes_the_list(
    room: ChronicRoom,
    context: UiContext,
    store: Store,
    actor: Actor,
    add_resident: AddResident,
) -> None:
    room.refresh()
    resident_id = add_resident("hypertension")
    record_follow_up(store, actor, a_visit(resident_id))
    context.tell_changed("rehab_plan")
    assert room.due_page.recorded_model.rowCount() == 0
    context.tell_changed("follow_up")
    assert room.due_page.recorded_model.rowCount() == 1
