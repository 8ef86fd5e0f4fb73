"""What the receiving desk does: accept and book, answer each priority, return, reject.

Source: domain reference §6.4 (local convention LOCAL-2025). One function is one action and one
transaction. The letter itself is never touched here: it belongs to its writer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.care.parsing import ParseError, clean_text, half_width, parse_phone
from app.care.referral import Written, advance
from app.care.referral_letter import MAX_LINE, MAX_TEXT, clean_paragraphs
from app.care.referral_moves import (
    Reason,
    ReferralRows,
    load_rows,
    move,
    not_from_here,
    required_reason,
    side_of,
    write_event,
)
from app.care.referral_states import (
    MOVERS,
    TAKEN_ON,
    ServiceState,
    Side,
    State,
    Urgency,
    legal_answers,
)
from app.clock import Clock, format_instant
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.referral import ReferralTask
from app.models.store import Store

_REFUSAL = "referral_service_refusal"


@dataclass(frozen=True, slots=True)
class Booking:
    """Where the patient goes: department, doctor, time, and what else is known.

    ``department`` and ``scheduled_at`` are needed unless it is an emergency, which goes straight
    to whoever answered.
    """

    department: str = ""
    doctor: str = ""
    doctor_phone: str = ""
    scheduled_at: datetime | None = None
    place: str = ""
    ward: str = ""
    bed: str = ""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """The answer to one priority: arranged (own booking), refused (with a reason), used."""

    task_id: str
    state: ServiceState
    booking: Booking = field(default_factory=Booking)
    reason: Reason = field(default_factory=Reason)


def accept(
    store: Store,
    actor: Actor,
    referral_id: str,
    booking: Booking,
    answers: tuple[ServiceAnswer, ...] = (),
) -> Written:
    """Take the patient on: sent → accepted, with the booking and, at once, any priorities that can
    be answered already. For an accepted referral it changes the booking (accepted → accepted).

    Raises InputError: ``department``, ``scheduled_at``, … for the booking; ``<task id>.<field>``
    for a priority; without a field name when the referral has moved on meanwhile.
    """
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        booking = _clean(booking)
        problems = _booking_problems(booking, emergency=rows.urgency is Urgency.EMERGENCY)
        for answer in answers:
            problems.update(_answer_problems(rows, answer))
        if problems:
            raise InputError(problems)
        again = rows.state is State.ACCEPTED
        made = move(session, store.clock, actor, rows, State.ACCEPTED, details=_details(booking))
        if again:
            made.move = "rebooked"
        _book(rows.task, booking)
        for answer in answers:
            _answer(session, store.clock, actor, rows, answer)
        return Written(rows.letter.id, rows.letter.referral_no or "", rows.state)


def answer_service(store: Store, actor: Actor, referral_id: str, answer: ServiceAnswer) -> Written:
    """Answer one priority by itself: arranged, refused or used. The letter's state stays."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if problems := _answer_problems(rows, answer):
            raise InputError({name.partition(".")[2]: text for name, text in problems.items()})
        _answer(session, store.clock, actor, rows, answer)
        return Written(rows.letter.id, rows.letter.referral_no or "", rows.state)


def return_for_more(store: Store, actor: Actor, referral_id: str, reason: Reason) -> Written:
    """Ask the writer to complete the letter: sent → returned, with a reason."""
    return advance(store, actor, referral_id, State.RETURNED, reason)


def reject(store: Store, actor: Actor, referral_id: str, reason: Reason) -> Written:
    """Do not take the patient: sent → rejected, with a reason and advice in its text. Open
    priorities are refused with the same reason."""
    return advance(store, actor, referral_id, State.REJECTED, reason)


def _clean(booking: Booking) -> Booking:
    phone = half_width(booking.doctor_phone).strip()
    try:
        phone = parse_phone(phone) if phone else ""
    except ParseError:
        pass  # _booking_problems says what is wrong with it
    return Booking(
        department=clean_text(booking.department),
        doctor=clean_text(booking.doctor),
        doctor_phone=phone,
        scheduled_at=booking.scheduled_at,
        place=clean_text(booking.place),
        ward=clean_text(booking.ward),
        bed=clean_text(booking.bed),
        instructions=clean_paragraphs(booking.instructions),
    )


