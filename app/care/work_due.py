"""Due work as lines of Today: one line a person, by family of work, each family counted.

What is asked for once a year (checks, renewals, yearly scales) is a campaign of its own: whoever
was never examined must not stand before the patient whose follow-up is due. Such work has its
own family and is not among the work of the day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, case, func, select
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
Family = Literal["work", "follow_up", "rehab", "screening", "scales", "lost", "contracts", "checks"]

FAMILIES: tuple[Family, ...] = (
    "work",
    "follow_up",
    "rehab",
    "screening",
    "scales",
    "lost",
    "contracts",
    "checks",
)
"""``work``: all that has its own day; the others: one kind of work each, yearly ones too."""

REHAB_KINDS = ("check_in", "plan_review", "plan_paused")
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
_SEVERAL = 3


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


def of_family(family: Family) -> ColumnElement[bool]:
    """Whether a due item belongs to a family."""
    match family:
        case "work":
            return DueItem.kind.not_in((*YEARLY_KINDS, CONTACT_ENDED))
        case "follow_up":
            return DueItem.kind.between("follow_up:", "follow_up;")
        case "rehab":
            return DueItem.kind.in_(REHAB_KINDS)
        case "screening":
            return DueItem.kind == SCREENING
        case "scales":
            return DueItem.kind.between("assessment:", "assessment;")
        case "lost":
            return DueItem.kind == CONTACT_LOST
        case "contracts":
            return DueItem.kind.in_(CONTRACT_KINDS)
        case "checks":
            return DueItem.kind == CHECK


def horizon(family: Family, today: date) -> date:
    """How far the third column looks ahead: a week; for the annual checks to the year's end."""
    week = today + WEEK
    return max(week, date(today.year, 12, 31)) if family == "checks" else week


def family_counts(session: Session, organisation_id: str, today: date) -> dict[Family, int]:
    """By family the people with due or overdue work; of the annual checks all of this year."""
    day_of = {
        family: horizon(family, today) if family == "checks" else today for family in FAMILIES
    }
    first = [
        func.min(case((of_family(family), DueItem.due_on))).label(family) for family in FAMILIES
    ]
    people = (
        select(*first)
        .where(DueItem.organisation_id == organisation_id, DueItem.due_on <= max(day_of.values()))
        .group_by(DueItem.resident_id)
        .subquery()
    )
    row = session.execute(
        select(*(func.count(case((people.c[family] <= day_of[family], 1))) for family in FAMILIES))
    ).one()
    return dict(zip(FAMILIES, row, strict=True))


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
        of_family(family),
    ]
    if column == "week":
        where += [DueItem.due_on > today, DueItem.due_on <= horizon(family, today)]
    else:
        where += [DueItem.due_on <= today, DueItem.urgent.is_(column == "now")]
    first = func.min(DueItem.due_on).label("first")
    people = select(DueItem.resident_id, first).where(*where).group_by(DueItem.resident_id)
    counted = people.subquery()
    total, overdue = session.execute(
        select(func.count(), func.count(case((counted.c.first < today, 1)))).select_from(counted)
    ).one()
    if not total:
        return DueLines()
    # The lines are cut before the residents are looked up: thousands may be overdue.
    order = [
        row.resident_id
        for row in session.execute(people.order_by("first", DueItem.resident_id).limit(limit))
    ]
    residents = {
        row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(order)))
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


def due_line(items: Sequence[DueItem], resident: Resident, column: Column, today: date) -> WorkItem:
    """All that is due of one person in a column; the earliest opens."""
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
