"""The rules of a contract's time: term, state on a day, when each service is due. Pure.

Source: domain reference §3.1–§3.3 (LOCAL-2025); terms of one to three years since
国卫基层发〔2022〕10号; reminder 30 days before the end and default term are settings (C).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

RULE_VERSION = "LOCAL-2025"

SIGNED, TERMINATED, RENEWED, PENDING = "1", "2", "3", "4"
"""Codes of ``contract_status``."""
STANDING = (SIGNED, RENEWED)
OPEN = (SIGNED, RENEWED, PENDING)

FAMILY_DOCTOR, INTEGRATED_CARE = "family_doctor", "integrated_care"
"""Codes of ``contract_category``; one open contract of each at a time."""

TERMS = (1, 2, 3)
"""Whole years that a contract may run."""

REMINDER_DAYS = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """When a contract runs and how it stands; all that the rules of time need.

    Both ends belong to the term. ``terminated_on``: the first day without it.
    """

    starts_on: date
    ends_on: date
    status: str
    terminated_on: date | None = None


def anniversary(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes 1 March in a common year.

    Never later than the last day of the calendar: a record may come with any date.
    """
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def last_day(starts_on: date, years: int) -> date:
    """The last day of a term that begins on ``starts_on``: the day before its anniversary."""
    return anniversary(starts_on, years) - _DAY


def renewal_start(ends_on: date, today: date) -> date:
    """When a renewal begins: the day after the old term, or today when that is over."""
    return max(min(ends_on, date.max - _DAY) + _DAY, today)


def in_force(span: Span, day: date) -> bool:
    """Whether the contract was in force on a day, as it stood then.

    Status 1 or 3 within the term; one that was terminated later counts until the day before.
    """
    if not span.starts_on <= day <= span.ends_on:
        return False
    if span.status in STANDING:
        return True
    return span.status == TERMINATED and span.terminated_on is not None and day < span.terminated_on


def overlap(one: Span, starts_on: date, ends_on: date) -> bool:
    """Whether an open contract leaves no room for a term: they share a day."""
    return one.status in OPEN and one.starts_on <= ends_on and starts_on <= one.ends_on


def state_on(span: Span, day: date, reminder_days: int = REMINDER_DAYS) -> str:
    """The state of a contract on a day, a code of ``contract_state``."""
    if span.status == PENDING:
        return "pending"
    if span.status == TERMINATED:
        return "terminated"
    if day < span.starts_on:
        return "coming"
    if day > span.ends_on:
        return "ended"
    return "ending" if day >= remind_on(span.ends_on, reminder_days) else "active"


def remind_on(ends_on: date, reminder_days: int = REMINDER_DAYS) -> date:
    """The first day on which the renewal is due work: 30 days before the end (setting)."""
    return date.fromordinal(max(ends_on.toordinal() - reminder_days, 1))


def contract_years(starts_on: date, ends_on: date) -> Iterator[tuple[date, date]]:
    """First and last day of each year of a contract, counted from its start."""
    number = 0
    while (first := anniversary(starts_on, number)) <= ends_on:
        number += 1
        following = anniversary(starts_on, number)
        if following == date.max:  # the calendar ends before the contract does
            yield first, ends_on
            return
        yield first, min(following - _DAY, ends_on)


def due_dates(first: date, last: date, times: int) -> tuple[date, ...]:
    """The day by which each of ``times`` services of a contract year must be given.

    They divide the year evenly; the last is due on its last day. 0 times: on request, none.
    """
    days = (last - first).days + 1
    return tuple(first + timedelta(days=max(days * n // times - 1, 0)) for n in range(1, times + 1))


@dataclass(frozen=True, slots=True)
class Count:
    """Services of one item: how many were due and how many of those were given."""

    due: int
    done: int


@lru_cache(maxsize=8192)
def falling_due(
    span: Span, times: int, start: date, end: date
) -> tuple[tuple[date, date, int, int], ...]:
    """Which of ``times`` services a year fall due within a period, by year of the contract.

    First day and last counted day of the year, first and last number of those that fall due.
    Nothing falls due from the day of a termination on.
    """
    # In days of the calendar: what came from elsewhere may have been ended on its first one.
    due_until = end.toordinal()
    if span.terminated_on is not None:
        due_until = min(due_until, span.terminated_on.toordinal() - 1)
    found = []
    for first, last in contract_years(span.starts_on, span.ends_on):
        if first > end or last < start:
            continue
        lowest, highest = _numbers_due(
            (last - first).days + 1, times, (start - first).days, due_until - first.toordinal()
        )
        if lowest <= highest:
            found.append((first, min(last, end), lowest, highest))
    return tuple(found)


def _numbers_due(days: int, times: int, after: int, until: int) -> tuple[int, int]:
    """First and last number of the services whose day (``due_dates``) lies between two days, which
    are counted from the contract year's first one (0); the first number is greater where there is
    none. ``days``: of the contract year.

    The n-th falls on day ``days * n // times - 1``, and never before the first one.
    """
    lowest = 1 if after <= 0 else max(1, -(-(after + 1) * times // days))
    highest = 0 if until < 0 else min(times, -(-(until + 2) * times // days) - 1)
    return lowest, highest


def count_due(span: Span, times: int, given: Sequence[date], start: date, end: date) -> Count:
    """How many services of an item fell due within a period, and how many of them were given.

    The n-th service of a contract year is done when at least n were given in that year by the
    end of the period: one given late still counts, one given early counts when it falls due.
    """
    due = done = 0
    for first, until, lowest, highest in falling_due(span, times, start, end):
        had = sum(first <= day <= until for day in given)
        due += highest - lowest + 1
        done += max(min(had, highest) - lowest + 1, 0)
    return Count(due, done)
