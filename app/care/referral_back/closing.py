"""Closing by itself what is done: some days after the return, when the first visit was made.

Source: domain reference §6.4 (7 days after the patient came back **and** the first follow-up is
done, or 30 days; C). No clock closes anything alone: it happens when somebody who may close
referrals works at the program, in their name, and the history says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.care.referral_back.due import seen, visits_of
from app.care.referral_back.inhand import COMPLETED, InHand, in_hand, open_letters
from app.care.referral_limits import Limits
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_lists import state_since
from app.care.referral_moves import Reason, load_rows, move
from app.care.referral_states import MOVERS, State
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.store import Store

AUTOMATIC = "automatic"
#: A patient who was taken over is in care before the referral can end.
_CLOSED_FROM = (State.RECEIVED_BACK, State.IN_CARE)


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
    since = state_since(session, [each.task for each in patients])
    visits = visits_of(session, [each.referral_id for each in patients])
    return [
        each
        for each in patients
        if _over(
            since[each.task.id],
            store,
            limits,
            visited=bool(seen(visits.get(each.referral_id, [])))
            or _followed(session, actor.organisation_id, each),
        )
    ]


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


def _over(since: datetime, store: Store, limits: Limits, *, visited: bool) -> bool:
    days = limits.close_after_follow_up_d if visited else limits.close_at_latest_d
    return store.clock.now() - since >= timedelta(days=min(days, limits.close_at_latest_d))
