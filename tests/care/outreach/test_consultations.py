"""A consultation between two stores: asked, taken on, answered, declined, cancelled, concluded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.care.indicators.outreach import outreach_indicators
from app.care.indicators.period import month_of
from app.care.outreach.consultation_lists import (
    Box,
    ConsultationView,
    box_counts,
    list_consultations,
    open_consultation,
)
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import (
    AnswerInput,
    OutcomeInput,
    answer,
    ask,
    begin_consultation,
    cancel,
    conclude,
    decline,
    take_on,
)
from app.care.referral_red_flags import Vitals
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models.local import AuditEvent
from app.models.outbox import LANE_REFERRAL, Outbox
from app.models.outreach import Consultation, SharedNote
from tests.care.outreach.conftest import House
from tests.conftest import CARE_HOME_ID, TOWNSHIP_ID
from tests.outreach_support import carry_outreach, question_about
from tests.referral_support import add_resident


@pytest.fixture
def resident(township: House) -> str:
    return add_resident(township.store, township.actor)


def asked(township: House, lead: House, resident: str, **values: object) -> str:
    id_ = ask(township.store, township.actor, question_about(resident, **values))
    carry_outreach(township.store, lead.store)
    return id_


def seen(house: House, id_: str) -> ConsultationView:
    return open_consultation(house.store, house.actor, id_)


def boxes(house: House) -> dict[Box, list[str]]:
    return {
        box: [line.consultation_id for line in list_consultations(house.store, house.actor, box)]
        for box in Box
    }


def test_the_whole_way_of_a_question(
    township: House, lead: House, resident: str, clock: FixedClock
) -> None:
    id_ = asked(township, lead, resident)
    assert boxes(lead) == {Box.RECEIVED: [id_], Box.ASKED: [], Box.OVER: []}
    clock.advance(hours=3)
    take_on(lead.store, lead.actor, id_)
    answer(lead.store, lead.actor, id_, AnswerInput("加用缬沙坦 80 mg。", "李主任", "心血管内科"))
    assert boxes(lead)[Box.OVER] == [id_]
    carry_outreach(lead.store, township.store)
    view = seen(township, id_)
    assert (view.line.state, view.moves) == (Move.ANSWERED, (Move.CONCLUDED,))
    assert boxes(township)[Box.ASKED] == [id_]
    last = view.steps[-1]
    assert (last.text, last.signer, last.department) == (
        "加用缬沙坦 80 mg。",
        "李主任",
        "心血管内科",
    )
    conclude(township.store, township.actor, id_, OutcomeInput(True, "两周后血压 138/82 mmHg。"))
    carry_outreach(township.store, lead.store)
    for house in (township, lead):
        view = seen(house, id_)
        assert (view.line.state, view.moves) == (Move.CONCLUDED, ())
        assert [step.move for step in view.steps] == ["asked", "accepted", "answered", "concluded"]
        assert view.steps[-1].adopted is True
        assert boxes(house)[Box.OVER] == [id_]
    with township.store.read() as session:
        counted = outreach_indicators(session, township.actor.organisation_id, month_of(2026, 3))
    assert counted[1].numerator == {resident: 1.0}


def test_what_is_asked_leaves_in_the_lane_of_letters(township: House, resident: str) -> None:
    ask(township.store, township.actor, question_about(resident))
    with township.store.read() as session:
        lanes = {row.kind: row.lane for row in session.query(Outbox)}
    assert lanes == {"consultation": LANE_REFERRAL, "shared_note": LANE_REFERRAL}


def test_the_form_begins_with_what_the_record_knows_and_measures_nothing(
    township: House, resident: str
) -> None:
    start = begin_consultation(township.store, township.actor, resident)
    assert "高血压 3 级" in start.consultation.summary
    assert "青霉素" in start.consultation.summary
    assert start.consultation.vitals == Vitals()
    assert start.consultation.to_organisation_id == question_about(resident).to_organisation_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", "  "),
        ("summary", ""),
        ("department", ""),
        ("kind", "letter"),
        ("urgency", "soon"),
        ("to_organisation_id", "nowhere"),
        ("question", "问" * 2001),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    township: House, resident: str, field: str, value: str
) -> None:
    with pytest.raises(InputError) as caught:
        ask(township.store, township.actor, replace(question_about(resident), **{field: value}))
    assert list(caught.value.problems) == [field]
    with township.store.read() as session:
        assert session.query(Consultation).count() == session.query(SharedNote).count() == 0


def test_an_urgent_question_needs_a_number_and_impossible_vitals_are_refused(
    township: House, resident: str
) -> None:
    wrong = question_about(resident, urgency="urgent", from_doctor_phone="", vitals=Vitals(sbp=900))
    with pytest.raises(InputError) as caught:
        ask(township.store, township.actor, wrong)
    assert set(caught.value.problems) == {"from_doctor_phone", "sbp"}


def test_urgent_ones_stand_first_and_their_ten_minutes_run(
    township: House, lead: House, resident: str, clock: FixedClock
) -> None:
    first = asked(township, lead, resident)
    clock.advance(minutes=1)
    urgent = asked(township, lead, resident, urgency="urgent")
    assert boxes(lead)[Box.RECEIVED] == [urgent, first]
    assert box_counts(lead.store, lead.actor).urgent == 1
    clock.advance(minutes=10)
    assert not seen(lead, urgent).line.waiting.overdue
    clock.advance(seconds=1)
    assert seen(lead, urgent).line.waiting.overdue
    # The call was in time, though the PC was reached only later.
    call = clock.now() - timedelta(minutes=5)
    take_on(lead.store, lead.actor, urgent, call)
    view = seen(lead, urgent)
    assert [step.move for step in view.steps] == ["asked", "accepted"]
    assert (view.steps[-1].by_phone, view.steps[-1].at) == (True, call)
    assert not view.line.waiting.overdue
    assert box_counts(lead.store, lead.actor).urgent == 0


def test_a_call_in_the_future_is_no_call(township: House, lead: House, resident: str) -> None:
    id_ = asked(township, lead, resident, urgency="urgent")
    with pytest.raises(InputError, match="通话"):
        take_on(lead.store, lead.actor, id_, lead.store.clock.now() + timedelta(minutes=1))


def test_each_side_sees_the_number_of_the_other(
    township: House, lead: House, resident: str
) -> None:
    id_ = asked(township, lead, resident, urgency="urgent")
    assert seen(lead, id_).phone == "13812345678"
    assert seen(township, id_).phone


def test_declined_with_a_reason(township: House, lead: House, resident: str) -> None:
    id_ = asked(township, lead, resident)
    with pytest.raises(InputError) as caught:
        decline(lead.store, lead.actor, id_, " ")
    assert list(caught.value.problems) == ["reason"]
    decline(lead.store, lead.actor, id_, "本周专家外出，请转介安徽省立医院。")
    carry_outreach(lead.store, township.store)
    view = seen(township, id_)
    assert (view.line.state, view.moves) == (Move.DECLINED, ())
    assert view.steps[-1].text.startswith("本周")
    assert boxes(township)[Box.OVER] == [id_]


def test_an_answer_that_crossed_with_a_cancellation_stands_at_both(
    township: House, lead: House, resident: str
) -> None:
    id_ = asked(township, lead, resident)
    cancel(township.store, township.actor, id_, "已好转")
    answer(lead.store, lead.actor, id_, AnswerInput("维持原方案。", "李主任"))
    carry_outreach(lead.store, township.store)
    carry_outreach(township.store, lead.store)
    for house in (township, lead):
        assert seen(house, id_).line.state is Move.ANSWERED
    assert boxes(township)[Box.ASKED] == [id_]
    assert boxes(lead)[Box.OVER] == [id_]


def test_a_step_that_is_over_or_the_other_side_s_changes_nothing(
    township: House, lead: House, resident: str
) -> None:
    id_ = asked(township, lead, resident)
    with pytest.raises(NotAllowed):
        answer(township.store, township.actor, id_, AnswerInput("好", "王医生"))
    with pytest.raises(InputError):
        conclude(township.store, township.actor, id_, OutcomeInput(True, "好"))
    cancel(township.store, township.actor, id_, "已好转")
    with pytest.raises(InputError, match="撤销"):
        cancel(township.store, township.actor, id_, "已好转")
    with township.store.read() as session:
        assert session.query(SharedNote).count() == 2


def test_only_doctors_sign_an_opinion(township: House, lead: House, resident: str) -> None:
    id_ = asked(township, lead, resident)
    nurse = replace(lead.actor, roles=frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        answer(lead.store, nurse, id_, AnswerInput("好", "王护士"))
    with pytest.raises(InputError) as caught:
        answer(lead.store, lead.actor, id_, AnswerInput("", ""))
    assert set(caught.value.problems) == {"opinion", "signer"}


def test_a_house_without_a_part_in_it_sees_nothing(
    township: House, care_home: House, resident: str
) -> None:
    id_ = asked(township, care_home, resident)
    with pytest.raises(NotFound):
        seen(care_home, id_)
    assert all(not found for found in boxes(care_home).values())


def test_a_third_house_is_not_asked_about_a_patient_it_cannot_read(
    township: House, lead: House, resident: str
) -> None:
    carry_outreach(township.store, lead.store)
    with pytest.raises(InputError) as caught:
        ask(lead.store, lead.actor, question_about(resident, to_organisation_id=CARE_HOME_ID))
    assert list(caught.value.problems) == ["to_organisation_id"]
    with lead.store.read() as session:
        assert session.query(Consultation).count() == session.query(SharedNote).count() == 0
    # The house that keeps the record reads of its own patient.
    start = begin_consultation(lead.store, lead.actor, resident)
    assert (start.only_to, start.consultation.to_organisation_id) == (TOWNSHIP_ID, TOWNSHIP_ID)
    ask(lead.store, lead.actor, question_about(resident, to_organisation_id=TOWNSHIP_ID))
    assert begin_consultation(township.store, township.actor, resident).only_to == ""


def test_every_look_is_noted(township: House, resident: str) -> None:
    id_ = ask(township.store, township.actor, question_about(resident))
    seen(township, id_)
    with township.store.read() as session:
        looks = session.query(AuditEvent).filter_by(action="read", kind="consultation").all()
        assert [look.record_id for look in looks] == [id_]


def test_the_question_stands_before_its_answer_whatever_the_clocks_say(
    township: House, lead: House, resident: str, clock: FixedClock
) -> None:
    """The call of the same minute is noted by the minute; the other house's clock may be slow."""
    clock.advance(seconds=40)
    urgent = asked(township, lead, resident, urgency="urgent")
    take_on(lead.store, lead.actor, urgent, clock.now() - timedelta(seconds=40))
    answer(lead.store, lead.actor, urgent, AnswerInput("立即转运。", "李主任", "心血管内科"))
    assert [step.move for step in seen(lead, urgent).steps] == ["asked", "accepted", "answered"]
