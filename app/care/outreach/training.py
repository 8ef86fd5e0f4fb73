"""Training that the lead hospital (or a member) gives: lectures, bedside teaching, courses, leave.

Source: domain reference §8 (讲座、带教、培训、进修). Hours count for every member that somebody
came from (indicator O3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.care.outreach.notes import HOSTS_ROLES, require_role
from app.care.outreach.texts import SHORT, kept, missing, too_long, unknown
from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.care.referral_letter import clean_paragraphs
from app.care.referral_lists import organisation_names
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation
from app.models.outbox import Delivery, deliveries
from app.models.outreach import Training
from app.models.store import Store

STUDY_LEAVE = "study_leave"
#: Hours of one training: half an hour to a leave of a year.
LEAST_HOURS, MOST_HOURS = 0.5, 2000.0
MOST_ATTENDEES = 300
MOST = 200


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who took part, from which organisation; scores 0 to 100, None where there was no test."""

    organisation_id: str
    name: str
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingInput:
    """A training as held. ``type``: code of ``training_type``; ``until``: the last day where it
    took more than one (required for a study leave)."""

    title: str = ""
    type: str = ""
    held_on: date | None = None
    until: date | None = None
    hours: float | None = None
    teacher: str = ""
    place: str = ""
    attendees: tuple[Attendee, ...] = ()
    materials: str = ""
    evaluation: str = ""


@dataclass(frozen=True, slots=True)
class TrainingLine:
    """A training in the list; ``members``: name of each organisation with how many came."""

    training_id: str
    given: TrainingInput
    members: tuple[tuple[str, int], ...]
    names: Mapping[str, str]
    void: bool
    delivery: Delivery


def attending(store: Store, actor: Actor) -> tuple[tuple[str, str], ...]:
    """Organisations that attendees may come from: id and name, the own house last."""
    with store.read() as session:
        rows = session.scalars(select(Organisation).where(Organisation.active)).all()
        own = session.get(Organisation, actor.organisation_id)
        lead = (own.lead_id or own.id) if own is not None else ""
        near = [row for row in rows if lead in (row.id, row.lead_id)]
        near.sort(key=lambda row: (row.id == actor.organisation_id, row.type, row.name))
        return tuple((row.id, row.name) for row in near)


def record_training(store: Store, actor: Actor, given: TrainingInput) -> str:
    """Write a training down; returns its id. Raises InputError (field → sentence), NotAllowed."""
    require_role(actor, *HOSTS_ROLES)
    people = tuple(
        Attendee(each.organisation_id, clean_text(each.name), each.before, each.after)
        for each in given.attendees
    )
    texts = {name: clean_text(getattr(given, name)) for name in ("title", "teacher", "place")} | {
        name: clean_paragraphs(getattr(given, name)) for name in ("materials", "evaluation")
    }
    with store.write(actor) as session:
        known = set(session.scalars(select(Organisation.id)))
        problems: dict[str, str | None] = {
            "title": missing(texts["title"], tr("Write the title."), SHORT),
            "type": unknown("training_type", given.type, tr("Choose the kind of training.")),
            "teacher": missing(texts["teacher"], tr("Write who taught."), SHORT),
            "place": too_long(texts["place"], SHORT),
            "materials": too_long(texts["materials"]),
            "evaluation": too_long(texts["evaluation"]),
            "hours": _hours_problem(given.hours),
            "attendees": _people_problem(people, known),
            **_day_problems(given, store.clock.today()),
        }
        if found := kept(problems):
            raise InputError(found)
        row = Training(
            id=new_id(),
            type=given.type,
            held_on=given.held_on,
            until=given.until,
            hours=given.hours,
            attendees=[_stored(each) for each in people],
            **{name: text or None for name, text in texts.items()},
        )
        session.add(row)
        session.flush()
        return row.id


