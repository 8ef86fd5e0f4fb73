"""Sends what waits: marked before it leaves, cleared only by the server's own word.

One bundle after another; before each the queue is asked again, so that an emergency saved
meanwhile goes next. What was sent without an answer is looked up before it is sent again, so
that nothing another person wrote since is ever overwritten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from app.i18n import tr
from app.models.outbox import LANE_EMERGENCY, LANE_REFERRAL, LANE_REST
from app.models.records import KINDS
from app.models.store import Store
from app.sync import answers, link, queue, wire
from app.sync.changes import Changes
from app.sync.flight import Flight, Ready, may_join, pack
from app.sync.ledger import Ledger
from app.sync.link import Answer, Busy, LinkFault, Offline
from app.sync.plan import Planner, Unit, apart, halves
from app.sync.policy import MOST_BYTES, Pace
from app.sync.queue import Item
from app.sync.reconcile import UNREADABLE
from app.sync.searches import Asker, query, version_of
from app.sync.transport import Packed, Transport
from app.sync.wire import Parcel

#: Cuts in a row without any progress before a run gives up and waits.
_CUTS_IN_A_ROW = 6


class Stopped(Exception):
    """The program is ending; what was not sent stays queued."""


class _PlanAgain(Exception):
    """The queue has changed in a way that the rest of this bundle must not ignore."""


class Push(Ledger):
    """One run of sending over one transport.

    While a bundle is on its way the next ones are prepared. Where the link has room for it a
    second one leaves before the first is answered, with other residents' records only: each
    resident's records arrive in the order of the queue.
    """

    def __init__(
        self,
        store: Store,
        asker: Asker,
        pace: Pace,
        changes: Changes,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(store, pace, changes)
        self._asker = asker
        self._transport: Transport = asker.transport
        self._stopping = stopping
        self._planner: Planner | None = None
        self._most_lane = LANE_REST
        self._ahead: deque[Ready] = deque()
        self._marked: deque[Ready] = deque()
        self._flights: deque[Flight] = deque()
        self._dry = self._landed = self._welcome = False
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
            finally:
                self._land_rest()
                self._restart()
                self._write()

    def drain_urgent(self) -> None:
        """Send what is an emergency, if anything is; for the pauses of a long fetching."""
        with self._store.read() as session:
            waiting = queue.urgent(session, LANE_REFERRAL)
        if waiting:
            self.drain(LANE_EMERGENCY)

    def _step(self) -> bool:
        """One thing at a time: a bundle leaves, is answered or prepared; False at the end."""
        if self._stopping():
            raise Stopped
        answered = bool(self._flights) and self._flights[0].done
        try:
            if self._may_leave():
                self._leave()
            elif self._may_prepare() and (self._landed or not answered):
                self._landed = False
                self._prepare()
            elif self._flights:
                self._landed = True
                self._land()
            else:
                # With the last receipts written, a row edited while it was sent is seen again.
                if not self._write():
                    return False
                self._restart()
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
        never_left = [item for ready in self._marked for item in ready.items]
        self._ahead.clear()
        self._marked.clear()
        self._dry = False
        self._plan().restart()
        if never_left:
            self._back_to_waiting(never_left, forget=True)

    def _set_aside(self, item: Item) -> None:
        self._plan().set_aside.add(item.seq)

    def _may_prepare(self) -> bool:
        if self._dry:
            return False
        return len(self._ahead) + len(self._marked) <= self._pace.stretch()

    def _prepare(self) -> None:
        """Choose and pack the next bundle."""
        planner = self._plan()
        coming = [*(flight.ready for flight in self._flights), *self._marked, *self._ahead]
        planner.in_hand = {one.item.seq for one in self._unwritten}
        planner.in_hand.update(item.seq for ready in coming for item in ready.items)
        # Best are other residents than those of the bundles that it could meet on the way.
        planner.on_the_way = frozenset().union(*(ready.residents for ready in coming[-2:]))
        room = self._pace.room()
        with self._store.read() as session:
            units = planner.next(session, room, most_lane=self._most_lane)
            if not units and planner.on_the_way:
                planner.on_the_way = frozenset()
                units = planner.next(session, room, most_lane=self._most_lane)
        lacking, planner.lacking = planner.lacking, {}
        gone, planner.gone = planner.gone, []
        if lacking:
            with self._store.apply_remote() as session:
                for kind, ids in lacking.items():
                    queue.enqueue(session, kind, sorted(ids), self._store.clock.now())
            raise _PlanAgain
        for item in gone:
            self._reject(item, tr("The record is no longer on this PC."))
        if gone:
            raise _PlanAgain
        self._dry = not units
        if units:
            parcels = [parcel for unit in units for parcel in unit]
            doubtful = any(parcel.doubtful for parcel in parcels)
            ready = Ready(units, None if doubtful else self._pack(parcels))
            self._ahead.append(ready)
            # Half empty: there is no more, and one look at the queue is saved.
            all_rest = all(item.lane >= LANE_REST for item in ready.items)
            self._dry = all_rest and not planner.on_the_way and ready.entries * 2 <= room

    def _may_leave(self) -> bool:
        ready = (self._marked or self._ahead or [None])[0]
        if ready is None:
            return False
        if ready.packed is None or not self._fits(ready):
            return not self._flights
        if not self._marked and not self._dry and len(self._ahead) < self._pace.stretch():
            return False  # what is marked together is prepared first
        return len(self._flights) < self._pace.at_once(ready.packed.size) and may_join(
            ready, self._flights
        )

    def _fits(self, ready: Ready) -> bool:
        assert ready.packed is not None
        if len(ready.parcels) == 1:
            return True
        allowed = self._pace.bytes_allowed() if len(ready.units) > 1 else MOST_BYTES
        return ready.packed.size <= allowed

    def _leave(self) -> None:
        """The next bundle leaves, marked before that; one that needs a question goes by itself."""
        if not self._marked:
            ready = self._ahead[0]
            if ready.packed is None:
                self._ahead.popleft()
                self._deliver(self._after_a_look(ready.units))
                return
            if not self._fits(ready):
                self._ahead.popleft()
                self._deliver(ready.units)
                return
            group: list[Ready] = []
            while self._ahead and len(group) < self._pace.stretch():
                if self._ahead[0].packed is None or not self._fits(self._ahead[0]):
                    break
                group.append(self._ahead.popleft())
            self._mark([parcel for ready in group for parcel in ready.parcels])
            self._marked.extend(group)
        ready = self._marked.popleft()
        brief = not self._flights and not self._marked and ready.entries * 2 <= self._pace.room()
        self._flights.append(Flight(ready, self._transport, brief=brief))

    def _mark(self, parcels: Sequence[Parcel]) -> None:
        """Note in one transaction what was confirmed, and what is about to leave."""
        # In the order of the tables: neighbouring rows lie on one page.
        items = sorted((parcel.item for parcel in parcels), key=lambda item: item.seq)
        with self._store.apply_remote() as session:
            self._write_in(session)
            # Saved since the plan was made, and more urgent than this bundle.
            lane = min(LANE_REST, *(item.lane for item in items))
            if lane and queue.urgent(session, lane) - self._plan().urgent:
                raise _PlanAgain
            notes = [(p.item, p.resources[0]) for p in parcels if KINDS[p.item.kind].shared]
            queue.mark_sent(session, items, self._store.clock.now(), notes)
        self._unwritten = []
        self._tell()

    def _land(self) -> None:
        """The answer of the bundle that left first."""
        flight = self._flights.popleft()
        ready = flight.ready
        try:
            answer = self._arrived(flight)
            if answer.fine:
                self._digest(answer, ready.parcels)
        except LinkFault:
            self._land_rest()
            raise
        if not answer.fine:
            self._land_rest()
            self._restart()
            self._not_taken(answer, ready.units, ready.parcels)
        elif flight.brief:
            self._write()  # little to send: its receipt is not kept waiting
            self._restart()

    def _arrived(self, flight: Flight) -> Answer:
        """The answer to one bundle; what is known of its rows where there is none."""
        entries, items = flight.ready.entries, flight.ready.items
        try:
            answer = flight.land()
        except Busy as fault:
            if fault.broken:
                self._server_broke(items, entries)
            raise
        except LinkFault as fault:
            if fault.untouched:
                # It was certainly not taken in, so nobody needs to ask for it.
                self._back_to_waiting(items, forget=True)
            self._pace.cut(entries)
            raise
        if answer.status == 501:
            # Says nothing about the records: this server does no transactions, or not now.
            raise link.busy(None)
        self._pace.crossed(entries, flight.size, flight.seconds)
        self._progress += 1
        return answer

    def _land_rest(self) -> None:
        """The answers of all that is still on the way, whatever went wrong with another."""
        while self._flights:
            flight = self._flights.popleft()
            try:
                answer = flight.land()
                if answer.fine:
                    self._digest(answer, flight.ready.parcels)
                    self._progress += 1
                else:
                    # Refused as a whole: nothing of it was stored.
                    self._back_to_waiting(flight.ready.items)
            except LinkFault as fault:
                if fault.untouched:
                    self._back_to_waiting(flight.ready.items, forget=True)

    def _digest(self, answer: Answer, parcels: Sequence[Parcel]) -> None:
        told = answers.read_answers(answer, parcels, self._store.clock.now())
        self.sent.writes.note(told.held, told.times)
        self._hold(told.held)
        for parcel, reason in told.refused:
            self._reject(parcel.item, answers.refusal(reason))

    def _after_a_look(self, units: list[Unit]) -> list[Unit]:
        """Asks the server about records whose answer was lost, before they are sent again."""
        doubtful = {p.address: p for unit in units for p in unit if p.doubtful}
        if not doubtful:
            return units
        found = self._asker.by_id(doubtful)
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
        if ready:
            # A look that settles nothing is none: a line on which only looks come through would
            # be tried for ever.
            self._progress += 1
        rest = [
            [fresh.get(parcel.item.seq, parcel) for parcel in unit if parcel.item.seq not in ready]
            for unit in units
        ]
        return [unit for unit in rest if unit]

    def _deliver(self, units: list[Unit]) -> None:
        """Send units by themselves, as several bundles where they do not fit or one is refused."""
        parcels = [parcel for unit in units for parcel in unit]
        if not parcels:
            return
        ready = Ready(units, self._pack(parcels))
        if not self._fits(ready):
            first, second = halves(units)
            self._deliver(first)
            self._deliver(second)
            return
        self._mark(parcels)
        answer = self._arrived(Flight(ready, self._transport, brief=True))
        if answer.fine:
            self._digest(answer, parcels)
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

    def _is_welcome(self) -> bool:
        """Whether the server still answers this PC at all: then a 403 is about one record."""
        if not self._welcome:
            page = self._asker.one(query("Patient", _id="none", _count=1))
            if page.status != 200:
                return False
            self._welcome = True
        return True

    def _pack(self, parcels: Sequence[Parcel]) -> Packed:
        self._transport.level = self._pace.level()
        return pack(self._transport, parcels)
