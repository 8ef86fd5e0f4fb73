"""One look at a list of referrals: its lines, the drafts beside them, and what waits elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from app.care.referral_drafts import DraftLine, list_drafts
from app.care.referral_lists import (
    ENDED_STATES,
    OPEN_STATES,
    ReferralLine,
    count_states,
    list_referrals,
)
from app.care.referral_states import Side, State
from app.models.actor import Actor
from app.models.store import Store

_RECEIVED_ORDER = (
    State.SENT,
    State.ACCEPTED,
    State.ARRIVED,
    State.IN_CARE,
    State.REPLIED,
    State.HANDED_BACK,
    State.RETURNED,
    State.RECEIVED_BACK,
)
_SENT_ORDER = (
    State.INTERNAL_REVIEW,
    State.RETURNED,
    State.HANDED_BACK,
    State.SENT,
    State.ACCEPTED,
    State.ARRIVED,
    State.IN_CARE,
    State.REPLIED,
    State.RECEIVED_BACK,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One look at a list: lines, drafts, and the totals by state."""

    side: Side
    ended: bool
    lines: tuple[ReferralLine, ...]
    drafts: tuple[DraftLine, ...]
    counts: dict[State, int]
    received: int
    sent: int

    @property
    def order(self) -> tuple[State, ...]:
        if self.ended:
            return ENDED_STATES
        return _RECEIVED_ORDER if self.side is Side.RECEIVER else _SENT_ORDER

    @property
    def empty(self) -> bool:
        """Whether nothing stands in it."""
        return not self.lines and not self.drafts

    @property
    def instead(self) -> Side | None:
        """The list to begin with where this one is empty and the other is not."""
        if self.ended or not self.empty:
            return None
        other, waits = (
            (Side.RECEIVER, self.received) if self.side is Side.SENDER else (Side.SENDER, self.sent)
        )
        return other if waits else None

    @property
    def more(self) -> bool:
        """Whether the store holds more ended referrals than were fetched."""
        return self.ended and len(self.lines) < sum(self.counts.get(s, 0) for s in ENDED_STATES)


def load_list(store: Store, actor: Actor, side: Side, ended: bool, limit: int) -> Listed:
    """The list of one side, open or ended."""
    states = ENDED_STATES if ended else OPEN_STATES
    counts = {each: count_states(store, actor, each) for each in Side}

    def open_count(of: Side) -> int:
        return sum(counts[of].get(state, 0) for state in OPEN_STATES)

    return Listed(
        side=side,
        ended=ended,
        lines=list_referrals(store, actor, states, side=side, limit=limit),
        drafts=list_drafts(store, actor) if side is Side.SENDER and not ended else (),
        counts=counts[side],
        received=open_count(Side.RECEIVER),
        sent=open_count(Side.SENDER),
    )
