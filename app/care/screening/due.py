"""Screening as due work (kind ``bp_screening``): to measure again, to confirm, half-yearly.

Derived from the standing measurements: a raised value is measured again on another day; three
raised days wait for the doctor's decision; high-risk residents come half-yearly. Who has
hypertension in the record is followed up instead. The yearly measurement of everybody is a list
(``screening.lists``), not due work.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.resident_record.people import whole_people
from app.care.screening.rule import (
    DAYS_FOR_PROBABLE,
    HIGH_RISK_MONTHS,
    Measurement,
    Result,
    is_raised,
    raised_days,
)
from app.care.visit_rules import add_months
from app.models.local import DueItem
from app.models.resident import Condition, Resident
from app.models.screening import BpScreening

DUE_KIND = "bp_screening"
_IN_ERROR = "entered_in_error"
_RULED_OUT = "3"
_BATCH = 500


def refresh_screening_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the screening work of these residents anew; a person with several records counts
    once."""
    ids = list(dict.fromkeys(resident_ids))
    if not ids:
        return
    session.flush()
    person = whole_people(session, ids)
    all_ids = list(person)
    found: dict[str, list[BpScreening]] = {}
    for start in range(0, len(all_ids), _BATCH):
        part = all_ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind == DUE_KIND)
        )
        for row in session.scalars(
            select(BpScreening)
            .where(
                BpScreening.resident_id.in_(part),
                BpScreening.organisation_id == organisation_id,
                BpScreening.status != _IN_ERROR,
                BpScreening.sbp.is_not(None),
                BpScreening.dbp.is_not(None),
            )
            .order_by(BpScreening.measured_on, BpScreening.id)
        ):
            found.setdefault(person[row.resident_id], []).append(row)
    if not found:
        return
    ill = _with_hypertension(session, all_ids)
    living = _active(session, list(found))
    repeat = timedelta(days=clinical_settings(session).screening_repeat_days)
    for who, rows in found.items():
        if who in living and not any(person.get(each) == who for each in ill):
            item = _item(who, organisation_id, rows, repeat)
            if item is not None:
                session.add(item)


def _item(
    who: str, organisation_id: str, rows: list[BpScreening], repeat: timedelta
) -> DueItem | None:
    last = rows[-1]
    assert last.sbp is not None
    assert last.dbp is not None
    days = raised_days(
        [
            Measurement(row.measured_on, row.sbp or 0, row.dbp or 0, row.outcome == _RULED_OUT)
            for row in rows
        ]
    )
    urgent = False
    detail = {"result": last.result, "raised_days": len(days)}
    if last.outcome is not None and last.outcome != _RULED_OUT:
        return None
    due_on: date
    if last.outcome is None and is_raised(last.sbp, last.dbp):
        urgent = last.result == Result.URGENT or len(days) >= DAYS_FOR_PROBABLE
        due_on = last.measured_on if urgent else last.measured_on + repeat
    elif last.risk_factors:
        due_on = add_months(last.measured_on, HIGH_RISK_MONTHS)
    else:
        return None
    return DueItem(
        organisation_id=organisation_id,
        resident_id=who,
        kind=DUE_KIND,
        due_on=due_on,
        since=last.measured_on,
        urgent=urgent,
        source_kind="bp_screening",
        source_id=last.id,
        detail=detail,
    )


def _with_hypertension(session: Session, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _BATCH):
        found.update(
            session.scalars(
                select(Condition.resident_id).where(
                    Condition.resident_id.in_(ids[start : start + _BATCH]),
                    Condition.disease == "hypertension",
                    Condition.clinical_status == "active",
                )
            )
        )
    return found


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
