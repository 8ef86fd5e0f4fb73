"""Referrals to look at: lists by state with their waiting time, one referral whole, the directory.

Everything that depends on the present instant (waiting, overdue, what may be done next) is worked
out here on each look and never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.referral_limits import Limits, Waiting, reminders, waiting
from app.care.referral_limits_kept import limits_in_force
from app.care.referral_moves import LETTER
from app.care.referral_states import REVIEWERS, Direction, Side, State, Urgency
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.outbox import Delivery, deliveries
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.resident import Resident
from app.models.store import Store

#: States in which somebody still has something to do, in the order of the list.
OPEN_STATES = (
    State.DRAFT,  # sent back by the house's own review; an unsent letter is no record
    State.INTERNAL_REVIEW,
    State.SENT,
    State.RETURNED,
    State.ACCEPTED,
    State.ARRIVED,
    State.IN_CARE,
    State.REPLIED,
    State.HANDED_BACK,
    State.RECEIVED_BACK,
)
#: States in which nothing more is to be done here.
ENDED_STATES = (
    State.CLOSED,
    State.REJECTED,
    State.CANCELLED,
    State.NO_SHOW,
    State.EXPIRED,
)

LEAD_HOSPITAL = "LEAD_HOSPITAL"
#: Organisations that take part in referrals, in the order of the list.
_MEMBER_TYPES = (LEAD_HOSPITAL, "TOWNSHIP_CENTER", "CARE_INSTITUTION")

#: What waits for this side: it shows as a count in the left column.
_WAITS_FOR = {
    Side.SENDER: (State.DRAFT, State.RETURNED, State.HANDED_BACK),
    Side.RECEIVER: (State.SENT,),
}
_URGENCY_ORDER = {Urgency.EMERGENCY: 0, Urgency.PRIORITY: 1, Urgency.ROUTINE: 2}


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """One referral in a list. ``side`` is the part that the own organisation has in it;
    ``department`` the one that has the letter, or that it is written to."""

    referral_id: str
    referral_no: str
    direction: Direction
    urgency: Urgency
    state: State
    side: Side
    resident_id: str
    resident_name: str
    sex: str
    age: int | None
    village: str
    from_name: str
    to_name: str
    impression: str
    since: datetime
    sent_at: datetime | None
    waiting: Waiting
    services: tuple[tuple[str, str], ...]
    delivery: Delivery
    department: str = ""
    #: Reminders that are due of an unanswered down-referral or hand-back.
    reminded: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """An organisation that a letter may go to. ``own_lead``: the writer's own lead hospital."""

    id: str
    name: str
    type: str
    own_lead: bool
    green_channel_phone: str
    phone: str


def list_referrals(
    store: Store,
    actor: Actor,
    states: Iterable[State] = OPEN_STATES,
    *,
    side: Side | None = None,
    resident_id: str | None = None,
    limit: int = 200,
    offset: int = 0,
) -> tuple[ReferralLine, ...]:
    """Referrals of the own organisation in these states, emergencies first, then the longest
    waiting. ``side`` narrows to those sent or those received."""
    with store.read() as session:
        rows = session.execute(
            select(ReferralTask, Referral, Resident)
            .join(Referral, Referral.id == ReferralTask.referral_id)
            .join(Resident, Resident.id == Referral.resident_id)
            .where(
                ReferralTask.service == LETTER,
                ReferralTask.state.in_([str(state) for state in states]),
                _mine(actor, side),
                *([Referral.resident_id == resident_id] if resident_id else []),
            )
            .order_by(_urgency_rank(), ReferralTask.id)
            .limit(limit)
            .offset(offset)
        ).all()
        return _lines(session, store, actor, [(row[0], row[1], row[2]) for row in rows])


def count_states(store: Store, actor: Actor, side: Side | None = None) -> dict[State, int]:
    """How many referrals the own organisation has in each state."""
    with store.read() as session:
        rows = session.execute(
            select(ReferralTask.state, func.count())
            .where(ReferralTask.service == LETTER, _mine(actor, side))
            .group_by(ReferralTask.state)
        )
        return {State(state): count for state, count in rows}


