"""Python's cycle collector, kept on the GUI thread.

The collector runs on whichever thread happens to allocate. On a background thread it would delete
widgets of closed pages there, and Qt then ends the whole program. So the automatic collection is
switched off and the same generations are collected by a timer of the GUI thread.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_PAUSE_MS = 500


class GarbageKeeper(QObject):
    """While it lives, cycles are collected on the thread on which it was made, and only there."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation whose threshold is passed, as Python itself would."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                return

    def release(self) -> None:
        """Give the collection back to Python."""
        self._timer.stop()
        gc.enable()
