"""The conflict desk: both values of every field side by side, and one choice each.

Nothing is chosen beforehand. Digits choose, Enter goes on to the next field, Ctrl+S decides.
A decided conflict is shown the same way, to be read.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.care.conflicts import (
    Author,
    Choice,
    ClashingField,
    ConflictView,
    Decision,
    decide,
    read_conflict,
)
from app.clock import clinic_time
from app.errors import InputError, StaleRecord
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, IconLabel, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import sentence
from app.ui.widgets.values import DateField, NumberField


class _Value(QFrame):
    """One side's value; a click chooses it."""

    pressed = Signal()

    def __init__(self, text: str, side: str) -> None:
        super().__init__()
        dress(self, kind="strip", tone="neutral")
        row = QHBoxLayout(self)
        row.setContentsMargins(*(theme.GAP_INSIDE,) * 4)
        self._mark = IconLabel("check-line", "accent_text")
        self._text = label(text, wrap=True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        row.addWidget(self._text, 1)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        self._mark.setVisible(False)
        self.side = side
        self.setAccessibleName(text)

    def text(self) -> str:
        return self._text.text()

    def set_chosen(self, chosen: bool) -> None:
        dress(self, tone="accent" if chosen else "neutral")
        self._mark.setVisible(chosen)

    def mouseReleaseEvent(self, event: Any) -> None:
        super().mouseReleaseEvent(event)
        self.pressed.emit()


class FieldChoice(Card):
    """One field of the conflict: its name, what stood before, both values, the choice."""

    def __init__(
        self, field: ClashingField, today: date, *, readable: bool, rivals: bool = False
    ) -> None:
        super().__init__(field.label)
        self.field = field
        self.header.addWidget(
            label(tr("Before: {value}").format(value=_one_line(field.base)), "hint")
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_CARD)
        grid.setVerticalSpacing(theme.GAP_TIGHT)
        self.mine = _Value(field.mine, "mine")
        self.theirs = _Value(field.theirs, "theirs")
        for place, side in enumerate(_sides(rivals)):
            grid.addWidget(label(side, "secondary"), 0, place)
        grid.addWidget(self.mine, 1, 0)
        grid.addWidget(self.theirs, 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        values = (tr("This PC's value"), tr("The other side's value"))
        said = _sides(rivals) if rivals else values
        entries = [("mine", said[0]), ("theirs", said[1])]
        if field.other:
            entries.append(("other", tr("Another value…")))
        self.choice = ChoiceField(field.name, tr("Which is right?"), entries, required=True)
        self.other = _editor(field, today)
        self.body.addWidget(self.choice)
        if self.other is not None:
            self.body.addWidget(self.other)
            self.other.hide()
        self.choice.changed.connect(self._chose)
        for box in (self.mine, self.theirs):
            box.pressed.connect(lambda side=box.side: self.choice.set_value(side))
        if readable:
            self.choice.hide()
            self.mine.setEnabled(False)
            self.theirs.setEnabled(False)
            self.body.addWidget(label(_decided(field, rivals), "strong", wrap=True))
            self._mark(field.choice)

    def _chose(self) -> None:
        side = self.choice.value()
        self._mark(side or "")
        if self.other is not None:
            self.other.setVisible(side == "other")

    def _mark(self, side: str) -> None:
        self.mine.set_chosen(side == "mine")
        self.theirs.set_chosen(side == "theirs")

    def value(self) -> Choice | None:
        """What was chosen, or None."""
        side = self.choice.value()
        if side is None:
            return None
        if side == "other":
            return Choice("other", None if self.other is None else self.other.value())
        return Choice(side)


class ConflictDesk(Page):
    """The desk for one conflict. ``left``: back to the list; ``decided``: it is done."""

    left = Signal()
    decided = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__(tr("Conflict desk"), scroll=True)
        self._context = context
        self._view: ConflictView | None = None
        self._holder: QWidget | None = None
        self.rows: list[FieldChoice] = []
        self.fields = FormFields(self)
        self.back_button = Button(tr("Back to the list"), self.left.emit)
        self.open_button = Button(tr("Open the record"), self._open)
        self.decide_button = PrimaryButton(tr("Decide and send"), self.submit)
        self.add_footer(self.open_button, self.back_button, self.decide_button)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.activated.connect(self.left.emit)

    @property
    def conflict_id(self) -> str:
        """The conflict that is shown."""
        return self._view.conflict_id if self._view is not None else ""

    def show_conflict(self, conflict_id: str, *, notice: str = "") -> None:
        """Read a conflict and show it, with nothing chosen."""
        self.strip.clear()
        context = self._context

        def done(view: ConflictView) -> None:
            self._fill(view)
            if notice:
                self.strip.say(notice, "attention")

        context.tasks.run(
            read_conflict,
            context.store,
            context.actor,
            conflict_id,
            done=done,
            failed=self.strip.say_error,
            owner=self,
        )

    def _fill(self, view: ConflictView) -> None:
        self._view = view
        readable = view.decided is not None
        self.set_title(tr("Decided") if readable else tr("Conflict desk"), view.title)
        if self._holder is not None:
            self.body.removeWidget(self._holder)
            self._holder.hide()
            self._holder.deleteLater()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_CARD)
        column.addWidget(self._authors(view))
        self.fields = FormFields(holder)
        self.rows = []
        today = self._context.clock.today()
        for field in view.fields:
            row = FieldChoice(field, today, readable=readable, rivals=view.rivals)
            column.addWidget(row)
            self.rows.append(row)
            if not readable:
                self.fields.add(row.choice)
        column.addStretch(1)
        FormNavigator(holder, self.decide_button)
        self._holder = holder
        self.body.addWidget(holder)
        self.decide_button.setVisible(not readable)
        if self.isVisible():
            (self.back_button if readable else self.rows[0].choice).setFocus()

    def _authors(self, view: ConflictView) -> QWidget:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_CARD)
        one, other = _sides(view.rivals)
        for title, icon_name, author in (
            (one, "computer-line", view.mine),
            (other, "computer-line" if view.rivals else "hospital-line", view.theirs),
        ):
            card = Card()
            line = QHBoxLayout()
            line.setSpacing(theme.GAP_INSIDE)
            line.addWidget(IconLabel(icon_name, "text_secondary", theme.ICON_LARGE))
            line.addWidget(label(title, "strong"))
            line.addWidget(label(author_words(author), "secondary", wrap=True), 1)
            card.body.addLayout(line)
            row.addWidget(card, 1)
        if view.decided is not None:
            card = Card()
            card.body.addWidget(
                label(tr("Decided: {who}").format(who=author_words(view.decided)), "secondary")
            )
            row.addWidget(card, 1)
        return head

    def submit(self) -> None:
        """Decide; every field needs a choice."""
        view = self._view
        if view is None or view.decided is not None:
            return
        chosen = {row.field.name: row.value() for row in self.rows}
        problems = {
            name: tr("Choose which value is right.")
            for name, value in chosen.items()
            if value is None
        }
        for row in self.rows:
            if row.choice.value() == "other" and row.other is not None:
                message = row.other.problem()
                if message:
                    problems[row.field.name] = message
        if problems:
            self._show_problems(problems)
            return
        choices = {name: value for name, value in chosen.items() if value is not None}
        self.decide_button.setEnabled(False)
        context = self._context
        context.tasks.run(
            decide,
            context.store,
            context.actor,
            Decision(view.conflict_id, view.seen, choices),
            done=self._done,
            failed=self._failed,
            owner=self,
        )

    def _done(self, _result: object) -> None:
        self.decide_button.setEnabled(True)
        view = self._view
        self._context.notify(tr("Decided. The record is sent with the next try."))
        if view is not None:
            self._context.tell_changed(view.kind)
        self.decided.emit()

    def _failed(self, error: Exception) -> None:
        self.decide_button.setEnabled(True)
        if isinstance(error, StaleRecord) and self._view is not None:
            self.show_conflict(self._view.conflict_id, notice=str(error))
        elif isinstance(error, InputError) and not error.problems.keys() <= {""}:
            self._show_problems(error.problems)
        else:
            self.strip.say(sentence(error))

    def _show_problems(self, problems: dict[str, str]) -> None:
        self.strip.say_problems(self.fields.show_problems(problems))

    def _open(self) -> None:
        view = self._view
        if view is None:
            return
        if view.referral_id:
            self._context.navigate("referrals", referral_id=view.referral_id)
        elif view.resident_id:
            self._context.navigate("residents", resident_id=view.resident_id)


