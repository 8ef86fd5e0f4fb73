"""Management outcome (转归): go on, lost for now, or ended with a reason."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.management.outcome import (
    CONTINUES,
    ENDED,
    ManagedDisease,
    OutcomeInput,
    decide_outcome,
    managed_diseases,
)
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.field_kinds import entries_of
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.values import DateField


class OutcomeDialog(QDialog):
    """One line a disease how it stands, and what is decided for one of them.

    ``decided(ManagedDisease)`` once it is saved; the dialog then closes.
    """

    decided = Signal(object)

    def __init__(self, context: UiContext, resident_id: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._lines: dict[str, ManagedDisease] = {}
        self.setObjectName("outcome")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Management outcome"))
        self.setMinimumWidth(theme.FORM_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(tr("Management outcome: {name}").format(name=name), "title"))
        self.standing = label("", "secondary", wrap=True)
        column.addWidget(self.standing)
        self.fields = FormFields(self)
        today = context.clock.today()
        self.disease = self.fields.add(
            ChoiceField("disease", tr("Disease"), [], required=True, digits=False)
        )
        self.outcome = self.fields.add(
            ChoiceField("outcome", tr("Outcome"), entries_of("management_outcome"), required=True)
        )
        self.reason = self.fields.add(
            ChoiceField("reason", tr("Why ended"), entries_of("management_end_reason"))
        )
        self.on = self.fields.add(
            DateField("on", tr("Holds from"), required=True, latest=today, today=today)
        )
        for field in (self.disease, self.outcome, self.reason, self.on):
            column.addWidget(field)
        self.reason.hide()
        self.on.set_value(today)
        self.strip = ErrorStrip()
        column.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        row.addWidget(Button(tr("Go back"), self.reject))
        self.save_button = PrimaryButton(tr("Save"), self.save)
        row.addWidget(self.save_button)
        column.addLayout(row)
        self._navigator = FormNavigator(self, last=self.save_button)
        self.outcome.changed.connect(self._arrange)
        context.tasks.run(
            managed_diseases,
            context.store,
            context.actor,
            resident_id,
            done=self._show,
            failed=self.strip.say_error,
            owner=self,
        )

    def save(self) -> None:
        """Put the decision down."""
        if not self.fields.check():
            return
        self.strip.clear()
        self.save_button.setEnabled(False)
        line = self._lines[str(self.disease.value())]
        decided = OutcomeInput(
            line.condition_id,
            str(self.outcome.value()),
            self.on.value(),
            str(self.reason.value() or "") if not self.reason.isHidden() else "",
        )
        c = self._context
        c.tasks.run(
            decide_outcome,
            c.store,
            c.actor,
            decided,
            done=self._saved,
            failed=self._failed,
            owner=self,
        )

    def _show(self, lines: tuple[ManagedDisease, ...]) -> None:
        self._lines = {line.disease: line for line in lines}
        self.standing.setText("\n".join(_standing(line) for line in lines))
        self.disease.set_entries(
            [(line.disease, codes.label("chronic_disease", line.disease)) for line in lines]
        )
        if lines:
            self.disease.set_value(lines[0].disease)
            (self.outcome if len(lines) == 1 else self.disease).setFocus()
        else:
            self.save_button.setEnabled(False)
            self.strip.say(
                tr(
                    "No chronic disease stands in this record. Management begins with the first "
                    "follow-up."
                ),
                "attention",
                closable=False,
            )

    def _arrange(self) -> None:
        ended = self.outcome.value() == ENDED
        self.reason.setVisible(ended)
        if self.reason.required != ended:
            self.reason.set_required(ended)

    def _saved(self, line: ManagedDisease) -> None:
        self._context.tell_changed("condition")
        self.decided.emit(line)
        self.accept()

    def _failed(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)


def _standing(line: ManagedDisease) -> str:
    """How a disease stands, in one sentence."""
    name = codes.label("chronic_disease", line.disease)
    if line.outcome == ENDED:
        return tr("{disease}: ended {date}, {reason}").format(
            disease=name,
            date=line.until or "—",
            reason=codes.label("management_end_reason", line.reason) or "—",
        )
    if not line.managed:
        return tr("{disease}: not under management").format(disease=name)
    if line.outcome == CONTINUES:
        return tr("{disease}: under management since {date}").format(
            disease=name, date=line.since or "—"
        )
    return tr("{disease}: {outcome}, under management since {date}").format(
        disease=name,
        outcome=codes.label("management_outcome", line.outcome),
        date=line.since or "—",
    )
