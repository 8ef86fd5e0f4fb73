import contextlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.parsing import (
    ParseError,
    ParseFault,
    YearMonth,
    clean_name,
    clean_text,
    explain,
    half_width,
    parse_date,
    parse_decimal,
    parse_phone,
    parse_year_month,
)

TODAY = date(2025, 6, 15)


@pytest.mark.parametrize(
    "typed",
    [
        "20250105",
        "2025.1.5",
        "2025-01-05",
        "2025/1/5",
        "2025年1月5日",
        "2025年1月5号",
        "２０２５．１．５",
        "2025。1。5",
        "２０２５０１０５",
        " 2025 1 5 ",
        "2025 - 1 - 5",
        "1-5",
        "1.5",
        "01/05",
        "1月5日",
        "１－５",
        "1。5",
        "0105",
        "０１０５",
    ],
)
def test_one_day_in_every_way_it_is_typed(typed: str) -> None:
    assert parse_date(typed, TODAY) == date(2025, 1, 5)


@pytest.mark.parametrize(
    ("typed", "past", "future"),
    [
        ("6-14", date(2025, 6, 14), date(2026, 6, 14)),
        ("6-15", date(2025, 6, 15), date(2025, 6, 15)),
        ("6-16", date(2024, 6, 16), date(2025, 6, 16)),
        ("12-31", date(2024, 12, 31), date(2025, 12, 31)),
        ("2-29", date(2024, 2, 29), date(2028, 2, 29)),
        ("1125", date(2024, 11, 25), date(2025, 11, 25)),
        ("0615", date(2025, 6, 15), date(2025, 6, 15)),
        ("今天", TODAY, TODAY),
        ("昨天", date(2025, 6, 14), date(2025, 6, 14)),
        ("明天", date(2025, 6, 16), date(2025, 6, 16)),
    ],
)
def test_a_day_without_a_year(typed: str, past: date, future: date) -> None:
    assert parse_date(typed, TODAY) == past
    assert parse_date(typed, TODAY, nearest="future") == future


