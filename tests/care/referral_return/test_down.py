"""A patient is referred down with treatment, plan and guidance, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.care.referral import advance
from app.care.referral_desk import Booking, accept
from app.care.referral_lists import list_referrals
from app.care.referral_moves import Reason
from app.care.referral_return.answer import amend_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import REPLY_PARTS, DownInput, PlanInput
from app.care.referral_return.returns import load_returns
from app.care.referral_states import Direction, Side, State
from app.care.referral_view import open_referral
from app.errors import InputError
from tests.care.referral_return.conftest import House, MakeStore
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, carry

TODAY = NOW.date()


@pytest.fixture
def patient(desk: House) -> str:
    return add_resident(*desk)


def down_to(patient: str, **values: str) -> DownInput:
    fields = {"to_organisation_id": TOWNSHIP_ID, "consent": "given", "transport": "self"}
    return DownInput(patient, **{**fields, **values})


def test_the_township_gets_letter_summary_and_plan_and_takes_the_patient(
    township: House, desk: House, patient: str
) -> None:
    written = refer_down(*desk, down_to(patient), summary_for(), plan_for(TODAY))
    assert written.state is State.SENT
    carry(desk[0], township[0])
    (line,) = list_referrals(*township, side=Side.RECEIVER)
    assert (line.referral_id, line.direction) == (written.referral_id, Direction.DOWN)
    assert line.impression == summary_for().diagnosis
    assert line.waiting.limit == timedelta(hours=48)
    returns = load_returns(*township, written.referral_id)
    assert returns.reply is not None
    assert returns.reply.is_summary
    assert returns.plan is not None
    assert len(returns.plan.input.steps) == 3
    assert returns.stay.phase == "acute_recovery"
    accept(*township, written.referral_id, Booking("康复科", scheduled_at=NOW))
    carry(township[0], desk[0])
    assert open_referral(*desk, written.referral_id).state is State.ACCEPTED
    # What the hospital sent along is still named after the other side's move.
    assert load_returns(*desk, written.referral_id).plan is not None


def test_a_third_houses_patient_goes_down_under_a_record_of_the_own_house(
    township: House, desk: House
) -> None:
    """Only the house that keeps a record lets another one read of it."""
    theirs = add_resident(*township)
    carry(township[0], desk[0])
    elsewhere = down_to(theirs, to_organisation_id=CARE_HOME_ID)
    written = refer_down(*desk, elsewhere, summary_for(), plan_for(TODAY))
    about = open_referral(*desk, written.referral_id).patient
    assert about.resident_id != theirs
    assert about.name == "徐桂兰"
    written = refer_down(*desk, down_to(theirs), summary_for(), plan_for(TODAY))
    assert open_referral(*desk, written.referral_id).patient.resident_id == theirs


def test_the_township_declines_with_a_reason_of_its_own_list(
    township: House, desk: House, patient: str
) -> None:
    written = refer_down(*desk, down_to(patient), summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    with pytest.raises(InputError):
        advance(*township, written.referral_id, State.REJECTED, Reason("out_of_scope"))
    advance(*township, written.referral_id, State.REJECTED, Reason("medication_shortage"))
    carry(township[0], desk[0])
    view = open_referral(*desk, written.referral_id)
    assert (view.state, view.reason_code) == (State.REJECTED, "medication_shortage")


@pytest.mark.parametrize("part", REPLY_PARTS)
def test_an_empty_part_keeps_the_patient_here(desk: House, patient: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        refer_down(*desk, down_to(patient), summary_for(**{part: ""}), plan_for(TODAY))
    assert set(caught.value.problems) == {part}
    assert list_referrals(*desk) == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"to_organisation_id": ""}, "to_organisation_id"),
        ({"to_organisation_id": LEAD_ID}, "to_organisation_id"),
        ({"consent": ""}, "consent"),
        ({"consent": "refused"}, "consent"),
        ({"urgency": "emergency"}, "urgency"),
        ({"urgency": ""}, "urgency"),
        ({"mobility": "fly"}, "mobility"),
    ],
)
def test_the_letter_down_needs_a_receiver_and_consent(
    desk: House, patient: str, values: dict[str, str], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        refer_down(*desk, down_to(patient, **values), summary_for(), plan_for(TODAY))
    assert set(caught.value.problems) == {field}


def test_without_a_dated_step_nobody_goes_down(desk: House, patient: str) -> None:
    with pytest.raises(InputError) as caught:
        refer_down(*desk, down_to(patient), summary_for(), PlanInput(TODAY))
    assert set(caught.value.problems) == {"plan.steps"}


def test_the_dead_are_not_referred(desk: House) -> None:
    patient = add_resident(*desk, record_status="deceased")
    with pytest.raises(InputError) as caught:
        refer_down(*desk, down_to(patient), summary_for(), plan_for(TODAY))
    assert set(caught.value.problems) == {"resident_id"}


def test_what_was_declined_is_offered_elsewhere_and_linked(
    make_store: MakeStore, desk: House, patient: str
) -> None:
    first = refer_down(*desk, down_to(patient), summary_for(), plan_for(TODAY))
    second = refer_down(
        *desk,
        down_to(patient, to_organisation_id=CARE_HOME_ID, origin_referral_id=first.referral_id),
        summary_for(),
        plan_for(TODAY),
    )
    home = make_store(CARE_HOME_ID, "home")
    carry(desk[0], home[0])
    assert open_referral(*home, second.referral_id).letter.origin_referral_id == first.referral_id


def test_the_hospital_amends_its_summary_while_the_township_has_not_answered(
    township: House, desk: House, patient: str
) -> None:
    written = refer_down(*desk, down_to(patient), summary_for(), plan_for(TODAY))
    amend_reply(*desk, written.referral_id, summary_for(rehab_advice="每日步行 20 分钟"))
    carry(desk[0], township[0])
    reply = load_returns(*township, written.referral_id).reply
    assert reply is not None
    assert reply.input.rehab_advice == "每日步行 20 分钟"
    assert open_referral(*township, written.referral_id).state is State.SENT


def test_a_township_hands_a_patient_to_a_care_home_with_summary_and_plan(
    make_store: MakeStore, township: House
) -> None:
    patient = add_resident(*township)
    down = down_to(patient, to_organisation_id=CARE_HOME_ID)
    written = refer_down(*township, down, summary_for(), plan_for(TODAY))
    home = make_store(CARE_HOME_ID, "home")
    carry(township[0], home[0])
    view = open_referral(*home, written.referral_id)
    assert (view.direction, view.state) == (Direction.ACROSS, State.SENT)
    assert load_returns(*home, written.referral_id).plan is not None
