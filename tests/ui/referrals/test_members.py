"""Letters between members, and letters that follow one another, through the widgets."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from app.care import referral_desk
from app.care.referral_moves import Reason
from app.care.referral_states import State
from tests.conftest import CARE_HOME_ID, LEAD_ID
from tests.referral_rooms import House, Keys, front
from tests.referral_support import add_resident, letter_for


def test_a_letter_to_a_member_has_its_own_reasons_and_no_priorities(
    township: House, make_house: Callable[[str], House], keys: Keys, qtbot: QtBot
) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    form = township.room.form
    parts = form.parts
    assert parts.services_card.isVisible()
    offered = {code for code, _ in parts.fields["reason_codes"]._entries}
    assert "rehabilitation_training" not in offered
    parts.fields["reason_codes"].set_value(("chronic_uncontrolled_twice", "surgery_intervention"))
    parts.wishes[0].asked.set_value("yes")
    parts.receiver.set_value(CARE_HOME_ID)
    assert form._title.text().startswith("转诊至成员单位")
    assert not parts.services_card.isVisible()
    reasons = parts.fields["reason_codes"]
    # Members refer to each other for what either list says.
    assert set(reasons.value()) == {"chronic_uncontrolled_twice", "surgery_intervention"}
    reasons.set_value(("rehabilitation_training",))
    for key, text in (
        ("present_history", "脑梗死恢复期"),
        ("treatment_given", "抗血小板治疗"),
        ("past_history", "高血压 10 年"),
        ("escort", "女儿"),
        ("consent_signer", "徐小明"),
        ("contracted_team", "项冲村签约团队 王建国"),
    ):
        parts.fields[key].set_value(text)
    for key, code in (("mobility", "wheelchair"), ("transport", "unit_car"), ("consent", "given")):
        parts.fields[key].set_value(code)
    form.send_button.click()
    view = township.room.controller.view
    assert (view.state, view.direction, view.services) == (State.SENT, "across", ())
    assert view.letter.contracted_team == "项冲村签约团队 王建国"
    assert (view.letter.transport, view.letter.escort) == ("unit_car", "女儿")

    home = front(make_house(CARE_HOME_ID), qtbot)
    home.news_from(township)
    home.room.show_referral(view.referral_id)
    assert "接收" in "".join(home.buttons()) or "受理" in "".join(home.buttons())
    home.room.open(resident_id=resident_id)
    up = home.room.form.parts
    assert up.services_card.isVisible()
    up.receiver.set_value(LEAD_ID)
    assert up.services_card.isVisible()


def test_a_reason_that_the_other_receiver_does_not_know_is_dropped(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    parts = township.room.form.parts
    parts.receiver.set_value(CARE_HOME_ID)
    parts.fields["reason_codes"].set_value(("rehabilitation_training", "patient_request"))
    parts.receiver.set_value(LEAD_ID)
    assert parts.fields["reason_codes"].value() == ("patient_request",)


def test_a_rejected_letter_is_followed_with_one_key(
    township: House, desk: House, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id, prefill=letter_for(resident_id))
    township.room.form.send_button.click()
    first = township.room.controller.view
    desk.news_from(township)
    referral_desk.reject(
        desk.store, desk.actor, first.referral_id, Reason("suggest_other_dept", "请转神经内科")
    )
    township.news_from(desk)
    assert township.buttons() == ["据此新建转诊…"]
    assert "请转神经内科" in township.room.detail.notice.text()
    township.press("据此新建转诊…")
    form = township.room.form
    assert form.parts.fields["present_history"].value() == first.letter.present_history
    assert form.parts.fields["consent"].value() is None
    form.parts.fields["to_department"].set_value("神经内科")
    form.parts.fields["consent"].set_value("given")
    form.send_button.click()
    second = township.room.controller.view
    assert (second.state, second.before.referral_id) == (State.SENT, first.referral_id)
    assert f"接续转诊单 {first.referral_no}" in township.room.detail._route.text()

    # From the old one a button leads to the new one.
    township.room.show_referral(first.referral_id)
    action = township.room.detail.notice.action_button
    assert action.text() == f"查看转诊单 {second.referral_no}"
    action.click()
    assert township.room.controller.view.referral_id == second.referral_id
