"""Sends what waits: marked before it leaves, cleared only by the server's own word.

One bundle after another; before each the queue is asked again, so that an emergency saved
meanwhile goes next. What was sent without an answer is looked up before it is sent again, so
that nothing another person wrote since is ever overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread

from sqlalchemy.orm import Session

from app.fhir import bundle
from app.i18n import tr
from app.models.outbox import LANE_REST, REJECTED, WAITING
from app.models.records import KINDS
from app.models.store import Store
from app.sync import answers, link, queue, wire
from app.sync.changes import Changes
from app.sync.link import Answer, Busy, LinkFault, Offline
from app.sync.place import owe
from app.sync.plan import Planner, Unit, apart, halves
from app.sync.policy import MOST_BYTES, Pace
from app.sync.queue import Confirmed, Item
from app.sync.reconcile import CONFIRMED, UNREADABLE, settle
from app.sync.searches import Asker, query, version_of
from app.sync.spans import OwnWrites
from app.sync.transport import Packed, Transport
from app.sync.wire import Parcel

#: Cuts in a row without any progress before a run gives up and waits.
_CUTS_IN_A_ROW = 6
#: How often the server may fail (500) on one record alone before a person has to look.
_BROKEN_TRIES = 4
_MERGES_A_RUN = 5


class Stopped(Exception):
    """The program is ending; what was not sent stays queued."""


class _PlanAgain(Exception):
    """The queue has changed in a way that the rest of this bundle must not ignore."""


@dataclass(slots=True)
class Sent:
    """What one run of pushing did, and the server's times of what it wrote."""

    records: int = 0
    rejected: int = 0
    conflicts: int = 0
    writes: OwnWrites = field(default_factory=OwnWrites)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A bundle that was prepared: its units, and its text where nothing has to be asked first."""

    units: list[Unit]
    packed: Packed | None


class Push:
    """One run of sending over one transport.

    While a bundle is on its way the next one is prepared; it leaves only after the answer.
    """

    def __init__(
        self,
        store: Store,
        asker: Asker,
        pace: Pace,
        changes: Changes,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.sent = Sent()
        self._store = store
        self._asker = asker
        self._transport: Transport = asker.transport
        self._pace = pace
        self._changes = changes
        self._stopping = stopping
        self._planner: Planner | None = None
        self._most_lane = LANE_REST
        self._unwritten: list[Confirmed] = []
        self._ahead: _Ready | None = None
        self._merges: dict[str, int] = {}
        self._welcome = False
        self._progress = 0

    def drain(self, most_lane: int = LANE_REST) -> None:
        """Send until nothing that may be sent is left in the lanes up to ``most_lane``.

        Raises LinkFault where the link gives out; everything answered until then is written.
        A connection that breaks is tried again at once as long as there is progress.
        """
        self._most_lane = most_lane
        self._restart()
        cuts, seen = 0, self._progress
        while True:
            try:
                while self._step():
                    pass
                return
            except Offline as fault:
                if self._progress > seen:
                    cuts, seen = 0, self._progress
                cuts += 1
                if not fault.connected or cuts >= _CUTS_IN_A_ROW:
                    raise
                self._restart()
            finally:
                self._write()

    def _step(self) -> bool:
        """One bundle; False where nothing is left to send."""
        if self._stopping():
            raise Stopped
        ready, self._ahead = self._ahead or self._prepare(), None
        planner = self._plan()
        if planner.lacking:
            with self._store.apply_remote() as session:
                for kind, ids in planner.lacking.items():
                    queue.enqueue(session, kind, sorted(ids), self._store.clock.now())
            self._restart()
            return True
        gone, planner.gone = planner.gone, []
        for item in gone:
            self._reject(item, tr("The record is no longer on this PC."))
        if not ready.units:
            # With the last receipts written, a row edited while it was sent is seen again.
            again = self._write() or bool(gone)
            if again:
                self._restart()
            return again
        try:
            if ready.packed is None:
                self._deliver(self._after_a_look(ready.units))
            else:
                self._deliver(ready.units, ready.packed)
        except _PlanAgain:
            self._restart()
        return True

    def _plan(self) -> Planner:
        if self._planner is None:
            with self._store.read() as session:
                self._planner = Planner(wire.context(session), self._store.organisation_id)
        return self._planner

    def _restart(self) -> None:
        """Forget what was prepared and read the queue anew."""
        self._ahead = None
        self._plan().restart()

    def _prepare(self, on_the_way: Sequence[Item] = ()) -> _Ready:
        """Choose and pack the next bundle."""
        planner = self._plan()
        planner.in_hand = {one.item.seq for one in self._unwritten}
        planner.in_hand.update(item.seq for item in on_the_way)
        with self._store.read() as session:
            units = planner.next(session, self._pace.room(), most_lane=self._most_lane)
        parcels = [parcel for unit in units for parcel in unit]
        if not parcels or any(parcel.doubtful for parcel in parcels):
            return _Ready(units, None)
        return _Ready(units, self._pack(parcels))

    def _after_a_look(self, units: list[Unit]) -> list[Unit]:
        """Asks the server about records whose answer was lost, before they are sent again."""
        doubtful = {p.address: p for unit in units for p in unit if p.doubtful}
        if not doubtful:
            return units
        found = self._asker.by_id(doubtful)
        self._progress += 1
        ready: set[int] = set()
        fresh: dict[int, Parcel] = {}
        for address, parcel in doubtful.items():
            theirs = found.get(address)
            if theirs is None:
                # Never arrived, or a restored server: it is sent as new.
                fresh[parcel.item.seq] = Parcel(
                    queue.as_waiting(parcel.item), parcel.record, parcel.resources, None
                )
            elif parcel.version and version_of(theirs)[0] == parcel.version:
                if not KINDS[parcel.item.kind].shared:
                    resources = [wire.with_unknown(parcel.resources[0], theirs)]
                    parcel = Parcel(
                        parcel.item,
                        parcel.record,
                        resources + parcel.resources[1:],
                        parcel.version,
                    )
                fresh[parcel.item.seq] = parcel
            else:
                self._settle(parcel, theirs)
                ready.add(parcel.item.seq)
        rest = [
            [fresh.get(parcel.item.seq, parcel) for parcel in unit if parcel.item.seq not in ready]
            for unit in units
        ]
        return [unit for unit in rest if unit]

    def _deliver(self, units: list[Unit], packed: Packed | None = None) -> None:
        """Send units as one bundle, or as several where they do not fit or one is refused.

        ``packed``: the bundle as it was prepared; while it is on its way the next is prepared.
        """
        parcels = [parcel for unit in units for parcel in unit]
        if not parcels:
            return
        alone = packed is not None
        packed = packed or self._pack(parcels)
        allowed = self._pace.bytes_allowed() if len(units) > 1 else MOST_BYTES
        if packed.size > allowed and len(parcels) > 1:
            first, second = halves(units)
            self._deliver(first)
            self._deliver(second)
            return
        answer = self._post(parcels, packed, prepare=alone)
        if answer.fine:
            told = answers.read_answers(answer, parcels, self._store.clock.now())
            self.sent.writes.note(told.held, told.times)
            self._hold(told.held)
            for parcel, reason in told.refused:
                self._reject(parcel.item, answers.refusal(reason))
            return
        self._restart()
        self._not_taken(answer, units, parcels)

    def _not_taken(self, answer: Answer, units: list[Unit], parcels: list[Parcel]) -> None:
        """The server took nothing of the bundle: find the record it does not want."""
        if answer.status in (403, 404, 405) and not self._is_welcome():
            raise link.refused() if answer.status == 403 else link.garbage()
        if len(parcels) > 1:
            self._back_to_waiting([parcel.item for parcel in parcels])
            refused_before = self.sent.rejected
            for part in apart(units, answers.entries_named(answer.resource)):
                if self.sent.rejected > refused_before:
                    # What stands on a refused record must not follow it: plan again.
                    self._write()
                    raise _PlanAgain
                self._deliver(part)
            return
        parcel = parcels[0]
        if answer.status in (409, 412):
            theirs = self._asker.by_id([parcel.address]).get(parcel.address)
            if theirs is not None:
                if self._settle(parcel, theirs) != UNREADABLE:
                    return
            elif parcel.version is not None:
                # The server lost it (an older backup): it is sent as new.
                alone = Parcel(parcel.item, parcel.record, parcel.resources, None)
                self._deliver([[alone]])
                return
        self._reject(parcel.item, answers.refusal(answers.reason_of(answer.resource)))

    def _post(self, parcels: Sequence[Parcel], packed: Packed, *, prepare: bool) -> Answer:
        entries = sum(parcel.entries for parcel in parcels)
        items = [parcel.item for parcel in parcels]
        lane = min(item.lane for item in items)
        with self._store.apply_remote() as session:
            self._write_in(session)
            # Saved since the plan was made, and more urgent than this bundle.
            if lane and queue.urgent(session, lane) - self._plan().urgent:
                raise _PlanAgain
            notes = [(p.item, p.resources[0]) for p in parcels if KINDS[p.item.kind].shared]
            queue.mark_sent(session, items, self._store.clock.now(), notes)
        self._unwritten = []
        self._tell()
        began = time.monotonic()
        try:
            if prepare and entries * 2 > self._pace.room():
                answer = self._send_and_prepare(packed, items)
            else:
                answer = self._transport.post(packed)
        except Busy as fault:
            if fault.broken:
                self._server_broke(items, entries)
            raise
        except LinkFault as fault:
            if isinstance(fault, Offline) and not fault.connected:
                # It certainly did not leave, so nobody needs to ask for it.
                self._back_to_waiting(items)
            self._pace.cut(entries)
            raise
        self._pace.crossed(entries, packed.size, time.monotonic() - began)
        self._progress += 1
        return answer

    def _send_and_prepare(self, packed: Packed, items: Sequence[Item]) -> Answer:
        """Send on a thread of its own and prepare the next bundle until the answer comes."""
        outcome: Future[Answer] = Future()

        def send() -> None:
            try:
                outcome.set_result(self._transport.post(packed))
            except BaseException as error:  # noqa: BLE001 — raised again in the courier's thread
                outcome.set_exception(error)

        # A daemon: a link that stalls must not keep the program from ending.
        sender = Thread(target=send, name="courier-wire", daemon=True)
        sender.start()
        try:
            self._ahead = self._prepare(items)
        finally:
            # Whatever happens here, one request at a time uses the connection.
            sender.join()
        return outcome.result()

    def _back_to_waiting(self, items: Sequence[Item]) -> None:
        with self._store.apply_remote() as session:
            queue.set_state(session, items, WAITING, None)

    def _server_broke(self, items: Sequence[Item], entries: int) -> None:
        """A record that makes the server fail again and again must not hold up all others."""
        self._pace.cut(entries)
        if len(items) == 1 and items[0].attempts + 1 >= _BROKEN_TRIES:
            self._reject(
                items[0],
                answers.refusal(tr("the server failed on it several times")),
            )

    def _settle(self, parcel: Parcel, theirs: link.Json) -> str:
        item = parcel.item
        with self._store.apply_remote() as session:
            current = [i for i in queue.of_records(session, [item.record_id]) if i.seq == item.seq]
            if not current:
                return CONFIRMED
            result = settle(session, current[0], theirs, self._store.clock.now())
            if result != UNREADABLE:
                owe(session, theirs)
        self._changes.add(item.kind, item.record_id)
        self._restart()
        if result == CONFIRMED:
            self.sent.records += 1
            self.sent.writes.blurred.add(parcel.address[0])
        elif result == UNREADABLE:
            return result
        else:
            self._merges[item.record_id] = self._merges.get(item.record_id, 0) + 1
            if self._merges[item.record_id] > _MERGES_A_RUN:
                self._plan().set_aside.add(item.seq)
            if result != "merged":
                self.sent.conflicts += 1
        return result

    def _hold(self, held: list[Confirmed]) -> None:
        self._unwritten += held
        self.sent.records += len(held)
        for one in held:
            self._changes.add(one.item.kind, one.item.record_id)

    def _reject(self, item: Item, reason: str) -> None:
        self.sent.rejected += 1
        self._restart()
        with self._store.apply_remote() as session:
            queue.set_state(session, [item], REJECTED, reason)
        self._changes.add(item.kind, item.record_id)

    def _write(self) -> bool:
        """Write the receipts that are still in hand; whether there were any."""
        if not self._unwritten:
            return False
        with self._store.apply_remote() as session:
            self._write_in(session)
        self._unwritten = []
        self._tell()
        return True

    def _write_in(self, session: Session) -> None:
        queue.confirm(session, self._unwritten, self._store.clock.now())

    def _tell(self) -> None:
        self._changes.tell()

    def _is_welcome(self) -> bool:
        """Whether the server still answers this PC at all: then a 403 is about one record."""
        if not self._welcome:
            page = self._asker.one(query("Patient", _id="none", _count=1))
            if page.status != 200:
                return False
            self._welcome = True
        return True

    def _pack(self, parcels: Sequence[Parcel]) -> Packed:
        entries = [
            (resource, parcel.version if number == 0 else None)
            for parcel in parcels
            for number, resource in enumerate(parcel.resources)
        ]
        return self._transport.pack(bundle.transaction(entries))
