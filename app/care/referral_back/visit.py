"""The visit after the return: written down where the patient is, read by the house that sent them.

Source: domain reference §6.4 (first follow-up within 7 days of the return, 3 in urgent cases) and
ADR "a record of one organisation reaches another by a note". Rows are only ever added; a visit
that was written down wrongly is replaced by a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.outreach.notes import add_note
from app.care.parsing import clean_text
from app.care.referral_back.due import (
    AFTER_RETURN,
    CAME_BY,
    first_visit_by,
    seen,
    visits_of,
    visits_since,
)
from app.care.referral_back.inhand import InHand, in_hand, letters_of
from app.care.referral_letter import MAX_LINE, MAX_TEXT, clean_paragraphs
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_moves import ReferralRows, load_rows, move, not_from_here
from app.care.referral_red_flags import Vitals
from app.care.referral_return.inputs import PlanStep
from app.care.referral_return.rows import plan_from_row
from app.care.referral_states import Side, State, find_rule, may_move
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.referral_return import ReferralVisit
from app.models.resident import Resident
from app.models.store import Store

ROLES = ("doctor", "specialist", "head_of_department", "nurse", "public_health", "rehab_worker",
         "referral_coordinator")  # fmt: skip
#: Longest visit, in minutes.
MOST_MINUTES = 600
HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class VisitInput:
    """A visit as written. ``mode``: code of ``referral_visit_mode``; ``done_steps``: ids of the
    plan's steps; ``minutes`` 1–600; ``next_on``: when the patient is seen again."""

    mode: str = ""
    visited_on: date | None = None
    findings: str = ""
    local_doctor_name: str = ""
    vitals: Vitals = field(default_factory=Vitals)
    plan_changes: str = ""
    done_steps: tuple[str, ...] = ()
    next_on: date | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class VisitStart:
    """What the form of a visit begins with. ``due_on``: by when the first visit was asked for,
    None once one was made; ``steps``: those of the plan that no visit did yet; ``last``: the own
    visit that may be corrected, with its id ``last_id`` and the steps ``last_steps`` it did."""

    referral_id: str
    referral_no: str
    resident_id: str
    resident_name: str
    sex: str
    birth_date: date
    returned_on: date
    due_on: date | None
    from_name: str
    diagnosis: str
    steps: tuple[PlanStep, ...]
    local_doctor_name: str
    last_id: str = ""
    last: VisitInput | None = None
    last_steps: tuple[PlanStep, ...] = ()


def return_of(store: Store, actor: Actor, resident_id: str) -> str:
    """The referral after which this resident is in the organisation's hands: the newest open one,
    else the newest whose plan goes on; empty where there is none."""
    with store.read() as session:
        found = in_hand(session, actor.organisation_id, session.scalars(letters_of([resident_id])))
        newest = max(found, key=lambda each: (each.open, each.since), default=None)
        return "" if newest is None else newest.referral_id


def may_visit(actor: Actor) -> bool:
    """Whether this person's role writes visits down."""
    return actor.has_role(*ROLES)


def begin_visit(store: Store, actor: Actor, referral_id: str) -> VisitStart:
    """What the form shows. Raises InputError where the patient is not in hand."""
    from app.care.referral_lists import organisation_names
    from app.models.referral_return import ReferralReply

    with store.read() as session:
        rows = load_rows(session, actor, referral_id)
        patient = _in_hand(session, actor, rows)
        visits = visits_since(session, [patient])[referral_id]
        done = {str(step) for visit in visits for step in visit.done_steps}
        steps = () if patient.plan is None else plan_from_row(patient.plan).steps
        resident = session.get(Resident, rows.task.resident_id)
        assert resident is not None  # a foreign key of the letter
        reply = session.get(ReferralReply, rows.task.reply_id) if rows.task.reply_id else None
        names = organisation_names(session, [patient.other_organisation_id])
        own = [v for v in seen(visits) if v.organisation_id == actor.organisation_id]
        last = own[-1] if own else None
        return VisitStart(
            referral_id=referral_id,
            referral_no=rows.letter.referral_no or "",
            resident_id=resident.id,
            resident_name=resident.name,
            sex=resident.sex,
            birth_date=resident.birth_date,
            returned_on=_earliest(patient, store.clock.today()),
            due_on=None if seen(visits) else first_visit_by(patient, limits_in_force(session)),
            from_name=names.get(patient.other_organisation_id, ""),
            diagnosis=reply.diagnosis if reply is not None else rows.letter.impression or "",
            steps=tuple(step for step in steps if step.id not in done),
            local_doctor_name=actor.name,
            last_id=last.id if last is not None else "",
            last=_read(last) if last is not None else None,
            last_steps=()
            if last is None
            else tuple(step for step in steps if step.id in last.done_steps),
        )


def _read(row: ReferralVisit) -> VisitInput:
    return VisitInput(
        mode=row.mode,
        visited_on=row.visited_on,
        findings=row.findings,
        local_doctor_name=row.local_doctor_name or "",
        vitals=Vitals.from_dict(row.vitals),
        plan_changes=row.plan_changes or "",
        done_steps=tuple(str(step) for step in row.done_steps),
        next_on=row.next_on,
        minutes=row.minutes,
    )


