"""Assessments that are due again (kinds ``assessment:<scale>``).

The date is that of the newest standing assessment of the scale, when it was made here and set
one. An older one of another version or organisation never brings a date back.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.assessments.questionnaire import CURRENT
from app.care.resident_record.people import whole_people
from app.models.assessment import Assessment
from app.models.local import DueItem
from app.models.resident import Resident

DUE_KIND = "assessment:"
_DUE_KINDS = tuple(DUE_KIND + scale for scale in CURRENT)
_STANDING = ("final", "amended")
_BATCH = 500
# An assessment by the newer standard does what one by the older was due for.
_REPLACED_BY = {"ability_2013": "ability_2022"}


def refresh_assessment_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the due assessments of these residents anew.

    Of a person with several records all of them count, and the work stands on the one that
    goes on.
    """
    session.flush()
    person = whole_people(session, resident_ids)
    ids = list(person)
    newest: dict[tuple[str, str], Assessment] = {}
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(_DUE_KINDS))
        )
        rows = session.scalars(
            select(Assessment).where(
                Assessment.resident_id.in_(part), Assessment.status.in_(_STANDING)
            )
        )
        for row in rows:
            key = (person[row.resident_id], row.scale)
            if key not in newest or _order(row) > _order(newest[key]):
                newest[key] = row
    active = _active(session, list(dict.fromkeys(person.values())))
    for (resident_id, scale), row in sorted(newest.items()):
        later = newest.get((resident_id, _REPLACED_BY.get(scale, "")))
        if (
            row.reassess_on is None
            or row.organisation_id != organisation_id
            or resident_id not in active
            or scale not in CURRENT
            or (later is not None and later.assessed_on >= row.assessed_on)
        ):
            continue
        session.add(
            DueItem(
                organisation_id=organisation_id,
                resident_id=resident_id,
                kind=DUE_KIND + scale,
                due_on=row.reassess_on,
                since=row.assessed_on,
                source_kind="assessment",
                source_id=row.id,
                detail={"scale": scale, "level": row.level},
            )
        )


def _order(row: Assessment) -> tuple[object, ...]:
    return (row.assessed_on, row.created_at, row.id)


def _active(session: Session, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        found.update(
            session.scalars(
                select(Resident.id).where(
                    Resident.id.in_(ids[start : start + _BATCH]),
                    Resident.record_status == "active",
                )
            )
        )
    return found
