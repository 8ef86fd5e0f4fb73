"""Input limits: both ends of every range (domain reference §0)."""

from __future__ import annotations

import pytest

from app.care.limits import LIMITS, Verdict, body_mass_index, check, check_pressure


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_hard_limits_belong_to_the_range_and_one_step_outside_is_blocked(kind: str) -> None:
    limit = LIMITS[kind]
    step = 10**-limit.decimals
    assert check(kind, limit.hard_low).verdict is not Verdict.BLOCK
    assert check(kind, limit.hard_high).verdict is not Verdict.BLOCK
    below = check(kind, round(limit.hard_low - step, limit.decimals))
    above = check(kind, round(limit.hard_high + step, limit.decimals))
    assert below.verdict is Verdict.BLOCK
    assert above.verdict is Verdict.BLOCK
    assert limit.label() in below.message


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_soft_limits_ask_one_step_outside(kind: str) -> None:
    limit = LIMITS[kind]
    step = 10**-limit.decimals
    if limit.soft_low is not None:
        assert check(kind, limit.soft_low).verdict is Verdict.FINE
        outside = check(kind, round(limit.soft_low - step, limit.decimals))
        assert outside.verdict is Verdict.CONFIRM
    if limit.soft_high is not None:
        assert check(kind, limit.soft_high).verdict is Verdict.FINE
        outside = check(kind, round(limit.soft_high + step, limit.decimals))
        assert outside.verdict is Verdict.CONFIRM


@pytest.mark.parametrize(
    ("kind", "hard", "soft"),
    [
        ("sbp", (50, 300), (80, 200)),
        ("dbp", (20, 200), (45, 120)),
        ("heart_rate", (20, 250), (50, 110)),
        ("temperature", (30, 43), (35, 38)),
        ("respiration", (4, 70), (None, None)),
        ("spo2", (40, 100), (90, None)),
        ("weight", (20, 250), (None, None)),
        ("height", (80, 220), (None, None)),
        ("waist", (40, 180), (None, None)),
        ("glucose", (0.5, 45), (3.9, 16.7)),
        ("hba1c", (3, 20), (None, None)),
    ],
)
def test_figures_are_those_of_the_reference(
    kind: str, hard: tuple[float, float], soft: tuple[float | None, float | None]
) -> None:
    limit = LIMITS[kind]
    assert (limit.hard_low, limit.hard_high) == hard
    assert (limit.soft_low, limit.soft_high) == soft


def test_decimals_that_cannot_be_measured_are_refused() -> None:
    assert check("sbp", 120.5).verdict is Verdict.BLOCK
    assert check("glucose", 6.25).verdict is Verdict.BLOCK
    assert check("glucose", 6.2).verdict is Verdict.FINE


def test_systolic_must_be_above_diastolic() -> None:
    assert check_pressure(120, 119).verdict is Verdict.FINE
    assert check_pressure(120, 120).verdict is Verdict.BLOCK
    assert check_pressure(119, 120).verdict is Verdict.BLOCK
    assert check_pressure(None, None).verdict is Verdict.FINE
    assert check_pressure(120, None).verdict is Verdict.BLOCK
    assert check_pressure(None, 80).verdict is Verdict.BLOCK


def test_body_mass_index() -> None:
    assert body_mass_index(65.0, 165.0) == 23.9
    assert body_mass_index(None, 165.0) is None
    assert body_mass_index(65.0, None) is None
    assert body_mass_index(65.0, 0) is None
