"""What a stranger reads of a health check: vital signs, tests, what was not done."""

from __future__ import annotations

from typing import Any

from app.fhir import mapping
from app.fhir.common import WireContext
from app.models.identity import companion_id
from tests.fhir.samples import id_of, sample


def resources(**changes: Any) -> list[dict[str, Any]]:
    return mapping.to_resources("health_check", sample("health_check") | changes, WireContext())


def by_role(found: list[dict[str, Any]], role: str) -> dict[str, Any]:
    wanted = companion_id(sample("health_check")["id"], role)
    return next(each for each in found if each["id"] == wanted)


def items(form: dict[str, Any]) -> dict[str, dict[str, Any]]:
    inside = [each for top in form["item"] for each in (top, *top.get("item", ()))]
    return {each["linkId"]: each for each in inside}


def test_each_arm_is_a_panel_of_its_own() -> None:
    found = resources()
    left, right = by_role(found, "pressure_left"), by_role(found, "pressure_right")
    assert left["bodySite"]["text"] == "左上臂"
    assert right["bodySite"]["text"] == "右上臂"
    values = [
        (part["code"]["coding"][0]["code"], part["valueQuantity"]["value"])
        for part in right["component"]
    ]
    assert values == [("8480-6", 156), ("8462-4", 90)]
    assert left["code"]["coding"][0]["code"] == "85354-9"


def test_tests_have_their_codes_and_units() -> None:
    found = resources()
    glucose = by_role(found, "fpg")
    assert glucose["code"]["coding"][0]["code"] == "14771-0"
    assert glucose["valueQuantity"] == {
        "value": 8.2,
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
    }
    assert glucose["category"][0]["coding"][0]["code"] == "laboratory"
    creatinine = by_role(found, "creatinine")
    assert creatinine["valueQuantity"]["code"] == "umol/L"
    assert by_role(found, "weight")["category"][0]["coding"][0]["code"] == "vital-signs"


def test_not_done_is_said_and_blank_is_not() -> None:
    found = resources()
    missing = by_role(found, "hba1c")
    codings = missing["dataAbsentReason"]["coding"]
    assert [each["code"] for each in codings] == ["not-performed", "1"]
    ids = {each["id"] for each in found}
    assert companion_id(sample("health_check")["id"], "ldl") not in ids


def test_the_form_is_read_without_this_program() -> None:
    form = resources()[0]
    assert form["questionnaire"] == "urn:township-care:form:health-check|NBPHS-2017-2025"
    found = items(form)
    symptoms = found["symptoms"]["answer"]
    assert [each["valueCoding"]["display"] for each in symptoms] == ["头痛", "其他"]
    assert found["symptoms_text"]["answer"] == [{"valueString": "夜间腿抽筋"}]
    assert found["sbp_left"]["text"] == "血压 左侧 收缩压"
    assert found["section.general"]["text"] == "一般状况"
    scale = found["assessments.self_care"]["answer"][0]["valueReference"]
    assert scale == {"reference": f"QuestionnaireResponse/{id_of('assessment')}"}
    assert ("QuestionnaireResponse", id_of("assessment")) in mapping.references_of(form)


def test_a_check_waits_until_the_doctor_has_concluded() -> None:
    assert resources()[0]["status"] == "completed"
    assert resources(conclusion=None)[0]["status"] == "in-progress"
    assert resources(status="amended")[0]["status"] == "amended"
    gone = resources(status="entered_in_error")
    assert {each["status"] for each in gone} == {"entered-in-error"}


def test_a_check_of_a_newer_form_comes_back_whole() -> None:
    record = sample("health_check") | {"form_version": "NBPHS-2031"}
    record["answers"] = {**record["answers"], "spirometry": {"fev1": 2.1}}
    form = mapping.to_resources("health_check", record, WireContext())[0]
    assert mapping.from_resource(form) == ("health_check", record)
