"""What has come back of a referral, to look at and to print: stay, replies, plans, visits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.care.referral_back.due import awaited_visit, visits_since
from app.care.referral_back.inhand import in_hand
from app.care.referral_lists import organisation_names
from app.care.referral_moves import load_rows
from app.care.referral_return.inputs import DischargeInput, PlanInput
from app.care.referral_return.rows import DISCHARGE, plan_from_row, reply_from_row
from app.models.actor import Actor
from app.models.referral_return import ReferralReply, ReferralVisit, ReturnPlan
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class Stay:
    """The patient at the treating house; what is not known is None or empty."""

    arrived_at: datetime | None = None
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    inpatient_no: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class ReplyView:
    """One reply as written. ``current``: the task names this one; ``own``: of the own house."""

    id: str
    purpose: str
    input: DischargeInput
    doctor_name: str
    doctor_phone: str
    written_on: date
    organisation_name: str
    to_name: str
    replaces_id: str
    current: bool
    own: bool

    @property
    def is_summary(self) -> bool:
        """Whether the patient is handed over with it."""
        return self.purpose == DISCHARGE


@dataclass(frozen=True, slots=True)
class PlanView:
    """One plan as written. ``current``: the task names this one; ``own``: of the own house."""

    id: str
    input: PlanInput
    doctor_name: str
    organisation_name: str
    replaces_id: str
    current: bool
    own: bool


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit that belongs to the referral (after the return, guidance, joint round)."""

    id: str
    purpose: str
    mode: str
    visited_on: date
    guide_name: str
    local_doctor_name: str
    findings: str
    plan_changes: str
    done_steps: tuple[str, ...]
    next_on: date | None
    minutes: int | None
    organisation_name: str


@dataclass(frozen=True, slots=True)
class Returns:
    """Replies and plans newest first, visits in the order of their days. ``first_visit_by``: the
    day by which the house that has the patient now is to see them, None once it did; ``in_hand``:
    the own house has them after a return; ``done``: steps of the plan that a visit did since."""

    stay: Stay = Stay()
    replies: tuple[ReplyView, ...] = ()
    plans: tuple[PlanView, ...] = ()
    visits: tuple[VisitView, ...] = ()
    first_visit_by: date | None = None
    in_hand: bool = False
    done: frozenset[str] = frozenset()

    @property
    def reply(self) -> ReplyView | None:
        """The reply that stands, or None while it is not written (or not here yet)."""
        return next((reply for reply in self.replies if reply.current), None)

    @property
    def plan(self) -> PlanView | None:
        """The plan that stands, or None."""
        return next((plan for plan in self.plans if plan.current), None)


def load_returns(store: Store, actor: Actor, referral_id: str) -> Returns:
    """Everything that has come back of a referral that the organisation takes part in.

    Raises NotFound where the referral is not here.
    """
    with store.read() as session:
        rows = load_rows(session, actor, referral_id)
        task = rows.task
        replies = session.scalars(
            select(ReferralReply)
            .where(ReferralReply.referral_id == referral_id)
            .order_by(ReferralReply.id.desc())
        ).all()
        plans = session.scalars(
            select(ReturnPlan)
            .where(ReturnPlan.referral_id == referral_id)
            .order_by(ReturnPlan.id.desc())
        ).all()
        visits = session.scalars(
            select(ReferralVisit)
            .where(
                ReferralVisit.referral_id == referral_id,
                ReferralVisit.status == "final",
            )
            .order_by(ReferralVisit.visited_on, ReferralVisit.id)
        ).all()
        replaced = {visit.replaces_id for visit in visits if visit.replaces_id}
        standing = [visit for visit in visits if visit.id not in replaced]
        houses = (task.requester_organisation_id, task.owner_organisation_id)
        patients = {house: in_hand(session, house, [task]) for house in houses}
        having = [patient for each in patients.values() for patient in each]
        counted = visits_since(session, having)[referral_id] if having else standing
        names = organisation_names(
            session,
            {row.organisation_id for row in replies}
            | {row.to_organisation_id for row in replies}
            | {row.organisation_id for row in plans}
            | {row.organisation_id for row in visits},
        )
        return Returns(
            first_visit_by=awaited_visit(session, task),
            in_hand=bool(patients.get(actor.organisation_id)),
            done=frozenset(str(step) for visit in counted for step in visit.done_steps),
            stay=Stay(
                arrived_at=task.arrived_at,
                admitted_at=task.admitted_at,
                discharged_at=task.discharged_at,
                inpatient_no=task.inpatient_no or "",
                phase=task.phase or "",
            ),
            replies=tuple(
                ReplyView(
                    id=row.id,
                    purpose=row.purpose,
                    input=reply_from_row(row),
                    doctor_name=row.doctor_name,
                    doctor_phone=row.doctor_phone or "",
                    written_on=row.written_on,
                    organisation_name=names.get(row.organisation_id, ""),
                    to_name=names.get(row.to_organisation_id, ""),
                    replaces_id=row.replaces_id or "",
                    current=row.id == task.reply_id,
                    own=row.organisation_id == actor.organisation_id,
                )
                for row in replies
            ),
            plans=tuple(
                PlanView(
                    id=row.id,
                    input=plan_from_row(row),
                    doctor_name=row.doctor_name,
                    organisation_name=names.get(row.organisation_id, ""),
                    replaces_id=row.replaces_id or "",
                    current=row.id == task.plan_id,
                    own=row.organisation_id == actor.organisation_id,
                )
                for row in plans
            ),
            visits=tuple(
                VisitView(
                    id=row.id,
                    purpose=row.purpose,
                    mode=row.mode,
                    visited_on=row.visited_on,
                    guide_name=row.guide_name or "",
                    local_doctor_name=row.local_doctor_name or "",
                    findings=row.findings,
                    plan_changes=row.plan_changes or "",
                    done_steps=tuple(str(step) for step in row.done_steps),
                    next_on=row.next_on,
                    minutes=row.minutes,
                    organisation_name=names.get(row.organisation_id, ""),
                )
                for row in standing
            ),
        )
