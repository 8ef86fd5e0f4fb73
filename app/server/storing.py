"""The write path: decide for every resource, then write them all with few statements.

Everything here runs inside one write transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.i18n import N_
from app.server import sharing, states
from app.server.database import BulkInsert, keep_instant, next_instant
from app.server.engines import generation, listed, one_of
from app.server.outcome import Refusal
from app.server.prepare import Prepared
from app.server.rules import EDGES, Stored, check, refuse_late_replay
from app.server.tables import edge, history, identifier, resource


@dataclass(slots=True)
class Put:
    """One resource to store; ``if_match`` is the version it must replace, if any."""

    prepared: Prepared
    if_match: str | None = None


@dataclass(slots=True)
class Written:
    """What became of a put: 201 created or 200, its version and time (microseconds)."""

    status: int
    version: str
    updated: int


@dataclass(slots=True)
class _Change:
    prepared: Prepared
    key: int
    version: str
    updated: int
    old: Stored | None


_STORED = select(
    resource.c.type,
    resource.c.id,
    resource.c.key,
    resource.c.version,
    resource.c.updated,
    resource.c.organisation,
    resource.c.owner,
    resource.c.requester,
    resource.c.tags,
    resource.c.content,
).where(one_of(resource.c.id, listed("ids")))
_INSERT_RESOURCES = BulkInsert(resource)
_INSERT_IDENTIFIERS = BulkInsert(identifier)
_KEEP_HISTORY = insert(history).from_select(
    ["key", "version", "updated", "content"],
    select(resource.c.key, resource.c.version, resource.c.updated, resource.c.content).where(
        one_of(resource.c.key, listed("keys", "number"))
    ),
)
_DROP_IDENTIFIERS = delete(identifier).where(one_of(identifier.c.key, listed("keys", "number")))
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
    one_of(resource.c.id, listed("ids"))
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
    known = _known(connection, puts, stored)
    at = next_instant(connection, now)
    mark = generation(connection)
    results: list[Written | Refusal] = []
    changes: list[_Change] = []
    for put in puts:
        old = stored.get((put.prepared.type, put.prepared.id))
        try:
            if put.prepared.type == "Organization" and not is_directory:
                raise Refusal(
                    403,
                    "forbidden",
                    N_("The directory of organisations is kept by the lead hospital."),
                )
            check(connection, organisation, put.prepared, put.if_match, old)
            is_replay = old is not None and _is_held(known, put.prepared, old)
            if old is not None and not is_replay and put.if_match is None:
                refuse_late_replay(known, put.prepared, old)
        except Refusal as refusal:
            results.append(refusal)
            if stop_at_refusal:
                return results
            continue
        if old is None:
            change = _Change(put.prepared, at, f"1-{mark}", at, None)
        elif is_replay:
            # A replay after a lost answer: say again what was said then.
            results.append(Written(200, old.version, old.updated))
            continue
        else:
            change = _Change(put.prepared, old.key, next_version(old.version, mark), at, old)
        at += 1
        changes.append(change)
        results.append(Written(201 if old is None else 200, change.version, change.updated))
    if changes:
        _write(connection, organisation, changes)
        states.keep(connection, _states(known, changes))
        keep_instant(connection, at - 1)
    return results


def next_version(version: str, mark: str) -> str:
    """The version text after ``version``: ``count-generation``.

    The count tells people how often a record was written. The generation (see ``engines``)
    makes the text unlike every other that was ever handed out for this record: a server that
    lost its newest writes counts to the same number again, but not to the same text.
    """
    count = int(version.partition("-")[0])
    return f"{count + 1}-{mark}"


def _stored(connection: Connection, puts: Sequence[Put]) -> dict[tuple[str, str], Stored]:
    return {
        # A file written before versions had a generation holds plain numbers.
        (type_, id_): Stored(key, str(version), *rest)
        for type_, id_, key, version, *rest in connection.execute(
            _STORED, {"ids": [put.prepared.id for put in puts]}
        )
    }


def _known(
    connection: Connection,
    puts: Sequence[Put],
    stored: Mapping[tuple[str, str], Stored],
) -> states.Known:
    """What is known of the states of those records that may change."""
    changing = [
        (old, put.prepared.digest)
        for put in puts
        if (old := stored.get((put.prepared.type, put.prepared.id)))
        and old.content != put.prepared.content
    ]
    return states.known(
        connection,
        [(old.key, old.version) for old, _ in changing],
        [digest for _, digest in changing],
    )


def _is_held(known: states.Known, new: Prepared, old: Stored) -> bool:
    """Whether the record says this already, whatever the order of its members."""
    if new.content == old.content:
        return True
    return known.digest(old.key, old.version, old.content) == new.digest


def _states(known: states.Known, changes: Iterable[_Change]) -> Iterator[states.Row]:
    for change in changes:
        old = change.old
        if old is not None:
            yield old.key, known.digest(old.key, old.version, old.content), old.version
            yield old.key, change.prepared.digest, change.version


def _write(connection: Connection, organisation: str, changes: list[_Change]) -> None:
    created = [change for change in changes if change.old is None]
    updated = [change for change in changes if change.old is not None]
    _INSERT_RESOURCES(connection, [_row(change) for change in created])
    if updated:
        keys = [change.key for change in updated]
        connection.execute(_KEEP_HISTORY, {"keys": keys})
        connection.execute(_UPDATE, [_new_values(change) for change in updated])
        connection.execute(_DROP_IDENTIFIERS, {"keys": keys})
    _INSERT_IDENTIFIERS(
        connection,
        [
            (change.key, system, value)
            for change in changes
            for system, value in change.prepared.identifiers
        ],
    )
    _share(connection, organisation, created, updated)


def _share(
    connection: Connection, organisation: str, created: list[_Change], updated: list[_Change]
) -> None:
    """Bring references and shares up to date with what was just written."""
    sharing.add_edges(
        connection,
        [
            (change.key, type_, id_, organisation)
            for change in created
            if change.prepared.type == "Task"
            for type_, id_ in change.prepared.targets
        ],
    )
    lost = _move_edges(connection, organisation, updated) if updated else set()
    # Withdraw before spreading: a pair may lose one reason and gain another in one bundle.
    if lost:
        sharing.withdraw(connection, lost)
    gained = sharing.inherited(connection, [(change.prepared.id, change.key) for change in created])
    gained |= sharing.held(connection, [change.key for change in updated])
    written = (*created, *updated)
    gained |= sharing.confirm(
        connection,
        [change.key for change in written if change.prepared.type == "Task"],
        [change.prepared.id for change in written if change.prepared.type in sharing.SAYS_WHOSE],
    )
    for change in written:
        if change.prepared.type == "Task":
            gained |= {(change.key, one) for one in _participants(change.prepared)}
    if gained:
        sharing.spread(connection, gained)


def _move_edges(
    connection: Connection, organisation: str, updated: list[_Change]
) -> set[sharing.Pair]:
    """Bring the stored references of updated records up to date; the pairs that may be lost."""
    keys = [change.key for change in updated]
    known: dict[int, dict[tuple[str, str], bool]] = {}
    for row in connection.execute(EDGES, {"keys": keys}):
        known.setdefault(row.source, {})[row.target_type, row.target_id] = bool(row.present)
    readers: dict[int, set[str]] = {}
    for key, reader in sharing.held(connection, keys):
        readers.setdefault(key, set()).add(reader)
    lost: set[sharing.Pair] = set()
    for change in updated:
        is_task = change.prepared.type == "Task"
        if is_task or change.key in known or change.key in readers:
            before = known.get(change.key, {})
            dropped = _turn_edges(connection, organisation, change, before)
            lost |= {
                (key, reader)
                for key in _keys_of(connection, dropped)
                for reader in readers.get(change.key, ())
            }
            if is_task:
                lost |= _left(connection, change, set(before))
    return lost


def _turn_edges(
    connection: Connection,
    organisation: str,
    change: _Change,
    before: dict[tuple[str, str], bool],
) -> set[tuple[str, str]]:
    """Add and mark the references of one record; the targets it no longer refers to."""
    targets = change.prepared.targets
    sharing.add_edges(
        connection,
        [(change.key, type_, id_, organisation) for type_, id_ in targets - before.keys()],
    )
    turned = [one for one, present in before.items() if present != (one in targets)]
    if turned:
        connection.execute(
            _SET_PRESENT,
            [
                {"of": change.key, "to_type": one[0], "to_id": one[1], "is_present": one in targets}
                for one in turned
            ],
        )
    return {one for one in turned if one not in targets}


def _left(
    connection: Connection, change: _Change, before: set[tuple[str, str]]
) -> set[sharing.Pair]:
    """What an organisation that is no longer participant of a Task may lose."""
    old = change.old
    assert old is not None
    left = {one for one in (old.owner, old.requester) if one} - _participants(change.prepared)
    reached = _keys_of(connection, before) if left else []
    return {(key, one) for key in (change.key, *reached) for one in left}


def _row(change: _Change) -> tuple[Any, ...]:
    new = change.prepared
    return (
        change.key,
        new.type,
        new.id,
        change.version,
        change.updated,
        new.organisation,
        new.patient,
        new.owner,
        new.requester,
        new.tags,
        new.content,
    )


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


def _participants(task: Prepared) -> set[str]:
    return {one for one in (task.owner, task.requester) if one}


def _keys_of(connection: Connection, targets: set[tuple[str, str]]) -> list[int]:
    if not targets:
        return []
    rows = connection.execute(_KEYS_BY_ID, {"ids": [id_ for _, id_ in targets]})
    return [key for type_, id_, key in rows if (type_, id_) in targets]
