"""The paper of a scale: all that the screen asks, nothing ticked, blank or with one identity."""

from __future__ import annotations

from datetime import date

import pytest

from app.care.assessments.questionnaire import CURRENT, questionnaire
from app.care.paper.scale_sheet import blank_scale, blocks_of, scale_for
from app.errors import NotFound
from app.models.actor import Actor
from app.models.store import Store
from tests.care.contracts.samples import add_resident
from tests.care.resident_record.test_merging import merge

NUMBER = "341599195001010018"


@pytest.mark.parametrize("scale", list(CURRENT))
def test_every_question_and_answer_is_on_the_paper_and_none_is_ticked(scale: str) -> None:
    form = questionnaire(scale)
    document = blank_scale(scale)
    paper = document.text.replace("\u00a0", " ")
    rows = [row for _, part in blocks_of(form) for row in part]
    for at, (question, (number, words, answers)) in enumerate(
        zip(form.questions, rows, strict=True), start=1
    ):
        # The number of the official print stands before the question, not in it.
        asked = question.words.zh.removeprefix(f"（{number}）")
        assert words.startswith(asked)
        assert asked in paper
        if asked == question.words.zh:
            assert number == str(at)
        assert answers.count("□") == len(question.options)
        for option in question.options:
            assert option.words.zh in paper
        if not question.options:
            assert "____" in answers
    assert "☑" not in paper
    assert "■" not in paper
    # A form that names nobody is not noted.
    assert document.about.persons == 0


@pytest.mark.parametrize(("whole", "number"), [(False, "341599********0018"), (True, NUMBER)])
def test_with_a_name_and_a_masked_number(
    store: Store, actor: Actor, whole: bool, number: str
) -> None:
    who = add_resident(
        store, actor, "张三", id_no=NUMBER, birth_date=date(1950, 1, 1), village="白塔村"
    )
    document = scale_for(store, actor, "barthel", who, whole_id=whole)
    assert (document.about.persons, document.about.record_id) == (1, who)
    assert document.about.whole_ids is whole
    for words in ("张三", number, "白塔村", "76"):
        assert words in document.text


def test_of_a_merged_record_the_one_that_goes_on(store: Store, actor: Actor) -> None:
    first, second = add_resident(store, actor, "张三"), add_resident(store, actor, "张山")
    merge(store, actor, second, first)
    assert scale_for(store, actor, "morse", second).about.record_id == first
    with pytest.raises(NotFound):
        scale_for(store, actor, "morse", "0" * 36)
