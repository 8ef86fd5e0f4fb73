"""A patient who comes back twice, whose house replies itself, and returns under wrong clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import referral
from app.care.due import refresh_due
from app.care.referral_back.closing import BELIEVED, close_finished
from app.care.referral_back.steps import visit_is_open
from app.care.referral_back.visit import begin_visit, record_visit
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput, PlanInput, PlanStep
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.care.rehab_plan import plans_of, stop_plan
from app.clock import FixedClock, format_instant
from app.errors import InputError
from app.models.outbox import Receipt, SyncState
from app.models.outreach import SharedNote
from app.models.referral import ReferralEvent, ReferralTask
from app.models.referral_return import ReturnPlan
from tests.care.referral_back.conftest import TODAY, House
from tests.care.referral_back.test_taking_back import SEEN, due, patient_of
from tests.conftest import CARE_HOME_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import add_resident, carry

STEPS = {"return_step:rehab", "return_step:follow_up", "return_step:review"}


def news(source: House, target: House, referral_id: str) -> None:
    """What a pull does: rows, then the work that they make."""
    carry(source[0], target[0])
    with target[0].write(target[1]) as session:
        refresh_due(session, target[0].organisation_id, [patient_of(target, referral_id)])


def open_task(session: Session, referral_id: str) -> ReferralTask:
    """The letter's task."""
    return session.scalars(
        select(ReferralTask).where(
            ReferralTask.referral_id == referral_id, ReferralTask.service == "letter"
        )
    ).one()


# -- a reply of the house that took the patient over ----------------------------------------------


def test_a_reply_leaves_the_plan_that_the_letter_brought(
    township: House, desk: House, coming: str
) -> None:
    arrive(*township, coming)
    before = due(township)
    with pytest.raises(InputError) as caught:
        write_reply(*township, coming, reply_for(), plan_for(TODAY))
    assert set(caught.value.problems) == {""}
    assert open_referral(*township, coming).state is State.ARRIVED
    write_reply(*township, coming, reply_for())
    assert due(township) == before
    with pytest.raises(InputError):
        amend_reply(*township, coming, reply_for(diagnosis="高血压 2 级"), plan_for(TODAY))
    amend_reply(*township, coming, reply_for(diagnosis="高血压 2 级"))
    assert due(township) == before
    returns = load_returns(*township, coming)
    assert returns.plan is not None
    assert not returns.plan.own
    # Nor is the number of the stay in hospital the number of the stay here.
    assert returns.reply is not None
    assert returns.reply.input.inpatient_no == ""


def test_a_plan_of_another_program_in_a_reply_does_not_wipe_the_work(
    township: House, desk: House, coming: str
) -> None:
    """A reply of theirs may name a plan of its own; ours that stands is the one that came."""
    arrive(*township, coming)
    before = due(township)
    with township[0].write(township[1]) as session:
        task = open_task(session, coming)
        plan = ReturnPlan(
            referral_id=coming, resident_id=task.resident_id, starts_on=TODAY, steps=[],
            doctor_id=township[1].staff_id, doctor_name=township[1].name,
            replaces_id=task.plan_id,
        )  # fmt: skip
        session.add(plan)
        session.flush()
        task.plan_id = plan.id
        session.flush()
        refresh_due(session, TOWNSHIP_ID, [task.resident_id])
    assert due(township) == before
    assert [step.kind for step in begin_visit(*township, coming).steps] == [
        "rehab", "follow_up", "review",
    ]  # fmt: skip


def test_the_first_visit_is_written_after_the_own_reply(
    township: House, desk: House, coming: str
) -> None:
    arrive(*township, coming)
    write_reply(*township, coming, reply_for())
    returns = load_returns(*township, coming)
    assert returns.first_visit_by == TODAY + timedelta(days=3)
    assert visit_is_open(township[1], in_hand=returns.in_hand)
    record_visit(*township, coming, SEEN)
    assert load_returns(*township, coming).first_visit_by is None
    news(township, desk, coming)
    assert not load_returns(*desk, coming).in_hand


