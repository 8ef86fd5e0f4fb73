"""Follow-up visit <-> QuestionnaireResponse: the complete national form.

The same visit also goes out as an Encounter with Observations and MedicationStatements
(``follow_up_parts``), so that a stranger needs no knowledge of the form.
"""

from __future__ import annotations

from app.care.copd_form import headings
from app.fhir.codec import ID, Json, fit_code, id_of, reference
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.fields import BOOLEAN, DICT, LIST, Field, child_fields, complete, fields_of
from app.fhir.follow_up_parts import encounter_id, parts
from app.fhir.form_items import by_link, group, heading, items_of, value_in
from app.fhir.uris import FOLLOW_UP_FORM
from app.models.records import Record

KIND = "follow_up"
TYPE = "QuestionnaireResponse"
FORM = FOLLOW_UP_FORM

_DISEASES = "diseases"
_COPD = "copd"
_SYMPTOMS = {
    "hypertension": "symptom_hypertension",
    "type2_diabetes": "symptom_diabetes",
    "copd": "symptom_copd",
}
_STATUS = {"final": "completed", "amended": "amended", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}

#: Fields about the record, not of the form.
_ABOUT = frozenset(
    (
        *("id", "organisation_id", "author_id", "updated_by", "created_at", "updated_at"),
        *("change_id", "is_sample", "resident_id", "status", "supersedes_id", "status_reason"),
        *("form_version", "rule_version"),
    )
)


def _form_fields() -> dict[str, Field]:
    return {name: field for name, field in fields_of(KIND).items() if name not in _ABOUT}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The form, then the visit's Encounter, Observations and MedicationStatements."""
    form = frame(TYPE, record)
    version = record["form_version"]
    # The type canonical holds no blanks, and the bar divides address and version.
    if fit_code(version) and "|" not in version and " " not in version:
        form["questionnaire"] = f"{FORM}|{version}"
    form["status"] = _STATUS.get(record["status"], "completed")
    form["subject"] = reference("Patient", record["resident_id"])
    form["encounter"] = reference("Encounter", encounter_id(record))
    form["authored"] = record["created_at"]
    if ID.match(record["author_id"]):
        form["author"] = context.person(record["author_id"])
    items: list[Json] = []
    for name, field in _form_fields().items():
        made = items_of(field, record.get(name))
        items.extend(map(_titled, made) if name == _COPD else made)
    items.extend(_disease(record, part) for part in record.get(_DISEASES) or ())
    form["item"] = items
    return [finish(KIND, record, form, _placed), *parts(record, context)]


def _titled(item: Json) -> Json:
    """The answers to the COPD definition with the headings of their items."""
    words = headings()
    inner = [
        {"linkId": each["linkId"], "text": words[key], **each}
        if (key := each["linkId"].removeprefix(f"{_COPD}.")) in words
        else each
        for each in item.get("item", ())
    ]
    return {**item, "item": inner} if inner else item


def _disease(record: Record, part: Record) -> Json:
    implied = _implied(record)
    items: list[Json] = []
    for name, field in child_fields(KIND, _DISEASES).items():
        if name in implied and implied[name] == part.get(name):
            continue
        code_list = _SYMPTOMS.get(part["disease"]) if name == "symptoms" else None
        items.extend(items_of(field, part.get(name), code_list, f"{_DISEASES}."))
    return group(_DISEASES, items, heading(_DISEASES))


def _implied(record: Record) -> Record:
    """What a part shares with its visit unless it says otherwise."""
    return {"resident_id": record["resident_id"], "visit_date": record["visit_date"]}


def _placed(resource: Json) -> Record:
    items = by_link(resource.get("item") or ())
    record: Record = {}
    for name, field in _form_fields().items():
        record[name] = _nothing(field)
        if name in items:
            record[name] = value_in(field, items[name])
    record["resident_id"] = id_of(resource["subject"], "Patient")
    record["status"] = _MEANING.get(resource["status"])
    form, _, version = resource.get("questionnaire", "").partition("|")
    record["form_version"] = version if form == FORM else None
    if "authored" in resource:
        record["created_at"] = resource["authored"]
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    fields = child_fields(KIND, _DISEASES)
    record[_DISEASES] = []
    for item in items.get(_DISEASES, ()):
        part = _implied(record)
        for link, found in by_link(item.get("item") or ()).items():
            name = link.removeprefix(f"{_DISEASES}.")
            if name in fields:
                part[name] = value_in(fields[name], found)
        record[_DISEASES].append(complete(fields, part))
    return record


def _nothing(field: Field) -> object:
    if field.form == LIST:
        return []
    if field.form == DICT:
        return {}
    return False if field.form == BOOLEAN and not field.nullable else None


def from_resource(resource: Json) -> Record:
    """The whole visit from its form alone."""
    return restore(KIND, resource, _placed)
