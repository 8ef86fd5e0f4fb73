"""The lists of screening: who was not yet measured this year, and whom a measurement waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, String, exists, func, or_, select, type_coerce

from app.care.age import age_on
from app.care.masking import mask_phone
from app.care.screening.due import DUE_KIND
from app.care.screening.rule import FIRST_AGE
from app.care.villages import villages_of
from app.care.visit_rules import add_months
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.health_check import HealthCheck
from app.models.local import DueItem
from app.models.resident import Condition, Resident
from app.models.screening import BpScreening
from app.models.store import Store

SOON = timedelta(days=30)
_ERROR = "entered_in_error"
_HYPERTENSION = (Condition.disease == "hypertension", Condition.clinical_status == "active")
_SCREENED = (BpScreening.status != _ERROR, BpScreening.sbp.is_not(None))


@dataclass(frozen=True, slots=True)
class UnmeasuredRow:
    """A resident from 35 whose pressure was not measured this year."""

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    phone_masked: str
    last_on: date | None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A resident whose measurement waits: ``result`` of the last one (``bp_screening_result``),
    ``screening_id`` its record, ``raised_days`` so far."""

    resident_id: str
    screening_id: str
    name: str
    sex: str
    age: int
    village: str
    due_on: date
    days_over: int
    result: str
    raised_days: int
    last_on: date | None
    last_pressure: tuple[int, int] | None


def unmeasured(
    store: Store, actor: Actor, village: str = "", offset: int = 0, limit: int = 100
) -> tuple[UnmeasuredRow, ...]:
    """A page of the residents not yet measured this calendar year, by village.

    A screening, a follow-up or an annual check with a pressure counts; who has hypertension in
    the record is left to follow-up.
    """
    today = store.clock.today()
    query = (
        select(Resident.id)
        .where(*_by_name(actor, village, today), *_unseen(today))
        .order_by(Resident.village, Resident.name, Resident.id)
        .offset(offset)
        .limit(limit)
    )
    with store.read() as session:
        ids = list(session.scalars(query))
        found = {
            row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(ids)))
        }
        last: dict[str, date] = {
            row[0]: row[1]
            for row in session.execute(
                select(BpScreening.resident_id, func.max(BpScreening.measured_on))
                .where(
                    BpScreening.resident_id.in_(ids),
                    BpScreening.status != _ERROR,
                    BpScreening.sbp.is_not(None),
                )
                .group_by(BpScreening.resident_id)
            )
        }
        return tuple(
            UnmeasuredRow(
                resident_id=each,
                name=found[each].name,
                sex=found[each].sex,
                age=age_on(found[each].birth_date, today),
                village=found[each].village or "",
                phone_masked=mask_phone(found[each].phone or ""),
                last_on=last.get(each),
            )
            for each in ids
        )


def count_unmeasured(store: Store, actor: Actor, village: str = "") -> int:
    """How many residents ``unmeasured`` lists."""
    query = select(func.count()).select_from(Resident)
    today = store.clock.today()
    unseen = _unseen(today) if village else _unseen_of_all(today)
    query = query.where(*_counted(actor, village, today), *unseen)
    with store.read() as session:
        return session.scalar(query) or 0


def waiting(
    store: Store, actor: Actor, village: str = "", offset: int = 0, limit: int = 100
) -> tuple[WaitingRow, ...]:
    """A page of those to be measured again or decided about, the most pressing first.

    High-risk residents appear ``SOON`` before their half-year is over.
    """
    today = store.clock.today()
    query = (
        select(DueItem, Resident, BpScreening)
        .join(Resident, Resident.id == DueItem.resident_id)
        .join(BpScreening, BpScreening.id == DueItem.source_id)
        .where(*_waiting(actor, village, today))
        .order_by(DueItem.urgent.desc(), DueItem.due_on, DueItem.resident_id)
        .offset(offset)
        .limit(limit)
    )
    with store.read() as session:
        return tuple(
            WaitingRow(
                resident_id=resident.id,
                screening_id=last.id,
                name=resident.name,
                sex=resident.sex,
                age=age_on(resident.birth_date, max(today, resident.birth_date)),
                village=resident.village or "",
                due_on=item.due_on,
                days_over=(today - item.due_on).days,
                result=last.result or "",
                raised_days=int(item.detail.get("raised_days") or 0),
                last_on=last.measured_on,
                last_pressure=(last.sbp, last.dbp)
                if last.sbp is not None and last.dbp is not None
                else None,
            )
            for item, resident, last in session.execute(query)
        )


