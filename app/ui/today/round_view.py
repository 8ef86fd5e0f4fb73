"""Today by village or by doctor: groups with their counts, and the people of a group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.care.rounds.groups import Counts, Grouping, GroupRow, kinds_in_use, places, work_groups
from app.care.rounds.places import place_of
from app.care.rounds.work import SCOPES, PersonRow, Scope, WorkFilter, first_people, people
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.today.round_model import group_columns, person_columns
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.tables import PagedModel, RecordTable

_FOUND = tuple[tuple[GroupRow, ...], tuple[tuple[str, str], ...], tuple[str, ...]]


class RoundView(QWidget):
    """``wanted`` asks for printing (``list`` …) or ``excel``; ``pile_wanted`` for the entry of
    printed forms; ``said`` carries an error."""

    wanted = Signal(str)
    pile_wanted = Signal()
    said = Signal(object)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.by: Grouping = "village"
        self._shown: tuple[GroupRow, ...] = ()
        self._generation = 0
        #: What the figures on the screen were asked for, or are being asked for.
        self._fresh: object = None
        self._changes = 0
        context.records_changed.connect(self._note_change)
        self.groups_model: PagedModel[GroupRow] = PagedModel(group_columns(tr("Village")))
        self.groups = RecordTable(self.groups_model, tr("Villages or doctors"))
        self.groups.setFixedWidth(theme.SIDE_WIDTH)
        self.scopes = QTabBar()
        self.scopes.setDrawBase(False)
        self.scopes.setExpanding(False)
        self.scopes.setAccessibleName(tr("Which work"))
        for _ in SCOPES:
            self.scopes.addTab("")
        self.kind = self._combo(tr("Kind of work"))
        self.kind.addItem(tr("All work"), "")
        self.other = self._combo(tr("Doctor"))
        self.order = self._combo(tr("Order"))
        self.order.addItem(tr("By due day"), "day")
        self.order.addItem(tr("By group and house"), "place")
        self.model: PagedModel[PersonRow] = PagedModel(
            person_columns(lambda: self.filter().village is not None), tasks=context.tasks
        )
        self.table = RecordTable(self.model, tr("People with work due"))
        # A part of the list may be marked, to be printed by itself.
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.empty = EmptyState(
            tr("Nobody here."),
            tr(
                "People appear here when something is due for them. Choose another village or time."
            ),
            "checkbox-circle-line",
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        self.note = label("", "hint")
        self.pile_button = Button(
            tr("Enter printed forms…"), self.pile_wanted.emit, icon_name="stack-line"
        )
        self.excel_button = Button(
            tr("To Excel…"), lambda: self.wanted.emit("excel"), icon_name="file-excel-2-line"
        )
        self.print_button = PrimaryButton(
            tr("Print…"),
            lambda: self.wanted.emit("list"),
            icon_name="printer-line",
            shortcut="Ctrl+P",
        )
        self._arrange()
        self.groups.chosen.connect(lambda _: self._group_chosen())
        self.table.opened.connect(self._open)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._say_count())
        self.scopes.setCurrentIndex(SCOPES.index("week"))
        self.scopes.currentChanged.connect(lambda _: self.reload())
        for combo in (self.kind, self.other, self.order):
            combo.currentIndexChanged.connect(lambda _: self.reload())

    def _arrange(self) -> None:
        filters = QHBoxLayout()
        filters.setSpacing(theme.GAP_INSIDE)
        filters.addWidget(self.scopes)
        filters.addStretch(1)
        choices = QHBoxLayout()
        choices.setSpacing(theme.GAP_INSIDE)
        for combo in (self.kind, self.other, self.order):
            choices.addWidget(combo)
        choices.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_INSIDE)
        buttons.addWidget(self.note, 1)
        for button in (self.pile_button, self.excel_button, self.print_button):
            buttons.addWidget(button)
        lists = QVBoxLayout()
        lists.setSpacing(theme.GAP_INSIDE)
        lists.addLayout(filters)
        lists.addLayout(choices)
        lists.addWidget(self.stack, 1)
        lists.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(self.groups)
        row.addLayout(lists, 1)

    # -- what is shown --------------------------------------------------------------------------

    def show_by(self, by: Grouping) -> None:
        """Group by village or by doctor."""
        if by != self.by:
            self.by = by
            self.groups_model.columns = tuple(
                group_columns(tr("Village") if by == "village" else tr("Doctor"))
            )
            self.groups_model.set_rows(())
            self._fill(self.other, (), "")
        self.other.setAccessibleName(tr("Doctor") if by == "village" else tr("Village"))
        self.refresh()

    def reload(self) -> None:
        """Ask for the counts and the people anew, in the background."""
        self._generation += 1
        generation = self._generation
        self._fresh = self._asked_for()
        c, by, wanted = self._context, self.by, self.filter()
        other: Grouping = "doctor" if by == "village" else "village"

        def counted() -> _FOUND:
            return (
                work_groups(c.store, c.actor, by, wanted),
                places(c.store, c.actor, other),
                kinds_in_use(c.store, c.actor),
            )

        def now(show: Callable[[Any], None]) -> Callable[[Any], None]:
            # What was asked before the last change of a filter comes too late.
            return lambda found: show(found) if generation == self._generation else None

        def failed(error: Exception) -> None:
            self._fresh = None
            self.said.emit(error)

        # The people first: counting all villages takes longer than showing one page.
        for work, show in (
            (lambda: first_people(c.store, c.actor, wanted), partial(self._show_people, wanted)),
            (counted, self._show_counts),
        ):
            c.tasks.run(work, done=now(show), failed=failed, owner=self)

    def refresh(self) -> None:
        """The lists come to the front again: they are asked for anew where anything was recorded
        since, here or elsewhere, or another day has begun."""
        if self._fresh != self._asked_for():
            self.reload()

    def _asked_for(self) -> object:
        return self._changes, self._context.clock.today(), self.by, self.filter()

    def _note_change(self, _kinds: object) -> None:
        self._changes += 1

    def filter(self) -> WorkFilter:
        """What is asked for now."""
        group = self.group()
        key = None if group is None else group.key
        other = self.other.currentData()
        scope: Scope = SCOPES[self.scopes.currentIndex()]
        village, doctor = (key, other) if self.by == "village" else (other, key)
        # By house only makes sense inside a village.
        place = self.order.currentData() == "place" and village is not None
        return WorkFilter(
            scope, village, doctor, str(self.kind.currentData() or ""), "place" if place else "day"
        )

    def group(self) -> GroupRow | None:
        """The chosen village or doctor; None for all."""
        at = self.groups.currentIndex().row()
        return self._shown[at - 1] if 1 <= at <= len(self._shown) else None

    def title(self) -> str:
        """How the list is called on paper."""
        group = self.group()
        parts = [group.label if group is not None else ""]
        if self.other.currentData() is not None:
            parts.append(self.other.currentText())
        if self.kind.currentData():
            parts.append(self.kind.currentText())
        return " ".join(part for part in parts if part) or tr("All villages")

    def marked(self) -> tuple[str, ...]:
        """The residents of the marked rows in the order of the list; empty when only one row
        or none is marked."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        if len(rows) < 2:
            return ()
        found = [self.model.row(row) for row in rows]
        return tuple(row.resident_id for row in found if row is not None)

    # -- inner ----------------------------------------------------------------------------------

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setMinimumContentsLength(8)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _show_people(self, wanted: WorkFilter, found: tuple[int, Sequence[PersonRow]]) -> None:
        c, (total, rows) = self._context, found
        self.order.setEnabled(wanted.village is not None)
        self.model.set_source(
            lambda offset, limit: people(c.store, c.actor, wanted, offset, limit),
            lambda: total,
            rows,
        )
        self.stack.setCurrentWidget(self.table if total else self.empty)
        self.excel_button.setEnabled(total > 0)
        self._say_count()

    def _show_counts(self, found: _FOUND) -> None:
        groups, others, kinds = found
        self._show_groups(groups)
        counts = self._counts()
        for at, (scope, words) in enumerate(
            zip(
                SCOPES,
                (
                    tr("Overdue {count}"),
                    tr("Until today {count}"),
                    tr("7 days {count}"),
                    tr("30 days {count}"),
                    tr("No contact {count}"),
                ),
                strict=True,
            )
        ):
            self.scopes.setTabText(at, words.format(count=counts.of(scope)))
        every = tr("All doctors") if self.by == "village" else tr("All villages")
        self._fill(self.other, [(name, key) for key, name in others], every)
        self._fill(
            self.kind, [(codes.label("due_kind", kind), kind) for kind in kinds], tr("All work")
        )

    def _show_groups(self, groups: Sequence[GroupRow]) -> None:
        group = self.group()
        kept = None if group is None else group.key
        self._shown = tuple(groups)
        whole = GroupRow("", tr("All"), _sum(groups))
        blocked = self.groups.blockSignals(True)
        self.groups_model.set_rows((whole, *groups))
        at = next((at for at, row in enumerate(groups, start=1) if row.key == kept), 0)
        self.groups.choose(at if kept is not None else 0)
        self.groups.blockSignals(blocked)

    def _counts(self) -> Counts:
        group = self.group()
        return group.counts if group is not None else _sum(self._shown)

    def _fill(self, combo: QComboBox, entries: Sequence[tuple[str, str]], every: str) -> None:
        kept = combo.currentData()
        blocked = combo.blockSignals(True)
        combo.clear()
        combo.addItem(every, "" if combo is self.kind else None)
        for words, key in entries:
            combo.addItem(words, key)
        at = next((at for at in range(combo.count()) if combo.itemData(at) == kept), 0)
        combo.setCurrentIndex(at)
        combo.blockSignals(blocked)

    def _say_count(self) -> None:
        marked = len(self.marked())
        words = tr("{count} people").format(count=self.model.rowCount())
        if marked:
            words = tr("{count} people, {marked} marked").format(
                count=self.model.rowCount(), marked=marked
            )
        self.note.setText(words)

    def _group_chosen(self) -> None:
        self.reload()

    def _open(self, row: PersonRow) -> None:
        if row.things:
            room, arguments = place_of(row.things[0].kind, row.resident_id)
            self._context.navigate(room, **dict(arguments))

    def to_list(self) -> None:
        """The focus on the people."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)


def _sum(groups: Sequence[GroupRow]) -> Counts:
    def add(name: str) -> Any:
        return sum(getattr(row.counts, name) for row in groups)

    return Counts(*(add(name) for name in ("overdue", "today", "week", "month", "unreachable")))
