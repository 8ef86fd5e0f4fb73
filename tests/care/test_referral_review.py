"""A letter is approved in its own house before anybody else can see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.care import referral, referral_review
from app.care.referral_limits import SETTING, Limits
from app.care.referral_rows import direction_of
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.errors import InputError, NotAllowed
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.referral import ReferralTask
from app.models.settings import set_setting
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]


@pytest.fixture
def resident_id(store: Store, actor: Actor) -> str:
    return add_resident(store, actor)


@pytest.fixture
def reviewing(store: Store, actor: Actor) -> Store:
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    return store


def _doctor(actor: Actor) -> Actor:
    return replace(actor, roles=frozenset({"doctor"}))


def _head(actor: Actor) -> Actor:
    return replace(actor, roles=frozenset({"doctor", "head_of_department"}))


def _owners(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.scalars(select(ReferralTask.owner_organisation_id)))


def test_until_the_head_approves_all_tasks_are_the_houses_own(
    reviewing: Store, actor: Actor, resident_id: str
) -> None:
    letter = letter_for(resident_id)
    assert referral_review.review_is_asked(reviewing, letter)
    written = referral_review.submit(reviewing, _doctor(actor), letter)
    assert written.state is State.INTERNAL_REVIEW
    assert _owners(reviewing) == {TOWNSHIP_ID}
    with pytest.raises(NotAllowed):
        referral_review.approve(reviewing, _doctor(actor), written.referral_id)
    assert _owners(reviewing) == {TOWNSHIP_ID}
    sent = referral_review.approve(reviewing, _head(actor), written.referral_id)
    assert sent.state is State.SENT
    assert _owners(reviewing) == {LEAD_ID}
    moves = open_referral(reviewing, actor, written.referral_id).events
    assert [(m.from_state, m.to_state) for m in moves if m.service == "letter"] == [
        ("draft", "internal_review"),
        ("internal_review", "sent"),
    ]


def test_the_head_sends_it_back_with_words_and_the_writer_mends_it(
    reviewing: Store, actor: Actor, resident_id: str
) -> None:
    written = referral_review.submit(reviewing, actor, letter_for(resident_id))
    with pytest.raises(InputError) as missing:
        referral_review.send_back(reviewing, _head(actor), written.referral_id, "  ")
    assert "reason_text" in missing.value.problems
    back = referral_review.send_back(reviewing, _head(actor), written.referral_id, "补充既往史")
    assert back.state is State.DRAFT
    mended = letter_for(resident_id, past_history="高血压 10 年，脑梗死 2 年。")
    again = referral_review.resubmit(reviewing, actor, written.referral_id, mended)
    assert again.state is State.INTERNAL_REVIEW
    view = open_referral(reviewing, actor, written.referral_id)
    assert view.letter.past_history == "高血压 10 年，脑梗死 2 年。"
    assert view.referral_no == written.referral_no


def test_a_mended_letter_that_became_an_emergency_leaves_at_once(
    reviewing: Store, actor: Actor, resident_id: str
) -> None:
    written = referral_review.submit(reviewing, actor, letter_for(resident_id))
    referral_review.send_back(reviewing, _head(actor), written.referral_id, "请复测")
    urgent = letter_for(resident_id, urgency="emergency")
    sent = referral_review.resubmit(reviewing, _doctor(actor), written.referral_id, urgent)
    assert sent.state is State.SENT
    assert _owners(reviewing) == {LEAD_ID}


def test_a_letter_that_came_back_may_be_thrown_away(
    reviewing: Store, actor: Actor, resident_id: str
) -> None:
    written = referral_review.submit(reviewing, actor, letter_for(resident_id))
    referral_review.send_back(reviewing, _head(actor), written.referral_id, "不需要上转")
    gone = referral_review.delete(reviewing, actor, written.referral_id)
    assert gone.state is State.DELETED
    assert _owners(reviewing) == {TOWNSHIP_ID}


def test_an_emergency_is_never_held_up_by_a_review(
    reviewing: Store, actor: Actor, resident_id: str
) -> None:
    letter = letter_for(resident_id, urgency="emergency")
    assert not referral_review.review_is_asked(reviewing, letter)
    with pytest.raises(InputError) as held:
        referral_review.submit(reviewing, actor, letter)
    assert "urgency" in held.value.problems
    assert referral.send(reviewing, _doctor(actor), letter).state is State.SENT


def test_no_review_is_asked_where_the_house_has_none(store: Store, resident_id: str) -> None:
    assert not referral_review.review_is_asked(store, letter_for(resident_id))


@pytest.mark.parametrize(
    ("own", "receiver", "reason", "direction"),
    [
        (TOWNSHIP_ID, LEAD_ID, "specialist_needed", "up"),
        (CARE_HOME_ID, LEAD_ID, "specialist_needed", "up"),
        (TOWNSHIP_ID, CARE_HOME_ID, "rehabilitation_training", "across"),
        (CARE_HOME_ID, TOWNSHIP_ID, "lack_treatment", "across"),
        (LEAD_ID, TOWNSHIP_ID, "chronic_management", "down"),
    ],
)
def test_the_direction_follows_from_the_two_houses(
    make_store: MakeStore, own: str, receiver: str, reason: str, direction: str
) -> None:
    store, actor = make_store(own)
    letter = letter_for(
        add_resident(store, actor),
        to_organisation_id=receiver,
        reason_codes=(reason,),
        services=(),
    )
    with store.read() as session:
        houses = [session.get_one(Organisation, each) for each in (own, receiver)]
        assert direction_of(*houses) == direction
    if direction == "down":
        # Nobody goes down with a letter alone (tests/care/test_referral_plain_moves.py).
        with pytest.raises(InputError):
            referral.send(store, actor, letter)
        return
    written = referral.send(store, actor, letter)
    assert open_referral(store, actor, written.referral_id).direction == direction


def test_a_reason_of_the_other_direction_is_not_taken(store: Store, actor: Actor) -> None:
    letter = letter_for(add_resident(store, actor), reason_codes=("rehabilitation_training",))
    with pytest.raises(InputError) as wrong:
        referral.send(store, actor, letter)
    assert "reason_codes" in wrong.value.problems
