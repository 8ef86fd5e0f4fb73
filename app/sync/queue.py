"""The outbox as the courier uses it: what waits, marked before it is sent, cleared by receipt.

Every function works inside a transaction of the caller. A row is cleared only while it still
names the change that the server confirmed: a record that was edited meanwhile stays queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from app.care.referral_crossing import TOLD
from app.clock import format_instant
from app.models.base import from_json, to_json
from app.models.driver import ask
from app.models.outbox import LANE_EMERGENCY, LANE_REST, UNKNOWN, WAITING, Outbox, SyncState
from app.models.records import KINDS, fetch, lane_of
from app.sync import state
from app.sync.items import Confirmed, Held, Item
from app.sync.link import Json

__all__ = ["Confirmed", "Held", "Item"]
# In the driver's own words: these run for every record that is sent.
_ITEM = (
    "SELECT seq, kind, record_id, change_id, resident_id, lane, state, attempts, courier "
    "FROM outbox"
)
_IN_LANE = f"{_ITEM} WHERE state = ? AND lane = ? AND seq > ? ORDER BY seq LIMIT ?"
_URGENT = "SELECT seq, change_id FROM outbox WHERE state = 'waiting' AND lane < ?"
_EMERGENCIES = (
    "SELECT seq, change_id FROM outbox WHERE state IN ('waiting', 'unknown') AND lane = ?"
)
_BY_RECORD = f"{_ITEM} WHERE record_id IN (SELECT value FROM json_each(?))"  # noqa: S608
_REFUSED = f"{_ITEM} WHERE state IN ('rejected', 'kept') ORDER BY seq"
_UNDECIDED = 'SELECT kind, record_id, fields FROM "conflict" WHERE resolved_at IS NULL'
_NOTED = "SELECT key FROM sync_state WHERE key IN (SELECT value FROM json_each(?))"
_MARK = (
    "UPDATE outbox SET state = 'unknown', sent_at = ?, attempts = max(attempts, 0) + 1 "
    "WHERE seq = ? AND change_id = ?"
)
_CLEAR = "DELETE FROM outbox WHERE seq = ? AND change_id = ?"
_RECEIPT = (
    "INSERT INTO receipt (kind, record_id, change_id, server_time, received_at, via) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, record_id) DO UPDATE SET "
    "change_id = excluded.change_id, server_time = excluded.server_time, "
    "received_at = excluded.received_at, via = excluded.via"
)
_COPY = (
    "INSERT INTO server_copy "
    "(resource_type, resource_id, kind, record_id, version, last_updated, body) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (resource_type, resource_id) DO UPDATE SET "
    "kind = excluded.kind, record_id = excluded.record_id, version = excluded.version, "
    "last_updated = excluded.last_updated, body = excluded.body"
)
_SET_STATE = (
    update(Outbox)
    .where(Outbox.seq == bindparam("of_seq"), Outbox.change_id == bindparam("of_change"))
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"))
)


def in_lane(session: Session, lane: int, after: int, most: int) -> list[Item]:
    """The next rows of a lane that may be sent, oldest first, with ``seq`` above ``after``."""
    found: list[Item] = []
    for waits in (WAITING, UNKNOWN):
        found.extend(Item(*row) for row in ask(session, _IN_LANE, (waits, lane, after, most)))
    found.sort(key=lambda item: item.seq)
    return found[:most]


def urgent(session: Session, below: int = LANE_REST) -> set[tuple[int, str]]:
    """(seq, change id) of the rows that wait in lanes more urgent than ``below``.

    A row that was sent and has no answer yet is not among them.
    """
    return set(ask(session, _URGENT, (below,)))


def emergencies(session: Session) -> set[tuple[int, str]]:
    """(seq, change id) of the emergencies that the server has not answered for, sent or not."""
    return set(ask(session, _EMERGENCIES, (LANE_EMERGENCY,)))


def of_records(session: Session, record_ids: Iterable[str]) -> list[Item]:
    """The rows of these records, in any state."""
    wanted = sorted(set(record_ids))
    if not wanted:
        return []
    return [Item(*row) for row in ask(session, _BY_RECORD, (to_json(wanted),))]


def rejected(session: Session) -> list[Item]:
    """The rows that the server refused, those that are kept here by decision among them."""
    return [Item(*row) for row in ask(session, _REFUSED)]


def open_conflicts(session: Session) -> set[tuple[str, str]]:
    """(kind, record id) of every record that waits for a person to decide.

    Moves of a referral that crossed are not among them: they are told, and later moves may leave.
    """
    rows = ask(session, _UNDECIDED)
    return {(kind, record_id) for kind, record_id, fields in rows if TOLD not in from_json(fields)}


def mark_sent(
    session: Session, items: Sequence[Item], at: datetime, notes: Sequence[tuple[Item, Json]] = ()
) -> None:
    """Note that these rows are about to leave; from now on their fate is unknown.

    ``notes``: what is sent of shared records. After a lost answer it tells our own write from
    another person's, even if the record was edited here since.
    """
    if items:
        when = format_instant(at)
        session.connection().exec_driver_sql(
            _MARK, [(when, item.seq, item.change_id) for item in items]
        )
    if notes:
        session.connection().exec_driver_sql(
            state.SAVE,
            [
                (_note_key(item.kind, item.record_id), to_json({"body": body}))
                for item, body in notes
            ],
        )


def note_of(session: Session, item: Item) -> Json | None:
    """What was last sent of a shared record without an answer, or None."""
    body = state.load(session, _note_key(item.kind, item.record_id)).get("body")
    return body if isinstance(body, dict) else None


def forget_note(session: Session, item: Item) -> None:
    """The server's copy was seen: what was sent before is no question any more."""
    session.execute(delete(SyncState).where(SyncState.key == _note_key(item.kind, item.record_id)))


