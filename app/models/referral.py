"""Two-way referral (``domain.md`` §6): letter, services asked for, states, moves.

What is asked belongs to the asker (``Referral``, ``ReferralService``); the state belongs to
both sides (``ReferralTask``: one for the letter and one for each priority service, so that a
bed may be refused while the clinic is granted). Every move is a row that is only ever added
(``ReferralEvent``).
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class Referral(Syncable, Base):
    """The letter: the national transfer-out form and its envelope. The receiver never edits it."""

    __tablename__ = "referral"

    referral_no: Mapped[str | None] = mapped_column(index=True)
    direction: Mapped[str]  # up, down
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    from_organisation_id: Mapped[str] = mapped_column(String(36), index=True)
    to_organisation_id: Mapped[str] = mapped_column(String(36), index=True)
    to_department: Mapped[str | None]
    to_doctor: Mapped[str | None]
    from_doctor_id: Mapped[str]
    from_doctor_name: Mapped[str]
    from_doctor_phone: Mapped[str | None]
    written_on: Mapped[date]
    urgency: Mapped[str]  # routine, priority, emergency
    reason_codes: Mapped[JsonList] = mapped_column(default=list)
    reason_text: Mapped[str | None]
    red_flags: Mapped[JsonList] = mapped_column(default=list)
    impression: Mapped[str | None]
    present_history: Mapped[str | None]
    past_history: Mapped[str | None]
    treatment_given: Mapped[str | None]
    diagnoses: Mapped[JsonList] = mapped_column(default=list)  # {code, display}
    vitals: Mapped[JsonDict] = mapped_column(default=dict)
    last_results: Mapped[str | None]
    allergies: Mapped[str | None]
    current_drugs: Mapped[JsonList] = mapped_column(default=list)
    isolation_risk: Mapped[str | None]
    mobility: Mapped[str | None]
    transport: Mapped[str | None]
    escort: Mapped[str | None]
    attention_points: Mapped[str | None]
    consent: Mapped[str | None]  # given, refused, later
    consent_signer: Mapped[str | None]
    contracted_team: Mapped[str | None]
    origin_referral_id: Mapped[str | None]
    source_kind: Mapped[str | None]  # the record it was opened from
    source_id: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="NBPHS-2017")


class ReferralService(Syncable, Base):
    """One of the three priorities asked for: clinic, examination or bed."""

    __tablename__ = "referral_service"

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), index=True)
    resident_id: Mapped[str] = mapped_column(String(36))
    service: Mapped[str]  # clinic, examination, bed
    request: Mapped[str | None]
    wanted_on: Mapped[date | None]
    urgency: Mapped[str]
    letter_author_organisation_id: Mapped[str | None]


class ReferralTask(Syncable, Base):
    """The state of a letter (``service='letter'``) or of one priority service.

    States of a letter: ``domain.md`` §6.4. States of a service: requested, arranged, refused,
    used, withdrawn. Both sides write it, always against the version last seen.
    """

    __tablename__ = "referral_task"
    __table_args__ = (
        Index("ix_referral_task_owner", "owner_organisation_id", "service", "state"),
        Index("ix_referral_task_requester", "requester_organisation_id", "service", "state"),
    )

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), index=True)
    resident_id: Mapped[str] = mapped_column(String(36))
    service: Mapped[str]
    request_id: Mapped[str] = mapped_column(String(36))  # the Referral or ReferralService
    part_of_id: Mapped[str | None]  # the letter's task, for a service
    requester_organisation_id: Mapped[str] = mapped_column(String(36))
    owner_organisation_id: Mapped[str] = mapped_column(String(36))
    urgency: Mapped[str]
    state: Mapped[str]
    sent_at: Mapped[datetime | None]
    department: Mapped[str | None]
    doctor: Mapped[str | None]
    doctor_phone: Mapped[str | None]
    scheduled_at: Mapped[datetime | None]
    place: Mapped[str | None]
    ward: Mapped[str | None]
    bed: Mapped[str | None]
    instructions: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]
    phone_confirmed_by: Mapped[str | None]
    phone_number: Mapped[str | None]
    phone_confirmed_at: Mapped[datetime | None]
    event_ids: Mapped[JsonList] = mapped_column(default=list)  # moves, in order
    arrived_at: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    discharged_at: Mapped[datetime | None]
    inpatient_no: Mapped[str | None]
    phase: Mapped[str | None]  # of a patient who is handed back
    reply_id: Mapped[str | None] = mapped_column(String(36))  # the newest reply
    plan_id: Mapped[str | None] = mapped_column(String(36))  # the plan that goes with it


class ReferralEvent(Syncable, Base):
    """One move: who, for which organisation, when by that device's clock, and why."""

    __tablename__ = "referral_event"

    referral_id: Mapped[str] = mapped_column(ForeignKey("referral.id"), index=True)
    task_id: Mapped[str] = mapped_column(String(36), index=True)
    resident_id: Mapped[str] = mapped_column(String(36))
    service: Mapped[str]
    urgency: Mapped[str]
    move: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    occurred_at: Mapped[datetime]
    actor_name: Mapped[str]
    reason_code: Mapped[str | None]
    reason_text: Mapped[str | None]
    details: Mapped[JsonDict] = mapped_column(default=dict)
