"""What the lead hospital does below (``domain.md`` §8): consultations, expert visits, training.

A record of one organisation reaches another by a :class:`SharedNote`: a Task whose owner is the
other side. Notes are only ever added, so two sides never write the same row; what a consultation
or a visit has come to is worked out from its notes.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class Consultation(Syncable, Base):
    """A consultation (会诊) as it was asked; the answer is in the notes."""

    __tablename__ = "consultation"

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    referral_id: Mapped[str | None] = mapped_column(String(36))
    to_organisation_id: Mapped[str] = mapped_column(String(36), index=True)
    kind: Mapped[str]  # outpatient, bedside, remote, phone
    urgency: Mapped[str]  # routine, urgent
    invited_department: Mapped[str | None]
    invited_doctor: Mapped[str | None]
    wanted_on: Mapped[date | None]
    summary: Mapped[str]
    question: Mapped[str]
    vitals: Mapped[JsonDict] = mapped_column(default=dict)
    asked_at: Mapped[datetime]
    from_doctor_id: Mapped[str]
    from_doctor_name: Mapped[str]
    from_doctor_phone: Mapped[str | None]


class ExpertVisit(Syncable, Base):
    """A visit of a county expert to a member, as planned and as it went."""

    __tablename__ = "expert_visit"
    __table_args__ = (Index("ix_expert_visit_day", "visit_on", "host_organisation_id"),)

    host_organisation_id: Mapped[str] = mapped_column(String(36))
    visit_on: Mapped[date]
    starts_at: Mapped[str | None] = mapped_column(String(5))  # HH:MM, clinic time
    ends_at: Mapped[str | None] = mapped_column(String(5))
    expert_name: Mapped[str]
    expert_title: Mapped[str | None]
    department: Mapped[str]
    topics: Mapped[str | None]
    place: Mapped[str | None]
    quota: Mapped[int | None]
    status: Mapped[str] = mapped_column(default="planned")  # planned, done, cancelled
    cancel_reason: Mapped[str | None]
    clinic_count: Mapped[int | None]
    ward_round_count: Mapped[int | None]
    procedure_count: Mapped[int | None]
    teaching_count: Mapped[int | None]
    summary: Mapped[str | None]


class SharedNote(Syncable, Base):
    """From one organisation to another about a record: asks, answers, countersigns, hands over.

    ``requester_organisation_id`` is the writer's, ``owner_organisation_id`` the other side's.
    """

    __tablename__ = "shared_note"
    __table_args__ = (Index("ix_shared_note_subject", "subject_kind", "subject_id"),)

    subject_kind: Mapped[str]  # consultation, expert_visit, attachment, referral_visit
    subject_id: Mapped[str] = mapped_column(String(36))
    resident_id: Mapped[str | None] = mapped_column(String(36))
    requester_organisation_id: Mapped[str] = mapped_column(String(36))
    owner_organisation_id: Mapped[str] = mapped_column(String(36))
    move: Mapped[str]
    urgency: Mapped[str]  # routine, urgent
    occurred_at: Mapped[datetime]
    actor_name: Mapped[str]
    text: Mapped[str | None]
    details: Mapped[JsonDict] = mapped_column(default=dict)


class Training(Syncable, Base):
    """A lecture, bedside teaching, course or study leave, with who took part."""

    __tablename__ = "training"

    title: Mapped[str]
    type: Mapped[str]
    held_on: Mapped[date] = mapped_column(index=True)
    until: Mapped[date | None]
    hours: Mapped[float]
    teacher: Mapped[str]
    place: Mapped[str | None]
    attendees: Mapped[JsonList] = mapped_column(default=list)  # {organisation_id, name, hours, …}
    materials: Mapped[str | None]
    evaluation: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error
