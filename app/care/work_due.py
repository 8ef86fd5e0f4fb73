"""Due work as lines of Today: one line a person, by family of work, each family counted.

What is asked for once a year (checks, renewals, yearly scales) is a campaign of its own: whoever
was never examined must not stand before the patient whose follow-up is due. Such work has its
own family and is not among the work of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, distinct, func, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.contracts.due import KINDS as CONTRACT_KINDS
from app.care.contracts.due import RENEWAL
from app.care.health_check.due import DUE_KIND as CHECK
from app.care.rounds.due import CONTACT_ENDED, CONTACT_LOST
from app.care.rounds.places import place_of
from app.care.screening.due import DUE_KIND as SCREENING
from app.i18n import tr
from app.models import codes
from app.models.local import DueItem
from app.models.resident import Resident

Column = Literal["now", "today", "week"]
COLUMNS: tuple[Column, ...] = ("now", "today", "week")
Family = Literal[
    "work", "follow_up", "rehab", "returns", "screening", "scales", "lost", "contracts", "checks"
]

FAMILIES: tuple[Family, ...] = (
    "work",
    "follow_up",
    "rehab",
    "returns",
    "screening",
    "scales",
    "lost",
    "contracts",
    "checks",
)
"""``work``: all that has its own day; the others: one kind of work each, yearly ones too."""

REHAB_KINDS = ("check_in", "plan_review", "plan_paused", "plan_draft")
RETURN = "return_"
YEARLY_KINDS = (
    CHECK,
    RENEWAL,
    "assessment:self_care",
    "assessment:ability_2022",
    "assessment:ability_2013",
    "assessment:tcm33",
)
"""Asked for once a year or a term, of everybody: not among the work of the day."""

WEEK = timedelta(days=7)
# Nothing appended: so the planner follows the index of kinds and days, where only what is due is
# looked at, and not the one of people.
_PERSON = DueItem.resident_id.concat("")
_SEVERAL = 3
# Of a resident's sixty columns.
_SHOWN = (Resident.id, Resident.name, Resident.sex, Resident.birth_date, Resident.village)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One line: who, what, since when, and where the work is done.

    ``days_late``: whole days past the due day (negative before it). ``arguments`` are those of the
    room's navigation. ``resident_id`` is empty for what concerns no single person. ``last``: when
    it was last done, for yearly work.
    """

    column: Column
    kind: str
    what: str
    room: str
    arguments: tuple[tuple[str, str], ...]
    resident_id: str = ""
    name: str = ""
    sex: str = ""
    age: int | None = None
    village: str = ""
    on: date | None = None
    days_late: int = 0
    urgent: bool = False
    last: date | None = None


@dataclass(frozen=True, slots=True)
class DueLines:
    """The lines of a column, how many people there are in all, how many of them overdue."""

    lines: tuple[WorkItem, ...] = ()
    total: int = 0
    overdue: int = 0


@cache
def kinds_of(family: Family) -> tuple[str, ...]:
    """The kinds of due work of a family, named one by one: so the index of kinds leads to them."""
    match family:
        case "work":
            return tuple(
                each for each in every_kind() if each not in (*YEARLY_KINDS, CONTACT_ENDED)
            )
        case "follow_up":
            return tuple(each for each in every_kind() if each.startswith("follow_up:"))
        case "rehab":
            return REHAB_KINDS
        case "returns":
            return tuple(each for each in every_kind() if each.startswith(RETURN))
        case "screening":
            return (SCREENING,)
        case "scales":
            return tuple(each for each in every_kind() if each.startswith("assessment:"))
        case "lost":
            return (CONTACT_LOST,)
        case "contracts":
            return tuple(CONTRACT_KINDS)
        case "checks":
            return (CHECK,)


@cache
def every_kind() -> tuple[str, ...]:
    """All kinds of due work (code list ``due_kind``)."""
    return tuple(entry.code for entry in codes.entries("due_kind"))


def horizon(family: Family, today: date) -> date:
    """How far the third column looks ahead: a week; for the annual checks to the year's end."""
    week = today + WEEK
    return max(week, date(today.year, 12, 31)) if family == "checks" else week


def family_counts(session: Session, organisation_id: str, today: date) -> dict[Family, int]:
    """By family the people with due or overdue work; of the annual checks all of this year."""
    found: dict[Family, int] = {}
    for family in FAMILIES:
        kinds = kinds_of(family)
        # Of one kind a person has one line at most.
        counted = func.count() if len(kinds) == 1 else func.count(distinct(_PERSON))
        day = horizon(family, today) if family == "checks" else today
        query = select(counted).where(
            DueItem.organisation_id == organisation_id,
            DueItem.kind.in_(kinds),
            DueItem.due_on <= day,
        )
        found[family] = session.scalar(query) or 0
    return found


def due_lines(
    session: Session,
    organisation_id: str,
    today: date,
    column: Column,
    family: Family,
    limit: int,
) -> DueLines:
    """The people of a column, the longest overdue first, a line each, cut to ``limit``.

    ``now``: urgent and due; ``today``: due and not urgent; ``week``: not due yet.
    """
    where: list[ColumnElement[bool]] = [
        DueItem.organisation_id == organisation_id,
        DueItem.kind.in_(kinds_of(family)),
    ]
    if column == "week":
        where += [DueItem.due_on > today, DueItem.due_on <= horizon(family, today)]
    else:
        where += [DueItem.due_on <= today, DueItem.urgent.is_(column == "now")]
    first = func.min(DueItem.due_on).label("first")
    people = select(_PERSON.label("resident_id"), first).where(*where).group_by(_PERSON)
    counted = people.subquery()
    total, overdue = session.execute(
        select(func.count(), func.count(case((counted.c.first < today, 1)))).select_from(counted)
    ).one()
    if not total:
        return DueLines()
    # The lines are cut before the residents are looked up: thousands may be overdue.
    order = [
        row.resident_id
        for row in session.execute(people.order_by("first", "resident_id").limit(limit))
    ]
    residents = {
        row.id: row for row in session.execute(select(*_SHOWN).where(Resident.id.in_(order)))
    }
    items: dict[str, list[DueItem]] = {}
    for item in session.scalars(select(DueItem).where(DueItem.resident_id.in_(order), *where)):
        items.setdefault(item.resident_id, []).append(item)
    lines = tuple(
        due_line(items[each], residents[each], column, today)
        for each in order
        if each in residents and each in items
    )
    return DueLines(lines, total, overdue)


def due_line(items: Sequence[DueItem], resident: Any, column: Column, today: date) -> WorkItem:
    """All that is due of one person in a column; the earliest opens.

    ``resident``: a Resident, or a row of what a line shows of one.
    """
    ordered = sorted(items, key=lambda item: (item.due_on, item.kind))
    item = ordered[0]
    words = list(dict.fromkeys(codes.label("due_kind", each.kind) for each in ordered))
    room, arguments = place_of(item.kind, resident.id)
    return WorkItem(
        column=column,
        kind=item.kind,
        what=tr(", ").join(words[:_SEVERAL]) + (" …" if len(words) > _SEVERAL else ""),
        room=room,
        arguments=arguments,
        resident_id=resident.id,
        name=resident.name,
        sex=resident.sex,
        age=age_on(resident.birth_date, today) if resident.birth_date <= today else None,
        village=resident.village or "",
        on=item.due_on,
        days_late=(today - item.due_on).days,
        urgent=any(each.urgent for each in ordered),
        last=item.since if item.kind == CHECK else None,
    )
