"""Resident <-> Patient: the national basic information form, whole.

Real elements for what FHIR knows (names, papers, telephone, addresses, family, guardian,
general practitioner); every other answer of the form is an extension with its coding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.fhir.codec import ID, Json, code_in, coding, fit, id_of, reference
from app.fhir.common import (
    WireContext,
    child_extension,
    child_record,
    extensions_by_url,
    finish,
    frame,
    put_if,
    restore,
    text_or_none,
)
from app.fhir.fields import child_fields
from app.fhir.person import GENDERS, phone_of, read_gender
from app.fhir.uris import (
    CODE,
    DATA_ABSENT,
    EDUCATION,
    ID_CARD,
    MARITAL,
    OTHER_PAPER,
    RECORD_NUMBER,
    RELATION,
    ROLE_CODE,
    X,
)
from app.models.records import Record

KIND = "resident"
TYPE = "Patient"

RESIDENCE = X + "residence"
_ADDRESS_KIND = X + "address-kind"
_SCOPE = X + "guardian-scope"
_EDUCATION_LEVEL = X + "education-level"
_GUARDIAN = {"system": ROLE_CODE, "code": "GUARD", "display": "guardian"}

#: Form code → GB/T 2261.2.
_MARITAL = {"1": "10", "2": "20", "3": "30", "4": "40", "5": "90"}
#: Form code → GB/T 4658; "unknown" has no national code.
_EDUCATION = {str(form): str(form * 10) for form in range(1, 10)}
_CLOSED = frozenset({"merged", "cancelled"})


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Patient."""
    patient = frame(TYPE, record)
    put_if(patient, "identifier", _identifiers(record))
    patient["active"] = record.get("record_status") not in _CLOSED
    name = text_or_none(record["name"])
    put_if(patient, "name", [{"use": "official", "text": name}] if name else None)
    phone = text_or_none(record.get("phone"))
    put_if(patient, "telecom", [{"system": "phone", "value": phone}] if phone else None)
    put_if(patient, "gender", GENDERS.get(record["sex"]))
    patient["birthDate"] = record["birth_date"]
    if record.get("record_status") == "deceased":
        if record.get("record_status_on"):
            patient["deceasedDateTime"] = record["record_status_on"]
        else:
            patient["deceasedBoolean"] = True
    put_if(patient, "address", _addresses(record))
    put_if(patient, "maritalStatus", _in_both("marital", record.get("marital"), MARITAL, _MARITAL))
    education = _in_both("education", record.get("education"), EDUCATION, _EDUCATION)
    if education:
        level = {"url": _EDUCATION_LEVEL, "valueCodeableConcept": education}
        patient["extension"].append(level)
    contacts = [_contact(item) for item in record.get("contacts") or () if isinstance(item, dict)]
    if record.get("guardian"):
        contacts.append(_contact(record["guardian"], guardian=True))
    put_if(patient, "contact", [item for item in contacts if item])
    doctor = record.get("responsible_doctor_id")
    if doctor and ID.match(doctor):
        patient["generalPractitioner"] = [context.person(doctor)]
    merged = record.get("merged_into_id")
    if merged and ID.match(merged):
        patient["link"] = [{"other": reference(TYPE, merged), "type": "replaced-by"}]
    fields = child_fields(KIND, "residences")
    patient["extension"].extend(
        child_extension(RESIDENCE, fields, item, {}) for item in record.get("residences") or ()
    )
    return [finish(KIND, record, patient, _placed)]


def _identifiers(record: Record) -> list[Json]:
    found: list[Json] = []
    number = text_or_none(record.get("id_no"))
    if number:
        if record.get("id_type") == "id_card":
            found.append({"use": "official", "system": ID_CARD, "value": number})
        else:
            found.append({"use": "usual", "system": OTHER_PAPER, "value": number})
    record_number = text_or_none(record.get("record_no"))
    if record_number:
        found.append({"system": RECORD_NUMBER, "value": record_number})
    return found


def _addresses(record: Record) -> list[Json]:
    home: Json = {"use": "home"}
    put_if(home, "text", text_or_none(record.get("address")))
    village = text_or_none(record.get("village"))
    group = text_or_none(record.get("village_group"))
    if village:
        home["line"] = [village, group] if group else [village]
    put_if(home, "city", text_or_none(record.get("township")))
    found = [home] if len(home) > 1 else []
    registered = text_or_none(record.get("registered_address"))
    if registered:
        mark = {"url": _ADDRESS_KIND, "valueString": "registered"}
        found.append({"extension": [mark], "text": registered})
    return found


def _in_both(
    code_list: str, code: str | None, system: str, national: Mapping[str, str]
) -> Json | None:
    """The form's code and, before it, the national one, which is another number."""
    own = coding(code_list, code) if code else None
    if own is None or code is None:
        return None
    codings = [own]
    if code in national:
        codings.insert(0, {"system": system, "code": national[code], "display": own["display"]})
    return {"coding": codings, "text": own["display"]}


