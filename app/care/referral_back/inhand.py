"""Whom this organisation has in hand after a referral: taken back, or taken over from above.

Source: domain reference §6.3 and §6.4 (LOCAL-2025). Two ways lead here: the writer of a letter
takes the patient back (``received_back``), or the patient of a down-referral, whose letter brought
a plan of its writer, has come to the receiver (``arrived``). Derived on each look from the moves,
in their order, never from a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.care.referral_moves import LETTER
from app.care.referral_states import State, Urgency
from app.clock import clinic_date
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.referral_return import ReturnPlan

#: Of the writer of the letter, and of the receiver of a down-referral: the patient is in hand.
BACK = (State.RECEIVED_BACK,)
TAKEN_OVER = (State.ARRIVED, State.IN_CARE, State.REPLIED)
#: The reason of a closing after which the plan still goes on.
COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class InHand:
    """One patient in hand. ``since``: when they came; ``open``: the referral is not closed."""

    task: ReferralTask
    plan: ReturnPlan | None
    since: datetime
    open: bool
    other_organisation_id: str

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
    plans = {
        plan.id: plan
        for plan in session.scalars(
            select(ReturnPlan).where(
                ReturnPlan.id.in_([task.plan_id for task in asked if task.plan_id])
            )
        )
    }
    events = {
        event.id: event
        for event in session.scalars(
            select(ReferralEvent).where(ReferralEvent.task_id.in_([task.id for task in asked]))
        )
    }
    found = []
    for task in asked:
        plan = plans.get(task.plan_id or "")
        wrote = task.requester_organisation_id == organisation_id
        if not wrote and (plan is None or plan.organisation_id == organisation_id):
            continue  # a plain letter to us: we treat, we do not take over
        since = _came(task, events, State.RECEIVED_BACK if wrote else State.ARRIVED)
        if since is None:
            continue
        found.append(
            InHand(
                task=task,
                plan=plan,
                since=since if wrote else task.arrived_at or since,
                open=task.state != State.CLOSED,
                other_organisation_id=task.owner_organisation_id
                if wrote
                else task.requester_organisation_id,
            )
        )
    return tuple(found)


def _may_be(task: ReferralTask, organisation_id: str) -> bool:
    if task.state == State.CLOSED:
        return organisation_id in (task.requester_organisation_id, task.owner_organisation_id)
    if task.requester_organisation_id == organisation_id:
        return task.state in BACK
    return task.owner_organisation_id == organisation_id and task.state in TAKEN_OVER


def _came(task: ReferralTask, events: dict[str, ReferralEvent], target: State) -> datetime | None:
    """When the letter came to this state for the first time since it was last with the other
    house; a closing and reopening in between does not begin the return anew."""
    came: datetime | None = None
    for event_id in task.event_ids:
        event = events.get(event_id)
        if event is None or event.to_state == event.from_state:
            continue
        if event.to_state == target:
            if came is None or event.from_state != State.CLOSED:
                came = event.occurred_at
        elif target is State.RECEIVED_BACK and event.to_state not in (target, State.CLOSED):
            came = None
    return came
