"""A health check for readers who do not know the form: Encounter and Observations.

LOINC and UCUM of ``domain.md`` §10.2; a test without a code there is said by the form alone.
"""

from __future__ import annotations

from typing import Any

from app.care.health_check.definition import FieldDefinition, FormDefinition
from app.fhir.codec import ID, Json, coding, reference
from app.fhir.common import WireContext, tags, text_or_none
from app.fhir.uris import ACT_CODE, DATA_ABSENT_REASON, LOINC, OBSERVATION_CATEGORY, UCUM
from app.models.identity import companion_id
from app.models.records import Record

_ABSENT = {"1": "not-performed", "2": "asked-declined", "3": "not-performed"}
_SHOWN = {"mm[Hg]": "mmHg", "Cel": "℃", "umol/L": "μmol/L"}
_PANEL = ("85354-9", "Blood pressure panel")
_ARMS = {"pressure_left": "左上臂", "pressure_right": "右上臂"}
_STATUS = {"amended": "amended", "entered_in_error": "entered-in-error"}
_TESTS = "tests"


def encounter_id(record: Record) -> str:
    """The id of a check's Encounter."""
    return companion_id(record["id"], "encounter")


def parts(record: Record, context: WireContext, shape: FormDefinition) -> list[Json]:
    """All companions, the Encounter first."""
    return [_encounter(record, context), *_observations(record, shape)]


def _encounter(record: Record, context: WireContext) -> Json:
    encounter: Json = {
        "resourceType": "Encounter",
        "id": encounter_id(record),
        "meta": {"tag": tags(record)},
        "status": "entered-in-error" if record["status"] == "entered_in_error" else "finished",
        "class": {"system": ACT_CODE, "code": "AMB", "display": "ambulatory"},
        "type": [{"text": "健康体检"}],
        "subject": reference("Patient", record["resident_id"]),
    }
    if ID.match(record["author_id"]):
        doctor = context.person(record["author_id"], text_or_none(record["doctor_name"]))
        encounter["participant"] = [{"individual": doctor}]
    encounter["period"] = {"start": record["check_date"]}
    encounter["serviceProvider"] = context.organisation(record["organisation_id"])
    return encounter


def _observations(record: Record, shape: FormDefinition) -> list[Json]:
    missing = record.get("not_measured") or {}
    found: list[Json | None] = []
    for section in shape.sections:
        category = "laboratory" if section.key == _TESTS else "vital-signs"
        for group in section.groups:
            why = _absent(missing.get(group.key))
            if group.key in _ARMS:
                found.append(_panel(record, group.key, group.fields, why))
                continue
            for field in group.fields:
                if field.loinc:
                    found.append(_single(record, field, category, why))
    return [each for each in found if each]


def _value(record: Record, field: FieldDefinition) -> Any:
    value = record.get(field.key) if field.column else (record.get("answers") or {}).get(field.key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _observation(record: Record, role: str, code: Json, category: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": companion_id(record["id"], role),
        "meta": {"tag": tags(record)},
        "status": _STATUS.get(record["status"], "final"),
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": category}]}],
        "code": code,
        "subject": reference("Patient", record["resident_id"]),
        "encounter": reference("Encounter", encounter_id(record)),
        "effectiveDateTime": record["check_date"],
        "derivedFrom": [reference("QuestionnaireResponse", record["id"])],
    }


def _code(loinc: str, text: str) -> Json:
    return {"coding": [{"system": LOINC, "code": loinc}], "text": text}


def _quantity(value: float, field: FieldDefinition) -> Json:
    unit = _SHOWN.get(field.ucum, field.ucum)
    return {"value": value, "unit": unit, "system": UCUM, "code": field.ucum}


def _absent(code: Any) -> Json | None:
    """Not done, refused or unable differs from blank: blank makes no Observation at all."""
    reason = _ABSENT.get(code) if isinstance(code, str) else None
    if reason is None:
        return None
    own = coding("not_measured", code)
    codings: list[Json] = [{"system": DATA_ABSENT_REASON, "code": reason}]
    return {"coding": [*codings, own] if own else codings}


def _single(record: Record, field: FieldDefinition, category: str, why: Json | None) -> Json | None:
    value = _value(record, field)
    if value is None and why is None:
        return None
    made = _observation(record, field.key, _code(field.loinc, field.zh), category)
    if value is not None:
        return made | {"valueQuantity": _quantity(value, field)}
    return made | {"dataAbsentReason": why}


def _panel(
    record: Record, arm: str, fields: tuple[FieldDefinition, ...], why: Json | None
) -> Json | None:
    components: list[Json] = []
    for field in fields:
        value = _value(record, field)
        component: Json = {"code": _code(field.loinc, field.zh)}
        if value is not None:
            components.append(component | {"valueQuantity": _quantity(value, field)})
        elif why:
            components.append(component | {"dataAbsentReason": why})
    if not components:
        return None
    code: Json = {"coding": [{"system": LOINC, "code": _PANEL[0], "display": _PANEL[1]}]}
    panel = _observation(record, arm, code, "vital-signs")
    panel["bodySite"] = {"text": _ARMS[arm]}
    panel["component"] = components
    return panel
