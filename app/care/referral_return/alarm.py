"""Emergencies that have come in and that nobody here has looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from app.care.referral_moves import LETTER
from app.care.referral_states import State, Urgency
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.organisation import Organisation
from app.models.referral import ReferralTask


@dataclass(frozen=True, slots=True)
class Unseen:
    """One such emergency; who it is about is told only on its page."""

    referral_id: str
    from_name: str
    sent_at: datetime


def unseen_emergencies(session: Session, actor: Actor) -> tuple[Unseen, ...]:
    """Received emergencies, longest waiting first, that no person of this PC has opened. A look is
    what the audit trail says was read.

    An emergency counts while it waits for an answer, and also where the sender already has a yes
    on the phone and nothing is booked: whoever prepares the bed may not be whoever took the call.
    """
    phoned = and_(
        ReferralTask.state == State.ACCEPTED,
        ReferralTask.phone_confirmed_by.is_not(None),
        ReferralTask.department.is_(None),
        ReferralTask.scheduled_at.is_(None),
    )
    looked = exists().where(
        AuditEvent.kind == "referral",
        AuditEvent.record_id == ReferralTask.referral_id,
        AuditEvent.action == "read",
    )
    rows = session.execute(
        select(ReferralTask, Organisation.name)
        .outerjoin(Organisation, Organisation.id == ReferralTask.requester_organisation_id)
        .where(
            ReferralTask.service == LETTER,
            ReferralTask.owner_organisation_id == actor.organisation_id,
            ReferralTask.requester_organisation_id != actor.organisation_id,
            ReferralTask.state.in_([State.SENT, State.ACCEPTED]),
            or_(ReferralTask.state == State.SENT, phoned),
            ReferralTask.urgency == Urgency.EMERGENCY,
            ~looked,
        )
    ).all()
    found = [
        Unseen(task.referral_id, name or "", task.sent_at or task.created_at) for task, name in rows
    ]
    return tuple(sorted(found, key=lambda one: one.sent_at))
