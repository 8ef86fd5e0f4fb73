"""Whom this organisation has in hand after a referral: taken back, or taken over from above.

Source: domain reference §6.3 and §6.4 (LOCAL-2025). Two ways lead here: the writer of a letter
takes the patient back (``received_back``), or the patient of a down-referral, whose letter brought
a plan of its writer, has come to the receiver (``arrived``). Derived on each look from the moves,
in their order, never from a clock: what a clock says of the day is bounded by what the server saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.care.referral_moves import LETTER
from app.care.referral_states import State, Urgency
from app.clock import clinic_date
from app.models.outbox import Receipt
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.referral_return import ReturnPlan

#: Of the writer of the letter, and of the receiver of a down-referral: the patient is in hand.
BACK = (State.RECEIVED_BACK,)
TAKEN_OVER = (State.ARRIVED, State.IN_CARE, State.REPLIED)
#: The reason of a closing after which the plan still goes on.
COMPLETED = "completed"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class InHand:
    """One patient in hand. ``since``: when they came; ``open``: the referral is not closed;
    ``plan``: what the other house wrote last; ``came_by``: id of the move with which they came;
    ``again``: they had come with an earlier move of this referral, too."""

    task: ReferralTask
    plan: ReturnPlan | None
    since: datetime
    open: bool
    other_organisation_id: str
    came_by: str
    again: bool = False

    @property
    def referral_id(self) -> str:
        return self.task.referral_id

    @property
    def day(self) -> date:
        """The day of the return, in clinic time."""
        return clinic_date(self.since)

    @property
    def pressing(self) -> bool:
        """Whether the shorter limit of the first visit holds."""
        return self.task.urgency != Urgency.ROUTINE


def letters_of(resident_ids: Iterable[str]) -> Select[ReferralTask]:
    """The letters' tasks of these residents."""
    return (
        select(ReferralTask)
        .join(Referral, Referral.id == ReferralTask.referral_id)
        .where(Referral.resident_id.in_(list(resident_ids)), ReferralTask.service == LETTER)
        .order_by(ReferralTask.id)
    )


def open_letters(organisation_id: str) -> Select[ReferralTask]:
    """The letters' tasks of which the patient may be in this organisation's hands now."""
    return (
        select(ReferralTask)
        .where(
            ReferralTask.service == LETTER,
            or_(
                (ReferralTask.requester_organisation_id == organisation_id)
                & ReferralTask.state.in_([str(state) for state in BACK]),
                (ReferralTask.owner_organisation_id == organisation_id)
                & ReferralTask.state.in_([str(state) for state in TAKEN_OVER]),
            ),
        )
        .order_by(ReferralTask.id)
    )


def in_hand(
    session: Session, organisation_id: str, tasks: Iterable[ReferralTask]
) -> tuple[InHand, ...]:
    """Those of these letters whose patient this organisation has, or had when it was closed."""
    asked = [task for task in tasks if _may_be(task, organisation_id)]
    if not asked:
        return ()
    plans: dict[str, list[ReturnPlan]] = {}
    for plan in session.scalars(
        select(ReturnPlan)
        .where(
            ReturnPlan.referral_id.in_([task.referral_id for task in asked]),
            ReturnPlan.organisation_id != organisation_id,
        )
        .order_by(ReturnPlan.id)
    ):
        plans.setdefault(plan.referral_id, []).append(plan)
    # A plain letter to us: we treat, we do not take over. A hospital has many of these.
    asked = [
        task
        for task in asked
        if task.requester_organisation_id == organisation_id or task.referral_id in plans
    ]
    events = {
        event.id: event
        for event in session.scalars(
            select(ReferralEvent).where(ReferralEvent.task_id.in_([task.id for task in asked]))
        )
    }
    held = held_at(session, events)
    found = []
    for task in asked:
        wrote = task.requester_organisation_id == organisation_id
        other = task.owner_organisation_id if wrote else task.requester_organisation_id
        moves = [events[each] for each in task.event_ids if each in events]
        brought = standing_plan(task, moves, plans.get(task.referral_id, ()), other)
        if not wrote and brought is None:
            continue
        comings = _comings(moves, wrote=wrote)
        if not comings or comings[-1] is None:
            continue
        came = comings[-1]
        since = _when(came, moves, held, organisation_id)
        if not wrote and came.to_state == State.ARRIVED and task.arrived_at is not None:
            since = min(task.arrived_at, held.get(came.id, task.arrived_at))
        found.append(
            InHand(
                task=task,
                plan=brought,
                since=since,
                open=task.state != State.CLOSED,
                other_organisation_id=other,
                came_by=came.id,
                again=sum(each is not None for each in comings) > 1,
            )
        )
    return tuple(found)