@dataclass(frozen=True, slots=True)
class ForMe:
    """What waits for a person of this organisation: ``emergencies`` are among ``total``."""

    total: int
    emergencies: int


def waiting_for_me(store: Store, actor: Actor) -> ForMe:
    """The count beside the room's name: letters to answer, returned letters, patients to take
    back, and for the head of the house letters to approve."""
    total = emergencies = 0
    with store.read() as session:
        for side, states in _WAITS_FOR.items():
            if side is Side.SENDER and not REVIEWERS.isdisjoint(actor.roles):
                states = (*states, State.INTERNAL_REVIEW)
            rows = session.execute(
                select(ReferralTask.urgency, func.count())
                .where(
                    ReferralTask.service == LETTER,
                    _mine(actor, side),
                    ReferralTask.state.in_([str(state) for state in states]),
                )
                .group_by(ReferralTask.urgency)
            )
            for urgency, count in rows:
                total += count
                emergencies += count if urgency == Urgency.EMERGENCY else 0
    return ForMe(total, emergencies)


def receivers(store: Store, actor: Actor) -> tuple[Receiver, ...]:
    """Organisations a letter may go to: the own lead hospital first (pilot plan: a member refers to
    its own lead first), then the others by kind and name."""
    with store.read() as session:
        own = session.get(Organisation, actor.organisation_id)
        lead = own.lead_id if own else None
        return _receivers(session, actor, lead, Organisation.type.in_(_MEMBER_TYPES))


def receivers_below(store: Store, actor: Actor) -> tuple[Receiver, ...]:
    """Organisations a patient may be referred down to: the other members of the own consortium."""
    with store.read() as session:
        lead = consortium_lead(session, actor.organisation_id)
        members = Organisation.type.in_(_MEMBER_TYPES[1:]), Organisation.lead_id == lead
        return _receivers(session, actor, lead, and_(*members))


def consortium_lead(session: Session, organisation_id: str) -> str:
    """The lead hospital of the consortium that a house is in; empty where the directory has none.
    A lead hospital is its own."""
    house = session.get(Organisation, organisation_id)
    if house is None:
        return ""
    return house.id if house.type == LEAD_HOSPITAL else house.lead_id or ""


def _receivers(
    session: Session, actor: Actor, lead: str | None, which: ColumnElement[bool]
) -> tuple[Receiver, ...]:
    rows = session.scalars(
        select(Organisation).where(
            Organisation.active, Organisation.id != actor.organisation_id, which
        )
    )
    found = [
        Receiver(
            id=row.id,
            name=row.name,
            type=row.type,
            own_lead=row.id == lead,
            green_channel_phone=row.green_channel_phone or "",
            phone=row.phone or "",
        )
        for row in rows
    ]
    found.sort(key=lambda r: (not r.own_lead, _MEMBER_TYPES.index(r.type), r.name))
    return tuple(found)


def is_lead_hospital(store: Store) -> bool:
    """Whether this store is the lead hospital's: its desk begins with what comes in."""
    with store.read() as session:
        own = session.get(Organisation, store.organisation_id)
        return own is not None and own.type == LEAD_HOSPITAL


def load_limits(store: Store) -> Limits:
    """The county's time limits, or the defaults."""
    with store.read() as session:
        return limits_in_force(session)


def state_since(session: Session, tasks: Sequence[ReferralTask]) -> dict[str, datetime]:
    """When each task entered its present state: the first of its last run of events that led there,
    in the order of the moves, never by a clock."""
    events = {
        event.id: event
        for event in session.scalars(
            select(ReferralEvent).where(ReferralEvent.task_id.in_([task.id for task in tasks]))
        )
    }
    found = {}
    for task in tasks:
        entered = task.sent_at or task.created_at
        for event_id in task.event_ids:
            event = events.get(event_id)
            if event is not None and event.to_state != event.from_state:
                entered = event.occurred_at
        found[task.id] = entered
    return found


