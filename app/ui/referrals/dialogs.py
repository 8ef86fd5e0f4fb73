"""Small dialogs of the referral room: a reason, a phone call, a yes, a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral import PhoneConfirmation
from app.care.referral_moves import Reason
from app.care.referral_time import at_clinic, parse_time
from app.clock import clinic_time
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.referrals.emergency import EmergencyStrip
from app.ui.shell.finder import Finder
from app.ui.widgets.buttons import Button, DangerButton, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.values import DateField


class _Strip(ErrorStrip):
    """Where a refusal is said, the button may be pressed again."""

    def __init__(self, ready: Callable[[], None]) -> None:
        super().__init__()
        self._ready = ready

    def say(self, *words: Any, **named: Any) -> None:
        self._ready()
        super().say(*words, **named)

    def say_error(self, error: Exception) -> None:
        self._ready()  # also where the error is a defect of the program, which is raised on
        super().say_error(error)


class FormDialog(QDialog):
    """A dialog with fields, one strip for problems, and two buttons; Esc leaves it.

    It stays open until the owner calls ``accept``: the answer of a use-case may be a problem to be
    shown at a field. Until that answer is here the button is off: who presses twice means it once.
    """

    def __init__(
        self, title: str, done_text: str, parent: QWidget | None, *, danger: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setModal(True)
        self.setMinimumWidth(theme.DIALOG_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_CARD)
        whole.addWidget(label(title, "section"))
        self.body = QVBoxLayout()
        self.body.setSpacing(theme.GAP_FIELD)
        whole.addLayout(self.body, 1)
        self.strip: ErrorStrip = _Strip(lambda: self.done_button.setEnabled(True))
        whole.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        self.cancel = Button(tr("Cancel"), self.reject)
        kind: type[Button] = DangerButton if danger else PrimaryButton
        self.done_button = kind(done_text, self._finish, shortcut="Ctrl+S")
        row.addWidget(self.cancel)
        row.addWidget(self.done_button)
        whole.addLayout(row)
        self.fields = FormFields(self)
        self.on_finish: Callable[[], None] = self.accept
        self._navigator = FormNavigator(self, self.done_button)

    def _finish(self) -> None:
        self.strip.clear()
        if self.fields.check():
            self._once()
        else:
            self._grow()

    def _once(self) -> None:
        self.done_button.setEnabled(False)
        self.on_finish()

    def say(self, explanation: str) -> None:
        """A sentence above the fields."""
        self.body.insertWidget(0, label(explanation, "secondary", wrap=True))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Each sentence at its field; the rest in the strip."""
        self.done_button.setEnabled(True)
        self.strip.say_problems(self.fields.show_problems(problems))
        self._grow()

    def _grow(self) -> None:
        """A sentence came in: wrapped lines need their height, which a window does not give."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))


class ReasonDialog(FormDialog):
    """A reason from a list and words; with ``list_name`` None only words, which may stay empty."""

    def __init__(
        self,
        title: str,
        explanation: str,
        done_text: str,
        list_name: str | None,
        parent: QWidget | None,
        *,
        danger: bool = False,
    ) -> None:
        super().__init__(title, done_text, parent, danger=danger)
        if explanation:
            self.body.addWidget(label(explanation, "secondary", wrap=True))
        self.choice: ChoiceField | None = None
        if list_name is not None:
            entries = [(entry.code, entry.label) for entry in codes.entries(list_name)]
            self.choice = ChoiceField("reason", tr("Reason"), entries, required=True, stacked=True)
            self.fields.add(self.choice)
            self.body.addWidget(self.choice)
        self.text = TextArea("reason_text", tr("In words"), lines=3, stacked=True)
        self.fields.add(self.text)
        self.body.addWidget(self.text)
        (self.choice or self.text).setFocus()

    def reason(self) -> Reason:
        code = self.choice.value() if self.choice is not None else None
        return Reason(code or "", self.text.value() or "")


class PhoneDialog(FormDialog):
    """The call of the green channel: who said yes, on which number, when."""

    def __init__(
        self, organisation: str, number: str, now: datetime, parent: QWidget | None
    ) -> None:
        super().__init__(tr("Accepted on the phone"), tr("Save as accepted"), parent)
        strip = EmergencyStrip()
        self.body.addWidget(strip)
        strip.say("", organisation, number)
        local = clinic_time(now)
        self.answered_by = TextField("answered_by", tr("Who said yes"), required=True, limit=50)
        self.number = TextField("number", tr("Number called"), required=True, limit=30)
        self.number.set_value(number)
        self.day = DateField("day", tr("Day"), required=True, today=local.date())
        self.day.set_value(local.date())
        self.time = TextField(
            "time", tr("Time"), required=True, width=theme.NUMBER_WIDTH, check=check_time
        )
        self.time.set_value(f"{local:%H:%M}")
        for field in (self.answered_by, self.number, self.day, self.time):
            self.fields.add(field)
            self.body.addWidget(field)
        self.answered_by.setFocus()

    def call(self) -> PhoneConfirmation:
        moment = parse_time(self.time.text())
        assert moment is not None  # checked by the field
        return PhoneConfirmation(
            self.answered_by.value() or "",
            self.number.value() or "",
            at_clinic(self.day.value(), moment),
        )


def check_time(text: str) -> str | None:
    """The sentence for a text that is no time of day."""
    if parse_time(text) is None:
        return tr("Type the time like 930, 9:30 or 下午2点.")
    return None


class PersonDialog(QDialog):
    """Choose whom a new letter is about. ``resident_id`` is set when the dialog was accepted."""

    def __init__(self, context: UiContext, parent: QWidget | None, title: str = "") -> None:
        super().__init__(parent)
        self.resident_id = ""
        title = title or tr("Who is referred?")
        self.setWindowTitle(title)
        self.setModal(True)
        self.setFixedSize(theme.DIALOG_WIDTH + 2 * theme.GAP_CARD, theme.DIALOG_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(label(title, "section"))
        self.finder = Finder(context, self)
        self.finder.opened.connect(self._chosen)
        whole.addWidget(self.finder)
        whole.addWidget(
            EmptyState(
                tr("Type a name, its initials, or the end of the ID or phone number."),
                tr("Somebody new is registered in the room Residents first."),
                "user-search-line",
            ),
            1,
        )
        whole.addWidget(Button(tr("Cancel"), self.reject), 0, Qt.AlignmentFlag.AlignRight)
        self.finder.setFocus()

    def _chosen(self, resident_id: str) -> None:
        self.resident_id = resident_id
        self.accept()
