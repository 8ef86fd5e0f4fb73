"""All sessions of one resident: the table, newest first, and the trends before and after."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QStackedLayout, QWidget

from app.care.check_in import void_check_in
from app.care.check_in_history import CheckInView, history
from app.care.rehab_words import hold_line, stop_line
from app.care.resident_page import Summary, summary
from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.rehab import cells
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card, EmptyState
from app.ui.widgets.delivery import delivery_mark
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import sentence
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.trends import Series, TrendPlot

_PLOT_HEIGHT = 190


class HistoryPage(Page):
    """The sessions of one resident. ``left``: back to the ward."""

    left = Signal()
    plan_wanted = Signal(str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Rehab sessions"), parent=parent)
        self._context = context
        self.resident_id = ""
        self.add_action(
            QuietButton(tr("Plan F6"), self._plan, icon_name="file-list-3-line", shortcut="F6")
        )
        self.add_action(Button(tr("Back to the ward"), self.left.emit,
                               icon_name="arrow-left-line"))  # fmt: skip
        self.pressure = TrendPlot(tr("Systolic before and after"), "mmHg")
        self.rate = TrendPlot(tr("Heart rate before and after"), "/min")
        self.borg = TrendPlot(tr("Exertion (Borg)"), "6–20")
        plots = QHBoxLayout()
        plots.setSpacing(theme.GAP_CARD)
        for plot in (self.pressure, self.rate, self.borg):
            card = Card()
            card.setFixedHeight(_PLOT_HEIGHT)
            card.body.addWidget(plot)
            plots.addWidget(card, 1)
        self.body.addLayout(plots)
        self.model: PagedModel[CheckInView] = PagedModel(_columns(context))
        self.table = RecordTable(self.model, tr("Sessions of this resident"))
        self._plan_button = Button(tr("Plan F6"), self._plan, icon_name="file-list-3-line")
        self.empty = EmptyState(
            tr("No session is recorded yet"),
            tr("Sessions typed in the ward appear here. First write the resident's plan."),
            icon_name="walk-line",
            action=self._plan_button,
        )
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.void_button = QuietButton(
            tr("Void this session"), self._void, icon_name="delete-back-2-line",
            tip=tr("Kept and shown as void; it counts nowhere"),
        )  # fmt: skip
        self.void_button.setEnabled(False)
        self.add_footer(self.void_button)
        self.table.chosen.connect(self._chosen)
        context.records_changed.connect(self._records_changed)

    def open(self, resident_id: str) -> None:
        """Show a resident's sessions."""
        self.resident_id = resident_id
        self.strip.clear()
        shown = self._stack.currentWidget() is self.table
        (self.table if shown else self._plan_button).setFocus()
        self._load()

    def _load(self) -> None:
        store, actor, resident_id = self._context.store, self._context.actor, self.resident_id

        def work() -> tuple[Summary, tuple[CheckInView, ...]]:
            return summary(store, actor, resident_id), history(store, resident_id, limit=500)

        self._context.tasks.run(work, done=self._show, failed=self._failed, owner=self)

    def _show(self, found: tuple[Summary, tuple[CheckInView, ...]]) -> None:
        resident, views = found
        if resident.id != self.resident_id:
            return
        words = [codes.label("sex", resident.sex), tr("{age} years").format(age=resident.age)]
        if resident.bed:
            words.append(resident.bed)
        self.set_title(resident.name, " · ".join([tr("Rehab sessions"), *words]))
        self.model.set_rows(views)
        focused = self.table.hasFocus() or self._plan_button.hasFocus()
        self._stack.setCurrentWidget(self.table if views else self.empty)
        if focused:
            (self.table if views else self._plan_button).setFocus()
        done = [v for v in reversed(views) if v.outcome == "done" and v.status == "final"]
        self.pressure.set_data(_pair(done, lambda v: v.pre.sbp, lambda v: v.post.sbp))
        self.rate.set_data(_pair(done, lambda v: v.pre.heart_rate, lambda v: v.post.heart_rate))
        scale = [v for v in done if v.borg is not None and v.borg_scale == "6-20"]
        self.borg.set_data(
            [Series(tr("Borg"), [(clinic_date(v.started_at), float(v.borg or 0)) for v in scale])],
            bands=[(11, 13)],
        )
        self.void_button.setEnabled(False)
        if views and not self.table.currentIndex().isValid():
            self.table.choose(0)

    def _chosen(self, view: CheckInView) -> None:
        own = view.organisation_id == self._context.actor.organisation_id
        self.void_button.setVisible(own)
        self.void_button.setEnabled(view.status != "entered_in_error")

    def _void(self) -> None:
        view = self.table.current()
        if view is None:
            return
        reason, agreed = QInputDialog.getText(
            self, tr("Void this session"), tr("Why? The session stays visible as void.")
        )
        if agreed:
            self.void(view.id, reason)

    def void(self, check_in_id: str, reason: str) -> None:
        """Mark a session as entered in error, with its reason."""
        store, actor = self._context.store, self._context.actor
        self._context.tasks.run(
            partial(void_check_in, store, actor, check_in_id, reason),
            done=self._voided, failed=self._failed, owner=self,
        )  # fmt: skip

    def _voided(self, _: object) -> None:
        self._context.notify(tr("The session is void."))
        self._context.tell_changed("check_in")
        self._load()

    def _plan(self) -> None:
        self.plan_wanted.emit(self.resident_id)

    def _records_changed(self, kinds: set[str]) -> None:
        if "check_in" in kinds and self.isVisible():
            self._load()

    def _failed(self, error: Exception) -> None:
        self.strip.say(sentence(error))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


