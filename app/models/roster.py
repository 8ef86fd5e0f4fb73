"""Imports of rosters: what was brought in at once, by whom, and what became of it.

Rows that stay on this PC. They hold ids and counts, no identity: the file's name and the number
of a row lead back to the paper.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.identity import new_id


class RosterImport(Base):
    """One file taken in. ``withdrawn``: how many records an undoing closed again."""

    __tablename__ = "roster_import"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(String(36))
    file_name: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64), index=True)  # SHA-256 of the file
    sheet: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    staff_id: Mapped[str] = mapped_column(String(36))
    staff_name: Mapped[str]
    rows: Mapped[int]
    imported: Mapped[int]
    left_out: Mapped[int]
    backup: Mapped[str]  # the file name of the backup made before
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undone_name: Mapped[str | None]
    withdrawn: Mapped[int] = mapped_column(default=0)


class RosterRow(Base):
    """A resident that an import brought; ``change_id`` of the record as it was left then.

    ``withdrawn_change_id``: the change by which an undoing closed the record. While the record
    still stands so, another import of the same person opens it again.
    """

    __tablename__ = "roster_row"
    __table_args__ = {"sqlite_with_rowid": False}

    import_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("roster_import.id"), primary_key=True
    )
    resident_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
    row_number: Mapped[int]
    change_id: Mapped[str] = mapped_column(String(36))
    withdrawn_change_id: Mapped[str | None] = mapped_column(String(36))
