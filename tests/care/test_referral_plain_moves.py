"""A move that has rules of its own is made by its own use-case, never as a bare step; and nobody
goes down with a letter alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from app.care import referral, referral_review
from app.care.referral_limits import SETTING, Limits
from app.care.referral_moves import Reason
from app.care.referral_states import RULES, Direction, Rule, Side, State, reason_list
from app.clock import FixedClock
from app.errors import InputError
from app.models import codes
from app.models.actor import Actor
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.settings import set_setting
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]
House = tuple[Store, Actor]

#: What needs nothing but a reason, by the table of §6.4.
PLAIN = {
    ("sent", "returned"), ("sent", "rejected"), ("sent", "cancelled"), ("returned", "cancelled"),
    ("accepted", "cancelled"), ("in_care", "closed"), ("replied", "closed"),
    ("handed_back", "received_back"), ("handed_back", "replied"), ("received_back", "closed"),
    ("closed", "in_care"), ("closed", "received_back"),
}  # fmt: skip


@pytest.fixture
def houses(make_store: MakeStore) -> dict[Side, House]:
    return {
        Side.SENDER: make_store(TOWNSHIP_ID, "township"),
        Side.RECEIVER: make_store(LEAD_ID, "desk"),
    }


def _events(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(ReferralEvent)) or 0


def _stand_in(house: House, state: State) -> None:
    with house[0].write(house[1]) as session:
        session.execute(
            update(ReferralTask).where(ReferralTask.service == "letter").values(state=str(state))
        )


def _reason(rule: Rule) -> Reason:
    name = reason_list(rule, Direction.UP)
    return Reason(codes.entries(name)[0].code if name else "", "说明")


def test_only_what_needs_a_reason_and_no_more_is_a_bare_step(
    houses: dict[Side, House], clock: FixedClock
) -> None:
    sender, receiver = houses[Side.SENDER], houses[Side.RECEIVER]
    sent = referral.send(*sender, letter_for(add_resident(*sender), services=()))
    carry(sender[0], receiver[0])
    for rule in RULES:
        for side in rule.sides:
            house = houses[side]
            _stand_in(house, rule.source)
            before = _events(house[0])
            step = (rule.source.value, rule.target.value)
            if step in PLAIN:
                made = referral.advance(*house, sent.referral_id, rule.target, _reason(rule))
                assert made.state is rule.target, step
            else:
                with pytest.raises(InputError):
                    referral.advance(*house, sent.referral_id, rule.target, _reason(rule))
                assert _events(house[0]) == before, step


@pytest.fixture
def reviewing_lead(make_store: MakeStore) -> House:
    store, actor = make_store(LEAD_ID, "lead")
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    return store, actor


@pytest.mark.parametrize("way", ["send", "submit", "phone"])
def test_a_letter_without_its_summary_does_not_go_down(reviewing_lead: House, way: str) -> None:
    store, actor = reviewing_lead
    letter = letter_for(
        add_resident(store, actor),
        to_organisation_id=TOWNSHIP_ID,
        reason_codes=("chronic_management",),
        services=(),
    )
    call = referral.PhoneConfirmation("李护士", "0564-7356120")
    ways: dict[str, Callable[[], object]] = {
        "send": lambda: referral.send(store, actor, letter),
        "submit": lambda: referral_review.submit(store, actor, letter),
        "phone": lambda: referral.send_confirmed(
            store, actor, replace(letter, urgency="emergency"), call
        ),
    }
    with pytest.raises(InputError) as caught:
        ways[way]()
    assert set(caught.value.problems) == {"to_organisation_id"}
    assert "小结" in caught.value.problems["to_organisation_id"]
    with store.read() as session:
        assert session.scalars(select(Referral)).all() == []


def test_nor_does_one_that_came_back_from_the_review(store: Store, actor: Actor) -> None:
    """A letter down that an earlier version let into the review stays in its house."""
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    letter = letter_for(add_resident(store, actor), services=())
    written = referral_review.submit(store, actor, letter)
    _stand_in((store, actor), State.DRAFT)
    with store.write(actor) as session:
        session.execute(
            update(Referral).values(direction="down", reason_codes=["chronic_management"])
        )
    with pytest.raises(InputError) as caught:
        referral_review.resubmit(
            store, actor, written.referral_id,
            replace(letter, reason_codes=("chronic_management",)),
        )  # fmt: skip
    assert set(caught.value.problems) == {"to_organisation_id"}
