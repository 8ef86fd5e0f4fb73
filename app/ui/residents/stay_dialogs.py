"""Small dialogs of the resident's page: a bed, the end of a stay, the state of the record."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.residences import Admission, admit, discharge, stay_places
from app.care.resident_page import Summary
from app.care.resident_record.closing import (
    Closing,
    Effects,
    close_record,
    closing_effects,
    reopen_record,
)
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.answers import entries
from app.ui.residents.controller import ResidentsController
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.values import DateField


class SmallDialog(QDialog, metaclass=AbstractWidget):
    """A title, some fields, one primary button; stays open until the use-case has succeeded."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        title: str,
        action: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = controller
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.DIALOG_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(label(title, "section"))
        self.column = QVBoxLayout()
        self.column.setSpacing(theme.GAP_FIELD)
        whole.addLayout(self.column)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        self.fields = FormFields(self)
        self.action_button = PrimaryButton(action, self._pressed)
        self.back_button = Button(tr("Go back"), self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.action_button)
        whole.addLayout(row)
        self._navigator = FormNavigator(self, last=self.action_button)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        first = next(iter(self.fields), None)
        if first is not None:
            first.setFocus()

    @abstractmethod
    def work(self) -> Callable[[], object]:
        """The use-case to run with what the fields say now."""

    def done_well(self) -> None:
        """The use-case has succeeded."""
        self._context.tell_changed("resident", "condition")
        self.accept()

    def _pressed(self) -> None:
        self.strip.clear()
        if not self.fields.check():
            return
        self.action_button.setEnabled(False)
        self._controller.act(self.work(), self._succeeded, self._failed)

    def _succeeded(self) -> None:
        self.action_button.setEnabled(True)
        self.done_well()

    def _failed(self, error: Exception) -> None:
        self.action_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)


class AdmitDialog(SmallDialog):
    """A bed of this organisation for the resident."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        head: Summary,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("Admit to a bed"), tr("Admit"), parent)
        self._head = head
        today = context.clock.today()
        places = stay_places(context.store, context.actor)
        here = ListField("org_id", tr("Where"), [("", tr("here")), *places])
        for field in (
            here,
            TextField("building", tr("Building"), limit=30),
            TextField("room", tr("Room"), limit=30),
            TextField("bed", tr("Bed"), limit=30),
            DateField("admit_date", tr("Since"), required=True, latest=today, today=today),
            ListField("care_level", tr("Care level"), entries("care_level")),
            TextField("carer", tr("Carer"), limit=30),
            ListField("fee_payer", tr("Paid by"), entries("fee_payer")),
            TextField("reason", tr("Reason"), limit=30),
        ):
            self.column.addWidget(self.fields.add(field))
        self.fields["admit_date"].set_value(today)
        here.set_value("")

    def work(self) -> Callable[[], object]:
        values = self.fields.values()
        typed = Admission(
            **{name: values[name] or "" for name in values if name != "admit_date"},
            admit_date=values["admit_date"],
        )
        store, actor, resident_id = self._context.store, self._context.actor, self._head.id
        return lambda: admit(store, actor, resident_id, typed)


class DischargeDialog(SmallDialog):
    """The end of the open stay."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        head: Summary,
        parent: QWidget | None = None,
    ) -> None:
        title = tr("Discharge from bed {bed}").format(bed=head.bed)
        super().__init__(context, controller, title, tr("Discharge"), parent)
        self._head = head
        today = context.clock.today()
        self.column.addWidget(
            self.fields.add(DateField("on", tr("On"), required=True, latest=today, today=today))
        )
        self.column.addWidget(
            self.fields.add(
                ChoiceField("reason", tr("Reason"), entries("discharge_reason"), required=True)
            )
        )
        self.fields["on"].set_value(today)

    def work(self) -> Callable[[], object]:
        store, actor, resident_id = self._context.store, self._context.actor, self._head.id
        on, reason = self.fields["on"].value(), self.fields["reason"].value() or ""
        return lambda: discharge(store, actor, resident_id, on, reason)


class StatusDialog(SmallDialog):
    """What became of the record: deceased, moved away, lost, cancelled, or active again."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        head: Summary,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("State of the record"), tr("Save"), parent)
        self._head = head
        today = context.clock.today()
        self.column.addWidget(
            label(tr("The record is kept for ever; closing it takes nothing away."), wrap=True)
        )
        self.effects = label("", "secondary", wrap=True)
        self.column.addWidget(self.effects)
        context.tasks.run(
            lambda: closing_effects(context.store, context.actor, head.id),
            done=self._say_effects,
            failed=self.strip.say_error,
            owner=self,
        )
        states = [
            (each.code, each.label)
            for each in codes.entries("record_status")
            if each.code != "merged"
        ]
        self.column.addWidget(
            self.fields.add(
                ChoiceField("record_status", tr("State"), states, digits=False, required=True)
            )
        )
        self.column.addWidget(
            self.fields.add(DateField("on", tr("Since"), required=True, latest=today, today=today))
        )
        self.column.addWidget(
            self.fields.add(
                TextField(
                    "note",
                    tr("In words"),
                    limit=200,
                    placeholder=tr("cause of death, where to, how often looked for …"),
                )
            )
        )
        self.fields["record_status"].set_value(head.record_status)
        self.fields["on"].set_value(today)

    def work(self) -> Callable[[], object]:
        store, actor, head = self._context.store, self._context.actor, self._head
        status, on = self.fields["record_status"].value(), self.fields["on"].value()
        note = self.fields["note"].value() or ""
        if status == "active":
            return lambda: reopen_record(store, actor, head.id, on, note, head.change_id)
        closing = Closing(head.id, status, on, note, head.change_id)
        return lambda: close_record(store, actor, closing)

    def _say_effects(self, found: Effects) -> None:
        parts = [
            words.format(count=count)
            for words, count in (
                (tr("{count} due items"), found.due_items),
                (tr("{count} chronic managements"), found.managements),
                (tr("{count} rehab plans"), found.plans),
                (tr("{count} contracts"), found.contracts),
                (tr("{count} stays in bed"), found.stays),
            )
            if count
        ]
        if parts:
            self.effects.setText(tr("Closing ends: {what}.").format(what=tr(", ").join(parts)))
