"""One version of a service package <-> PlanDefinition: what is planned, for no one yet."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import Json, coding, fit
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import PACKAGE
from app.models.records import Record

KIND = "service_package"
TYPE = "PlanDefinition"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The PlanDefinition. Actions are for readers of FHIR; the services travel as extensions."""
    plan = frame(TYPE, record)
    code = record["code"]
    if isinstance(code, str) and fit(code):
        plan["identifier"] = [{"system": PACKAGE, "value": code}]
    plan["version"] = str(record["version"])
    put_if(plan, "title", text_or_none(record["name"]))
    plan["status"] = "active" if record["active"] else "retired"
    put_if(plan, "description", text_or_none(record.get("note")))
    services = record.get("services") or ()
    put_if(plan, "action", [made for each in services if (made := _action(each))])
    return [finish(KIND, record, plan, _placed)]


def _action(service: Any) -> Json | None:
    """One service with how often a year, as far as FHIR can say it."""
    if not isinstance(service, dict):
        return None
    name, times, counts = service.get("name"), service.get("times"), service.get("counts")
    action: Json = {}
    if isinstance(name, str) and fit(name):
        action["title"] = name
    known = coding("service_count", counts) if isinstance(counts, str) else None
    put_if(action, "code", [{"coding": [known]}] if known else None)
    if isinstance(times, int) and not isinstance(times, bool) and 0 < times < 2**31:
        repeat = {"frequency": times, "period": 1, "periodUnit": "a"}
        action["timingTiming"] = {"repeat": repeat}
    return action or None


def _placed(resource: Json) -> Record:
    record: Record = {
        "code": next(
            (
                i.get("value")
                for i in resource.get("identifier") or ()
                if i.get("system") == PACKAGE
            ),
            None,
        ),
        "name": resource.get("title"),
        "active": resource["status"] != "retired",
        "note": resource.get("description"),
    }
    version = resource.get("version")
    if isinstance(version, str) and len(version) < 19 and version.isascii():
        number = version.removeprefix("-")
        if number.isdigit():
            record["version"] = int(version)
    return record


def from_resource(resource: Json) -> Record:
    """The whole version."""
    return restore(KIND, resource, _placed)
