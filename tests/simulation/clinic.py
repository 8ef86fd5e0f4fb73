"""One PC: a real encrypted store, the people who sign in there, and its courier."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from greenlet import greenlet

from app.models.actor import Actor
from app.models.store import STORE_FILE, Store, open_store
from app.sync import flight
from app.sync.engine import SyncEngine, SyncReport
from app.sync.policy import Policy
from app.sync.state import ServerAccount
from app.sync.transport import Transport
from tests.simulation.hospital import Request
from tests.simulation.link import Outcome, transport_through
from tests.simulation.machines import Fate, Killed, share_statements
from tests.simulation.timeline import Timeline, WrongClock


class _Courier(greenlet):
    """A run of the courier, stopped at each of its requests."""

    pc: Pc


class _Wire:
    """Stands for the thread that posts a bundle while the next is prepared.

    Posts either at once or only when it is waited for: both orders can happen.
    """

    late = False

    def __init__(self, target: Callable[[], None], **_: Any) -> None:
        self._target: Callable[[], None] | None = target

    def start(self) -> None:
        if not _Wire.late:
            self.join()

    def join(self, timeout: float | None = None) -> None:
        if self._target is not None:
            target, self._target = self._target, None
            target()


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside the block a courier uses no thread of its own: the simulator orders what happens."""
    before = flight.Thread
    flight.Thread = _Wire  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        flight.Thread = before  # type: ignore[misc]


@dataclass
class Pc:
    """A PC of an organisation. ``request`` waits to leave, ``outcome`` to arrive."""

    name: str
    folder: Path
    organisation_id: str
    data_key: bytes
    people: tuple[Actor, ...]
    timeline: Timeline
    clock: WrongClock = field(init=False)
    fate: Fate = field(default_factory=Fate)
    store: Store = field(init=False)
    engine: SyncEngine = field(init=False)
    signed_in: int = 0
    entries: int = 50
    late: bool = False
    request: Request | None = None
    outcome: Outcome | None = None
    report: SyncReport | None = None
    backups: list[Path] = field(default_factory=list)
    restores: int = 0
    _courier: _Courier | None = None

    def __post_init__(self) -> None:
        self.clock = WrongClock(self.timeline)
        self.open()

    @property
    def actor(self) -> Actor:
        return self.people[self.signed_in % len(self.people)]

    @property
    def syncing(self) -> bool:
        return self._courier is not None

    def open(self) -> None:
        """Start the program."""
        self.fate.reset()
        self.store = open_store(self.folder, self.data_key, self.organisation_id, self.clock)
        share_statements(self.store._engine, self.store._write_engine)
        self.fate.listen(self.store._engine, sqlcipher.OperationalError)
        self.engine = SyncEngine(self.store, Policy(Random(7)), connect=self._connect)

    def _connect(self, account: ServerAccount, gzip_up: bool | None) -> Transport:
        return transport_through(self._carry)(account.base, account.token, gzip_up=gzip_up)

    def _carry(self, request: Request) -> Outcome:
        """In the courier's greenlet: wait until the simulator brings the answer."""
        courier = greenlet.getcurrent()
        assert isinstance(courier, _Courier), "a request outside of a courier's run"
        outcome: Outcome = courier.parent.switch(request)
        return outcome

    # --- the courier ------------------------------------------------------------------------

    def begin_sync(self, **options: bool) -> None:
        """Start a run; it stands at its first request, or has ended."""
        assert self._courier is None
        self.engine.pace.entries = min(self.engine.pace.entries, self.entries)
        engine = self.engine
        courier = _Courier(lambda _: engine.run_once(**options))
        courier.pc = self
        self._courier, self.report = courier, None
        self._go_on(None)

    def arrive(self, outcome: Outcome) -> None:
        """Bring the courier its answer and let it go on to its next request."""
        self.request = self.outcome = None
        self.engine.pace.entries = min(self.engine.pace.entries, self.entries)
        self._go_on(outcome)

    def _go_on(self, value: Outcome | None) -> None:
        courier = self._courier
        assert courier is not None
        _Wire.late = self.late
        try:
            made = courier.switch(value)
        except BaseException:
            self._courier = self.request = None
            raise
        if courier.dead:
            self._courier = self.request = None
            self.report = made
        else:
            self.request = made

    def _drop_courier(self) -> None:
        courier, self._courier = self._courier, None
        self.request = self.outcome = None
        if courier is not None and not courier.dead:
            try:
                courier.throw(Killed)
            except Killed:
                pass

    # --- what may happen to a PC ------------------------------------------------------------

    def kill(self) -> None:
        """The power is cut; the program starts again on what is on the disk."""
        self.fate.dead = True
        self._drop_courier()
        self.store.close()
        self.open()

    def close(self) -> None:
        self.fate.dead = True
        self._drop_courier()
        self.store.close()

    def back_up(self) -> None:
        """A consistent copy of the store, as the program makes it every day."""
        target = self.folder / f"backup-{len(self.backups)}.db"
        self.store.snapshot(target)
        self.backups.append(target)

    def restore(self, number: int) -> None:
        """Put an earlier copy in the place of the store."""
        self.close()
        for extra in self.folder.glob(STORE_FILE + "*"):
            extra.unlink()
        shutil.copyfile(self.backups[number], self.folder / STORE_FILE)
        self.restores += 1
        self.fate.commits += 1
        self.open()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What stands in the store, for whoever checks."""
        with self.store._engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]
