"""Who may read what, worked out when something is written, not when it is read.

An organisation reads its own records, the directory, and what others *share* with it. Sharing
begins at a Task, which its owner and requester may read, and goes on along references, each
only if all of this holds (the rules that keep a reference trick from widening access):

1. The reference was first written by the organisation that owns the record it points at.
   Pointing a Task at somebody else's patient therefore shares nothing: only the patient's
   own organisation can do that. The first writer of a reference stays its writer for ever,
   so a reference that an attacker slips into a common Task and that the victim's program
   faithfully sends back with its next edit is still the attacker's.
2. What a participant adds to another organisation's Task is shared with the participants of
   that Task, not with readers who merely reach the Task through references.
3. A Provenance that names a Task as its ``target``, a DocumentReference that names one in
   ``context.related`` or a CarePlan that names one in ``supportingInfo``, written by a
   participant of that Task, makes the Task's reference to it its own writer's, whoever wrote
   the reference: the writer says himself what it belongs to. A server that came back from a
   backup may get the Task from the other side first, and the move, the reply or the plan from
   its author only then.

References are followed forward only. Table ``share`` holds the result: one row per
(organisation, record) besides the organisation's own and the directory. It is kept exact:
removed references withdraw what hung on them alone. Table ``edge`` holds the references of
Tasks from the start, those of other records (whose only writer is their author) from when
the record is first shared: most records never are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update

from app.server import wire
from app.server.database import BulkInsert
from app.server.engines import listed, one_of
from app.server.prepare import references
from app.server.tables import edge, resource, share

#: (key of a record, organisation that may read it)
Pair = tuple[int, str]

#: Types whose records say themselves which Task they belong to, and in which element.
SAYS_WHOSE = {
    "Provenance": ("target",),
    "DocumentReference": ("context", "related"),
    "CarePlan": ("supportingInfo",),
}

_CHUNK = 400
_target = resource.alias("target")
_source = resource.alias("source")
_keys = listed("keys", "number")

_OUT = (
    select(
        edge.c.source,
        edge.c.organisation == _source.c.organisation,
        _source.c.owner,
        _source.c.requester,
        _target.c.key,
        _target.c.organisation,
    )
    .join_from(edge, _source, _source.c.key == edge.c.source)
    .join(_target, and_(_target.c.id == edge.c.target_id, _target.c.type == edge.c.target_type))
    .where(
        one_of(edge.c.source, _keys), edge.c.present, _target.c.organisation == edge.c.organisation
    )
)

_IN = (
    select(_target.c.key, share.c.organisation)
    .join_from(
        _target,
        edge,
        and_(edge.c.target_id == _target.c.id, edge.c.target_type == _target.c.type),
    )
    .join(share, share.c.key == edge.c.source)
    .join(_source, _source.c.key == edge.c.source)
    .where(
        one_of(_target.c.key, _keys),
        edge.c.present,
        edge.c.organisation == _target.c.organisation,
        share.c.organisation != _target.c.organisation,
        or_(
            edge.c.organisation == _source.c.organisation,
            share.c.organisation == _source.c.owner,
            share.c.organisation == _source.c.requester,
        ),
    )
)

_PLAIN = select(resource.c.key, resource.c.organisation, resource.c.content).where(
    one_of(resource.c.key, _keys),
    resource.c.type != "Task",
    ~exists().where(edge.c.source == resource.c.key),
)
#: Whether anything refers to one of these ids: for most of what is pushed, nothing does.
_POINTED_AT = select(edge.c.source).where(one_of(edge.c.target_id, listed("ids"))).limit(1)
_INSERT_SHARES = BulkInsert(share)
_INSERT_EDGES = BulkInsert(edge)
_HELD = select(share.c.key, share.c.organisation).where(one_of(share.c.key, _keys))
_ROOTS = select(resource.c.key, resource.c.owner, resource.c.requester).where(
    one_of(resource.c.key, _keys), resource.c.type == "Task"
)
_UNCONFIRMED = (
    select(edge.c.source, _source.c.id.label("task"), _target)
    .join_from(edge, _source, _source.c.key == edge.c.source)
    .join(_target, and_(_target.c.id == edge.c.target_id, _target.c.type == edge.c.target_type))
    .where(
        edge.c.target_type.in_(list(SAYS_WHOSE)),
        edge.c.organisation != _target.c.organisation,
        _source.c.type == "Task",
        or_(
            _target.c.organisation == _source.c.owner,
            _target.c.organisation == _source.c.requester,
        ),
    )
)
_UNCONFIRMED_OF_TASKS = _UNCONFIRMED.where(one_of(edge.c.source, _keys))
_UNCONFIRMED_ANSWERS = _UNCONFIRMED.where(one_of(edge.c.target_id, listed("ids")))
_CONFIRM = (
    update(edge)
    .where(
        edge.c.source == bindparam("of"),
        edge.c.target_type == bindparam("to_type"),
        edge.c.target_id == bindparam("to_id"),
    )
    .values(organisation=bindparam("writer"))
)
_REMOVE = delete(share).where(
    share.c.key == bindparam("gone_key"), share.c.organisation == bindparam("gone_organisation")
)


def inherited(connection: Connection, created: Sequence[tuple[str, int]]) -> set[Pair]:
    """What organisations may read of new records through references from what they may read.

    ``created`` are pairs of id and key.
    """
    ids = [id_ for id_, _ in created]
    if not ids or connection.execute(_POINTED_AT, {"ids": ids}).first() is None:
        return set()
    return _inherited(connection, [key for _, key in created])


def _inherited(connection: Connection, keys: Iterable[int]) -> set[Pair]:
    return {
        (row[0], row[1])
        for part in _chunks(keys)
        for row in connection.execute(_IN, {"keys": part})
    }


def confirm(connection: Connection, tasks: Sequence[int], answers: Sequence[str]) -> set[Pair]:
    """Bring rule 3 into force for Tasks (keys) and records of the types of :data:`SAYS_WHOSE`
    (ids) that were just written.

    What organisations may read of those records by that.
    """
    found = [
        row
        for statement, bound in (
            (_UNCONFIRMED_OF_TASKS, {"keys": tasks}),
            (_UNCONFIRMED_ANSWERS, {"ids": answers}),
        )
        if any(bound.values())
        for row in connection.execute(statement, bound).all()
        if ("Task", row.task) in references(_said_of(row.type, row.content))
    ]
    if not found:
        return set()
    connection.execute(
        _CONFIRM,
        [
            {"of": row.source, "to_type": row.type, "to_id": row.id, "writer": row.organisation}
            for row in found
        ],
    )
    return _inherited(connection, [row.key for row in found])


def _said_of(type_: str, content: str) -> str:
    """The text of the element in which a record says what it belongs to."""
    value: Any = wire.parse_content(content)
    for name in SAYS_WHOSE[type_]:
        value = value.get(name) if isinstance(value, dict) else None
    return wire.dump({"said": value})


def spread(connection: Connection, pairs: Iterable[Pair]) -> None:
    """Share each pair and everything that follows from it along references."""
    frontier = set(pairs)
    _add(connection, frontier)
    while frontier:
        found = set(_onward(connection, frontier))
        frontier = found - held(connection, {key for key, _ in found})
        _add(connection, frontier)


def withdraw(connection: Connection, pairs: Iterable[Pair]) -> None:
    """Take back the pairs and what follows from them, except what other references still give.

    Call it after the references are gone: everything that may have hung on them is removed
    first, then whatever has another reason is shared again.
    """
    doubtful = set(pairs)
    frontier = doubtful & held(connection, {key for key, _ in doubtful})
    gone: set[Pair] = set()
    while frontier:
        gone |= frontier
        onward = set(_onward(connection, frontier)) - gone
        frontier = onward & held(connection, {key for key, _ in onward})
    if not gone:
        return
    connection.execute(_REMOVE, [{"gone_key": key, "gone_organisation": org} for key, org in gone])
    keys = {key for key, _ in gone}
    spread(connection, (_roots(connection, keys) | _inherited(connection, keys)) & gone)


def held(connection: Connection, keys: Iterable[int]) -> set[Pair]:
    """The pairs in force for ``keys``."""
    return {
        (row[0], row[1])
        for part in _chunks(keys)
        for row in connection.execute(_HELD, {"keys": part})
    }


def _onward(connection: Connection, frontier: set[Pair]) -> Iterator[Pair]:
    readers: dict[int, list[str]] = {}
    for key, organisation in frontier:
        readers.setdefault(key, []).append(organisation)
    for part in _chunks(readers):
        for source, by_author, owner, requester, target, target_owner in connection.execute(
            _OUT, {"keys": part}
        ):
            for organisation in readers[source]:
                if organisation == target_owner:
                    continue
                if by_author or organisation in (owner, requester):
                    yield target, organisation


def _roots(connection: Connection, keys: Iterable[int]) -> set[Pair]:
    return {
        (row[0], participant)
        for part in _chunks(keys)
        for row in connection.execute(_ROOTS, {"keys": part})
        for participant in row[1:]
        if participant
    }


def _add(connection: Connection, pairs: set[Pair]) -> None:
    before = held(connection, {key for key, _ in pairs})
    new = pairs - before
    _INSERT_SHARES(connection, [(org, key) for key, org in new])
    _expand(connection, {key for key, _ in new} - {key for key, _ in before})


def _expand(connection: Connection, keys: set[int]) -> None:
    """Store the references of records that are shared from now on."""
    for part in _chunks(keys):
        add_edges(
            connection,
            [
                (key, type_, id_, organisation)
                for key, organisation, content in connection.execute(_PLAIN, {"keys": part})
                for type_, id_ in references(content)
            ],
        )


def add_edges(connection: Connection, rows: Iterable[tuple[int, str, str, str]]) -> None:
    """Store references: source key, target type, target id, organisation that wrote it."""
    _INSERT_EDGES(connection, [(*row, True) for row in rows])


def _chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(sorted(set(keys)))
    while part := list(islice(rest, _CHUNK)):
        yield part
