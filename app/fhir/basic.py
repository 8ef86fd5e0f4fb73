"""Records of ours that FHIR R4 has no resource for <-> Basic: a code tells them apart."""

from __future__ import annotations

from collections.abc import Callable

from app.fhir.codec import ID, Json, code_in, target_of
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
        author = resource.get("author") or {}
        # R4 lets an author be said by name alone, or be another than a person of the staff.
        named = target_of(author) if isinstance(author.get("reference"), str) else None
        if named is not None and named[0] == "Practitioner":
            record["author_id"] = named[1]
        return record

    return read
