"""Files that go with a referral or a consultation: photos of reports, an ECG as PDF.

The description and a small picture travel first; the content follows in parts, each a record of
its own, so that a cut link costs one part.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonList, Syncable

#: Bytes of one part before base64: two seconds of the worst link that is planned for (8 kB/s).
PART_BYTES = 16_384


class Attachment(Syncable, Base):
    """What a file is: title, kind, size, SHA-256, a thumbnail (JPEG, base64), ids of its parts."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_subject", "subject_kind", "subject_id"),)

    resident_id: Mapped[str | None] = mapped_column(String(36), index=True)
    subject_kind: Mapped[str]  # referral, referral_reply, consultation, expert_visit
    subject_id: Mapped[str] = mapped_column(String(36))
    category: Mapped[str]
    title: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    thumbnail: Mapped[str | None] = mapped_column(Text)
    part_ids: Mapped[JsonList] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error


class AttachmentPart(Syncable, Base):
    """One stretch of a file's content (base64). ``number`` counts from 0."""

    __tablename__ = "attachment_part"
    __table_args__ = (UniqueConstraint("attachment_id", "number"),)

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"))
    resident_id: Mapped[str | None] = mapped_column(String(36))
    number: Mapped[int]
    data: Mapped[str] = mapped_column(Text)
