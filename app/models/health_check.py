"""The annual health check (``domain.md`` §4.1): one row a check.

What is plotted, counted or searched has a column; all other answers of the form stand in
``answers`` under the keys of the form's definition (``resources/forms/health_check.json``).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class HealthCheck(Syncable, Base):
    """A health check. Units: ℃, /min, mmHg, cm, kg, kg/m², mmol/L, %.

    A check without a ``conclusion`` waits for the doctor and is not yet done.
    """

    __tablename__ = "health_check"
    __table_args__ = (
        Index("ix_health_check_resident_id_check_date", "resident_id", "check_date"),
        # All that the lists of a year ask: without reading the answers.
        Index(
            "ix_health_check_year",
            "check_date",
            "status",
            "conclusion",
            "resident_id",
            "organisation_id",
            "id",
        ),
    )

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    check_date: Mapped[date]
    doctor_name: Mapped[str]
    temperature: Mapped[float | None]
    pulse: Mapped[int | None]
    respiration: Mapped[int | None]
    sbp_left: Mapped[int | None]
    dbp_left: Mapped[int | None]
    sbp_right: Mapped[int | None]
    dbp_right: Mapped[int | None]
    height: Mapped[float | None]
    weight: Mapped[float | None]
    waist: Mapped[float | None]
    bmi: Mapped[float | None]
    fpg: Mapped[float | None]
    hba1c: Mapped[float | None]
    conclusion: Mapped[str | None]  # 1 nothing abnormal, 2 abnormal
    guidance: Mapped[JsonList] = mapped_column(default=list)
    answers: Mapped[JsonDict] = mapped_column(default=dict)
    # Not done, refused or unable — {group of the form: code}: each differs from blank.
    not_measured: Mapped[JsonDict] = mapped_column(default=dict)
    # Results that stand in assessments of their own — {field: id of the assessment}.
    assessments: Mapped[JsonDict] = mapped_column(default=dict)
    # What was marked abnormal at the time: {field, level, text}.
    findings: Mapped[JsonList] = mapped_column(default=list)
    concluded_by: Mapped[str | None]  # the doctor's name
    status: Mapped[str] = mapped_column(default="final")  # final, amended, entered_in_error
    supersedes_id: Mapped[str | None]
    status_reason: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="NBPHS-2017-2025")
    rule_version: Mapped[str] = mapped_column(default="NBPHS-2017")
