"""One referral whole: the letter as the form shows it, the priorities, the history, the next moves.

A receiver sees what stands on the letter and nothing more of the resident's record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_crossing import TOLD
from app.care.referral_letter import LetterInput, ServiceWish, missing
from app.care.referral_limits import Limits, Waiting
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_lists import age_or_none, organisation_names, state_since, waiting_of
from app.care.referral_moves import ReferralRows, load_rows, side_of
from app.care.referral_red_flags import Vitals
from app.care.referral_return.alarm import look_detail
from app.care.referral_states import (
    FINAL,
    Direction,
    Rule,
    ServiceState,
    Side,
    State,
    Urgency,
    legal_answers,
    legal_moves,
    may_move,
    reason_list,
)
from app.care.referral_up.links import Link, after, before
from app.clock import Clock
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.organisation import Organisation
from app.models.outbox import Conflict, Delivery, delivery_state
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.resident import Resident
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class Patient:
    """Who is referred, as the form's head and stub print it."""

    resident_id: str
    name: str
    sex: str
    age: int | None
    birth_date: date
    id_no: str
    record_no: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class BookingView:
    """Where and when the patient is expected; empty texts are not known."""

    department: str = ""
    doctor: str = ""
    doctor_phone: str = ""
    scheduled_at: datetime | None = None
    place: str = ""
    ward: str = ""
    bed: str = ""
    instructions: str = ""

    @property
    def is_empty(self) -> bool:
        return self == BookingView()


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One priority: what was asked, what was answered, and the answers open to this side."""

    task_id: str
    service: str
    request: str
    wanted_on: date | None
    state: ServiceState
    booking: BookingView
    reason_code: str
    reason_text: str
    answers: tuple[ServiceState, ...]


@dataclass(frozen=True, slots=True)
class EventView:
    """One move as it was made. ``occurred_at`` is the time of that device; a move that crossed
    with the other side's and took no effect is not ``standing``."""

    service: str
    move: str
    from_state: str
    to_state: str
    occurred_at: datetime
    actor_name: str
    organisation_name: str
    reason_code: str
    reason_text: str
    details: dict[str, str]
    standing: bool = True


@dataclass(frozen=True, slots=True)
class MoveOption:
    """A step that this person may take now. ``reasons`` names the code list of its reason, or is
    None; ``phone``: the step is a phone confirmation."""

    target: State
    reasons: str | None
    phone: bool
    allowed: bool


@dataclass(frozen=True, slots=True)
class ReferralView:
    """Everything the page of one referral shows. ``to_complete`` lists required parts that an
    emergency letter still lacks, due at ``complete_by``. ``before`` and ``after``: the letter that
    this one follows, and the one written in its place."""

    referral_id: str
    referral_no: str
    direction: Direction
    urgency: Urgency
    state: State
    side: Side
    patient: Patient
    from_name: str
    to_name: str
    to_green_channel: str
    doctor_name: str
    doctor_phone: str
    written_on: date
    sent_at: datetime | None
    letter: LetterInput
    booking: BookingView
    phone_confirmed_by: str
    phone_number: str
    reason_code: str
    reason_text: str
    services: tuple[ServiceView, ...]
    events: tuple[EventView, ...]
    since: datetime
    waiting: Waiting
    moves: tuple[MoveOption, ...]
    to_complete: tuple[str, ...]
    complete_by: datetime | None
    letter_delivery: Delivery
    delivery: Delivery
    before: Link | None = None
    after: Link | None = None


def open_referral(store: Store, actor: Actor, referral_id: str) -> ReferralView:
    """One referral to look at; the look is noted in the audit trail.

    Its page names the moves that did not take effect, so whoever opens it has been told of them.

    Raises NotFound where it is not here or not the organisation's to see.
    """
    view = refresh_referral(store, actor, referral_id)
    with store.write(actor) as session:
        looked = look_detail(session, load_rows(session, actor, referral_id).task)
        note_access(session, store.clock, actor, "read", "referral", referral_id, looked)
        _note_told(session, store.clock, actor, referral_id)
    return view


