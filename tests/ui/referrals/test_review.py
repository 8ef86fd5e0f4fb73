"""A letter is approved in its own house through the widgets: submitted, sent back, mended, sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.care import referral, referral_review
from app.care.referral_limits import SETTING, Limits
from app.care.referral_lists import list_referrals, waiting_for_me
from app.care.referral_states import Side, State
from app.care.work_list import today_work
from app.models.actor import Actor
from app.models.settings import set_setting
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog, ReasonDialog
from app.ui.referrals.view import ReferralsRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import TOWNSHIP_ID
from tests.referral_rooms import House, Keys, bring
from tests.referral_support import add_resident, letter_for

Person = Callable[[str], House]


@pytest.fixture
def person(make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot, dressed: object) -> Person:
    """``person("doctor")``: somebody of the same house with this role, at the referral room."""
    store, actor = make_store(TOWNSHIP_ID)
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())

    def make(role: str) -> House:
        own = replace(actor, roles=frozenset({role}))
        context = UiContext(store, own, SynchronousRunner())
        room = ReferralsRoom(context)
        qtbot.addWidget(room)
        said: list[str] = []
        context.notified.connect(lambda text, _tone: said.append(text))
        room.resize(1280, 660)
        room.show()
        room.open()
        return House(store, own, context, room, said)

    return make


def submitted(doctor: House) -> str:
    """A whole letter on the form, submitted with its button."""
    resident_id = add_resident(doctor.store, doctor.actor)
    doctor.room.open(resident_id=resident_id, prefill=letter_for(resident_id))
    form = doctor.room.form
    assert form is not None
    assert form.send_button.text() == "提交院内审核"
    form.send_button.click()
    view = doctor.room.controller.view
    assert view is not None
    assert view.state is State.INTERNAL_REVIEW
    return view.referral_id


def test_from_the_doctor_to_the_head_and_back_until_it_leaves(
    person: Person, keys: Keys, qtbot: QtBot
) -> None:
    doctor = person("doctor")
    referral_id = submitted(doctor)
    assert "等待院内审核" in doctor.said[0]
    assert "院内审核" in doctor.names()[0]
    assert doctor.buttons() == []
    assert "尚看不到" in doctor.room.detail.notice.text()
    assert waiting_for_me(doctor.store, doctor.actor).total == 0

    head = person("head_of_department")
    assert waiting_for_me(head.store, head.actor).total == 1
    (item,) = today_work(head.store, head.actor).today
    assert (item.what, item.arguments) == ("转诊单待院内审核", (("referral_id", referral_id),))
    head.room.open(**dict(item.arguments))
    assert head.buttons() == ["退回书写人…", "审核通过并发出"]
    head.press("退回书写人…")
    dialog = head.dialog
    assert isinstance(dialog, ReasonDialog)
    bring(dialog, qtbot)
    keys.save()
    assert dialog.text.message()
    keys.text("请补充既往史")
    keys.save()
    assert head.room.controller.view.state is State.DRAFT

    doctor.context.tell_changed("referral_task")
    assert "请补充既往史" in doctor.room.detail.notice.text()
    assert doctor.names()[0] == "草稿 1"
    (item,) = today_work(doctor.store, doctor.actor).today
    assert item.what == "院内审核退回，请修改"
    assert doctor.buttons() == ["作废…", "修改后重新提交…"]
    doctor.press("修改后重新提交…")
    form = doctor.room.form
    assert not form.parts.receiver.isEnabled()
    form.parts.fields["past_history"].set_value("高血压 10 年，脑梗死 2 年。")
    form.send_button.click()
    assert doctor.room.controller.view.state is State.INTERNAL_REVIEW

    head.context.tell_changed("referral_task")
    head.press("审核通过并发出")
    view = head.room.controller.view
    assert (view.state, view.letter.past_history) == (State.SENT, "高血压 10 年，脑梗死 2 年。")
    assert [e.to_state for e in view.events if e.service == "letter"] == [
        "internal_review", "draft", "internal_review", "sent",
    ]  # fmt: skip
    (line,) = list_referrals(head.store, head.actor)
    assert (line.side, line.state) == (Side.SENDER, State.SENT)
    assert waiting_for_me(head.store, head.actor).total == 0


def test_a_letter_that_is_not_needed_is_thrown_away_by_its_writer(person: Person) -> None:
    doctor = person("doctor")
    referral_id = submitted(doctor)
    head = replace(doctor.actor, roles=frozenset({"president"}))
    referral_review.send_back(doctor.store, head, referral_id, "可在本院治疗")
    doctor.context.tell_changed("referral_task")
    doctor.press("作废…")
    dialog = doctor.dialog
    assert isinstance(dialog, FormDialog)
    dialog.done_button.click()
    assert doctor.room.controller.view.state is State.DELETED
    assert list_referrals(doctor.store, doctor.actor) == ()
    assert waiting_for_me(doctor.store, doctor.actor).total == 0


def test_an_emergency_leaves_at_once_from_the_form_and_out_of_the_review(person: Person) -> None:
    doctor = person("doctor")
    referral_id = submitted(doctor)
    # While it waits the patient gets worse: one button, and nobody has to approve.
    doctor.room.detail.notice.action_button.click()
    form = doctor.room.form
    assert form.parts.urgency.value() == "emergency"
    assert form.send_button.text() == "发送"
    assert "120" in form.emergency.text()
    form.parts.urgency.set_value("routine")
    assert form.send_button.text() == "提交院内审核"
    form.parts.urgency.set_value("emergency")
    form.send_button.click()
    view = doctor.room.controller.view
    assert view.state is State.SENT
    assert view.before.referral_id == referral_id
    assert view.before.referral_no in doctor.room.detail._route.text()
    doctor.room.show_referral(referral_id)
    assert doctor.room.controller.view.after.referral_id == view.referral_id
    # The head is told that the first one need not be approved any more.
    head = person("president")
    head.room.open(referral_id=referral_id)
    assert view.referral_no in head.room.detail.notice.text()
    assert "无需再审核" in head.room.detail.notice.text()


def settle(qtbot: QtBot) -> None:
    """Until a timer that is started now has come: what was asked of the layouts is done by then."""
    come: list[bool] = []
    QTimer.singleShot(5, lambda: come.append(True))
    qtbot.waitUntil(lambda: bool(come))


def test_a_longer_state_takes_its_room_after_the_form_stood_before_it(
    person: Person, qtbot: QtBot
) -> None:
    doctor = person("doctor")
    store, actor = doctor.store, doctor.actor
    resident_id = add_resident(store, actor)
    letter = letter_for(resident_id, urgency="emergency")
    first = referral.send(store, actor, letter).referral_id
    held = referral_review.submit(store, actor, letter_for(resident_id)).referral_id
    doctor.room.open(referral_id=first)
    qtbot.waitExposed(doctor.room)
    settle(qtbot)
    chip = doctor.room.detail._state
    doctor.room.write_letter(resident_id)
    settle(qtbot)
    assert doctor.room.form is not None
    doctor.room.form._throw_away()
    doctor.room.open(referral_id=held)
    settle(qtbot)
    assert chip.text() == "院内审核"
    assert chip.width() >= chip.sizeHint().width(), "its last letter is cut"
