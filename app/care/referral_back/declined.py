"""Patients whom the writer of the letter cannot take back: the treating house decides anew."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_moves import LETTER
from app.care.referral_states import State
from app.care.work_due import WorkItem
from app.clock import clinic_date
from app.i18n import tr
from app.models.actor import Actor
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident

_MOST = 100


def declined_returns(session: Session, actor: Actor, today: date) -> list[WorkItem]:
    """Hand-backs that were declined and not offered again since: a reply never has a reason of
    its own, so a reason at "replied" is that of the decline."""
    rows = session.execute(
        select(ReferralTask, Resident)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .join(Resident, Resident.id == Referral.resident_id)
        .where(
            ReferralTask.owner_organisation_id == actor.organisation_id,
            ReferralTask.service == LETTER,
            ReferralTask.state == State.REPLIED,
            ReferralTask.reason_code.is_not(None),
        )
        .order_by(ReferralTask.id)
        .limit(_MOST)
    )
    return [
        WorkItem(
            column="now",
            kind=f"referral:{State.REPLIED}",
            what=tr("Taking back declined: arrange anew"),
            room="referrals",
            arguments=(("referral_id", task.referral_id),),
            resident_id=resident.id,
            name=resident.name,
            sex=resident.sex,
            village=resident.village or "",
            on=clinic_date(task.updated_at),
            days_late=max((today - clinic_date(task.updated_at)).days, 0),
        )
        for task, resident in rows
    ]
