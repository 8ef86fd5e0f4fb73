"""The lists of the chronic-care room: who is due, and what was recorded today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, case, distinct, func, select
from sqlalchemy.orm import Session, selectinload

from app.care.age import age_on
from app.care.due import FOLLOW_UP_KINDS
from app.care.follow_up_form import DISEASES
from app.care.follow_up_history import DUE_KIND, ENTERED_IN_ERROR
from app.care.masking import mask_phone
from app.care.villages import villages_of
from app.clock import clinic_date
from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.local import DueItem
from app.models.outbox import Delivery, deliveries
from app.models.resident import Resident
from app.models.store import Store

SCOPES = ("overdue", "soon", "all")
"""``overdue``: before today; ``soon``: until a week from today, overdue ones included."""

SOON = timedelta(days=7)
# Newest visits looked at for "recorded today": more than a busy day brings.
# Nothing appended: so the planner follows the index of kinds and days, where only what is due is
# looked at, and not the one of people.
_PERSON = DueItem.resident_id.concat("")
_LOOKED_AT = 300


@dataclass(frozen=True, slots=True)
class DueRow:
    """A resident whose follow-up is due. ``days_over``: negative while the day lies ahead.

    ``last_*`` come from the newest visit: pressure in mmHg, fasting or other glucose in
    mmol/L, classes by disease. ``referred``: the last visit asked for a referral.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    phone_masked: str
    diseases: tuple[str, ...]
    due_on: date
    days_over: int
    referred: bool
    last_on: date | None
    last_pressure: tuple[int, int] | None
    last_glucose: float | None
    last_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DueCounts:
    """Residents by scope; one with several diseases counts once."""

    overdue: int
    soon: int
    all: int


@dataclass(frozen=True, slots=True)
class RecordedRow:
    """A visit recorded today at this organisation and where it stands on its way."""

    follow_up_id: str
    resident_id: str
    name: str
    diseases: tuple[str, ...]
    classes: tuple[str, ...]
    urgent: bool
    refer: bool
    next_visit: date | None
    recorded_at: datetime
    doctor_name: str
    delivery: Delivery


