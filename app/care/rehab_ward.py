"""Load a ward for check-in: who lies where, what is planned, the last values, what is done today.

A ward is everybody in residence at the organisation, and everybody with a plan of this
organisation under way who comes from home. The number of queries does not grow with the ward.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.check_in_history import CheckInView, views_of
from app.care.check_in_rules import ItemDone, RowFacts
from app.care.rehab_due import ENTERED_IN_ERROR
from app.care.rehab_facts import load_facts, load_thresholds
from app.care.rehab_plan import PlanView, view_of
from app.care.rehab_rules import RehabThresholds
from app.clock import CLINIC_ZONE
from app.models.actor import Actor
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Residence, Resident
from app.models.store import Store

_UNDER_WAY = ("active", "paused")


@dataclass(frozen=True, slots=True)
class WardRow:
    """One resident of the ward. ``bed`` is ``""`` for those who come from home.

    ``plan``: the plan under way (active or paused), or None. ``last``: the last session that
    took place. ``today``: what is already saved on the day of the grid, oldest first.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    building: str
    room: str
    bed: str
    conditions: tuple[str, ...]
    plan: PlanView | None
    facts: RowFacts
    last: CheckInView | None = None
    today: tuple[CheckInView, ...] = ()

    @property
    def place(self) -> str:
        """Room and bed as staff say them: ``203-1``."""
        return "-".join(part for part in (self.room, self.bed) if part)

    def planned_items(self) -> tuple[ItemDone, ...]:
        """The plan's exercises, none done yet; planned minutes are not taken as done ones."""
        if self.plan is None:
            return ()
        return tuple(ItemDone(item.exercise, item.dose()) for item in self.plan.items)


@dataclass(frozen=True, slots=True)
class Ward:
    """The rows of a ward in bed order. ``buildings``: the names to choose from."""

    on: date
    rows: tuple[WardRow, ...]
    buildings: tuple[str, ...]
    thresholds: RehabThresholds = field(default_factory=RehabThresholds)


