"""The columns of the lists of the contracts room."""

from __future__ import annotations

from app.care.contracts.completion import ServiceLine, ServiceNote, count_label
from app.care.contracts.lists import ContractRow
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.tables import Column

STATE_TONES: dict[str, theme.Tone] = {
    "pending": "attention",
    "coming": "neutral",
    "active": "confirmed",
    "ending": "attention",
    "ended": "attention",
    "terminated": "neutral",
    "none": "neutral",
}
STATE_ICONS = {
    "pending": "time-line",
    "coming": "calendar-line",
    "active": "checkbox-circle-line",
    "ending": "calendar-event-line",
    "ended": "error-warning-line",
    "terminated": "close-circle-line",
    "none": "",
}


def contract_columns() -> list[Column[ContractRow]]:
    """Who, with whom, what, until when, and how it stands."""
    return [
        Column(tr("Name"), lambda row: row.name, 84, strong=True),
        Column(tr("Sex, age"), sex_age, 90),
        Column(tr("Village"), lambda row: row.village, 100),
        Column(tr("Doctor"), lambda row: row.doctor_name, 84),
        Column(tr("Team"), lambda row: row.team_name, 168),
        Column(tr("Packages"), lambda row: tr(", ").join(row.packages), None),
        Column(tr("Date of signing"), lambda row: str(row.signed_on or ""), 120, align="right"),
        Column(tr("Ends on"), lambda row: str(row.ends_on or ""), 96, align="right"),
        Column(
            tr("State"),
            _state,
            164,
            tone=lambda row: STATE_TONES[row.state],
            icon_name=lambda row: STATE_ICONS[row.state],
        ),
    ]


def resident_columns() -> list[Column[ContractRow]]:
    """Residents without a contract."""
    return [
        Column(tr("Name"), lambda row: row.name, 120, strong=True),
        Column(tr("Sex, age"), sex_age, 90),
        Column(tr("Village"), lambda row: row.village, 180),
        Column(tr("Phone"), lambda row: row.phone_masked, None),
        Column(tr("State"), lambda row: codes.label("contract_state", row.state), 120),
    ]


def service_columns() -> list[Column[ServiceLine]]:
    """The services of a contract this year."""
    return [
        Column(tr("Service"), lambda row: row.name, None, strong=True),
        Column(tr("A year"), _times, 62, align="right"),
        Column(tr("Due so far"), lambda row: str(row.due) if row.times else "—", 54, align="right"),
        Column(
            tr("Given"),
            lambda row: str(row.given),
            64,
            align="right",
            tone=lambda row: "attention" if row.behind else None,
            icon_name=lambda row: "time-line" if row.behind else "",
        ),
        Column(tr("Last"), lambda row: str(row.last_on or "—"), 96, align="right"),
        Column(tr("Counted from"), lambda row: count_label(row.counts), 128),
    ]


def note_columns() -> list[Column[ServiceNote]]:
    """What was noted by hand."""
    return [
        Column(tr("On"), lambda row: str(row.served_on), 96),
        Column(tr("Service"), lambda row: row.name, 120, strong=True),
        Column(tr("Noted by"), lambda row: row.performer, 76),
        Column(tr("Note"), lambda row: row.note, None),
    ]


def sex_age(row: ContractRow) -> str:
    return tr("{sex} {age}").format(sex=codes.label("sex", row.sex), age=row.age)


def _times(row: ServiceLine) -> str:
    return str(row.times) if row.times else tr("on request")


def _state(row: ContractRow) -> str:
    words = codes.label("contract_state", row.state)
    if row.state == "ending":
        return tr("Ends in {days} days").format(days=row.days_left)
    return words
