"""Two records of one person become one, and may become two again.

Merging says of one record that another goes on for the person. Nothing else is written: every
visit keeps its record and its author, so undoing takes back one sentence. Source: county rules
§2.4 (version LOCAL-2025): a suspicion is decided by a person, and the decision can be undone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.ownership import is_own, require_own
from app.care.resident_record.people import same_person, survivor_of
from app.care.residents import require_editor
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.rehab import RehabPlan
from app.models.resident import Resident
from app.models.store import Store

__all__ = ["MergedRecord", "mark_distinct", "merge", "merged_records", "unmerge"]


@dataclass(frozen=True, slots=True)
class MergedRecord:
    """A record that stands under the one that goes on. `loop`: it is merged in a circle."""

    id: str
    name: str
    id_no: str
    record_no: str
    change_id: str
    loop: bool


def merge(
    store: Store,
    actor: Actor,
    merged_id: str,
    survivor_id: str,
    merged_change: str,
    survivor_change: str,
) -> None:
    """`merged_id` is the same person as `survivor_id`, which goes on.

    The change ids are those that the person compared. Raises InputError (the same record, one
    that stands under another already, one that lies in a bed), NotFound, StaleRecord, NotAllowed
    (a record of another organisation: only that one may decide).
    """
    require_editor(actor)
    with store.write(actor) as session:
        merged, survivor = _get(session, merged_id), _get(session, survivor_id)
        for row, change in ((merged, merged_change), (survivor, survivor_change)):
            if row.organisation_id != actor.organisation_id:
                raise NotAllowed(
                    tr(
                        "One of the two records belongs to another organisation. Nothing was "
                        "merged. Ask that organisation, or write to both."
                    )
                )
            if row.change_id != change:
                raise StaleRecord(
                    tr(
                        "Somebody changed one of the two records meanwhile. Nothing was merged. "
                        "Compare them once more."
                    )
                )
        if merged_id == survivor_id or survivor_of(session, survivor_id) != survivor_id:
            raise InputError(tr("Choose the record that goes on: this one stands under another."))
        if merged.merged_into_id is not None:
            raise InputError(tr("This record is merged already. Undo that first."))
        if any(stay.discharge_date is None for stay in merged.residences):
            raise InputError(
                tr(
                    "The resident lies in a bed under the record that would end. Nothing was "
                    "merged. Let the other record go on, or discharge first."
                )
            )
        if session.scalar(
            select(RehabPlan.id).where(
                RehabPlan.resident_id == merged_id, RehabPlan.status.in_(("active", "paused"))
            )
        ):
            raise InputError(
                tr(
                    "A rehab plan runs under the record that would end. Nothing was merged. Let "
                    "the other record go on, or end the plan first."
                )
            )
        merged.status_before_merge = merged.record_status
        merged.record_status = "merged"
        merged.merged_into_id = survivor_id
        # A merging takes back an earlier "somebody else".
        for row, other in ((merged, survivor_id), (survivor, merged_id)):
            if other in (row.distinct_from or ()):
                row.distinct_from = [each for each in row.distinct_from if each != other]
        session.flush()
        refresh_due(session, store.organisation_id, same_person(session, survivor_id))


def unmerge(store: Store, actor: Actor, merged_id: str, change_id: str) -> None:
    """The record stands by itself again, in the state that it had before.

    Raises InputError where it is not merged, NotFound, StaleRecord, NotAllowed.
    """
    require_editor(actor)
    with store.write(actor) as session:
        row = _get(session, merged_id)
        if row.organisation_id != actor.organisation_id:
            raise NotAllowed(
                tr(
                    "This record belongs to another organisation. Nothing was changed. Only that "
                    "organisation can undo the merging."
                )
            )
        if row.change_id != change_id:
            raise StaleRecord(tr("Somebody else changed this record. Open it again."))
        if row.merged_into_id is None and row.record_status != "merged":
            raise InputError(tr("This record is not merged, so there is nothing to undo."))
        before = same_person(session, merged_id)
        if row.record_status == "merged":
            # Two PCs may have decided differently of its state; what a person chose stands.
            row.record_status = row.status_before_merge or "active"
        row.merged_into_id = None
        row.status_before_merge = None
        session.flush()
        refresh_due(session, store.organisation_id, before)


def mark_distinct(store: Store, actor: Actor, resident_id: str, other_id: str) -> None:
    """A person has compared two records: they are two people. They are not asked about again.

    Raises NotFound, NotAllowed.
    """
    require_editor(actor)
    with store.write(actor) as session:
        row, other = _get(session, resident_id), _get(session, other_id)
        if not is_own(actor, row):
            row, other = other, row
        require_own(actor, row)
        note_distinct(row, [other.id])


def note_distinct(row: Resident, others: list[str]) -> None:
    """Write down in an open transaction whom a record is not."""
    known = list(row.distinct_from or ())
    added = [each for each in others if each != row.id and each not in known]
    if added:
        row.distinct_from = [*known, *added]


def merged_records(session: Session, resident_id: str) -> tuple[MergedRecord, ...]:
    """The records that stand under a person's record, with what is needed to undo each."""
    first, *others = same_person(session, resident_id)
    rows = [session.get(Resident, each) for each in (first, *others)]
    loop = rows[0] is not None and rows[0].merged_into_id is not None
    return tuple(
        MergedRecord(
            id=row.id,
            name=row.name,
            id_no=row.id_no or "",
            record_no=row.record_no or "",
            change_id=row.change_id,
            loop=loop,
        )
        for row in rows
        if row is not None and (row.id != first or loop)
    )


def _get(session: Session, resident_id: str) -> Resident:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return row
