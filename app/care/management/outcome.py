"""Management outcome of a chronic disease: lost for now, ended with a reason, taken up again.

Source: domain reference §5.2 "Management outcome 转归": 1 continue, 2 lost for now, 9 ended
(death, moved away, lost, refused). What is not continued leaves the due work; nothing is
deleted, and the diagnosis stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.follow_up_form import DISEASES
from app.care.resident_record.people import same_person
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.resident import Condition, Resident
from app.models.store import Store

CONTINUES, LOST_FOR_NOW, ENDED = "1", "2", "9"
ROLES = ("doctor", "nurse", "public_health", "specialist")


@dataclass(frozen=True, slots=True)
class ManagedDisease:
    """A chronic disease of a resident and how its management stands.

    ``outcome``: code of list ``management_outcome``; empty: never managed.
    """

    condition_id: str
    disease: str
    managed: bool
    since: date | None
    until: date | None
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeInput:
    """What is decided. ``reason``: code of list ``management_end_reason``, for an end only;
    ``on``: the day from which it holds."""

    condition_id: str
    outcome: str
    on: date | None
    reason: str = ""


def managed_diseases(store: Store, actor: Actor, resident_id: str) -> tuple[ManagedDisease, ...]:
    """The chronic diseases of a person (merged records included), one line each, in the order
    of the form.

    Raises NotFound.
    """
    with store.read() as session:
        if session.get(Resident, resident_id) is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        rows = session.scalars(
            select(Condition)
            .where(
                Condition.resident_id.in_(same_person(session, resident_id)),
                Condition.disease.in_(DISEASES),
                Condition.clinical_status == "active",
            )
            # The managed one of two diagnoses is the one that counts.
            .order_by(Condition.managed, Condition.id)
        )
        found = {row.disease: row for row in rows}
        return tuple(_line(found[disease]) for disease in DISEASES if disease in found)


def decide_outcome(store: Store, actor: Actor, decided: OutcomeInput) -> ManagedDisease:
    """Put an outcome down; the due work of the resident is made anew. Gives how it stands.

    "Continue" takes up again what was lost or ended: after an end a new management begins on
    that day. Raises InputError with a sentence a field, NotFound, NotAllowed by role or for a
    diagnosis of another organisation.
    """
    if not actor.has_role(*ROLES):
        raise NotAllowed(
            tr(
                "Your role may not change who is under management. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )
    with store.write(actor) as session:
        row = session.get(Condition, decided.condition_id)
        if row is None or row.disease not in DISEASES:
            raise NotFound(tr("This diagnosis is not in the records of this PC."))
        if row.organisation_id != actor.organisation_id:
            raise NotAllowed(
                tr(
                    "This disease is managed by another organisation. Nothing was changed. "
                    "Only that organisation can end it."
                )
            )
        resident = session.get(Resident, row.resident_id)
        assert resident is not None
        problems = _problems(decided, row, resident, store.clock.today())
        if problems:
            raise InputError(problems)
        _apply(row, decided)
        refresh_due(session, store.organisation_id, [row.resident_id])
        return _line(row)


def end_all(session: Session, organisation_id: str, resident_id: str, reason: str, on: date) -> int:
    """End every management of a resident who died or moved away; how many there were.

    For use-cases that close a record, inside their transaction; they make the due work anew.
    """
    rows = session.scalars(
        select(Condition).where(
            Condition.resident_id == resident_id,
            Condition.organisation_id == organisation_id,
            Condition.disease.in_(DISEASES),
            Condition.managed,
        )
    ).all()
    for row in rows:
        _apply(row, OutcomeInput(row.id, ENDED, on, reason))
    return len(rows)


def found_again(condition: Condition) -> None:
    """A visit took place, so who was lost for now is no longer."""
    if condition.managed and condition.outcome == LOST_FOR_NOW:
        condition.outcome = CONTINUES
        condition.outcome_reason = None


def _problems(
    decided: OutcomeInput, row: Condition, resident: Resident, today: date
) -> dict[str, str]:
    found: dict[str, str] = {}
    if not codes.is_known("management_outcome", decided.outcome):
        found["outcome"] = tr("Choose what becomes of the management.")
    elif decided.outcome == CONTINUES and _stands(row) == CONTINUES:
        found["outcome"] = tr("The management already goes on.")
    elif decided.outcome != CONTINUES and not row.managed:
        found["outcome"] = tr("This disease is not under management, so there is nothing to end.")
    elif decided.outcome == CONTINUES and resident.record_status != "active":
        found["outcome"] = tr("This record is closed. Open the record again first.")
    if decided.outcome == ENDED and not codes.is_known("management_end_reason", decided.reason):
        found["reason"] = tr("Choose why the management ends.")
    if decided.on is None:
        found["on"] = tr("Type the day from which this holds.")
    elif decided.on > today:
        found["on"] = tr("The day cannot lie in the future.")
    elif row.managed and row.managed_since is not None and decided.on < row.managed_since:
        found["on"] = tr("The day cannot be before the management began ({date}).").format(
            date=row.managed_since
        )
    elif not row.managed and row.managed_until is not None and decided.on < row.managed_until:
        found["on"] = tr("The day cannot be before the management ended ({date}).").format(
            date=row.managed_until
        )
    return found


def _apply(row: Condition, decided: OutcomeInput) -> None:
    row.outcome = decided.outcome
    row.outcome_reason = decided.reason if decided.outcome == ENDED else None
    if decided.outcome == ENDED:
        row.managed = False
        row.managed_until = decided.on
    elif not row.managed:
        row.managed = True
        row.managed_since = decided.on
        row.managed_until = None


def _stands(row: Condition) -> str:
    if row.managed:
        return row.outcome or CONTINUES
    return row.outcome or ""


def _line(row: Condition) -> ManagedDisease:
    return ManagedDisease(
        condition_id=row.id,
        disease=row.disease or "",
        managed=row.managed,
        since=row.managed_since,
        until=row.managed_until,
        outcome=_stands(row),
        reason=row.outcome_reason or "",
    )
