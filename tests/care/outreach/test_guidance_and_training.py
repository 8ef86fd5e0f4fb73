"""Guidance and joint rounds reach the other house; training counts for who came."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.care.indicators.outreach import outreach_indicators
from app.care.indicators.period import month_of
from app.care.outreach.guidance import (
    GuidanceInput,
    begin_guidance,
    list_guidance,
    record_guidance,
    void_guidance,
)
from app.care.outreach.training import (
    Attendee,
    TrainingInput,
    list_training,
    record_training,
    void_training,
)
from app.care.referral import send
from app.errors import InputError, NotAllowed
from app.models.outreach import Training
from app.models.rehab import RehabPlan
from tests.care.outreach.conftest import House
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.outreach_support import carry_outreach
from tests.referral_support import add_resident, carry, letter_for

TODAY = date(2026, 3, 2)


@pytest.fixture
def resident(township: House) -> str:
    return add_resident(township.store, township.actor)


def guidance(resident: str, **values: object) -> GuidanceInput:
    fields: dict[str, object] = {
        "mode": "home",
        "visited_on": TODAY,
        "guide_name": "李建华",
        "local_doctor_name": "王建国",
        "findings": "血压 142/88 mmHg，步态稳。",
        "plan_changes": "步行训练每日增至 20 分钟。",
        "next_on": date(2026, 3, 16),
        "minutes": 40,
    }
    fields.update(values)
    return GuidanceInput(resident, **fields)  # type: ignore[arg-type]


def test_guidance_on_a_referral_reaches_the_township(
    township: House, lead: House, resident: str
) -> None:
    send(township.store, township.actor, letter_for(resident))
    carry(township.store, lead.store)
    start = begin_guidance(lead.store, lead.actor, resident)
    (link,) = start.links
    assert (link.kind, link.other_id) == ("referral", TOWNSHIP_ID)
    id_ = record_guidance(lead.store, lead.actor, guidance(resident, link=link))
    carry_outreach(lead.store, township.store)
    (line,) = list_guidance(township.store, township.actor)
    assert (line.visit_id, line.own, line.guide_name, line.minutes) == (id_, False, "李建华", 40)
    assert line.referral_id == link.id
    with pytest.raises(NotAllowed):
        void_guidance(township.store, township.actor, id_)
    void_guidance(lead.store, lead.actor, id_)
    carry_outreach(lead.store, township.store)
    assert list_guidance(township.store, township.actor)[0].void


def test_guidance_on_a_rehab_plan_goes_to_the_lead_hospital(
    township: House, lead: House, resident: str
) -> None:
    with township.store.write(township.actor) as session:
        plan = RehabPlan(
            resident_id=resident,
            starts_on=TODAY,
            review_on=date(2026, 3, 30),
            goal_short="独立站立",
            diagnosis="脑卒中恢复期",
            precautions="防跌倒",
            prescriber_name="王建国",
            items=[],
        )
        session.add(plan)
    (link,) = begin_guidance(township.store, township.actor, resident).links
    assert (link.kind, link.other_id) == ("rehab_plan", LEAD_ID)
    record_guidance(township.store, township.actor, guidance(resident, link=link))
    carry_outreach(township.store, lead.store)
    (line,) = list_guidance(lead.store, lead.actor)
    assert (line.from_name, line.to_names) == ("白塔畈镇中心卫生院", ("金寨县人民医院",))


def test_a_joint_round_of_two_members_needs_no_referral(
    township: House, care_home: House, lead: House, resident: str
) -> None:
    round_ = guidance(resident, purpose="joint_round", mode="ward", to=CARE_HOME_ID)
    record_guidance(township.store, township.actor, round_)
    for other in (care_home, lead):
        carry_outreach(township.store, other.store)
    assert len(list_guidance(care_home.store, care_home.actor)) == 1
    assert list_guidance(lead.store, lead.actor) == ()


def test_a_visit_of_another_house_s_patient_goes_to_that_house_alone(
    township: House, lead: House, resident: str
) -> None:
    carry_outreach(township.store, lead.store)
    assert begin_guidance(lead.store, lead.actor, resident).only_to == TOWNSHIP_ID
    assert begin_guidance(township.store, township.actor, resident).only_to == ""
    round_ = guidance(resident, purpose="joint_round", mode="ward", to=CARE_HOME_ID)
    with pytest.raises(InputError) as caught:
        record_guidance(lead.store, lead.actor, round_)
    assert list(caught.value.problems) == ["to"]
    record_guidance(lead.store, lead.actor, replace(round_, to=TOWNSHIP_ID))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guide_name", ""),
        ("local_doctor_name", " "),
        ("findings", ""),
        ("plan_changes", ""),
        ("mode", "letter"),
        ("visited_on", None),
        ("visited_on", date(2026, 3, 3)),
        ("next_on", TODAY),
        ("minutes", 0),
        ("minutes", 481),
        ("to", TOWNSHIP_ID),
    ],
)
def test_what_is_wrong_in_a_visit_is_said_at_its_field(
    township: House, resident: str, field: str, value: object
) -> None:
    right = guidance(resident, purpose="joint_round", to=CARE_HOME_ID)
    with pytest.raises(InputError) as caught:
        record_guidance(township.store, township.actor, replace(right, **{field: value}))
    assert list(caught.value.problems) == [field]


def test_guidance_belongs_to_something(township: House, resident: str) -> None:
    with pytest.raises(InputError) as caught:
        record_guidance(township.store, township.actor, guidance(resident, to=LEAD_ID))
    assert list(caught.value.problems) == ["link"]


LECTURE = TrainingInput(
    "卒中后康复训练",
    "lecture",
    TODAY,
    None,
    2.5,
    "李建华",
    "三楼会议室",
    (Attendee(TOWNSHIP_ID, "王建国", 60, 85), Attendee(CARE_HOME_ID, "陈护士")),
)


def test_training_counts_its_hours_for_each_member_that_came(lead: House) -> None:
    id_ = record_training(lead.store, lead.actor, LECTURE)
    (line,) = list_training(lead.store, lead.actor)
    assert line.given == LECTURE
    assert line.members == (("白塔畈镇中心卫生院", 1), ("白塔畈镇医养康中心", 1))
    with lead.store.read() as session:
        counted = outreach_indicators(session, LEAD_ID, month_of(2026, 3))[2]
    assert counted.numerator == {TOWNSHIP_ID: 2.5, CARE_HOME_ID: 2.5}
    void_training(lead.store, lead.actor, id_)
    with lead.store.read() as session:
        assert outreach_indicators(session, LEAD_ID, month_of(2026, 3))[2].numerator == {}
    assert list_training(lead.store, lead.actor)[0].void


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("type", "party"),
        ("held_on", None),
        ("held_on", date(2026, 3, 3)),
        ("until", date(2026, 3, 1)),
        ("hours", None),
        ("hours", 0.4),
        ("hours", 2000.5),
        ("teacher", ""),
        ("attendees", ()),
        ("attendees", (Attendee("nowhere", "王"),)),
        ("attendees", (Attendee(TOWNSHIP_ID, ""),)),
        ("attendees", (Attendee(TOWNSHIP_ID, "王", 101),)),
    ],
)
def test_what_is_wrong_in_a_training_is_said_at_its_field(
    lead: House, field: str, value: object
) -> None:
    with pytest.raises(InputError) as caught:
        record_training(lead.store, lead.actor, replace(LECTURE, **{field: value}))
    assert list(caught.value.problems) == [field]
    with lead.store.read() as session:
        assert session.query(Training).count() == 0


def test_a_study_leave_has_a_last_day(lead: House) -> None:
    leave = replace(LECTURE, type="study_leave", hours=2000)
    with pytest.raises(InputError) as caught:
        record_training(lead.store, lead.actor, leave)
    assert list(caught.value.problems) == ["until"]
    record_training(lead.store, lead.actor, replace(leave, until=date(2026, 5, 31)))
