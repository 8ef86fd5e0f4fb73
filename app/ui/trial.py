"""A trial start: is everything in the program that its screens will ask for?

``gui --until-shown`` says ``shown`` when the first window is painted, then loads what it would
load behind the sign-in and the module of every room, says ``complete`` and ends. A module that
a frozen program lacks would otherwise be missed only by the person who visits its room.
"""

from __future__ import annotations

import importlib

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from app.ui.shell.rooms import ROOMS

_BEHIND = ("app.care.accounts", "app.care.work_list", "app.sync.facade", "app.ui.shell.frame")


class Trial(QObject):
    """Watches a window for its first painting; belongs to the window."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._window.centralWidget() is not None:
            watched.removeEventFilter(self)
            print("shown", flush=True)
            QTimer.singleShot(0, self, self._load_all)
        return False

    def _load_all(self) -> None:
        for name in _BEHIND:
            importlib.import_module(name)
        for room in ROOMS:
            module, _, kind = room.place.partition(":")
            getattr(importlib.import_module(module), kind)
        print("complete", flush=True)
        QApplication.quit()
