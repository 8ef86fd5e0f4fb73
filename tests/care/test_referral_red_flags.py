"""Red flags: every number at, below and above its limit."""

import pytest

from app.care.referral_red_flags import Vitals, suggest_urgency
from app.care.referral_states import Urgency
from app.models import codes

EMERGENCY, ROUTINE = Urgency.EMERGENCY, Urgency.ROUTINE


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (Vitals(), ROUTINE),
        (Vitals(sbp=179, dbp=90), ROUTINE),
        (Vitals(sbp=180, dbp=90), EMERGENCY),
        (Vitals(sbp=181, dbp=90), EMERGENCY),
        (Vitals(sbp=150, dbp=109), ROUTINE),
        (Vitals(sbp=150, dbp=110), EMERGENCY),
        (Vitals(sbp=150, dbp=111), EMERGENCY),
        (Vitals(sbp=89, dbp=50), EMERGENCY),
        (Vitals(sbp=90, dbp=50), ROUTINE),
        (Vitals(sbp=91, dbp=50), ROUTINE),
        (Vitals(spo2=89), EMERGENCY),
        (Vitals(spo2=90), ROUTINE),
        (Vitals(spo2=91), ROUTINE),
        (Vitals(glucose=16.6), ROUTINE),
        (Vitals(glucose=16.7), EMERGENCY),
        (Vitals(glucose=16.8), EMERGENCY),
        (Vitals(glucose=3.8), EMERGENCY),
        (Vitals(glucose=3.9), EMERGENCY),
        (Vitals(glucose=4.0), ROUTINE),
        (Vitals(heart_rate=130), ROUTINE),
        (Vitals(temperature=39.5), ROUTINE),
    ],
)
def test_numbers(vitals: Vitals, expected: Urgency) -> None:
    suggestion = suggest_urgency(vitals)
    assert suggestion.urgency is expected
    assert bool(suggestion.reasons) is (expected is EMERGENCY)
    assert suggestion.critical is (expected is EMERGENCY)


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (Vitals(heart_rate=100), ROUTINE),
        (Vitals(heart_rate=101), EMERGENCY),
        (Vitals(temperature=39.0), ROUTINE),
        (Vitals(temperature=39.1), EMERGENCY),
    ],
)
def test_limits_that_hold_in_diabetes_only(vitals: Vitals, expected: Urgency) -> None:
    assert suggest_urgency(vitals).urgency is ROUTINE
    assert suggest_urgency(vitals, diabetic=True).urgency is expected


def test_any_ticked_sign_is_enough() -> None:
    for entry in codes.entries("referral_red_flag"):
        assert suggest_urgency(Vitals(), [entry.code]).urgency is EMERGENCY


def test_vitals_are_stored_as_measured_and_read_back() -> None:
    vitals = Vitals(sbp=152, dbp=94, glucose=6.9)
    assert vitals.to_dict() == {"sbp": 152, "dbp": 94, "glucose": 6.9}
    assert Vitals.from_dict(vitals.to_dict()) == vitals
    assert Vitals.from_dict({"sbp": 152, "dbp": 94, "glucose": 6.9, "newer": 1}) == vitals
    assert Vitals.from_dict(None) == Vitals()


@pytest.mark.parametrize(
    ("vitals", "fields"),
    [
        (Vitals(sbp=50, dbp=20), set()),
        (Vitals(sbp=300, dbp=200), set()),
        (Vitals(sbp=301, dbp=90), {"sbp"}),
        (Vitals(sbp=49, dbp=30), {"sbp"}),
        (Vitals(sbp=120, dbp=19), {"dbp"}),
        (Vitals(sbp=120), {"sbp"}),
        (Vitals(sbp=90, dbp=90), {"sbp"}),
        (Vitals(spo2=39), {"spo2"}),
        (Vitals(spo2=101), {"spo2"}),
        (Vitals(glucose=45.1), {"glucose"}),
        (Vitals(temperature=29.9, respiration=71), {"temperature", "respiration"}),
    ],
)
def test_values_beyond_the_hard_limits_are_named(vitals: Vitals, fields: set[str]) -> None:
    assert set(vitals.problems()) == fields
