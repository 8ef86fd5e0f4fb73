"""Replies and plans as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.care.referral_return.inputs import (
    FORM_VERSION,
    DischargeInput,
    PlanInput,
    PlanStep,
    RehabPart,
    ReplyInput,
)
from app.care.rehab_plan_form import PlanItem
from app.clock import Clock
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation, Staff
from app.models.referral import Referral
from app.models.referral_return import ReferralReply, ReturnPlan

#: What a row is for: an answer to the writer of the letter, or a summary to take over with.
REPLY, DISCHARGE = "reply", "discharge"

_PLAIN = (
    "visit_kind",
    "diagnosis",
    "exam_results",
    "treatment_given",
    "next_plan",
    "rehab_advice",
    "admitted_on",
    "discharged_on",
)
_EMPTY_IS_NONE = ("department", "inpatient_no", "attention_points")


def new_reply(
    session: Session,
    clock: Clock,
    actor: Actor,
    letter: Referral,
    reply: ReplyInput,
    *,
    to_organisation_id: str,
    replaces_id: str | None = None,
) -> ReferralReply:
    """A tidy and checked reply as a new row, added to the session."""
    row = ReferralReply(
        id=new_id(),
        organisation_id=actor.organisation_id,
        referral_id=letter.id,
        resident_id=letter.resident_id,
        to_organisation_id=to_organisation_id,
        purpose=REPLY,
        doctor_id=actor.staff_id,
        doctor_name=actor.name,
        doctor_phone=reply.doctor_phone or own_phone(session, actor),
        written_on=clock.today(),
        diagnoses=[{"code": code, "display": display} for code, display in reply.diagnoses],
        drugs=[{"name": drug} for drug in reply.drugs],
        replaces_id=replaces_id,
        form_version=FORM_VERSION,
        is_sample=letter.is_sample,
    )
    for name in _PLAIN:
        setattr(row, name, getattr(reply, name))
    for name in _EMPTY_IS_NONE:
        setattr(row, name, getattr(reply, name) or None)
    if isinstance(reply, DischargeInput):
        row.purpose = DISCHARGE
        row.phase = reply.phase
        row.reason_codes = list(reply.reason_codes)
        row.reason_text = reply.reason_text or None
        row.checklist = dict(reply.checklist)
    session.add(row)
    return row


def new_plan(
    session: Session,
    actor: Actor,
    letter: Referral,
    plan: PlanInput,
    *,
    replaces_id: str | None = None,
) -> ReturnPlan:
    """A tidy and checked plan as a new row, added to the session."""
    row = ReturnPlan(
        id=new_id(),
        organisation_id=actor.organisation_id,
        referral_id=letter.id,
        resident_id=letter.resident_id,
        starts_on=plan.starts_on,
        steps=[_step_values(step) for step in plan.steps],
        rehab={} if plan.rehab is None else _rehab_values(plan.rehab),
        precautions=plan.precautions or None,
        warning_signs=plan.warning_signs or None,
        doctor_id=actor.staff_id,
        doctor_name=actor.name,
        contact_phone=plan.contact_phone or own_phone(session, actor),
        replaces_id=replaces_id,
        is_sample=letter.is_sample,
    )
    session.add(row)
    return row


def own_phone(session: Session, actor: Actor) -> str | None:
    """The writer's number, else the house's."""
    person = session.get(Staff, actor.staff_id)
    if person is not None and person.phone:
        return person.phone
    own = session.get(Organisation, actor.organisation_id)
    return own.phone if own is not None else None


def _step_values(step: PlanStep) -> dict[str, Any]:
    values = asdict(step)
    values["due_on"] = step.due_on.isoformat() if step.due_on else ""
    return {name: value for name, value in values.items() if value}


def _rehab_values(rehab: RehabPart) -> dict[str, Any]:
    values = asdict(rehab)
    values["items"] = [
        {name: value for name, value in item.items() if value not in (None, "")}
        for item in values["items"]
    ]
    return {name: value for name, value in values.items() if value}


def reply_from_row(row: ReferralReply) -> DischargeInput:
    """The reply as it was written; the parts of a summary are empty on a plain reply."""
    return DischargeInput(
        visit_kind=row.visit_kind,
        diagnosis=row.diagnosis,
        exam_results=row.exam_results,
        treatment_given=row.treatment_given,
        next_plan=row.next_plan,
        rehab_advice=row.rehab_advice,
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        department=row.department or "",
        inpatient_no=row.inpatient_no or "",
        attention_points=row.attention_points or "",
        doctor_phone=row.doctor_phone or "",
        diagnoses=tuple(
            (str(each.get("code") or ""), str(each.get("display") or ""))
            for each in row.diagnoses
            if isinstance(each, Mapping)
        ),
        drugs=tuple(line for drug in row.drugs if (line := _drug_line(drug))),
        phase=row.phase or "",
        reason_codes=tuple(str(code) for code in row.reason_codes),
        reason_text=row.reason_text or "",
        checklist={str(k): v for k, v in row.checklist.items() if isinstance(v, bool)},
    )


def _drug_line(drug: object) -> str:
    """A drug in one line, also one that another program wrote in parts."""
    if not isinstance(drug, Mapping):
        return str(drug or "")
    dose = " ".join(str(drug[name]) for name in ("dose", "unit") if drug.get(name))
    return " ".join(part for part in (str(drug.get("name") or ""), dose) if part)


def plan_from_row(row: ReturnPlan) -> PlanInput:
    """The plan as it was written. A step that cannot be read stays, without its date."""
    return PlanInput(
        starts_on=row.starts_on,
        steps=tuple(_step(values) for values in row.steps if isinstance(values, Mapping)),
        rehab=_rehab(row.rehab),
        precautions=row.precautions or "",
        warning_signs=row.warning_signs or "",
        contact_phone=row.contact_phone or "",
    )


def _step(values: Mapping[str, Any]) -> PlanStep:
    names = {each.name for each in fields(PlanStep)} - {"due_on"}
    try:
        due_on = date.fromisoformat(str(values.get("due_on") or ""))
    except ValueError:
        due_on = None
    return PlanStep(due_on=due_on, **{"kind": ""} | {n: str(values.get(n) or "") for n in names})


def _rehab(values: Mapping[str, Any]) -> RehabPart | None:
    if not values:
        return None
    items = values.get("items") or ()
    return RehabPart(
        goal_short=str(values.get("goal_short") or ""),
        precautions=str(values.get("precautions") or ""),
        goal_long=str(values.get("goal_long") or ""),
        contraindications=str(values.get("contraindications") or ""),
        items=tuple(PlanItem.from_dict(item) for item in items if isinstance(item, Mapping)),
    )
