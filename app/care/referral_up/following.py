"""A new letter that follows one which ended without the patient being seen, or became urgent.

Source: domain reference §6.4: no move leads out of rejected, cancelled, no-show and expired; a new
referral is written and names the one before it (``origin_referral_id``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.care.referral_letter import LetterInput
from app.care.referral_red_flags import Vitals
from app.care.referral_states import FINAL, MOVERS, Direction, Side, State, Urgency
from app.care.referral_view import ReferralView
from app.models.actor import Actor


def may_follow(view: ReferralView, actor: Actor) -> bool:
    """Whether this person may write the letter that follows.

    A patient whom the lead hospital refers down is offered elsewhere with the discharge summary
    (``referral_return``); a letter thrown away in its own house is simply written anew.
    """
    if view.side is not Side.SENDER or view.direction is Direction.DOWN:
        return False
    if view.state is State.INTERNAL_REVIEW:
        return True
    ended = view.state in FINAL and view.state is not State.DELETED
    return ended and (view.urgency is Urgency.EMERGENCY or actor.has_role(*MOVERS))


def following_letter(view: ReferralView, today: date) -> LetterInput:
    """The beginnings of the letter: the words and wishes of the one before.

    What must be true of this day is not carried on: measurements and red flags of another day, and
    the consent, which is asked for this letter. A letter that waits for approval and became urgent
    goes as an emergency, which nobody holds up.
    """
    letter = replace(
        view.letter,
        origin_referral_id=view.referral_id,
        source_kind="",
        source_id="",
        consent="",
        consent_signer="",
        from_doctor_phone="",
        services=tuple(
            replace(wish, wanted_on=None)
            if wish.wanted_on is not None and wish.wanted_on < today
            else wish
            for wish in view.letter.services
        ),
    )
    if view.state is State.INTERNAL_REVIEW:
        return replace(letter, urgency=Urgency.EMERGENCY)
    if view.written_on != today:
        letter = replace(letter, vitals=Vitals(), red_flags=())
    return letter
