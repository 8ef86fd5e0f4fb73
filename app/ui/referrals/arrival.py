"""The question before an arrival that is noted on another day than the one that was booked."""

from __future__ import annotations

from datetime import date

from PySide6.QtWidgets import QWidget

from app.care.referral_view import ReferralView
from app.clock import clinic_date
from app.i18n import tr
from app.ui.referrals.dialogs import FormDialog
from app.ui.referrals.words import when


def other_day(view: ReferralView, today: date, parent: QWidget | None) -> FormDialog | None:
    """The dialog to confirm; None where today is the booked day or none was booked."""
    booked = view.booking.scheduled_at
    if booked is None or clinic_date(booked) == today:
        return None
    sure = FormDialog(tr("Is the patient here today?"), tr("Patient has arrived"), parent)
    sure.say(
        tr("The appointment is on another day: {time}. The arrival is noted for today.").format(
            time=when(booked, today)
        )
    )
    # A second Enter out of habit does nothing.
    sure.cancel.setFocus()
    return sure
