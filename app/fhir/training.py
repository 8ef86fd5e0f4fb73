"""A training <-> Basic: FHIR R4 has no resource for it."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, id_of
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.faults import FormatError
from app.fhir.uris import RECORD
from app.models.records import Record

KIND = "training"
TYPE = "Basic"
CODE = "training"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Basic."""
    basic = frame(TYPE, record)
    basic["code"] = {"coding": [{"system": RECORD, "code": CODE}], "text": "培训"}
    if ID.match(record["author_id"]):
        basic["author"] = context.person(record["author_id"])
    return [finish(KIND, record, basic, _placed)]


def _placed(resource: Json) -> Record:
    if code_in(resource.get("code"), RECORD) != CODE:
        raise FormatError("code")
    record: Record = {}
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    return record


def from_resource(resource: Json) -> Record:
    """The whole training."""
    return restore(KIND, resource, _placed)