def record_visit(
    store: Store, actor: Actor, referral_id: str, visit: VisitInput, *, replaces_id: str = ""
) -> str:
    """Write a visit down, tick the plan's steps that it did, and hand it to the other side.

    ``replaces_id``: the own visit that was written down wrongly. In a down-referral whose patient
    has only just come, care begins with the visit. Gives the visit's id.
    """
    visit = _tidy(visit)
    if not may_visit(actor):
        raise NotAllowed(
            tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
        )
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        patient = _in_hand(session, actor, rows)
        problems = _problems(visit, patient, store.clock.today())
        if problems:
            raise InputError(problems)
        if replaces_id:
            _require_own(session, actor, referral_id, replaces_id)
        row = ReferralVisit(
            id=new_id(),
            referral_id=referral_id,
            resident_id=rows.task.resident_id,
            purpose=AFTER_RETURN,
            mode=visit.mode,
            visited_on=visit.visited_on,
            local_doctor_name=visit.local_doctor_name or actor.name,
            findings=visit.findings,
            vitals=visit.vitals.to_dict(),
            plan_changes=visit.plan_changes or None,
            done_steps=list(visit.done_steps),
            next_on=visit.next_on,
            minutes=visit.minutes,
            replaces_id=replaces_id or None,
            is_sample=rows.task.is_sample,
        )
        session.add(row)
        session.flush()
        add_note(
            session,
            actor,
            ("referral_visit", row.id),
            patient.other_organisation_id,
            HANDED_OVER,
            store.clock.now(),
            resident_id=row.resident_id,
            details={CAME_BY: patient.came_by},
            is_sample=row.is_sample,
        )
        if rows.state is State.ARRIVED:
            _begin_care(session, store, actor, rows)
        refresh_due(session, store.organisation_id, [row.resident_id])
        return row.id


def _begin_care(session: Session, store: Store, actor: Actor, rows: ReferralRows) -> None:
    rule = find_rule(rows.state, State.IN_CARE, Side.RECEIVER, urgency=rows.urgency)
    if rule is not None and may_move(rule, actor.roles, urgency=rows.urgency):
        move(session, store.clock, actor, rows, State.IN_CARE)


def _in_hand(session: Session, actor: Actor, rows: ReferralRows) -> InHand:
    found = in_hand(session, actor.organisation_id, [rows.task])
    if not found:
        raise InputError(not_from_here(rows.state))
    return found[0]


def _require_own(session: Session, actor: Actor, referral_id: str, visit_id: str) -> None:
    standing = visits_of(session, [referral_id]).get(referral_id, [])
    if not any(
        each.id == visit_id and each.organisation_id == actor.organisation_id for each in standing
    ):
        raise InputError(
            tr(
                "This visit was replaced already, or it is not yours. Nothing was saved. "
                "Open the referral again."
            )
        )


def _earliest(patient: InHand, today: date) -> date:
    """The first day on which a visit may lie. A return that lies ahead was written down at a PC
    whose clock was wrong: it keeps nobody from today's visit."""
    return min(patient.day, today)


def _tidy(visit: VisitInput) -> VisitInput:
    return replace(
        visit,
        findings=clean_paragraphs(visit.findings),
        plan_changes=clean_paragraphs(visit.plan_changes),
        local_doctor_name=clean_text(visit.local_doctor_name),
    )


def _problems(visit: VisitInput, patient: InHand, today: date) -> dict[str, str]:
    problems = dict(visit.vitals.problems())
    if not codes.is_known("referral_visit_mode", visit.mode):
        problems["mode"] = tr("How was the patient seen?")
    day = visit.visited_on
    if day is None:
        problems["visited_on"] = tr("Write the day of the visit.")
    elif day > today:
        problems["visited_on"] = tr("The visit cannot lie ahead.")
    elif day < (first := _earliest(patient, today)):
        problems["visited_on"] = tr("The patient came back only on {day}.").format(
            day=first.isoformat()
        )
    if not visit.findings:
        problems["findings"] = tr("Write how the patient is.")
    for name in ("findings", "plan_changes"):
        if len(getattr(visit, name)) > MAX_TEXT:
            problems[name] = _too_long(MAX_TEXT)
    if len(visit.local_doctor_name) > MAX_LINE:
        problems["local_doctor_name"] = _too_long(MAX_LINE)
    if visit.next_on is not None and day is not None and visit.next_on <= day:
        problems["next_on"] = tr("The next visit must lie after this one.")
    if visit.minutes is not None and not 1 <= visit.minutes <= MOST_MINUTES:
        problems["minutes"] = tr("Only {low} to {high} can be saved.").format(
            low=1, high=MOST_MINUTES
        )
    steps = () if patient.plan is None else plan_from_row(patient.plan).steps
    if not set(visit.done_steps) <= {step.id for step in steps}:
        problems["done_steps"] = tr("The plan was changed meanwhile. Open the visit again.")
    return problems


def _too_long(limit: int) -> str:
    return tr("This text is longer than {limit} characters. Shorten it.").format(limit=limit)
