"""A township writes letters by keyboard: routine, emergency, from a follow-up, kept as drafts."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from app.care import referral
from app.care.referral_drafts import list_drafts, load_draft, save_draft
from app.care.referral_letter import LetterInput
from app.care.referral_lists import list_referrals
from app.care.referral_moves import Reason
from app.care.referral_red_flags import Vitals
from app.care.referral_states import State
from app.errors import DiskFull
from app.models.referral import Referral
from app.ui.referrals.dialogs import PersonDialog, PhoneDialog
from app.ui.referrals.letter_fields import LetterFields
from app.ui.referrals.letter_form import LetterForm
from tests.held_runner import HeldRunner
from tests.referral_rooms import House, Keys, back, bring
from tests.referral_support import add_resident, carry, letter_for

GREEN_CHANNEL = "0564-0000120"


def choose_person(house: House, keys: Keys, qtbot: QtBot, typed: str) -> LetterForm:
    """Ctrl+N, the first letters of a name, Enter."""
    qtbot.keyClick(house.room, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = house.room.dialog
    assert isinstance(dialog, PersonDialog)
    bring(dialog, qtbot)
    keys.text(typed)
    keys.enter()
    assert not dialog.isVisible()
    back(house, qtbot)
    assert house.room.form is not None
    return house.room.form


def letters(house: House) -> int:
    with house.store.read() as session:
        return session.scalar(select(func.count()).select_from(Referral)) or 0


def test_a_routine_letter_by_keyboard(township: House, keys: Keys, qtbot: QtBot) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    fields = form.parts.fields
    assert keys.focused() is fields["urgency"].editor
    assert fields["urgency"].value() == "routine"
    assert form.parts.chosen_receiver().own_lead
    assert fields["impression"].value() == "高血压 3 级 很高危；2 型糖尿病"
    assert fields["allergies"].value() == "青霉素"
    for key, typed in (
        ("to_department", "心血管内科"),
        ("present_history", "头晕一周，血压控制不满意"),
        ("treatment_given", "氨氯地平 10 mg 每日一次"),
        ("reason_codes", "8"),
        ("sbp", "１７２"),
        ("dbp", "98"),
    ):
        keys.to(fields[key].editor)
        keys.text(typed)
    keys.to(form.parts.wishes[0].request.editor)
    keys.text("心血管内科专家门诊")
    keys.to(form.parts.wishes[2].asked.editor)
    keys.key(Qt.Key.Key_Space)
    keys.to(fields["consent"].editor)
    keys.text("1")
    keys.save()
    assert township.room.pages.currentWidget() is township.room.desk
    (line,) = list_referrals(township.store, township.actor)
    assert line.state is State.SENT
    assert line.services == (("clinic", "requested"), ("bed", "requested"))
    assert line.delivery.state == "waiting"
    view = township.room.controller.view
    assert view is not None
    assert view.letter.vitals == Vitals(sbp=172, dbp=98)
    assert view.letter.reason_codes == ("chronic_uncontrolled_twice",)
    assert view.letter.to_department == "心血管内科"
    assert township.room.detail._delivery.text() == "已保存，待上传"
    assert township.names()[0] == "待受理 1"
    assert "徐桂兰" in township.names()[1]
    assert township.buttons() == ["撤销转诊…"]
    assert township.said == [f"转诊单 {line.referral_no} 已保存，等待上传。"]


def test_an_emergency_takes_a_name_and_two_keys(township: House, keys: Keys, qtbot: QtBot) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    keys.text("3")
    assert not form.emergency.isHidden()
    assert "120" in form.emergency.text()
    assert GREEN_CHANNEL in form.emergency.text()
    keys.save()
    (line,) = list_referrals(township.store, township.actor)
    assert line.urgency == "emergency"
    detail = township.room.detail
    assert not detail.emergency.isHidden()
    assert "120" in detail.emergency.text()
    assert GREEN_CHANNEL in detail.emergency.text()
    assert detail.notice.action_button is not None
    assert detail.notice.action_button.text() == "补充资料"


def test_an_unreadable_number_is_shown_at_its_field_even_in_an_emergency(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    keys.text("3")
    keys.to(form.parts.fields["sbp"].editor)
    keys.text("1920")
    keys.save()
    assert letters(township) == 0
    assert form.parts.fields["sbp"].message()
    assert keys.focused() is form.parts.fields["sbp"].editor


def test_a_letter_is_filled_before_it_is_in_sight_and_has_the_keyboard(
    township: House, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each field of a page in sight would lay the whole page out anew."""
    seen: list[bool] = []
    show_letter = LetterFields.show_letter

    def filled(parts: LetterFields, letter: LetterInput) -> None:
        seen.append(parts.isVisible())
        show_letter(parts, letter)

    monkeypatch.setattr(LetterFields, "show_letter", filled)
    for _ in range(2):  # also where the page of the letter before stands in front
        township.room.write_letter(add_resident(township.store, township.actor))
        form = township.room.form
        assert form is not None
        assert form.parts.isVisible()
        assert form.parts.urgency.isAncestorOf(keys.focused())
    assert seen == [False, False]