def _mine(actor: Actor, side: Side | None) -> ColumnElement[bool]:
    sent = ReferralTask.requester_organisation_id == actor.organisation_id
    # A letter in review is still owned by the house that wrote it: not received by anybody.
    received = and_(ReferralTask.owner_organisation_id == actor.organisation_id, ~sent)
    if side is Side.SENDER:
        return sent
    return received if side is Side.RECEIVER else or_(sent, received)


def _urgency_rank() -> ColumnElement[int]:
    return case(
        {str(urgency): rank for urgency, rank in _URGENCY_ORDER.items()},
        value=ReferralTask.urgency,
        else_=len(_URGENCY_ORDER),
    )


def _lines(
    session: Session,
    store: Store,
    actor: Actor,
    rows: Sequence[tuple[ReferralTask, Referral, Resident]],
) -> tuple[ReferralLine, ...]:
    limits = limits_in_force(session)
    now, today = store.clock.now(), store.clock.today()
    tasks = [task for task, _, _ in rows]
    since = state_since(session, tasks)
    names = organisation_names(
        session, {o for _, r, _ in rows for o in (r.from_organisation_id, r.to_organisation_id)}
    )
    services: dict[str, list[ReferralTask]] = {}
    for child in session.scalars(
        select(ReferralTask)
        .where(
            ReferralTask.referral_id.in_([task.referral_id for task in tasks]),
            ReferralTask.service != LETTER,
        )
        .order_by(ReferralTask.id)
    ):
        services.setdefault(child.referral_id, []).append(child)
    sent = deliveries(session, "referral_task", [task.id for task in tasks])
    lines = []
    for task, letter, resident in rows:
        children = services.get(letter.id, [])
        side = Side.SENDER
        if task.requester_organisation_id != actor.organisation_id:
            side = Side.RECEIVER
        lines.append(
            ReferralLine(
                referral_id=letter.id,
                referral_no=letter.referral_no or "",
                direction=Direction(letter.direction),
                urgency=Urgency(task.urgency),
                state=State(task.state),
                side=side,
                resident_id=resident.id,
                resident_name=resident.name,
                sex=resident.sex,
                age=age_or_none(resident.birth_date, today),
                village=resident.village or "",
                from_name=names.get(letter.from_organisation_id, ""),
                to_name=names.get(letter.to_organisation_id, ""),
                impression=letter.impression or "",
                since=since[task.id],
                sent_at=task.sent_at,
                waiting=waiting_of(task, letter, children, since[task.id], now, limits),
                services=tuple((child.service, child.state) for child in children),
                delivery=sent[task.id],
                department=task.department or letter.to_department or "",
                reminded=_reminded(task, letter, now - since[task.id], limits),
            )
        )
    return tuple(lines)


def _reminded(task: ReferralTask, letter: Referral, waited: timedelta, limits: Limits) -> int:
    unanswered = task.state == State.HANDED_BACK or (
        task.state == State.SENT and letter.direction == Direction.DOWN
    )
    return reminders(waited, limits) if unanswered else 0


def waiting_of(
    task: ReferralTask,
    letter: Referral,
    services: Iterable[ReferralTask],
    since: datetime,
    now: datetime,
    limits: Limits,
) -> Waiting:
    """The waiting time of one referral against the limit of its state."""
    return waiting(
        State(task.state),
        urgency=Urgency(task.urgency),
        direction=Direction(letter.direction),
        since=since,
        now=now,
        booked_at=task.scheduled_at,
        arrived_at=task.arrived_at,
        discharged_at=task.discharged_at,
        inpatient=any(s.service == "bed" and s.state in ("arranged", "used") for s in services),
        limits=limits,
    )


def organisation_names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(list(ids)))
    )
    return {row.id: row.name for row in rows}


def age_or_none(birth: date, day: date) -> int | None:
    """Age on a day; None where the PC's clock stands before the birth."""
    return age_on(birth, day) if day >= birth else None
