"""The letter of a referral <-> ServiceRequest.

What is asked belongs to the asker and never says how far it got: that is the Task's
(``referral_task``). The paragraphs of the national transfer-out form are annotations, each
marked with its place on the form.
"""

from __future__ import annotations

from app.fhir.codec import Json, code_in, coding, fit, fit_code, id_of, reference, target_of
from app.fhir.common import (
    WireContext,
    codeable,
    extensions_by_url,
    finish,
    frame,
    put_if,
    restore,
    text_or_none,
)
from app.fhir.uris import CODE, ICD10, ORGANISATION_TAG, REFERRAL_NUMBER, SNOMED, X
from app.models.records import Record

KIND = "referral"
TYPE = "ServiceRequest"

#: Our urgency ↔ request priority; shared with the services and tasks of a referral.
PRIORITIES = {"routine": "routine", "priority": "urgent", "emergency": "stat"}
URGENCIES = {"routine": "routine", "urgent": "priority", "asap": "priority", "stat": "emergency"}

_CATEGORY = {
    "coding": [{"system": SNOMED, "code": "3457005", "display": "Patient referral"}],
    "text": "转诊",
}
_PART = X + "part"
#: Paragraphs of the letter, with the headings of the form.
_PARTS = {
    "impression": "初步印象",
    "present_history": "主要现病史",
    "past_history": "主要既往史",
    "treatment_given": "治疗经过",
    "last_results": "主要检查结果",
    "allergies": "过敏史",
    "attention_points": "转诊注意事项",
}
#: Letters written before name the record they were opened from by a reference.
_SOURCE_KINDS = {
    "QuestionnaireResponse": "follow_up",
    "Procedure": "check_in",
    "CarePlan": "rehab_plan",
    "Condition": "condition",
    "ServiceRequest": "referral",
}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The ServiceRequest of the letter."""
    request = frame(TYPE, record)
    number = text_or_none(record.get("referral_no"))
    if number:
        request["requisition"] = {"system": REFERRAL_NUMBER, "value": number}
    request["status"] = "active"
    request["intent"] = "order"
    request["category"] = [_CATEGORY]
    put_if(request, "priority", PRIORITIES.get(record["urgency"]))
    request["code"] = {"coding": [_direction(record["direction"])]}
    if not request["code"]["coding"][0]:
        request["code"] = {"text": "转诊"}
    request["subject"] = reference("Patient", record["resident_id"])
    request["authoredOn"] = record["written_on"]
    name = text_or_none(record["from_doctor_name"])
    request["requester"] = context.person(record["from_doctor_id"], name)
    request["performer"] = [context.organisation(record["to_organisation_id"])]
    put_if(request, "reasonCode", _reasons(record))
    # The record it was opened from and the letter it follows are named in extensions as plain text:
    # a reference would share them with the receiver, who needs what the letter says and no more.
    put_if(request, "note", _notes(record))
    return [finish(KIND, record, request, _placed)]


def _direction(code: str) -> Json:
    return coding("referral_direction", code) or {}


def _reasons(record: Record) -> list[Json]:
    """Why: the coded reasons, the diagnoses, the reason in words — in this order."""
    found: list[Json] = []
    lists = ["referral_reason", "referral_down_reason"]
    if record["direction"] != "up":
        lists.reverse()
    for code in record.get("reason_codes") or ():
        item = None
        for name in lists if isinstance(code, str) else ():
            item = item or coding(name, code)
        if item:
            found.append({"coding": [item]})
    for diagnosis in record.get("diagnoses") or ():
        if isinstance(diagnosis, dict):
            code, display = diagnosis.get("code"), diagnosis.get("display")
            if isinstance(code, str) and fit_code(code) and isinstance(display, str):
                found.append(codeable(ICD10, code, display) or {})
    text = text_or_none(record.get("reason_text"))
    if text:
        found.append({"text": text})
    return [item for item in found if item]


def _notes(record: Record) -> list[Json]:
    return [
        {
            "extension": [{"url": _PART, "valueString": name}],
            "text": f"【{heading}】{record[name]}",
        }
        for name, heading in _PARTS.items()
        if record.get(name) and fit(record[name])
    ]


def _placed(resource: Json) -> Record:
    record: Record = {
        "referral_no": (resource.get("requisition") or {}).get("value"),
        "origin_referral_id": None,
        "urgency": URGENCIES.get(resource.get("priority", "routine")),
        "direction": code_in(resource.get("code"), CODE + "referral_direction"),
        "resident_id": id_of(resource["subject"], "Patient"),
        "written_on": (resource.get("authoredOn") or "")[:10] or None,
        "from_doctor_id": id_of(resource["requester"], "Practitioner"),
        "from_doctor_name": resource["requester"].get("display"),
        "author_id": id_of(resource["requester"], "Practitioner"),
        "to_organisation_id": id_of(resource["performer"][0], "Organization"),
        "source_kind": None,
        "source_id": None,
    }
    for item in resource.get("basedOn") or ():
        record["origin_referral_id"] = id_of(item, TYPE)
    for tag in resource["meta"]["tag"]:
        if tag.get("system") == ORGANISATION_TAG:
            record["from_organisation_id"] = tag["code"]
    _read_reasons(record, resource)
    for item in resource.get("supportingInfo") or ():
        found = target_of(item)
        if found and found[0] in _SOURCE_KINDS:
            record["source_kind"], record["source_id"] = _SOURCE_KINDS[found[0]], found[1]
            break
    record.update(dict.fromkeys(_PARTS))
    for note in resource.get("note") or ():
        part = extensions_by_url(note).get(_PART)
        name = part[0].get("valueString") if part else None
        if name in _PARTS:
            record[name] = note["text"].removeprefix(f"【{_PARTS[name]}】")
    return record


def _read_reasons(record: Record, resource: Json) -> None:
    codes, diagnoses, text = [], [], None
    for reason in resource.get("reasonCode") or ():
        own = code_in(reason, CODE + "referral_reason") or code_in(
            reason, CODE + "referral_down_reason"
        )
        icd = code_in(reason, ICD10)
        if own:
            codes.append(own)
        elif icd:
            diagnoses.append({"code": icd, "display": reason.get("text")})
        else:
            text = reason.get("text")
    record["reason_codes"], record["diagnoses"] = codes, diagnoses
    record["reason_text"] = text


def from_resource(resource: Json) -> Record:
    """The whole letter."""
    return restore(KIND, resource, _placed)
