"""Rehab plans that end because the resident's record was closed, and what comes back with it.

Nobody trains who died or moved away, so a plan under way is stopped with that reason. A closing
that was a mistake is undone: the plan comes back paused, because a person has to look at the
resident before training goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.rehab_due import refresh_rehab_due
from app.care.resident_record.people import same_person
from app.models.actor import Actor
from app.models.rehab import RehabPlan

REASON_OF_CLOSING = {
    "deceased": "died",
    "moved_away": "moved_away",
    "lost": "lost",
    "cancelled": "record_cancelled",
}
"""By code of ``record_status``: the code of ``rehab_stop_cause``."""
REOPENED = "record_reopened"
UNDER_WAY = ("active", "paused")


def plans_under_way(session: Session, organisation_id: str, resident_id: str) -> int:
    """How many plans closing the record would stop."""
    return len(_plans(session, organisation_id, resident_id, UNDER_WAY))


def stop_plans(session: Session, actor: Actor, resident_id: str, status: str, on: date) -> None:
    """Stop what is under way when the record is closed (``record_status`` code).

    In the transaction of the closing.
    """
    for plan in _plans(session, actor.organisation_id, resident_id, UNDER_WAY):
        plan.status, plan.status_reason = "stopped", REASON_OF_CLOSING[status]
    _refresh(session, actor, resident_id)


def bring_back_plans(session: Session, actor: Actor, resident_id: str, closed_as: str) -> int:
    """Bring back, paused, the plan that ``stop_plans`` stopped; how many (one at most)."""
    organisation_id = actor.organisation_id
    if _plans(session, organisation_id, resident_id, UNDER_WAY):
        return 0
    reason = REASON_OF_CLOSING[closed_as]
    stopped = _plans(session, organisation_id, resident_id, ("stopped",))
    # One plan at a time: the newest that was stopped so.
    found = [plan for plan in stopped if plan.status_reason == reason][-1:]
    for plan in found:
        plan.status, plan.status_reason = "paused", REOPENED
    _refresh(session, actor, resident_id)
    return len(found)


def _plans(
    session: Session, organisation_id: str, resident_id: str, statuses: tuple[str, ...]
) -> Sequence[RehabPlan]:
    return session.scalars(
        select(RehabPlan)
        .where(
            RehabPlan.resident_id.in_(same_person(session, resident_id)),
            RehabPlan.organisation_id == organisation_id,
            RehabPlan.status.in_(statuses),
        )
        .order_by(RehabPlan.id)
    ).all()


def _refresh(session: Session, actor: Actor, resident_id: str) -> None:
    session.flush()
    refresh_rehab_due(session, actor.organisation_id, same_person(session, resident_id))
