"""Every threshold of the scales, at, below and above it (domain reference §4.1–§4.7)."""

from __future__ import annotations

import pytest

from app.care.assessments import ability, levels
from app.care.assessments.ability import Circumstances, Parts2013
from app.care.assessments.levels import CutOffs

FIVE = CutOffs(barthel_bands="five")


@pytest.mark.parametrize(
    ("total", "level"),
    [(0, "1"), (3, "1"), (4, "2"), (8, "2"), (9, "3"), (18, "3"), (19, "4"), (37, "4")],
)
def test_self_care(total: int, level: str) -> None:
    assert levels.self_care_level(total) == level


@pytest.mark.parametrize(
    ("total", "four", "five"),
    [
        (0, "severe", "total"),
        (20, "severe", "total"),
        (21, "severe", "severe"),
        (25, "severe", "severe"),
        (40, "severe", "severe"),
        (41, "moderate", "moderate"),
        (45, "moderate", "moderate"),
        (60, "moderate", "moderate"),
        (61, "mild", "mild"),
        (65, "mild", "mild"),
        (99, "mild", "mild"),
        (100, "none", "none"),
    ],
)
def test_barthel_in_four_and_in_five_bands(total: int, four: str, five: str) -> None:
    assert levels.barthel_level(total) == four
    assert levels.barthel_level(total, FIVE) == five


@pytest.mark.parametrize(
    ("total", "default", "other"),
    [
        (0, "low", "low"),
        (24, "low", "low"),
        (25, "medium", "medium"),
        (44, "medium", "medium"),
        (45, "high", "medium"),
        (50, "high", "medium"),
        (51, "high", "high"),
        (125, "high", "high"),
    ],
)
def test_morse_by_default_and_with_the_other_cut_off(total: int, default: str, other: str) -> None:
    assert levels.fall_risk(total) == default
    assert levels.fall_risk(total, CutOffs(fall_high=51)) == other


@pytest.mark.parametrize(
    ("total", "level"),
    [
        (6, "very_high"),
        (9, "very_high"),
        (10, "high"),
        (12, "high"),
        (13, "moderate"),
        (14, "moderate"),
        (15, "mild"),
        (18, "mild"),
        (19, "none"),
        (23, "none"),
    ],
)
def test_braden(total: int, level: str) -> None:
    assert levels.pressure_risk(total) == level


@pytest.mark.parametrize(
    ("total", "level"),
    [
        (0, "none"),
        (1, "mild"),
        (3, "mild"),
        (4, "moderate"),
        (6, "moderate"),
        (7, "severe"),
        (10, "severe"),
    ],
)
def test_pain(total: int, level: str) -> None:
    assert levels.pain_level(total) == level


@pytest.mark.parametrize(
    ("total", "education", "level"),
    [
        (16, "1", "impaired"),
        (17, "1", "impaired"),
        (18, "1", "normal"),
        (19, "2", "impaired"),
        (20, "2", "impaired"),
        (21, "2", "normal"),
        (23, "3", "impaired"),
        (24, "3", "impaired"),
        (25, "3", "normal"),
    ],
)
def test_mmse_by_education(total: int, education: str, level: str) -> None:
    assert levels.cognition_level(total, education) == level


def test_mmse_with_a_countys_own_cut_off() -> None:
    own = CutOffs(mmse_primary=22)
    assert levels.cognition_level(22, "2", own) == "impaired"
    assert levels.cognition_level(23, "2", own) == "normal"


@pytest.mark.parametrize(
    ("total", "level"),
    [
        (0, "normal"),
        (10, "normal"),
        (11, "mild"),
        (20, "mild"),
        (21, "severe"),
        (30, "severe"),
    ],
)
def test_gds_30(total: int, level: str) -> None:
    assert levels.mood_level_30(total) == level


@pytest.mark.parametrize(
    ("total", "level"),
    [(0, "normal"), (4, "normal"), (5, "suspicious"), (6, "suspicious"), (15, "suspicious")],
)
def test_gds_15(total: int, level: str) -> None:
    assert levels.mood_level_15(total) == level
    assert levels.mood_level_15(5, CutOffs(gds15_suspicious=6)) == "normal"


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        (levels.self_care_level, 0, 37),
        (levels.barthel_level, 0, 100),
        (levels.fall_risk, 0, 125),
        (levels.pressure_risk, 6, 23),
        (levels.pain_level, 0, 10),
        (levels.mood_level_30, 0, 30),
        (levels.mood_level_15, 0, 15),
        (ability.preliminary_2022, 0, 90),
        (ability.adl_2013, 0, 100),
        (ability.mental_2013, 0, 6),
        (ability.social_2013, 0, 20),
    ],
)
def test_a_total_outside_the_scale_is_refused(rule, low, high) -> None:  # type: ignore[no-untyped-def]
    rule(low)
    rule(high)
    for outside in (low - 1, high + 1):
        with pytest.raises(ValueError):
            rule(outside)


