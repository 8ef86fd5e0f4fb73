"""Emergencies that have come in and that nobody here has looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.care.referral_moves import LETTER
from app.care.referral_states import State, Urgency
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.organisation import Organisation
from app.models.referral import ReferralEvent, ReferralTask

#: Names in the audit trail which sending of a letter was looked at.
SENDING = "sending"


@dataclass(frozen=True, slots=True)
class Unseen:
    """One such emergency; who it is about is told only on its page."""

    referral_id: str
    from_name: str
    sent_at: datetime


def unseen_emergencies(session: Session, actor: Actor) -> tuple[Unseen, ...]:
    """Received emergencies, longest waiting first, that no person of this PC has opened since they
    were sent, or sent again. A look is what the audit trail says was read.

    An emergency counts while it waits for an answer, and also where the sender already has a yes
    on the phone and nothing is booked: whoever prepares the bed may not be whoever took the call.
    """
    phoned = and_(
        ReferralTask.state == State.ACCEPTED,
        ReferralTask.phone_confirmed_by.is_not(None),
        ReferralTask.department.is_(None),
        ReferralTask.scheduled_at.is_(None),
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
        )
    ).all()
    found = [
        Unseen(task.referral_id, name or "", task.sent_at or task.created_at)
        for task, name in rows
        if not _looked_at(session, task)
    ]
    return tuple(sorted(found, key=lambda one: one.sent_at))


def sending(session: Session, task: ReferralTask) -> str:
    """Which sending of the letter stands: the id of its move, by the order of the moves. A letter
    that went back to its writer and comes again is a new one; it may be an emergency only now."""
    return _sendings(session, task)[-1]


def look_detail(session: Session, task: ReferralTask) -> dict[str, str]:
    """What the audit trail keeps of a look at a letter: which sending of it was read."""
    return {SENDING: sending(session, task)}


def _sendings(session: Session, task: ReferralTask) -> list[str]:
    sent = set(
        session.scalars(
            select(ReferralEvent.id).where(
                ReferralEvent.task_id == task.id, ReferralEvent.move == State.SENT
            )
        )
    )
    # One that was accepted on the phone before any letter was sent has no such move.
    return [event_id for event_id in task.event_ids if event_id in sent] or [""]


def _looked_at(session: Session, task: ReferralTask) -> bool:
    looks = session.scalars(
        select(AuditEvent.detail).where(
            AuditEvent.kind == "referral",
            AuditEvent.record_id == task.referral_id,
            AuditEvent.action == "read",
        )
    ).all()
    sendings = _sendings(session, task)
    # A look that an earlier version of the program noted was at the first sending.
    return any(look.get(SENDING, sendings[0]) == sendings[-1] for look in looks)
