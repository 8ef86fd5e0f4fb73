"""One stretch of a file's content <-> DocumentReference that appends to its description."""

from __future__ import annotations

from app.fhir import document
from app.fhir.attachment import _is_picture as _is_base64
from app.fhir.codec import Json, id_of
from app.fhir.common import WireContext, finish, reference_or_none, restore
from app.models.records import Record

KIND = "attachment_part"
TYPE = document.TYPE


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The DocumentReference; the bytes are its content."""
    made = document.document(record, context, KIND, "附件内容")
    whole = reference_or_none(TYPE, record["attachment_id"])
    if whole:
        made["relatesTo"] = [{"code": "appends", "target": whole}]
    shown: Json = {"contentType": "application/octet-stream"}
    if _is_base64(record["data"]):
        shown["data"] = record["data"]
    made["content"] = [{"attachment": shown}]
    return [finish(KIND, record, made, _placed)]


def _placed(resource: Json) -> Record:
    record = document.placed(resource)
    del record["replaces_id"]
    record["attachment_id"] = None
    for item in resource.get("relatesTo") or ():
        if item.get("code") == "appends":
            record["attachment_id"] = id_of(item["target"], TYPE)
    record["data"] = resource["content"][0]["attachment"].get("data")
    return record


def from_resource(resource: Json) -> Record:
    """The whole part."""
    return restore(KIND, resource, _placed)
