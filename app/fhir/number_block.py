"""A block of health-record numbers <-> Basic, so that no PC of an organisation gives it twice."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, id_of
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.faults import FormatError
from app.fhir.uris import RECORD
from app.models.records import Record

KIND = "number_block"
TYPE = "Basic"
CODE = "number_block"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Basic."""
    basic = frame(TYPE, record)
    basic["code"] = {"coding": [{"system": RECORD, "code": CODE}], "text": "档案编号号段"}
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
    """The whole block."""
    return restore(KIND, resource, _placed)
