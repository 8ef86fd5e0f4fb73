"""What belongs to the resident's record beside the form: consents, record numbers, tags.

Consents and blocks of record numbers travel; counters and tags stay on the PC.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Syncable


class Consent(Syncable, Base):
    """What a resident (or who decides for the resident) agreed to or refused, on one day.

    A later record of the same type takes the place of an earlier one; none is ever rewritten.
    One written by mistake is marked ``entered_in_error``.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_resident_id_type", "resident_id", "type"),)

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    type: Mapped[str]  # list consent_type
    decision: Mapped[str]  # list consent_decision
    signed_on: Mapped[date]
    signer: Mapped[str]
    signer_relation: Mapped[str | None]  # GB/T 4761; None: the resident
    evidence: Mapped[str | None]  # list consent_evidence
    evidence_place: Mapped[str | None]  # where the signed paper or the recording is kept
    note: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error
    status_reason: Mapped[str | None]


class NumberBlock(Syncable, Base):
    """A run of serials of one village that one PC may give out as health-record numbers.

    ``prefix``: the 12 digits of county, township and village; ``first`` and ``last`` are
    serials 1-99999, both included. ``pc_id`` names the store that gives them out.
    """

    __tablename__ = "number_block"

    prefix: Mapped[str] = mapped_column(String(12), index=True)
    area: Mapped[str | None]  # the village whose residents it is for; None: all others
    first: Mapped[int]
    last: Mapped[int]
    pc_id: Mapped[str] = mapped_column(String(36))
    pc_name: Mapped[str]
    closed: Mapped[bool] = mapped_column(default=False)


class NumberCounter(Base):
    """How far this PC has given out a block. It only ever grows."""

    __tablename__ = "number_counter"

    block_id: Mapped[str] = mapped_column(ForeignKey("number_block.id"), primary_key=True)
    next_serial: Mapped[int]
    # The restored backup that the counter has already leapt over.
    restored_at: Mapped[str | None]


class PopulationTag(Base):
    """A tag of a resident, computed by rule or given by a person: for lists and counts."""

    __tablename__ = "population_tag"
    __table_args__ = (
        Index("ix_population_tag_tag_resident_id", "tag", "resident_id"),
        {"sqlite_with_rowid": False},
    )

    resident_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    computed: Mapped[bool]
