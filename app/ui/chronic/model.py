"""The columns of the two lists of the chronic-care room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from app.care.chronic_list import DueRow, RecordedRow
from app.care.limits import shown
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.delivery import delivery_mark, moment
from app.ui.widgets.tables import Column

Today = Callable[[], date]


def due_columns(today: Today) -> list[Column[DueRow]]:
    """Who, for what, since when, and how the last visit was."""
    return [
        Column(tr("Name"), lambda row: row.name, 80, strong=True, tip=lambda row: row.name),
        Column(tr("Sex, age"), _sex_age, 90),
        Column(tr("Village"), lambda row: row.village, 100),
        Column(tr("Diseases"), lambda row: _short_diseases(row.diseases), 116),
        Column(
            tr("Follow-up due"),
            lambda row: due_words(row, today()),
            None,
            tone=_due_tone,
            icon_name=_due_icon,
        ),
        Column(tr("BP mmHg"), _pressure, 92, align="right"),
        Column(tr("Glucose"), _glucose, 76, align="right"),
        Column(tr("Last class"), _classes, 100, tone=_class_tone),
    ]


def recorded_columns(today: Today) -> list[Column[RecordedRow]]:
    """What was recorded today and where it is."""
    return [
        Column(tr("Name"), lambda row: row.name, 80, strong=True, tip=_recorded_tip),
        Column(
            tr("Next visit"),
            lambda row: next_words(row, today()),
            82,
            tone=lambda row: "danger" if row.urgent else "attention" if row.refer else None,
        ),
        Column(
            tr("On its way"),
            lambda row: _way_words(row, today()),
            None,
            tip=lambda row: delivery_mark(row.delivery, today()).text,
            tone=lambda row: delivery_mark(row.delivery, today()).tone,
            icon_name=lambda row: delivery_mark(row.delivery, today()).icon,
        ),
    ]


def due_words(row: DueRow, today: date) -> str:
    """``Overdue 12 days (02-18)``, ``today``, ``in 3 days (03-05)``."""
    day = _short(row.due_on, today)
    if row.days_over > 0:
        return tr("{day}, {count} days over").format(count=row.days_over, day=day)
    if row.days_over == 0:
        return tr("due today")
    return tr("{day}, in {count} days").format(count=-row.days_over, day=day)


def next_words(row: RecordedRow, today: date) -> str:
    """The next date, or that the patient is to be referred."""
    if row.urgent:
        return tr("refer now")
    if row.refer:
        return tr("refer")
    return "—" if row.next_visit is None else _short(row.next_visit, today)


def _way_words(row: RecordedRow, today: date) -> str:
    """Where the visit is; of a receipt by the county hospital the time first of all."""
    held_at = row.delivery.held_at
    if row.delivery.state == "held" and held_at is not None:
        return tr("Received {time}").format(time=moment(held_at, today))
    return delivery_mark(row.delivery, today).text


def _short(day: date, today: date) -> str:
    return f"{day:%m-%d}" if day.year == today.year else f"{day:%y-%m-%d}"


def _sex_age(row: DueRow) -> str:
    return tr("{sex} {age}").format(sex=codes.label("sex", row.sex), age=row.age)


def _diseases(diseases: tuple[str, ...]) -> str:
    return tr(", ").join(codes.label("chronic_disease", disease) for disease in diseases)


def _short_diseases(diseases: tuple[str, ...]) -> str:
    """``高血压 糖尿病``: short names, so that two fit into a column."""
    return " ".join(codes.label("chronic_disease_short", disease) for disease in diseases)


def _due_tone(row: DueRow) -> theme.Tone | None:
    if row.referred:
        return "danger"
    return "attention" if row.days_over >= 0 else None


def _due_icon(row: DueRow) -> str:
    if row.referred:
        return "alarm-warning-line"
    return "time-line" if row.days_over >= 0 else "calendar-line"


def _pressure(row: DueRow) -> str:
    return "—" if row.last_pressure is None else f"{row.last_pressure[0]}/{row.last_pressure[1]}"


def _glucose(row: DueRow) -> str:
    return "—" if row.last_glucose is None else shown(row.last_glucose, 1)


def _classes(row: DueRow) -> str:
    worst = max(row.last_classes, default="")
    if worst:
        return codes.label("visit_class", worst)
    return tr("no visit yet") if row.last_on is None else tr("not classified")


def _class_tone(row: DueRow) -> theme.Tone | None:
    worst = max(row.last_classes, default="")
    return "danger" if worst == "4" else "attention" if worst in ("2", "3") else None


def _recorded_tip(row: RecordedRow) -> str:
    classes = tr(", ").join(codes.label("visit_class", each) for each in row.classes)
    return " · ".join(part for part in (_diseases(row.diseases), classes, row.doctor_name) if part)
