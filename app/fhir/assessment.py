"""Assessment by a scale <-> QuestionnaireResponse; its total and level as an Observation.

``questionnaire`` names the scale and the version (``resources/questionnaires``). The
Observation says the result again for readers who do not know the form: the total, the level in
words, the scores of the items that have a LOINC code or of the parts of the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from app.care.assessments.levels import LEVEL_LISTS
from app.care.assessments.questionnaire import MULTIPLE, Question, Questionnaire, find
from app.fhir.codec import ID, Json, coding, fit, fit_code, id_of, plain_value, reference
from app.fhir.common import (
    WireContext,
    extensions_by_url,
    finish,
    frame,
    put_if,
    reference_or_none,
    restore,
    tags,
    text_or_none,
)
from app.fhir.faults import FormatError
from app.fhir.fields import date_text
from app.fhir.uris import ASSESSMENT_FORM, CODE, LOINC, OBSERVATION_CATEGORY, UCUM, X
from app.models import codes
from app.models.identity import companion_id
from app.models.records import Record

KIND = "assessment"
TYPE = "QuestionnaireResponse"
FORM = ASSESSMENT_FORM

_STATUS = {"final": "completed", "amended": "amended", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}
_RESULT_STATUS = {
    "final": "final",
    "amended": "amended",
    "entered_in_error": "entered-in-error",
}
_SCALE = re.compile(r"[a-z0-9_]+\Z")
#: An item with several answers stays a list although only one was given.
_SEVERAL = X + "several"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The filled-in questionnaire, then its result."""
    response = frame(TYPE, record)
    scale, version = record["scale"], record["form_version"]
    canonical = f"{FORM}:{scale}" if _SCALE.match(scale) else FORM
    if fit_code(version) and "|" not in version and " " not in version:
        canonical = f"{canonical}|{version}"
    response["questionnaire"] = canonical
    response["status"] = _STATUS.get(record["status"], "completed")
    response["subject"] = reference("Patient", record["resident_id"])
    response["authored"] = record["created_at"]
    if ID.match(record["author_id"]):
        response["author"] = context.person(record["author_id"])
    form = find(scale, version)
    answers = record.get("answers") or {}
    put_if(response, "item", _known_items(form, answers) if form else _plain_items(answers))
    resources = [finish(KIND, record, response, _placed)]
    if form is not None:
        resources.append(_result(record, form, context))
    return resources


def _known_items(form: Questionnaire, answers: dict[str, Any]) -> list[Json]:
    """The answers in the order of the paper, each part of the form one item."""
    items: list[Json] = []
    for question in form.questions:
        if question.link_id not in answers:
            continue
        item = _item(question.link_id, answers[question.link_id], question, form.url)
        if item is None:
            continue
        if not question.group:
            items.append(item)
            continue
        if not items or items[-1]["linkId"] != question.group:
            text = form.groups[question.group].zh
            items.append({"linkId": question.group, "text": text, "item": []})
        items[-1]["item"].append(item)
    return items


def _plain_items(answers: dict[str, Any]) -> list[Json]:
    """Answers to a questionnaire that this program does not know."""
    found = (_item(name, value) for name, value in answers.items() if fit(name))
    return [item for item in found if item is not None]


def _item(
    link_id: str, value: Any, question: Question | None = None, system: str = ""
) -> Json | None:
    """One item; None where FHIR has no answer for the value (then the extension holds all)."""
    several = isinstance(value, list)
    if several and not value:
        return None
    answers = [_answer(each, question, system) for each in (value if several else [value])]
    if any(answer is None for answer in answers):
        return None
    item: Json = {"linkId": link_id}
    if question is not None:
        item["text"] = question.words.zh
    item["answer"] = answers
    if several and (question is None or question.kind == MULTIPLE):
        item["extension"] = [{"url": _SEVERAL, "valueBoolean": True}]
    return item


def _answer(value: Any, question: Question | None, system: str) -> Json | None:
    if isinstance(value, str) and question is not None:
        option = question.option(value)
        if option is not None:
            known = {"system": system, "code": option.code, "display": option.words.zh}
            return {"valueCoding": known}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return {"valueInteger": value}
    if isinstance(value, float):
        return {"valueDecimal": value}
    if isinstance(value, str) and fit(value):
        return {"valueString": value}
    return None


