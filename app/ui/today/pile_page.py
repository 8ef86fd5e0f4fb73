"""The printed list to be typed in: its slips in paper order, and how far the pile is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QStackedWidget

from app.care.paper.pile import (
    Pile,
    RoundLine,
    SlipLine,
    close_round,
    find_slip,
    load_pile,
    open_rounds,
    say_day,
    set_slip_aside,
    take_slip_up,
)
from app.care.paper.rounds import HEALTH_CHECK
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.field_kinds import entries_of
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import DateField

_ICONS = {"waiting": "file-edit-line", "entered": "check-line", "aside": "inbox-archive-line"}


def slip_columns() -> list[Column[SlipLine]]:
    """The slips as they lie in the pile."""
    return [
        Column(tr("Slip no."), lambda row: row.number, 90, strong=True),
        Column(tr("Name"), lambda row: row.name, 100, strong=True),
        Column(
            tr("Sex, age"),
            lambda row: tr("{sex} {age}").format(sex=codes.label("sex", row.sex), age=row.age),
            80,
        ),
        Column(tr("Village"), lambda row: row.village, 140),
        Column(
            tr("Diseases"),
            lambda row: " ".join(codes.label("chronic_disease_short", d) for d in row.diseases),
            200,
        ),
        Column(
            tr("State"),
            _state,
            None,
            tone=lambda row: "attention" if row.state == "waiting" else None,
            icon_name=lambda row: _ICONS[row.state],
        ),
    ]


def _state(row: SlipLine) -> str:
    if row.state == "entered":
        return tr("entered")
    if row.state == "aside":
        return tr("set aside: {reason}").format(reason=row.aside)
    if row.printed_as:
        return tr("to be entered; records merged, on paper: {name}").format(name=row.printed_as)
    return tr("to be entered")


class PilePage(Page):
    """``wanted(pile, slip)``: open the form of a slip; ``left``: back to Today."""

    wanted = Signal(object, object)
    left = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__(tr("Enter printed forms"))
        self._context = context
        self.pile: Pile | None = None
        self.rounds = QComboBox()
        self.rounds.setAccessibleName(tr("Printed list"))
        self.rounds.setMinimumContentsLength(36)
        self.add_action(self.rounds)
        today = context.clock.today()
        self.fields = FormFields(self)
        self.day = self.fields.add(
            DateField(
                "visit_date",
                tr("Day of the visits"),
                required=True,
                latest=today,
                today=today,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.mode = self.fields.add(
            ChoiceField(
                "mode",
                tr("Mode"),
                entries_of("follow_up_mode"),
                label_width=theme.LABEL_SECOND,
            )
        )
        self.number = self.fields.add(
            TextField(
                "number",
                tr("Slip no."),
                limit=12,
                width=theme.NUMBER_WIDTH,
                label_width=theme.LABEL_SECOND,
            )
        )
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_SECTION)
        line.addWidget(self.day)
        line.addWidget(self.mode, 1)
        line.addWidget(self.number)
        self.model: PagedModel[SlipLine] = PagedModel(slip_columns())
        self.table = RecordTable(self.model, tr("Slips in paper order"))
        self.empty = EmptyState(
            tr("No printed list is waiting."),
            tr(
                "Print a visit list or slips under Today, by village. When the slips come back "
                "filled in, they are entered here in the same order."
            ),
            "stack-line",
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        self.body.addLayout(line)
        self.body.addWidget(self.stack, 1)
        self.aside_button = Button(tr("No visit…"), self._aside, icon_name="inbox-archive-line")
        self.close_button = Button(tr("Pile is done"), self._close, icon_name="check-double-line")
        self.back_button = Button(tr("Back to Today"), self.left.emit)
        self.enter_button = PrimaryButton(
            tr("Enter slip"), self._enter, icon_name="edit-line", shortcut="Ctrl+N"
        )
        self.add_footer(self.back_button, self.close_button, self.aside_button, self.enter_button)
        self._navigator = FormNavigator(self, last=self.enter_button)
        self.rounds.currentIndexChanged.connect(lambda _: self._round_chosen())
        self.table.opened.connect(self.open_slip)
        self.number.line.returnPressed.connect(self._number_typed)
        self.day.left.connect(self._keep_day)
        self.mode.changed.connect(self._keep_day)

    # -- opening --------------------------------------------------------------------------------

    def begin(self, round_id: str = "") -> None:
        """Show the open lists; the one of ``round_id``, or the newest with waiting slips."""
        c = self._context
        self.strip.clear()
        c.tasks.run(
            open_rounds,
            c.store,
            c.actor,
            done=lambda lines: self._show_rounds(lines, round_id),
            failed=self.strip.say_error,
            owner=self,
        )

    def _show_rounds(self, lines: tuple[RoundLine, ...], wanted: str) -> None:
        blocked = self.rounds.blockSignals(True)
        self.rounds.clear()
        for each in lines:
            words = tr("List {number}, {title}: {waiting} of {slips} waiting")
            self.rounds.addItem(
                words.format(
                    number=each.number, title=each.title, waiting=each.waiting, slips=each.slips
                ),
                each.round_id,
            )
        at = max(self.rounds.findData(wanted), 0) if wanted else 0
        if not wanted:
            at = next((at for at, each in enumerate(lines) if each.waiting), 0)
        self.rounds.setCurrentIndex(at)
        self.rounds.blockSignals(blocked)
        self.stack.setCurrentWidget(self.table if lines else self.empty)
        for widget in (self.rounds, self.day, self.mode, self.number, self.aside_button,
                       self.close_button, self.enter_button):  # fmt: skip
            widget.setEnabled(bool(lines))
        self.set_note("")
        if lines:
            self._round_chosen()
        else:
            self.pile = None
            self.back_button.setFocus()

    def _round_chosen(self) -> None:
        round_id = str(self.rounds.currentData() or "")
        if round_id:
            self._load(round_id, self._arrived)

    def _load(self, round_id: str, done: Callable[[Pile], None]) -> None:
        c = self._context
        c.tasks.run(
            load_pile,
            c.store,
            c.actor,
            round_id,
            done=done,
            failed=self.strip.say_error,
            owner=self,
        )

    def _arrived(self, pile: Pile) -> None:
        self.show_pile(pile)
        if pile.visit_date is None and pile.form != HEALTH_CHECK:
            self.day.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_pile(self, pile: Pile) -> None:
        """The slips of a list, the cursor on the first that waits."""
        self.pile = None
        self.day.set_value(pile.visit_date)
        self.mode.set_value(pile.mode or None)
        self.number.set_value(None)
        self.pile = pile
        for field in (self.day, self.mode):
            field.setVisible(pile.form != HEALTH_CHECK)
        self.model.set_rows(pile.slips)
        following = pile.after(0)
        if pile.slips:
            self.table.choose(following.position - 1 if following else 0)
        self.set_note(
            tr("{entered} entered, {aside} without a visit, {waiting} waiting").format(
                entered=pile.count("entered"),
                aside=pile.count("aside"),
                waiting=pile.count("waiting"),
            )
        )

    # -- the slips ------------------------------------------------------------------------------

    def open_slip(self, slip: SlipLine) -> None:
        """Open the form of a slip; the day of the visits must be known first."""
        self.strip.clear()
        assert self.pile is not None
        if self.pile.form == HEALTH_CHECK:
            # The check-up has its own page in paper order; the slip is marked by its record.
            about = (
                {"health_check_id": slip.record_id}
                if slip.state == "entered"
                else {"resident_id": slip.resident_id}
            )
            self._context.navigate("check_ups", **about)
            return
        if slip.state == "entered":
            self._context.navigate("chronic", follow_up_id=slip.record_id)
            return
        problem = self.day.problem()
        if problem:
            self.day.show_problem(problem)
            self.day.setFocus()
            return
        self.wanted.emit(self.pile, slip)

    def find(self, text: str, failed: Callable[[Exception], None]) -> None:
        """Open the slip of a printed number, in whichever list it stands."""
        c, pile = self._context, self.pile

        def found(both: tuple[Pile, SlipLine]) -> None:
            other, slip = both
            if pile is None or other.round_id != pile.round_id:
                self.show_pile(other)
            self.table.choose(slip.position - 1)
            self.open_slip(slip)

        c.tasks.run(find_slip, c.store, c.actor, text, pile, done=found, failed=failed, owner=self)

    def chosen_day(self) -> Any:
        return self.day.value()

    def _number_typed(self) -> None:
        if not self.number.is_blank():
            self.find(self.number.text(), self.strip.say_error)

    def _enter(self) -> None:
        row = self.table.current()
        if row is not None:
            self.open_slip(row)

    def _keep_day(self) -> None:
        """The day and the way of the visits are kept with the list at once."""
        pile = self.pile
        day, mode = self.day.value(), self.mode.value() or ""
        if pile is None or self.day.problem() or (day, mode) == (pile.visit_date, pile.mode):
            return
        c = self._context

        # What the list of slips shows may have changed meanwhile; only the day is known anew.
        self.pile = replace(pile, visit_date=day, mode=mode)
        c.tasks.run(
            say_day,
            c.store,
            c.actor,
            pile.round_id,
            day,
            mode,
            failed=self.strip.say_error,
            owner=self,
        )

    def _aside(self) -> None:
        """Why there is no visit on the chosen slip."""
        row = self.table.current()
        if row is None or row.state == "entered":
            return
        if row.state == "aside" and row.diseases:
            self._change(
                lambda: take_slip_up(self._context.store, self._context.actor, row.slip_id)
            )
            return
        menu = self.reasons(row)
        menu.popup(self.aside_button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def reasons(self, row: SlipLine) -> QMenu:
        """The menu of reasons for a slip without a visit."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words in (
            tr("Nobody at home"),
            tr("Refused"),
            tr("Cannot be found"),
            tr("In hospital or away"),
            tr("Slip left blank"),
        ):
            menu.addAction(words).triggered.connect(
                lambda _=False, reason=words: self._change(
                    lambda: set_slip_aside(
                        self._context.store, self._context.actor, row.slip_id, reason
                    )
                )
            )
        return menu

    def _close(self) -> None:
        pile = self.pile
        if pile is None:
            return
        waiting = pile.count("waiting")
        c = self._context

        def close() -> None:
            c.tasks.run(
                close_round,
                c.store,
                c.actor,
                pile.round_id,
                done=lambda _: self.begin(),
                failed=self.strip.say_error,
                owner=self,
            )

        if waiting:
            self.strip.say(
                tr("{count} slips still wait. They would leave this page unentered.").format(
                    count=waiting
                ),
                "attention",
                action=tr("Close the pile all the same"),
                pressed=close,
            )
            return
        close()

    def _change(self, work: Callable[[], object]) -> None:
        pile = self.pile
        assert pile is not None
        self._context.tasks.run(
            work,
            done=lambda _: self.begin(pile.round_id),
            failed=self.strip.say_error,
            owner=self,
        )
