"""Every number of §7.2 at, below and above its limit."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.rehab_rules import (
    BORG_CR10,
    DEFAULT_THRESHOLDS,
    PRE_SYMPTOMS,
    STOP_SYMPTOMS,
    Band,
    Finding,
    RehabThresholds,
    Vitals,
    borg_band,
    effort,
    hold_reasons,
    must_pause,
    next_session_on,
    screening_gaps,
    stop_reasons,
)
from app.models import codes

CALM = Vitals(sbp=132, dbp=78, heart_rate=72, spo2=97, temperature=36.5, pain=1, glucose=7.2)
AFTER = Vitals(sbp=140, dbp=80, heart_rate=88, spo2=96, pain=1)


def held(**changes: object) -> list[str]:
    flags = {k: changes.pop(k) for k in ("copd", "glucose_drugs", "symptoms") if k in changes}
    return [f.code for f in hold_reasons(replace(CALM, **changes), **flags)]


def stopped(adverse: tuple[str, ...] = (), pre: Vitals = CALM, **changes: object) -> list[str]:
    flags = {
        k: changes.pop(k)
        for k in ("borg", "borg_scale", "heart_rate_ceiling", "recovered")
        if k in changes
    }
    return [f.code for f in stop_reasons(pre, replace(AFTER, **changes), adverse, **flags)]


def test_calm_values_pass_both_screens() -> None:
    assert held() == []
    assert stopped(borg=12) == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sbp", 179, None),
        ("sbp", 180, "sbp_high"),
        ("sbp", 181, "sbp_high"),
        ("dbp", 109, None),
        ("dbp", 110, "dbp_high"),
        ("dbp", 111, "dbp_high"),
        ("sbp", 89, "sbp_low"),
        ("sbp", 90, None),
        ("sbp", 91, None),
        ("heart_rate", 49, "hr_low"),
        ("heart_rate", 50, None),
        ("heart_rate", 51, None),
        ("heart_rate", 109, None),
        ("heart_rate", 110, None),
        ("heart_rate", 111, "hr_high"),
        ("spo2", 89, "spo2_low"),
        ("spo2", 90, None),
        ("spo2", 91, None),
        ("temperature", 37.4, None),
        ("temperature", 37.5, "temp_high"),
        ("temperature", 37.6, "temp_high"),
        ("glucose", 3.8, "glucose_low"),
        ("glucose", 3.9, "glucose_low"),
        ("glucose", 4.0, None),
        ("glucose", 16.6, None),
        ("glucose", 16.7, "glucose_high"),
        ("glucose", 16.8, "glucose_high"),
        ("pain", 6, None),
        ("pain", 7, "pain_high"),
        ("pain", 8, "pain_high"),
    ],
)
def test_hold_limits(field: str, value: float, code: str | None) -> None:
    assert held(**{field: value}) == ([code] if code else [])


@pytest.mark.parametrize(("spo2", "hold"), [(87, True), (88, False), (89, False)])
def test_known_copd_lowers_the_oxygen_limit(spo2: int, hold: bool) -> None:
    assert held(spo2=spo2, copd=True) == (["spo2_low"] if hold else [])


@pytest.mark.parametrize(
    ("glucose", "hold"), [(3.9, True), (4.9, True), (5.0, False), (5.1, False)]
)
def test_insulin_raises_the_low_glucose_limit(glucose: float, hold: bool) -> None:
    assert held(glucose=glucose, glucose_drugs=True) == (["glucose_low"] if hold else [])


def test_low_glucose_is_one_reason_with_the_stricter_number() -> None:
    (on_drugs,) = hold_reasons(replace(CALM, glucose=4.4), glucose_drugs=True)
    assert on_drugs == Finding("glucose_low", 4.4, "<", 5.0)
    (anyone,) = hold_reasons(replace(CALM, glucose=3.1), glucose_drugs=True)
    assert anyone == Finding("glucose_low", 3.1, "≤", 3.9)


@pytest.mark.parametrize("symptom", PRE_SYMPTOMS)
def test_each_symptom_alone_holds(symptom: str) -> None:
    assert held(symptoms=(symptom,)) == [symptom]
    assert codes.is_known("rehab_pre_symptom", symptom)
    assert codes.is_known("rehab_hold_reason", symptom)


def test_reasons_come_together_symptoms_first() -> None:
    found = hold_reasons(replace(CALM, sbp=184, heart_rate=112), ("chest_pain",))
    assert found == (
        Finding("chest_pain"),
        Finding("sbp_high", 184, "≥", 180),
        Finding("hr_high", 112, ">", 110),
    )


def test_nothing_measured_is_no_pass() -> None:
    assert hold_reasons(Vitals()) == ()
    assert screening_gaps(Vitals()) == ("sbp", "dbp", "heart_rate", "pain")


def test_screen_needs_glucose_only_on_the_drugs() -> None:
    without = replace(CALM, glucose=None)
    assert screening_gaps(without) == ()
    assert screening_gaps(without, glucose_drugs=True) == ("glucose",)
    assert screening_gaps(without, ("glucose",), glucose_drugs=True) == ("glucose",)


def test_only_pain_may_be_unmeasurable_before_a_session() -> None:
    nothing = replace(CALM, pain=None, sbp=None)
    assert screening_gaps(nothing, ("pain", "sbp")) == ("sbp",)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        # before: sbp 132, heart rate 72, SpO2 97, pain 1
        ("spo2", 94, None),
        ("spo2", 93, "spo2_drop"),
        ("spo2", 92, "spo2_drop"),
        ("heart_rate", 101, None),
        ("heart_rate", 102, None),
        ("heart_rate", 103, "hr_rise"),
        ("sbp", 171, None),
        ("sbp", 172, None),
        ("sbp", 173, "sbp_rise"),
        ("pain", 3, None),
        ("pain", 4, "pain_rise"),
        ("pain", 5, "pain_rise"),
        ("sbp", 100, None),  # a fall without symptoms
    ],
)
def test_stop_limits_against_the_values_before(field: str, value: int, code: str | None) -> None:
    assert stopped(**{field: value}) == ([code] if code else [])


@pytest.mark.parametrize(("spo2", "stop"), [(87, True), (88, False), (89, False)])
def test_oxygen_floor(spo2: int, stop: bool) -> None:
    assert stopped(pre=replace(CALM, spo2=90), spo2=spo2) == (["spo2_low"] if stop else [])


@pytest.mark.parametrize(("sbp", "stop"), [(199, False), (200, True), (201, True)])
def test_systolic_ceiling(sbp: int, stop: bool) -> None:
    assert stopped(pre=replace(CALM, sbp=170), sbp=sbp) == (["sbp_high"] if stop else [])


@pytest.mark.parametrize(("sbp", "stop"), [(113, False), (112, False), (111, True)])
def test_systolic_fall_counts_only_with_symptoms(sbp: int, stop: bool) -> None:
    assert ("sbp_fall" in stopped(("palpitations",), sbp=sbp)) is stop
    assert "sbp_fall" not in stopped((), sbp=sbp)
    assert "sbp_fall" not in stopped(("skin",), sbp=sbp)


@pytest.mark.parametrize(("borg", "stop"), [(15, False), (16, False), (17, True)])
def test_borg_limit(borg: int, stop: bool) -> None:
    assert stopped(borg=borg) == (["borg_high"] if stop else [])


@pytest.mark.parametrize(("borg", "stop"), [(6, False), (7, True), (8, True)])
def test_borg_limit_on_the_ten_point_scale(borg: int, stop: bool) -> None:
    assert stopped(borg=borg, borg_scale=BORG_CR10) == (["borg_high"] if stop else [])


@pytest.mark.parametrize(("rate", "stop"), [(94, False), (95, False), (96, True)])
def test_heart_rate_ceiling_of_the_plan(rate: int, stop: bool) -> None:
    assert stopped(heart_rate=rate, heart_rate_ceiling=95) == (["hr_ceiling"] if stop else [])


@pytest.mark.parametrize("event", sorted(STOP_SYMPTOMS))
def test_each_danger_event_alone_stops(event: str) -> None:
    assert stopped((event,)) == [event]
    assert codes.is_known("rehab_adverse", event)
    assert codes.is_known("rehab_stop_reason", event)


@pytest.mark.parametrize("event", ["skin", "other", "pain_worse", "palpitations"])
def test_other_events_are_recorded_but_do_not_stop(event: str) -> None:
    assert stopped((event,)) == []
    assert codes.is_known("rehab_adverse", event)


def test_not_recovered_in_ten_minutes_is_a_reason() -> None:
    assert stopped(recovered=False) == ["not_recovered"]
    assert stopped(recovered=True) == []


@pytest.mark.parametrize(
    ("borg", "program", "judged"),
    [
        (10, "frail", "easy"),
        (11, "frail", "planned"),
        (13, "frail", "planned"),
        (14, "frail", "hard"),
        (11, "cardiac", "easy"),
        (12, "cardiac", "planned"),
        (16, "cardiac", "planned"),
        (17, "cardiac", "hard"),
    ],
)
def test_effort_against_the_band(borg: int, program: str, judged: str) -> None:
    assert effort(borg, borg_band(program)) == judged


def test_band_of_the_ten_point_scale() -> None:
    assert borg_band("frail", BORG_CR10) == Band(2, 4)


@pytest.mark.parametrize(
    ("history", "pause"),
    [
        ([], False),
        ([True], False),
        ([True, True], True),
        ([True, False, True], False),
        ([False, True, True], False),
        ([True, True, False], True),
    ],
)
def test_two_stops_running_pause_the_plan(history: list[bool], pause: bool) -> None:
    assert must_pause(history) is pause


@pytest.mark.parametrize(
    ("per_week", "days"),
    [(None, 1), (0, 1), (1, 7), (2, 3), (3, 2), (4, 1), (5, 1), (7, 1), (14, 1)],
)
def test_next_session(per_week: int | None, days: int) -> None:
    assert (next_session_on(date(2026, 2, 27), per_week) - date(2026, 2, 27)).days == days


def test_thresholds_survive_the_settings_table() -> None:
    changed = RehabThresholds(version="JZ-2026", approved_by="主任", hold_sbp_from=170)
    assert RehabThresholds.from_dict(changed.to_dict()) == changed
    assert RehabThresholds.from_dict({"of_a_later_version": 1}) == DEFAULT_THRESHOLDS
    assert "must approve" in (RehabThresholds.__doc__ or "")


def test_a_county_may_change_a_number() -> None:
    strict = RehabThresholds(version="JZ-2026", hold_sbp_from=160)
    assert [f.code for f in hold_reasons(replace(CALM, sbp=165), thresholds=strict)] == ["sbp_high"]


def test_every_reason_has_words() -> None:
    worst = hold_reasons(Vitals(60, 120, 200, 60, 39.0, 9, 2.0), PRE_SYMPTOMS) + hold_reasons(
        Vitals(200, 120, 30, 60, 39.0, 9, 20.0)
    )
    for finding in worst:
        assert codes.is_known("rehab_hold_reason", finding.code)
    for finding in stop_reasons(
        CALM,
        Vitals(205, 90, 150, 70, pain=9),
        STOP_SYMPTOMS,
        borg=18,
        heart_rate_ceiling=100,
        recovered=False,
    ) + stop_reasons(CALM, Vitals(90), ("dizziness",)):
        assert codes.is_known("rehab_stop_reason", finding.code)


vitals = st.builds(
    Vitals,
    sbp=st.none() | st.integers(50, 300),
    dbp=st.none() | st.integers(20, 200),
    heart_rate=st.none() | st.integers(20, 250),
    spo2=st.none() | st.integers(40, 100),
    temperature=st.none() | st.integers(300, 430).map(lambda n: n / 10),
    pain=st.none() | st.integers(0, 10),
    glucose=st.none() | st.integers(5, 450).map(lambda n: n / 10),
)


@given(vitals, st.sets(st.sampled_from(PRE_SYMPTOMS)))
def test_a_known_risk_never_hides_a_reason(pre: Vitals, symptoms: set[str]) -> None:
    usual = {f.code for f in hold_reasons(pre, symptoms)}
    on_drugs = {f.code for f in hold_reasons(pre, symptoms, glucose_drugs=True)}
    copd = {f.code for f in hold_reasons(pre, symptoms, copd=True)}
    assert usual <= on_drugs
    assert usual - {"spo2_low"} == copd - {"spo2_low"}
    assert copd <= usual  # COPD only ever relaxes the oxygen limit
    assert symptoms <= usual


@given(vitals, st.sampled_from([f.name for f in fields(Vitals)]))
def test_a_missing_value_never_adds_a_reason(pre: Vitals, name: str) -> None:
    whole = {f.code for f in hold_reasons(pre)}
    assert {f.code for f in hold_reasons(replace(pre, **{name: None}))} <= whole


@given(vitals, vitals, st.sets(st.sampled_from(sorted(STOP_SYMPTOMS))))
def test_every_finding_is_true_and_reads_back(pre: Vitals, post: Vitals, adverse: set[str]) -> None:
    for finding in hold_reasons(pre) + stop_reasons(pre, post, adverse):
        assert Finding.from_dict(finding.to_dict()) == finding
        if finding.value is not None and finding.limit is not None:
            assert {
                "≥": finding.value >= finding.limit,
                "≤": finding.value <= finding.limit,
                ">": finding.value > finding.limit,
                "<": finding.value < finding.limit,
            }[finding.sign]


@given(vitals, st.integers(1, 60))
def test_a_worse_reading_is_never_judged_better(pre: Vitals, rise: int) -> None:
    if pre.sbp is None or pre.sbp < 90:
        return
    worse = replace(pre, sbp=pre.sbp + rise)
    assert {f.code for f in hold_reasons(pre)} <= {f.code for f in hold_reasons(worse)}


@given(st.lists(st.booleans(), max_size=6))
def test_one_good_session_breaks_the_run(history: list[bool]) -> None:
    assert not must_pause([False, *history])
    assert must_pause([True, True, *history])


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.none() | st.integers(0, 21))
def test_the_next_session_lies_one_to_seven_days_ahead(day: date, per_week: int | None) -> None:
    assert 1 <= (next_session_on(day, per_week) - day).days <= 7
