"""An emergency letter whose form followed only in part is due on Today until it is whole."""

from __future__ import annotations

from app.care import referral
from app.care.referral_moves import Reason
from app.care.work_list import WorkItem, today_work
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.store import Store
from tests.referral_support import add_resident, letter_for


def due(store: Store, actor: Actor) -> list[WorkItem]:
    work = today_work(store, actor)
    return [item for item in work.now if item.kind == "referral:incomplete"]


def test_it_stands_there_with_its_limit_until_it_is_completed(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    resident_id = add_resident(store, actor)
    bare = letter_for(resident_id, urgency="emergency", past_history="", consent="")
    written = referral.send(store, actor, bare)
    (item,) = due(store, actor)
    assert item.arguments == (("referral_id", written.referral_id),)
    assert "前补充资料" in item.what
    clock.advance(hours=24)
    assert "前补充资料" in due(store, actor)[0].what
    clock.advance(seconds=1)
    assert "已超过时限" in due(store, actor)[0].what

    whole = letter_for(resident_id, urgency="emergency")
    referral.complete(store, actor, written.referral_id, whole)
    assert due(store, actor) == []


def test_a_letter_that_ended_is_not_completed_any_more(store: Store, actor: Actor) -> None:
    bare = letter_for(add_resident(store, actor), urgency="emergency", treatment_given="")
    written = referral.send(store, actor, bare)
    assert len(due(store, actor)) == 1
    referral.cancel(store, actor, written.referral_id, Reason("condition_changed"))
    assert due(store, actor) == []


def test_what_is_whole_or_no_emergency_is_never_due(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor)
    referral.send(store, actor, letter_for(resident_id))
    referral.send(store, actor, letter_for(resident_id, urgency="emergency"))
    assert due(store, actor) == []
