"""Ask for a consultation, take it on, answer, decline, cancel, conclude: one use-case each.

Source: domain reference §8 (会诊). Every step is a note to the other side; the consultation
itself is never changed after it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.outreach.consultation_state import (
    WHOSE,
    Move,
    Party,
    Said,
    moves_open,
    state_of,
)
from app.care.outreach.notes import (
    DOCTORS_ROLES,
    WORKERS_ROLES,
    add_note,
    keeper_of,
    others_patient,
    require_role,
)
from app.care.outreach.texts import LONG, SHORT, kept, missing, too_long, unknown
from app.care.parsing import clean_text
from app.care.referral_letter import LetterInput, clean_paragraphs
from app.care.referral_record import begin_letter
from app.care.referral_red_flags import Vitals
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation
from app.models.outreach import Consultation, SharedNote
from app.models.resident import Resident
from app.models.store import Store

SUBJECT = "consultation"
URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class ConsultationInput:
    """What is asked. ``kind``, ``urgency``: codes of ``consultation_kind`` and
    ``consultation_urgency``. ``vitals``: measured for this question, never carried on."""

    resident_id: str
    to_organisation_id: str = ""
    urgency: str = "routine"
    kind: str = ""
    department: str = ""
    doctor: str = ""
    wanted_on: date | None = None
    summary: str = ""
    question: str = ""
    vitals: Vitals = field(default_factory=Vitals)
    from_doctor_phone: str = ""
    referral_id: str = ""


@dataclass(frozen=True, slots=True)
class ConsultationStart:
    """What the form begins with: who, and the question filled as far as the record goes.

    ``only_to``: the house that keeps the resident, where it is another one: nobody else is asked.
    """

    name: str
    sex: str
    age: int | None
    village: str
    consultation: ConsultationInput
    only_to: str = ""


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """The opinion and who signs it."""

    opinion: str = ""
    signer: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeInput:
    """What the asker made of the answer. ``adopted``: None while not said."""

    adopted: bool | None = None
    outcome: str = ""


def begin_consultation(
    store: Store, actor: Actor, resident_id: str, referral_id: str = "", to: str = ""
) -> ConsultationStart:
    """A new consultation about a resident, its summary filled from the record; the look is noted.

    Raises NotFound.
    """
    start = begin_letter(store, actor, resident_id)
    letter = start.letter
    only_to = keeper_of(store, actor, resident_id)
    return ConsultationStart(
        start.name,
        start.sex,
        start.age,
        start.village,
        ConsultationInput(
            resident_id,
            only_to or to or letter.to_organisation_id,
            summary=_summary(letter),
            from_doctor_phone=letter.from_doctor_phone,
            referral_id=referral_id,
        ),
        only_to,
    )


def ask(store: Store, actor: Actor, asked: ConsultationInput) -> str:
    """Send a consultation on its way; returns its id.

    Raises InputError (field → sentence), NotAllowed, NotFound.
    """
    require_role(actor, *WORKERS_ROLES)
    asked = _tidy(asked)
    with store.write(actor) as session:
        resident = session.get(Resident, asked.resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not on this PC. Choose the resident again."))
        problems = _problems(asked)
        other = session.get(Organisation, asked.to_organisation_id)
        if other is None or other.id == actor.organisation_id:
            problems["to_organisation_id"] = tr("Choose whom to ask.")
        elif sentence := others_patient(actor, resident, other.id):
            problems["to_organisation_id"] = sentence
        if problems:
            raise InputError(problems)
        now = store.clock.now()
        row = Consultation(
            id=new_id(),
            resident_id=resident.id,
            referral_id=asked.referral_id or None,
            to_organisation_id=asked.to_organisation_id,
            kind=asked.kind,
            urgency=asked.urgency,
            invited_department=asked.department or None,
            invited_doctor=asked.doctor or None,
            wanted_on=asked.wanted_on,
            summary=asked.summary,
            question=asked.question,
            vitals=asked.vitals.to_dict(),
            asked_at=now,
            from_doctor_id=actor.staff_id,
            from_doctor_name=actor.name,
            from_doctor_phone=asked.from_doctor_phone or None,
            is_sample=resident.is_sample,
        )
        session.add(row)
        session.flush()
        _note(session, actor, row, Move.ASKED, now)
        return row.id


def take_on(
    store: Store, actor: Actor, consultation_id: str, by_phone_at: datetime | None = None
) -> None:
    """The invited side says that it takes the consultation on; ``by_phone_at``: when it was spoken
    about on the phone, for an urgent one that had its answer before this PC was at hand."""
    require_role(actor, *WORKERS_ROLES)
    now = store.clock.now()
    if by_phone_at is not None and by_phone_at > now:
        raise InputError({"time": tr("The call cannot lie in the future. Type its time again.")})
    with store.write(actor) as session:
        row = _open_for(session, actor, consultation_id, Move.ACCEPTED)
        details = {"by_phone": True} if by_phone_at is not None else {}
        _note(session, actor, row, Move.ACCEPTED, by_phone_at or now, details=details)


def answer(store: Store, actor: Actor, consultation_id: str, given: AnswerInput) -> None:
    """The opinion of the invited side. Raises InputError (``opinion``, ``signer``), NotAllowed."""
    require_role(actor, *DOCTORS_ROLES)
    opinion, signer = clean_paragraphs(given.opinion), clean_text(given.signer)
    department = clean_text(given.department)
    problems = kept(
        {
            "opinion": missing(opinion, tr("Write the opinion.")),
            "signer": missing(signer, tr("Say who signs the opinion."), SHORT),
            "department": too_long(department, SHORT),
        }
    )
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        row = _open_for(session, actor, consultation_id, Move.ANSWERED)
        details = {"signer": signer, "department": department}
        _note(session, actor, row, Move.ANSWERED, store.clock.now(), text=opinion, details=details)


def decline(store: Store, actor: Actor, consultation_id: str, reason: str) -> None:
    """The invited side cannot help. Raises InputError (``reason``)."""
    require_role(actor, *WORKERS_ROLES)
    _with_reason(store, actor, consultation_id, Move.DECLINED, reason)


def cancel(store: Store, actor: Actor, consultation_id: str, reason: str) -> None:
    """The asker withdraws the question. Raises InputError (``reason``)."""
    require_role(actor, *WORKERS_ROLES)
    _with_reason(store, actor, consultation_id, Move.CANCELLED, reason)


def conclude(store: Store, actor: Actor, consultation_id: str, outcome: OutcomeInput) -> None:
    """The asker notes whether the opinion was followed and how it went.

    Raises InputError (``adopted``, ``outcome``).
    """
    require_role(actor, *WORKERS_ROLES)
    words = clean_paragraphs(outcome.outcome)
    problems = kept(
        {
            "adopted": tr("Say whether the opinion was followed.")
            if outcome.adopted is None
            else None,
            "outcome": missing(words, tr("Say how it went.")),
        }
    )
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        row = _open_for(session, actor, consultation_id, Move.CONCLUDED)
        _note(
            session,
            actor,
            row,
            Move.CONCLUDED,
            store.clock.now(),
            text=words,
            details={"adopted": bool(outcome.adopted)},
        )


# -- shared with the lists ------------------------------------------------------------------------


def party_of(actor: Actor, row: Consultation) -> Party:
    """The part of the actor's organisation. Raises NotFound where it has none."""
    if row.organisation_id == actor.organisation_id:
        return Party.ASKER
    if row.to_organisation_id == actor.organisation_id:
        return Party.INVITED
    raise NotFound(tr("This consultation is not on this PC. Wait for the next synchronisation."))


