"""Work that is due after a return: the first visit, and each dated step of the plan.

Derived from referrals, plans and visits and made anew from them. Kinds: ``return_visit`` and
``return_step:<kind of step>``. Overdue is never stored: a line is late when its day has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.referral_back.inhand import BACK, COMPLETED, TAKEN_OVER, InHand, in_hand, letters_of
from app.care.referral_limits import Limits
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_return.rows import plan_from_row
from app.care.resident_record.people import whole_people
from app.models import codes
from app.models.chronic import FollowUp
from app.models.local import DueItem
from app.models.outreach import SharedNote
from app.models.referral import ReferralTask
from app.models.referral_return import ReferralVisit
from app.models.resident import Resident

VISIT = "return_visit"
STEP = "return_step:"
AFTER_RETURN = "after_return"
#: What the note that hands a visit over says besides: the move with which the patient had come.
CAME_BY = "came_by"
OPEN_STATES = (*BACK, *TAKEN_OVER)
_BATCH = 500


def kinds() -> tuple[str, ...]:
    """All kinds of work after a return."""
    return (VISIT, *(STEP + entry.code for entry in codes.entries("return_step")))


def refresh_return_due(session: Session, organisation_id: str, resident_ids: Iterable[str]) -> None:
    """Make the work after a return of these residents anew.

    A step stays due until a visit did it, also when the referral was closed as completed; the
    visit is due only while the referral is open. One line a resident and kind: the earliest.
    """
    session.flush()
    person = whole_people(session, resident_ids)
    ids = sorted(person)
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(kinds()))
        )
        patients = in_hand(session, organisation_id, session.scalars(letters_of(part)))
        if not patients:
            continue
        active = set(
            session.scalars(
                select(Resident.id).where(
                    Resident.id.in_({person[each] for each in part}),
                    Resident.record_status == "active",
                )
            )
        )
        limits = limits_in_force(session)
        visits = visits_since(session, patients)
        followed = _followed(session, organisation_id, part)
        made: dict[tuple[str, str], DueItem] = {}
        for patient in patients:
            who = person[patient.task.resident_id]
            if who not in active:
                continue
            days = [
                day
                for id_, day in followed
                if person.get(id_) == who and day >= patient.day
            ]  # fmt: skip
            here = visits[patient.referral_id]
            for item in _due_of(patient, here, days, limits, organisation_id, who):
                known = made.get((who, item.kind))
                if known is None or item.due_on < known.due_on:
                    made[who, item.kind] = item
        session.add_all(made.values())


def first_visit_by(patient: InHand, limits: Limits) -> date:
    """The day by which a returned patient is to be seen."""
    days = limits.follow_up_urgent_d if patient.pressing else limits.follow_up_d
    return patient.day + timedelta(days=days)


def awaited_visit(session: Session, task: ReferralTask) -> date | None:
    """The day by which the first visit is to be made, for both sides to see; None where nobody has
    the patient after a return, or where the visit was made."""
    for organisation_id in (task.requester_organisation_id, task.owner_organisation_id):
        for patient in in_hand(session, organisation_id, [task]):
            here = visits_since(session, [patient])[patient.referral_id]
            followed = any(
                day >= patient.day
                for _, day in _followed(session, organisation_id, [task.resident_id])
            )
            if patient.open and not seen(here) and not followed:
                return first_visit_by(patient, limits_in_force(session))
    return None


def visits_of(session: Session, referral_ids: list[str]) -> dict[str, list[ReferralVisit]]:
    """The visits that stand, by referral, in the order of their days."""
    rows = session.scalars(
        select(ReferralVisit)
        .where(ReferralVisit.referral_id.in_(referral_ids), ReferralVisit.status == "final")
        .order_by(ReferralVisit.visited_on, ReferralVisit.id)
    ).all()
    replaced = {row.replaces_id for row in rows if row.replaces_id}
    found: dict[str, list[ReferralVisit]] = {}
    for row in rows:
        if row.id not in replaced:
            found.setdefault(str(row.referral_id), []).append(row)
    return found


def visits_since(session: Session, patients: Iterable[InHand]) -> dict[str, list[ReferralVisit]]:
    """Of each patient in hand the visits that stand since they came, by referral.

    The note that hands a visit over names the move with which the patient had come. Where it does
    not (a visit of another program), the day tells them from visits after an earlier return.
    """
    patients = list(patients)
    visits = visits_of(session, [patient.referral_id for patient in patients])
    came_by = _comings_named(session, [v.id for each in visits.values() for v in each])
    found = {}
    for patient in patients:
        known = set(patient.task.event_ids)
        found[patient.referral_id] = [
            visit
            for visit in visits.get(patient.referral_id, [])
            if (
                named == patient.came_by
                if (named := came_by.get(visit.id)) in known
                else not patient.again or visit.visited_on >= patient.day
            )
        ]
    return found


def _comings_named(session: Session, visit_ids: list[str]) -> dict[str, str]:
    """By visit, the move with which the patient had come before it."""
    found: dict[str, str] = {}
    for start in range(0, len(visit_ids), _BATCH):
        notes = session.execute(
            select(SharedNote.subject_id, SharedNote.details).where(
                SharedNote.subject_kind == "referral_visit",
                SharedNote.subject_id.in_(visit_ids[start : start + _BATCH]),
            )
        )
        for note in notes:
            if isinstance(named := note.details.get(CAME_BY), str):
                found[note.subject_id] = named
    return found


def seen(visits: Iterable[ReferralVisit]) -> list[ReferralVisit]:
    """Those in which the house that has the patient saw them after the return."""
    return [visit for visit in visits if visit.purpose == AFTER_RETURN]


def _followed(
    session: Session, organisation_id: str, resident_ids: list[str]
) -> list[tuple[str, date]]:
    """Chronic follow-ups of the own organisation: the first after a return is a visit, too."""
    rows = session.execute(
        select(FollowUp.resident_id, FollowUp.visit_date).where(
            FollowUp.resident_id.in_(resident_ids),
            FollowUp.organisation_id == organisation_id,
            FollowUp.status != "entered_in_error",
        )
    )
    return [(row.resident_id, row.visit_date) for row in rows]


def _due_of(
    patient: InHand,
    visits: list[ReferralVisit],
    followed: list[date],
    limits: Limits,
    organisation_id: str,
    resident_id: str,
) -> list[DueItem]:
    def item(kind: str, due_on: date, **detail: str) -> DueItem:
        return DueItem(
            organisation_id=organisation_id,
            resident_id=resident_id,
            kind=kind,
            due_on=due_on,
            since=patient.day,
            urgent=kind == VISIT and patient.pressing,
            source_kind="referral",
            source_id=patient.referral_id,
            detail=detail,
        )

    found = []
    ours = seen(visits)
    if patient.open:
        if not ours and not followed:
            found.append(item(VISIT, first_visit_by(patient, limits)))
        elif ours and (again := ours[-1].next_on) is not None:
            found.append(item(VISIT, again))
    elif patient.task.reason_code != COMPLETED:
        return found
    if patient.plan is not None:
        done = {str(step) for visit in visits for step in visit.done_steps}
        for step in plan_from_row(patient.plan).steps:
            if step.due_on is not None and step.id not in done:
                found.append(item(STEP + step.kind, step.due_on, step=step.id))
    return found