def test_what_is_missing_is_said_at_each_field_and_nothing_is_saved(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    keys.save()
    assert letters(township) == 0
    for key in ("present_history", "treatment_given", "reason_codes", "consent"):
        assert form.parts.fields[key].message()
    assert not form.parts.fields["impression"].message()
    # The highest of the page, in whichever column it stands.
    assert keys.focused() is form.parts.fields["reason_codes"].editor
    assert township.room.pages.currentWidget() is form


def test_a_refused_consent_is_said_at_its_field(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    save_draft(township.store, township.actor, letter_for(resident_id, consent="refused"))
    township.room.open(resident_id=resident_id)
    form = township.room.form
    form.send_button.click()
    assert "不同意" in form.parts.fields["consent"].message()
    assert letters(township) == 0


def test_red_flags_offer_the_green_channel_while_typing(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    assert form.emergency.isHidden()
    for key, typed in (("sbp", "179"), ("dbp", "100")):
        keys.to(form.parts.fields[key].editor)
        keys.text(typed)
    assert form.emergency.isHidden()
    form.parts.fields["sbp"].set_value(180)
    assert not form.emergency.isHidden()
    assert "180" in form.emergency.text()
    assert GREEN_CHANNEL in form.emergency.text()
    assert form.phone_button.isHidden()
    form.emergency.button.click()
    assert form.parts.urgency.value() == "emergency"
    assert "critical_signs" in form.parts.fields["reason_codes"].value()
    assert not form.phone_button.isHidden()
    assert not form.parts.fields["present_history"].required
    form.parts.urgency.set_value("routine")
    assert form.parts.fields["present_history"].required


def test_a_number_that_is_an_urgent_value_in_diabetes_only(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    township.room.form.parts.fields["heart_rate"].set_value(101)
    assert not township.room.form.emergency.isHidden()


@dataclass(frozen=True)
class Prefill:
    """What a follow-up hands over."""

    resident_id: str
    urgency: str = "emergency"
    impression: str = "高血压 3 级：收缩压 192 ≥ 180"
    reason_codes: tuple[str, ...] = ("critical_signs",)
    vitals: Vitals = field(default_factory=lambda: Vitals(sbp=192, dbp=112))
    source_kind: str = "follow_up"
    source_id: str = "visit"


def test_a_follow_up_opens_the_letter_filled_in(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    save_draft(township.store, township.actor, letter_for(resident_id, impression="旧草稿"))
    township.room.open(resident_id=resident_id, prefill=Prefill(resident_id))
    form = township.room.form
    assert form.parts.fields["impression"].value() == "高血压 3 级：收缩压 192 ≥ 180"
    assert form.parts.urgency.value() == "emergency"
    assert not form.emergency.isHidden()
    form.send_button.click()
    view = township.room.controller.view
    assert view is not None
    assert (view.letter.source_kind, view.letter.source_id) == ("follow_up", "visit")
    assert view.letter.vitals == Vitals(sbp=192, dbp=112)


def test_the_call_comes_first_and_the_letter_is_accepted_at_once(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    keys.text("3")
    form.phone_button.click()
    dialog = form.dialog
    assert isinstance(dialog, PhoneDialog)
    bring(dialog, qtbot)
    assert keys.focused() is dialog.answered_by.editor
    assert dialog.number.value() == GREEN_CHANNEL
    keys.save()  # nobody named yet
    assert dialog.answered_by.message()
    assert letters(township) == 0
    keys.text("急诊科 李护士")
    keys.save()
    view = township.room.controller.view
    assert view is not None
    assert view.state is State.ACCEPTED
    assert "急诊科 李护士" in township.room.detail.emergency.text()
    assert "急诊科 李护士" in township.room.detail.history.text()


def test_leaving_keeps_the_draft_and_enter_in_the_list_goes_on(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    keys.to(form.parts.fields["present_history"].editor)
    keys.text("头晕一周")
    keys.key(Qt.Key.Key_Escape)
    assert township.room.pages.currentWidget() is township.room.desk
    assert letters(township) == 0
    draft = load_draft(township.store, township.actor, resident_id)
    assert draft is not None
    assert draft.present_history == "头晕一周"
    assert township.names() == ["草稿 1", "徐桂兰 女 77 岁 草稿"]
    qtbot.waitUntil(lambda: QApplication.focusWidget() is township.room.list)
    keys.key(Qt.Key.Key_Down)
    keys.enter()
    again = township.room.form
    assert township.room.pages.currentWidget() is again
    assert again.parts.fields["present_history"].value() == "头晕一周"
    runner = HeldRunner()
    township.context.tasks = runner
    again.discard_button.click()
    assert list_drafts(township.store, township.actor), "nothing is written on the screen's thread"
    runner.let_go()
    assert list_drafts(township.store, township.actor) == ()
    assert township.names() == []


def test_typing_does_not_load_the_list_behind_the_form(
    township: House, keys: Keys, qtbot: QtBot
) -> None:
    """The draft is kept with every field; the list is fetched once, when the form is left."""
    add_resident(township.store, township.actor)
    form = choose_person(township, keys, qtbot, "xgl")
    fetched: list[object] = []
    township.room.controller.listed.connect(fetched.append)
    for key in ("present_history", "treatment_given", "allergies"):
        keys.to(form.parts.fields[key].editor)
        keys.text("头晕一周")
    assert fetched == []
    keys.key(Qt.Key.Key_Escape)
    assert len(fetched) == 1
    assert township.names() == ["草稿 1", "徐桂兰 女 77 岁 草稿"]


def test_half_typed_numbers_come_back_with_the_draft(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    form = township.room.form
    form.parts.fields["sbp"].line.setText("17x")
    form.parts.fields.changed.emit()
    township.room.leave()
    township.room.open(resident_id=add_resident(township.store, township.actor, name="李秀英"))
    assert township.room.form.parts.fields["sbp"].line.text() == ""
    township.room.open(resident_id=resident_id)
    assert township.room.form.parts.fields["sbp"].line.text() == "17x"


def test_a_referral_under_way_is_told_before_a_second_is_written(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    written = referral.send(township.store, township.actor, letter_for(resident_id))
    township.room.open(resident_id=resident_id)
    assert written.referral_no in township.room.form.strip.text()
    township.room.form.strip.action_button.click()
    assert township.room.pages.currentWidget() is township.room.desk
    assert township.room.controller.view.referral_id == written.referral_id


def test_a_full_disk_is_said_and_the_letter_stays_on_the_screen(
    township: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident_id = add_resident(township.store, township.actor)
    save_draft(township.store, township.actor, letter_for(resident_id))
    township.room.open(resident_id=resident_id)
    form = township.room.form

    def full(*_: object) -> None:
        raise DiskFull("磁盘已满")

    monkeypatch.setattr(referral, "send", full)
    form.send_button.click()
    assert form.strip.text() == "磁盘已满"
    assert form.send_button.isEnabled()
    assert township.room.pages.currentWidget() is form
    assert form.parts.fields["impression"].value() == "高血压 3 级，2 型糖尿病"


def test_a_returned_letter_is_mended_and_sent_again(township: House, desk: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    written = referral.send(township.store, township.actor, letter_for(resident_id))
    carry(township.store, desk.store)
    referral.advance(
        desk.store, desk.actor, written.referral_id, State.RETURNED,
        Reason("missing_results", "请补心电图"),
    )  # fmt: skip
    township.news_from(desk)
    township.room.open(referral_id=written.referral_id)
    assert "请补心电图" in township.room.detail.notice.text()
    assert township.buttons() == ["撤销转诊…", "修改并重发…"]
    township.press("修改并重发…")
    form = township.room.form
    assert township.room.pages.currentWidget() is form
    assert not form.parts.receiver.isEnabled()
    form.parts.fields["last_results"].set_value("心电图：窦性心律")
    form.send_button.click()
    view = township.room.controller.view
    assert view.state is State.SENT
    assert view.referral_no == written.referral_no
    assert view.letter.last_results == "心电图：窦性心律"
    desk.news_from(township)
    desk.room.open(referral_id=written.referral_id)
    assert "心电图：窦性心律" in desk.room.detail.paper.text()


def test_an_emergency_letter_is_completed_within_its_day(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    letter = letter_for(resident_id, urgency="emergency", treatment_given="", consent="")
    written = referral.send(township.store, township.actor, letter)
    township.room.open(referral_id=written.referral_id)
    assert "2 项" in township.room.detail.notice.text()
    township.room.detail.notice.action_button.click()
    form = township.room.form
    form.parts.fields["treatment_given"].set_value("吸氧，硝酸甘油 0.5 mg 舌下含服")
    form.parts.fields["consent"].set_value("given")
    form.send_button.click()
    view = township.room.controller.view
    assert view.state is State.SENT
    assert view.to_complete == ()
    assert "补充资料" in township.room.detail.history.text()
