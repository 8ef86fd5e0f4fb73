"""Staff <-> Practitioner (with a PractitionerRole, so that a stranger finds the organisation)."""

from __future__ import annotations

from app.fhir.codec import Json
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    listed,
    put_if,
    restore,
    tags,
    text_or_none,
)
from app.fhir.person import GENDERS, phone_of, read_gender
from app.fhir.uris import ID_CARD, PRACTICE_CERTIFICATE
from app.models.identity import companion_id
from app.models.records import Record

KIND = "staff"
TYPE = "Practitioner"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Practitioner, then its role at its organisation."""
    practitioner = frame(TYPE, record)
    identifiers = [
        {"system": system, "value": value}
        for system, value in (
            (ID_CARD, text_or_none(record.get("id_no"))),
            (PRACTICE_CERTIFICATE, text_or_none(record.get("practice_cert_no"))),
        )
        if value
    ]
    put_if(practitioner, "identifier", identifiers)
    practitioner["active"] = bool(record.get("active", True))
    name = text_or_none(record["name"])
    put_if(practitioner, "name", [{"use": "official", "text": name}] if name else None)
    phone = text_or_none(record.get("phone"))
    put_if(practitioner, "telecom", [{"system": "phone", "value": phone}] if phone else None)
    put_if(practitioner, "gender", GENDERS.get(record.get("sex") or ""))
    finish(KIND, record, practitioner, _placed)
    return [practitioner, _role(record, context)]


def _role(record: Record, context: WireContext) -> Json:
    role: Json = {
        "resourceType": "PractitionerRole",
        "id": companion_id(record["id"], "role"),
        "meta": {"tag": tags(record)},
        "active": bool(record.get("active", True)),
        "practitioner": context.person(record["id"], record["name"]),
        "organization": context.organisation(record["org_id"]),
    }
    put_if(role, "code", listed("staff_role", record.get("roles") or ()))
    department = text_or_none(record.get("department"))
    put_if(role, "specialty", [{"text": department}] if department else None)
    return role


def _placed(resource: Json) -> Record:
    record: Record = {
        "active": resource.get("active", True),
        "name": None,
        "id_no": None,
        "practice_cert_no": None,
        "phone": phone_of(resource.get("telecom")),
        "sex": read_gender(resource),
    }
    for item in resource.get("identifier") or ():
        if item.get("system") == ID_CARD:
            record["id_no"] = item.get("value")
        elif item.get("system") == PRACTICE_CERTIFICATE:
            record["practice_cert_no"] = item.get("value")
    for name in resource.get("name") or ():
        record["name"] = name.get("text")
        break
    return record


def from_resource(resource: Json) -> Record:
    """The whole record from the Practitioner alone."""
    return restore(KIND, resource, _placed)
