"""The three priorities as three lines, each with its own answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral_letter import SERVICES
from app.care.referral_states import ServiceState
from app.care.referral_view import BookingView, ReferralView, ServiceView
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.words import SERVICE_ICON, SERVICE_TONE, breakable, when
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card, Chip, IconLabel, label, rule

Answer = Callable[[ServiceView, ServiceState], None]


def booking_words(booking: BookingView, today: date) -> str:
    """Where and when, in one line."""
    bed = " ".join(part for part in (booking.ward, booking.bed) if part)
    parts = (
        when(booking.scheduled_at, today) if booking.scheduled_at else "",
        booking.department,
        booking.doctor,
        booking.doctor_phone,
        booking.place,
        bed,
        booking.instructions.replace("\n", " "),
    )
    return "  ·  ".join(part for part in parts if part)


class ServicesCard(Card):
    """Three lines: clinic, examination, bed — also those that were not asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("The three priorities"), parent)
        self.body.setSpacing(theme.GAP_INSIDE)
        self._lines: dict[str, _ServiceLine] = {}
        for position, service in enumerate(SERVICES):
            if position:
                self.body.addWidget(rule())
            line = _ServiceLine(service)
            self._lines[service] = line
            self.body.addWidget(line)

    def show_view(self, view: ReferralView, today: date, answer: Answer) -> None:
        by_name = {service.service: service for service in view.services}
        for name, line in self._lines.items():
            line.show_service(by_name.get(name), today, answer)

    def line(self, service: str) -> _ServiceLine:
        return self._lines[service]


class _ServiceLine(QWidget):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_FIELD)
        self._icon = IconLabel(SERVICE_ICON[service], "text_secondary", theme.ICON_LARGE)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_INSIDE)
        top.addWidget(label(codes.label("referral_service", service), "strong"))
        self.chip = Chip()
        top.addWidget(self.chip)
        top.addStretch(1)
        column.addLayout(top)
        self.asked = label("", "secondary", wrap=True)
        self.answer = label("", "", wrap=True)
        column.addWidget(self.asked)
        column.addWidget(self.answer)
        row.addLayout(column, 1)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.GAP_TIGHT)
        row.addLayout(self._buttons)
        row.setAlignment(self._buttons, Qt.AlignmentFlag.AlignVCenter)

    def buttons(self) -> list[Button]:
        found = (self._buttons.itemAt(at).widget() for at in range(self._buttons.count()))
        return [button for button in found if isinstance(button, Button)]

    def show_service(self, service: ServiceView | None, today: date, answer: Answer) -> None:
        while item := self._buttons.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        if service is None:
            self.chip.set(tr("Not asked for"))
            self._set(self.asked, "")
            self._set(self.answer, "")
            self._icon.set_icon(SERVICE_ICON[self._service], "text_disabled")
            return
        self._icon.set_icon(SERVICE_ICON[self._service], "text_secondary")
        self.chip.set(
            codes.label("referral_service_state", service.state), SERVICE_TONE[service.state]
        )
        wanted = ""
        if service.wanted_on is not None:
            wanted = tr("wanted by {date}").format(date=service.wanted_on.isoformat())
        asked = "  ·  ".join(part for part in (service.request, wanted) if part)
        asked = breakable(asked)
        self._set(self.asked, tr("Asked: {what}").format(what=asked) if asked else "")
        self._set(self.answer, breakable(_answer_words(service, today)))
        for state in service.answers:
            kind = QuietButton if state is ServiceState.REFUSED else Button
            button = kind(
                _verb(state, service.state),
                lambda chosen=state, of=service: answer(of, chosen),
            )
            self._buttons.addWidget(button)

    def _set(self, where: QWidget, text: str) -> None:
        where.setText(text)
        where.setVisible(bool(text))


def _verb(answer: ServiceState, now: ServiceState) -> str:
    if answer is ServiceState.ARRANGED:
        return tr("Change") if now is ServiceState.ARRANGED else tr("Arrange")
    return tr("Used") if answer is ServiceState.USED else tr("Not possible")


def _answer_words(service: ServiceView, today: date) -> str:
    if service.state in (ServiceState.ARRANGED, ServiceState.USED):
        return booking_words(service.booking, today)
    if service.state is ServiceState.REFUSED:
        # A rejected letter refuses its priorities with a reason of the letter's own list.
        label_of = codes.label("referral_service_refusal", service.reason_code)
        if label_of == service.reason_code:
            label_of = codes.label("referral_reject_reason", service.reason_code)
        return "  ·  ".join(part for part in (label_of, service.reason_text) if part)
    return ""
