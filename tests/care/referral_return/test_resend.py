"""A patient referred down whose letter came back for more: it goes down again, mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept, return_for_more
from app.care.referral_moves import Reason
from app.care.referral_return.down import (
    down_of_letter,
    letter_of_down,
    refer_down,
    resend_down,
)
from app.care.referral_return.inputs import DischargeInput, DownInput, PlanInput, PlanStep
from app.care.referral_return.returns import load_returns
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.errors import InputError
from tests.care.referral_return.conftest import House, MakeStore
from tests.conftest import CARE_HOME_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, carry, letter_for

TODAY = NOW.date()


@pytest.fixture
def returned(township: House, desk: House) -> str:
    down = DownInput(
        add_resident(*desk), to_organisation_id=TOWNSHIP_ID, consent="given", transport="self"
    )
    referral_id = refer_down(*desk, down, summary_for(), plan_for(TODAY)).referral_id
    carry(desk[0], township[0])
    return_for_more(*township, referral_id, Reason("insufficient_info", "请写明用药"))
    carry(township[0], desk[0])
    return referral_id


def _mended(desk: House, referral_id: str) -> tuple[DownInput, DischargeInput, PlanInput]:
    view, returns = open_referral(*desk, referral_id), load_returns(*desk, referral_id)
    assert returns.reply is not None
    assert returns.plan is not None
    return down_of_letter(view.letter), returns.reply.input, returns.plan.input


def test_the_mended_summary_and_plan_go_down_again_under_the_same_number(
    township: House, desk: House, returned: str
) -> None:
    number = open_referral(*desk, returned).referral_no
    down, summary, plan = _mended(desk, returned)
    assert down.transport == "self"
    written = resend_down(
        *desk, returned, replace(down, transport="120"),
        replace(summary, next_plan="氨氯地平 5 mg 每日一次"), plan,
    )  # fmt: skip
    assert (written.state, written.referral_no) == (State.SENT, number)
    carry(desk[0], township[0])
    view, returns = open_referral(*township, returned), load_returns(*township, returned)
    assert view.letter.transport == "120"
    assert returns.reply is not None
    assert returns.plan is not None
    assert returns.reply.input.next_plan == "氨氯地平 5 mg 每日一次"
    # A step keeps its id; one that took the place of another has its own.
    assert [step.id for step in returns.plan.input.steps] == [step.id for step in plan.steps]
    # The ones before stay readable, and are named by nobody.
    assert [reply.current for reply in returns.replies] == [True, False]
    assert [plan.current for plan in returns.plans] == [True, False]
    accept(*township, returned, Booking("康复科", scheduled_at=NOW))


def test_a_new_step_never_takes_the_id_of_one_that_was_dropped(desk: House, returned: str) -> None:
    down, summary, plan = _mended(desk, returned)
    before = {step.id for step in plan.steps}
    steps = (*plan.steps[:-1], PlanStep("review", TODAY + timedelta(days=40), "复查"))
    resend_down(*desk, returned, down, summary, replace(plan, steps=steps))
    now = {step.id for step in _mended(desk, returned)[2].steps}
    assert len(now & before) == len(before) - 1
    assert len(now) == len(before)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"next_plan": ""}, "next_plan"),
        ({"phase": ""}, "phase"),
    ],
)
def test_it_is_asked_for_as_much_as_the_first_time(
    desk: House, returned: str, change: dict[str, str], field: str
) -> None:
    down, summary, plan = _mended(desk, returned)
    with pytest.raises(InputError) as caught:
        resend_down(*desk, returned, down, replace(summary, **change), plan)
    assert field in caught.value.problems
    with pytest.raises(InputError) as caught:
        resend_down(*desk, returned, down, summary, PlanInput(TODAY))
    assert "plan.steps" in caught.value.problems
    assert open_referral(*desk, returned).state is State.RETURNED


def test_the_receiver_stays(desk: House, returned: str) -> None:
    down, summary, plan = _mended(desk, returned)
    with pytest.raises(InputError) as caught:
        resend_down(*desk, returned, replace(down, to_organisation_id=CARE_HOME_ID), summary, plan)
    assert set(caught.value.problems) == {"to_organisation_id"}


def test_only_the_writer_sends_it_again_and_only_what_came_back(
    township: House, desk: House, returned: str
) -> None:
    down, summary, plan = _mended(desk, returned)
    with pytest.raises(InputError):
        resend_down(*township, returned, down, summary, plan)
    resend_down(*desk, returned, down, summary, plan)
    with pytest.raises(InputError):
        resend_down(*desk, returned, down, summary, plan)


def test_no_letter_alone_takes_its_place(
    make_store: MakeStore, township: House, desk: House, returned: str
) -> None:
    """Neither down from the hospital, nor between members, where a summary went along."""
    down, summary, _ = _mended(desk, returned)
    whole = replace(letter_of_down(down, summary), present_history="见小结", past_history="高血压")
    with pytest.raises(InputError) as caught:
        referral.resend(*desk, returned, whole)
    assert set(caught.value.problems) == {"to_organisation_id"}
    home = make_store(CARE_HOME_ID, "home")
    across = replace(down, resident_id=add_resident(*township), to_organisation_id=CARE_HOME_ID)
    handed = refer_down(*township, across, summary_for(), plan_for(TODAY)).referral_id
    carry(township[0], home[0])
    return_for_more(*home, handed, Reason("insufficient_info"))
    carry(home[0], township[0])
    with pytest.raises(InputError):
        referral.resend(
            *township, handed,
            letter_for(across.resident_id, services=(), reason_codes=("chronic_management",)),
        )  # fmt: skip
    again = resend_down(*township, handed, across, summary_for(), plan_for(TODAY))
    assert again.state is State.SENT
