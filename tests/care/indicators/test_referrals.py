"""R1–R6 of two-way referral: each limit at, below and above it; each course counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.care.indicators.counted import Counted
from app.care.indicators.period import month_of
from app.care.indicators.referrals import (
    Course,
    Move,
    accepted_in_time,
    followed_in_time,
    referral_indicators,
    replied_in_time,
)
from app.care.referral_limits import Limits
from app.care.referral_states import Direction, Urgency

TOWN, LEAD, HOME = "town", "lead", "home"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MARCH = month_of(2026, 3)
LIMITS = Limits()


def move(state: str, after: timedelta, organisation: str = LEAD) -> Move:
    return Move(state, state, organisation, START + after)


def course(*moves: Move, **values: object) -> Course:
    fields: dict[str, object] = {
        "resident_id": "徐",
        "direction": Direction.UP,
        "urgency": Urgency.ROUTINE,
        "requester": TOWN,
        "owner": LEAD,
        "own_lead": True,
        "moves": (move("sent", timedelta(), TOWN), *moves),
    }
    fields.update(values)
    return Course(**fields)  # type: ignore[arg-type]


def figures(*courses: Course, of: str = TOWN) -> dict[str, Counted]:
    return {one.code: one for one in referral_indicators(courses, of, MARCH, LIMITS)}


HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("urgency", "limit"),
    [(Urgency.ROUTINE, 24 * HOUR), (Urgency.PRIORITY, 4 * HOUR), (Urgency.EMERGENCY, 15 * MINUTE)],
)
def test_r1_at_below_and_above_the_limit(urgency: Urgency, limit: timedelta) -> None:
    for late, kept in ((-MINUTE, True), (timedelta(), True), (MINUTE, False)):
        one = course(move("accepted", limit + late), urgency=urgency)
        assert accepted_in_time(one, LIMITS) is kept
        assert figures(one)["R1"].done == (1 if kept else 0)
        assert figures(one)["R1"].of == 1


def test_r1_a_call_counts_at_the_call_though_no_letter_was_sent_before() -> None:
    one = replace(course(urgency=Urgency.EMERGENCY), moves=(move("accepted", timedelta(), TOWN),))
    assert figures(one)["R1"].done == figures(one)["R1"].of == 1


def test_r1_leaves_out_what_the_sender_withdrew_before_an_answer_only() -> None:
    withdrawn = course(move("cancelled", HOUR, TOWN))
    refused = course(move("cancelled", HOUR, LEAD))
    later = course(move("accepted", HOUR), move("cancelled", 2 * HOUR, TOWN))
    returned = course(move("returned", HOUR), move("cancelled", 2 * HOUR, TOWN))
    assert figures(withdrawn)["R1"].of == 0
    assert [figures(one)["R1"].of for one in (refused, later, returned)] == [1, 1, 1]
    assert figures(withdrawn)["R4"].of == 1  # it was sent all the same


def test_r2_counts_who_was_discharged_or_seen_and_the_limit_of_the_reply() -> None:
    arrived = move("arrived", DAY)
    for late, in_time in ((-MINUTE, 1), (timedelta(), 1), (MINUTE, 0)):
        outpatient = course(arrived, move("replied", DAY + 48 * HOUR + late))
        found = figures(outpatient)
        assert (found["R2"].of, found["R2"].done, found["R2T"].done) == (1, 1, in_time)
        out = START + 5 * DAY
        inpatient = course(
            arrived, move("replied", 6 * DAY + late), admitted=True, discharged_at=out
        )
        found = figures(inpatient)
        assert (found["R2"].of, found["R2"].done, found["R2T"].done) == (1, 1, in_time)
    lying = course(arrived, move("in_care", DAY), admitted=True)
    assert figures(lying)["R2"].of == 0
    unanswered = course(arrived)
    assert (figures(unanswered)["R2"].of, figures(unanswered)["R2"].done) == (1, 0)
    assert not replied_in_time(unanswered, LIMITS)


@pytest.mark.parametrize(
    ("days", "kept"), [(-1, False), (0, True), (13, True), (14, True), (15, False)]
)
def test_r3_fourteen_days_after_the_taking_back(days: int, kept: bool) -> None:
    taken = date(2026, 3, 4)
    visit = taken + timedelta(days=days)
    back = course(move("received_back", 2 * DAY, TOWN), followed_on=(visit,))
    assert followed_in_time(back, taken) is kept
    assert figures(back)["R3"].done == (1 if kept else 0)
    direct = course(
        move("accepted", 2 * DAY, TOWN),
        direction=Direction.DOWN,
        requester=LEAD,
        owner=TOWN,
        followed_on=(visit,),
    )
    assert figures(direct)["R3"].of == 1
    assert figures(direct)["R3"].done == (1 if kept else 0)


def test_r4_to_r6_of_a_township_and_of_the_lead() -> None:
    ups = [
        course(move("handed_back", 3 * DAY), asked=3, arranged=2),
        course(resident_id="王", own_lead=False, owner="other lead", asked=1),
    ]
    down = course(direction=Direction.DOWN, requester=LEAD, owner=TOWN)
    across = course(direction=Direction.ACROSS, owner=HOME)
    of_town = figures(*ups, down, across)
    assert (of_town["R4"].done, of_town["R4"].of, of_town["R4"].rate) == (2, 2, 100)
    assert (of_town["R5"].done, of_town["R5"].of) == (2, 4)
    assert (of_town["R6"].done, of_town["R6"].of) == (1, 2)
    assert of_town["R6"].missing == ("王",)
    of_lead = figures(*ups, down, across, of=LEAD)
    assert (of_lead["R4"].done, of_lead["R4"].of) == (2, 1)
    assert of_lead["R6"].rate == 100


def test_what_lies_outside_the_period_does_not_count() -> None:
    early = course(moves=(Move("sent", "sent", TOWN, datetime(2026, 2, 28, 15, 59, tzinfo=UTC)),))
    first = course(moves=(Move("sent", "sent", TOWN, datetime(2026, 2, 28, 16, 0, tzinfo=UTC)),))
    assert figures(early)["R1"].of == 0
    assert figures(first)["R1"].of == 1  # midnight of the clinic


def test_a_person_referred_twice_weighs_two() -> None:
    found = figures(course(move("accepted", HOUR)), course(move("accepted", 30 * HOUR)))["R1"]
    assert (found.numerator, found.denominator) == ({"徐": 1}, {"徐": 2})
    assert found.missing == ("徐",)
