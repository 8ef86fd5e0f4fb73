"""Contracts as due work: the renewal 30 days before the end (setting), the review at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.contracts.terms import PENDING, STANDING, remind_on
from app.care.resident_record.people import whole_people
from app.models.contract import Contract
from app.models.local import DueItem
from app.models.resident import Resident

RENEWAL, REVIEW = "contract_renewal", "contract_review"
KINDS = (RENEWAL, REVIEW)
_BATCH = 500


def refresh_contract_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the due contract work of these residents anew.

    A renewal is due from the day of the reminder on, until a contract of the same kind follows
    or the old one is terminated. One line a resident and kind: the earliest speaks.
    """
    session.flush()
    people = whole_people(session, resident_ids)
    ids = list(people)
    days: int | None = None
    found: dict[str, list[Contract]] = {}
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(KINDS))
        )
        rows = session.scalars(
            select(Contract)
            .where(
                Contract.resident_id.in_(part),
                Contract.organisation_id == organisation_id,
                Contract.status.in_((*STANDING, PENDING)),
            )
            .order_by(Contract.ends_on, Contract.id)
        )
        for row in rows:
            found.setdefault(people[row.resident_id], []).append(row)
    for resident_id in _active(session, found):
        if days is None:
            days = clinical_settings(session).contract_reminder_days
        session.add_all(_items(resident_id, found[resident_id], days))


def _active(session: Session, ids: Iterable[str]) -> list[str]:
    wanted = list(ids)
    active: set[str] = set()
    for start in range(0, len(wanted), _BATCH):
        part = wanted[start : start + _BATCH]
        active.update(
            session.scalars(
                select(Resident.id).where(Resident.id.in_(part), Resident.record_status == "active")
            )
        )
    return [each for each in wanted if each in active]


def _items(resident_id: str, rows: list[Contract], days: int) -> list[DueItem]:
    """The lines of one person, of whose contracts ``rows`` are the open ones by their end."""
    # What ends last of a kind is what may have to be renewed.
    last = {row.category: row for row in rows}
    made: dict[str, DueItem] = {}
    for row in sorted(rows, key=lambda each: each.ends_on):
        if row.status == PENDING:
            made.setdefault(REVIEW, _item(resident_id, row, REVIEW, row.signed_on))
        elif last[row.category] is row:
            due_on = remind_on(row.ends_on, days)
            made.setdefault(RENEWAL, _item(resident_id, row, RENEWAL, due_on))
    return list(made.values())


def _item(resident_id: str, row: Contract, kind: str, due_on: date) -> DueItem:
    return DueItem(
        organisation_id=row.organisation_id,
        resident_id=resident_id,
        kind=kind,
        due_on=due_on,
        since=row.signed_on,
        urgent=False,
        source_kind="contract",
        source_id=row.id,
        detail={"ends_on": row.ends_on.isoformat(), "category": row.category},
    )