def load_ward(
    store: Store, actor: Actor, on: date | None = None, building: str | None = None
) -> Ward:
    """The ward on a day (default today), of one building or all."""
    day = on or store.clock.today()
    with store.read() as session:
        stays = _stays(session, actor.organisation_id, day)
        plans = _plans(session, actor.organisation_id, list(stays))
        residents = _residents(session, {*stays, *plans})
        buildings = sorted(
            {stay.building for stay in stays.values() if stay.building}, key=natural_key
        )
        chosen = [
            resident
            for resident in residents
            if building is None
            or ((stay := stays.get(resident.id)) is not None and stay.building == building)
        ]
        ids = [resident.id for resident in chosen]
        thresholds = load_thresholds(session)
        facts = load_facts(session, [plans[i] for i in ids if i in plans], thresholds)
        conditions = _conditions(session, ids)
        saved = _saved_on(session, ids, day)
        last = _last_sessions(session, ids)
        rows = []
        for resident in chosen:
            stay, plan = stays.get(resident.id), plans.get(resident.id)
            rows.append(
                WardRow(
                    resident_id=resident.id,
                    name=resident.name,
                    sex=resident.sex,
                    age=age_on(resident.birth_date, day),
                    building=(stay.building or "") if stay else "",
                    room=(stay.room or "") if stay else "",
                    bed=(stay.bed or "") if stay else "",
                    conditions=tuple(conditions.get(resident.id, ())),
                    plan=view_of(plan) if plan else None,
                    facts=facts[plan.id] if plan else RowFacts(),
                    last=last.get(resident.id),
                    today=tuple(saved.get(resident.id, ())),
                )
            )
        rows.sort(key=_bed_order)
        return Ward(day, tuple(rows), tuple(buildings), thresholds)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts ``2-10`` after ``2-9``: runs of digits count as numbers."""
    return tuple(
        (0, int(part), "") if part.isdigit() and part.isascii() else (1, 0, part)
        for part in re.split(r"(\d+)", text)
        if part
    )


def _bed_order(row: WardRow) -> tuple[object, ...]:
    in_bed = bool(row.building or row.room or row.bed)
    return (
        not in_bed,
        natural_key(row.building),
        natural_key(row.room),
        natural_key(row.bed),
        row.resident_id,
    )


def _stays(session: Session, organisation_id: str, day: date) -> dict[str, Residence]:
    """The stays at the organisation that cover the day; of two the newer one counts."""
    rows = session.scalars(
        select(Residence)
        .where(
            Residence.org_id == organisation_id,
            Residence.admit_date <= day,
            or_(Residence.discharge_date.is_(None), Residence.discharge_date > day),
        )
        .order_by(Residence.id)
    )
    return {row.resident_id: row for row in rows}


def _plans(
    session: Session, organisation_id: str, in_residence: Sequence[str]
) -> dict[str, RehabPlan]:
    """Plans under way: of those in residence whoever wrote them, of others only our own."""
    found: dict[str, RehabPlan] = {}
    own = session.scalars(
        select(RehabPlan)
        .where(RehabPlan.status.in_(_UNDER_WAY), RehabPlan.organisation_id == organisation_id)
        .order_by(RehabPlan.id)
    )
    found.update({plan.resident_id: plan for plan in own})
    for start in range(0, len(in_residence), 500):
        others = session.scalars(
            select(RehabPlan)
            .where(
                RehabPlan.status.in_(_UNDER_WAY),
                RehabPlan.resident_id.in_(in_residence[start : start + 500]),
            )
            .order_by(RehabPlan.id)
        )
        found.update({plan.resident_id: plan for plan in others})
    return found


def _residents(session: Session, ids: set[str]) -> list[Resident]:
    found: list[Resident] = []
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        found.extend(
            session.scalars(
                select(Resident).where(
                    Resident.id.in_(wanted[start : start + 500]),
                    Resident.record_status == "active",
                )
            )
        )
    return found


def _conditions(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(Condition.resident_id, Condition.display)
            .where(
                Condition.resident_id.in_(ids[start : start + 500]),
                Condition.clinical_status == "active",
            )
            .order_by(Condition.id)
        )
        for resident_id, display in rows:
            names = found.setdefault(resident_id, [])
            if display not in names:
                names.append(display)
    return found


def _saved_on(session: Session, ids: Sequence[str], day: date) -> dict[str, list[CheckInView]]:
    begin = datetime(day.year, day.month, day.day, tzinfo=CLINIC_ZONE)
    rows: list[CheckIn] = []
    for start in range(0, len(ids), 500):
        rows.extend(
            session.scalars(
                select(CheckIn)
                .where(
                    CheckIn.resident_id.in_(ids[start : start + 500]),
                    CheckIn.started_at >= begin,
                    CheckIn.started_at < begin + timedelta(days=1),
                    CheckIn.status != ENTERED_IN_ERROR,
                )
                .order_by(CheckIn.id)
            )
        )
    found: dict[str, list[CheckInView]] = {}
    for view in views_of(session, rows):
        found.setdefault(view.resident_id, []).append(view)
    return found


def _last_sessions(session: Session, ids: Sequence[str]) -> dict[str, CheckInView]:
    """The newest session of each resident that took place (ids are made in order)."""
    rows: list[CheckIn] = []
    for start in range(0, len(ids), 500):
        newest = (
            select(func.max(CheckIn.id))
            .where(
                CheckIn.resident_id.in_(ids[start : start + 500]),
                CheckIn.completion.in_(("complete", "partial")),
                CheckIn.status != ENTERED_IN_ERROR,
            )
            .group_by(CheckIn.resident_id)
        )
        rows.extend(session.scalars(select(CheckIn).where(CheckIn.id.in_(newest))))
    return {view.resident_id: view for view in views_of(session, rows)}
