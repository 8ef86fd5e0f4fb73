"""Consultations to look at: what came in, what was asked, what is over; one whole with its course.

State and waiting time are worked out from the notes and the present instant on each look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.care.outreach.consultation_state import (
    ORDER,
    Move,
    Party,
    consultation_waiting,
    moves_open,
    state_of,
)
from app.care.outreach.consultations import SUBJECT, URGENT, notes_of, party_of, said_of
from app.care.outreach.notes import DOCTORS_ROLES, WORKERS_ROLES
from app.care.referral_limits import Waiting
from app.care.referral_lists import age_or_none, organisation_names
from app.care.referral_red_flags import Vitals
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.organisation import Organisation
from app.models.outbox import Delivery, deliveries
from app.models.outreach import Consultation, SharedNote
from app.models.referral import Referral
from app.models.resident import Resident
from app.models.store import Store

_ENDED = (Move.DECLINED, Move.CANCELLED)
MOST = 200


class Box(StrEnum):
    """The lists: to be answered by us, asked by us and not over, all that is over."""

    RECEIVED = "received"
    ASKED = "asked"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """One consultation in a list."""

    consultation_id: str
    resident_id: str
    resident_name: str
    sex: str
    age: int | None
    village: str
    urgency: str
    kind: str
    department: str
    question: str
    asked_at: datetime
    other_name: str
    party: Party
    state: Move
    waiting: Waiting
    delivery: Delivery

    @property
    def urgent(self) -> bool:
        return self.urgency == URGENT


@dataclass(frozen=True, slots=True)
class Step:
    """One note of the course: what, by whom, when, the words, and what else was said."""

    move: str
    actor_name: str
    organisation_name: str
    at: datetime
    text: str
    signer: str
    department: str
    adopted: bool | None
    by_phone: bool


@dataclass(frozen=True, slots=True)
class ConsultationView:
    """One consultation whole. ``phone`` is the number to call: the invited side's for the asker,
    the asker's for the invited side. ``moves``: what this person may do next."""

    line: ConsultationLine
    doctor: str
    wanted_on: date | None
    summary: str
    vitals: Vitals
    from_name: str
    from_doctor_name: str
    to_name: str
    phone: str
    referral_id: str
    referral_no: str
    steps: tuple[Step, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """How many stand in the open lists; ``urgent`` of those received and not yet taken on."""

    received: int
    asked: int
    urgent: int


def list_consultations(
    store: Store,
    actor: Actor,
    box: Box,
    *,
    resident_id: str | None = None,
    limit: int = MOST,
    offset: int = 0,
) -> tuple[ConsultationLine, ...]:
    """A list, urgent ones first, then the longest waiting; what is over newest first."""
    with store.read() as session:
        order = (
            [Consultation.asked_at.desc()]
            if box is Box.OVER
            else [case((Consultation.urgency == URGENT, 0), else_=1), Consultation.asked_at]
        )
        rows = session.execute(
            select(Consultation, Resident)
            .join(Resident, Resident.id == Consultation.resident_id)
            .where(
                _of_box(actor, box),
                *([Consultation.resident_id == resident_id] if resident_id else []),
            )
            .order_by(*order, Consultation.id)
            .limit(limit)
            .offset(offset)
        ).all()
        return _lines(session, store, actor, [(row[0], row[1]) for row in rows])


def box_counts(store: Store, actor: Actor) -> BoxCounts:
    """How many consultations the open lists hold."""
    with store.read() as session:

        def number(*where: ColumnElement[bool]) -> int:
            return session.scalar(select(func.count()).select_from(Consultation).where(*where)) or 0

        received = _of_box(actor, Box.RECEIVED)
        return BoxCounts(
            number(received),
            number(_of_box(actor, Box.ASKED)),
            number(
                received,
                Consultation.urgency == URGENT,
                ~_said(Consultation.to_organisation_id, Move.ACCEPTED),
            ),
        )


def answered_for_us(store: Store, actor: Actor) -> int:
    """How many of our questions have an answer that nobody here has concluded."""
    with store.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Consultation)
                .where(
                    _of_box(actor, Box.ASKED),
                    _said(Consultation.to_organisation_id, Move.ANSWERED),
                )
            )
            or 0
        )


def open_consultation(store: Store, actor: Actor, consultation_id: str) -> ConsultationView:
    """One consultation to look at; the look is noted in the audit trail. Raises NotFound."""
    view = load_consultation(store, actor, consultation_id)
    with store.write(actor) as session:
        note_access(session, store.clock, actor, "read", SUBJECT, consultation_id)
    return view


