"""Every URI of the wire in one place. They are fixed for ever: other programs store them.

Own URIs are short, because each is repeated in every record:

* ``urn:township-care:x:<field>`` — an extension holding a field that FHIR has no element
  for; the name is the field's own (``kitchen_vent``), the value has its natural FHIR type.
* ``urn:township-care:code:<list>`` — the code system of a list in ``resources/codes``.
* ``urn:township-care:id:<what>`` — identifiers that have no national OID.

National ones are OIDs of the Chinese health-information tree (``domain.md`` §10.1).
This module imports nothing, so that the server may use it too.
"""

from __future__ import annotations

X = "urn:township-care:x:"
CODE = "urn:township-care:code:"
ID = "urn:township-care:id:"

#: meta.tag system: the organisation that wrote the record first; set at creation only.
ORGANISATION_TAG = "urn:township-care:organisation"

#: Extension of every record: the id of the change that made this state (``change_id``). After
#: a lost answer, one's own write id on the server's copy means that the write arrived.
WRITE_ID = X + "write-id"

#: meta.tag of sample data, so that no statistic ever counts it (HL7 v3-ActReason HTEST).
SAMPLE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
SAMPLE_CODE = "HTEST"

#: Basic.code: which kind of record of ours a resource without a FHIR type of its own is.
RECORD = "urn:township-care:record"

#: Procedure.category: which kind of record of ours; a rehab session has none.
PROCEDURE_KIND = "urn:township-care:procedure-kind"

#: CarePlan.category: which kind of record of ours; a rehab plan has none of these.
CARE_PLAN_KIND = "urn:township-care:care-plan-kind"

#: ServiceRequest.category: which kind of record of ours; letters and services have none of these.
REQUEST_KIND = "urn:township-care:request-kind"

#: Appointment.serviceCategory: which kind of record of ours; another program's has none of these.
APPOINTMENT_KIND = "urn:township-care:appointment-kind"

#: DocumentReference.type: which kind of record of ours it is.
DOCUMENT_KIND = "urn:township-care:document-kind"

#: Organization.type: LEAD_HOSPITAL, TOWNSHIP_CENTER, CARE_INSTITUTION, …
ORGANISATION_TYPE = "urn:township-care:organisation-type"

# Identifiers
ID_CARD = "urn:oid:2.16.156.10011.1.3"
RECORD_NUMBER = "urn:oid:2.16.156.10011.1.2"
INSTITUTION = "urn:oid:2.16.156.10011.1.5"
PRACTICE_CERTIFICATE = "urn:oid:2.16.156.10011.1.7"
OTHER_PAPER = ID + "other-paper"
CREDIT_CODE = ID + "uscc"
LOGIN = ID + "login"
REFERRAL_NUMBER = ID + "referral-no"
CONTRACT_NUMBER = ID + "contract-no"
PACKAGE = ID + "service-package"

# Code systems
ICD10 = "urn:oid:2.16.156.10011.2.3.3.11"
SEX = "urn:oid:2.16.156.10011.2.3.3.4"
ETHNICITY = "urn:oid:2.16.156.10011.2.3.3.3"
MARITAL = "urn:oid:2.16.156.10011.2.3.3.5"
EDUCATION = "urn:oid:2.16.156.10011.2.3.3.6"
RELATION = "urn:oid:2.16.156.10011.2.3.3.8"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
DATA_ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
#: Extension of an element whose value is not there although the element has to be.
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
PARTICIPATION_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"

#: The national basic follow-up form as a questionnaire; the version is the form's edition.
FOLLOW_UP_FORM = "urn:township-care:form:follow-up"
#: The annual health check; the version is the form's edition.
HEALTH_CHECK_FORM = "urn:township-care:form:health-check"
#: The small form of a blood-pressure screening.
BP_SCREENING_FORM = "urn:township-care:form:bp-screening"
#: The questionnaires of the scales; the scale follows after a colon.
ASSESSMENT_FORM = "urn:township-care:questionnaire"

#: Code lists that have a national system; all others are ``CODE + list``.
LIST_SYSTEMS = {"ethnicity": ETHNICITY, "relation": RELATION, "sex": SEX}


def list_system(code_list: str) -> str:
    """The code system URI of a list in ``resources/codes``."""
    return LIST_SYSTEMS.get(code_list) or CODE + code_list
