"""What is known when a health check is opened: who, the year before, scales, the year's check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.follow_up_history import ENTERED_IN_ERROR, allergies_of_person
from app.care.health_check.definition import definition, version_for, versions
from app.care.health_check.form import HealthCheckInput, Person
from app.care.health_check.lab_ranges import LabRanges, load_lab_ranges
from app.care.health_check.rows import answers_of, form_of
from app.care.health_check.scales import ScaleResult, scale_results
from app.care.resident_record.people import same_person
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import record_read
from app.models.health_check import HealthCheck
from app.models.resident import Condition, Resident
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The standing check before: shown in grey beside the fields, never put into them."""

    id: str
    check_date: date
    answers: Mapping[str, Any]
    not_measured: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CheckContext:
    """Everything that the page shows besides what is typed.

    ``this_year``: the id of a standing check of this year, which a second one would repeat.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    record_status: str
    allergies: tuple[str, ...]
    conditions: tuple[str, ...]
    person: Person
    form_version: str
    last: LastCheck | None
    scales: Mapping[str, ScaleResult] = field(default_factory=dict)
    lab_ranges: LabRanges = field(default_factory=LabRanges)
    this_year: str = ""
    this_year_concluded: bool = False


@dataclass(frozen=True, slots=True)
class KeptCheck:
    """A saved check with what the page shows beside it. ``concluded_by``: empty while it waits."""

    id: str
    form: HealthCheckInput
    concluded: bool
    context: CheckContext


def standing_checks(session: Session, resident_id: str) -> list[HealthCheck]:
    """All standing checks of the person, oldest first."""
    rows = session.scalars(
        select(HealthCheck)
        .where(
            HealthCheck.resident_id.in_(same_person(session, resident_id)),
            HealthCheck.status != ENTERED_IN_ERROR,
        )
        .order_by(HealthCheck.check_date, HealthCheck.id)
    )
    return list(rows)


def open_check(store: Store, actor: Actor, resident_id: str) -> CheckContext:
    """What the page of a new check shows; the access is noted. Raises NotFound."""
    with store.read() as session:
        found = load_context(session, resident_id, store.clock.today())
    record_read(store, actor, "resident", resident_id)
    return found


def open_kept_check(store: Store, actor: Actor, health_check_id: str) -> KeptCheck:
    """A saved check, to go on with it or to correct it. Raises NotFound."""
    with store.read() as session:
        row = session.get(HealthCheck, health_check_id)
        if row is None:
            raise NotFound(tr("This health check is not in the records of this PC."))
        today = store.clock.today()
        found = KeptCheck(
            row.id,
            form_of(row),
            row.conclusion is not None,
            load_context(session, row.resident_id, today, without=row),
        )
    record_read(store, actor, "health_check", health_check_id)
    return found


def load_person(session: Session, resident: Resident) -> tuple[Person, tuple[str, ...]]:
    """What the rules need of a resident, and the names of the active diagnoses."""
    rows = session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident.id)),
            Condition.clinical_status == "active",
        )
        .order_by(Condition.id)
    ).all()
    diseases = frozenset(row.disease for row in rows if row.disease)
    person = Person(birth_date=resident.birth_date, sex=resident.sex, diseases=diseases)
    return person, tuple(dict.fromkeys(row.display for row in rows))


def load_context(
    session: Session, resident_id: str, today: date, without: HealthCheck | None = None
) -> CheckContext:
    """The context of a page; ``without``: the check that is itself on it. Raises NotFound."""
    resident = session.get(Resident, resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    person, conditions = load_person(session, resident)
    checks = standing_checks(session, resident_id)
    if without is None:
        version, before = version_for(today), checks
        of_year = [each for each in checks if each.check_date.year == today.year]
    else:
        version, of_year = without.form_version, []
        before = [
            each
            for each in checks
            if each.id != without.id and each.check_date <= without.check_date
        ]
    if version not in versions():
        version = versions()[-1]
    last = before[-1] if before else None
    return CheckContext(
        resident_id=resident_id,
        name=resident.name,
        sex=resident.sex,
        age=age_on(resident.birth_date, max(today, resident.birth_date)),
        village=resident.village or "",
        record_status=resident.record_status,
        allergies=allergies_of_person(session, resident),
        conditions=conditions,
        person=person,
        form_version=version,
        last=None
        if last is None
        else LastCheck(last.id, last.check_date, answers_of(last), dict(last.not_measured)),
        scales=scale_results(session, same_person(session, resident_id), definition(version)),
        lab_ranges=load_lab_ranges(session),
        this_year=of_year[-1].id if of_year else "",
        this_year_concluded=bool(of_year and of_year[-1].conclusion),
    )
