"""The way from the sync thread to the screen: its callbacks become Qt signals of the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.ui.tasks import Tasks

if TYPE_CHECKING:
    from app.sync.facade import SyncEvent, SyncService, SyncStatus


class SyncBridge(QObject):
    """Listens to a sync service. ``status_changed(SyncStatus)``; ``records_changed(set)``.

    Bursts are folded: however often the engine calls, the screen is asked to redraw once per round
    of the event loop.
    """

    status_changed = Signal(object)
    records_changed = Signal(object)
    _heard = Signal()

    def __init__(self, service: SyncService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._service = service
        self._lock = threading.Lock()
        self._pending = False
        self._kinds: set[str] = set()
        self._heard.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe: Callable[[], None] | None = service.subscribe(self._hear)

    def status(self) -> SyncStatus:
        return self._service.status()

    def close(self) -> None:
        """Stop listening; nothing is emitted any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def recount(self, tasks: Tasks) -> None:
        """Something was saved here: count what waits, in the background.

        While the link is down the engine sleeps on, but the bar must tell the new number at once.
        """
        tasks.run(self._service.refresh, done=self._counted, owner=self)

    def _counted(self, _counted: SyncStatus) -> None:
        # What was counted may be told by the engine meanwhile, and better: the latest is shown.
        if self._unsubscribe is not None:
            self.status_changed.emit(self._service.status())

    def _hear(self, news: SyncEvent) -> None:
        with self._lock:  # called on the sync thread
            self._kinds.update(news.changed)
            first, self._pending = not self._pending, True
        if first:
            self._heard.emit()

    @Slot()
    def _tell(self) -> None:
        with self._lock:
            self._pending = False
            kinds, self._kinds = self._kinds, set()
        if self._unsubscribe is None:
            return
        self.status_changed.emit(self._service.status())
        if kinds:
            self.records_changed.emit(kinds)
