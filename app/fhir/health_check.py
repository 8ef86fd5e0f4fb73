"""Health check <-> QuestionnaireResponse: the whole form, section by section of the paper.

The vital signs and the tests that have a code also go out as Observations with an Encounter
(``health_check_parts``). Scales are referred to, never said again.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.care.health_check.definition import FieldDefinition, FormDefinition, definition, versions
from app.fhir.codec import ID, Json, fit_code, id_of, name_to_url, reference, url_to_name
from app.fhir.common import WireContext, finish, frame, restore
from app.fhir.fields import DICT, LIST, TEXT, Field, fields_of
from app.fhir.form_items import by_link, group, items_of, value_in
from app.fhir.health_check_parts import encounter_id, parts
from app.fhir.uris import HEALTH_CHECK_FORM
from app.models.records import Record

KIND = "health_check"
TYPE = "QuestionnaireResponse"
FORM = HEALTH_CHECK_FORM

_SECTION = "section."
_ASSESSMENT = "assessments."
#: Columns that are fields of the form's head and foot rather than of a section.
_PLAIN = ("check_date", "doctor_name", "concluded_by", "not_measured", "findings")
_HEADINGS = {
    "check_date": "体检日期",
    "doctor_name": "责任医生",
    "concluded_by": "评价医生",
    "not_measured": "未查、拒绝或无法测",
    "findings": "异常提示",
}
_STATUS = {"amended": "amended", "entered_in_error": "entered-in-error"}
_MEANING = {status: own for own, status in _STATUS.items()}
_LISTS = ("several", "lines", "rows")


def form_of_record(record: Record) -> FormDefinition:
    """The form's version of a record; the newest known for one of another program."""
    version = record.get("form_version")
    known = versions()
    return definition(version if version in known else known[-1])


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The form, then the Encounter and the Observations."""
    form = frame(TYPE, record)
    version = record["form_version"]
    fits = fit_code(version) and "|" not in version and " " not in version
    form["questionnaire"] = f"{FORM}|{version}" if fits else FORM
    waiting = "completed" if record.get("conclusion") else "in-progress"
    form["status"] = _STATUS.get(record["status"], waiting)
    form["subject"] = reference("Patient", record["resident_id"])
    form["encounter"] = reference("Encounter", encounter_id(record))
    form["authored"] = record["created_at"]
    if ID.match(record["author_id"]):
        form["author"] = context.person(record["author_id"])
    shape = form_of_record(record)
    own = fields_of(KIND)
    items: list[Json] = []
    for name in _PLAIN:
        items.extend(_said(items_of(own[name], record.get(name)), _HEADINGS[name]))
    items.extend(_assessments(record, shape))
    for section in shape.sections:
        inside = [
            item
            for each in section.groups
            for field in each.fields
            for item in _items(field, each.label_zh, record)
        ]
        if inside:
            items.append(group(_SECTION + section.key, inside, section.zh))
    form["item"] = items
    return [finish(KIND, record, form, _placed), *parts(record, context, shape)]


def _said(items: Iterable[Json], text: str) -> list[Json]:
    return [
        {"linkId": item["linkId"], "text": text}
        | {key: value for key, value in item.items() if key not in ("linkId", "text")}
        for item in items
    ]


def _items(field: FieldDefinition, row: str, record: Record) -> list[Json]:
    """The items of one field of the form, with the words beside it."""
    if field.column:
        value = record.get(field.key)
        description = fields_of(KIND)[field.key]
    else:
        value = (record.get("answers") or {}).get(field.key)
        description = _description(field)
    text = field.zh if field.zh == row else f"{row} {field.zh}"
    found = _said(items_of(description, value, field.code_list or None), text)
    words = (record.get("answers") or {}).get(field.text_key) if field.words_for else None
    if words is not None:
        found.extend(_said(items_of(_words(field), words), f"{text}：说明"))
    return found


def _description(field: FieldDefinition) -> Field:
    return Field(field.key, LIST if field.kind in _LISTS else TEXT, nullable=True)


def _words(field: FieldDefinition) -> Field:
    return Field(field.text_key, TEXT, nullable=True)


def _assessments(record: Record, shape: FormDefinition) -> list[Json]:
    found = record.get("assessments") or {}
    if not all(isinstance(id_, str) and ID.match(id_) for id_ in found.values()):
        return []
    return [
        {
            "linkId": _ASSESSMENT + name_to_url(key),
            "text": shape.by_key[key].zh if key in shape.by_key else "评估",
            "answer": [{"valueReference": reference("QuestionnaireResponse", id_)}],
        }
        for key, id_ in found.items()
    ]


def _placed(resource: Json) -> Record:
    record: Record = {"answers": {}, "assessments": {}}
    record["resident_id"] = id_of(resource["subject"], "Patient")
    form, _, version = resource.get("questionnaire", "").partition("|")
    record["form_version"] = version if form == FORM and version else None
    record["status"] = _MEANING.get(resource["status"], "final")
    if "authored" in resource:
        record["created_at"] = resource["authored"]
    if "author" in resource:
        record["author_id"] = id_of(resource["author"], "Practitioner")
    own = fields_of(KIND)
    top = by_link(resource.get("item") or ())
    for name in _PLAIN:
        record[name] = value_in(own[name], top[name]) if name in top else _nothing(own[name])
    for link, items in top.items():
        if link.startswith(_ASSESSMENT):
            key = url_to_name(link.removeprefix(_ASSESSMENT))
            record["assessments"][key] = id_of(items[-1]["answer"][-1]["valueReference"])
    shape = form_of_record(record)
    inside = by_link(
        item
        for link, items in top.items()
        if link.startswith(_SECTION)
        for section in items
        for item in section.get("item") or ()
    )
    for field in shape.fields():
        _read(record, field, inside)
    return record


def _read(record: Record, field: FieldDefinition, inside: dict[str, list[Json]]) -> None:
    if field.column:
        description = fields_of(KIND)[field.key]
        record[field.key] = (
            value_in(description, inside[field.key])
            if field.key in inside
            else _nothing(description)
        )
    elif field.key in inside:
        record["answers"][field.key] = value_in(_description(field), inside[field.key])
    if field.words_for and field.text_key in inside:
        record["answers"][field.text_key] = value_in(_words(field), inside[field.text_key])


def _nothing(field: Field) -> object:
    return [] if field.form == LIST else {} if field.form == DICT else None


def from_resource(resource: Json) -> Record:
    """The whole check from its form alone."""
    return restore(KIND, resource, _placed)
