"""The list of the year: who of 65 and over still misses the check, who waits for the doctor."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QStackedWidget, QTabBar, QWidget

from app.care.health_check.annual import (
    SCOPES,
    CheckLine,
    count_year,
    list_year,
    year_villages,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class YearPage(Page):
    """``wanted(resident_id, health_check_id)``: open the check of a line; the second is empty
    while there is none. ``ranges_wanted``: the laboratory's ranges."""

    wanted = Signal(str, str)
    ranges_wanted = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Annual health checks of 65 and over"), parent=parent)
        self._context = context
        self.year = context.clock.today().year
        self._asked = 0
        self.second_strip = ErrorStrip()
        self.scopes = QTabBar()
        self.scopes.setDrawBase(False)
        self.scopes.setExpanding(False)
        self.scopes.setAccessibleName(tr("Which residents"))
        for _ in SCOPES:
            self.scopes.addTab("")
        self.village = QComboBox()
        self.village.setAccessibleName(tr("Village"))
        self.village.setMinimumWidth(theme.NAME_WIDTH)
        self.village.addItem(tr("All villages"), "")
        self.add_action(self.village)
        if context.may("administrator"):
            self.add_action(
                Button(tr("Laboratory ranges"), self.ranges_wanted.emit, icon_name="test-tube-line")
            )
        self.model = PagedModel(_columns(), self._load, self._count, tasks=context.tasks)
        self.table = RecordTable(self.model, tr("Residents of 65 and over"))
        self.empty = EmptyState(
            tr("Nobody is listed here."),
            tr("Residents of 65 and over of this health centre appear here by village."),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.body.addWidget(self.scopes)
        self.body.addWidget(self.second_strip)
        self.body.addWidget(self._stack, 1)
        self.open_button = PrimaryButton(
            tr("Open the check"), self._open_current, icon_name="file-edit-line", shortcut="Ctrl+N"
        )
        self.add_footer(self.open_button)
        self.table.opened.connect(self._open)
        self.scopes.currentChanged.connect(lambda _: self._show())
        self.village.currentIndexChanged.connect(lambda _: self._recount())
        for at in range(len(SCOPES)):
            keys = QShortcut(QKeySequence(f"Ctrl+{at + 1}"), self)
            keys.setWhatsThis(tr("List {number} from the left").format(number=at + 1))
            keys.activated.connect(lambda which=at: self.scopes.setCurrentIndex(which))
        self._counts: dict[str, int] = dict.fromkeys(SCOPES, 0)

    def reload(self) -> None:
        """Read the list anew in the background."""
        context = self._context
        self.year = context.clock.today().year
        year, village = self.year, self._village()
        self._asked += 1
        asked = self._asked

        def load() -> tuple[dict[str, int], tuple[str, ...]]:
            counts = {
                scope: count_year(context.store, context.actor, year, scope, village)
                for scope in SCOPES
            }
            return counts, year_villages(context.store, context.actor, year)

        def arrived(found: tuple[dict[str, int], tuple[str, ...]]) -> None:
            if asked == self._asked:
                self._arrived(*found)

        context.tasks.run(load, done=arrived, failed=self.strip.say_error, owner=self)

    def to_list(self) -> None:
        """The keyboard into the list."""
        self.table.setFocus()

    # -- inner --------------------------------------------------------------------------------

    def _arrived(self, counts: dict[str, int], villages: tuple[str, ...]) -> None:
        self._counts = counts
        for at, text in enumerate(
            (
                tr("Missing in {year}: {count}"),
                tr("Waiting for the conclusion: {count}"),
                tr("Done in {year}: {count}"),
            )
        ):
            self.scopes.setTabText(at, text.format(year=self.year, count=counts[SCOPES[at]]))
        kept = self._village()
        blocked = self.village.blockSignals(True)
        self.village.clear()
        self.village.addItem(tr("All villages"), "")
        for name in villages:
            self.village.addItem(name, name)
        self.village.setCurrentIndex(max(self.village.findData(kept), 0))
        self.village.blockSignals(blocked)
        self._show()

    def _show(self) -> None:
        at = self.table.currentIndex().row()
        self.model.reload()
        rows = self.model.rowCount()
        self._stack.setCurrentWidget(self.table if rows else self.empty)
        self.open_button.setEnabled(bool(rows))
        if rows:
            self.table.choose(min(max(at, 0), rows - 1))

    def _recount(self) -> None:
        self.reload()

    def _village(self) -> str:
        return str(self.village.currentData() or "")

    def _scope(self) -> str:
        return SCOPES[self.scopes.currentIndex()]

    def _load(self, offset: int, limit: int) -> tuple[CheckLine, ...]:
        c = self._context
        return list_year(c.store, c.actor, self.year, self._scope(), self._village(), offset, limit)

    def _count(self) -> int:
        return self._counts[self._scope()]

    def _open_current(self) -> None:
        row = self.table.current()
        if row is not None:
            self._open(row)

    def _open(self, row: Any) -> None:
        self.wanted.emit(row.resident_id, row.health_check_id)


def _columns() -> list[Column[CheckLine]]:
    return [
        Column(tr("Village"), lambda line: line.village, 160),
        Column(tr("Name"), lambda line: line.name, 160, strong=True),
        Column(tr("Sex"), lambda line: codes.label("sex", line.sex), 64),
        Column(tr("Age"), lambda line: str(line.age), 64, align="right"),
        Column(tr("Phone"), lambda line: line.phone_masked, 140),
        Column(
            tr("Last check"),
            lambda line: line.check_date.isoformat() if line.check_date else tr("none yet"),
        ),
    ]
