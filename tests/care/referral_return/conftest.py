"""A township and the hospital's desk, with a letter at each stage of its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]
House = tuple[Store, Actor]

COME = NOW + timedelta(hours=1)


@pytest.fixture
def township(make_store: MakeStore) -> House:
    return make_store(TOWNSHIP_ID, "township")


@pytest.fixture
def desk(make_store: MakeStore) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def sent(township: House, desk: House) -> str:
    """A routine letter with all three priorities that has reached the desk."""
    written = referral.send(*township, letter_for(add_resident(*township)))
    carry(township[0], desk[0])
    return written.referral_id


@pytest.fixture
def accepted(desk: House, sent: str, clock: FixedClock) -> str:
    """Booked an hour ahead."""
    accept(*desk, sent, Booking("心血管内科", "李主任", "13900000001", COME))
    return sent
