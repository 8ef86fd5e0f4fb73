"""The session hook: stamps every written record, queues it, and notes who wrote it.

It works inside the flush, so the outbox row is part of the transaction of the record and
nobody can forget to queue.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from app.clock import Clock, format_instant
from app.errors import Defect
from app.models.actor import Actor
from app.models.base import Base, Syncable
from app.models.identity import new_id
from app.models.outbox import LOOK_FIRST, UNKNOWN, WAITING
from app.models.records import KIND_OF_MODEL, PARENT_OF_CHILD
from app.models.resident import Resident

# In the driver's own words: with every save a third of its work would be SQLAlchemy's here.
#: A record edited again keeps its place in the queue but takes the new change. An edit does not
#: make certain whether an earlier change has arrived (``LOOK_FIRST``).
_QUEUE_ROW = f"""
    INSERT INTO outbox (kind, record_id, change_id, author_id, organisation_id, resident_id,
        lane, state, attempts, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, '{WAITING}', 0, ?)
    ON CONFLICT (kind, record_id) DO UPDATE SET
        change_id = excluded.change_id, author_id = excluded.author_id, lane = excluded.lane,
        state = '{WAITING}', reason = NULL, sent_at = NULL,
        attempts = CASE WHEN outbox.state = '{UNKNOWN}' OR outbox.attempts < 0
            THEN {LOOK_FIRST} ELSE 0 END
"""  # noqa: S608 — our own constants
_AUDIT_ROW = (
    "INSERT INTO audit_event (at, staff_id, organisation_id, action, kind, record_id, detail) "
    "VALUES (?, ?, ?, ?, ?, ?, '{}')"
)


class RecordingSession(Session):
    """A session whose ``info`` holds ``actor`` and ``clock`` (and ``remote`` for pulled rows)."""


def _touched(session: Session) -> tuple[list[Syncable], list[Syncable]]:
    """New and changed records; a changed child makes its parent changed."""
    created = [row for row in session.new if isinstance(row, Syncable)]
    known = {id(row) for row in created}
    changed: list[Syncable] = []

    def add(row: Any) -> None:
        if id(row) not in known:
            known.add(id(row))
            changed.append(row)

    for row in session.dirty:
        if isinstance(row, Syncable) and session.is_modified(row):
            add(row)
    for row in list(session.new) + list(session.dirty) + list(session.deleted):
        owner = PARENT_OF_CHILD.get(type(row))
        if owner is None or (row in session.dirty and not session.is_modified(row)):
            continue
        kind, child = owner
        parent = _parent(session, row, kind.model, child.parent_column)
        if parent is not None:
            add(parent)
    return created, changed


def _parent(session: Session, row: Any, model: type[Base], column: str) -> Any:
    parent_id = getattr(row, column)
    for relation in inspect(type(row)).relationships:
        if relation.mapper.class_ is model:
            parent = getattr(row, relation.key)
            if parent is not None:
                return parent
    with session.no_autoflush:
        return session.get(model, parent_id) if parent_id else None


@event.listens_for(RecordingSession, "before_flush")
def _stamp(session: Session, context: UOWTransaction, instances: Iterable[Any] | None) -> None:
    if session.info.get("remote"):
        return
    for row in session.deleted:
        if isinstance(row, Syncable):
            raise Defect("a record is never deleted; it changes its state")
    actor: Actor | None = session.info.get("actor")
    clock: Clock = session.info["clock"]
    created, changed = _touched(session)
    if not created and not changed:
        return
    if actor is None:
        raise Defect("a record cannot be written without an author")
    now = clock.now()
    for row in created:
        row.id = row.id or new_id()
        row.organisation_id = row.organisation_id or actor.organisation_id
        row.author_id = row.author_id or actor.staff_id
        row.created_at = row.created_at or now
        # The first change of a record needs no name of its own: thirty bytes less on the link.
        row.change_id = row.id
    for row in changed:
        row.change_id = new_id()
    for row in created + changed:
        row.updated_by = actor.staff_id
        row.updated_at = now
    queue: list[tuple[str, Syncable, str]] = session.info.setdefault("touched", [])
    queue.extend(("create", row, actor.staff_id) for row in created)
    queue.extend(("update", row, actor.staff_id) for row in changed)


@event.listens_for(RecordingSession, "after_flush")
def _queue(session: Session, context: UOWTransaction) -> None:
    touched: list[tuple[str, Syncable, str]] = session.info.pop("touched", [])
    if not touched:
        return
    actor: Actor = session.info["actor"]
    clock: Clock = session.info["clock"]
    now = format_instant(clock.now())
    outbox_rows: list[tuple[Any, ...]] = []
    audit_rows: list[tuple[Any, ...]] = []
    lanes: list[int] = []
    residents: list[Resident] = []
    for action, row, staff_id in touched:
        kind = KIND_OF_MODEL[type(row)]
        audit_rows.append((now, staff_id, actor.organisation_id, action, kind.name, row.id))
        if isinstance(row, Resident):
            residents.append(row)
        if kind.travels:
            resident_id = getattr(row, kind.resident_column or "", None)
            lanes.append(kind.lane(row.__dict__))
            outbox_rows.append(
                (
                    *(kind.name, row.id, row.change_id, staff_id, row.organisation_id),
                    *(resident_id, lanes[-1], now),
                )
            )
    connection = session.connection()
    if outbox_rows:
        connection.exec_driver_sql(_QUEUE_ROW, outbox_rows)
        # Whoever listens for commits learns that something is to be sent, and how urgent.
        session.info["queued_lane"] = min([session.info.get("queued_lane", lanes[0]), *lanes])
    connection.exec_driver_sql(_AUDIT_ROW, audit_rows)
    if residents:
        from app.models.search import rebuild_tokens

        rebuild_tokens(
            session,
            [
                {
                    "id": r.id,
                    "name": r.name,
                    "id_no": r.id_no,
                    "phone": r.phone,
                    "record_no": r.record_no,
                    "village": r.village,
                }
                for r in residents
            ],
        )
