"""A note from one organisation to another <-> Task: asks, answers, countersigns, hands over.

A Task is what both its ``requester`` and its ``owner`` may read, with all that it refers to: so it
is also what lets the other side read the record the note is about.
"""

from __future__ import annotations

from app.fhir.codec import Json, code_in, fit_code, id_of
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    put_if,
    reference_or_none,
    restore,
)
from app.fhir.uris import CODE
from app.models.records import Record

KIND = "shared_note"
TYPE = "Task"

#: What a note may be about, and the type that holds it.
SUBJECTS = {
    "attachment": "DocumentReference",
    "consultation": "ServiceRequest",
    "expert_visit": "Appointment",
    "referral_visit": "DocumentReference",
}
MOVE = CODE + "note_move"
_SUBJECT = CODE + "note_subject"
_PRIORITIES = {"routine": "routine", "urgent": "stat"}
_URGENCIES = {"routine": "routine", "urgent": "urgent", "asap": "urgent", "stat": "urgent"}


def is_note(task: Json) -> bool:
    """Whether a Task is a note; else it is the state of a referral."""
    try:
        return code_in(task.get("code"), MOVE) is not None
    except (TypeError, AttributeError):
        return False


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Task. It asks nothing of a machine: it is complete as it is."""
    note = frame(TYPE, record)
    note["status"], note["intent"] = "completed", "order"
    put_if(note, "priority", _PRIORITIES.get(record["urgency"]))
    move, subject = record["move"], record["subject_kind"]
    codings = [{"system": MOVE, "code": move if fit_code(move) else "other"}]
    if fit_code(subject):
        codings.append({"system": _SUBJECT, "code": subject})
    note["code"] = {"coding": codings}
    type_ = SUBJECTS.get(record["subject_kind"])
    put_if(note, "focus", reference_or_none(type_, record["subject_id"]) if type_ else None)
    put_if(note, "for", reference_or_none("Patient", record.get("resident_id")))
    note["authoredOn"] = record["occurred_at"]
    note["requester"] = context.organisation(record["requester_organisation_id"])
    note["owner"] = context.organisation(record["owner_organisation_id"])
    return [finish(KIND, record, note, _placed)]


def _placed(resource: Json) -> Record:
    record: Record = {
        "move": code_in(resource["code"], MOVE),
        "subject_kind": code_in(resource["code"], _SUBJECT),
        "urgency": _URGENCIES.get(resource.get("priority", "routine")),
        "resident_id": None,
        "subject_id": None,
        "occurred_at": resource["authoredOn"],
        "requester_organisation_id": id_of(resource["requester"], "Organization"),
        "owner_organisation_id": id_of(resource["owner"], "Organization"),
    }
    if "focus" in resource:
        record["subject_id"] = id_of(resource["focus"])
    if "for" in resource:
        record["resident_id"] = id_of(resource["for"], "Patient")
    return record


def from_resource(resource: Json) -> Record:
    """The whole note."""
    return restore(KIND, resource, _placed)