def _placed(resource: Json) -> Record:
    canonical, _, version = resource["questionnaire"].partition("|")
    record: Record = {
        "scale": canonical.removeprefix(FORM + ":") if canonical != FORM else None,
        "form_version": version or None,
        "resident_id": id_of(resource["subject"], "Patient"),
        "status": _MEANING.get(resource["status"]),
        "answers": dict(_given(resource.get("item") or ())),
    }
    if "authored" in resource:
        record["created_at"] = resource["authored"]
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    return record


def _given(items: Any) -> Iterator[tuple[str, Any]]:
    for item in items:
        if "item" in item:
            yield from _given(item["item"])
        if "answer" not in item:
            continue
        values = [_value(answer) for answer in item["answer"]]
        several = len(values) != 1 or _SEVERAL in extensions_by_url(item)
        yield item["linkId"], values if several else values[0]


def _value(answer: Json) -> Any:
    if "valueCoding" in answer:
        code: Any = answer["valueCoding"]["code"]
        return code
    for name, content in answer.items():
        if name.startswith("value"):
            return plain_value(name, content)
    raise FormatError("answer")


def _result(record: Record, form: Questionnaire, context: WireContext) -> Json:
    """The total and the level as an Observation that names its questionnaire."""
    own = coding("assessment_scale", record["scale"])
    codings = [{"system": LOINC, "code": form.loinc}] if form.loinc else []
    result: Json = {
        "resourceType": "Observation",
        "id": companion_id(record["id"], "result"),
        "meta": {"tag": tags(record)},
        "status": _RESULT_STATUS.get(record["status"], "final"),
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": "survey"}]}],
        "code": {"coding": [*codings, *([own] if own else [])], "text": form.title.zh},
        "subject": reference("Patient", record["resident_id"]),
        "effectiveDateTime": date_text(record["assessed_on"]),
    }
    performer = reference_or_none(
        "Practitioner", record["performer_id"], text_or_none(record["performer_name"])
    )
    put_if(result, "performer", [performer] if performer else None)
    level = record.get("level")
    said = coding(LEVEL_LISTS[record["scale"]], level) if isinstance(level, str) else None
    total = record.get("total")
    if isinstance(total, int | float) and not isinstance(total, bool):
        result["valueQuantity"] = _points(total)
        put_if(result, "interpretation", [{"coding": [said]}] if said else None)
    elif said:
        result["valueCodeableConcept"] = {"coding": [said]}
    result["derivedFrom"] = [reference(TYPE, record["id"])]
    put_if(result, "component", [*_item_scores(record, form), *_part_scores(record, form)])
    return result


def _points(value: float) -> Json:
    return {"value": value, "unit": "分", "system": UCUM, "code": "{score}"}


def _item_scores(record: Record, form: Questionnaire) -> Iterator[Json]:
    answers = record.get("answers") or {}
    for question in form.questions:
        option = question.option(answers.get(question.link_id))
        if question.loinc and option is not None and option.weight is not None:
            code = {"system": LOINC, "code": question.loinc}
            yield {
                "code": {"coding": [code], "text": question.words.zh},
                "valueQuantity": _points(option.weight),
            }


def _part_scores(record: Record, form: Questionnaire) -> Iterator[Json]:
    details = record.get("details") or {}
    subtotals, results = details.get("subtotals"), details.get("results")
    for name, score in (subtotals if isinstance(subtotals, dict) else {}).items():
        known = codes.entry("constitution", name)
        text = form.groups[name].zh if name in form.groups else known.zh if known else None
        if text is None or isinstance(score, bool) or not isinstance(score, int | float):
            continue
        part: Json = {
            "code": {"coding": [{"system": CODE + record["scale"], "code": name}], "text": text},
            "valueQuantity": _points(score),
        }
        found = results.get(name) if isinstance(results, dict) else None
        said = coding("constitution_result", found) if isinstance(found, str) else None
        put_if(part, "interpretation", [{"coding": [said]}] if said else None)
        yield part


def from_resource(resource: Json) -> Record:
    """The whole assessment."""
    return restore(KIND, resource, _placed)
