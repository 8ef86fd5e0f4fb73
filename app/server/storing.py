"""The write path: decide for every resource, then write them all with few statements.

Everything here runs inside one write transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.server import sharing, wire
from app.server.database import next_instant
from app.server.outcome import Refusal
from app.server.prepare import Prepared, fixed_of
from app.server.tables import edge, history, identifier, resource, tag


@dataclass(frozen=True, slots=True)
class Put:
    """One resource to store; ``if_match`` is the version it must replace, if any."""

    prepared: Prepared
    if_match: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a put: 201 created or 200, its version and time (microseconds)."""

    status: int
    version: int
    updated: int


@dataclass(slots=True)
class _Stored:
    key: int
    version: int
    updated: int
    organisation: str
    owner: str | None
    requester: str | None
    content: str
    tags: set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Change:
    prepared: Prepared
    key: int
    version: int
    updated: int
    old: _Stored | None


_STORED = select(
    resource.c.type,
    resource.c.id,
    resource.c.key,
    resource.c.version,
    resource.c.updated,
    resource.c.organisation,
    resource.c.owner,
    resource.c.requester,
    resource.c.content,
).where(resource.c.id.in_(bindparam("ids", expanding=True)))
_TAGS = select(tag.c.key, tag.c.system, tag.c.code).where(
    tag.c.key.in_(bindparam("keys", expanding=True))
)
_EDGES = select(edge.c.target_type, edge.c.target_id, edge.c.organisation, edge.c.present).where(
    edge.c.source == bindparam("source_key")
)
_KEEP_HISTORY = insert(history).from_select(
    ["key", "version", "updated", "content"],
    select(resource.c.key, resource.c.version, resource.c.updated, resource.c.content).where(
        resource.c.key.in_(bindparam("keys", expanding=True))
    ),
)
_UPDATE = (
    update(resource)
    .where(resource.c.key == bindparam("old_key"))
    .values(
        version=bindparam("new_version"),
        updated=bindparam("new_updated"),
        patient=bindparam("new_patient"),
        owner=bindparam("new_owner"),
        requester=bindparam("new_requester"),
        content=bindparam("new_content"),
    )
)
_SET_PRESENT = (
    update(edge)
    .where(
        edge.c.source == bindparam("of"),
        edge.c.target_type == bindparam("to_type"),
        edge.c.target_id == bindparam("to_id"),
    )
    .values(present=bindparam("is_present"))
)
_KEYS_BY_ID = select(resource.c.type, resource.c.id, resource.c.key).where(
    resource.c.id.in_(bindparam("ids", expanding=True))
)


def put_all(
    connection: Connection,
    now: int,
    organisation: str,
    puts: Sequence[Put],
    *,
    stop_at_refusal: bool = False,
    is_directory: bool = False,
) -> list[Written | Refusal]:
    """Store ``puts`` (no two of one address) on behalf of ``organisation``, in order.

    ``now`` is the wall clock in microseconds. A refusal stands in the list in its put's
    place; with ``stop_at_refusal`` it is the last of the list and nothing at all is written.
    ``is_directory`` is for the server's own directory loader, nobody else writes Organizations.
    """
    stored = _stored(connection, puts)
    at = next_instant(connection, now)
    results: list[Written | Refusal] = []
    changes: list[_Change] = []
    for put in puts:
        old = stored.get((put.prepared.type, put.prepared.id))
        try:
            if put.prepared.type == "Organization" and not is_directory:
                raise Refusal(
                    403, "forbidden", "The directory of organisations is kept by the lead hospital."
                )
            _check(connection, organisation, put, old)
        except Refusal as refusal:
            results.append(refusal)
            if stop_at_refusal:
                return results
            continue
        if old is None:
            change = _Change(put.prepared, at, 1, at, None)
        elif wire.same_content(old.content, put.prepared.content):
            # A replay after a lost answer: say again what was said then.
            results.append(Written(200, old.version, old.updated))
            continue
        else:
            change = _Change(put.prepared, old.key, old.version + 1, at, old)
        at += 1
        changes.append(change)
        results.append(Written(201 if old is None else 200, change.version, change.updated))
    if changes:
        _write(connection, organisation, changes)
    return results


def _stored(connection: Connection, puts: Sequence[Put]) -> dict[tuple[str, str], _Stored]:
    found = {
        (row[0], row[1]): _Stored(*row[2:], tags=set())
        for row in connection.execute(_STORED, {"ids": [put.prepared.id for put in puts]})
    }
    if found:
        by_key = {old.key: old for old in found.values()}
        for key, system, code in connection.execute(_TAGS, {"keys": list(by_key)}):
            by_key[key].tags.add((system, code))
    return found


def _check(connection: Connection, organisation: str, put: Put, old: _Stored | None) -> None:
    """Raise the refusal that this put deserves, if any."""
    new = put.prepared
    if old is None:
        _check_create(organisation, put)
        return
    author = old.organisation == organisation
    takes_part = new.type == "Task" and organisation in (old.owner, old.requester)
    if not author and not takes_part:
        raise Refusal(403, "forbidden", "This record belongs to another organisation.")
    if put.if_match is not None and put.if_match != old.version:
        raise Refusal(
            412,
            "conflict",
            "The record was changed meanwhile: version {version} is held here.",
            version=old.version,
        )
    if new.organisation != old.organisation or new.tags != old.tags:
        raise Refusal(
            422, "business-rule", "The tags of a record cannot change after it was created."
        )
    if new.type == "Task":
        _check_task_change(connection, organisation, new, old)


