"""Time limits of a referral: settings with defaults, and how long something has waited.

Source: county convention, domain reference §6.4 table of timers (version LOCAL-2025; there is no
national limit). Overdue is always computed from these and the present instant, never stored, so a
changed limit or a corrected clock changes nothing that was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from app.care.referral_states import Direction, State, Urgency

#: Key of the settings entry that holds a county's own limits.
SETTING = "referral.limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """The timers of §6.4. Fields ending in ``_h`` are hours, ``_min`` minutes, ``_d`` days."""

    accept_routine_h: float = 24
    accept_priority_h: float = 4
    accept_emergency_min: float = 15
    expire_after_limit_h: float = 72
    arrival_h: float = 48
    arrival_down_h: float = 72
    reply_inpatient_h: float = 24
    reply_outpatient_h: float = 48
    down_answer_h: float = 48
    remind_first_h: float = 24
    remind_second_h: float = 48
    remind_third_h: float = 72
    follow_up_d: float = 7
    follow_up_urgent_d: float = 3
    close_after_follow_up_d: float = 7
    close_at_latest_d: float = 30
    emergency_paper_h: float = 24
    internal_review: bool = False

    @classmethod
    def from_settings(cls, stored: object) -> Limits:
        """Limits of a county: the stored values over the defaults. A missing, unknown, negative or
        unreadable entry leaves the default, because a broken setting must not hide a delay."""
        if not isinstance(stored, Mapping):
            return cls()
        values: dict[str, float | bool] = {}
        for field in fields(cls):
            value = stored.get(field.name)
            if field.name == "internal_review":
                if isinstance(value, bool):
                    values[field.name] = value
            elif isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                values[field.name] = value
        return cls(**values)  # type: ignore[arg-type]

    def to_settings(self) -> dict[str, float | bool]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def reminders(waited: timedelta, limits: Limits) -> int:
    """How many of the three reminders of an unanswered down-referral or hand-back are due. A
    reminder is due when the wait is longer than its limit, not at it."""
    hours = (limits.remind_first_h, limits.remind_second_h, limits.remind_third_h)
    return sum(waited > timedelta(hours=each) for each in hours)


def accept_limit(urgency: Urgency, direction: Direction, limits: Limits) -> timedelta:
    """How long the receiver has to answer. An emergency is 15 minutes whichever way it goes; a
    down-referral has its own answer time."""
    if urgency is Urgency.EMERGENCY:
        return timedelta(minutes=limits.accept_emergency_min)
    if direction is Direction.DOWN:
        return timedelta(hours=limits.down_answer_h)
    if urgency is Urgency.PRIORITY:
        return timedelta(hours=limits.accept_priority_h)
    return timedelta(hours=limits.accept_routine_h)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long the referral has been in its state, against the limit of that state.

    ``elapsed`` is never negative (a clock may be wrong). ``limit`` is None where §6.4 sets none;
    it is counted from ``start``, which lies ahead (``expected``) while a booked patient need not
    have come yet; ``due`` is the instant at which the limit is reached.
    """

    elapsed: timedelta
    limit: timedelta | None = None
    start: datetime | None = None
    due: datetime | None = None
    overdue: bool = False
    expected: bool = False
    may_expire: bool = False


def waiting(
    state: State,
    *,
    urgency: Urgency,
    direction: Direction,
    since: datetime,
    now: datetime,
    booked_at: datetime | None = None,
    arrived_at: datetime | None = None,
    discharged_at: datetime | None = None,
    inpatient: bool = False,
    limits: Limits,
) -> Waiting:
    """Waiting time of a referral that entered ``state`` at ``since``.

    Counted from ``since``, except the patient's arrival, which is counted from the booked time, the
    reply to an outpatient visit, which is counted from the arrival as it was noted, and the reply
    to a stay in hospital, which is counted from the discharge. A limit is passed when the
    present instant is later than it, not at it.
    """
    start = since
    limit: timedelta | None = None
    match state:
        case State.SENT:
            limit = accept_limit(urgency, direction, limits)
        case State.ACCEPTED if booked_at is not None:
            hours = limits.arrival_down_h if direction is Direction.DOWN else limits.arrival_h
            start, limit = booked_at, timedelta(hours=hours)
        case State.ARRIVED if not inpatient and direction is Direction.UP:
            start, limit = arrived_at or since, timedelta(hours=limits.reply_outpatient_h)
        case State.IN_CARE if discharged_at is not None:
            start, limit = discharged_at, timedelta(hours=limits.reply_inpatient_h)
        case State.HANDED_BACK:
            limit = timedelta(hours=limits.down_answer_h)
        case State.RECEIVED_BACK:
            limit = timedelta(days=limits.close_at_latest_d)
        case _:
            pass
    elapsed = max(now - start, timedelta(0))
    if limit is None:
        return Waiting(elapsed)
    due = start + limit
    expires = due + timedelta(hours=limits.expire_after_limit_h)
    return Waiting(
        elapsed=elapsed,
        limit=limit,
        start=start,
        due=due,
        overdue=now > due,
        expected=state is State.ACCEPTED and now < start,
        may_expire=state is State.SENT and now > expires,
    )
