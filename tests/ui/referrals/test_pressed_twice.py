"""Who presses a button twice means it once, however long the answer takes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent
from sqlalchemy import func, select

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.errors import DiskFull
from app.models.referral import Referral, ReferralEvent
from app.ui.referrals.accept import AcceptDialog
from app.ui.referrals.dialogs import PhoneDialog, ReasonDialog
from tests.held_runner import HeldRunner
from tests.referral_rooms import House
from tests.referral_support import add_resident, letter_for


def _count(house: House, model: type) -> int:
    with house.store.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _sent(township: House, desk: House, **values: object) -> str:
    letter = letter_for(add_resident(township.store, township.actor), **values)
    referral_id = referral.send(township.store, township.actor, letter).referral_id
    desk.news_from(township)
    desk.room.show_referral(referral_id)
    return referral_id


def _phone_dialog(township: House) -> PhoneDialog:
    township.room.write_letter(add_resident(township.store, township.actor))
    form = township.room.form
    assert form is not None
    form.parts.urgency.set_value("emergency")
    form.phone_button.click()
    dialog = form.dialog
    assert isinstance(dialog, PhoneDialog)
    dialog.answered_by.set_value("急诊科 李护士")
    return dialog


def test_an_emergency_accepted_on_the_phone_is_one_letter(township: House) -> None:
    dialog = _phone_dialog(township)
    form = township.room.form
    assert form is not None
    runner = township.context.tasks = HeldRunner()
    dialog.done_button.click()
    dialog.done_button.click()
    # Esc leaves the dialog while the work goes on: the letter is not sent by the other button.
    dialog.reject()
    form.phone_button.click()
    form.send_button.click()
    runner.let_go()
    assert _count(township, Referral) == 1
    assert _count(township, ReferralEvent) == 1


def test_after_a_refusal_the_button_works_again(township: House) -> None:
    dialog = _phone_dialog(township)
    dialog.number.set_value("1")
    dialog.done_button.click()
    assert dialog.number.message()
    assert dialog.done_button.isEnabled()
    dialog.number.set_value("0564-0000120")
    runner = township.context.tasks = HeldRunner()
    dialog.done_button.click()
    assert not dialog.done_button.isEnabled()
    dialog.strip.say_error(DiskFull("磁盘已满"))
    assert dialog.done_button.isEnabled()
    runner.let_go()


def test_a_letter_is_sent_once(township: House) -> None:
    township.room.write_letter(add_resident(township.store, township.actor))
    form = township.room.form
    assert form is not None
    form.parts.urgency.set_value("emergency")
    runner = township.context.tasks = HeldRunner()
    form.send_button.click()
    form.send_button.click()
    form.phone_button.click()
    runner.let_go()
    assert _count(township, Referral) == 1


def test_a_booking_is_made_once(township: House, desk: House) -> None:
    referral_id = _sent(township, desk, urgency="emergency")
    desk.press("受理…")
    dialog = desk.dialog
    assert isinstance(dialog, AcceptDialog)
    runner = desk.context.tasks = HeldRunner()
    dialog.done_button.click()
    dialog.done_button.click()
    runner.let_go()
    moves = [e.move for e in open_referral(desk.store, desk.actor, referral_id).events]
    assert moves == ["sent", "accepted"]


def test_a_bare_step_is_made_once_and_says_nothing_wrong(township: House, desk: House) -> None:
    referral_id = _sent(township, desk, urgency="emergency")
    accept(desk.store, desk.actor, referral_id, Booking())
    desk.room.controller.open(referral_id)
    runner = desk.context.tasks = HeldRunner()
    desk.press("患者已到")
    desk.press("患者已到")
    runner.let_go()
    view = open_referral(desk.store, desk.actor, referral_id)
    assert view.state is State.ARRIVED
    assert desk.room.detail.strip.isHidden()


def test_a_dialog_that_was_left_takes_nobody_down(township: House, desk: House) -> None:
    referral_id = _sent(township, desk)
    desk.press("不予接收…")
    dialog = desk.dialog
    assert isinstance(dialog, ReasonDialog)
    assert dialog.choice is not None
    dialog.choice.set_value("resource_limited")
    runner = desk.context.tasks = HeldRunner()
    dialog.done_button.click()
    dialog.reject()
    dialog.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    runner.let_go()
    assert open_referral(desk.store, desk.actor, referral_id).state is State.REJECTED
