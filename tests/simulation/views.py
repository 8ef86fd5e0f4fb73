"""What stands in a store or on the server, read by whoever checks, not by the courier.

A view is read again only after a commit, and of a changed table only the changed rows are made
into records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.fhir import mapping
from app.models.records import KINDS, Record, fetch
from tests.simulation.clinic import Pc
from tests.simulation.hospital import Hospital

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Address = tuple[str, str]
"""Kind and id of a record."""

#: Columns that say who wrote and when; they follow the write.
BOOKKEEPING = frozenset(
    {
        "id",
        "organisation_id",
        "author_id",
        "created_at",
        "updated_at",
        "updated_by",
        "change_id",
        "is_sample",
    }
)
Fields = dict[str, str]
"""The content of a record: field → value as text."""

TRAVELLING = tuple(name for name, kind in KINDS.items() if kind.travels)
CHILD_TABLES = tuple(
    (name, child.model.__tablename__, child.parent_column)
    for name in TRAVELLING
    for child in KINDS[name].children
)


def text_of(value: Any) -> str:
    """A value in the one form it is compared in."""
    if isinstance(value, str):
        return f'"{value}"'
    if value is None or value is True or value is False or isinstance(value, int):
        return str(value)
    if not value:
        return "[]" if isinstance(value, list) else "{}" if isinstance(value, dict) else "0.0"
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def fields_of(record: Record) -> Fields:
    """The content of a record: field → value as text."""
    return {name: text_of(value) for name, value in record.items() if name not in BOOKKEEPING}


@dataclass(frozen=True, slots=True)
class Queued:
    """One row of an outbox."""

    kind: str
    record_id: str
    change_id: str
    author_id: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Clash:
    """One row of kept conflicts. ``fields``: field → base, mine, theirs."""

    id: str
    kind: str
    record_id: str
    fields: dict[str, dict[str, Any]]
    resolved: bool


@dataclass
class StoreView:
    """All records of a store, its queue, receipts and conflicts, as last read."""

    records: dict[Address, Record] = field(default_factory=dict)
    fields: dict[Address, Fields] = field(default_factory=dict)
    outbox: dict[Address, Queued] = field(default_factory=dict)
    receipts: dict[Address, str] = field(default_factory=dict)
    clashes: dict[str, Clash] = field(default_factory=dict)
    #: What the last reading found changed, and what is no longer there.
    changed: set[Address] = field(default_factory=set)
    requeued: set[Address] = field(default_factory=set)
    gone: set[Address] = field(default_factory=set)
    #: Grows with every reading that found a record changed or gone.
    generation: int = 0
    _raw: dict[Address, Any] = field(default_factory=dict)
    _read_at: tuple[int, int] = (-1, -1)

    def read(self, pc: Pc) -> bool:
        """Bring the view up to date; False where nothing was committed since the last time."""
        at = (pc.fate.commits, pc.restores)
        if at == self._read_at:
            self.changed, self.requeued, self.gone = set(), set(), set()
            return False
        self._read_at = at
        connection = pc.store._engine.raw_connection()
        try:
            cursor = connection.cursor()
            raw: dict[Address, Any] = {}
            for kind in TRAVELLING:
                cursor.execute(f"SELECT * FROM {KINDS[kind].table.name}")  # noqa: S608
                place = _place(cursor, "id")
                raw.update(((kind, row[place]), row) for row in cursor)
            for kind, table, parent in CHILD_TABLES:
                cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608
                place = _place(cursor, parent)
                for row in cursor:
                    key = (kind, row[place])
                    raw[key] = (raw.get(key), row)
            cursor.execute(
                "SELECT kind, record_id, change_id, author_id, state, reason FROM outbox"
            )
            outbox = {(row[0], row[1]): Queued(*row) for row in cursor}
            cursor.execute("SELECT kind, record_id, change_id FROM receipt")
            receipts = {(row[0], row[1]): row[2] for row in cursor}
            cursor.execute("SELECT id, kind, record_id, fields, resolved_at FROM conflict")
            self.clashes = {
                row[0]: Clash(row[0], row[1], row[2], json.loads(row[3]), row[4] is not None)
                for row in cursor
            }
            cursor.close()
        finally:
            connection.close()
        self.gone = self._raw.keys() - raw.keys()
        self.changed = {key for key, row in raw.items() if self._raw.get(key) != row}
        self.generation += bool(self.changed or self.gone)
        self.requeued = {
            key
            for key in outbox.keys() | receipts.keys() | self.outbox.keys() | self.receipts.keys()
            if outbox.get(key) != self.outbox.get(key)
            or receipts.get(key) != self.receipts.get(key)
        }
        self._raw, self.outbox, self.receipts = raw, outbox, receipts
        for key in self.gone:
            self.records.pop(key, None)
            self.fields.pop(key, None)
        of_kind: dict[str, list[str]] = {}
        for kind, id_ in self.changed:
            of_kind.setdefault(kind, []).append(id_)
        if of_kind:
            with pc.store.read() as session:
                for kind, ids in of_kind.items():
                    found = fetch(session, kind, ids)
                    self.records.update({(kind, id_): found[id_] for id_ in ids})
                    self.fields.update({(kind, id_): fields_of(found[id_]) for id_ in ids})
        return True

    def reopened(self) -> None:
        """The store was opened anew: its commits are counted from the beginning."""
        self._read_at = (-1, -1)

    def open_clashes(self, address: Address) -> list[Clash]:
        return [
            clash
            for clash in self.clashes.values()
            if (clash.kind, clash.record_id) == address and not clash.resolved
        ]


def _place(cursor: Any, column: str) -> int:
    return [description[0] for description in cursor.description].index(column)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource on the server. ``record``: None for what is no primary."""

    key: int
    type: str
    id: str
    number: int
    updated: int
    resource: dict[str, Any]
    kind: str | None
    record: Record | None
    fields: Fields

    @property
    def address(self) -> Address:
        return (self.kind or self.type, self.id)


