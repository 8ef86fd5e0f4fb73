"""Printed rounds: which people stand on a list that was printed, in which order, under which
number. Rows that stay on this PC; the visits themselves are the records."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, JsonList
from app.models.identity import new_id


class PaperRound(Base):
    """One printed list of people to visit. ``number`` is printed on each of its slips.

    ``printed_at`` is empty until the paper or the PDF was made; ``closed_at`` is set when the
    pile is done with.
    """

    __tablename__ = "paper_round"
    __table_args__ = (UniqueConstraint("number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    number: Mapped[int]
    organisation_id: Mapped[str] = mapped_column(String(36))
    staff_id: Mapped[str] = mapped_column(String(36))
    title: Mapped[str]
    # What its slips are: follow_up or health_check. A mere list serves either.
    form: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
    printed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    visit_date: Mapped[date | None]  # the day of the visits, entered once for the pile
    mode: Mapped[str | None]

    slips: Mapped[list[PaperSlip]] = relationship(
        back_populates="round", order_by="PaperSlip.position", cascade="all, delete-orphan"
    )


class PaperSlip(Base):
    """One person on a printed list; ``position`` counts from 1 in the order of the paper.

    ``follow_up_id``: the visit that was entered from this slip. ``set_aside``: why there is
    none (nobody at home, the slip was left blank).
    """

    __tablename__ = "paper_slip"
    __table_args__ = (UniqueConstraint("round_id", "position"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    round_id: Mapped[str] = mapped_column(ForeignKey("paper_round.id"))
    position: Mapped[int]
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    diseases: Mapped[JsonList] = mapped_column(default=list)
    follow_up_id: Mapped[str | None] = mapped_column(String(36))
    entered_at: Mapped[datetime | None]
    set_aside: Mapped[str | None]

    round: Mapped[PaperRound] = relationship(back_populates="slips")
