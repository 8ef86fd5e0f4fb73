"""The idle lock: minutes without a key or a mouse movement lock the screen."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer, Signal

_CHECK_MS = 5_000
_SIGNS_OF_LIFE = frozenset(
    (
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.InputMethod,
    )
)


class IdleWatch(QObject):
    """Emits ``idle`` once when nobody has touched the program for ``minutes``.

    Install it as an event filter of the application. Time is counted by a monotonic clock, so a
    wrong or changed PC clock neither locks nor keeps the screen open.
    """

    idle = Signal()

    def __init__(self, minutes: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._limit_ms = minutes * 60_000
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_CHECK_MS)
        self._timer.timeout.connect(self.check)

    def set_minutes(self, minutes: int) -> None:
        self._limit_ms = minutes * 60_000

    def start(self) -> None:
        """Somebody signed in: count from now."""
        self._since.start()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    @property
    def watching(self) -> bool:
        return self._timer.isActive()

    def quiet_ms(self) -> int:
        """Milliseconds since the last sign of life."""
        return self._since.elapsed() if self._since.isValid() else 0

    def check(self) -> None:
        """Lock if the time is over; called by the timer."""
        if self._timer.isActive() and self.quiet_ms() >= self._limit_ms:
            self.stop()
            self.idle.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS_OF_LIFE and self._timer.isActive():
            self._since.restart()
        return False
