"""Whoever does a piece of outreach by the nature of their work may do it; nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.care.attachments.attaching import attach_to_consultation, attach_to_expert_visit
from app.care.attachments.files import NewFile
from app.care.first_setup import _FIRST_ROLES
from app.care.outreach.consultation_lists import load_consultation
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import (
    AnswerInput,
    OutcomeInput,
    answer,
    ask,
    cancel,
    conclude,
    decline,
    take_on,
)
from app.care.outreach.guidance import GuidanceInput, record_guidance, void_guidance
from app.care.outreach.training import Attendee, TrainingInput, record_training, void_training
from app.care.outreach.visit_lists import load_visit
from app.care.outreach.visits import (
    VisitResult,
    cancel_visit,
    change_visit,
    countersign,
    finish_visit,
    plan_visit,
)
from app.errors import NotAllowed
from app.models import codes
from tests.care.outreach.conftest import House
from tests.conftest import CARE_HOME_ID, TOWNSHIP_ID
from tests.outreach_support import carry_outreach, question_about, visit_at
from tests.referral_support import add_resident

TODAY = date(2026, 3, 2)
ROLES = tuple(entry.code for entry in codes.entries("staff_role"))
DOCTORS = {"doctor", "specialist", "head_of_department"}
WORKERS = DOCTORS | {"president", "referral_coordinator", "nurse", "rehab_worker"}
PLANNERS = DOCTORS | {"president", "referral_coordinator", "office_clerk", "administrator"}
HOSTS = WORKERS | {"public_health", "office_clerk", "administrator"}


def as_(house: House, *roles: str) -> House:
    return House(house.store, replace(house.actor, roles=frozenset(roles)))


class County:
    """A township's question and a visit of today at it, ready for each step."""

    def __init__(self, township: House, lead: House) -> None:
        self.township, self.lead = township, lead
        self.resident = add_resident(township.store, township.actor)

    def asked(self) -> str:
        id_ = ask(self.township.store, self.township.actor, question_about(self.resident))
        carry_outreach(self.township.store, self.lead.store)
        return id_

    def answered(self) -> str:
        id_ = self.asked()
        answer(self.lead.store, self.lead.actor, id_, AnswerInput("好", "李主任"))
        carry_outreach(self.lead.store, self.township.store)
        return id_

    def visit(self) -> str:
        id_ = plan_visit(self.lead.store, self.lead.actor, visit_at(TOWNSHIP_ID, TODAY))
        carry_outreach(self.lead.store, self.township.store)
        return id_

    def changed(self, visit_id: str) -> str:
        return load_visit(self.lead.store, self.lead.actor, visit_id).change_id


@pytest.fixture
def county(township: House, lead: House) -> County:
    return County(township, lead)


Step = Callable[[County, str], Callable[[], object]]


def _file() -> NewFile:
    return NewFile("报告", "other", b"%PDF-1.4 report")


def _guidance(c: County) -> GuidanceInput:
    return GuidanceInput(
        c.resident, "joint_round", None, CARE_HOME_ID, "ward", TODAY, "李", "王", "平稳", "无"
    )


def _training() -> TrainingInput:
    return TrainingInput(
        "培训", "lecture", TODAY, None, 1, "李", attendees=(Attendee(TOWNSHIP_ID, "王"),)
    )


def _of_asker(step: Callable[[House, County], Callable[[], object]]) -> Step:
    return lambda c, role: step(as_(c.township, role), c)


def _of_lead(step: Callable[[House, County], Callable[[], object]]) -> Step:
    return lambda c, role: step(as_(c.lead, role), c)


def _ask(h: House, c: County) -> Callable[[], object]:
    return lambda: ask(h.store, h.actor, question_about(c.resident))


def _conclude(h: House, c: County) -> Callable[[], object]:
    id_ = c.answered()
    return lambda: conclude(h.store, h.actor, id_, OutcomeInput(True, "好转"))


def _cancel(h: House, c: County) -> Callable[[], object]:
    id_ = c.asked()
    return lambda: cancel(h.store, h.actor, id_, "已好转")


def _take_on(h: House, c: County) -> Callable[[], object]:
    id_ = c.asked()
    return lambda: take_on(h.store, h.actor, id_)


def _decline(h: House, c: County) -> Callable[[], object]:
    id_ = c.asked()
    return lambda: decline(h.store, h.actor, id_, "外出")


def _answer(h: House, c: County) -> Callable[[], object]:
    id_ = c.asked()
    return lambda: answer(h.store, h.actor, id_, AnswerInput("加药", "李主任"))


def _file_of_question(h: House, c: County) -> Callable[[], object]:
    id_ = c.asked()
    return lambda: attach_to_consultation(h.store, h.actor, id_, _file())