def standing_plan(
    task: ReferralTask, moves: Sequence[ReferralEvent], plans: Sequence[ReturnPlan], house: str
) -> ReturnPlan | None:
    """The plan of this house that stands. The task names it, unless the other house has written
    one of its own since; then it is the last that a move named."""
    theirs = {plan.id: plan for plan in plans if plan.organisation_id == house}
    if task.plan_id in theirs:
        return theirs[task.plan_id]
    for move in reversed(moves):
        if (named := move.details.get("plan_id")) in theirs:
            return theirs[named]
    replaced = {plan.replaces_id for plan in theirs.values()}
    return next((plan for plan in reversed(theirs.values()) if plan.id not in replaced), None)


def held_at(session: Session, event_ids: Iterable[str]) -> Mapping[str, datetime]:
    """By event, when the server took it or had taken it, by its own clock: a move was made no
    later than that. Events that wait are not in it."""
    found: dict[str, datetime] = {}
    ids = list(event_ids)
    for start in range(0, len(ids), _BATCH):
        rows = session.execute(
            select(Receipt.record_id, Receipt.server_time).where(
                Receipt.kind == "referral_event",
                Receipt.record_id.in_(ids[start : start + _BATCH]),
            )
        )
        found.update((row.record_id, row.server_time) for row in rows)
    return found


def _may_be(task: ReferralTask, organisation_id: str) -> bool:
    if task.state == State.CLOSED:
        return organisation_id in (task.requester_organisation_id, task.owner_organisation_id)
    if task.requester_organisation_id == organisation_id:
        return task.state in BACK
    return task.owner_organisation_id == organisation_id and task.state in TAKEN_OVER


def _comings(moves: Iterable[ReferralEvent], *, wrote: bool) -> list[ReferralEvent | None]:
    """The moves with which the patient came to this house, None where they left it again; a
    closing and reopening in between does not begin the return anew."""
    found: list[ReferralEvent | None] = []
    for event in moves:
        state = event.to_state
        if state == event.from_state or state == State.CLOSED:
            continue
        here = bool(found) and found[-1] is not None
        if wrote:
            comes, goes = state == State.RECEIVED_BACK, state != State.RECEIVED_BACK
        else:
            comes, goes = state in (State.ARRIVED, State.IN_CARE), state == State.RECEIVED_BACK
        if comes and not here:
            found.append(event)
        elif comes and wrote and event.from_state != State.CLOSED:
            found[-1] = event
        elif goes and here:
            found.append(None)
    return found


def _when(
    came: ReferralEvent,
    moves: Iterable[ReferralEvent],
    held: Mapping[str, datetime],
    organisation_id: str,
) -> datetime:
    """When the patient came: by the clock of the PC at which it was written down, yet no later
    than the server took it, and no earlier than this house's own moves before it."""
    at = came.occurred_at
    for move in moves:
        if move.id == came.id:
            break
        if move.organisation_id == organisation_id:
            at = max(at, min(move.occurred_at, held.get(move.id, move.occurred_at)))
    return min(at, held.get(came.id, at))
