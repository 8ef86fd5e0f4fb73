"""The dated plan: its steps as lines of the form, and the part of rehabilitation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral_return.checks import place_of
from app.care.referral_return.inputs import PlanInput, PlanStep, RehabPart
from app.care.rehab_plan_form import PlanItem
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.returns.reply_fields import FormCard, entries
from app.ui.rehab.plan_items import ItemsModel, PlanItems
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ListField
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField

_ITEM_LINES = 5


def step_entries() -> list[tuple[str, str]]:
    """What can be done in a step; a follow-up comes once for each disease that has its own form."""
    found = []
    for code, word in entries("return_step"):
        found.append((code, word))
        if code == "follow_up":
            found += [
                (f"{code}:{disease}", tr("{what}: {words}").format(what=word, words=name))
                for disease, name in entries("chronic_disease")
            ]
    return found


class StepLine(QWidget):
    """One step: what, by when, in words, who; and away with it. ``number``: of the line in this
    form; ``step_id``: of the step in the plan that is stored, empty for a new one."""

    def __init__(
        self,
        fields: FormFields,
        number: int,
        today: date,
        remove: Callable[[StepLine], None],
    ) -> None:
        super().__init__()
        self.number = number
        self.step_id = ""
        #: Removed by its button; a line not shown yet is hidden, too, for Qt.
        self.gone = False
        key = f"plan.steps.{number}."
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_INSIDE)
        self.kind = ListField(f"{key}kind", "", step_entries(), width=theme.NAME_WIDTH)
        self.due = DateField(f"{key}due_on", "", nearest="future", today=today)
        self.what = TextField(f"{key}what", "", limit=100, placeholder=tr("what exactly"))
        self.by = TextField(f"{key}by", "", limit=100, placeholder=tr("who does it"))
        self.by.setFixedWidth(theme.TILE_WIDTH)
        self.fields = (self.kind, self.due, self.what, self.by)
        names = (tr("Step"), tr("Date of the step"), tr("What exactly"), tr("Who"))
        for field, name in zip(self.fields, names, strict=True):
            fields.add(field)
            field.editor.setAccessibleName(name)
            row.addWidget(field, 1 if field is self.what else 0, Qt.AlignmentFlag.AlignTop)
        self.away = QuietButton("", lambda: remove(self), icon_name="close-line")
        self.away.setAccessibleName(tr("Remove this step"))
        self.away.setToolTip(tr("Remove this step"))
        row.addWidget(self.away, 0, Qt.AlignmentFlag.AlignTop)

    def show_step(self, step: PlanStep) -> None:
        self.step_id = step.id
        self.kind.set_value(f"{step.kind}:{step.disease}" if step.disease else step.kind or None)
        self.due.set_value(step.due_on)
        self.what.set_value(step.what or None)
        self.by.set_value(step.by or None)

    def step(self) -> PlanStep | None:
        """The step as typed; None for a line in which nothing is written."""
        if self.gone or all(field.is_blank() for field in self.fields):
            return None
        kind, _, disease = (self.kind.value() or "").partition(":")
        return PlanStep(
            kind=kind,
            due_on=self.due.value(),
            what=self.what.value() or "",
            by=self.by.value() or "",
            disease=disease,
            id=self.step_id,
        )

    def put_away(self) -> None:
        """A removed line is empty and asks for nothing."""
        self.gone = True
        for field in self.fields:
            field.set_value(None)
            field.clear_problem()
            field.hide()
        self.hide()


class PlanCard(FormCard):
    """When the plan starts, its steps, and what the family must know."""

    def __init__(self, fields: FormFields, today: date, *, required: bool) -> None:
        super().__init__(tr("Plan for the time after"), fields)
        self._today = today
        self.required = required
        self.add(
            DateField(
                "plan.starts_on",
                tr("Plan starts on"),
                nearest="future",
                today=today,
                required=required,
            )
        )
        self._lines: list[StepLine] = []
        self._holder = QVBoxLayout()
        self._holder.setSpacing(theme.GAP_INSIDE)
        self.body.addLayout(self._holder)
        self.problem = label("", "hint", wrap=True, tone="danger")
        self.problem.hide()
        self.body.addWidget(self.problem)
        row = QHBoxLayout()
        self.add_button = Button(tr("Add a step"), self.add_step, icon_name="add-line")
        row.addWidget(self.add_button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.add(TextArea("plan.precautions", tr("Precautions of the plan"), lines=2))
        self.add(TextArea("plan.warning_signs", tr("Come back or call 120 when"), lines=2))
        self.add(TextField("plan.contact_phone", tr("Phone for questions"), limit=30))

    def lines(self) -> list[StepLine]:
        """The lines in sight."""
        return [line for line in self._lines if not line.gone]

    def add_step(self) -> StepLine:
        """An empty line more, with the keyboard in it."""
        line = self._new_line(max((line.number for line in self._lines), default=0) + 1)
        line.kind.setFocus()
        return line

    def _new_line(self, number: int) -> StepLine:
        line = StepLine(self.fields, number, self._today, self._remove)
        # The keyboard goes down the page: lines come later than the fields that stand below them.
        before = self._lines[-1].away if self._lines else self.fields["plan.starts_on"].editor
        self._lines.append(line)
        self._holder.addWidget(line)
        for stop in (*(field.editor for field in line.fields), line.away):
            QWidget.setTabOrder(before, stop)
            before = stop
        return line

    def _remove(self, line: StepLine) -> None:
        at = self.lines().index(line)
        line.put_away()
        rest = self.lines()
        (rest[min(at, len(rest) - 1)].kind if rest else self.add_button).setFocus()
        self.fields.changed.emit()

    def raw_lines(self) -> list[list[object]]:
        """Number and step of each line in sight, for a draft."""
        return [[line.number, line.step_id] for line in self.lines()]

    def make_lines(self, raw: Sequence[Any]) -> None:
        """The lines of a draft, before their fields are put back into them."""
        known = {line.number: line for line in self._lines}
        for entry in raw:
            # Earlier versions of the program kept the number only, which was the step's id.
            number, step_id = entry if isinstance(entry, list) else (entry, entry)
            if str(number).isdecimal():
                line = known.get(int(number)) or self._new_line(int(number))
                line.step_id = str(step_id)

    def show_plan(self, plan: PlanInput | None) -> None:
        if plan is None:
            self.fields["plan.starts_on"].set_value(self._today if self.required else None)
            self._new_line(1)
            return
        self.fields["plan.starts_on"].set_value(plan.starts_on)
        for name in ("precautions", "warning_signs", "contact_phone"):
            self.fields[f"plan.{name}"].set_value(getattr(plan, name) or None)
        for number, step in enumerate(plan.steps, start=1):
            self._new_line(number).show_step(step)

    def plan(self, rehab: RehabPart | None) -> PlanInput | None:
        """What is typed; None where a plan is not required and nothing is."""
        steps = tuple(step for line in self._lines if (step := line.step()) is not None)
        texts = {
            name: self.fields[f"plan.{name}"].value() or ""
            for name in ("precautions", "warning_signs", "contact_phone")
        }
        if not self.required and not steps and rehab is None and not any(texts.values()):
            return None
        start = self.fields["plan.starts_on"].value()
        return PlanInput(start, steps, rehab, **texts)

    def at_their_lines(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Problems of a plan with each step named by its line instead of its place."""
        self.problem.setText(problems.get("plan.steps", ""))
        self.problem.setVisible(bool(self.problem.text()))
        typed = [(step, line) for line in self._lines if (step := line.step()) is not None]
        ordered = [line for _, line in sorted(typed, key=lambda each: place_of(each[0]))]
        found = {}
        for key, sentence in problems.items():
            parts = key.split(".")
            if len(parts) == 4 and parts[1] == "steps":
                name = "kind" if parts[3] == "disease" else parts[3]
                key = f"plan.steps.{ordered[int(parts[2])].number}.{name}"
            if key != "plan.steps":
                found[key] = sentence
        return found


