"""What follows when a patient has been taken back or over: a draft rehab plan, and due work."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.referral_back.inhand import InHand, in_hand
from app.care.referral_moves import ReferralRows
from app.care.referral_return.rows import plan_from_row
from app.care.rehab_plan_form import FIRST_REVIEW, PlanInput, columns
from app.clock import Clock
from app.models.referral_return import ReferralReply
from app.models.rehab import RehabPlan

DRAFT = "draft"
_ENDED = frozenset({"completed", "stopped"})


def follow_move(session: Session, clock: Clock, organisation_id: str, rows: ReferralRows) -> None:
    """After a move that may have put the patient into this organisation's hands, or out of them:
    draft the rehab plan that the return brought, and make what is due anew.

    Called in the transaction of the move.
    """
    session.flush()
    for patient in in_hand(session, organisation_id, [rows.task]):
        if patient.open:
            _draft_rehab_plan(session, clock, patient)
    refresh_due(session, organisation_id, [rows.task.resident_id])


def _draft_rehab_plan(session: Session, clock: Clock, patient: InHand) -> None:
    """A draft for the staff to confirm, once a return: never a plan under way, never one beside
    another of the same referral that still stands.

    It says what the hospital wrote; who prescribes it is the hospital's doctor until somebody here
    takes it on.
    """
    row = patient.plan
    if row is None:
        return
    given = plan_from_row(row).rehab
    if given is None or not given.items:
        return
    made = session.scalars(
        select(RehabPlan.status).where(
            RehabPlan.resident_id == patient.task.resident_id,
            RehabPlan.source_referral_id == patient.referral_id,
        )
    ).all()
    came_anew = patient.again and patient.task.event_ids[-1] == patient.came_by
    if made and not (came_anew and _ENDED.issuperset(made)):
        return
    reply = session.get(ReferralReply, patient.task.reply_id) if patient.task.reply_id else None
    starts_on = max(row.starts_on, clock.today())
    plan = PlanInput(
        resident_id=patient.task.resident_id,
        diagnosis=reply.diagnosis if reply is not None else "",
        goal_short=given.goal_short,
        goal_long=given.goal_long,
        precautions=given.precautions,
        contraindications=given.contraindications,
        prescriber_name=row.doctor_name,
        starts_on=starts_on,
        review_on=starts_on + FIRST_REVIEW,
        items=given.items,
        source_referral_id=patient.referral_id,
    )
    session.add(
        RehabPlan(
            resident_id=patient.task.resident_id,
            status=DRAFT,
            is_sample=patient.task.is_sample,
            **columns(plan),
        )
    )
    session.flush()
