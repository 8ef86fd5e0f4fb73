"""The engine: what counts comes from the questionnaire, and nothing is said too early."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.assessments.levels import LEVEL_LISTS, CutOffs
from app.care.assessments.outcome import RULE_VERSIONS, outcome
from app.care.assessments.questionnaire import (
    CURRENT,
    MULTIPLE,
    NUMBER,
    TEXT,
    Question,
    find,
    questionnaire,
)
from app.models import codes
from tests.care.assessments.samples import answers_with_total, best


@pytest.mark.parametrize(
    ("scale", "questions", "most"),
    [
        ("self_care", 5, 37),
        ("barthel", 10, 100),
        ("morse", 6, 125),
        ("braden", 6, 23),
        ("ability_2022", 26, 90),
        ("tcm33", 33, 165),
    ],
)
def test_the_questions_that_count_and_the_highest_total(
    scale: str, questions: int, most: float
) -> None:
    scored = [each for each in questionnaire(scale).questions if each.scored]
    assert len(scored) == questions
    assert sum(each.most for each in scored) == most


def test_the_parts_of_the_ability_of_2022_have_the_maxima_of_the_standard() -> None:
    form = questionnaire("ability_2022")
    most = {part: sum(each.most for each in form.of_group(part)) for part in form.groups}
    assert {part: most[part] for part in ("B1", "B2", "B3", "B4")} == {
        "B1": 32,
        "B2": 15,
        "B3": 28,
        "B4": 15,
    }


@pytest.mark.parametrize("scale", sorted(CURRENT))
def test_every_form_is_complete_in_both_languages_and_has_its_rule(scale: str) -> None:
    form = questionnaire(scale)
    assert scale in RULE_VERSIONS
    assert codes.is_known("assessment_scale", scale)
    assert codes.entries(LEVEL_LISTS[scale])
    assert len({each.link_id for each in form.questions}) == len(form.questions)
    for each in form.questions:
        for words in (each.words, *(option.words for option in each.options)):
            assert words.zh
            assert words.en
        # One digit chooses, so that no key has to wait for a second one.
        assert all(len(o.code) == 1 and o.code.isdigit() for o in each.options)


def test_the_items_of_barthel_bear_their_loinc_codes() -> None:
    assert [each.loinc for each in questionnaire("barthel").questions] == [
        *("83184-2", "83181-8", "96767-9", "83182-6", "96759-6"),
        *("96760-4", "83183-4", "83185-9", "83186-7", "96758-8"),
    ]
    assert questionnaire("barthel").loinc == "96761-2"


@pytest.mark.parametrize("scale", sorted(CURRENT))
def test_nothing_is_said_of_a_blank_form(scale: str) -> None:
    found = outcome(questionnaire(scale), {})
    assert (found.answered, found.total, found.level) == (0, None, None)
    assert not found.complete


@pytest.mark.parametrize("scale", sorted(CURRENT))
def test_one_missing_answer_keeps_the_level_back(scale: str) -> None:
    form = questionnaire(scale)
    whole = best(scale)
    assert outcome(form, whole).complete
    for each in form.questions:
        if each.required:
            found = outcome(form, {k: v for k, v in whole.items() if k != each.link_id})
            assert found.missing == (each.link_id,)
            assert found.level is None


@pytest.mark.parametrize(
    ("scale", "total", "level"),
    [
        ("self_care", 3, "1"),
        ("self_care", 4, "2"),
        ("self_care", 8, "2"),
        ("self_care", 9, "3"),
        ("self_care", 18, "3"),
        ("self_care", 19, "4"),
        ("barthel", 100, "none"),
        ("barthel", 95, "mild"),
        ("barthel", 65, "mild"),
        ("barthel", 60, "moderate"),
        ("barthel", 45, "moderate"),
        ("barthel", 40, "severe"),
        ("morse", 20, "low"),
        ("morse", 25, "medium"),
        ("morse", 40, "medium"),
        ("morse", 45, "high"),
        ("braden", 9, "very_high"),
        ("braden", 10, "high"),
        ("braden", 12, "high"),
        ("braden", 13, "moderate"),
        ("braden", 14, "moderate"),
        ("braden", 15, "mild"),
        ("braden", 18, "mild"),
        ("braden", 19, "none"),
        ("ability_2022", 90, "0"),
        ("ability_2022", 89, "1"),
        ("ability_2022", 66, "1"),
        ("ability_2022", 65, "2"),
        ("ability_2022", 46, "2"),
        ("ability_2022", 45, "3"),
        ("ability_2022", 30, "3"),
        ("ability_2022", 29, "4"),
    ],
)
def test_answers_add_up_to_the_level(scale: str, total: float, level: str) -> None:
    found = outcome(questionnaire(scale), answers_with_total(scale, total))
    assert (found.total, found.level, found.preliminary) == (total, level, level)
    assert found.adjustments == ()


@pytest.mark.parametrize(
    ("given", "preliminary", "level", "why"),
    [
        ({}, "1", "1", ()),
        ({"fall": "1"}, "1", "1", ()),
        ({"fall": "1", "choking": "1"}, "1", "2", ("events",)),
        ({"fall": "3"}, "1", "2", ("events",)),
        ({"dementia": "2"}, "1", "2", ("dementia",)),
        (
            {"dementia": "2", "psychiatric": "2", "wandering": "2"},
            "1",
            "2",
            ("dementia", "psychiatric", "events"),
        ),
        ({"coma": "2", "dementia": "2"}, "1", "4", ("coma",)),
    ],
)
def test_both_levels_of_2022_are_kept(
    given: dict[str, str], preliminary: str, level: str, why: tuple[str, ...]
) -> None:
    answers = {**answers_with_total("ability_2022", 89), **given}
    found = outcome(questionnaire("ability_2022"), answers)
    assert (found.total, found.preliminary, found.level) == (89, preliminary, level)
    assert found.adjustments == why


def test_the_old_standard_asks_where_its_rules_leave_a_gap() -> None:
    form = questionnaire("ability_2013")
    found = outcome(form, {**best("ability_2013"), "adl": 50})
    assert found.subtotals == {"ADL": 2, "MENTAL": 0, "SENSES": 0, "SOCIAL": 0}
    assert (found.level, found.ask, found.total) == ("2", True, None)
    sure = outcome(form, {**best("ability_2013"), "adl": 50, "cognition": "1"})
    assert (sure.level, sure.ask) == ("2", False)
    worse = outcome(form, {**best("ability_2013"), "consciousness": "3"})
    assert (worse.preliminary, worse.level, worse.adjustments) == ("1", "3", ("coma",))


def test_a_barthel_total_between_the_steps_is_no_answer() -> None:
    form = questionnaire("ability_2013")
    assert outcome(form, {**best("ability_2013"), "adl": 63}).missing == ("adl",)


@pytest.mark.parametrize(
    ("scale", "answers", "level"),
    [
        ("nrs_pain", {"pain": 0}, "none"),
        ("nrs_pain", {"pain": 7, "site": "左膝"}, "severe"),
        ("mmse", {"total": 20, "education": "2"}, "impaired"),
        ("mmse", {"total": 21, "education": "2"}, "normal"),
        ("gds30", {"total": 11}, "mild"),
        ("gds15", {"total": 5}, "suspicious"),
    ],
)
def test_totals_that_are_typed(scale: str, answers: dict[str, Any], level: str) -> None:
    found = outcome(questionnaire(scale), answers)
    assert found.level == level
    assert found.total == next(v for v in answers.values() if isinstance(v, int))


@pytest.mark.parametrize("wrong", [-1, 11, 3.5, "3", True])
def test_a_number_outside_its_limits_is_no_answer(wrong: object) -> None:
    assert outcome(questionnaire("nrs_pain"), {"pain": wrong}).missing == ("pain",)


def test_the_33_questions_give_nine_results() -> None:
    answers = {f"q{n}": "5" if n == 1 else "1" for n in range(1, 34)}
    found = outcome(questionnaire("tcm33"), answers)
    assert found.subtotals["pinghe"] == 25
    assert len(found.results) == 9
    assert found.results["pinghe"] == "yes"
    assert (found.level, found.total) == ("pinghe", None)


def test_conventions_of_the_county_count() -> None:
    answers = answers_with_total("barthel", 20)
    five = CutOffs(barthel_bands="five")
    assert outcome(questionnaire("barthel"), answers).level == "severe"
    assert outcome(questionnaire("barthel"), answers, five).level == "total"


def test_a_form_of_another_version_is_not_known() -> None:
    assert find("barthel", "WST-431-2099") is None
    assert find("no_such_scale", "1") is None
    assert find("barthel", "../../codes/sex") is None
    with pytest.raises(KeyError):
        questionnaire("barthel", "WST-431-2099")


def _answer(question: Question) -> st.SearchStrategy[Any]:
    chosen = st.sampled_from([each.code for each in question.options] or [""])
    good: st.SearchStrategy[Any] = {
        MULTIPLE: st.lists(chosen, max_size=3),
        NUMBER: st.integers(-5, 110),
        TEXT: st.text(max_size=5),
    }.get(question.kind, chosen)
    return st.one_of(good, st.sampled_from([None, "", "9", [], 5, "x"]))


@pytest.mark.parametrize("scale", sorted(CURRENT))
@given(data=st.data())
def test_whatever_is_answered_there_is_an_outcome(scale: str, data: st.DataObject) -> None:
    form = questionnaire(scale)
    answers = {each.link_id: data.draw(_answer(each)) for each in form.questions}
    found = outcome(form, answers)
    assert found.answered + len(found.missing) == found.required
    if not found.complete:
        assert found.level is None
    elif scale != "tcm33":
        assert codes.is_known(LEVEL_LISTS[scale], found.level or "")
