"""A file that goes with a referral <-> DocumentReference: described here, its content in parts.

The parts are documents of their own (``attachment_part``), named under ``context.related`` so that
whoever may read the description may read them.
"""

from __future__ import annotations

import base64
import binascii

from app.fhir import document
from app.fhir.codec import ID, Json, fit, fit_code
from app.fhir.common import WireContext, finish, restore
from app.models.records import Record

KIND = "attachment"
TYPE = document.TYPE

_SUBJECTS = {
    "referral": "ServiceRequest",
    "consultation": "ServiceRequest",
    "referral_reply": "DocumentReference",
    "expert_visit": "Appointment",
}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The DocumentReference; ``content`` holds type, size and the small picture."""
    title = record["title"] if fit(record["title"]) else "附件"
    parts = [part for part in record.get("part_ids") or () if isinstance(part, str)]
    about = [document.link(_SUBJECTS.get(record["subject_kind"], "Basic"), record["subject_id"])]
    about += [document.link(TYPE, part) for part in parts]
    made = document.document(record, context, KIND, title, about=about)
    shown: Json = {}
    if fit_code(record["media_type"]):
        shown["contentType"] = record["media_type"]
    if 0 <= record["size"] < 2**31:
        shown["size"] = record["size"]
    shown["title"] = title
    made["content"] = [{"attachment": shown}]
    if _is_picture(record.get("thumbnail")):
        small = {"contentType": "image/jpeg", "data": record["thumbnail"], "title": "缩略图"}
        made["content"].append({"attachment": small})
    return [finish(KIND, record, made, _placed)]


def _is_picture(text: object) -> bool:
    if not isinstance(text, str) or not text:
        return False
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode("ascii") == text
    except (binascii.Error, ValueError):
        return False


def _placed(resource: Json) -> Record:
    record = document.placed(resource)
    record["status"] = document.status(resource)
    shown = resource["content"][0]["attachment"]
    record["media_type"], record["size"] = shown.get("contentType"), shown.get("size")
    record["title"] = shown.get("title")
    record["thumbnail"] = next(
        (c["attachment"].get("data") for c in resource["content"][1:2]), None
    )
    record["part_ids"] = []
    related = (resource.get("context") or {}).get("related") or ()
    for number, item in enumerate(related):
        type_, _, id_ = (item.get("reference") or "").partition("/")
        if number == 0 and type_ in _SUBJECTS.values() and ID.match(id_):
            record["subject_id"] = id_
        elif type_ == TYPE:
            record["part_ids"].append(id_)
    return record


def from_resource(resource: Json) -> Record:
    """The whole description."""
    return restore(KIND, resource, _placed)


def parts_of(resource: Json) -> list[tuple[str, str]]:
    """(type, id) of the parts: they are neither sent along with it nor waited for."""
    if document.kind_code(resource) != KIND:
        return []
    return [(TYPE, id_) for id_ in _placed(resource)["part_ids"]]
