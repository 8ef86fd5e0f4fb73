"""Replies and plans of another program may hold anything; they are read, never a crash."""

from __future__ import annotations

import pytest

from app.care.referral_return.answer import hand_back
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.models.referral_return import ReferralReply, ReturnPlan
from tests.care.referral_return.conftest import House
from tests.conftest import NOW
from tests.referral_returns import plan_for, summary_for


@pytest.fixture
def answered(desk: House, accepted: str) -> str:
    arrive(*desk, accepted)
    hand_back(*desk, accepted, summary_for(), plan_for(NOW.date()))
    return accepted


def test_drugs_in_parts_are_one_line_each(desk: House, answered: str) -> None:
    with desk[0].apply_remote() as session:
        row = session.query(ReferralReply).one()
        row.drugs = [
            {"code": "amlodipine", "name": "氨氯地平", "dose": 5, "unit": "mg"},
            "阿司匹林 100 mg",
            {},
            None,
        ]
        row.diagnoses = ["高血压", {"code": None, "display": "糖尿病"}]
        row.checklist = {"vitals_stable": "yes", "family_informed": True}
    reply = load_returns(*desk, answered).reply
    assert reply is not None
    assert reply.input.drugs == ("氨氯地平 5 mg", "阿司匹林 100 mg")
    assert reply.input.diagnoses == (("", "糖尿病"),)
    assert reply.input.checklist == {"family_informed": True}


def test_a_step_that_cannot_be_read_stays_without_its_date(desk: House, answered: str) -> None:
    with desk[0].apply_remote() as session:
        row = session.query(ReturnPlan).one()
        row.steps = [
            {"id": 7, "kind": "exam", "due_on": "2026-02-30", "what": None},
            {"kind": "exam", "due_on": 20260309},
            "follow_up",
            {},
        ]
        row.rehab = {"goal_short": None, "items": ["walking", {"exercise": "walking"}]}
    plan = load_returns(*desk, answered).plan
    assert plan is not None
    first = plan.input.steps[0]
    assert (first.id, first.kind, first.due_on) == ("7", "exam", None)
    assert len(plan.input.steps) == 3
    assert plan.input.rehab is not None
    assert [item.exercise for item in plan.input.rehab.items] == ["walking"]
