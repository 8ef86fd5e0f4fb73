"""The hypertension rule, every threshold at, below and above (domain reference §5.2, §5.6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.hypertension import DANGER_SIGNS, HypertensionVisit, assess, target
from app.care.visit_rules import (
    AgeRule,
    Assessment,
    NextStep,
    PreviousVisit,
    RuleSettings,
    VisitClass,
    add_months,
    age_for_target,
)

DAY = date(2025, 3, 10)
IN_TWO_WEEKS = date(2025, 3, 24)
IN_THREE_MONTHS = date(2025, 6, 10)


def visit(
    sbp: int | None = 128,
    dbp: int | None = 76,
    *,
    age: int = 70,
    reaction: bool = False,
    complication: bool = False,
    symptoms: set[str] | None = None,
    danger: set[str] | None = None,
    day: date = DAY,
) -> HypertensionVisit:
    return HypertensionVisit(
        visit_date=day,
        age=age,
        sbp=sbp,
        dbp=dbp,
        adverse_reaction=reaction,
        complication=complication,
        symptoms=frozenset(symptoms or ()),
        danger_signs=frozenset(danger or ()),
    )


def before(*, high: bool = False, reaction: bool = False) -> PreviousVisit:
    return PreviousVisit(DAY - timedelta(days=14), high, reaction)


def judged(result: Assessment) -> tuple[str | None, str | None, bool, bool]:
    return (result.visit_class, result.next_step, result.urgent, result.refer)


@pytest.mark.parametrize(
    ("age", "expected"), [(35, (140, 90)), (64, (140, 90)), (65, (150, 90)), (90, (150, 90))]
)
def test_target_changes_at_sixty_five(age: int, expected: tuple[int, int]) -> None:
    assert target(age) == expected


@pytest.mark.parametrize(
    ("age", "sbp", "dbp", "expected"),
    [
        (64, 139, 89, VisitClass.CONTROLLED),
        (64, 140, 89, VisitClass.UNCONTROLLED),
        (64, 141, 89, VisitClass.UNCONTROLLED),
        (64, 139, 90, VisitClass.UNCONTROLLED),
        (64, 139, 91, VisitClass.UNCONTROLLED),
        (64, 148, 88, VisitClass.UNCONTROLLED),
        (65, 148, 88, VisitClass.CONTROLLED),
        (65, 149, 89, VisitClass.CONTROLLED),
        (65, 150, 89, VisitClass.UNCONTROLLED),
        (65, 151, 89, VisitClass.UNCONTROLLED),
        (65, 149, 90, VisitClass.UNCONTROLLED),
        (65, 149, 91, VisitClass.UNCONTROLLED),
        (70, 150, 80, VisitClass.UNCONTROLLED),
        (70, 138, 92, VisitClass.UNCONTROLLED),
    ],
)
def test_control_limit_is_strict(age: int, sbp: int, dbp: int, expected: VisitClass) -> None:
    result = assess(visit(sbp, dbp, age=age))
    assert result.visit_class is expected
    assert result.uncontrolled is (expected is VisitClass.UNCONTROLLED)
    assert result.next_visit == (
        IN_TWO_WEEKS if expected is VisitClass.UNCONTROLLED else IN_THREE_MONTHS
    )
    assert not result.urgent
    assert not result.refer


@pytest.mark.parametrize(
    ("sbp", "dbp", "urgent"),
    [
        (179, 95, False),
        (180, 95, True),
        (181, 95, True),
        (150, 109, False),
        (150, 110, True),
        (150, 111, True),
        (180, None, True),
        (None, 110, True),
        (None, None, False),
    ],
)
def test_urgent_numbers(sbp: int | None, dbp: int | None, urgent: bool) -> None:
    result = assess(visit(sbp, dbp))
    assert result.urgent is urgent
    if urgent:
        assert result.refer
        assert result.next_step is NextStep.REFER_NOW
        assert result.next_visit == IN_TWO_WEEKS
        assert "critical_signs" in result.referral_reasons


@pytest.mark.parametrize("sign", DANGER_SIGNS)
def test_a_danger_sign_is_urgent_by_itself(sign: str) -> None:
    result = assess(visit(120, 70, danger={sign}))
    assert result.urgent
    assert result.refer
    assert [finding.code for finding in result.urgent_findings] == [sign]
    assert result.next_visit == IN_TWO_WEEKS


def test_mild_symptoms_only_ask() -> None:
    result = assess(visit(120, 70, symptoms={"2", "6", "9"}))
    assert judged(result) == (VisitClass.CONTROLLED, NextStep.ROUTINE, False, False)
    assert len(result.questions) == 2
    assert assess(visit(symptoms={"1"})).questions == ()
    assert assess(visit(symptoms={"2"}, danger={"severe_headache"})).questions == ()


def test_reaction_is_class_three_and_asks_to_adjust() -> None:
    result = assess(visit(130, 80, reaction=True))
    assert judged(result) == (VisitClass.REACTION, NextStep.ADJUST, False, False)
    assert result.next_visit == IN_TWO_WEEKS


def test_complication_refers_at_once_and_keeps_the_fact_of_high_values() -> None:
    result = assess(visit(160, 95, reaction=True, complication=True))
    assert judged(result) == (VisitClass.COMPLICATION, NextStep.REFER, False, True)
    assert result.uncontrolled is True
    assert result.next_visit == IN_TWO_WEEKS
    assert result.referral_reasons[0] == "new_or_worse_complication"


def test_reaction_hides_no_high_value() -> None:
    result = assess(visit(160, 95, reaction=True))
    assert result.visit_class is VisitClass.REACTION
    assert result.uncontrolled is True


def test_second_visit_with_high_values_refers() -> None:
    result = assess(visit(152, 80), before(high=True))
    assert judged(result) == (VisitClass.UNCONTROLLED, NextStep.REFER, False, True)
    assert result.next_visit == IN_TWO_WEEKS
    assert result.referral_reasons == ("chronic_uncontrolled_twice",)


def test_good_visit_between_breaks_the_chain() -> None:
    result = assess(visit(152, 80), before())
    assert judged(result) == (VisitClass.UNCONTROLLED, NextStep.ADJUST, False, False)


@pytest.mark.parametrize(
    ("previous", "sbp", "reaction"),
    [(before(high=True), 128, True), (before(reaction=True), 152, False)],
)
def test_a_different_problem_refers_unless_narrowed(
    previous: PreviousVisit, sbp: int, reaction: bool
) -> None:
    now = visit(sbp, 80, reaction=reaction)
    assert assess(now, previous).next_step is NextStep.REFER
    narrowed = assess(now, previous, RuleSettings(same_problem_twice_only=True))
    assert narrowed.next_step is NextStep.ADJUST
    assert not narrowed.refer
    assert narrowed.next_visit == IN_TWO_WEEKS


def test_same_problem_twice_refers_even_when_narrowed() -> None:
    narrow = RuleSettings(same_problem_twice_only=True)
    assert assess(visit(152, 80), before(high=True), narrow).refer
    twice = assess(visit(128, 80, reaction=True), before(reaction=True), narrow)
    assert twice.refer
    assert twice.referral_reasons == ("adverse_drug_reaction",)


def test_phone_visit_without_value_has_no_class_and_moves_nothing() -> None:
    result = assess(visit(None, None), before(high=True))
    assert judged(result) == (None, None, False, False)
    assert result.next_visit is None


def test_phone_visit_with_a_danger_sign_is_urgent_all_the_same() -> None:
    result = assess(visit(None, None, danger={"chest_tightness"}))
    assert judged(result) == (None, NextStep.REFER_NOW, True, True)
    assert result.next_visit == IN_TWO_WEEKS


def test_reaction_told_on_the_phone_is_not_lost() -> None:
    result = assess(visit(None, None, reaction=True))
    assert judged(result) == (VisitClass.REACTION, NextStep.ADJUST, False, False)
    assert result.next_visit == IN_TWO_WEEKS


def test_one_high_number_is_enough_one_good_number_is_not() -> None:
    assert assess(visit(152, None)).uncontrolled is True
    assert assess(visit(128, None)).uncontrolled is None


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 11, 30), date(2025, 2, 28)),
        (date(2023, 11, 30), date(2024, 2, 29)),
        (date(2025, 11, 29), date(2026, 2, 28)),
        (date(2025, 1, 31), date(2025, 4, 30)),
        (date(2025, 10, 5), date(2026, 1, 5)),
        (date(2025, 12, 31), date(2026, 3, 31)),
    ],
)
def test_three_months_are_calendar_months_clipped(day: date, expected: date) -> None:
    assert assess(visit(day=day)).next_visit == expected


def test_two_weeks_cross_the_year() -> None:
    assert assess(visit(152, day=date(2025, 12, 25))).next_visit == date(2026, 1, 8)


def test_quarterly_date_stays_only_with_the_setting() -> None:
    keep = RuleSettings(keep_quarterly_plan=True)
    planned = date(2025, 5, 20)
    assert assess(visit(), quarterly_date=planned).next_visit == IN_THREE_MONTHS
    kept = assess(visit(), settings=keep, quarterly_date=planned)
    assert kept.next_visit == planned
    assert "季度" in kept.reason
    high = assess(visit(152), settings=keep, quarterly_date=planned)
    assert high.next_visit == IN_TWO_WEEKS


@pytest.mark.parametrize(
    ("planned", "kept"),
    [
        (DAY + timedelta(days=13), False),
        (DAY + timedelta(days=14), True),
        (IN_THREE_MONTHS, True),
        (IN_THREE_MONTHS + timedelta(days=1), False),
        (DAY - timedelta(days=1), False),
    ],
)
def test_quarterly_date_must_lie_in_the_allowed_time(planned: date, kept: bool) -> None:
    result = assess(visit(), None, RuleSettings(keep_quarterly_plan=True), planned)
    assert result.next_visit == (planned if kept else IN_THREE_MONTHS)


def test_age_rules_and_leap_birthdays() -> None:
    born = date(1960, 12, 31)
    assert age_for_target(born, date(2025, 12, 30), AgeRule.VISIT_DATE) == 64
    assert age_for_target(born, date(2025, 12, 31), AgeRule.VISIT_DATE) == 65
    assert age_for_target(born, date(2025, 1, 1), AgeRule.CALENDAR_YEAR) == 65
    leap = date(1960, 2, 29)
    assert age_for_target(leap, date(2025, 2, 28), AgeRule.VISIT_DATE) == 64
    assert age_for_target(leap, date(2025, 3, 1), AgeRule.VISIT_DATE) == 65


def test_reason_in_words() -> None:
    assert assess(visit(152, 80)).reason == "收缩压 152 ≥ 150 → 控制不满意 → 调整用药，2 周内随访"
    assert assess(visit(128, 76)).reason == "血压 128/76 < 150/90 → 控制满意 → 3 个月内随访"
    assert (
        assess(visit(152, 92), before(high=True)).reason
        == "收缩压 152 ≥ 150、舒张压 92 ≥ 90 → 控制不满意 → "
        "连续两次有问题（上次 2025-02-24） → 转诊，2 周内随访"
    )
    assert assess(visit(185, 96)).reason == "收缩压 185 ≥ 180 → 立即转诊，2 周内随访"
    assert assess(visit(None, None)).reason == "没有可分类的数值：下次随访日期不变"


PRESSURES = st.one_of(st.none(), st.integers(50, 300))
DIASTOLIC = st.one_of(st.none(), st.integers(20, 200))
PREVIOUS = st.one_of(
    st.none(), st.builds(PreviousVisit, st.just(DAY), st.booleans(), st.booleans())
)
SETTINGS = st.builds(RuleSettings, st.booleans(), st.booleans())
VISITS = st.builds(
    HypertensionVisit,
    visit_date=st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    age=st.integers(35, 110),
    sbp=PRESSURES,
    dbp=DIASTOLIC,
    adverse_reaction=st.booleans(),
    complication=st.booleans(),
    symptoms=st.frozensets(st.sampled_from(["1", "2", "3", "9"])),
    danger_signs=st.frozensets(st.sampled_from(DANGER_SIGNS), max_size=2),
)


@given(VISITS, PREVIOUS, SETTINGS)
def test_any_visit_urgent_or_referred_is_seen_within_two_weeks(
    now: HypertensionVisit, previous: PreviousVisit | None, settings: RuleSettings
) -> None:
    result = assess(now, previous, settings)
    if result.urgent:
        assert result.refer
        assert result.next_step is NextStep.REFER_NOW
    if result.refer or result.adverse_reaction or result.uncontrolled:
        assert result.next_visit == now.visit_date + timedelta(days=14)
        assert result.refer == bool(result.referral_reasons)
    if result.next_visit is not None:
        assert now.visit_date < result.next_visit <= add_months(now.visit_date, 3)
    else:
        assert result.visit_class is None
    assert result.reason


@given(VISITS, PREVIOUS, SETTINGS, st.integers(0, 120), st.integers(0, 100))
def test_class_and_urgency_never_get_better_when_a_pressure_rises(
    now: HypertensionVisit,
    previous: PreviousVisit | None,
    settings: RuleSettings,
    up_sbp: int,
    up_dbp: int,
) -> None:
    low = assess(now, previous, settings)
    high = assess(
        HypertensionVisit(
            now.visit_date,
            now.age,
            None if now.sbp is None else now.sbp + up_sbp,
            None if now.dbp is None else now.dbp + up_dbp,
            now.adverse_reaction,
            now.complication,
            now.symptoms,
            now.danger_signs,
        ),
        previous,
        settings,
    )
    assert (high.visit_class or "0") >= (low.visit_class or "0")
    assert high.urgent >= low.urgent
    assert high.refer >= low.refer
    if low.next_visit is not None:
        assert high.next_visit is not None
        assert high.next_visit <= low.next_visit


@given(VISITS, PREVIOUS)
def test_narrowing_the_chain_never_refers_more(
    now: HypertensionVisit, previous: PreviousVisit | None
) -> None:
    wide = assess(now, previous)
    narrow = assess(now, previous, RuleSettings(same_problem_twice_only=True))
    assert wide.refer >= narrow.refer
    assert wide.visit_class == narrow.visit_class
