"""Screening of blood pressure: who was not measured this year, and whom a measurement waits for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.care.screening.lists import (
    UnmeasuredRow,
    WaitingRow,
    count_unmeasured,
    count_waiting,
    screening_villages,
    unmeasured,
    waiting,
)
from app.care.screening.record import ScreeningSaved, letter_from_screening
from app.care.screening.rule import Result
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.keys import on_key
from app.ui.chronic.screening_dialog import DecisionDialog, ScreeningDialog, to_decide
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_NOT_MEASURED, _WAITING = 0, 1


class ScreeningPage(Page):
    """``left()``: back to the follow-ups."""

    left = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Blood-pressure screening"), parent=parent)
        self._context = context
        self.scopes = QTabBar()
        self.scopes.setDrawBase(False)
        self.scopes.setExpanding(False)
        self.scopes.setAccessibleName(tr("Which residents"))
        self.scopes.addTab(tr("Not yet measured this year"))
        self.scopes.addTab(tr("To measure again or confirm"))
        self.village = QComboBox()
        self.village.setAccessibleName(tr("Village"))
        self.village.setMinimumContentsLength(8)
        self.village.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.village.addItem(tr("All villages"), "")
        self.add_action(self.village)
        c = context
        self.unmeasured = PagedModel(
            _unmeasured_columns(),
            lambda offset, limit: unmeasured(c.store, c.actor, self._chosen(), offset, limit),
            lambda: self._counts[_NOT_MEASURED],
            tasks=c.tasks,
        )
        self.waiting = PagedModel(
            _waiting_columns(),
            lambda offset, limit: waiting(c.store, c.actor, self._chosen(), offset, limit),
            lambda: self._counts[_WAITING],
            tasks=c.tasks,
        )
        self._counts = [0, 0]
        #: What the lists on the screen were asked for, or are being asked for.
        self._fresh: object = None
        self._changes = 0
        c.records_changed.connect(self._note_change)
        self.tables = (
            RecordTable(self.unmeasured, tr("Not yet measured this year")),
            RecordTable(self.waiting, tr("To measure again or confirm")),
        )
        self.empty = EmptyState(
            tr("Nobody is waiting here."),
            tr(
                "Residents of 35 and over whose blood pressure was not measured this year appear "
                "here; after a raised value they wait for another day's measurement."
            ),
            "checkbox-circle-line",
        )
        self.stack = QStackedWidget()
        for table in self.tables:
            self.stack.addWidget(table)
            table.opened.connect(self._open)
        self.stack.addWidget(self.empty)
        lists = QVBoxLayout()
        lists.setSpacing(theme.GAP_INSIDE)
        lists.addWidget(self.scopes)
        lists.addWidget(self.stack, 1)
        self.body.addLayout(lists, 1)
        self.measure_button = PrimaryButton(
            tr("Measure"), self._open_current, icon_name="heart-pulse-line", shortcut="Ctrl+N"
        )
        self.add_footer(
            Button(tr("Back to the list"), self.left.emit, tip=tr("Back to the follow-ups (Esc)")),
            self.measure_button,
        )
        on_key(self, "Esc", self.left.emit)
        self.set_note(tr("Enter opens the small form of the chosen resident."))
        self.scopes.currentChanged.connect(lambda _: self._show_scope())
        self.village.currentIndexChanged.connect(lambda _: self.reload())

    def reload(self) -> None:
        """List and count anew, off the GUI thread: the first page is there before the count,
        which looks at everybody."""
        c = self._context
        chosen = self._chosen()
        self._fresh = self._asked_for()

        def counted(counts: tuple[int, int]) -> None:
            if chosen == self._chosen():
                self._counted(counts)

        def failed(error: Exception) -> None:
            self._fresh = None
            raise error

        c.tasks.run(
            lambda: (
                len(unmeasured(c.store, c.actor, chosen)),
                len(waiting(c.store, c.actor, chosen)),
            ),
            done=self._show_counts,
            owner=self,
        )
        c.tasks.run(
            lambda: (
                count_unmeasured(c.store, c.actor, chosen),
                count_waiting(c.store, c.actor, chosen),
            ),
            done=counted,
            failed=failed,
            owner=self,
        )
        c.tasks.run(screening_villages, c.store, c.actor, done=self._villages, owner=self)

    def refresh(self) -> None:
        """The lists come to the front again: they are asked for anew where anything was recorded
        since, here or elsewhere, or another day has begun."""
        if self._fresh != self._asked_for():
            self.reload()

    def _asked_for(self) -> object:
        return self._changes, self._context.clock.today(), self._chosen()

    def _note_change(self, _kinds: object) -> None:
        self._changes += 1

    def to_list(self) -> None:
        """The focus on the list."""
        self.stack.currentWidget().setFocus(Qt.FocusReason.OtherFocusReason)

    def measure(self, resident_id: str) -> None:
        """The small form of one resident."""
        dialog = ScreeningDialog(self._context, resident_id, self)
        dialog.saved.connect(self._saved)
        dialog.open()

    # -- inner ----------------------------------------------------------------------------------

    def _chosen(self) -> str:
        return str(self.village.currentData() or "")

    def _counted(self, counts: tuple[int, int]) -> None:
        for at, text in enumerate(
            (
                tr("Not yet measured this year {count}").format(count=counts[0]),
                tr("To measure again or confirm {count}").format(count=counts[1]),
            )
        ):
            self.scopes.setTabText(at, text)
        self._show_counts(counts)

    def _show_counts(self, counts: tuple[int, int]) -> None:
        self._counts = list(counts)
        at = max(self.tables[self.scopes.currentIndex()].currentIndex().row(), 0)
        self.unmeasured.reload()
        self.waiting.reload()
        self._show_scope(at)

    def _show_scope(self, at: int = 0) -> None:
        scope = self.scopes.currentIndex()
        table = self.tables[scope]
        rows = self._counts[scope]
        self.stack.setCurrentWidget(table if rows else self.empty)
        self.measure_button.setEnabled(rows > 0)
        if rows:
            table.choose(min(at, rows - 1))

    def _villages(self, names: tuple[str, ...]) -> None:
        kept = self.village.currentData()
        blocked = self.village.blockSignals(True)
        self.village.clear()
        self.village.addItem(tr("All villages"), "")
        for name in names:
            self.village.addItem(name, name)
        self.village.setCurrentIndex(max(self.village.findData(kept), 0))
        self.village.blockSignals(blocked)

    def _open_current(self) -> None:
        row: Any = self.tables[self.scopes.currentIndex()].current()
        if row is not None:
            self._open(row)

    def _open(self, row: UnmeasuredRow | WaitingRow) -> None:
        self.strip.clear()
        if isinstance(row, WaitingRow) and to_decide(row):
            if self._context.may("doctor", "specialist"):
                dialog = DecisionDialog(self._context, row, self)
                dialog.decided.connect(lambda _: self.reload())
                dialog.again.connect(lambda: self.measure(row.resident_id))
                dialog.open()
                return
            self.strip.say(
                tr("A doctor confirms, refers or rules out a probable hypertension."), "attention"
            )
            return
        self.measure(row.resident_id)

    def _saved(self, saved: ScreeningSaved) -> None:
        self.reload()
        self.to_list()
        judgement = saved.judgement
        if judgement is None:
            self._context.notify(tr("Saved: not measured."), "attention")
        elif judgement.to_confirm:
            self.strip.say(
                tr("Saved. {reason}").format(reason=judgement.reason),
                "danger" if judgement.refer_now else "attention",
                action=tr("Refer now") if judgement.refer_now else tr("Write a referral"),
                pressed=lambda: self._refer(saved),
            )
        else:
            self._context.notify(
                tr("Saved. Measure again by {date}.").format(date=judgement.next_on)
            )

    def _refer(self, saved: ScreeningSaved) -> None:
        c = self._context
        prefill = letter_from_screening(c.store, c.actor, saved.screening_id)
        c.navigate("referrals", resident_id=saved.resident_id, prefill=prefill)


def _sex_age(row: UnmeasuredRow | WaitingRow) -> str:
    return tr("{sex} {age}").format(sex=codes.label("sex", row.sex), age=row.age)


def _unmeasured_columns() -> list[Column[UnmeasuredRow]]:
    return [
        Column(tr("Name"), lambda row: row.name, 140, strong=True),
        Column(tr("Sex, age"), _sex_age, 100),
        Column(tr("Village"), lambda row: row.village),
        Column(tr("Phone"), lambda row: row.phone_masked, 160),
        Column(
            tr("Last screened"),
            lambda row: tr("never") if row.last_on is None else row.last_on.isoformat(),
            140,
        ),
    ]


def _waiting_columns() -> list[Column[WaitingRow]]:
    return [
        Column(tr("Name"), lambda row: row.name, 120, strong=True),
        Column(tr("Sex, age"), _sex_age, 90),
        Column(tr("Village"), lambda row: row.village, 140),
        Column(
            tr("Result"),
            _result_words,
            None,
            tone=_result_tone,
            icon_name=lambda row: "alarm-warning-line" if to_decide(row) else "time-line",
        ),
        Column(
            tr("BP mmHg"),
            lambda row: "—" if row.last_pressure is None else "{}/{}".format(*row.last_pressure),
            92,
            align="right",
        ),
        Column(tr("Raised days"), lambda row: str(row.raised_days), 92, align="right"),
        Column(
            tr("Due on"),
            _due_words,
            232,
            tone=lambda row: "attention" if row.days_over >= 0 else None,
            icon_name=lambda row: "alarm-warning-line" if row.days_over > 0 else "",
        ),
    ]


def _due_words(row: WaitingRow) -> str:
    day = row.due_on.isoformat()
    if row.days_over > 0:
        return tr("{day}, {count} days over").format(day=day, count=row.days_over)
    return tr("due today") if row.days_over == 0 else day


def _result_words(row: WaitingRow) -> str:
    if row.result in (Result.NORMAL, Result.HIGH_NORMAL):
        return tr("High risk: half-yearly measurement")
    return codes.label("bp_screening_result", row.result)


def _result_tone(row: WaitingRow) -> theme.Tone | None:
    return {"5": "danger", "4": "danger", "3": "attention"}.get(row.result)  # type: ignore[return-value]
