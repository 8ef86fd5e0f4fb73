"""The fields of the return form, of the summary that goes with a patient, and of the way there."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QHBoxLayout

from app.care.referral_letter import MAX_TEXT
from app.care.referral_lists import Receiver
from app.care.referral_return.inputs import (
    INPATIENT,
    REPLY_PARTS,
    DischargeInput,
    DownInput,
    ReplyInput,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField

_STAY = ("inpatient_no", "admitted_on", "discharged_on")
_SO_FAR = ("diagnosis", "exam_results", "treatment_given")
YES, NO = "yes", "no"


def entries(list_name: str) -> list[tuple[str, str]]:
    """The choices of a code list."""
    return [(entry.code, entry.label) for entry in codes.entries(list_name)]


class FormCard(Card):
    """A card that puts its fields into the form in paper order."""

    def __init__(self, title: str, fields: FormFields) -> None:
        super().__init__(title)
        self.fields = fields

    def add(self, field: Field) -> Field:
        """One field on a line of its own."""
        self.fields.add(field)
        self.body.addWidget(field)
        return field

    def row(self, *parts: Field) -> None:
        """Fields side by side."""
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_FIELD)
        for field in parts:
            self.fields.add(field)
            line.addWidget(field, 1)
        self.body.addLayout(line)


class ReplyCard(FormCard):
    """The return form: which visit, what was found and done."""

    def __init__(self, fields: FormFields, today: Any) -> None:
        super().__init__(tr("Reply"), fields)
        self.kind = ChoiceField(
            "visit_kind", tr("Kind of visit"), entries("reply_kind"), required=True
        )
        self.add(self.kind)
        self.row(
            TextField("department", tr("Department"), limit=100),
            TextField(
                "doctor_phone", tr("Doctor's phone"), limit=30, label_width=theme.NUMBER_WIDTH
            ),
        )
        self.add(TextField("inpatient_no", tr("Inpatient no."), limit=100))
        self.row(
            DateField("admitted_on", tr("Admitted on"), today=today),
            DateField(
                "discharged_on",
                tr("Discharged on"),
                today=today,
                label_width=theme.NUMBER_WIDTH,
            ),
        )
        for key, title, lines in (
            ("diagnosis", tr("Diagnosis"), 2),
            ("exam_results", tr("Main results of examinations"), 4),
            ("treatment_given", tr("Treatment given"), 4),
        ):
            self.add(TextArea(key, title, lines=lines, limit=MAX_TEXT, stacked=True, required=True))
        self.kind.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Days and number of a stay are asked for after a stay only."""
        stay = self.kind.value() == INPATIENT
        for key in _STAY:
            self.fields[key].setVisible(stay)
        for key in ("admitted_on", "discharged_on"):
            self.fields[key].set_required(stay)

    def show_reply(self, reply: ReplyInput) -> None:
        for key in ("visit_kind", "department", "doctor_phone", *_STAY, *_SO_FAR):
            self.fields[key].set_value(getattr(reply, key) or None)
        self._follow()

    def reply(self) -> ReplyInput:
        """What is typed."""
        text = {key: self.fields[key].value() or "" for key in _SO_FAR}
        stay = self.kind.value() == INPATIENT
        return ReplyInput(
            visit_kind=self.kind.value() or "",
            department=self.fields["department"].value() or "",
            doctor_phone=self.fields["doctor_phone"].value() or "",
            inpatient_no=(self.fields["inpatient_no"].value() or "") if stay else "",
            admitted_on=self.fields["admitted_on"].value() if stay else None,
            discharged_on=self.fields["discharged_on"].value() if stay else None,
            **text,
        )


class GoingOnCard(FormCard):
    """How it goes on: treatment, rehabilitation, drugs, and what has to be watched."""

    def __init__(self, fields: FormFields) -> None:
        super().__init__(tr("How it goes on"), fields)
        for key, title, lines in (
            ("next_plan", tr("Treatment that follows"), 4),
            ("rehab_advice", tr("Advice for rehabilitation"), 4),
            ("drugs", tr("Drugs to go on with, one a line"), 4),
            ("attention_points", tr("Points of attention"), 3),
        ):
            required = key in REPLY_PARTS
            self.add(
                TextArea(key, title, lines=lines, limit=MAX_TEXT, stacked=True, required=required)
            )

    def show_reply(self, reply: ReplyInput) -> None:
        for key in ("next_plan", "rehab_advice", "attention_points"):
            self.fields[key].set_value(getattr(reply, key) or None)
        self.fields["drugs"].set_value("\n".join(reply.drugs) or None)

    def with_these(self, reply: ReplyInput) -> ReplyInput:
        """The reply with what is typed here."""
        return replace(
            reply,
            next_plan=self.fields["next_plan"].value() or "",
            rehab_advice=self.fields["rehab_advice"].value() or "",
            drugs=tuple((self.fields["drugs"].value() or "").splitlines()),
            attention_points=self.fields["attention_points"].value() or "",
        )


