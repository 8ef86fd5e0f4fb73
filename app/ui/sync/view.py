"""The Sync page: the way, what waits and how old, what was refused and why, the last tries."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import TONE_ICONS, tone_colour
from app.ui.style import dress
from app.ui.sync.path import SyncPath
from app.ui.sync.words import ago, day_line, lane_words
from app.ui.widgets.buttons import PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, EmptyState, IconLabel, label
from app.ui.widgets.delivery import moment
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_TIME_WIDTH = 112


class SyncRoom(QWidget):
    """Shows a ``SyncStatus`` whole; "sync now" is its only action."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self._bridge = context.sync_bridge
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.page = Page(tr("Sync"))
        whole.addWidget(self.page)
        self.path = SyncPath()
        self.page.body.addWidget(self.path)
        self._line_icon = IconLabel(size=theme.ICON_BRAND)
        self._line = label("", "section")
        day = QHBoxLayout()
        day.setSpacing(theme.GAP_INSIDE)
        day.addWidget(self._line_icon)
        day.addWidget(self._line, 1)
        self.page.body.addLayout(day)
        self._reason = label("", "secondary", wrap=True)
        self.page.body.addWidget(self._reason)
        columns = QHBoxLayout()
        columns.setSpacing(theme.GAP_CARD)
        columns.addWidget(self._waiting_card(), 2)
        right = QVBoxLayout()
        right.setSpacing(theme.GAP_CARD)
        right.addWidget(self._rejected_card(), 1)
        right.addWidget(self._history_card(), 1)
        columns.addLayout(right, 5)
        self.page.body.addLayout(columns, 1)
        self.connect_button = QuietButton(
            tr("Connect this PC…"), lambda: context.navigate("settings", section="server")
        )
        self.now_button = PrimaryButton(
            tr("Sync now"), self.sync_now, icon_name="refresh-line", shortcut="Ctrl+R"
        )
        self.page.add_footer(self.connect_button, self.now_button)
        if self._bridge is not None:
            self._bridge.status_changed.connect(self.show_status)
        self.refresh()

    # -- lay-out ----------------------------------------------------------------------------

    def _waiting_card(self) -> Card:
        card = Card(tr("Waiting"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_FIELD)
        self._grid.setVerticalSpacing(theme.GAP_INSIDE)
        self._grid.setColumnStretch(0, 1)
        card.body.addLayout(self._grid)
        card.body.addStretch(1)
        return card

    def _rejected_card(self) -> Card:
        card = Card(tr("Refused records"))
        self.rejected: PagedModel[Any] = PagedModel(
            [
                Column(tr("Record"), lambda row: row.title, theme.NAME_WIDTH, strong=True),
                Column(
                    tr("Reason and what to do"),
                    lambda row: row.reason,
                    tone=lambda row: "danger",
                    icon_name=lambda row: "error-warning-line",
                ),
                Column(tr("When"), lambda row: self._moment(row.at), _TIME_WIDTH),
            ],
            parent=self,
        )
        self.rejected_table = RecordTable(self.rejected, tr("Refused records"), plain=True)
        self.rejected_table.opened.connect(self._open_record)
        self._no_rejected = EmptyState(
            tr("Nothing was refused"),
            tr("A record that the county hospital refuses appears here with its reason."),
            icon_name="checkbox-circle-line",
        )
        card.body.addWidget(self.rejected_table)
        card.body.addWidget(self._no_rejected)
        return card

    def _history_card(self) -> Card:
        card = Card(tr("Last tries"))
        self.history: PagedModel[Any] = PagedModel(
            [
                Column(tr("Begun"), lambda row: self._moment(row.started_at), _TIME_WIDTH),
                Column(tr("Seconds"), _seconds, _COUNT_WIDTH, align="right"),
                Column(tr("Sent"), lambda row: str(row.sent), _COUNT_WIDTH, align="right"),
                Column(tr("Received"), lambda row: str(row.received), _COUNT_WIDTH, align="right"),
                Column(
                    tr("Result"),
                    lambda row: _outcome(row)[0],
                    tone=lambda row: _outcome(row)[1],
                    icon_name=lambda row: TONE_ICONS[_outcome(row)[1]],
                ),
            ],
            parent=self,
        )
        self.history_table = RecordTable(self.history, tr("Last tries"), plain=True)
        self._no_history = EmptyState(
            tr("No try yet"), tr("Every try to reach the county hospital appears here.")
        )
        card.body.addWidget(self.history_table)
        card.body.addWidget(self._no_history)
        return card

    # -- content ----------------------------------------------------------------------------

    def open(self, **where: Any) -> None:
        """``record_id``: a refused record to point at."""
        wanted = where.get("record_id")
        for position in range(self.rejected.rowCount()):
            row = self.rejected.row(position)
            if row is not None and row.record_id == wanted:
                self.rejected_table.choose(position)
                self.rejected_table.setFocus()
                return
        self.now_button.setFocus()

    def refresh(self) -> None:
        self.show_status(None if self._bridge is None else self._bridge.status())

    def show_status(self, status: Any) -> None:
        self.path.show_status(status)
        tone, text = day_line(status)
        self._line.setText(text)
        dress(self._line, tone="" if tone == "neutral" else tone)
        self._line_icon.set_icon(TONE_ICONS[tone], tone_colour(tone))
        # While a try is under way the reason is that of the one before.
        reason = "" if status is None or status.phase == "syncing" else status.reason
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        phase = "off" if status is None else status.phase
        self.now_button.setEnabled(phase not in ("off", "not_enrolled", "syncing"))
        self.connect_button.setVisible(phase in ("not_enrolled", "refused"))
        self._fill_waiting(status)
        rejected = () if status is None else status.rejected_records
        tries = () if status is None else status.history
        self.rejected.set_rows(rejected)
        self.history.set_rows(tries)
        self.rejected_table.setVisible(bool(rejected))
        self._no_rejected.setVisible(not rejected)
        self.history_table.setVisible(bool(tries))
        self._no_history.setVisible(not tries)

    def _fill_waiting(self, status: Any) -> None:
        while item := self._grid.takeAt(0):
            item.widget().deleteLater()
        if status is None:
            self._row(0, tr("Sync is off"), "")
            return
        now, today = self._context.clock.now(), self._context.clock.today()
        rows = [
            (lane_words(lane), str(count)) for lane, count in sorted(status.waiting_by_lane.items())
        ]
        rows.append((tr("Sent, answer unknown"), str(status.unknown)))
        rows.append((tr("Refused"), str(status.rejected)))
        rows.append((tr("Changed in two places"), str(status.conflicts)))
        oldest = status.oldest_waiting_at
        rows.append((tr("Oldest"), ago(oldest, now) if oldest else "—"))
        success = status.last_success_at
        rows.append((tr("Last success"), moment(success, today) if success else tr("never")))
        tries = status.phase not in ("off", "not_enrolled")
        following = status.next_try_at if tries else None
        rows.append((tr("Next try"), moment(following, today) if following else "—"))
        rows.append((tr("Sent (kB)"), _kilobytes(status.bytes_up)))
        rows.append((tr("Received (kB)"), _kilobytes(status.bytes_down)))
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

    def _open_record(self, row: Any) -> None:
        """Go to the person whom the refused record concerns, where it can be mended."""
        if row.resident_id:
            self._context.navigate("residents", resident_id=row.resident_id)


_COUNT_WIDTH = 96


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


def _kilobytes(count: int) -> str:
    return f"{count / 1000:.1f}"
