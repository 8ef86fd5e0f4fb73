"""What "managed to standard" asks, at its limits (``domain.md`` §5.5, §5.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.care.clinical_settings import ClinicalSettings
from app.care.indicators.chronic import (
    Managed,
    last_controlled,
    latest_next,
    managed_to_standard,
)
from app.care.indicators.period import Period, month_of, parts_of, quarter_of, year_of
from app.care.indicators.visits import Visit
from app.errors import InputError

YEAR = year_of(2026)
SINCE = date(2024, 5, 1)
DEFAULTS = ClinicalSettings()
ROUTINE, ADJUST = "1", "2"


def visit(month: int, day: int, step: str | None = ROUTINE, **values: object) -> Visit:
    usual = Visit(date(2026, month, day), True, True, step == ROUTINE, step)
    return usual._replace(**values)


GOOD = (visit(1, 10), visit(4, 10), visit(7, 10), visit(10, 10))


def standard(*visits: Visit, checked: bool = True, **settings: object) -> bool:
    chosen = replace(DEFAULTS, **settings)  # type: ignore[arg-type]
    return managed_to_standard(visits, SINCE, YEAR, checked, chosen)


def test_four_visits_in_person_in_time_and_a_check() -> None:
    assert standard(*GOOD)
    assert not standard(*GOOD, checked=False)


def test_visits_of_one_day_count_once() -> None:
    """Merged records, or a correction made on two PCs, may hold a visit twice."""
    twice = (visit(5, 30), visit(8, 30), visit(8, 30), visit(11, 29))
    since = date(2026, 3, 1)
    assert not managed_to_standard(twice, since, YEAR, True, DEFAULTS)
    assert managed_to_standard((*twice, visit(12, 20)), since, YEAR, True, DEFAULTS)


def test_three_in_the_clinic_and_one_by_telephone_are_not_enough() -> None:
    by_phone = GOOD[3]._replace(face_to_face=False)
    assert not standard(*GOOD[:3], by_phone)
    # A fifth one in person makes it four.
    assert standard(*GOOD[:3], by_phone, visit(12, 20))


@pytest.mark.parametrize(("day", "in_time"), [(9, True), (10, True), (11, False)])
def test_a_routine_visit_may_be_three_months_after_the_last(day: int, in_time: bool) -> None:
    late = (visit(1, 10), visit(4, day), visit(7, 5), visit(10, 3))
    assert standard(*late) is in_time


@pytest.mark.parametrize(("day", "in_time"), [(23, True), (24, True), (25, False)])
def test_after_a_problem_two_weeks(day: int, in_time: bool) -> None:
    visits = (visit(1, 10, ADJUST), visit(1, day), visit(4, 20), visit(7, 15), visit(10, 10))
    assert standard(*visits) is in_time


def test_the_year_must_not_end_long_after_the_last_visit() -> None:
    assert standard(visit(1, 10), visit(4, 1), visit(7, 1), visit(9, 30)) is False
    assert standard(visit(1, 10), visit(4, 1), visit(7, 1), visit(10, 1))


@pytest.mark.parametrize(("day", "in_time"), [(1, True), (2, False)])
def test_the_last_visit_of_the_year_before_says_when_the_first_is_due(
    day: int, in_time: bool
) -> None:
    last = GOOD[0]._replace(on=date(2025, 11, 1))
    visits = (last, visit(2, day), visit(4, 30), visit(7, 28), visit(10, 20))
    assert standard(*visits) is in_time
    # It is not one of this year's four.
    assert not standard(last, visit(2, 1), visit(5, 1), visit(8, 1))


def test_a_visit_without_a_value_moves_no_date_and_does_not_come_late() -> None:
    silent = visit(5, 2, None, face_to_face=False, complete=False, controlled=None)
    assert standard(GOOD[0], GOOD[1], silent, GOOD[2], GOOD[3])
    # It does not stand in for one that was due either.
    assert not standard(
        visit(1, 10), silent._replace(on=date(2026, 4, 10)), visit(7, 10), visit(10, 10)
    )


def test_an_incomplete_visit_in_person_spoils_it() -> None:
    assert not standard(*GOOD[:3], GOOD[3]._replace(complete=False))


def test_one_in_each_quarter_only_where_the_county_asks_for_it() -> None:
    twice_in_spring = (visit(1, 5), visit(4, 2), visit(6, 30), visit(9, 30), visit(12, 1))
    without_second = (
        visit(1, 5),
        visit(3, 31, ADJUST),
        visit(4, 14),
        visit(7, 14),
        visit(10, 14),
    )
    assert standard(*twice_in_spring, one_visit_a_quarter=True)
    assert standard(*without_second, one_visit_a_quarter=True)
    skipped = (visit(1, 5), visit(1, 20), visit(3, 31), visit(6, 30), visit(9, 30), visit(12, 30))
    assert standard(*skipped, one_visit_a_quarter=True)
    never_in_autumn = (visit(1, 5), visit(3, 31), visit(4, 5), visit(7, 2), visit(9, 30))
    assert not standard(*never_in_autumn, one_visit_a_quarter=True)


def test_a_part_of_the_year_asks_for_its_part_of_the_visits() -> None:
    one = (visit(2, 10),)
    assert managed_to_standard(one, SINCE, quarter_of(2026, 1), True, DEFAULTS)
    assert not managed_to_standard((), SINCE, quarter_of(2026, 1), True, DEFAULTS)
    # A month asks for none; whoever is not yet due is managed to standard.
    assert managed_to_standard((), SINCE, month_of(2026, 2), True, DEFAULTS)


def test_who_came_under_management_late_has_time_from_then() -> None:
    settings = replace(DEFAULTS, visits_a_year=2)
    visits = (visit(9, 1), visit(12, 1))
    assert managed_to_standard(visits, date(2026, 6, 1), YEAR, True, settings)
    assert not managed_to_standard(visits, date(2026, 5, 31), YEAR, True, settings)


def test_latest_next_clips_to_the_end_of_the_month() -> None:
    assert latest_next(visit(11, 30)) == date(2027, 2, 28)


def test_the_last_visit_with_a_value_decides_on_control() -> None:
    high = visit(10, 10, ADJUST)
    silent = visit(12, 1, None, controlled=None)
    assert last_controlled((silent, *reversed(GOOD)), YEAR)
    assert not last_controlled((silent, high, *reversed(GOOD)), YEAR)
    assert not last_controlled((), YEAR)
    assert not last_controlled((silent,), YEAR)
    # Last year's value is not this year's, nor is next year's.
    assert not last_controlled(reversed(GOOD), year_of(2027))
    assert not last_controlled(reversed(GOOD), year_of(2025))


def test_who_ended_on_a_day_is_not_managed_on_it() -> None:
    one = Managed("x", date(2026, 1, 1), date(2026, 6, 30))
    assert one.on(date(2026, 6, 29))
    assert not one.on(date(2026, 6, 30))
    assert one.within(YEAR)
    assert not one.within(quarter_of(2026, 3))
    assert not one.within(year_of(2025))


def test_periods() -> None:
    assert [part.start for part in parts_of(YEAR)] == [date(2026, m, 1) for m in (1, 4, 7, 10)]
    odd = Period(date(2026, 1, 20), date(2026, 3, 2))
    assert [(p.start, p.end) for p in parts_of(odd)] == [
        (date(2026, 1, 20), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 3, 1), date(2026, 3, 2)),
    ]
    with pytest.raises(InputError):
        Period(date(2026, 1, 2), date(2026, 1, 1))
