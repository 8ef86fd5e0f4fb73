"""What the server holds meets what waits here: confirmed, merged, or kept for a person.

Runs inside one write transaction, on the state of that moment. A local value is never
overwritten: fields that only the other side changed are taken over, fields that both changed
stay as they are here and are shown with both values.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_crossing import TOLD, cross, told_fields
from app.care.rivals import KINDS_CORRECTED, mark_rivals
from app.fhir import mapping
from app.i18n import tr
from app.models.identity import new_id
from app.models.outbox import KEPT, REJECTED, WAITING, Conflict
from app.models.records import KINDS, Record, fetch, put
from app.sync import queue
from app.sync.link import Json
from app.sync.lists import ServerClock
from app.sync.merge import BOOKKEEPING, merge, same_content
from app.sync.queue import Confirmed, Held, Item
from app.sync.searches import version_of
from app.sync.state import instant
from app.sync.versions import Seen, is_behind, is_surely_behind, seen
from app.sync.wire import held

CONFIRMED, MERGED, CONFLICT, UNREADABLE = "confirmed", "merged", "conflict", "unreadable"
#: How the server's copy stands to the state that ours was made from: made from it, or what it was
#: made from (a server that was put back), or nobody can tell.
LATER, EARLIER, DOUBTFUL = "later", "earlier", "doubtful"


def settle(
    session: Session, item: Item, theirs: Json, now: datetime, standing: str | None = None
) -> str:
    """Bring one queued record and the server's copy of it together.

    ``standing`` is how both stand to each other where that is known for certain; without it
    versions and times tell.

    ``confirmed``: the server holds this very change. ``merged``: fields of both sides are
    together now and the row waits to be sent again. ``conflict``: a person has to decide.
    ``unreadable``: the server's copy is none of this program; nothing was done.
    """
    found = mapping.kind_of(theirs), mapping.primary_type(item.kind)
    try:
        parsed = mapping.from_resource(theirs)
    except ValueError:
        parsed = None
    mine = fetch(session, item.kind, [item.record_id]).get(item.record_id)
    if parsed is None or parsed[0] != item.kind or mine is None or found[0] != item.kind:
        return UNREADABLE
    record = parsed[1]
    version, updated = version_of(theirs)
    kept = theirs if KINDS[item.kind].shared else None
    arrived = Confirmed(item, found[1], version, updated, instant(updated) or now, kept)
    if mapping.write_id(theirs) == item.change_id or same_content(mine, record):
        queue.confirm(session, [arrived], now)
        _close_conflict(session, item, now)
        return CONFIRMED
    standing = standing or _standing(session, item, found[1], (version, updated))
    if standing == EARLIER:
        # A server that was put back: what it told us of before is what ours was made from.
        _note_copy(session, arrived)
        if item.state != KEPT:
            queue.set_state(session, [item], WAITING, None)
        return MERGED
    if item.change_id == item.record_id and mapping.write_id(theirs) is not None:
        # Ours is the first state of the record, so theirs was made from it.
        put(session, item.kind, [record])
        queue.confirm(session, [arrived], now)
        _receipt_of_theirs(session, arrived, record, now)
        _close_conflict(session, item, now)
        return CONFIRMED
    events = _waiting_moves(session, item, mine, record)
    if events:
        return _cross(session, arrived, mine, record, events, now)
    sent = _record_of(queue.note_of(session, item))
    base = _base(session, item, found[1]) or sent
    if mapping.write_id(theirs) == item.record_id:
        base = record  # theirs is its first state, so ours was made from it
    result = merge(item.kind, base, mine, record, sent, doubtful=standing == DOUBTFUL)
    _note_copy(session, arrived)
    if result.taken:
        put(session, item.kind, [result.merged])
        if item.kind in KINDS_CORRECTED and item.resident_id:
            # Also while sending: what was taken back over there may be corrected here.
            mark_rivals(session, session.info["store"].organisation_id, [item.resident_id])
    if result.conflicts or _undecided(session, item, told=False) is not None:
        # An open conflict is shown anew with what they hold now, never dropped by later news.
        _keep_conflict(session, item, result.merged, record, result.conflicts, now)
        queue.set_state(session, [item], REJECTED, _reason())
        return CONFLICT
    if not result.to_send:
        # All of ours is over there: from now on this is their write.
        their_write = {name: record[name] for name in BOOKKEEPING if name in record}
        put(session, item.kind, [{**result.merged, **their_write}])
        queue.confirm(session, [arrived], now)
        _receipt_of_theirs(session, arrived, record, now)
        return CONFIRMED
    if item.state != KEPT:
        queue.set_state(session, [item], WAITING, None)
    return MERGED


def _receipt_of_theirs(session: Session, arrived: Confirmed, theirs: Record, now: datetime) -> None:
    """What the server holds is the other side's write, and the receipt says so."""
    item = arrived.item
    receipt = (item.kind, item.record_id, theirs["change_id"], arrived.server_time)
    queue.keep_receipts(session, [receipt], now)


def _standing(session: Session, item: Item, type_: str, told: Seen) -> str:
    """How the server's copy stands to what it told us before, by versions and times."""
    at = (type_, item.record_id)
    known = seen(session, [at]).get(at, ("", ""))
    if not is_behind(known, told):
        return LATER
    return EARLIER if _was_put_back(session, known, told) else DOUBTFUL


