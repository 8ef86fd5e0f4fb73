"""Small dialogs of a contract: terminate it, decline it, note a service, take a note back."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.contracts.completion import note_service, void_service
from app.care.contracts.ending import terminate
from app.care.contracts.signing import decline
from app.care.contracts.view import ContractView
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.sign_page import entries
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ListField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.values import DateField


class ContractDialog(QDialog, metaclass=AbstractWidget):
    """A title, some fields, one primary button; stays open until the use-case has succeeded."""

    def __init__(
        self,
        controller: ContractsController,
        title: str,
        action: str,
        fields: tuple[Field, ...],
        kinds: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._kinds = kinds
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.DIALOG_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(label(title, "section"))
        self.fields = FormFields(self)
        self.fields.add(*fields)
        for field in fields:
            whole.addWidget(field)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        self.action_button = PrimaryButton(action, self._pressed)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        row.addWidget(Button(tr("Go back"), self.reject))
        row.addWidget(self.action_button)
        whole.addLayout(row)
        FormNavigator(self, last=self.action_button)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        next(iter(self.fields)).setFocus()

    @abstractmethod
    def work(self) -> tuple[Any, ...]:
        """The use-case with its arguments after store and actor."""

    def _pressed(self) -> None:
        self.strip.clear()
        if self.fields.check():
            self.action_button.setEnabled(False)
            self._controller.write(
                self._kinds, *self.work(), done=lambda _: self.accept(), failed=self._failed
            )

    def _failed(self, error: Exception) -> None:
        self.action_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)


class TerminateDialog(ContractDialog):
    """The end of a contract before its term."""

    def __init__(
        self, controller: ContractsController, view: ContractView, parent: QWidget | None = None
    ) -> None:
        today = controller.context.clock.today()
        fields = (
            ListField("reason", tr("Reason"), entries("contract_end_reason"), required=True),
            DateField(
                "on", tr("Terminated on"), required=True, latest=today, today=today,
                earliest=view.signed_on,
            ),
            TextField("text", tr("Explanation"), limit=200),
        )  # fmt: skip
        super().__init__(
            controller, tr("Terminate the contract"), tr("Terminate"), fields, ("contract",), parent
        )
        self._view = view
        self.fields["on"].set_value(today)

    def work(self) -> tuple[Any, ...]:
        v = self.fields.values()
        return (
            terminate, self._view.id, self._view.change_id, v["reason"], v["on"], v["text"] or "",
        )  # fmt: skip


class DeclineDialog(ContractDialog):
    """A contract is refused at its review."""

    def __init__(
        self, controller: ContractsController, view: ContractView, parent: QWidget | None = None
    ) -> None:
        fields = (TextField("text", tr("Why"), limit=200, required=True),)
        super().__init__(
            controller, tr("Decline the contract"), tr("Decline"), fields, ("contract",), parent
        )
        self._view = view

    def work(self) -> tuple[Any, ...]:
        return decline, self._view.id, self._view.change_id, self.fields.values()["text"]


class NoteDialog(ContractDialog):
    """A service that was given and that no record shows."""

    def __init__(
        self,
        controller: ContractsController,
        view: ContractView,
        service: str = "",
        parent: QWidget | None = None,
    ) -> None:
        today = controller.context.clock.today()
        # The day of a termination is the first without the contract.
        last = min(today, view.ends_on)
        if view.terminated_on is not None:
            last = min(last, view.terminated_on - timedelta(days=1))
        offered = [(line.service, line.name) for line in view.services if line.manual]
        fields = (
            ListField("service", tr("Service"), offered, required=True),
            DateField(
                "on", tr("Given on"), required=True, latest=last, earliest=view.starts_on,
                today=today,
            ),
            TextField("note", tr("Note"), limit=200),
        )  # fmt: skip
        super().__init__(
            controller,
            tr("Note a service"),
            tr("Note a service"),
            fields,
            ("contract_service",),
            parent,
        )
        self._view = view
        self.fields["service"].set_value(service or None)
        self.fields["on"].set_value(last)

    def work(self) -> tuple[Any, ...]:
        v = self.fields.values()
        return note_service, self._view.id, v["service"], v["on"], v["note"] or ""


class VoidDialog(ContractDialog):
    """A note was made by mistake."""

    def __init__(
        self, controller: ContractsController, note_id: str, parent: QWidget | None = None
    ) -> None:
        fields = (TextField("reason", tr("Why"), limit=200, required=True),)
        title = tr("Take the note back")
        super().__init__(controller, title, tr("Take back"), fields, ("contract_service",), parent)
        self._note_id = note_id

    def work(self) -> tuple[Any, ...]:
        return void_service, self._note_id, self.fields.values()["reason"]
