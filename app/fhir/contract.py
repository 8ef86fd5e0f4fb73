"""Contract of a resident with a team <-> Contract (why not EpisodeOfCare: ADR 0017)."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, code_in, concept, fit, id_of
from app.fhir.common import WireContext, finish, frame, put_if, restore, text_or_none
from app.fhir.uris import CODE, CONTRACT_NUMBER, PACKAGE
from app.models.records import Record

KIND = "contract"
TYPE = "Contract"

_STATUS = {"1": "executed", "2": "terminated", "3": "renewed", "4": "executable"}
_MEANING = {status: own for own, status in _STATUS.items()}
_CATEGORY = CODE + "contract_category"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Contract; each package is a term that names its version, whole in the extension."""
    contract = frame(TYPE, record)
    number = record["contract_no"]
    if isinstance(number, str) and fit(number):
        contract["identifier"] = [{"system": CONTRACT_NUMBER, "value": number}]
    put_if(contract, "status", _STATUS.get(record["status"]))
    contract["issued"] = record["signed_on"]
    if record["starts_on"] <= record["ends_on"]:
        contract["applies"] = {"start": record["starts_on"], "end": record["ends_on"]}
    if ID.match(record["resident_id"]):
        contract["subject"] = [{"reference": f"Patient/{record['resident_id']}"}]
    if ID.match(record["organisation_id"]):
        contract["authority"] = [context.organisation(record["organisation_id"])]
    doctor, name = record.get("doctor_id"), text_or_none(record["doctor_name"])
    if doctor and ID.match(doctor):
        contract["author"] = context.person(doctor, name)
    put_if(contract, "type", concept("contract_category", record["category"]))
    put_if(contract, "supportingInfo", _team(record))
    packages = record.get("packages") or ()
    put_if(contract, "term", [term for each in packages if (term := _term(each))])
    return [finish(KIND, record, contract, _placed)]


def _team(record: Record) -> list[Json] | None:
    id_, name = record["team_id"], text_or_none(record["team_name"])
    if not ID.match(id_):
        return None
    team: Json = {"reference": f"CareTeam/{id_}"}
    put_if(team, "display", name)
    return [team]


def _term(package: Any) -> Json | None:
    """The agreed package in words; R4 wants an offer in every term."""
    if not isinstance(package, dict):
        return None
    code, version, name = (package.get(key) for key in ("code", "version", "name"))
    if not (isinstance(code, str) and fit(code) and isinstance(name, str) and fit(name)):
        return None
    identifier = {"system": PACKAGE, "value": f"{code}|{version}"}
    return {"identifier": identifier, "offer": {"text": name}}


def _placed(resource: Json) -> Record:
    applies = resource.get("applies") or {}
    author = resource.get("author") or {}
    record: Record = {
        "contract_no": next(
            (
                i.get("value")
                for i in resource.get("identifier") or ()
                if i.get("system") == CONTRACT_NUMBER
            ),
            None,
        ),
        "status": _MEANING.get(resource.get("status", "")),
        "signed_on": resource.get("issued"),
        "starts_on": applies.get("start"),
        "ends_on": applies.get("end"),
        "category": code_in(resource.get("type"), _CATEGORY),
        "doctor_id": id_of(author, "Practitioner") if "reference" in author else None,
        "doctor_name": author.get("display"),
        "team_id": None,
        "team_name": None,
        "resident_id": None,
    }
    for subject in resource.get("subject") or ():
        record["resident_id"] = id_of(subject, "Patient")
        break
    for item in resource.get("supportingInfo") or ():
        if str(item.get("reference")).startswith("CareTeam/"):
            record["team_id"] = id_of(item, "CareTeam")
            record["team_name"] = item.get("display")
            break
    return record


def from_resource(resource: Json) -> Record:
    """The whole contract."""
    return restore(KIND, resource, _placed)
