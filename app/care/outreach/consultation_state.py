"""What a consultation has come to: a pure function of its notes, whatever order they arrived in.

Each side only ever adds notes, so nothing can be overwritten; a late or doubled note changes
nothing that a later step has settled. Limits: domain reference §8 (``LOCAL-2026``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.care.indicators.outreach import ROUTINE_WITHIN, URGENT_WITHIN
from app.care.referral_limits import Waiting


class Move(StrEnum):
    """What a note about a consultation says: codes of ``note_move``."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    CONCLUDED = "concluded"


class Party(StrEnum):
    """The two sides of a consultation."""

    ASKER = "asker"
    INVITED = "invited"


#: From the least to the most: an answer stands though it crossed with a cancellation.
ORDER = (
    Move.ASKED,
    Move.ACCEPTED,
    Move.DECLINED,
    Move.CANCELLED,
    Move.ANSWERED,
    Move.CONCLUDED,
)
#: Which side may say what. A note of the other side says nothing.
WHOSE = {
    Move.ASKED: Party.ASKER,
    Move.ACCEPTED: Party.INVITED,
    Move.DECLINED: Party.INVITED,
    Move.CANCELLED: Party.ASKER,
    Move.ANSWERED: Party.INVITED,
    Move.CONCLUDED: Party.ASKER,
}
_FROM = {
    Move.ACCEPTED: (Move.ASKED,),
    Move.DECLINED: (Move.ASKED, Move.ACCEPTED),
    Move.CANCELLED: (Move.ASKED, Move.ACCEPTED),
    Move.ANSWERED: (Move.ASKED, Move.ACCEPTED),
    Move.CONCLUDED: (Move.ANSWERED,),
}
#: Consultations in which somebody still has something to do.
OPEN = (Move.ASKED, Move.ACCEPTED, Move.ANSWERED)


@dataclass(frozen=True, slots=True)
class Said:
    """One note: who of the two said what."""

    move: str
    party: Party


def state_of(notes: Iterable[Said]) -> Move:
    """The state: the most that one of the sides, each within its own moves, has said.

    Unknown moves (of a newer program) and moves of the wrong side are passed over. Without any
    note the consultation is asked: it exists.
    """
    reached = Move.ASKED
    for note in notes:
        if note.move in ORDER and WHOSE[Move(note.move)] is note.party:
            reached = max(reached, Move(note.move), key=ORDER.index)
    return reached


def moves_open(state: Move, party: Party) -> tuple[Move, ...]:
    """What this side may do next."""
    return tuple(move for move, before in _FROM.items() if state in before and WHOSE[move] is party)


def limit_of(urgency: str) -> timedelta:
    """How long the invited side has: ten minutes by phone, or 48 hours."""
    return URGENT_WITHIN if urgency == "urgent" else ROUTINE_WITHIN


def consultation_waiting(state: Move, urgency: str, asked_at: datetime, now: datetime) -> Waiting:
    """Waiting time against the limit. An urgent consultation that was taken on (by phone) has met
    its limit; one that was answered or ended waits for nobody. ``elapsed`` is never negative."""
    elapsed = max(now - asked_at, timedelta(0))
    runs = state is Move.ASKED or (state is Move.ACCEPTED and urgency != "urgent")
    if not runs:
        return Waiting(elapsed)
    limit = limit_of(urgency)
    due = asked_at + limit
    return Waiting(elapsed, limit, asked_at, due, overdue=now > due)
