"""Indicators of what the lead hospital does below (O1–O3), by the member or the resident.

Source: domain reference §9.3 and §8 (``LOCAL-2026``): an urgent consultation is answered on the
phone within ten minutes, another one within 48 hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care.indicators.counted import Counted
from app.care.indicators.period import Period
from app.clock import clinic_date
from app.models.organisation import Organisation
from app.models.outreach import Consultation, ExpertVisit, SharedNote, Training

URGENT_WITHIN = timedelta(minutes=10)
ROUTINE_WITHIN = timedelta(hours=48)
_MEMBERS = ("TOWNSHIP_CENTER", "CARE_INSTITUTION")


def outreach_indicators(
    session: Session, organisation_id: str, period: Period
) -> tuple[Counted, Counted, Counted]:
    """Expert visits done, consultations answered in time, training hours per member."""
    return (
        _visits(session, organisation_id, period),
        _consultations(session, organisation_id, period),
        _training(session, organisation_id, period),
    )


def answered_in_time(
    urgency: str, asked_at: datetime, notes: Iterable[tuple[str, datetime]]
) -> bool:
    """Whether one of the notes (move, instant) answers in time; an urgent one may be taken on, on
    the phone, before the answer is written."""
    urgent = urgency == "urgent"
    moves = {"answered", "accepted"} if urgent else {"answered"}
    limit = URGENT_WITHIN if urgent else ROUTINE_WITHIN
    return any(move in moves and at - asked_at <= limit for move, at in notes)


def _visits(session: Session, organisation_id: str, period: Period) -> Counted:
    rows = session.execute(
        select(ExpertVisit.host_organisation_id, ExpertVisit.status).where(
            ExpertVisit.visit_on.between(period.start, period.end),
            or_(
                ExpertVisit.organisation_id == organisation_id,
                ExpertVisit.host_organisation_id == organisation_id,
            ),
        )
    ).all()
    done = Counter(host for host, status in rows if status == "done")
    return Counted("O1", _numbers(done), _numbers(Counter(host for host, _ in rows)))


def _consultations(session: Session, organisation_id: str, period: Period) -> Counted:
    rows = session.scalars(
        select(Consultation).where(
            or_(
                Consultation.organisation_id == organisation_id,
                Consultation.to_organisation_id == organisation_id,
            )
        )
    ).all()
    asked = [row for row in rows if clinic_date(row.asked_at) in period]
    notes: dict[str, list[tuple[str, datetime]]] = {}
    for note in session.scalars(
        select(SharedNote).where(
            SharedNote.subject_kind == "consultation",
            SharedNote.subject_id.in_(
                select(Consultation.id).where(
                    or_(
                        Consultation.organisation_id == organisation_id,
                        Consultation.to_organisation_id == organisation_id,
                    )
                )
            ),
        )
    ):
        notes.setdefault(note.subject_id, []).append((note.move, note.occurred_at))
    # What its asker withdrew before an answer was not left unanswered.
    asked = [row for row in asked if not _withdrawn(notes.get(row.id, ()))]
    done = [
        row for row in asked if answered_in_time(row.urgency, row.asked_at, notes.get(row.id, ()))
    ]
    return Counted(
        "O2",
        _numbers(Counter(row.resident_id for row in done)),
        _numbers(Counter(row.resident_id for row in asked)),
    )


def _withdrawn(notes: Iterable[tuple[str, datetime]]) -> bool:
    moves = {move for move, _ in notes}
    return "cancelled" in moves and "answered" not in moves


def _training(session: Session, organisation_id: str, period: Period) -> Counted:
    """Hours by member: a training counts for every member that somebody came from."""
    rows = session.scalars(
        select(Training).where(
            Training.organisation_id == organisation_id,
            Training.held_on.between(period.start, period.end),
            Training.status != "entered_in_error",
        )
    )
    hours: dict[str, float] = {}
    for row in rows:
        came = {each.get("organisation_id") for each in row.attendees if isinstance(each, dict)}
        for member in came - {None, organisation_id}:
            hours[str(member)] = hours.get(str(member), 0) + row.hours
    members = session.scalars(
        select(Organisation.id).where(
            Organisation.lead_id == organisation_id,
            Organisation.active,
            Organisation.type.in_(_MEMBERS),
        )
    )
    among = dict.fromkeys(sorted(members), 1.0)
    return Counted("O3", dict(sorted(hours.items())), among, factor=1)


def _numbers(counted: Mapping[str, int]) -> dict[str, float]:
    return {key: float(counted[key]) for key in sorted(counted)}