def _note_told(session: Session, clock: Clock, actor: Actor, referral_id: str) -> None:
    """Take the moves that crossed off the list of what waits for a person."""
    tasks = select(ReferralTask.id).where(ReferralTask.referral_id == referral_id)
    rows = session.scalars(
        select(Conflict).where(
            Conflict.kind == "referral_task",
            Conflict.record_id.in_(tasks),
            Conflict.resolved_at.is_(None),
        )
    )
    for row in rows:
        if TOLD in row.fields:
            row.resolved_at, row.resolved_by = clock.now(), actor.staff_id


def refresh_referral(store: Store, actor: Actor, referral_id: str) -> ReferralView:
    """The same for a page that already shows the referral: no second note in the audit trail."""
    with store.read() as session:
        return _view(session, store, actor, load_rows(session, actor, referral_id))


def _view(session: Session, store: Store, actor: Actor, rows: ReferralRows) -> ReferralView:
    letter, task = rows.letter, rows.task
    side = side_of(actor, task)
    limits = limits_in_force(session)
    since = state_since(session, [task])[task.id]
    content = letter_of(
        letter, tuple((w.service, w.request, w.wanted_on) for w, _ in rows.services)
    )
    lacking = tuple(missing(content)) if rows.urgency is Urgency.EMERGENCY else ()
    if rows.state in FINAL or rows.state is State.CLOSED:
        lacking = ()
    names = organisation_names(session, (letter.from_organisation_id, letter.to_organisation_id))
    receiver = session.get(Organisation, letter.to_organisation_id)
    resident = session.get(Resident, letter.resident_id)
    assert resident is not None  # a foreign key of the letter
    wait = waiting_of(task, letter, [t for _, t in rows.services], since, store.clock.now(), limits)
    return ReferralView(
        referral_id=letter.id,
        referral_no=letter.referral_no or "",
        direction=rows.direction,
        urgency=rows.urgency,
        state=rows.state,
        side=side,
        patient=_patient(resident, letter.written_on),
        from_name=names.get(letter.from_organisation_id, ""),
        to_name=names.get(letter.to_organisation_id, ""),
        to_green_channel=green_channel_number(receiver),
        doctor_name=letter.from_doctor_name,
        doctor_phone=letter.from_doctor_phone or "",
        written_on=letter.written_on,
        sent_at=task.sent_at,
        letter=content,
        booking=_booking(task),
        phone_confirmed_by=task.phone_confirmed_by or "",
        phone_number=task.phone_number or "",
        reason_code=task.reason_code or "",
        reason_text=task.reason_text or "",
        services=tuple(
            ServiceView(
                task_id=child.id,
                service=wish.service,
                request=wish.request or "",
                wanted_on=wish.wanted_on,
                state=ServiceState(child.state),
                booking=_booking(child),
                reason_code=child.reason_code or "",
                reason_text=child.reason_text or "",
                answers=legal_answers(rows.state, ServiceState(child.state), side),
            )
            for wish, child in rows.services
        ),
        events=_events(session, rows),
        since=since,
        waiting=wait,
        moves=_options(actor, rows, side, limits, wait),
        to_complete=lacking if side is Side.SENDER else (),
        complete_by=(task.sent_at or task.created_at) + timedelta(hours=limits.emergency_paper_h)
        if lacking
        else None,
        letter_delivery=delivery_state(session, "referral", letter.id),
        delivery=delivery_state(session, "referral_task", task.id),
        before=before(session, letter),
        after=after(session, letter),
    )


def green_channel_number(organisation: Organisation | None) -> str:
    """The number to call in an emergency: the green channel's, else the organisation's."""
    if organisation is None:
        return ""
    return organisation.green_channel_phone or organisation.phone or ""


