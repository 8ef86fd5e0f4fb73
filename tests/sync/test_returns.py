"""What the hospital gives back crosses a real server: reply, hand-back, a patient referred down."""

from __future__ import annotations

from collections.abc import Callable

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import Admission, DownInput
from app.care.referral_return.onward import tell_keepers
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import admit, discharge, redirect
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.models.referral import Referral
from app.models.resident import Resident
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import add_resident, letter_for
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save

TODAY = NOW.date()


def both(*clinics: Clinic) -> None:
    """Each PC in turn, twice: what one sends the other gets."""
    for _ in range(2):
        for clinic in clinics:
            assert clinic.sync().outcome == "done"


def test_a_referral_goes_up_is_answered_and_comes_back(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    hospital = make_clinic(LEAD_ID)
    up, down = (township.store, township.actor), (hospital.store, hospital.actor)
    resident = a_resident()
    save(*up, resident)
    referral_id = referral.send(*up, letter_for(resident.id)).referral_id
    both(township, hospital)
    redirect(*down, referral_id, "老年医学科", "先评估")
    accept(*down, referral_id, Booking("老年医学科", "李主任", scheduled_at=NOW))
    admit(*down, referral_id, Admission(department="老年医学科", bed="3 床", inpatient_no="ZY7"))
    discharge(*down, referral_id)
    write_reply(*down, referral_id, reply_for())
    amend_reply(*down, referral_id, reply_for(diagnosis="高血压 2 级"))
    hand_back(*down, referral_id, summary_for(), plan_for(TODAY))
    both(hospital, township)

    assert open_referral(*up, referral_id).state is State.HANDED_BACK
    here, there = load_returns(*up, referral_id), load_returns(*down, referral_id)
    assert here.stay == there.stay
    assert here.stay.inpatient_no == "ZY20260301007"
    assert [reply.input for reply in here.replies] == [reply.input for reply in there.replies]
    assert len(here.replies) == 3
    assert here.plan is not None
    assert there.plan is not None
    assert here.plan.input == there.plan.input
    moves = [e.move for e in open_referral(*up, referral_id).events if e.service == "letter"]
    assert moves == [
        "sent", "redirected", "accepted", "arrived", "in_care", "discharged", "replied",
        "amended", "handed_back",
    ]  # fmt: skip

    referral.advance(*up, referral_id, State.REPLIED, Reason("bed_full"))
    both(township, hospital)
    view = open_referral(*down, referral_id)
    assert (view.state, view.reason_code) == (State.REPLIED, "bed_full")
    assert load_returns(*down, referral_id).plan is not None


def test_a_patient_whom_the_township_does_not_know_comes_down_whole(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    hospital = make_clinic(LEAD_ID)
    up, down = (township.store, township.actor), (hospital.store, hospital.actor)
    patient = add_resident(*down, name="陈大山")
    with down[0].write(down[1]) as session:
        # The helper forgets its outbox row; the hospital's own patient is queued like any other.
        session.get_one(Resident, patient).phone = "13812345679"
    letter = DownInput(patient, TOWNSHIP_ID, consent="given")
    referral_id = refer_down(*down, letter, summary_for(), plan_for(TODAY)).referral_id
    both(hospital, township)
    view = open_referral(*up, referral_id)
    assert (view.state, view.patient.name) == (State.SENT, "陈大山")
    returns = load_returns(*up, referral_id)
    assert returns.reply is not None
    assert returns.reply.input == summary_for()
    assert returns.plan is not None
    assert [step.kind for step in returns.plan.input.steps] == ["rehab", "follow_up", "review"]
    assert returns.stay.phase == "acute_recovery"
    referral.advance(*up, referral_id, State.REJECTED, Reason("no_capability"))
    amend_reply(*down, referral_id, summary_for(rehab_advice="每日步行 10 分钟"))
    both(township, hospital)
    for house in (up, down):
        assert open_referral(*house, referral_id).state is State.REJECTED
        reply = load_returns(*house, referral_id).reply
        assert reply is not None
        assert reply.input.rehab_advice == "每日步行 10 分钟"


def test_a_patient_sent_on_to_a_third_house_reaches_it_and_the_township_reads_where_they_are(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    """The third house gets the new letter with what belongs to it, and nothing of the first."""
    hospital, home = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    up, down, third = ((c.store, c.actor) for c in (township, hospital, home))
    resident = a_resident()
    save(*up, resident)
    first = referral.send(*up, letter_for(resident.id)).referral_id
    both(township, hospital)
    accept(*down, first, Booking("老年医学科", "李主任", scheduled_at=NOW))
    admit(*down, first, Admission(department="老年医学科", inpatient_no="ZY7"))
    hand_back(*down, first, summary_for(), plan_for(TODAY))
    both(hospital, township)
    referral.advance(*up, first, State.REPLIED, Reason("bed_full", "满"))
    both(township, hospital)
    onward = DownInput(resident.id, CARE_HOME_ID, consent="given", origin_referral_id=first)
    second = refer_down(*down, onward, summary_for(), plan_for(TODAY)).referral_id
    both(hospital, home, township)
    with third[0].read() as session:
        assert [row.id for row in session.query(Referral)] == [second]
        assert [row.organisation_id for row in session.query(Resident)] == [LEAD_ID]
    accept(*third, second, Booking("康复区", scheduled_at=NOW))
    both(home, hospital)
    assert tell_keepers(*down) == 1
    both(hospital, township)
    told = [e.details for e in open_referral(*up, first).events if e.move == "sent_on"]
    assert [each["house_state"] for each in told] == ["sent", "accepted"]
    with up[0].read() as session:
        assert [row.id for row in session.query(Referral)] == [first]
