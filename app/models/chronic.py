"""Chronic-disease follow-up (``domain.md`` §5): one visit, one part a disease.

A visit's shared measurements are stored once; each disease served by the visit has its own
part with its symptoms, its class and its next date, so that one visit may satisfy several
programmes. What indicators ask of it stands in ``models/visit_year``, too.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, JsonDict, JsonList, Syncable
from app.models.identity import new_id


class FollowUp(Syncable, Base):
    """A follow-up visit. Units: mmHg, mmol/L, kg, cm, /min, ℃, 支/day, 两/day, g/day."""

    __tablename__ = "follow_up"
    __table_args__ = (Index("ix_follow_up_resident_id_visit_date", "resident_id", "visit_date"),)

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    visit_date: Mapped[date] = mapped_column(index=True)
    measured_at: Mapped[datetime | None]
    mode: Mapped[str]
    sbp: Mapped[int | None]
    dbp: Mapped[int | None]
    bp_source: Mapped[str | None]
    heart_rate: Mapped[int | None]
    temperature: Mapped[float | None]
    weight: Mapped[float | None]
    weight_target: Mapped[float | None]
    height: Mapped[float | None]
    waist: Mapped[float | None]
    bmi: Mapped[float | None]
    bmi_target: Mapped[float | None]
    other_signs: Mapped[str | None]
    smoking: Mapped[float | None]
    smoking_target: Mapped[float | None]
    alcohol: Mapped[float | None]
    alcohol_target: Mapped[float | None]
    exercise_per_week: Mapped[float | None]
    exercise_per_week_target: Mapped[float | None]
    exercise_minutes: Mapped[float | None]
    exercise_minutes_target: Mapped[float | None]
    salt: Mapped[str | None]
    salt_target: Mapped[str | None]
    staple_food: Mapped[float | None]
    staple_food_target: Mapped[float | None]
    psych: Mapped[str | None]
    compliance: Mapped[str | None]
    adherence: Mapped[str | None]
    adverse_reaction: Mapped[str | None]
    adverse_reaction_text: Mapped[str | None]
    new_or_worse_complication: Mapped[bool] = mapped_column(default=False)
    complication_text: Mapped[str | None]
    danger_signs: Mapped[JsonList] = mapped_column(default=list)
    fpg: Mapped[float | None]
    ppg: Mapped[float | None]
    random_glucose: Mapped[float | None]
    not_fasting_reason: Mapped[str | None]
    hba1c: Mapped[float | None]
    hba1c_date: Mapped[date | None]
    dorsalis_pedis: Mapped[str | None]
    dorsalis_pedis_side: Mapped[str | None]
    hypoglycaemia: Mapped[str | None]
    respiration: Mapped[int | None]
    spo2: Mapped[int | None]
    fev1: Mapped[float | None]  # litres
    fvc: Mapped[float | None]  # litres
    fev1_fvc: Mapped[float | None]  # %
    mmrc: Mapped[str | None]  # grade 0 to 4
    cat: Mapped[int | None]  # score 0 to 40
    copd_control: Mapped[str | None]
    # Answers to the items of the COPD form's definition — {item: answer}.
    copd: Mapped[JsonDict] = mapped_column(default=dict, server_default="{}")
    aux_exam: Mapped[str | None]
    other_tests: Mapped[str | None]
    # Not done, refused or unable — {field: code}: each differs from blank.
    not_measured: Mapped[JsonDict] = mapped_column(default=dict)
    drugs: Mapped[JsonList] = mapped_column(default=list)  # {name, times_per_day, dose, unit}
    insulin: Mapped[JsonDict] = mapped_column(default=dict)
    drug_adjustment: Mapped[JsonList] = mapped_column(default=list)
    next_measure: Mapped[str | None]
    referral_reason: Mapped[str | None]
    referral_org_dept: Mapped[str | None]
    referral_contact: Mapped[str | None]
    referral_phone: Mapped[str | None]
    referral_result: Mapped[str | None]
    doctor_name: Mapped[str]
    resident_signed: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, amended, entered_in_error
    supersedes_id: Mapped[str | None]
    status_reason: Mapped[str | None]  # why it was corrected or voided
    form_version: Mapped[str] = mapped_column(default="NBPHS-2017")
    rule_version: Mapped[str] = mapped_column(default="NBPHS-2017")

    diseases: Mapped[list[FollowUpDisease]] = relationship(
        back_populates="follow_up", order_by="FollowUpDisease.disease", lazy="select"
    )


class FollowUpDisease(Base):
    """What a visit says of one disease: class, urgency, action and the next date."""

    __tablename__ = "follow_up_disease"
    __table_args__ = (
        Index("ix_follow_up_disease_resident", "resident_id", "disease", "visit_date"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    follow_up_id: Mapped[str] = mapped_column(ForeignKey("follow_up.id"), index=True)
    resident_id: Mapped[str] = mapped_column(String(36))
    visit_date: Mapped[date]
    disease: Mapped[str]  # hypertension, type2_diabetes, copd
    symptoms: Mapped[JsonList] = mapped_column(default=list)
    symptom_text: Mapped[str | None]
    control_class: Mapped[str | None]  # 1 satisfied, 2 not, 3 adverse reaction, 4 complication
    proposed_class: Mapped[str | None]
    override_reason: Mapped[str | None]
    uncontrolled: Mapped[bool | None]  # a fact of the visit, beside the class
    problem: Mapped[bool | None]  # uncontrolled or adverse reaction
    urgent: Mapped[bool] = mapped_column(default=False)
    urgent_reasons: Mapped[JsonList] = mapped_column(default=list)
    action: Mapped[str | None]  # code of next_step: 1 routine 2 adjust 3 refer 4 refer now
    proposed_action: Mapped[str | None]
    next_visit_date: Mapped[date | None]

    follow_up: Mapped[FollowUp] = relationship(back_populates="diseases")
