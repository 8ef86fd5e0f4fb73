"""The one big line of the Sync page: is everything held by the county hospital?

Between checks it says what this PC knows by receipts; after the end-of-day check, what the other
side itself has said, with the numbers and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import TONE_ICONS, tone_colour
from app.ui.style import dress
from app.ui.sync.words import check_words, day_line
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import IconLabel, label
from app.ui.widgets.delivery import moment
from app.ui.widgets.strips import sentence

if TYPE_CHECKING:
    from app.sync.facade import DayCheck, SyncStatus

_LOOK_MS = 200
_NUMBERS = ("waiting", "unknown", "rejected", "conflicts", "kept")


class DayLine(QFrame):
    """The line, its button, and while a check is under way how far it is."""

    checked = Signal(object)

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self._status: SyncStatus | None = None
        self._result: DayCheck | None = None
        self._running = False
        dress(self, kind="strip", tone="neutral")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_FIELD, theme.GAP_FIELD)
        whole.setSpacing(theme.GAP_INSIDE)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self._icon = IconLabel(size=theme.ICON_BRAND)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._line = label("", "section", wrap=True)
        self._what = label("", "secondary", wrap=True)
        words.addWidget(self._line)
        words.addWidget(self._what)
        self.check_button = Button(
            tr("End-of-day check"), self.start, icon_name="shield-check-line", shortcut="Ctrl+E"
        )
        self.cancel_button = QuietButton(tr("Stop"), self.cancel)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.check_button)
        whole.addLayout(row)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._bar.setAccessibleName(tr("End-of-day check"))
        whole.addWidget(self._bar)
        self._bar.hide()
        self.cancel_button.hide()
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._show_progress)

    def text(self) -> str:
        """The big line."""
        return self._line.text()

    def note(self) -> str:
        """The smaller line under it."""
        return self._what.text()

    def show_status(self, status: SyncStatus | None) -> None:
        """News of the courier; a check is shown only as long as its numbers are still true."""
        self._status = status
        phase = "off" if status is None else status.phase
        self.check_button.setEnabled(not self._running and phase not in ("off", "not_enrolled"))
        if not self._running:
            self._show()

    def show_result(self, result: DayCheck | None) -> None:
        """The last check, as it was kept."""
        self._result = result
        self._show()

    def start(self) -> None:
        """Ask the county hospital for its list, in the background."""
        service = self._context.sync
        if service is None or self._running:
            return
        self._running = True
        self.check_button.hide()
        self.cancel_button.show()
        self.cancel_button.setEnabled(True)
        self.cancel_button.setFocus()
        self._bar.show()
        self._show_progress()
        self._look.start()
        self._context.tasks.run(service.day_check, done=self._done, failed=self._failed, owner=self)

    def cancel(self) -> None:
        """Stop the check; nothing is changed by it."""
        if self._context.sync is not None:
            self.cancel_button.setEnabled(False)
            self._context.sync.cancel_day_check()

    def _done(self, result: DayCheck) -> None:
        self._end()
        self._result = result
        if self._context.sync is not None:
            self._status = self._context.sync.status()
        self._show(fresh=True)
        self.checked.emit(result)

    def _failed(self, error: Exception) -> None:
        from app.sync.day_check import Cancelled

        self._end()
        self._show()
        if isinstance(error, Cancelled):
            self._what.setText(tr("The check was stopped. Nothing was changed."))
            self._what.show()
        else:
            self._what.setText(sentence(error))
            self._what.show()

    def _end(self) -> None:
        self._running = False
        self._look.stop()
        self._bar.hide()
        self.cancel_button.hide()
        self.check_button.setEnabled(True)
        self.check_button.show()
        self.check_button.setFocus()

    def _show_progress(self) -> None:
        seen = getattr(self._context.sync, "day_check_seen", 0)
        self._say(
            "accent",
            tr("Asking the county hospital for its list…"),
            tr("Records named so far: {count}").format(count=seen) if seen else "",
        )

    def _show(self, *, fresh: bool = False) -> None:
        result = self._result
        tone, line = day_line(self._status)
        what = ""
        loading = self._status is not None and self._status.phase == "first_load"
        if result is not None and not loading:
            when = moment(result.at, self._context.clock.today())
            if fresh or self._still_true(result):
                tone, line, what = check_words(result)
                what = tr("Checked {time}. {what}").format(time=when, what=what)
            elif result.reached:
                what = tr("Last end-of-day check: {time}.").format(time=when)
            else:
                # It compared nothing, and must not read as if it had.
                what = tr(
                    "The end-of-day check of {time} did not reach the county hospital."
                ).format(time=when)
        self._say(tone, line, what.strip())

    def _still_true(self, result: DayCheck) -> bool:
        """Whether the numbers of the check are those of now; old good news is no news."""
        status = self._status
        if status is None or not result.reached or result.queued_again:
            return False
        same = all(getattr(status, name) == getattr(result, name) for name in _NUMBERS)
        # What was sent and confirmed after the check was never compared. The order of the tries
        # tells that, not their times: the clock of this PC may have been set meanwhile.
        sent_since = any(each.sent and each.id > result.last_try for each in status.history)
        return same and not sent_since

    def _say(self, tone: theme.Tone, line: str, what: str) -> None:
        dress(self, tone=tone)
        dress(self._line, tone="" if tone == "neutral" else tone)
        self._icon.set_icon(TONE_ICONS[tone], tone_colour(tone))
        self._line.setText(line)
        self._what.setText(what)
        self._what.setVisible(bool(what))
        self.setAccessibleName(line)


def last_result(store: Any) -> DayCheck | None:
    """The check that was made last on this PC."""
    from app.sync.day_check import last_check

    return last_check(store)
