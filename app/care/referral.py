"""What the writer of a referral does: send, confirm by phone, amend, cancel, and go on.

Source: domain reference §6.2 and §6.4 (local convention LOCAL-2025 on the national forms of 2017).
Every function is one action of a person and one transaction: letter, priorities, states, the event
of the move and the outbox rows are stored together or not at all. The receiving desk's actions are
in :mod:`app.care.referral_desk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.care.parsing import ParseError, clean_text, parse_phone
from app.care.referral_back.taking import follow_move
from app.care.referral_drafts import forget_draft
from app.care.referral_letter import LetterInput, check, normalise, require_sound
from app.care.referral_limits import waiting
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_moves import (
    Reason,
    ReferralRows,
    load_rows,
    move,
    not_from_here,
    side_of,
    write_event,
)
from app.care.referral_rows import new_rows, require_letter, rewrite
from app.care.referral_states import FINAL, Direction, Side, State, Urgency
from app.clock import format_instant
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class PhoneConfirmation:
    """The call of the green channel: who answered at the receiving house, on which number, when."""

    answered_by: str
    number: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A referral after an action: its id, its number, the state it is in now."""

    referral_id: str
    referral_no: str
    state: State


# --- sending --------------------------------------------------------------------------------


def send(store: Store, actor: Actor, letter: LetterInput) -> Written:
    """Write a referral and send it: draft → sent. Its direction follows from the receiver.

    Raises InputError with one sentence for each field that must be mended. An emergency needs only
    the resident; what is missing may follow (:func:`complete`).
    """
    letter = normalise(letter)
    require_sound(letter, Direction.ACROSS)
    with store.write(actor) as session:
        rows = new_rows(session, store.clock, actor, letter)
        require_letter(rows.direction)
        rows.task.sent_at = store.clock.now()
        move(session, store.clock, actor, rows, State.SENT)
        forget_draft(session, actor, letter.resident_id)
        return _written(rows)


def send_confirmed(
    store: Store, actor: Actor, letter: LetterInput, call: PhoneConfirmation
) -> Written:
    """The green channel: the receiving house said yes on the phone, the form follows:
    draft → accepted. Only for an emergency."""
    letter = normalise(letter)
    problems = check(letter, Direction.ACROSS) | _call_problems(call)
    if not letter.is_emergency:
        problems["urgency"] = tr("Only an emergency is accepted on the phone.")
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        rows = new_rows(session, store.clock, actor, letter)
        require_letter(rows.direction)
        rows.task.sent_at = store.clock.now()
        _accept_by_phone(session, store, actor, rows, call)
        forget_draft(session, actor, letter.resident_id)
        return _written(rows)


def confirm_by_phone(
    store: Store, actor: Actor, referral_id: str, call: PhoneConfirmation
) -> Written:
    """An emergency letter that lies unanswered was accepted on the phone: sent → accepted."""
    if problems := _call_problems(call):
        raise InputError(problems)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        _accept_by_phone(session, store, actor, rows, call)
        return _written(rows)


def _accept_by_phone(
    session: Session, store: Store, actor: Actor, rows: ReferralRows, call: PhoneConfirmation
) -> None:
    at = call.at or store.clock.now()
    who, number = clean_text(call.answered_by), parse_phone(call.number)
    move(
        session,
        store.clock,
        actor,
        rows,
        State.ACCEPTED,
        phone=True,
        details={
            "phone_confirmed_by": who,
            "phone_number": number,
            "phone_confirmed_at": format_instant(at),
        },
    )
    rows.task.phone_confirmed_by = who
    rows.task.phone_number = number
    rows.task.phone_confirmed_at = at


def _call_problems(call: PhoneConfirmation) -> dict[str, str]:
    problems = {}
    if not clean_text(call.answered_by):
        problems["answered_by"] = tr("Write who answered the phone.")
    try:
        parse_phone(call.number)
    except ParseError as error:
        problems["number"] = error.message
    return problems


# --- mending --------------------------------------------------------------------------------


