"""Guidance by county doctors (随访指导) and joint rounds of two members (联合查房).

Source: domain reference §8. A visit belongs to a referral or to a rehabilitation plan and goes to
the other house with a note. It is never edited: a mistake is marked as such by its writer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care.outreach.notes import GUIDES_ROLES, add_note, others_patient, require_role
from app.care.outreach.texts import SHORT, kept, missing, unknown
from app.care.ownership import is_own, require_own
from app.care.parsing import clean_text
from app.care.referral_letter import clean_paragraphs
from app.care.referral_lists import age_or_none, organisation_names
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation
from app.models.outbox import Delivery, deliveries
from app.models.outreach import SharedNote
from app.models.referral import Referral
from app.models.referral_return import ReferralVisit
from app.models.rehab import RehabPlan
from app.models.resident import Resident
from app.models.store import Store

SUBJECT = "referral_visit"
GUIDANCE, JOINT_ROUND = "guidance", "joint_round"
PURPOSES = (GUIDANCE, JOINT_ROUND)
MOST_MINUTES = 480
MOST = 200


@dataclass(frozen=True, slots=True)
class Link:
    """What a visit may belong to: a referral (``kind`` "referral") or a plan ("rehab_plan").

    ``other_id``: the house it is shared with by itself, empty where one is to be chosen.
    """

    kind: str
    id: str
    words: str
    other_id: str


@dataclass(frozen=True, slots=True)
class GuidanceStart:
    """What the form begins with. ``only_to``: the house that keeps the resident, where it is
    another one: the visit is shared with nobody else."""

    resident_id: str
    name: str
    sex: str
    age: int | None
    links: tuple[Link, ...]
    only_to: str = ""


@dataclass(frozen=True, slots=True)
class GuidanceInput:
    """A visit as made. ``purpose``, ``mode``: codes of ``referral_visit_purpose`` (guidance or
    joint round) and ``referral_visit_mode``; ``to``: the house it is shared with."""

    resident_id: str
    purpose: str = GUIDANCE
    link: Link | None = field(default=None)
    to: str = ""
    mode: str = ""
    visited_on: date | None = None
    guide_name: str = ""
    local_doctor_name: str = ""
    findings: str = ""
    plan_changes: str = ""
    next_on: date | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class GuidanceLine:
    """One visit in the list and on its side."""

    visit_id: str
    resident_id: str
    resident_name: str
    sex: str
    age: int | None
    purpose: str
    mode: str
    visited_on: date
    guide_name: str
    local_doctor_name: str
    findings: str
    plan_changes: str
    next_on: date | None
    minutes: int | None
    referral_id: str
    referral_no: str
    from_name: str
    to_names: tuple[str, ...]
    own: bool
    void: bool
    delivery: Delivery


def begin_guidance(store: Store, actor: Actor, resident_id: str) -> GuidanceStart:
    """The referrals and plans of a resident that a visit may belong to. Raises NotFound."""
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not on this PC. Choose the resident again."))
        return GuidanceStart(
            resident.id,
            resident.name,
            resident.sex,
            age_or_none(resident.birth_date, store.clock.today()),
            _links(session, actor, resident.id),
            "" if is_own(actor, resident) else resident.organisation_id,
        )


def record_guidance(store: Store, actor: Actor, given: GuidanceInput) -> str:
    """Write a visit down and send it to the other house; returns its id.

    Raises InputError (field → sentence), NotAllowed, NotFound.
    """
    require_role(actor, *GUIDES_ROLES)
    findings, changes = clean_paragraphs(given.findings), clean_paragraphs(given.plan_changes)
    guide, local = clean_text(given.guide_name), clean_text(given.local_doctor_name)
    today = store.clock.today()
    with store.write(actor) as session:
        resident = session.get(Resident, given.resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not on this PC. Choose the resident again."))
        joint = given.purpose == JOINT_ROUND
        problems: dict[str, str | None] = {
            "mode": unknown("referral_visit_mode", given.mode, tr("Choose how it was done.")),
            "guide_name": missing(
                guide,
                tr("Say who came along.") if joint else tr("Say which county doctor guided."),
                SHORT,
            ),
            "local_doctor_name": missing(local, tr("Say which doctor here took part."), SHORT),
            "findings": missing(findings, tr("Write what was found.")),
            "plan_changes": missing(changes, tr("Write what changes in the plan; or “none”.")),
            "visited_on": _day_problem(given.visited_on, today),
        }
        if given.purpose not in PURPOSES:
            problems["purpose"] = tr("Choose the kind of visit.")
        if given.minutes is not None and not 1 <= given.minutes <= MOST_MINUTES:
            problems["minutes"] = tr("A whole number from {least} to {most}.").format(
                least=1, most=MOST_MINUTES
            )
        if given.next_on and given.visited_on and given.next_on <= given.visited_on:
            problems["next_on"] = tr("The next day comes after the visit.")
        link = given.link
        if link is not None and link not in _links(session, actor, resident.id):
            link = None
        if link is None and not joint:
            problems["link"] = tr("Choose the referral or the plan that it belongs to.")
        to = given.to or (link.other_id if link is not None else "")
        other = session.get(Organisation, to)
        if other is None or other.id == actor.organisation_id:
            problems["to"] = tr("Choose the other organisation.")
        else:
            problems["to"] = others_patient(actor, resident, other.id)
        if found := kept(problems):
            raise InputError(found)
        row = ReferralVisit(
            id=new_id(),
            referral_id=link.id if link is not None and link.kind == "referral" else None,
            rehab_plan_id=link.id if link is not None and link.kind == "rehab_plan" else None,
            resident_id=resident.id,
            purpose=given.purpose,
            mode=given.mode,
            visited_on=given.visited_on,
            guide_name=guide,
            local_doctor_name=local,
            findings=findings,
            plan_changes=changes,
            next_on=given.next_on,
            minutes=given.minutes,
            is_sample=resident.is_sample,
        )
        session.add(row)
        session.flush()
        add_note(
            session,
            actor,
            (SUBJECT, row.id),
            to,
            "handed_over",
            store.clock.now(),
            resident_id=resident.id,
            is_sample=row.is_sample,
        )
        return row.id


def void_guidance(store: Store, actor: Actor, visit_id: str) -> None:
    """Mark an own visit as written by mistake. Raises NotAllowed, NotFound."""
    require_role(actor, *GUIDES_ROLES)
    with store.write(actor) as session:
        row = session.get(ReferralVisit, visit_id)
        if row is None or row.purpose not in PURPOSES:
            raise NotFound(tr("This visit is not on this PC."))
        require_own(actor, row)
        row.status = "entered_in_error"
        # A new note makes the other house read it again.
        for to in _receivers(session, [row.id]).get(row.id, ()):
            add_note(
                session, actor, (SUBJECT, row.id), to, "cancelled", store.clock.now(),
                resident_id=row.resident_id, is_sample=row.is_sample,
            )  # fmt: skip


def list_guidance(
    store: Store, actor: Actor, *, limit: int = MOST, offset: int = 0
) -> tuple[GuidanceLine, ...]:
    """Guidance and joint rounds of the own house and those shared with it, newest first."""
    shared = select(SharedNote.subject_id).where(
        SharedNote.subject_kind == SUBJECT,
        SharedNote.owner_organisation_id == actor.organisation_id,
    )
    with store.read() as session:
        rows = session.execute(
            select(ReferralVisit, Resident)
            .join(Resident, Resident.id == ReferralVisit.resident_id)
            .where(
                ReferralVisit.purpose.in_(PURPOSES),
                or_(
                    ReferralVisit.organisation_id == actor.organisation_id,
                    ReferralVisit.id.in_(shared),
                ),
            )
            .order_by(ReferralVisit.visited_on.desc(), ReferralVisit.id.desc())
            .limit(limit)
            .offset(offset)
        ).all()
        visits = [row[0] for row in rows]
        receivers = _receivers(session, [visit.id for visit in visits])
        names = organisation_names(
            session,
            {visit.organisation_id for visit in visits}
            | {to for each in receivers.values() for to in each},
        )
        letters = {
            row.id: row.referral_no or ""
            for row in session.execute(
                select(Referral.id, Referral.referral_no).where(
                    Referral.id.in_([visit.referral_id for visit in visits if visit.referral_id])
                )
            )
        }
        sent = deliveries(session, SUBJECT, [visit.id for visit in visits])
        today = store.clock.today()
        return tuple(
            GuidanceLine(
                visit_id=visit.id,
                resident_id=resident.id,
                resident_name=resident.name,
                sex=resident.sex,
                age=age_or_none(resident.birth_date, today),
                purpose=visit.purpose,
                mode=visit.mode,
                visited_on=visit.visited_on,
                guide_name=visit.guide_name or "",
                local_doctor_name=visit.local_doctor_name or "",
                findings=visit.findings,
                plan_changes=visit.plan_changes or "",
                next_on=visit.next_on,
                minutes=visit.minutes,
                referral_id=(visit.referral_id or "") if visit.referral_id in letters else "",
                referral_no=letters.get(visit.referral_id or "", ""),
                from_name=names.get(visit.organisation_id, ""),
                to_names=tuple(names.get(to, "") for to in receivers.get(visit.id, ())),
                own=visit.organisation_id == actor.organisation_id,
                void=visit.status == "entered_in_error",
                delivery=sent[visit.id],
            )
            for visit, resident in rows
        )


def _links(session: Session, actor: Actor, resident_id: str) -> tuple[Link, ...]:
    """Newest first; a plan is guided by the own lead hospital."""
    found = []
    for letter in session.scalars(
        select(Referral).where(Referral.resident_id == resident_id).order_by(Referral.id.desc())
    ):
        sides = {letter.from_organisation_id, letter.to_organisation_id}
        if actor.organisation_id in sides:
            other = next(iter(sides - {actor.organisation_id}), "")
            words = tr("Referral {number}").format(number=letter.referral_no or "").strip()
            found.append(Link("referral", letter.id, f"{words} {letter.impression or ''}", other))
    own = session.get(Organisation, actor.organisation_id)
    lead = (own.lead_id or "") if own is not None and own.lead_id != own.id else ""
    for plan in session.scalars(
        select(RehabPlan)
        .where(
            RehabPlan.resident_id == resident_id,
            RehabPlan.organisation_id == actor.organisation_id,
        )
        .order_by(RehabPlan.id.desc())
    ):
        words = tr("Rehab plan from {day}").format(day=plan.starts_on.isoformat())
        found.append(Link("rehab_plan", plan.id, words, lead))
    return tuple(found)


def _receivers(session: Session, visit_ids: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for subject, owner in session.execute(
        select(SharedNote.subject_id, SharedNote.owner_organisation_id)
        .where(SharedNote.subject_kind == SUBJECT, SharedNote.subject_id.in_(visit_ids))
        .order_by(SharedNote.id)
    ):
        if owner not in found.setdefault(subject, []):
            found[subject].append(owner)
    return found


def _day_problem(day: date | None, today: date) -> str | None:
    if day is None:
        return tr("Write the day.")
    return tr("The day cannot be after today.") if day > today else None