# -- GB/T 42195-2022 ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "level"),
    [
        (90, 0),
        (89, 1),
        (66, 1),
        (65, 2),
        (46, 2),
        (45, 3),
        (30, 3),
        (29, 4),
        (0, 4),
    ],
)
def test_preliminary_level_of_2022(total: int, level: int) -> None:
    assert ability.preliminary_2022(total) == level


@pytest.mark.parametrize(
    ("preliminary", "facts", "final"),
    [
        (0, Circumstances(), 0),
        (0, Circumstances(events=1), 0),
        (0, Circumstances(events=2), 1),
        (0, Circumstances(events=3), 1),
        (1, Circumstances(dementia=True), 2),
        (2, Circumstances(psychiatric=True), 3),
        # Once, not once a reason.
        (1, Circumstances(dementia=True, psychiatric=True, events=4), 2),
        (4, Circumstances(dementia=True), 4),
        (0, Circumstances(coma=True), 4),
        (1, Circumstances(coma=True, dementia=True), 4),
    ],
)
def test_the_final_level_of_2022(preliminary: int, facts: Circumstances, final: int) -> None:
    assert ability.final_2022(preliminary, facts) == final


# -- MZ/T 039-2013 -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "level"),
    [(100, 0), (95, 1), (65, 1), (60, 2), (45, 2), (40, 3), (0, 3)],
)
def test_daily_living_of_2013(total: int, level: int) -> None:
    assert ability.adl_2013(total) == level


def test_daily_living_of_2013_takes_no_total_between_the_steps() -> None:
    with pytest.raises(ValueError):
        ability.adl_2013(63)


@pytest.mark.parametrize(("total", "level"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3)])
def test_mental_state_of_2013(total: int, level: int) -> None:
    assert ability.mental_2013(total) == level


@pytest.mark.parametrize(
    ("total", "level"),
    [(0, 0), (2, 0), (3, 1), (7, 1), (8, 2), (13, 2), (14, 3), (20, 3)],
)
def test_social_participation_of_2013(total: int, level: int) -> None:
    assert ability.social_2013(total) == level


@pytest.mark.parametrize(
    ("senses", "level"),
    [
        ((0, 0, 0, 0), 0),
        ((0, 1, 1, 0), 0),
        ((0, 2, 0, 0), 1),
        ((0, 0, 2, 0), 1),
        ((0, 0, 0, 1), 1),
        ((0, 3, 0, 0), 2),
        ((0, 0, 3, 1), 2),
        ((0, 0, 0, 2), 2),
        ((1, 0, 0, 0), 2),
        ((1, 3, 3, 2), 2),
        ((0, 4, 0, 0), 3),
        ((1, 0, 4, 0), 3),
        ((0, 0, 0, 3), 3),
        ((2, 0, 0, 0), 3),
        ((3, 0, 0, 0), 3),
    ],
)
def test_senses_of_2013(senses: tuple[int, int, int, int], level: int) -> None:
    assert ability.senses_2013(*senses) == level


@pytest.mark.parametrize(
    ("parts", "level", "certain"),
    [
        (Parts2013(0, 0, 0, 0), 0, True),
        (Parts2013(0, 0, 0, 1), 0, True),
        (Parts2013(0, 0, 0, 2), 1, True),
        (Parts2013(0, 1, 0, 0), 1, True),
        (Parts2013(0, 0, 3, 3), 1, True),
        (Parts2013(1, 0, 2, 2), 1, True),
        (Parts2013(1, 2, 2, 2), 2, True),
        (Parts2013(1, 3, 2, 2), 2, True),
        # Both the rules of level 1 and of level 2 match: the higher one.
        (Parts2013(1, 3, 0, 0), 2, True),
        (Parts2013(2, 1, 0, 0), 2, True),
        (Parts2013(2, 1, 2, 0), 2, True),
        (Parts2013(2, 2, 2, 2), 3, True),
        (Parts2013(2, 3, 0, 0), 3, True),
        (Parts2013(2, 1, 2, 3), 3, True),
        (Parts2013(3, 0, 0, 0), 3, True),
        # The gaps that the published rules leave: the level of daily living, and a person.
        (Parts2013(2, 0, 0, 0), 2, False),
        (Parts2013(2, 1, 1, 1), 2, False),
        (Parts2013(0, 0, 0, 3), 0, False),
    ],
)
def test_the_level_of_2013(parts: Parts2013, level: int, certain: bool) -> None:
    assert ability.preliminary_2013(parts) == (level, certain)


@pytest.mark.parametrize(
    ("preliminary", "facts", "final"),
    [
        (0, Circumstances(), 0),
        (1, Circumstances(events=1), 1),
        (1, Circumstances(events=2), 2),
        (2, Circumstances(dementia=True, psychiatric=True), 3),
        (3, Circumstances(dementia=True), 3),
        (0, Circumstances(coma=True), 3),
    ],
)
def test_the_final_level_of_2013(preliminary: int, facts: Circumstances, final: int) -> None:
    assert ability.final_2013(preliminary, facts) == final
