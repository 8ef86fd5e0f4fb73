"""What the figures of referral read from a store: visits that stand, all records of a person, and
priorities that were ever arranged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.care import referral
from app.care.follow_up import record_follow_up
from app.care.indicators.period import month_of
from app.care.indicators.referrals import Course, courses_of, referral_indicators
from app.care.referral_back.visit import VisitInput, record_visit
from app.care.referral_desk import Booking, ServiceAnswer, accept, answer_service
from app.care.referral_limits import Limits
from app.care.referral_moves import Reason
from app.care.referral_return.answer import hand_back
from app.care.referral_return.stay import arrive
from app.care.referral_states import ServiceState, State
from app.care.referral_view import open_referral
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store
from tests.care.follow_up_samples import a_visit
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, carry, letter_for

House = tuple[Store, Actor]
TODAY = NOW.date()
BOOKING = Booking("心血管内科", scheduled_at=NOW)
SEEN = VisitInput(mode="home", visited_on=TODAY, findings="血压平稳")


@pytest.fixture
def township(make_store: Callable[..., House]) -> House:
    return make_store(TOWNSHIP_ID, "township")


@pytest.fixture
def desk(make_store: Callable[..., House]) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def accepted(township: House, desk: House) -> str:
    """A letter with all three priorities; the clinic is arranged at once."""
    id_ = referral.send(*township, letter_for(add_resident(*township))).referral_id
    carry(township[0], desk[0])
    clinic = _services(desk, id_)["clinic"]
    accept(*desk, id_, BOOKING, (ServiceAnswer(clinic, ServiceState.ARRANGED, BOOKING),))
    carry(desk[0], township[0])
    return id_


@pytest.fixture
def back(township: House, desk: House, accepted: str) -> str:
    """Taken back by the township."""
    arrive(*desk, accepted)
    hand_back(*desk, accepted, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    referral.advance(*township, accepted, State.RECEIVED_BACK)
    return accepted


def _services(house: House, id_: str) -> dict[str, str]:
    return {each.service: each.task_id for each in open_referral(*house, id_).services}


def _course(house: House) -> Course:
    with house[0].read() as session:
        (found,) = courses_of(session, house[1].organisation_id)
    return found


def _figure(house: House, code: str) -> tuple[float, float]:
    found = referral_indicators([_course(house)], TOWNSHIP_ID, month_of(2026, 3), Limits())
    (one,) = (each for each in found if each.code == code)
    return one.done, one.of


def test_a_priority_that_was_arranged_counts_though_the_patient_stayed_away(
    township: House, desk: House, accepted: str
) -> None:
    assert _figure(township, "R5") == (1, 3)
    referral.cancel(*township, accepted, Reason("patient_withdraw"))
    assert set(_states(township, accepted)) == {"withdrawn"}
    assert _figure(township, "R5") == (1, 3)


def test_one_that_was_refused_counts_once_it_was_arranged(desk: House, accepted: str) -> None:
    bed = _services(desk, accepted)["bed"]
    no = ServiceAnswer(bed, ServiceState.REFUSED, reason=Reason("other", "暂无床位"))
    answer_service(*desk, accepted, no)
    assert _figure(desk, "R5") == (1, 3)
    answer_service(*desk, accepted, ServiceAnswer(bed, ServiceState.ARRANGED, BOOKING))
    answer_service(*desk, accepted, no)
    assert _figure(desk, "R5") == (2, 3)


def _states(house: House, id_: str) -> list[str]:
    return [each.state.value for each in open_referral(*house, id_).services]


def test_a_visit_that_was_replaced_counts_on_its_right_day_alone(
    township: House, back: str, clock: FixedClock
) -> None:
    clock.advance(days=20)
    late = replace(SEEN, visited_on=TODAY + timedelta(days=15))
    wrong = record_visit(*township, back, replace(SEEN, visited_on=TODAY + timedelta(days=2)))
    assert _figure(township, "R3") == (1, 1)
    record_visit(*township, back, late, replaces_id=wrong)
    assert _course(township).followed_on == (TODAY + timedelta(days=15),)
    assert _figure(township, "R3") == (0, 1)


def test_follow_ups_of_all_records_of_the_person_count(township: House, back: str) -> None:
    store, actor = township
    other = add_resident(store, actor, id_no="", record_no="")
    record_follow_up(store, actor, a_visit(other, visit_date=TODAY, enrol=("hypertension",)))
    assert _figure(township, "R3") == (0, 1)
    referred = _course(township).resident_id
    for merged, goes_on in ((other, referred), (referred, other)):
        with store.write(actor) as session:
            session.execute(update(Resident).values(merged_into_id=None, record_status="active"))
            session.execute(
                update(Resident)
                .where(Resident.id == merged)
                .values(merged_into_id=goes_on, record_status="merged")
            )
        assert _figure(township, "R3") == (1, 1)
