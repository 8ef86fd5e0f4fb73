"""What an empty list of referrals says, and what will appear there."""

from __future__ import annotations

from app.care.referral_states import Side
from app.i18n import tr
from app.ui.referrals.controller import Listed


def empty_words(found: Listed, *, lead: bool) -> tuple[str, str]:
    """The sentence and the hint below it. ``lead``: at a lead hospital, which refers down."""
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
    first = tr("Ctrl+N refers a patient down.") if lead else tr("Ctrl+N writes the first letter.")
    return tr("No referral is under way."), first


def words_beside(*, lead: bool) -> tuple[str, str]:
    """What stands beside an empty list, where otherwise the letter is read."""
    if lead:
        return (
            tr("Letters of the members are read and answered here."),
            tr("Emergencies come first; each priority is arranged on its own."),
        )
    return (
        tr("A letter goes to the own lead hospital first."),
        tr("It arranges the three priorities: expert clinic, examination, bed."),
    )
