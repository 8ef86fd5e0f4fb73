"""One of the three priorities asked for (clinic, examination, bed) <-> a child ServiceRequest."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, coding, id_of, reference
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.referral import PRIORITIES, URGENCIES
from app.fhir.uris import CODE, REFERRAL_NUMBER
from app.models.records import Record

KIND = "referral_service"
TYPE = "ServiceRequest"

SERVICE = CODE + "referral_service"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The ServiceRequest, based on the letter's and with the letter's number."""
    request = frame(TYPE, record)
    number = context.referral_numbers.get(record["referral_id"])
    if number:
        request["requisition"] = {"system": REFERRAL_NUMBER, "value": number}
    request["basedOn"] = [reference(TYPE, record["referral_id"])]
    request["status"] = "active"
    request["intent"] = "order"
    put_if(request, "priority", PRIORITIES.get(record["urgency"]))
    # The code's system tells a service from a letter, even for a service not yet in the list.
    service = coding("referral_service", record["service"])
    request["code"] = {"coding": [service or {"system": SERVICE, "code": "other"}]}
    wish = text_or_none(record.get("request"))
    put_if(request, "orderDetail", [{"text": wish}] if wish else None)
    request["subject"] = reference("Patient", record["resident_id"])
    put_if(request, "occurrenceDateTime", record.get("wanted_on"))
    if ID.match(record["author_id"]):
        request["requester"] = context.person(record["author_id"])
    return [finish(KIND, record, request, _placed)]


def _placed(resource: Json) -> Record:
    record: Record = {
        "referral_id": id_of(resource["basedOn"][0], TYPE),
        "urgency": URGENCIES.get(resource.get("priority", "routine")),
        "service": code_in(resource["code"], SERVICE),
        "request": next((item.get("text") for item in resource.get("orderDetail") or ()), None),
        "resident_id": id_of(resource["subject"], "Patient"),
        "wanted_on": resource.get("occurrenceDateTime"),
    }
    if "requester" in resource:
        record["author_id"] = id_of(resource["requester"])
    return record


def from_resource(resource: Json) -> Record:
    """The whole service."""
    return restore(KIND, resource, _placed)
