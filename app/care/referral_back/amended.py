"""Replies and plans that the other house corrected after the patient was taken over: who goes by
the version before is told."""

from __future__ import annotations

from datetime import date

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.care.referral_news import came_lately, day_of_news
from app.care.referral_states import State
from app.care.work_due import WorkItem
from app.clock import Clock
from app.i18n import tr
from app.models.actor import Actor
from app.models.outbox import Receipt
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.resident import Resident

_AMENDED = "amended"
#: States in which somebody here may have acted on the version before. Before these the letter or
#: the reply waits to be read anyway.
_ACTED_ON = (State.ACCEPTED, State.ARRIVED, State.IN_CARE, State.RECEIVED_BACK, State.CLOSED)
_MOST = 100


def amended_replies(session: Session, clock: Clock, actor: Actor, today: date) -> list[WorkItem]:
    """One line a referral that the other house amended in the last week, the newest first."""
    own = actor.organisation_id
    rows = session.execute(
        select(ReferralTask, ReferralEvent, Resident, Receipt)
        .join(ReferralEvent, ReferralEvent.task_id == ReferralTask.id)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .join(Resident, Resident.id == Referral.resident_id)
        .outerjoin(
            Receipt,
            and_(Receipt.kind == "referral_event", Receipt.record_id == ReferralEvent.id),
        )
        .where(
            or_(
                ReferralTask.requester_organisation_id == own,
                ReferralTask.owner_organisation_id == own,
            ),
            ReferralTask.state.in_([str(state) for state in _ACTED_ON]),
            ReferralEvent.move == _AMENDED,
            ReferralEvent.organisation_id != own,
            came_lately(session, clock, ReferralEvent.occurred_at),
        )
        .order_by(ReferralTask.id.desc(), ReferralEvent.id.desc())
        .limit(_MOST)
    )
    found: dict[str, WorkItem] = {}
    for task, event, resident, receipt in rows:
        if event.id not in task.event_ids or task.id in found:
            continue
        day = day_of_news(event.occurred_at, receipt, today)
        found[task.id] = WorkItem(
            column="today",
            kind="referral:amended",
            what=tr("Reply or plan corrected: read it"),
            room="referrals",
            arguments=(("referral_id", task.referral_id),),
            resident_id=resident.id,
            name=resident.name,
            sex=resident.sex,
            village=resident.village or "",
            on=day,
            days_late=(today - day).days,
        )
    return list(found.values())
