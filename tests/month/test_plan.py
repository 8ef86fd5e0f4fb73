"""The plan and the truth of the month by themselves: what they must be before anybody plays."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from app.care.referral_states import RULES
from tests.month.plan import Step, table
from tests.month.timeline import DAYS, FIRST_DAY, SLOTS, links
from tests.month.truth import LEGAL, Truth


def test_the_plan_has_forty_up_and_five_and_twenty_down() -> None:
    plan = table()
    assert Counter(each.direction for each in plan.values()) == {"up": 40, "down": 25, "across": 4}
    assert len({each.person for each in plan.values()}) == len(plan)
    assert {each.follows for each in plan.values()} - {""} <= plan.keys()
    assert plan["U32"].route[1] == (Step("accept", "R"), Step("cancel", "S", "patient_withdraw"))


def test_the_table_written_down_twice_says_the_same() -> None:
    sides = {"sender": "S", "receiver": "R"}
    rules = {(str(r.source), str(r.target), sides[side]) for r in RULES for side in r.sides}
    assert rules == LEGAL


@pytest.mark.parametrize("seed", range(5))
def test_a_link_is_up_a_third_of_the_time(seed: int) -> None:
    up = links(seed, "LABC")
    assert up.keys() == {(day, slot) for day in range(DAYS) for slot in range(len(SLOTS))}
    share = sum(len(each) for each in up.values()) / (4 * len(up))
    assert 0.25 < share < 0.42


@pytest.mark.parametrize("first", ["A", "L"])
def test_the_first_to_reach_the_server_stands(first: str) -> None:
    """Accepted, and at the same time cancelled: accept after cancel takes no effect."""
    truth = Truth(table())
    referral = truth.referrals["U32"]
    truth.write(referral, "S", "sent", FIRST_DAY)
    truth.took(referral, referral.steps[0])
    for house in "AL":
        truth.sync(house, FIRST_DAY)
    assert truth.turn(referral, "L", FIRST_DAY) == Step("accept", "R")
    later = FIRST_DAY + timedelta(minutes=2)
    truth.write(referral, "R", "accepted", later)
    truth.write(referral, "S", "cancelled", later, reason="patient_withdraw")
    assert referral.view("L").state() == "accepted"
    assert referral.view("A").state() == "cancelled"
    for house in (first, *"AL"):
        truth.sync(house, later)
    assert referral.view("A").state() == referral.view("L").state() == "cancelled"
    assert [m.target for m in referral.crossed] == ([] if first == "L" else ["accepted"])
