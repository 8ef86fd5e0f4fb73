"""The life of a two-way referral: states, legal moves, who may make them, and crossing moves.

Source: county convention, domain reference §6.4 (synthesised from local systems, version
``LOCAL-2025``). Everything here is pure: no clock, no store, no words for the screen. Names of
states and reasons are code lists (``referral_state`` and the lists named by :attr:`Rule.reasons`).

Two parties take part. The *sender* is the organisation that wrote the letter, the *receiver* the
one it was written to; they keep these parts for the whole life of the referral, also when the
patient is handed back ("original sender" in the standard).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

RULE_VERSION = "LOCAL-2025"


class State(StrEnum):
    """State of the letter. The values are what is stored and sent (Task.businessStatus)."""

    DRAFT = "draft"
    INTERNAL_REVIEW = "internal_review"
    SENT = "sent"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    IN_CARE = "in_care"
    REPLIED = "replied"
    HANDED_BACK = "handed_back"
    RECEIVED_BACK = "received_back"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"
    DELETED = "deleted"


#: No move leads out of these; a new, linked referral is written instead.
FINAL = frozenset({State.REJECTED, State.CANCELLED, State.NO_SHOW, State.EXPIRED, State.DELETED})

#: States in which the receiver has taken the patient on.
TAKEN_ON = frozenset({State.ACCEPTED, State.ARRIVED, State.IN_CARE, State.REPLIED})


class Side(StrEnum):
    SENDER = "sender"
    RECEIVER = "receiver"


class Urgency(StrEnum):
    ROUTINE = "routine"
    PRIORITY = "priority"
    EMERGENCY = "emergency"


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    ACROSS = "across"  # from one member to another, neither of them the lead hospital


#: Moves that leave the state as it is: they take nothing away and need no state of their own.
NEUTRAL = frozenset({"completed", "redirected", "discharged", "amended", "sent_on"})

#: Code lists from which the reasons of a letter come, by its direction. Members refer to each other
#: for what either list says.
REASON_LISTS = {
    Direction.UP: ("referral_reason",),
    Direction.DOWN: ("referral_down_reason",),
    Direction.ACROSS: ("referral_down_reason", "referral_reason"),
}

#: Roles that may approve a letter inside the sender's house (院内审核).
REVIEWERS = frozenset({"head_of_department", "president"})
#: Roles that may move a referral. In an emergency every member of staff may.
MOVERS = frozenset(
    {
        "doctor",
        "specialist",
        "referral_coordinator",
        "head_of_department",
        "president",
        "nurse",
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One edge of the table in §6.4.

    ``reasons`` names the code list a reason must come from (None: no reason is asked);
    ``phone`` marks the green channel: only in an emergency and only with a phone confirmation.
    """

    source: State
    target: State
    sides: frozenset[Side]
    reasons: str | None = None
    phone: bool = False
    roles: frozenset[str] = MOVERS


_S, _R = frozenset({Side.SENDER}), frozenset({Side.RECEIVER})
_BOTH = _S | _R

_CANCEL = "referral_cancel_reason"
_CLOSE = "referral_close_reason"
_DECLINE = "referral_decline_reason"
_REOPEN = "referral_reopen_reason"

