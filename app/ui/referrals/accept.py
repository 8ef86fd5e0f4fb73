"""Accepting a referral: department, doctor, time, bed, and the answers to the three priorities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral_desk import Booking, ServiceAnswer
from app.care.referral_moves import Reason
from app.care.referral_states import ServiceState, Urgency
from app.care.referral_time import at_clinic, parse_time
from app.care.referral_view import BookingView, ReferralView, ServiceView
from app.clock import clinic_time
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.dialogs import FormDialog, check_time
from app.ui.referrals.words import SERVICE_ICON, who
from app.ui.widgets.cards import IconLabel, label, rule
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextArea, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField

_LATER = "later"


class MomentFields:
    """A day and a time of day side by side; both or none."""

    def __init__(self, prefix: str, title: str, today: date, *, required: bool = False) -> None:
        self.day = DateField(
            f"{prefix}scheduled_at", title, nearest="future", today=today, required=required
        )
        self.time = TextField(
            f"{prefix}time", "", width=theme.NUMBER_WIDTH, placeholder="9:30", check=check_time
        )
        self.time.editor.setAccessibleName(tr("{what}: time of day").format(what=title))
        self.row = QHBoxLayout()
        self.row.setSpacing(theme.GAP_INSIDE)
        self.row.addWidget(self.day)
        self.row.addWidget(self.time)
        self.row.addStretch(1)

    def show(self, moment: datetime | None) -> None:
        if moment is not None:
            local = clinic_time(moment)
            self.day.set_value(local.date())
            self.time.set_value(f"{local:%H:%M}")

    def value(self) -> datetime | None:
        """The instant, or None while day or time is missing."""
        day, moment = self.day.value(), parse_time(self.time.text())
        return at_clinic(day, moment) if day is not None and moment is not None else None

    def set_visible(self, visible: bool) -> None:
        self.day.setVisible(visible)
        self.time.setVisible(visible)

    def problem(self) -> str | None:
        """A day without a time is no appointment."""
        if self.day.value() is not None and self.time.is_blank():
            return tr("Write the time of day, too.")
        return None


class BookingFields(QWidget):
    """Where and when the patient goes."""

    def __init__(self, fields: FormFields, today: date, *, required: bool) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_FIELD)
        self.department = TextField("department", tr("Department"), required=required, limit=100)
        self.doctor = TextField("doctor", tr("Doctor"), limit=100)
        self.phone = TextField("doctor_phone", tr("Doctor's phone"), limit=30)
        self.moment = MomentFields("", tr("Come at"), today, required=required)
        self.place = TextField("place", tr("Place"), limit=100)
        self.ward = TextField("ward", tr("Ward"), limit=100)
        self.bed = TextField("bed", tr("Bed"), limit=100)
        self.instructions = TextArea("instructions", tr("Instructions"), lines=3)
        fields.add(
            self.department, self.doctor, self.phone, self.moment.day, self.moment.time,
            self.place, self.ward, self.bed, self.instructions,
        )  # fmt: skip
        for field in (self.department, self.doctor, self.phone):
            column.addWidget(field)
        column.addLayout(self.moment.row)
        for field in (self.place, self.ward, self.bed, self.instructions):
            column.addWidget(field)

    def show_booking(self, booking: BookingView) -> None:
        for field, text in (
            (self.department, booking.department),
            (self.doctor, booking.doctor),
            (self.phone, booking.doctor_phone),
            (self.place, booking.place),
            (self.ward, booking.ward),
            (self.bed, booking.bed),
            (self.instructions, booking.instructions),
        ):
            field.set_value(text or None)
        self.moment.show(booking.scheduled_at)

    def booking(self) -> Booking:
        return Booking(
            department=self.department.value() or "",
            doctor=self.doctor.value() or "",
            doctor_phone=self.phone.value() or "",
            scheduled_at=self.moment.value(),
            place=self.place.value() or "",
            ward=self.ward.value() or "",
            bed=self.bed.value() or "",
            instructions=self.instructions.value() or "",
        )


class AnswerFields(QWidget):
    """The answer to one priority: arranged at a time and place, not possible with a reason, or
    later."""

    def __init__(
        self, fields: FormFields, service: ServiceView, today: date, *, later: bool = True
    ) -> None:
        super().__init__()
        self.service = service
        key = f"{service.task_id}."
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_INSIDE)
        head.addWidget(IconLabel(SERVICE_ICON[service.service], "accent", theme.ICON_LARGE))
        name = codes.label("referral_service", service.service)
        head.addWidget(label(name, "strong"))
        head.addWidget(label(service.request, "secondary", wrap=True), 1)
        column.addLayout(head)
        entries = [
            (str(ServiceState.ARRANGED), tr("Arrange")),
            (str(ServiceState.REFUSED), tr("Not possible")),
        ]
        if later:
            entries.append((_LATER, tr("Answer later")))
        self.choice = ChoiceField(f"{key}state", "", entries)
        self.choice.editor.setAccessibleName(name)
        fields.add(self.choice)
        column.addWidget(self.choice)
        self.moment = MomentFields(key, tr("When"), today)
        column.addLayout(self.moment.row)
        self.place = TextField(f"{key}place", tr("Place, person"), limit=100)
        reasons = [(e.code, e.label) for e in codes.entries("referral_service_refusal")]
        self.reason = ListField(f"{key}reason", tr("Reason"), reasons)
        self.reason_text = TextField(f"{key}reason_text", tr("In words"), limit=300)
        fields.add(self.moment.day, self.moment.time, self.place, self.reason, self.reason_text)
        for field in (self.place, self.reason, self.reason_text):
            column.addWidget(field)
        self.choice.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        chosen = self.choice.value()
        arranged, refused = chosen == ServiceState.ARRANGED, chosen == ServiceState.REFUSED
        self.moment.set_visible(arranged)
        self.moment.day.set_required(arranged)
        self.place.setVisible(arranged)
        self.reason.setVisible(refused)
        self.reason.set_required(refused)
        self.reason_text.setVisible(refused)

    def choose(self, state: ServiceState) -> None:
        self.choice.set_value(str(state))

    def answer(self, main: Booking) -> ServiceAnswer | None:
        """The answer as typed, or None for "later". A bed takes ward and bed of the booking."""
        chosen = self.choice.value()
        if chosen in (None, _LATER):
            return None
        bed = self.service.service == "bed"
        booking = Booking(
            department=main.department,
            scheduled_at=self.moment.value(),
            place=self.place.value() or "",
            ward=main.ward if bed else "",
            bed=main.bed if bed else "",
        )
        reason = Reason(self.reason.value() or "", self.reason_text.value() or "")
        return ServiceAnswer(self.service.task_id, ServiceState(chosen), booking, reason)


class AcceptDialog(FormDialog):
    """Accept, or change the booking of an accepted referral (then without the priorities)."""

    def __init__(self, view: ReferralView, today: date, parent: QWidget | None) -> None:
        again = view.state == "accepted"
        super().__init__(
            tr("Change the booking") if again else tr("Accept the referral"),
            tr("Save the booking") if again else tr("Accept"),
            parent,
        )
        emergency = view.urgency is Urgency.EMERGENCY
        patient = f"{view.patient.name}  {who(view.patient.sex, view.patient.age)}"
        hint = tr("An emergency may be accepted at once; the booking can follow.")
        self.body.addWidget(label(patient, "strong"))
        if emergency:
            self.body.addWidget(label(hint, "", tone="danger", wrap=True))
        columns = QHBoxLayout()
        columns.setSpacing(theme.GAP_SECTION)
        self.booking_fields = BookingFields(self.fields, today, required=not emergency)
        columns.addWidget(self.booking_fields, 1)
        self.answers: list[AnswerFields] = []
        open_services = [s for s in view.services if s.state is ServiceState.REQUESTED]
        if open_services and not again:
            self.setMinimumWidth(2 * theme.DIALOG_WIDTH)
            side = QVBoxLayout()
            side.setSpacing(theme.GAP_FIELD)
            for position, service in enumerate(open_services):
                if position:
                    side.addWidget(rule())
                line = AnswerFields(self.fields, service, today)
                line.choice.changed.connect(lambda of=line: self._same_time(of))
                self.answers.append(line)
                side.addWidget(line)
            side.addStretch(1)
            columns.addWidget(_upright())
            columns.addLayout(side, 1)
        self.body.addLayout(columns)
        if again:
            self.booking_fields.show_booking(view.booking)
        else:
            # A letter that was handed on is with that department, whomever it was written to.
            if department := view.booking.department or view.letter.to_department:
                self.booking_fields.department.set_value(department)
            if view.letter.to_doctor:
                self.booking_fields.doctor.set_value(view.letter.to_doctor)
        self.booking_fields.department.setFocus()

    def _same_time(self, line: AnswerFields) -> None:
        """An arranged priority starts with the time of the booking; most are at the same visit."""
        if line.choice.value() == ServiceState.ARRANGED and line.moment.day.is_blank():
            line.moment.show(self.booking_fields.moment.value())

    def _finish(self) -> None:
        self.strip.clear()
        moments = [self.booking_fields.moment, *(line.moment for line in self.answers)]
        if self.fields.check():
            problems = {m.time.key: text for m in moments if (text := m.problem())}
            if problems:
                self.show_problems(problems)
            else:
                self._once()

    def booking(self) -> Booking:
        return self.booking_fields.booking()

    def service_answers(self) -> tuple[ServiceAnswer, ...]:
        main = self.booking()
        found = (line.answer(main) for line in self.answers)
        return tuple(answer for answer in found if answer is not None)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        super().show_problems(problems)
        self.adjustSize()


class AnswerDialog(FormDialog):
    """One priority by itself: arrange it, change it, or say why it is not possible."""

    def __init__(
        self, service: ServiceView, state: ServiceState, today: date, parent: QWidget | None
    ) -> None:
        arranging = state is ServiceState.ARRANGED
        super().__init__(tr("Arrange") if arranging else tr("Not possible"), tr("Save"), parent)
        self.line = AnswerFields(self.fields, service, today, later=False)
        self.ward = TextField("ward", tr("Ward"), limit=100)
        self.bed = TextField("bed", tr("Bed"), limit=100)
        self.department = TextField("department", tr("Department"), limit=100)
        self.fields.add(self.department, self.ward, self.bed)
        self.body.addWidget(self.line)
        for field in (self.department, self.ward, self.bed):
            self.body.addWidget(field)
        is_bed = service.service == "bed"
        self.line.choose(state)
        for field in (self.ward, self.bed):
            field.setVisible(is_bed and state is ServiceState.ARRANGED)
        self.department.setVisible(state is ServiceState.ARRANGED)
        self.line.choice.hide()
        if state is ServiceState.ARRANGED:
            booking = service.booking
            self.line.moment.show(booking.scheduled_at)
            self.line.place.set_value(booking.place or None)
            self.department.set_value(booking.department or None)
            self.ward.set_value(booking.ward or None)
            self.bed.set_value(booking.bed or None)
            self.line.moment.day.setFocus()
        else:
            self.line.reason.setFocus()

    def answer(self) -> ServiceAnswer:
        main = Booking(
            department=self.department.value() or "",
            ward=self.ward.value() or "",
            bed=self.bed.value() or "",
        )
        answer = self.line.answer(main)
        assert answer is not None  # the state was chosen before the dialog opened
        return answer

    def show_problems(self, problems: Mapping[str, str]) -> None:
        # A single answer's problems come without the task's id before them.
        known = {
            name if name in self.fields else f"{self.line.service.task_id}.{name}": text
            for name, text in problems.items()
        }
        super().show_problems(known)


def _upright() -> QFrame:
    line = rule()
    line.setMinimumHeight(0)
    line.setMaximumHeight(16777215)
    line.setFixedWidth(1)
    return line
