"""Approval of a letter inside the writer's own house before it leaves (院内审核).

Source: domain reference §6.2 and §6.4 (LOCAL-2025): optional, off by default, never for an
emergency. While a letter is in review its tasks are owned by the writer's own organisation, so the
receiver sees nothing of it; with the approval they change hands and the letter is sent.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.care.attachments.attaching import hand_over_waiting
from app.care.referral import Written
from app.care.referral_drafts import forget_draft
from app.care.referral_letter import LetterInput, normalise, require_sound
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_moves import Reason, ReferralRows, load_rows, move, not_from_here, side_of
from app.care.referral_rows import new_rows, require_letter, rewrite
from app.care.referral_states import REVIEWERS, Direction, Side, State
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.referral import ReferralTask
from app.models.store import Store


def review_is_asked(store: Store, letter: LetterInput) -> bool:
    """Whether this letter needs an approval before it leaves (setting; never an emergency)."""
    if letter.is_emergency:
        return False
    with store.read() as session:
        return limits_in_force(session).internal_review


def submit(store: Store, actor: Actor, letter: LetterInput) -> Written:
    """Write a letter and hand it to the head of the house: draft → internal_review.

    Raises InputError as ``referral.send`` does, and for an emergency, which is never held up.
    """
    letter = normalise(letter)
    require_sound(letter, Direction.ACROSS)
    if letter.is_emergency:
        raise InputError({"urgency": tr("An emergency is never held up by a review. Send it.")})
    with store.write(actor) as session:
        rows = new_rows(session, store.clock, actor, letter)
        require_letter(rows.direction)
        _own(rows, actor.organisation_id)
        move(session, store.clock, actor, rows, State.INTERNAL_REVIEW)
        forget_draft(session, actor, letter.resident_id)
        return _written(rows)


def approve(store: Store, actor: Actor, referral_id: str) -> Written:
    """The head approves: internal_review → sent. Only now the receiver can see it.

    Raises NotAllowed where the actor is none of the house's reviewers.
    """
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        rows.task.sent_at = store.clock.now()
        move(session, store.clock, actor, rows, State.SENT)
        _leave(session, store, actor, rows)
        return _written(rows)


def send_back(store: Store, actor: Actor, referral_id: str, reason: str) -> Written:
    """The head wants it mended: internal_review → draft, with words for the writer."""
    if not reason.strip():
        raise InputError({"reason_text": tr("Write what is to be mended; the writer reads it.")})
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        move(session, store.clock, actor, rows, State.DRAFT, reason=Reason(text=reason))
        return _written(rows)


def resubmit(store: Store, actor: Actor, referral_id: str, letter: LetterInput) -> Written:
    """The writer has mended a letter that came back from review: draft → internal_review, or
    → sent where it has become an emergency or the house asks for no review any more."""
    letter = normalise(letter)
    require_sound(letter, Direction.ACROSS)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.state is not State.DRAFT or side_of(actor, rows.task) is not Side.SENDER:
            raise InputError(not_from_here(rows.state))
        require_letter(rows.direction)
        rows = rewrite(session, store.clock, actor, rows, letter)
        limits = limits_in_force(session)
        if limits.internal_review and not letter.is_emergency:
            _own(rows, actor.organisation_id)
            move(session, store.clock, actor, rows, State.INTERNAL_REVIEW)
        else:
            rows.task.sent_at = store.clock.now()
            move(session, store.clock, actor, rows, State.SENT)
            _leave(session, store, actor, rows)
        return _written(rows)


def delete(store: Store, actor: Actor, referral_id: str) -> Written:
    """Throw away a letter that came back from review: draft → deleted. Its history stays."""
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        move(session, store.clock, actor, rows, State.DELETED)
        return _written(rows)


def may_review(roles: Iterable[str]) -> bool:
    """Whether somebody with these roles approves letters."""
    return not REVIEWERS.isdisjoint(roles)


def _leave(session: Session, store: Store, actor: Actor, rows: ReferralRows) -> None:
    """The letter is the receiver's from now on, and with it the files that were attached."""
    receiver = rows.letter.to_organisation_id
    _own(rows, receiver)
    hand_over_waiting(session, store.clock, actor, rows.letter.id, receiver)


def _own(rows: ReferralRows, organisation_id: str) -> None:
    tasks: list[ReferralTask] = [rows.task, *(task for _, task in rows.services)]
    for task in tasks:
        task.owner_organisation_id = organisation_id


def _written(rows: ReferralRows) -> Written:
    return Written(rows.letter.id, rows.letter.referral_no or "", rows.state)
