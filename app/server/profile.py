"""The small FHIR R4 profile the server keeps: which types, what each must have, how it is found.

Source: HL7 FHIR R4 (4.0.1) resource definitions, minimum cardinalities and required value
sets; ``subject`` is demanded beyond R4 where a record about nobody has no meaning here.
"""

from __future__ import annotations

from dataclasses import dataclass

FHIR_VERSION = "4.0.1"

#: Types that every signed-in device may read, whoever wrote them.
DIRECTORY_TYPES = frozenset({"Organization", "Practitioner", "PractitionerRole"})


@dataclass(frozen=True, slots=True)
class Profile:
    """What one resource type must look like.

    ``required``: elements that must be present (a trailing ``[x]`` means any type of it).
    ``status``: the status element and the codes it may hold.
    ``subject``: the element that refers to the resident, if the type has one.
    ``params``: search parameters beside those that every type has.
    """

    required: tuple[str, ...] = ()
    status: tuple[str, frozenset[str]] | None = None
    subject: str | None = None
    params: tuple[str, ...] = ("identifier",)


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVENT = _codes(
    "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
)
_REQUEST = _codes("draft active on-hold revoked completed entered-in-error unknown")
_SUBJECT = ("identifier", "patient", "subject")
_PATIENT = ("identifier", "patient")

PROFILES: dict[str, Profile] = {
    "Organization": Profile(required=("name",)),
    "Practitioner": Profile(),
    "PractitionerRole": Profile(),
    "Patient": Profile(),
    "Basic": Profile(("code",), None, "subject", _SUBJECT),
    "AllergyIntolerance": Profile(("patient",), None, "patient", _PATIENT),
    "Condition": Profile(("subject",), None, "subject", _SUBJECT),
    "FamilyMemberHistory": Profile(
        ("status", "patient", "relationship"),
        ("status", _codes("partial completed entered-in-error health-unknown")),
        "patient",
        _PATIENT,
    ),
    "Encounter": Profile(
        ("status", "class", "subject"),
        (
            "status",
            _codes(
                "planned arrived triaged in-progress onleave finished cancelled "
                "entered-in-error unknown"
            ),
        ),
        "subject",
        _SUBJECT,
    ),
    "Observation": Profile(
        ("status", "code", "subject"),
        (
            "status",
            _codes(
                "registered preliminary final amended corrected cancelled entered-in-error unknown"
            ),
        ),
        "subject",
        _SUBJECT,
    ),
    "DiagnosticReport": Profile(
        ("status", "code", "subject"),
        (
            "status",
            _codes(
                "registered partial preliminary final amended corrected appended cancelled "
                "entered-in-error unknown"
            ),
        ),
        "subject",
        _SUBJECT,
    ),
    "QuestionnaireResponse": Profile(
        ("status", "subject"),
        ("status", _codes("in-progress completed amended entered-in-error stopped")),
        "subject",
        _SUBJECT,
    ),
    "MedicationStatement": Profile(
        ("status", "medication[x]", "subject"),
        (
            "status",
            _codes("active completed entered-in-error intended stopped on-hold unknown not-taken"),
        ),
        "subject",
        _SUBJECT,
    ),
    "CarePlan": Profile(("status", "intent", "subject"), ("status", _REQUEST), "subject", _SUBJECT),
    "CareTeam": Profile(
        (),
        ("status", _codes("proposed active suspended inactive entered-in-error")),
        "subject",
        _SUBJECT,
    ),
    "Goal": Profile(
        ("lifecycleStatus", "description", "subject"),
        (
            "lifecycleStatus",
            _codes(
                "proposed planned accepted active on-hold completed cancelled "
                "entered-in-error rejected"
            ),
        ),
        "subject",
        _SUBJECT,
    ),
    "Procedure": Profile(("status", "subject"), ("status", _EVENT), "subject", _SUBJECT),
    "AdverseEvent": Profile(
        ("actuality", "subject"),
        ("actuality", _codes("actual potential")),
        "subject",
        ("identifier", "subject"),
    ),
    "ServiceRequest": Profile(
        ("status", "intent", "subject"), ("status", _REQUEST), "subject", _SUBJECT
    ),
    "Task": Profile(
        ("status", "intent", "requester"),
        (
            "status",
            _codes(
                "draft requested received accepted rejected ready cancelled in-progress "
                "on-hold failed completed entered-in-error"
            ),
        ),
        "for",
        ("identifier", "owner", "patient", "requester", "subject"),
    ),
    "Provenance": Profile(("target", "recorded", "agent"), None, None, ()),
    "DocumentReference": Profile(
        ("status", "content"),
        ("status", _codes("current superseded entered-in-error")),
        "subject",
        _SUBJECT,
    ),
    "Composition": Profile(
        ("status", "type", "date", "author", "title"),
        ("status", _codes("preliminary final amended entered-in-error")),
        "subject",
        _SUBJECT,
    ),
    "Appointment": Profile(
        ("status", "participant"),
        (
            "status",
            _codes(
                "proposed pending booked arrived fulfilled cancelled noshow entered-in-error "
                "checked-in waitlist"
            ),
        ),
    ),
    "AppointmentResponse": Profile(
        ("appointment", "participantStatus"),
        ("participantStatus", _codes("accepted declined tentative needs-action")),
    ),
    "EpisodeOfCare": Profile(
        ("status", "patient"),
        (
            "status",
            _codes("planned waitlist active onhold finished cancelled entered-in-error"),
        ),
        "patient",
        _PATIENT,
    ),
    "Contract": Profile(
        ("subject",),
        (
            "status",
            _codes(
                "amended appended cancelled disputed entered-in-error executable executed "
                "negotiable offered policy rejected renewed revoked resolved terminated"
            ),
        ),
        "subject",
        _SUBJECT,
    ),
    "PlanDefinition": Profile(("status",), ("status", _codes("draft active retired unknown"))),
    "Consent": Profile(
        ("status", "scope", "category"),
        (
            "status",
            _codes("draft proposed active rejected inactive entered-in-error"),
        ),
        "patient",
        _PATIENT,
    ),
    "Communication": Profile(("status",), ("status", _EVENT), "subject", _SUBJECT),
}

#: Search parameters of every type, with their FHIR type for the CapabilityStatement.
COMMON_PARAMS = {"_id": "token", "_lastUpdated": "date", "_tag": "token"}
PARAM_TYPES = {
    "identifier": "token",
    "owner": "reference",
    "patient": "reference",
    "requester": "reference",
    "subject": "reference",
}
