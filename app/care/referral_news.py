"""What the other house did with our letters in the last week: read it.

Of the last week by the server's time, or else by when it came here, for the clock of the PC that
wrote it may be years wrong; only what no server has held yet is taken by that clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.care.referral_lists import age_or_none
from app.care.referral_states import State, Urgency
from app.care.work_due import WorkItem
from app.clock import Clock, clinic_date
from app.i18n import tr
from app.models.actor import Actor
from app.models.outbox import Receipt, server_seen
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident

#: How long the news that a referral was accepted, answered or refused stays in the list.
NEWS = timedelta(days=7)


def came_lately(
    session: Session, clock: Clock, changed: InstrumentedAttribute[datetime]
) -> ColumnElement[bool]:
    """Whether a record with its receipt, joined from outside, is news."""
    since = clock.now() - NEWS
    told = server_seen(session)
    # Where nothing but sticks came, the day on which it came is what this PC knows.
    lately = Receipt.received_at >= since if told is None else Receipt.server_time >= told - NEWS
    return or_(lately, and_(Receipt.record_id.is_(None), changed >= since))


def day_of_news(changed: datetime, receipt: Receipt | None, today: date) -> date:
    """The day that is shown: what its writer's clock said, unless the server knows better."""
    at = changed
    if receipt is not None and not receipt.server_time - NEWS <= changed <= receipt.server_time:
        at = receipt.server_time
    return min(clinic_date(at), today)


def referral_news(
    session: Session, clock: Clock, actor: Actor, today: date, limit: int
) -> list[WorkItem]:
    """Answers to our letters, with which the patient's way goes on or ends, of the last week."""
    words = {
        State.ACCEPTED: tr("Referral accepted: tell the patient"),
        State.REJECTED: tr("Referral refused: read the reason"),
        State.NO_SHOW: tr("Patient did not come"),
        State.REPLIED: tr("Reply of the hospital: read it"),
    }
    rows = session.execute(
        select(ReferralTask, Resident, Receipt)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .join(Resident, Resident.id == Referral.resident_id)
        .outerjoin(
            Receipt,
            and_(Receipt.kind == "referral_task", Receipt.record_id == ReferralTask.id),
        )
        .where(
            ReferralTask.requester_organisation_id == actor.organisation_id,
            ReferralTask.service == "letter",
            ReferralTask.state.in_([str(state) for state in words]),
            came_lately(session, clock, ReferralTask.updated_at),
        )
        .order_by(ReferralTask.id.desc())
        .limit(limit)
    )
    found = []
    for task, resident, receipt in rows:
        day = day_of_news(task.updated_at, receipt, today)
        found.append(
            WorkItem(
                column="today",
                kind=f"referral:{task.state}",
                what=words[State(task.state)],
                room="referrals",
                arguments=(("referral_id", task.referral_id),),
                resident_id=resident.id,
                name=resident.name,
                sex=resident.sex,
                age=age_or_none(resident.birth_date, today),
                village=resident.village or "",
                on=day,
                days_late=(today - day).days,
                urgent=task.urgency == Urgency.EMERGENCY,
            )
        )
    return found
