"""The pure parts: merging of fields, waits, and the size of bundles."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sync.counts import Counts
from app.sync.engine import SyncReport, next_wait
from app.sync.merge import BOOKKEEPING, merge, same_content
from app.sync.policy import MOST_BYTES, MOST_ENTRIES, Pace, Policy, Portion, Reach

BASE = {"id": "1", "name": "甲", "phone": "1", "village": "A", "note": None, "residences": []}


def _with(**values: Any) -> dict[str, Any]:
    return {**BASE, **values}


def test_each_side_keeps_what_it_alone_changed() -> None:
    found = merge("resident", BASE, _with(phone="2"), _with(village="B"))
    assert found.merged == _with(phone="2", village="B")
    assert (found.taken, found.conflicts, found.to_send) == ({"village"}, {}, True)


def test_the_same_field_changed_by_both_is_a_conflict_and_stays() -> None:
    found = merge("resident", BASE, _with(phone="2"), _with(phone="3"))
    assert found.merged["phone"] == "2"
    assert found.conflicts == {"phone": {"base": "1", "mine": "2", "theirs": "3"}}


def test_emptied_by_one_and_changed_by_the_other_is_a_conflict() -> None:
    assert merge("resident", BASE, _with(phone=None), _with(phone="3")).conflicts


def test_what_may_be_older_than_the_base_is_never_taken_over_unseen() -> None:
    mine, theirs = _with(phone="2", village="A"), _with(village="B", phone=BASE["phone"])
    base = {**BASE, "village": "A"}
    found = merge("resident", base, mine, theirs, doubtful=True)
    assert found.merged == mine
    assert set(found.conflicts) == {"village"}, "ours alone changed the phone, either way"
    assert found.to_send
    assert not found.taken
    # Without a base every difference is shown.
    found = merge("resident", None, _with(note=None), _with(note="x"), doubtful=True)
    assert set(found.conflicts) == {"note"}


def test_without_a_base_an_empty_field_gives_way_and_two_values_clash() -> None:
    found = merge("resident", None, _with(note=None, phone="2"), _with(note="x", phone="3"))
    assert found.merged["note"] == "x"
    assert set(found.conflicts) == {"phone"}


def test_moves_of_a_referral_are_added_up() -> None:
    base = {"id": "t", "event_ids": ["a"], "state": "sent"}
    mine = {"id": "t", "event_ids": ["a", "b"], "state": "sent"}
    theirs = {"id": "t", "event_ids": ["a", "c"], "state": "accepted"}
    found = merge("referral_task", base, mine, theirs)
    assert found.merged == {"id": "t", "event_ids": ["a", "c", "b"], "state": "accepted"}
    assert not found.conflicts
    assert found.to_send


def _row(id_: str, bed: str) -> dict[str, Any]:
    return {"id": id_, "bed": bed}


@pytest.mark.parametrize(
    ("old", "mine", "theirs", "beds", "clash"),
    [
        ([], [_row("1", "a")], [_row("2", "b")], ["a", "b"], False),
        ([_row("1", "a")], [_row("1", "c")], [_row("1", "a")], ["c"], False),
        ([_row("1", "a")], [_row("1", "a")], [_row("1", "d")], ["d"], False),
        ([_row("1", "a")], [_row("1", "c")], [_row("1", "d")], ["c"], True),
        ([_row("1", "a")], [], [_row("1", "a")], [], False),
        ([_row("1", "a")], [], [_row("1", "d")], ["d"], True),
        ([_row("1", "a")], [_row("1", "a")], [], [], False),
        ([_row("1", "a")], [_row("1", "c")], [], ["c"], True),
    ],
)
def test_children_merge_row_by_row(
    old: list[Any], mine: list[Any], theirs: list[Any], beds: list[str], clash: bool
) -> None:
    found = merge(
        "resident", _with(residences=old), _with(residences=mine), _with(residences=theirs)
    )
    assert [row["bed"] for row in found.merged["residences"]] == beds
    assert bool(found.conflicts) is clash


_VALUES = st.sampled_from([None, "", "a", "b", "c"])
_RECORDS = st.fixed_dictionaries({"name": _VALUES, "phone": _VALUES, "village": _VALUES})


@given(base=_RECORDS, mine=_RECORDS, theirs=_RECORDS)
def test_no_value_is_ever_lost_or_invented(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    found = merge("resident", base, mine, theirs)
    for name in mine:
        value = found.merged[name]
        if mine[name] != base[name]:
            assert value == mine[name]
            if theirs[name] not in (base[name], mine[name]):
                assert found.conflicts[name]["theirs"] == theirs[name]
        else:
            assert value == theirs[name]
    # What is said to be nothing to send is already over there.
    if not found.to_send:
        assert same_content(found.merged, theirs)


@given(base=_RECORDS, mine=_RECORDS, theirs=_RECORDS)
def test_both_sides_come_to_the_same_values(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    one = merge("resident", base, mine, theirs)
    other = merge("resident", base, theirs, mine)
    assert one.conflicts.keys() == other.conflicts.keys()
    for name in mine.keys() - one.conflicts.keys():
        assert one.merged[name] == other.merged[name]


def test_bookkeeping_is_not_content() -> None:
    one = {**BASE, **dict.fromkeys(BOOKKEEPING, "x"), "id": "1"}
    other = {**BASE, **dict.fromkeys(BOOKKEEPING, "y"), "id": "1"}
    assert same_content(one, other)
    assert not same_content(one, {**other, "phone": "9"})


def test_waits_grow_have_a_limit_and_honour_the_server() -> None:
    policy = Policy(Random(3))
    waits = [policy.after_failure(n) for n in range(1, 40)]
    assert all(1.0 <= wait <= 300.0 for wait in waits)
    assert waits[0] <= 2.0
    assert min(waits[10:]) >= 150.0
    assert policy.after_failure(1, retry_after=60) >= 60
    assert Policy(Random(5)).after_failure(4) == Policy(Random(5)).after_failure(4)


def test_a_line_that_lives_some_seconds_is_tried_again_at_once_and_a_dead_one_is_not() -> None:
    policy, now = Policy(Random(3)), datetime(2026, 3, 2, tzinfo=UTC)

    def waits(outcome: str, sent: int = 0, received: int = 0, after: float | None = None) -> float:
        counts = Counts()
        report = SyncReport(now, now, outcome, "", counts, sent, received, retry_after=after)
        return max(next_wait(policy, report, 5).total_seconds() for _ in range(20))

    assert waits("offline", sent=1) < 0.5
    assert waits("offline", received=1) < 0.5
    assert waits("offline") > 10
    assert waits("offline", sent=1, after=60) >= 60
    assert waits("failed", sent=1) > 10, "a server that is busy is left alone"


def test_a_cut_halves_the_bundle_and_success_lets_it_grow_again() -> None:
    pace = Pace()
    assert pace.room() == MOST_ENTRIES
    pace.cut(50)
    assert pace.room() == 25
    for _ in range(10):
        pace.cut(pace.room())
    assert pace.room() == 1
    for _ in range(60):
        pace.crossed(pace.room(), pace.room() * 100, 0.01)
    assert pace.room() == MOST_ENTRIES


def test_bundles_are_sized_in_seconds_of_link() -> None:
    pace = Pace(seconds=4.0)
    for _ in range(20):
        pace.crossed(50, 8000, 8.0)  # 1,000 bytes a second, 160 bytes an entry
    assert 20 <= pace.room() <= 28
    assert 3500 <= pace.bytes_allowed() <= 4500
    for _ in range(30):
        pace.crossed(50, 8000, 0.01)
    assert (pace.room(), pace.bytes_allowed()) == (MOST_ENTRIES, MOST_BYTES)


def test_a_page_grows_on_a_fast_link_and_halves_with_each_cut() -> None:
    reach = Reach()
    assert reach.page() == 200, "until the link has shown its speed"
    for _ in range(5):
        reach.crossed(reach.page(), 0.05)
    assert (reach.page(), reach.share(10)) == (500, 20)
    reach.cut()
    assert reach.page() == 250
    for _ in range(10):
        reach.crossed(200, 16.0)
    assert reach.page() == 50, "no more than crosses in four seconds"


def test_a_transaction_of_fetched_rows_is_as_large_as_its_time_allows() -> None:
    portion = Portion()
    for _ in range(5):
        portion.took(portion.rows, 0.001)
    assert portion.rows == portion.most
    for _ in range(5):
        portion.took(portion.rows, 0.2)
    assert portion.rows == 100
    portion.took(40, 0.001)
    assert portion.rows == 100, "a small one says nothing of a large one"
