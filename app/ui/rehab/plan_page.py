"""The plan of one resident: write it, put it under way, pause, resume, review, end it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QVBoxLayout, QWidget

from app.care import rehab_plan
from app.care.rehab_plan import PlanView
from app.care.rehab_plan_form import PlanInput, PlanItem
from app.care.resident_page import Summary, summary
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.rehab.plan_items import ItemsModel, PlanItems
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, Chip
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page, ScrollArea
from app.ui.widgets.strips import sentence
from app.ui.widgets.values import DateField, NumberField

_TEXTS = ("diagnosis", "goal_short", "goal_long", "precautions", "contraindications",
          "prescriber_name", "supervisor")  # fmt: skip
_TONES: dict[str, theme.Tone] = {
    "active": "confirmed", "paused": "attention", "draft": "neutral",
    "completed": "neutral", "stopped": "neutral",
}  # fmt: skip
_LINES = (
    ("diagnosis",), ("goal_short",), ("goal_long",), ("precautions",), ("contraindications",),
    ("onset_date", "heart_rate_ceiling"), ("prescriber_name", "supervisor"),
    ("starts_on", "review_on"), ("measures",),
)  # fmt: skip
_LABEL = theme.LABEL_WIDTH - theme.GAP_SECTION
_FORM_SHARE, _ITEMS_SHARE = 10, 13


class PlanPage(Page):
    """The editor of a resident's plan. ``left``: back to where one came from."""

    left = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Rehab plan"), parent=parent)
        self._context = context
        self.resident_id = ""
        self.plan: PlanView | None = None
        self.form = FormFields(self)
        self.items = ItemsModel(self)
        self.editor = PlanItems(self.items)
        self._opened = False
        self._build_head()
        self._build_body()
        self._build_footer()
        self._keeper = DraftKeeper(
            context, "rehab_plan", self.form, extra=self.items.raw, parent=self
        )
        self.items.edited.connect(self._touched)
        self._keeper.failed.connect(lambda text: self.strip.say(text, "attention"))

    # -- building ---------------------------------------------------------------------------

    def _build_head(self) -> None:
        self.status = Chip()
        self.add_action(self.status)
        self.pause_button = QuietButton(tr("Pause"), partial(self._with_reason, "pause"),
                                        icon_name="pause-circle-line")  # fmt: skip
        self.resume_button = QuietButton(tr("Resume plan"), partial(self._move, "activate"),
                                         icon_name="play-circle-line")  # fmt: skip
        self.review_button = QuietButton(tr("Reviewed today"), partial(self._move, "review"),
                                         icon_name="calendar-check-line")  # fmt: skip
        self.complete_button = QuietButton(tr("Goals met"), partial(self._move, "complete"),
                                           icon_name="flag-line")  # fmt: skip
        self.stop_button = QuietButton(tr("Stop plan"), partial(self._with_reason, "stop"),
                                       icon_name="stop-circle-line")  # fmt: skip
        for button in (self.pause_button, self.resume_button, self.review_button,
                       self.complete_button, self.stop_button):  # fmt: skip
            self.add_action(button)
        self.add_action(Button(tr("Leave the plan"), self._leave_page, icon_name="arrow-left-line"))

    def _build_body(self) -> None:
        today = self._context.clock.today
        fields = (
            TextField("diagnosis", tr("Diagnosis"), required=True, label_width=_LABEL),
            TextArea("goal_short", tr("Short-term goal"), lines=2, required=True,
                     label_width=_LABEL),
            TextArea("goal_long", tr("Long-term goal"), lines=2, label_width=_LABEL),
            TextArea("precautions", tr("Precautions"), lines=2, required=True,
                     label_width=_LABEL),
            TextArea("contraindications", tr("Avoid"), lines=2, label_width=_LABEL),
            DateField("onset_date", tr("Onset"), today=today(), latest=today(),
                      label_width=_LABEL),
            NumberField("heart_rate_ceiling", tr("Heart-rate ceiling"), unit="/min",
                        hard=(60, 220), label_width=_LABEL),
            TextField("prescriber_name", tr("Prescriber"), required=True, limit=50,
                      label_width=_LABEL),
            TextField("supervisor", tr("Supervisor"), limit=50, label_width=_LABEL),
            DateField("starts_on", tr("Starts"), required=True, nearest="future", today=today(),
                      label_width=_LABEL),
            DateField("review_on", tr("Review"), nearest="future", today=today(),
                      label_width=_LABEL),
            ChoiceField(
                "measures", tr("Measures"),
                [(entry.code, entry.label) for entry in codes.entries("rehab_measure")],
                multiple=True, label_width=_LABEL,
            ),
        )  # fmt: skip
        self.form.add(*fields)
        self.form["review_on"].setToolTip(tr("blank = 2 weeks after the start"))
        left = QWidget()
        dress(left, kind="body")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, theme.GAP_INSIDE, 0)
        column.setSpacing(theme.GAP_INSIDE)
        for line in _LINES:
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_INSIDE)
            for key in line:
                row.addWidget(self.form[key], 1, Qt.AlignmentFlag.AlignTop)
            column.addLayout(row)
        column.addStretch(1)
        area = ScrollArea(left)
        form_card, items_card = Card(tr("Plan")), Card(tr("Exercises"))
        form_card.body.addWidget(area, 1)
        items_card.body.addWidget(self.editor, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(form_card, _FORM_SHARE)
        row.addWidget(items_card, _ITEMS_SHARE)
        self.body.addLayout(row, 1)

    def _build_footer(self) -> None:
        self.draft_button = Button(tr("Save as draft"), partial(self._save, False))
        self.save_button = PrimaryButton(tr("Save and begin"), partial(self._save, True))
        self.add_footer(self.draft_button, self.save_button)
        navigator = FormNavigator(self)
        navigator.finished.connect(self.editor.finder.setFocus)

    # -- showing ----------------------------------------------------------------------------

    def open(self, resident_id: str) -> None:
        """Show the resident's plan under way, or else a new one."""
        self.leave()
        self.resident_id = resident_id
        self._opened = True
        self.strip.clear()
        store, actor = self._context.store, self._context.actor

        def work() -> tuple[Summary, tuple[PlanView, ...]]:
            return summary(store, actor, resident_id), rehab_plan.plans_of(store, resident_id)

        self._context.tasks.run(work, done=self._show, failed=self._failed, owner=self)

    def _show(self, found: tuple[Summary, tuple[PlanView, ...]]) -> None:
        resident, plans = found
        if resident.id != self.resident_id:
            return
        words = [tr("Rehab plan"), codes.label("sex", resident.sex),
                 tr("{age} years").format(age=resident.age)]  # fmt: skip
        if resident.bed:
            words.append(resident.bed)
        self.set_title(resident.name, " · ".join(words))
        living = [plan for plan in plans if plan.status in ("active", "paused", "draft")]
        living.sort(key=lambda plan: plan.status == "draft")
        self._fill(living[0] if living else None)
        self.form["diagnosis"].setFocus()

    def _fill(self, plan: PlanView | None) -> None:
        self.plan = plan
        self._keeper.start(self.resident_id)
        self.form.clear()
        if plan is None:
            self.items.set_items(())
            self.form["starts_on"].set_value(self._context.clock.today())
            if self._context.may(*rehab_plan.RESUME_ROLES):
                self.form["prescriber_name"].set_value(self._context.actor.name)
        else:
            for name in (*_TEXTS, "onset_date", "starts_on", "review_on", "measures",
                         "heart_rate_ceiling"):  # fmt: skip
                self.form[name].set_value(getattr(plan, name) or None)
            self.items.set_items(plan.items)
        kept = self._keeper.restore(drop_blank=True)
        if kept is not None:
            self.items.set_items([PlanItem.from_dict(raw) for raw in kept.get("extra") or ()])
        self.form.touched = kept is not None
        self._dress()

    def _dress(self) -> None:
        plan = self.plan
        status = plan.status if plan else ""
        words = codes.label("rehab_plan_status", status) if plan else tr("New plan")
        if plan and plan.status_reason:
            words = f"{words}: {rehab_plan.reason_text(plan.status_reason)}"
        self.status.set(words, _TONES.get(status, "neutral"))
        writer = self._context.may(*rehab_plan.PLAN_ROLES)
        for button, states in (
            (self.pause_button, ("active",)),
            (self.resume_button, ("paused",)),
            (self.review_button, ("active", "paused")),
            (self.complete_button, ("active", "paused")),
            (self.stop_button, ("active", "paused", "draft")),
        ):
            button.setVisible(writer and status in states)
        self.draft_button.setVisible(status in ("", "draft"))
        self.save_button.setText(
            tr("Save and begin") if status in ("", "draft") else tr("Save changes")
        )
        for button in (self.save_button, self.draft_button):
            button.setEnabled(writer)
        self.set_note("" if writer else tr("Only a doctor or rehab worker writes plans."))

    # -- actions ----------------------------------------------------------------------------

    def _input(self) -> PlanInput:
        typed: dict[str, Any] = self.form.values()
        own = typed["prescriber_name"] == self._context.actor.name
        return PlanInput(
            resident_id=self.resident_id,
            **{name: typed[name] or "" for name in _TEXTS},
            starts_on=typed["starts_on"],
            review_on=typed["review_on"],
            onset_date=typed["onset_date"],
            heart_rate_ceiling=typed["heart_rate_ceiling"],
            measures=typed["measures"],
            items=tuple(self.items.items),
            prescriber_id=self._context.actor.staff_id if own else None,
            diagnosis_code=self.plan.diagnosis_code if self.plan else None,
            source_referral_id=self.plan.source_referral_id if self.plan else None,
        )

    def _save(self, begin: bool) -> None:
        self.editor.table.commit()
        if not self.form.check():
            return
        store, actor, plan, typed = (
            self._context.store, self._context.actor, self.plan, self._input()
        )  # fmt: skip

        def work() -> PlanView:
            if plan is None:
                return rehab_plan.create_plan(store, actor, typed, activate=begin)
            kept = rehab_plan.revise_plan(store, actor, plan.id, typed, plan.change_id)
            if begin and kept.status == "draft":
                return rehab_plan.activate_plan(store, actor, kept.id)
            return kept

        self._context.tasks.run(work, done=self._saved, failed=self._refused, owner=self)

    def _saved(self, plan: PlanView) -> None:
        self._keeper.discard()
        self.form.touched = False
        self._context.notify(tr("The plan is saved."))
        self._context.tell_changed("rehab_plan")
        self._fill(plan)
        if plan.status == "active":
            self.left.emit()

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, InputError):
            self._failed(error)
            return
        of_items = {
            int(key.removeprefix("items.")): text
            for key, text in error.problems.items()
            if key.startswith("items.")
        }
        self.items.show_problems(of_items)
        rest = {k: text for k, text in error.problems.items() if not k.startswith("items.")}
        left = self.form.show_problems(rest)
        if of_items:
            at = min(of_items)
            name = codes.label("rehab_exercise", self.items.items[at].exercise)
            self.strip.say(tr("{who}: {what}").format(who=name, what=of_items[at]))
            self.editor.table.setCurrentIndex(self.items.index(at, 1))
            self.editor.table.setFocus()
        else:
            self.strip.say_problems(left)
            if "items" in left:
                self.editor.finder.setFocus()

    def _with_reason(self, action: str) -> None:
        entries = [entry for entry in codes.entries("rehab_stop_cause")
                   if entry.code not in ("goals_met", "two_stops")]  # fmt: skip
        word, agreed = QInputDialog.getItem(
            self, tr("Say why."), tr("Reason (choose or write)"),
            [entry.label for entry in entries], 0, True,
        )  # fmt: skip
        if agreed:
            code = next((entry.code for entry in entries if entry.label == word), word)
            self._move(action, code)

    def _move(self, action: str, reason: str = "") -> None:
        """pause, activate, review, complete or stop the plan shown."""
        if self.plan is None:
            return
        store, actor, plan_id = self._context.store, self._context.actor, self.plan.id
        moves: dict[str, Callable[[], PlanView]] = {
            "pause": lambda: rehab_plan.pause_plan(store, actor, plan_id, reason),
            "stop": lambda: rehab_plan.stop_plan(store, actor, plan_id, reason),
            "activate": lambda: rehab_plan.activate_plan(store, actor, plan_id),
            "complete": lambda: rehab_plan.complete_plan(store, actor, plan_id),
            "review": lambda: rehab_plan.review_plan(store, actor, plan_id),
        }
        self._context.tasks.run(moves[action], done=self._moved, failed=self._failed, owner=self)

    def _moved(self, plan: PlanView) -> None:
        self._context.tell_changed("rehab_plan")
        self._context.notify(
            tr("The plan is now “{state}”, next review {day}.").format(
                state=codes.label("rehab_plan_status", plan.status), day=plan.review_on
            )
        )
        if plan.status in ("completed", "stopped"):
            self.left.emit()
        else:
            self._fill(plan)

    def _touched(self) -> None:
        self.form.touched = True
        self._keeper.note()

    def leave(self) -> None:
        """Keep what was typed as a draft."""
        self.editor.table.commit()
        if self._opened and self.form.touched:
            self._keeper.save_now()

    def _leave_page(self) -> None:
        self.leave()
        self.left.emit()

    def _failed(self, error: Exception) -> None:
        self.strip.say(sentence(error))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave_page()
            return
        super().keyPressEvent(event)
