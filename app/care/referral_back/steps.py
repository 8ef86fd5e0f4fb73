"""Whether a visit may be written down now. Pure: from a referral as it is looked at."""

from __future__ import annotations

from app.care.referral_back.visit import may_visit
from app.models.actor import Actor


def visit_is_open(actor: Actor, *, in_hand: bool) -> bool:
    """Whether this person may write a visit after the return. ``in_hand``: the house has the
    patient (``Returns.in_hand``). The use-case checks everything again."""
    return in_hand and may_visit(actor)
