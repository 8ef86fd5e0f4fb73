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
from app.models.resident import Resident
from app.models.store import Store

#: Who signs an opinion: doctors, of a township or of the county hospital (domain reference §1.3).
DOCTORS_ROLES = ("doctor", "specialist", "head_of_department")
#: Who asks, takes on, declines and concludes: whoever moves referrals, and who trains the patient.
WORKERS_ROLES = (*DOCTORS_ROLES, "president", "referral_coordinator", "nurse", "rehab_worker")
#: Who notes guidance and training: follow-ups are also made by public-health workers.
GUIDES_ROLES = (*WORKERS_ROLES, "public_health")
#: Who plans the visits of experts and notes how they went; the office sits at the lead hospital.
PLANNERS_ROLES = (
    *DOCTORS_ROLES, "president", "referral_coordinator", "office_clerk", "administrator",
)  # fmt: skip
#: Who says for the host that an expert was there, and who writes training down.
HOSTS_ROLES = (*GUIDES_ROLES, "office_clerk", "administrator")


def require_role(actor: Actor, *roles: str) -> None:
    """Raises NotAllowed for a person without one of ``roles``."""
    if not actor.has_role(*roles):
        raise NotAllowed(tr("Your account may look at this, not write it. Nothing was saved."))


def others_patient(actor: Actor, resident: Resident, to: str) -> str | None:
    """The sentence where the receiver could never read of whom a record is: a third house's
    patient. Only the house that keeps a resident can let another one read of them."""
    if resident.organisation_id in (actor.organisation_id, to):
        return None
    return tr(
        "Another organisation keeps this patient's record, and the chosen one cannot read it. "
        "Nothing was saved. Choose the organisation that keeps the record."
    )


def keeper_of(store: Store, actor: Actor, resident_id: str) -> str:
    """The id of the house that keeps a resident where it is another one; else empty."""
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        foreign = resident is not None and resident.organisation_id != actor.organisation_id
        return resident.organisation_id if resident is not None and foreign else ""


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
