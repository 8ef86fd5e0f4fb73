"""Blood-pressure screening of residents from 35 years (``domain.md`` §5.2)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonList, Syncable


class BpScreening(Syncable, Base):
    """One measurement of somebody who is not known to have hypertension. mmHg, cm, kg.

    ``result``: code of list ``bp_screening_result``; ``outcome``: what came of a probable
    hypertension (list ``bp_screening_outcome``), empty while nobody has decided.
    """

    __tablename__ = "bp_screening"
    __table_args__ = (
        Index("ix_bp_screening_resident_id_measured_on", "resident_id", "measured_on"),
    )

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    measured_on: Mapped[date] = mapped_column(index=True)
    bp_source: Mapped[str | None]
    sbp: Mapped[int | None]
    dbp: Mapped[int | None]
    not_measured: Mapped[str | None]  # why there is no value
    height: Mapped[float | None]
    weight: Mapped[float | None]
    waist: Mapped[float | None]
    bmi: Mapped[float | None]
    risk_answers: Mapped[JsonList] = mapped_column(default=list)  # asked: list bp_risk
    risk_factors: Mapped[JsonList] = mapped_column(default=list)  # found, with the measured ones
    result: Mapped[str | None]
    raised_days: Mapped[int] = mapped_column(
        default=0
    )  # days with raised values, this one included
    next_on: Mapped[date | None]
    outcome: Mapped[str | None]
    outcome_on: Mapped[date | None]
    outcome_reason: Mapped[str | None]
    performer_name: Mapped[str]
    remark: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error
    status_reason: Mapped[str | None]
    form_version: Mapped[str]
    rule_version: Mapped[str]
