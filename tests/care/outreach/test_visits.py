"""Expert visits: planned by the lead hospital, seen and countersigned by the host."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.care.indicators.outreach import outreach_indicators
from app.care.indicators.period import month_of
from app.care.outreach.poster import month_poster
from app.care.outreach.visit_lists import (
    VisitView,
    load_visit,
    visits_of_month,
    visits_to_countersign,
)
from app.care.outreach.visits import (
    VisitResult,
    cancel_visit,
    change_visit,
    countersign,
    finish_visit,
    hosts,
    plan_visit,
)
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.models.outreach import SharedNote
from tests.care.outreach.conftest import House
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.outreach_support import carry_outreach, visit_at

TODAY = date(2026, 3, 2)
RESULT = VisitResult(clinic_count=18, teaching_count=4, summary="坐诊 18 人，查房带教 4 人。")


@pytest.fixture
def planned(lead: House) -> str:
    return plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY + timedelta(days=7)))


def one(house: House, visit_id: str) -> VisitView:
    return load_visit(house.store, house.actor, visit_id)


def test_planned_held_and_countersigned(
    lead: House, township: House, planned: str, clock: FixedClock
) -> None:
    carry_outreach(lead.store, township.store)
    (seen,) = visits_of_month(township.store, township.actor, 2026, 3)
    assert (seen.plan.expert_name, seen.status, seen.own) == ("李建华", "planned", False)
    assert not seen.may_countersign
    assert visits_to_countersign(township.store, township.actor) == 0
    clock.advance(days=7)
    assert one(township, planned).may_countersign
    assert visits_to_countersign(township.store, township.actor) == 1
    finish_visit(lead.store, lead.actor, planned, one(lead, planned).change_id, RESULT)
    countersign(township.store, township.actor, planned, "准时到达，群众满意。")
    carry_outreach(lead.store, township.store)
    carry_outreach(township.store, lead.store)
    for house in (lead, township):
        view = one(house, planned)
        assert (view.status, view.result.clinic_count, view.result.procedure_count) == (
            "done",
            18,
            0,
        )
        assert view.countersign is not None
        assert view.countersign.text == "准时到达，群众满意。"
        assert not view.may_countersign
    assert visits_to_countersign(township.store, township.actor) == 0
    with lead.store.read() as session:
        counted = outreach_indicators(session, LEAD_ID, month_of(2026, 3))[0]
        moves = [n.move for n in session.query(SharedNote).order_by(SharedNote.id)]
    assert counted.numerator == {TOWNSHIP_ID: 1.0}
    assert sorted(moves) == ["concluded", "countersigned", "planned"]


def test_each_change_is_told_to_the_host(lead: House, township: House, planned: str) -> None:
    view = one(lead, planned)
    moved = replace(view.plan, starts_at="下午2点", ends_at="1630", visit_on=date(2026, 3, 20))
    change_visit(lead.store, lead.actor, planned, view.change_id, moved)
    carry_outreach(lead.store, township.store)
    plan = one(township, planned).plan
    assert (plan.visit_on, plan.starts_at, plan.ends_at) == (date(2026, 3, 20), "14:00", "16:30")
    with lead.store.read() as session:
        assert session.query(SharedNote).filter_by(move="planned").count() == 2
    with pytest.raises(StaleRecord):
        change_visit(lead.store, lead.actor, planned, view.change_id, moved)


def test_a_cancelled_visit_says_why_and_is_over(lead: House, township: House, planned: str) -> None:
    view = one(lead, planned)
    with pytest.raises(InputError) as caught:
        cancel_visit(lead.store, lead.actor, planned, view.change_id, "")
    assert list(caught.value.problems) == ["reason"]
    cancel_visit(lead.store, lead.actor, planned, view.change_id, "专家临时出诊")
    carry_outreach(lead.store, township.store)
    assert one(township, planned).cancel_reason == "专家临时出诊"
    with pytest.raises(InputError):
        change_visit(lead.store, lead.actor, planned, one(lead, planned).change_id, view.plan)
    with pytest.raises(InputError):
        countersign(township.store, township.actor, planned)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host_organisation_id", LEAD_ID),
        ("host_organisation_id", ""),
        ("visit_on", None),
        ("visit_on", TODAY - timedelta(days=1)),
        ("starts_at", ""),
        ("starts_at", "早上"),
        ("ends_at", "08:30"),
        ("expert_name", " "),
        ("department", ""),
        ("quota", 0),
        ("quota", 501),
    ],
)
def test_what_is_wrong_is_said_at_its_field(lead: House, field: str, value: object) -> None:
    plan = replace(visit_at(TOWNSHIP_ID, TODAY), **{field: value})
    with pytest.raises(InputError) as caught:
        plan_visit(lead.store, lead.actor, plan)
    assert list(caught.value.problems) == [field]
    assert visits_of_month(lead.store, lead.actor, 2026, 3) == ()


@pytest.mark.parametrize("quota", [None, 1, 500])
def test_a_visit_of_today_with_any_possible_quota(lead: House, quota: int | None) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY, quota=quota))
    assert one(lead, id_).plan.quota == quota


def test_a_visit_is_reported_on_its_day_not_before_and_with_numbers(
    lead: House, planned: str, clock: FixedClock
) -> None:
    change_id = one(lead, planned).change_id
    clock.advance(days=6)
    with pytest.raises(InputError, match="尚未"):
        finish_visit(lead.store, lead.actor, planned, change_id, RESULT)
    clock.advance(days=1)
    for wrong, fields in (
        (VisitResult(summary="坐诊"), {"clinic_count"}),
        (VisitResult(clinic_count=0, summary="坐诊"), {"clinic_count"}),
        (VisitResult(clinic_count=1000, summary="坐诊"), {"clinic_count"}),
        (
            VisitResult(ward_round_count=-1, clinic_count=3, summary=""),
            {"ward_round_count", "summary"},
        ),
    ):
        with pytest.raises(InputError) as caught:
            finish_visit(lead.store, lead.actor, planned, change_id, wrong)
        assert set(caught.value.problems) == fields
    finish_visit(lead.store, lead.actor, planned, change_id, replace(RESULT, clinic_count=999))
    assert one(lead, planned).status == "done"


def test_a_township_plans_nothing_and_a_stranger_sees_nothing(
    lead: House, township: House, care_home: House, planned: str, clock: FixedClock
) -> None:
    with pytest.raises(NotAllowed):
        plan_visit(township.store, township.actor, visit_at(CARE_HOME_ID, TODAY))
    carry_outreach(lead.store, township.store)
    carry_outreach(lead.store, care_home.store)
    with pytest.raises(NotFound):
        one(care_home, planned)
    clock.advance(days=7)
    with pytest.raises(NotAllowed):
        countersign(care_home.store, care_home.actor, planned)
    with pytest.raises(NotAllowed):
        cancel_visit(township.store, township.actor, planned, one(township, planned).change_id, "x")


def test_twice_countersigned_is_once(township: House, lead: House, clock: FixedClock) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY))
    carry_outreach(lead.store, township.store)
    countersign(township.store, township.actor, id_)
    with pytest.raises(InputError):
        countersign(township.store, township.actor, id_)


@pytest.mark.parametrize(
    "change",
    [
        {"visit_on": TODAY + timedelta(days=1)},
        {"starts_at": "09:00"},
        {"ends_at": "12:00"},
        {"place": "二楼会议室"},
        {"expert_name": "周敏"},
    ],
)
def test_what_was_confirmed_is_the_visit_as_it_was(
    lead: House, township: House, clock: FixedClock, change: dict[str, object]
) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY))
    carry_outreach(lead.store, township.store)
    countersign(township.store, township.actor, id_, "到了")
    carry_outreach(township.store, lead.store)
    view = one(lead, id_)
    assert view.countersign is not None
    change_visit(lead.store, lead.actor, id_, view.change_id, replace(view.plan, **change))
    carry_outreach(lead.store, township.store)
    for house in (lead, township):
        shown = one(house, id_)
        assert (shown.countersign, shown.moved_after) == (None, True)
    clock.advance(days=1)
    assert visits_to_countersign(township.store, township.actor) == 1
    assert one(township, id_).may_countersign
    countersign(township.store, township.actor, id_, "又到了")
    carry_outreach(township.store, lead.store)
    for house in (lead, township):
        shown = one(house, id_)
        assert shown.countersign is not None
        assert (shown.countersign.text, shown.moved_after) == ("又到了", False)
    assert visits_to_countersign(township.store, township.actor) == 0


def test_other_words_about_a_visit_leave_the_host_s_word(lead: House, township: House) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY))
    carry_outreach(lead.store, township.store)
    countersign(township.store, township.actor, id_)
    carry_outreach(township.store, lead.store)
    view = one(lead, id_)
    told = replace(view.plan, topics="卒中", quota=None, expert_title="副主任医师")
    change_visit(lead.store, lead.actor, id_, view.change_id, told)
    finish_visit(lead.store, lead.actor, id_, one(lead, id_).change_id, RESULT)
    assert one(lead, id_).countersign is not None


def test_a_visit_that_was_moved_while_the_host_looked_is_not_confirmed(
    lead: House, township: House
) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY))
    carry_outreach(lead.store, township.store)
    seen = one(township, id_).plan
    change_visit(
        lead.store, lead.actor, id_, one(lead, id_).change_id, replace(seen, starts_at="10:00")
    )
    carry_outreach(lead.store, township.store)
    with pytest.raises(StaleRecord):
        countersign(township.store, township.actor, id_, seen=seen)
    countersign(township.store, township.actor, id_, seen=one(township, id_).plan)


def test_experts_go_to_the_members_of_the_own_consortium(lead: House, township: House) -> None:
    ids = [host.id for host in hosts(lead.store, lead.actor)]
    assert TOWNSHIP_ID in ids
    assert LEAD_ID not in ids
    assert hosts(township.store, township.actor) == ()


def test_the_poster_names_who_comes_when_and_no_resident(lead: House, planned: str) -> None:
    other = plan_visit(
        lead.store, lead.actor, visit_at(TOWNSHIP_ID, date(2026, 3, 23), expert_name="周敏")
    )
    cancel_visit(lead.store, lead.actor, other, one(lead, other).change_id, "外出")
    document = month_poster(lead.store, lead.actor, TOWNSHIP_ID, 2026, 3)
    for words in (
        "3月9日",
        "星期一",
        "08:30",
        "心血管内科",
        "李建华 主任医师",
        "白塔畈镇中心卫生院",
    ):
        assert words in document.text
    assert "周敏" not in document.text
    assert document.about.persons == 0
    days = [run.points for row in document.forms[0].rows for cell in row.cells for run in cell.runs]
    assert max(days) >= 20
    with pytest.raises(InputError):
        month_poster(lead.store, lead.actor, TOWNSHIP_ID, 2026, 4)
