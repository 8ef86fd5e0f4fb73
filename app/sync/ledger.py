"""What a run of sending writes down: receipts, refusals, merges, and what never left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.i18n import tr
from app.models.outbox import REJECTED, WAITING
from app.models.store import Store
from app.sync import answers, link, queue
from app.sync.changes import Changes
from app.sync.place import owe
from app.sync.policy import Pace
from app.sync.queue import Confirmed, Item
from app.sync.reconcile import CONFIRMED, UNREADABLE, settle
from app.sync.spans import OwnWrites
from app.sync.wire import Parcel

#: How often the server may fail (500) on one record alone before a person has to look.
_BROKEN_TRIES = 4
_MERGES_A_RUN = 5


@dataclass(slots=True)
class Sent:
    """What one run of pushing did, and the server's times of what it wrote."""

    records: int = 0
    rejected: int = 0
    conflicts: int = 0
    writes: OwnWrites = field(default_factory=OwnWrites)


class Ledger(ABC):
    """The part of a run that writes to the store. ``sent`` adds up what it did."""

    def __init__(self, store: Store, pace: Pace, changes: Changes) -> None:
        self.sent = Sent()
        #: Called before anything is merged: whether the server is an older copy of itself.
        self.make_sure: Callable[[], object] = lambda: None
        self._store = store
        self._pace = pace
        self._changes = changes
        self._unwritten: list[Confirmed] = []
        self._merges: dict[str, int] = {}

    @abstractmethod
    def _restart(self) -> None:
        """Forget what was prepared and read the queue anew."""

    @abstractmethod
    def _set_aside(self, item: Item) -> None:
        """Do not try this row again in this run."""

    def _back_to_waiting(self, items: Sequence[Item], *, forget: bool = False) -> None:
        """``forget``: it never left, so there is nothing to ask for."""
        with self._store.apply_remote() as session:
            queue.set_state(session, items, WAITING, None)
            if forget:
                queue.forget_notes(session, items)

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
        self.make_sure()
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
                self._set_aside(item)
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