RULES: tuple[Rule, ...] = (
    Rule(State.DRAFT, State.INTERNAL_REVIEW, _S),
    Rule(State.DRAFT, State.SENT, _S),
    Rule(State.DRAFT, State.DELETED, _S),
    # Green channel: phone first, form later. The same call may also follow a letter that lies
    # unanswered past its 15 minutes ("then phone"), so it is legal from `sent` too.
    Rule(State.DRAFT, State.ACCEPTED, _S, phone=True),
    Rule(State.SENT, State.ACCEPTED, _S, phone=True),
    Rule(State.INTERNAL_REVIEW, State.SENT, _S, roles=REVIEWERS),
    Rule(State.INTERNAL_REVIEW, State.DRAFT, _S, roles=REVIEWERS),
    Rule(State.SENT, State.ACCEPTED, _R),
    Rule(State.SENT, State.REJECTED, _R, reasons="referral_reject_reason"),
    Rule(State.SENT, State.RETURNED, _R, reasons="referral_return_reason"),
    Rule(State.SENT, State.CANCELLED, _S, reasons=_CANCEL),
    Rule(State.SENT, State.EXPIRED, _S),
    Rule(State.RETURNED, State.SENT, _S),
    Rule(State.RETURNED, State.CANCELLED, _S, reasons=_CANCEL),
    # The receiver may book again (other bed, other day) while the patient has not come, and
    # fills in the booking after a phone confirmation.
    Rule(State.ACCEPTED, State.ACCEPTED, _R),
    Rule(State.ACCEPTED, State.ARRIVED, _R),
    Rule(State.ACCEPTED, State.NO_SHOW, _R),
    Rule(State.ACCEPTED, State.CANCELLED, _BOTH, reasons=_CANCEL),
    Rule(State.ARRIVED, State.IN_CARE, _R),
    Rule(State.ARRIVED, State.REPLIED, _R),
    Rule(State.IN_CARE, State.REPLIED, _R),
    Rule(State.IN_CARE, State.CLOSED, _R, reasons=_CLOSE),
    Rule(State.REPLIED, State.HANDED_BACK, _R),
    Rule(State.REPLIED, State.CLOSED, _R, reasons=_CLOSE),
    Rule(State.HANDED_BACK, State.RECEIVED_BACK, _S),
    Rule(State.HANDED_BACK, State.REPLIED, _S, reasons=_DECLINE),
    Rule(State.RECEIVED_BACK, State.CLOSED, _S, reasons=_CLOSE),
    Rule(State.CLOSED, State.IN_CARE, _BOTH, reasons=_REOPEN),
    Rule(State.CLOSED, State.RECEIVED_BACK, _BOTH, reasons=_REOPEN),
)


def reason_list(rule: Rule, direction: Direction) -> str | None:
    """The code list a reason for this move is taken from; a down-referral that the lower
    organisation cannot take has its own reasons (no_capability, bed_full, …)."""
    if rule.target is State.REJECTED and direction is not Direction.UP:
        return _DECLINE
    return rule.reasons


@dataclass(frozen=True, slots=True)
class Move:
    """One step as somebody made it, perhaps offline.

    ``source`` is the state its author saw. ``order`` is its place in the server's order of arrival,
    None while it has not reached the server. ``local`` orders moves of this PC that are still
    waiting (an outbox sequence, never a clock). ``id`` is the event's id: the same id is the same
    move however often it is delivered.
    """

    id: str
    source: State
    target: State
    side: Side
    urgency: Urgency = Urgency.ROUTINE
    reason: str | None = None
    phone: bool = False
    order: int | None = None
    local: int = 0


def find_rule(
    source: State, target: State, side: Side, *, urgency: Urgency, phone: bool = False
) -> Rule | None:
    """The rule that allows this step, or None. A plain acceptance by the receiver is preferred
    over nothing else; a phone confirmation is legal only in an emergency."""
    for rule in RULES:
        if rule.source is not source or rule.target is not target or side not in rule.sides:
            continue
        if rule.phone and not (phone and urgency is Urgency.EMERGENCY):
            continue
        return rule
    return None


def legal_moves(
    state: State, side: Side, *, urgency: Urgency, internal_review: bool = False
) -> tuple[Rule, ...]:
    """What this side may do next, in the order of the table.

    ``internal_review``: whether the sender's house approves letters before they leave (setting,
    default off). It never applies to an emergency: the green channel skips approval.
    """
    emergency = urgency is Urgency.EMERGENCY
    review = internal_review and not emergency
    found = []
    for rule in RULES:
        if rule.source is not state or side not in rule.sides:
            continue
        if rule.phone and not emergency:
            continue
        if state is State.DRAFT and rule.target is State.INTERNAL_REVIEW and not review:
            continue
        if state is State.DRAFT and rule.target is State.SENT and review:
            continue
        found.append(rule)
    return tuple(found)


def may_move(rule: Rule, roles: Iterable[str], *, urgency: Urgency) -> bool:
    """Whether somebody with these roles may make the move. An emergency is never held up by a
    role."""
    return urgency is Urgency.EMERGENCY or not rule.roles.isdisjoint(roles)


class Outcome(StrEnum):
    """What became of a move once the order was known."""

    APPLIED = "applied"
    REPEATED = "repeated"  # the referral was already there: nothing to tell anybody
    CROSSED = "crossed"  # no longer legal: a person is told


