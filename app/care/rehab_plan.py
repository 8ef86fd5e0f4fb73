"""Rehabilitation plans: write, activate, pause, resume, complete, stop, review.

The form itself is in :mod:`app.care.rehab_plan_form`. A resident has at most one plan
under way (active or paused), so that a check-in is never in doubt. The review is due two weeks
after the start, then every four weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.parsing import clean_text
from app.care.rehab_due import refresh_rehab_due
from app.care.rehab_plan_form import NEXT_REVIEW, PlanInput, PlanItem, checked, columns
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.rehab import RehabPlan
from app.models.resident import Resident
from app.models.store import Store

PLAN_ROLES = ("doctor", "specialist", "head_of_department", "rehab_worker")
RESUME_ROLES = ("doctor", "specialist", "head_of_department")
"""After two stopped sessions running a doctor decides whether training goes on."""

MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"active", "stopped"}),
    "active": frozenset({"paused", "completed", "stopped"}),
    "paused": frozenset({"active", "completed", "stopped"}),
    "completed": frozenset(),
    "stopped": frozenset(),
}
"""Which state of list ``rehab_plan_status`` may follow which."""


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as kept. ``change_id`` is given back when it is revised."""

    id: str
    resident_id: str
    status: str
    status_reason: str | None
    diagnosis: str
    diagnosis_code: str | None
    onset_date: date | None
    source_referral_id: str | None
    goal_short: str
    goal_long: str
    precautions: str
    contraindications: str
    items: tuple[PlanItem, ...]
    heart_rate_ceiling: int | None
    prescriber_id: str | None
    prescriber_name: str
    supervisor: str
    starts_on: date
    review_on: date
    measures: tuple[str, ...]
    organisation_id: str
    change_id: str


def view_of(row: RehabPlan) -> PlanView:
    """The plan of a row, detached from its session."""
    return PlanView(
        id=row.id,
        resident_id=row.resident_id,
        status=row.status,
        status_reason=row.status_reason,
        diagnosis=row.diagnosis,
        diagnosis_code=row.diagnosis_code,
        onset_date=row.onset_date,
        source_referral_id=row.source_referral_id,
        goal_short=row.goal_short,
        goal_long=row.goal_long or "",
        precautions=row.precautions,
        contraindications=row.contraindications or "",
        items=tuple(PlanItem.from_dict(item) for item in row.items),
        heart_rate_ceiling=row.heart_rate_ceiling,
        prescriber_id=row.prescriber_id,
        prescriber_name=row.prescriber_name,
        supervisor=row.supervisor or "",
        starts_on=row.starts_on,
        review_on=row.review_on,
        measures=tuple(str(m) for m in row.measures),
        organisation_id=row.organisation_id,
        change_id=row.change_id,
    )


