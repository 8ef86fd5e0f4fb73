"""What the desk may do beside the moves of §6.4: hand on, admit, discharge, reply, hand back.

Pure: from a referral as it is looked at. The use-cases check everything again.
"""

from __future__ import annotations

from enum import StrEnum

from app.care.referral_states import MOVERS, Direction, Side, State, Urgency
from app.care.referral_view import ReferralView
from app.models.actor import Actor


class DeskStep(StrEnum):
    """One step that has its own form."""

    REDIRECT = "redirect"
    ADMIT = "admit"
    DISCHARGE = "discharge"
    REPLY = "reply"
    HAND_BACK = "hand_back"
    AMEND = "amend"
    ELSEWHERE = "elsewhere"
    RESEND = "resend"  # a returned letter down, with its summary; its button is that of the move
    VISIT = "visit"  # of the house that took the patient back or over


_OF_RECEIVER: dict[State, tuple[DeskStep, ...]] = {
    State.SENT: (DeskStep.REDIRECT,),
    State.ACCEPTED: (DeskStep.ADMIT,),
    State.ARRIVED: (DeskStep.ADMIT, DeskStep.HAND_BACK, DeskStep.REPLY),
    State.IN_CARE: (DeskStep.DISCHARGE, DeskStep.HAND_BACK, DeskStep.REPLY),
    State.REPLIED: (DeskStep.AMEND, DeskStep.ELSEWHERE, DeskStep.HAND_BACK),
    State.HANDED_BACK: (DeskStep.AMEND,),
    State.RECEIVED_BACK: (DeskStep.AMEND,),
}
#: Of the house that referred down: its summary may be amended until the patient was taken over,
#: and after a refusal the patient is offered to somebody else.
_OF_WRITER_DOWN: dict[State, tuple[DeskStep, ...]] = {
    State.SENT: (DeskStep.AMEND,),
    State.ACCEPTED: (DeskStep.AMEND,),
    State.REJECTED: (DeskStep.ELSEWHERE,),
    State.EXPIRED: (DeskStep.ELSEWHERE,),
}


def desk_steps(view: ReferralView, actor: Actor, *, has_reply: bool) -> tuple[DeskStep, ...]:
    """The steps open to this person, the one that leads on last. ``has_reply``: a reply of the own
    house stands on the referral."""
    if view.urgency is not Urgency.EMERGENCY and not actor.has_role(*MOVERS):
        return ()
    if view.side is Side.RECEIVER:
        found = _OF_RECEIVER.get(view.state, ())
    elif view.direction is Direction.UP:
        found = ()
    else:
        found = _OF_WRITER_DOWN.get(view.state, ())
    hidden: set[DeskStep] = set()
    if not has_reply:
        hidden |= {DeskStep.AMEND}
        if view.side is Side.SENDER:
            hidden |= {DeskStep.ELSEWHERE}  # a plain letter of a member is written anew instead
    if view.direction is Direction.DOWN and view.side is Side.RECEIVER:
        hidden |= {DeskStep.HAND_BACK, DeskStep.ELSEWHERE}
    return tuple(step for step in found if step not in hidden)
