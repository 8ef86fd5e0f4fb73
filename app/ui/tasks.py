"""Work off the GUI thread: a function runs in the background, its result or error comes back.

Callbacks run on the GUI thread. A result whose receiver is gone (the page was closed) is dropped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal, Slot
from shiboken6 import isValid

#: A page that was just brought to the front is painted within this time.
PAINTED_MS = 10


class Tasks(Protocol):
    """What pages know of a runner."""

    def run(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
        **named: Any,
    ) -> None: ...

    def start_painted(self, start: Callable[[], None], owner: QObject) -> None: ...

    def wait(self, milliseconds: int = 10_000) -> bool: ...


class _Delivery(QObject):
    """Lives on the GUI thread; carries results over to it."""

    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        # Emitted on a worker's thread, so Qt queues it for the thread on which this lives.
        self.arrived.connect(self._deliver)

    @Slot(object)
    def _deliver(self, call: Callable[[], None]) -> None:
        call()


class _Job(QRunnable):
    def __init__(self, body: Callable[[], None]) -> None:
        super().__init__()
        self._body = body

    def run(self) -> None:
        self._body()


class TaskRunner:
    """Runs work on a small pool of threads.

    Two threads: one long read must not hold up a save, and a slow disk gains nothing from more.
    """

    def __init__(self, threads: int = 2) -> None:
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(threads)
        self._delivery = _Delivery()

    def run(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
        **named: Any,
    ) -> None:
        """Call ``work(*arguments, **named)`` in the background.

        ``done`` gets the result and ``failed`` the exception, on the GUI thread, unless the
        ``owner`` (by default the object whose method the callback is) has been deleted.
        Without ``failed`` an error goes to ``sys.excepthook`` like any other of the GUI thread.
        """

        def body() -> None:
            try:
                result = work(*arguments, **named)
            except Exception as error:  # noqa: BLE001 — handed on to the GUI thread, none is lost
                caught = error
                self._delivery.arrived.emit(lambda: _fail(caught, failed, owner))
            else:
                self._delivery.arrived.emit(lambda: _finish(result, done, owner))

        self._pool.start(_Job(body))

    def start_painted(self, start: Callable[[], None], owner: QObject) -> None:
        """Call ``start``, which runs some work, once what now comes to the screen was painted:
        work would hold that up, for Python does one thing at a time."""
        QTimer.singleShot(PAINTED_MS, owner, start)

    def wait(self, milliseconds: int = 10_000) -> bool:
        """Wait for all running work (before the store is closed); False when time ran out."""
        return self._pool.waitForDone(milliseconds)


class SynchronousRunner:
    """Runs the work at once, in the caller's thread: for tests."""

    def run(
        self,
        work: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
        **named: Any,
    ) -> None:
        try:
            result = work(*arguments, **named)
        except Exception as error:  # noqa: BLE001 — same contract as the threaded runner
            _fail(error, failed, owner)
        else:
            _finish(result, done, owner)

    def start_painted(self, start: Callable[[], None], owner: QObject) -> None:
        start()

    def wait(self, milliseconds: int = 10_000) -> bool:
        return True


def _alive(callback: Callable[..., None], owner: QObject | None) -> bool:
    receiver = owner if owner is not None else getattr(callback, "__self__", None)
    return not isinstance(receiver, QObject) or isValid(receiver)


def _finish(result: Any, done: Callable[[Any], None] | None, owner: QObject | None) -> None:
    if done is not None and _alive(done, owner):
        done(result)


def _fail(
    error: Exception, failed: Callable[[Exception], None] | None, owner: QObject | None
) -> None:
    if failed is None:
        sys.excepthook(type(error), error, error.__traceback__)
    elif _alive(failed, owner):
        failed(error)
