"""A service of a contract that was noted by hand <-> Procedure of our own category."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, fit, id_of
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import PROCEDURE_KIND
from app.models.records import Record

KIND = "contract_service"
TYPE = "Procedure"

_CODE = "contract_service"
_CATEGORY = {"coding": [{"system": PROCEDURE_KIND, "code": _CODE}], "text": "签约服务"}
_STATUS = {"final": "completed", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}


def is_service(procedure: Json) -> bool:
    """Whether a Procedure is a service of a contract; else it is a rehab session."""
    try:
        return code_in(procedure.get("category"), PROCEDURE_KIND) == _CODE
    except (TypeError, AttributeError):
        return False


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Procedure; the contract stands in an extension, for basedOn takes none."""
    procedure = frame(TYPE, record)
    procedure["status"] = _STATUS.get(record["status"], "unknown")
    procedure["category"] = _CATEGORY
    name = record["service_name"]
    if isinstance(name, str) and fit(name):
        procedure["code"] = {"text": name}
    if ID.match(record["resident_id"]):
        procedure["subject"] = {"reference": f"Patient/{record['resident_id']}"}
    procedure["performedDateTime"] = record["served_on"]
    performer = record["performer_id"]
    if ID.match(performer):
        actor = context.person(performer, text_or_none(record["performer_name"]))
        procedure["performer"] = [{"actor": actor}]
    note = text_or_none(record.get("note"))
    put_if(procedure, "note", [{"text": note}] if note else None)
    return [finish(KIND, record, procedure, _placed)]


def _placed(resource: Json) -> Record:
    record: Record = {
        "status": _MEANING.get(resource["status"]),
        "service_name": (resource.get("code") or {}).get("text"),
        "resident_id": id_of(resource["subject"], "Patient") if "subject" in resource else None,
        "served_on": resource.get("performedDateTime"),
        "performer_id": None,
        "performer_name": None,
        "note": next((n.get("text") for n in resource.get("note") or ()), None),
    }
    for performer in resource.get("performer") or ():
        actor = performer.get("actor") or {}
        if "reference" in actor:
            record["performer_id"] = id_of(actor, "Practitioner")
            record["performer_name"] = actor.get("display")
        break
    return record


def from_resource(resource: Json) -> Record:
    """The whole service."""
    return restore(KIND, resource, _placed)
