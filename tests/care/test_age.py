from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.age import SENIOR_AGE, age_at_year_end, age_on, birthday_in


def test_the_day_before_on_and_after_the_birthday() -> None:
    birth = date(1960, 6, 15)
    assert age_on(birth, date(2025, 6, 14)) == SENIOR_AGE - 1
    assert age_on(birth, date(2025, 6, 15)) == SENIOR_AGE
    assert age_on(birth, date(2025, 6, 16)) == SENIOR_AGE


def test_a_leap_day_birthday_counts_on_1_march_in_common_years() -> None:
    birth = date(1948, 2, 29)
    assert birthday_in(2023, birth) == date(2023, 3, 1)
    assert birthday_in(2024, birth) == date(2024, 2, 29)
    assert age_on(birth, date(2023, 2, 28)) == 74
    assert age_on(birth, date(2023, 3, 1)) == 75
    assert age_on(birth, date(2024, 2, 28)) == 75
    assert age_on(birth, date(2024, 2, 29)) == 76
    assert age_on(birth, date(1900 + 200, 3, 1)) == 152


def test_newborn_and_unborn() -> None:
    assert age_on(date(2025, 1, 1), date(2025, 1, 1)) == 0
    with pytest.raises(ValueError):
        age_on(date(2025, 1, 2), date(2025, 1, 1))


def test_cohort_age_is_that_of_31_december() -> None:
    assert age_at_year_end(date(1960, 12, 31), 2025) == 65
    assert age_at_year_end(date(1961, 1, 1), 2025) == 64


@given(st.dates(date(1900, 1, 1), date(2000, 1, 1)), st.integers(0, 45000))
def test_age_never_falls_and_grows_by_one_on_the_birthday_only(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    step = age_on(birth, day + timedelta(days=1)) - age_on(birth, day)
    assert step == (day + timedelta(days=1) == birthday_in((day + timedelta(days=1)).year, birth))
