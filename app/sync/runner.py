"""The courier's own thread: wakes for new work, for the timer and on command.

The thread owns the engine and its sessions; nobody else touches them. The screen only sets
flags and reads frozen values, so sync can never delay a save or a keystroke.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

from app.clock import Clock
from app.errors import EnvironmentFault
from app.sync.engine import (
    DONE,
    NOT_ENROLLED,
    OFFLINE,
    PARTIAL,
    REFUSED,
    SyncEngine,
    SyncReport,
    came_on,
    next_wait,
)

_LOG = logging.getLogger(__name__)
#: After an urgent wake while the link is down: the least rest between two tries.
_URGENT_REST = 5.0

IDLE, SYNCING = "idle", "syncing"


class Runner:
    """Runs ``engine`` on a daemon thread. ``on_report`` is called there after every run."""

    def __init__(
        self,
        engine: SyncEngine,
        clock: Clock,
        on_report: Callable[[SyncReport | None], None] = lambda report: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._on_report = on_report
        self._condition = threading.Condition()
        self._stop = False
        self._now = False
        self._work = False
        self._urgent = False
        self._jobs: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._ended = time.monotonic()
        self.phase = "off"
        self.reason = ""
        self.next_try_at: datetime | None = None

    def start(self) -> None:
        """Start the thread; the first run begins at once."""
        if self._thread is not None:
            return
        self._stop = False
        self._now = True
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Ask the thread to end and wait for it; whether it did in time."""
        thread = self._thread
        if thread is None:
            return True
        with self._condition:
            self._stop = True
            self._condition.notify_all()
        thread.join(timeout)
        if thread.is_alive():
            return False
        self._thread = None
        self.phase, self.next_try_at = "off", None
        return True

    def sync_now(self) -> None:
        """Send and fetch at once, whatever the timer says."""
        with self._condition:
            self._now = True
            self._condition.notify_all()

    def wake(self, *, urgent: bool = False) -> None:
        """Something was saved. While the link is down only ``urgent`` brings the try forward."""
        with self._condition:
            self._work = True
            self._urgent = self._urgent or urgent
            self._condition.notify_all()

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Do something else with the engine on its thread, between two runs.

        Without a running thread it is done at once, here: nobody else uses the engine then.
        """
        future: Future[Any] = Future()
        with self._condition:
            if self._thread is not None and not self._stop:
                self._jobs.append((work, future))
                self._condition.notify_all()
                return future
        _do(work, future)
        return future

    def hurry(self) -> bool:
        """Whether an urgent record was saved and waits for the end of the present job."""
        with self._condition:
            urgent, self._urgent = self._urgent, False
            return urgent

    @property
    def stopping(self) -> bool:
        return self._stop

    @property
    def running(self) -> bool:
        return self._thread is not None

    def _run(self) -> None:
        wait = timedelta(0)
        try:
            while True:
                fetch = self._rest(wait)
                while self._jobs and not self._stop:
                    _do(*self._jobs.pop(0))
                if fetch is None:
                    return
                report = self._once(fetch)
                wait = self._judge(report)
                if report is None or report.outcome not in (DONE, PARTIAL):
                    self.next_try_at = self._clock.now() + wait
                elif not fetch:
                    # Only sent: the look for news keeps its own time.
                    wait = max(self._poll_at - timedelta(seconds=time.monotonic()), timedelta(0))
                if fetch:
                    self._poll_at = timedelta(seconds=time.monotonic()) + wait
                self.next_try_at = self._clock.now() + wait
                self._on_report(report)
        finally:
            with self._condition:
                jobs, self._jobs = self._jobs, []
            for _, future in jobs:
                future.cancel()
            self._engine.close()

    _poll_at = timedelta(0)

    def _rest(self, wait: timedelta) -> bool | None:
        """Wait for a reason to run. True: send and fetch; False: only send; None: end."""
        deadline = time.monotonic() + wait.total_seconds()
        with self._condition:
            while True:
                if self._stop:
                    return None
                now = time.monotonic()
                if self._jobs:
                    # Whoever asked for a job wants the newest state afterwards, too.
                    self._now = True
                if self._now or now >= deadline:
                    self._now = self._work = self._urgent = False
                    return True
                if self._work and self._may_hurry(now):
                    self._work = self._urgent = False
                    return False
                least = deadline - now
                if self._urgent:
                    least = min(least, self._ended + _URGENT_REST - now)
                self._condition.wait(max(least, 0.001))

    def _may_hurry(self, now: float) -> bool:
        if not self._failures:
            return True
        return self._urgent and now - self._ended >= _URGENT_REST

    def _once(self, fetch: bool) -> SyncReport | None:
        self.phase = SYNCING
        self.next_try_at = None
        self._on_report(None)
        try:
            return self._engine.run_once(fetch=fetch)
        except EnvironmentFault as fault:
            # The disk is full or the store is held by someone: said as it is, tried again.
            self.reason = str(fault)
            return None
        except Exception as error:  # noqa: BLE001 — the thread must outlive any defect
            _LOG.error("sync failed: %s", type(error).__name__, exc_info=error)
            self.reason = ""
            return None
        finally:
            self._ended = time.monotonic()

    def _judge(self, report: SyncReport | None) -> timedelta:
        if report is None:
            self._failures += 1
            self.phase = OFFLINE
            return timedelta(seconds=self._engine.policy.after_failure(self._failures))
        self.reason = report.reason
        if report.outcome in (DONE, PARTIAL):
            self._failures = 0
            self.phase = IDLE
        elif report.outcome == NOT_ENROLLED:
            self.phase = NOT_ENROLLED
            # Nothing to back off from: the next save or command looks again, which is free.
            self._failures = 0
        else:
            self._failures = 0 if came_on(report) else self._failures + 1
            self.phase = REFUSED if report.outcome == REFUSED else OFFLINE
        return next_wait(self._engine.policy, report, max(self._failures, 1))


def _do(work: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 — raised again where the result is asked for
        future.set_exception(error)
