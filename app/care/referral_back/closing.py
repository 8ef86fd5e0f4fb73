"""Closing by itself what is done: some days after the return, when the first visit was made.

Source: domain reference §6.4 (7 days after the patient came back **and** the first follow-up is
done, or 30 days; C). No clock closes anything alone: it happens when somebody who may close
referrals works at the program, in their name, and the history says so. The days must have passed
by this PC's clock and by the server's, so that one wrong clock closes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.referral_back.due import seen, visits_since
from app.care.referral_back.inhand import COMPLETED, InHand, held_at, in_hand, open_letters
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_moves import Reason, load_rows, move
from app.care.referral_states import MOVERS, State
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.outbox import server_seen
from app.models.referral import ReferralEvent, ReferralTask
from app.models.store import Store

AUTOMATIC = "automatic"
#: A patient who was taken over is in care before the referral can end.
_CLOSED_FROM = (State.RECEIVED_BACK, State.IN_CARE)
#: Where no server has ever told the time: a longer wait is a wrong clock, and a person decides.
BELIEVED = timedelta(days=365)


def close_finished(store: Store, actor: Actor) -> int:
    """Close every referral whose time is over; how many were closed.

    Nothing is done in a store that can only be read, nor by a person whose role closes none.
    """
    if store.read_only or not actor.has_role(*MOVERS):
        return 0
    with store.read() as session:
        if not _finished(session, store, actor):
            return 0
    with store.write(actor) as session:
        # Looked at again: the read before took no lock.
        finished = _finished(session, store, actor)
        for patient in finished:
            rows = load_rows(session, actor, patient.referral_id)
            move(
                session,
                store.clock,
                actor,
                rows,
                State.CLOSED,
                reason=Reason(COMPLETED),
                details={AUTOMATIC: True},
            )
        refresh_due(
            session, store.organisation_id, {patient.task.resident_id for patient in finished}
        )
        return len(finished)


def _finished(session: Session, store: Store, actor: Actor) -> list[InHand]:
    patients = in_hand(
        session, actor.organisation_id, session.scalars(open_letters(actor.organisation_id))
    )
    patients = tuple(each for each in patients if each.task.state in _CLOSED_FROM)
    if not patients:
        return []
    limits = limits_in_force(session)
    # Of a referral that was opened again the days begin anew.
    entered = _entered(session, [each.task for each in patients])
    held = held_at(session, [event.id for event in entered.values()])
    told = server_seen(session)
    visits = visits_since(session, patients)
    found = []
    for each in patients:
        event = entered.get(each.task.id)
        if event is None:
            continue
        visited = bool(seen(visits[each.referral_id])) or _followed(
            session, actor.organisation_id, each
        )
        days = limits.close_after_follow_up_d if visited else limits.close_at_latest_d
        limit = timedelta(days=min(days, limits.close_at_latest_d))
        now = store.clock.now()
        if _over(event.occurred_at, held.get(event.id), now=now, told=told, limit=limit):
            found.append(each)
    return found


def _entered(session: Session, tasks: list[ReferralTask]) -> dict[str, ReferralEvent]:
    """By task, the move with which it came to the state that it is in."""
    events = {
        event.id: event
        for event in session.scalars(
            select(ReferralEvent).where(ReferralEvent.task_id.in_([task.id for task in tasks]))
        )
    }
    found = {}
    for task in tasks:
        for event_id in task.event_ids:
            event = events.get(event_id)
            if event is not None and event.to_state != event.from_state:
                found[task.id] = event
    return found


def _followed(session: Session, organisation_id: str, patient: InHand) -> bool:
    found = session.scalar(
        select(FollowUp.id)
        .where(
            FollowUp.resident_id == patient.task.resident_id,
            FollowUp.organisation_id == organisation_id,
            FollowUp.visit_date >= patient.day,
            FollowUp.status != "entered_in_error",
        )
        .limit(1)
    )
    return found is not None


def _over(
    since: datetime,
    held: datetime | None,
    *,
    now: datetime,
    told: datetime | None,
    limit: timedelta,
) -> bool:
    """Whether the limit has passed since the move. ``held``: when the server took it; ``told``:
    the server's time at its last answer; both by the server's clock."""
    if told is None:
        return limit <= now - since < limit + BELIEVED
    if held is None:
        return False  # the move waits to be sent
    # A move lies no later than the server took it, whatever the clock said at that PC.
    return now - min(since, held) >= limit and told - held >= limit