Reading = Callable[[CheckInView], int | None]


def _pair(views: list[CheckInView], before: Reading, after: Reading) -> list[Series]:
    def points(read: Reading) -> list[tuple[Any, float]]:
        return [
            (clinic_date(v.started_at), float(value))
            for v in views
            if (value := read(v)) is not None
        ]

    return [
        Series(tr("Before training"), points(before)),
        Series(tr("After training"), points(after)),
    ]


def _vitals(view: CheckInView, group: str) -> str:
    vitals = view.pre if group == "pre" else view.post
    if vitals.sbp is None and vitals.heart_rate is None:
        return ""

    def one(value: float | None) -> str:
        return "–" if value is None else cells.number(value)

    return (
        f"{one(vitals.sbp)}/{one(vitals.dbp)} · {one(vitals.heart_rate)} · "
        f"{one(vitals.spo2)}% · {one(vitals.pain)}"
    )


def _what(view: CheckInView) -> str:
    if view.status == "entered_in_error":
        return tr("Void")
    if view.outcome == "held":
        return tr("On hold")
    return cells.completion_text(view.completion, view.completion_percent)


def _why(view: CheckInView) -> str:
    if view.holds:
        return hold_line(view.holds)
    if view.outcome == "skipped":
        return codes.label("rehab_not_done_reason", view.reason_not_done)
    words = [stop_line(view.stops)] if view.stops else []
    told = {finding.code for finding in view.stops}
    words += [codes.label("rehab_adverse", code) for code in view.adverse if code not in told]
    if view.action:
        words.append(f"→ {codes.label('rehab_action', view.action)}")
    return " ".join(words)


def _tone(view: CheckInView) -> theme.Tone | None:
    if view.status == "entered_in_error":
        return "neutral"
    return "danger" if view.holds or view.stops else None


def _icon_name(view: CheckInView) -> str:
    if view.status == "entered_in_error":
        return "delete-back-2-line"
    return "forbid-2-line" if view.holds else "alarm-warning-line" if view.stops else ""


def _columns(context: UiContext) -> list[Column[CheckInView]]:
    def mark_text(view: CheckInView) -> str:
        return delivery_mark(view.delivery, context.clock.today()).text

    def mark_icon(view: CheckInView) -> str:
        return delivery_mark(view.delivery, context.clock.today()).icon

    def mark_tone(view: CheckInView) -> theme.Tone:
        return delivery_mark(view.delivery, context.clock.today()).tone

    return [
        Column(tr("When"), lambda v: f"{clinic_time(v.started_at):%Y-%m-%d %H:%M}", 134),
        Column(tr("No."), lambda v: str(v.session_no or ""), 48, "right"),
        Column(tr("Before: BP · HR · SpO₂ · pain"), lambda v: _vitals(v, "pre"), 216),
        Column(tr("Borg"), lambda v: "" if v.borg is None else str(v.borg), 56, "right"),
        Column(tr("After: BP · HR · SpO₂ · pain"), lambda v: _vitals(v, "post"), 216),
        Column(tr("Completion"), _what, 84),
        Column(tr("Reasons and events"), _why, None, tone=_tone, icon_name=_icon_name),
        Column(tr("By"), lambda v: v.performer_name, 76),
        Column(tr("Delivery"), mark_text, 170, tone=mark_tone, icon_name=mark_icon),
    ]