def due_follow_ups(
    store: Store,
    actor: Actor,
    scope: str = "soon",
    disease: str = "",
    village: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[DueRow, ...]:
    """A page of the residents due in a scope, the longest overdue first."""
    today = store.clock.today()
    first_due = func.min(DueItem.due_on)
    query = (
        select(_PERSON)
        .where(*_listed(actor, scope, disease, village, today))
        .group_by(_PERSON)
        .order_by(first_due, _PERSON)
        .offset(offset)
        .limit(limit)
    )
    with store.read() as session:
        ids = list(session.scalars(query))
        return _due_rows(session, ids, disease, today)


def count_due(
    store: Store, actor: Actor, scope: str = "soon", disease: str = "", village: str = ""
) -> int:
    """How many residents ``due_follow_ups`` lists."""
    query = select(func.count(distinct(_PERSON))).where(
        *_listed(actor, scope, disease, village, store.clock.today())
    )
    with store.read() as session:
        return session.scalar(query) or 0


def due_counts(store: Store, actor: Actor, disease: str = "", village: str = "") -> DueCounts:
    """The number of residents in each scope, in one query."""
    today = store.clock.today()

    overdue = case((DueItem.due_on < today, DueItem.resident_id))
    soon = case((DueItem.due_on <= today + SOON, DueItem.resident_id))
    query = select(
        func.count(distinct(overdue)),
        func.count(distinct(soon)),
        func.count(distinct(DueItem.resident_id)),
    ).where(*_listed(actor, "all", disease, village, today))
    with store.read() as session:
        overdue_count, soon_count, all_count = session.execute(query).one()
    return DueCounts(overdue_count, soon_count, all_count)


def due_villages(store: Store, actor: Actor) -> tuple[str, ...]:
    """The villages with somebody on the list, for the filter."""
    with store.read() as session:
        return villages_of(session, actor.organisation_id, due=FOLLOW_UP_KINDS)


def recorded_today(store: Store, actor: Actor, limit: int = 50) -> tuple[RecordedRow, ...]:
    """Visits recorded today at this organisation, the newest first, with their delivery."""
    today = store.clock.today()
    newest = (
        select(FollowUp.id, FollowUp.organisation_id, FollowUp.status, FollowUp.created_at)
        .order_by(FollowUp.id.desc())
        .limit(_LOOKED_AT)
    )
    with store.read() as session:
        # Whole visits are read only of today's: of the newest there are always as many.
        ids = [
            id_
            for id_, organisation_id, status, created_at in session.execute(newest)
            if organisation_id == actor.organisation_id
            and status != ENTERED_IN_ERROR
            and clinic_date(created_at) == today
        ][:limit]
        visits = list(
            session.scalars(
                select(FollowUp)
                .where(FollowUp.id.in_(ids))
                .order_by(FollowUp.id.desc())
                .options(selectinload(FollowUp.diseases))
            )
        )
        marks = deliveries(session, "follow_up", [visit.id for visit in visits])
        names: dict[str, str] = {
            row.id: row.name
            for row in session.execute(
                select(Resident.id, Resident.name).where(
                    Resident.id.in_({visit.resident_id for visit in visits})
                )
            )
        }
        return tuple(_recorded(visit, names, marks[visit.id]) for visit in visits)


def _listed(
    actor: Actor, scope: str, disease: str, village: str, today: date
) -> list[ColumnElement[bool]]:
    """Which due items belong to a list."""
    kinds = (DUE_KIND + disease,) if disease else FOLLOW_UP_KINDS
    wanted = [DueItem.organisation_id == actor.organisation_id, DueItem.kind.in_(kinds)]
    if scope == "overdue":
        wanted.append(DueItem.due_on < today)
    elif scope == "soon":
        wanted.append(DueItem.due_on <= today + SOON)
    if village:
        of_village = select(Resident.id).where(Resident.village == village)
        wanted.append(DueItem.resident_id.in_(of_village))
    return wanted


def _due_rows(
    session: Session, ids: Sequence[str], disease: str, today: date
) -> tuple[DueRow, ...]:
    residents = {
        row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(ids)))
    }
    items: dict[str, list[DueItem]] = {}
    kinds = (DUE_KIND + disease,) if disease else FOLLOW_UP_KINDS
    for item in session.scalars(
        select(DueItem).where(DueItem.resident_id.in_(ids), DueItem.kind.in_(kinds))
    ):
        items.setdefault(item.resident_id, []).append(item)
    last = _last_visits(session, ids)
    rows = []
    for resident_id in ids:
        resident, due = residents.get(resident_id), items.get(resident_id)
        if resident is None or not due:
            continue
        visit = last.get(resident_id)
        due_on = min(item.due_on for item in due)
        named = {item.kind.removeprefix(DUE_KIND) for item in due}
        rows.append(
            DueRow(
                resident_id=resident_id,
                name=resident.name,
                sex=resident.sex,
                age=age_on(resident.birth_date, max(today, resident.birth_date)),
                village=resident.village or "",
                phone_masked=mask_phone(resident.phone or ""),
                diseases=tuple(each for each in DISEASES if each in named),
                due_on=due_on,
                days_over=(today - due_on).days,
                referred=any(item.urgent for item in due),
                last_on=visit.visit_date if visit else None,
                last_pressure=_pressure(visit),
                last_glucose=_glucose(visit),
                last_classes=tuple(
                    part.control_class for part in visit.diseases if part.control_class
                )
                if visit
                else (),
            )
        )
    return tuple(rows)


def _last_visits(session: Session, ids: Sequence[str]) -> dict[str, FollowUp]:
    newest = (
        select(FollowUp.resident_id, func.max(FollowUp.visit_date).label("day"))
        .where(FollowUp.resident_id.in_(ids), FollowUp.status != ENTERED_IN_ERROR)
        .group_by(FollowUp.resident_id)
        .subquery()
    )
    visits = session.scalars(
        select(FollowUp)
        .join(
            newest,
            (newest.c.resident_id == FollowUp.resident_id) & (newest.c.day == FollowUp.visit_date),
        )
        .where(FollowUp.status != ENTERED_IN_ERROR)
        .order_by(FollowUp.id)
        .options(selectinload(FollowUp.diseases))
    )
    return {visit.resident_id: visit for visit in visits}


def _pressure(visit: FollowUp | None) -> tuple[int, int] | None:
    if visit is None or visit.sbp is None or visit.dbp is None:
        return None
    return visit.sbp, visit.dbp


def _glucose(visit: FollowUp | None) -> float | None:
    if visit is None:
        return None
    known = (visit.fpg, visit.ppg, visit.random_glucose)
    return next((value for value in known if value is not None), None)


def _recorded(visit: FollowUp, names: dict[str, str], delivery: Delivery) -> RecordedRow:
    parts: list[FollowUpDisease] = visit.diseases
    dates = [part.next_visit_date for part in parts if part.next_visit_date is not None]
    return RecordedRow(
        follow_up_id=visit.id,
        resident_id=visit.resident_id,
        name=names.get(visit.resident_id, ""),
        diseases=tuple(part.disease for part in parts),
        classes=tuple(part.control_class for part in parts if part.control_class),
        urgent=any(part.urgent for part in parts),
        refer=any(part.action in ("3", "4") for part in parts),
        next_visit=min(dates, default=None),
        recorded_at=visit.created_at,
        doctor_name=visit.doctor_name,
        delivery=delivery,
    )
