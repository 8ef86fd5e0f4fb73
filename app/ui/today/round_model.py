"""The columns of the work by village and by doctor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.care.rounds.groups import GroupRow
from app.care.rounds.work import PersonRow
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.tables import Column

_REACH = {"no_phone": "phone-line", "lost": "user-search-line", "ended": "user-unfollow-line"}


def group_columns(title: str) -> list[Column[GroupRow]]:
    """A village or a doctor, and how many people wait there."""
    return [
        Column(title, lambda row: row.label, None, strong=True),
        Column(
            tr("Overdue"),
            lambda row: str(row.counts.overdue),
            66,
            align="right",
            tone=lambda row: "attention" if row.counts.overdue else None,
        ),
        Column(tr("7 days"), lambda row: str(row.counts.week), 66, align="right"),
        Column(tr("30 days"), lambda row: str(row.counts.month), 66, align="right"),
        Column(tr("No contact"), lambda row: str(row.counts.unreachable), 50, align="right"),
    ]


def person_columns(in_village: Callable[[], bool]) -> list[Column[PersonRow]]:
    """Who, where, what is due, since when, and how to reach them. ``in_village``: whether the
    list is of one village, which then need not be said in each row."""
    return [
        Column(tr("Name"), lambda row: row.name, 76, strong=True, tip=lambda row: row.name),
        Column(tr("Sex, age"), _sex_age, 80),
        Column(
            tr("Village, group"),
            lambda row: _inside(row) if in_village() else _place(row),
            122,
            tip=lambda row: f"{_place(row)} {row.address}",
        ),
        Column(tr("Work due"), _things, None, tone=_tone),
        Column(tr("First due"), due_words, 158, tone=_tone, icon_name=_icon),
        Column(tr("Doctor"), lambda row: row.doctor or "—", 68),
        Column(tr("Phone"), reach_words, 112, tone=_reach_tone, icon_name=_reach_icon),
    ]


def due_words(row: PersonRow) -> str:
    """The first day, and how far it is over; of another year only how far."""
    if row.days_late > 0 and (row.due_on + timedelta(days=row.days_late)).year != row.due_on.year:
        return tr("{count} days overdue").format(count=row.days_late)
    if row.days_late > 0:
        return tr("{day}, {count} days over").format(day=f"{row.due_on:%m-%d}", count=row.days_late)
    if row.days_late == 0:
        return tr("due today")
    return tr("{day}, in {count} days").format(day=f"{row.due_on:%m-%d}", count=-row.days_late)


def reach_words(row: PersonRow) -> str:
    """The masked number, or why there is no reaching them."""
    return {
        "no_phone": tr("no phone"),
        "lost": tr("lost for now"),
        "ended": tr("lost"),
    }.get(row.unreachable) or row.phone_masked


def _sex_age(row: PersonRow) -> str:
    return tr("{sex} {age}").format(sex=codes.label("sex", row.sex), age=row.age)


def _place(row: PersonRow) -> str:
    return " ".join(part for part in (row.village, row.group) if part)


def _inside(row: PersonRow) -> str:
    address = row.address.removeprefix(row.village)
    return " ".join(part for part in (row.group, address) if part) or row.village


def _things(row: PersonRow) -> str:
    return tr(", ").join(thing.words for thing in row.things)


def _tone(row: PersonRow) -> theme.Tone | None:
    if row.urgent:
        return "danger"
    return "attention" if row.days_late >= 0 else None


def _icon(row: PersonRow) -> str:
    if row.urgent:
        return "alarm-warning-line"
    return "time-line" if row.days_late >= 0 else "calendar-line"


def _reach_tone(row: PersonRow) -> theme.Tone | None:
    return "attention" if row.unreachable else None


def _reach_icon(row: PersonRow) -> str:
    return _REACH.get(row.unreachable, "")
