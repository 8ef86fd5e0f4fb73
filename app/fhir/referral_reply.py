"""The reply of a referral (回转单) or the summary of a down-referral <-> DocumentReference.

LOINC 18842-5 is a discharge summary, 11488-4 a consultation note: what a reader of FHIR looks for.
"""

from __future__ import annotations

from app.fhir import document
from app.fhir.codec import Json
from app.fhir.common import WireContext, finish, restore, text_or_none
from app.models.records import Record

KIND = "referral_reply"
TYPE = document.TYPE

_LOINC = {"inpatient": "18842-5", "outpatient": "11488-4"}
_PARTS = (
    ("diagnosis", "诊断结果"),
    ("inpatient_no", "住院病案号"),
    ("exam_results", "主要检查结果"),
    ("treatment_given", "治疗经过"),
    ("next_plan", "下一步治疗方案"),
    ("rehab_advice", "康复建议"),
    ("attention_points", "注意事项"),
)


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The DocumentReference; its text is the form, part by part."""
    made = document.document(
        record,
        context,
        KIND,
        "双向转诊回转单",
        loinc=_LOINC.get(record["visit_kind"]),
        # The letter, and the Task whose answer it is: so its writer says himself whose it is.
        about=[
            document.link("ServiceRequest", record["referral_id"]),
            document.link("Task", context.letter_tasks.get(record["referral_id"])),
        ],
    )
    name = text_or_none(record["doctor_name"])
    if made.get("author") and name and record["doctor_id"] == record["author_id"]:
        made["author"][0]["display"] = name
    made["content"] = document.readable((heading, record.get(part)) for part, heading in _PARTS)
    return [finish(KIND, record, made, _placed)]


def _placed(resource: Json) -> Record:
    record = document.placed(resource)
    letters = document.related(resource, "ServiceRequest")
    record["referral_id"] = letters[0] if letters else None
    # What another program says with elements alone; ours are exact in extensions where they differ.
    codes = {item.get("code") for item in (resource.get("type") or {}).get("coding") or ()}
    record["visit_kind"] = "inpatient" if _LOINC["inpatient"] in codes else "outpatient"
    record["purpose"] = "reply"
    author: Json = next(iter(resource.get("author") or ()), {})
    record["doctor_id"] = record.get("author_id")
    record["doctor_name"] = author.get("display")
    record["written_on"] = resource["date"][:10] if "date" in resource else None
    return record


def from_resource(resource: Json) -> Record:
    """The whole reply."""
    return restore(KIND, resource, _placed)
