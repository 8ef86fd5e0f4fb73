"""Puts what came from the server into the store, whole and in order, with the cursor.

Records arrive with everything they stand on: what a Task refers to, and the parents that the
store demands, are fetched first. A record that waits here with a change of its own is merged,
never overwritten. What cannot be placed yet is remembered and tried again, so that the
cursor may move on without forgetting it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.resident_record.people import whole_people
from app.fhir import mapping
from app.models.records import KINDS, Record, fetch, put
from app.models.store import Store
from app.sync import due_later, queue, state, versions, wire
from app.sync.arrivals import Arrival, authors, read, waiting
from app.sync.changes import Changes
from app.sync.link import Json
from app.sync.policy import Portion
from app.sync.queue import Held, Item
from app.sync.reconcile import UNREADABLE, settle
from app.sync.searches import Asker, address, version_of
from app.sync.wire import RANK, Address

_LOG = logging.getLogger(__name__)
_MOST_ORPHANS = 500
_DEEPEST = 8
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


class Placer:
    """Places resources during one run. ``received`` counts the records that were new."""

    def __init__(
        self,
        store: Store,
        asker: Asker,
        changes: Changes,
        via: str = "network",
        *,
        portion: Portion | None = None,
    ) -> None:
        self.received = 0
        #: Whether much is to come: then due work is made at the end, by ``make_due``.
        self.much = False
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
        self._portion = portion or Portion()
        self._fetched: set[Address] = set()
        self._lost: set[Address] = set()
        # What a task names and the server may hold (again) later.
        self._named: set[Address] = set()
        self._found: set[Address] = set()

    def place(self, resources: Iterable[Json], then: Then | None = None) -> int:
        """Write what is new among ``resources``; ``then`` runs in the last transaction.

        Returns how many records were new. Raises LinkFault where something they stand on
        could not be asked for: then the cursor has not moved.
        """
        newest = {address(resource): resource for resource in resources}
        with self._store.read() as session:
            arrivals, bad = read(self.sift(session, newest))
            self._lost |= bad
            wanted = self._missing(session, arrivals, ())
            if not wanted:
                arrivals = self._standing(session, arrivals)
        if wanted:
            arrivals = self._with_what_they_need(arrivals, wanted)
        many = self.much or len(arrivals) > self._portion.rows
        start = placed = 0
        while start < len(arrivals) or (then is not None and start == 0):
            part = arrivals[start : start + self._portion.rows]
            start += max(len(part), 1)
            began = time.monotonic()
            with self._store.apply_remote(self._via) as session:
                self._apply(session, part, later=many)
                if start >= len(arrivals) and then is not None:
                    then(session)
            self._portion.took(len(part), time.monotonic() - began)
            placed += sum(arrival.at not in self._lost for arrival in part)
            for arrival in part:
                self._changes.add(arrival.kind, arrival.record["id"])
            self._changes.tell()
        if many and not self.much:
            self.make_due()
        self.received += placed
        return placed

    def make_due(
        self,
        breathe: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make the due work that was put off. ``breathe`` is called between transactions."""

        def done(residents: list[str]) -> bool:
            for id_ in residents:
                self._changes.add("resident", id_)
            self._changes.tell()
            breathe()
            return not stopping()

        due_later.make(self._store, done)

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

    def sift(self, session: Session, resources: Mapping[Address, Json]) -> list[Json]:
        """What is news; what is older than we have seen is only noted."""
        fresh, older, earlier = versions.sift(
            session, resources, clock_set_back=self.clock_set_back
        )
        self.older |= older
        self.earlier |= earlier
        return fresh

    def _with_what_they_need(self, arrivals: list[Arrival], wanted: set[Address]) -> list[Arrival]:
        """``arrivals`` and everything that they, or what a Task brings along, stand on."""
        whole = {arrival.at: arrival for arrival in arrivals}
        for _ in range(_DEEPEST):
            self._fetched |= wanted
            found = self._asker.by_id(wanted)
            with self._store.read() as session:
                frontier, bad = read(self.sift(session, found))
                self._lost |= bad
                # A move that its task names already, and that the server does not hold (yet).
                self._lost |= {a for a in wanted - found.keys() if a in self._named}
                whole.update((arrival.at, arrival) for arrival in frontier)
                wanted = self._missing(session, frontier, whole.keys())
            if not wanted:
                break
        with self._store.read() as session:
            return self._standing(session, list(whole.values()))

    def _missing(
        self, session: Session, arrivals: Sequence[Arrival], present: Iterable[Address]
    ) -> set[Address]:
        parents: set[Address] = set()
        shared: set[Address] = set()
        for arrival in arrivals:
            parents.update(arrival.parents)
            if arrival.kind in _SHARES:
                named = mapping.references_of(arrival.resource)
                shared.update(named)
                if arrival.kind == "referral_task":
                    self._named.update(a for a in named if a[0] in _MAY_FOLLOW)
                shared.difference_update(mapping.apart_of(arrival.resource))
        wanted = {a for a in parents | shared if a[0] in mapping.pulled_types}
        present = {*present, *(a.at for a in arrivals)}
        wanted = {a for a in wanted - present - self._fetched if a[0] != "Organization"}
        if not wanted:
            return wanted
        owners = authors(session, wanted)
        known = wire.versions(session, wanted & shared) if shared else {}
        own = self._store.organisation_id
        # A letter or person of another organisation may have changed together with its Task.
        return {a for a in wanted if a not in owners or (a in known and owners[a] != own)}

    def _standing(self, session: Session, arrivals: list[Arrival]) -> list[Arrival]:
        """Only those whose parents are here or come along; the others are remembered."""
        arrivals.sort(key=lambda a: RANK[a.kind])
        present = {arrival.at for arrival in arrivals}
        needed = {parent for arrival in arrivals for parent in arrival.parents} - present
        absent = needed - authors(session, needed).keys()
        kept: list[Arrival] = []
        for arrival in arrivals:
            if absent.isdisjoint(arrival.parents):
                kept.append(arrival)
                self._found.add(arrival.at)
            else:
                absent.add(arrival.at)
                self._lost.add(arrival.at)
        return kept

    def _apply(self, session: Session, arrivals: Sequence[Arrival], *, later: bool) -> None:
        now = self._store.clock.now()
        residents: set[str] = set()
        queued = {
            (item.kind, item.record_id): item
            for item in queue.of_records(session, waiting(session, (a.at[1] for a in arrivals)))
        }
        of_kind: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            item = queued.get((arrival.kind, arrival.record["id"]))
            if item is None:
                of_kind.setdefault(arrival.kind, []).append(arrival)
            else:
                self._merge(session, item, arrival)
            column = KINDS[arrival.kind].resident_column
            if column and arrival.record.get(column):
                residents.add(arrival.record[column])
        if any(arrival.kind == "resident" for arrival in arrivals):
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
        if later:
            due_later.note(session, residents)
        elif residents:
            refresh_due(session, self._store.organisation_id, sorted(residents))

    def _put(self, session: Session, kind: str, group: list[Arrival]) -> None:
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

    def _merge(self, session: Session, item: Item, arrival: Arrival) -> None:
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
    absent = wanted - authors(session, wanted).keys()
    if absent:
        before = _addresses(state.load(session, state.OWED))
        refs = sorted({*before, *absent})
        state.save(session, state.OWED, {"refs": [list(a) for a in refs]})


def _addresses(value: Json) -> list[Address]:
    return [(str(row[0]), str(row[1])) for row in value.get("refs", [])]


def _time_of(resource: Json, now: datetime) -> datetime:
    return state.instant(version_of(resource)[1]) or now


def _copy(arrival: Arrival) -> Held:
    version, updated = version_of(arrival.resource)
    type_, id_ = arrival.at
    body = arrival.resource if KINDS[arrival.kind].shared else None
    return Held(type_, id_, arrival.kind, version, updated, body)


def _over_the_own(session: Session, rows: list[Record]) -> list[Record]:
    """A directory that leaves a field out does not empty it here."""
    own = fetch(session, "organisation", [row["id"] for row in rows])
    merged = []
    for row in rows:
        kept = dict(own.get(row["id"], {}))
        merged.append({**row, **{k: v for k, v in kept.items() if row.get(k) in (None, "", [])}})
    return merged
