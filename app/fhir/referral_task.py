"""The state of a letter or of one of its services <-> Task.

``status`` is the nearest FHIR state, ``businessStatus`` the exact one. What the receiver
arranged (department, doctor, time, place, bed) is ``output``, each with its name in words.
"""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, code_in, coding, fit, fit_code, id_of, reference
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    put_if,
    restore,
    text_or_none,
)
from app.fhir.referral import PRIORITIES, URGENCIES
from app.fhir.uris import CODE, REFERRAL_NUMBER, TASK_CODE
from app.models.records import Record

KIND = "referral_task"
TYPE = "Task"

LETTER = "letter"
LETTER_STATUS = {
    "draft": "draft",
    "internal_review": "draft",
    "sent": "requested",
    "returned": "on-hold",
    "accepted": "accepted",
    "arrived": "in-progress",
    "in_care": "in-progress",
    "replied": "completed",
    "handed_back": "completed",
    "received_back": "completed",
    "closed": "completed",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "no_show": "failed",
    "expired": "failed",
    "deleted": "entered-in-error",
}
SERVICE_STATUS = {
    "requested": "requested",
    "arranged": "accepted",
    "refused": "rejected",
    "used": "completed",
    "withdrawn": "cancelled",
}
#: What a bare status means, where another program changed it and not the exact state.
_LETTER_STATE_OF = {
    "draft": "draft",
    "requested": "sent",
    "received": "sent",
    "ready": "accepted",
    "on-hold": "returned",
    "accepted": "accepted",
    "in-progress": "in_care",
    "completed": "replied",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "failed": "no_show",
    "entered-in-error": "deleted",
}
_SERVICE_STATE_OF = {
    "requested": "requested",
    "received": "requested",
    "ready": "arranged",
    "accepted": "arranged",
    "in-progress": "used",
    "completed": "used",
    "rejected": "refused",
    "failed": "refused",
    "cancelled": "withdrawn",
    "entered-in-error": "withdrawn",
}
_LETTER_STATE, _SERVICE_STATE = CODE + "referral_state", CODE + "referral_service_state"
_SERVICE = CODE + "referral_service"
_OUTPUT = CODE + "referral_output"
_REASON = CODE + "referral_task_reason"

