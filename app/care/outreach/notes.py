"""A note to the other side, inside a transaction: its record reaches them with the note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.errors import NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.outreach import SharedNote

#: Who may ask, answer, plan and note what was done.
WORKERS = ("doctor", "nurse", "rehab_worker", "referral_coordinator")
DOCTORS = ("doctor",)
PLANNERS = ("referral_coordinator", "doctor", "administrator")


def require_role(actor: Actor, *roles: str) -> None:
    """Raises NotAllowed for a person without one of ``roles``."""
    if not actor.has_role(*roles):
        raise NotAllowed(tr("Your account may look at this, not write it. Nothing was saved."))


def add_note(
    session: Session,
    actor: Actor,
    subject: tuple[str, str],
    to: str,
    move: str,
    at: datetime,
    *,
    resident_id: str | None = None,
    urgent: bool = False,
    text: str = "",
    details: Mapping[str, Any] | None = None,
    is_sample: bool = False,
) -> SharedNote:
    """Add a note about ``subject`` (kind and id) to the organisation ``to``."""
    note = SharedNote(
        id=new_id(),
        subject_kind=subject[0],
        subject_id=subject[1],
        resident_id=resident_id,
        requester_organisation_id=actor.organisation_id,
        owner_organisation_id=to,
        move=str(move),
        urgency="urgent" if urgent else "routine",
        occurred_at=at,
        actor_name=actor.name,
        text=text or None,
        details=dict(details or {}),
        is_sample=is_sample,
    )
    session.add(note)
    return note
