"""Records of ours that FHIR R4 has no resource for <-> Basic: a code tells them apart."""

from __future__ import annotations

from collections.abc import Callable

from app.fhir.codec import ID, Json, code_in, id_of
from app.fhir.common import WireContext, finish, frame
from app.fhir.faults import FormatError
from app.fhir.uris import RECORD
from app.models.records import Record

TYPE = "Basic"


def basic(kind: str, text: str, record: Record, context: WireContext) -> Json:
    """The Basic of a record: code and author; all fields travel as extensions."""
    made = frame(TYPE, record)
    made["code"] = {"coding": [{"system": RECORD, "code": kind}], "text": text}
    if ID.match(record["author_id"]):
        made["author"] = context.person(record["author_id"])
    return finish(kind, record, made, placed(kind))


def placed(kind: str) -> Callable[[Json], Record]:
    """What the elements of a Basic of that kind say; FormatError for one of another kind."""

    def read(resource: Json) -> Record:
        if code_in(resource.get("code"), RECORD) != kind:
            raise FormatError("code")
        record: Record = {}
        if "author" in resource:
            record["author_id"] = id_of(resource["author"], "Practitioner")
        return record

    return read
