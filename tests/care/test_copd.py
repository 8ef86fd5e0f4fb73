"""COPD (LOCAL-2025): control, the chain of problems, set limits, danger signs, its form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.copd import CopdVisit, assess, uncontrolled
from app.care.copd_form import (
    copd_items,
    form_version,
    kept_answers,
    problems_of_answers,
    ratio,
    typed_answers,
)
from app.care.visit_rules import PreviousVisit, RuleSettings
from app.i18n import set_language

DAY = date(2026, 3, 2)
TWO_WEEKS, THREE_MONTHS = date(2026, 3, 16), date(2026, 6, 2)
STABLE = CopdVisit(DAY, control="1")
BAD = CopdVisit(DAY, control="2")
BEFORE_BAD = PreviousVisit(date(2026, 2, 16), True, False)
BEFORE_GOOD = PreviousVisit(date(2025, 12, 2), False, False)


@pytest.mark.parametrize(
    ("visit", "previous", "visit_class", "step", "next_visit"),
    [
        (STABLE, None, "1", "1", THREE_MONTHS),
        (STABLE, BEFORE_BAD, "1", "1", THREE_MONTHS),
        (BAD, None, "2", "2", TWO_WEEKS),
        (BAD, BEFORE_GOOD, "2", "2", TWO_WEEKS),
        (BAD, BEFORE_BAD, "2", "3", TWO_WEEKS),
        (replace(BAD, control="3"), None, "2", "2", TWO_WEEKS),
        (replace(STABLE, adverse_reaction=True), None, "3", "2", TWO_WEEKS),
        (replace(STABLE, adverse_reaction=True), BEFORE_BAD, "3", "3", TWO_WEEKS),
        (replace(STABLE, complication=True), None, "4", "3", TWO_WEEKS),
        (replace(STABLE, danger_signs=frozenset({"orthopnoea"})), None, "1", "4", TWO_WEEKS),
        (CopdVisit(DAY), BEFORE_BAD, None, None, None),
        (CopdVisit(DAY, danger_signs=frozenset({"consciousness"})), None, None, "4", TWO_WEEKS),
    ],
)
def test_class_step_and_date(
    visit: CopdVisit,
    previous: PreviousVisit | None,
    visit_class: str | None,
    step: str | None,
    next_visit: date | None,
) -> None:
    judged = assess(visit, previous)
    assert (judged.visit_class, judged.next_step, judged.next_visit) == (
        visit_class,
        step,
        next_visit,
    )
    assert judged.rule_version == "LOCAL-2025"


def test_a_different_problem_refers_unless_the_setting_narrows_it() -> None:
    reaction = replace(STABLE, adverse_reaction=True)
    assert assess(reaction, BEFORE_BAD).refer
    narrow = RuleSettings(same_problem_twice_only=True, settings_label="S1-abcd")
    judged = assess(reaction, BEFORE_BAD, narrow)
    assert not judged.refer
    assert judged.rule_version == "LOCAL-2025+S1-abcd"


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        ({"cat": 40, "mmrc": 4}, {}, False),  # nothing set: the doctor decides alone
        ({"cat": 9}, {"copd_cat_limit": 10}, False),
        ({"cat": 10}, {"copd_cat_limit": 10}, True),
        ({"cat": 11}, {"copd_cat_limit": 10}, True),
        ({"mmrc": 1}, {"copd_mmrc_limit": 2}, False),
        ({"mmrc": 2}, {"copd_mmrc_limit": 2}, True),
        ({"mmrc": 3}, {"copd_mmrc_limit": 2}, True),
    ],
)
def test_set_limits_of_the_scores(
    values: dict[str, Any], limits: dict[str, Any], expected: bool
) -> None:
    settings = RuleSettings(**limits)
    assert uncontrolled(replace(STABLE, **values), settings) is expected
    judged = assess(replace(STABLE, **values), None, settings)
    assert judged.visit_class == ("2" if expected else "1")
    if expected:
        assert "≥" in judged.reason


@pytest.mark.parametrize(
    ("spo2", "limit", "urgent"),
    [(87, 88, True), (88, 88, False), (89, 88, False), (70, None, False)],
)
def test_low_saturation_is_urgent_where_a_limit_is_set(
    spo2: int, limit: int | None, urgent: bool
) -> None:
    judged = assess(replace(STABLE, spo2=spo2), None, RuleSettings(copd_spo2_limit=limit))
    assert judged.urgent is urgent
    assert (judged.next_step == "4") is urgent


@pytest.mark.parametrize(("spo2", "asked"), [(89, True), (90, False), (91, False)])
def test_low_saturation_asks_the_doctor(spo2: int, asked: bool) -> None:
    assert bool(assess(replace(STABLE, spo2=spo2)).questions) is asked


def test_symptoms_only_ask_and_a_ticked_sign_ends_the_asking() -> None:
    breathless = replace(STABLE, symptoms=frozenset({"2", "3"}))
    judged = assess(breathless)
    assert len(judged.questions) == 2
    assert not judged.urgent
    signed = replace(breathless, danger_signs=frozenset({"chest_tightness"}))
    assert assess(signed).questions == ()
    assert assess(signed).urgent


@given(
    control=st.sampled_from([None, "1", "2", "3"]),
    reaction=st.booleans(),
    complication=st.booleans(),
    urgent=st.booleans(),
    previous=st.sampled_from([None, BEFORE_BAD, BEFORE_GOOD]),
)
def test_the_date_is_never_later_than_the_step_allows(
    control: str | None,
    reaction: bool,
    complication: bool,
    urgent: bool,
    previous: PreviousVisit | None,
) -> None:
    signs = frozenset({"consciousness"}) if urgent else frozenset()
    judged = assess(CopdVisit(DAY, control, None, None, None, reaction, complication,
                              frozenset(), signs), previous)  # fmt: skip
    if judged.next_step is None:
        assert judged.next_visit is None
    elif judged.next_step == "1":
        assert judged.next_visit == THREE_MONTHS
    else:
        assert judged.next_visit == TWO_WEEKS
    if urgent or complication:
        assert judged.refer


def test_the_definition_has_words_in_both_languages_and_says_what_is_wrong() -> None:
    chinese = copd_items()
    set_language("en")
    english = copd_items()
    assert [item.key for item in chinese] == [item.key for item in english]
    assert all(one.label != other.label for one, other in zip(chinese, english, strict=True))
    set_language("zh_CN")
    good = {"cyanosis": "2", "vaccines": ("2", "3"), "oxygen_hours": 24, "oxygen_effects": "鼻干"}
    assert problems_of_answers({**good, "a_later_item": object()}) == {}
    bad = {
        "cyanosis": "7",
        "vaccines": ("1", "2"),
        "comorbidities": "2",
        "oxygen_hours": 24.5,
        "oxygen_flow": -1,
        "oxygen_effects": "长" * 201,
    }
    assert set(problems_of_answers(bad)) == {f"copd.{key}" for key in bad}


def test_answers_are_kept_with_the_version_of_their_form() -> None:
    typed = {"cyanosis": "1", "vaccines": ("2",), "oxygen_effects": "", "comorbidities": ()}
    kept = kept_answers(typed)
    assert kept == {"form": form_version(), "cyanosis": "1", "vaccines": ["2"]}
    assert typed_answers(kept) == {"cyanosis": "1", "vaccines": ("2",)}
    assert kept_answers({"oxygen_effects": ""}) == {}


@pytest.mark.parametrize(
    ("fev1", "fvc", "expected"),
    [(1.42, 2.31, 61.5), (2.0, 2.0, 100.0), (None, 2.0, None), (1.0, None, None)],
)
def test_the_ratio_of_lung_function(
    fev1: float | None, fvc: float | None, expected: float | None
) -> None:
    assert ratio(fev1, fvc) == expected
