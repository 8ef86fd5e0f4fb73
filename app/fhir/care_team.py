"""Contract team <-> CareTeam. A team serves many residents, so it has no subject."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, concept, fit
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.models.records import Record

KIND = "care_team"
TYPE = "CareTeam"

_STATUS = {True: "active", False: "inactive"}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The CareTeam. Participants are for readers of FHIR; the rows travel as extensions."""
    team = frame(TYPE, record)
    team["status"] = _STATUS[bool(record["active"])]
    put_if(team, "name", text_or_none(record["name"]))
    members = record.get("members") or ()
    put_if(team, "participant", [p for each in members if (p := _participant(each, context))])
    if ID.match(record["organisation_id"]):
        team["managingOrganization"] = [context.organisation(record["organisation_id"])]
    phone = record.get("phone")
    if isinstance(phone, str) and fit(phone):
        team["telecom"] = [{"system": "phone", "value": phone}]
    note = text_or_none(record.get("note"))
    put_if(team, "note", [{"text": note}] if note else None)
    return [finish(KIND, record, team, _placed)]


def _participant(member: Any, context: WireContext) -> Json | None:
    if not isinstance(member, dict):
        return None
    id_, name, role = member.get("staff_id"), member.get("name"), member.get("role")
    shown = name if isinstance(name, str) and fit(name) else None
    if isinstance(id_, str) and ID.match(id_):
        who = context.person(id_, shown)
    elif shown:
        who = {"display": shown}
    else:
        return None
    part: Json = {}
    known = concept("care_team_role", role) if isinstance(role, str) else None
    put_if(part, "role", [known] if known else None)
    return part | {"member": who}


def _placed(resource: Json) -> Record:
    return {
        "active": resource.get("status", "active") in ("active", "proposed"),
        "name": resource.get("name"),
        "phone": next(
            (t.get("value") for t in resource.get("telecom") or () if t.get("system") == "phone"),
            None,
        ),
        "note": next((n.get("text") for n in resource.get("note") or ()), None),
    }


def from_resource(resource: Json) -> Record:
    """The whole team."""
    return restore(KIND, resource, _placed)
