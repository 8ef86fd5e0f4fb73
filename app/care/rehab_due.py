"""Rehab work that is due: the next session, the plan's review, a paused plan's prescriber.

Due items are derived from the records and made anew from them, in the transaction of the
record that changed. Kinds: ``check_in``, ``plan_review``, ``plan_paused``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from app.care.rehab_rules import next_session_on
from app.clock import clinic_date
from app.models.local import DueItem
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Residence, Resident

KINDS = ("check_in", "plan_review", "plan_paused")
ENTERED_IN_ERROR = "entered_in_error"


def sessions_per_week(items: Iterable[dict[str, object]]) -> int | None:
    """How often the plan asks for a session: the most frequent of its exercises."""
    asked = [item.get("per_week") for item in items]
    return max((n for n in asked if isinstance(n, int) and n > 0), default=None)


def refresh_rehab_due(session: Session, organisation_id: str, resident_ids: Iterable[str]) -> None:
    """Make the due items of these residents anew from their plans and check-ins.

    ``organisation_id``: whose list of work they stand on — the store's own organisation. A plan
    is its work if it wrote the plan or the resident lies in one of its beds; a plan that only
    came along with a referral is not.
    """
    ids = list(dict.fromkeys(resident_ids))
    session.flush()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(KINDS))
        )
        plans = session.scalars(
            select(RehabPlan)
            .join(Resident, Resident.id == RehabPlan.resident_id)
            .where(
                RehabPlan.resident_id.in_(part),
                RehabPlan.status.in_(("active", "paused")),
                Resident.record_status == "active",
                or_(RehabPlan.organisation_id == organisation_id, _in_bed_at(organisation_id)),
            )
            .order_by(RehabPlan.id)
        ).all()
        last = _last_check_in([plan.id for plan in plans], session)
        made: dict[tuple[str, str], DueItem] = {}
        for plan in plans:
            for item in _due_of(plan, last.get(plan.id), organisation_id):
                # A resident has one line of a kind: the newest plan speaks.
                made[(item.resident_id, item.kind)] = item
        session.add_all(made.values())


def _in_bed_at(organisation_id: str) -> ColumnElement[bool]:
    return exists(
        select(Residence.id).where(
            Residence.resident_id == RehabPlan.resident_id,
            Residence.org_id == organisation_id,
            Residence.discharge_date.is_(None),
        )
    )


def _last_check_in(plan_ids: list[str], session: Session) -> dict[str, date]:
    rows = session.execute(
        select(CheckIn.plan_id, func.max(CheckIn.started_at))
        .where(CheckIn.plan_id.in_(plan_ids), CheckIn.status != ENTERED_IN_ERROR)
        .group_by(CheckIn.plan_id)
    )
    return {plan_id: clinic_date(started) for plan_id, started in rows}


def _due_of(plan: RehabPlan, last: date | None, organisation_id: str) -> list[DueItem]:
    def item(kind: str, due_on: date, *, urgent: bool = False, **detail: object) -> DueItem:
        return DueItem(
            organisation_id=organisation_id,
            resident_id=plan.resident_id,
            kind=kind,
            due_on=due_on,
            since=last,
            urgent=urgent,
            source_kind="rehab_plan",
            source_id=plan.id,
            detail=detail,
        )

    if plan.status == "paused":
        stopped_on = last if last is not None else plan.starts_on
        return [
            item(
                "plan_paused",
                stopped_on,
                urgent=plan.status_reason == "two_stops",
                reason=plan.status_reason,
                prescriber_id=plan.prescriber_id,
                prescriber=plan.prescriber_name,
            )
        ]
    per_week = sessions_per_week(plan.items)
    due = plan.starts_on if last is None else next_session_on(last, per_week)
    return [
        item("check_in", max(due, plan.starts_on)),
        item("plan_review", plan.review_on, prescriber=plan.prescriber_name),
    ]
