"""The red line and the sound of an emergency that nobody has looked at, in every room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.i18n import tr
from app.ui.widgets.strips import ErrorStrip

if TYPE_CHECKING:
    from app.care.referral_return.alarm import Unseen

#: The sound comes again until somebody has looked.
_AGAIN_MS = 20_000


class EmergencyAlarm(ErrorStrip):
    """Hidden while nothing is unseen. ``beep`` makes the sound; ``sound`` False keeps it quiet.

    The name of the patient is not told here: the screen may be seen from the corridor.
    """

    def __init__(
        self, open_referral: Callable[[str], None], *, sound: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open_referral = open_referral
        self._sound = sound
        self._known: frozenset[str] = frozenset()
        self._first = ""
        self.beep: Callable[[], None] = QApplication.beep
        self._again = QTimer(self)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self.ring)

    def show_unseen(self, unseen: Sequence[Unseen], now: datetime) -> None:
        """Say what is unseen; ring at once for one that was not there before."""
        if not unseen:
            self._known = frozenset()
            self._again.stop()
            self.clear()
            return
        from app.care.referral_time import duration

        first = unseen[0]
        self._first = first.referral_id
        self.say(
            tr(
                "{count} emergency referrals that nobody has looked at. "
                "The first: {organisation}, {span} ago."
            ).format(
                count=len(unseen),
                organisation=first.from_name,
                span=duration(now - first.sent_at),
            ),
            action=tr("Look at it now"),
            pressed=self._look,
            closable=False,
        )
        ids = frozenset(one.referral_id for one in unseen)
        if ids - self._known:
            self.ring()
            self._again.start()
        self._known = ids

    def ring(self) -> None:
        """The sound, where it is wanted, and the mark in the task bar of the PC."""
        QApplication.alert(self.window())
        if self._sound:
            self.beep()

    @property
    def ringing(self) -> bool:
        """Whether the sound will come again."""
        return self._again.isActive()

    def stop(self) -> None:
        """No more sounds; the frame is about to be deleted."""
        self._again.stop()

    def _look(self) -> None:
        self._open_referral(self._first)
