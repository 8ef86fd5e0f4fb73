"""Imports of the past, and taking a whole one back.

Nothing is deleted (ADR 14): taking back closes the records as cancelled (注销), wherever they
have got to, and only those that nobody has touched since. The others are named with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.residents import require_editor
from app.care.roster.progress import KEEPING, SAVING, SILENT, Progress
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.local import Draft
from app.models.outbox import Conflict
from app.models.records import KINDS
from app.models.resident import Resident
from app.models.roster import RosterImport, RosterRow
from app.models.store import Store

__all__ = [
    "ImportLine",
    "TouchedLine",
    "Undoing",
    "count_imports",
    "list_imports",
    "plan_undoing",
    "undo_import",
]

_BATCH = 400
_WITHDRAWN = (
    update(RosterRow)
    .where(RosterRow.import_id == bindparam("of_import"), RosterRow.resident_id == bindparam("of"))
    .values(withdrawn_change_id=bindparam("change"))
)


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import to show. ``withdrawn``: how many records its undoing closed; ``undone_at`` None
    while it stands. ``may_undo``: whether this person may take it back."""

    id: str
    at: datetime
    file_name: str
    sheet: str
    staff_name: str
    rows: int
    imported: int
    left_out: int
    backup: str
    undone_at: datetime | None
    undone_name: str
    withdrawn: int
    may_undo: bool


@dataclass(frozen=True, slots=True)
class TouchedLine:
    """A record that stays, and why, in words."""

    resident_id: str
    row_number: int
    name: str
    village: str
    reason: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """``closed``: records closed again (or that would be); ``kept``: those that stay."""

    closed: int
    kept: tuple[TouchedLine, ...]


def list_imports(
    store: Store, actor: Actor, offset: int = 0, limit: int = 100
) -> tuple[ImportLine, ...]:
    """A page of the imports on this PC, newest first."""
    with store.read() as session:
        rows = session.scalars(
            select(RosterImport)
            .order_by(RosterImport.at.desc(), RosterImport.id.desc())
            .offset(offset)
            .limit(limit)
        )
        return tuple(_line(row, actor) for row in rows)


def count_imports(store: Store, actor: Actor) -> int:
    """How many imports there were on this PC."""
    with store.read() as session:
        return session.query(RosterImport).count()


def _line(row: RosterImport, actor: Actor) -> ImportLine:
    return ImportLine(
        id=row.id,
        at=row.at,
        file_name=row.file_name,
        sheet=row.sheet,
        staff_name=row.staff_name,
        rows=row.rows,
        imported=row.imported,
        left_out=row.left_out,
        backup=row.backup,
        undone_at=row.undone_at,
        undone_name=row.undone_name or "",
        withdrawn=row.withdrawn,
        may_undo=row.undone_at is None and _may_undo(row, actor),
    )


def _may_undo(row: RosterImport, actor: Actor) -> bool:
    return row.staff_id == actor.staff_id or actor.has_role("administrator")


def plan_undoing(store: Store, actor: Actor, import_id: str) -> Undoing:
    """What taking an import back would do now; nothing is changed. Raises NotFound."""
    with store.read() as session:
        _get(session, import_id)
        free, kept = _sort_out(session, _rows_of(session, import_id))
        return Undoing(len(free), kept)


