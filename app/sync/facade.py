"""The one door between the screen and the courier: status, commands, signals.

Nothing heavy is loaded with this module: ``requests`` comes with the first connection, on
the courier's own thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from app.models.hook import RecordingSession
from app.models.outbox import LANE_EMERGENCY
from app.models.store import Store
from app.sync.changes import Changed
from app.sync.day_check import Cancelled, DayCheck, day_check, unreached
from app.sync.engine import DONE, PARTIAL, SyncEngine, SyncReport
from app.sync.link import LinkFault
from app.sync.policy import Policy
from app.sync.runner import SYNCING, Runner
from app.sync.status import RejectedRecord, SyncStatus, Try, read_status

__all__ = ["DayCheck", "RejectedRecord", "SyncEvent", "SyncService", "SyncStatus", "Try"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SyncEvent:
    """Handed to subscribers, on the courier's thread.

    ``changed``: kind → ids of records that were pulled, merged, confirmed or refused since the
    event before; empty where only the status is new.
    """

    status: SyncStatus
    changed: dict[str, frozenset[str]] = field(default_factory=dict)


Callback = Callable[[SyncEvent], None]


class SyncService:
    """The courier of one store. Every method may be called from any thread and returns at once."""

    def __init__(self, store: Store, policy: Policy | None = None, **options: Any) -> None:
        self._store = store
        self._callbacks: list[Callback] = []
        self._lock = threading.Lock()
        # One reading at a time: one begun earlier must not take the place of a later one.
        self._reading = threading.Lock()
        self._bytes = [0, 0]
        self._last_success: Any = None
        self._latest: SyncStatus | None = None
        self._listening = False
        self._cancel = threading.Event()
        #: How many records the server has named so far in the day check under way.
        self.day_check_seen = 0
        self._engine = SyncEngine(
            store,
            policy,
            on_change=self._changed,
            stopping=lambda: self._runner.stopping,
            **options,
        )
        self._runner = Runner(self._engine, store.clock, self._reported)

    def start(self) -> None:
        """Begin to send and fetch by itself; saves of this program wake it."""
        if not self._listening:
            event.listen(RecordingSession, "after_commit", self._committed)
            self._listening = True
        self._runner.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop after the bundle on the way; False if that took longer than ``timeout`` seconds."""
        if self._listening:
            event.remove(RecordingSession, "after_commit", self._committed)
            self._listening = False
        ended = self._runner.stop(timeout)
        self._latest = None
        return ended

    def sync_now(self) -> None:
        """Send and fetch at once."""
        self._runner.sync_now()

    def wake(self, *, urgent: bool = False) -> None:
        """Tell that something was saved (saves in this program tell it by themselves)."""
        self._runner.wake(urgent=urgent)

    def day_check(self) -> DayCheck:
        """Send and fetch, then compare everything with the server. Blocks: for the background.

        Runs on the courier's thread; an emergency saved meanwhile goes between two pages. Raises
        ``day_check.Cancelled`` after ``cancel_day_check`` or when the courier is stopped.
        """
        self._cancel.clear()
        self.day_check_seen = 0
        try:
            found: DayCheck = self._runner.submit(self._check_day).result()
        except CancelledError:
            raise Cancelled from None
        self._tell({})
        return found

    def cancel_day_check(self) -> None:
        """Stop a check that is under way; nothing is changed by it then."""
        self._cancel.set()

    def _check_day(self) -> DayCheck:
        report = self._engine.run_once()
        self._reported(report)
        asker = self._engine.asker()
        if asker is None or report.outcome not in (DONE, PARTIAL):
            return unreached(self._store, report.reason)
        try:
            return day_check(
                self._store,
                asker,
                progress=self._seen,
                stopping=lambda: self._cancel.is_set() or self._runner.stopping,
                breathe=self._breathe,
            )
        except LinkFault as fault:
            return unreached(self._store, str(fault))

    def _seen(self, records: int) -> None:
        self.day_check_seen = records

    def _breathe(self) -> None:
        if self._runner.hurry():
            self._engine.run_once(fetch=False)

    def status(self) -> SyncStatus:
        """How delivery stands, as of the last change."""
        latest = self._latest
        if latest is None or not self._runner.running:
            return self.refresh()
        return latest

    def refresh(self) -> SyncStatus:
        """Count anew (some milliseconds) and return the status."""
        with self._reading:
            status = self._latest = self._read()
        return status

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call ``callback(SyncEvent)`` on every change; the result ends that.

        Callbacks run on the courier's thread: hand over to your own and return.
        """
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return unsubscribe

    def _read(self) -> SyncStatus:
        live: dict[str, Any] = {
            "phase": self._phase(),
            "progress": self._engine.progress,
            "reason": self._runner.reason,
            "next_try_at": self._runner.next_try_at,
            "bytes_up": self._bytes[0],
            "bytes_down": self._bytes[1],
        }
        if self._last_success is not None:
            live["last_success_at"] = self._last_success
        return read_status(self._store, **live)

    def _phase(self) -> str:
        phase = self._runner.phase
        return "first_load" if phase == SYNCING and self._engine.progress else phase

    def _committed(self, session: RecordingSession) -> None:
        lane = session.info.get("queued_lane")
        if lane is None or session.info.get("store") is not self._store:
            return
        self._runner.wake(urgent=lane == LANE_EMERGENCY)

    def _reported(self, report: SyncReport | None) -> None:
        if report is not None:
            self._bytes[0] += report.bytes_up
            self._bytes[1] += report.bytes_down
            if report.outcome in (DONE, PARTIAL):
                self._last_success = report.ended_at
        self._tell({})

    def _changed(self, changed: Changed) -> None:
        if changed:
            self._tell(changed)

    def _tell(self, changed: Changed) -> None:
        status = self.refresh()
        with self._lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            try:
                callback(SyncEvent(status, changed))
            except Exception as error:  # noqa: BLE001 — one bad listener must not stop delivery
                _LOG.error("a sync listener failed: %s", type(error).__name__, exc_info=error)
