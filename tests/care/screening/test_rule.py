"""Screening of blood pressure: every limit below, at and above, and the counting of days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.screening.rule import (
    Measurement,
    ScreeningJudgement,
    assess_screening,
    is_raised,
    raised_days,
    risks_of,
)

DAY = date(2026, 3, 2)


def judge(
    sbp: int, dbp: int, *earlier: Measurement, risks: tuple[str, ...] = ()
) -> ScreeningJudgement:
    return assess_screening(day=DAY, sbp=sbp, dbp=dbp, risks=risks, earlier=earlier, repeat_days=7)


def before(days: int, sbp: int = 150, dbp: int = 80, *, settled: bool = False) -> Measurement:
    return Measurement(DAY - timedelta(days=days), sbp, dbp, settled)


@pytest.mark.parametrize(
    ("sbp", "dbp", "result"),
    [
        (139, 89, "1"),
        (140, 89, "3"),
        (141, 70, "3"),
        (139, 90, "3"),
        (120, 91, "3"),
        (179, 109, "3"),
        (180, 80, "5"),
        (181, 80, "5"),
        (120, 110, "5"),
        (120, 111, "5"),
        (120, 109, "3"),
    ],
)
def test_the_result_of_a_first_measurement(sbp: int, dbp: int, result: str) -> None:
    assert judge(sbp, dbp).result == result


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"sbp": 129, "dbp": 84}, ()),
        ({"sbp": 130, "dbp": 80}, ("high_normal",)),
        ({"sbp": 139, "dbp": 80}, ("high_normal",)),
        ({"sbp": 120, "dbp": 85}, ("high_normal",)),
        ({"sbp": 120, "dbp": 89}, ("high_normal",)),
        ({"sbp": 140, "dbp": 85}, ()),
        ({"bmi": 23.9}, ()),
        ({"bmi": 24.0}, ("overweight",)),
        ({"bmi": 24.1}, ("overweight",)),
        ({"sex": "1", "waist": 89.9}, ()),
        ({"sex": "1", "waist": 90.0}, ("waist",)),
        ({"sex": "2", "waist": 84.9}, ()),
        ({"sex": "2", "waist": 85.0}, ("waist",)),
        ({"sex": "2", "waist": 90.1}, ("waist",)),
        ({"sex": "9", "waist": 120.0}, ()),
        ({"age": 54}, ()),
        ({"age": 55}, ("age",)),
        ({"age": 56}, ("age",)),
        ({"asked": ("alcohol", "family", "salt")}, ("family", "salt", "alcohol")),
    ],
)
def test_risk_factors(value: dict[str, object], expected: tuple[str, ...]) -> None:
    calm: dict[str, object] = {
        "sex": "1", "age": 40, "sbp": 118, "dbp": 76, "bmi": None, "waist": None, "asked": (),
    }  # fmt: skip
    assert risks_of(**{**calm, **value}) == expected  # type: ignore[arg-type]


def test_high_risk_comes_half_yearly_and_others_yearly() -> None:
    assert judge(118, 76).next_on == date(2027, 3, 2)
    assert judge(118, 76, risks=("age",)).next_on == date(2026, 9, 2)
    high = judge(132, 76, risks=("high_normal",))
    assert (high.result, high.next_on) == ("2", date(2026, 9, 2))


def test_three_different_days_make_it_probable() -> None:
    first = judge(150, 80)
    assert (first.result, first.raised_days, first.next_on) == ("3", 1, date(2026, 3, 9))
    second = judge(150, 80, before(7))
    assert (second.result, second.raised_days) == ("3", 2)
    third = judge(150, 80, before(14), before(7))
    assert (third.result, third.raised_days, third.next_on) == ("4", 3, date(2026, 3, 16))
    assert third.to_confirm
    assert "共 3 个不同日" in third.reason


def test_several_measurements_of_a_day_count_once() -> None:
    assert judge(150, 80, before(7), before(7), before(0)).raised_days == 2
    # One raised value makes the day a raised one.
    assert judge(150, 80, before(7), before(7, 120), before(14)).raised_days == 3


def test_a_good_day_or_a_doctors_word_begins_the_counting_anew() -> None:
    assert judge(150, 80, before(21), before(14), before(7, 120)).raised_days == 1
    assert judge(150, 80, before(21), before(14), before(7, settled=True)).raised_days == 1


def test_later_measurements_have_no_say_over_an_earlier_day() -> None:
    later = Measurement(DAY + timedelta(days=1), 150, 80)
    assert judge(150, 80, before(7), later).raised_days == 2


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(90, 170), st.integers(60, 100)), max_size=12)
)
def test_days_are_different_raised_and_in_order(values: list[tuple[int, int, int]]) -> None:
    measured = [Measurement(DAY - timedelta(days=d), s, p) for d, s, p in values]
    days = raised_days(measured)
    assert list(days) == sorted(set(days))
    for day in days:
        assert any(is_raised(each.sbp, each.dbp) for each in measured if each.day == day)
