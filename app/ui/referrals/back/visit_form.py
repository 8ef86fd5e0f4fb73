"""The form of a visit after the return: how the patient is, what of the plan was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care import limits
from app.care.age import age_on
from app.care.referral_back.visit import (
    MOST_MINUTES,
    VisitInput,
    VisitStart,
    record_visit,
)
from app.care.referral_letter import MAX_LINE, MAX_TEXT
from app.care.referral_red_flags import Vitals
from app.care.referral_return.inputs import PlanStep
from app.care.referral_words import step_word
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.referrals.returns.cards import awaited_words
from app.ui.referrals.returns.reply_fields import FormCard, entries
from app.ui.referrals.words import who
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.values import DateField, NumberField

#: Record kinds that a saved visit has written.
KINDS = ("referral_visit", "shared_note", "referral_task", "referral_event")
_DRAFT = "referral_visit"
_VITALS = ("sbp", "dbp", "heart_rate", "temperature", "spo2", "glucose")
#: Characters of a step that its button shows; the tip says all.
_STEP_WORDS = 26


class VisitForm(Page):
    """One visit being written. ``saved(referral_id)`` and ``left()`` are called at its end."""

    def __init__(
        self,
        context: UiContext,
        start: VisitStart,
        saved: Callable[[str], None],
        left: Callable[[], None],
    ) -> None:
        super().__init__("", scroll=True)
        self._context = context
        self._saved, self._left = saved, left
        self.start = start
        self.replaces_id = ""
        today = context.store.clock.today()
        age = age_on(start.birth_date, today) if start.birth_date <= today else None
        about = (start.resident_name, who(start.sex, age), start.referral_no)
        self.set_title(tr("Visit after the return"), "  ·  ".join(each for each in about if each))
        self.fields = FormFields(self)
        holder = QWidget()
        columns = QHBoxLayout(holder)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(theme.GAP_CARD)
        left_side, right_side = QVBoxLayout(), QVBoxLayout()
        for side in (left_side, right_side):
            side.setSpacing(theme.GAP_CARD)
            columns.addLayout(side, 1)
        left_side.addWidget(self._visit_card())
        right_side.addWidget(self._plan_card())
        for side in (left_side, right_side):
            side.addStretch(1)
        self.body.addWidget(holder)
        self.body.addStretch(1)
        self.correct_button = QuietButton(tr("Correct the last visit"), self.correct_last)
        self.correct_button.setVisible(start.last is not None)
        self.add_action(self.correct_button)
        self.leave_button = Button(tr("Back to the list"), self.go, tip=tr("Esc"))
        self.discard_button = QuietButton(tr("Throw the draft away"), self._throw_away)
        self.save_button = PrimaryButton(
            tr("Save the visit"), self._save, icon_name="save-line", shortcut="Ctrl+S"
        )
        self.add_footer(self.discard_button, self.leave_button, self.save_button)
        self.navigator = FormNavigator(self, self.save_button)
        QShortcut(QKeySequence("Esc"), self).activated.connect(self.go)
        self.fields["visited_on"].set_value(today)
        self.fields["local_doctor_name"].set_value(start.local_doctor_name or None)
        self.fields.touched = False
        self._keeper = DraftKeeper(
            context, _DRAFT, self.fields, subject_id=start.referral_id, extra=self._extra,
            parent=self,
        )  # fmt: skip
        self._keeper.failed.connect(lambda text: self.strip.say(text, "attention"))
        kept = self._keeper.restore()
        if kept is not None and start.last is not None and kept.get("extra") == start.last_id:
            self.correct_last()
            kept = self._keeper.restore()
        if kept is not None:
            self.set_note(tr("Your unfinished visit was opened again."))
        self.setFocusProxy(self.fields["mode"])

    # -- building, in the order of the visit -----------------------------------------------------

    def _visit_card(self) -> FormCard:
        card = FormCard(tr("Visit"), self.fields)
        today = self._context.store.clock.today()
        card.add(ChoiceField("mode", tr("Seen"), entries("referral_visit_mode"), required=True))
        card.row(
            DateField(
                "visited_on", tr("Day of the visit"), required=True, today=today,
                earliest=self.start.returned_on, latest=today,
            ),
            NumberField(
                "minutes", tr("Time taken"), unit=tr("min"), hard=(1, MOST_MINUTES),
                width=theme.NUMBER_WIDTH_SMALL, label_width=theme.NUMBER_WIDTH,
            ),
        )  # fmt: skip
        card.add(
            TextArea(
                "findings", tr("How the patient is"), lines=5, limit=MAX_TEXT, stacked=True,
                required=True,
            )
        )  # fmt: skip
        for three in (_VITALS[:3], _VITALS[3:]):
            card.row(*(_vital(name) for name in three))
        card.add(TextField("local_doctor_name", tr("Seen by"), limit=MAX_LINE))
        return card

    def _plan_card(self) -> FormCard:
        start = self.start
        card = FormCard(tr("Plan of the hospital"), self.fields)
        facts = tr("Back since {day} from {house}.").format(
            day=start.returned_on.isoformat(), house=start.from_name
        )
        card.body.addWidget(label(facts, "secondary", wrap=True))
        today = self._context.store.clock.today()
        if start.due_on is not None:
            line = label(awaited_words(start.due_on, today), "strong", wrap=True)
            dress(line, kind="strong", tone="danger" if start.due_on < today else "")
            card.body.addWidget(line)
        if start.diagnosis:
            card.body.addWidget(label(start.diagnosis, "", wrap=True))
        self.steps = ChoiceField(
            "done_steps", tr("Done of the plan"), _step_entries(start.steps), multiple=True,
            stacked=True,
        )  # fmt: skip
        card.add(self.steps)
        self.steps.setVisible(bool(start.steps))
        self.no_steps = label(tr("No step of the plan is open."), "hint")
        self.no_steps.setVisible(not start.steps)
        card.body.addWidget(self.no_steps)
        card.add(
            TextArea(
                "plan_changes", tr("Changes of the plan"), lines=3, limit=MAX_TEXT, stacked=True
            )
        )
        card.add(DateField("next_on", tr("To be seen again on"), nearest="future", today=today))
        return card

    # -- the last visit ---------------------------------------------------------------------------

    def correct_last(self) -> None:
        """Write the last own visit anew; the one before stays readable in the record."""
        last = self.start.last
        if last is None:
            return
        self.replaces_id = self.start.last_id
        open_steps = sorted(
            (*self.start.steps, *self.start.last_steps),
            key=lambda step: (step.due_on is None, step.due_on),
        )
        self.steps.set_entries(_step_entries(tuple(open_steps)))
        self.steps.setVisible(bool(open_steps))
        self.no_steps.setVisible(not open_steps)
        for key in (
            "mode", "visited_on", "findings", "local_doctor_name", "plan_changes", "done_steps",
            "next_on", "minutes",
        ):  # fmt: skip
            self.fields[key].set_value(getattr(last, key) or None)
        for key in _VITALS:
            self.fields[key].set_value(getattr(last.vitals, key))
        self.correct_button.hide()
        self.set_note(tr("This takes the place of the visit of {day}.").format(
            day=last.visited_on.isoformat() if last.visited_on else ""
        ))  # fmt: skip
        self.fields["findings"].setFocus()

    # -- leaving ----------------------------------------------------------------------------------

    def go(self) -> None:
        """Leave the page; the draft stays."""
        self.keep_draft()
        self._left()

    def keep_draft(self) -> None:
        """Write the draft if anything was typed."""
        if self.fields.touched:
            self._keeper.save_now()

    def _extra(self) -> str:
        return self.replaces_id

    def _throw_away(self) -> None:
        self._keeper.discard()
        self.fields.touched = False
        self._left()

    # -- saving -----------------------------------------------------------------------------------

    def visit(self) -> VisitInput:
        """What is typed."""
        fields = self.fields
        vitals = Vitals(**{key: fields[key].value() for key in _VITALS})
        if self.replaces_id and self.start.last is not None:
            # What has no field here stays as it was.
            vitals = replace(vitals, respiration=self.start.last.vitals.respiration)
        return VisitInput(
            mode=fields["mode"].value() or "",
            visited_on=fields["visited_on"].value(),
            findings=fields["findings"].value() or "",
            local_doctor_name=fields["local_doctor_name"].value() or "",
            vitals=vitals,
            plan_changes=fields["plan_changes"].value() or "",
            done_steps=tuple(fields["done_steps"].value() or ()),
            next_on=fields["next_on"].value(),
            minutes=fields["minutes"].value(),
        )

    def _save(self) -> None:
        self.strip.clear()
        if not self.fields.check():
            return
        context, referral_id, visit = self._context, self.start.referral_id, self.visit()
        replaces_id = self.replaces_id
        self.save_button.setEnabled(False)
        context.tasks.run(
            lambda: record_visit(
                context.store, context.actor, referral_id, visit, replaces_id=replaces_id
            ),
            done=self._finished,
            failed=self._refused,
            owner=self,
        )

    def _refused(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)

    def _finished(self, _visit_id: str) -> None:
        self.save_button.setEnabled(True)
        self.fields.touched = False
        self._keeper.discard()
        self._context.tell_changed(*KINDS)
        self._context.notify(tr("Saved. The other side sees it after the next synchronisation."))
        self._saved(self.start.referral_id)


def _vital(name: str) -> NumberField:
    limit = limits.LIMITS[name]
    soft = None
    if limit.soft_low is not None or limit.soft_high is not None:
        soft = (
            limit.soft_low if limit.soft_low is not None else limit.hard_low,
            limit.soft_high if limit.soft_high is not None else limit.hard_high,
        )
    return NumberField(
        name,
        limit.label(),
        unit=limit.unit,
        decimals=limit.decimals,
        hard=(limit.hard_low, limit.hard_high),
        soft=soft,
        stacked=True,
        width=theme.NUMBER_WIDTH_SMALL,
    )


def _step_entries(steps: tuple[PlanStep, ...]) -> list[tuple[str, str]]:
    found = []
    for step in steps:
        day = f"{step.due_on:%m-%d} " if step.due_on is not None else ""
        words = f"{day}{step_word(step)} {step.what}".strip()
        if len(words) > _STEP_WORDS:
            words = words[: _STEP_WORDS - 1] + "…"
        found.append((step.id, words))
    return found
