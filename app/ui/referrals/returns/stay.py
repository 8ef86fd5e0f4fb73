"""Small forms of the desk: hand a letter on, admit, note a discharge."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QWidget

from app.care.referral_return.inputs import Admission
from app.care.referral_time import at_clinic, parse_time
from app.care.referral_view import ReferralView
from app.clock import clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.referrals.dialogs import FormDialog, check_time
from app.ui.referrals.words import who
from app.ui.widgets.cards import label
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.values import DateField


class MomentDialog(FormDialog):
    """A form about one patient with the day and the time at which something happened: now, unless
    another is typed."""

    def __init__(
        self, title: str, done_text: str, view: ReferralView, now: datetime, parent: QWidget | None
    ) -> None:
        super().__init__(title, done_text, parent)
        patient = f"{view.patient.name}  {who(view.patient.sex, view.patient.age)}"
        self.body.addWidget(label(patient, "strong"))
        local = clinic_time(now)
        self.day = DateField("at", tr("Day"), required=True, today=local.date())
        self.time = TextField(
            "time", tr("Time"), required=True, width=theme.NUMBER_WIDTH, check=check_time
        )
        # An unchanged time is this very moment, not the minute that the form shows.
        self._now, self._shown = now, (local.date(), f"{local:%H:%M}")
        self.day.set_value(local.date())
        self.time.set_value(f"{local:%H:%M}")

    def add_moment(self) -> None:
        """Day and time in paper order."""
        for field in (self.day, self.time):
            self.fields.add(field)
            self.body.addWidget(field)

    def at(self) -> datetime | None:
        """The moment typed; None for "now"."""
        moment, day = parse_time(self.time.text()), self.day.value()
        if (day, self.time.text()) == self._shown or moment is None or day is None:
            return None
        return at_clinic(day, moment)


class AdmitDialog(MomentDialog):
    """Department, doctor, ward, bed and number of an admission."""

    def __init__(self, view: ReferralView, now: datetime, parent: QWidget | None) -> None:
        super().__init__(tr("Admit the patient"), tr("Admit to hospital"), view, now, parent)
        booking = view.booking
        self.department = TextField("department", tr("Department"), required=True, limit=100)
        self.department.set_value(booking.department or None)
        self.doctor = TextField("doctor", tr("Doctor"), limit=100)
        self.doctor.set_value(booking.doctor or None)
        self.phone = TextField("doctor_phone", tr("Doctor's phone"), limit=30)
        self.phone.set_value(booking.doctor_phone or None)
        self.ward = TextField("ward", tr("Ward"), limit=100)
        self.ward.set_value(booking.ward or None)
        self.bed = TextField("bed", tr("Bed"), limit=100)
        self.bed.set_value(booking.bed or None)
        self.number = TextField("inpatient_no", tr("Inpatient no."), limit=100)
        for field in (
            self.department, self.doctor, self.phone, self.ward, self.bed, self.number,
        ):  # fmt: skip
            self.fields.add(field)
            self.body.addWidget(field)
        self.add_moment()
        self.department.setFocus()

    def admission(self) -> Admission:
        return Admission(
            at=self.at(),
            department=self.department.value() or "",
            doctor=self.doctor.value() or "",
            doctor_phone=self.phone.value() or "",
            ward=self.ward.value() or "",
            bed=self.bed.value() or "",
            inpatient_no=self.number.value() or "",
        )


class DischargeDialog(MomentDialog):
    """When the patient left the bed."""

    def __init__(self, view: ReferralView, now: datetime, parent: QWidget | None) -> None:
        super().__init__(tr("Left the hospital"), tr("Save"), view, now, parent)
        hint = tr("From now on the reply is due; its limit is counted from the discharge.")
        self.body.addWidget(label(hint, "secondary", wrap=True))
        self.add_moment()
        self.day.setFocus()


class RedirectDialog(FormDialog):
    """Which department of the house the letter goes to, and why."""

    def __init__(self, view: ReferralView, parent: QWidget | None) -> None:
        super().__init__(tr("Hand on to another department"), tr("Hand on"), parent)
        now = view.booking.department or view.letter.to_department
        if now:
            hint = tr("Now with: {department}").format(department=now)
            self.body.addWidget(label(hint, "secondary", wrap=True))
        self.department = TextField("department", tr("Department"), required=True, limit=100)
        self.note = TextArea("note", tr("In words"), lines=3)
        self.fields.add(self.department, self.note)
        self.body.addWidget(self.department)
        self.body.addWidget(self.note)
        self.department.setFocus()
