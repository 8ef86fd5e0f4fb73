"""G13: the answer of a referral comes back to every PC of the township after the server was put
back, though the township's own PC sent the Task that names it first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_return.answer import hand_back, write_reply
from app.care.referral_return.inputs import Admission
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import admit
from app.care.referral_states import State
from app.care.referral_view import open_referral
from tests.conftest import LEAD_ID, NOW
from tests.faults.copies import copy_server, put_server_back
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import letter_for
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save


@pytest.mark.parametrize("township_first", [True, False])
def test_g13_reply_and_plan_reach_the_other_pc_whoever_sends_first(
    make_clinic: Callable[..., Clinic], server: ServerProcess, township_first: bool
) -> None:
    one, two, hospital = make_clinic(), make_clinic(), make_clinic(LEAD_ID)
    up, down = (one.store, one.actor), (hospital.store, hospital.actor)
    resident = a_resident()
    save(*up, resident)
    letter = referral.send(*up, letter_for(resident.id)).referral_id
    for clinic in (one, hospital, two):
        assert clinic.sync().outcome == "done"
    accept(*down, letter, Booking("老年医学科", "李主任", scheduled_at=NOW))
    admit(*down, letter, Admission(department="老年医学科", bed="3 床", inpatient_no="ZY7"))
    for clinic in (hospital, one, two):
        assert clinic.sync().outcome == "done"
    copy = copy_server(server)
    write_reply(*down, letter, reply_for())
    hand_back(*down, letter, summary_for(), plan_for(NOW.date()))
    assert hospital.sync().outcome == "done"
    assert one.sync().outcome == "done"
    # The township's own move: the Task, with what the hospital put into it, is its to send again.
    referral.advance(*up, letter, State.RECEIVED_BACK)
    assert one.sync().outcome == "done"
    put_server_back(server, copy)

    order = (one, hospital) if township_first else (hospital, one)
    for clinic in (*order, two, *order, two):
        clinic.sync()
    here = load_returns(two.store, two.actor, letter)
    there = load_returns(*down, letter)
    assert open_referral(two.store, two.actor, letter).state is State.RECEIVED_BACK
    assert [reply.input for reply in here.replies] == [reply.input for reply in there.replies]
    assert len(here.replies) == 2
    assert here.plan is not None
    assert there.plan is not None
    assert here.plan.input == there.plan.input
