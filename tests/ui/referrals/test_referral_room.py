"""The desk and the township at their lists: accept, answer, return, reject; what the other sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_states import ServiceState, State
from app.clock import FixedClock
from app.models.local import AuditEvent
from app.models.outbox import Outbox, Receipt
from app.ui import theme
from app.ui.referrals import controller
from app.ui.referrals.accept import AcceptDialog, AnswerDialog
from app.ui.referrals.dialogs import PhoneDialog, ReasonDialog
from app.ui.referrals.view import ReferralsRoom
from tests.referral_rooms import House, Keys, bring
from tests.referral_support import add_resident, carry, letter_for

COME = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


def write(house: House, **values: object) -> str:
    name = str(values.pop("name", "徐桂兰"))
    resident_id = add_resident(house.store, house.actor, name=name)
    return referral.send(house.store, house.actor, letter_for(resident_id, **values)).referral_id


def test_the_desk_accepts_by_keyboard_and_the_township_sees_it(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = write(township)
    desk.news_from(township)
    assert desk.names()[0] == "待受理 1"
    assert desk.room.controller.view.referral_id == referral_id  # the first line is opened
    assert desk.buttons() == ["不予接收…", "退回补充…", "转交科室…", "受理…"]
    desk.press("受理…")
    dialog = desk.dialog
    assert isinstance(dialog, AcceptDialog)
    bring(dialog, qtbot)
    fields = dialog.booking_fields
    assert keys.focused() is fields.department.editor
    keys.text("心血管内科")
    keys.to(fields.doctor.editor)
    keys.text("李主任")
    keys.to(fields.moment.day.editor)
    keys.text("3-4")
    keys.enter()
    assert keys.focused() is fields.moment.time.editor
    keys.text("9点")
    keys.to(fields.bed.editor)
    keys.text("12 床")
    clinic, examination, bed = dialog.answers
    keys.to(clinic.choice.editor)
    keys.text("1")
    assert clinic.moment.value() == COME  # most priorities are at the same visit
    keys.to(bed.choice.editor)
    keys.text("1")
    keys.save()
    view = desk.room.controller.view
    assert view.state is State.ACCEPTED
    township.news_from(desk)
    township.room.open(referral_id=referral_id)
    detail = township.room.detail
    words = detail._booking_words.text()
    for expected in ("03-04 09:00", "心血管内科", "李主任", "12 床"):
        assert expected in words
    assert detail.services.line("clinic").chip.text() == "已安排"
    assert detail.services.line("examination").chip.text() == "待安排"
    assert "12 床" in detail.services.line("bed").answer.text()
    assert detail.services.line("bed").buttons() == []  # only the hospital answers
    assert [word for word, kind, _ in detail.state_line.steps() if kind == "now"] == ["已受理"]
    assert "金寨县人民医院" in detail.history.text()
    assert township.buttons() == ["撤销转诊…"]
    assert examination.choice.value() is None


def test_accepting_asks_for_department_day_and_time(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    write(township)
    desk.news_from(township)
    desk.press("受理…")
    dialog = desk.dialog
    bring(dialog, qtbot)
    keys.save()
    assert dialog.booking_fields.department.message()
    assert dialog.booking_fields.moment.day.message()
    dialog.booking_fields.department.set_value("心内科")
    dialog.booking_fields.moment.day.line.setText("3-4")
    dialog.done_button.click()
    assert dialog.booking_fields.moment.time.message()
    dialog.booking_fields.moment.time.line.setText("25")
    dialog.done_button.click()
    assert dialog.booking_fields.moment.time.message()
    dialog.answers[2].choose(ServiceState.REFUSED)
    dialog.booking_fields.moment.time.line.setText("930")
    dialog.done_button.click()
    assert dialog.answers[2].reason.message()
    assert dialog.isVisible()
    assert desk.room.controller.view.state is State.SENT
    dialog.answers[2].reason.set_value("resource_limited")
    dialog.done_button.click()
    assert desk.room.controller.view.state is State.ACCEPTED
    assert desk.room.detail.services.line("bed").chip.text() == "未能安排"


def test_an_emergency_is_first_in_red_and_accepted_with_nothing_filled_in(
    township: House, desk: House, clock: FixedClock
) -> None:
    write(township)
    urgent = write(township, name="陈大山", urgency="emergency", red_flags=("chest_back_pain",))
    clock.advance(minutes=16)
    desk.news_from(township)
    assert "陈大山" in desk.names()[1]
    assert "已超时" in desk.names()[1]
    assert "已超时" not in desk.names()[2]
    assert desk.room.controller.view.referral_id == urgent
    strip = desk.room.detail.emergency
    assert not strip.isHidden()
    for expected in ("120", "0564-0000120", "持续胸痛或背痛", "血压 172/98 mmHg"):
        assert expected in strip.text()
    desk.press("受理…")
    desk.dialog.done_button.click()
    assert desk.room.controller.view.state is State.ACCEPTED
    assert desk.buttons() == ["未到诊…", "撤销转诊…", "调整安排…", "收治入院…", "患者已到"]
    # Nobody is told to answer what was answered; with the patient here there is nobody to phone.
    assert "15 分钟" not in strip.text()
    assert "已受理" in strip.text()
    township.news_from(desk)
    township.room.open(referral_id=urgent)
    assert "先打电话" not in township.room.detail.emergency.text()
    desk.press("患者已到")
    assert desk.room.controller.view.state is State.ARRIVED
    assert strip.isHidden()
    township.news_from(desk)
    assert township.room.detail.emergency.isHidden()


def test_the_township_confirms_an_unanswered_emergency_by_phone(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = write(township, urgency="emergency")
    township.room.open(referral_id=referral_id)
    township.room.detail.emergency.button.click()
    dialog = township.dialog
    assert isinstance(dialog, PhoneDialog)
    bring(dialog, qtbot)
    keys.text("急诊科 李护士")
    keys.save()
    assert township.room.controller.view.state is State.ACCEPTED
    assert township.room.detail.emergency.button.isHidden()
    assert "急诊科 李护士" in township.room.detail.history.text()


def test_returning_by_keyboard_needs_a_reason(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    referral_id = write(township)
    desk.news_from(township)
    desk.press("退回补充…")
    dialog = desk.dialog
    assert isinstance(dialog, ReasonDialog)
    bring(dialog, qtbot)
    keys.save()
    assert dialog.choice.message()
    keys.text("2")
    keys.enter()
    keys.text("请补心电图")
    keys.save()
    assert desk.room.controller.view.state is State.RETURNED
    assert desk.buttons() == []
    township.news_from(desk)
    assert township.names()[0] == "退回补充 1"
    township.room.open(referral_id=referral_id)
    assert township.room.detail.notice.text() == "退回补充：缺检查结果  ·  请补心电图"


def test_a_rejected_letter_goes_to_the_ended_ones_with_its_advice(
    township: House, desk: House
) -> None:
    referral_id = write(township)
    desk.news_from(township)
    desk.press("不予接收…")
    desk.dialog.choice.set_value("suggest_other_dept")
    desk.dialog.text.set_value("请联系神经内科")
    desk.dialog.done_button.click()
    assert desk.buttons() == []
    assert desk.names() == []
    township.news_from(desk)
    assert township.names() == []
    township.room.ended.click()
    assert township.names()[0] == "不予接收 1"
    township.room.open(referral_id=referral_id)
    assert "请联系神经内科" in township.room.detail.notice.text()
    assert township.room.detail.services.line("clinic").chip.text() == "未能安排"
    steps = township.room.detail.state_line.steps()
    assert [(word, kind) for word, kind, _ in steps] == [("已发出", "done"), ("不予接收", "ended")]


def test_each_priority_is_answered_in_its_own_line(township: House, desk: House) -> None:
    referral_id = write(township)
    carry(township.store, desk.store)
    accept(desk.store, desk.actor, referral_id, Booking("心内科", scheduled_at=COME))
    desk.room.open(referral_id=referral_id)
    lines = {name: desk.room.detail.services.line(name) for name in ("clinic", "bed")}

    def press(name: str, word: str) -> None:
        next(b for b in lines[name].buttons() if b.text() == word).click()

    press("clinic", "安排")
    dialog = desk.dialog
    assert isinstance(dialog, AnswerDialog)
    assert dialog.windowTitle() == "安排"
    assert dialog.line.moment.day.required
    dialog.done_button.click()
    assert dialog.line.moment.day.message()
    dialog.line.moment.show(COME)
    dialog.line.place.set_value("门诊 3 楼")
    dialog.done_button.click()
    press("bed", "不能安排")
    assert desk.dialog.windowTitle() == "不能安排"
    assert desk.dialog.line.reason.required
    assert not desk.dialog.line.moment.day.required
    desk.dialog.done_button.click()
    assert desk.dialog.line.reason.message()
    desk.dialog.line.reason.set_value("other")
    desk.dialog.done_button.click()
    assert desk.dialog.line.reason_text.message()
    desk.dialog.line.reason_text.set_value("病区改造")
    desk.dialog.done_button.click()
    press("clinic", "已使用")
    assert lines["clinic"].chip.text() == "已使用"
    assert "门诊 3 楼" in lines["clinic"].answer.text()
    assert lines["bed"].chip.text() == "未能安排"
    assert "病区改造" in lines["bed"].answer.text()
    assert [b.text() for b in lines["bed"].buttons()] == ["安排"]
    assert lines["clinic"].buttons() == []


def test_a_patient_arrives_is_cared_for_and_the_booking_changes_before(
    township: House, desk: House
) -> None:
    referral_id = write(township, services=())
    carry(township.store, desk.store)
    accept(desk.store, desk.actor, referral_id, Booking("心内科", scheduled_at=COME, bed="1 床"))
    desk.room.open(referral_id=referral_id)
    desk.press("调整安排…")
    assert desk.dialog.booking_fields.bed.value() == "1 床"
    desk.dialog.booking_fields.bed.set_value("2 床")
    desk.dialog.done_button.click()
    assert desk.room.controller.view.booking.bed == "2 床"
    # Booked for another day: a slip of the finger is no arrival.
    desk.press("患者已到")
    assert "预约的时间不是今天" in " ".join(
        each.text() for each in desk.dialog.findChildren(QLabel)
    )
    desk.dialog.cancel.click()
    assert desk.room.controller.view.state is State.ACCEPTED
    desk.press("患者已到")
    desk.dialog.done_button.click()
    desk.press("开始诊治")
    view = desk.room.controller.view
    assert view.state is State.IN_CARE
    assert desk.buttons() == ["结案…", "已出院…", "转回基层…", "写回转单…"]
    assert "调整安排" in desk.room.detail.history.text()


def test_not_coming_is_confirmed_first(township: House, desk: House, clock: FixedClock) -> None:
    referral_id = write(township)
    carry(township.store, desk.store)
    accept(desk.store, desk.actor, referral_id, Booking("心内科", scheduled_at=COME))
    desk.room.open(referral_id=referral_id)
    desk.press("未到诊…")
    desk.dialog.cancel.click()
    assert desk.room.controller.view.state is State.ACCEPTED
    desk.press("未到诊…")
    desk.dialog.done_button.click()
    assert "尚未到预约时间" in desk.dialog.strip.text()
    clock.set(COME)
    desk.dialog.done_button.click()
    assert desk.room.controller.view.state is State.NO_SHOW


def test_a_letter_cancelled_meanwhile_is_told_in_the_dialog(township: House, desk: House) -> None:
    referral_id = write(township)
    desk.news_from(township)
    desk.press("受理…")
    referral.cancel(township.store, township.actor, referral_id, Reason("patient_withdraw"))
    carry(township.store, desk.store)
    dialog = desk.dialog
    dialog.booking_fields.department.set_value("心内科")
    dialog.booking_fields.moment.show(COME)
    dialog.done_button.click()
    assert "已撤销" in dialog.strip.text()
    assert dialog.isVisible()
    dialog.cancel.click()


def test_the_delivery_mark_tells_where_the_letter_is(township: House, clock: FixedClock) -> None:
    referral_id = write(township)
    township.room.open(referral_id=referral_id)
    mark = township.room.detail._delivery
    assert mark.text() == "已保存，待上传"
    with township.store.apply_remote() as session:
        for row in session.query(Outbox):
            session.add(
                Receipt(
                    kind=row.kind, record_id=row.record_id, change_id=row.change_id,
                    server_time=clock.now(), received_at=clock.now(),
                )
            )  # fmt: skip
        session.query(Outbox).filter(Outbox.kind != "referral_task").delete()
    township.context.tell_changed("referral")
    assert mark.text() == "已保存，待上传"  # the state has not arrived: not better than the truth
    with township.store.apply_remote() as session:
        session.query(Outbox).delete()
    township.context.tell_changed("referral_task")
    assert mark.text() == "县级医院已收到，09:30"


def test_news_keep_the_line_that_is_looked_at(township: House, desk: House) -> None:
    first = write(township)
    second = write(township, name="陈大山")
    township.room.open(referral_id=second)
    carry(township.store, desk.store)
    accept(desk.store, desk.actor, first, Booking("心内科", scheduled_at=COME))
    township.news_from(desk)
    assert township.room.controller.view.referral_id == second
    current = township.room.list.currentIndex()
    assert "陈大山" in str(township.room.model.data(current))
    assert township.names()[0] == "待受理 1"
    assert township.names()[2] == "已受理 1"


def test_arrow_keys_walk_the_list_over_the_headings(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    ids = [write(township, name=name) for name in ("甲某", "乙某")]
    urgent = write(township, name="丙某", urgency="priority")
    township.context.tell_changed("referral")
    township.room.list.setFocus()
    seen = [township.room.controller.view.referral_id]
    for _ in range(2):
        qtbot.keyClick(township.room.list, Qt.Key.Key_Down)
        seen.append(township.room.controller.view.referral_id)
    assert seen == [urgent, *ids]


def test_a_look_is_noted_once_and_refreshing_is_not(township: House) -> None:
    referral_id = write(township)
    township.room.open(referral_id=referral_id)
    township.context.tell_changed("referral")
    township.room.refresh()
    with township.store.read() as session:
        reads = session.query(AuditEvent).filter_by(action="read", record_id=referral_id).count()
    assert reads == 1


def test_ended_referrals_come_by_the_page(township: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "PAGE", 2)
    for number in range(3):
        done = write(township, name=f"甲{'乙丙丁'[number]}", services=())
        referral.cancel(township.store, township.actor, done, Reason("form_error"))
    township.room.ended.click()
    assert township.names()[0] == "已撤销 3"
    assert len(township.names()) == 3
    assert not township.room.more.isHidden()
    township.room.more.click()
    assert len(township.names()) == 4
    assert township.room.more.isHidden()


def test_an_unknown_referral_is_said_and_nothing_breaks(township: House) -> None:
    township.room.open(referral_id="not here")
    assert township.said == ["本机还没有这份转诊单，请等待下次同步。"]
    assert township.room.right.currentWidget() is township.room.nothing


def test_the_empty_room_says_what_comes_here(township: House, desk: House) -> None:
    def words(room: ReferralsRoom) -> str:
        return " ".join(label.text() for label in room.empty.findChildren(QLabel))

    assert "Ctrl+N" in words(township.room)
    assert "没有待处理的转诊" in words(desk.room)
    assert township.room.new_button.text() == "新建上转"
    assert desk.room.new_button.text() == "新建下转"


def test_text_is_never_taken_for_html(township: House) -> None:
    referral_id = write(
        township, impression="<b>高血压</b> & <script>", attention_points="a < b",
        services=(),
    )  # fmt: skip
    township.room.open(referral_id=referral_id)
    paper = township.room.detail.paper.text()
    assert "&lt;b&gt;高血压&lt;/b&gt; &amp; &lt;script&gt;" in paper
    assert "a &lt; b" in paper


def test_long_text_makes_nothing_wider(township: House, qtbot: QtBot) -> None:
    long_name = "阿卜杜热依木·买买提明·艾尔肯江·吐尔逊娜依古丽克孜热依汗·玉素甫江某某"[:50]
    referral_id = write(
        township,
        name=long_name,
        impression="很长的印象" * 100,
        present_history="x" * 900,
        to_department="心血管内科" * 18,
        current_drugs=("y" * 100,) * 12,
    )
    township.room.open(referral_id=referral_id)
    width = theme.SCREEN_WIDTH - theme.RAIL_WIDTH
    assert township.room.minimumSizeHint().width() <= width
    area = township.room.detail.findChild(QScrollArea)
    assert area is not None
    qtbot.waitUntil(lambda: area.widget().width() <= area.viewport().width())
    township.room.write_letter(township.room.controller.view.patient.resident_id)
    assert township.room.minimumSizeHint().width() <= width
    form_area = township.room.form.scroll_area
    assert form_area.widget().minimumSizeHint().width() <= form_area.viewport().width()
