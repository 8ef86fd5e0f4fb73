"""The form of the health check: its definition, what is calculated, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.care.health_check.definition import definition, version_for, versions
from app.care.health_check.form import (
    Person,
    derived,
    open_free_tests,
    problems_of,
    spirit_equivalent,
)
from app.models import codes
from app.models.health_check import HealthCheck
from tests.care.health_check.samples import MAN, NEWEST, TODAY, WOMAN, a_check

DIABETIC = Person(birth_date=WOMAN.birth_date, sex="2", diseases=frozenset({"type2_diabetes"}))


def problems(answers: dict[str, Any], person: Person = WOMAN, **more: Any) -> dict[str, str]:
    return problems_of(a_check(answers=answers, **more), person, TODAY)


# -- the definition -------------------------------------------------------------------------


def test_the_sections_are_those_of_the_paper() -> None:
    assert [each.key for each in definition(NEWEST).sections] == [
        *("symptoms", "general", "elder", "lifestyle", "organs", "examination", "tests"),
        *("problems", "history", "conclusion"),
    ]


def test_the_symptoms_are_the_25_of_the_form() -> None:
    entries = codes.entries("check_symptom")
    assert [each.code for each in entries] == [str(n) for n in range(1, 26)]
    assert entries[0].zh == "无症状"
    assert entries[-1].zh == "其他"


@pytest.mark.parametrize("version", versions())
def test_every_field_is_whole(version: str) -> None:
    form = definition(version)
    keys = [key for each in form.fields() for key in (each.key, each.text_key)]
    assert len(keys) == len(set(keys))
    columns = set(HealthCheck.__table__.columns.keys())
    for each in form.fields():
        assert each.zh
        assert each.en
        if each.column:
            assert each.key in columns
        if each.code_list:
            known = {entry.code for entry in codes.entries(each.code_list)}
            assert known.issuperset({*each.normal, *each.words_for, *each.exclusive}), each.key
        if each.when:
            assert each.when[0] in form.by_key
        if each.loinc:
            assert each.ucum
    for bounds in form.ranges:
        assert bounds.source
        assert bounds.field in form.by_key


def test_2025_adds_the_chest_picture_and_makes_hba1c_free() -> None:
    old, new = definition("NBPHS-2017"), definition("NBPHS-2017-2025")
    assert "chest_dr" not in old.by_key
    assert "chest_dr" in new.by_key
    added = {g.key for g in new.free_tests()} - {g.key for g in old.free_tests()}
    assert added == {"hba1c", "chest_dr"}
    assert {g.key for g in old.free_tests()} == {
        *("blood_count", "urine", "glucose", "ecg", "liver", "kidney", "lipids", "ultrasound")
    }


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2010, 1, 1), "NBPHS-2017"),
        (date(2024, 12, 31), "NBPHS-2017"),
        (date(2025, 1, 1), "NBPHS-2017-2025"),
    ],
)
def test_the_version_of_a_day(day: date, version: str) -> None:
    assert version_for(day) == version


def test_an_unknown_version_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        definition("LOCAL-1999")


# -- what is calculated ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drinks", "expected"),
    [
        ({"spirit": 2}, 2),
        ({"beer": 10}, 1),
        ({"red_wine": 4}, 1),
        ({"yellow_wine": 5}, 1),
        ({"spirit": 1, "beer": 5, "red_wine": 2, "yellow_wine": 1}, 2.2),
        ({"spirit": 0}, 0),
        ({}, None),
    ],
)
def test_alcohol_as_white_spirit(drinks: dict[str, float], expected: float | None) -> None:
    assert spirit_equivalent(**drinks) == expected


def test_bmi_and_alcohol_follow_from_what_was_typed() -> None:
    assert derived({"weight": 61.5, "height": 156.0, "beer": 6}) == {"bmi": 25.3, "alcohol": 0.6}
    assert derived({"weight": 61.5}) == {}


# -- what is refused ------------------------------------------------------------------------


def test_a_check_with_no_more_than_symptoms_and_conclusion_is_taken() -> None:
    assert problems({}) == {}


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"symptoms": None}, "symptoms"),
        ({"symptoms": ("1", "2")}, "symptoms"),
        ({"symptoms": ("25",)}, "symptoms"),
        ({"symptoms": ("26",)}, "symptoms"),
        ({"temperature": 29.9}, "temperature"),
        ({"sbp_left": 140}, "dbp_left"),
        ({"sbp_right": 80, "dbp_right": 90}, "sbp_right"),
        ({"skin": "7"}, "skin"),
        ({"breast": ("1", "4")}, "breast"),
        ({"brain_problem": ("1", "2")}, "brain_problem"),
        ({"potassium": 0.4}, "potassium"),
        ({"smoking": "3", "smoking_from_age": 76}, "smoking_from_age"),
        ({"smoking": "2", "smoking_from_age": 30, "smoking_until_age": 29}, "smoking_until_age"),
        ({"drugs": ({"usage": "口服"},)}, "drugs"),
        ({"drugs": ({"name": "药"},) * 7}, "drugs"),
        ({"hospital_stays": ({"from": "2025-08-09", "until": "2025-08-01"},)}, "hospital_stays"),
        ({"conclusion": "2"}, "abnormal"),
        ({"conclusion": "1", "abnormal": ("血压偏高",)}, "conclusion"),
        ({"fundus": "2"}, "fundus"),
    ],
)
def test_what_cannot_be_right_is_named(answers: dict[str, Any], field: str) -> None:
    assert field in problems(answers)


@pytest.mark.parametrize(
    "answers",
    [
        {"symptoms": ("25",), "symptoms_text": "抽筋"},
        {"smoking": "3", "smoking_from_age": 75},
        {"teeth": ("2", "4")},
        {"drugs": ({"name": "药"},) * 6},
        {"conclusion": "2", "abnormal": ("血压偏高",)},
        {"vision_left": 4.8, "vision_right_corrected": 5.0},
    ],
)
def test_what_is_right_is_taken(answers: dict[str, Any]) -> None:
    assert problems(answers) == {}


def test_a_field_that_is_not_asked_is_not_looked_at() -> None:
    assert problems({"smoking": "1", "smoking_from_age": 200}) == {}
    assert "vulva" in problems({"vulva": "2"})
    assert problems({"vulva": "2"}, MAN) == {}


def test_the_day_is_needed_and_not_ahead() -> None:
    assert "check_date" in problems({}, check_date=None)
    assert "check_date" in problems({}, check_date=date(2026, 3, 3))
    assert "check_date" in problems({}, check_date=date(1950, 4, 30))


def test_foot_pulses_are_required_in_diabetes_or_a_reason() -> None:
    assert "dorsal_pulse" in problems({}, DIABETIC)
    assert problems({"dorsal_pulse": "2"}, DIABETIC) == {}
    assert problems({}, DIABETIC, not_measured={"dorsal_pulse": "2"}) == {}


def test_a_row_is_either_answered_or_marked_as_missing() -> None:
    assert problems({}, not_measured={"ecg": "3"}) == {}
    assert "ecg" in problems({"ecg": "1"}, not_measured={"ecg": "1"})
    assert "ecg" in problems({}, not_measured={"ecg": "9"})
    assert "skin" in problems({}, not_measured={"skin": "1"})


def test_blank_and_not_done_differ_for_the_free_tests() -> None:
    form = definition(NEWEST)
    answers = {"haemoglobin": 120, "fpg": 5.6}
    left = [g.key for g in open_free_tests(form, answers, {"ecg": "1"}, WOMAN, TODAY)]
    assert left == ["urine", "hba1c", "liver", "kidney", "lipids", "chest_dr", "ultrasound"]
    young = Person(birth_date=date(1961, 3, 3), sex="2")
    assert open_free_tests(form, {}, {}, young, TODAY) == ()
    just_65 = Person(birth_date=date(1961, 3, 2), sex="2")
    assert len(open_free_tests(form, {}, {}, just_65, TODAY)) == 10
