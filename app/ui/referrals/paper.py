"""The letter as the printed national form looks: stub, tear line, letter, and the county's sheet.

Source: 双向转诊 转出单, National Basic Public Health Services, 3rd ed. 2017. Everything written by
a person is escaped: a letter can hold any text.
"""

from __future__ import annotations

from datetime import date
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app.care.referral_view import BookingView, ReferralView
from app.care.referral_words import code_words, consent_words, reason_words, vitals_words
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.words import breakable, when

_BLANK = "&nbsp;" * 6


class Sheet(QLabel):
    """Shows the rich text made here; its words can be marked and copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setWordWrap(True)


def letter_html(view: ReferralView, *, stub: bool = True) -> str:
    """The sheet as rich text for a label. The stub above the tear line stays with the sender, so
    the receiver's letter begins below it."""
    c = theme.colours()
    above = _stub(view) + _tear_line() if stub else ""
    return (
        f'<div style="color:{c.text}">{above}{_letter(view, numbered=not stub)}{_sheet(view)}</div>'
    )


def booking_html(booking: BookingView, today: date) -> str:
    """Where and when to come: captions above, values below, what is unknown left out."""
    c = theme.colours()
    bed = " ".join(part for part in (booking.ward, booking.bed) if part)
    doctor = "  ".join(part for part in (booking.doctor, booking.doctor_phone) if part)
    facts = (
        (tr("Come at"), when(booking.scheduled_at, today) if booking.scheduled_at else ""),
        (tr("Department"), booking.department),
        (tr("Doctor"), doctor),
        (tr("Bed"), bed),
        (tr("Place"), booking.place),
    )
    filled = [(name, value) for name, value in facts if value]
    small = f"color:{c.text_secondary}; font-size:{theme.SECONDARY_POINTS}pt"
    width = 100 // max(len(filled), 1)
    heads = "".join(f'<td width="{width}%" style="{small}">{escape(n)}</td>' for n, _ in filled)
    cells = "".join(f'<td style="font-weight:600">{_safe(v)}</td>' for _, v in filled)
    table = f'<table width="100%"><tr>{heads}</tr><tr>{cells}</tr></table>' if filled else ""
    more = booking.instructions
    return table + (f'<p style="margin-top:8px">{_safe(more)}</p>' if more else "")


def _safe(text: str) -> str:
    return escape(breakable(text)).replace("\n", "<br>")


def _u(text: str) -> str:
    """A filled blank of the form."""
    words = _safe(text) if text else _BLANK
    return f"<u>&nbsp;{words}&nbsp;</u>"


def _title(text: str, note: str) -> str:
    c = theme.colours()
    return (
        '<table width="100%"><tr>'
        f'<td width="29%"></td><td width="42%" align="center" '
        f'style="font-size:{theme.SECTION_POINTS}pt; font-weight:600">{escape(text)}</td>'
        f'<td width="29%" align="right" style="color:{c.text_secondary}; '
        f'font-size:{theme.SECONDARY_POINTS}pt">{escape(note)}</td></tr></table>'
    )


def _years(view: ReferralView) -> str:
    return "" if view.patient.age is None else str(view.patient.age)


def _signature(view: ReferralView, *, whole: bool) -> str:
    doctor = tr("Referring doctor (signature): {name}").format(name="\0")
    lines = [doctor.replace("\0", _u(view.doctor_name))]
    if whole:
        lines.append(escape(tr("Phone: ")) + _u(view.doctor_phone))
        lines.append(escape(tr("Institution: ")) + _u(view.from_name))
    lines.append(_u(view.written_on.isoformat()))
    return f'<p align="right">{"<br>".join(lines)}</p>'


def _stub(view: ReferralView) -> str:
    p = view.patient
    who = _fields(
        (tr("Name"), p.name),
        (tr("Sex"), codes.label("sex", p.sex)),
        (tr("Age"), _years(view)),
        (tr("Record no."), p.record_no),
    )
    where = _fields((tr("Home address"), p.address), (tr("Phone no."), p.phone))
    sentence = (
        escape(tr("On {date}, because of the condition, referred to {organisation} {place}."))
        .replace("{date}", _u(view.written_on.isoformat()))
        .replace("{organisation}", _u(view.to_name))
        .replace(
            "{place}",
            _fields(
                (tr("Department"), view.letter.to_department),
                (tr("Receiving doctor"), view.letter.to_doctor),
            ),
        )
    )
    return (
        _title(tr("Stub"), tr("No. {number}").format(number=view.referral_no))
        + f"<p>{who}</p><p>{where}</p><p>{sentence}</p>"
        + _signature(view, whole=False)
    )


def _fields(*pairs: tuple[str, str]) -> str:
    return "&nbsp;&nbsp; ".join(f"{escape(name)} {_u(value)}" for name, value in pairs)


def _tear_line() -> str:
    colour = theme.colours().line_strong
    return f'<p align="center" style="color:{colour}">{"— " * 34}</p>'


def _letter(view: ReferralView, *, numbered: bool) -> str:
    letter, p = view.letter, view.patient
    greeting = escape(tr("{organisation} (name of the institution):")).replace(
        "{organisation}", _u(view.to_name)
    )
    sentence = (
        escape(
            tr(
                "The patient {name}, {sex}, aged {age}, is to be transferred to you because of the "
                "condition. Please receive the patient."
            )
        )
        .replace("{name}", _u(p.name))
        .replace("{sex}", _u(codes.label("sex", p.sex)))
        .replace("{age}", _u(_years(view)))
    )
    return (
        _title(
            tr("Two-way referral form (transfer out)"),
            tr("No. {number}").format(number=view.referral_no) if numbered else "",
        )
        + f"<p>{greeting}</p><p>{sentence}</p>"
        + _part(tr("First impression"), letter.impression)
        + _part(tr("Present history (cause of the referral)"), letter.present_history)
        + _part(tr("Past history"), letter.past_history)
        + _part(tr("Treatment so far"), letter.treatment_given)
        + _signature(view, whole=True)
    )


def _part(title: str, text: str) -> str:
    c = theme.colours()
    body = _safe(text)
    if not text:
        body = f'<span style="color:{c.attention}">{escape(tr("not filled in yet"))}</span>'
    return f"<p><b>{escape(title)}{tr(': ')}</b><br>{body}</p>"


def _sheet(view: ReferralView) -> str:
    """What goes along with the form in this county, as lines of a table; empty ones left out."""
    letter = view.letter
    rows = [
        (tr("Reasons"), reason_words(view)),
        (tr("Red flags"), code_words("referral_red_flag", letter.red_flags)),
        (tr("Vital signs"), vitals_words(letter.vitals)),
        (tr("Drugs now"), "\n".join(letter.current_drugs)),
        (tr("Allergies"), letter.allergies),
        (tr("Last results"), letter.last_results),
        (tr("Mobility"), codes.label("referral_mobility", letter.mobility)),
        (tr("Transport"), codes.label("referral_transport", letter.transport)),
        (tr("Escort"), letter.escort),
        (tr("Isolation"), codes.label("referral_isolation", letter.isolation_risk)),
        (tr("Points of attention"), letter.attention_points),
        (tr("Consent"), consent_words(view)),
    ]
    c = theme.colours()
    cells = "".join(
        f'<tr><td width="18%" style="color:{c.text_secondary}; padding:3px 8px 3px 0">'
        f'{escape(name)}</td><td style="padding:3px 0">'
        f"{_safe(value)}</td></tr>"
        for name, value in rows
        if value
    )
    return f'<hr><table width="100%">{cells}</table>' if cells else ""
