"""News of the other house stand on Today by the server's time, whatever a PC's clock says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept, reject
from app.care.referral_moves import Reason
from app.care.referral_return.answer import amend_reply, hand_back
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.care.work_list import today_work
from app.clock import FixedClock, format_instant
from app.models.actor import Actor
from app.models.outbox import Receipt, SyncState
from app.models.referral import ReferralEvent, ReferralTask
from app.models.store import Store
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, carry, letter_for

House = tuple[Store, Actor]
YEARS = timedelta(days=3650)


@pytest.fixture
def desk(make_store: Callable[..., House]) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def township(make_store: Callable[..., House]) -> House:
    return make_store(TOWNSHIP_ID, "township")


def _news(house: House) -> list[tuple[str, str]]:
    work = today_work(*house)
    return [
        (item.kind, str(item.on))
        for item in (*work.now, *work.today)
        if item.kind in ("referral:accepted", "referral:rejected", "referral:amended")
    ]


def _written_at(house: House, wrong: datetime, took: datetime, told: datetime | None) -> None:
    """All that came was written by a wrong clock; the server took it, and answered last then."""
    with house[0].apply_remote() as session:
        for task in session.query(ReferralTask):
            task.updated_at = wrong
        for event in session.query(ReferralEvent):
            event.occurred_at = wrong
        session.flush()
        held = [("referral_task", task.id) for task in session.query(ReferralTask)]
        held += [("referral_event", event.id) for event in session.query(ReferralEvent)]
        for kind, id_ in held:
            session.merge(
                Receipt(kind=kind, record_id=id_, change_id="x", server_time=took, received_at=took)
            )
        if told is not None:
            session.merge(SyncState(key="clock", value={"seen": format_instant(told)}))


@pytest.mark.parametrize("off", [-YEARS, timedelta(), YEARS])
@pytest.mark.parametrize("online", [True, False])
def test_a_refusal_is_news_for_a_week_whatever_the_clock_of_the_desk(
    township: House, desk: House, clock: FixedClock, off: timedelta, online: bool
) -> None:
    sent = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    reject(*desk, sent.referral_id, Reason("out_of_scope", "请转市级医院"))
    carry(desk[0], township[0])
    _written_at(township, NOW + off, NOW, NOW if online else None)
    assert _news(township) == [("referral:rejected", NOW.date().isoformat())]
    clock.advance(days=8)
    _written_at(township, NOW + off, NOW, NOW + timedelta(days=8) if online else None)
    assert _news(township) == []


@pytest.mark.parametrize("off", [-YEARS, timedelta(), YEARS])
@pytest.mark.parametrize("online", [True, False])
def test_that_the_patient_may_go_is_news_whatever_the_clock_of_the_desk(
    township: House, desk: House, clock: FixedClock, off: timedelta, online: bool
) -> None:
    sent = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    accept(*desk, sent.referral_id, Booking("心内科", scheduled_at=NOW))
    carry(desk[0], township[0])
    _written_at(township, NOW + off, NOW, NOW if online else None)
    assert _news(township) == [("referral:accepted", NOW.date().isoformat())]
    clock.advance(days=8)
    _written_at(township, NOW + off, NOW, NOW + timedelta(days=8) if online else None)
    assert _news(township) == []


@pytest.mark.parametrize("off", [-YEARS, YEARS])
def test_a_corrected_reply_is_news_whatever_the_clock_of_the_desk(
    township: House, desk: House, clock: FixedClock, off: timedelta
) -> None:
    sent = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    accept(*desk, sent.referral_id, Booking("心内科", scheduled_at=NOW))
    arrive(*desk, sent.referral_id)
    hand_back(*desk, sent.referral_id, summary_for(), plan_for(NOW.date()))
    carry(desk[0], township[0])
    referral.advance(*township, sent.referral_id, State.RECEIVED_BACK)
    carry(township[0], desk[0])
    amend_reply(*desk, sent.referral_id, summary_for(rehab_advice="更正"))
    carry(desk[0], township[0])
    _written_at(township, NOW + off, NOW, NOW)
    assert _news(township) == [("referral:amended", NOW.date().isoformat())]
    _written_at(township, NOW + off, NOW, NOW + timedelta(days=8))
    assert _news(township) == []
