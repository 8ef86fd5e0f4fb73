"""Rehab work that is due: the next session, the plan's review, a paused plan's prescriber.

Due items are derived from the records and made anew from them, in the transaction of the
record that changed. Kinds: ``check_in``, ``plan_review``, ``plan_paused``, and ``plan_draft``
for a plan that came with a patient from the hospital and that nobody here has confirmed yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from app.care.corrections import ENTERED_IN_ERROR as ENTERED_IN_ERROR
from app.care.rehab_rules import next_session_on
from app.clock import clinic_date
from app.models.local import DueItem
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Residence, Resident

KINDS = ("check_in", "plan_review", "plan_paused", "plan_draft")

# Built once: these run with every save of a ward's row, and building costs as much as running.
_DUE, _PLAN, _CHECK_IN = DueItem.__table__, RehabPlan.__table__.c, CheckIn.__table__.c
_STAY, _RESIDENT = Residence.__table__.c, Resident.__table__
_FORGET = delete(DueItem).where(
    _DUE.c.resident_id.in_(bindparam("ids", expanding=True)), _DUE.c.kind.in_(KINDS)
)
_ADD = insert(DueItem)
_LAST_CHECK_IN = (
    select(func.max(_CHECK_IN.started_at))
    .where(_CHECK_IN.plan_id == _PLAN.id, _CHECK_IN.status != ENTERED_IN_ERROR)
    .scalar_subquery()
)
_IN_BED = exists().where(
    _STAY.resident_id == _PLAN.resident_id,
    _STAY.org_id == bindparam("organisation_id"),
    _STAY.discharge_date.is_(None),
)
_PLANS = (
    select(
        _PLAN.id,
        _PLAN.resident_id,
        _PLAN.status,
        _PLAN.status_reason,
        _PLAN.starts_on,
        _PLAN.review_on,
        _PLAN["items"],
        _PLAN.prescriber_id,
        _PLAN.prescriber_name,
        _LAST_CHECK_IN.label("last"),
    )
    .join_from(RehabPlan.__table__, _RESIDENT, _RESIDENT.c.id == _PLAN.resident_id)
    .where(
        _PLAN.resident_id.in_(bindparam("ids", expanding=True)),
        or_(
            _PLAN.status.in_(("active", "paused")),
            and_(_PLAN.status == "draft", _PLAN.source_referral_id.is_not(None)),
        ),
        _RESIDENT.c.record_status == "active",
        or_(_PLAN.organisation_id == bindparam("organisation_id"), _IN_BED),
    )
    .order_by(_PLAN.id)
)


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
    connection = session.connection()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        connection.execute(_FORGET, {"ids": part})
        plans = connection.execute(_PLANS, {"ids": part, "organisation_id": organisation_id})
        made: dict[tuple[str, str], dict[str, Any]] = {}
        for plan in plans:
            for item in _due_of(plan, organisation_id):
                # A resident has one line of a kind: the newest plan speaks.
                made[(item["resident_id"], item["kind"])] = item
        if made:
            connection.execute(_ADD, list(made.values()))


def _due_of(plan: Any, organisation_id: str) -> list[dict[str, Any]]:
    """The lines of one row of ``_PLANS``."""
    last = None if plan.last is None else clinic_date(plan.last)

    def item(kind: str, due_on: date, *, urgent: bool = False, **detail: object) -> dict[str, Any]:
        return {
            "organisation_id": organisation_id,
            "resident_id": plan.resident_id,
            "kind": kind,
            "due_on": due_on,
            "since": last,
            "urgent": urgent,
            "source_kind": "rehab_plan",
            "source_id": plan.id,
            "detail": detail,
        }

    if plan.status == "draft":
        return [item("plan_draft", plan.starts_on, prescriber=plan.prescriber_name)]
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
    per_week = sessions_per_week(plan._mapping["items"])
    due = plan.starts_on if last is None else next_session_on(last, per_week)
    return [
        item("check_in", max(due, plan.starts_on)),
        item("plan_review", plan.review_on, prescriber=plan.prescriber_name),
    ]
