"""What a return brings: due work, a draft rehab plan, the first visit, and what the lead sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.care import referral
from app.care.referral_back.visit import VisitInput, begin_visit, record_visit, return_of
from app.care.referral_moves import Reason
from app.care.referral_red_flags import Vitals
from app.care.referral_return.answer import amend_reply
from app.care.referral_return.inputs import Admission, PlanInput, PlanStep
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import admit, arrive
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.care.rehab_plan import activate_plan, plans_of, stop_plan
from app.care.work_due import kinds_of
from app.care.work_list import today_work
from app.clock import FixedClock
from app.errors import InputError, NotAllowed
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.outreach import SharedNote
from app.models.referral_return import ReferralVisit
from tests.care.referral_back.conftest import TODAY, House
from tests.conftest import LEAD_ID
from tests.referral_returns import summary_for
from tests.referral_support import carry

SEEN = VisitInput(mode="home", visited_on=TODAY, findings="血压 138/84 mmHg，无头晕。")


def due(house: House, *prefixes: str) -> dict[str, date]:
    """Kinds of due work with their days."""
    with house[0].read() as session:
        return {
            item.kind: item.due_on
            for item in session.scalars(select(DueItem))
            if item.kind.startswith(prefixes or ("return_", "plan_draft"))
        }


def patient_of(house: House, referral_id: str) -> str:
    return open_referral(*house, referral_id).patient.resident_id


def test_nothing_is_due_before_the_patient_is_back(township: House, offered: str) -> None:
    assert due(township) == {}
    assert plans_of(township[0], patient_of(township, offered)) == ()


def test_the_plan_becomes_work_of_its_days(township: House, back: str) -> None:
    assert due(township) == {
        "return_visit": TODAY + timedelta(days=7),
        "return_step:rehab": TODAY + timedelta(days=3),
        "return_step:follow_up": TODAY + timedelta(days=7),
        "return_step:review": TODAY + timedelta(days=28),
        "plan_draft": TODAY,
    }
    lines = today_work(*township, family="returns")
    assert [line.name for line in lines.week] == ["徐桂兰"]
    assert lines.families["returns"] == 0
    assert dict(lines.week[0].arguments) == {
        "resident_id": patient_of(township, back),
        "page": "return",
    }
    assert lines.week[0].room == "referrals"
    assert return_of(*township, patient_of(township, back)) == back
    assert set(due(township)) - {"plan_draft"} <= set(kinds_of("returns"))


def test_the_hospital_has_no_work_from_its_own_plan(
    township: House, desk: House, back: str
) -> None:
    carry(township[0], desk[0])
    assert due(desk) == {}


def test_the_work_is_there_on_another_pc_of_the_township(
    make_store: object, township: House, back: str
) -> None:
    """Rows that came by a pull make the same work."""
    from app.care.due import refresh_due
    from tests.conftest import TOWNSHIP_ID

    other = make_store(TOWNSHIP_ID, "other")  # type: ignore[operator]
    carry(township[0], other[0])
    with other[0].write(other[1]) as session:
        refresh_due(session, TOWNSHIP_ID, [patient_of(township, back)])
    expected = due(township)
    del expected["plan_draft"]  # rehab plans do not travel in this test
    assert due(other) == expected


def test_a_draft_rehab_plan_waits_for_the_staff(township: House, back: str) -> None:
    (plan,) = plans_of(township[0], patient_of(township, back))
    assert plan.status == "draft"
    assert plan.source_referral_id == back
    assert plan.diagnosis == summary_for().diagnosis
    assert plan.goal_short == "独立步行 200 米"
    assert [item.exercise for item in plan.items] == ["walking"]
    assert plan.starts_on == TODAY
    assert plan.review_on == TODAY + timedelta(weeks=2)
    activate_plan(*township, plan.id)
    assert "plan_draft" not in due(township)
    assert due(township, "check_in") == {"check_in": TODAY}


def test_a_draft_that_nobody_wants_is_stopped_and_not_made_again(
    township: House, back: str
) -> None:
    resident_id = patient_of(township, back)
    stop_plan(*township, plans_of(township[0], resident_id)[0].id, "家属不愿训练")
    referral.advance(*township, back, State.CLOSED, Reason("completed"))
    referral.advance(*township, back, State.RECEIVED_BACK, Reason("other", "结案有误"))
    assert [plan.status for plan in plans_of(township[0], resident_id)] == ["stopped"]
    assert "plan_draft" not in due(township)


def test_a_plan_without_rehab_drafts_nothing(township: House, desk: House, offered: str) -> None:
    amend_reply(
        *desk, offered, summary_for(), PlanInput(TODAY, (PlanStep("exam", TODAY, "复查血钾"),))
    )
    carry(desk[0], township[0])
    referral.advance(*township, offered, State.RECEIVED_BACK)
    assert plans_of(township[0], patient_of(township, offered)) == ()


def test_a_plan_that_the_hospital_amends_changes_the_days(
    township: House, desk: House, back: str
) -> None:
    carry(township[0], desk[0])
    plan = PlanInput(TODAY, (PlanStep("exam", TODAY + timedelta(days=5), "复查血钾"),))
    amend_reply(*desk, back, summary_for(), plan)
    carry(desk[0], township[0])
    from app.care.due import refresh_due

    with township[0].write(township[1]) as session:
        refresh_due(session, township[0].organisation_id, [patient_of(township, back)])
    assert due(township, "return_step") == {"return_step:exam": TODAY + timedelta(days=5)}


def test_the_first_visit_is_shared_and_ticks_the_plan(
    township: House, desk: House, back: str
) -> None:
    with township[0].write(township[1]) as session:
        session.query(Outbox).delete()
    start = begin_visit(*township, back)
    assert start.due_on == TODAY + timedelta(days=7)
    assert [step.kind for step in start.steps] == ["rehab", "follow_up", "review"]
    carry(township[0], desk[0])
    for house in (township, desk):
        assert load_returns(*house, back).first_visit_by == TODAY + timedelta(days=7)
    step = start.steps[1]
    visit = replace(SEEN, vitals=Vitals(sbp=138, dbp=84), done_steps=(step.id,), minutes=25)
    visit_id = record_visit(*township, back, visit)
    assert set(due(township)) == {"return_step:rehab", "return_step:review", "plan_draft"}
    assert begin_visit(*township, back).due_on is None
    with township[0].read() as session:
        assert sorted(session.scalars(select(Outbox.kind))) == ["referral_visit", "shared_note"]
        note = session.scalars(select(SharedNote)).one()
        assert (note.subject_kind, note.subject_id) == ("referral_visit", visit_id)
        assert note.owner_organisation_id == LEAD_ID
    carry(township[0], desk[0])
    assert load_returns(*desk, back).first_visit_by is None
    (seen,) = load_returns(*desk, back).visits
    assert (seen.purpose, seen.mode, seen.findings) == ("after_return", "home", SEEN.findings)
    assert seen.done_steps == (step.id,)
    assert open_referral(*desk, back).state is State.RECEIVED_BACK


def test_the_next_visit_is_due_on_the_day_that_the_last_one_set(township: House, back: str) -> None:
    again = TODAY + timedelta(days=14)
    record_visit(*township, back, replace(SEEN, next_on=again))
    assert due(township, "return_visit") == {"return_visit": again}
    record_visit(*township, back, SEEN)
    assert due(township, "return_visit") == {}


def test_a_wrong_visit_is_replaced_not_changed(township: House, back: str) -> None:
    steps = [step.id for step in begin_visit(*township, back).steps]
    first = record_visit(*township, back, replace(SEEN, done_steps=tuple(steps)))
    second = record_visit(*township, back, SEEN, replaces_id=first)
    assert [visit.id for visit in load_returns(*township, back).visits] == [second]
    assert len(begin_visit(*township, back).steps) == 3
    with pytest.raises(InputError):
        record_visit(*township, back, SEEN, replaces_id=first)
    with township[0].read() as session:
        assert len(session.scalars(select(ReferralVisit)).all()) == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"mode": ""}, "mode"),
        ({"visited_on": None}, "visited_on"),
        ({"visited_on": TODAY + timedelta(days=1)}, "visited_on"),
        ({"visited_on": TODAY - timedelta(days=1)}, "visited_on"),
        ({"findings": " \n"}, "findings"),
        ({"findings": "长" * 4001}, "findings"),
        ({"plan_changes": "长" * 4001}, "plan_changes"),
        ({"next_on": TODAY}, "next_on"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 601}, "minutes"),
        ({"vitals": Vitals(sbp=80, dbp=90)}, "sbp"),
        ({"done_steps": ("99",)}, "done_steps"),
    ],
)
def test_an_unsound_visit_is_not_stored(
    township: House, back: str, values: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        record_visit(*township, back, replace(SEEN, **values))  # type: ignore[arg-type]
    assert set(caught.value.problems) == {field}
    assert load_returns(*township, back).visits == ()


def test_a_visit_needs_a_role_and_a_patient(township: House, desk: House, offered: str) -> None:
    with pytest.raises(InputError):
        record_visit(*township, offered, SEEN)
    referral.advance(*township, offered, State.RECEIVED_BACK)
    clerk = replace(township[1], roles=frozenset({"office_clerk"}))
    with pytest.raises(NotAllowed):
        record_visit(township[0], clerk, offered, SEEN)
    carry(township[0], desk[0])
    with pytest.raises(InputError):  # the hospital does not have the patient any more
        record_visit(*desk, offered, SEEN)


def test_a_declined_hand_back_is_read_by_the_hospital(
    township: House, desk: House, offered: str
) -> None:
    referral.advance(*township, offered, State.REPLIED, Reason("bed_full"))
    assert due(township) == {}
    carry(township[0], desk[0])
    view = open_referral(*desk, offered)
    assert (view.state, view.reason_code) == (State.REPLIED, "bed_full")
    names = [item.what for item in today_work(*desk).now]
    assert names == ["接回被婉拒：请另行安排"]


# -- a direct down-referral ------------------------------------------------------------------


def test_a_down_referral_becomes_work_when_the_patient_comes(
    township: House, coming: str, clock: FixedClock
) -> None:
    assert due(township) == {}
    arrive(*township, coming)
    found = due(township)
    # A priority letter: three days.
    assert found["return_visit"] == TODAY + timedelta(days=3)
    assert found["plan_draft"] == TODAY
    assert [p.status for p in plans_of(township[0], patient_of(township, coming))] == ["draft"]
    record_visit(*township, coming, SEEN)
    assert open_referral(*township, coming).state is State.IN_CARE
    assert "return_visit" not in due(township)


def test_a_patient_admitted_at_the_door_brings_the_same_work(township: House, coming: str) -> None:
    admit(*township, coming, Admission(department="康复科", ward="康复病区", bed="3"))
    assert set(due(township)) == {
        "return_visit", "return_step:rehab", "return_step:follow_up", "return_step:review",
        "plan_draft",
    }  # fmt: skip


def test_the_hospital_hears_of_the_visit_after_a_down_referral(
    township: House, desk: House, coming: str
) -> None:
    arrive(*township, coming)
    record_visit(*township, coming, replace(SEEN, mode="ward"))
    carry(township[0], desk[0])
    assert [visit.mode for visit in load_returns(*desk, coming).visits] == ["ward"]
    assert open_referral(*desk, coming).state is State.IN_CARE


def test_a_patient_who_died_has_no_work(township: House, back: str) -> None:
    referral.advance(*township, back, State.CLOSED, Reason("death"))
    assert due(township, "return_") == {}


def test_a_closed_referral_keeps_the_steps_that_lie_ahead(township: House, back: str) -> None:
    referral.advance(*township, back, State.CLOSED, Reason("completed"))
    assert set(due(township, "return_")) == {
        "return_step:rehab", "return_step:follow_up", "return_step:review",
    }  # fmt: skip
    steps = tuple(step.id for step in begin_visit(*township, back).steps)
    record_visit(*township, back, replace(SEEN, done_steps=steps))
    assert due(township, "return_") == {}