def _check_create(organisation: str, put: Put) -> None:
    new = put.prepared
    if put.if_match is not None:
        raise Refusal(412, "conflict", "There is no version of this record to replace.")
    if new.organisation is None:
        raise Refusal(422, "required", "The record does not name its organisation in meta.tag.")
    if new.organisation != organisation:
        raise Refusal(403, "forbidden", "A device may create records of its own organisation only.")
    _check_participation(organisation, new)


def _check_participation(author: str, task: Prepared) -> None:
    if task.type == "Task" and author not in (task.owner, task.requester):
        raise Refusal(
            422,
            "business-rule",
            "A Task must name the organisation that wrote it as requester or owner.",
        )


def _check_task_change(
    connection: Connection, organisation: str, new: Prepared, old: _Stored
) -> None:
    moved = (new.owner, new.requester) != (old.owner, old.requester)
    if organisation != old.organisation:
        before = fixed_of(wire.parse_content(old.content))
        if moved or before != new.fixed:
            raise Refusal(
                403,
                "forbidden",
                "Only the organisation that wrote a Task may change whom and what it is about.",
            )
        return
    _check_participation(organisation, new)
    # Records that a participant attached were meant for the participants of that time.
    if moved and any(
        row.organisation != organisation
        for row in connection.execute(_EDGES, {"source_key": old.key})
    ):
        raise Refusal(
            422,
            "business-rule",
            "The other side has already answered this Task; write a new one for another receiver.",
        )


def _write(connection: Connection, organisation: str, changes: list[_Change]) -> None:
    created = [change for change in changes if change.old is None]
    updated = [change for change in changes if change.old is not None]
    if created:
        connection.execute(insert(resource), [_row(change) for change in created])
        _insert(connection, edge, [row for c in created for row in _edge_rows(c, organisation)])
        _insert(
            connection,
            tag,
            [
                {"key": c.key, "system": system, "code": code}
                for c in created
                for system, code in c.prepared.tags
            ],
        )
    if updated:
        keys = [change.key for change in updated]
        connection.execute(_KEEP_HISTORY, {"keys": keys})
        connection.execute(_UPDATE, [_new_values(change) for change in updated])
        connection.execute(delete(identifier).where(identifier.c.key.in_(keys)))
    _insert(
        connection,
        identifier,
        [
            {"key": c.key, "system": system, "value": value}
            for c in changes
            for system, value in c.prepared.identifiers
        ],
    )
    # Withdraw before spreading: a pair may lose one reason and gain another in one bundle.
    lost: set[sharing.Pair] = set()
    gained = sharing.inherited(connection, (c.key for c in created)) if created else set()
    for change in updated:
        lost |= _move_edges(connection, organisation, change)
        gained |= sharing.held(connection, [change.key])
    if lost:
        sharing.withdraw(connection, lost)
        gained &= sharing.held(connection, {key for key, _ in gained}) | sharing.inherited(
            connection, (c.key for c in created)
        )
    for change in changes:
        if change.prepared.type == "Task":
            gained |= {(change.key, one) for one in _participants(change.prepared)}
    if gained:
        sharing.spread(connection, gained)


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _row(change: _Change) -> dict[str, Any]:
    new = change.prepared
    return {
        "key": change.key,
        "type": new.type,
        "id": new.id,
        "version": change.version,
        "updated": change.updated,
        "organisation": new.organisation,
        "patient": new.patient,
        "owner": new.owner,
        "requester": new.requester,
        "content": new.content,
    }


def _new_values(change: _Change) -> dict[str, Any]:
    new = change.prepared
    return {
        "old_key": change.key,
        "new_version": change.version,
        "new_updated": change.updated,
        "new_patient": new.patient,
        "new_owner": new.owner,
        "new_requester": new.requester,
        "new_content": new.content,
    }


def _edge_rows(change: _Change, organisation: str) -> list[dict[str, Any]]:
    return [
        {
            "source": change.key,
            "target_type": type_,
            "target_id": id_,
            "organisation": organisation,
            "present": True,
        }
        for type_, id_ in change.prepared.targets
    ]


def _participants(task: Prepared) -> set[str]:
    return {one for one in (task.owner, task.requester) if one}


def _move_edges(connection: Connection, organisation: str, change: _Change) -> set[sharing.Pair]:
    """Bring the references of an updated record up to date; the pairs that may be lost."""
    old = change.old
    assert old is not None
    known = {
        (row.target_type, row.target_id): bool(row.present)
        for row in connection.execute(_EDGES, {"source_key": change.key})
    }
    targets = change.prepared.targets
    _insert(
        connection,
        edge,
        [
            {
                "source": change.key,
                "target_type": type_,
                "target_id": id_,
                "organisation": organisation,
                "present": True,
            }
            for type_, id_ in targets - known.keys()
        ],
    )
    turned = [one for one, present in known.items() if present != (one in targets)]
    if turned:
        connection.execute(
            _SET_PRESENT,
            [
                {"of": change.key, "to_type": one[0], "to_id": one[1], "is_present": one in targets}
                for one in turned
            ],
        )
    readers = {reader for _, reader in sharing.held(connection, [change.key])}
    lost: set[sharing.Pair] = set()
    dropped = {one for one in turned if one not in targets}
    if dropped and readers:
        lost |= {(key, one) for key in _keys_of(connection, dropped) for one in readers}
    if change.prepared.type == "Task":
        left = {one for one in (old.owner, old.requester) if one} - _participants(change.prepared)
        reached = _keys_of(connection, set(known)) if left else []
        lost |= {(key, one) for key in [change.key, *reached] for one in left}
    return lost


def _keys_of(connection: Connection, targets: set[tuple[str, str]]) -> list[int]:
    if not targets:
        return []
    rows = connection.execute(_KEYS_BY_ID, {"ids": [id_ for _, id_ in targets]})
    return [key for type_, id_, key in rows if (type_, id_) in targets]
