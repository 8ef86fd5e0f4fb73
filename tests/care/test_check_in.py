"""Check-ins against a real store: whole wards, held and stopped rows, nothing half-saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.care.check_in import (
    WardProblems,
    save_check_in,
    save_check_ins,
    void_check_in,
)
from app.care.check_in_history import delivery_marks, history
from app.care.check_in_rules import CheckInInput, ItemDone
from app.care.rehab_facts import approve_thresholds
from app.care.rehab_plan import activate_plan, pause_plan, plans_of
from app.care.rehab_rules import Finding, RehabThresholds, Vitals
from app.care.rehab_ward import load_ward, natural_key
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.identity import new_id
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.rehab import CheckIn
from app.models.resident import Residence
from app.models.store import Store
from tests.care.rehab_ward import (
    CALM,
    add_condition,
    add_plan,
    add_resident,
    add_ward,
    done,
)
from tests.conftest import CARE_HOME_ID, LEAD_ID


def one_plan(store: Store, actor: Actor):
    return add_plan(store, actor, add_resident(store, actor, 0))


def count(store: Store, model: type = CheckIn) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def due(store: Store, resident_id: str) -> dict[str, DueItem]:
    with store.read() as session:
        rows = session.scalars(select(DueItem).where(DueItem.resident_id == resident_id)).all()
        session.expunge_all()
        return {row.kind: row for row in rows}


def test_a_whole_session_is_kept_and_queued(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    items = (ItemDone("sit_to_stand", "3×10"), ItemDone("walking", "15′", minutes=12))
    saved = save_check_in(store, actor, done(store, plan, items=items, place="gym"))
    assert (saved.outcome, saved.session_no, saved.stops) == ("done", 1, ())
    with store.read() as session:
        row = session.get(CheckIn, saved.check_in_id)
        assert row is not None
        assert (row.pre_sbp, row.post_heart_rate, row.borg) == (132, 88, 12)
        assert (row.screen, row.completion, row.completion_percent) == ("pass", "complete", 100)
        assert row.performer_id == actor.staff_id
        assert row.performer_name == actor.name
        assert row.rule_version == "LOCAL-2025"
        assert [item["done"] for item in row.items] == [True, True]
        assert row.items[1]["minutes"] == 12
        queued = session.scalars(
            select(Outbox).where(Outbox.kind == "check_in", Outbox.record_id == row.id)
        ).all()
        assert [entry.change_id for entry in queued] == [row.change_id]
    assert delivery_marks(store, [saved.check_in_id])[saved.check_in_id].state == "waiting"


def test_sessions_are_numbered_and_the_next_one_falls_due(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    assert due(store, plan.resident_id)["check_in"].due_on == plan.starts_on
    first = save_check_in(store, actor, done(store, plan))
    second = save_check_in(store, actor, done(store, plan))
    assert (first.session_no, second.session_no) == (1, 2)
    items = due(store, plan.resident_id)
    assert items["check_in"].due_on == store.clock.today() + timedelta(days=1)  # daily ankle pump
    assert items["plan_review"].due_on == plan.starts_on + timedelta(days=14)


@pytest.mark.parametrize(
    "field",
    [
        "pre_sbp",
        "pre_dbp",
        "pre_heart_rate",
        "pre_pain",
        "borg",
        "post_sbp",
        "post_dbp",
        "post_heart_rate",
        "post_pain",
        "started_at",
        "ended_at",
    ],
)
def test_a_required_field_left_blank_blocks_and_says_so(
    store: Store, actor: Actor, field: str
) -> None:
    row = done(store, one_plan(store, actor))
    if field.startswith(("pre_", "post_")):
        group, name = field.split("_", 1)
        row = replace(row, **{group: replace(getattr(row, group), **{name: None})})
    else:
        row = replace(row, **{field: None})
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    named = refused.value.rows[row.id]
    expected = field.replace("_dbp", "_sbp") if "dbp" in field else field
    assert expected in named or field in named
    assert named[next(iter(named))]
    assert count(store) == 0


def test_oxygen_and_temperature_are_not_required(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = done(store, plan, pre=replace(CALM, spo2=None), post=Vitals(140, 80, 88, pain=1))
    assert save_check_in(store, actor, row).outcome == "done"


def test_pain_that_cannot_be_rated_is_no_gap(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    blank = done(store, plan, pre=replace(CALM, pain=None))
    with pytest.raises(WardProblems):
        save_check_in(store, actor, blank)
    not_done = replace(blank, not_measured={"pre_pain": "1"})
    with pytest.raises(WardProblems):
        save_check_in(store, actor, not_done)
    unable = replace(blank, not_measured={"pre_pain": "3"})
    assert save_check_in(store, actor, unable).outcome == "done"


def test_refused_blood_pressure_is_a_held_session(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = CheckInInput(
        new_id(),
        plan.resident_id,
        plan.id,
        store.clock.now(),
        pre=Vitals(heart_rate=70, pain=0),
        not_measured={"pre_sbp": "2", "pre_dbp": "2"},
    )
    assert save_check_in(store, actor, row).outcome == "held"
    (kept,) = history(store, plan.resident_id)
    assert kept.holds == (Finding("not_screened"),)
    assert kept.not_measured == {"pre_sbp": "2", "pre_dbp": "2"}


def test_a_held_session_keeps_its_reasons_and_counts_as_no_session(
    store: Store, actor: Actor
) -> None:
    plan = one_plan(store, actor)
    row = CheckInInput(
        new_id(),
        plan.resident_id,
        plan.id,
        store.clock.now(),
        pre=replace(CALM, sbp=184, pain=None),
    )
    saved = save_check_in(store, actor, row)
    assert (saved.outcome, saved.session_no) == ("held", None)
    (kept,) = history(store, plan.resident_id)
    assert (kept.outcome, kept.screen, kept.completion) == ("held", "hold", "not_done")
    assert kept.holds == (Finding("sbp_high", 184, "≥", 180),)
    assert kept.reason_not_done == "held"
    assert save_check_in(store, actor, done(store, plan)).session_no == 1


@pytest.mark.parametrize(
    "changes",
    [{"completion": "complete"}, {"borg": 12}, {"post": Vitals(sbp=150, dbp=80)}],
)
def test_nobody_trains_through_a_hold(
    store: Store, actor: Actor, changes: dict[str, object]
) -> None:
    plan = one_plan(store, actor)
    row = CheckInInput(
        new_id(),
        plan.resident_id,
        plan.id,
        store.clock.now(),
        pre=replace(CALM, sbp=184),
        **changes,
    )
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert any("184 ≥ 180" in text for text in refused.value.rows[row.id].values())
    assert count(store) == 0


def test_a_refused_session_needs_its_reason_only(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = CheckInInput(
        new_id(), plan.resident_id, plan.id, store.clock.now(), completion="not_done"
    )
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert set(refused.value.rows[row.id]) == {"reason_not_done"}
    saved = save_check_in(store, actor, replace(row, reason_not_done="refused"))
    assert (saved.outcome, saved.session_no) == ("skipped", None)
    (kept,) = history(store, plan.resident_id)
    assert (kept.screen, kept.completion_percent) == ("none", 0)


def test_held_is_not_a_reason_one_may_choose(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = CheckInInput(
        new_id(),
        plan.resident_id,
        plan.id,
        store.clock.now(),
        completion="not_done",
        reason_not_done="held",
    )
    with pytest.raises(WardProblems):
        save_check_in(store, actor, row)


def test_a_part_needs_its_percent(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = done(store, plan, completion="partial")
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert set(refused.value.rows[row.id]) == {"completion_percent"}
    for wrong in (0, 100):
        with pytest.raises(WardProblems):
            save_check_in(store, actor, replace(row, completion_percent=wrong))
    save_check_in(store, actor, replace(row, completion_percent=60))
    assert history(store, plan.resident_id)[0].completion_percent == 60


def test_a_met_stop_criterion_needs_an_action(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = done(store, plan, borg=17)
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert set(refused.value.rows[row.id]) == {"action"}
    saved = save_check_in(store, actor, replace(row, action="rest"))
    assert saved.stops == (Finding("borg_high", 17, ">", 16),)


def test_chest_pain_needs_a_doctor_not_a_rest(store: Store, actor: Actor) -> None:
    row = done(store, one_plan(store, actor), adverse=("chest_pain",), action="rest")
    with pytest.raises(WardProblems):
        save_check_in(store, actor, row)
    assert save_check_in(store, actor, replace(row, action="doctor")).stops[0].code == "chest_pain"


def test_another_event_is_said_in_words(store: Store, actor: Actor) -> None:
    row = done(store, one_plan(store, actor), adverse=("other",), action="rest")
    with pytest.raises(WardProblems):
        save_check_in(store, actor, row)
    save_check_in(store, actor, replace(row, adverse_text="鞋带松开"))


def test_the_plans_heart_rate_ceiling_counts(store: Store, actor: Actor) -> None:
    plan = add_plan(store, actor, add_resident(store, actor, 0), heart_rate_ceiling=87)
    saved = save_check_in(store, actor, done(store, plan, action="stop"))
    assert [finding.code for finding in saved.stops] == ["hr_ceiling"]


def test_two_stops_running_pause_the_plan_and_tell_the_prescriber(
    store: Store, actor: Actor
) -> None:
    plan = one_plan(store, actor)
    stopped = {"borg": 17, "action": "stop"}
    assert not save_check_in(store, actor, done(store, plan, **stopped)).plan_paused
    save_check_in(store, actor, done(store, plan))
    assert not save_check_in(store, actor, done(store, plan, **stopped)).plan_paused
    # a held and a refused day in between are no sessions and do not break the run
    save_check_in(
        store,
        actor,
        CheckInInput(
            new_id(), plan.resident_id, plan.id, store.clock.now(), pre=Vitals(sbp=190, dbp=90)
        ),
    )
    assert save_check_in(store, actor, done(store, plan, **stopped)).plan_paused
    (kept,) = plans_of(store, plan.resident_id)
    assert (kept.status, kept.status_reason) == ("paused", "two_stops")
    items = due(store, plan.resident_id)
    assert set(items) == {"plan_paused"}
    assert items["plan_paused"].urgent
    assert items["plan_paused"].detail["prescriber"] == "王建国"
    with pytest.raises(WardProblems):
        save_check_in(store, actor, done(store, plan))
    worker = replace(actor, roles=frozenset({"rehab_worker"}))
    with pytest.raises(NotAllowed):
        activate_plan(store, worker, plan.id)
    activate_plan(store, actor, plan.id)
    assert save_check_in(store, actor, done(store, plan)).outcome == "done"


def test_a_ward_is_saved_whole_or_not_at_all(store: Store, actor: Actor) -> None:
    ids = add_ward(store, actor, 5)
    plans = {plan.resident_id: plan for i in ids for plan in plans_of(store, i)}
    rows = [done(store, plans[i]) for i in ids]
    bad = replace(rows[3], borg=None)
    with pytest.raises(WardProblems) as refused:
        save_check_ins(store, actor, [*rows[:3], bad, rows[4]])
    assert set(refused.value.rows) == {bad.id}
    assert count(store) == 0
    assert count(store, Outbox) == 10  # five residents, five plans, no check-in
    saved = save_check_ins(store, actor, rows)
    assert saved.count("done") == 5
    assert [row.resident_id for row in saved.rows] == ids
    assert count(store) == 5


def test_a_second_save_of_the_same_row_changes_nothing(store: Store, actor: Actor) -> None:
    row = done(store, one_plan(store, actor))
    first = save_check_in(store, actor, row)
    assert save_check_in(store, actor, row) == first
    assert count(store) == 1


def test_a_resident_cannot_stand_twice_in_a_ward(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    with pytest.raises(InputError):
        save_check_ins(store, actor, [done(store, plan), done(store, plan)])
    assert count(store) == 0


def test_an_empty_row_is_refused(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    with pytest.raises(WardProblems):
        save_check_in(store, actor, CheckInInput(new_id(), plan.resident_id, plan.id))


def test_a_plan_of_somebody_else_is_no_plan(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    other = add_resident(store, actor, 1, bed="2")
    with pytest.raises(WardProblems):
        save_check_in(store, actor, done(store, plan, resident_id=other))


def test_a_paused_plan_takes_no_check_in(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = done(store, plan)
    pause_plan(store, actor, plan.id, "condition")
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert "" in refused.value.rows[row.id]


def test_who_may_check_in(store: Store, actor: Actor) -> None:
    row = done(store, one_plan(store, actor))
    with pytest.raises(NotAllowed):
        save_check_in(store, replace(actor, roles=frozenset({"administrator"})), row)
    nurse = replace(actor, roles=frozenset({"nurse"}))
    assert save_check_in(store, nurse, row).outcome == "done"


@pytest.mark.parametrize(
    ("pre", "cell"),
    [
        (replace(CALM, sbp=301), "pre_sbp"),
        (replace(CALM, sbp=70, dbp=78), "pre_sbp"),
        (replace(CALM, heart_rate=19), "pre_heart_rate"),
        (replace(CALM, spo2=101), "pre_spo2"),
        (replace(CALM, temperature=43.1), "pre_temperature"),
        (replace(CALM, glucose=45.1), "pre_glucose"),
        (replace(CALM, pain=11), "pre_pain"),
    ],
)
def test_impossible_values_are_blocked(store: Store, actor: Actor, pre: Vitals, cell: str) -> None:
    row = done(store, one_plan(store, actor), pre=pre, confirmed=True)
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert cell in refused.value.rows[row.id]


def test_an_unusual_value_is_asked_for_once(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    row = done(store, plan, post=Vitals(152, 44, 88, 96, pain=1))
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row)
    assert set(refused.value.rows[row.id]) == {"post_dbp"}
    assert save_check_in(store, actor, replace(row, confirmed=True)).outcome == "done"


def test_unknown_codes_are_refused(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    for changes in (
        {"adverse": ("aliens",)},
        {"completion": "perhaps"},
        {"action": "pray"},
        {"items": (ItemDone("juggling"),)},
        {"pre_symptoms": ("bored",)},
        {"place": "moon"},
    ):
        with pytest.raises(WardProblems):
            save_check_in(store, actor, done(store, plan, **changes))
    assert count(store) == 0


def test_times_must_run_forward(store: Store, actor: Actor) -> None:
    row = done(store, one_plan(store, actor))
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, replace(row, ended_at=row.started_at))
    assert "ended_at" in refused.value.rows[row.id]


def test_a_void_check_in_counts_nowhere_but_stays(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    saved = save_check_in(store, actor, done(store, plan))
    with pytest.raises(InputError):
        void_check_in(store, actor, saved.check_in_id, " ")
    stranger = replace(actor, staff_id=new_id(), roles=frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        void_check_in(store, stranger, saved.check_in_id, "录错人")
    hospital = replace(actor, organisation_id=LEAD_ID)
    with pytest.raises(NotAllowed):
        void_check_in(store, hospital, saved.check_in_id, "录错人")
    void_check_in(store, actor, saved.check_in_id, "录错人")
    (kept,) = history(store, plan.resident_id)
    assert kept.status == "entered_in_error"
    assert due(store, plan.resident_id)["check_in"].due_on == plan.starts_on
    assert load_ward(store, actor).rows[0].today == ()
    assert save_check_in(store, actor, done(store, plan)).session_no == 1
    with pytest.raises(NotFound):
        void_check_in(store, actor, new_id(), "x")


def test_history_pages_newest_first(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    for _ in range(5):
        save_check_in(store, actor, done(store, plan))
    first = history(store, plan.resident_id, limit=2)
    rest = history(store, plan.resident_id, before_id=first[-1].id)
    assert [view.session_no for view in (*first, *rest)] == [5, 4, 3, 2, 1]


# --- the ward ---


def test_the_ward_comes_in_bed_order(store: Store, actor: Actor) -> None:
    beds = [("203", "2"), ("201", "10"), ("201", "9"), ("203", "1")]
    for number, (room, bed) in enumerate(beds):
        add_plan(store, actor, add_resident(store, actor, number, room=room, bed=bed))
    home = add_resident(store, actor, 9, bed=None)
    add_plan(store, actor, home)
    add_resident(store, actor, 10, bed=None)  # neither bed nor plan: not in the ward
    ward = load_ward(store, actor)
    assert [row.place for row in ward.rows] == ["201-9", "201-10", "203-1", "203-2", ""]
    assert ward.rows[-1].resident_id == home
    assert ward.buildings == ("康复楼",)


def test_natural_order_of_beds() -> None:
    beds = ["10", "2", "1", "2甲", "A1", "12"]
    assert sorted(beds, key=natural_key) == ["1", "2", "2甲", "10", "12", "A1"]


def test_a_ward_of_one_building(store: Store, actor: Actor) -> None:
    add_resident(store, actor, 0, building="康复楼")
    add_resident(store, actor, 1, building="康养楼")
    ward = load_ward(store, actor, building="康养楼")
    assert [row.building for row in ward.rows] == ["康养楼"]
    assert set(ward.buildings) == {"康复楼", "康养楼"}


def test_only_who_is_in_residence_here_today(store: Store, actor: Actor) -> None:
    here = add_resident(store, actor, 0)
    gone = add_resident(store, actor, 1)
    add_resident(store, actor, 2, organisation_id=CARE_HOME_ID)
    with store.write(actor) as session:
        stay = session.scalars(select(Residence).where(Residence.resident_id == gone)).one()
        stay.discharge_date = store.clock.today()
    assert [row.resident_id for row in load_ward(store, actor).rows] == [here]
    yesterday = store.clock.today() - timedelta(days=1)
    assert {row.resident_id for row in load_ward(store, actor, yesterday).rows} == {here, gone}


def test_a_resident_without_a_plan_stands_there_without_one(store: Store, actor: Actor) -> None:
    add_resident(store, actor, 0)
    (row,) = load_ward(store, actor).rows
    assert row.plan is None
    assert row.planned_items() == ()


def test_copd_and_insulin_are_read_from_the_record(store: Store, actor: Actor) -> None:
    copd, insulin, both = (add_resident(store, actor, n, bed=str(n)) for n in (1, 2, 3))
    for resident_id in (copd, insulin, both):
        add_plan(store, actor, resident_id)
    add_condition(store, actor, copd, "J44.900", "慢性阻塞性肺疾病")
    add_condition(store, actor, both, "J44.100", "慢阻肺急性加重")
    add_condition(store, actor, both, "I10.x00", "高血压")

    def visit(resident_id: str, day: date, disease: str, drugs: list[str], **more: object) -> None:
        with store.write(actor) as session:
            session.add(
                FollowUp(
                    resident_id=resident_id,
                    visit_date=day,
                    mode="1",
                    doctor_name="王",
                    drugs=[{"name": name} for name in drugs],
                    diseases=[
                        FollowUpDisease(resident_id=resident_id, visit_date=day, disease=disease)
                    ],
                    **more,
                )
            )

    visit(insulin, date(2026, 1, 5), "type2_diabetes", ["甘精胰岛素"])
    visit(insulin, date(2026, 2, 5), "hypertension", ["苯磺酸氨氯地平"])
    # the sulfonylurea was taken off at the last diabetes visit
    visit(both, date(2025, 12, 1), "type2_diabetes", ["格列美脲"])
    visit(both, date(2026, 2, 1), "type2_diabetes", ["二甲双胍"], insulin={"name": "无"})
    facts = {row.resident_id: row.facts for row in load_ward(store, actor).rows}
    assert (facts[copd].copd, facts[copd].glucose_drugs) == (True, False)
    assert (facts[insulin].copd, facts[insulin].glucose_drugs) == (False, True)
    assert (facts[both].copd, facts[both].glucose_drugs) == (True, False)
    conditions = {row.resident_id: row.conditions for row in load_ward(store, actor).rows}
    assert conditions[both] == ("慢阻肺急性加重", "高血压")

    (plan,) = plans_of(store, insulin)
    with pytest.raises(WardProblems) as refused:
        save_check_in(store, actor, row := done(store, plan))
    assert set(refused.value.rows[row.id]) == {"pre_glucose"}
    held = save_check_in(
        store,
        actor,
        CheckInInput(new_id(), insulin, plan.id, store.clock.now(), pre=replace(CALM, glucose=4.9)),
    )
    assert held.outcome == "held"
    (breathless,) = plans_of(store, copd)
    row = done(store, breathless, pre=replace(CALM, spo2=88), confirmed=True)
    assert save_check_in(store, actor, row).outcome == "done"


def test_last_values_and_what_is_done_today(store: Store, actor: Actor, clock: FixedClock) -> None:
    plan = one_plan(store, actor)
    save_check_in(store, actor, done(store, plan))
    clock.advance(days=1)
    save_check_in(
        store,
        actor,
        done(store, plan, completion="not_done", borg=None, post=Vitals(), reason_not_done="out"),
    )
    (row,) = load_ward(store, actor).rows
    assert row.last is not None
    assert row.last.session_no == 1
    assert row.last.post.heart_rate == 88
    assert [view.outcome for view in row.today] == ["skipped"]
    (before,) = load_ward(store, actor, store.clock.today() - timedelta(days=1)).rows
    assert [view.outcome for view in before.today] == ["done"]


def test_a_ward_takes_no_more_queries_when_it_grows(store: Store, actor: Actor) -> None:
    from sqlalchemy import event

    def queries() -> int:
        seen: list[str] = []

        def note(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        event.listen(store._engine, "before_cursor_execute", note)
        try:
            load_ward(store, actor)
        finally:
            event.remove(store._engine, "before_cursor_execute", note)
        return len(seen)

    add_ward(store, actor, 2)
    few = queries()
    add_ward(store, actor, 10)
    assert queries() == few


def test_changed_numbers_are_approved_versioned_and_used(store: Store, actor: Actor) -> None:
    plan = one_plan(store, actor)
    with pytest.raises(InputError):
        approve_thresholds(store, actor, RehabThresholds(hold_sbp_from=130))
    with pytest.raises(NotAllowed):
        approve_thresholds(
            store, replace(actor, roles=frozenset({"nurse"})), RehabThresholds(version="JZ-1")
        )
    approve_thresholds(store, actor, RehabThresholds(version="JZ-1", hold_sbp_from=130))
    row = CheckInInput(new_id(), plan.resident_id, plan.id, store.clock.now(), pre=CALM)
    assert save_check_in(store, actor, row).outcome == "held"
    with store.read() as session:
        kept = session.get(CheckIn, row.id)
        assert kept is not None
        assert kept.rule_version == "JZ-1"
    assert load_ward(store, actor).thresholds.approved_by == actor.name
