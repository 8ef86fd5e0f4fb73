"""A visit of a county expert to a member <-> Appointment."""

from __future__ import annotations

import re

from app.fhir.codec import Json, code_in
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    put_if,
    reference_or_none,
    restore,
    text_or_none,
)
from app.fhir.uris import APPOINTMENT_KIND, X
from app.models.records import Record

KIND = "expert_visit"
TYPE = "Appointment"

_DAY = X + "visit_on"
_HOUR = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_CATEGORY = {"coding": [{"system": APPOINTMENT_KIND, "code": KIND}], "text": "专家坐诊"}
_STATUS = {"planned": "booked", "done": "fulfilled", "cancelled": "cancelled"}
#: What each status of R4 means, where another program moved the visit on.
MEANING = {
    **dict.fromkeys(("proposed", "pending", "waitlist", "booked"), "planned"),
    **dict.fromkeys(("arrived", "checked-in"), "planned"),  # how it went is not said yet
    "fulfilled": "done",
    **dict.fromkeys(("cancelled", "noshow", "entered-in-error"), "cancelled"),
}


def is_visit(appointment: Json) -> bool:
    """Whether an Appointment is a visit of ours; any other is nobody's record here.

    Visits written before bear no category, but always their day.
    """
    try:
        return any(
            code_in(category, APPOINTMENT_KIND) == KIND
            for category in appointment.get("serviceCategory") or ()
        ) or any(item.get("url") == _DAY for item in appointment.get("extension") or ())
    except (TypeError, AttributeError):
        return False


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Appointment. Its hours are the clinic's, so they travel as texts (extensions)."""
    visit = frame(TYPE, record)
    visit["status"] = _STATUS.get(record["status"], "proposed")
    visit["serviceCategory"] = [_CATEGORY]
    department = text_or_none(record["department"])
    put_if(visit, "specialty", [{"text": department}] if department else None)
    reason = text_or_none(record.get("cancel_reason"))
    if visit["status"] == "cancelled":  # R4 (app-4) knows a reason for nothing else
        put_if(visit, "cancelationReason", {"text": reason} if reason else None)
    put_if(visit, "description", text_or_none(record.get("topics")))
    # R4 (app-3) wants both; where no hour is known it is the whole day of the clinic.
    day = record["visit_on"]
    visit["start"] = f"{day}T{_hour(record.get('starts_at'), '00:00')}:00+08:00"
    visit["end"] = f"{day}T{_hour(record.get('ends_at'), '23:59')}:00+08:00"
    expert = text_or_none(record["expert_name"])
    host = reference_or_none("Organization", record["host_organisation_id"])
    participants: list[Json] = []
    if expert:
        participants.append({"actor": {"display": expert}, "status": "accepted"})
    # Appointment has no Organization among its actors in R4: the host is a Location by name.
    name = context.organisations.get(record["host_organisation_id"])
    if host and name:
        participants.append({"actor": {"display": name}, "status": "needs-action"})
    visit["participant"] = participants or [{"status": "needs-action", "type": [{"text": "专家"}]}]
    put_if(visit, "comment", text_or_none(record.get("summary")))
    return [finish(KIND, record, visit, _placed)]


def _hour(text: object, otherwise: str) -> str:
    return text if isinstance(text, str) and _HOUR.match(text) else otherwise


def _placed(resource: Json) -> Record:
    return {
        "status": MEANING.get(resource["status"]),
        "department": next((s.get("text") for s in resource.get("specialty") or ()), None),
        "cancel_reason": (resource.get("cancelationReason") or {}).get("text"),
        "topics": resource.get("description"),
        "summary": resource.get("comment"),
    }


def from_resource(resource: Json) -> Record:
    """The whole visit."""
    return restore(KIND, resource, _placed)
