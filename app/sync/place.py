"""Puts what came from the server into the store, whole and in order, with the cursor.

Records arrive with everything they stand on: what a Task refers to, and the parents that the
store demands, are fetched first. A record that waits here with a change of its own is merged,
never overwritten. What cannot be placed yet is remembered and tried again, so that the
cursor may move on without forgetting it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Table, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.resident_record.people import whole_people
from app.fhir import mapping
from app.models.records import KINDS, Record, fetch, put
from app.models.store import Store
from app.sync import queue, state, versions, wire
from app.sync.changes import Changes
from app.sync.link import Json
from app.sync.queue import Held, Item
from app.sync.reconcile import UNREADABLE, settle
from app.sync.searches import Asker, address, version_of
from app.sync.wire import RANK, Address

_LOG = logging.getLogger(__name__)
#: Rows in one transaction: a save at the screen never waits longer than for these.
AT_ONCE = 100
_MOST_ORPHANS = 500
_DEEPEST = 8
_MOVE = mapping.primary_type("referral_event")
#: Kinds that bring along what they refer to, though another organisation wrote it.
_SHARES = frozenset(
    {
        *("referral_task", "referral_service", "referral", "referral_event"),
        *("referral_reply", "return_plan", "referral_visit"),
        *("shared_note", "consultation", "expert_visit", "attachment"),
    }
)
#: What a task may name before the server holds it (again): moves, the reply, the plan.
_MAY_FOLLOW = frozenset(
    mapping.primary_type(kind) for kind in ("referral_event", "referral_reply", "return_plan")
)

Then = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class _Arrival:
    resource: Json
    kind: str
    record: Record

    @property
    def at(self) -> Address:
        return address(self.resource)


class Placer:
    """Places resources during one run. ``received`` counts the records that were new."""

    def __init__(
        self,
        store: Store,
        asker: Asker,
        changes: Changes,
        via: str = "network",
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self.received = 0
        # What the server holds in an older state than it told us of before: it is never placed.
        self.older: set[Address] = set()
        # What only bears an earlier time than we have seen: not placed, but looked at again.
        self.earlier: set[Address] = set()
        self.clock_set_back = False
        self.conflicts = 0
        self._store = store
        self._asker = asker
        self._changes = changes
        self._via = via
        self._at_once = at_once
        self._fetched: set[Address] = set()
        self._lost: set[Address] = set()
        self._found: set[Address] = set()

    def place(self, resources: Iterable[Json], then: Then | None = None) -> int:
        """Write what is new among ``resources``; ``then`` runs in the last transaction.

        Returns how many records were new. Raises LinkFault where something they stand on
        could not be asked for: then the cursor has not moved.
        """
        fresh = self._unknown(resources)
        arrivals, bad = _read(fresh)
        self._lost |= bad
        arrivals = self._with_what_they_need(arrivals)
        arrivals.sort(key=lambda a: RANK[a.kind])
        size = self._at_once
        parts = [arrivals[i : i + size] for i in range(0, len(arrivals), size)] or [[]]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            if not part and then is None:
                continue
            with self._store.apply_remote(self._via) as session:
                touched = self._apply(session, part)
                if last and then is not None:
                    then(session)
            for kind, id_ in touched:
                self._changes.add(kind, id_)
            self._changes.tell()
        self.received += len(arrivals)
        return len(arrivals)

    def orphans(self, session: Session) -> list[Address]:
        """What could not be placed before."""
        return _addresses(state.load(session, state.ORPHANS))

    def fetch_owed(self) -> None:
        """Ask for what records that were met while sending refer to."""
        with self._store.read() as session:
            owed = _addresses(state.load(session, state.OWED))
        if owed:
            found = self._asker.by_id(owed)
            self.place(found.values())
            # A server that was put back may hold a task whose moves are still to be sent again.
            self._lost |= {a for a in owed if a not in found and a[0] in _MAY_FOLLOW}
            self.keep_orphans()
            with self._store.apply_remote() as session:
                state.save(session, state.OWED, {"refs": []})

    def keep_orphans(self) -> None:
        """Remember what could not be placed in this run, and forget what was."""
        with self._store.read() as session:
            before = self.orphans(session)
        after = [a for a in dict.fromkeys([*before, *sorted(self._lost)]) if a not in self._found]
        if after != before:
            with self._store.apply_remote() as session:
                rows = [list(a) for a in after[-_MOST_ORPHANS:]]
                state.save(session, state.ORPHANS, {"refs": rows})

    def _unknown(self, resources: Iterable[Json]) -> list[Json]:
        newest = {address(resource): resource for resource in resources}
        with self._store.read() as session:
            return self.sift(session, newest)

    def sift(self, session: Session, resources: Mapping[Address, Json]) -> list[Json]:
        """What is news; what is older than we have seen is only noted."""
        fresh, older, earlier = versions.sift(
            session, resources, clock_set_back=self.clock_set_back
        )
        self.older |= older
        self.earlier |= earlier
        return fresh

    def _with_what_they_need(self, arrivals: list[_Arrival]) -> list[_Arrival]:
        """``arrivals`` and everything that they, or what a Task brings along, stand on."""
        whole = {arrival.at: arrival for arrival in arrivals}
        frontier = arrivals
        for _ in range(_DEEPEST):
            wanted = self._missing(frontier, whole.keys())
            if not wanted:
                break
            self._fetched |= wanted
            found = self._asker.by_id(wanted)
            frontier, bad = _read(self._unknown(found.values()))
            self._lost |= bad
            # A move that its task names already, and that the server does not hold (yet).
            self._lost |= {a for a in wanted - found.keys() if a[0] in _MAY_FOLLOW}
            whole.update((arrival.at, arrival) for arrival in frontier)
        return self._standing(list(whole.values()))

    def _missing(self, arrivals: Sequence[_Arrival], present: Iterable[Address]) -> set[Address]:
        parents: set[Address] = set()
        shared: set[Address] = set()
        for arrival in arrivals:
            parents.update(_parents(arrival))
            if arrival.kind in _SHARES:
                shared.update(mapping.references_of(arrival.resource))
                shared.difference_update(mapping.apart_of(arrival.resource))
        wanted = {a for a in parents | shared if a[0] in mapping.pulled_types}
        wanted = {a for a in wanted - set(present) - self._fetched if a[0] != "Organization"}
        if not wanted:
            return wanted
        with self._store.read() as session:
            known = wire.versions(session, wanted)
            authors = _authors(session, wanted)
        own = self._store.organisation_id
        # A letter or person of another organisation may have changed together with its Task.
        return {
            a
            for a in wanted
            if a not in authors or (a in known and a in shared and authors[a] != own)
        }

    def _standing(self, arrivals: list[_Arrival]) -> list[_Arrival]:
        """Only those whose parents are here or come along; the others are remembered."""
        arrivals.sort(key=lambda a: RANK[a.kind])
        present = {arrival.at for arrival in arrivals}
        needed = {parent for arrival in arrivals for parent in _parents(arrival)} - present
        with self._store.read() as session:
            absent = needed - _here(session, needed)
        kept: list[_Arrival] = []
        for arrival in arrivals:
            if absent.isdisjoint(_parents(arrival)):
                kept.append(arrival)
                self._found.add(arrival.at)
            else:
                absent.add(arrival.at)
                self._lost.add(arrival.at)
        return kept

    def _apply(self, session: Session, arrivals: Sequence[_Arrival]) -> list[tuple[str, str]]:
        now = self._store.clock.now()
        touched: list[tuple[str, str]] = []
        residents: set[str] = set()
        queued = {
            (item.kind, item.record_id): item
            for item in queue.of_records(session, (a.record["id"] for a in arrivals))
        }
        of_kind: dict[str, list[_Arrival]] = {}
        for arrival in arrivals:
            item = queued.get((arrival.kind, arrival.record["id"]))
            if item is None:
                of_kind.setdefault(arrival.kind, []).append(arrival)
            else:
                self._merge(session, item, arrival)
            touched.append((arrival.kind, arrival.record["id"]))
            column = KINDS[arrival.kind].resident_column
            if column and arrival.record.get(column):
                residents.add(arrival.record[column])
        # A record that is taken out of another leaves work behind there that was its own.
        residents.update(whole_people(session, residents))
        for kind, group in of_kind.items():
            self._put(session, kind, group)
        placed = [arrival for group in of_kind.values() for arrival in group]
        receipts = [
            (a.kind, a.record["id"], a.record["change_id"], _time_of(a.resource, now))
            for a in placed
            if "change_id" in a.record
        ]
        queue.keep_receipts(session, receipts, now)
        queue.keep_versions(session, [_copy(arrival) for arrival in placed])
        if residents:
            refresh_due(session, self._store.organisation_id, sorted(residents))
        return touched

    def _put(self, session: Session, kind: str, group: list[_Arrival]) -> None:
        rows = [arrival.record for arrival in group]
        if kind == "organisation":
            rows = _over_the_own(session, rows)
        try:
            with session.begin_nested():
                put(session, kind, rows)
        except IntegrityError:
            # One of them does not fit the tables: find it, keep it out, go on with the others.
            for arrival in list(group):
                try:
                    with session.begin_nested():
                        put(session, kind, [arrival.record])
                except IntegrityError:
                    _LOG.info("a pulled %s does not fit the store", kind)
                    self._lost.add(arrival.at)
                    self._found.discard(arrival.at)
                    group.remove(arrival)

    def _merge(self, session: Session, item: Item, arrival: _Arrival) -> None:
        result = settle(session, item, arrival.resource, self._store.clock.now())
        if result == "conflict":
            self.conflicts += 1
        elif result == UNREADABLE:
            self._lost.add(arrival.at)


def owe(session: Session, resource: Json) -> None:
    """Remember what a record refers to that was met while sending: the list of news passes over
    it now, because its version is known, and would not bring along what it stands for."""
    wanted = {a for a in mapping.references_of(resource) if a[0] in mapping.pulled_types}
    wanted = {a for a in wanted if a[0] != "Organization"}
    absent = wanted - _here(session, wanted)
    if absent:
        before = _addresses(state.load(session, state.OWED))
        refs = sorted({*before, *absent})
        state.save(session, state.OWED, {"refs": [list(a) for a in refs]})


def _addresses(value: Json) -> list[Address]:
    return [(str(row[0]), str(row[1])) for row in value.get("refs", [])]


def _read(resources: Iterable[Json]) -> tuple[list[_Arrival], set[Address]]:
    """The records in resources; the addresses of those that cannot be read."""
    arrivals: list[_Arrival] = []
    bad: set[Address] = set()
    for resource in resources:
        try:
            parsed = mapping.from_resource(resource)
        except ValueError as error:
            _LOG.info("a pulled record cannot be read: %s", error)
            bad.add(address(resource))
            continue
        if parsed is not None and parsed[1]["id"] == resource.get("id"):
            arrivals.append(_Arrival(resource, *parsed))
    return arrivals, bad


def _time_of(resource: Json, now: datetime) -> datetime:
    return state.instant(version_of(resource)[1]) or now


def _copy(arrival: _Arrival) -> Held:
    version, updated = version_of(arrival.resource)
    type_, id_ = arrival.at
    body = arrival.resource if KINDS[arrival.kind].shared else None
    return Held(type_, id_, arrival.kind, version, updated, body)


@cache
def _parent_columns(kind: str) -> tuple[tuple[str, str], ...]:
    """(column, parent kind) of the references that the tables enforce."""
    kinds = {description.table.name: name for name, description in KINDS.items()}
    return tuple(
        (column.name, kinds[key.column.table.name])
        for column in KINDS[kind].table.columns
        for key in column.foreign_keys
        if key.column.table.name in kinds
    )


def _parents(arrival: _Arrival) -> list[Address]:
    return [
        (mapping.primary_type(kind), arrival.record[column])
        for column, kind in _parent_columns(arrival.kind)
        if arrival.record.get(column)
    ]


@cache
def _tables(type_: str) -> tuple[Table, ...]:
    return tuple(d.table for name, d in KINDS.items() if mapping.primary_type(name) == type_)


def _here(session: Session, addresses: Iterable[Address]) -> set[Address]:
    """Those whose record is in the store, whoever wrote it."""
    return set(_authors(session, addresses))


def _authors(session: Session, addresses: Iterable[Address]) -> dict[Address, str | None]:
    """The author organisation of each record that is in the store."""
    of_type: dict[str, list[str]] = {}
    for type_, id_ in addresses:
        of_type.setdefault(type_, []).append(id_)
    found: dict[Address, str | None] = {}
    for type_, ids in of_type.items():
        for table in _tables(type_):
            author = table.c.get("organisation_id", literal(None))
            for start in range(0, len(ids), 500):
                part = ids[start : start + 500]
                rows = session.execute(select(table.c.id, author).where(table.c.id.in_(part)))
                found.update(((type_, id_), owner) for id_, owner in rows)
    return found


def _over_the_own(session: Session, rows: list[Record]) -> list[Record]:
    """A directory that leaves a field out does not empty it here."""
    own = fetch(session, "organisation", [row["id"] for row in rows])
    merged = []
    for row in rows:
        kept = dict(own.get(row["id"], {}))
        merged.append({**row, **{k: v for k, v in kept.items() if row.get(k) in (None, "", [])}})
    return merged
