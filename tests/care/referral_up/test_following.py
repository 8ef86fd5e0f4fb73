"""The letter that follows one which ended: its words, and nothing that is of another day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.care import referral
from app.care.referral_desk import Booking, accept, reject
from app.care.referral_letter import ServiceWish
from app.care.referral_moves import Reason
from app.care.referral_red_flags import Vitals
from app.care.referral_states import State
from app.care.referral_up.following import following_letter, may_follow
from app.care.referral_view import ReferralView, open_referral
from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]
House = tuple[Store, Actor]


@pytest.fixture
def sent(make_store: MakeStore) -> tuple[House, House, str]:
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    wishes = (ServiceWish("clinic", "心内科", date(2026, 3, 3)), ServiceWish("bed"))
    letter = letter_for(
        add_resident(*township), red_flags=("chest_back_pain",), consent_signer="徐小明",
        services=wishes, urgency="priority",
    )  # fmt: skip
    referral_id = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    return township, desk, referral_id


def rejected(township: House, desk: House, referral_id: str) -> ReferralView:
    reject(*desk, referral_id, Reason("suggest_other_dept"))
    carry(desk[0], township[0])
    return open_referral(*township, referral_id)


def test_each_ending_without_care_may_be_followed_by_the_sender_alone(
    sent: tuple[House, House, str],
) -> None:
    township, desk, referral_id = sent
    assert not may_follow(open_referral(*township, referral_id), township[1])
    accept(*desk, referral_id, Booking("心内科", scheduled_at=NOW))
    carry(desk[0], township[0])
    assert not may_follow(open_referral(*township, referral_id), township[1])
    view = open_referral(*township, referral_id)
    for state in (State.REJECTED, State.CANCELLED, State.NO_SHOW, State.EXPIRED):
        ended = replace(view, state=state)
        assert may_follow(ended, township[1])
        assert not may_follow(ended, replace(township[1], roles=frozenset({"administrator"})))
        assert not may_follow(replace(open_referral(*desk, referral_id), state=state), desk[1])
    assert not may_follow(replace(view, state=State.CLOSED), township[1])
    assert not may_follow(replace(view, state=State.DELETED), township[1])


def test_it_has_the_words_and_wishes_but_asks_for_consent_anew(
    sent: tuple[House, House, str],
) -> None:
    view = rejected(*sent)
    letter = following_letter(view, NOW.date())
    assert letter.origin_referral_id == view.referral_id
    assert (letter.impression, letter.urgency) == (view.letter.impression, "priority")
    assert (letter.consent, letter.consent_signer) == ("", "")
    assert letter.vitals == view.letter.vitals
    assert [wish.service for wish in letter.services] == ["clinic", "bed"]


def test_of_another_day_it_has_no_measurement_no_red_flag_and_no_past_wish(
    sent: tuple[House, House, str],
) -> None:
    view = rejected(*sent)
    later = following_letter(view, NOW.date() + timedelta(days=2))
    assert (later.vitals, later.red_flags) == (Vitals(), ())
    assert later.services[0].wanted_on is None


def test_the_two_letters_name_each_other(sent: tuple[House, House, str]) -> None:
    township, _, referral_id = sent
    view = rejected(*sent)
    assert (view.before, view.after) == (None, None)
    letter = replace(following_letter(view, NOW.date()), consent="given")
    written = referral.send(*township, letter)
    follower = open_referral(*township, written.referral_id)
    assert follower.before is not None
    assert follower.before.referral_no == view.referral_no
    earlier = open_referral(*township, referral_id)
    assert earlier.after is not None
    assert earlier.after.referral_id == written.referral_id
