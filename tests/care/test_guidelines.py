"""Guideline goals: shown beside, at every age and limit, and without any say in the judgement."""

from __future__ import annotations

from datetime import date

import pytest

from app.care.guidelines import goal_note, goals
from app.care.hypertension import HypertensionVisit, assess
from app.care.visit_rules import RuleSettings


@pytest.mark.parametrize(
    ("guideline", "age", "comorbid", "expected"),
    [
        ("2025", 64, False, ((130, 80),)),
        ("2025", 79, True, ((130, 80),)),
        ("2025", 80, False, ((150, 90), (140, 90))),
        ("2020", 64, False, ((140, 90),)),
        ("2020", 64, True, ((130, 80),)),
        ("2020", 65, True, ((150, 90), (140, 90))),
        ("2020", 79, False, ((150, 90), (140, 90))),
        ("2020", 80, False, ((150, 90),)),
        ("none", 70, False, ()),
    ],
)
def test_goals(guideline: str, age: int, comorbid: bool, expected: tuple[object, ...]) -> None:
    assert goals(guideline, age, comorbid=comorbid) == expected


@pytest.mark.parametrize(
    ("sbp", "dbp", "reached"),
    [(129, 79, True), (130, 79, False), (129, 80, False), (128, 78, True), (131, 81, False)],
)
def test_the_limit_itself_is_not_reached(sbp: int, dbp: int, reached: bool) -> None:
    words = goal_note("2025", 70, sbp, dbp, comorbid=False)
    assert words == f"2025 指南目标（仅供参考）< 130/80：{'已达到' if reached else '未达到'}。"


def test_the_second_goal_is_named_and_without_a_pressure_nothing() -> None:
    assert "能耐受再降至 < 140/90" in goal_note("2025", 80, 145, 85, comorbid=False)
    assert goal_note("2025", 80, None, 85, comorbid=False) == ""
    assert goal_note("none", 80, 145, 85, comorbid=False) == ""


@pytest.mark.parametrize("guideline", ["2025", "2020", "none"])
def test_the_guideline_decides_nothing(guideline: str) -> None:
    visit = HypertensionVisit(date(2026, 3, 2), 70, 148, 88)
    shown = assess(visit, None, RuleSettings(guideline=guideline))
    assert (shown.visit_class, shown.next_step, shown.next_visit) == ("1", "1", date(2026, 6, 2))
    assert bool(shown.notes) is (guideline != "none")


def test_targets_of_the_organisation_decide() -> None:
    visit = HypertensionVisit(date(2026, 3, 2), 70, 140, 80)
    strict = RuleSettings(target_older=(140, 90), settings_label="S2-9f2c")
    assert assess(visit).visit_class == "1"
    changed = assess(visit, None, strict)
    assert changed.visit_class == "2"
    assert "140" in changed.reason
    assert changed.rule_version == "NBPHS-2017+S2-9f2c"
    for age, expected in ((59, "2"), (60, "1")):
        younger = HypertensionVisit(date(2026, 3, 2), age, 145, 80)
        assert assess(younger, None, RuleSettings(target_age=60)).visit_class == expected
