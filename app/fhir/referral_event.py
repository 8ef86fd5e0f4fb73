"""One move of a referral <-> Provenance: who, for which organisation, when, why."""

from __future__ import annotations

from app.fhir.codec import ID, Json, code_in, fit, fit_code, id_of, reference
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import CODE, PARTICIPATION_TYPE
from app.models.records import Record

KIND = "referral_event"
TYPE = "Provenance"

_MOVE = CODE + "referral_move"
_REASON = CODE + "referral_task_reason"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Provenance. ``occurredDateTime`` is the moving device's clock."""
    move = frame(TYPE, record)
    move["target"] = [reference("Task", record["task_id"])]
    move["occurredDateTime"] = record["occurred_at"]
    move["recorded"] = record["created_at"]
    put_if(move, "reason", _reason(record))
    put_if(move, "activity", _activity(record))
    agent: Json = {"type": {"coding": [{"system": PARTICIPATION_TYPE, "code": "performer"}]}}
    name = text_or_none(record["actor_name"])
    if ID.match(record["author_id"]):
        agent["who"] = context.person(record["author_id"], name)
    agent["onBehalfOf"] = context.organisation(record["organisation_id"])
    move["agent"] = [agent]
    move["entity"] = [
        {"role": "source", "what": reference("ServiceRequest", record["referral_id"])}
    ]
    return [finish(KIND, record, move, _placed)]


def _reason(record: Record) -> list[Json]:
    reason: Json = {}
    code, text = record.get("reason_code"), text_or_none(record.get("reason_text"))
    if code and fit_code(code):
        reason["coding"] = [{"system": _REASON, "code": code}]
    if text:
        reason["text"] = text
    return [reason] if reason else []


def _activity(record: Record) -> Json:
    """The move's code; ``from → to`` in words for a reader who does not know it."""
    activity: Json = {}
    if fit_code(record["move"]):
        activity["coding"] = [{"system": _MOVE, "code": record["move"]}]
    before, after = record.get("from_state"), record["to_state"]
    if fit(after) and (before is None or fit(before)):
        activity["text"] = f"{before} → {after}" if before else after
    return activity


def _placed(resource: Json) -> Record:
    agent = resource["agent"][0]
    reason: Json = next(iter(resource.get("reason") or ()), {})
    record: Record = {
        "task_id": id_of(resource["target"][0], "Task"),
        "occurred_at": resource.get("occurredDateTime") or resource["recorded"],
        "created_at": resource["recorded"],
        "reason_code": code_in(reason, _REASON),
        "reason_text": reason.get("text"),
        "move": code_in(resource.get("activity"), _MOVE),
        "referral_id": id_of(resource["entity"][0]["what"], "ServiceRequest"),
    }
    if "who" in agent:
        record["author_id"] = id_of(agent["who"], "Practitioner")
        record["actor_name"] = agent["who"].get("display")
    return record


def from_resource(resource: Json) -> Record:
    """The whole move."""
    return restore(KIND, resource, _placed)