def said_of(row: Consultation, note: SharedNote) -> Said:
    """A note as the rules read it: whose it is says the organisation that wrote it."""
    party = Party.ASKER if note.organisation_id == row.organisation_id else Party.INVITED
    if note.organisation_id not in (row.organisation_id, row.to_organisation_id):
        return Said("", party)
    return Said(note.move, party)


def notes_of(session: Session, consultation_ids: list[str]) -> dict[str, list[SharedNote]]:
    """The notes of these consultations, each in the order of their time."""
    found: dict[str, list[SharedNote]] = {id_: [] for id_ in consultation_ids}
    for note in session.scalars(
        select(SharedNote)
        .where(SharedNote.subject_kind == SUBJECT, SharedNote.subject_id.in_(consultation_ids))
        .order_by(SharedNote.occurred_at, SharedNote.id)
    ):
        found[note.subject_id].append(note)
    return found


# -- inner ----------------------------------------------------------------------------------------


def _tidy(asked: ConsultationInput) -> ConsultationInput:
    values: dict[str, Any] = {}
    for each in fields(asked):
        value = getattr(asked, each.name)
        if isinstance(value, str):
            long = each.name in ("summary", "question")
            values[each.name] = clean_paragraphs(value) if long else clean_text(value)
    return replace(asked, **values)


