"""Unfinished letters: kept on this PC for their writer until they are sent or thrown away.

A letter that was not sent belongs to nobody else, so it is a draft of the form and no record: it
does not travel and no other organisation can see it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.care.referral_letter import LetterInput, ServiceWish
from app.care.referral_red_flags import Vitals
from app.models import drafts
from app.models.actor import Actor
from app.models.local import Draft
from app.models.store import Store

#: Name of the form under which unfinished letters are kept (:mod:`app.models.drafts`).
DRAFT_FORM = "referral"


def save_draft(store: Store, actor: Actor, letter: LetterInput) -> None:
    """Keep an unfinished letter on this PC, whatever is in it. Nothing leaves this PC before the
    letter is sent. One draft for each writer and resident."""
    drafts.save_draft(store, actor, DRAFT_FORM, letter.resident_id, letter_to_dict(letter))


def load_draft(store: Store, actor: Actor, resident_id: str) -> LetterInput | None:
    """The writer's unfinished letter for a resident, or None."""
    saved = drafts.load_draft(store, actor, DRAFT_FORM, resident_id)
    return None if saved is None else letter_from_dict(saved.data)


def discard_draft(store: Store, actor: Actor, resident_id: str) -> None:
    """The move draft → deleted: the letter never existed for anybody else."""
    drafts.discard_draft(store, actor, DRAFT_FORM, resident_id)


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