def count_waiting(store: Store, actor: Actor, village: str = "") -> int:
    """How many ``waiting`` lists."""
    wanted = _waiting(actor, village, store.clock.today())
    query = select(func.count()).select_from(DueItem).where(*wanted)
    with store.read() as session:
        return session.scalar(query) or 0


def screening_villages(store: Store, actor: Actor) -> tuple[str, ...]:
    """The villages of this organisation's residents, for the filter."""
    with store.read() as session:
        return villages_of(session, actor.organisation_id)


def _waiting(actor: Actor, village: str, today: date) -> list[ColumnElement[bool]]:
    wanted = [
        DueItem.organisation_id == actor.organisation_id,
        DueItem.kind == DUE_KIND,
        DueItem.due_on <= today + SOON,
    ]
    if village:
        of_village = select(Resident.id).where(Resident.village == village)
        wanted.append(DueItem.resident_id.in_(of_village))
    return wanted


def _by_name(actor: Actor, village: str, today: date) -> list[ColumnElement[bool]]:
    """Who is to be screened, asked so that SQLite walks the index by village and name and stops
    at the end of the page (an appended "" keeps it from the indexes of these columns)."""
    born = type_coerce(Resident.birth_date, String)
    wanted = [
        Resident.organisation_id.concat("") == actor.organisation_id,
        Resident.record_status.concat("") == "active",
        born.concat("") <= _born_by(today).isoformat(),
    ]
    if village:
        wanted.append(Resident.village == village)
    return wanted


def _counted(actor: Actor, village: str, today: date) -> list[ColumnElement[bool]]:
    """The same, for counting all of them."""
    wanted = [
        Resident.organisation_id == actor.organisation_id,
        Resident.record_status == "active",
        Resident.birth_date <= _born_by(today),
    ]
    if village:
        wanted.append(Resident.village == village)
    return wanted


def _born_by(today: date) -> date:
    return add_months(today, -12 * FIRST_AGE)


def _unseen(today: date) -> list[ColumnElement[bool]]:
    """No pressure this year, and no hypertension in the record: asked of one person after the
    other, what is read fastest first."""
    year = date(today.year, 1, 1)
    return [
        ~exists().where(Condition.resident_id == Resident.id, *_HYPERTENSION),
        ~exists().where(
            BpScreening.resident_id == Resident.id, BpScreening.measured_on >= year, *_SCREENED
        ),
        *_unseen_elsewhere(year),
    ]


def _unseen_of_all(today: date) -> list[ColumnElement[bool]]:
    """The same, asked of everybody: the two short tables are read once, end to end, where two
    searches a person take twice the time."""
    year = date(today.year, 1, 1)
    return [
        Resident.id.not_in(select(Condition.resident_id).where(*_HYPERTENSION)),
        Resident.id.not_in(
            select(BpScreening.resident_id).where(BpScreening.measured_on >= year, *_SCREENED)
        ),
        *_unseen_elsewhere(year),
    ]


def _unseen_elsewhere(year: date) -> list[ColumnElement[bool]]:
    return [
        ~exists().where(
            HealthCheck.resident_id == Resident.id,
            HealthCheck.check_date >= year,
            HealthCheck.status != _ERROR,
            or_(HealthCheck.sbp_left.is_not(None), HealthCheck.sbp_right.is_not(None)),
        ),
        ~exists().where(
            FollowUp.resident_id == Resident.id,
            FollowUp.visit_date >= year,
            FollowUp.status != _ERROR,
            FollowUp.sbp.is_not(None),
        ),
    ]
