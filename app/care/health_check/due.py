"""The annual check of residents of 65 and over as due work (kind ``health_check``).

Once a year (domain reference §4): the next check is due a year after the last one; the first one
by the end of the year in which the resident turned 65 or was first recorded here, whichever is
later. It is the work of the township health centre that keeps the resident's record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE, birthday_in
from app.care.follow_up_history import ENTERED_IN_ERROR
from app.care.resident_record.people import whole_people
from app.clock import clinic_date
from app.models.health_check import HealthCheck
from app.models.identity import new_id
from app.models.local import DueItem
from app.models.organisation import Organisation
from app.models.resident import Resident

DUE_KIND = "health_check"
CHECKING_ORGANISATION = "TOWNSHIP_CENTER"
_BATCH = 500


def next_check_on(birth: date, recorded: date, last: date | None) -> date:
    """When the next annual check is due (see the module)."""
    if last is not None:
        return birthday_in(last.year + 1, last)
    year_of_65 = birth.year + SENIOR_AGE
    return date(max(year_of_65, recorded.year), 12, 31)


def refresh_health_check_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the annual checks of these residents anew; a person with several records counts once."""
    ids = list(dict.fromkeys(resident_ids))
    if not ids:
        return
    session.flush()
    year = session.info["clock"].today().year
    organisation = session.get(Organisation, organisation_id)
    checks_here = organisation is not None and organisation.type == CHECKING_ORGANISATION
    person = whole_people(session, ids)
    all_ids = list(person)
    for start in range(0, len(all_ids), _BATCH):
        part = all_ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind == DUE_KIND)
        )
    if not checks_here:
        return
    last = _last_checks(session, all_ids, person)
    goes_on = list(dict.fromkeys(person.values()))
    for start in range(0, len(goes_on), _BATCH):
        rows = session.execute(
            select(Resident.id, Resident.birth_date, Resident.created_at).where(
                Resident.id.in_(goes_on[start : start + _BATCH]),
                Resident.organisation_id == organisation_id,
                Resident.record_status == "active",
            )
        )
        made = []
        for id_, birth, created in rows:
            if birth.year + SENIOR_AGE > year + 1:
                continue
            day, check_id = last.get(id_, (None, None))
            # A check made before the age of 65 is none of these.
            if day is not None and day.year < birth.year + SENIOR_AGE:
                day, check_id = None, None
            made.append(
                {
                    "id": new_id(),
                    "organisation_id": organisation_id,
                    "resident_id": id_,
                    "kind": DUE_KIND,
                    "due_on": next_check_on(birth, clinic_date(created), day),
                    "since": day,
                    "urgent": False,
                    "source_kind": "health_check" if check_id else "resident",
                    "source_id": check_id or id_,
                    "detail": {},
                }
            )
        if made:
            session.execute(insert(DueItem), made)


def _last_checks(
    session: Session, ids: list[str], person: dict[str, str]
) -> dict[str, tuple[date, str]]:
    """By person: day and id of the newest check that counts."""
    found: dict[str, tuple[date, str]] = {}
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            select(HealthCheck.resident_id, func.max(HealthCheck.check_date), HealthCheck.id)
            .where(
                HealthCheck.resident_id.in_(ids[start : start + _BATCH]),
                HealthCheck.status != ENTERED_IN_ERROR,
                HealthCheck.conclusion.is_not(None),
            )
            .group_by(HealthCheck.resident_id)
        )
        for resident_id, day, id_ in rows:
            key = person[resident_id]
            if key not in found or found[key][0] < day:
                found[key] = (day, id_)
    return found
