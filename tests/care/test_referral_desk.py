"""The receiving desk on a real store, with rows carried from the writer's house and back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.care import referral
from app.care.referral_desk import (
    Booking,
    ServiceAnswer,
    accept,
    answer_service,
    reject,
    return_for_more,
)
from app.care.referral_lists import (
    ENDED_STATES,
    count_states,
    list_referrals,
    receivers,
    waiting_for_me,
)
from app.care.referral_moves import Reason
from app.care.referral_return.stay import arrive, begin_care, no_show
from app.care.referral_states import ServiceState, Side, State
from app.care.referral_view import ReferralView, open_referral
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.referral import Referral, ReferralTask
from app.models.settings import set_setting
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]
House = tuple[Store, Actor]

COME = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
BOOKING = Booking(
    "心血管内科", "李主任", "13900000001", COME, "门诊 3 楼", "五病区", "12 床", "空腹，带旧片"
)
ARRANGED, REFUSED, USED = ServiceState.ARRANGED, ServiceState.REFUSED, ServiceState.USED


@pytest.fixture
def township(make_store: MakeStore) -> House:
    return make_store(TOWNSHIP_ID, "township")


@pytest.fixture
def desk(make_store: MakeStore) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def sent(township: House, desk: House) -> str:
    """A routine letter that has reached the desk."""
    written = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    return written.referral_id


@pytest.fixture
def urgent(township: House, desk: House) -> str:
    letter = letter_for(add_resident(*township, name="陈大山"), urgency="emergency")
    written = referral.send(*township, letter)
    carry(township[0], desk[0])
    return written.referral_id


def services(view: ReferralView) -> dict[str, str]:
    return {service.service: service.state.value for service in view.services}


def task_ids(view: ReferralView) -> dict[str, str]:
    return {service.service: service.task_id for service in view.services}


def test_accepting_stores_department_doctor_time_and_bed_and_the_writer_sees_it(
    township: House, desk: House, sent: str
) -> None:
    ids = task_ids(open_referral(*desk, sent))
    bed = Booking(ward="五病区", bed="12 床", scheduled_at=COME)
    written = accept(
        *desk,
        sent,
        BOOKING,
        (
            ServiceAnswer(ids["clinic"], ARRANGED, BOOKING),
            ServiceAnswer(ids["bed"], ARRANGED, bed),
        ),
    )
    assert written.state is State.ACCEPTED
    carry(desk[0], township[0])
    view = open_referral(*township, sent)
    assert view.state is State.ACCEPTED
    assert view.side is Side.SENDER
    assert (view.booking.department, view.booking.doctor) == ("心血管内科", "李主任")
    assert (view.booking.scheduled_at, view.booking.bed) == (COME, "12 床")
    assert services(view) == {"clinic": "arranged", "examination": "requested", "bed": "arranged"}
    accepted = [event for event in view.events if event.service == "letter"][-1]
    assert accepted.organisation_name == "金寨县人民医院"
    assert accepted.details["scheduled_at"] == "2026-03-04T01:00:00.000Z"
    assert accepted.details["bed"] == "12 床"


def test_the_desk_never_changes_the_letter(desk: House, sent: str) -> None:
    with desk[0].read() as session:
        before = session.get_one(Referral, sent).change_id
    accept(*desk, sent, BOOKING)
    with desk[0].read() as session:
        row = session.get_one(Referral, sent)
        assert row.change_id == before
        assert row.organisation_id == TOWNSHIP_ID
        task = session.query(ReferralTask).filter_by(service="letter").one()
        assert task.organisation_id == TOWNSHIP_ID  # its first writer never changes
        assert task.updated_by == desk[1].staff_id


def test_department_and_time_are_needed_but_not_in_an_emergency(
    desk: House, sent: str, urgent: str
) -> None:
    with pytest.raises(InputError) as caught:
        accept(*desk, sent, Booking(doctor_phone="12", bed="床" * 101))
    assert set(caught.value.problems) == {"department", "scheduled_at", "doctor_phone", "bed"}
    assert open_referral(*desk, sent).state is State.SENT
    assert accept(*desk, urgent, Booking()).state is State.ACCEPTED


def test_a_problem_with_one_priority_accepts_nothing(desk: House, sent: str) -> None:
    ids = task_ids(open_referral(*desk, sent))
    answers = (
        ServiceAnswer(ids["clinic"], ARRANGED, Booking()),
        ServiceAnswer(ids["bed"], REFUSED),
    )
    with pytest.raises(InputError) as caught:
        accept(*desk, sent, BOOKING, answers)
    assert set(caught.value.problems) == {f"{ids['clinic']}.scheduled_at", f"{ids['bed']}.reason"}
    view = open_referral(*desk, sent)
    assert view.state is State.SENT
    assert set(services(view).values()) == {"requested"}


def test_a_bed_is_refused_while_the_clinic_is_granted_and_used(desk: House, sent: str) -> None:
    accept(*desk, sent, BOOKING)
    ids = task_ids(open_referral(*desk, sent))
    answer_service(*desk, sent, ServiceAnswer(ids["clinic"], ARRANGED, BOOKING))
    full = ServiceAnswer(ids["bed"], REFUSED, reason=Reason("resource_limited", "无空床"))
    answer_service(*desk, sent, full)
    answer_service(*desk, sent, ServiceAnswer(ids["clinic"], USED))
    view = open_referral(*desk, sent)
    assert view.state is State.ACCEPTED
    assert services(view) == {"clinic": "used", "examination": "requested", "bed": "refused"}
    bed = next(service for service in view.services if service.service == "bed")
    assert (bed.reason_code, bed.reason_text) == ("resource_limited", "无空床")
    assert bed.answers == (ARRANGED,)
    moves = [(event.service, event.to_state) for event in view.events]
    assert ("clinic", "arranged") in moves
    assert ("clinic", "used") in moves
    assert ("bed", "refused") in moves


def test_a_bed_that_came_free_is_arranged_after_a_refusal(desk: House, sent: str) -> None:
    accept(*desk, sent, BOOKING)
    bed = task_ids(open_referral(*desk, sent))["bed"]
    answer_service(*desk, sent, ServiceAnswer(bed, REFUSED, reason=Reason("resource_limited")))
    answer_service(*desk, sent, ServiceAnswer(bed, ARRANGED, BOOKING))
    view = open_referral(*desk, sent)
    assert services(view)["bed"] == "arranged"
    assert next(s for s in view.services if s.service == "bed").reason_code == ""


def test_a_priority_is_not_answered_out_of_turn(township: House, desk: House, sent: str) -> None:
    ids = task_ids(open_referral(*desk, sent))
    with pytest.raises(InputError):  # before the letter is accepted
        answer_service(*desk, sent, ServiceAnswer(ids["clinic"], ARRANGED, BOOKING))
    accept(*desk, sent, BOOKING)
    with pytest.raises(InputError):  # used before it was arranged
        answer_service(*desk, sent, ServiceAnswer(ids["clinic"], USED))
    with pytest.raises(InputError) as caught:
        answer_service(*desk, sent, ServiceAnswer(ids["bed"], REFUSED, reason=Reason("other")))
    assert set(caught.value.problems) == {"reason_text"}
    with pytest.raises(InputError) as caught:
        answer_service(*desk, sent, ServiceAnswer(ids["bed"], ARRANGED))
    assert set(caught.value.problems) == {"scheduled_at"}
    with pytest.raises(NotFound):
        answer_service(*desk, sent, ServiceAnswer("another-task", ARRANGED, BOOKING))
    carry(desk[0], township[0])
    with pytest.raises(NotAllowed):  # the writer does not answer for the hospital
        answer_service(*township, sent, ServiceAnswer(ids["clinic"], ARRANGED, BOOKING))


def test_a_booking_is_changed_and_both_stay_in_the_history(
    desk: House, sent: str, clock: FixedClock
) -> None:
    accept(*desk, sent, BOOKING)
    entered = clock.now()
    clock.advance(hours=5)
    accept(*desk, sent, replace(BOOKING, bed="3 床"))
    view = open_referral(*desk, sent)
    assert view.booking.bed == "3 床"
    assert view.since == entered  # a changed booking does not start the state anew
    assert [event.move for event in view.events] == ["sent", "accepted", "rebooked"]
    assert [event.details.get("bed") for event in view.events[1:]] == ["12 床", "3 床"]


def test_returning_and_rejecting_need_a_reason_of_their_own_list(desk: House, sent: str) -> None:
    for act, wrong in ((return_for_more, "out_of_scope"), (reject, "missing_results")):
        for reason in (Reason(), Reason(wrong)):
            with pytest.raises(InputError) as caught:
                act(*desk, sent, reason)
            assert set(caught.value.problems) == {"reason"}
    reject(*desk, sent, Reason("suggest_other_dept", "请直接联系神经内科"))
    view = open_referral(*desk, sent)
    assert view.state is State.REJECTED
    assert view.reason_text == "请直接联系神经内科"
    assert set(services(view).values()) == {"refused"}
    assert {s.reason_code for s in view.services} == {"suggest_other_dept"}


def test_accepting_a_letter_that_was_cancelled_meanwhile_says_so(
    township: House, desk: House, sent: str
) -> None:
    referral.cancel(*township, sent, Reason("patient_withdraw"))
    carry(township[0], desk[0])
    with pytest.raises(InputError) as caught:
        accept(*desk, sent, BOOKING)
    assert "已撤销" in caught.value.problems[""]


def test_the_whole_way_of_an_inpatient(desk: House, sent: str) -> None:
    accept(*desk, sent, BOOKING)
    assert arrive(*desk, sent).state is State.ARRIVED
    assert begin_care(*desk, sent).state is State.IN_CARE
    with pytest.raises(InputError):
        referral.advance(*desk, sent, State.CLOSED)
    referral.advance(*desk, sent, State.CLOSED, Reason("need_higher_level"))
    referral.advance(*desk, sent, State.IN_CARE, Reason("closed_by_mistake"))
    view = open_referral(*desk, sent)
    assert view.state is State.IN_CARE
    assert [event.to_state for event in view.events] == [
        "sent", "accepted", "arrived", "in_care", "closed", "in_care",
    ]  # fmt: skip


def test_a_patient_who_did_not_come_frees_what_was_arranged(
    desk: House, sent: str, clock: FixedClock
) -> None:
    clinic = task_ids(open_referral(*desk, sent))["clinic"]
    accept(*desk, sent, BOOKING, (ServiceAnswer(clinic, ARRANGED, BOOKING),))
    clock.set(COME)
    no_show(*desk, sent)
    view = open_referral(*desk, sent)
    assert view.state is State.NO_SHOW
    assert set(services(view).values()) == {"withdrawn"}


# --- lists ----------------------------------------------------------------------------------


def test_the_inbound_list_puts_emergencies_first_and_tells_waiting_against_the_limit(
    township: House, desk: House, sent: str, urgent: str, clock: FixedClock
) -> None:
    clock.advance(minutes=15)
    lines = list_referrals(*desk, side=Side.RECEIVER)
    assert [line.referral_id for line in lines] == [urgent, sent]
    assert not lines[0].waiting.overdue
    clock.advance(seconds=1)
    first, second = list_referrals(*desk)
    assert first.waiting.overdue
    assert first.waiting.elapsed == timedelta(minutes=15, seconds=1)
    assert not second.waiting.overdue
    assert second.waiting.limit == timedelta(hours=24)
    assert (first.resident_name, first.sex, first.age) == ("陈大山", "2", 77)
    assert (first.from_name, first.to_name) == ("白塔畈镇中心卫生院", "金寨县人民医院")
    assert first.services == (("clinic", "requested"), ("examination", "requested"),
                              ("bed", "requested"))  # fmt: skip
    assert first.delivery.state == "local"  # carried here by hand: no receipt, nothing queued
    assert list_referrals(*township)[0].delivery.state == "waiting"
    assert list_referrals(*desk, side=Side.SENDER) == ()


def test_lists_and_counts_by_state(township: House, desk: House, sent: str, urgent: str) -> None:
    assert waiting_for_me(*desk).total == 2
    assert waiting_for_me(*desk).emergencies == 1
    assert waiting_for_me(*township).total == 0
    return_for_more(*desk, sent, Reason("insufficient_info"))
    reject(*desk, urgent, Reason("out_of_scope"))
    carry(desk[0], township[0])
    assert waiting_for_me(*desk).total == 0
    assert waiting_for_me(*township).total == 1
    assert count_states(*township, Side.SENDER) == {State.RETURNED: 1, State.REJECTED: 1}
    assert [line.state for line in list_referrals(*township)] == [State.RETURNED]
    assert [line.referral_id for line in list_referrals(*township, ENDED_STATES)] == [urgent]
    (line,) = list_referrals(*township)
    assert list_referrals(*township, resident_id=line.resident_id) == (line,)
    assert list_referrals(*township, resident_id="nobody") == ()


def test_a_long_list_is_paged(township: House) -> None:
    resident_id = add_resident(*township)
    for _ in range(5):
        referral.send(*township, letter_for(resident_id, services=()))
    pages = [list_referrals(*township, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert len({line.referral_id for page in pages for line in page}) == 5


def test_limits_are_the_countys_own(
    township: House, desk: House, sent: str, clock: FixedClock
) -> None:
    with desk[0].write(desk[1]) as session:
        set_setting(session, "referral.limits", {"accept_routine_h": 2})
    clock.advance(hours=2, seconds=1)
    assert list_referrals(*desk)[0].waiting.overdue
    assert not list_referrals(*township)[0].waiting.overdue


def test_the_own_lead_hospital_is_the_first_receiver(township: House) -> None:
    found = receivers(*township)
    assert found[0].id == LEAD_ID
    assert found[0].own_lead
    assert found[0].green_channel_phone
    assert sum(receiver.own_lead for receiver in found) == 1
    ids = [receiver.id for receiver in found]
    assert TOWNSHIP_ID not in ids
    assert CARE_HOME_ID in ids


def test_moves_offered_to_each_side_and_role(township: House, desk: House, sent: str) -> None:
    def offered(house: House) -> list[str]:
        return [m.target.value for m in open_referral(*house, sent).moves if m.allowed]

    assert offered(township) == ["cancelled"]
    assert offered(desk) == ["accepted", "rejected", "returned"]
    clerk = replace(desk[1], roles=frozenset({"administrator"}))
    assert offered((desk[0], clerk)) == []
