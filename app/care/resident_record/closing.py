"""The end of a resident's care here: death, moving away, loss, cancelling — and coming back.

The record is kept for ever; what ends with it is the work: chronic managements end with their
reason (domain reference §5.2 转归), contracts are closed (§3.1), rehab plans are stopped. Due work
ends by itself, because it is computed for open records only (``app/care/due.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care import parsing
from app.care.due import refresh_due
from app.care.management.outcome import end_all, managed_count, take_up_again
from app.care.ownership import require_own
from app.care.rehab_plan_ending import bring_back_plans, plans_under_way, stop_plans
from app.care.residents import require_editor
from app.errors import InputError, NotFound, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.local import DueItem
from app.models.resident import Resident
from app.models.store import Store

__all__ = [
    "CLOSED_STATES",
    "Closing",
    "Effects",
    "close_record",
    "closing_effects",
    "reopen_record",
]

CLOSED_STATES = ("deceased", "moved_away", "lost", "cancelled")
"""What may become of a record; `merged` is not chosen but follows from merging."""

MISTAKES = ("deceased", "cancelled")
"""From these nobody comes back: opening such a record again says that it was never so."""

_NOTE_LIMIT = 200
# States of a contract that is in force: signed, renewed, to be reviewed.
_RUNNING = ("1", "3", "4")


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of a resident, since when, and in words: the cause of death, where to, how
    often looked for. `change_id`: the change of the record that the person saw."""

    resident_id: str
    status: str
    on: date | None
    note: str = ""
    change_id: str = ""


@dataclass(frozen=True, slots=True)
class Effects:
    """What closing the record would end: shown before a person decides."""

    due_items: int
    contracts: int
    stays: int
    managements: int = 0
    plans: int = 0


def close_record(store: Store, actor: Actor, typed: Closing) -> None:
    """Close a record with all that follows from it, in one transaction. A closed record is
    closed anew as if the closing before had never been: all that it ended ends as is said now.

    Raises InputError (an unknown state, a day before the birth or in the future, a merged
    record), NotFound, StaleRecord, NotAllowed.
    """
    require_editor(actor)
    if typed.status not in CLOSED_STATES:
        raise InputError({"record_status": tr("Choose what became of the record.")})
    with store.write(actor) as session:
        row, on, note = _checked(session, store, actor, typed)
        if row.record_status in CLOSED_STATES:
            _never_closed(session, actor, row)
        row.record_status = typed.status
        row.record_status_on = on
        row.record_status_note = note
        if typed.status != "cancelled":
            row.care_status = typed.status
        elif any(stay.discharge_date is None for stay in row.residences):
            row.care_status = "home"
        _consequences(session, actor, row, typed.status, on)
        session.flush()
        refresh_due(session, store.organisation_id, [row.id])


def reopen_record(
    store: Store, actor: Actor, resident_id: str, on: date | None, note: str, change_id: str
) -> None:
    """Open a closed record again: the resident came back, was found, or it was a mistake.

    A death or a cancelling that is taken back, or a closing taken back to its own day, was a
    mistake: managements, contracts and plans that ended with it are there again. Who moved away
    or was lost and came back is managed anew from that day; contracts and plans are made anew.
    A stay stays ended: the bed may be taken. Raises what ``close_record`` raises.
    """
    require_editor(actor)
    with store.write(actor) as session:
        typed = Closing(resident_id, "active", on, note, change_id)
        row, day, words = _checked(session, store, actor, typed)
        if row.record_status == "active":
            raise InputError({"record_status": tr("This record is open already.")})
        _resumed(session, store, actor, row, day)
        row.record_status = "active"
        row.record_status_on = day
        row.record_status_note = words
        if row.care_status in CLOSED_STATES:
            row.care_status = "home"
        session.flush()
        refresh_due(session, store.organisation_id, [row.id])