def void_training(store: Store, actor: Actor, training_id: str) -> None:
    """Mark an own training as written by mistake: it counts no more. Raises NotFound."""
    require_role(actor, *HOSTS_ROLES)
    with store.write(actor) as session:
        row = session.get(Training, training_id)
        if row is None:
            raise NotFound(tr("This training is not on this PC."))
        require_own(actor, row)
        row.status = "entered_in_error"


def list_training(
    store: Store, actor: Actor, *, limit: int = MOST, offset: int = 0
) -> tuple[TrainingLine, ...]:
    """The own house's training, newest first."""
    with store.read() as session:
        rows = session.scalars(
            select(Training)
            .where(Training.organisation_id == actor.organisation_id)
            .order_by(Training.held_on.desc(), Training.id.desc())
            .limit(limit)
            .offset(offset)
        ).all()
        people = {row.id: tuple(_attendees(row)) for row in rows}
        names = organisation_names(
            session, {each.organisation_id for all_ in people.values() for each in all_}
        )
        sent = deliveries(session, "training", [row.id for row in rows])
        return tuple(_line(row, people[row.id], names, sent[row.id]) for row in rows)


# -- inner ----------------------------------------------------------------------------------------


def _line(
    row: Training, people: tuple[Attendee, ...], names: dict[str, str], sent: Delivery
) -> TrainingLine:
    counted: dict[str, int] = {}
    for each in people:
        name = names.get(each.organisation_id, "")
        counted[name] = counted.get(name, 0) + 1
    return TrainingLine(
        row.id,
        TrainingInput(
            row.title,
            row.type,
            row.held_on,
            row.until,
            row.hours,
            row.teacher,
            row.place or "",
            people,
            row.materials or "",
            row.evaluation or "",
        ),
        tuple(sorted(counted.items())),
        names,
        row.status == "entered_in_error",
        sent,
    )


def _stored(each: Attendee) -> dict[str, Any]:
    values: dict[str, Any] = {"organisation_id": each.organisation_id, "name": each.name}
    for key, score in (("before", each.before), ("after", each.after)):
        if score is not None:
            values[key] = score
    return values


def _attendees(row: Training) -> list[Attendee]:
    """Entries of a newer program that are no people are left out."""
    return [
        Attendee(
            str(each.get("organisation_id") or ""),
            str(each.get("name") or ""),
            _score(each.get("before")),
            _score(each.get("after")),
        )
        for each in row.attendees
        if isinstance(each, dict)
    ]


def _score(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _hours_problem(hours: float | None) -> str | None:
    if hours is not None and LEAST_HOURS <= hours <= MOST_HOURS:
        return None
    return tr("Write the hours: {least} to {most}.").format(
        least=LEAST_HOURS, most=f"{MOST_HOURS:g}"
    )


def _people_problem(people: tuple[Attendee, ...], known: set[str]) -> str | None:
    if not people:
        return tr("Write at least one person who took part.")
    if len(people) > MOST_ATTENDEES:
        return tr("At most {count} people.").format(count=MOST_ATTENDEES)
    for each in people:
        if each.organisation_id not in known:
            return tr("Choose the organisation of each person.")
        if not each.name or len(each.name) > SHORT:
            return tr("Write the name of each person.")
        if any(s is not None and not 0 <= s <= 100 for s in (each.before, each.after)):
            return tr("Scores go from 0 to 100.")
    return None


def _day_problems(given: TrainingInput, today: date) -> dict[str, str | None]:
    problems: dict[str, str | None] = {}
    if given.held_on is None:
        problems["held_on"] = tr("Write the day.")
    elif given.held_on > today:
        problems["held_on"] = tr("The day cannot be after today.")
    if given.until is None:
        if given.type == STUDY_LEAVE:
            problems["until"] = tr("Write the last day of the study leave.")
    elif given.held_on is not None and given.until < given.held_on:
        problems["until"] = tr("The last day comes after the first.")
    return problems
