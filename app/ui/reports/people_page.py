"""The people behind a number: who is counted, who is missing; Enter opens the person."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QTabBar, QWidget

from app.care.indicators.catalogue import BY_CODE
from app.care.indicators.counted import Counted
from app.care.indicators.report import Member, Report, members
from app.care.indicators.sheets import export_members
from app.care.spreadsheet import suggested_name
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.reports.model import GroupRow, figure, member_columns
from app.ui.widgets import save_file
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import PagedModel, RecordTable

WHICH = ("missing", "done", "all")


class PeoplePage(Page):
    """``left``: back to the indicators."""

    left = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Reports"), parent=parent)
        self._context = context
        self._report: Report | None = None
        self._code = ""
        self._counted = Counted("", {}, {})
        self._name = ""
        self._rows: tuple[Member, ...] = ()
        self._asked = 0
        self.which = QTabBar()
        self.which.setDrawBase(False)
        self.which.setExpanding(False)
        self.which.setAccessibleName(tr("Which people"))
        for _ in WHICH:
            self.which.addTab("")
        self.model: PagedModel[Member] = PagedModel(member_columns())
        self.table = RecordTable(self.model, tr("The people behind the number"))
        self.nobody = EmptyState(tr("Nobody stands here."), icon_name="team-line")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.nobody)
        self.body.addWidget(self.which)
        self.body.addWidget(self.stack, 1)
        self.export_button = Button(
            tr("To Excel…"), self._export, icon_name="file-excel-2-line", shortcut="Ctrl+E"
        )
        self.add_action(self.export_button)
        self.back = Button(tr("Back"), self.left.emit, icon_name="arrow-left-line", shortcut="Esc")
        self.open_button = PrimaryButton(
            tr("Open the record"), self._open_current, icon_name="user-line", shortcut=""
        )
        self.add_footer(self.back, self.open_button)
        self.set_note(tr("Enter opens the resident, Esc goes back to the indicators."))
        self.table.opened.connect(self._open)
        self.which.currentChanged.connect(lambda _: self._ask())

    def show_people(self, report: Report, code: str, group: GroupRow | None, which: str) -> None:
        """The people of an indicator, or of one village, doctor or team under it."""
        self._report, self._code = report, code
        self._counted = report.counted[code] if group is None else group.counted
        self._name = "" if group is None else group.name
        indicator = BY_CODE[code]
        parts = [report.period.label, *([self._name] if self._name else [])]
        self.set_title(f"{code} {indicator.name}", " · ".join(parts))
        one = self._counted
        for at, text in enumerate(
            (
                tr("Missing {count}").format(count=len(one.missing)),
                tr("Counted {count}").format(count=len(one.numerator)),
                tr("All {count}").format(count=len(one.denominator)),
            )
        ):
            self.which.setTabText(at, text)
        # Nobody is missing from an estimate: it is a share of everybody, not a list.
        for at in (0, 2):
            self.which.setTabVisible(at, not indicator.estimated)
        if indicator.ratio:
            self.which.setTabVisible(0, False)
        blocked = self.which.blockSignals(True)
        self.which.setCurrentIndex(WHICH.index(which))
        self.which.blockSignals(blocked)
        self._ask()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- inner ----------------------------------------------------------------------------------

    def _ask(self) -> None:
        if self._report is None:
            return
        which = WHICH[self.which.currentIndex()]
        one = self._counted
        ids: tuple[str, ...] = (
            one.missing
            if which == "missing"
            else tuple(one.numerator if which == "done" else one.denominator)
        )
        self._asked += 1
        asked = self._asked
        self.model.set_rows(())
        c = self._context
        c.tasks.run(
            members,
            c.store,
            c.actor,
            ids,
            one,
            self._report.period.end,
            done=lambda rows: self._arrived(asked, rows),
            failed=self.strip.say_error,
            owner=self,
        )

    def _arrived(self, asked: int, rows: tuple[Member, ...]) -> None:
        if asked != self._asked:
            return
        self._rows = rows
        self.model.set_rows(rows)
        self.stack.setCurrentWidget(self.table if rows else self.nobody)
        self.open_button.setEnabled(bool(rows))
        if rows:
            self.table.choose(0)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setAccessibleDescription(figure(len(rows)))

    def _open_current(self) -> None:
        row = self.table.current()
        if row is not None:
            self._open(row)

    def _open(self, row: Member) -> None:
        if row.resident_id:  # else an organisation is counted
            self._context.navigate("residents", resident_id=row.resident_id)

    def _export(self) -> None:
        if self._report is None:
            return
        parts = [self._code, BY_CODE[self._code].name, self._report.period.label]
        name = suggested_name(*parts, *([self._name] if self._name else []))
        path = save_file.ask_where_to_save(self, name)
        if path is None:
            return
        c = self._context
        c.tasks.run(
            export_members,
            c.store,
            c.actor,
            path,
            self._report,
            self._code,
            self._rows,
            done=lambda _: c.notify(tr("The list was saved as an Excel file. It names residents.")),
            failed=self.strip.say_error,
            owner=self,
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
