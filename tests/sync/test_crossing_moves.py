"""Two houses move one referral while apart; what each sees once both have met the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_view import ReferralView, open_referral, refresh_referral
from app.care.work_list import today_work
from app.models.outbox import Conflict, Outbox, Receipt
from app.models.referral import ReferralTask
from app.sync.status import read_status
from tests.conftest import LEAD_ID
from tests.referral_support import add_resident, letter_for
from tests.sync.conftest import Clinic

BOOKING = Booking(
    "心内科", "李主任", scheduled_at=datetime(2026, 3, 4, 1, 0, tzinfo=UTC), bed="12 床"
)
CANCEL = Reason("patient_withdraw")


@dataclass
class Two:
    township: Clinic
    desk: Clinic
    referral_id: str

    def seen_by(self, clinic: Clinic) -> ReferralView:
        return refresh_referral(clinic.store, clinic.actor, self.referral_id)


@pytest.fixture
def two(township: Clinic, make_clinic: Callable[..., Clinic]) -> Two:
    desk = make_clinic(LEAD_ID)
    letter = letter_for(add_resident(township.store, township.actor))
    referral_id = referral.send(township.store, township.actor, letter).referral_id
    assert township.sync().outcome == "done"
    assert desk.sync().outcome == "done"
    both = Two(township, desk, referral_id)
    # Apart from here on: each acts on what it saw.
    accept(desk.store, desk.actor, referral_id, BOOKING)
    referral.cancel(township.store, township.actor, referral_id, CANCEL)
    return both


def _queued(clinic: Clinic) -> int:
    with clinic.store.read() as session:
        return session.query(Outbox).count()


def test_a_cancel_that_arrives_after_the_acceptance_stands_by_itself(two: Two) -> None:
    two.desk.sync()
    report = two.township.sync()
    assert (report.outcome, report.counts.conflicts) == ("done", 0)
    two.desk.sync()
    for clinic in (two.township, two.desk):
        view = two.seen_by(clinic)
        assert (view.state, view.booking.bed) == ("cancelled", "12 床")
        assert [e.to_state for e in view.events if e.service == "letter"] == [
            "sent",
            "accepted",
            "cancelled",
        ]
        assert all(event.standing for event in view.events)
        assert _queued(clinic) == 0


def test_an_acceptance_that_arrives_after_the_cancel_is_told_and_holds_nothing_back(
    two: Two,
) -> None:
    two.township.sync()
    two.desk.sync()
    assert _queued(two.desk) == 0
    status = read_status(two.desk.store)
    assert (status.conflicts, status.rejected) == (1, 0)
    (item,) = [i for i in today_work(two.desk.store, two.desk.actor).now if i.kind == "conflict"]
    assert (item.room, item.arguments) == ("referrals", (("referral_id", two.referral_id),))
    with two.desk.store.read() as session:
        told = session.query(Conflict).one()
        task = session.get(ReferralTask, told.record_id)
        receipt = session.get(Receipt, ("referral_task", told.record_id))
        assert task is not None
        assert receipt is not None
        assert told.fields["state"] == {"base": None, "mine": "accepted", "theirs": "cancelled"}
        assert receipt.change_id == task.change_id

    # Reading it is all there is to do; the move that did not stand stays readable.
    view = open_referral(two.desk.store, two.desk.actor, two.referral_id)
    assert (view.state, view.booking.bed) == ("cancelled", "")
    assert [e.to_state for e in view.events if not e.standing and e.service == "letter"] == [
        "accepted"
    ]
    assert read_status(two.desk.store).conflicts == 0
    with two.desk.store.read() as session:
        assert session.query(Conflict).one().resolved_by == two.desk.actor.staff_id
    assert two.township.sync().outcome == "done"
    assert two.seen_by(two.township).state == "cancelled"


def test_later_changes_leave_while_a_crossed_move_is_still_unread(two: Two) -> None:
    two.township.sync()
    two.desk.sync()
    with two.desk.store.write(two.desk.actor) as session:
        (task,) = session.query(ReferralTask).filter_by(service="letter")
        task.instructions = "请带医保卡"
    two.desk.sync()
    assert _queued(two.desk) == 0
    two.township.sync()
    assert two.seen_by(two.township).booking.instructions == "请带医保卡"
