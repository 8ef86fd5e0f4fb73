"""The timers of §6.4, written down a second time: what must be shown as late, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.month.plan import Planned
from tests.month.truth import Course

ACCEPT = {"routine": timedelta(hours=24), "priority": timedelta(hours=4)}
EMERGENCY = timedelta(minutes=15)
DOWN_ANSWER = timedelta(hours=48)
EXPIRES = timedelta(hours=72)
ARRIVAL = {"up": timedelta(hours=48), "across": timedelta(hours=48), "down": timedelta(hours=72)}
OUTPATIENT_REPLY, INPATIENT_REPLY = timedelta(hours=48), timedelta(hours=24)
#: Days after the return at which it closes without a visit; house A has its own setting.
CLOSE_AT_LATEST = {"A": 20, "L": 30, "B": 30, "C": 30}
CLOSE_AFTER_VISIT = 7
REMINDERS = (timedelta(hours=24), timedelta(hours=48), timedelta(hours=72))
FIRST_VISIT = {"routine": 7, "priority": 3, "emergency": 3}
PAPER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Timer:
    """What the list shows of a referral's waiting. ``name`` is empty where no limit is set."""

    name: str = ""
    limit: timedelta | None = None
    overdue: bool = False
    expected: bool = False
    may_expire: bool = False
    reminded: int = 0


def timer(view: Course, planned: Planned, now: datetime, house: str) -> Timer:
    """By the clock of the PC that shows it, against the moves as their devices told them."""
    state = view.state()
    name, limit, start = _limit(view, planned, state, house)
    if limit is None or start is None:
        return Timer()
    due = start + limit
    waited = now - start
    unanswered = state == "handed_back" or (state == "sent" and planned.direction == "down")
    return Timer(
        name,
        limit,
        overdue=now > due,
        expected=state == "accepted" and now < start,
        may_expire=state == "sent" and now > due + EXPIRES,
        reminded=sum(waited > each for each in REMINDERS) if unanswered else 0,
    )


def _limit(
    view: Course, planned: Planned, state: str, house: str
) -> tuple[str, timedelta | None, datetime | None]:
    entered = view.entered().at
    discharged = view.last("discharged")
    reopened = view.last("in_care")
    if state == "sent":
        if planned.urgency == "emergency":
            return "accept emergency", EMERGENCY, entered
        if planned.direction == "down":
            return "down answer", DOWN_ANSWER, entered
        return f"accept {planned.urgency}", ACCEPT[planned.urgency], entered
    if state == "accepted":
        return f"arrival {planned.direction}", ARRIVAL[planned.direction], view.booked()
    bed = view.state("bed") in ("arranged", "used") and "b" in planned.services
    if state == "arrived" and planned.direction == "up" and not bed:
        return "reply outpatient", OUTPATIENT_REPLY, entered
    again = discharged is None or (reopened is not None and reopened.number > discharged.number)
    if state == "in_care" and discharged is not None and not again:
        return "reply inpatient", INPATIENT_REPLY, discharged.at
    if state == "handed_back":
        return "take back", DOWN_ANSWER, entered
    if state == "received_back":
        return "close", timedelta(days=CLOSE_AT_LATEST[house]), entered
    return "", None, None
