"""Rehabilitation plans and the check-ins against them (``domain.md`` §7.1–7.2)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class RehabPlan(Syncable, Base):
    """What a resident is to train, how, and what to mind."""

    __tablename__ = "rehab_plan"
    __table_args__ = (Index("ix_rehab_plan_resident_id_status", "resident_id", "status"),)

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    diagnosis: Mapped[str]
    diagnosis_code: Mapped[str | None]
    onset_date: Mapped[date | None]
    source_referral_id: Mapped[str | None]
    goal_short: Mapped[str]
    goal_long: Mapped[str | None]
    precautions: Mapped[str]
    contraindications: Mapped[str | None]
    # {exercise, place, per_week, sets, reps, minutes, intensity, assistance, equipment}
    items: Mapped[JsonList] = mapped_column(default=list)
    heart_rate_ceiling: Mapped[int | None]
    prescriber_id: Mapped[str | None]
    prescriber_name: Mapped[str]
    supervisor: Mapped[str | None]
    starts_on: Mapped[date]
    review_on: Mapped[date] = mapped_column(index=True)
    measures: Mapped[JsonList] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="draft")  # draft active paused completed stopped
    status_reason: Mapped[str | None]
    countersigned_by: Mapped[str | None]
    countersigned_at: Mapped[datetime | None]
    form_version: Mapped[str] = mapped_column(default="LOCAL-2025")


class CheckIn(Syncable, Base):
    """One training session: vitals before and after, what was done, what went wrong."""

    __tablename__ = "check_in"
    __table_args__ = (
        Index("ix_check_in_resident_id_started_at", "resident_id", "started_at"),
        Index("ix_check_in_plan_id_started_at", "plan_id", "started_at"),
    )

    plan_id: Mapped[str] = mapped_column(ForeignKey("rehab_plan.id"))
    resident_id: Mapped[str] = mapped_column(String(36))
    session_no: Mapped[int | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    place: Mapped[str | None]
    pre_sbp: Mapped[int | None]
    pre_dbp: Mapped[int | None]
    pre_heart_rate: Mapped[int | None]
    pre_spo2: Mapped[int | None]
    pre_temperature: Mapped[float | None]
    pre_pain: Mapped[int | None]
    pre_glucose: Mapped[float | None]
    ate_within_2h: Mapped[bool | None]
    pre_symptoms: Mapped[JsonList] = mapped_column(default=list)
    pre_note: Mapped[str | None]
    screen: Mapped[str]  # pass, hold
    hold_reasons: Mapped[JsonList] = mapped_column(default=list)
    items: Mapped[JsonList] = mapped_column(default=list)  # {exercise, planned, done, minutes}
    borg: Mapped[int | None]
    borg_scale: Mapped[str] = mapped_column(default="6-20")  # 6-20, 0-10
    post_sbp: Mapped[int | None]
    post_dbp: Mapped[int | None]
    post_heart_rate: Mapped[int | None]
    post_spo2: Mapped[int | None]
    post_pain: Mapped[int | None]
    completion: Mapped[str]  # complete, partial, not_done
    completion_percent: Mapped[int | None]
    reason_not_done: Mapped[str | None]
    stop_reasons: Mapped[JsonList] = mapped_column(default=list)
    # After a stop: back near the resting values within 10 minutes? None = not asked.
    recovered: Mapped[bool | None]
    adverse: Mapped[JsonList] = mapped_column(default=list)
    adverse_text: Mapped[str | None]
    action: Mapped[str | None]
    not_measured: Mapped[JsonDict] = mapped_column(default=dict)
    performer_id: Mapped[str]
    performer_name: Mapped[str]
    resident_confirmed: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="final")
    supersedes_id: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="LOCAL-2025")
    rule_version: Mapped[str] = mapped_column(default="LOCAL-2025")
