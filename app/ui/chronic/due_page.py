"""Who is due for a follow-up, and what was recorded today."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.care.chronic_list import (
    SCOPES,
    DueCounts,
    count_due,
    due_counts,
    due_follow_ups,
    due_villages,
    recorded_today,
)
from app.care.follow_up_form import DISEASES
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.keys import on_key
from app.ui.chronic.model import due_columns, recorded_columns
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, EmptyState
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import PagedModel, RecordTable


class DuePage(Page):
    """``wanted(resident_id, disease)``: open the form; ``visit_wanted(follow_up_id)``: correct;
    ``screening_wanted()``: the lists of blood-pressure screening."""

    wanted = Signal(str, str)
    visit_wanted = Signal(str)
    screening_wanted = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Chronic care"), parent=parent)
        self._context = context
        today = context.clock.today
        self.scopes = QTabBar()
        self.scopes.setDrawBase(False)
        self.scopes.setAccessibleName(tr("Which follow-ups"))
        self.scopes.setExpanding(False)
        for _ in SCOPES:
            self.scopes.addTab("")
        self.disease = self._filter(tr("Disease"))
        self.disease.addItem(tr("All diseases"), "")
        for disease in DISEASES:
            self.disease.addItem(codes.label("chronic_disease", disease), disease)
        self.village = self._filter(tr("Village"))
        self.village.addItem(tr("All villages"), "")
        self.screening_button = Button(
            tr("Blood-pressure screening"),
            self.screening_wanted.emit,
            icon_name="heart-pulse-line",
            tip=tr("Residents from 35 years not yet measured this year (Ctrl+B)"),
        )
        self.add_action(self.screening_button)
        self.add_action(self.disease)
        self.add_action(self.village)
        self._generation = 0
        self._total = 0
        self.model = PagedModel(
            due_columns(today), self._load, lambda: self._total, tasks=context.tasks
        )
        self.table = RecordTable(self.model, tr("Follow-ups that are due"))
        self.empty = EmptyState(
            tr("Nobody is due here."),
            tr(
                "Residents under management of hypertension, diabetes or COPD appear here when "
                "their follow-up comes near. Find anybody with F3 and choose Follow-up."
            ),
            "checkbox-circle-line",
        )
        self.left = QStackedWidget()
        self.left.addWidget(self.table)
        self.left.addWidget(self.empty)
        self.recorded_model = PagedModel(recorded_columns(today))
        self.recorded = RecordTable(self.recorded_model, tr("Recorded today"), plain=True)
        self.nothing = EmptyState(
            tr("Nothing recorded today yet."),
            tr("Each saved follow-up appears here with its way to the county hospital."),
            "file-list-3-line",
        )
        self.right = QStackedWidget()
        self.right.addWidget(self.recorded)
        self.right.addWidget(self.nothing)
        side = Card(tr("Recorded today"))
        side.body.addWidget(self.right)
        side.setFixedWidth(theme.SIDE_WIDTH)
        self._side = side
        lists = QVBoxLayout()
        lists.setSpacing(theme.GAP_INSIDE)
        lists.addWidget(self.scopes)
        lists.addWidget(self.left, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addLayout(lists, 1)
        row.addWidget(side)
        self.body.addLayout(row, 1)
        self.open_button = PrimaryButton(
            tr("Follow up"), self._open_current, icon_name="stethoscope-line", shortcut="Ctrl+N"
        )
        self.add_footer(self.open_button)
        self.set_note(tr("Enter opens the form of the chosen resident."))
        on_key(self, "Ctrl+B", self.screening_wanted.emit, tr("Blood-pressure screening"))
        self.table.opened.connect(self._open)
        self.recorded.opened.connect(lambda row: self.visit_wanted.emit(row.follow_up_id))
        self.scopes.setCurrentIndex(SCOPES.index("soon"))
        self.scopes.currentChanged.connect(lambda _: self.reload())
        self.disease.currentIndexChanged.connect(lambda _: self.reload())
        self.village.currentIndexChanged.connect(lambda _: self.reload())

    def reload(self) -> None:
        """Ask for everything anew; the chosen line stays where it was."""
        c = self._context
        disease, village = self._chosen()
        self._generation += 1
        generation = self._generation

        def listed(total: int) -> None:
            # An answer to an older choice of list must not replace the newer one's.
            if generation == self._generation:
                self._listed(total)

        # The list first: what stands beside it looks at more.
        c.tasks.run(
            count_due, c.store, c.actor, self._scope(), disease, village, done=listed, owner=self
        )
        c.tasks.run(recorded_today, c.store, c.actor, done=self._recorded, owner=self)
        c.tasks.run(due_counts, c.store, c.actor, disease, village, done=self._counted, owner=self)
        c.tasks.run(due_villages, c.store, c.actor, done=self._villages, owner=self)

    def _listed(self, total: int) -> None:
        at = max(self.table.currentIndex().row(), 0)
        self._total = total
        self.model.reload()
        self.left.setCurrentWidget(self.table if total else self.empty)
        if total:
            self.table.choose(min(at, total - 1))
        self.open_button.setEnabled(total > 0)

    def to_list(self) -> None:
        """The focus on the list, ready for the next person."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- inner ----------------------------------------------------------------------------------

    def _filter(self, name: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setMinimumContentsLength(8)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _chosen(self) -> tuple[str, str]:
        return str(self.disease.currentData() or ""), str(self.village.currentData() or "")

    def _scope(self) -> str:
        return SCOPES[self.scopes.currentIndex()]

    def _load(self, offset: int, limit: int) -> Any:
        c = self._context
        return due_follow_ups(c.store, c.actor, self._scope(), *self._chosen(), offset, limit)

    def _counted(self, counts: DueCounts) -> None:
        for at, text in enumerate(
            (
                tr("Overdue {count}").format(count=counts.overdue),
                tr("Within 7 days {count}").format(count=counts.soon),
                tr("All under management {count}").format(count=counts.all),
            )
        ):
            self.scopes.setTabText(at, text)

    def _villages(self, names: tuple[str, ...]) -> None:
        kept = self.village.currentData()
        blocked = self.village.blockSignals(True)
        self.village.clear()
        self.village.addItem(tr("All villages"), "")
        for name in names:
            self.village.addItem(name, name)
        self.village.setCurrentIndex(max(self.village.findData(kept), 0))
        self.village.blockSignals(blocked)

    def _recorded(self, rows: Any) -> None:
        self.recorded_model.set_rows(rows)
        self._side.set_title(tr("Recorded today: {count}").format(count=len(rows)))
        self.right.setCurrentWidget(self.recorded if rows else self.nothing)

    def _open_current(self) -> None:
        row = self.table.current()
        if row is not None:
            self._open(row)

    def _open(self, row: Any) -> None:
        self.wanted.emit(row.resident_id, str(self.disease.currentData() or ""))
