"""Results of assessments for other parts of the program: pure reads on a session.

An assessment counts while it stands (``final`` or ``amended``). Of several of one day the one
that was entered last is the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.assessments.levels import LEVEL_LISTS
from app.care.resident_record.people import same_person, whole_people
from app.models import codes
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.store import Store

STANDING = ("final", "amended")
_BATCH = 500

Points = tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One standing assessment. ``level`` is a code of ``LEVEL_LISTS[scale]``.

    ``details``: ``subtotals`` by part or constitution, ``results`` of the nine constitutions,
    ``adjustments`` that moved the level.
    """

    id: str
    resident_id: str
    scale: str
    version: str
    assessed_on: date
    total: float | None
    level: str | None
    preliminary_level: str | None
    details: Mapping[str, Any]
    reassess_on: date | None

    @property
    def level_text(self) -> str:
        """The level in words, empty where there is none."""
        return level_text(self.scale, self.level)


def level_text(scale: str, level: str | None) -> str:
    """A level in words; an unknown one is shown as it is."""
    listed = LEVEL_LISTS.get(scale)
    return codes.label(listed, level) if listed else level or ""


def latest(session: Session, resident_id: str, scale: str) -> Result | None:
    """The newest result of one scale of a person, from all records of the person."""
    return latest_of_all(session, resident_id).get(scale)


def latest_of_all(session: Session, resident_id: str) -> dict[str, Result]:
    """The newest result of each scale that the person was assessed by."""
    rows = session.scalars(
        select(Assessment)
        .where(
            Assessment.resident_id.in_(same_person(session, resident_id)),
            Assessment.status.in_(STANDING),
        )
        .order_by(Assessment.assessed_on, Assessment.created_at, Assessment.id)
    )
    return {row.scale: result_of(row) for row in rows}


def latest_of_many(
    session: Session, resident_ids: Iterable[str], scale: str, until: date | None = None
) -> dict[str, Result]:
    """The newest result of one scale by the record that goes on for each person.

    ``until``: only assessments of that day or before.
    """
    person = whole_people(session, resident_ids)
    ids = list(person)
    found: dict[str, tuple[tuple[object, ...], Result]] = {}
    for start in range(0, len(ids), _BATCH):
        query = select(Assessment).where(
            Assessment.resident_id.in_(ids[start : start + _BATCH]),
            Assessment.scale == scale,
            Assessment.status.in_(STANDING),
        )
        if until is not None:
            query = query.where(Assessment.assessed_on <= until)
        for row in session.scalars(query):
            key = person[row.resident_id]
            order = (row.assessed_on, row.created_at, row.id)
            if key not in found or order > found[key][0]:
                found[key] = (order, result_of(row))
    return {key: result for key, (_, result) in found.items()}


def assessed_between(
    session: Session, organisation_id: str, scale: str, start: date, end: date
) -> list[Result]:
    """What an organisation assessed by a scale from ``start`` to ``end``, both included.

    Oldest first; a resident may stand in it several times, under the record of that time.
    """
    rows = session.scalars(
        select(Assessment)
        .where(
            Assessment.organisation_id == organisation_id,
            Assessment.scale == scale,
            Assessment.assessed_on.between(start, end),
            Assessment.status.in_(STANDING),
        )
        .order_by(Assessment.assessed_on, Assessment.created_at, Assessment.id)
    )
    return [result_of(row) for row in rows]


def result_of(row: Assessment) -> Result:
    """The result of a row."""
    return Result(
        id=row.id,
        resident_id=row.resident_id,
        scale=row.scale,
        version=row.form_version,
        assessed_on=row.assessed_on,
        total=row.total,
        level=row.level,
        preliminary_level=row.preliminary_level,
        details=dict(row.details),
        reassess_on=row.reassess_on,
    )


def totals_of(store: Store, actor: Actor, resident_id: str, scale: str) -> Points:
    """The totals of a person by one scale over time, oldest first, for a plot."""
    with store.read() as session:
        rows = session.execute(
            select(Assessment.assessed_on, Assessment.total)
            .where(
                Assessment.resident_id.in_(same_person(session, resident_id)),
                Assessment.scale == scale,
                Assessment.status.in_(STANDING),
                Assessment.total.is_not(None),
            )
            .order_by(Assessment.assessed_on, Assessment.created_at, Assessment.id)
        )
        return tuple((day, float(total)) for day, total in rows if total is not None)
