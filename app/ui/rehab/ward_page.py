"""The ward page: the grid with its tools above and the chosen resident below."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.care.check_in import WardProblems, WardSaved
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.rehab import cells
from app.ui.rehab.controller import WardController
from app.ui.rehab.grid import WardTable
from app.ui.rehab.model import WardModel
from app.ui.rehab.panel import ResidentPanel, TimeEdit, WardProgress
from app.ui.rehab.row_dialog import RowDialog
from app.ui.rehab.words import State
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import sentence
from app.ui.widgets.values import DateField

_SHOWS = {"check_in", "rehab_plan", "resident", "condition", "follow_up"}


class WardPage(Page):
    """The check-in of a whole ward. ``plan_wanted`` and ``history_wanted`` carry a resident id."""

    plan_wanted = Signal(str)
    history_wanted = Signal(str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Ward check-in"), parent=parent)
        self._context = context
        self._warned_at = -1
        self.model = WardModel(self, context.clock.today)
        self.controller = WardController(context, self.model, self)
        self.table = WardTable(self.model)
        self.panel = ResidentPanel(self._details, self._plan, self._history)
        self.progress = WardProgress()
        self._empty = EmptyState(
            tr("Nobody is in residence here, and no plan is under way"),
            tr("Admit a resident to a bed on the resident's page, or write a rehab plan."),
            "hotel-bed-line",
        )
        self._build_tools()
        self.body.setSpacing(theme.GAP_INSIDE)
        self.body.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_INSIDE)
        self.body.addWidget(self.progress)
        self._stack = QStackedWidget()
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        column.addWidget(self.table, 1)
        column.addWidget(self.panel)
        self._stack.addWidget(work)
        self._stack.addWidget(self._empty)
        self.body.addWidget(self._stack, 1)
        self._build_footer()
        self._connect()

    def _build_tools(self) -> None:
        self.building = QComboBox()
        self.building.setAccessibleName(tr("Building"))
        self.building.setMinimumContentsLength(6)
        self.day = DateField(
            "day", "", latest=self._context.clock.today(), today=self._context.clock.today()
        )
        self.day.line.setAccessibleName(tr("Day of the check-in"))
        self.start = TimeEdit(tr("Session begins"))
        self.end = TimeEdit(tr("Session ends"))
        tools = QHBoxLayout()
        tools.setSpacing(theme.GAP_INSIDE)
        holder = QWidget()
        holder.setLayout(tools)
        tools.setContentsMargins(0, 0, 0, 0)
        for word, widget in (
            (tr("Building"), self.building),
            (tr("Day"), self.day),
            (tr("Time"), self.start),
            (tr("to"), self.end),
        ):
            tools.addWidget(label(word, "secondary"))
            tools.addWidget(widget)
        self.add_action(holder)

    def _build_footer(self) -> None:
        self.again_button = Button(
            tr("Another round"), self._new_round, icon_name="repeat-line", shortcut="Ctrl+N",
            tip=tr("Begin a second session today for those already saved"),
        )  # fmt: skip
        self.complete_button = Button(
            tr("All complete F8"), self.complete_all, icon_name="check-double-line",
            shortcut="F8",
            tip=tr("Mark every begun row as done; held, stopped and decided rows stay"),
        )  # fmt: skip
        self.save_button = PrimaryButton(tr("Save"), self.save)
        self.add_footer(self.again_button, self.complete_button, self.save_button)

    def _connect(self) -> None:
        self.building.activated.connect(self._choose_building)
        self.day.left.connect(self._choose_day)
        self.start.entered.connect(self._take_times)
        self.end.entered.connect(self._take_times)
        self.start.returnPressed.connect(self.end.setFocus)
        self.end.returnPressed.connect(self.table.setFocus)
        self.table.cell_entered.connect(lambda at, column: self._show_panel())
        self.table.details_wanted.connect(self._open_row)
        self.model.row_changed.connect(self._row_changed)
        self.model.dataChanged.connect(self._count)
        self.model.warned.connect(self._warn)
        self.controller.loaded.connect(self._loaded)
        self.controller.times_restored.connect(self._show_times)
        self.controller.saved.connect(self._saved)
        self.controller.refused.connect(self._refused)
        self.controller.failed.connect(self._failed)
        self.controller.draft_failed.connect(lambda text: self.strip.say(text, "attention"))
        self._context.records_changed.connect(self._records_changed)
        self._cursor: tuple[str, int] | None = None
        self._wanted = ""
        self.model.modelAboutToBeReset.connect(self._before_reset)

    # -- loading ----------------------------------------------------------------------------

    def open(self, resident_id: str = "") -> None:
        """Show today's ward (what was typed is kept), the cursor in a resident's row."""
        self._wanted = resident_id
        if not self.day.line.text():
            self.day.set_value(self.controller.day)
        building = None if resident_id else self.controller.building
        self.controller.load(self.controller.day, building)

    def leave(self) -> None:
        """Another room comes to the front: the draft is written at once."""
        self.table.commit()
        self.controller.keep_draft()

    def _loaded(self) -> None:
        names = (tr("All"), *self.controller.buildings)
        if tuple(self.building.itemText(i) for i in range(self.building.count())) != names:
            self.building.clear()
            self.building.addItems(names)
        chosen = self.controller.building
        self.building.setCurrentText(tr("All") if chosen is None else chosen)
        self._stack.setCurrentIndex(0 if self.model.rows else 1)
        self._count()
        if not self._to_wanted() and self.model.rows and not self.table.currentIndex().isValid():
            self._back_to_cursor() or self.table.go_first() or self.table.go(0, cells.FIRST)
        self._show_panel()

    def _to_wanted(self) -> bool:
        """Go to the row of the resident for whom the ward was opened."""
        wanted, self._wanted = self._wanted, ""
        for at, row in enumerate(self.model.rows):
            if wanted and row.ward.resident_id == wanted:
                self.table.go(at, cells.FIRST)
                return True
        if wanted and not self.isHidden():
            self.history_wanted.emit(wanted)
        return False

    def _before_reset(self) -> None:
        """The ward is about to be shown anew: keep what is being typed, and where."""
        self.table.commit()
        at, column = self.table.place()
        if 0 <= at < len(self.model.rows):
            self._cursor = (self.model.rows[at].ward.resident_id, column)

    def _back_to_cursor(self) -> bool:
        wanted, self._cursor = self._cursor, None
        for at, row in enumerate(self.model.rows):
            if wanted is not None and row.ward.resident_id == wanted[0]:
                self.table.go(at, wanted[1])
                return True
        return False

    def _choose_building(self) -> None:
        text = self.building.currentText()
        self.table.commit()
        self.controller.load(self.controller.day, None if text == tr("All") else text)

    def _choose_day(self) -> None:
        day = self.day.value()
        if self.day.problem() is None and isinstance(day, date) and day != self.controller.day:
            self.controller.load(day, self.controller.building)

    def _take_times(self) -> None:
        self.controller.set_times(self.start.value(), self.end.value())

    def _show_times(self) -> None:
        self.start.set_value(self.model.times.start)
        self.end.set_value(self.model.times.end)

    def _records_changed(self, kinds: set[str]) -> None:
        if self.controller.busy or not self.isVisible():
            return
        if kinds & _SHOWS:
            self.controller.reload()

    # -- the chosen row ---------------------------------------------------------------------

    def _show_panel(self) -> None:
        at, column = self.table.place()
        self.panel.show_row(self.model, at, max(column, 0))

    def _row_changed(self, at: int) -> None:
        judged = self.model.rows[at].judged
        if at == self._warned_at and not judged.holds and judged.state != "started":
            # Corrected, or the action was chosen: the warning has been heard.
            self.strip.clear()
            self._warned_at = -1
        self._after_edit()

    def _after_edit(self) -> None:
        self._show_panel()
        self._count()

    def _count(self) -> None:
        counts = self.model.counts()
        self.progress.show_counts(counts)
        self.save_button.setText(
            tr("Save {count}").format(count=counts.ready + self._held_open())
            if counts.ready + self._held_open()
            else tr("Save")
        )
        self.again_button.setEnabled(counts.done + counts.held > self._held_open())
        self.set_note(tr("Draft kept on this computer") if self.controller.has_draft() else "")

    def _held_open(self) -> int:
        return sum(row.held and row.is_ready() for row in self.model.rows)

    def _resident(self) -> str:
        at, _ = self.table.place()
        return self.model.rows[at].ward.resident_id if at >= 0 else ""

    def _open_row(self, at: int) -> None:
        """Enter on a row that cannot be typed in: its plan, or its history once saved."""
        row = self.model.rows[at]
        wanted = self.history_wanted if row.mode == "saved" else self.plan_wanted
        wanted.emit(row.ward.resident_id)

    def _plan(self) -> None:
        if self._resident():
            self.leave()
            self.plan_wanted.emit(self._resident())

    def _history(self) -> None:
        if self._resident():
            self.leave()
            self.history_wanted.emit(self._resident())

    def _details(self) -> None:
        self.table.commit()
        at, _ = self.table.place()
        if at >= 0 and self.model.rows[at].mode == "open":
            dialog = RowDialog(self.model.rows[at], self)
            dialog.taken.connect(
                lambda values, start, end: self.model.set_details(at, values, start, end)
            )
            dialog.open()

    # -- warnings and actions ---------------------------------------------------------------

    def _warn(self, at: int, state: State) -> None:
        row = self.model.rows[at]
        self._warned_at = at
        who = f"{row.ward.place or tr('home')} {row.ward.name}"
        self.strip.say(
            tr("{who}: {what}").format(who=who, what=state.sentence),
            "danger",
            action=tr("Refer now"),
            pressed=lambda: self._refer(at),
        )

    def _refer(self, at: int) -> None:
        self.table.commit()
        prefill = self.model.rows[at].prefill()
        self._context.navigate("referrals", resident_id=prefill.resident_id, prefill=prefill)

    def complete_all(self) -> None:
        """Mark all begun rows as done; the exceptions are then changed by hand."""
        self.table.commit()
        self.model.complete_all()
        self._after_edit()
        left = len(self.model.unfinished())
        if left:
            self.model.show_missing = True
            self._go_to_unfinished()
        self.table.viewport().update()
        self.table.setFocus()

    def _new_round(self) -> None:
        self.table.commit()
        count = self.model.new_round()
        if count:
            self.start.set_value(None)
            self.end.set_value(None)
            self._take_times()
            self.table.clearSpans()
            self.model.modelReset.emit()
            self.start.setFocus()
        self._count()

    def save(self) -> None:
        """Save what is ready; unusual values are asked for once, unfinished rows stay."""
        self.table.commit()
        self._take_times()
        self.model.show_missing = True
        unusual = self.model.unasked()
        if unusual:
            self.model.ask(unusual)
            first = unusual[0]
            self.table.go(first, cells.INDEX[next(iter(self.model.rows[first].questions()))])
            self.strip.say(
                tr(
                    "{count} rows have unusual values. Look at them; press Ctrl+S again if they "
                    "are right. Nothing was saved yet."
                ).format(count=len(unusual)),
                "attention",
            )
            self.table.viewport().update()
            return
        if not self.controller.save():
            self._say_nothing_ready()
        self.table.viewport().update()

    def _say_nothing_ready(self) -> None:
        if self.controller.busy:
            return
        if not self.model.unfinished():
            self.strip.say(tr("There is nothing to save yet."), "neutral")
            return
        row = self.model.rows[self.model.unfinished()[0]]
        if set(row.problems()) <= {"time"} and self.model.times.start is None:
            self.strip.say(
                tr("When did the session begin and end? Type the times at the top."), "attention"
            )
            self.start.setFocus()
            return
        self._go_to_unfinished()

    def _go_to_unfinished(self) -> None:
        """To the first cell that is missing or wrong, saying why."""
        waiting = self.model.unfinished()
        if not waiting:
            return
        row = self.model.rows[waiting[0]]
        problems = row.problems()
        key = next((k for k in problems if k in cells.INDEX), None)
        if key is None and "time" in problems:
            self.start.setFocus()
        self.table.go(waiting[0], cells.INDEX[key] if key else cells.FIRST)
        why = next(iter(problems.values()), "")
        self.strip.say(
            tr("{count} rows are not finished. {who}: {why}").format(
                count=len(waiting), who=row.ward.name, why=why
            ),
            "attention",
        )

    def _saved(self, saved: WardSaved) -> None:
        self._show_panel()
        self._count()
        self.strip.clear()
        paused = [row for row in saved.rows if row.plan_paused]
        self._context.notify(
            tr("Saved {count} rows: {done} done, {held} held, {skipped} not done.").format(
                count=len(saved.rows),
                done=saved.count("done"),
                held=saved.count("held"),
                skipped=saved.count("skipped"),
            )
        )
        if paused:
            names = {row.ward.resident_id: row.ward.name for row in self.model.rows}
            self.strip.say(
                tr(
                    "{who}: stop criteria were met on two sessions running. The plan is paused "
                    "and stands on the prescriber's list."
                ).format(who=tr(", ").join(names.get(row.resident_id, "") for row in paused)),
                "attention",
            )
        elif self.model.unfinished():
            self._go_to_unfinished()

    def _refused(self, problems: WardProblems) -> None:
        texts = [text for row in problems.rows.values() for text in row.values()]
        self.strip.say(f"{problems.problems['']} {texts[0] if texts else ''}".strip())
        self.controller.reload()

    def _failed(self, error: Exception) -> None:
        self.strip.say(sentence(error))
        self._count()
