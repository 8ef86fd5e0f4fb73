"""R1 to R6 of §9.3, worked out from the truth and read off the reports of a program."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from app.clock import clinic_date
from app.ui.widgets.fields import Field
from tests.month.hands import Hands
from tests.month.limits import ACCEPT, EMERGENCY, INPATIENT_REPLY, OUTPATIENT_REPLY
from tests.month.plan import Planned
from tests.month.program import Program, settle
from tests.month.truth import Course, Referral, Truth

_FOLLOWED = timedelta(days=14)


def shown(
    program: Program, hands: Hands, first: date, last: date
) -> dict[str, tuple[float, float]]:
    """Numerator and denominator as the reports room lists them."""
    program.front()
    room = program.frame.go("reports")
    bar = room.overview.bar  # type: ignore[attr-defined]
    bar.part.setCurrentIndex(bar.part.findData("days"))
    for field, day in ((bar.first, first), (bar.last, last)):
        assert isinstance(field, Field)
        hands.type_in(field, day.isoformat())
        hands.keys.enter()
    room.overview.setFocus()  # type: ignore[attr-defined]
    settle()
    report = room.overview.report  # type: ignore[attr-defined]
    assert (report.period.start, report.period.end) == (first, last)
    rows = room.overview.model  # type: ignore[attr-defined]
    found = {}
    for row in range(rows.rowCount()):
        one = rows.row(row)
        found[one.indicator.code] = (one.counted.done, one.counted.of)
    return found


def true(truth: Truth, house: str) -> dict[str, tuple[float, float]]:
    """The same from the moves: every referral of the month, the house at either end."""
    of = [each for each in truth.of(house) if each.visible(house)]
    ups = [each for each in of if each.planned.direction == "up" and _sent(each.server)]
    downs = [each for each in of if each.planned.direction == "down" and _sent(each.server)]
    answered = [each for each in ups if not _withdrawn_unanswered(each)]
    seen = [(each, at) for each in ups if (at := _seen(each)) is not None]
    lowered = [each for each in ups if _first(each.server, "handed_back")] + downs
    back = [(each, at) for each in ups if (at := _first(each.server, "received_back"))]
    back += [(each, at) for each in downs if (at := _first(each.server, "accepted"))]
    return {
        "R1": (_count(_in_time(each) for each in answered), len(answered)),
        "R2": (_count(bool(_first(e.server, "replied")) for e, _ in seen), len(seen)),
        "R2T": (_count(_replied_in_time(e, at) for e, at in seen), len(seen)),
        "R3": (_count(_followed(e, at) for e, at in back), len(back)),
        "R4": (len(lowered), len(ups)),
        "R5": (
            sum(_arranged(each) for each in ups),
            sum(len(each.planned.services) for each in ups),
        ),
        "R6": (_count(each.planned.receiver == "L" for each in ups), len(ups)),
    }


def _count(yes: Iterable[bool]) -> int:
    return sum(1 for each in yes if each)


def _first(course: Course, *states: str) -> datetime | None:
    return next((m.at for m in course.letter if m.target in states), None)


def _sent(course: Course) -> datetime | None:
    return _first(course, "sent", "accepted")


def _withdrawn_unanswered(referral: Referral) -> bool:
    for move in referral.server.letter:
        if move.target == "cancelled":
            return move.side == "S"
        if move.target in ("accepted", "rejected", "returned"):
            return False
    return False


def _in_time(referral: Referral) -> bool:
    accepted, sent = _first(referral.server, "accepted"), _sent(referral.server)
    if accepted is None or sent is None:
        return False
    planned = referral.planned
    return accepted - sent <= (EMERGENCY if _urgent(planned) else ACCEPT[planned.urgency])


def _urgent(planned: Planned) -> bool:
    return planned.urgency == "emergency"


def _inpatient(referral: Referral) -> bool:
    """Admitted at the desk, or said so in the reply: who is handed back was."""
    names = {step.name for stage in referral.planned.route for step in stage}
    return bool(names & {"admit", "hand"})


def _seen(referral: Referral) -> datetime | None:
    course = referral.server
    if _first(course, "arrived", "in_care") is None:
        return None
    left, again = course.last("discharged"), course.last("in_care")
    if left is not None and again is not None and again.number > left.number:
        left = None
    if _inpatient(referral):
        return None if left is None else left.at
    return left.at if left is not None else _first(course, "arrived")


def _replied_in_time(referral: Referral, seen: datetime) -> bool:
    replied = _first(referral.server, "replied")
    limit = INPATIENT_REPLY if _inpatient(referral) else OUTPATIENT_REPLY
    return replied is not None and replied - seen <= limit


def _followed(referral: Referral, at: datetime) -> bool:
    taken = clinic_date(at)
    return any(taken <= clinic_date(day) <= taken + _FOLLOWED for _, day in referral.visits)


def _arranged(referral: Referral) -> int:
    """Priorities that were arranged at some time, or at once used."""
    moves = [m for m in referral.server.moves if m.service != "letter"]
    return len({m.service for m in moves if m.target in ("arranged", "used")})
