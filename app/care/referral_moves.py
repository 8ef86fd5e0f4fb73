"""One move of a referral written down: checked against the rules, stored with who, when and why.

The use-cases of both sides (``app.care.referral``, ``app.care.referral_desk``) go through here, so
no state can change without its event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.parsing import clean_text
from app.care.referral_letter import clean_paragraphs
from app.care.referral_states import (
    Direction,
    Rule,
    ServiceState,
    Side,
    State,
    Urgency,
    find_rule,
    may_move,
    reason_list,
    service_after,
)
from app.clock import Clock
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.referral import Referral, ReferralEvent, ReferralService, ReferralTask

LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a move is made: a code of the move's list and words; "other" needs words."""

    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReferralRows:
    """The rows of one referral inside a session: letter, its task, and the priorities."""

    letter: Referral
    task: ReferralTask
    services: tuple[tuple[ReferralService, ReferralTask], ...] = field(default=())

    @property
    def state(self) -> State:
        return State(self.task.state)

    @property
    def urgency(self) -> Urgency:
        return Urgency(self.task.urgency)

    @property
    def direction(self) -> Direction:
        return Direction(self.letter.direction)


def load_rows(session: Session, actor: Actor, referral_id: str) -> ReferralRows:
    """The rows of a referral that the actor's organisation takes part in; NotFound otherwise."""
    letter = session.get(Referral, referral_id)
    tasks = session.scalars(
        select(ReferralTask)
        .where(ReferralTask.referral_id == referral_id)
        .order_by(ReferralTask.id)
    ).all()
    main = next((task for task in tasks if task.service == LETTER), None)
    if letter is None or main is None or side_or_none(actor, main) is None:
        raise NotFound(tr("This referral is not on this PC. Wait for the next synchronisation."))
    wishes = {
        row.id: row
        for row in session.scalars(
            select(ReferralService).where(ReferralService.referral_id == referral_id)
        )
    }
    services = tuple((wishes[task.request_id], task) for task in tasks if task.request_id in wishes)
    return ReferralRows(letter, main, services)


def side_or_none(actor: Actor, task: ReferralTask) -> Side | None:
    """The part that the actor's organisation has in the referral."""
    if task.requester_organisation_id == actor.organisation_id:
        return Side.SENDER
    if task.owner_organisation_id == actor.organisation_id:
        return Side.RECEIVER
    return None


def side_of(actor: Actor, task: ReferralTask) -> Side:
    side = side_or_none(actor, task)
    if side is None:
        raise NotAllowed(tr("Your organisation takes no part in this referral."))
    return side


def move(
    session: Session,
    clock: Clock,
    actor: Actor,
    rows: ReferralRows,
    target: State,
    *,
    reason: Reason | None = None,
    phone: bool = False,
    details: Mapping[str, Any] | None = None,
) -> ReferralEvent:
    """Move the letter to ``target`` and let its open priorities follow.

    Raises InputError when the step is not legal from the present state, NotAllowed when the actor's
    role may not make it, InputError ``reason`` when a reason is missing or not of the list.
    """
    side = side_of(actor, rows.task)
    rule = find_rule(rows.state, target, side, urgency=rows.urgency, phone=phone)
    if rule is None:
        raise InputError(not_from_here(rows.state))
    if not may_move(rule, actor.roles, urgency=rows.urgency):
        raise NotAllowed(
            tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
        )
    given = checked_reason(rule, rows.direction, reason)
    if rows.state is State.CLOSED and target is State.IN_CARE:
        # Reopened: the discharge of this stay is still to come, and so is its reply.
        rows.task.discharged_at = None
    rows.task.reason_code = given.code or None
    rows.task.reason_text = given.text or None
    made = write_event(session, clock, actor, rows.task, target, reason=given, details=details)
    _let_services_follow(session, clock, actor, rows, target, given)
    return made


def not_from_here(state: State) -> str:
    return tr(
        "The referral is now “{state}”, so this step is no longer possible. Nothing was "
        "changed. Look at it again and choose one of the steps offered."
    ).format(state=codes.label("referral_state", state))


def checked_reason(rule: Rule, direction: Direction, reason: Reason | None) -> Reason:
    """The reason as stored. Raises InputError where the rule needs one that is not there."""
    given = Reason(
        clean_text(reason.code) if reason else "", clean_paragraphs(reason.text) if reason else ""
    )
    list_name = reason_list(rule, direction)
    if list_name is None:
        return Reason(text=given.text)
    return required_reason(list_name, given)


def required_reason(list_name: str, given: Reason) -> Reason:
    """A reason that must come from ``list_name``; "other" must be said in words."""
    if not given.code:
        raise InputError({"reason": tr("Choose a reason; the other side will read it.")})
    if not codes.is_known(list_name, given.code):
        raise InputError({"reason": tr("This choice is not in the list. Choose again.")})
    if given.code == "other" and not given.text:
        raise InputError({"reason_text": tr("Say which other reason it is.")})
    return given


def write_event(
    session: Session,
    clock: Clock,
    actor: Actor,
    task: ReferralTask,
    target: str,
    *,
    name: str | None = None,
    reason: Reason | None = None,
    details: Mapping[str, Any] | None = None,
) -> ReferralEvent:
    """Set the task's state and add the event that says so; events are never changed."""
    from_state = task.state
    made = ReferralEvent(
        id=new_id(),
        referral_id=task.referral_id,
        task_id=task.id,
        resident_id=task.resident_id,
        service=task.service,
        urgency=task.urgency,
        move=name or str(target),
        from_state=from_state,
        to_state=str(target),
        occurred_at=clock.now(),
        actor_name=actor.name,
        reason_code=(reason.code or None) if reason else None,
        reason_text=(reason.text or None) if reason else None,
        details=dict(details or {}),
        is_sample=task.is_sample,
    )
    session.add(made)
    task.state = str(target)
    # A new list, because a change inside a JSON column would not be noticed.
    task.event_ids = [*task.event_ids, made.id]
    return made


def _let_services_follow(
    session: Session,
    clock: Clock,
    actor: Actor,
    rows: ReferralRows,
    target: State,
    reason: Reason,
) -> None:
    for _, task in rows.services:
        after = service_after(target, ServiceState(task.state))
        if after != task.state:
            task.reason_code = reason.code or None
            task.reason_text = reason.text or None
            write_event(session, clock, actor, task, after, reason=reason)
