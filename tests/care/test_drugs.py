"""The drug list: complete, searchable by what a doctor types."""

from __future__ import annotations

import re

import pytest
from pypinyin import Style, lazy_pinyin

from app import i18n
from app.care.drugs import (
    TIMES_PER_DAY,
    DrugLine,
    all_drugs,
    find_drug,
    search_diagnoses,
    search_drugs,
)
from app.models import codes


def names(text: str) -> list[str]:
    return [drug.name for drug in search_drugs(text)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ejsg", "二甲双胍"),
        ("ＥＪＳＧ", "二甲双胍"),
        ("erjia", "二甲双胍"),
        ("二甲", "二甲双胍"),
        ("metf", "二甲双胍"),
        ("aldp", "苯磺酸氨氯地平"),
        ("氨氯", "苯磺酸氨氯地平"),
        ("xst", "缬沙坦"),
        ("asp", "阿司匹林肠溶"),
    ],
)
def test_a_drug_is_found_by_what_is_typed(typed: str, first: str) -> None:
    assert names(typed)[0] == first


def test_nothing_typed_finds_nothing_and_the_number_found_is_limited() -> None:
    assert search_drugs("") == []
    assert search_drugs("   ") == []
    assert search_drugs("没有这种药") == []
    assert len(search_drugs("i", limit=3)) <= 3


def test_every_drug_has_a_form_a_strength_and_right_pinyin() -> None:
    assert len(all_drugs()) >= 67
    for entry in (*codes.entries("drugs"), *codes.entries("diagnoses")):
        plain = re.sub(r"[^\u4e00-\u9fff0-9A-Za-z]", "", entry.zh)
        assert entry.extra["pinyin"] == "".join(lazy_pinyin(plain)).lower()
        initials = "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER)).lower()
        assert entry.extra["initials"] == initials
    assert all(drug.form and drug.strengths for drug in all_drugs())


def test_names_follow_the_language() -> None:
    metformin = find_drug("metformin")
    assert metformin is not None
    assert (metformin.name, metformin.strengths) == ("二甲双胍", ("0.25 g", "0.5 g"))
    i18n.set_language("en")
    assert names("ejsg") == ["Metformin"]
    assert find_drug("unknown") is None


def test_a_line_is_kept_and_read_back_and_said_in_words() -> None:
    line = DrugLine(
        name="二甲双胍", code="metformin", strength="0.5 g", frequency="bid", dose=1, unit="片"
    )
    assert DrugLine.from_dict(line.as_dict()) == line
    assert line.as_dict()["times_per_day"] == 2
    assert line.text() == "二甲双胍 0.5 g 每日两次 每次 1 片"
    free = DrugLine(name="自备草药", usage="每周二次煎服")
    assert free.as_dict() == {"name": "自备草药", "usage": "每周二次煎服"}
    assert free.times_per_day is None


def test_every_frequency_has_its_count() -> None:
    assert {entry.code for entry in codes.entries("dose_frequency")} == set(TIMES_PER_DAY)


def test_diagnoses_are_found_by_name_initials_and_code() -> None:
    assert search_diagnoses("I10")[0] == ("I10", "原发性高血压")
    assert ("E11.9", "2型糖尿病") in search_diagnoses("2xtnb")
    assert ("E11.9", "2型糖尿病") in search_diagnoses("糖尿病")