def _problems(asked: ConsultationInput) -> dict[str, str]:
    urgent = asked.urgency == URGENT
    phone = asked.from_doctor_phone
    problems: dict[str, str | None] = {
        "urgency": unknown("consultation_urgency", asked.urgency, tr("Choose how urgent it is.")),
        "kind": unknown("consultation_kind", asked.kind, tr("Choose the kind of consultation.")),
        "department": missing(asked.department, tr("Say which department is asked."), SHORT),
        "doctor": too_long(asked.doctor, SHORT),
        "summary": missing(asked.summary, tr("Say in short what has been found.")),
        "question": missing(asked.question, tr("Write the question.")),
        "from_doctor_phone": tr("Give a number for the call back.")
        if urgent and not phone
        else too_long(phone, 30),
    }
    return {**kept(problems), **asked.vitals.problems()}


def _open_for(session: Session, actor: Actor, consultation_id: str, move: Move) -> Consultation:
    """The consultation, if this side may make the move now. Raises NotFound, InputError."""
    row = session.get(Consultation, consultation_id)
    if row is None:
        raise NotFound(
            tr("This consultation is not on this PC. Wait for the next synchronisation.")
        )
    party = party_of(actor, row)
    if WHOSE[move] is not party:
        raise NotAllowed(tr("The other side takes this step. Nothing was saved."))
    notes = notes_of(session, [row.id])[row.id]
    state = state_of(said_of(row, note) for note in notes)
    if move not in moves_open(state, party):
        raise InputError(
            tr("The consultation is “{state}” now. Nothing was saved. Look at it again.").format(
                state=codes.label("note_move", state)
            )
        )
    return row


def _with_reason(store: Store, actor: Actor, consultation_id: str, move: Move, reason: str) -> None:
    words = clean_paragraphs(reason)
    if problem := missing(words, tr("Say why."), LONG):
        raise InputError({"reason": problem})
    with store.write(actor) as session:
        row = _open_for(session, actor, consultation_id, move)
        _note(session, actor, row, move, store.clock.now(), text=words)


def _note(
    session: Session,
    actor: Actor,
    row: Consultation,
    move: Move,
    at: datetime,
    *,
    text: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    own = actor.organisation_id == row.organisation_id
    add_note(
        session,
        actor,
        (SUBJECT, row.id),
        row.to_organisation_id if own else row.organisation_id,
        move,
        at,
        resident_id=row.resident_id,
        urgent=row.urgency == URGENT,
        text=text,
        details=details,
        is_sample=row.is_sample,
    )


def _summary(letter: LetterInput) -> str:
    """What the record knows, a line each; nothing where it knows nothing."""
    drugs = tr("; ").join(letter.current_drugs)
    parts = (
        (tr("Diagnoses"), letter.impression),
        (tr("Past history"), letter.past_history.replace("\n", tr("; "))),
        (tr("Current drugs"), drugs),
        (tr("Allergies"), letter.allergies),
        (tr("Last results"), letter.last_results),
    )
    return "\n".join(tr("{what}: {detail}").format(what=w, detail=d) for w, d in parts if d)
