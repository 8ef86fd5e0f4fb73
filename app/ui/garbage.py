"""Python's cycle collector, kept on the GUI thread and kept short.

The collector runs on whichever thread happens to allocate. On a background thread it would delete
widgets of closed pages there, and Qt then ends the whole program. So the automatic collection is
switched off and the same generations are collected by a timer of the GUI thread.

A look through everything takes a tenth of a second or more, most of it spent on libraries that
stay. So what has outlived one such look is set aside (``gc.freeze``), and looked through again
only while nobody works in the program.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from PySide6.QtCore import Qt

_PAUSE_MS = 500
#: Seconds between two looks at what was set aside.
_THOROUGH_EVERY = 300.0


class GarbageKeeper(QObject):
    """While it lives, cycles are collected on the thread on which it was made, and only there."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._looked = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        application = QCoreApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._asked)

    def settle(self) -> None:
        """What is loaded by now stays: it is not looked through any more."""
        gc.freeze()

    def collect(self) -> None:
        """Collect the oldest generation whose threshold is passed, as Python itself would."""
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                if generation == 2:
                    gc.freeze()
                return

    def collect_all(self) -> None:
        """Look through everything, what was set aside too: some tenths of a second."""
        self._looked = time.monotonic()
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def _asked(self) -> None:
        # Without the signal's value: Qt cannot hand it over before its namespace is made, and the
        # first window is painted, and so comes to the front, before that.
        from PySide6.QtCore import Qt as Qt

        self._state_changed(QGuiApplication.applicationState())

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        from PySide6.QtCore import Qt

        # Another program is in front: nobody types here now.
        away = state != Qt.ApplicationState.ApplicationActive
        if away and time.monotonic() - self._looked >= _THOROUGH_EVERY:
            self.collect_all()

    def release(self) -> None:
        """Give the collection back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