def letter_of(
    row: Referral, services: tuple[tuple[str, str | None, date | None], ...]
) -> LetterInput:
    """The stored letter in the form in which it was written."""
    return LetterInput(
        resident_id=row.resident_id,
        to_organisation_id=row.to_organisation_id,
        to_department=row.to_department or "",
        to_doctor=row.to_doctor or "",
        from_doctor_phone=row.from_doctor_phone or "",
        urgency=row.urgency,
        reason_codes=tuple(row.reason_codes),
        reason_text=row.reason_text or "",
        red_flags=tuple(row.red_flags),
        impression=row.impression or "",
        present_history=row.present_history or "",
        past_history=row.past_history or "",
        treatment_given=row.treatment_given or "",
        diagnoses=tuple((d.get("code", ""), d.get("display", "")) for d in row.diagnoses),
        vitals=Vitals.from_dict(row.vitals),
        last_results=row.last_results or "",
        allergies=row.allergies or "",
        current_drugs=tuple(drug.get("name", "") for drug in row.current_drugs),
        isolation_risk=row.isolation_risk or "",
        mobility=row.mobility or "",
        transport=row.transport or "",
        escort=row.escort or "",
        attention_points=row.attention_points or "",
        consent=row.consent or "",
        consent_signer=row.consent_signer or "",
        contracted_team=row.contracted_team or "",
        services=tuple(ServiceWish(name, text or "", day) for name, text, day in services),
        origin_referral_id=row.origin_referral_id or "",
        source_kind=row.source_kind or "",
        source_id=row.source_id or "",
    )


def _patient(resident: Resident, written_on: date) -> Patient:
    return Patient(
        resident_id=resident.id,
        name=resident.name,
        sex=resident.sex,
        age=age_or_none(resident.birth_date, written_on),
        birth_date=resident.birth_date,
        id_no=resident.id_no or "",
        record_no=resident.record_no or "",
        address=resident.address
        or " ".join(
            part for part in (resident.township, resident.village, resident.village_group) if part
        ),
        phone=resident.phone or "",
    )


def _booking(task: ReferralTask) -> BookingView:
    return BookingView(
        department=task.department or "",
        doctor=task.doctor or "",
        doctor_phone=task.doctor_phone or "",
        scheduled_at=task.scheduled_at,
        place=task.place or "",
        ward=task.ward or "",
        bed=task.bed or "",
        instructions=task.instructions or "",
    )


def _options(
    actor: Actor, rows: ReferralRows, side: Side, limits: Limits, wait: Waiting
) -> tuple[MoveOption, ...]:
    rules = legal_moves(
        rows.state, side, urgency=rows.urgency, internal_review=limits.internal_review
    )
    return tuple(
        MoveOption(
            target=rule.target,
            reasons=reason_list(rule, rows.direction),
            phone=rule.phone,
            allowed=_allowed(rule, actor, rows.urgency),
        )
        for rule in rules
        if rule.target is not State.EXPIRED or wait.may_expire
    )


def _allowed(rule: Rule, actor: Actor, urgency: Urgency) -> bool:
    return may_move(rule, actor.roles, urgency=urgency)


def _events(session: Session, rows: ReferralRows) -> tuple[EventView, ...]:
    """The history in the order of the moves: each task names its own, newest last."""
    tasks = [rows.task, *(task for _, task in rows.services)]
    known = {
        event.id: event
        for event in session.scalars(
            select(ReferralEvent).where(ReferralEvent.referral_id == rows.letter.id)
        )
    }
    names = organisation_names(session, {event.organisation_id for event in known.values()})
    standing = {e for task in tasks for e in task.event_ids}
    ordered = [known[e] for task in tasks for e in task.event_ids if e in known]
    # A move that crossed is in no task's list any more, but it was made and stays readable.
    ordered += [event for event in known.values() if event not in ordered]
    return tuple(
        EventView(
            service=event.service,
            move=event.move,
            from_state=event.from_state or "",
            to_state=event.to_state,
            occurred_at=event.occurred_at,
            actor_name=event.actor_name,
            organisation_name=names.get(event.organisation_id, ""),
            reason_code=event.reason_code or "",
            reason_text=event.reason_text or "",
            details={str(k): str(v) for k, v in event.details.items()},
            standing=event.id in standing,
        )
        for event in ordered
    )
