"""Consent <-> Consent: what a resident agreed to or refused, on which day, and who signed."""

from __future__ import annotations

from app.fhir.codec import Json, code_in, coding, id_of, reference
from app.fhir.common import (
    WireContext,
    finish,
    frame,
    put_if,
    reference_or_none,
    restore,
    text_or_none,
)
from app.fhir.uris import ACT_CODE, CODE, CONSENT_SCOPE, LOINC
from app.models.records import Record

KIND = "consent"
TYPE = "Consent"

_CATEGORY = CODE + "consent_type"
#: decision → status, provision.type, v3-ActCode of the policy rule.
_DECISIONS = {
    "given": ("active", "permit", "OPTIN"),
    "refused": ("rejected", "deny", "OPTOUT"),
    "withdrawn": ("inactive", "deny", "OPTOUT"),
}
_OF_STATUS = {status: decision for decision, (status, _, _) in _DECISIONS.items()}
#: What concerns care itself; all else concerns what becomes of the resident's data.
_TREATMENT = frozenset({"care", "contract"})


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Consent."""
    consent = frame(TYPE, record)
    status, provision, rule = _DECISIONS.get(record["decision"], ("active", "", "OPTIN"))
    wrong = record.get("status") == "entered_in_error"
    consent["status"] = "entered-in-error" if wrong else status
    scope = "treatment" if record["type"] in _TREATMENT else "patient-privacy"
    consent["scope"] = {"coding": [{"system": CONSENT_SCOPE, "code": scope}]}
    own = coding("consent_type", record["type"])
    consent["category"] = [{"coding": [own] if own else [{"system": LOINC, "code": "59284-0"}]}]
    consent["patient"] = reference("Patient", record["resident_id"])
    consent["dateTime"] = record["signed_on"]
    signer = text_or_none(record.get("signer"))
    himself = record.get("signer_relation") is None
    performer = reference_or_none("Patient", record["resident_id"], signer) if himself else None
    put_if(consent, "performer", [performer or {"display": signer}] if signer else None)
    consent["organization"] = [context.organisation(record["organisation_id"])]
    # R4 (constraint ppc-1) wants a policy or a rule.
    consent["policyRule"] = {"coding": [{"system": ACT_CODE, "code": rule}]}
    put_if(consent, "provision", {"type": provision} if provision else None)
    return [finish(KIND, record, consent, _placed)]


def _placed(resource: Json) -> Record:
    status = resource["status"]
    record: Record = {
        "status": "entered_in_error" if status == "entered-in-error" else "final",
        "decision": _OF_STATUS.get(status),
        "type": None,
        "resident_id": id_of(resource["patient"], "Patient"),
        "signed_on": resource["dateTime"][:10],
        "signer": None,
    }
    if record["decision"] is None:
        denied = (resource.get("provision") or {}).get("type") == "deny"
        record["decision"] = "refused" if denied else "given"
    for category in resource.get("category") or ():
        record["type"] = code_in(category, _CATEGORY) or record["type"]
    for performer in resource.get("performer") or ():
        record["signer"] = performer.get("display")
        break
    return record


def from_resource(resource: Json) -> Record:
    """The whole consent."""
    return restore(KIND, resource, _placed)
