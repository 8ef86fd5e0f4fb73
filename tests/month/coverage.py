"""What the month must have had in it: every state, reason, timer, priority and direction."""

from __future__ import annotations

from itertools import pairwise

from app.models import codes
from tests.month.acts import Acts
from tests.month.truth import LEGAL, Truth
from tests.month.watch import Watch
from tests.month.words import RED_FLAGS

_STATES = (
    "draft", "internal_review", "sent", "returned", "accepted", "arrived", "in_care", "replied",
    "handed_back", "received_back", "closed", "rejected", "cancelled", "no_show", "expired",
    "deleted",
)  # fmt: skip
_OF_LETTERS = ("referral_reason", "referral_down_reason")
_OF_MOVES = {
    "referral_reject_reason": ("rejected", "up"),
    "referral_decline_reason": ("rejected", "down"),
    "referral_return_reason": ("returned", ""),
    "referral_cancel_reason": ("cancelled", ""),
    "referral_close_reason": ("closed", ""),
    "referral_reopen_reason": ("in_care received_back", ""),
    "referral_service_refusal": ("refused", ""),
}
#: Each of these was seen before its limit and after it.
_TIMERS = (
    "accept routine", "accept priority", "accept emergency", "down answer", "take back",
    "arrival up", "arrival down", "reply outpatient", "reply inpatient",
)  # fmt: skip


def everything_occurred(truth: Truth, watch: Watch, acts: Acts) -> None:
    """Raises with what was missing."""
    referrals = truth.referrals.values()
    moves = [m for each in referrals for m in each.server.moves]
    letters = [m for m in moves if m.service == "letter"]
    states = {m.target for m in letters} | {"draft"}
    assert states == set(_STATES), states ^ set(_STATES)
    assert {entry.code for entry in codes.entries("referral_state")} == set(_STATES)
    edges = {(m.source, m.target, m.side) for m in letters if m.name not in _NEUTRAL_NAMES}
    assert not LEGAL - edges, sorted(LEGAL - edges)
    _reasons(truth)
    _priorities(truth)
    timers = watch.timers | acts.timers
    for name in _TIMERS:
        assert {(name, False), (name, True)} <= timers, (name, timers)
    assert {late for _, late in acts.first_visits} == {False, True}
    assert {("routine", True), ("priority", True)} <= acts.first_visits
    assert watch.expiring
    assert watch.reminded == {0, 1, 2, 3}
    assert watch.deliveries >= {"waiting", "held"}
    directions = {direction for direction, _ in watch.states}
    assert directions == {"up", "down", "across"}
    assert {each.planned.urgency for each in referrals} == {"routine", "priority", "emergency"}
    assert any(m.automatic for m in letters)
    flags = {entry.code for entry in codes.entries("referral_red_flag")}
    assert set(RED_FLAGS) == flags
    # Both orders of a crossing: the later move is laid on the first, or takes no effect.
    assert any(each.crossed for each in referrals)
    assert any(
        (before.target, after.source, after.target) == ("accepted", "sent", "cancelled")
        for each in referrals
        for before, after in pairwise(each.server.letter)
    )


_NEUTRAL_NAMES = frozenset({"completed", "redirected", "discharged", "amended", "sent_on"})


def _reasons(truth: Truth) -> None:
    referrals = truth.referrals.values()
    for name, direction in zip(_OF_LETTERS, ("up", "down"), strict=True):
        used = {e.planned.reason for e in referrals if e.planned.direction == direction}
        known = {entry.code for entry in codes.entries(name)}
        assert used == known, (name, used ^ known)
    for name, (targets, direction) in _OF_MOVES.items():
        used = {
            move.reason
            for each in referrals
            for move in (*each.server.moves, *each.crossed)
            if move.target in targets.split()
            and move.reason
            and (not direction or each.planned.direction == direction)
        }
        known = {entry.code for entry in codes.entries(name)}
        assert used >= known, (name, known - used)


def _priorities(truth: Truth) -> None:
    seen = {
        (m.service, m.target)
        for each in truth.referrals.values()
        for m in each.server.moves
        if m.service != "letter"
    }
    services = {entry.code for entry in codes.entries("referral_service")}
    assert {service for service, _ in seen} == services - {"letter"}
    states = {entry.code for entry in codes.entries("referral_service_state")}
    assert {state for _, state in seen} | {"requested"} == states
