"""Blood-pressure screening <-> QuestionnaireResponse, with the Observations it says again."""

from __future__ import annotations

from app.fhir.codec import ID, Json, fit_code, id_of, reference
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.fields import DICT, LIST, Field, fields_of
from app.fhir.follow_up_parts import encounter_id, parts
from app.fhir.form_items import by_link, items_of, value_in
from app.fhir.uris import BP_SCREENING_FORM
from app.models.records import Record

KIND = "bp_screening"
TYPE = "QuestionnaireResponse"
FORM = BP_SCREENING_FORM

_CODE_LISTS = {
    "result": "bp_screening_result",
    "outcome": "bp_screening_outcome",
    "risk_answers": "bp_risk",
    "risk_factors": "bp_risk",
}
_STATUS = {"final": "completed", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}

#: Fields about the record, not of the form.
_ABOUT = frozenset(
    (
        *("id", "organisation_id", "author_id", "updated_by", "created_at", "updated_at"),
        *("change_id", "is_sample", "resident_id", "status", "status_reason"),
        *("form_version", "rule_version"),
    )
)


def _form_fields() -> dict[str, Field]:
    return {name: field for name, field in fields_of(KIND).items() if name not in _ABOUT}


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The form, then the visit's Encounter and Observations."""
    form = frame(TYPE, record)
    version = record["form_version"]
    fits = fit_code(version) and "|" not in version and " " not in version
    form["questionnaire"] = f"{FORM}|{version}" if fits else FORM
    form["status"] = _STATUS.get(record["status"], "completed")
    form["subject"] = reference("Patient", record["resident_id"])
    form["encounter"] = reference("Encounter", encounter_id(record))
    form["authored"] = record["created_at"]
    if ID.match(record["author_id"]):
        form["author"] = context.person(record["author_id"])
    items: list[Json] = []
    for name, field in _form_fields().items():
        items.extend(items_of(field, record.get(name), _CODE_LISTS.get(name)))
    form["item"] = items
    companions = parts(_as_visit(record), context, "血压筛查")
    return [finish(KIND, record, form, _placed), *companions]


def _as_visit(record: Record) -> Record:
    """The same as the companions of a follow-up know it."""
    why = record.get("not_measured")
    return {
        **record,
        "visit_date": record["measured_on"],
        "mode": "1",
        "doctor_name": record["performer_name"],
        "not_measured": {"sbp": why, "dbp": why} if why else {},
    }


def _placed(resource: Json) -> Record:
    items = by_link(resource.get("item") or ())
    record: Record = {}
    for name, field in _form_fields().items():
        record[name] = _nothing(field)
        if name in items:
            record[name] = value_in(field, items[name])
    record["resident_id"] = id_of(resource["subject"], "Patient")
    record["status"] = _MEANING.get(resource["status"])
    form, _, version = resource["questionnaire"].partition("|")
    record["form_version"] = version or None if form == FORM else None
    if "authored" in resource:
        record["created_at"] = resource["authored"]
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    return record


def _nothing(field: Field) -> object:
    if field.form == LIST:
        return []
    return {} if field.form == DICT else None


def from_resource(resource: Json) -> Record:
    """The whole measurement from its form alone."""
    return restore(KIND, resource, _placed)
