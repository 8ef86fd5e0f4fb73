"""Whether a visit may be written down now. Pure: from a referral as it is looked at."""

from __future__ import annotations

from app.care.referral_back.visit import may_visit
from app.care.referral_states import Side, State
from app.care.referral_view import ReferralView
from app.models.actor import Actor

_TAKEN_OVER = frozenset({State.ARRIVED, State.IN_CARE, State.REPLIED})


def visit_is_open(view: ReferralView, actor: Actor, *, brought: bool) -> bool:
    """Whether this house has the patient after a return. ``brought``: the reply that stands on the
    referral was written by the other house. The use-case checks everything again."""
    if not may_visit(actor):
        return False
    if view.side is Side.SENDER:
        came_back = any(event.to_state == State.RECEIVED_BACK for event in view.events)
        return view.state is State.RECEIVED_BACK or (view.state is State.CLOSED and came_back)
    came = any(event.to_state == State.ARRIVED for event in view.events)
    return brought and came and (view.state in _TAKEN_OVER or view.state is State.CLOSED)
