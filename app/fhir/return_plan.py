"""The plan for the time after a referral <-> CarePlan with dated activities."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, code_in, coding, fit, id_of, reference, target_of
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    put_if,
    reference_or_none,
    restore,
    text_or_none,
)
from app.fhir.uris import CARE_PLAN_KIND
from app.models.records import Record

KIND = "return_plan"
TYPE = "CarePlan"

_CATEGORY = {"coding": [{"system": CARE_PLAN_KIND, "code": KIND}], "text": "转回后续方案"}


def is_return_plan(plan: Json) -> bool:
    """Whether a CarePlan is the plan after a referral; else it is a rehab plan."""
    try:
        return any(
            code_in(category, CARE_PLAN_KIND) == KIND for category in plan.get("category") or ()
        )
    except (TypeError, AttributeError):
        return False


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The CarePlan. Activities are for readers of FHIR; the steps travel as extensions."""
    plan = frame(TYPE, record)
    replaced = record.get("replaces_id")
    if isinstance(replaced, str) and ID.match(replaced):
        plan["replaces"] = [reference(TYPE, replaced)]
    plan["status"], plan["intent"] = "active", "plan"
    plan["category"] = [_CATEGORY]
    if ID.match(record["resident_id"]):
        plan["subject"] = reference("Patient", record["resident_id"])
    plan["period"] = {"start": record["starts_on"]}
    plan["created"] = record["created_at"]
    name = text_or_none(record["doctor_name"])
    if ID.match(record["doctor_id"]):
        plan["author"] = context.person(record["doctor_id"], name)
    if ID.match(record["referral_id"]):
        plan["supportingInfo"] = [reference("ServiceRequest", record["referral_id"])]
        # The Task whose answer it is: so its writer says himself whose it is.
        task = reference_or_none("Task", context.letter_tasks.get(record["referral_id"]))
        plan["supportingInfo"] += [task] if task else []
    steps = record.get("steps") or ()
    put_if(plan, "activity", [found for step in steps if (found := _activity(step))])
    note = text_or_none(record.get("warning_signs"))
    put_if(plan, "note", [{"text": note}] if note else None)
    return [finish(KIND, record, plan, _placed)]


def _activity(step: Any) -> Json | None:
    if not isinstance(step, dict):
        return None
    detail: Json = {}
    kind, what, due = step.get("kind"), step.get("what"), step.get("due_on")
    known = coding("return_step", kind) if isinstance(kind, str) else None
    put_if(detail, "code", {"coding": [known]} if known else None)
    detail["status"] = "scheduled" if isinstance(due, str) and len(due) == 10 else "not-started"
    if detail["status"] == "scheduled":
        detail["scheduledPeriod"] = {"start": due}
    if isinstance(what, str) and fit(what):
        detail["description"] = what
    return {"detail": detail}


def _placed(resource: Json) -> Record:
    author = resource.get("author") or {}
    record: Record = {
        "resident_id": id_of(resource["subject"], "Patient") if "subject" in resource else None,
        "starts_on": (resource.get("period") or {}).get("start"),
        "doctor_id": id_of(author) if "reference" in author else None,
        "doctor_name": author.get("display"),
        "warning_signs": next((n.get("text") for n in resource.get("note") or ()), None),
        "referral_id": None,
        "replaces_id": None,
    }
    if "created" in resource:
        record["created_at"] = resource["created"]
    for item in resource.get("supportingInfo") or ():
        named = target_of(item) if "reference" in item else None
        if named is not None and named[0] == "ServiceRequest":
            record["referral_id"] = named[1]
            break
    for item in resource.get("replaces") or ():
        record["replaces_id"] = id_of(item)
        break
    return record


def from_resource(resource: Json) -> Record:
    """The whole plan."""
    return restore(KIND, resource, _placed)
