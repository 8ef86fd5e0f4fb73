"""Small dialogs of a consultation: taken on by phone, the opinion, a reason, the outcome."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QWidget

from app.care.outreach.consultation_lists import ConsultationView
from app.care.outreach.consultations import AnswerInput, OutcomeInput
from app.care.referral_time import at_clinic, parse_time
from app.clock import clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.referrals.dialogs import FormDialog, check_time
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.values import DateField


class _Dialog(FormDialog):
    def _take(self, *fields: Field) -> None:
        for field in fields:
            self.fields.add(field)
            self.body.addWidget(field)
        fields[0].setFocus()


class CallDialog(_Dialog):
    """An urgent consultation was answered on the phone: when?"""

    def __init__(self, view: ConsultationView, now: datetime, parent: QWidget | None) -> None:
        super().__init__(tr("Taken on by phone"), tr("Save as taken on"), parent)
        words = tr("Call back {doctor}: {phone}").format(
            doctor=view.from_doctor_name, phone=view.phone or tr("no number given")
        )
        self.body.addWidget(label(words, "section", wrap=True, tone="danger"))
        self.body.addWidget(
            label(
                tr("An urgent consultation is spoken about on the phone within ten minutes."),
                "secondary",
                wrap=True,
            )
        )
        local = clinic_time(now)
        self.day = DateField("day", tr("Day"), required=True, today=local.date())
        self.day.set_value(local.date())
        self.time = TextField(
            "time", tr("Time"), required=True, width=theme.NUMBER_WIDTH, check=check_time
        )
        self.time.set_value(f"{local:%H:%M}")
        self._take(self.time, self.day)

    def at(self) -> datetime:
        """The instant of the call."""
        moment = parse_time(self.time.text())
        assert moment is not None  # checked by the field
        return at_clinic(self.day.value(), moment)


class AnswerDialog(_Dialog):
    """The opinion and its signer."""

    def __init__(self, view: ConsultationView, signer: str, parent: QWidget | None) -> None:
        super().__init__(tr("Answer the consultation"), tr("Send the opinion"), parent)
        self.setMinimumWidth(theme.FORM_WIDTH)
        self.body.addWidget(
            label(tr("Question: {text}").format(text=view.line.question), "secondary", wrap=True)
        )
        self.opinion = TextArea("opinion", tr("Opinion"), lines=7, required=True, stacked=True)
        self.signer = TextField("signer", tr("Signed by"), required=True, limit=100)
        self.signer.set_value(signer)
        self.department = TextField("department", tr("Department"), limit=100)
        self.department.set_value(view.line.department)
        self._take(self.opinion, self.signer, self.department)

    def answer(self) -> AnswerInput:
        return AnswerInput(
            self.opinion.value() or "", self.signer.value() or "", self.department.value() or ""
        )


class WhyDialog(_Dialog):
    """A reason in words."""

    def __init__(
        self, title: str, done_text: str, parent: QWidget | None, *, hint: str = ""
    ) -> None:
        super().__init__(title, done_text, parent, danger=True)
        # Beside “call off” or “withdraw” the word “cancel” could mean either.
        self.cancel.setText(tr("Go back"))
        if hint:
            self.body.addWidget(label(hint, "secondary", wrap=True))
        self.reason = TextArea("reason", tr("Reason"), lines=3, required=True, stacked=True)
        self._take(self.reason)

    def words(self) -> str:
        return self.reason.value() or ""


class OutcomeDialog(_Dialog):
    """Whether the opinion was followed, and how it went."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(tr("Conclude the consultation"), tr("Conclude"), parent)
        self.adopted = ChoiceField(
            "adopted",
            tr("The opinion was"),
            [("yes", tr("followed")), ("no", tr("not followed"))],
            required=True,
        )
        self.outcome = TextArea("outcome", tr("How it went"), lines=4, required=True, stacked=True)
        self._take(self.adopted, self.outcome)

    def said(self) -> OutcomeInput:
        chosen = self.adopted.value()
        return OutcomeInput(None if chosen is None else chosen == "yes", self.outcome.value() or "")


class SureDialog(FormDialog):
    """A question with yes or no."""

    def __init__(self, words: str, parent: QWidget | None) -> None:
        super().__init__(words, tr("Yes"), parent, danger=True)
        self.cancel.setFocus()
