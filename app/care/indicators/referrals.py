"""Indicators of two-way referral (R1–R6), by the resident, each counted as often as referred.

Source: domain reference §9.3 and §6.4 (``LOCAL-2026``). A referral belongs to the period of the day
on which its denominator came about: the sending (R1, R4–R6), the discharge or the outpatient visit
(R2), the taking back (R3). Instants are those of the moves, as the devices told them; the
order of moves is their order in the task, never a clock's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.care.indicators.counted import Counted
from app.care.indicators.period import Period
from app.care.referral_limits import Limits, accept_limit
from app.care.referral_moves import LETTER
from app.care.referral_states import Direction, State, Urgency
from app.care.resident_record.people import whole_people
from app.clock import clinic_date
from app.models.chronic import FollowUp
from app.models.organisation import Organisation
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.referral_return import ReferralReply, ReferralVisit

#: The first follow-up after the return counts for R3 up to so many days.
FOLLOWED_WITHIN_DAYS = 14
_ARRANGED = ("arranged", "used")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a letter's task: where it led, who made it, when by that device."""

    move: str
    to_state: str
    organisation_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """One referral as the indicators see it; ``moves`` in the order of the task.

    ``asked``: how many priorities were asked for; ``arranged``: how many of them the receiver had
    arranged at any time, also where the patient then did not come or the letter was cancelled.
    ``followed_on``: the days of the visits that stand, of all records of the person.
    """

    resident_id: str
    direction: Direction
    urgency: Urgency
    requester: str
    owner: str
    own_lead: bool
    moves: tuple[Move, ...]
    asked: int = 0
    arranged: int = 0
    admitted: bool = False
    discharged_at: datetime | None = None
    followed_on: tuple[date, ...] = ()

    def first(self, *states: State) -> Move | None:
        """The first move that led into one of the states."""
        return next((move for move in self.moves if move.to_state in states), None)

    @property
    def sent_at(self) -> datetime | None:
        """When it left: sent, or accepted on the phone before any letter."""
        move = self.first(State.SENT, State.ACCEPTED)
        return None if move is None else move.at


def referral_indicators(
    courses: Iterable[Course], organisation_id: str, period: Period, limits: Limits
) -> tuple[Counted, ...]:
    """R1 to R6 of the referrals in which an organisation takes part. Pure."""
    ups, downs = _split(courses, organisation_id)
    sent = [c for c in ups if _on(c.sent_at) in period]
    lowered = [c for c in ups if _on(_at(c.first(State.HANDED_BACK))) in period]
    lowered += [c for c in downs if _on(c.sent_at) in period]
    seen = [c for c in ups if _on(seen_at(c)) in period]
    back = [(c, day) for c in (*ups, *downs) if (day := _on(taken_at(c))) is not None]
    back = [(c, day) for c, day in back if day in period]
    answered = [c for c in sent if not _cancelled_unanswered(c)]
    return (
        _counted("R1", (c for c in answered if accepted_in_time(c, limits)), answered),
        _counted("R2", (c for c in seen if c.first(State.REPLIED) is not None), seen),
        _counted("R2T", (c for c in seen if replied_in_time(c, limits)), seen),
        _counted("R3", (c for c, day in back if followed_in_time(c, day)), [c for c, _ in back]),
        _counted("R4", lowered, sent),
        Counted("R5", _sum(sent, "arranged"), _sum(sent, "asked")),
        _counted("R6", (c for c in sent if c.own_lead), sent),
    )


def _split(courses: Iterable[Course], organisation_id: str) -> tuple[list[Course], list[Course]]:
    ups: list[Course] = []
    downs: list[Course] = []
    for course in courses:
        if organisation_id not in (course.requester, course.owner):
            continue
        if course.direction is Direction.UP:
            ups.append(course)
        elif course.direction is Direction.DOWN:
            downs.append(course)
    return ups, downs


def accepted_in_time(course: Course, limits: Limits) -> bool:
    """Whether the first acceptance came within the limit of the urgency (phone calls too)."""
    accepted, sent_at = course.first(State.ACCEPTED), course.sent_at
    if accepted is None or sent_at is None:
        return False
    return accepted.at - sent_at <= accept_limit(course.urgency, course.direction, limits)


def _cancelled_unanswered(course: Course) -> bool:
    """Withdrawn by its sender before any answer."""
    for move in course.moves:
        if move.to_state == State.CANCELLED:
            return move.organisation_id == course.requester
        if move.to_state in (State.ACCEPTED, State.REJECTED, State.RETURNED):
            return False
    return False


def seen_at(course: Course) -> datetime | None:
    """When a patient who arrived was discharged, or was seen as an outpatient."""
    if course.first(State.ARRIVED, State.IN_CARE) is None:
        return None
    if course.admitted:
        return course.discharged_at
    arrived = course.first(State.ARRIVED)
    return course.discharged_at or _at(arrived)


def replied_in_time(course: Course, limits: Limits) -> bool:
    """Whether the reply came within 24 h of the discharge, 48 h of an outpatient visit."""
    replied, seen = course.first(State.REPLIED), seen_at(course)
    if replied is None or seen is None:
        return False
    hours = limits.reply_inpatient_h if course.admitted else limits.reply_outpatient_h
    return replied.at - seen <= timedelta(hours=hours)


def taken_at(course: Course) -> datetime | None:
    """When the patient was taken back, or a direct down-referral was accepted."""
    if course.direction is Direction.DOWN:
        return _at(course.first(State.ACCEPTED))
    return _at(course.first(State.RECEIVED_BACK))


