"""What is marked abnormal: every limit at, below and above; the lines proposed from it."""

from __future__ import annotations

from typing import Any

import pytest

from app.care.health_check.definition import definition
from app.care.health_check.findings import MARKED, URGENT, findings_of, proposed_lines
from app.care.health_check.form import Person
from app.care.health_check.lab_ranges import LabRanges, lab_fields
from tests.care.health_check.samples import MAN, NEWEST, WOMAN

FORM = definition(NEWEST)


def level(answers: dict[str, Any], field: str, person: Person = WOMAN) -> str | None:
    found = [each.level for each in findings_of(FORM, answers, person) if each.field == field]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("sbp_left", 139, None),
        ("sbp_left", 140, MARKED),
        ("sbp_left", 179, MARKED),
        ("sbp_left", 180, URGENT),
        ("dbp_right", 89, None),
        ("dbp_right", 90, MARKED),
        ("dbp_right", 109, MARKED),
        ("dbp_right", 110, URGENT),
        ("fpg", 3.9, URGENT),
        ("fpg", 4.0, None),
        ("fpg", 6.9, None),
        ("fpg", 7.0, MARKED),
        ("fpg", 16.6, MARKED),
        ("fpg", 16.7, URGENT),
        ("haemoglobin", 60.0, None),
        ("creatinine", 900.0, None),
        ("hba1c", 12.0, None),
        ("temperature", 39.5, None),
    ],
)
def test_limits(field: str, value: float, expected: str | None) -> None:
    assert level({field: value}, field) == expected


@pytest.mark.parametrize(
    ("weight", "bmi", "expected"),
    [(61.1, 23.9, None), (61.4, 24.0, MARKED), (71.4, 27.9, MARKED), (71.7, 28.0, MARKED)],
)
def test_bmi(weight: float, bmi: float, expected: str | None) -> None:
    answers = {"weight": weight, "height": 160.0}
    assert level(answers, "bmi") == expected
    words = [each.text for each in findings_of(FORM, answers, WOMAN)]
    if expected:
        assert words[0].endswith("肥胖" if bmi >= 28 else "超重")


@pytest.mark.parametrize(
    ("person", "waist", "expected"),
    [
        (MAN, 89.9, None),
        (MAN, 90.0, MARKED),
        (WOMAN, 84.9, None),
        (WOMAN, 85.0, MARKED),
        (Person(birth_date=MAN.birth_date, sex="9"), 120.0, None),
    ],
)
def test_waist(person: Person, waist: float, expected: str | None) -> None:
    assert level({"waist": waist}, "waist", person) == expected


@pytest.mark.parametrize(
    ("field", "normal", "abnormal"),
    [
        ("lips", "1", "2"),
        ("teeth", ("1",), ("3",)),
        ("hearing", "1", "2"),
        ("dorsal_pulse", "2", "1"),
        ("dorsal_pulse", "2", "3"),
        ("urine_protein", "1", "3"),
        ("ecg", "1", "2"),
        ("barrel_chest", "1", "2"),
        ("cognition", "1", "2"),
        ("heart_problem", ("1",), ("2", "3")),
        ("nerve_problem", "1", "2"),
    ],
)
def test_the_forms_own_words(field: str, normal: Any, abnormal: Any) -> None:
    assert level({field: normal}, field) is None
    assert level({field: abnormal}, field) == MARKED


def test_every_finding_says_why() -> None:
    answers = {"sbp_left": 190, "dbp_left": 95, "ecg": "2", "ecg_text": "房颤", "waist": 99.0}
    found = findings_of(FORM, answers, WOMAN)
    assert all(each.source for each in found)
    assert "房颤" in next(each.text for each in found if each.field == "ecg")


def test_only_the_laboratorys_own_range_marks_its_values() -> None:
    ranges = LabRanges(
        {"haemoglobin": (130, 175), "hba1c": (None, 6.0)}, {"haemoglobin": (115, 150)}
    )

    def marked(answers: dict[str, Any], person: Person) -> bool:
        return bool(findings_of(FORM, answers, person, ranges))

    assert marked({"haemoglobin": 129.9}, MAN)
    assert not marked({"haemoglobin": 130.0}, MAN)
    assert not marked({"haemoglobin": 175.0}, MAN)
    assert marked({"haemoglobin": 175.1}, MAN)
    assert not marked({"haemoglobin": 115.0}, WOMAN)
    assert marked({"haemoglobin": 114.9}, WOMAN)
    assert marked({"hba1c": 6.1}, MAN)
    assert not marked({"hba1c": 6.0}, MAN)
    assert {"haemoglobin", "fpg", "hba1c", "hdl"} <= {each.key for each in lab_fields()}


def test_a_scale_is_marked_by_its_own_level() -> None:
    levels = {"self_care": ("3", "2026-03-02 12 分 中度依赖")}
    found = findings_of(FORM, {}, WOMAN, levels=levels)
    assert [each.field for each in found] == ["self_care"]
    assert not findings_of(FORM, {}, WOMAN, levels={"self_care": ("1", "")})


def test_fields_of_the_other_sex_are_not_marked() -> None:
    assert level({"vulva": "2", "vulva_text": "红肿"}, "vulva", WOMAN) == MARKED
    assert level({"vulva": "2", "vulva_text": "红肿"}, "vulva", MAN) is None


def test_lines_are_at_most_four_and_the_urgent_come_first() -> None:
    answers = {
        "sbp_left": 190,
        "dbp_left": 95,
        "weight": 80.0,
        "height": 160.0,
        "cognition": "2",
        "lips": "2",
        "skin": "2",
        "ecg": "2",
        "brain_problem": ("2",),
    }
    found = findings_of(FORM, answers, WOMAN)
    lines = proposed_lines(FORM, found)
    assert len(lines) == 4
    assert "190" in lines[0]
    assert all(each.text in " ".join(lines) for each in found)
    assert proposed_lines(FORM, ()) == ()
