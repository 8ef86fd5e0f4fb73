"""Visits of county experts to the members (专家下沉): planned, held, cancelled, countersigned.

Source: domain reference §8. The lead hospital plans and reports; the member that was the host
countersigns. Each change goes to the host with a note, so that the host always reads the last one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.outreach.notes import HOSTS_ROLES, PLANNERS_ROLES, add_note, require_role
from app.care.outreach.texts import SHORT, kept, missing, too_long
from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.care.referral_letter import clean_paragraphs
from app.care.referral_lists import LEAD_HOSPITAL
from app.care.referral_time import parse_time
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation
from app.models.outreach import ExpertVisit, SharedNote
from app.models.store import Store

SUBJECT = "expert_visit"
PLANNED, DONE, CANCELLED = "planned", "done", "cancelled"
COUNTERSIGNED = "countersigned"
#: What the note to the host says of each status.
_NOTE_OF = {PLANNED: "planned", DONE: "concluded", CANCELLED: "cancelled"}
MOST_QUOTA = 500
MOST_COUNT = 999
_MEMBERS = ("TOWNSHIP_CENTER", "CARE_INSTITUTION")
#: What a host confirms. A visit that differs in one of these is another visit.
_CONFIRMED = ("visit_on", "starts_at", "ends_at", "expert_name", "place")


@dataclass(frozen=True, slots=True)
class VisitInput:
    """A visit as planned. ``starts_at``, ``ends_at``: hours as ``09:00`` (any way of writing them
    is read); ``quota``: how many people are seen at most, None for no limit."""

    host_organisation_id: str = ""
    visit_on: date | None = None
    starts_at: str = ""
    ends_at: str = ""
    expert_name: str = ""
    expert_title: str = ""
    department: str = ""
    topics: str = ""
    place: str = ""
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class VisitResult:
    """How a visit went: people seen at the clinic and on rounds, procedures, people taught."""

    clinic_count: int | None = None
    ward_round_count: int | None = None
    procedure_count: int | None = None
    teaching_count: int | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Countersign:
    """That the host confirms a visit: by whom, when, in which words."""

    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Host:
    """A member that experts may go to."""

    id: str
    name: str


def hosts(store: Store, actor: Actor) -> tuple[Host, ...]:
    """The members of the own consortium, by kind and name."""
    with store.read() as session:
        rows = session.scalars(
            select(Organisation).where(
                Organisation.active,
                Organisation.lead_id == actor.organisation_id,
                Organisation.id != actor.organisation_id,
                Organisation.type.in_(_MEMBERS),
            )
        ).all()
        rows = sorted(rows, key=lambda row: (_MEMBERS.index(row.type), row.name))
        return tuple(Host(row.id, row.name) for row in rows)


def plan_visit(store: Store, actor: Actor, plan: VisitInput) -> str:
    """Plan a visit and tell the host; returns its id.

    Raises InputError (field → sentence), NotAllowed where the house is no lead hospital.
    """
    plan = _tidy(plan)
    with store.write(actor) as session:
        _require_planner(session, actor)
        _check_plan(session, actor, plan, store.clock.today())
        row = ExpertVisit(id=new_id(), status=PLANNED, **_columns(plan))
        session.add(row)
        session.flush()
        _tell_host(session, actor, row, store.clock.now())
        return row.id


def change_visit(
    store: Store, actor: Actor, visit_id: str, change_id: str, plan: VisitInput
) -> None:
    """Change a visit that was not held yet; the host stays (cancel it and plan another instead).

    Raises InputError, NotAllowed, NotFound, StaleRecord.
    """
    plan = _tidy(plan)
    with store.write(actor) as session:
        row = _planned(session, actor, visit_id, change_id)
        plan = replace(plan, host_organisation_id=row.host_organisation_id)
        _check_plan(session, actor, plan, min(store.clock.today(), row.visit_on))
        for name, value in _columns(plan).items():
            setattr(row, name, value)
        session.flush()
        _tell_host(session, actor, row, store.clock.now())


def finish_visit(
    store: Store, actor: Actor, visit_id: str, change_id: str, result: VisitResult
) -> None:
    """Note how a visit went. Raises InputError (field → sentence), NotAllowed, StaleRecord."""
    summary = clean_paragraphs(result.summary)
    counts = {
        each.name: getattr(result, each.name) for each in fields(result) if each.name != "summary"
    }
    problems: dict[str, str | None] = {
        name: _number_problem(count, MOST_COUNT) for name, count in counts.items()
    }
    problems["summary"] = missing(summary, tr("Write in short what was done."))
    if not any(counts.values()) and not any(problems[name] for name in counts):
        problems["clinic_count"] = tr("Write at least one number: who was seen or taught?")
    if found := kept(problems):
        raise InputError(found)
    with store.write(actor) as session:
        row = _planned(session, actor, visit_id, change_id)
        if row.visit_on > store.clock.today():
            raise InputError(tr("The visit lies ahead. Nothing was saved. Note it on its day."))
        row.status = DONE
        row.summary = summary
        for name, count in counts.items():
            setattr(row, name, count or 0)
        session.flush()
        _tell_host(session, actor, row, store.clock.now())


def cancel_visit(store: Store, actor: Actor, visit_id: str, change_id: str, reason: str) -> None:
    """The visit does not take place. Raises InputError (``reason``), NotAllowed, StaleRecord."""
    words = clean_text(reason)
    if problem := missing(words, tr("Say why."), 200):
        raise InputError({"reason": problem})
    with store.write(actor) as session:
        row = _planned(session, actor, visit_id, change_id)
        row.status, row.cancel_reason = CANCELLED, words
        session.flush()
        _tell_host(session, actor, row, store.clock.now())


def countersign(
    store: Store, actor: Actor, visit_id: str, remark: str = "", *, seen: VisitInput | None = None
) -> None:
    """The host confirms that the expert was there: on that day, at that hour and place.

    ``seen``: the visit as the person saw it. Raises InputError, NotAllowed, NotFound and
    StaleRecord where it was moved meanwhile.
    """
    require_role(actor, *HOSTS_ROLES)
    words = clean_paragraphs(remark)
    if problem := too_long(words):
        raise InputError({"remark": problem})
    with store.write(actor) as session:
        row = get_visit(session, visit_id)
        if row.host_organisation_id != actor.organisation_id:
            raise NotAllowed(tr("The host of the visit countersigns it. Nothing was saved."))
        if row.status == CANCELLED or row.visit_on > store.clock.today():
            raise InputError(
                tr("Only a visit that took place is countersigned. Nothing was saved.")
            )
        if seen is not None and _confirmed(seen) != _confirmed(row):
            raise StaleRecord(
                tr("This visit was moved meanwhile. Nothing was saved. Look at it again.")
            )
        if countersigns_of(session, [row]).get(row.id) is not None:
            raise InputError(tr("This visit is countersigned already. Nothing was changed."))
        add_note(
            session,
            actor,
            (SUBJECT, row.id),
            row.organisation_id,
            COUNTERSIGNED,
            store.clock.now(),
            text=words,
            details=_confirmed(row),
            is_sample=row.is_sample,
        )


# -- inner ----------------------------------------------------------------------------------------


def _require_planner(session: Session, actor: Actor) -> None:
    own = session.get(Organisation, actor.organisation_id)
    if own is None or own.type != LEAD_HOSPITAL:
        raise NotAllowed(tr("The lead hospital plans the visits of its experts."))
    require_role(actor, *PLANNERS_ROLES)


def _tidy(plan: VisitInput) -> VisitInput:
    values: dict[str, Any] = {}
    for each in fields(plan):
        value = getattr(plan, each.name)
        if isinstance(value, str):
            values[each.name] = clean_text(value)
    for name in ("starts_at", "ends_at"):
        moment = parse_time(values[name]) if values[name] else None
        if moment is not None:
            values[name] = f"{moment:%H:%M}"
    return replace(plan, **values)


def _check_plan(session: Session, actor: Actor, plan: VisitInput, earliest: date) -> None:
    host = session.get(Organisation, plan.host_organisation_id)
    problems: dict[str, str | None] = {
        "expert_name": missing(plan.expert_name, tr("Write the expert's name."), 50),
        "department": missing(plan.department, tr("Write the department."), SHORT),
        "expert_title": too_long(plan.expert_title, SHORT),
        "place": too_long(plan.place, SHORT),
        "topics": too_long(plan.topics, 300),
        "quota": _number_problem(plan.quota, MOST_QUOTA, 1),
    }
    if host is None or host.lead_id != actor.organisation_id or host.id == actor.organisation_id:
        problems["host_organisation_id"] = tr("Choose the member where the expert goes.")
    if plan.visit_on is None:
        problems["visit_on"] = tr("Write the day.")
    elif plan.visit_on < earliest:
        problems["visit_on"] = tr("A visit is planned for today or later.")
    for name, text in (("starts_at", plan.starts_at), ("ends_at", plan.ends_at)):
        if not text:
            problems[name] = tr("Write the hour.")
        elif parse_time(text) is None:
            problems[name] = tr("Type the time like 930, 9:30 or 下午2点.")
    if not problems.get("starts_at") and not problems.get("ends_at"):
        problems["ends_at"] = (
            tr("The end comes after the beginning.") if plan.ends_at <= plan.starts_at else None
        )
    if found := kept(problems):
        raise InputError(found)


def _number_problem(number: int | None, most: int, least: int = 0) -> str | None:
    if number is None or least <= number <= most:
        return None
    return tr("A whole number from {least} to {most}.").format(least=least, most=most)


def _columns(plan: VisitInput) -> dict[str, Any]:
    """Empty texts are kept as None."""
    return {
        each.name: value if (value := getattr(plan, each.name)) != "" else None
        for each in fields(plan)
    }


def get_visit(session: Session, visit_id: str) -> ExpertVisit:
    """The row. Raises NotFound."""
    row = session.get(ExpertVisit, visit_id)
    if row is None:
        raise NotFound(tr("This visit is not on this PC."))
    return row


def _planned(session: Session, actor: Actor, visit_id: str, change_id: str) -> ExpertVisit:
    _require_planner(session, actor)
    row = get_visit(session, visit_id)
    require_own(actor, row)
    if row.change_id != change_id:
        raise StaleRecord(tr("Somebody else changed this visit. Nothing was saved. Open it again."))
    if row.status != PLANNED:
        raise InputError(tr("This visit is over or cancelled. Nothing was changed."))
    return row


def _tell_host(session: Session, actor: Actor, row: ExpertVisit, at: datetime) -> None:
    add_note(
        session,
        actor,
        (SUBJECT, row.id),
        row.host_organisation_id,
        _NOTE_OF[row.status],
        at,
        is_sample=row.is_sample,
    )


def _confirmed(visit: ExpertVisit | VisitInput) -> dict[str, str]:
    return {name: str(getattr(visit, name) or "") for name in _CONFIRMED}


def countersigns_of(session: Session, rows: list[ExpertVisit]) -> dict[str, Countersign | None]:
    """The first word of the host of each visit; a note of anybody else says nothing.

    None where the host confirmed a visit that was moved after: it is asked anew.
    """
    of = {row.id: row for row in rows}
    found: dict[str, Countersign | None] = {}
    for note in session.scalars(
        select(SharedNote)
        .where(
            SharedNote.subject_kind == SUBJECT,
            SharedNote.subject_id.in_(list(of)),
            SharedNote.move == COUNTERSIGNED,
        )
        .order_by(SharedNote.id)
    ):
        row = of[note.subject_id]
        if note.organisation_id != row.host_organisation_id or found.get(row.id) is not None:
            continue
        held = all(note.details.get(k, v) == v for k, v in _confirmed(row).items())
        found[row.id] = (
            Countersign(note.actor_name, note.occurred_at, note.text or "") if held else None
        )
    return found
