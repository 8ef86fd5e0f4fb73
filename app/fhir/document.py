"""What every DocumentReference of ours has: a kind, its subject, its writer, a readable text.

The readable text is for people and other programs; the fields themselves travel in elements and
extensions, so nothing is ever read back out of the text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

from app.fhir.codec import Json, code_in, fit
from app.fhir.common import WireContext, frame, put_if, reference_or_none
from app.fhir.uris import DOCUMENT_KIND, LOINC
from app.models.records import Record

TYPE = "DocumentReference"
_STATUS = {"final": "current", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}


def document(
    record: Record,
    context: WireContext,
    kind: str,
    title: str,
    *,
    loinc: str | None = None,
    about: Iterable[Json | None] = (),
) -> Json:
    """A DocumentReference without content. ``about``: references to what it belongs to."""
    made = frame(TYPE, record)
    made["status"] = _STATUS.get(record.get("status") or "final", "current")
    made["docStatus"] = "final"
    codings: list[Json] = [{"system": DOCUMENT_KIND, "code": kind}]
    if loinc:
        codings.append({"system": LOINC, "code": loinc})
    made["type"] = {"coding": codings, "text": title}
    put_if(made, "subject", reference_or_none("Patient", record.get("resident_id")))
    made["date"] = record["created_at"]
    author = reference_or_none("Practitioner", record.get("author_id"))
    put_if(made, "author", [author] if author else None)
    made["custodian"] = context.organisation(record["organisation_id"])
    replaced = reference_or_none(TYPE, record.get("replaces_id"))
    if replaced:
        made["relatesTo"] = [{"code": "replaces", "target": replaced}]
    related = [item for item in about if item]
    put_if(made, "context", {"related": related} if related else None)
    return made


def readable(parts: Iterable[tuple[str, object]]) -> list[Json]:
    """``content`` with a plain text: one paragraph for each heading that has something to say."""
    lines = [
        f"【{heading}】{text}" for heading, text in parts if isinstance(text, str) and fit(text)
    ]
    data = "\n".join(lines).encode("utf-8", "replace")
    attachment: Json = {"contentType": "text/plain; charset=utf-8", "language": "zh-CN"}
    if data:
        attachment["data"] = base64.b64encode(data).decode("ascii")
    return [{"attachment": attachment}]


def placed(resource: Json) -> Record:
    """The fields that :func:`document` says of every kind."""
    record: Record = {"resident_id": None, "replaces_id": None}
    if "subject" in resource:
        record["resident_id"] = _id(resource["subject"], "Patient")
    if "date" in resource:
        record["created_at"] = resource["date"]
    for author in resource.get("author") or ():
        record["author_id"] = _id(author, "Practitioner")
        break
    for item in resource.get("relatesTo") or ():
        if item.get("code") == "replaces":
            record["replaces_id"] = _id(item["target"], TYPE)
    return record


def status(resource: Json) -> str | None:
    """``final`` or ``entered_in_error``."""
    return _MEANING.get(resource["status"])


def related(resource: Json, type_: str) -> list[str]:
    """Ids of the records of one type that a document belongs to."""
    found = []
    for item in (resource.get("context") or {}).get("related") or ():
        text = item.get("reference") or ""
        if text.startswith(type_ + "/"):
            found.append(_id(item, type_))
    return [id_ for id_ in found if id_]


def kind_code(resource: Json) -> str | None:
    """Which kind of record of ours a DocumentReference is."""
    return code_in(resource.get("type"), DOCUMENT_KIND)


def link(type_: str, id_: object) -> Json | None:
    """A reference for ``about``; None where there is nothing to name."""
    return reference_or_none(type_, id_)


def _id(value: Json, type_: str) -> str | None:
    text = value.get("reference")
    if not isinstance(text, str):
        return None
    return text.removeprefix(type_ + "/")
