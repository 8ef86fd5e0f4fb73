from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.care.referral_time import at_clinic, duration, parse_time


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("9", time(9)),
        ("09", time(9)),
        ("930", time(9, 30)),
        ("0930", time(9, 30)),
        ("9:30", time(9, 30)),
        ("９：３０", time(9, 30)),
        ("9.30", time(9, 30)),
        ("9点", time(9)),
        ("9点半", time(9, 30)),
        ("9点15分", time(9, 15)),
        ("上午9点", time(9)),
        ("下午2点半", time(14, 30)),
        ("下午14:30", time(14, 30)),
        ("2 pm", time(14)),
        ("0", time(0)),
        ("23:59", time(23, 59)),
        ("24", None),
        ("2400", None),
        ("9:60", None),
        ("960", None),
        ("", None),
        ("明天", None),
        ("9-30", None),
        ("12345", None),
    ],
)
def test_times_as_typed(typed: str, expected: time | None) -> None:
    assert parse_time(typed) == expected


def test_a_time_is_the_clinics() -> None:
    assert at_clinic(date(2026, 3, 4), time(9)) == datetime(2026, 3, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(seconds=-5), "不到 1 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(seconds=60), "1 分钟"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(hours=1), "1 小时"),
        (timedelta(hours=3, minutes=20), "3 小时 20 分"),
        (timedelta(hours=24), "1 天"),
        (timedelta(days=2, hours=4, minutes=9), "2 天 4 小时"),
        (timedelta(days=12, hours=4), "12 天"),
    ],
)
def test_durations_in_words(span: timedelta, expected: str) -> None:
    assert duration(span) == expected