@dataclass(frozen=True, slots=True)
class History:
    """All moves known here, in their order, each with what became of it.

    ``state`` is the end of the replay. Build it with :func:`apply_move` only.
    """

    moves: tuple[Move, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    state: State = State.DRAFT

    @property
    def crossed(self) -> tuple[Move, ...]:
        """Moves that a person has to be told about."""
        pairs = zip(self.moves, self.outcomes, strict=True)
        return tuple(move for move, outcome in pairs if outcome is Outcome.CROSSED)


def step(state: State, move: Move) -> tuple[State, Outcome]:
    """Apply one move to the state it meets, which may differ from the one its author saw.

    It stands if it is legal from there: cancel after accept is, accept after cancel is not. A move
    that needs a reason from there and carries none does not stand (a late "in care" must not
    reopen a closed referral).
    """
    rule = find_rule(state, move.target, move.side, urgency=move.urgency, phone=move.phone)
    if rule is not None and (rule.reasons is None or move.reason):
        return move.target, Outcome.APPLIED
    if state is move.target:
        return state, Outcome.REPEATED
    return state, Outcome.CROSSED


def _place(move: Move) -> tuple[int, int, str]:
    """Moves the server has come first, in its order; ours that still wait come after them."""
    if move.order is not None:
        return (0, move.order, move.id)
    return (1, move.local, move.id)


def apply_move(history: History, move: Move) -> History:
    """Add a move to what is known, and replay.

    The end depends only on the set of moves and the server's order, never on the order in which
    they came here: late, duplicated and crossing moves end in the same state everywhere. A move
    seen again with its server order replaces the copy that was still waiting.
    """
    known = {known.id: known for known in history.moves}
    before = known.get(move.id)
    if before is not None and move.order is None:
        move = replace(move, order=before.order)
    known[move.id] = move
    moves = tuple(sorted(known.values(), key=_place))
    state = State.DRAFT
    outcomes = []
    for each in moves:
        state, outcome = step(state, each)
        outcomes.append(outcome)
    return History(moves, tuple(outcomes), state)


def settle(state: State, waiting: Iterable[Move]) -> tuple[State, tuple[Move, ...]]:
    """Our waiting moves laid on the state the server holds: the end, and the moves that crossed.

    For the sync floor after a stale answer: what reached the server first stands, ours follow in
    their local order where they are still legal.
    """
    crossed = []
    for move in sorted(waiting, key=_place):
        state, outcome = step(state, move)
        if outcome is Outcome.CROSSED:
            crossed.append(move)
    return state, tuple(crossed)


# --- the three priorities -------------------------------------------------------------------


class ServiceState(StrEnum):
    """State of one priority asked for (clinic, examination, bed), apart from the letter's."""

    REQUESTED = "requested"
    ARRANGED = "arranged"
    REFUSED = "refused"
    USED = "used"
    WITHDRAWN = "withdrawn"


#: Answers of the receiver. It may be arranged again after a refusal (a bed came free).
SERVICE_ANSWERS: dict[ServiceState, tuple[ServiceState, ...]] = {
    ServiceState.REQUESTED: (ServiceState.ARRANGED, ServiceState.REFUSED),
    ServiceState.ARRANGED: (ServiceState.USED, ServiceState.ARRANGED, ServiceState.REFUSED),
    ServiceState.REFUSED: (ServiceState.ARRANGED,),
    ServiceState.USED: (),
    ServiceState.WITHDRAWN: (),
}

#: What an unanswered or arranged priority becomes when its letter ends before the patient came.
#: A priority that was refused or used keeps its own answer.
OPEN_SERVICES = frozenset({ServiceState.REQUESTED, ServiceState.ARRANGED})


def legal_answers(letter: State, service: ServiceState, side: Side) -> tuple[ServiceState, ...]:
    """Answers the given side may give to one priority. A priority is answered once the letter is
    accepted, and for as long as the receiver has the patient."""
    if side is not Side.RECEIVER or letter not in TAKEN_ON:
        return ()
    return SERVICE_ANSWERS[service]


def service_after(letter: State, service: ServiceState) -> ServiceState:
    """A priority's state after its letter moved to ``letter``: withdrawn with a cancelled or
    expired letter, refused with a rejected one."""
    if letter in (State.CANCELLED, State.EXPIRED, State.NO_SHOW) and service in OPEN_SERVICES:
        return ServiceState.WITHDRAWN
    if letter is State.REJECTED and service in OPEN_SERVICES:
        return ServiceState.REFUSED
    return service