def _contact(item: dict[str, Any], guardian: bool = False) -> Json:
    """A contact point of a person; texts that FHIR cannot hold are left to the extension."""
    contact: Json = {}
    if guardian:
        scope = item.get("scope")
        if isinstance(scope, str) and fit(scope):
            contact["extension"] = [{"url": _SCOPE, "valueString": scope}]
        contact["relationship"] = [{"coding": [_GUARDIAN]}]
    relation = item.get("relation")
    if isinstance(relation, str):
        found = coding("relation", relation)
        if found:
            contact.setdefault("relationship", []).append({"coding": [found]})
        elif fit(relation):
            contact.setdefault("relationship", []).append({"text": relation})
    name, phone = text_or_none(item.get("name")), text_or_none(item.get("phone"))
    put_if(contact, "name", {"text": name} if name else None)
    put_if(contact, "telecom", [{"system": "phone", "value": phone}] if phone else None)
    if contact and not (name or phone):
        # R4 (constraint pat-1) refuses a whole Patient for a contact without any of the two.
        contact["name"] = {"extension": [{"url": DATA_ABSENT, "valueCode": "unknown"}]}
    return contact


def _education(resource: Json) -> str | None:
    for level in extensions_by_url(resource).get(_EDUCATION_LEVEL, ()):
        return code_in(level.get("valueCodeableConcept"), CODE + "education")
    return None


def _placed(resource: Json) -> Record:
    record: Record = {
        "sex": read_gender(resource),
        "birth_date": resource.get("birthDate"),
        "name": None,
        "phone": phone_of(resource.get("telecom")),
        "id_type": "none",
        "id_no": None,
        "record_no": None,
        "marital": code_in(resource.get("maritalStatus"), CODE + "marital"),
        "education": _education(resource),
        "responsible_doctor_id": None,
        "merged_into_id": None,
    }
    for name in resource.get("name") or ():
        record["name"] = name.get("text") or _spelled(name)
        break
    for item in resource.get("identifier") or ():
        system = item.get("system")
        if system == ID_CARD:
            record["id_type"], record["id_no"] = "id_card", item.get("value")
        elif system == OTHER_PAPER:
            record["id_type"], record["id_no"] = "other", item.get("value")
        elif system == RECORD_NUMBER:
            record["record_no"] = item.get("value")
    _read_addresses(record, resource)
    contacts, record["guardian"] = [], {}
    for item in resource.get("contact") or ():
        if _is_guardian(item):
            scopes = extensions_by_url(item).get(_SCOPE)
            scope = scopes[0].get("valueString", "") if scopes else ""
            record["guardian"] = _read_contact(item) | {"scope": scope}
        else:
            contacts.append(_read_contact(item))
    record["contacts"] = contacts
    for doctor in resource.get("generalPractitioner") or ():
        record["responsible_doctor_id"] = id_of(doctor)
        break
    for link in resource.get("link") or ():
        if link.get("type") == "replaced-by":
            record["merged_into_id"] = id_of(link["other"])
    if resource.get("active") is False:
        record["record_status"] = "cancelled"
    elif resource.get("deceasedDateTime") or resource.get("deceasedBoolean"):
        record["record_status"] = "deceased"
    else:
        record["record_status"] = "active"
    fields = child_fields(KIND, "residences")
    record["residences"] = [
        child_record(fields, item, {}) for item in extensions_by_url(resource).get(RESIDENCE, ())
    ]
    return record


def _spelled(name: Json) -> str | None:
    """The name of a stranger's Patient, who gave the parts only; Chinese order, no blank."""
    parts = [name.get("family"), *(name.get("given") or ())]
    return "".join(part for part in parts if isinstance(part, str)) or None


def _read_addresses(record: Record, resource: Json) -> None:
    for name in ("address", "village", "village_group", "township", "registered_address"):
        record[name] = None
    for item in resource.get("address") or ():
        if _ADDRESS_KIND in extensions_by_url(item):
            record["registered_address"] = item.get("text")
        elif item.get("use", "home") == "home":
            lines = item.get("line") or []
            record["address"] = item.get("text")
            record["village"] = lines[0] if lines else None
            record["village_group"] = lines[1] if len(lines) > 1 else None
            record["township"] = item.get("city")


def _is_guardian(contact: Json) -> bool:
    return any(code_in(item, ROLE_CODE) == "GUARD" for item in contact.get("relationship") or ())


def _read_contact(contact: Json) -> dict[str, str]:
    relation = ""
    for item in contact.get("relationship") or ():
        relation = code_in(item, RELATION) or item.get("text") or relation
    return {
        "name": (contact.get("name") or {}).get("text") or "",
        "phone": phone_of(contact.get("telecom")) or "",
        "relation": relation,
    }


def from_resource(resource: Json) -> Record:
    """The whole resident from the Patient."""
    return restore(KIND, resource, _placed)