def followed_in_time(course: Course, taken_on: date) -> bool:
    last = taken_on + timedelta(days=FOLLOWED_WITHIN_DAYS)
    return any(taken_on <= day <= last for day in course.followed_on)


def _on(at: datetime | None) -> date | None:
    return None if at is None else clinic_date(at)


def _at(move: Move | None) -> datetime | None:
    return None if move is None else move.at


def _counted(code: str, done: Iterable[Course], among: Sequence[Course]) -> Counted:
    return Counted(code, _times(done), _times(among))


def _times(courses: Iterable[Course]) -> Mapping[str, float]:
    counted = Counter(course.resident_id for course in courses)
    return {person: float(counted[person]) for person in sorted(counted)}


def _sum(courses: Iterable[Course], name: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for course in courses:
        number = getattr(course, name)
        if number:
            found[course.resident_id] = found.get(course.resident_id, 0) + number
    return dict(sorted(found.items()))


# --- reading --------------------------------------------------------------------------------


def courses_of(session: Session, organisation_id: str) -> list[Course]:
    """Every referral in which an organisation takes part and that has left its writer."""
    ours = _tasks_of(organisation_id)
    rows = session.execute(
        select(ReferralTask, Referral)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .where(ReferralTask.id.in_(ours.with_only_columns(ReferralTask.id)))
    ).all()
    letters = ours.with_only_columns(ReferralTask.referral_id)
    events = {
        row.id: Move(row.move, row.to_state, row.organisation_id, row.occurred_at)
        for row in session.scalars(
            select(ReferralEvent).where(
                ReferralEvent.task_id.in_(ours.with_only_columns(ReferralTask.id))
            )
        )
    }
    services = _services(session, letters)
    visited = _visited(session, letters)
    followed = _followed(session, {task.resident_id for task, _ in rows})
    own_leads = session.execute(select(Organisation.id, Organisation.lead_id))
    leads = {row.id: row.lead_id for row in own_leads}
    inpatients = set(
        session.scalars(
            select(ReferralReply.referral_id).where(
                ReferralReply.referral_id.in_(letters), ReferralReply.visit_kind == "inpatient"
            )
        )
    )
    found = []
    for task, letter in rows:
        asked, arranged = services.get(letter.id, (0, 0))
        found.append(
            Course(
                resident_id=task.resident_id,
                direction=Direction(letter.direction),
                urgency=Urgency(task.urgency),
                requester=task.requester_organisation_id,
                owner=task.owner_organisation_id,
                own_lead=task.owner_organisation_id == leads.get(task.requester_organisation_id),
                moves=tuple(events[e] for e in task.event_ids if e in events),
                asked=asked,
                arranged=arranged,
                admitted=task.admitted_at is not None or letter.id in inpatients,
                discharged_at=task.discharged_at,
                followed_on=(*visited.get(letter.id, ()), *followed.get(task.resident_id, ())),
            )
        )
    return found


def _tasks_of(organisation_id: str) -> Select[ReferralTask]:
    return select(ReferralTask).where(
        ReferralTask.service == LETTER,
        or_(
            ReferralTask.requester_organisation_id == organisation_id,
            ReferralTask.owner_organisation_id == organisation_id,
        ),
    )


def _services(session: Session, letters: Select[str]) -> dict[str, tuple[int, int]]:
    """How many priorities a letter asked for, and how many were ever arranged, by referral."""
    arranged_by = set(
        session.scalars(
            select(ReferralEvent.id).where(
                ReferralEvent.referral_id.in_(letters),
                ReferralEvent.service != LETTER,
                ReferralEvent.to_state.in_(_ARRANGED),
            )
        )
    )
    found: dict[str, tuple[int, int]] = {}
    rows = session.execute(
        select(ReferralTask.referral_id, ReferralTask.state, ReferralTask.event_ids).where(
            ReferralTask.referral_id.in_(letters), ReferralTask.service != LETTER
        )
    )
    for referral_id, state, event_ids in rows:
        asked, arranged = found.get(referral_id, (0, 0))
        ever = state in _ARRANGED or not arranged_by.isdisjoint(event_ids)
        found[referral_id] = (asked + 1, arranged + ever)
    return found


def _visited(session: Session, letters: Select[str]) -> dict[str, list[date]]:
    """Days of the visits after the return, by referral; of a corrected visit the last version."""
    rows = session.execute(
        select(
            ReferralVisit.id,
            ReferralVisit.referral_id,
            ReferralVisit.visited_on,
            ReferralVisit.replaces_id,
        ).where(
            ReferralVisit.referral_id.in_(letters),
            ReferralVisit.purpose == "after_return",
            ReferralVisit.status != "entered_in_error",
        )
    ).all()
    replaced = {row.replaces_id for row in rows}
    found: dict[str, list[date]] = {}
    for row in rows:
        if row.id not in replaced:
            found.setdefault(str(row.referral_id), []).append(row.visited_on)
    return found


def _followed(session: Session, residents: Iterable[str]) -> dict[str, list[date]]:
    """Days of chronic follow-up visits, by resident: those of all records of the person."""
    wanted = set(residents)
    person = whole_people(session, wanted)
    days: dict[str, list[date]] = {}
    ids = sorted(person)
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            select(FollowUp.resident_id, FollowUp.visit_date).where(
                FollowUp.resident_id.in_(ids[start : start + _BATCH]),
                FollowUp.status != "entered_in_error",
            )
        )
        for resident_id, day in rows:
            days.setdefault(person[resident_id], []).append(day)
    return {each: days[person[each]] for each in wanted if person[each] in days}
