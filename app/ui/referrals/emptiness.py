"""What an empty list of referrals says, and what will appear there."""

from __future__ import annotations

from app.care.referral_states import Side
from app.i18n import tr
from app.ui.referrals.controller import Listed


def empty_words(found: Listed) -> tuple[str, str]:
    """The sentence and the hint below it."""
    if found.ended:
        return (
            tr("No ended referrals yet."),
            tr("Closed, rejected and cancelled ones come here."),
        )
    if found.side is Side.RECEIVER:
        return (
            tr("No referral waits for you."),
            tr("Letters from the other organisations appear here after a synchronisation."),
        )
    return tr("No referral is under way."), tr("Ctrl+N writes the first letter.")