#: What the receiver arranged: field → its name in words.
_OUTPUTS = {
    "department": "科室",
    "doctor": "接诊医生",
    "doctor_phone": "联系电话",
    "scheduled_at": "预约时间",
    "place": "地点",
    "ward": "病区",
    "bed": "床位",
    "instructions": "须知",
    "inpatient_no": "住院病案号",
}
#: What the answer consists of: field → its name in words, the type of the record.
_DOCUMENTS = {
    "reply_id": ("reply", "回转单", "DocumentReference"),
    "plan_id": ("plan", "后续方案", "CarePlan"),
}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Task."""
    task = frame(TYPE, record)
    number = context.referral_numbers.get(record["referral_id"])
    if number:
        task["groupIdentifier"] = {"system": REFERRAL_NUMBER, "value": number}
    task["basedOn"] = [reference("ServiceRequest", record["referral_id"])]
    parent = record.get("part_of_id")
    if parent and ID.match(parent):
        task["partOf"] = [reference(TYPE, parent)]
    state, letter = record["state"], record["service"] == LETTER
    statuses = LETTER_STATUS if letter else SERVICE_STATUS
    task["status"] = statuses.get(state, "received")
    put_if(task, "statusReason", _reason(record))
    put_if(task, "businessStatus", _business_status(letter, state))
    task["intent"] = "order"
    put_if(task, "priority", PRIORITIES.get(record["urgency"]))
    task["code"] = {"coding": _code(record["service"])}
    task["focus"] = reference("ServiceRequest", record["request_id"])
    task["for"] = reference("Patient", record["resident_id"])
    if record.get("sent_at"):
        task["executionPeriod"] = {"start": record["sent_at"]}
    task["authoredOn"] = record["created_at"]
    if record["updated_at"] >= record["created_at"]:  # a clock may have been set back
        task["lastModified"] = record["updated_at"]
    task["requester"] = context.organisation(record["requester_organisation_id"])
    task["owner"] = context.organisation(record["owner_organisation_id"])
    events = record.get("event_ids") or ()
    history = [
        reference("Provenance", item) for item in events if isinstance(item, str) and ID.match(item)
    ]
    put_if(task, "relevantHistory", history)
    outputs = [_output(name, record[name]) for name in _OUTPUTS if _can_say(name, record)]
    outputs += [_document(name, record[name]) for name in _DOCUMENTS if _can_name(name, record)]
    put_if(task, "output", outputs)
    return [finish(KIND, record, task, _placed)]


def _business_status(letter: bool, state: str) -> Json | None:
    known = coding("referral_state" if letter else "referral_service_state", state)
    if known is not None:
        return {"coding": [known], "text": known["display"]}
    if not fit_code(state):
        return None
    return {"coding": [{"system": _LETTER_STATE if letter else _SERVICE_STATE, "code": state}]}


def _reason(record: Record) -> Json:
    reason: Json = {}
    code, text = record.get("reason_code"), text_or_none(record.get("reason_text"))
    if code and fit_code(code):
        reason["coding"] = [{"system": _REASON, "code": code}]
    if text:
        reason["text"] = text
    return reason


def _code(service: str) -> list[Json]:
    codings: list[Json] = [{"system": TASK_CODE, "code": "fulfill"}]
    if fit_code(service):
        codings.append(coding("referral_service", service) or {"system": _SERVICE, "code": service})
    return codings


def _can_say(name: str, record: Record) -> bool:
    value = record.get(name)
    return isinstance(value, str) and fit(value)


def _output(name: str, value: str) -> Json:
    what = {"coding": [{"system": _OUTPUT, "code": name}], "text": _OUTPUTS[name]}
    key = "valueDateTime" if name == "scheduled_at" else "valueString"
    return {"type": what, key: value}


def _can_name(name: str, record: Record) -> bool:
    value = record.get(name)
    return isinstance(value, str) and ID.match(value) is not None


def _document(name: str, id_: str) -> Json:
    code, heading, type_ = _DOCUMENTS[name]
    what = {"coding": [{"system": _OUTPUT, "code": code}], "text": heading}
    return {"type": what, "valueReference": reference(type_, id_)}


def _placed(resource: Json) -> Record:
    service = code_in(resource["code"], _SERVICE)
    reason = resource.get("statusReason") or {}
    record: Record = {
        "referral_id": id_of(resource["basedOn"][0], "ServiceRequest"),
        "part_of_id": None,
        "service": service,
        "state": _state(resource, service == LETTER),
        "reason_code": code_in(reason, _REASON),
        "reason_text": reason.get("text"),
        "urgency": URGENCIES.get(resource.get("priority", "routine")),
        "request_id": id_of(resource["focus"], "ServiceRequest"),
        "resident_id": id_of(resource["for"], "Patient"),
        "sent_at": (resource.get("executionPeriod") or {}).get("start"),
        "requester_organisation_id": id_of(resource["requester"], "Organization"),
        "owner_organisation_id": id_of(resource["owner"], "Organization"),
        "event_ids": [id_of(item) for item in resource.get("relevantHistory") or ()],
    }
    for item in resource.get("partOf") or ():
        record["part_of_id"] = id_of(item, TYPE)
    for name, element in (("created_at", "authoredOn"), ("updated_at", "lastModified")):
        if element in resource:
            record[name] = resource[element]
    record.update(_read_outputs(resource))
    return record


def _state(resource: Json, letter: bool) -> str | None:
    """The exact state; the nearest one where the status says something else meanwhile."""
    status = resource["status"]
    exact = code_in(resource.get("businessStatus"), _LETTER_STATE if letter else _SERVICE_STATE)
    statuses = LETTER_STATUS if letter else SERVICE_STATUS
    if exact is not None and statuses.get(exact, "received") == status:
        return exact
    return (_LETTER_STATE_OF if letter else _SERVICE_STATE_OF).get(status)


def _read_outputs(resource: Json) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys((*_OUTPUTS, *_DOCUMENTS))
    documents = {code: (name, type_) for name, (code, _, type_) in _DOCUMENTS.items()}
    for item in resource.get("output") or ():
        name = code_in(item["type"], _OUTPUT)
        if name in documents:
            field, type_ = documents[name]
            found[field] = id_of(item["valueReference"], type_)
        elif name in _OUTPUTS:
            found[name] = item.get("valueDateTime") or item.get("valueString")
    return found


def from_resource(resource: Json) -> Record:
    """The whole state."""
    return restore(KIND, resource, _placed)
