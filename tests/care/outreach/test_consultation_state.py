"""The state of a consultation is the same in whatever order its notes arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.outreach.consultation_state import (
    ORDER,
    WHOSE,
    Move,
    Party,
    Said,
    consultation_waiting,
    moves_open,
    state_of,
)

ASKED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
MOVES = [*map(str, ORDER), "handed_over", "new"]
SAID = st.builds(Said, st.sampled_from(MOVES), st.sampled_from(Party))


@given(st.lists(SAID, max_size=8), st.randoms(use_true_random=False))
def test_order_and_doubles_change_nothing(notes: list[Said], random: object) -> None:
    shuffled = [*notes, *notes[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert state_of(shuffled) is state_of(notes)


@given(st.lists(SAID, max_size=8), SAID)
def test_one_more_note_never_leads_back(notes: list[Said], one: Said) -> None:
    assert ORDER.index(state_of([*notes, one])) >= ORDER.index(state_of(notes))


@given(st.lists(SAID, max_size=8))
def test_two_houses_that_hold_parts_agree_once_both_hold_all(notes: list[Said]) -> None:
    left, right = notes[::2], notes[1::2]
    assert state_of([*left, *right]) is state_of([*right, *left])


@pytest.mark.parametrize("move", [m for m in ORDER if m is not Move.ASKED])
def test_a_move_of_the_wrong_side_says_nothing(move: Move) -> None:
    wrong = Party.ASKER if WHOSE[move] is Party.INVITED else Party.INVITED
    assert state_of([Said(move, wrong)]) is Move.ASKED
    assert state_of([Said(move, WHOSE[move])]) is move


def test_an_answer_that_crossed_with_a_cancellation_stands() -> None:
    notes = [Said("cancelled", Party.ASKER), Said("answered", Party.INVITED)]
    assert state_of(notes) is Move.ANSWERED


@pytest.mark.parametrize(
    ("state", "asker", "invited"),
    [
        (Move.ASKED, {Move.CANCELLED}, {Move.ACCEPTED, Move.DECLINED, Move.ANSWERED}),
        (Move.ACCEPTED, {Move.CANCELLED}, {Move.DECLINED, Move.ANSWERED}),
        (Move.ANSWERED, {Move.CONCLUDED}, set()),
        (Move.DECLINED, set(), set()),
        (Move.CANCELLED, set(), set()),
        (Move.CONCLUDED, set(), set()),
    ],
)
def test_what_each_side_may_do(state: Move, asker: set[Move], invited: set[Move]) -> None:
    assert set(moves_open(state, Party.ASKER)) == asker
    assert set(moves_open(state, Party.INVITED)) == invited


@pytest.mark.parametrize(
    ("urgency", "limit"), [("urgent", timedelta(minutes=10)), ("routine", timedelta(hours=48))]
)
def test_the_limit_below_at_and_above(urgency: str, limit: timedelta) -> None:
    second = timedelta(seconds=1)
    for span, late in ((limit - second, False), (limit, False), (limit + second, True)):
        found = consultation_waiting(Move.ASKED, urgency, ASKED_AT, ASKED_AT + span)
        assert (found.overdue, found.limit, found.elapsed) == (late, limit, span)


def test_an_urgent_one_that_was_taken_on_by_phone_has_met_its_limit() -> None:
    later = ASKED_AT + timedelta(days=3)
    assert not consultation_waiting(Move.ACCEPTED, "urgent", ASKED_AT, later).overdue
    assert consultation_waiting(Move.ACCEPTED, "routine", ASKED_AT, later).overdue
    assert not consultation_waiting(Move.ANSWERED, "routine", ASKED_AT, later).overdue


def test_a_clock_that_stands_before_the_question_counts_no_negative_time() -> None:
    found = consultation_waiting(Move.ASKED, "routine", ASKED_AT, ASKED_AT - timedelta(days=9))
    assert found.elapsed == timedelta(0)
    assert not found.overdue
