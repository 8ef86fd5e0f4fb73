"""Assessments by a scale (``domain.md`` §4.2–§4.7): one filled-in questionnaire, one result.

Which questions a scale has is not said here: that is the questionnaire of ``scale`` and
``form_version`` (``resources/questionnaires``). An answer is a code, a number, a text or a
list of codes, by the question's link id.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, Syncable


class Assessment(Syncable, Base):
    """One assessment of a resident; it is added and never deleted, only marked as in error."""

    __tablename__ = "assessment"
    __table_args__ = (
        Index("ix_assessment_resident_id_scale", "resident_id", "scale", "assessed_on"),
        # All that indicators ask: without reading the answers.
        Index(
            "ix_assessment_counted",
            "organisation_id",
            "scale",
            "assessed_on",
            "status",
            "resident_id",
            "reassess_on",
        ),
    )

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    scale: Mapped[str]
    assessed_on: Mapped[date]
    answers: Mapped[JsonDict] = mapped_column(default=dict)
    total: Mapped[float | None]
    # A code of the scale's own list of levels. The preliminary one is that of the total alone,
    # where a rule or a person moved the final one.
    level: Mapped[str | None]
    preliminary_level: Mapped[str | None]
    level_reason: Mapped[str | None]  # why a person chose another level than the rule
    details: Mapped[JsonDict] = mapped_column(default=dict)  # {subtotals, results, reasons}
    performer_id: Mapped[str]
    performer_name: Mapped[str]
    second_assessor: Mapped[str | None]
    informant: Mapped[str | None]
    informant_relation: Mapped[str | None]
    confirmed: Mapped[bool] = mapped_column(default=False)  # resident or informant signed
    reassess_on: Mapped[date | None]
    remark: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, amended, entered_in_error
    supersedes_id: Mapped[str | None]
    status_reason: Mapped[str | None]
    form_version: Mapped[str]
    rule_version: Mapped[str]
