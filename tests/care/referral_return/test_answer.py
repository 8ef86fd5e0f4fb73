"""The reply, the hand-back with summary and plan, and amending both."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.care.referral import advance
from app.care.referral_moves import Reason
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.inputs import (
    REPLY_PARTS,
    Admission,
    DischargeInput,
    PlanInput,
    PlanStep,
)
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import admit, arrive
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.errors import InputError
from app.models.outbox import Outbox
from app.models.referral_return import ReferralReply, ReturnPlan
from tests.care.referral_return.conftest import House
from tests.conftest import NOW
from tests.referral_returns import CHECKLIST, plan_for, reply_for, summary_for
from tests.referral_support import carry

TODAY = NOW.date()


@pytest.fixture
def arrived(desk: House, accepted: str) -> str:
    arrive(*desk, accepted)
    return accepted


@pytest.fixture
def in_care(desk: House, accepted: str) -> str:
    admit(*desk, accepted, Admission(department="心血管内科", inpatient_no="ZY7"))
    return accepted


@pytest.fixture
def replied(desk: House, arrived: str) -> str:
    write_reply(*desk, arrived, reply_for())
    return arrived


def test_the_writer_of_the_letter_reads_the_reply(
    township: House, desk: House, arrived: str
) -> None:
    assert write_reply(*desk, arrived, reply_for()).state is State.REPLIED
    carry(desk[0], township[0])
    view = open_referral(*township, arrived)
    assert view.state is State.REPLIED
    returns = load_returns(*township, arrived)
    assert returns.reply is not None
    assert not returns.reply.is_summary
    kept = returns.reply.input
    for name in (*REPLY_PARTS, "drugs", "department", "visit_kind"):
        assert getattr(kept, name) == getattr(reply_for(), name)
    assert returns.reply.to_name == view.from_name
    assert returns.plan is None


def test_reply_plan_and_state_wait_to_be_sent(desk: House, arrived: str) -> None:
    with desk[0].write(desk[1]) as session:
        session.query(Outbox).delete()
    write_reply(*desk, arrived, reply_for(), plan_for(TODAY))
    with desk[0].read() as session:
        kinds = sorted(session.scalars(select(Outbox.kind)))
    assert kinds == ["referral_event", "referral_reply", "referral_task", "return_plan"]


@pytest.mark.parametrize("part", REPLY_PARTS)
def test_a_reply_with_an_empty_part_is_blocked_and_changes_nothing(
    desk: House, arrived: str, part: str
) -> None:
    with pytest.raises(InputError) as caught:
        write_reply(*desk, arrived, reply_for(**{part: " \n "}))
    assert set(caught.value.problems) == {part}
    with pytest.raises(InputError) as caught:
        hand_back(*desk, arrived, summary_for(**{part: ""}), plan_for(TODAY))
    assert set(caught.value.problems) == {part}
    assert open_referral(*desk, arrived).state is State.ARRIVED
    assert load_returns(*desk, arrived).replies == ()


def test_a_stay_needs_its_days_in_order(desk: House, in_care: str) -> None:
    reply = reply_for(visit_kind="inpatient")
    with pytest.raises(InputError) as caught:
        write_reply(*desk, in_care, reply)
    assert set(caught.value.problems) == {"admitted_on", "discharged_on"}
    wrong = replace(reply, admitted_on=TODAY, discharged_on=TODAY - timedelta(days=1))
    with pytest.raises(InputError) as caught:
        write_reply(*desk, in_care, wrong)
    assert set(caught.value.problems) == {"discharged_on"}
    ahead = replace(reply, admitted_on=TODAY, discharged_on=TODAY + timedelta(days=2))
    with pytest.raises(InputError) as caught:
        write_reply(*desk, in_care, ahead)
    assert set(caught.value.problems) == {"discharged_on"}
    sound = replace(reply, admitted_on=TODAY, discharged_on=TODAY + timedelta(days=1))
    write_reply(*desk, in_care, sound)
    kept = load_returns(*desk, in_care).reply
    # The number given at admission is on the reply without being typed again.
    assert kept is not None
    assert kept.input.inpatient_no == "ZY7"


def test_a_second_reply_is_no_new_reply(desk: House, replied: str) -> None:
    with pytest.raises(InputError):
        write_reply(*desk, replied, reply_for())
    assert len(load_returns(*desk, replied).replies) == 1


def test_the_patient_is_handed_back_with_summary_and_plan(
    township: House, desk: House, replied: str
) -> None:
    assert hand_back(*desk, replied, summary_for(), plan_for(TODAY)).state is State.HANDED_BACK
    carry(desk[0], township[0])
    assert open_referral(*township, replied).state is State.HANDED_BACK
    returns = load_returns(*township, replied)
    assert returns.reply is not None
    assert returns.reply.is_summary
    assert returns.stay.phase == "acute_recovery"
    assert returns.reply.input.checklist == CHECKLIST
    assert [reply.is_summary for reply in returns.replies] == [True, False]
    assert returns.plan is not None
    steps = returns.plan.input.steps
    assert [(step.id, step.kind, (step.due_on or TODAY) - TODAY) for step in steps] == [
        ("1", "rehab", timedelta(days=3)),
        ("2", "follow_up", timedelta(days=7)),
        ("3", "review", timedelta(days=28)),
    ]
    assert steps[1].disease == "hypertension"
    assert returns.plan.input.rehab == plan_for(TODAY).rehab


def test_a_hand_back_without_a_reply_before_is_both_moves_at_once(
    desk: House, in_care: str
) -> None:
    hand_back(*desk, in_care, summary_for(), plan_for(TODAY))
    view = open_referral(*desk, in_care)
    last = [e.to_state for e in view.events if e.service == "letter"][-2:]
    assert last == ["replied", "handed_back"]
    assert len(load_returns(*desk, in_care).replies) == 1


def test_after_a_refusal_to_take_back_it_is_offered_again(
    township: House, desk: House, replied: str
) -> None:
    hand_back(*desk, replied, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    advance(*township, replied, State.REPLIED, Reason("bed_full"))
    carry(township[0], desk[0])
    first = load_returns(*desk, replied)
    hand_back(*desk, replied, summary_for(next_plan="床位空出后转回"), plan_for(TODAY))
    second = load_returns(*desk, replied)
    assert second.reply is not None
    assert first.reply is not None
    assert second.reply.replaces_id == first.reply.id
    assert second.plan is not None
    assert first.plan is not None
    assert second.plan.replaces_id == first.plan.id
    assert second.reply.input.next_plan == "床位空出后转回"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"phase": ""}, {"phase"}),
        ({"phase": "chronic"}, {"phase"}),
        ({"reason_codes": ()}, {"reason_codes"}),
        ({"reason_codes": ("lack_examination",)}, {"reason_codes"}),
        ({"reason_codes": ("other",)}, {"reason_text"}),
        ({"checklist": {}}, {f"checklist.{code}" for code in CHECKLIST}),
        ({"checklist": {**CHECKLIST, "bed_confirmed": False}}, {"attention_points"}),
        (
            {"checklist": {**CHECKLIST, "vitals_stable": False}, "attention_points": "注意"},
            {"checklist.vitals_stable"},
        ),
        ({"visit_kind": ""}, {"visit_kind"}),
        ({"doctor_phone": "12"}, {"doctor_phone"}),
    ],
)
def test_a_summary_needs_phase_reason_and_the_whole_checklist(
    desk: House, replied: str, change: dict[str, object], fields: set[str]
) -> None:
    with pytest.raises(InputError) as caught:
        hand_back(*desk, replied, summary_for(**change), plan_for(TODAY))
    assert set(caught.value.problems) == fields
    assert open_referral(*desk, replied).state is State.REPLIED


def test_a_no_on_the_checklist_passes_when_it_is_explained(desk: House, replied: str) -> None:
    summary = summary_for(
        checklist={**CHECKLIST, "tubes_manageable": False}, attention_points="导尿管由我院护士上门"
    )
    hand_back(*desk, replied, summary, plan_for(TODAY))
    kept = load_returns(*desk, replied).reply
    assert kept is not None
    assert kept.input.checklist["tubes_manageable"] is False


@pytest.mark.parametrize(
    ("plan", "fields"),
    [
        (PlanInput(None), {"starts_on", "steps"}),
        (PlanInput(TODAY, (PlanStep("exam", None),)), {"steps.0.due_on"}),
        (PlanInput(TODAY, (PlanStep("exam", TODAY - timedelta(days=1)),)), {"steps.0.due_on"}),
        (PlanInput(TODAY, (PlanStep("exam", TODAY + timedelta(days=5 * 366 + 1)),)),
         {"steps.0.due_on"}),
        (PlanInput(TODAY, (PlanStep("", TODAY),)), {"steps.0.kind"}),
        (PlanInput(TODAY, (PlanStep("other", TODAY),)), {"steps.0.what"}),
        (PlanInput(TODAY, (PlanStep("follow_up", TODAY, disease="cold"),)), {"steps.0.disease"}),
        (PlanInput(TODAY, (PlanStep("rehab", TODAY),)), {"goal_short"}),
        (PlanInput(TODAY, (PlanStep("exam", TODAY),) * 41), {"steps"}),
        (PlanInput(TODAY, (PlanStep("exam", TODAY),), contact_phone="1"), {"contact_phone"}),
    ],
)  # fmt: skip
def test_a_plan_needs_sound_dated_steps(
    desk: House, replied: str, plan: PlanInput, fields: set[str]
) -> None:
    with pytest.raises(InputError) as caught:
        hand_back(*desk, replied, summary_for(), plan)
    assert set(caught.value.problems) == {f"plan.{name}" for name in fields}


def test_the_latest_day_of_a_step_is_five_years_ahead(desk: House, replied: str) -> None:
    furthest = PlanStep("exam", TODAY + timedelta(days=5 * 366))
    hand_back(*desk, replied, summary_for(), PlanInput(TODAY, (furthest,)))
    plan = load_returns(*desk, replied).plan
    assert plan is not None
    assert plan.input.rehab is None


def test_an_amended_reply_stands_and_the_one_before_stays_readable(
    township: House, desk: House, replied: str
) -> None:
    before = load_returns(*desk, replied).reply
    assert before is not None
    amend_reply(*desk, replied, reply_for(diagnosis="高血压 2 级 高危"))
    carry(desk[0], township[0])
    returns = load_returns(*township, replied)
    assert returns.reply is not None
    assert returns.reply.input.diagnosis == "高血压 2 级 高危"
    assert returns.reply.replaces_id == before.id
    assert [reply.current for reply in returns.replies] == [True, False]
    view = open_referral(*township, replied)
    assert view.state is State.REPLIED
    assert view.events[-1].standing
    assert "amended" in {event.move for event in view.events}
    with township[0].read() as session:
        assert session.get_one(ReferralReply, before.id).diagnosis == before.input.diagnosis


def test_a_summary_is_amended_as_a_summary_and_its_plan_goes_on(desk: House, replied: str) -> None:
    hand_back(*desk, replied, summary_for(), plan_for(TODAY))
    with pytest.raises(InputError) as caught:
        amend_reply(*desk, replied, reply_for())
    assert set(caught.value.problems) == {"phase"}
    amend_reply(*desk, replied, summary_for(phase="critical_stabilised"))
    returns = load_returns(*desk, replied)
    assert returns.stay.phase == "critical_stabilised"
    assert returns.plan is not None
    with desk[0].read() as session:
        assert len(session.scalars(select(ReturnPlan.id)).all()) == 1


def test_nobody_amends_the_reply_of_another_house(
    township: House, desk: House, replied: str
) -> None:
    carry(desk[0], township[0])
    with pytest.raises(InputError):
        amend_reply(*township, replied, reply_for())
    assert len(load_returns(*township, replied).replies) == 1


def test_a_plain_reply_drops_the_parts_of_a_summary(desk: House, arrived: str) -> None:
    """A form that holds a summary's parts still writes a plain reply when that is asked for."""
    write_reply(*desk, arrived, summary_for())
    kept = load_returns(*desk, arrived)
    assert kept.reply is not None
    assert not kept.reply.is_summary
    assert kept.reply.input.phase == ""
    assert kept.stay.phase == ""
    assert isinstance(kept.reply.input, DischargeInput)
