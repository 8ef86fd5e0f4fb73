"""The return crosses a real server: taken back, first visit, closing by itself, an amended plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select

from app.care import referral
from app.care.referral_back.closing import close_finished
from app.care.referral_back.visit import VisitInput, record_visit
from app.care.referral_desk import Booking, accept
from app.care.referral_red_flags import Vitals
from app.care.referral_return.answer import amend_reply, hand_back
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput, PlanInput, PlanStep
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.care.rehab_plan import plans_of
from app.clock import FixedClock
from app.models.local import DueItem
from app.models.outbox import Receipt
from app.models.outreach import SharedNote
from app.models.referral import ReferralTask
from app.models.referral_return import ReferralVisit
from app.models.resident import Resident
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, letter_for
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save
from tests.sync.test_returns import both

TODAY = NOW.date()
SEEN = VisitInput(
    "home",
    TODAY,
    "血压平稳，能独立步行。",
    vitals=Vitals(sbp=138, dbp=84),
    done_steps=("1",),
    next_on=TODAY + timedelta(days=14),
    minutes=20,
)


def due(clinic: Clinic) -> dict[str, date]:
    with clinic.store.read() as session:
        return {
            item.kind: item.due_on
            for item in session.scalars(select(DueItem))
            if item.kind.startswith("return_")
        }


def taken_a_week_ago(clinic: Clinic) -> None:
    """A week passes at the server, too; its time is remembered now and then only."""
    with clinic.store.apply_remote() as session:
        for receipt in session.scalars(select(Receipt).where(Receipt.kind == "referral_event")):
            receipt.server_time -= timedelta(days=7, hours=1)


def test_the_hospital_reads_of_the_return_to_its_end(
    township: Clinic, make_clinic: Callable[..., Clinic], clock: FixedClock
) -> None:
    hospital = make_clinic(LEAD_ID)
    up, down = (township.store, township.actor), (hospital.store, hospital.actor)
    resident = a_resident()
    save(*up, resident)
    referral_id = referral.send(*up, letter_for(resident.id)).referral_id
    both(township, hospital)
    accept(*down, referral_id, Booking("心内科", "李主任", scheduled_at=NOW))
    arrive(*down, referral_id)
    hand_back(*down, referral_id, summary_for(), plan_for(TODAY))
    both(hospital, township)
    assert due(township) == {}

    referral.advance(*up, referral_id, State.RECEIVED_BACK)
    assert due(township)["return_visit"] == TODAY + timedelta(days=7)
    assert [plan.status for plan in plans_of(township.store, resident.id)] == ["draft"]
    visit_id = record_visit(*up, referral_id, SEEN)
    both(township, hospital)
    assert open_referral(*down, referral_id).state is State.RECEIVED_BACK
    (visit,) = load_returns(*down, referral_id).visits
    assert (visit.id, visit.findings, visit.done_steps) == (visit_id, SEEN.findings, ("1",))
    with hospital.store.read() as session:
        assert session.get_one(ReferralVisit, visit_id).vitals == {"sbp": 138, "dbp": 84}
        # The note says after which return it was; the hospital can tell two returns apart, too.
        task = session.scalars(select(ReferralTask).where(ReferralTask.service == "letter")).one()
        note = session.scalars(select(SharedNote)).one()
        assert note.details == {"came_by": task.event_ids[-1]}
    assert due(hospital) == {}

    # The hospital changes the plan: the work of the township follows with the next pull.
    plan = PlanInput(TODAY, (PlanStep("exam", TODAY + timedelta(days=5), "复查血钾", id="9"),))
    amend_reply(*down, referral_id, summary_for(), plan)
    both(hospital, township)
    assert due(township) == {
        "return_visit": TODAY + timedelta(days=14),
        "return_step:exam": TODAY + timedelta(days=5),
    }

    record_visit(*up, referral_id, replace(SEEN, done_steps=("9",), next_on=None))
    both(township, hospital)
    clock.advance(days=7)
    # The server's clock does not agree: for it the patient came back a moment ago.
    assert close_finished(*up) == 0
    taken_a_week_ago(township)
    assert close_finished(*up) == 1
    assert due(township) == {}
    both(township, hospital)
    last = open_referral(*down, referral_id).events[-1]
    assert (last.to_state, last.details) == (State.CLOSED, {"automatic": "True"})
    assert len(load_returns(*down, referral_id).visits) == 2


def test_a_patient_referred_down_is_work_where_they_come(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    hospital = make_clinic(LEAD_ID)
    up, down = (township.store, township.actor), (hospital.store, hospital.actor)
    patient = add_resident(*down, name="陈大山")
    with down[0].write(down[1]) as session:
        # The helper forgets its outbox row; the hospital's own patient is queued like any other.
        session.get_one(Resident, patient).phone = "13812345679"
    letter = DownInput(patient, TOWNSHIP_ID, urgency="priority", consent="given")
    referral_id = refer_down(*down, letter, summary_for(), plan_for(TODAY)).referral_id
    both(hospital, township)
    accept(*up, referral_id, Booking("住院部", "王医生", scheduled_at=NOW))
    arrive(*up, referral_id)
    assert due(township)["return_visit"] == TODAY + timedelta(days=3)
    assert [plan.status for plan in plans_of(township.store, patient)] == ["draft"]
    record_visit(*up, referral_id, replace(SEEN, mode="ward"))
    both(township, hospital)
    assert open_referral(*down, referral_id).state is State.IN_CARE
    assert [visit.mode for visit in load_returns(*down, referral_id).visits] == ["ward"]
