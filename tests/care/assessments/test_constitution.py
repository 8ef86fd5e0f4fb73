"""The nine constitutions of the 33 questions: every threshold, the vector, ties and gaps."""

from __future__ import annotations

import pytest

from app.care.assessments.constitution import (
    BALANCED,
    BIASED,
    balanced_result,
    biased_result,
    constitution,
)
from app.care.assessments.levels import CutOffs


def answers_of(**given: int) -> list[int]:
    """All 1, but ``q5=3``."""
    return [given.get(f"q{number}", 1) for number in range(1, 34)]


@pytest.mark.parametrize(
    ("score", "result"),
    [(4, "no"), (8, "no"), (9, "tends"), (10, "tends"), (11, "yes"), (12, "yes"), (20, "yes")],
)
def test_a_biased_constitution(score: int, result: str) -> None:
    assert biased_result(score) == result


@pytest.mark.parametrize(
    ("score", "highest", "result", "older"),
    [
        (16, 4, "no", "no"),
        (17, 7, "yes", "yes"),
        (17, 8, "yes", "basically"),
        (18, 8, "yes", "basically"),
        (17, 9, "basically", "basically"),
        (17, 10, "basically", "no"),
        (25, 11, "no", "no"),
    ],
)
def test_the_balanced_constitution(score: int, highest: int, result: str, older: str) -> None:
    assert balanced_result(score, highest) == result
    assert balanced_result(score, highest, CutOffs(constitution_below=True)) == older


def test_all_1_but_the_first_5_is_balanced() -> None:
    found = constitution(answers_of(q1=5))
    assert found.scores[BALANCED] == 25
    assert {found.scores[name] for name in BIASED} == {4}
    assert found.results[BALANCED] == "yes"
    assert {found.results[name] for name in BIASED} == {"no"}
    assert (found.main, found.ask) == ("pinghe", False)


@pytest.mark.parametrize("name", sorted(BIASED))
def test_each_biased_constitution_is_made_of_its_own_questions(name: str) -> None:
    found = constitution(answers_of(**{f"q{number}": 5 for number in BIASED[name]}))
    assert found.scores[name] == 20
    assert found.results[name] == "yes"
    others = {other: found.scores[other] for other in BIASED if other != name}
    assert set(others.values()) == {4}
    assert (found.main, found.ask) == (name, False)


def test_every_question_belongs_to_exactly_one_biased_constitution_but_the_first() -> None:
    used = sorted(number for numbers in BIASED.values() for number in numbers)
    assert used == list(range(2, 34))


@pytest.mark.parametrize("number", [2, 4, 5, 13])
def test_the_balanced_score_counts_four_questions_the_other_way(number: int) -> None:
    assert constitution(answers_of(q1=5, **{f"q{number}": 4})).scores[BALANCED] == 22


def test_several_may_stand_together_and_the_highest_is_the_main_one() -> None:
    found = constitution(answers_of(q5=3, q6=3, q7=3, q8=3, q23=4, q25=4, q27=4, q30=4))
    assert found.results["qiyu"] == found.results["shire"] == "yes"
    assert (found.main, found.ask) == ("shire", False)


def test_a_tie_is_for_a_doctor() -> None:
    found = constitution(answers_of(q5=3, q6=3, q7=3, q8=3, q23=3, q25=3, q27=3, q30=3))
    assert found.scores["qiyu"] == found.scores["shire"] == 12
    assert found.ask


def test_yin_and_yang_deficiency_together_are_for_a_doctor() -> None:
    cold = {f"q{n}": 4 for n in BIASED["yangxu"]}
    dry = {f"q{n}": 5 for n in BIASED["yinxu"]}
    found = constitution(answers_of(**cold, **dry))
    assert found.results["yangxu"] == found.results["yinxu"] == "yes"
    assert (found.main, found.ask) == ("yinxu", True)


def test_a_tendency_is_the_main_one_where_nothing_else_stands() -> None:
    # Little energy keeps the balanced score under 17; 9 points tend.
    found = constitution(answers_of(q1=1, q2=4, q3=2, q4=2, q5=4, q13=3))
    assert found.results[BALANCED] == "no"
    assert found.results["qixu"] == "tends"
    assert (found.main, found.ask) == ("qixu", False)


def test_no_constitution_at_all() -> None:
    found = constitution(answers_of(q1=1, q2=3, q5=3, q4=3, q13=3))
    assert found.scores[BALANCED] == 13
    assert max(found.scores[name] for name in BIASED) <= 8
    assert set(found.results.values()) == {"no"}
    assert (found.main, found.ask) == (None, False)


@pytest.mark.parametrize("answers", [[1] * 32, [1] * 34, [0] + [1] * 32, [6] + [1] * 32])
def test_an_unfinished_or_impossible_paper_has_no_constitution(answers: list[int]) -> None:
    with pytest.raises(ValueError):
        constitution(answers)
