"""A consultation that was asked for <-> ServiceRequest of our own category."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, coding, id_of, reference
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import REQUEST_KIND
from app.models.records import Record

KIND = "consultation"
TYPE = "ServiceRequest"

_CATEGORY = {"coding": [{"system": REQUEST_KIND, "code": KIND}], "text": "会诊"}
_PRIORITIES = {"routine": "routine", "urgent": "stat"}
_URGENCIES = {"routine": "routine", "urgent": "urgent", "asap": "urgent", "stat": "urgent"}


def is_consultation(request: Json) -> bool:
    """Whether a ServiceRequest asks for a consultation."""
    try:
        return any(code_in(c, REQUEST_KIND) == KIND for c in request.get("category") or ())
    except (TypeError, AttributeError):
        return False


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The ServiceRequest. The question is ``reasonCode``, the summary a note."""
    request = frame(TYPE, record)
    # The letter it belongs to is named as plain text (extension): a reference would share the whole
    # letter with a third house that is only asked.
    request["status"], request["intent"] = "active", "order"
    request["category"] = [_CATEGORY]
    put_if(request, "priority", _PRIORITIES.get(record["urgency"]))
    kind = coding("consultation_kind", record["kind"])
    request["code"] = {"coding": [kind]} if kind else {"text": "会诊"}
    if ID.match(record["resident_id"]):
        request["subject"] = reference("Patient", record["resident_id"])
    put_if(request, "occurrenceDateTime", record.get("wanted_on"))
    request["authoredOn"] = record["asked_at"]
    if ID.match(record["from_doctor_id"]):
        name = text_or_none(record["from_doctor_name"])
        request["requester"] = context.person(record["from_doctor_id"], name)
    if ID.match(record["to_organisation_id"]):
        request["performer"] = [context.organisation(record["to_organisation_id"])]
    question, summary = text_or_none(record["question"]), text_or_none(record["summary"])
    put_if(request, "reasonCode", [{"text": question}] if question else None)
    put_if(request, "note", [{"text": summary}] if summary else None)
    return [finish(KIND, record, request, _placed)]


def _placed(resource: Json) -> Record:
    requester = resource.get("requester") or {}
    record: Record = {
        "referral_id": None,
        "urgency": _URGENCIES.get(resource.get("priority", "routine")),
        "kind": code_in(resource.get("code"), "urn:township-care:code:consultation_kind"),
        "resident_id": id_of(resource["subject"], "Patient") if "subject" in resource else None,
        "wanted_on": resource.get("occurrenceDateTime"),
        "asked_at": resource["authoredOn"],
        "from_doctor_id": id_of(requester) if "reference" in requester else None,
        "from_doctor_name": requester.get("display"),
        "question": next((r.get("text") for r in resource.get("reasonCode") or ()), None),
        "summary": next((n.get("text") for n in resource.get("note") or ()), None),
    }
    for item in resource.get("basedOn") or ():
        record["referral_id"] = id_of(item, TYPE)
        break
    for item in resource.get("performer") or ():
        record["to_organisation_id"] = id_of(item, "Organization")
        break
    return record


def from_resource(resource: Json) -> Record:
    """The whole request."""
    return restore(KIND, resource, _placed)
