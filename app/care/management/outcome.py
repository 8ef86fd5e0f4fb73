"""Management outcome of a chronic disease: lost for now, ended with a reason, taken up again.

Source: domain reference §5.2 "Management outcome 转归": 1 continue, 2 lost for now, 9 ended
(death, moved away, lost, refused). What is not continued leaves the due work; nothing is
deleted, and the diagnosis stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
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
REASON_OF_CLOSING = {"deceased": "1", "moved_away": "2", "lost": "3"}
"""By code of ``record_status``: the code of ``management_end_reason``."""
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


def end_all(
    session: Session, organisation_id: str, resident_id: str, closed_as: str, on: date
) -> int:
    """End every management of a person whose record is closed; how many there were.

    ``closed_as``: code of list ``record_status``; a cancelled record has no reason of its own in
    the list of the form. For use-cases that close a record, inside their transaction; they make
    the due work anew.
    """
    rows = _of_person(session, organisation_id, resident_id, Condition.managed.is_(True))
    for row in rows:
        day = max(on, row.managed_since or on)
        _apply(row, OutcomeInput(row.id, ENDED, day, REASON_OF_CLOSING.get(closed_as, "")))
    return len(rows)


def take_up_again(
    session: Session,
    organisation_id: str,
    resident_id: str,
    closed_as: str,
    closed_on: date,
    again_on: date | None,
) -> int:
    """Undo what ``end_all`` ended when the record was closed; how many there were.

    ``again_on`` None: the closing was a mistake and nothing ever ended; otherwise the day from
    which a new management begins. What a person had ended before, for another reason or on
    another day, stays ended.
    """
    reason = REASON_OF_CLOSING.get(closed_as) or None
    rows = [
        row
        for row in _of_person(
            session,
            organisation_id,
            resident_id,
            Condition.managed.is_(False),
            Condition.outcome == ENDED,
            Condition.clinical_status == "active",
        )
        if row.outcome_reason == reason
        and row.managed_until == max(closed_on, row.managed_since or closed_on)
    ]
    for row in rows:
        if again_on is None:
            row.managed, row.managed_until = True, None
            row.outcome, row.outcome_reason = CONTINUES, None
        else:
            _apply(row, OutcomeInput(row.id, CONTINUES, again_on))
    return len(rows)


def managed_count(session: Session, organisation_id: str, resident_id: str) -> int:
    """How many managements of a person closing the record would end."""
    return len(_of_person(session, organisation_id, resident_id, Condition.managed.is_(True)))


def _of_person(
    session: Session, organisation_id: str, resident_id: str, *which: ColumnElement[bool]
) -> Sequence[Condition]:
    return session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident_id)),
            Condition.organisation_id == organisation_id,
            Condition.disease.in_(DISEASES),
            *which,
        )
        .order_by(Condition.id)
    ).all()


def begin_management(condition: Condition, on: date) -> None:
    """A doctor takes an unmanaged disease under management from ``on`` on."""
    _apply(condition, OutcomeInput(condition.id, CONTINUES, on))


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
    row.outcome_reason = (decided.reason or None) if decided.outcome == ENDED else None
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