def _plan(h: House, c: County) -> Callable[[], object]:
    return lambda: plan_visit(h.store, h.actor, visit_at(TOWNSHIP_ID, TODAY))


def _change(h: House, c: County) -> Callable[[], object]:
    id_ = c.visit()
    moved = visit_at(TOWNSHIP_ID, TODAY + timedelta(days=1))
    return lambda: change_visit(h.store, h.actor, id_, c.changed(id_), moved)


def _finish(h: House, c: County) -> Callable[[], object]:
    id_ = c.visit()
    held = VisitResult(clinic_count=3, summary="坐诊")
    return lambda: finish_visit(h.store, h.actor, id_, c.changed(id_), held)


def _call_off(h: House, c: County) -> Callable[[], object]:
    id_ = c.visit()
    return lambda: cancel_visit(h.store, h.actor, id_, c.changed(id_), "外出")


def _countersign(h: House, c: County) -> Callable[[], object]:
    id_ = c.visit()
    return lambda: countersign(h.store, h.actor, id_)


def _photo(h: House, c: County) -> Callable[[], object]:
    id_ = c.visit()
    return lambda: attach_to_expert_visit(h.store, h.actor, id_, _file())


def _guide(h: House, c: County) -> Callable[[], object]:
    return lambda: record_guidance(h.store, h.actor, _guidance(c))


def _void(h: House, c: County) -> Callable[[], object]:
    id_ = record_guidance(c.township.store, c.township.actor, _guidance(c))
    return lambda: void_guidance(h.store, h.actor, id_)


def _teach(h: House, c: County) -> Callable[[], object]:
    return lambda: record_training(h.store, h.actor, _training())


def _unteach(h: House, c: County) -> Callable[[], object]:
    id_ = record_training(c.lead.store, c.lead.actor, _training())
    return lambda: void_training(h.store, h.actor, id_)


STEPS: dict[str, tuple[Step, set[str]]] = {
    "ask": (_of_asker(_ask), WORKERS),
    "conclude": (_of_asker(_conclude), WORKERS),
    "cancel": (_of_asker(_cancel), WORKERS),
    "take on": (_of_lead(_take_on), WORKERS),
    "decline": (_of_lead(_decline), WORKERS),
    "answer": (_of_lead(_answer), DOCTORS),
    "file of a question": (_of_lead(_file_of_question), WORKERS),
    "plan": (_of_lead(_plan), PLANNERS),
    "change": (_of_lead(_change), PLANNERS),
    "finish": (_of_lead(_finish), PLANNERS),
    "call off": (_of_lead(_call_off), PLANNERS),
    "countersign": (_of_asker(_countersign), HOSTS),
    "photo of a visit": (_of_asker(_photo), HOSTS),
    "guide": (_of_asker(_guide), WORKERS | {"public_health"}),
    "void guidance": (_of_asker(_void), WORKERS | {"public_health"}),
    "train": (_of_lead(_teach), HOSTS),
    "void training": (_of_lead(_unteach), HOSTS),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_for_those_whose_work_it_is(county: County, name: str) -> None:
    step, may = STEPS[name]
    done = set()
    for role in ROLES:
        act = step(county, role)
        try:
            act()
        except NotAllowed:
            continue
        done.add(role)
    assert done == may


@pytest.mark.parametrize("kind", ["LEAD_HOSPITAL", "TOWNSHIP_CENTER", "CARE_INSTITUTION"])
def test_the_first_account_of_a_house_can_begin_its_work(kind: str) -> None:
    first = set(_FIRST_ROLES[kind])
    assert first & WORKERS
    assert first & HOSTS
    if kind == "LEAD_HOSPITAL":
        assert first & DOCTORS
        assert first & PLANNERS


def test_a_page_offers_only_what_its_reader_may_do(county: County) -> None:
    id_, visit = county.asked(), county.visit()
    for roles, moves in (
        (("specialist",), (Move.ACCEPTED, Move.DECLINED, Move.ANSWERED)),
        (("nurse",), (Move.ACCEPTED, Move.DECLINED)),
        (("viewer",), ()),
    ):
        house = as_(county.lead, *roles)
        assert load_consultation(house.store, house.actor, id_).moves == moves
    for role, may in (("specialist", True), ("nurse", False)):
        house = as_(county.lead, role)
        view = load_visit(house.store, house.actor, visit)
        assert (view.may_change, view.may_finish) == (may, may)
    for role, may in (("president", True), ("viewer", False)):
        house = as_(county.township, role)
        assert load_visit(house.store, house.actor, visit).may_countersign is may