def _was_put_back(session: Session, known: Seen, told: Seen) -> bool:
    """Whether a state of an earlier time is one that ours was made from: its version says so, or
    the server was found to have lost what it had told us (``restored.queue_again`` has taken the
    version away). Where its clock was set back, an earlier time may as well be a later edit."""
    if is_surely_behind(known, told):
        return True
    return not known[0] and ServerClock.load(session).high is None


def _note_copy(session: Session, arrived: Confirmed) -> None:
    """The server's copy was seen: the next sending replaces this version of it."""
    item, type_ = arrived.item, arrived.resource_type
    copy = Held(
        type_, item.record_id, item.kind, arrived.version, arrived.last_updated, arrived.body
    )
    queue.keep_versions(session, [copy])
    queue.forget_note(session, item)


def _waiting_moves(session: Session, item: Item, mine: Record, theirs: Record) -> dict[str, Record]:
    """Our moves of a referral's task that the server's copy of it does not name."""
    if item.kind != "referral_task":
        return {}
    waiting = [id_ for id_ in mine["event_ids"] if id_ not in theirs["event_ids"]]
    return fetch(session, "referral_event", waiting)


def _cross(
    session: Session,
    arrived: Confirmed,
    mine: Record,
    theirs: Record,
    events: dict[str, Record],
    now: datetime,
) -> str:
    """Lay our waiting moves of a referral on the state that the server holds.

    Moves that are no longer legal from there are kept for a person to read. Nothing of them is
    left to send, so the row of the queue is not held back.
    """
    item = arrived.item
    crossed = cross(mine, theirs, events)
    if crossed.to_send:
        # Still our write, under its own name: its receipt clears the row.
        own = {name: mine[name] for name in ("change_id", "updated_by", "updated_at")}
        put(session, item.kind, [{**crossed.record, **own}])
        _note_copy(session, arrived)
        queue.set_state(session, [item], WAITING, None)
    else:
        put(session, item.kind, [crossed.record])
        queue.confirm(session, [arrived], now)
        _receipt_of_theirs(session, arrived, theirs, now)
    if crossed.told:
        fields = told_fields(mine, theirs, crossed.told)
        _keep_conflict(session, item, mine, theirs, fields, now)
        return CONFLICT
    return MERGED if crossed.to_send else CONFIRMED


def _reason() -> str:
    return tr(
        "Two people changed the same field of this record. Both values are kept; choose the "
        "right one, then it is sent."
    )


def _base(session: Session, item: Item, type_: str) -> Record | None:
    version, body = held(session, [(type_, item.record_id)]).get(
        (type_, item.record_id), ("", None)
    )
    # A version that the server lost is nothing that theirs was made from.
    return _record_of(body) if version else None


def _record_of(resource: Json | None) -> Record | None:
    if resource is None:
        return None
    try:
        parsed = mapping.from_resource(resource)
    except ValueError:
        return None
    return parsed[1] if parsed is not None else None


def _keep_conflict(
    session: Session,
    item: Item,
    mine: Record,
    theirs: Record,
    clashes: dict[str, dict[str, Any]],
    now: datetime,
) -> None:
    row = _undecided(session, item, told=TOLD in clashes)
    if row is None:
        row = Conflict(
            id=new_id(),
            kind=item.kind,
            record_id=item.record_id,
            resident_id=item.resident_id,
            fields=clashes,
            created_at=now,
        )
        session.add(row)
    elif TOLD in clashes:
        before = row.fields[TOLD]["mine"]
        moves = before + [id_ for id_ in clashes[TOLD]["mine"] if id_ not in before]
        row.fields = {**row.fields, **clashes, TOLD: {**clashes[TOLD], "mine": moves}}
    else:
        row.fields = _shown_anew(row.fields, clashes, mine, theirs)
    row.mine_by = mine.get("updated_by")
    row.mine_at = instant(mine.get("updated_at"))
    row.theirs_by = theirs.get("updated_by")
    row.theirs_organisation_id = theirs.get("organisation_id")
    row.theirs_at = instant(theirs.get("updated_at"))
    session.flush()


def _shown_anew(
    before: dict[str, Any], clashes: dict[str, dict[str, Any]], mine: Record, theirs: Record
) -> dict[str, Any]:
    """The fields of an undecided conflict with what both sides hold now.

    The first common value stays known, and so does every pair of values shown before.
    """
    fields: dict[str, Any] = dict(clashes)
    for name, values in before.items():
        now = fields.get(name, {"mine": mine.get(name), "theirs": theirs.get(name)})
        fields[name] = {**now, "base": values.get("base")}
        earlier = list(values.get("earlier", ()))
        pair = {side: values.get(side) for side in ("mine", "theirs")}
        if any(pair[side] != now[side] for side in pair) and pair not in earlier:
            earlier.append(pair)
        if earlier:
            fields[name]["earlier"] = earlier
    return fields


def _undecided(session: Session, item: Item, *, told: bool) -> Conflict | None:
    """The open conflict of a record: of its fields, or (``told``) of a referral's moves."""
    rows = session.scalars(
        select(Conflict).where(
            Conflict.kind == item.kind,
            Conflict.record_id == item.record_id,
            Conflict.resolved_at.is_(None),
        )
    )
    return next((row for row in rows if (TOLD in row.fields) == told), None)


def _close_conflict(session: Session, item: Item, now: datetime) -> None:
    """Both sides came to say the same: nothing is left to decide."""
    rows = session.scalars(
        select(Conflict).where(
            Conflict.kind == item.kind,
            Conflict.record_id == item.record_id,
            Conflict.resolved_at.is_(None),
        )
    )
    for row in rows:
        if TOLD not in row.fields:
            row.resolved_at = now
    session.flush()
