"""Today's work: what is due or waits for a person, by urgency, each with the way to the work.

Derived on each look from the due items, the referrals, the refused records and the conflicts; it
is never stored. Lists are cut to the most pressing, the counts tell the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.conflict_lists import UNDECIDED
from app.care.outreach.today import outreach_work
from app.care.outreach.waiting import waiting_here
from app.care.referral_back.amended import amended_replies
from app.care.referral_back.declined import declined_returns
from app.care.referral_crossing import TOLD
from app.care.referral_lists import ReferralLine, list_referrals, waiting_for_me
from app.care.referral_news import referral_news
from app.care.referral_return.alarm import Unseen, unseen_emergencies
from app.care.referral_states import REVIEWERS, Side, State, Urgency
from app.care.referral_up.incomplete import incomplete_emergencies
from app.care.rounds.due import CONTACT_ENDED
from app.care.rounds.places import room_of
from app.care.visit_rules import NextStep
from app.care.work_due import (
    COLUMNS,
    Column,
    Family,
    WorkItem,
    due_line,
    due_lines,
    every_kind,
    family_counts,
)
from app.clock import clinic_date
from app.i18n import tr
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.outbox import REJECTED, Conflict, Outbox
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident
from app.models.store import Store

__all__ = [
    "LIST_LIMIT",
    "Column",
    "Family",
    "RoomCounts",
    "TodayWork",
    "WorkItem",
    "room_counts",
    "today_work",
]

LIST_LIMIT = 100
_URGENT_SPAN = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class TodayWork:
    """The three columns, each cut to ``LIST_LIMIT`` lines, and how many there are in all.

    ``overdue``: how many of the second column are past their day; ``families``: the people with
    due work by family.
    """

    now: tuple[WorkItem, ...]
    today: tuple[WorkItem, ...]
    week: tuple[WorkItem, ...]
    totals: dict[str, int]
    overdue: int = 0
    families: dict[Family, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoomCounts:
    """What waits for a person in each room, for the left column."""

    counts: dict[str, int] = field(default_factory=dict)
    emergencies: int = 0
    #: Emergencies that nobody of this PC has looked at.
    unseen: tuple[Unseen, ...] = ()


def today_work(
    store: Store, actor: Actor, limit: int = LIST_LIMIT, family: Family = "work"
) -> TodayWork:
    """Everything that waits for this organisation, the most pressing first.

    ``family``: one kind of due work alone; referrals and records in trouble belong to ``work``.
    """
    today = store.clock.today()
    whole = family == "work"
    unsent: list[WorkItem] = []
    trouble: list[WorkItem] = []
    news: list[WorkItem] = []
    with store.read() as session:
        urgent, due, coming = (
            due_lines(session, store.organisation_id, today, column, family, limit)
            for column in COLUMNS
        )
        families = family_counts(session, store.organisation_id, today)
        if whole:
            unsent = _not_referred(session, store, today)
            trouble = _rejected(session, limit) + _conflicts(session, limit)
            trouble += declined_returns(session, actor, today)
            trouble += incomplete_emergencies(session, actor, store.clock.now())
            news = referral_news(session, store.clock, actor, today, LIST_LIMIT)
            news += amended_replies(session, store.clock, actor, today)
    referrals = _referral_work(store, actor, today) if whole else []
    referrals += outreach_work(store, actor, today) if whole else []
    now = [item for item in referrals if item.column == "now"] + unsent + trouble
    rest = [item for item in (*referrals, *news) if item.column == "today"]
    return TodayWork(
        now=(*now, *urgent.lines)[:limit],
        today=(*rest, *due.lines)[:limit],
        week=coming.lines,
        totals={
            "now": len(now) + urgent.total,
            "today": len(rest) + due.total,
            "week": coming.total,
        },
        overdue=due.overdue,
        families=families,
    )


def room_counts(store: Store, actor: Actor) -> RoomCounts:
    """Due and overdue work by room; referrals that wait for an answer; records in trouble."""
    today = store.clock.today()
    rooms: dict[str, int] = {}
    with store.read() as session:
        rows = session.execute(
            select(DueItem.kind, func.count())
            .where(
                DueItem.organisation_id == store.organisation_id,
                DueItem.due_on <= today,
                DueItem.kind != CONTACT_ENDED,
            )
            .group_by(DueItem.kind)
        )
        for kind, count in rows:
            room = room_of(kind)
            rooms[room] = rooms.get(room, 0) + count
        of_the_day = family_counts(session, store.organisation_id, today)["work"]
        unsent = len(_not_referred(session, store, today))
        unseen = unseen_emergencies(session, actor)
        trouble = (
            session.scalar(
                select(func.count()).select_from(Outbox).where(Outbox.state == REJECTED, ~UNDECIDED)
            )
            or 0
        ) + (
            session.scalar(
                select(func.count()).select_from(Conflict).where(Conflict.resolved_at.is_(None))
            )
            or 0
        )
    waiting = waiting_for_me(store, actor)
    outreach = waiting_here(store, actor)
    rooms["referrals"] = waiting.total + outreach.total
    rooms["sync"] = trouble
    rooms["today"] = of_the_day + waiting.total + outreach.total + trouble + unsent
    return RoomCounts(rooms, waiting.emergencies + outreach.urgent, unseen)


# -- due items ------------------------------------------------------------------------------


def _not_referred(session: Session, store: Store, today: date) -> list[WorkItem]:
    """People whose last visit said "refer now" and for whom no letter was written since.

    Such a visit asks for the next one within two weeks (`domain.md` §5.2), so later due days need
    no look; from its due day on the visit itself stands among the urgent ones.
    """
    written = exists().where(
        Referral.resident_id == DueItem.resident_id, Referral.written_on >= DueItem.since
    )
    rows = session.execute(
        select(DueItem, Resident)
        .join(Resident, Resident.id == DueItem.resident_id)
        .where(
            DueItem.organisation_id == store.organisation_id,
            DueItem.kind.in_(every_kind()),
            DueItem.due_on > today,
            DueItem.due_on <= today + _URGENT_SPAN,
            DueItem.urgent,
            ~written,
        )
        .order_by(DueItem.since, DueItem.id)
    )
    seen: dict[str, WorkItem] = {}
    for item, resident in rows:
        if item.detail.get("step") != NextStep.REFER_NOW or resident.id in seen:
            continue
        since = item.since or today
        seen[resident.id] = replace(
            due_line([item], resident, "now", today),
            kind="referral:not_written",
            what=tr("Urgent values: not yet referred"),
            room="referrals",
            arguments=(("resident_id", resident.id),),
            on=since,
            days_late=(today - since).days,
        )
    return list(seen.values())


# -- referrals ------------------------------------------------------------------------------


#: Seen or discharged, and the writer of the letter has no reply yet.
_UNANSWERED = (State.ARRIVED, State.IN_CARE)


def _referral_work(store: Store, actor: Actor, today: date) -> list[WorkItem]:
    """Referrals in which the next step is ours, or the other side leaves us waiting."""
    states = [State.SENT, State.RETURNED, State.ACCEPTED, *_UNANSWERED, State.HANDED_BACK]
    states.append(State.DRAFT)
    if not REVIEWERS.isdisjoint(actor.roles):
        states.append(State.INTERNAL_REVIEW)
    lines = list_referrals(store, actor, states, limit=500)
    items = (_referral_line(line, today) for line in lines)
    return [item for item in items if item is not None]


def _referral_line(line: ReferralLine, today: date) -> WorkItem | None:
    pressing = line.urgency is not Urgency.ROUTINE
    ours = line.side is Side.RECEIVER
    column: Column = "today"
    if line.state is State.SENT and ours:
        what = {
            Urgency.EMERGENCY: tr("Emergency referral: answer now"),
            Urgency.PRIORITY: tr("Priority referral: answer"),
            Urgency.ROUTINE: tr("Referral: answer"),
        }[line.urgency]
        column = "now" if pressing or line.waiting.overdue else "today"
    elif line.state is State.SENT:
        if not (line.waiting.overdue or line.reminded):
            return None
        what = tr("Referral without an answer: telephone")
        column = "now" if line.waiting.overdue else "today"
    elif line.state is State.RETURNED and not ours:
        what = tr("Referral returned: complete it")
        column = "now" if pressing else "today"
    elif line.state is State.DRAFT:
        what = tr("Letter sent back by your head: mend it")
    elif line.state is State.INTERNAL_REVIEW:
        what = tr("Letter to approve")
        column = "now" if pressing else "today"
    elif line.state is State.HANDED_BACK and not ours:
        what = tr("Patient to take back")
        column = "now" if line.waiting.overdue else "today"
    elif line.state is State.HANDED_BACK and line.reminded:
        what = tr("Hand-back without an answer: telephone")
        column = "now" if line.waiting.overdue else "today"
    elif line.state is State.ACCEPTED and ours and line.waiting.overdue:
        what = tr("Did the patient arrive?")
    elif line.state in _UNANSWERED and ours and line.waiting.limit is not None:
        what = tr("Referral: write the reply")
        column = "now" if line.waiting.overdue else "today"
    else:
        return None
    if line.reminded:
        what = tr("{what} (reminder {count})").format(what=what, count=line.reminded)
    since = clinic_date(line.since)
    return WorkItem(
        column=column,
        kind=f"referral:{line.state}",
        what=what,
        room="referrals",
        arguments=(("referral_id", line.referral_id),),
        resident_id=line.resident_id,
        name=line.resident_name,
        sex=line.sex,
        age=line.age,
        village=line.village or line.from_name,
        on=since,
        days_late=max((today - since).days, 0),
        urgent=line.urgency is Urgency.EMERGENCY,
    )


# -- records in trouble ---------------------------------------------------------------------


def _rejected(session: Session, limit: int) -> list[WorkItem]:
    rows = session.execute(
        select(Outbox, Resident)
        .outerjoin(Resident, Resident.id == Outbox.resident_id)
        # A record that is to be decided stands among the conflicts.
        .where(Outbox.state == REJECTED, ~UNDECIDED)
        .order_by(Outbox.seq)
        .limit(limit)
    )
    return [
        _trouble("rejected", tr("Refused by the county hospital"), row.record_id, resident)
        for row, resident in rows
    ]


def _conflicts(session: Session, limit: int) -> list[WorkItem]:
    rows = session.execute(
        select(Conflict, Resident, ReferralTask.referral_id)
        .outerjoin(Resident, Resident.id == Conflict.resident_id)
        .outerjoin(ReferralTask, ReferralTask.id == Conflict.record_id)
        .where(Conflict.resolved_at.is_(None))
        .order_by(Conflict.id)
        .limit(limit)
    )
    return [
        _crossed(resident, referral_id)
        if referral_id is not None and TOLD in row.fields
        else _trouble("conflict", tr("Changed in two places: decide"), row.record_id, resident)
        for row, resident, referral_id in rows
    ]


def _crossed(resident: Resident | None, referral_id: str) -> WorkItem:
    """A move of ours that came too late; opening the referral takes it off the list."""
    item = _trouble("conflict", tr("The other side was first: read it"), referral_id, resident)
    return replace(item, room="referrals", arguments=(("referral_id", referral_id),))


def _trouble(kind: str, what: str, record_id: str, resident: Resident | None) -> WorkItem:
    return WorkItem(
        column="now",
        kind=kind,
        what=what,
        room="sync",
        arguments=(("record_id", record_id),),
        resident_id=resident.id if resident is not None else "",
        name=resident.name if resident is not None else "",
        sex=resident.sex if resident is not None else "",
        village=(resident.village or "") if resident is not None else "",
    )


def _age(resident: Resident, today: date) -> int | None:
    return age_on(resident.birth_date, today) if resident.birth_date <= today else None