@dataclass
class ServerView:
    """Every resource of the server with its versions, as last read."""

    #: (type, id) → versions in order, the newest last.
    resources: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    fresh: list[Version] = field(default_factory=list)
    #: Versions from before the server was put back, as long as a PC may still believe in them.
    past: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    restores: int = 0
    _read_at: int = -1
    _last: int = 0

    def read(self, hospital: Hospital) -> bool:
        """Bring the view up to date; ``fresh`` are the versions that are new, in order."""
        if self._read_at == hospital.fate.commits:
            self.fresh = []
            return False
        self._read_at = hospital.fate.commits
        found = hospital.rows(
            "SELECT key, type, id, version, updated, content FROM resource WHERE updated > ? "
            "UNION ALL SELECT h.key, r.type, r.id, h.version, h.updated, h.content "
            "FROM history h JOIN resource r ON r.key = h.key WHERE h.updated > ? ORDER BY 5",
            self._last,
            self._last,
        )
        self.fresh = [_version(row) for row in found]
        for version in self.fresh:
            self.resources.setdefault((version.type, version.id), []).append(version)
            self._last = max(self._last, version.updated)
        return True

    def count(self) -> int:
        """How many versions there are."""
        return sum(len(versions) for versions in self.resources.values())

    def reopened(self) -> None:
        """The server was started anew: its commits are counted from the beginning."""
        self._read_at = -1

    def restored(self) -> None:
        """The server was put back: read everything anew."""
        for key, versions in self.resources.items():
            self.past.setdefault(key, []).extend(versions)
        self.resources.clear()
        self._last, self._read_at = 0, -1
        self.restores += 1

    def ever(self, address: Address) -> list[Version]:
        """All versions that this server, or the one before a restore, was seen to hold."""
        kind, id_ = address
        key = (mapping.primary_type(kind), id_)
        return [*self.resources.get(key, ()), *self.past.get(key, ())]

    def newest(self, address: Address) -> Version | None:
        kind, id_ = address
        versions = self.resources.get((mapping.primary_type(kind), id_))
        found = versions[-1] if versions else None
        return found if found is not None and found.kind == kind else None

    def versions(self, address: Address) -> list[Version]:
        kind, id_ = address
        return self.resources.get((mapping.primary_type(kind), id_), [])


def _version(row: tuple[Any, ...]) -> Version:
    key, type_, id_, number, updated, content = row
    at = (_EPOCH + timedelta(microseconds=updated)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    resource = json.loads(
        f'{{"resourceType":"{type_}","id":"{id_}","meta":{{"versionId":"{number}",'
        f'"lastUpdated":"{at}"{content}'
    )
    parsed = mapping.from_resource(resource)
    kind, record = parsed if parsed is not None else (None, None)
    return Version(
        key, type_, id_, number, updated, resource, kind, record, fields_of(record or {})
    )
