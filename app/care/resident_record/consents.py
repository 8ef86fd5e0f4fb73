"""Consents (知情同意): given, refused or withdrawn, each a record of its own, never rewritten.

Source: county rules §2.4 (version LOCAL-2025): type, decision, date, signer, evidence. Of one
type the newest by day stands; of one day the one that was written down last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import parsing
from app.care.corrections import ENTERED_IN_ERROR as ENTERED_IN_ERROR
from app.care.resident_record.people import same_person
from app.care.residents import require_editor
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.outbox import Delivery, deliveries
from app.models.resident import Resident
from app.models.resident_record import Consent
from app.models.store import Store

__all__ = [
    "ENTERED_IN_ERROR",
    "ConsentInput",
    "ConsentLine",
    "add_consent",
    "consents_of",
    "list_consents",
    "record_consent",
    "void_consent",
]

_TEXT_LIMITS = {"signer": 50, "evidence_place": 100, "note": 200}


@dataclass(frozen=True, slots=True)
class ConsentInput:
    """A consent as typed. `signer_relation` is empty when the resident signed; else a code of list
    `relation` (GB/T 4761). `evidence` is a code of list `consent_evidence`, `evidence_place` says
    where the paper or recording is kept."""

    resident_id: str
    type: str
    decision: str
    signed_on: date | None
    signer: str
    signer_relation: str = ""
    evidence: str = ""
    evidence_place: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A consent to show. `stands`: it is the one of its type that counts today; `voided`: it was
    written by mistake. `id` is empty for one of an older form, kept inside the resident's record.
    """

    id: str
    type: str
    decision: str
    signed_on: date | None
    signer: str
    signer_relation: str
    evidence: str
    evidence_place: str
    note: str
    stands: bool
    voided: bool
    delivery: Delivery | None


def record_consent(store: Store, actor: Actor, typed: ConsentInput) -> str:
    """Write down a consent; gives its id. Raises InputError, NotFound, NotAllowed."""
    require_editor(actor)
    with store.write(actor) as session:
        return add_consent(session, typed)


def add_consent(session: Session, typed: ConsentInput) -> str:
    """The same inside the transaction of a larger action (a contract that is signed)."""
    resident = session.get(Resident, typed.resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    problems: dict[str, str] = {}
    for name, code_list, required in (
        ("type", "consent_type", True),
        ("decision", "consent_decision", True),
        ("evidence", "consent_evidence", True),
        ("signer_relation", "relation", False),
    ):
        code = getattr(typed, name)
        if code and not codes.is_known(code_list, code):
            problems[name] = tr(
                "This answer is not in the list of the form. Choose one of the list."
            )
        elif required and not code:
            problems[name] = tr("This must be filled in.")
    texts = {name: parsing.clean_text(getattr(typed, name)) for name in _TEXT_LIMITS}
    for name, limit in _TEXT_LIMITS.items():
        if len(texts[name]) > limit:
            problems[name] = tr("At most {count} characters fit here. Shorten the text.").format(
                count=limit
            )
    if not texts["signer"]:
        problems["signer"] = tr("Write who signed.")
    today = session.info["clock"].today()
    if typed.signed_on is None or not resident.birth_date <= typed.signed_on <= today:
        problems["signed_on"] = tr("The day must lie between the birth and today.")
    if problems or typed.signed_on is None:
        raise InputError(problems)
    row = Consent(
        resident_id=typed.resident_id,
        type=typed.type,
        decision=typed.decision,
        signed_on=typed.signed_on,
        signer=texts["signer"],
        signer_relation=typed.signer_relation or None,
        evidence=typed.evidence,
        evidence_place=texts["evidence_place"] or None,
        note=texts["note"] or None,
        status="final",
    )
    session.add(row)
    session.flush()
    return row.id


def void_consent(store: Store, actor: Actor, consent_id: str, reason: str) -> None:
    """Mark a consent as written by mistake; it is kept, and what stood before it stands again.

    Raises InputError without a reason or for one that is marked already, NotFound, NotAllowed.
    """
    require_editor(actor)
    words = parsing.clean_text(reason)
    if not words or len(words) > _TEXT_LIMITS["note"]:
        raise InputError({"reason": tr("Write in a few words what was wrong.")})
    with store.write(actor) as session:
        row = session.get(Consent, consent_id)
        if row is None or row.organisation_id != actor.organisation_id:
            raise NotFound(tr("This consent is not among the records of your organisation."))
        if row.status == ENTERED_IN_ERROR:
            raise InputError(tr("This consent is marked as a mistake already."))
        row.status = ENTERED_IN_ERROR
        row.status_reason = words


def consents_of(session: Session, resident_id: str) -> dict[str, str]:
    """Type → decision that stands, over all records of the person."""
    return {line.type: line.decision for line in _lines(session, resident_id) if line.stands}


def list_consents(store: Store, actor: Actor, resident_id: str) -> tuple[ConsentLine, ...]:
    """All consents of a person, newest first, those of older forms and mistakes included."""
    with store.read() as session:
        return _lines(session, resident_id)


def _lines(session: Session, resident_id: str) -> tuple[ConsentLine, ...]:
    people = same_person(session, resident_id)
    rows = session.scalars(
        select(Consent)
        .where(Consent.resident_id.in_(people))
        .order_by(Consent.signed_on.desc(), Consent.created_at.desc(), Consent.id.desc())
    ).all()
    states = deliveries(session, "consent", [row.id for row in rows])
    decided: set[str] = set()
    lines: list[ConsentLine] = []
    for row in rows:
        voided = row.status == ENTERED_IN_ERROR
        stands = not voided and row.type not in decided
        if stands:
            decided.add(row.type)
        lines.append(
            ConsentLine(
                id=row.id,
                type=row.type,
                decision=row.decision,
                signed_on=row.signed_on,
                signer=row.signer,
                signer_relation=row.signer_relation or "",
                evidence=row.evidence or "",
                evidence_place=row.evidence_place or "",
                note=row.note or "",
                stands=stands,
                voided=voided,
                delivery=states[row.id],
            )
        )
    kept = session.scalars(select(Resident.consents).where(Resident.id.in_(people)))
    lines += _of_older_forms((each for row in kept for each in row or ()), decided)
    return tuple(lines)


def _of_older_forms(kept: Iterable[Any], decided: set[str]) -> list[ConsentLine]:
    """Consents that the first release kept inside the resident's record."""
    found = [each for each in kept if isinstance(each, dict)]
    found.sort(key=lambda each: str(each.get("date", "")), reverse=True)
    lines = []
    for each in found:
        kind = str(each.get("type", ""))
        stands = kind not in decided
        decided.add(kind)
        try:
            day = date.fromisoformat(str(each.get("date", "")))
        except ValueError:
            day = None
        lines.append(
            ConsentLine(
                id="",
                type=kind,
                decision=str(each.get("decision", "")),
                signed_on=day,
                signer=str(each.get("signer", "")),
                signer_relation="",
                evidence="",
                evidence_place=str(each.get("evidence", "")),
                note="",
                stands=stands,
                voided=False,
                delivery=None,
            )
        )
    return lines
