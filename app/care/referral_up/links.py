"""Letters that follow one another: the one before a referral, and the one written in its place."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_return.onward import letter_sent_on
from app.models.referral import Referral


@dataclass(frozen=True, slots=True)
class Link:
    """Another referral of the same person."""

    referral_id: str
    referral_no: str


def before(session: Session, letter: Referral) -> Link | None:
    """The letter that this one follows; None where it is not on this PC."""
    found = session.get(Referral, letter.origin_referral_id) if letter.origin_referral_id else None
    return Link(found.id, found.referral_no or "") if found is not None else None


def after(session: Session, letter: Referral) -> Link | None:
    """The newest letter that was written in the place of this one."""
    found = session.execute(
        select(Referral.id, Referral.referral_no)
        .where(
            Referral.resident_id == letter.resident_id,
            Referral.origin_referral_id == letter.id,
        )
        .order_by(Referral.id.desc())
        .limit(1)
    ).one_or_none()
    # To a third house a patient goes under another record.
    either = found or letter_sent_on(session, letter)
    return Link(either.id, either.referral_no or "") if either is not None else None
