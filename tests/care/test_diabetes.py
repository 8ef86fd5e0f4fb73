"""The type-2 diabetes rule, every threshold at, below and above (domain §5.3, §5.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.diabetes import DANGER_SIGNS, DiabetesVisit, assess
from app.care.visit_rules import NextStep, PreviousVisit, RuleSettings, VisitClass

DAY = date(2025, 3, 10)
IN_TWO_WEEKS = date(2025, 3, 24)
IN_THREE_MONTHS = date(2025, 6, 10)
GOOD = DiabetesVisit(visit_date=DAY, fasting=6.2)


@pytest.mark.parametrize(
    ("fasting", "expected", "next_visit"),
    [
        (6.9, VisitClass.CONTROLLED, IN_THREE_MONTHS),
        (7.0, VisitClass.UNCONTROLLED, IN_TWO_WEEKS),
        (7.1, VisitClass.UNCONTROLLED, IN_TWO_WEEKS),
    ],
)
def test_fasting_limit(fasting: float, expected: VisitClass, next_visit: date) -> None:
    result = assess(DiabetesVisit(DAY, fasting=fasting))
    assert result.visit_class is expected
    assert result.next_visit == next_visit
    assert not result.refer


@pytest.mark.parametrize("field", ["fasting", "after_meal", "random_glucose"])
@pytest.mark.parametrize(
    ("value", "urgent"),
    [
        (3.8, True),
        (3.9, True),
        (4.0, False),
        (16.6, False),
        (16.7, True),
        (16.8, True),
    ],
)
def test_urgent_limits_hold_for_any_glucose(field: str, value: float, urgent: bool) -> None:
    result = assess(replace(DiabetesVisit(DAY), **{field: value}))
    assert result.urgent is urgent
    assert result.refer is urgent
    if urgent:
        assert result.next_step is NextStep.REFER_NOW
        assert result.next_visit == IN_TWO_WEEKS
        assert result.referral_reasons == ("critical_signs",)


@pytest.mark.parametrize(
    ("changes", "urgent"),
    [
        ({"sbp": 179, "dbp": 109}, False),
        ({"sbp": 180, "dbp": 109}, True),
        ({"sbp": 179, "dbp": 110}, True),
        ({"heart_rate": 99}, False),
        ({"heart_rate": 100}, False),
        ({"heart_rate": 101}, True),
        ({"temperature": 38.9}, False),
        ({"temperature": 39.0}, False),
        ({"temperature": 39.1}, True),
    ],
)
def test_other_urgent_numbers(changes: dict[str, float], urgent: bool) -> None:
    result = assess(replace(GOOD, **changes))
    assert result.urgent is urgent
    assert result.visit_class is VisitClass.CONTROLLED


@pytest.mark.parametrize("sign", DANGER_SIGNS)
def test_a_danger_sign_is_urgent_by_itself(sign: str) -> None:
    result = assess(replace(GOOD, danger_signs=frozenset({sign})))
    assert result.urgent
    assert result.next_visit == IN_TWO_WEEKS


def test_mild_symptoms_and_frequent_hypoglycaemia_ask_the_doctor() -> None:
    result = assess(replace(GOOD, symptoms=frozenset({"2", "4"}), hypoglycaemia="3"))
    assert not result.urgent
    assert result.visit_class is VisitClass.CONTROLLED
    assert len(result.questions) == 3
    assert assess(replace(GOOD, hypoglycaemia="2")).questions == ()


def test_reaction_and_complication() -> None:
    reaction = assess(replace(GOOD, adverse_reaction=True))
    assert reaction.visit_class is VisitClass.REACTION
    assert reaction.next_step is NextStep.ADJUST
    complication = assess(replace(GOOD, fasting=9.1, complication=True))
    assert complication.visit_class is VisitClass.COMPLICATION
    assert complication.uncontrolled is True
    assert complication.next_step is NextStep.REFER


def test_not_fasting_is_not_classified_and_moves_nothing() -> None:
    result = assess(DiabetesVisit(DAY, random_glucose=9.9), PreviousVisit(DAY, True, False))
    assert result.visit_class is None
    assert result.next_visit is None
    assert result.next_step is None
    assert not result.refer


@pytest.mark.parametrize(
    ("changes", "satisfactory"),
    [
        ({"random_glucose": 9.9}, True),
        ({"random_glucose": 10.0}, False),
        ({"random_glucose": 10.1}, False),
        ({"after_meal": 9.9}, True),
        ({"after_meal": 9.9, "random_glucose": 12.0}, False),
        ({"random_glucose": 3.9}, False),
        ({"random_glucose": 4.0}, True),
        ({"fasting": 6.0, "after_meal": 9.0}, False),
        ({}, False),
    ],
)
def test_probably_satisfactory_is_only_shown(changes: dict[str, float], satisfactory: bool) -> None:
    assert bool(assess(DiabetesVisit(DAY, **changes)).notes) is satisfactory  # type: ignore[arg-type]


def test_not_fasting_with_reaction_or_complication_has_its_class() -> None:
    told = DiabetesVisit(DAY, random_glucose=9.9, adverse_reaction=True)
    assert assess(told).visit_class is VisitClass.REACTION
    assert assess(told).next_visit == IN_TWO_WEEKS
    worse = DiabetesVisit(DAY, random_glucose=9.9, complication=True)
    assert assess(worse).visit_class is VisitClass.COMPLICATION
    assert assess(worse).refer


def test_second_high_fasting_value_refers() -> None:
    high = DiabetesVisit(DAY, fasting=8.4)
    assert assess(high).next_step is NextStep.ADJUST
    again = assess(high, PreviousVisit(DAY - timedelta(days=14), True, False))
    assert again.next_step is NextStep.REFER
    assert again.reason == (
        "空腹血糖 8.4 ≥ 7.0 → 控制不满意 → 连续两次有问题（上次 2025-02-24） → 转诊，2 周内随访"
    )
    assert assess(high, PreviousVisit(DAY, False, False)).next_step is NextStep.ADJUST


def test_reason_in_words() -> None:
    assert assess(GOOD).reason == "空腹血糖 6.2 < 7.0 → 控制满意 → 3 个月内随访"
    assert (
        assess(replace(GOOD, random_glucose=17.0)).reason
        == "随机血糖 17.0 ≥ 16.7 → 立即转诊，2 周内随访"
    )
    assert (
        assess(replace(GOOD, adverse_reaction=True)).reason == "药物不良反应 → 调整用药，2 周内随访"
    )


GLUCOSE = st.one_of(st.none(), st.integers(5, 450).map(lambda tenths: tenths / 10))
VISITS = st.builds(
    DiabetesVisit,
    visit_date=st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    fasting=GLUCOSE,
    after_meal=GLUCOSE,
    random_glucose=GLUCOSE,
    sbp=st.one_of(st.none(), st.integers(50, 300)),
    dbp=st.one_of(st.none(), st.integers(20, 200)),
    heart_rate=st.one_of(st.none(), st.integers(20, 250)),
    adverse_reaction=st.booleans(),
    complication=st.booleans(),
    danger_signs=st.frozensets(st.sampled_from(DANGER_SIGNS), max_size=2),
)
PREVIOUS = st.one_of(
    st.none(), st.builds(PreviousVisit, st.just(DAY), st.booleans(), st.booleans())
)


@given(VISITS, PREVIOUS, st.booleans())
def test_urgent_always_refers_within_two_weeks(
    now: DiabetesVisit, previous: PreviousVisit | None, narrow: bool
) -> None:
    result = assess(now, previous, RuleSettings(same_problem_twice_only=narrow))
    values = [g for g in (now.fasting, now.after_meal, now.random_glucose) if g is not None]
    if any(value >= 16.7 or value <= 3.9 for value in values) or now.danger_signs:
        assert result.urgent
    if result.urgent or result.refer:
        assert result.refer
        assert result.next_visit == now.visit_date + timedelta(days=14)


@given(VISITS, PREVIOUS, st.integers(0, 300))
def test_class_never_better_when_fasting_glucose_rises(
    now: DiabetesVisit, previous: PreviousVisit | None, tenths: int
) -> None:
    if now.fasting is None:
        return
    low = assess(now, previous)
    high = assess(replace(now, fasting=round(now.fasting + tenths / 10, 1)), previous)
    assert low.visit_class is not None
    assert high.visit_class is not None
    assert high.visit_class >= low.visit_class
