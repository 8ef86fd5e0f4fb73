"""What comes back of a referral: the reply, the plan for the time after, visits (``domain.md`` §6).

The reply (回转单) and the plan are written by the side that treated the patient, a visit by whoever
made it. None is ever edited: a correction is a new row that names the one it ``replaces_id``.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class ReferralReply(Syncable, Base):
    """The national return form, and the summary that goes with a patient who is referred down.

    ``purpose``: reply (to the writer of the letter) or discharge (offered for taking over, then
    ``phase`` and ``checklist`` are filled: ``domain.md`` §6.3).
    """

    __tablename__ = "referral_reply"

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), index=True)
    resident_id: Mapped[str] = mapped_column(String(36), index=True)
    to_organisation_id: Mapped[str] = mapped_column(String(36))
    purpose: Mapped[str]  # reply, discharge
    visit_kind: Mapped[str]  # outpatient, inpatient
    department: Mapped[str | None]
    doctor_id: Mapped[str]
    doctor_name: Mapped[str]
    doctor_phone: Mapped[str | None]
    written_on: Mapped[date]
    inpatient_no: Mapped[str | None]
    admitted_on: Mapped[date | None]
    discharged_on: Mapped[date | None]
    diagnosis: Mapped[str]
    diagnoses: Mapped[JsonList] = mapped_column(default=list)  # {code, display}
    exam_results: Mapped[str]
    treatment_given: Mapped[str]
    next_plan: Mapped[str]
    rehab_advice: Mapped[str]
    drugs: Mapped[JsonList] = mapped_column(default=list)
    phase: Mapped[str | None]
    reason_codes: Mapped[JsonList] = mapped_column(default=list)
    reason_text: Mapped[str | None]
    checklist: Mapped[JsonDict] = mapped_column(default=dict)
    attention_points: Mapped[str | None]
    replaces_id: Mapped[str | None] = mapped_column(String(36))
    form_version: Mapped[str] = mapped_column(default="NBPHS-2017")


class ReturnPlan(Syncable, Base):
    """The dated plan for the time after: steps that become due work where the patient goes.

    ``steps``: {id, kind, due_on, what, by, disease, done_by_visit}; ``rehab``: what a rehab plan is
    drafted from ({goal_short, goal_long, precautions, contraindications, items}), empty where the
    plan says nothing of rehab.
    """

    __tablename__ = "return_plan"

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), index=True)
    resident_id: Mapped[str] = mapped_column(String(36), index=True)
    starts_on: Mapped[date]
    steps: Mapped[JsonList] = mapped_column(default=list)
    rehab: Mapped[JsonDict] = mapped_column(default=dict)
    precautions: Mapped[str | None]
    warning_signs: Mapped[str | None]
    doctor_id: Mapped[str]
    doctor_name: Mapped[str]
    contact_phone: Mapped[str | None]
    replaces_id: Mapped[str | None] = mapped_column(String(36))


class ReferralVisit(Syncable, Base):
    """A visit that belongs to a referral: the first after the return, guidance by a county doctor
    (``domain.md`` §8), a joint round of two members. ``purpose`` tells which."""

    __tablename__ = "referral_visit"
    __table_args__ = (Index("ix_referral_visit_purpose", "purpose", "visited_on"),)

    referral_id: Mapped[str | None] = mapped_column(String(36), index=True)
    rehab_plan_id: Mapped[str | None] = mapped_column(String(36))
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    purpose: Mapped[str]  # after_return, guidance, joint_round
    mode: Mapped[str]  # clinic, home, ward, phone, video
    visited_on: Mapped[date]
    guide_name: Mapped[str | None]
    local_doctor_name: Mapped[str | None]
    findings: Mapped[str]
    vitals: Mapped[JsonDict] = mapped_column(default=dict)
    plan_changes: Mapped[str | None]
    done_steps: Mapped[JsonList] = mapped_column(default=list)  # ids of steps of the plan
    next_on: Mapped[date | None]
    minutes: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error
    replaces_id: Mapped[str | None] = mapped_column(String(36))
