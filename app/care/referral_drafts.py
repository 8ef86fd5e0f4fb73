"""Unfinished letters: kept on this PC for their writer until they are sent or thrown away.

A letter that was not sent belongs to nobody else, so it is a draft of the form and no record: it
does not travel and no other organisation can see it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.referral_letter import LetterInput, ServiceWish
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency
from app.models import drafts
from app.models.actor import Actor
from app.models.local import Draft
from app.models.resident import Resident
from app.models.store import Store

#: Name of the form under which unfinished letters are kept (:mod:`app.models.drafts`).
DRAFT_FORM = "referral"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An unfinished letter in the list."""

    resident_id: str
    resident_name: str
    sex: str
    age: int | None
    village: str
    urgency: str
    impression: str
    updated_at: datetime


def save_draft(store: Store, actor: Actor, letter: LetterInput) -> None:
    """Keep an unfinished letter on this PC, whatever is in it. Nothing leaves this PC before the
    letter is sent. One draft for each writer and resident."""
    drafts.save_draft(store, actor, DRAFT_FORM, letter.resident_id, draft_data(letter))


def draft_data(letter: LetterInput) -> dict[str, Any]:
    """What is kept of an unfinished letter (the shape of every form's draft)."""
    return {"fields": {}, "extra": letter_to_dict(letter)}


def load_draft(store: Store, actor: Actor, resident_id: str) -> LetterInput | None:
    """The writer's unfinished letter for a resident, or None."""
    saved = drafts.load_draft(store, actor, DRAFT_FORM, resident_id)
    return None if saved is None else letter_from_dict(saved.data.get("extra") or {})


def list_drafts(store: Store, actor: Actor) -> tuple[DraftLine, ...]:
    """The writer's unfinished letters, newest first."""
    saved = [d for d in drafts.list_drafts(store, actor) if d.form == DRAFT_FORM]
    today = store.clock.today()
    lines = []
    with store.read() as session:
        for draft in saved:
            resident = session.get(Resident, draft.subject_id)
            if resident is None:
                continue
            letter = draft.data.get("extra") or {}
            lines.append(
                DraftLine(
                    resident_id=resident.id,
                    resident_name=resident.name,
                    sex=resident.sex,
                    age=age_on(resident.birth_date, max(today, resident.birth_date)),
                    village=resident.village or "",
                    urgency=str(letter.get("urgency") or Urgency.ROUTINE),
                    impression=str(letter.get("impression") or ""),
                    updated_at=draft.updated_at,
                )
            )
    return tuple(lines)


def letter_to_dict(letter: LetterInput) -> dict[str, Any]:
    """A letter as plain values that JSON can hold."""
    values = asdict(letter)
    for wish in values["services"]:
        if wish["wanted_on"] is not None:
            wish["wanted_on"] = wish["wanted_on"].isoformat()
    return values


def letter_from_dict(values: dict[str, Any]) -> LetterInput:
    """The reverse of :func:`letter_to_dict`; fields of another version are left out."""
    known = {name: values[name] for name in LetterInput.__dataclass_fields__ if name in values}
    for name in ("reason_codes", "red_flags", "current_drugs"):
        known[name] = tuple(known.get(name, ()))
    known["diagnoses"] = tuple((str(c), str(d)) for c, d in known.get("diagnoses", ()))
    known["vitals"] = Vitals.from_dict(known.get("vitals"))
    known["services"] = tuple(
        ServiceWish(
            service=wish["service"],
            request=wish.get("request", ""),
            wanted_on=date.fromisoformat(wish["wanted_on"]) if wish.get("wanted_on") else None,
        )
        for wish in known.get("services", ())
    )
    known.setdefault("resident_id", "")
    return LetterInput(**known)


def forget_draft(session: Session, actor: Actor, resident_id: str) -> None:
    """Remove the draft inside the transaction that sends the letter."""
    session.execute(
        delete(Draft).where(
            Draft.form == DRAFT_FORM,
            Draft.subject_id == resident_id,
            Draft.staff_id == actor.staff_id,
        )
    )
