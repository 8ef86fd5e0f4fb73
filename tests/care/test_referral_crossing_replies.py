"""Replies, plans and stays that two PCs wrote apart: none puts back what the other replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.care import referral
from app.care.referral_crossing import Crossed, cross
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import load_rows
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import Admission, DownInput
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import admit, arrive, begin_care, discharge, redirect
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.care.work_list import today_work
from app.clock import FixedClock
from app.models import records
from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import add_resident, carry, letter_for

House = tuple[Store, Actor]
MakeStore = Callable[..., House]
TODAY = NOW.date()
LATER_PLAN = plan_for(TODAY + timedelta(days=2))


@pytest.fixture
def desk(make_store: MakeStore) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def ward(make_store: MakeStore) -> House:
    """Another PC of the hospital."""
    return make_store(LEAD_ID, "ward")


@pytest.fixture
def township(make_store: MakeStore) -> House:
    return make_store(TOWNSHIP_ID, "township")


def _arrived(township: House, desk: House) -> str:
    sent = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    accept(*desk, sent.referral_id, Booking("心内科", scheduled_at=NOW))
    arrive(*desk, sent.referral_id)
    return sent.referral_id


def _task(house: House, referral_id: str) -> records.Record:
    with house[0].read() as session:
        id_ = load_rows(session, house[1], referral_id).task.id
        return records.fetch(session, "referral_task", [id_])[id_]


def _late(mine: House, first: House, referral_id: str) -> Crossed:
    """``first`` reached the server; what ``mine`` did is laid on it, and ``mine`` takes it over."""
    own = _task(mine, referral_id)
    with mine[0].read() as session:
        events = records.fetch(session, "referral_event", own["event_ids"])
    crossed = cross(own, _task(first, referral_id), events)
    carry(first[0], mine[0])
    with mine[0].apply_remote() as session:
        records.put(session, "referral_task", [crossed.record])
    return crossed


def _says(house: House, referral_id: str) -> tuple[str, int]:
    """The advice of the reply that stands, and the day on which the plan that stands begins."""
    found = load_returns(*house, referral_id)
    assert found.reply is not None
    begins = found.plan.input.starts_on.day if found.plan is not None else 0
    return found.reply.input.rehab_advice, begins


def test_a_reply_amended_without_a_plan_leaves_the_newer_plan(
    township: House, desk: House, ward: House
) -> None:
    id_ = _arrived(township, desk)
    hand_back(*desk, id_, summary_for(), plan_for(TODAY))
    carry(desk[0], ward[0])
    amend_reply(*ward, id_, summary_for(rehab_advice="病房更正"), LATER_PLAN)
    amend_reply(*desk, id_, summary_for(rehab_advice="门诊更正"))
    crossed = _late(desk, ward, id_)
    # The ward was first: its reply and its plan stand, and the desk reads that its own does not.
    assert _says(desk, id_) == ("病房更正", LATER_PLAN.starts_on.day)
    assert len(crossed.told) == 1
    assert not crossed.to_send
    assert [e.move for e in open_referral(*desk, id_).events if not e.standing] == ["amended"]


def test_an_amendment_says_only_what_it_changed(township: House, desk: House) -> None:
    id_ = _arrived(township, desk)
    hand_back(*desk, id_, summary_for(), plan_for(TODAY))
    amend_reply(*desk, id_, summary_for(rehab_advice="更正"))
    event = open_referral(*desk, id_).events[-1]
    assert event.move == "amended"
    assert set(event.details) == {"reply_id", "replaces_reply_id"}


def test_the_house_that_took_the_patient_over_is_told_of_a_corrected_plan(
    township: House, desk: House, clock: FixedClock
) -> None:
    id_ = _arrived(township, desk)
    hand_back(*desk, id_, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    referral.advance(*township, id_, State.RECEIVED_BACK)
    carry(township[0], desk[0])
    assert _told(township) == []
    amend_reply(*desk, id_, summary_for(rehab_advice="更正"), LATER_PLAN)
    carry(desk[0], township[0])
    assert _told(township) == [id_]
    assert _told(desk) == []  # who wrote it knows
    clock.advance(days=8)
    assert _told(township) == []


def _told(house: House) -> list[str]:
    work = today_work(*house)
    return [
        str(dict(item.arguments)["referral_id"])
        for item in (*work.now, *work.today)
        if item.kind == "referral:amended"
    ]


@pytest.mark.parametrize("hospital_first", [True, False])
def test_a_summary_amended_while_the_township_replies(
    township: House, desk: House, hospital_first: bool
) -> None:
    """Whoever is first: the township's reply stands, with the hospital's corrected plan."""
    down = DownInput(add_resident(*desk), to_organisation_id=TOWNSHIP_ID, consent="given")
    id_ = refer_down(*desk, down, summary_for(), plan_for(TODAY)).referral_id
    carry(desk[0], township[0])
    accept(*township, id_, Booking("康复科", scheduled_at=NOW))
    arrive(*township, id_)
    carry(township[0], desk[0])
    amend_reply(*desk, id_, summary_for(rehab_advice="医院更正"), LATER_PLAN)
    write_reply(*township, id_, reply_for(rehab_advice="卫生院回复"))
    if hospital_first:
        crossed, late = _late(township, desk, id_), township
    else:
        crossed, late = _late(desk, township, id_), desk
    assert crossed.to_send
    assert crossed.record["state"] == "replied"
    assert _says(late, id_) == ("卫生院回复", LATER_PLAN.starts_on.day)
    # The hospital's person reads that the summary itself did not come through.
    assert len(crossed.told) == (0 if hospital_first else 1)


def test_care_that_begins_keeps_the_department_it_was_handed_on_to(
    township: House, desk: House, ward: House
) -> None:
    id_ = _arrived(township, desk)
    carry(desk[0], ward[0])
    redirect(*desk, id_, "神经内科")
    begin_care(*ward, id_)
    crossed = _late(ward, desk, id_)
    assert (crossed.record["state"], crossed.record["department"]) == ("in_care", "神经内科")


def test_an_admission_brings_its_bed_and_the_department_of_the_bed(
    township: House, desk: House, ward: House
) -> None:
    id_ = _arrived(township, desk)
    carry(desk[0], ward[0])
    redirect(*desk, id_, "神经内科")
    admit(*ward, id_, Admission(department="心内科", ward="五病区", bed="3 床", inpatient_no="ZY1"))
    task = _late(ward, desk, id_).record
    assert (task["state"], task["department"]) == ("in_care", "心内科")
    assert (task["ward"], task["bed"], task["inpatient_no"]) == ("五病区", "3 床", "ZY1")
    assert task["admitted_at"] is not None


def test_a_reply_keeps_the_discharge_noted_elsewhere(
    township: House, desk: House, ward: House
) -> None:
    id_ = _arrived(township, desk)
    begin_care(*desk, id_)
    carry(desk[0], ward[0])
    discharge(*ward, id_)
    write_reply(*desk, id_, reply_for())
    task = _late(desk, ward, id_).record
    assert task["state"] == "replied"
    assert task["discharged_at"] is not None
