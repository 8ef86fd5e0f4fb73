"""Emergency letters of the own house that still lack required parts: phone first, form later, but
within 24 hours (domain reference §6.2, §6.4; local convention)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_letter import LetterInput, missing
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_lists import OPEN_STATES, age_or_none
from app.care.referral_moves import LETTER
from app.care.referral_states import State, Urgency
from app.care.work_due import WorkItem
from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.models.actor import Actor
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident

_LEFT = tuple(s for s in OPEN_STATES if s not in (State.DRAFT, State.INTERNAL_REVIEW))


def incomplete_emergencies(session: Session, actor: Actor, now: datetime) -> list[WorkItem]:
    """One line for each, the earliest limit first; computed on each look, never stored."""
    within = timedelta(hours=limits_in_force(session).emergency_paper_h)
    rows = session.execute(
        select(ReferralTask, Referral, Resident)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .join(Resident, Resident.id == Referral.resident_id)
        .where(
            ReferralTask.service == LETTER,
            ReferralTask.requester_organisation_id == actor.organisation_id,
            ReferralTask.urgency == Urgency.EMERGENCY.value,
            ReferralTask.state.in_([state.value for state in _LEFT]),
        )
    ).all()
    found = []
    for task, letter, resident in rows:
        if missing(_required_parts(letter)):
            due = (task.sent_at or task.created_at) + within
            found.append((due, _item(letter, resident, due, now)))
    return [item for _, item in sorted(found, key=lambda pair: (pair[0], pair[1].arguments))]


def _required_parts(letter: Referral) -> LetterInput:
    """Of the letter only what :func:`missing` asks for: the rest may hold whatever it likes."""
    return LetterInput(
        resident_id=letter.resident_id,
        urgency=letter.urgency,
        reason_codes=("given",) if letter.reason_codes else (),
        impression=letter.impression or "",
        present_history=letter.present_history or "",
        past_history=letter.past_history or "",
        treatment_given=letter.treatment_given or "",
        consent=letter.consent or "",
    )


def _item(letter: Referral, resident: Resident, due: datetime, now: datetime) -> WorkItem:
    today = clinic_date(now)
    what = tr("Emergency letter: complete it by {time}")
    if now > due:
        what = tr("Emergency letter: complete it, due since {time}")
    return WorkItem(
        column="now",
        kind="referral:incomplete",
        what=what.format(time=f"{clinic_time(due):%m-%d %H:%M}"),
        room="referrals",
        arguments=(("referral_id", letter.id),),
        resident_id=resident.id,
        name=resident.name,
        sex=resident.sex,
        age=age_or_none(resident.birth_date, today),
        village=resident.village or "",
        on=clinic_date(due),
        days_late=max((today - clinic_date(due)).days, 0),
    )