class RehabCard(Card):
    """What a rehabilitation plan is drafted from where the patient goes; all of it may be left."""

    def __init__(self, fields: FormFields) -> None:
        super().__init__(tr("Rehabilitation (if wanted)"))
        self.fields = fields
        for key, title in (
            ("plan.goal_short", tr("Short-term goal")),
            ("plan.goal_long", tr("Long-term goal")),
            ("plan.rehab_precautions", tr("Precautions in training")),
            ("plan.contraindications", tr("Contraindications")),
        ):
            field = TextField(key, title, limit=500)
            fields.add(field)
            self.body.addWidget(field)
        self.items = ItemsModel(self)
        self.editor = PlanItems(self.items)
        height = theme.ROW_HEIGHT * (_ITEM_LINES + 1) + theme.CONTROL_HEIGHT + theme.GAP_FIELD
        self.editor.setFixedHeight(height)
        self.body.addWidget(self.editor)
        self.items.edited.connect(fields.changed)

    def show_rehab(self, rehab: RehabPart | None) -> None:
        if rehab is None:
            self.items.set_items(())
            return
        for key, text in (
            ("plan.goal_short", rehab.goal_short),
            ("plan.goal_long", rehab.goal_long),
            ("plan.rehab_precautions", rehab.precautions),
            ("plan.contraindications", rehab.contraindications),
        ):
            self.fields[key].set_value(text or None)
        self.items.set_items(rehab.items)

    def rehab(self) -> RehabPart | None:
        """What is typed, or None where nothing is."""
        self.editor.table.commit()
        texts = {
            name: self.fields[f"plan.{name}"].value() or ""
            for name in ("goal_short", "goal_long", "rehab_precautions", "contraindications")
        }
        if not any(texts.values()) and not self.items.items:
            return None
        precautions = texts.pop("rehab_precautions")
        return RehabPart(precautions=precautions, items=tuple(self.items.items), **texts)

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Mark the exercises that are not sound; gives back the other problems and, for the strip,
        the first of these in words."""
        prefix = "plan.items."
        of_items = {
            int(key.removeprefix(prefix)): text
            for key, text in problems.items()
            if key.startswith(prefix)
        }
        self.items.show_problems(of_items)
        rest = {key: text for key, text in problems.items() if not key.startswith(prefix)}
        if of_items:
            at = min(of_items)
            name = codes.label("rehab_exercise", self.items.items[at].exercise)
            rest[f"{prefix}{at}"] = tr("{what}: {words}").format(what=name, words=of_items[at])
        return rest

    def restore_items(self, raw: Any) -> None:
        """Exercises of a draft."""
        if isinstance(raw, list):
            self.items.set_items([PlanItem.from_dict(item) for item in raw])
