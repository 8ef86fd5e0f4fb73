"""Rehabilitation plan <-> CarePlan: goals contained, exercises as activities."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, code_in, coding, extension, fit, id_of, plain, reference
from app.fhir.common import (
    WireContext,
    codeable,
    extensions_by_url,
    finish,
    frame,
    put_if,
    restore,
    text_or_none,
)
from app.fhir.uris import CODE, ICD10, SNOMED, X
from app.models.records import Record

KIND = "rehab_plan"
TYPE = "CarePlan"

_STATUS = {
    "draft": "draft",
    "active": "active",
    "paused": "on-hold",
    "completed": "completed",
    "stopped": "revoked",
}
_MEANING = {status: own for own, status in _STATUS.items()}
_ACTIVITY_STATUS = {
    "draft": "not-started",
    "active": "in-progress",
    "paused": "on-hold",
    "completed": "completed",
    "stopped": "stopped",
}
_CATEGORY = {
    "coding": [{"system": SNOMED, "code": "52052004", "display": "Rehabilitation therapy"}],
    "text": "康复计划",
}
_GOALS = {"goal_short": ("short", "短期目标"), "goal_long": ("long", "长期目标")}
_EXERCISE = CODE + "rehab_exercise"
_DETAIL = X + "item"
#: Members of an item that the activity itself says.
_SAID = frozenset({"exercise", "per_week"})


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The CarePlan, its goals contained."""
    plan = frame(TYPE, record)
    subject = reference("Patient", record["resident_id"])
    goals: list[Json] = [
        {
            "resourceType": "Goal",
            "id": id_,
            "lifecycleStatus": "active",
            "category": [{"text": heading}],
            "description": {"text": record[name]},
            "subject": subject,
        }
        for name, (id_, heading) in _GOALS.items()
        if record.get(name) and fit(record[name])
    ]
    diagnosis = _diagnosis(record, subject)
    put_if(plan, "contained", [*diagnosis, *goals])
    status = record["status"]
    plan["status"] = _STATUS.get(status, "unknown")
    plan["intent"] = "plan"
    plan["category"] = [_CATEGORY]
    plan["subject"] = subject
    plan["period"] = {"start": record["starts_on"]}
    plan["created"] = record["created_at"]
    put_if(plan, "addresses", [{"reference": "#diagnosis"} for _ in diagnosis])
    put_if(plan, "author", _prescriber(record, context))
    source = record.get("source_referral_id")
    if source and ID.match(source):
        plan["supportingInfo"] = [reference("ServiceRequest", source)]
    put_if(plan, "goal", [{"reference": "#" + goal["id"]} for goal in goals])
    activity_status = _ACTIVITY_STATUS.get(status, "unknown")
    items = record.get("items") or ()
    if all(isinstance(item, dict) for item in items):
        put_if(plan, "activity", [_activity(item, activity_status) for item in items])
    note = text_or_none(record["precautions"])
    put_if(plan, "note", [{"text": note}] if note else None)
    return [finish(KIND, record, plan, _placed)]


def _diagnosis(record: Record, subject: Json) -> list[Json]:
    """What the plan is for, as a contained Condition."""
    code = codeable(ICD10, record.get("diagnosis_code"), record["diagnosis"])
    if code is None or "text" not in code:
        return []
    found = {"resourceType": "Condition", "id": "diagnosis", "code": code, "subject": subject}
    if record.get("onset_date"):
        found["onsetDateTime"] = record["onset_date"]
    return [found]


def _prescriber(record: Record, context: WireContext) -> Json:
    id_, name = record.get("prescriber_id"), text_or_none(record["prescriber_name"])
    if id_ and ID.match(id_):
        return context.person(id_, name)
    return {"display": name} if name else {}


def _activity(item: dict[str, Any], status: str) -> Json:
    detail: Json = {}
    rest = {name: value for name, value in item.items() if name not in _SAID}
    exercise, often = item.get("exercise"), item.get("per_week")
    known = coding("rehab_exercise", exercise) if isinstance(exercise, str) else None
    if known:
        detail["code"] = {"coding": [known], "text": known["display"]}
    elif isinstance(exercise, str) and fit(exercise):
        detail["code"] = {"text": exercise}
    elif "exercise" in item:
        rest["exercise"] = exercise
    detail["status"] = status
    if isinstance(often, int) and not isinstance(often, bool) and 0 < often < 2**31:
        repeat = {"frequency": often, "period": 1, "periodUnit": "wk"}
        detail["scheduledTiming"] = {"repeat": repeat}
    elif "per_week" in item:
        rest["per_week"] = often
    description = _dose(item)
    put_if(detail, "description", description)
    if rest:
        detail = {"extension": [extension(_DETAIL, rest)], **detail}
    return {"detail": detail}


def _dose(item: dict[str, Any]) -> str:
    """How much, in words for a reader: ``3 组 × 10 次; 15 分钟; Borg 11-13``."""
    sets, reps, minutes = item.get("sets"), item.get("reps"), item.get("minutes")
    parts = []
    if isinstance(reps, int) and reps:
        parts.append(f"{sets or 1} 组 × {reps} 次")
    if isinstance(minutes, int) and minutes:
        parts.append(f"{minutes} 分钟")
    for name in ("intensity", "equipment"):
        value = item.get(name)
        if isinstance(value, str) and fit(value):
            parts.append(value)
    return "; ".join(parts)


def _placed(resource: Json) -> Record:
    author = resource.get("author") or {}
    record: Record = {
        "goal_short": None,
        "goal_long": None,
        "status": _MEANING.get(resource["status"]),
        "diagnosis": None,
        "diagnosis_code": None,
        "onset_date": None,
        "resident_id": id_of(resource["subject"], "Patient"),
        "starts_on": (resource.get("period") or {}).get("start"),
        "prescriber_id": id_of(author) if "reference" in author else None,
        "prescriber_name": author.get("display"),
        "source_referral_id": None,
        "precautions": next((n.get("text") for n in resource.get("note") or ()), None),
    }
    if "created" in resource:
        record["created_at"] = resource["created"]
    names = {id_: name for name, (id_, _) in _GOALS.items()}
    for inner in resource.get("contained") or ():
        if inner.get("resourceType") == "Goal" and inner.get("id") in names:
            record[names[inner["id"]]] = inner["description"].get("text")
        elif inner.get("resourceType") == "Condition" and inner.get("id") == "diagnosis":
            record["diagnosis"] = inner["code"].get("text")
            record["diagnosis_code"] = code_in(inner["code"], ICD10)
            record["onset_date"] = inner.get("onsetDateTime")
    for item in resource.get("supportingInfo") or ():
        record["source_referral_id"] = id_of(item)
        break
    record["items"] = [_item(activity["detail"]) for activity in resource.get("activity") or ()]
    return record


def _item(detail: Json) -> dict[str, Any]:
    item: dict[str, Any] = {}
    code = detail.get("code")
    if code:
        item["exercise"] = code_in(code, _EXERCISE) or code.get("text")
    timing = detail.get("scheduledTiming")
    if timing:
        item["per_week"] = timing["repeat"]["frequency"]
    for found in extensions_by_url(detail).get(_DETAIL, ()):
        item.update(plain(found))
    return item


def from_resource(resource: Json) -> Record:
    """The whole plan."""
    return restore(KIND, resource, _placed)