@pytest.mark.parametrize(
    "typed",
    [
        "2025-2-29",
        "20250230",
        "2025.13.1",
        "2025-0-1",
        "2-30",
        "13-1",
        "0-0",
        "0230",
        "1100",
        "0001-01-01",
        "18491231",
        "22000101",
    ],
)
def test_days_that_do_not_exist(typed: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_date(typed, TODAY)
    assert caught.value.fault is ParseFault.IMPOSSIBLE_DATE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "250105",
        "2025",
        "1963",
        "0025",
        "1325",
        "105",
        "2025-1",
        "1-5-25",
        "2025105",
        "😀",
        "٢٠٢٥٠١٠٥",
        "--",
    ],
)
def test_texts_that_are_not_a_date(typed: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_date(typed, TODAY)
    assert caught.value.fault is ParseFault.NOT_A_DATE


@given(st.dates(date(1850, 1, 1), date(2199, 12, 31)))
def test_every_day_reads_back_from_its_three_forms(day: date) -> None:
    for typed in (day.isoformat(), f"{day:%Y%m%d}", f"{day.year}.{day.month}.{day.day}"):
        assert parse_date(typed, TODAY) == day


READERS: list[Callable[[str], object]] = [
    parse_phone,
    parse_decimal,
    clean_name,
    lambda text: parse_date(text, TODAY),
    lambda text: parse_year_month(text, TODAY),
]


@given(st.text(max_size=30), st.sampled_from(READERS))
def test_any_text_is_read_or_refused(text: str, read: Callable[[str], object]) -> None:
    with contextlib.suppress(ParseError):
        assert read(text) is not None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2019.5", "2019-05"),
        ("201905", "2019-05"),
        ("2019-05", "2019-05"),
        ("2019年5月", "2019-05"),
        ("２０１９。５", "2019-05"),
        ("2019", "2019"),
        ("2019年", "2019"),
        ("2025-6", "2025-06"),
        ("2025", "2025"),
    ],
)
def test_year_and_month(typed: str, kept: str) -> None:
    read = parse_year_month(typed, TODAY)
    assert str(read) == kept
    assert YearMonth.of(kept) == read


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("2019-13", ParseFault.IMPOSSIBLE_DATE),
        ("201900", ParseFault.IMPOSSIBLE_DATE),
        ("2025-7", ParseFault.IMPOSSIBLE_DATE),
        ("2026", ParseFault.IMPOSSIBLE_DATE),
        ("19", ParseFault.NOT_A_YEAR_MONTH),
        ("5", ParseFault.NOT_A_YEAR_MONTH),
        ("", ParseFault.NOT_A_YEAR_MONTH),
        ("20190501", ParseFault.NOT_A_YEAR_MONTH),
    ],
)
def test_year_and_month_refused(typed: str, fault: ParseFault) -> None:
    with pytest.raises(ParseError) as caught:
        parse_year_month(typed, TODAY)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"),
        ("0086-13812345678", "13812345678"),
        ("0564-7356120", "0564-7356120"),
        ("（0564）7356120", "0564-7356120"),
        ("05647356120", "0564-7356120"),
        ("01088881234", "010-88881234"),
        ("02188881234", "021-88881234"),
        ("0564-7356120-12", "0564-7356120-12"),
        ("7356120", "7356120"),
    ],
)
def test_phones(typed: str, kept: str) -> None:
    assert parse_phone(typed) == kept


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("1381234567", ParseFault.MOBILE_LENGTH),
        ("138123456789", ParseFault.MOBILE_LENGTH),
        ("12812345678", ParseFault.NOT_A_PHONE),
        ("", ParseFault.NOT_A_PHONE),
        ("12345", ParseFault.NOT_A_PHONE),
        ("张三", ParseFault.NOT_A_PHONE),
        ("0564-735612", ParseFault.NOT_A_PHONE),
    ],
)
def test_phones_refused(typed: str, fault: ParseFault) -> None:
    with pytest.raises(ParseError) as caught:
        parse_phone(typed)
    assert caught.value.fault is fault
    assert typed == "" or typed not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("152", "152"),
        ("１５２", "152"),
        ("7。8", "7.8"),
        ("７．８", "7.8"),
        (" 36.5 ", "36.5"),
        (".5", "0.5"),
    ],
)
def test_numbers(typed: str, value: str) -> None:
    assert parse_decimal(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["", "-1", "1e3", "1,000", "12a", "½", "٣", "1.2.3", "1" * 30])
def test_numbers_refused(typed: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_decimal(typed)
    assert caught.value.fault is ParseFault.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 张　三 ", "张三"),
        ("张 三 丰", "张三丰"),
        ("买买提.吐尔逊", "买买提·吐尔逊"),
        ("买买提•吐尔逊", "买买提·吐尔逊"),
        ("John  Smith", "John Smith"),
        ("Ｊｏｈｎ", "John"),
        ("O'Brien-Li", "O'Brien-Li"),
        ("𠮷田", "𠮷田"),
        ("张\u200b三", "张三"),
        ("张〇", "张〇"),
        ("王" * 50, "王" * 50),
    ],
)
def test_names(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", ParseFault.NAME_EMPTY),
        ("   　", ParseFault.NAME_EMPTY),
        ("王" * 51, ParseFault.NAME_TOO_LONG),
        ("王" * 200, ParseFault.NAME_TOO_LONG),
        ("张三😀", ParseFault.NAME_CHARACTERS),
        ("张三1", ParseFault.NAME_CHARACTERS),
        ("<张三>", ParseFault.NAME_CHARACTERS),
        ("·", ParseFault.NAME_CHARACTERS),
        ("张\x00三😀", ParseFault.NAME_CHARACTERS),
    ],
)
def test_names_refused(typed: str, fault: ParseFault) -> None:
    with pytest.raises(ParseError) as caught:
        clean_name(typed)
    assert caught.value.fault is fault


def test_texts() -> None:
    assert half_width("ＡＢＣ　１２３，") == "ABC 123,"
    assert clean_text("  a\t b\r\nc\x00 ") == "a b c"
    assert clean_text("e\u0301") == "é"


def test_every_fault_has_its_own_sentence() -> None:
    assert len({explain(fault) for fault in ParseFault}) == len(ParseFault)
