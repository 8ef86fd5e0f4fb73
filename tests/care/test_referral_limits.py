"""Waiting time against the timers of domain reference §6.4, at, below and above each limit."""

from datetime import UTC, datetime, timedelta

import pytest

from app.care.referral_limits import Limits, accept_limit, waiting
from app.care.referral_states import Direction, State, Urgency

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TICK = timedelta(seconds=1)
UP, DOWN = Direction.UP, Direction.DOWN
DEFAULTS = Limits()


@pytest.mark.parametrize(
    ("urgency", "direction", "expected"),
    [
        (Urgency.ROUTINE, UP, timedelta(hours=24)),
        (Urgency.PRIORITY, UP, timedelta(hours=4)),
        (Urgency.EMERGENCY, UP, timedelta(minutes=15)),
        (Urgency.ROUTINE, DOWN, timedelta(hours=48)),
        (Urgency.PRIORITY, DOWN, timedelta(hours=48)),
        (Urgency.EMERGENCY, DOWN, timedelta(minutes=15)),
    ],
)
def test_answer_limit_at_below_and_above(
    urgency: Urgency, direction: Direction, expected: timedelta
) -> None:
    assert accept_limit(urgency, direction, DEFAULTS) == expected

    def overdue(now: datetime) -> bool:
        return waiting(
            State.SENT, urgency=urgency, direction=direction, since=T0, now=now, limits=DEFAULTS
        ).overdue

    assert not overdue(T0 + expected - TICK)
    assert not overdue(T0 + expected)
    assert overdue(T0 + expected + TICK)


@pytest.mark.parametrize(
    ("direction", "hours"), [(UP, 48), (DOWN, 72)], ids=["up 48 h", "down 72 h"]
)
def test_arrival_is_counted_from_the_booked_time(direction: Direction, hours: int) -> None:
    booked = T0 + timedelta(days=3)

    def look(now: datetime, booked_at: datetime | None = booked) -> bool:
        return waiting(
            State.ACCEPTED, urgency=Urgency.ROUTINE, direction=direction, since=T0, now=now,
            booked_at=booked_at, limits=DEFAULTS,
        ).overdue  # fmt: skip

    limit = booked + timedelta(hours=hours)
    assert not look(limit)
    assert look(limit + TICK)
    assert not look(limit + timedelta(days=99), booked_at=None)


def test_an_outpatient_is_replied_to_within_48_hours_and_an_inpatient_after_discharge() -> None:
    def look(now: datetime, inpatient: bool) -> bool:
        return waiting(
            State.ARRIVED, urgency=Urgency.ROUTINE, direction=UP, since=T0, now=now,
            inpatient=inpatient, limits=DEFAULTS,
        ).overdue  # fmt: skip

    limit = T0 + timedelta(hours=48)
    assert not look(limit, inpatient=False)
    assert look(limit + TICK, inpatient=False)
    assert not look(limit + TICK, inpatient=True)


def test_taking_back_within_48_hours_and_closing_within_30_days() -> None:
    for state, limit in (
        (State.HANDED_BACK, timedelta(hours=48)),
        (State.RECEIVED_BACK, timedelta(days=30)),
    ):
        at, above = (
            waiting(
                state, urgency=Urgency.ROUTINE, direction=UP, since=T0, now=now, limits=DEFAULTS
            ).overdue
            for now in (T0 + limit, T0 + limit + TICK)
        )
        assert (at, above) == (False, True)


def test_a_letter_may_be_marked_expired_72_hours_after_its_limit() -> None:
    expires = T0 + timedelta(hours=24 + 72)
    for now, expected in ((expires - TICK, False), (expires, False), (expires + TICK, True)):
        wait = waiting(
            State.SENT, urgency=Urgency.ROUTINE, direction=UP, since=T0, now=now, limits=DEFAULTS
        )
        assert wait.may_expire is expected


@pytest.mark.parametrize("state", [State.CLOSED, State.REJECTED, State.IN_CARE, State.RETURNED])
def test_states_without_a_limit_are_never_overdue(state: State) -> None:
    wait = waiting(
        state, urgency=Urgency.EMERGENCY, direction=UP, since=T0, now=T0 + timedelta(days=999),
        limits=DEFAULTS,
    )  # fmt: skip
    assert wait.limit is None
    assert not wait.overdue
    assert wait.elapsed == timedelta(days=999)


def test_a_clock_ten_years_behind_shows_no_negative_time() -> None:
    wait = waiting(
        State.SENT, urgency=Urgency.ROUTINE, direction=UP, since=T0,
        now=T0 - timedelta(days=3650), limits=DEFAULTS,
    )  # fmt: skip
    assert wait.elapsed == timedelta(0)
    assert not wait.overdue


def test_a_county_changes_its_limits_and_a_broken_setting_changes_nothing() -> None:
    own = Limits.from_settings({"accept_routine_h": 2, "internal_review": True})
    assert own.accept_routine_h == 2
    assert own.internal_review
    assert own.accept_priority_h == DEFAULTS.accept_priority_h
    assert Limits.from_settings(own.to_settings()) == own
    for broken in (None, "2 h", [], {"accept_routine_h": "2"}, {"accept_routine_h": -1},
                   {"accept_routine_h": 0}, {"accept_routine_h": True}, {"unknown": 5},
                   {"internal_review": 1}):  # fmt: skip
        assert Limits.from_settings(broken) == DEFAULTS
