"""How the queue stands, in numbers: what waits for the link, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.driver import ask, value
from app.models.outbox import KEPT, LANE_REST, REJECTED, UNKNOWN, WAITING, Outbox
from app.sync import queue
from app.sync.items import Item

_BY_STATE = "SELECT state, lane, count(*), min(seq) FROM outbox GROUP BY state, lane"
_CONFLICTS = 'SELECT count(*) FROM "conflict" WHERE resolved_at IS NULL'


@dataclass(frozen=True, slots=True)
class Counts:
    """How the queue stands."""

    waiting: int = 0
    unknown: int = 0
    rejected: int = 0
    conflicts: int = 0
    by_lane: tuple[int, int, int] = (0, 0, 0)
    oldest_at: datetime | None = None
    kept: int = 0

    @property
    def open(self) -> int:
        """All that the server has not confirmed, without what needs a person."""
        return self.waiting + self.unknown


def count(session: Session) -> Counts:
    """How many rows wait, by state and lane; what waits for a decision counts as conflict only."""
    by_lane = [0, 0, 0]
    numbers = {WAITING: 0, UNKNOWN: 0, REJECTED: 0, KEPT: 0}
    rows = ask(session, _BY_STATE)
    undecided = queue.open_conflicts(session)
    clashing = [
        item
        for item in queue.of_records(session, (id_ for _, id_ in undecided))
        if (item.kind, item.record_id) in undecided
    ]
    first_seqs = []
    for how, lane, number, first in rows:
        number -= sum((item.state, item.lane) == (how, lane) for item in clashing)
        numbers[how] = numbers.get(how, 0) + number
        if how not in (REJECTED, KEPT) and number:
            by_lane[min(max(lane, 0), LANE_REST)] += number
            first_seqs.append(first)
    conflicts = value(session, _CONFLICTS)
    return Counts(
        numbers[WAITING],
        numbers[UNKNOWN],
        numbers[REJECTED],
        conflicts or 0,
        (by_lane[0], by_lane[1], by_lane[2]),
        _oldest(session, first_seqs, clashing),
        numbers[KEPT],
    )


def _oldest(session: Session, seqs: list[int], clashing: list[Item]) -> datetime | None:
    if not seqs:
        return None
    first: Any = Outbox.seq == min(seqs)
    if clashing:
        aside = Outbox.seq.not_in([item.seq for item in clashing])
        first = Outbox.state.in_((WAITING, UNKNOWN)) & aside
    return session.scalar(select(Outbox.created_at).where(first).order_by(Outbox.seq).limit(1))