def forget_notes(session: Session, items: Iterable[Item]) -> None:
    """These were marked and never left: nothing of them has to be asked for."""
    keys = [_note_key(i.kind, i.record_id) for i in items if KINDS[i.kind].shared]
    if keys:
        session.execute(delete(SyncState).where(SyncState.key.in_(keys)))


def noted(session: Session, items: Iterable[Item]) -> set[tuple[str, str]]:
    """(kind, record id) of the shared records that were sent without an answer."""
    keys = {_note_key(i.kind, i.record_id): (i.kind, i.record_id) for i in items}
    return (
        {keys[key] for (key,) in ask(session, _NOTED, (to_json(sorted(keys)),))} if keys else set()
    )


def _note_key(kind: str, record_id: str) -> str:
    return f"sent:{kind}:{record_id}"


def confirm(session: Session, answers: Sequence[Confirmed], now: datetime) -> None:
    """Write receipts and server versions, and clear the rows that were not edited since."""
    if not answers:
        return
    keep_receipts(
        session,
        [(a.item.kind, a.item.record_id, a.item.change_id, a.server_time) for a in answers],
        now,
    )
    keep_versions(
        session,
        [
            Held(a.resource_type, a.item.record_id, a.item.kind, a.version, a.last_updated, a.body)
            for a in answers
        ],
    )
    answered = [
        _note_key(a.item.kind, a.item.record_id) for a in answers if KINDS[a.item.kind].shared
    ]
    if answered:
        session.execute(delete(SyncState).where(SyncState.key.in_(answered)))
    last = [[a.resource_type, a.item.record_id, a.version, a.last_updated] for a in answers[-2:]]
    session.connection().exec_driver_sql(state.SAVE, [(state.CANARY, to_json({"last": last}))])
    session.connection().exec_driver_sql(_CLEAR, [(a.item.seq, a.item.change_id) for a in answers])


def keep_versions(session: Session, rows: Sequence[Held]) -> None:
    """Remember what the server was seen to hold."""
    if rows:
        session.connection().exec_driver_sql(
            _COPY,
            [
                (
                    row.type,
                    row.id,
                    row.kind,
                    row.id,
                    row.version,
                    row.last_updated,
                    None if row.body is None else to_json(row.body),
                )
                for row in rows
            ],
        )


def keep_receipts(
    session: Session, rows: Sequence[tuple[str, str, str, datetime]], now: datetime
) -> None:
    """Remember the server's word: (kind, record id, change id, server's time) each."""
    if rows:
        received = format_instant(now)
        via = session.info.get("via", "network")
        session.connection().exec_driver_sql(
            _RECEIPT,
            [
                (kind, id_, change, format_instant(at), received, via)
                for kind, id_, change, at in rows
            ],
        )


def set_state(session: Session, items: Iterable[Item], state: str, reason: str | None) -> None:
    """Put rows into a state, unless they were edited meanwhile."""
    values = [
        {
            "of_seq": item.seq,
            "of_change": item.change_id,
            "new_state": state,
            "new_reason": reason,
        }
        for item in items
    ]
    if values:
        session.connection().execute(_SET_STATE, values)


def enqueue(session: Session, kind: str, record_ids: Sequence[str], now: datetime) -> list[Item]:
    """Queue records as they are, where a letter refers to them and the server lacks them."""
    description = KINDS[kind]
    rows = [
        {
            "kind": kind,
            "record_id": record["id"],
            "change_id": record["change_id"],
            "author_id": record["updated_by"],
            "organisation_id": record["organisation_id"],
            "resident_id": record.get(description.resident_column or ""),
            "lane": lane_of(kind, record),
            "state": WAITING,
            "attempts": 0,
            "created_at": now,
        }
        for record in fetch(session, kind, record_ids).values()
    ]
    if rows:
        session.connection().execute(
            insert(Outbox).on_conflict_do_nothing(index_elements=["kind", "record_id"]), rows
        )
    return [item for item in of_records(session, record_ids) if item.kind == kind]


def as_waiting(item: Item) -> Item:
    return replace(item, state=WAITING)