def load_consultation(store: Store, actor: Actor, consultation_id: str) -> ConsultationView:
    """The same without a note: the page is shown anew. Raises NotFound."""
    with store.read() as session:
        row = session.get(Consultation, consultation_id)
        resident = session.get(Resident, row.resident_id) if row is not None else None
        if row is None or resident is None:
            raise NotFound(
                tr("This consultation is not on this PC. Wait for the next synchronisation.")
            )
        party = party_of(actor, row)
        (line,) = _lines(session, store, actor, [(row, resident)])
        notes = notes_of(session, [row.id])[row.id]
        names = organisation_names(
            session,
            {row.organisation_id, row.to_organisation_id} | {n.organisation_id for n in notes},
        )
        letter = session.get(Referral, row.referral_id) if row.referral_id else None
        return ConsultationView(
            line=line,
            doctor=row.invited_doctor or "",
            wanted_on=row.wanted_on,
            summary=row.summary,
            vitals=Vitals.from_dict(row.vitals),
            from_name=names.get(row.organisation_id, ""),
            from_doctor_name=row.from_doctor_name,
            to_name=names.get(row.to_organisation_id, ""),
            phone=_phone(session, row, party),
            referral_id=letter.id if letter is not None else "",
            referral_no=(letter.referral_no or "") if letter is not None else "",
            steps=tuple(_step(note, names) for note in sorted(notes, key=_place)),
            moves=tuple(m for m in moves_open(line.state, party) if _may(actor, m)),
        )


def _lines(
    session: Session,
    store: Store,
    actor: Actor,
    rows: Sequence[tuple[Consultation, Resident]],
) -> tuple[ConsultationLine, ...]:
    now, today = store.clock.now(), store.clock.today()
    ids = [row.id for row, _ in rows]
    notes = notes_of(session, ids)
    names = organisation_names(
        session, {o for row, _ in rows for o in (row.organisation_id, row.to_organisation_id)}
    )
    sent = deliveries(session, "consultation", ids)
    lines = []
    for row, resident in rows:
        party = party_of(actor, row)
        state = state_of(said_of(row, note) for note in notes[row.id])
        asker = party is Party.ASKER
        other = row.to_organisation_id if asker else row.organisation_id
        lines.append(
            ConsultationLine(
                consultation_id=row.id,
                resident_id=resident.id,
                resident_name=resident.name,
                sex=resident.sex,
                age=age_or_none(resident.birth_date, today),
                village=resident.village or "",
                urgency=row.urgency,
                kind=row.kind,
                department=row.invited_department or "",
                question=row.question,
                asked_at=row.asked_at,
                other_name=names.get(other, ""),
                party=party,
                state=state,
                waiting=consultation_waiting(state, row.urgency, row.asked_at, now),
                delivery=sent[row.id],
            )
        )
    return tuple(lines)


def _may(actor: Actor, move: Move) -> bool:
    return actor.has_role(*(DOCTORS_ROLES if move is Move.ANSWERED else WORKERS_ROLES))


def _place(note: SharedNote) -> tuple[int, datetime, str]:
    """A question comes before its answer, whatever the clocks of the two houses say; unknown moves
    (of a newer program) come last."""
    known = note.move in ORDER
    return (ORDER.index(Move(note.move)) if known else len(ORDER), note.occurred_at, note.id)


def _step(note: SharedNote, names: dict[str, str]) -> Step:
    adopted = note.details.get("adopted")
    return Step(
        move=note.move,
        actor_name=note.actor_name,
        organisation_name=names.get(note.organisation_id, ""),
        at=note.occurred_at,
        text=note.text or "",
        signer=str(note.details.get("signer") or ""),
        department=str(note.details.get("department") or ""),
        adopted=adopted if isinstance(adopted, bool) else None,
        by_phone=note.details.get("by_phone") is True,
    )


def _phone(session: Session, row: Consultation, party: Party) -> str:
    if party is Party.INVITED:
        return row.from_doctor_phone or ""
    other = session.get(Organisation, row.to_organisation_id)
    return ((other.green_channel_phone or other.phone) if other else None) or ""


def _said(by: object, *moves: Move) -> ColumnElement[bool]:
    return exists().where(
        SharedNote.subject_kind == SUBJECT,
        SharedNote.subject_id == Consultation.id,
        SharedNote.move.in_([str(move) for move in moves]),
        SharedNote.organisation_id == by,
    )


def _of_box(actor: Actor, box: Box) -> ColumnElement[bool]:
    """The rules of ``state_of`` in SQL: an answer stands before a decline or a cancellation."""
    invited, asker = Consultation.to_organisation_id, Consultation.organisation_id
    answered = _said(invited, Move.ANSWERED)
    dropped = or_(_said(invited, Move.DECLINED), _said(asker, Move.CANCELLED))
    concluded = _said(asker, Move.CONCLUDED)
    mine = asker == actor.organisation_id
    theirs = invited == actor.organisation_id
    if box is Box.RECEIVED:
        return and_(theirs, ~answered, ~dropped, ~concluded)
    asked_open = and_(~concluded, or_(answered, ~dropped))
    if box is Box.ASKED:
        return and_(mine, asked_open)
    return or_(
        and_(theirs, or_(answered, dropped, concluded)),
        and_(mine, ~asked_open),
    )
