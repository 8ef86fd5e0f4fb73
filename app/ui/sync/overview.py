"""The Sync page itself: the way, the one big line, what waits and how old, what needs a person."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QStackedLayout, QWidget

from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import TONE_ICONS
from app.ui.style import dress
from app.ui.sync.day import DayLine, last_result
from app.ui.sync.path import SyncPath
from app.ui.sync.trouble import TroubleList
from app.ui.sync.words import ago, lane_words
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, EmptyState, label
from app.ui.widgets.delivery import moment
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_TIME_WIDTH = 112
_COUNT_WIDTH = 96
_BYTES_WIDTH = 132


class SyncOverview(Page):
    """Shows a ``SyncStatus`` whole. ``decide(str)``: a conflict for the desk; ``stick``: the USB
    page."""

    decide = Signal(str)
    stick = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__(tr("Sync"))
        self._context = context
        self._trouble_key: Any = None
        self.path = SyncPath()
        self.body.setSpacing(theme.GAP_FIELD)
        self.body.addWidget(self.path)
        self.day = DayLine(context)
        self.body.addWidget(self.day)
        self._reason = label("", "secondary", wrap=True)
        self.body.addWidget(self._reason)
        columns = QHBoxLayout()
        columns.setSpacing(theme.GAP_CARD)
        columns.addWidget(self._waiting_card(), 2)
        columns.addWidget(self._lists_card(), 5)
        self.body.addLayout(columns, 1)
        self.connect_button = QuietButton(
            tr("Connect this PC…"), lambda: context.navigate("settings", section="server")
        )
        self.stick_button = Button(
            tr("USB stick…"), self.stick.emit, icon_name="usb-line", shortcut="Ctrl+U"
        )
        self.now_button = PrimaryButton(
            tr("Sync now"), self.sync_now, icon_name="refresh-line", shortcut="Ctrl+R"
        )
        self.add_footer(self.connect_button, self.stick_button, self.now_button)
        self.day.checked.connect(lambda _: self.troubles.reload())
        context.tasks.run(
            last_result,
            context.store,
            done=self.day.show_result,
            failed=self.strip.say_error,
            owner=self,
        )

    # -- lay-out ----------------------------------------------------------------------------

    def _waiting_card(self) -> Card:
        card = Card(tr("Waiting"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_FIELD)
        self._grid.setVerticalSpacing(theme.GAP_TIGHT)
        self._grid.setColumnStretch(0, 1)
        card.body.addLayout(self._grid)
        card.body.addStretch(1)
        return card

    def _lists_card(self) -> Card:
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.trouble_tab = self._tab(tr("Needs a person"), 0)
        self.history_tab = self._tab(tr("Last tries"), 1)
        row.addWidget(self.trouble_tab)
        row.addWidget(self.history_tab)
        row.addStretch(1)
        card.body.addLayout(row)
        holder = QWidget()
        self._lists = QStackedLayout(holder)
        self._lists.setContentsMargins(0, 0, 0, 0)
        self.troubles = TroubleList(self._context)
        self.troubles.counted.connect(self._counted)
        self.troubles.decide.connect(self.decide)
        self.troubles.acted.connect(self._acted)
        self._lists.addWidget(self.troubles)
        self._lists.addWidget(self._history_list())
        card.body.addWidget(holder, 1)
        self.show_list(0)
        return card

    def _tab(self, text: str, number: int) -> QPushButton:
        button = Button(text, lambda: self.show_list(number))
        button.setCheckable(True)
        dress(button, kind="option")
        return button

    def show_list(self, number: int) -> None:
        """0: what needs a person; 1: the last tries."""
        self._lists.setCurrentIndex(number)
        self.trouble_tab.setChecked(number == 0)
        self.history_tab.setChecked(number == 1)

    def _history_list(self) -> QWidget:
        self.history: PagedModel[Any] = PagedModel(
            [
                Column(tr("Begun"), lambda row: self._moment(row.started_at), _TIME_WIDTH),
                Column(tr("Seconds"), _seconds, _COUNT_WIDTH, align="right"),
                Column(tr("Sent"), lambda row: str(row.sent), _COUNT_WIDTH, align="right"),
                Column(tr("Received"), lambda row: str(row.received), _COUNT_WIDTH, align="right"),
                Column(
                    tr("kB up / down"),
                    lambda row: f"{row.bytes_up / 1000:.1f} / {row.bytes_down / 1000:.1f}",
                    _BYTES_WIDTH,
                    align="right",
                ),
                Column(
                    tr("Result"),
                    lambda row: _outcome(row)[0],
                    tone=lambda row: _outcome(row)[1],
                    icon_name=lambda row: TONE_ICONS[_outcome(row)[1]],
                ),
            ],
            parent=self,
        )
        holder = QWidget()
        self._history_stack = QStackedLayout(holder)
        self._history_stack.setContentsMargins(0, 0, 0, 0)
        self.history_table = RecordTable(self.history, tr("Last tries"), plain=True)
        self._history_stack.addWidget(self.history_table)
        self._history_stack.addWidget(
            EmptyState(tr("No try yet"), tr("Every try to reach the county hospital appears here."))
        )
        return holder

    # -- content ----------------------------------------------------------------------------

    def show_status(self, status: Any) -> None:
        """Everything the courier says of itself."""
        self.path.show_status(status)
        self.day.show_status(status)
        text = _reason(status)
        self._reason.setText(text)
        self._reason.setVisible(bool(text))
        phase = "off" if status is None else status.phase
        self.now_button.setEnabled(phase not in ("off", "not_enrolled", "syncing", "first_load"))
        self.connect_button.setVisible(phase in ("not_enrolled", "refused"))
        self._fill_waiting(status)
        tries = () if status is None else status.history
        self.history.set_rows(tries)
        self._history_stack.setCurrentIndex(0 if tries else 1)
        key = None if status is None else (status.rejected, status.conflicts, status.kept)
        if key != self._trouble_key:
            self._trouble_key = key
            self.troubles.reload()

    def _counted(self, count: int) -> None:
        text = tr("Needs a person") if not count else tr("Needs a person: {count}")
        self.trouble_tab.setText(text.format(count=count))
        self.trouble_tab.setAccessibleName(self.trouble_tab.text())

    def _fill_waiting(self, status: Any) -> None:
        while item := self._grid.takeAt(0):
            item.widget().deleteLater()
        if status is None:
            self._row(0, tr("Sync is off"), "")
            return
        now, today = self._context.clock.now(), self._context.clock.today()
        rows: list[tuple[str, str]] = [
            (lane_words(lane), str(count)) for lane, count in status.waiting_by_lane.items()
        ]
        rows.append((tr("Sent, answer unknown"), str(status.unknown)))
        rows.append((tr("Refused"), str(status.rejected)))
        rows.append((tr("Changed in two places"), str(status.conflicts)))
        rows.append((tr("Kept only here"), str(status.kept)))
        oldest = status.oldest_waiting_at
        rows.append((tr("Oldest"), ago(oldest, now) if oldest else "—"))
        success = status.last_success_at
        rows.append((tr("Last success"), moment(success, today) if success else tr("never")))
        tries = status.phase not in ("off", "not_enrolled")
        following = status.next_try_at if tries else None
        rows.append((tr("Next try"), moment(following, today) if following else "—"))
        rows.append((tr("Used today (kB)"), _kilobytes(sum(status.bytes_today))))
        rows.append((tr("Used this month (MB)"), _kilobytes(sum(status.bytes_month) / 1000)))
        for at, (name, value) in enumerate(rows):
            self._row(at, name, value)

    def _row(self, at: int, name: str, value: str) -> None:
        caption = label(name, "secondary")
        figure = label(value)
        figure.setFont(theme.font(tabular=True))
        self._grid.addWidget(caption, at, 0)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(figure, at, 1)

    def _moment(self, instant: Any) -> str:
        if instant is None:
            return ""
        today = self._context.clock.today()
        if clinic_date(instant) == today:
            return f"{clinic_time(instant):%H:%M:%S}"
        return moment(instant, today)

    # -- actions ----------------------------------------------------------------------------

    def sync_now(self) -> None:
        """Wake the engine; it answers through its status."""
        if self._context.sync is not None:
            self._context.sync.sync_now()
            self._context.notify(tr("A try begins now."), "neutral")

    def _acted(self) -> None:
        """Something was queued again or kept: the numbers at once, whatever the link does."""
        if self._context.sync_bridge is not None:
            self._context.sync_bridge.recount(self._context.tasks)


def _reason(status: Any) -> str:
    """Why it is as it is: notices first; while a try runs, the reason is that of the one before."""
    if status is None:
        return ""
    parts = list(getattr(status, "notices", ()))
    if status.phase not in ("syncing", "first_load") and status.reason:
        parts.append(status.reason)
    return "\n".join(parts)


def _seconds(row: Any) -> str:
    if row.ended_at is None:
        return "…"
    return f"{max((row.ended_at - row.started_at).total_seconds(), 0):.1f}"


def _outcome(row: Any) -> tuple[str, theme.Tone]:
    words: dict[str, tuple[str, theme.Tone]] = {
        "done": (tr("Complete"), "confirmed"),
        "partial": (tr("Partly"), "attention"),
        "offline": (tr("No connection"), "attention"),
        "refused": (tr("Refused"), "danger"),
        "failed": (tr("Failed"), "danger"),
    }
    text, tone = words.get(row.outcome, (row.outcome or tr("Under way"), "neutral"))
    return (f"{text}: {row.reason}" if row.reason else text), tone


def _kilobytes(count: float) -> str:
    return f"{count / 1000:.1f}"
