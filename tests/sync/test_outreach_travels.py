"""A consultation and an expert visit cross a real server, and nobody else reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from app.care.outreach.consultation_lists import (
    Box,
    ConsultationView,
    list_consultations,
    load_consultation,
)
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import (
    AnswerInput,
    OutcomeInput,
    answer,
    ask,
    cancel,
    conclude,
    take_on,
)
from app.care.outreach.guidance import (
    GuidanceInput,
    begin_guidance,
    list_guidance,
    record_guidance,
)
from app.care.outreach.visit_lists import VisitView, load_visit, visits_of_month
from app.care.outreach.visits import (
    VisitResult,
    change_visit,
    countersign,
    finish_visit,
    plan_visit,
)
from app.care.referral import send
from app.clock import FixedClock
from app.models.referral import Referral, ReferralTask
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.outreach_support import question_about, visit_at
from tests.referral_support import letter_for
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save

TODAY = date(2026, 3, 2)


def sync(*clinics: Clinic) -> None:
    for clinic in clinics:
        assert clinic.sync().outcome == "done"


def seen(clinic: Clinic, id_: str) -> ConsultationView:
    return load_consultation(clinic.store, clinic.actor, id_)


def visit(clinic: Clinic, id_: str) -> VisitView:
    return load_visit(clinic.store, clinic.actor, id_)


def test_a_question_and_its_answer(township: Clinic, make_clinic: Callable[..., Clinic]) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    id_ = ask(township.store, township.actor, question_about(resident.id, urgency="urgent"))
    hospital, stranger = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    sync(township, hospital, stranger)
    view = seen(hospital, id_)
    assert view.line.resident_name == resident.name
    assert (view.line.question, view.vitals.sbp) == (question_about("").question, 172)
    assert view.phone == "13812345678"
    for box in Box:
        assert list_consultations(stranger.store, stranger.actor, box) == ()

    take_on(hospital.store, hospital.actor, id_, hospital.store.clock.now())
    answer(hospital.store, hospital.actor, id_, AnswerInput("加用缬沙坦。", "李主任", "心内科"))
    sync(hospital, township)
    view = seen(township, id_)
    assert (view.line.state, view.moves) == (Move.ANSWERED, (Move.CONCLUDED,))
    assert (view.steps[-1].text, view.steps[-1].signer) == ("加用缬沙坦。", "李主任")
    assert view.line.delivery.state == "held"
    conclude(township.store, township.actor, id_, OutcomeInput(False, "患者拒绝加药。"))
    sync(township, hospital)
    for clinic in (township, hospital):
        assert seen(clinic, id_).line.state is Move.CONCLUDED
        assert seen(clinic, id_).steps[-1].adopted is False


def test_moves_that_cross_end_in_one_state(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    id_ = ask(township.store, township.actor, question_about(resident.id))
    hospital = make_clinic(LEAD_ID)
    sync(township, hospital)
    cancel(township.store, township.actor, id_, "已好转")
    answer(hospital.store, hospital.actor, id_, AnswerInput("维持原方案。", "李主任"))
    sync(hospital, township, hospital)
    for clinic in (township, hospital):
        view = seen(clinic, id_)
        assert view.line.state is Move.ANSWERED
        assert {step.move for step in view.steps} == {"asked", "cancelled", "answered"}


def test_a_visit_its_change_and_the_host_s_word(
    township: Clinic, make_clinic: Callable[..., Clinic], clock: FixedClock
) -> None:
    hospital, stranger = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    day = TODAY + timedelta(days=3)
    id_ = plan_visit(hospital.store, hospital.actor, visit_at(TOWNSHIP_ID, day))
    sync(hospital, township, stranger)
    assert visit(township, id_).plan == visit(hospital, id_).plan
    assert visits_of_month(stranger.store, stranger.actor, 2026, 3) == ()

    planned = visit(hospital, id_)
    later = replace(planned.plan, starts_at="14:00", ends_at="17:00", expert_name="周敏")
    change_visit(hospital.store, hospital.actor, id_, planned.change_id, later)
    sync(hospital, township)
    assert visit(township, id_).plan == later

    clock.advance(days=3)
    result = VisitResult(12, 3, 0, 5, "坐诊 12 人，查房 3 人，带教 5 人。")
    finish_visit(hospital.store, hospital.actor, id_, visit(hospital, id_).change_id, result)
    countersign(township.store, township.actor, id_, "准时到达")
    sync(township, hospital, township)
    for clinic in (township, hospital):
        shown = visit(clinic, id_)
        assert (shown.status, shown.result) == ("done", result)
        assert shown.countersign is not None
        assert shown.countersign.text == "准时到达"


def test_a_third_house_that_is_asked_about_a_letter_does_not_read_the_letter(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    letter = send(township.store, township.actor, letter_for(resident.id)).referral_id
    asked = question_about(resident.id, to_organisation_id=CARE_HOME_ID, referral_id=letter)
    id_ = ask(township.store, township.actor, asked)
    links = begin_guidance(township.store, township.actor, resident.id).links
    given = GuidanceInput(
        resident.id, "joint_round", links[0], CARE_HOME_ID, "ward", TODAY, "李", "王", "平稳", "无"
    )
    visit_id = record_guidance(township.store, township.actor, given)
    hospital, third = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    sync(township, hospital, third)
    view = seen(third, id_)
    assert (view.line.resident_name, view.referral_id) == (resident.name, "")
    assert [line.visit_id for line in list_guidance(third.store, third.actor)] == [visit_id]
    with third.store.read() as session:
        assert session.query(Referral).count() == 0
        assert session.query(ReferralTask).count() == 0
    with hospital.store.read() as session:
        assert session.get(Referral, letter) is not None
    # Both of the letter's own houses still see which letter it is.
    assert seen(township, id_).referral_id == letter
