"""Condition <-> Condition: a diagnosis, and which programme of chronic care manages it."""

from __future__ import annotations

import re
from datetime import date

from app.fhir.codec import ID, Json, code_in, fit, id_of, reference
from app.fhir.common import WireContext, codeable, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import CONDITION_CATEGORY, CONDITION_CLINICAL, ICD10
from app.models.records import Record

KIND = "condition"
TYPE = "Condition"

_CLINICAL = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
_PARTIAL_DATE = re.compile(r"[1-9]\d{3}(-(0[1-9]|1[0-2]))?\Z")


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Condition."""
    condition = frame(TYPE, record)
    status = record.get("clinical_status")
    if status in _CLINICAL:
        condition["clinicalStatus"] = {"coding": [{"system": CONDITION_CLINICAL, "code": status}]}
    condition["category"] = [
        {"coding": [{"system": CONDITION_CATEGORY, "code": "problem-list-item"}]}
    ]
    put_if(condition, "code", codeable(ICD10, record.get("code"), record.get("display")))
    condition["subject"] = reference("Patient", record["resident_id"])
    onset = record.get("onset")
    if onset and _is_date(onset):
        condition["onsetDateTime"] = onset
    elif onset and fit(onset):
        condition["onsetString"] = onset
    condition["recordedDate"] = record["created_at"]
    if ID.match(record["author_id"]):
        condition["recorder"] = context.person(record["author_id"])
    note = text_or_none(record.get("note"))
    put_if(condition, "note", [{"text": note}] if note else None)
    return [finish(KIND, record, condition, _placed)]


def _is_date(text: str) -> bool:
    """Whether a text is a FHIR date: a year, a month of it, or a day that exists."""
    if _PARTIAL_DATE.match(text):
        return True
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _placed(resource: Json) -> Record:
    code = resource.get("code") or {}
    codings = code.get("coding") or [{}]
    record: Record = {
        "clinical_status": code_in(resource.get("clinicalStatus"), CONDITION_CLINICAL) or "active",
        "code": code_in(code, ICD10),
        "display": code.get("text") or codings[0].get("display"),
        "resident_id": id_of(resource["subject"], "Patient"),
        "onset": resource.get("onsetDateTime") or resource.get("onsetString"),
        "note": next((item.get("text") for item in resource.get("note") or ()), None),
    }
    if "recordedDate" in resource:
        record["created_at"] = resource["recordedDate"]
    if "recorder" in resource:
        record["author_id"] = id_of(resource["recorder"])
    return record


def from_resource(resource: Json) -> Record:
    """The whole condition."""
    return restore(KIND, resource, _placed)
