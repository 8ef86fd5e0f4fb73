"""Who of the residents of 65 and over had this year's health check, and who still misses it.

A check counts with the doctor's conclusion, in the calendar year of its day. Age is that on
31 December of the year (domain reference §0.2: cohort indicators).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.care import masking
from app.care.age import SENIOR_AGE, age_at_year_end, age_on
from app.care.follow_up_history import ENTERED_IN_ERROR
from app.care.villages import villages_of
from app.models.actor import Actor
from app.models.health_check import HealthCheck
from app.models.resident import Resident
from app.models.store import Store

SCOPES = ("missing", "waiting", "done")


@dataclass(frozen=True, slots=True)
class Checked:
    """One person's counted check within a period."""

    resident_id: str
    check_date: date
    health_check_id: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One resident of the year's list. ``check_date``: this year's check, else the one before;
    ``health_check_id``: this year's, empty while it is missing."""

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    phone_masked: str
    check_date: date | None
    health_check_id: str


def counted(model: type[HealthCheck] = HealthCheck) -> ColumnElement[bool]:
    """Whether a check counts as done."""
    return and_(model.status != ENTERED_IN_ERROR, model.conclusion.is_not(None))


def checked_between(
    session: Session, start: date, end: date, organisation_id: str = ""
) -> list[Checked]:
    """The newest counted check of each resident with a check from ``start`` to ``end``.

    ``organisation_id``: only those that this organisation made.
    """
    query = select(HealthCheck.resident_id, HealthCheck.check_date, HealthCheck.id).where(
        HealthCheck.check_date.between(start, end), counted()
    )
    if organisation_id:
        query = query.where(HealthCheck.organisation_id == organisation_id)
    rows = session.execute(query.order_by(HealthCheck.check_date, HealthCheck.id))
    newest = {resident_id: Checked(resident_id, day, id_) for resident_id, day, id_ in rows}
    return list(newest.values())


def list_year(
    store: Store,
    actor: Actor,
    year: int,
    scope: str = "missing",
    village: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[CheckLine, ...]:
    """A page of the year's list, by village in the order of registration.

    ``scope``: one of ``SCOPES``.
    """
    today = store.clock.today()
    with store.read() as session:
        ids = session.scalars(
            select(Resident.id)
            .where(*_where(store.organisation_id, year, scope, village))
            .order_by(Resident.village, Resident.id)
            .offset(offset)
            .limit(limit)
        ).all()
        found = {
            row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(ids)))
        }
        rows = [found[each] for each in ids]
        checks = _newest(session, ids, scope, year)
        return tuple(_line(row, checks.get(row.id), year, today) for row in rows)


def count_year(
    store: Store, actor: Actor, year: int, scope: str = "missing", village: str = ""
) -> int:
    """How many residents a scope of the year's list holds."""
    with store.read() as session:
        query = select(func.count()).select_from(Resident)
        return (
            session.scalar(query.where(*_where(store.organisation_id, year, scope, village))) or 0
        )


def year_villages(store: Store, actor: Actor, year: int) -> tuple[str, ...]:
    """The villages in which residents of 65 and over live."""
    with store.read() as session:
        return villages_of(
            session,
            store.organisation_id,
            active=True,
            born_by=f"{year - SENIOR_AGE:04d}-12-31",
        )


def missing_in_year(
    session: Session,
    organisation_id: str,
    year: int,
    village: str = "",
    offset: int = 0,
    limit: int = 100,
) -> list[str]:
    """Ids of the residents of 65 and over without a counted check in the year, by village."""
    return list(
        session.scalars(
            select(Resident.id)
            .where(
                *_seniors(organisation_id, year, village),
                ~_checked(year, counted()),
            )
            .order_by(Resident.village, Resident.id)
            .offset(offset)
            .limit(limit)
        )
    )


def _seniors(organisation_id: str, year: int, village: str = "") -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        Resident.organisation_id == organisation_id,
        Resident.record_status == "active",
        Resident.birth_date <= date(year - SENIOR_AGE, 12, 31),
    ]
    if village:
        found.append(Resident.village == village)
    return found


def _checked(year: int, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """A check of the year on this record or on one that was merged into it.

    Sets, not a question for each resident: both come from indexes alone.
    """
    own = select(HealthCheck.resident_id).where(
        HealthCheck.check_date.between(date(year, 1, 1), date(year, 12, 31)), *more
    )
    merged = aliased(Resident)
    # Few records are merged: the text put behind the id keeps the planner from looking up every
    # resident who was checked.
    through = select(merged.merged_into_id).where(
        merged.merged_into_id.is_not(None), (merged.id + "").in_(own)
    )
    return or_(Resident.id.in_(own), Resident.id.in_(through))


def _where(organisation_id: str, year: int, scope: str, village: str) -> list[ColumnElement[bool]]:
    found = _seniors(organisation_id, year, village)
    done = _checked(year, counted())
    if scope == "done":
        return [*found, done]
    waiting = _checked(
        year, HealthCheck.status != ENTERED_IN_ERROR, HealthCheck.conclusion.is_(None)
    )
    if scope == "waiting":
        return [*found, waiting, ~done]
    return [*found, ~done, ~waiting]


def _newest(
    session: Session, resident_ids: Sequence[str], scope: str, year: int
) -> dict[str, tuple[date, str]]:
    rows = session.execute(
        select(HealthCheck.resident_id, HealthCheck.check_date, HealthCheck.id)
        .where(
            HealthCheck.resident_id.in_(resident_ids),
            HealthCheck.status != ENTERED_IN_ERROR,
            HealthCheck.check_date <= date(year, 12, 31),
        )
        .order_by(HealthCheck.check_date, HealthCheck.id)
    )
    return {resident_id: (day, id_) for resident_id, day, id_ in rows}


def _line(row: Resident, check: tuple[date, str] | None, year: int, today: date) -> CheckLine:
    day, id_ = check or (None, "")
    return CheckLine(
        resident_id=row.id,
        name=row.name,
        sex=row.sex,
        age=age_on(row.birth_date, today)
        if year == today.year
        else age_at_year_end(row.birth_date, year),
        village=row.village or "",
        phone_masked=masking.mask_phone(row.phone or ""),
        check_date=day,
        health_check_id=id_ if day is not None and day.year == year else "",
    )