def test_a_member_who_hands_back_has_no_more_work(
    make_store: Callable[..., House], township: House
) -> None:
    """From one member to another and back: each has the plan of the other, while it has the
    patient."""
    home = make_store(CARE_HOME_ID, "home")
    resident_id = add_resident(*township)
    down = DownInput(resident_id, CARE_HOME_ID, consent="given")
    referral_id = refer_down(*township, down, summary_for(), plan_for(TODAY)).referral_id
    news(township, home, referral_id)
    accept(*home, referral_id, Booking("护理部", "王医生", scheduled_at=NOW))
    arrive(*home, referral_id)
    assert set(due(home, "return_step")) == STEPS
    own = PlanInput(TODAY, (PlanStep("exam", TODAY + timedelta(days=5), "复查血钾"),))
    hand_back(*home, referral_id, summary_for(), own)
    assert due(home, "return_") == {}
    news(home, township, referral_id)
    referral.advance(*township, referral_id, State.REPLIED, Reason("bed_full"))
    news(township, home, referral_id)
    # Nobody takes them back: the plan that they came with goes on.
    assert set(due(home, "return_step")) == STEPS
    hand_back(*home, referral_id, summary_for(), own)
    news(home, township, referral_id)
    referral.advance(*township, referral_id, State.RECEIVED_BACK)
    assert set(due(township, "return_step")) == {"return_step:exam"}
    referral.advance(*township, referral_id, State.CLOSED, Reason("completed"))
    news(township, home, referral_id)
    assert due(home, "return_") == {}


# -- a second return -------------------------------------------------------------------------------


def in_hospital_again(township: House, desk: House, back: str) -> None:
    """Seen at home, closed, opened again by the hospital."""
    steps = tuple(step.id for step in begin_visit(*township, back).steps)
    record_visit(*township, back, replace(SEEN, done_steps=steps))
    referral.advance(*township, back, State.CLOSED, Reason("completed"))
    news(township, desk, back)
    referral.advance(*desk, back, State.IN_CARE, Reason("other", "症状反复"))


def test_a_second_return_begins_with_nothing_done(township: House, desk: House, back: str) -> None:
    (first,) = plans_of(township[0], patient_of(township, back))
    stop_plan(*township, first.id, "再次住院")
    in_hospital_again(township, desk, back)
    hand_back(*desk, back, summary_for(), plan_for(TODAY))
    assert load_returns(*desk, back).done.isdisjoint(step_ids(desk, back))
    news(desk, township, back)
    referral.advance(*township, back, State.RECEIVED_BACK)
    assert set(due(township, "return_")) == STEPS | {"return_visit"}
    start = begin_visit(*township, back)
    assert (start.due_on, start.last, len(start.steps)) == (TODAY + timedelta(days=7), None, 3)
    assert load_returns(*township, back).first_visit_by == TODAY + timedelta(days=7)
    plans = plans_of(township[0], patient_of(township, back))
    assert sorted(plan.status for plan in plans) == ["draft", "stopped"]
    record_visit(*township, back, SEEN)
    assert set(due(township, "return_")) == STEPS
    assert load_returns(*township, back).first_visit_by is None


def step_ids(house: House, referral_id: str) -> set[str]:
    plan = load_returns(*house, referral_id).plan
    assert plan is not None
    return {step.id for step in plan.input.steps}


def test_a_second_return_does_not_close_for_the_visit_of_the_first(
    township: House, desk: House, back: str, clock: FixedClock
) -> None:
    in_hospital_again(township, desk, back)
    hand_back(*desk, back, summary_for(), plan_for(TODAY))
    news(desk, township, back)
    referral.advance(*township, back, State.RECEIVED_BACK)
    clock.advance(days=8)
    assert close_finished(*township) == 0
    clock.advance(days=22)
    assert close_finished(*township) == 1


def test_the_ids_of_steps_are_not_used_again(township: House, desk: House, back: str) -> None:
    """Whatever number a form gives to a step that is not in the plan which is amended."""
    news(township, desk, back)
    day = TODAY + timedelta(days=5)
    kept = PlanStep("follow_up", day, "测血压", id="2")
    amend_reply(*desk, back, summary_for(), PlanInput(TODAY, (kept, PlanStep("exam", day))))
    first = step_ids(desk, back)
    assert "2" in first
    assert first.isdisjoint({"1", "3"})
    amend_reply(*desk, back, summary_for(), PlanInput(TODAY, (kept, PlanStep("exam", day, id="3"))))
    second = step_ids(desk, back)
    assert first & second == {"2"}
    assert "3" not in second


def test_visits_of_another_program_are_told_apart_by_their_day(
    township: House, desk: House, back: str, clock: FixedClock
) -> None:
    in_hospital_again(township, desk, back)
    with township[0].write(township[1]) as session:
        for note in session.scalars(select(SharedNote)):
            note.details = {}
    clock.advance(days=3)
    hand_back(*desk, back, summary_for(), plan_for(TODAY))
    news(desk, township, back)
    referral.advance(*township, back, State.RECEIVED_BACK)
    assert due(township, "return_visit") == {"return_visit": TODAY + timedelta(days=10)}


