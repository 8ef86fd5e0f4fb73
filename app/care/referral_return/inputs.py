"""What is written on a reply, on a discharge summary and on the plan for the time after.

Source: 双向转诊 回转单, National Basic Public Health Services, 3rd ed. 2017 (``NBPHS-2017``);
phase, checklist and dated plan: domain reference §6.3 (local convention LOCAL-2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.care.referral_states import Urgency
from app.care.rehab_plan_form import PlanItem

FORM_VERSION = "NBPHS-2017"

#: The parts of the reply of which none may be empty (domain reference §6.3).
REPLY_PARTS = ("diagnosis", "exam_results", "treatment_given", "next_plan", "rehab_advice")

OUTPATIENT, INPATIENT = "outpatient", "inpatient"


@dataclass(frozen=True, slots=True)
class ReplyInput:
    """The return form. ``visit_kind`` is a code of ``reply_kind``; ``drugs`` holds one a line."""

    visit_kind: str = ""
    diagnosis: str = ""
    exam_results: str = ""
    treatment_given: str = ""
    next_plan: str = ""
    rehab_advice: str = ""
    department: str = ""
    doctor_phone: str = ""
    inpatient_no: str = ""
    admitted_on: date | None = None
    discharged_on: date | None = None
    diagnoses: tuple[tuple[str, str], ...] = ()
    drugs: tuple[str, ...] = ()
    attention_points: str = ""


@dataclass(frozen=True, slots=True)
class DischargeInput(ReplyInput):
    """The summary with which a patient is handed over.

    ``phase``: code of ``referral_phase``. ``reason_codes``: codes of ``referral_down_reason``.
    ``checklist``: an answer to every item of ``referral_checklist``; a "no" has to be explained in
    ``attention_points``.
    """

    phase: str = ""
    reason_codes: tuple[str, ...] = ()
    reason_text: str = ""
    checklist: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One dated step. ``kind``: code of ``return_step``; ``disease``: code of ``chronic_disease``
    for a follow-up; ``by``: who is to do it, in words. ``id`` is given when the plan is stored."""

    kind: str
    due_on: date | None
    what: str = ""
    by: str = ""
    disease: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class RehabPart:
    """What a rehabilitation plan is drafted from where the patient goes."""

    goal_short: str
    precautions: str
    goal_long: str = ""
    contraindications: str = ""
    items: tuple[PlanItem, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanInput:
    """The dated plan for the time after."""

    starts_on: date | None
    steps: tuple[PlanStep, ...] = ()
    rehab: RehabPart | None = None
    precautions: str = ""
    warning_signs: str = ""
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class DownInput:
    """To whom a patient is referred down, and how they travel. Never an emergency."""

    resident_id: str
    to_organisation_id: str = ""
    urgency: str = Urgency.ROUTINE
    to_department: str = ""
    to_doctor: str = ""
    from_doctor_phone: str = ""
    consent: str = ""
    consent_signer: str = ""
    mobility: str = ""
    transport: str = ""
    escort: str = ""
    isolation_risk: str = ""
    allergies: str = ""
    origin_referral_id: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """Where an admitted patient lies, and since when (None: now)."""

    at: datetime | None = None
    department: str = ""
    doctor: str = ""
    doctor_phone: str = ""
    ward: str = ""
    bed: str = ""
    inpatient_no: str = ""
