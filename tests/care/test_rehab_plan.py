"""Plans: what a plan must say, its states, its review."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.care.rehab_facts import planned_band
from app.care.rehab_plan import (
    MOVES,
    activate_plan,
    complete_plan,
    create_plan,
    pause_plan,
    plans_of,
    reason_text,
    review_plan,
    revise_plan,
    stop_plan,
)
from app.care.rehab_plan_form import PlanInput, PlanItem, checked
from app.care.rehab_rules import Band
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.models import codes
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from tests.care.rehab_ward import ITEMS, add_plan, add_resident, plan_input


def kinds_due(store: Store, resident_id: str) -> dict[str, object]:
    with store.read() as session:
        rows = session.scalars(select(DueItem).where(DueItem.resident_id == resident_id))
        return {row.kind: row.due_on for row in rows}


def test_a_plan_is_kept_as_written(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    written = plan_input(
        resident_id,
        store,
        goal_long="  独立  行走 50 米 ",
        measures=("barthel", "tug"),
        onset_date=store.clock.today() - timedelta(days=60),
    )
    plan = create_plan(store, actor, written)
    assert plan.status == "draft"
    assert plan.items == ITEMS
    assert plan.goal_long == "独立 行走 50 米"
    assert plan.review_on == plan.starts_on + timedelta(days=14)
    assert plans_of(store, resident_id) == (plan,)
    assert kinds_due(store, resident_id) == {}
    with store.read() as session:
        assert session.scalars(select(Outbox.kind).where(Outbox.record_id == plan.id)).one()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"diagnosis": " "}, "diagnosis"),
        ({"goal_short": ""}, "goal_short"),
        ({"precautions": ""}, "precautions"),
        ({"prescriber_name": ""}, "prescriber_name"),
        ({"starts_on": None}, "starts_on"),
        ({"items": ()}, "items"),
        ({"heart_rate_ceiling": 59}, "heart_rate_ceiling"),
        ({"heart_rate_ceiling": 221}, "heart_rate_ceiling"),
        ({"measures": ("mood",)}, "measures"),
        ({"diagnosis": "很" * 2001}, "diagnosis"),
        ({"items": (PlanItem("juggling", per_week=3, reps=5),)}, "items.0"),
        ({"items": (*ITEMS, PlanItem("walking", per_week=3))}, "items.3"),
        ({"items": (PlanItem("walking", minutes=10),)}, "items.0"),
        ({"items": (PlanItem("walking", per_week=22, minutes=10),)}, "items.0"),
        ({"items": (PlanItem("walking", per_week=3, minutes=241),)}, "items.0"),
        ({"items": (PlanItem("walking", "moon", 3, minutes=10),)}, "items.0"),
    ],
)
def test_what_a_plan_must_say(
    store: Store, actor: Actor, changes: dict[str, object], field: str
) -> None:
    resident_id = add_resident(store, actor, 0)
    with pytest.raises(InputError) as refused:
        create_plan(store, actor, plan_input(resident_id, store, **changes))
    assert set(refused.value.problems) == {field}
    assert plans_of(store, resident_id) == ()


def test_dates_of_a_plan_must_fit(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    today = store.clock.today()
    wrong = plan_input(
        resident_id,
        store,
        starts_on=today,
        review_on=today - timedelta(days=1),
        onset_date=today + timedelta(days=1),
    )
    with pytest.raises(InputError) as refused:
        create_plan(store, actor, wrong)
    assert set(refused.value.problems) == {"review_on", "onset_date"}


@pytest.mark.parametrize("rate", [60, 61, 219, 220])
def test_heart_rate_ceiling_range(store: Store, actor: Actor, rate: int) -> None:
    plan = plan_input(add_resident(store, actor, 0), store, heart_rate_ceiling=rate)
    assert checked(plan).heart_rate_ceiling == rate


def test_only_one_plan_is_under_way(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    first = add_plan(store, actor, resident_id)
    second = create_plan(store, actor, plan_input(resident_id, store))
    with pytest.raises(InputError):
        activate_plan(store, actor, second.id)
    with pytest.raises(InputError):
        add_plan(store, actor, resident_id)
    pause_plan(store, actor, first.id, "condition")
    with pytest.raises(InputError):
        activate_plan(store, actor, second.id)
    complete_plan(store, actor, first.id)
    assert activate_plan(store, actor, second.id).status == "active"


def test_the_life_of_a_plan(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    plan = create_plan(store, actor, plan_input(resident_id, store))
    plan = activate_plan(store, actor, plan.id)
    assert set(kinds_due(store, resident_id)) == {"check_in", "plan_review"}
    plan = pause_plan(store, actor, plan.id, "发热待查")
    assert (plan.status, reason_text(plan.status_reason)) == ("paused", "发热待查")
    assert set(kinds_due(store, resident_id)) == {"plan_paused"}
    plan = activate_plan(store, actor, plan.id)
    assert plan.status_reason is None
    plan = stop_plan(store, actor, plan.id, "refused")
    assert reason_text(plan.status_reason) == codes.label("rehab_stop_cause", "refused")
    assert kinds_due(store, resident_id) == {}
    for move in (activate_plan, complete_plan):
        with pytest.raises(InputError):
            move(store, actor, plan.id)


def test_every_state_has_a_name_and_ends_somewhere() -> None:
    assert set(MOVES) == {entry.code for entry in codes.entries("rehab_plan_status")}
    assert all(then in MOVES for after in MOVES.values() for then in after)


def test_pausing_and_stopping_need_a_reason(store: Store, actor: Actor) -> None:
    plan = add_plan(store, actor, add_resident(store, actor, 0))
    for move in (pause_plan, stop_plan):
        with pytest.raises(InputError):
            move(store, actor, plan.id, "  ")


def test_a_review_moves_the_next_one_four_weeks_on(store: Store, actor: Actor) -> None:
    plan = add_plan(store, actor, add_resident(store, actor, 0))
    today = store.clock.today()
    assert review_plan(store, actor, plan.id).review_on == today + timedelta(days=28)
    assert kinds_due(store, plan.resident_id)["plan_review"] == today + timedelta(days=28)
    day = today + timedelta(days=7)
    assert review_plan(store, actor, plan.id, day).review_on == day
    with pytest.raises(InputError):
        review_plan(store, actor, plan.id, today)


def test_a_revision_never_overwrites_another(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    plan = add_plan(store, actor, resident_id)
    mine = plan_input(resident_id, store, goal_short="我的")
    theirs = plan_input(resident_id, store, goal_short="他人的")
    revise_plan(store, actor, plan.id, theirs, plan.change_id)
    with pytest.raises(StaleRecord):
        revise_plan(store, actor, plan.id, mine, plan.change_id)
    (kept,) = plans_of(store, resident_id)
    assert kept.goal_short == "他人的"
    assert revise_plan(store, actor, plan.id, mine, kept.change_id).goal_short == "我的"


def test_an_ended_plan_stays_as_it_is(store: Store, actor: Actor) -> None:
    plan = add_plan(store, actor, add_resident(store, actor, 0))
    ended = complete_plan(store, actor, plan.id)
    with pytest.raises(InputError):
        revise_plan(store, actor, plan.id, plan_input(plan.resident_id, store), ended.change_id)


def test_who_may_write_a_plan(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    nurse = replace(actor, roles=frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        create_plan(store, nurse, plan_input(resident_id, store))


def test_a_plan_needs_a_living_record(store: Store, actor: Actor) -> None:
    with pytest.raises(NotFound):
        create_plan(store, actor, plan_input(new_id(), store))
    resident_id = add_resident(store, actor, 0)
    with store.write(actor) as session:
        resident = session.get(Resident, resident_id)
        assert resident is not None
        resident.record_status = "died"
    with pytest.raises(InputError):
        create_plan(store, actor, plan_input(resident_id, store))


@pytest.mark.parametrize(
    ("intensities", "band"),
    [
        ([], Band(11, 13)),
        ([""], Band(11, 13)),
        (["12-16"], Band(12, 16)),
        (["12–16", "11-13"], Band(11, 13)),
        (["Borg 12~14"], Band(12, 14)),
        (["70-90"], Band(11, 13)),
        (["16-12"], Band(11, 13)),
        (["轻松"], Band(11, 13)),
    ],
)
def test_the_gentlest_exercise_decides_the_band(intensities: list[str], band: Band) -> None:
    assert planned_band([{"intensity": text} for text in intensities]) == band


def test_doses_read_as_staff_write_them() -> None:
    assert [item.dose() for item in ITEMS] == ["3×10", "2×20", "15′"]
    assert PlanItem("walking", reps=5, minutes=10).dose() == "1×5 10′"
    assert PlanItem("walking").dose() == ""


@given(
    st.builds(
        PlanItem,
        exercise=st.sampled_from([e.code for e in codes.entries("rehab_exercise")]),
        place=st.sampled_from(["", "gym", "bedside"]),
        per_week=st.integers(1, 21),
        sets=st.none() | st.integers(1, 20),
        reps=st.none() | st.integers(1, 200),
        minutes=st.integers(1, 240),
        intensity=st.sampled_from(["", "11-13"]),
        assistance=st.sampled_from(["", "minimal"]),
        equipment=st.text(max_size=10),
    )
)
def test_an_exercise_survives_the_store(item: PlanItem) -> None:
    from app.care.rehab_plan_form import columns

    plan = PlanInput("r", "d", "g", "p", "x", None, items=(item,))
    (kept,) = columns(plan)["items"]
    assert PlanItem.from_dict(kept) == item


def test_due_work_is_only_that_of_this_organisation(store: Store, actor: Actor) -> None:
    from app.care.rehab_due import refresh_rehab_due
    from tests.conftest import CARE_HOME_ID, LEAD_ID

    resident_id = add_resident(store, actor, 0, organisation_id=CARE_HOME_ID)
    add_plan(store, actor, resident_id)

    def due_at(organisation_id: str) -> set[str]:
        with store.write(actor) as session:
            refresh_rehab_due(session, organisation_id, [resident_id])
        return set(kinds_due(store, resident_id))

    assert due_at(LEAD_ID) == set()  # the plan only came along with a referral
    assert due_at(CARE_HOME_ID) == {"check_in", "plan_review"}  # lies there
    assert due_at(actor.organisation_id) == {"check_in", "plan_review"}  # wrote the plan
    with store.write(actor) as session:
        resident = session.get(Resident, resident_id)
        assert resident is not None
        resident.record_status = "died"
    assert due_at(actor.organisation_id) == set()