# -- wrong clocks ----------------------------------------------------------------------------------


def taken_by_server(house: House, at: datetime, told: datetime) -> None:
    """The server took every move at one moment, and told another at its last answer."""
    with house[0].apply_remote() as session:
        for event_id in session.scalars(select(ReferralEvent.id)).all():
            session.merge(
                Receipt(
                    kind="referral_event", record_id=event_id, change_id="x", server_time=at,
                    received_at=at,
                )
            )  # fmt: skip
        session.merge(SyncState(key="clock", value={"seen": format_instant(told)}))


@pytest.mark.parametrize(
    ("told", "closed"),
    [(timedelta(days=30) - timedelta(seconds=1), 0), (timedelta(days=30), 1)],
)
def test_a_clock_years_ahead_closes_nothing_before_the_servers_time(
    township: House, back: str, clock: FixedClock, told: timedelta, closed: int
) -> None:
    taken_by_server(township, NOW, NOW + told)
    clock.advance(days=3650)
    assert close_finished(*township) == closed


def test_a_servers_clock_years_ahead_closes_nothing(
    township: House, back: str, clock: FixedClock
) -> None:
    taken_by_server(township, NOW, NOW + timedelta(days=3650))
    assert close_finished(*township) == 0
    clock.advance(days=30)
    assert close_finished(*township) == 1


def test_a_return_that_no_server_has_taken_stays_open(
    township: House, back: str, clock: FixedClock
) -> None:
    with township[0].apply_remote() as session:
        value = {"seen": format_instant(NOW + timedelta(days=60))}
        session.merge(SyncState(key="clock", value=value))
    clock.advance(days=60)
    assert close_finished(*township) == 0


def test_without_any_server_a_wait_of_years_is_not_believed(
    township: House, back: str, clock: FixedClock
) -> None:
    clock.set(NOW + timedelta(days=30) + BELIEVED)
    assert close_finished(*township) == 0
    clock.advance(seconds=-1)
    assert close_finished(*township) == 1


def test_a_return_written_down_in_the_future_is_visited_today(
    township: House, offered: str, clock: FixedClock
) -> None:
    clock.set(NOW + timedelta(days=730))
    referral.advance(*township, offered, State.RECEIVED_BACK)
    clock.set(NOW)
    assert begin_visit(*township, offered).returned_on == TODAY
    record_visit(*township, offered, SEEN)
    assert "return_visit" not in due(township)


def test_the_day_of_a_return_is_bounded_by_what_the_server_saw(
    township: House, desk: House, offered: str, clock: FixedClock
) -> None:
    """Two years ahead at the PC that took the patient back, years behind at the next."""
    clock.set(NOW + timedelta(days=730))
    referral.advance(*township, offered, State.RECEIVED_BACK)
    clock.set(NOW)
    taken_by_server(township, NOW, NOW)
    with township[0].write(township[1]) as session:
        refresh_due(session, TOWNSHIP_ID, [patient_of(township, offered)])
    assert due(township, "return_visit") == {"return_visit": TODAY + timedelta(days=7)}
    referral.advance(*township, offered, State.CLOSED, Reason("completed"))
    news(township, desk, offered)
    referral.advance(*desk, offered, State.IN_CARE, Reason("other", "症状反复"))
    hand_back(*desk, offered, summary_for(), plan_for(TODAY))
    news(desk, township, offered)
    clock.set(NOW - timedelta(days=3650))
    referral.advance(*township, offered, State.RECEIVED_BACK)
    # Not before this house's own last move, so that no old follow-up is the first visit.
    assert due(township, "return_visit") == {"return_visit": TODAY + timedelta(days=7)}


@pytest.mark.parametrize(
    ("start", "wrong"),
    [
        (timedelta(days=366), False),
        (timedelta(days=367), True),
        (timedelta(days=-5 * 366), False),
        (timedelta(days=-5 * 366 - 1), True),
    ],
)
def test_a_plan_does_not_start_in_another_century(
    desk: House, start: timedelta, wrong: bool
) -> None:
    day = TODAY + start
    resident_id = add_resident(*desk)
    down = DownInput(resident_id, TOWNSHIP_ID, consent="given")
    plan = PlanInput(day, (PlanStep("exam", day),))
    if not wrong:
        refer_down(*desk, down, summary_for(), plan)
        return
    with pytest.raises(InputError) as caught:
        refer_down(*desk, down, summary_for(), plan)
    assert set(caught.value.problems) == {"plan.starts_on"}