class HandOverCard(FormCard):
    """Phase, reasons and checklist of a patient who is handed over."""

    def __init__(self, fields: FormFields) -> None:
        super().__init__(tr("Handing over"), fields)
        self.add(
            ChoiceField(
                "phase", tr("Phase"), entries("referral_phase"), required=True, stacked=True
            )
        )
        self.add(
            ChoiceField(
                "reason_codes",
                tr("Reasons"),
                entries("referral_down_reason"),
                multiple=True,
                required=True,
                stacked=True,
            )
        )
        self.add(TextField("reason_text", tr("In words"), limit=500))
        self.body.addWidget(label(tr("Checklist"), "strong"))
        self._items = [entry.code for entry in codes.entries("referral_checklist")]
        for entry in codes.entries("referral_checklist"):
            self.add(
                ChoiceField(
                    f"checklist.{entry.code}",
                    entry.label,
                    [(YES, tr("Yes")), (NO, tr("No"))],
                    required=True,
                    label_width=theme.SIDE_WIDTH - theme.LABEL_WIDTH,
                )
            )

    def show_summary(self, summary: DischargeInput) -> None:
        self.fields["phase"].set_value(summary.phase or None)
        self.fields["reason_codes"].set_value(summary.reason_codes)
        self.fields["reason_text"].set_value(summary.reason_text or None)
        for code in self._items:
            answer = summary.checklist.get(code)
            self.fields[f"checklist.{code}"].set_value(
                None if answer is None else YES if answer else NO
            )

    def summary(self, reply: ReplyInput) -> DischargeInput:
        """The reply with what is typed here."""
        values = {each.name: getattr(reply, each.name) for each in fields_of(ReplyInput)}
        answers = {code: self.fields[f"checklist.{code}"].value() for code in self._items}
        return DischargeInput(
            **values,
            phase=self.fields["phase"].value() or "",
            reason_codes=self.fields["reason_codes"].value(),
            reason_text=self.fields["reason_text"].value() or "",
            checklist={code: answer == YES for code, answer in answers.items() if answer},
        )


_DOWN_TEXTS = ("to_department", "to_doctor", "escort", "allergies", "consent_signer")
_DOWN_CHOICES = ("urgency", "mobility", "transport", "isolation_risk", "consent")


class DownCard(FormCard):
    """To whom the patient is referred down, on which way, with which consent."""

    def __init__(self, fields: FormFields, receivers: tuple[Receiver, ...]) -> None:
        super().__init__(tr("Refer down to"), fields)
        houses = [(r.id, r.name) for r in receivers if r.type != "LEAD_HOSPITAL"]
        self.add(ListField("to_organisation_id", tr("Organisation"), houses, required=True))
        self.row(
            TextField("to_department", tr("Department"), limit=100),
            TextField("to_doctor", tr("Doctor"), limit=100, label_width=theme.NUMBER_WIDTH),
        )
        calm = [entry for entry in entries("referral_urgency") if entry[0] != "emergency"]
        self.add(ChoiceField("urgency", tr("Urgency"), calm, required=True))
        for key, title in (
            ("mobility", tr("Mobility")),
            ("transport", tr("Transport")),
            ("isolation_risk", tr("Isolation")),
        ):
            name = "referral_isolation" if key == "isolation_risk" else f"referral_{key}"
            self.add(ChoiceField(key, title, entries(name)))
        self.add(TextField("escort", tr("Escort"), limit=100))
        self.add(TextField("allergies", tr("Allergies"), limit=500))
        given = [entry for entry in entries("referral_consent") if entry[0] != "later"]
        self.add(ChoiceField("consent", tr("Consent"), given, required=True))
        self.add(TextField("consent_signer", tr("Signed by"), limit=100))

    def show_down(self, down: DownInput) -> None:
        self._base = down
        for key in ("to_organisation_id", *_DOWN_TEXTS, *_DOWN_CHOICES):
            self.fields[key].set_value(getattr(down, key) or None)

    def down(self) -> DownInput:
        """What is typed, for the person and the earlier referral that it began with."""
        keys = ("to_organisation_id", *_DOWN_TEXTS, *_DOWN_CHOICES)
        values = {key: self.fields[key].value() or "" for key in keys}
        return DownInput(
            resident_id=self._base.resident_id,
            origin_referral_id=self._base.origin_referral_id,
            from_doctor_phone=self.fields["doctor_phone"].value() or "",
            **values,
        )