def undo_import(store: Store, actor: Actor, import_id: str, progress: Progress = SILENT) -> Undoing:
    """Close all records of an import that nobody has touched since, in one transaction.

    A record is touched once it was changed, something was written for the resident, or a person
    has an unfinished form of them. Raises NotFound, NotAllowed (another person's import, unless
    administrator), InputError (taken back already, or every record is in use), DiskFull, Stopped.
    """
    from app.care.backups import before_import

    require_editor(actor)
    with store.read() as session:
        _check(_get(session, import_id), actor)
    progress.step(KEEPING, 0, 0)
    before_import(store)
    with store.write(actor) as session:
        taken = _get(session, import_id)
        _check(taken, actor)
        rows = _rows_of(session, import_id)
        free, kept = _sort_out(session, rows)
        if not free:
            raise InputError(
                tr("Every record of this import is in use by now. Nothing was changed.")
            )
        progress.step(SAVING, 0, len(free))
        today = store.clock.today()
        for start in range(0, len(free), _BATCH):
            part = free[start : start + _BATCH]
            residents = session.scalars(select(Resident).where(Resident.id.in_(part))).all()
            for resident in residents:
                resident.record_status = "cancelled"
                resident.record_status_on = today
            session.flush()
            session.connection().execute(
                _WITHDRAWN,
                [
                    {"of_import": import_id, "of": each.id, "change": each.change_id}
                    for each in residents
                ],
            )
            refresh_due(session, store.organisation_id, part)
            session.flush()
            for resident in residents:
                session.expunge(resident)
            progress.step(SAVING, min(start + _BATCH, len(free)), len(free))
        taken.undone_at = store.clock.now()
        taken.undone_by = actor.staff_id
        taken.undone_name = actor.name
        taken.withdrawn = len(free)
        note_access(
            session, store.clock, actor, "undo_import", "roster", import_id, {"closed": len(free)}
        )
        progress.step(SAVING, len(free), len(free))
    return Undoing(len(free), kept)


def _get(session: Session, import_id: str) -> RosterImport:
    row = session.get(RosterImport, import_id)
    if row is None:
        raise NotFound(tr("This import is not on this PC."))
    return row


def _check(row: RosterImport, actor: Actor) -> None:
    if row.undone_at is not None:
        raise InputError(tr("This import was taken back already. Nothing was changed."))
    if not _may_undo(row, actor):
        raise NotAllowed(
            tr(
                "Only the person who imported this file, or an administrator, may take it back. "
                "Nothing was changed."
            )
        )


def _rows_of(session: Session, import_id: str) -> list[RosterRow]:
    query = select(RosterRow).where(RosterRow.import_id == import_id)
    return list(session.scalars(query.order_by(RosterRow.row_number)))


# -- touched since ---------------------------------------------------------------------------


def _sort_out(
    session: Session, rows: Sequence[RosterRow]
) -> tuple[list[str], tuple[TouchedLine, ...]]:
    """The ids that nobody has touched, and the others with the reason."""
    free: list[str] = []
    kept: list[TouchedLine] = []
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        ids = [row.resident_id for row in part]
        residents = {
            each.id: each
            for each in session.execute(
                select(
                    Resident.id,
                    Resident.name,
                    Resident.village,
                    Resident.change_id,
                    Resident.record_status,
                ).where(Resident.id.in_(ids))
            )
        }
        used = _used(session, ids)
        for row in part:
            resident = residents[row.resident_id]
            reason = used.get(row.resident_id, "")
            if not reason and resident.record_status != "active":
                reason = tr("The record is closed: {state}").format(
                    state=codes.label("record_status", resident.record_status)
                )
            if not reason and resident.change_id != row.change_id:
                reason = tr("The record was changed after the import")
            if not reason:
                free.append(row.resident_id)
                continue
            kept.append(
                TouchedLine(
                    row.resident_id, row.row_number, resident.name, resident.village or "", reason
                )
            )
    return free, tuple(kept)


def _used(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """What was written for these residents, in words, by resident."""
    wanted = list(ids)
    found: dict[str, str] = {}
    for kind in KINDS.values():
        if kind.resident_column is None or kind.name == "resident":
            continue
        column = kind.table.c[kind.resident_column]
        for (resident_id,) in session.execute(select(column).where(column.in_(wanted)).distinct()):
            words = tr("It holds work of people: {kind}")
            found.setdefault(resident_id, words.format(kind=codes.label("record_kind", kind.name)))
    unfinished = session.scalars(select(Draft.subject_id).where(Draft.subject_id.in_(wanted)))
    for resident_id in unfinished:
        found.setdefault(resident_id, tr("Somebody has an unfinished form of this resident"))
    undecided = session.scalars(
        select(Conflict.resident_id).where(
            Conflict.resident_id.in_(wanted), Conflict.resolved_at.is_(None)
        )
    )
    for resident_id in undecided:
        if resident_id is not None:
            found.setdefault(resident_id, tr("Two people changed it, and nobody has decided yet"))
    return found
