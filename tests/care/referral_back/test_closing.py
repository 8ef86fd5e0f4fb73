"""Referrals that close by themselves, and the reminders: below, at and above each limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.care import referral
from app.care.referral_back.closing import close_finished
from app.care.referral_back.visit import record_visit
from app.care.referral_limits import Limits, reminders
from app.care.referral_moves import Reason
from app.care.referral_return.stay import arrive, begin_care
from app.care.referral_settings import load_limits, save_limits
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.clock import FixedClock
from app.errors import InputError, NotAllowed
from app.models.outbox import Outbox
from tests.care.referral_back.conftest import House
from tests.care.referral_back.test_taking_back import SEEN, due
from tests.conftest import NOW
from tests.referral_support import carry

SECOND = timedelta(seconds=1)


def state(house: House, referral_id: str) -> State:
    return open_referral(*house, referral_id).state


@pytest.mark.parametrize(
    ("visited", "waited", "closed"),
    [
        (True, timedelta(days=7) - SECOND, False),
        (True, timedelta(days=7), True),
        (False, timedelta(days=30) - SECOND, False),
        (False, timedelta(days=30), True),
    ],
)
def test_it_closes_after_the_visit_or_at_the_latest(
    township: House,
    back: str,
    clock: FixedClock,
    visited: bool,
    waited: timedelta,
    closed: bool,
) -> None:
    if visited:
        record_visit(*township, back, SEEN)
    clock.set(NOW + waited)
    assert close_finished(*township) == int(closed)
    assert state(township, back) is (State.CLOSED if closed else State.RECEIVED_BACK)
    assert close_finished(*township) == 0


def test_the_history_says_that_it_closed_by_itself(
    township: House, desk: House, back: str, clock: FixedClock
) -> None:
    record_visit(*township, back, SEEN)
    clock.set(NOW + timedelta(days=8))
    close_finished(*township)
    carry(township[0], desk[0])
    last = open_referral(*desk, back).events[-1]
    assert (last.to_state, last.reason_code) == (State.CLOSED, "completed")
    assert last.details == {"automatic": "True"}
    assert last.actor_name == township[1].name
    assert "return_visit" not in due(township)


def test_a_reopened_referral_is_not_closed_on_the_same_look(
    township: House, back: str, clock: FixedClock
) -> None:
    """Reopening tells that something is still to be done; the 30 days count from the return."""
    record_visit(*township, back, SEEN)
    clock.set(NOW + timedelta(days=8))
    close_finished(*township)
    referral.advance(*township, back, State.RECEIVED_BACK, Reason("other", "仍需观察"))
    assert close_finished(*township) == 0
    clock.advance(days=7)
    assert close_finished(*township) == 1


def test_nobody_closes_without_the_role_or_for_the_other_side(
    township: House, desk: House, back: str, clock: FixedClock
) -> None:
    carry(township[0], desk[0])
    clock.set(NOW + timedelta(days=40))
    with township[0].write(township[1]) as session:
        session.query(Outbox).delete()
    assert close_finished(township[0], replace(township[1], roles=frozenset({"carer"}))) == 0
    assert close_finished(*desk) == 0
    assert state(township, back) is State.RECEIVED_BACK


def test_a_down_referral_closes_from_care_only(
    township: House, coming: str, clock: FixedClock
) -> None:
    arrive(*township, coming)
    clock.set(NOW + timedelta(days=40))
    assert close_finished(*township) == 0  # nobody has begun anything: a person looks
    begin_care(*township, coming)
    assert close_finished(*township) == 0
    clock.advance(days=30)
    assert close_finished(*township) == 1
    assert state(township, coming) is State.CLOSED


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0, 0), (24, 0), (24.01, 1), (48, 1), (48.01, 2), (72, 2), (72.01, 3), (500, 3)],
)
def test_reminders_come_after_their_limits(hours: float, expected: int) -> None:
    assert reminders(timedelta(hours=hours), Limits()) == expected


# -- the settings ----------------------------------------------------------------------------


@pytest.fixture
def chief(township: House) -> House:
    return township[0], replace(township[1], roles=frozenset({"administrator", "doctor"}))


def test_limits_are_a_version_that_travels(chief: House, back: str) -> None:
    new = replace(Limits(), follow_up_d=5, internal_review=True)
    save_limits(*chief, new, "县里统一要求", standing=Limits())
    assert load_limits(chief[0]) == new
    assert due(chief, "return_visit")["return_visit"] == NOW.date() + timedelta(days=5)
    with chief[0].read() as session:
        assert session.query(Outbox).filter(Outbox.kind == "clinical_settings").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"accept_routine_h": 0}, "accept_routine_h"),
        ({"accept_routine_h": 169}, "accept_routine_h"),
        ({"accept_routine_h": 1.5}, "accept_routine_h"),
        ({"follow_up_d": 2}, "follow_up_urgent_d"),
        ({"close_at_latest_d": 6}, "close_at_latest_d"),
        ({"remind_first_h": 60}, "remind_second_h"),
        ({}, "reason"),
    ],
)
def test_unsound_limits_are_refused(chief: House, values: dict[str, float], field: str) -> None:
    new = replace(Limits(), **values)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        save_limits(*chief, new, "试", standing=Limits())
    assert set(caught.value.problems) == {field}


def test_only_an_administrator_with_a_reason_sets_them(chief: House) -> None:
    new = replace(Limits(), follow_up_d=5)
    doctor = replace(chief[1], roles=frozenset({"doctor"}))
    with pytest.raises(NotAllowed):
        save_limits(chief[0], doctor, new, "试", standing=Limits())
    with pytest.raises(InputError):
        save_limits(*chief, new, " ", standing=Limits())
    assert load_limits(chief[0]) == Limits()


def test_two_administrators_do_not_overwrite_each_other(chief: House) -> None:
    first = replace(Limits(), follow_up_d=5)
    save_limits(*chief, first, "第一", standing=Limits())
    with pytest.raises(InputError, match="其他地方"):
        save_limits(*chief, replace(Limits(), arrival_h=24), "第二", standing=Limits())
    assert load_limits(chief[0]) == first
