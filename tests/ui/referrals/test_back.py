"""The township takes a patient back through its widgets: the whole job, and each way out of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import referral
from app.care.referral_back.visit import VisitInput, record_visit
from app.care.referral_desk import Booking, accept
from app.care.referral_return.answer import hand_back
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.care.rehab_plan import plans_of
from app.clock import FixedClock
from app.i18n import set_language
from app.models.drafts import list_drafts
from app.models.outbox import Outbox
from app.ui.referrals.back.visit_form import VisitForm
from app.ui.today.view import TodayRoom
from tests.conftest import NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_rooms import House, Keys, back, front
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.referrals.test_referral_looks import check

TODAY = NOW.date()


def handed_back(township: House, desk: House, **values: object) -> str:
    """A patient whom the hospital offers to the township."""
    resident_id = add_resident(township.store, township.actor)
    letter = letter_for(resident_id, **values)
    referral_id = referral.send(township.store, township.actor, letter).referral_id
    carry(township.store, desk.store)
    booking = Booking("心血管内科", "李主任", "13900000001", NOW)
    accept(desk.store, desk.actor, referral_id, booking)
    arrive(desk.store, desk.actor, referral_id)
    hand_back(desk.store, desk.actor, referral_id, summary_for(), plan_for(TODAY))
    township.news_from(desk)
    return referral_id


def taken_back(township: House, desk: House, **values: object) -> str:
    referral_id = handed_back(township, desk, **values)
    referral.advance(township.store, township.actor, referral_id, State.RECEIVED_BACK)
    return referral_id


def form_of(house: House) -> VisitForm:
    form = house.room.visits.form
    assert form is not None
    assert house.room.pages.currentWidget() is form
    return form


def waiting_kinds(house: House) -> list[str]:
    with house.store.read() as session:
        return sorted(session.scalars(select(Outbox.kind)))


def forget_outbox(house: House) -> None:
    with house.store.write(house.actor) as session:
        session.query(Outbox).delete()


def test_the_whole_return_by_keyboard(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    """See what comes, take the patient back, find the work on Today, write the first visit, and
    the hospital reads it."""
    referral_id = handed_back(township, desk)
    desk.room.hide()
    front(township, qtbot)
    township.room.open(referral_id=referral_id)
    page = township.room.detail.returns
    for words in ("心脏彩超", "缬沙坦", "每日步行 30 分钟"):
        assert words in page.reply.text()
    for words in ("心血管内科门诊复诊", "步行训练", "独立步行 200 米", "剧烈头痛"):
        assert words in page.plan.text()
    assert "患者已接回" in township.buttons()
    forget_outbox(township)
    back(township, qtbot)
    keys.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert township.room.controller.view.state is State.RECEIVED_BACK
    resident_id = township.room.controller.view.patient.resident_id
    assert [plan.status for plan in plans_of(township.store, resident_id)] == ["draft"]
    assert waiting_kinds(township) == ["referral_event", "referral_task", "rehab_plan"]
    # Today names the work; Enter there opens the form itself.
    went: list[tuple[str, dict[str, object]]] = []
    township.context.navigated.connect(lambda room, where: went.append((room, where)))
    today = TodayRoom(township.context)
    qtbot.addWidget(today)
    today.families.setCurrentIndex(3)
    assert today.families.tabText(3) == "接回 0"
    rows = today.week.list.rows
    assert [rows.row(at).name for at in range(rows.rowCount())] == ["徐桂兰"]
    assert rows.row(0).what.startswith("按方案康复训练、")
    today.week.list.opened.emit(rows.row(0))
    room, where = went[-1]
    assert room == "referrals"
    township.room.open(**where)
    form = form_of(township)
    qtbot.waitUntil(lambda: form.isAncestorOf(keys.focused()))
    fields = form.fields
    for name in ("sbp", "dbp", "heart_rate", "temperature", "spo2", "glucose"):
        assert fields[name].value() is None
    assert fields["visited_on"].value() == TODAY
    keys.save()
    assert fields["mode"].message()
    keys.key(Qt.Key.Key_2)
    keys.to(fields["findings"].editor)
    keys.text("血压平稳，无头晕，能独立步行。")
    keys.to(fields["sbp"].editor)
    keys.text("138")
    keys.enter()
    keys.text("84")
    keys.to(fields["done_steps"].editor)
    keys.key(Qt.Key.Key_1)
    forget_outbox(township)
    keys.save()
    assert township.room.pages.currentWidget() is township.room.desk
    assert waiting_kinds(township) == ["referral_visit", "shared_note"]
    assert "血压平稳" in township.room.detail.returns.visits.text()
    assert "✓" in township.room.detail.returns.plan.text()
    desk.news_from(township)
    desk.room.open(referral_id=referral_id)
    assert desk.room.controller.view.state is State.RECEIVED_BACK
    seen = desk.room.detail.returns
    assert seen.awaited.isHidden()
    assert "上门" in seen.visits.text()
    assert "能独立步行" in seen.visits.text()
    assert "✓" in seen.plan.text()


def test_a_patient_who_cannot_be_taken_back(township: House, desk: House, qtbot: QtBot) -> None:
    referral_id = handed_back(township, desk)
    township.room.open(referral_id=referral_id)
    township.press("无法接回…")
    dialog = township.dialog
    dialog.done_button.click()
    assert dialog.choice.message()
    dialog.choice.set_value("medication_shortage")
    dialog.text.set_value("缬沙坦暂缺")
    dialog.done_button.click()
    assert township.room.controller.view.state is State.REPLIED
    desk.news_from(township)
    desk.room.open(referral_id=referral_id)
    assert "药品不足" in desk.room.detail.notice.text()
    assert "缬沙坦暂缺" in desk.room.detail.notice.text()


def test_a_down_referral_is_accepted_or_declined(township: House, desk: House) -> None:
    ids = []
    for _ in range(2):
        down = DownInput(add_resident(desk.store, desk.actor), TOWNSHIP_ID, consent="given")
        written = refer_down(desk.store, desk.actor, down, summary_for(), plan_for(TODAY))
        ids.append(written.referral_id)
    township.news_from(desk)
    taken, refused = ids
    township.room.open(referral_id=refused)
    assert "每日步行 30 分钟" in township.room.detail.returns.reply.text()
    assert "步行训练" in township.room.detail.returns.plan.text()
    township.press("不予接收…")
    township.dialog.choice.set_value("bed_full")
    township.dialog.done_button.click()
    assert township.room.controller.view.state is State.REJECTED
    township.room.open(referral_id=taken)
    township.press("受理…")
    booking = township.dialog.booking_fields
    booking.department.set_value("住院部")
    booking.moment.day.set_value(TODAY)
    booking.moment.time.set_value("09:00")
    township.dialog.done_button.click()
    assert township.room.controller.view.state is State.ACCEPTED
    assert "记录随访…" not in township.buttons()
    township.press("患者已到")
    assert "记录随访…" in township.buttons()
    township.press("记录随访…")
    form = form_of(township)
    form.fields["mode"].set_value("ward")
    form.fields["findings"].set_value("入住康复病房，生命体征平稳。")
    form.save_button.click()
    assert township.room.controller.view.state is State.IN_CARE
    desk.news_from(township)
    desk.room.open(referral_id=refused)
    assert "床位已满" in desk.room.detail.notice.text()
    desk.room.open(referral_id=taken)
    assert "入住康复病房" in desk.room.detail.returns.visits.text()


def test_a_visit_left_open_is_a_draft(township: House, desk: House) -> None:
    referral_id = taken_back(township, desk)
    township.room.open(referral_id=referral_id)
    township.press("记录随访…")
    form = form_of(township)
    form.fields["findings"].set_value("一般情况好")
    form.leave_button.click()
    assert township.room.pages.currentWidget() is township.room.desk
    assert len(list_drafts(township.store, township.actor)) == 1
    township.press("记录随访…")
    form = form_of(township)
    assert form.fields["findings"].value() == "一般情况好"
    form.discard_button.click()
    assert list_drafts(township.store, township.actor) == []


def test_the_last_visit_is_corrected(township: House, desk: House) -> None:
    referral_id = taken_back(township, desk)
    first = VisitInput("phone", TODAY, "电话随访，情况好。", done_steps=("1",), minutes=5)
    record_visit(township.store, township.actor, referral_id, first)
    township.room.open(referral_id=referral_id)
    township.press("记录随访…")
    form = form_of(township)
    assert not form.correct_button.isHidden()
    form.correct_button.click()
    assert form.fields["findings"].value() == "电话随访，情况好。"
    assert form.fields["done_steps"].value() == ("1",)
    form.fields["mode"].set_value("home")
    form.fields["done_steps"].set_value(())
    form.save_button.click()
    (visit,) = load_returns(township.store, township.actor, referral_id).visits
    assert (visit.mode, visit.done_steps, visit.minutes) == ("home", (), 5)


def test_both_sides_see_that_the_first_visit_is_late(
    township: House, desk: House, clock: FixedClock
) -> None:
    referral_id = taken_back(township, desk)
    desk.news_from(township)
    for days, words in ((7, "2026-03-09 前完成。"), (1, "已逾期。")):
        clock.advance(days=days)
        for house in (township, desk):
            house.room.open(referral_id=referral_id)
            assert house.room.detail.returns.awaited.text().endswith(words)


def test_it_closes_by_itself_when_the_room_opens(
    township: House, desk: House, clock: FixedClock
) -> None:
    referral_id = taken_back(township, desk)
    visit = VisitInput("home", TODAY, "平稳")
    record_visit(township.store, township.actor, referral_id, visit)
    clock.advance(days=7)
    township.room.open(referral_id=referral_id)
    assert township.room.controller.view.state is State.CLOSED
    history = township.room.detail.history.text()
    assert "已结案（自动）" in history
    assert "诊治完成" in history


def test_a_line_of_today_whose_work_is_done_meanwhile(township: House, desk: House) -> None:
    resident_id = add_resident(township.store, township.actor, name="程家旺")
    township.room.open(resident_id=resident_id, page="return")
    assert township.said == ["该患者接回后已没有待办工作。"]
    assert township.room.pages.currentWidget() is township.room.desk


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_form_fits_in_both_languages(township: House, desk: House, language: str) -> None:
    set_language(language)
    referral_id = taken_back(township, desk, urgency="priority")
    township.room.open(referral_id=referral_id)
    check(township.room)
    township.room.visits.write(referral_id)
    form = form_of(township)
    check(township.room)
    form.save_button.click()
    check(township.room)