def resend(store: Store, actor: Actor, referral_id: str, letter: LetterInput) -> Written:
    """Send a returned letter again, mended: returned → sent. The number stays. One that brought a
    summary goes again with its summary (``referral_return.down.resend_down``)."""
    letter = normalise(letter)
    require_sound(letter, Direction.ACROSS)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.state is not State.RETURNED:
            raise InputError(not_from_here(rows.state))
        require_letter(Direction.DOWN if rows.task.reply_id else rows.direction)
        rows = rewrite(session, store.clock, actor, rows, letter)
        rows.task.sent_at = store.clock.now()
        move(session, store.clock, actor, rows, State.SENT)
        return _written(rows)


def complete(store: Store, actor: Actor, referral_id: str, letter: LetterInput) -> Written:
    """Fill in what an emergency letter still lacked (within 24 h). The state does not change; the
    event says that the letter was completed, and by whom."""
    letter = normalise(letter)
    require_sound(letter, Direction.ACROSS)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        emergency = rows.urgency is Urgency.EMERGENCY and letter.is_emergency
        if side_of(actor, rows.task) is not Side.SENDER or not emergency:
            raise InputError(tr("Only the writer of an emergency letter may complete it."))
        if rows.state in FINAL or rows.state is State.CLOSED:
            raise InputError(not_from_here(rows.state))
        rows = rewrite(session, store.clock, actor, rows, letter)
        write_event(session, store.clock, actor, rows.task, rows.state, name="completed")
        return _written(rows)


# --- further moves of the writer ------------------------------------------------------------


def cancel(store: Store, actor: Actor, referral_id: str, reason: Reason) -> Written:
    """Withdraw the referral (sent, returned or accepted → cancelled). Open priorities go with it.
    After acceptance the receiver may use it too."""
    return advance(store, actor, referral_id, State.CANCELLED, reason)


def expire(store: Store, actor: Actor, referral_id: str) -> Written:
    """Mark a letter as expired that nobody answered for 72 h after its limit: sent → expired.
    Always a person's act, never the clock's alone."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        limits = limits_in_force(session)
        wait = waiting(
            rows.state,
            urgency=rows.urgency,
            direction=rows.direction,
            since=rows.task.sent_at or rows.task.created_at,
            now=store.clock.now(),
            limits=limits,
        )
        if rows.state is State.SENT and not wait.may_expire:
            raise InputError(
                tr("The receiver still has time to answer. Phone them, or cancel the referral.")
            )
        move(session, store.clock, actor, rows, State.EXPIRED)
        return _written(rows)


def advance(
    store: Store, actor: Actor, referral_id: str, target: State, reason: Reason | None = None
) -> Written:
    """Make a move that needs nothing but, perhaps, a reason: returned, rejected, cancelled, taken
    back or declined, closed, reopened.

    Every other move has a use-case with rules of its own (a reply must be whole, a booking made,
    the time have passed), and is refused here. Which moves are legal is in
    :mod:`app.care.referral_states`.
    """
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if (rows.state, target) not in _PLAIN:
            raise InputError(not_from_here(rows.state))
        move(session, store.clock, actor, rows, target, reason=reason)
        if target in _CHANGES_HANDS:
            follow_move(session, store.clock, store.organisation_id, rows)
        return _written(rows)


#: The moves to which nothing belongs but the reason.
_PLAIN = frozenset(
    {
        (State.SENT, State.RETURNED),
        (State.SENT, State.REJECTED),
        (State.SENT, State.CANCELLED),
        (State.RETURNED, State.CANCELLED),
        (State.ACCEPTED, State.CANCELLED),
        (State.IN_CARE, State.CLOSED),
        (State.REPLIED, State.CLOSED),
        (State.HANDED_BACK, State.RECEIVED_BACK),
        (State.HANDED_BACK, State.REPLIED),  # the writer cannot take the patient back
        (State.RECEIVED_BACK, State.CLOSED),
        (State.CLOSED, State.IN_CARE),
        (State.CLOSED, State.RECEIVED_BACK),
    }
)
#: Moves after which the patient may be in other hands, and other work is due.
_CHANGES_HANDS = frozenset({State.RECEIVED_BACK, State.IN_CARE, State.CLOSED})


def _written(rows: ReferralRows) -> Written:
    return Written(rows.letter.id, rows.letter.referral_no or "", rows.state)
