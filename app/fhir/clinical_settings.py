"""Clinical settings of an organisation <-> Basic: one version, whole, never changed again."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, id_of
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.faults import FormatError
from app.fhir.uris import RECORD
from app.models.records import Record

KIND = "clinical_settings"
TYPE = "Basic"
CODE = "clinical_settings"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Basic."""
    basic = frame(TYPE, record)
    basic["code"] = {"coding": [{"system": RECORD, "code": CODE}], "text": "机构临床设置"}
    if ID.match(record["author_id"]):
        basic["author"] = context.person(record["author_id"])
    return [finish(KIND, record, basic, _placed)]


def is_settings(basic: Json) -> bool:
    """Whether a Basic holds clinical settings; another program's Basic may hold anything."""
    try:
        return code_in(basic.get("code"), RECORD) == CODE
    except (TypeError, AttributeError):
        return False


def _placed(resource: Json) -> Record:
    if not is_settings(resource):
        raise FormatError("code")
    record: Record = {}
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    return record


def from_resource(resource: Json) -> Record:
    """The whole version."""
    return restore(KIND, resource, _placed)