def create_plan(store: Store, actor: Actor, plan: PlanInput, *, activate: bool = False) -> PlanView:
    """Write a new plan as a draft, or put it under way at once.

    Raises InputError with a sentence for each field; NotFound for an unknown resident.
    """
    _require(actor, PLAN_ROLES)
    plan = checked(plan)
    with store.write(actor) as session:
        resident = session.get(Resident, plan.resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not in the record store."))
        if resident.record_status != "active":
            raise InputError(tr("The record of this resident is closed; no plan can be begun."))
        if activate:
            _refuse_second(session, plan.resident_id, None)
        row = RehabPlan(
            resident_id=plan.resident_id,
            status="active" if activate else "draft",
            is_sample=resident.is_sample,
            **columns(plan),
        )
        session.add(row)
        session.flush()
        refresh_rehab_due(session, store.organisation_id, [row.resident_id])
        return view_of(row)


def revise_plan(
    store: Store, actor: Actor, plan_id: str, plan: PlanInput, change_id: str
) -> PlanView:
    """Change a plan that is not ended. ``change_id``: of the view that was edited.

    Raises StaleRecord when somebody else changed it in between; nothing is overwritten.
    """
    _require(actor, PLAN_ROLES)
    plan = checked(plan)
    with store.write(actor) as session:
        row = _get(session, plan_id)
        if row.change_id != change_id:
            raise StaleRecord(
                tr(
                    "Somebody else changed this plan in the meantime. Nothing was overwritten. "
                    "Open the plan again and repeat your change."
                )
            )
        if not MOVES[row.status]:
            raise InputError(tr("This plan is ended and stays as it is. Write a new one."))
        if row.resident_id != plan.resident_id:
            raise InputError(tr("A plan stays with its resident. Write a new one."))
        for name, value in columns(plan).items():
            setattr(row, name, value)
        session.flush()
        refresh_rehab_due(session, store.organisation_id, [row.resident_id])
        return view_of(row)


def activate_plan(store: Store, actor: Actor, plan_id: str) -> PlanView:
    """Put a draft under way, or go on with a paused plan.

    A plan that two stopped sessions paused is resumed by a doctor only (§7.2 "After").
    """
    with store.read() as session:
        row = _get(session, plan_id)
        paused_by_rule = row.status == "paused" and row.status_reason == "two_stops"
    _require(actor, RESUME_ROLES if paused_by_rule else PLAN_ROLES)
    return _move(store, actor, plan_id, "active", None)


def pause_plan(store: Store, actor: Actor, plan_id: str, reason: str) -> PlanView:
    """Pause a plan. ``reason``: code of ``rehab_stop_cause`` or words; required."""
    _require(actor, PLAN_ROLES)
    return _move(store, actor, plan_id, "paused", reason)


def complete_plan(store: Store, actor: Actor, plan_id: str) -> PlanView:
    """End a plan whose goals are met."""
    _require(actor, PLAN_ROLES)
    return _move(store, actor, plan_id, "completed", "goals_met")


def stop_plan(store: Store, actor: Actor, plan_id: str, reason: str) -> PlanView:
    """End a plan before its goals are met. ``reason`` is required."""
    _require(actor, PLAN_ROLES)
    return _move(store, actor, plan_id, "stopped", reason)


def review_plan(
    store: Store, actor: Actor, plan_id: str, next_review_on: date | None = None
) -> PlanView:
    """Note that the plan was reviewed today and goes on; the next review in four weeks."""
    _require(actor, PLAN_ROLES)
    today = store.clock.today()
    if next_review_on is not None and next_review_on <= today:
        raise InputError({"review_on": tr("The next review must lie after today.")})
    with store.write(actor) as session:
        row = _get(session, plan_id)
        if row.status not in ("active", "paused"):
            raise InputError(tr("Only a plan under way is reviewed."))
        row.review_on = next_review_on or today + NEXT_REVIEW
        session.flush()
        refresh_rehab_due(session, store.organisation_id, [row.resident_id])
        return view_of(row)


def plans_of(store: Store, resident_id: str) -> tuple[PlanView, ...]:
    """All plans of a resident, newest first."""
    with store.read() as session:
        rows = session.scalars(
            select(RehabPlan)
            .where(RehabPlan.resident_id == resident_id)
            .order_by(RehabPlan.id.desc())
        )
        return tuple(view_of(row) for row in rows)


def reason_text(reason: str | None) -> str:
    """A plan's reason in words: a code of ``rehab_stop_cause`` or what was written."""
    return codes.label("rehab_stop_cause", reason)


def _move(store: Store, actor: Actor, plan_id: str, status: str, reason: str | None) -> PlanView:
    words = clean_text(reason or "")
    if status in ("paused", "stopped") and not words:
        raise InputError({"reason": tr("Say why.")})
    with store.write(actor) as session:
        row = _get(session, plan_id)
        if status not in MOVES[row.status]:
            raise InputError(
                tr("This plan is “{now}” and cannot become “{then}”.").format(
                    now=codes.label("rehab_plan_status", row.status),
                    then=codes.label("rehab_plan_status", status),
                )
            )
        if status == "active":
            _refuse_second(session, row.resident_id, row.id)
        row.status = status
        row.status_reason = words or None
        session.flush()
        refresh_rehab_due(session, store.organisation_id, [row.resident_id])
        return view_of(row)


def _refuse_second(session: Session, resident_id: str, except_id: str | None) -> None:
    under_way = session.scalars(
        select(RehabPlan.id).where(
            RehabPlan.resident_id == resident_id, RehabPlan.status.in_(("active", "paused"))
        )
    )
    if any(plan_id != except_id for plan_id in under_way):
        raise InputError(
            tr(
                "The resident already has a plan under way. Nothing was saved. "
                "Complete or stop that plan first."
            )
        )


def _get(session: Session, plan_id: str) -> RehabPlan:
    row = session.get(RehabPlan, plan_id)
    if row is None:
        raise NotFound(tr("This plan is not in the record store."))
    return row


def _require(actor: Actor, roles: tuple[str, ...]) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(
            tr("Your role does not permit this. Nothing was saved. Ask a doctor.")
            if roles is RESUME_ROLES
            else tr("Your role does not permit this. Nothing was saved.")
        )
