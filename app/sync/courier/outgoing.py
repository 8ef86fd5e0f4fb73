"""The file that leaves: every bundle that the network would get, and the question for news."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import format_instant
from app.courier_drive import demand_room, written
from app.courier_file import REQUEST, Sealer
from app.courier_file import Item as FileItem
from app.fhir import bundle
from app.i18n import tr
from app.keys import public_key
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.outbox import LANE_EMERGENCY, REJECTED, UNKNOWN, WAITING, Outbox
from app.models.records import KINDS
from app.models.store import Store
from app.sync import files, octets, queue, state, wire
from app.sync.canaries import Canaries
from app.sync.courier import Exported, Progress, keeping
from app.sync.plan import Planner, Unit
from app.sync.policy import MOST_ENTRIES
from app.sync.pull import Scope, scopes
from app.sync.queue import Item
from app.sync.spans import TICK
from app.sync.wire import Address, Parcel

#: Bytes that a record takes in a file at most, as a rule: 3.7 kB, packed, twice in base 64.
_BYTES_A_RECORD = 3000
_BYTES_AT_LEAST = 262_144
_CHUNK = 400_000  # bytes of JSON; the hospital carries a chunk out in one transaction
_REFERENCES_AT_ONCE = 1000
_MARKS_AT_ONCE = 500

_MARK = "UPDATE outbox SET courier = ? WHERE seq = ?"


def needed(store: Store) -> int:
    """Bytes that the next file may need."""
    with store.read() as session:
        rows = _count(session)
    return _BYTES_AT_LEAST + rows * _BYTES_A_RECORD


def export_file(store: Store, actor: Actor, path: Path, progress: Progress) -> Exported:
    """See ``courier.export_file``."""
    ends = keeping.ends(store)
    demand_room(path.parent, needed(store))
    with store.apply_remote() as session:
        kept = keeping.next_number(session)
        of = _count(session)
        canaries = Canaries.load(session).told
    file = _Outgoing(store, progress, of)
    head = {
        "kind": REQUEST,
        "file": new_id(),
        "from": ends.device_id,
        "line": kept.line,
        "counter": kept.counter,
    }
    sealer = Sealer(ends.own.signing, public_key(ends.server, "enc"), head)
    cover = {
        "t": "cover",
        "kind": REQUEST,
        "organisation": store.organisation_id,
        "number": kept.counter,
        "made_at": format_instant(store.clock.now()),
        # A hospital that does not know these was put back from an older copy.
        "last": [[*at, version] for at, (version, _) in canaries.items()],
    }

    def mark() -> None:
        # Every byte is safe on the drive: from now on the hospital may come to hold them.
        file.mark(kept.counter)

    with written(path, mark) as out:
        out.line(sealer.seal([(cover, b"")]))
        for items in file.chunks():
            out.line(sealer.seal(items))
        out.line(sealer.seal([({"t": "end", "records": file.records}, b"")], last=True))
    with store.apply_remote() as session:
        kept = keeping.read(session)
        kept.exported_at = format_instant(store.clock.now())
        kept.records = file.records
        keeping.save(session, kept)
        numbers = {"number": kept.counter, "records": file.records}
        keeping.audit(session, actor, store.clock.now(), "courier_export", **numbers)
    return Exported(
        path, kept.counter, file.records, file.emergency, out.size, max(of - file.records, 0)
    )


def _count(session: Session) -> int:
    """The rows that a file may take along."""
    found = session.scalar(
        select(func.count()).select_from(Outbox).where(Outbox.state.in_((WAITING, UNKNOWN)))
    )
    return found or 0


class _Outgoing:
    """The content of one file, chunk by chunk."""

    def __init__(self, store: Store, progress: Progress, of: int) -> None:
        self.records = 0
        self.emergency = 0
        self._store = store
        self._progress = progress
        self._of = of
        self._sent: list[Item] = []
        self._number_of: dict[Address, int] = {}

    def chunks(self) -> Iterator[list[FileItem]]:
        """First the records in order of their lanes, then what is asked."""
        items: list[FileItem] = []
        size = 0
        for parcels in self._bundles():
            item = self._item(parcels)
            items.append(item)
            size += len(item[1])
            self._progress("packing", self.records, max(self._of, self.records))
            if size >= _CHUNK:
                yield items
                items, size = [], 0
        if items:
            yield items
        yield self._questions()

    def mark(self, number: int) -> None:
        """Note on every row that the file took it along, and what it says of shared records.

        What the network delivered while the file was written needs no mark any more.
        """
        for start in range(0, len(self._sent), _MARKS_AT_ONCE):
            part = self._sent[start : start + _MARKS_AT_ONCE]
            with self._store.apply_remote() as session:
                rows = queue.of_records(session, (item.record_id for item in part))
                still = {row.seq: row.change_id for row in rows}
                left = [item for item in part if item.seq in still]
                if left:
                    marks = [(number, item.seq) for item in left]
                    session.connection().exec_driver_sql(_MARK, marks)
                same = [item for item in left if still[item.seq] == item.change_id]
                self._note(session, [item for item in same if KINDS[item.kind].shared])

    def _note(self, session: Session, items: list[Item]) -> None:
        """Made once more: a whole queue of resources would not fit a small PC's memory."""
        if not items:
            return
        parcels, _ = wire.parcels(session, wire.context(session), items)
        now = self._store.clock.now()
        queue.mark_sent(session, [], now, [(p.item, p.resources[0]) for p in parcels])

    def _bundles(self) -> Iterator[list[Parcel]]:
        with self._store.read() as session:
            planner = Planner(wire.context(session), self._store.organisation_id)
        while True:
            with self._store.read() as session:
                units = planner.next(session, MOST_ENTRIES)
            if self._mended(planner):
                continue
            if not units:
                return
            for parcels in _fitting(units):
                planner.in_hand.update(parcel.item.seq for parcel in parcels)
                yield parcels

    def _mended(self, planner: Planner) -> bool:
        """Whether the queue had to be put right before anything can be taken from it."""
        if not planner.lacking and not planner.gone:
            return False
        with self._store.apply_remote() as session:
            for kind, ids in planner.lacking.items():
                queue.enqueue(session, kind, sorted(ids), self._store.clock.now())
            gone = tr("The record is no longer on this PC.")
            queue.set_state(session, planner.gone, REJECTED, gone)
        planner.set_aside.update(item.seq for item in planner.gone)
        planner.restart()
        return True

    def _item(self, parcels: list[Parcel]) -> FileItem:
        rows = []
        for parcel in parcels:
            number = len(self._sent)
            item = parcel.item
            new = parcel.version is None
            needs = sorted(
                {self._number_of[a] for a in wire.needs(parcel) & self._number_of.keys()}
            )
            ref = [
                item.kind,
                item.record_id,
                item.change_id,
                parcel.address[0],
                parcel.version or "",
            ]
            shared = KINDS[item.kind].shared
            rows.append([number, ref, parcel.entries, new, shared, needs])
            if new:
                self._number_of[parcel.address] = number
            self._sent.append(item)
            self.records += 1
            self.emergency += item.lane == LANE_EMERGENCY
        document = bundle.transaction(
            (resource, parcel.version if number == 0 else None)
            for parcel in parcels
            for number, resource in enumerate(parcel.resources)
        )
        text = octets.encode(document)
        return {"t": "bundle", "parts": rows}, text

    def _questions(self) -> list[FileItem]:
        with self._store.read() as session:
            cursors = state.load_many(session, "cursor:")
            refs = [
                ref
                for key in (state.OWED, state.ORPHANS)
                for ref in state.load(session, key).get("refs", [])
            ]
        # A reply brings a file once, with its description; parts that came to the hospital later
        # are asked for by name.
        refs += files.missing_refs(self._store, _REFERENCES_AT_ONCE - len(refs))
        items: list[FileItem] = [
            (question(scope, cursors), b"") for scope in scopes(self._store.organisation_id)
        ]
        if refs:
            items.append(({"t": "ids", "refs": refs[:_REFERENCES_AT_ONCE]}, b""))
        return items


def question(scope: Scope, cursors: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One list as it is asked for in a file: all of it since the cursor."""
    at = state.instant(cursors.get(scope.key.removeprefix("cursor:"), {}).get("at"))
    url = scope.url(None if at is None else at + TICK)
    asked: dict[str, Any] = {"t": "search", "key": scope.key, "url": url}
    if at is not None:
        asked["since"] = state.text_of(at)
    return asked


def _fitting(units: list[Unit]) -> Iterator[list[Parcel]]:
    """The units as bundles the server takes; one that is too large by itself is split."""
    waiting: list[Parcel] = []
    entries = 0
    for unit in units:
        size = sum(parcel.entries for parcel in unit)
        parts = [unit] if size <= MOST_ENTRIES else [[parcel] for parcel in unit]
        for part in parts:
            size = sum(parcel.entries for parcel in part)
            if waiting and entries + size > MOST_ENTRIES:
                yield waiting
                waiting, entries = [], 0
            waiting += part
            entries += size
    if waiting:
        yield waiting
