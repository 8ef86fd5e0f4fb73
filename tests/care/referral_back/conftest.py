"""A township and the hospital, with a patient handed back and one referred down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_return.answer import hand_back
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import add_resident, carry, letter_for

House = tuple[Store, Actor]
TODAY = NOW.date()


@pytest.fixture
def township(make_store: Callable[..., House]) -> House:
    return make_store(TOWNSHIP_ID, "township")


@pytest.fixture
def desk(make_store: Callable[..., House]) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def offered(township: House, desk: House) -> str:
    """A routine letter whose patient the hospital hands back, seen by the township."""
    written = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    accept(*desk, written.referral_id, Booking("心血管内科", "李主任", scheduled_at=NOW))
    arrive(*desk, written.referral_id)
    hand_back(*desk, written.referral_id, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    return written.referral_id


@pytest.fixture
def back(township: House, offered: str) -> str:
    """Taken back by the township."""
    referral.advance(*township, offered, State.RECEIVED_BACK)
    return offered


@pytest.fixture
def coming(township: House, desk: House) -> str:
    """A direct down-referral, priority, that the township has accepted."""
    resident_id = add_resident(*desk, name="胡志国", sex="1", id_no="341524195001010019")
    down = DownInput(resident_id, TOWNSHIP_ID, urgency="priority", consent="given")
    written = refer_down(*desk, down, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    accept(*township, written.referral_id, Booking("住院部", "王医生", scheduled_at=NOW))
    return written.referral_id
