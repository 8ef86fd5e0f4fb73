"""Organisation <-> Organization. The directory is the county's: read, hardly ever written."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, id_of, plain
from app.fhir.common import WireContext, codeable, finish, put_if, restore, text_or_none
from app.fhir.uris import (
    CREDIT_CODE,
    INSTITUTION,
    ORGANISATION_TAG,
    ORGANISATION_TYPE,
    SAMPLE_CODE,
    SAMPLE_SYSTEM,
)
from app.models.records import Record

KIND = "organisation"
TYPE = "Organization"

#: The embedded server's directory writes these few fields with this beginning.
_DIRECTORY = "urn:township-care:organisation-"
_DIRECTORY_FIELDS = ("consortium_id", "region_code", "pinyin_initials")


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Organization."""
    tag = [{"system": ORGANISATION_TAG, "code": record["id"]}]
    if record.get("is_sample"):
        tag.append({"system": SAMPLE_SYSTEM, "code": SAMPLE_CODE})
    organisation: Json = {
        "resourceType": TYPE,
        "id": record["id"],
        "meta": {"tag": tag},
        "extension": [],
    }
    identifiers = [
        {"system": system, "value": value}
        for system, value in (
            (CREDIT_CODE, text_or_none(record.get("uscc"))),
            (INSTITUTION, text_or_none(record.get("medical_licence_no"))),
        )
        if value
    ]
    put_if(organisation, "identifier", identifiers)
    organisation["active"] = bool(record.get("active", True))
    kind = codeable(ORGANISATION_TYPE, record["type"])
    put_if(organisation, "type", [kind] if kind else None)
    put_if(organisation, "name", text_or_none(record["name"]))
    short = text_or_none(record.get("short_name"))
    put_if(organisation, "alias", [short] if short else None)
    telecom = [
        {"system": "phone", "value": value, **use}
        for value, use in (
            (text_or_none(record.get("green_channel_phone")), {"use": "work"}),
            (text_or_none(record.get("phone")), {}),
        )
        if value
    ]
    put_if(organisation, "telecom", telecom)
    address = text_or_none(record.get("address"))
    put_if(organisation, "address", [{"text": address}] if address else None)
    lead = record.get("lead_id")
    if lead and lead != record["id"] and ID.match(lead):
        organisation["partOf"] = context.organisation(lead)
    finish(KIND, record, organisation, _placed)
    if not organisation["extension"]:
        del organisation["extension"]
    return [organisation]


def _placed(resource: Json) -> Record:
    record: Record = {
        "active": resource.get("active", True),
        "name": resource.get("name"),
        "type": "OTHER",
        "uscc": None,
        "medical_licence_no": None,
        "short_name": next(iter(resource.get("alias") or ()), ""),
        "phone": None,
        "green_channel_phone": None,
        "address": None,
        "lead_id": None,
    }
    for concept in resource.get("type") or ():
        record["type"] = code_in(concept, ORGANISATION_TYPE) or record["type"]
    for item in resource.get("identifier") or ():
        if item.get("system") == CREDIT_CODE:
            record["uscc"] = item.get("value")
        elif item.get("system") == INSTITUTION:
            record["medical_licence_no"] = item.get("value")
    for contact in resource.get("telecom") or ():
        if contact.get("system") == "phone":
            name = "green_channel_phone" if contact.get("use") == "work" else "phone"
            record[name] = contact.get("value")
    for address in resource.get("address") or ():
        record["address"] = address.get("text")
        break
    if "partOf" in resource:
        record["lead_id"] = id_of(resource["partOf"], TYPE)
    elif record["type"] == "LEAD_HOSPITAL":
        record["lead_id"] = resource["id"]
    record["green_channel"] = record["green_channel_phone"] is not None
    for item in resource.get("extension") or ():
        name = item["url"].removeprefix(_DIRECTORY).replace("-", "_")
        if item["url"].startswith(_DIRECTORY) and name in _DIRECTORY_FIELDS:
            record[name] = plain(item)
    return record


def from_resource(resource: Json) -> Record:
    """The organisation; what a sparse directory leaves out takes the column's default."""
    return restore(KIND, resource, _placed)
