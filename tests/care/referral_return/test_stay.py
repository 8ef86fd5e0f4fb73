"""The patient at the hospital: sent on, arrived, admitted, discharged, or not come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.care.referral import advance, send
from app.care.referral_moves import Reason
from app.care.referral_return.inputs import Admission
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import (
    admit,
    arrive,
    begin_care,
    discharge,
    no_show,
    redirect,
)
from app.care.referral_states import State
from app.care.referral_view import ReferralView, open_referral
from app.care.work_list import today_work
from app.clock import FixedClock
from app.errors import InputError, NotAllowed
from tests.care.referral_return.conftest import COME, House
from tests.conftest import NOW
from tests.referral_support import add_resident, carry, letter_for


def moves(view: ReferralView, service: str = "letter") -> list[tuple[str, str]]:
    return [(e.move, e.to_state) for e in view.events if e.service == service]


def test_a_letter_goes_on_to_another_department_and_keeps_its_state(
    township: House, desk: House, sent: str
) -> None:
    redirect(*desk, sent, " 老年医学科 ", "多病共存，先由老年科评估")
    carry(desk[0], township[0])
    view = open_referral(*township, sent)
    assert view.state is State.SENT
    assert view.booking.department == "老年医学科"
    event = next(e for e in view.events if e.move == "redirected")
    assert event.details == {"department": "老年医学科"}
    assert event.reason_text == "多病共存，先由老年科评估"
    assert (event.from_state, event.to_state) == ("sent", "sent")
    # Waiting goes on from when the letter came: handing it on wins no time.
    assert view.since == view.sent_at


def test_a_letter_is_not_sent_on_to_nowhere_nor_by_its_writer(
    township: House, desk: House, sent: str
) -> None:
    with pytest.raises(InputError) as caught:
        redirect(*desk, sent, "  ")
    assert set(caught.value.problems) == {"department"}
    with pytest.raises(NotAllowed):
        redirect(*township, sent, "老年医学科")
    redirect(*desk, sent, "老年医学科")
    with pytest.raises(InputError) as caught:
        redirect(*desk, sent, "老年医学科")
    assert set(caught.value.problems) == {"department"}


def test_arrival_keeps_the_time_at_which_the_patient_came(
    township: House, desk: House, accepted: str, clock: FixedClock
) -> None:
    clock.set(COME + timedelta(hours=2))
    came = COME + timedelta(minutes=5)
    assert arrive(*desk, accepted, came).state is State.ARRIVED
    carry(desk[0], township[0])
    assert load_returns(*township, accepted).stay.arrived_at == came


def test_nobody_arrives_in_the_future(desk: House, accepted: str, clock: FixedClock) -> None:
    with pytest.raises(InputError) as caught:
        arrive(*desk, accepted, NOW + timedelta(minutes=1))
    assert set(caught.value.problems) == {"at"}
    assert open_referral(*desk, accepted).state is State.ACCEPTED
    assert arrive(*desk, accepted, NOW).state is State.ARRIVED


def test_an_admission_from_the_door_is_two_moves_and_uses_the_bed(
    township: House, desk: House, accepted: str, clock: FixedClock
) -> None:
    clock.set(COME)
    admission = Admission(
        department="心血管内科", doctor="李主任", ward="五病区", bed="12 床", inpatient_no="ZY7"
    )
    assert admit(*desk, accepted, admission).state is State.IN_CARE
    carry(desk[0], township[0])
    view = open_referral(*township, accepted)
    assert moves(view)[-2:] == [("arrived", "arrived"), ("in_care", "in_care")]
    assert (view.booking.ward, view.booking.bed) == ("五病区", "12 床")
    stay = load_returns(*township, accepted).stay
    assert (stay.arrived_at, stay.admitted_at, stay.inpatient_no) == (COME, COME, "ZY7")
    states = {service.service: str(service.state) for service in view.services}
    assert states == {"clinic": "requested", "examination": "requested", "bed": "used"}
    assert moves(view, "bed") == [("arranged", "arranged"), ("used", "used")]


def test_an_admission_keeps_what_the_booking_said_and_needs_a_department(
    desk: House, accepted: str
) -> None:
    with pytest.raises(InputError) as caught:
        admit(*desk, accepted, Admission(bed="床" * 101, doctor_phone="12"))
    assert set(caught.value.problems) == {"department", "bed", "doctor_phone"}
    assert open_referral(*desk, accepted).state is State.ACCEPTED
    admit(*desk, accepted, Admission(department="老年医学科", bed="3 床"))
    booking = open_referral(*desk, accepted).booking
    assert (booking.department, booking.doctor, booking.bed) == ("老年医学科", "李主任", "3 床")


def test_nobody_has_failed_to_come_before_the_time(
    desk: House, accepted: str, clock: FixedClock
) -> None:
    with pytest.raises(InputError):
        no_show(*desk, accepted)
    assert open_referral(*desk, accepted).state is State.ACCEPTED
    clock.set(COME)
    assert no_show(*desk, accepted, "电话未接").state is State.NO_SHOW
    view = open_referral(*desk, accepted)
    assert view.reason_text == "电话未接"
    assert {str(service.state) for service in view.services} == {"withdrawn"}


def test_from_the_discharge_on_the_reply_is_due(
    desk: House, accepted: str, clock: FixedClock
) -> None:
    clock.set(COME)
    admit(*desk, accepted, Admission(department="心血管内科"))
    assert open_referral(*desk, accepted).waiting.limit is None
    left = COME + timedelta(days=3)
    clock.set(left)
    with pytest.raises(InputError) as caught:
        discharge(*desk, accepted, COME - timedelta(minutes=1))
    assert set(caught.value.problems) == {"at"}
    assert discharge(*desk, accepted).state is State.IN_CARE
    clock.set(left + timedelta(hours=24))
    waiting = open_referral(*desk, accepted).waiting
    assert waiting.due == left + timedelta(hours=24)
    assert not waiting.overdue
    clock.advance(seconds=1)
    assert open_referral(*desk, accepted).waiting.overdue
    # The day was mistyped: the discharge is noted anew, and the limit follows.
    discharge(*desk, accepted, left + timedelta(hours=5))
    assert not open_referral(*desk, accepted).waiting.overdue


def test_a_reopened_stay_has_no_discharge_yet(
    desk: House, accepted: str, clock: FixedClock
) -> None:
    clock.set(COME)
    admit(*desk, accepted, Admission(department="心血管内科"))
    discharge(*desk, accepted)
    advance(*desk, accepted, State.CLOSED, Reason("patient_other_hospital"))
    clock.advance(days=3)
    advance(*desk, accepted, State.IN_CARE, Reason("other", "又回来住院"))
    waiting = open_referral(*desk, accepted).waiting
    assert (waiting.limit, waiting.overdue) == (None, False)
    left = discharge(*desk, accepted)
    assert left.state is State.IN_CARE
    assert open_referral(*desk, accepted).waiting.due == clock.now() + timedelta(hours=24)


def test_only_a_patient_in_care_is_discharged(desk: House, accepted: str) -> None:
    with pytest.raises(InputError):
        discharge(*desk, accepted)
    arrive(*desk, accepted)
    with pytest.raises(InputError):
        discharge(*desk, accepted)
    begin_care(*desk, accepted)
    assert discharge(*desk, accepted).state is State.IN_CARE


def test_a_clerk_moves_nothing_but_anybody_may_in_an_emergency(
    township: House, desk: House, sent: str
) -> None:
    store, person = desk
    clerk = replace(person, roles=frozenset({"clerk"}))
    with pytest.raises(NotAllowed):
        redirect(store, clerk, sent, "急诊科")
    letter = letter_for(add_resident(*township, name="陈大山"), urgency="emergency")
    urgent = send(*township, letter).referral_id
    carry(township[0], store)
    redirect(store, clerk, urgent, "急诊科")
    assert open_referral(*desk, urgent).booking.department == "急诊科"


def test_the_reply_that_is_due_stands_on_today(
    township: House, desk: House, accepted: str, clock: FixedClock
) -> None:
    clock.set(COME)
    admit(*desk, accepted, Admission(department="心血管内科"))
    assert [item.kind for item in today_work(*desk).today] == []  # no limit while in bed
    discharge(*desk, accepted)
    (item,) = today_work(*desk).today
    assert (item.kind, item.room) == ("referral:in_care", "referrals")
    clock.advance(hours=24, seconds=1)
    (late,) = today_work(*desk).now
    assert late.kind == "referral:in_care"
    carry(desk[0], township[0])
    assert all(item.kind != "referral:in_care" for item in today_work(*township).now)
