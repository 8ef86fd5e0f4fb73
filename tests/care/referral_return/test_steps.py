"""Which steps the desk is offered: by state, side, direction, role and what was written already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.care.referral import send
from app.care.referral_return.steps import DeskStep, desk_steps
from app.care.referral_states import Direction, Side, State, Urgency
from app.care.referral_view import ReferralView, open_referral
from tests.care.referral_return.conftest import House
from tests.referral_support import add_resident, carry, letter_for

REDIRECT, ADMIT, DISCHARGE = DeskStep.REDIRECT, DeskStep.ADMIT, DeskStep.DISCHARGE
REPLY, HAND_BACK, AMEND = DeskStep.REPLY, DeskStep.HAND_BACK, DeskStep.AMEND
ELSEWHERE = DeskStep.ELSEWHERE


@pytest.fixture
def view(township: House, desk: House) -> ReferralView:
    referral_id = send(*township, letter_for(add_resident(*township))).referral_id
    carry(township[0], desk[0])
    return open_referral(*desk, referral_id)


EXPECTED = {
    State.SENT: (REDIRECT,),
    State.ACCEPTED: (ADMIT,),
    State.ARRIVED: (ADMIT, HAND_BACK, REPLY),
    State.IN_CARE: (DISCHARGE, HAND_BACK, REPLY),
    State.REPLIED: (AMEND, ELSEWHERE, HAND_BACK),
    State.HANDED_BACK: (AMEND,),
    State.RECEIVED_BACK: (AMEND,),
}


def test_the_hospital_that_received_an_up_referral(desk: House, view: ReferralView) -> None:
    for state in State:
        found = desk_steps(replace(view, state=state), desk[1], has_reply=True)
        assert found == EXPECTED.get(state, ()), state


def test_nothing_is_amended_before_it_was_written(desk: House, view: ReferralView) -> None:
    replied = replace(view, state=State.HANDED_BACK)
    assert desk_steps(replied, desk[1], has_reply=False) == ()


def test_the_writer_of_an_up_referral_has_no_desk(township: House, view: ReferralView) -> None:
    for state in State:
        mine = replace(view, state=state, side=Side.SENDER)
        assert desk_steps(mine, township[1], has_reply=True) == ()


def test_whoever_received_a_patient_from_above_does_not_hand_back(
    township: House, view: ReferralView
) -> None:
    down = replace(view, direction=Direction.DOWN)
    arrived = replace(down, state=State.ARRIVED)
    assert desk_steps(arrived, township[1], has_reply=False) == (ADMIT, REPLY)
    replied = replace(down, state=State.REPLIED)
    assert desk_steps(replied, township[1], has_reply=True) == (AMEND,)


def test_the_house_that_referred_down_amends_or_offers_elsewhere(
    desk: House, view: ReferralView
) -> None:
    mine = replace(view, side=Side.SENDER, direction=Direction.DOWN)
    found = {
        state: desk_steps(replace(mine, state=state), desk[1], has_reply=True) for state in State
    }
    assert {state: steps for state, steps in found.items() if steps} == {
        State.SENT: (AMEND,),
        State.ACCEPTED: (AMEND,),
        State.REJECTED: (ELSEWHERE,),
        State.EXPIRED: (ELSEWHERE,),
    }
    plain = replace(mine, state=State.REJECTED, direction=Direction.ACROSS)
    assert desk_steps(plain, desk[1], has_reply=False) == ()


def test_a_clerk_is_offered_nothing_except_in_an_emergency(desk: House, view: ReferralView) -> None:
    clerk = replace(desk[1], roles=frozenset({"clerk"}))
    assert desk_steps(view, clerk, has_reply=False) == ()
    urgent = replace(view, urgency=Urgency.EMERGENCY)
    assert desk_steps(urgent, clerk, has_reply=False) == (REDIRECT,)
