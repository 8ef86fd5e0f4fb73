"""The rows of a letter: made when it is sent, changed only by its writer."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_letter import FORM_VERSION, LetterInput, ServiceWish
from app.care.referral_moves import LETTER, ReferralRows, side_of, write_event
from app.care.referral_states import REASON_LISTS, Direction, ServiceState, Side, State
from app.clock import Clock
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation, Staff
from app.models.referral import Referral, ReferralService, ReferralTask
from app.models.resident import Resident

LEAD_HOSPITAL = "LEAD_HOSPITAL"
_EMPTY_IS_NONE = (
    "to_department",
    "to_doctor",
    "reason_text",
    "impression",
    "present_history",
    "past_history",
    "treatment_given",
    "last_results",
    "allergies",
    "isolation_risk",
    "mobility",
    "transport",
    "escort",
    "attention_points",
    "consent",
    "consent_signer",
    "contracted_team",
    "origin_referral_id",
    "source_kind",
    "source_id",
)


def next_number(session: Session, organisation: Organisation, today: date) -> str:
    """The referral number ``short name-yyyymmdd-seq``; seq counts the letters of that day."""
    short = organisation.short_name or organisation.name
    prefix = f"{short}-{today:%Y%m%d}-"
    numbers = session.scalars(
        select(Referral.referral_no).where(
            Referral.from_organisation_id == organisation.id,
            Referral.referral_no.startswith(prefix, autoescape=True),
        )
    )
    tails = (number.removeprefix(prefix) for number in numbers if number)
    last = max((int(tail) for tail in tails if tail.isdecimal()), default=0)
    return f"{prefix}{last + 1:03d}"


def direction_of(own: Organisation, receiver: Organisation) -> Direction:
    """Up to a lead hospital, down from one, across between members."""
    if receiver.type == LEAD_HOSPITAL:
        return Direction.UP
    return Direction.DOWN if own.type == LEAD_HOSPITAL else Direction.ACROSS


def require_letter(direction: Direction) -> None:
    """Raises InputError for a patient who is referred down: the hospital's summary and a dated plan
    must go along (domain reference §6.3), which a letter alone does not hold."""
    if direction is Direction.DOWN:
        raise InputError(
            {
                "to_organisation_id": tr(
                    "A patient goes down with a summary and a plan. Nothing was sent. Write a "
                    "down-referral instead."
                )
            }
        )


def new_rows(session: Session, clock: Clock, actor: Actor, letter: LetterInput) -> ReferralRows:
    """The rows of a new letter, in the state draft, added to the session.

    Raises InputError where the resident has died or the receiver cannot be one, NotFound where the
    resident or the own organisation is not in this store.
    """
    resident = session.get(Resident, letter.resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not on this PC. Choose the resident again."))
    if resident.record_status == "deceased" and not letter.is_emergency:
        raise InputError(
            {"resident_id": tr("The record says that this person has died. Check the record.")}
        )
    own = session.get(Organisation, actor.organisation_id)
    if own is None:
        raise NotFound(tr("Your organisation is not in the directory of this PC."))
    receiver = letter.to_organisation_id or own.lead_id
    if not receiver:
        raise InputError({"to_organisation_id": tr("Choose where the patient is sent.")})
    if receiver == own.id:
        raise InputError(
            {"to_organisation_id": tr("A referral goes to another organisation. Choose one.")}
        )
    target = session.get(Organisation, receiver)
    if target is None:
        raise InputError({"to_organisation_id": tr("Choose where the patient is sent.")})
    direction = direction_of(own, target)
    _check_reasons(letter, direction)
    if letter.services and direction is not Direction.UP:
        raise InputError(
            {"services": tr("Only a lead hospital gives the three priorities. Leave them out.")}
        )
    doctor = session.get(Staff, actor.staff_id)
    row = Referral(
        id=new_id(),
        organisation_id=own.id,
        referral_no=next_number(session, own, clock.today()),
        direction=direction.value,
        resident_id=resident.id,
        from_organisation_id=own.id,
        to_organisation_id=receiver,
        from_doctor_id=actor.staff_id,
        from_doctor_name=actor.name,
        from_doctor_phone=(doctor.phone if doctor else None) or own.phone,
        written_on=clock.today(),
        form_version=FORM_VERSION,
        is_sample=resident.is_sample,
    )
    _fill(row, letter)
    task = ReferralTask(
        id=new_id(),
        referral_id=row.id,
        resident_id=resident.id,
        service=LETTER,
        request_id=row.id,
        requester_organisation_id=own.id,
        owner_organisation_id=receiver,
        urgency=row.urgency,
        state=State.DRAFT.value,
        event_ids=[],
        is_sample=resident.is_sample,
    )
    session.add(row)
    session.flush()
    session.add(task)
    services = tuple(_new_service(session, row, task, wish) for wish in letter.services)
    return ReferralRows(row, task, services)


def _check_reasons(letter: LetterInput, direction: Direction) -> None:
    """Each direction has its own list of reasons."""
    lists = REASON_LISTS[direction]
    if not all(any(codes.is_known(n, code) for n in lists) for code in letter.reason_codes):
        raise InputError(
            {"reason_codes": tr("This reason does not fit this receiver. Choose again.")}
        )


def _new_service(
    session: Session, letter: Referral, task: ReferralTask, wish: ServiceWish
) -> tuple[ReferralService, ReferralTask]:
    row = ReferralService(
        id=new_id(),
        referral_id=letter.id,
        resident_id=letter.resident_id,
        service=wish.service,
        request=wish.request or None,
        wanted_on=wish.wanted_on,
        urgency=letter.urgency,
        letter_author_organisation_id=letter.from_organisation_id,
        is_sample=letter.is_sample,
    )
    child = ReferralTask(
        id=new_id(),
        referral_id=letter.id,
        resident_id=letter.resident_id,
        service=wish.service,
        request_id=row.id,
        part_of_id=task.id,
        requester_organisation_id=task.requester_organisation_id,
        owner_organisation_id=task.owner_organisation_id,
        urgency=letter.urgency,
        state=ServiceState.REQUESTED.value,
        event_ids=[],
        is_sample=letter.is_sample,
    )
    session.add_all([row, child])
    return row, child


def _fill(row: Referral, letter: LetterInput) -> None:
    """Everything on the letter that its writer may change."""
    for name in _EMPTY_IS_NONE:
        setattr(row, name, getattr(letter, name) or None)
    if letter.from_doctor_phone:
        row.from_doctor_phone = letter.from_doctor_phone
    row.urgency = str(letter.urgency)
    row.reason_codes = list(letter.reason_codes)
    row.red_flags = list(letter.red_flags)
    row.diagnoses = [{"code": code, "display": display} for code, display in letter.diagnoses]
    row.vitals = letter.vitals.to_dict()
    row.current_drugs = [{"name": drug} for drug in letter.current_drugs]


def rewrite(
    session: Session, clock: Clock, actor: Actor, rows: ReferralRows, letter: LetterInput
) -> ReferralRows:
    """Change the letter's content; a priority that is no longer asked for is withdrawn."""
    if side_of(actor, rows.task) is not Side.SENDER:
        raise InputError(tr("Only the writer may change the letter."))
    _check_reasons(letter, rows.direction)
    _fill(rows.letter, letter)
    wishes = {wish.service: wish for wish in letter.services}
    kept = []
    for row, task in rows.services:
        wish = wishes.pop(row.service, None)
        row.urgency = task.urgency = rows.letter.urgency
        if wish is not None:
            row.request, row.wanted_on = wish.request or None, wish.wanted_on
            if task.state == ServiceState.WITHDRAWN:
                write_event(session, clock, actor, task, ServiceState.REQUESTED)
        elif task.state == ServiceState.REQUESTED:
            write_event(session, clock, actor, task, ServiceState.WITHDRAWN)
        kept.append((row, task))
    rows.task.urgency = rows.letter.urgency
    added = [_new_service(session, rows.letter, rows.task, wish) for wish in wishes.values()]
    return ReferralRows(rows.letter, rows.task, (*kept, *added))
