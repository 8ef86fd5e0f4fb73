"""The hospital answers through its widgets: admit, reply, hand back, amend, refer down."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import referral
from app.care.referral import advance
from app.care.referral_desk import Booking, accept, return_for_more
from app.care.referral_moves import Reason
from app.care.referral_return.answer import hand_back, write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.models.drafts import list_drafts
from app.models.outbox import Outbox
from app.ui import theme
from app.ui.referrals.returns.form import ReturnForm
from app.ui.referrals.returns.stay import AdmitDialog, RedirectDialog
from app.ui.widgets.buttons import PrimaryButton
from tests.conftest import CARE_HOME_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import CHECKLIST, plan_for, reply_for, summary_for
from tests.referral_rooms import House, Keys, bring, front
from tests.referral_support import add_resident, carry, letter_for

TODAY = NOW.date()


def accepted(township: House, desk: House, **values: object) -> str:
    """A letter that is booked for now, opened at the desk."""
    resident_id = add_resident(township.store, township.actor)
    letter = letter_for(resident_id, **values)
    referral_id = referral.send(township.store, township.actor, letter).referral_id
    carry(township.store, desk.store)
    booking = Booking("心血管内科", "李主任", "13900000001", NOW)
    accept(desk.store, desk.actor, referral_id, booking)
    return referral_id


def arrived(township: House, desk: House) -> str:
    referral_id = accepted(township, desk)
    arrive(desk.store, desk.actor, referral_id)
    return referral_id


def form_of(house: House) -> ReturnForm:
    form = house.room.answers.form
    assert form is not None
    assert house.room.pages.currentWidget() is form
    return form


def waiting_kinds(house: House) -> list[str]:
    with house.store.read() as session:
        return sorted(session.scalars(select(Outbox.kind)))


def forget_outbox(house: House) -> None:
    with house.store.write(house.actor) as session:
        session.query(Outbox).delete()


def test_the_whole_reply_by_keyboard(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    """Find it in the list, open it, type the reply, save, see it in the list, queued."""
    referral_id = arrived(township, desk)
    forget_outbox(desk)
    front(desk, qtbot)
    assert desk.names()[0] == "已到诊 1"
    assert desk.room.controller.view.referral_id == referral_id
    keys.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    form = form_of(desk)
    qtbot.waitUntil(lambda: form.isAncestorOf(keys.focused()))
    fields = form.fields
    assert fields["visit_kind"].value() == "outpatient"
    assert fields["department"].value() == "心血管内科"
    for key, text in (
        ("diagnosis", "高血压 3 级 很高危"),
        ("exam_results", "24 小时动态血压平均 148/90 mmHg"),
        ("treatment_given", "加用缬沙坦 80 mg 每日一次"),
        ("next_plan", "两周后复查血压、血钾"),
    ):
        keys.to(fields[key].editor)
        keys.text(text)
    keys.save()
    # The advice is still empty: nothing is saved, and the field says so.
    assert fields["rehab_advice"].message()
    assert desk.room.controller.view.state is State.ARRIVED
    assert keys.focused() is fields["rehab_advice"].editor
    keys.text("低盐饮食，每日步行 30 分钟")
    keys.save()
    assert desk.room.pages.currentWidget() is desk.room.desk
    assert desk.room.controller.view.state is State.REPLIED
    assert desk.names()[0] == "已回复 1"
    assert waiting_kinds(desk) == ["referral_event", "referral_reply", "referral_task"]
    assert "每日步行 30 分钟" in desk.room.detail.returns.reply.text()
    township.news_from(desk)
    township.room.open(referral_id=referral_id)
    sheet = township.room.detail.returns
    assert not sheet.reply_card.isHidden()
    assert sheet.plan_card.isHidden()
    for words in ("高血压 3 级 很高危", "148/90", "缬沙坦", "复查血压", "低盐饮食"):
        assert words in sheet.reply.text()
    assert township.buttons() == []


def test_a_letter_is_handed_on_to_another_department(township: House, desk: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    referral.send(township.store, township.actor, letter_for(resident_id))
    desk.news_from(township)
    desk.press("转交科室…")
    dialog = desk.dialog
    assert isinstance(dialog, RedirectDialog)
    dialog.done_button.click()
    assert dialog.department.message()
    dialog.department.set_value("老年医学科")
    dialog.note.set_value("多病共存")
    dialog.done_button.click()
    view = desk.room.controller.view
    assert (view.state, view.booking.department) == (State.SENT, "老年医学科")
    history = desk.room.detail.history.text()
    assert "转交其他科室  ·  老年医学科  ·  多病共存" in history
    desk.press("受理…")
    # Whoever accepts it now begins with the department that has it.
    assert desk.dialog.booking_fields.department.value() == "老年医学科"


def test_a_patient_is_admitted_from_the_door_and_discharged(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = accepted(township, desk)
    front(desk, qtbot)
    desk.press("收治入院…")
    dialog = desk.dialog
    assert isinstance(dialog, AdmitDialog)
    bring(dialog, qtbot)
    assert dialog.department.value() == "心血管内科"
    keys.to(dialog.ward.editor)
    keys.text("五病区")
    keys.enter()
    keys.text("12 床")
    keys.enter()
    keys.text("ZY7")
    keys.save()
    view = desk.room.controller.view
    assert view.state is State.IN_CARE
    assert desk.room.detail.services.line("bed").chip.text() == "已使用"
    assert "住院病案号 ZY7" in desk.room.detail.returns.stay.text()
    desk.press("已出院…")
    desk.dialog.time.line.setText("2359")
    desk.dialog.done_button.click()
    assert desk.dialog.day.message() == "此时间还没有到。"
    desk.dialog.time.line.setText("9:30")
    desk.dialog.done_button.click()
    assert "出院 今天 09:30" in desk.room.detail.returns.stay.text()
    desk.press("写回转单…")
    fields = form_of(desk).fields
    assert fields["visit_kind"].value() == "inpatient"
    assert fields["inpatient_no"].value() == "ZY7"
    assert (fields["admitted_on"].value(), fields["discharged_on"].value()) == (TODAY, TODAY)
    assert load_returns(desk.store, desk.actor, referral_id).stay.discharged_at == NOW


def fill_hand_over(form: ReturnForm) -> None:
    summary = summary_for()
    form.reply_card.show_reply(summary)
    form.going_on.show_reply(summary)
    assert form.hand_over is not None
    form.hand_over.show_summary(summary)


def test_the_patient_is_handed_back_with_checklist_and_plan(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = arrived(township, desk)
    write_reply(desk.store, desk.actor, referral_id, reply_for())
    forget_outbox(desk)
    front(desk, qtbot)
    assert desk.buttons() == ["结案…", "更正回转单…", "改转他处…", "转回基层…"]
    desk.press("转回基层…")
    form = form_of(desk)
    # The own reply is not typed a second time.
    assert form.fields["diagnosis"].value() == reply_for().diagnosis
    form.send_button.click()
    for key in ("phase", "reason_codes", "checklist.vitals_stable"):
        assert form.fields[key].message()
    fill_hand_over(form)
    form.send_button.click()
    assert "至少要有一步" in form.plan_card.problem.text()
    line = form.plan_card.lines()[0]
    line.kind.setFocus()
    line.kind.set_value("follow_up:hypertension")
    line.due.line.setFocus()
    keys.text("3-9")
    keys.enter()
    keys.text("测血压、核对用药")
    early = form.plan_card.add_step()
    early.kind.set_value("rehab")
    early.due.line.setText("2026-03-01")
    form.send_button.click()
    assert early.due.message() == "步骤日期不能早于方案开始日期。"
    assert form.fields["plan.goal_short"].message() == "方案中有康复训练，请填写康复目标。"
    early.due.line.setText("3-5")
    form.fields["plan.goal_short"].set_value("独立步行 200 米")
    form.fields["plan.rehab_precautions"].set_value("血压高于 180/110 时停止")
    form.rehab_card.editor.add("walking")
    form.send_button.click()
    assert "步行训练" in form.strip.text()  # how much is not said yet
    items = form.rehab_card.items
    for column, value in ((1, "5"), (4, "20")):
        items.setData(items.index(0, column), value)
    form.send_button.click()
    view = desk.room.controller.view
    assert view.state is State.HANDED_BACK
    assert waiting_kinds(desk) == [
        "referral_event", "referral_reply", "referral_task", "return_plan",
    ]  # fmt: skip
    township.news_from(desk)
    township.room.open(referral_id=referral_id)
    cards = township.room.detail.returns
    assert "急性病恢复期" in cards.reply.text()
    for words in ("2026-03-05", "2026-03-09", "随访：高血压", "独立步行 200 米", "步行训练"):
        assert words in cards.plan.text()
    assert township.room.controller.view.state is State.HANDED_BACK


def test_the_keyboard_goes_through_the_plan_as_it_stands_on_the_page(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    arrived(township, desk)
    front(desk, qtbot)
    desk.press("转回基层…")
    form = form_of(desk)
    last = form.plan_card.add_step()
    qtbot.waitUntil(last.isVisible)
    form.fields["plan.starts_on"].setFocus()
    stops = [f.editor for line in form.plan_card.lines() for f in line.fields]
    for editor in (*stops, form.fields["plan.precautions"].editor):
        keys.enter()
        assert keys.focused() is editor


def test_removed_steps_are_gone_and_a_draft_comes_back_whole(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = arrived(township, desk)
    front(desk, qtbot)
    desk.press("转回基层…")
    form = form_of(desk)
    first = form.plan_card.lines()[0]
    first.kind.set_value("exam")
    second = form.plan_card.add_step()
    second.kind.set_value("review")
    second.due.line.setText("2026-04-01")
    form.rehab_card.editor.add("walking")
    form.plan_card._remove(first)
    form.fields["diagnosis"].set_value("写到一半")
    form.go()
    drafts = [d for d in list_drafts(desk.store, desk.actor) if d.subject_id == referral_id]
    assert len(drafts) == 1
    desk.press("转回基层…")
    again = form_of(desk)
    assert again is not form
    assert again.fields["diagnosis"].value() == "写到一半"
    steps = [line.step() for line in again.plan_card.lines()]
    found = [(step.kind, step.due_on) for step in steps if step is not None]
    assert found == [("review", date(2026, 4, 1))]
    assert [item.exercise for item in again.rehab_card.items.items] == ["walking"]
    again.discard_button.click()
    assert [d for d in list_drafts(desk.store, desk.actor) if d.subject_id == referral_id] == []


def test_a_refused_patient_is_offered_again_or_elsewhere(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = arrived(township, desk)
    hand_back(desk.store, desk.actor, referral_id, summary_for(), plan_for(TODAY))
    carry(desk.store, township.store)
    referral.advance(township.store, township.actor, referral_id, State.REPLIED, Reason("bed_full"))
    front(desk, qtbot)
    desk.news_from(township)
    assert "床位已满" in desk.room.detail.notice.text()
    desk.press("改转他处…")
    form = form_of(desk)
    assert form.plan_card.lines()[0].what.value() == "步行训练"
    form.fields["to_organisation_id"].set_value(TOWNSHIP_ID)
    form.fields["urgency"].set_value("routine")
    form.fields["consent"].set_value("given")
    form.send_button.click()
    # Whether a bed is kept there is asked of this house, on this day.
    assert form.fields["checklist.bed_confirmed"].message()
    for code in CHECKLIST:
        form.fields[f"checklist.{code}"].set_value("yes")
    form.send_button.click()
    view = desk.room.controller.view
    assert (view.state, str(view.direction)) == (State.SENT, "down")
    assert view.letter.origin_referral_id == referral_id


def test_a_reply_is_amended_and_the_plan_goes_on(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = arrived(township, desk)
    hand_back(desk.store, desk.actor, referral_id, summary_for(), plan_for(TODAY))
    forget_outbox(desk)
    front(desk, qtbot)
    desk.press("更正回转单…")
    form = form_of(desk)
    form.fields["rehab_advice"].set_value("每日步行 15 分钟，家属陪同")
    form.send_button.click()
    assert desk.room.controller.view.state is State.HANDED_BACK
    assert waiting_kinds(desk) == ["referral_event", "referral_reply", "referral_task"]
    shown = desk.room.detail.returns.reply.text()
    assert "家属陪同" in shown
    assert "此前版本" in shown


def test_a_patient_of_the_house_is_referred_down_directly(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = add_resident(desk.store, desk.actor, name="陈大山")
    front(desk, qtbot)
    desk.room.new_button.click()
    person = desk.room.dialog
    person.finder.opened.emit(resident_id)
    form = form_of(desk)
    qtbot.waitUntil(lambda: form.isAncestorOf(keys.focused()))
    form.send_button.click()
    for key in ("to_organisation_id", "consent", "diagnosis", "phase"):
        assert form.fields[key].message()
    choices = [form.fields["to_organisation_id"].combo.itemText(n) for n in range(1, 9)]
    assert not any("人民医院" in name for name in choices)
    assert not any("燕子河" in name or "汤家汇" in name for name in choices)  # another consortium
    form.fields["to_organisation_id"].set_value(TOWNSHIP_ID)
    form.fields["urgency"].set_value("priority")
    form.fields["consent"].set_value("given")
    fill_hand_over(form)
    line = form.plan_card.lines()[0]
    line.kind.set_value("follow_up")
    line.due.line.setText("2026-03-09")
    form.send_button.click()
    view = desk.room.controller.view
    assert view.state is State.SENT
    assert view.patient.name == "陈大山"
    assert desk.names()[0] == "待受理 1"
    assert "referral" in waiting_kinds(desk)
    assert "return_plan" in waiting_kinds(desk)
    township.news_from(desk)
    township.room.received.click()
    assert "陈大山" in township.names()[1]
    assert "不予接收…" in township.buttons()


@pytest.mark.parametrize("step", ["转回基层…", "写回转单…"])
def test_no_form_is_wider_than_the_screen(
    township: House, desk: House, qtbot: QtBot, step: str
) -> None:
    arrived(township, desk)
    front(desk, qtbot)
    desk.press(step)
    form = form_of(desk)
    assert desk.room.minimumSizeHint().width() <= theme.SCREEN_WIDTH - theme.RAIL_WIDTH
    area = form.scroll_area
    assert isinstance(area, QScrollArea)
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_a_letter_down_that_came_back_is_mended_with_its_summary(
    township: House, desk: House
) -> None:
    down = DownInput(
        add_resident(desk.store, desk.actor), to_organisation_id=TOWNSHIP_ID, consent="given"
    )
    today = desk.store.clock.today()
    written = refer_down(desk.store, desk.actor, down, summary_for(), plan_for(today))
    township.news_from(desk)
    reason = Reason("insufficient_info", "请写明用药")
    return_for_more(township.store, township.actor, written.referral_id, reason)
    desk.news_from(township)
    desk.room.show_referral(written.referral_id)
    desk.press("修改并重发…")
    form = desk.room.answers.form
    assert form is not None
    assert desk.room.pages.currentWidget() is form
    assert form.strip.text() == "资料不足  ·  请写明用药"
    assert not form.fields["to_organisation_id"].isEnabled()
    assert form.fields["to_organisation_id"].value() == TOWNSHIP_ID
    form.fields["next_plan"].set_value("氨氯地平 5 mg 每日一次")
    form.send_button.click()
    view = desk.room.controller.view
    assert view is not None
    assert view.state is State.SENT
    township.news_from(desk)
    reply = load_returns(township.store, township.actor, written.referral_id).reply
    assert reply is not None
    assert reply.input.next_plan == "氨氯地平 5 mg 每日一次"


def test_a_patient_whom_the_township_cannot_take_goes_to_another_member_and_it_reads_where(
    township: House, desk: House
) -> None:
    referral_id = arrived(township, desk)
    hand_back(desk.store, desk.actor, referral_id, summary_for(), plan_for(NOW.date()))
    township.news_from(desk)
    no_bed = Reason("bed_full", "康复床位已满")
    advance(township.store, township.actor, referral_id, State.REPLIED, no_bed)
    desk.news_from(township)
    desk.room.show_referral(referral_id)
    assert desk.room.detail.notice.text() == "无法接回：床位已满  ·  康复床位已满"
    last = desk.room.detail.move_buttons()[-1]
    assert isinstance(last, PrimaryButton)
    assert last.text() == "改转他处…"
    last.click()
    form = form_of(desk)
    checks = [field for field in form.fields if field.key.startswith("checklist")]
    assert len(checks) == 6
    assert not any(field.value() for field in checks), "of another house and another day"
    form.fields["to_organisation_id"].set_value(CARE_HOME_ID)
    form.fields["consent"].set_value("given")
    fill_hand_over(form)
    line = form.plan_card.lines()[0]
    line.kind.set_value("follow_up")
    line.due.line.setText("2026-03-09")
    form.send_button.click()
    view = desk.room.controller.view
    assert view.to_name == "白塔畈镇医养康中心"
    assert view.before.referral_id == referral_id
    desk.room.show_referral(referral_id)
    assert not any(isinstance(each, PrimaryButton) for each in desk.room.detail.move_buttons())
    township.news_from(desk)
    township.room.show_referral(referral_id)
    assert township.room.detail.notice.text() == "转送 白塔畈镇医养康中心：待受理"
    assert "转送 白塔畈镇医养康中心：待受理" in township.room.detail.history.text()


def test_no_two_fields_of_a_form_bear_one_name(township: House, desk: House) -> None:
    referral_id = arrived(township, desk)
    desk.room.open(referral_id=referral_id)
    desk.press("转回基层…")
    form = form_of(desk)
    own = [field.editor.accessibleName() for field in form.fields]
    named = [name for name in own if name]
    assert sorted(named) == sorted(set(named))
    assert len(named) > 15
