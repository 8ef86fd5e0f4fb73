"""Rows that stay on this PC: drafts, due work, audit, settings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict
from app.models.identity import new_id


class Draft(Base):
    """An unfinished form of one person; each person has at most one a form and subject."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("form", "subject_id", "staff_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    form: Mapped[str]
    subject_id: Mapped[str] = mapped_column(default="")
    staff_id: Mapped[str] = mapped_column(index=True)
    data: Mapped[JsonDict] = mapped_column(default=dict)
    updated_at: Mapped[datetime]


class DueItem(Base):
    """Work that is due for a resident: derived from the records, made anew from them."""

    __tablename__ = "due_item"
    __table_args__ = (
        UniqueConstraint("resident_id", "kind"),
        Index("ix_due_item_organisation_id_due_on", "organisation_id", "due_on"),
        # All that a list of some kinds asks for, in the order of its days.
        Index("ix_due_item_kind", "organisation_id", "kind", "due_on", "resident_id", "urgent"),
        # Each person once with the first day: read from the index alone.
        Index("ix_due_item_person", "organisation_id", "resident_id", "due_on", "kind"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(String(36))
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    kind: Mapped[str]  # follow_up:hypertension, follow_up:type2_diabetes, plan_review, …
    due_on: Mapped[date]
    since: Mapped[date | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    source_kind: Mapped[str | None]
    source_id: Mapped[str | None]
    detail: Mapped[JsonDict] = mapped_column(default=dict)


class AuditEvent(Base):
    """Who read or wrote which record, when. Holds ids only, never an identity."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_record", "kind", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    staff_id: Mapped[str]
    organisation_id: Mapped[str]
    action: Mapped[str]  # create, update, read, reveal, sign_in, …
    kind: Mapped[str]
    record_id: Mapped[str]
    detail: Mapped[JsonDict] = mapped_column(default=dict)


class Setting(Base):
    """A setting of this store."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[JsonDict] = mapped_column(default=dict)


class SearchToken(Base):
    """One way to find a resident: a lower-case text that a search may be the beginning of."""

    __tablename__ = "search_token"
    __table_args__ = {"sqlite_with_rowid": False}

    token: Mapped[str] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