def author_words(author: Author) -> str:
    """``王医生 · 白塔畈卫生院 · 2026-03-02 09:30``; what is not known here is said as such."""
    parts = [author.name or tr("name not known on this PC"), author.organisation]
    if author.at is not None:
        parts.append(f"{clinic_time(author.at):%Y-%m-%d %H:%M}")
    return " · ".join(part for part in parts if part)


def _one_line(text: str) -> str:
    return tr("; ").join(text.splitlines())[:80]


def _sides(rivals: bool) -> tuple[str, str]:
    if rivals:
        return tr("The one that counts now"), tr("The other one")
    return tr("This PC"), tr("The other side")


def _decided(field: ClashingField, rivals: bool) -> str:
    if rivals and field.choice:
        return tr("Chosen: {side}").format(side=_sides(True)[field.choice == "theirs"])
    side = {
        "mine": tr("This PC's value stands."),
        "theirs": tr("The other side's value stands."),
        "other": tr("Another value stands: {value}").format(value=_one_line(field.chosen)),
    }
    return side.get(field.choice, tr("Both sides came to say the same."))


def _editor(field: ClashingField, today: date) -> Field | None:
    name, words = f"{field.name}.other", tr("Right value")
    match field.other:
        case "text":
            return TextField(name, words, limit=2000)
        case "date":
            return DateField(name, words, today=today)
        case "number":
            return NumberField(name, words, decimals=1)
        case "code":
            return ListField(
                name, words, [(each.code, each.label) for each in codes.entries(field.codes)]
            )
    return None
