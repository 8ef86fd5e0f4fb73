"""Single cells: what Excel does to ID numbers, dates and phones."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from app.care.roster.cells import Birth, CellError, read_birth, read_id, read_phones, text_of
from tests.care.roster.files import LEAP, MALE

TODAY = date(2026, 3, 2)
NEW_YEAR_1950 = 18264  # the serial number of 1950-01-01 in the calendar of 1900


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (MALE, MALE),
        (f"'{MALE}", MALE),
        (f" {MALE}　", MALE),
        ("３４１５９９１９５００１０１００１８", MALE),
        ("34159919380930022x", "34159919380930022X"),
        ("341599 19500101 0018", MALE),
        (LEAP, LEAP),
        ("53010219200508011x", "53010219200508011X"),
    ],
)
def test_an_id_number_as_text(cell: str, number: str) -> None:
    assert read_id(cell, TODAY).number == number


@pytest.mark.parametrize("cell", [f"'{MALE}", f"{MALE} ", "３４１５９９１９５００１０１００１８"])
def test_what_was_taken_away_is_said(cell: str) -> None:
    assert "全角" in read_id(cell, TODAY).notes[0]


def test_a_clean_number_needs_no_word() -> None:
    assert read_id(MALE, TODAY).notes == ()


@pytest.mark.parametrize(
    "cell",
    [
        341599195001010018,
        341599195001010000,
        3.4159919500101e17,
        "341599195001010000",
        "3.41599195001010E+17",
        "3.41599E+17",
        " 341599195001010000 ",
    ],
)
def test_digits_that_excel_lost_are_explained(cell: Any) -> None:
    with pytest.raises(CellError) as refused:
        read_id(cell, TODAY)
    assert "000" in str(refused.value)
    assert "文本" in str(refused.value)


def test_a_right_number_that_ends_with_000_is_asked_about() -> None:
    number = next(
        found
        for day in range(1, 29)
        for sequence in range(0, 1000, 100)
        if (found := _with_check(f"341599195001{day:02d}{sequence:03d}")).endswith("000")
    )
    read = read_id(number, TODAY)
    assert read.number == number
    assert "000" in read.question


def _with_check(body: str) -> str:
    from app.care.identity_card import check_character

    return body + check_character(body)


@pytest.mark.parametrize("cell", ["341599500101001", 341599500101001])
def test_a_number_of_15_digits_is_turned(cell: Any) -> None:
    read = read_id(cell, TODAY)
    assert read.number == _with_check("34159919500101001")
    assert "15" in read.notes[0]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("341599500101996", "1900"),
        ("341599194902290016", "出生日期"),
        ("341599195001010019", "校验位"),
        ("34159919500101001", "18"),
        ("3415991950010100188", "18"),
        ("无", "18"),
        (datetime(1950, 1, 1), "日期"),  # noqa: DTZ001
        (True, "日期"),
        (1234.5, "数字"),
        ("#N/A", "#N/A"),
    ],
)
def test_a_wrong_number_is_explained(cell: Any, words: str) -> None:
    with pytest.raises(CellError) as refused:
        read_id(cell, TODAY)
    assert words in str(refused.value)


@pytest.mark.parametrize("cell", [None, "", "  ", "'"])
def test_no_number(cell: Any) -> None:
    assert read_id(cell, TODAY).number == ""


@pytest.mark.parametrize(
    "cell",
    [
        datetime(1950, 1, 1),  # noqa: DTZ001
        date(1950, 1, 1),
        NEW_YEAR_1950,
        float(NEW_YEAR_1950),
        NEW_YEAR_1950 + 0.5,
        str(NEW_YEAR_1950),
        19500101,
        "19500101",
        "1950-01-01",
        "1950.1.1",
        "1950/1/1",
        "1950年1月1日",
        "１９５０．１．１",
        "1950-01-01 00:00:00",
        "'1950-1-1",
    ],
)
def test_a_birth_date(cell: Any) -> None:
    assert read_birth(cell, TODAY).day == date(1950, 1, 1)


def test_a_serial_number_is_said() -> None:
    assert "18264" in read_birth(NEW_YEAR_1950, TODAY).notes[0]


def test_a_serial_number_of_1904() -> None:
    assert read_birth(NEW_YEAR_1950 - 1462, TODAY, from_1904=True).day == date(1950, 1, 1)


@pytest.mark.parametrize(("number", "day"), [(1, date(1900, 1, 1)), (61, date(1900, 3, 1))])
def test_the_ends_of_the_serial_numbers(number: int, day: date) -> None:
    assert read_birth(number, TODAY).day == day


@pytest.mark.parametrize(
    ("cell", "months"),
    [
        ("1950.01", {1}),
        ("1950.1", {1}),
        ("1950-10", {10}),
        ("195010", {10}),
        (195010, {10}),
        ("1950年1月", {1}),
        (1950.01, {1}),
        (1950.1, {1, 10}),
        (1950.12, {12}),
        (1950.2, {2}),
        ("1950", set()),
        (1950, set()),
    ],
)
def test_a_month_is_no_day(cell: Any, months: set[int]) -> None:
    birth = read_birth(cell, TODAY)
    assert (birth.day, birth.year, birth.months) == (None, 1950, months)


def test_what_fits_a_birth_of_a_card() -> None:
    january = Birth(year=1950, months=frozenset({1, 10}))
    assert january.fits(date(1950, 1, 5))
    assert january.fits(date(1950, 10, 5))
    assert not january.fits(date(1950, 2, 5))
    assert not january.fits(date(1951, 1, 5))
    assert Birth().fits(date(1951, 1, 5))
    assert Birth(year=1950).fits(date(1950, 6, 5))
    assert not Birth(date(1950, 1, 5)).fits(date(1950, 1, 6))


@pytest.mark.parametrize(
    "cell",
    [
        "1-5",
        "今天",
        "50.1.1",
        "1950-02-30",
        "农历正月",
        1950.13,
        19501301,
        -3,
        True,
        time(1, 2),
        0,
        90_000,
    ],
)
def test_what_is_no_birth_date(cell: Any) -> None:
    with pytest.raises(CellError):
        read_birth(cell, TODAY)


@pytest.mark.parametrize(
    ("cell", "phone", "others"),
    [
        (13812345678, "13812345678", ""),
        (13812345678.0, "13812345678", ""),
        ("138 1234 5678", "13812345678", ""),
        ("１３８１２３４５６７８", "13812345678", ""),
        ("0564-7356120", "0564-7356120", ""),
        ("13812345678/13912345678", "13812345678", "13912345678"),
        ("13812345678、0564-7356120", "13812345678", "0564-7356120"),
        ("13812345678 13912345678", "13812345678", "13912345678"),
        (None, "", ""),
    ],
)
def test_phones(cell: Any, phone: str, others: str) -> None:
    assert read_phones(cell) == (phone, others)


@pytest.mark.parametrize("cell", ["1381234567", "无", "#REF!"])
def test_no_phone(cell: str) -> None:
    with pytest.raises(CellError):
        read_phones(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(3, "3"), (3.0, "3"), (3.5, "3.5"), ("'3组", "3组"), (" a\n b ", "a b"), (True, "是")],
)
def test_texts(cell: Any, text: str) -> None:
    assert text_of(cell) == text
