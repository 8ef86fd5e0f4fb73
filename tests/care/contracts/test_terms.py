"""The rules of a contract's time, each limit at, below and above."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.contracts.terms import (
    Count,
    Span,
    anniversary,
    contract_years,
    count_due,
    due_dates,
    in_force,
    last_day,
    overlap,
    remind_on,
    renewal_start,
    state_on,
)

START, END = date(2026, 3, 2), date(2027, 3, 1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("starts_on", "years", "ends_on"),
    [
        (date(2026, 3, 2), 1, date(2027, 3, 1)),
        (date(2026, 3, 2), 3, date(2029, 3, 1)),
        (date(2026, 1, 1), 1, date(2026, 12, 31)),
        (date(2024, 2, 29), 1, date(2025, 2, 28)),
        (date(2023, 3, 1), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 4, date(2028, 2, 28)),
    ],
)
def test_a_term_ends_the_day_before_its_anniversary(
    starts_on: date, years: int, ends_on: date
) -> None:
    assert last_day(starts_on, years) == ends_on


def test_the_reminder_is_thirty_days_before_the_end_unless_set_otherwise() -> None:
    assert remind_on(END) == date(2027, 1, 30)
    assert (END - remind_on(END)).days == 30
    assert remind_on(END, 0) == END


def test_a_renewal_begins_after_the_old_term_and_never_in_the_past() -> None:
    assert renewal_start(END, END - 10 * DAY) == END + DAY
    assert renewal_start(END, END) == END + DAY
    assert renewal_start(END, END + DAY) == END + DAY
    assert renewal_start(END, END + 40 * DAY) == END + 40 * DAY


@pytest.mark.parametrize("status", ["1", "3"])
def test_in_force_on_both_ends_and_not_beside_them(status: str) -> None:
    span = Span(START, END, status)
    assert [in_force(span, day) for day in (START - DAY, START, END, END + DAY)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_pending_and_terminated_contracts_are_not_in_force() -> None:
    assert not in_force(Span(START, END, "4"), START)
    ended = Span(START, END, "2", date(2026, 6, 1))
    assert in_force(ended, date(2026, 5, 31))
    assert not in_force(ended, date(2026, 6, 1))
    assert not in_force(Span(START, END, "2"), START)


def test_a_contract_terminated_after_it_ran_out_was_in_force_to_its_last_day() -> None:
    late = Span(START, END, "2", END + 20 * DAY)
    assert in_force(late, END)
    assert not in_force(late, END + DAY)


def test_terms_that_share_one_day_overlap() -> None:
    held = Span(START, END, "1")
    assert overlap(held, END, END + 300 * DAY)
    assert not overlap(held, END + DAY, END + 300 * DAY)
    assert overlap(held, START - 300 * DAY, START)
    assert not overlap(held, START - 300 * DAY, START - DAY)
    assert overlap(Span(START, END, "4"), START, END)
    assert not overlap(Span(START, END, "2", START), START, END)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (START - DAY, "coming"),
        (START, "active"),
        (END - 31 * DAY, "active"),
        (END - 30 * DAY, "ending"),
        (END - 29 * DAY, "ending"),
        (END, "ending"),
        (END + DAY, "ended"),
    ],
)
def test_the_state_of_a_signed_contract(day: date, state: str) -> None:
    assert state_on(Span(START, END, "1"), day) == state
    assert state_on(Span(START, END, "3"), day) == state


def test_the_state_of_the_others() -> None:
    assert state_on(Span(START, END, "4"), END + DAY) == "pending"
    assert state_on(Span(START, END, "2", START), START) == "terminated"


def test_the_services_of_a_year_are_due_at_equal_distances() -> None:
    assert due_dates(START, END, 4) == (
        date(2026, 5, 31), date(2026, 8, 30), date(2026, 11, 29), END,
    )  # fmt: skip
    assert due_dates(START, END, 1) == (END,)
    assert due_dates(START, END, 0) == ()


def test_contract_years_follow_each_other() -> None:
    assert list(contract_years(START, date(2028, 3, 1))) == [
        (START, END), (END + DAY, date(2028, 3, 1)),
    ]  # fmt: skip


def test_what_falls_due_in_a_period_and_what_of_it_was_given() -> None:
    span = Span(START, END, "1")
    visits = (date(2026, 4, 1), date(2026, 9, 10), date(2026, 12, 1))
    whole_year = count_due(span, 4, visits, START, END)
    assert whole_year == Count(4, 3)
    # Until 30 August two were due; only the first was given by then.
    assert count_due(span, 4, visits, START, date(2026, 8, 30)) == Count(2, 1)
    # The second was due in August and given in September: the year's figure takes it.
    assert count_due(span, 4, visits, START, date(2026, 12, 31)) == Count(3, 3)
    assert count_due(span, 4, visits, START, date(2026, 8, 29)) == Count(1, 1)


def test_a_visit_of_another_contract_year_does_not_count() -> None:
    span = Span(START, date(2028, 3, 1), "1")
    before, within = START - DAY, END + DAY
    assert count_due(span, 1, (before,), START, END) == Count(1, 0)
    assert count_due(span, 1, (within,), START, END) == Count(1, 0)
    assert count_due(span, 1, (within,), END + DAY, date(2028, 3, 1)) == Count(1, 1)


def test_nothing_falls_due_from_the_termination_on() -> None:
    ended = Span(START, END, "2", date(2026, 8, 30))
    assert count_due(ended, 4, (), START, END) == Count(1, 0)
    assert count_due(Span(START, END, "2", date(2026, 8, 31)), 4, (), START, END) == Count(2, 0)


starts = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(starts, st.integers(1, 3), st.integers(0, 24), st.data())
def test_every_service_falls_due_in_exactly_one_period(
    start: date, years: int, times: int, data: st.DataObject
) -> None:
    span = Span(start, last_day(start, years), "1")
    cut = data.draw(st.dates(span.starts_on, span.ends_on))
    given_on = tuple(
        sorted(data.draw(st.lists(st.dates(span.starts_on, span.ends_on), max_size=8)))
    )
    before = count_due(span, times, given_on, span.starts_on, cut)
    after = count_due(span, times, given_on, cut + DAY, span.ends_on)
    whole = count_due(span, times, given_on, span.starts_on, span.ends_on)
    assert before.due + after.due == whole.due == times * years
    assert whole.done >= before.done + after.done  # one given late counts in the end
    assert 0 <= whole.done <= min(whole.due, len(given_on))


@given(starts, st.integers(1, 3))
def test_anniversaries_are_a_year_apart(day: date, years: int) -> None:
    assert 365 * years <= (anniversary(day, years) - day).days <= 366 * years
