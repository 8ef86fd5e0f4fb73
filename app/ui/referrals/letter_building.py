"""The page of a letter is made in slices: what is seen of it first stands at once, its fields come
one card after another, while their letter is being read or nobody does anything."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.ui.tasks import PAINTED_MS
from app.ui.widgets.early_keys import EarlyKeys

# Not 0: such a timer comes before painting and keys on some systems.
_PAUSE_MS = 1


class LetterBuilding(QObject):
    """``steps``: each makes a part of ``page`` in its place and gives it. ``begin`` makes one
    after another, with room between for painting and for keys; ``when_whole`` waits for the last.
    """

    def __init__(self, page: QWidget, steps: list[Callable[[], QWidget]]) -> None:
        super().__init__(page)
        self.early = EarlyKeys(page)
        self._page = page
        self._steps = steps
        self._begun = False
        self._then: Callable[[], None] | None = None
        #: A part could not be made: the page is of no use any more, and another one is needed.
        self.failed = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._slice)

    @property
    def whole(self) -> bool:
        return not self._steps

    def begin(self) -> None:
        """Make the parts from now on, until the last one is there."""
        if self._steps and not self._timer.isActive():
            self._timer.start(PAINTED_MS)

    def when_whole(self, then: Callable[[], None]) -> None:
        """Call ``then`` once all is there; only the last one asked for is called. Where nothing
        was begun yet, all is made at once: nobody has seen the page."""
        if self._steps and self._begun:
            self._then = then
            return
        while self._steps:
            self._step()
        then()

    def _slice(self) -> None:
        self._begun = True
        self._timer.setInterval(_PAUSE_MS)
        self._step()
        if not self._steps:
            then, self._then = self._then, None
            if then is not None:
                then()

    def _step(self) -> None:
        step = self._steps.pop(0)
        if not self._steps:
            self._timer.stop()
        try:
            self._make(step)
        except Exception:
            self.failed = True
            self._timer.stop()
            self.early.drop()
            raise

    def _make(self, step: Callable[[], QWidget]) -> None:
        # Each part is dressed in its slice, too, else all of them would be when they are shown.
        with self.early.aside():
            self._page.ensurePolished()
            made = step()
            made.ensurePolished()
            made.sizeHint()


def in_tab_order(*stops: QWidget) -> None:
    """One comes after the other, in whichever order they were made."""
    for stop, following in pairwise(stops):
        QWidget.setTabOrder(stop, following)
