"""What this program itself writes on the wire; all else in a resource is someone else's.

Kept as tables rather than derived, because an element may be absent in the copy at hand
(the field was cleared) and must still count as ours. A test holds them against the mappers.
"""

from __future__ import annotations

from app.fhir import uris

_FRAME = ("resourceType", "id", "meta", "extension")


def _names(*names: str) -> frozenset[str]:
    return frozenset((*_FRAME, *names))


#: Elements of the primary resources, by type.
ELEMENTS: dict[str, frozenset[str]] = {
    "Organization": _names(
        *("identifier", "active", "type", "name", "alias", "telecom", "address", "partOf")
    ),
    "Practitioner": _names("identifier", "active", "name", "telecom", "gender"),
    "Patient": _names(
        *("identifier", "active", "name", "telecom", "gender", "birthDate", "deceasedBoolean"),
        *("deceasedDateTime", "address", "maritalStatus", "contact", "generalPractitioner"),
        "link",
    ),
    "Basic": _names("code", "author"),
    "Condition": _names(
        *("clinicalStatus", "category", "code", "subject", "onsetDateTime", "onsetString"),
        *("recordedDate", "recorder", "note"),
    ),
    "QuestionnaireResponse": _names(
        *("questionnaire", "status", "subject", "encounter", "authored", "author", "item")
    ),
    "Consent": _names(
        *("status", "scope", "category", "patient", "dateTime", "performer", "organization"),
        *("policyRule", "provision"),
    ),
    "CarePlan": _names(
        *("contained", "status", "intent", "category", "subject", "period", "created"),
        *("author", "addresses", "supportingInfo", "goal", "activity", "note", "replaces"),
    ),
    "CareTeam": _names(
        *("status", "name", "participant", "managingOrganization", "telecom", "note")
    ),
    "PlanDefinition": _names("identifier", "version", "title", "status", "description", "action"),
    "Contract": _names(
        *("identifier", "status", "issued", "applies", "subject", "authority", "author", "type"),
        *("supportingInfo", "term"),
    ),
    "Procedure": _names(
        *("basedOn", "status", "statusReason", "code", "subject", "performedPeriod", "recorder"),
        *("performer", "complication", "followUp", "category", "performedDateTime", "note"),
    ),
    "ServiceRequest": _names(
        *("basedOn", "requisition", "status", "intent", "category", "priority", "code"),
        *("orderDetail", "subject", "occurrenceDateTime", "authoredOn", "requester"),
        *("performer", "reasonCode", "supportingInfo", "note"),
    ),
    "Task": _names(
        *("basedOn", "groupIdentifier", "partOf", "status", "statusReason", "businessStatus"),
        *("intent", "priority", "code", "focus", "for", "executionPeriod", "authoredOn"),
        *("lastModified", "requester", "owner", "relevantHistory", "output"),
    ),
    "DocumentReference": _names(
        *("status", "docStatus", "type", "subject", "date", "author", "custodian"),
        *("relatesTo", "content", "context"),
    ),
    "Appointment": _names(
        *("status", "cancelationReason", "serviceCategory", "specialty", "description"),
        *("start", "end"),
        *("participant", "comment"),
    ),
    "Provenance": _names(
        *("target", "occurredDateTime", "recorded", "reason", "activity", "agent", "entity")
    ),
}

_CODING = frozenset({"system", "code", "display"})
_IDENTIFIER = frozenset({"use", "system", "value"})
_PERIOD = frozenset({"start", "end"})

#: Members that this program writes inside an element of that name.
MEMBERS: dict[str, frozenset[str]] = {
    "meta": frozenset({"tag"}),
    "tag": _CODING,
    "coding": _CODING,
    "identifier": _IDENTIFIER,
    "requisition": _IDENTIFIER,
    "groupIdentifier": _IDENTIFIER,
    "name": frozenset({"use", "text"}),
    "telecom": _IDENTIFIER,
    "address": frozenset({"use", "text", "line", "city"}),
    "contact": frozenset({"relationship", "name", "telecom"}),
    "link": frozenset({"other", "type"}),
    "contained": frozenset(
        {
            *("resourceType", "id", "lifecycleStatus", "category", "description", "subject"),
            *("code", "onsetDateTime"),
        }
    ),
    "period": _PERIOD,
    "applies": _PERIOD,
    # CareTeam's have role and member, Appointment's the others.
    "participant": frozenset({"role", "member", "actor", "status", "type"}),
    "action": frozenset({"title", "code", "timingTiming"}),
    "timingTiming": frozenset({"repeat"}),
    "term": frozenset({"identifier", "offer"}),
    "executionPeriod": _PERIOD,
    "performedPeriod": _PERIOD,
    "activity": frozenset({"detail", "coding", "text"}),
    "detail": frozenset({"code", "status", "scheduledTiming", "scheduledPeriod", "description"}),
    "scheduledTiming": frozenset({"repeat"}),
    "scheduledPeriod": _PERIOD,
    "relatesTo": frozenset({"code", "target"}),
    "content": frozenset({"attachment"}),
    "attachment": frozenset({"contentType", "language", "data", "size", "title"}),
    "context": frozenset({"related"}),
    "repeat": frozenset({"frequency", "period", "periodUnit"}),
    "note": frozenset({"text"}),
    "output": frozenset({"type", "valueString", "valueDateTime", "valueReference"}),
    "agent": frozenset({"type", "who", "onBehalfOf"}),
    "entity": frozenset({"role", "what"}),
    "item": frozenset({"linkId", "text", "answer", "item"}),
    "answer": frozenset(
        {
            *("valueBoolean", "valueInteger", "valueDecimal", "valueString", "valueDate"),
            *("valueDateTime", "valueCoding", "valueAttachment", "valueReference"),
        }
    ),
    "valueCoding": _CODING,
    "provision": frozenset({"type"}),
    "valueAttachment": frozenset({"contentType", "data"}),
    # Procedure.performer has an actor, ServiceRequest.performer is a reference.
    "performer": frozenset({"actor", "reference", "display"}),
}
#: Members of CodeableConcepts and References, under whatever name they stand.
OTHER_MEMBERS = frozenset({"coding", "text", "reference", "display"})

#: Extensions of the mappers that are not called after a column.
OWN_EXTENSIONS = frozenset(
    {
        uris.WRITE_ID,
        *(uris.X + name for name in ("vitals", "exercise", "residence", "address-kind")),
        *(uris.X + name for name in ("guardian-scope", "education-level", "part", "item")),
    }
)
OWN_SYSTEMS = frozenset(
    {
        *(uris.ORGANISATION_TAG, uris.SAMPLE_SYSTEM, uris.ORGANISATION_TYPE, uris.RECORD),
        *(uris.ID_CARD, uris.RECORD_NUMBER, uris.INSTITUTION, uris.PRACTICE_CERTIFICATE),
        *(uris.PROCEDURE_KIND, uris.CARE_PLAN_KIND, uris.REQUEST_KIND, uris.DOCUMENT_KIND),
        uris.APPOINTMENT_KIND,
        *(uris.CONTRACT_NUMBER, uris.PACKAGE),
        *(uris.OTHER_PAPER, uris.CREDIT_CODE, uris.REFERRAL_NUMBER, uris.ICD10),
        *(uris.SEX, uris.ETHNICITY, uris.MARITAL, uris.EDUCATION, uris.RELATION),
        *(uris.ROLE_CODE, uris.TASK_CODE),
        *(uris.CONDITION_CLINICAL, uris.CONDITION_CATEGORY, uris.PARTICIPATION_TYPE),
    }
)
