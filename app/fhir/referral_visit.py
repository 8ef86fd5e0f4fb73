"""A visit that belongs to a referral <-> DocumentReference (LOINC 11506-3, progress note)."""

from __future__ import annotations

from app.fhir import document
from app.fhir.codec import Json
from app.fhir.common import WireContext, finish, restore
from app.models.records import Record

KIND = "referral_visit"
TYPE = document.TYPE

_TITLES = {"after_return": "接回后首次随访", "guidance": "随访指导", "joint_round": "联合查房"}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The DocumentReference. Letter and plan are named as plain text (extensions): a reference
    would share them whole with whoever reads of the visit."""
    made = document.document(
        record,
        context,
        KIND,
        _TITLES.get(record["purpose"], "转诊相关随访"),
        loinc="11506-3",
    )
    made["content"] = document.readable(
        (("情况", record["findings"]), ("方案调整", record.get("plan_changes")))
    )
    return [finish(KIND, record, made, _placed)]


def _placed(resource: Json) -> Record:
    record = document.placed(resource)
    record["status"] = document.status(resource)
    # Visits written before name them by references.
    for name, type_ in (("referral_id", "ServiceRequest"), ("rehab_plan_id", "CarePlan")):
        ids = document.related(resource, type_)
        record[name] = ids[0] if ids else None
    return record


def from_resource(resource: Json) -> Record:
    """The whole visit."""
    return restore(KIND, resource, _placed)