def closing_effects(store: Store, actor: Actor, resident_id: str) -> Effects:
    """What closing the record would end."""
    with store.read() as session:
        row = session.get(Resident, resident_id)
        if row is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        due = session.scalar(
            select(func.count()).select_from(DueItem).where(DueItem.resident_id == resident_id)
        )
        contracts = session.scalar(
            select(func.count())
            .select_from(Contract)
            .where(
                Contract.resident_id == resident_id,
                Contract.status.in_(_RUNNING),
                Contract.ends_on >= store.clock.today(),
            )
        )
        stays = sum(stay.discharge_date is None for stay in row.residences)
        return Effects(
            due or 0,
            contracts or 0,
            stays,
            managed_count(session, store.organisation_id, resident_id),
            plans_under_way(session, store.organisation_id, resident_id),
        )


def _checked(
    session: Session, store: Store, actor: Actor, typed: Closing
) -> tuple[Resident, date, str | None]:
    row = session.get(Resident, typed.resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    require_own(actor, row)
    if row.change_id != typed.change_id:
        raise StaleRecord(tr("Somebody else changed this record. Open it again."))
    if row.merged_into_id is not None:
        raise InputError(
            tr("This record stands under another one of the same person. Close that one.")
        )
    problems: dict[str, str] = {}
    if typed.on is None or not row.birth_date <= typed.on <= store.clock.today():
        problems["on"] = tr("The day must lie between the birth and today.")
    note = parsing.clean_text(typed.note)
    if len(note) > _NOTE_LIMIT:
        problems["note"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=_NOTE_LIMIT
        )
    if problems or typed.on is None:
        raise InputError(problems)
    return row, typed.on, note or None


def _consequences(
    session: Session, actor: Actor, resident: Resident, status: str, on: date
) -> None:
    """What ends with the record. Each part of the program ends its own here."""
    for stay in resident.residences:
        if stay.discharge_date is None:
            # A bed is free again; a stay cannot end before it began.
            stay.discharge_date = max(on, stay.admit_date)
            stay.reason = _reason_of_stay(status)
    end_all(session, actor.organisation_id, resident.id, status, on)
    stop_plans(session, actor, resident.id, status, on)
    # Loaded here: contracts read the tags and the people of this package.
    from app.care.contracts.ending import close_contracts

    close_contracts(session, actor, resident.id, status, on)


def _never_closed(session: Session, actor: Actor, resident: Resident) -> None:
    """Before a closing is corrected: what it ended is there again, to be ended anew."""
    closed_as, closed_on = resident.record_status, resident.record_status_on
    if closed_on is not None:
        take_up_again(session, actor.organisation_id, resident.id, closed_as, closed_on, None)
        bring_back_plans(session, actor, resident.id, closed_as)
        from app.care.contracts.ending import reopen_contracts

        # Whatever was in force on that day, also where its term has ended since.
        reopen_contracts(session, actor, resident.id, closed_as, closed_on, closed_on)
        for stay in resident.residences:
            ended_so = max(closed_on, stay.admit_date), _reason_of_stay(closed_as)
            if (stay.discharge_date, stay.reason) == ended_so:
                stay.discharge_date = stay.reason = None
    if resident.care_status in CLOSED_STATES:
        resident.care_status = "home"
    session.flush()


def _reason_of_stay(status: str) -> str:
    return "deceased" if status == "deceased" else "other"


def _resumed(session: Session, store: Store, actor: Actor, resident: Resident, on: date) -> None:
    """What is there again with the record, while the record still says how it was closed."""
    closed_as, closed_on = resident.record_status, resident.record_status_on or on
    mistake = closed_as in MISTAKES or on <= closed_on
    take_up_again(
        session,
        actor.organisation_id,
        resident.id,
        closed_as,
        closed_on,
        None if mistake else on,
    )
    if not mistake:
        return
    bring_back_plans(session, actor, resident.id, closed_as)
    from app.care.contracts.ending import reopen_contracts

    reopen_contracts(session, actor, resident.id, closed_as, closed_on, store.clock.today())
