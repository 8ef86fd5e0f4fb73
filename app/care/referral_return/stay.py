"""The patient at the treating house: sent on to a department, arrived, admitted, discharged.

Source: domain reference §6.4 (local convention LOCAL-2025). One function is one action of the
receiving desk and one transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.care.parsing import clean_text
from app.care.referral import Written
from app.care.referral_back.taking import follow_move
from app.care.referral_letter import MAX_LINE, clean_paragraphs
from app.care.referral_moves import (
    Reason,
    ReferralRows,
    load_rows,
    move,
    not_from_here,
    side_of,
    write_event,
)
from app.care.referral_return.checks import (
    admission_problems,
    moment_problem,
    tidy_admission,
    too_long,
)
from app.care.referral_return.inputs import Admission
from app.care.referral_states import MOVERS, ServiceState, Side, State, Urgency
from app.clock import Clock, format_instant
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store

#: Moves that leave the state as it is.
REDIRECTED, DISCHARGED = "redirected", "discharged"

_BEFORE_REPLY = frozenset({State.SENT, State.ACCEPTED, State.ARRIVED, State.IN_CARE})


def written(rows: ReferralRows) -> Written:
    """What a use-case hands back."""
    return Written(rows.letter.id, rows.letter.referral_no or "", rows.state)


def require_desk(actor: Actor, rows: ReferralRows) -> None:
    """Only the treating side, and there only who may move a referral (anybody in an emergency)."""
    if side_of(actor, rows.task) is not Side.RECEIVER:
        raise NotAllowed(tr("Only the receiving organisation may do this."))
    if rows.urgency is not Urgency.EMERGENCY and not actor.has_role(*MOVERS):
        raise NotAllowed(
            tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
        )


def redirect(
    store: Store, actor: Actor, referral_id: str, department: str, note: str = ""
) -> Written:
    """Hand a letter on to another department of the house. The state stays; the department that
    has it now stands on the task, and the event remembers it."""
    department, note = clean_text(department), clean_paragraphs(note)
    if not department:
        raise InputError({"department": tr("Write the department that the letter goes to.")})
    if len(department) > MAX_LINE:
        raise InputError({"department": too_long(MAX_LINE)})
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        require_desk(actor, rows)
        if rows.state not in _BEFORE_REPLY:
            raise InputError(not_from_here(rows.state))
        if department == rows.task.department:
            raise InputError({"department": tr("The letter is with this department already.")})
        rows.task.department = department
        write_event(
            session,
            store.clock,
            actor,
            rows.task,
            rows.state,
            name=REDIRECTED,
            reason=Reason(text=note),
            details={"department": department},
        )
        return written(rows)


def arrive(store: Store, actor: Actor, referral_id: str, at: datetime | None = None) -> Written:
    """The patient has come: accepted → arrived."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        _arrive(session, store.clock, actor, rows, at)
        return written(rows)


def _arrive(
    session: Session, clock: Clock, actor: Actor, rows: ReferralRows, at: datetime | None
) -> None:
    now = clock.now()
    if problems := moment_problem(at, now):
        raise InputError(problems)
    at = at or now
    move(
        session,
        clock,
        actor,
        rows,
        State.ARRIVED,
        details={"arrived_at": format_instant(at)},
    )
    rows.task.arrived_at = at
    follow_move(session, clock, actor.organisation_id, rows)


def no_show(store: Store, actor: Actor, referral_id: str, note: str = "") -> Written:
    """The patient did not come: accepted → no_show. Not before the time at which they were to
    come; afterwards a new, linked referral is written."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        booked = rows.task.scheduled_at
        if rows.state is State.ACCEPTED and booked is not None and store.clock.now() < booked:
            raise InputError(
                tr("The patient is expected only later. Wait until then, or change the booking.")
            )
        move(session, store.clock, actor, rows, State.NO_SHOW, reason=Reason(text=note))
        return written(rows)


def begin_care(store: Store, actor: Actor, referral_id: str) -> Written:
    """Treatment without a bed begins: arrived → in_care."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        move(session, store.clock, actor, rows, State.IN_CARE)
        return written(rows)


def admit(store: Store, actor: Actor, referral_id: str, admission: Admission) -> Written:
    """The patient has a bed: arrived → in_care; from accepted by way of arrived, both at once. A
    bed that was asked for as a priority is used with it."""
    admission = tidy_admission(admission)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        now = store.clock.now()
        if problems := admission_problems(admission, now):
            raise InputError(problems)
        at = admission.at or now
        if rows.state is State.ACCEPTED:
            _arrive(session, store.clock, actor, rows, at)
        task = rows.task
        stay = {
            "department": admission.department or task.department,
            "doctor": admission.doctor or task.doctor,
            "doctor_phone": admission.doctor_phone or task.doctor_phone,
            "ward": admission.ward or task.ward,
            "bed": admission.bed or task.bed,
            "inpatient_no": admission.inpatient_no or task.inpatient_no,
        }
        # Only what was written here: the rest may be changed by somebody else meanwhile.
        details = {name: value for name in stay if (value := getattr(admission, name))}
        details["admitted_at"] = format_instant(at)
        move(session, store.clock, actor, rows, State.IN_CARE, details=details)
        for name, value in stay.items():
            setattr(task, name, value)
        task.admitted_at = at
        _use_bed(session, store.clock, actor, rows)
        return written(rows)


def _use_bed(session: Session, clock: Clock, actor: Actor, rows: ReferralRows) -> None:
    """Asked for, and now lain in: arranged with the bed of the admission, then used."""
    for wish, task in rows.services:
        if wish.service != "bed" or task.state == ServiceState.WITHDRAWN:
            continue
        if task.state in (ServiceState.REQUESTED, ServiceState.REFUSED):
            write_event(session, clock, actor, task, ServiceState.ARRANGED)
        if task.state == ServiceState.ARRANGED:
            task.ward, task.bed = rows.task.ward, rows.task.bed
            task.scheduled_at = task.scheduled_at or rows.task.admitted_at
            task.reason_code = task.reason_text = None
            write_event(session, clock, actor, task, ServiceState.USED)


def discharge(store: Store, actor: Actor, referral_id: str, at: datetime | None = None) -> Written:
    """The patient has left the bed. The state stays "in care" until the reply is written; from now
    on the reply is due (24 h by default)."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        require_desk(actor, rows)
        if rows.state is not State.IN_CARE:
            raise InputError(not_from_here(rows.state))
        now = store.clock.now()
        problems = moment_problem(at, now)
        at = at or now
        if rows.task.admitted_at is not None and at < rows.task.admitted_at:
            problems["at"] = tr("The discharge cannot be before the admission.")
        if problems:
            raise InputError(problems)
        rows.task.discharged_at = at
        write_event(
            session,
            store.clock,
            actor,
            rows.task,
            rows.state,
            name=DISCHARGED,
            details={"discharged_at": format_instant(at)},
        )
        return written(rows)
