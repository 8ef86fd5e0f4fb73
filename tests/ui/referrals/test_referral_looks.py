"""Every page and dialog of the room: names, targets, nothing cut or sideways; both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral_desk import Booking, ServiceAnswer, accept
from app.care.referral_moves import Reason
from app.care.referral_states import ServiceState, State
from app.care.referral_view import open_referral
from app.i18n import set_language
from app.ui.context import UiContext
from app.ui.referrals.view import ReferralsRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.checks import (
    check_clipping,
    check_fits,
    check_names,
    check_targets,
    show_page,
)

COME = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)


@pytest.fixture(params=["zh_CN", "en"])
def spoken(request: pytest.FixtureRequest) -> str:
    set_language(request.param)
    return str(request.param)


@pytest.fixture
def rooms(make_store: Callable, dressed: object, qtbot: QtBot, spoken: str):
    """The rooms of township and lead hospital with referrals in many states, by their state."""
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    ids: dict[str, str] = {}
    for state in ("sent", "emergency", "accepted", "returned", "rejected"):
        urgency = "emergency" if state == "emergency" else "priority"
        letter = letter_for(add_resident(*township), urgency=urgency, red_flags=("stroke_signs",))
        if state == "emergency":
            letter = letter_for(letter.resident_id, urgency=urgency, treatment_given="")
        ids[state] = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    tasks = {s.service: s.task_id for s in open_referral(*desk, ids["accepted"]).services}
    booking = Booking(
        "心血管内科", "李主任", "13900000001", COME, "门诊", "五病区", "12 床", "空腹"
    )
    accept(
        *desk,
        ids["accepted"],
        booking,
        (
            ServiceAnswer(tasks["clinic"], ServiceState.ARRANGED, booking),
            ServiceAnswer(tasks["bed"], ServiceState.REFUSED, reason=Reason("other", "病区改造")),
        ),
    )
    referral.advance(*desk, ids["returned"], State.RETURNED, Reason("other", "请补心电图"))
    referral.advance(*desk, ids["rejected"], State.REJECTED, Reason("out_of_scope", "建议市医院"))
    carry(desk[0], township[0])
    made: list[ReferralsRoom] = []

    def room(house: str) -> ReferralsRoom:
        store, actor = township if house == "township" else desk
        shown = ReferralsRoom(UiContext(store, actor, SynchronousRunner()))
        show_page(qtbot, shown)
        made.append(shown)
        return shown

    yield room, ids
    for shown in made:
        shown.leave()


def check(page: QWidget) -> None:
    for _ in range(3):  # layouts settle in turns of the event loop
        QApplication.processEvents()
    check_names(page)
    check_fits(page)
    check_clipping(page)
    check_targets(page)


@pytest.mark.parametrize("house", ["township", "desk"])
def test_every_state_at_both_ends(rooms, house: str) -> None:
    make, ids = rooms
    room = make(house)
    for referral_id in ids.values():
        room.open(referral_id=referral_id)
        check(room)


def test_the_form_routine_emergency_and_with_problems(rooms) -> None:
    make, ids = rooms
    room = make("township")
    room.open(referral_id=ids["sent"])
    room.write_letter(room.controller.view.patient.resident_id)
    check(room)
    room.form.parts.fields["impression"].set_value(None)
    room.form.send_button.click()
    check(room)
    room.form.parts.fields["sbp"].set_value(185)
    check(room)
    room.form.emergency.button.click()
    check(room)


def test_the_dialogs(rooms) -> None:
    make, ids = rooms
    room = make("desk")
    room.open(referral_id=ids["sent"])
    for button in room.detail.move_buttons():
        button.click()
        dialog = room.controller.dialog
        dialog.done_button.click()
        check(dialog)
        dialog.reject()
    room.open(referral_id=ids["accepted"])
    for line in ("clinic", "examination", "bed"):
        for button in room.detail.services.line(line).buttons():
            button.click()
            if room.controller.dialog is not None and room.controller.dialog.isVisible():
                check(room.controller.dialog)
                room.controller.dialog.reject()
    room = make("township")
    room.open(referral_id=ids["emergency"])
    room.detail.emergency.button.click()
    check(room.controller.dialog)
    room.controller.dialog.reject()
    room.ask_for_person()
    check(room.dialog)
    room.dialog.reject()


def test_empty_rooms(make_store: Callable, dressed: object, qtbot: QtBot, spoken: str) -> None:
    for organisation_id in (TOWNSHIP_ID, LEAD_ID):
        room = ReferralsRoom(UiContext(*make_store(organisation_id), SynchronousRunner()))
        show_page(qtbot, room)
        room.open()
        check(room)
        room.ended.click()
        check(room)
        room.leave()


def test_it_speaks_english(rooms, spoken: str) -> None:
    make, ids = rooms
    room = make("desk")
    room.open(referral_id=ids["sent"])
    words = [button.text() for button in room.detail.move_buttons()]
    assert (
        words
        == {
            "zh_CN": ["不予接收…", "退回补充…", "转交科室…", "受理…"],
            "en": ["Reject…", "Return for more…", "Hand on…", "Accept…"],
        }[spoken]
    )