def _booking_problems(booking: Booking, *, emergency: bool) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not emergency:
        if not booking.department:
            problems["department"] = tr("Write the department that receives the patient.")
        if booking.scheduled_at is None:
            problems["scheduled_at"] = tr("Write the date and the time at which to come.")
    problems.update(_length_problems(booking))
    if booking.doctor_phone:
        try:
            parse_phone(booking.doctor_phone)
        except ParseError as error:
            problems["doctor_phone"] = error.message
    return problems


def _length_problems(booking: Booking) -> dict[str, str]:
    problems = {}
    for name in ("department", "doctor", "place", "ward", "bed"):
        if len(getattr(booking, name)) > MAX_LINE:
            problems[name] = tr("This text is longer than {limit} characters. Shorten it.").format(
                limit=MAX_LINE
            )
    if len(booking.instructions) > MAX_TEXT:
        problems["instructions"] = tr(
            "This text is longer than {limit} characters. Shorten it."
        ).format(limit=MAX_TEXT)
    return problems


def _answer_problems(rows: ReferralRows, answer: ServiceAnswer) -> dict[str, str]:
    prefix = f"{answer.task_id}."
    if answer.state is ServiceState.REFUSED:
        try:
            required_reason(_REFUSAL, answer.reason)
        except InputError as error:
            return {prefix + name: text for name, text in error.problems.items()}
    if answer.state is ServiceState.ARRANGED:
        problems = _length_problems(_clean(answer.booking))
        if answer.booking.scheduled_at is None and rows.urgency is not Urgency.EMERGENCY:
            problems["scheduled_at"] = tr("Write the date and the time of this service.")
        return {prefix + name: text for name, text in problems.items()}
    return {}


def _answer(
    session: Session, clock: Clock, actor: Actor, rows: ReferralRows, answer: ServiceAnswer
) -> None:
    task = next((task for _, task in rows.services if task.id == answer.task_id), None)
    if task is None:
        raise NotFound(tr("This service does not belong to the referral."))
    side = side_of(actor, rows.task)
    if side is not Side.RECEIVER:
        raise NotAllowed(tr("Only the receiving organisation answers a priority service."))
    if rows.urgency is not Urgency.EMERGENCY and not actor.has_role(*MOVERS):
        raise NotAllowed(
            tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
        )
    if rows.state not in TAKEN_ON:
        raise InputError(not_from_here(rows.state))
    before = ServiceState(task.state)
    if answer.state not in legal_answers(rows.state, before, side):
        raise InputError(
            tr("This service is “{state}” and cannot be answered that way any more.").format(
                state=codes.label("referral_service_state", before)
            )
        )
    booking, details = _clean(answer.booking), {}
    if answer.state is ServiceState.ARRANGED:
        _book(task, booking)
        details = _details(booking)
    reason = answer.reason if answer.state is ServiceState.REFUSED else Reason()
    task.reason_code = reason.code or None
    task.reason_text = reason.text or None
    write_event(session, clock, actor, task, answer.state, reason=reason, details=details)


def _book(task: ReferralTask, booking: Booking) -> None:
    task.department = booking.department or None
    task.doctor = booking.doctor or None
    task.doctor_phone = booking.doctor_phone or None
    task.scheduled_at = booking.scheduled_at
    task.place = booking.place or None
    task.ward = booking.ward or None
    task.bed = booking.bed or None
    task.instructions = booking.instructions or None


def _details(booking: Booking) -> dict[str, Any]:
    """What the event remembers of a booking, because a later booking replaces it in the task."""
    values = {
        "department": booking.department,
        "doctor": booking.doctor,
        "doctor_phone": booking.doctor_phone,
        "scheduled_at": format_instant(booking.scheduled_at) if booking.scheduled_at else "",
        "place": booking.place,
        "ward": booking.ward,
        "bed": booking.bed,
        "instructions": booking.instructions,
    }
    return {name: value for name, value in values.items() if value}
