"""Assessments on the wire: real coded answers, one result Observation, exact for every scale."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.assessments.outcome import outcome
from app.care.assessments.questionnaire import (
    CURRENT,
    MULTIPLE,
    NUMBER,
    TEXT,
    Question,
    questionnaire,
)
from app.fhir import mapping
from app.fhir.common import WireContext
from tests.fhir.samples import sample
from tests.fhir.test_round_trip import check_record

CONTEXT = WireContext()
ANSWERS_AS_EXTENSION = "urn:township-care:x:answers"


def record_of(scale: str, answers: dict[str, Any]) -> dict[str, Any]:
    found = outcome(questionnaire(scale), answers)
    return {
        **sample("assessment"),
        "scale": scale,
        "form_version": CURRENT[scale],
        "answers": answers,
        "total": found.total,
        "level": found.level,
        "preliminary_level": found.preliminary,
        "details": {"subtotals": dict(found.subtotals), "results": dict(found.results)},
    }


def _answer(question: Question) -> st.SearchStrategy[Any]:
    code = st.sampled_from([each.code for each in question.options] or ["1"])
    if question.kind == NUMBER:
        return st.integers(question.low or 0, question.high or 10)
    if question.kind == TEXT:
        return st.sampled_from(["左膝", "脑梗死后遗症；高血压", "a<b"])
    return st.lists(code, min_size=1, max_size=3) if question.kind == MULTIPLE else code


@pytest.mark.parametrize("scale", sorted(CURRENT))
@settings(max_examples=12)
@given(data=st.data())
def test_every_answer_of_every_scale_comes_back_and_is_an_item(
    scale: str, data: st.DataObject
) -> None:
    answers = {
        each.link_id: data.draw(_answer(each))
        for each in questionnaire(scale).questions
        if each.required or data.draw(st.booleans())
    }
    if scale == "ability_2013":
        answers["adl"] -= answers["adl"] % 5
    record = record_of(scale, answers)
    check_record("assessment", record)
    primary = mapping.to_resources("assessment", record, CONTEXT)[0]
    assert ANSWERS_AS_EXTENSION not in {each["url"] for each in primary["extension"]}


def barthel() -> tuple[dict[str, Any], dict[str, Any]]:
    response, result = mapping.to_resources("assessment", sample("assessment"), CONTEXT)
    return response, result


def test_a_barthel_index_is_read_without_knowing_this_program() -> None:
    response, result = barthel()
    assert response["questionnaire"] == "urn:township-care:questionnaire:barthel|WST-431-2013"
    assert response["status"] == "completed"
    assert response["item"][0] == {
        "linkId": "feeding",
        "text": "进食",
        "answer": [
            {
                "valueCoding": {
                    "system": "urn:township-care:questionnaire:barthel",
                    "code": "1",
                    "display": "可独立完成",
                }
            }
        ],
    }
    assert result["resourceType"] == "Observation"
    assert result["code"]["coding"][0] == {"system": "http://loinc.org", "code": "96761-2"}
    assert result["valueQuantity"] == {
        "value": 60.0,
        "unit": "分",
        "system": "http://unitsofmeasure.org",
        "code": "{score}",
    }
    assert result["interpretation"][0]["coding"][0]["display"] == "中度依赖"
    assert result["effectiveDateTime"] == "2026-03-02"
    assert result["derivedFrom"] == [{"reference": f"QuestionnaireResponse/{response['id']}"}]
    scores = {
        each["code"]["coding"][0]["code"]: each["valueQuantity"]["value"]
        for each in result["component"]
    }
    assert scores == {
        "83184-2": 10,
        "83181-8": 0,
        "96767-9": 5,
        "83182-6": 5,
        "96759-6": 10,
        "96760-4": 10,
        "83183-4": 5,
        "83185-9": 10,
        "83186-7": 5,
        "96758-8": 0,
    }
    assert sum(scores.values()) == 60


@pytest.mark.parametrize(
    ("scale", "loinc"),
    [
        ("barthel", "96761-2"),
        ("morse", "59460-6"),
        ("braden", "38227-5"),
        ("nrs_pain", "72514-3"),
        ("mmse", "72106-8"),
        ("self_care", None),
        ("tcm33", None),
        ("ability_2022", None),
    ],
)
def test_scales_with_a_loinc_code_bear_it_and_all_bear_our_own(
    scale: str, loinc: str | None
) -> None:
    record = {**sample("assessment"), "scale": scale, "form_version": CURRENT[scale]}
    codings = mapping.to_resources("assessment", record, CONTEXT)[1]["code"]["coding"]
    own = {"system": "urn:township-care:code:assessment_scale", "code": scale}
    assert own.items() <= codings[-1].items()
    assert [each["code"] for each in codings[:-1]] == ([loinc] if loinc else [])


def test_the_nine_constitutions_are_components() -> None:
    answers = {f"q{n}": "5" if n == 1 else "1" for n in range(1, 34)}
    result = mapping.to_resources("assessment", record_of("tcm33", answers), CONTEXT)[1]
    said = {
        part["code"]["text"]: (
            part["valueQuantity"]["value"],
            part["interpretation"][0]["coding"][0]["code"],
        )
        for part in result["component"]
    }
    assert len(said) == 9
    assert said["平和质"] == (25, "yes")
    assert said["气虚质"] == (4, "no")
    assert result["valueCodeableConcept"]["coding"][0]["code"] == "pinghe"


def test_parts_of_the_paper_are_groups() -> None:
    record = record_of("ability_2022", {"reason": "1", "eating": "4", "bathing": "2", "time": "3"})
    items = mapping.to_resources("assessment", record, CONTEXT)[0]["item"]
    assert [each["linkId"] for each in items] == ["A", "B1", "B3"]
    assert [each["linkId"] for each in items[1]["item"]] == ["eating", "bathing"]


@pytest.mark.parametrize(
    ("status", "response", "observation"),
    [
        ("final", "completed", "final"),
        ("amended", "amended", "amended"),
        ("entered_in_error", "entered-in-error", "entered-in-error"),
    ],
)
def test_a_voided_assessment_voids_its_result(status: str, response: str, observation: str) -> None:
    record = {**sample("assessment"), "status": status}
    both = mapping.to_resources("assessment", record, CONTEXT)
    assert [each["status"] for each in both] == [response, observation]


def test_a_scale_of_a_newer_program_is_kept_whole_and_said_without_a_result() -> None:
    record = {
        **sample("assessment"),
        "scale": "frailty_2030",
        "form_version": "V9",
        "answers": {"a": "1", "b": 3, "c": ["x"], "d": True, "e": 2.5},
    }
    check_record("assessment", record)
    resources = mapping.to_resources("assessment", record, CONTEXT)
    assert [each["resourceType"] for each in resources] == ["QuestionnaireResponse"]
    assert mapping.kind_of(resources[0]) == "assessment"
