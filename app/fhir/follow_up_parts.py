"""A follow-up visit for readers who do not know the form: Encounter, Observations, drugs.

LOINC and UCUM of ``domain.md`` §10.2. Glucose is in mmol/L throughout; the fasting code for
mg/dL is another one and is never used.
"""

from __future__ import annotations

from typing import Any

from app.fhir.codec import ID, Json, coding, fit, reference
from app.fhir.common import WireContext, put_if, tags, text_or_none
from app.fhir.uris import (
    ACT_CODE,
    CODE,
    DATA_ABSENT_REASON,
    LOINC,
    OBSERVATION_CATEGORY,
    UCUM,
)
from app.models.identity import companion_id
from app.models.records import Record

_CLASSES = {
    "1": ("AMB", "ambulatory"),
    "2": ("HH", "home health"),
    "3": ("VR", "virtual"),
    "4": ("VR", "virtual"),
}
#: field → LOINC, its name, UCUM unit, category
_SINGLE = {
    "heart_rate": ("8867-4", "Heart rate", "/min", "vital-signs"),
    "temperature": ("8310-5", "Body temperature", "Cel", "vital-signs"),
    "weight": ("29463-7", "Body weight", "kg", "vital-signs"),
    "height": ("8302-2", "Body height", "cm", "vital-signs"),
    "respiration": ("9279-1", "Respiratory rate", "/min", "vital-signs"),
    "spo2": ("59408-5", "Oxygen saturation by pulse oximetry", "%", "vital-signs"),
    "waist": ("8280-0", "Waist circumference", "cm", "vital-signs"),
    "bmi": ("39156-5", "Body mass index", "kg/m2", "vital-signs"),
    "fpg": ("14771-0", "Fasting glucose [Moles/volume]", "mmol/L", "laboratory"),
    "ppg": ("14749-6", "Glucose [Moles/volume]", "mmol/L", "laboratory"),
    "random_glucose": ("14749-6", "Glucose [Moles/volume]", "mmol/L", "laboratory"),
    "hba1c": ("4548-4", "Hemoglobin A1c/Hemoglobin.total", "%", "laboratory"),
}
_NAMES = {"ppg": "餐后血糖", "random_glucose": "随机血糖", "fpg": "空腹血糖"}
_PRESSURE = ("85354-9", "Blood pressure panel")
_PRESSURES = {"sbp": ("8480-6", "Systolic"), "dbp": ("8462-4", "Diastolic")}
_ABSENT = {"1": "not-performed", "2": "asked-declined", "3": "not-performed"}
_OBSERVATION_STATUS = {"amended": "amended", "entered_in_error": "entered-in-error"}


def encounter_id(record: Record) -> str:
    """The id of a visit's Encounter."""
    return companion_id(record["id"], "encounter")


def parts(record: Record, context: WireContext, about: str = "慢性病随访") -> list[Json]:
    """All companions of a visit, the Encounter first; ``about``: what kind of visit it was."""
    return [
        _encounter(record, context, about),
        *_observations(record, context),
        *_medications(record),
    ]


def _when(record: Record) -> str:
    when: str = record.get("measured_at") or record["visit_date"]
    return when


def _encounter(record: Record, context: WireContext, about: str) -> Json:
    code, display = _CLASSES.get(record["mode"], ("AMB", "ambulatory"))
    encounter: Json = {
        "resourceType": "Encounter",
        "id": encounter_id(record),
        "meta": {"tag": tags(record)},
        "status": "entered-in-error" if record["status"] == "entered_in_error" else "finished",
        "class": {"system": ACT_CODE, "code": code, "display": display},
        "type": [{"text": about}],
        "subject": reference("Patient", record["resident_id"]),
    }
    if ID.match(record["author_id"]):
        doctor = context.person(record["author_id"], text_or_none(record["doctor_name"]))
        encounter["participant"] = [{"individual": doctor}]
    encounter["period"] = {"start": _when(record)}
    encounter["serviceProvider"] = context.organisation(record["organisation_id"])
    return encounter


def _observations(record: Record, context: WireContext) -> list[Json]:
    missing = record.get("not_measured") or {}
    found = [_pressure(record, missing)]
    for name in _SINGLE:
        value, why = record.get(name), _absent(missing.get(name))
        if value is not None:
            found.append(_single(record, name) | {"valueQuantity": _quantity(value, name)})
        elif why:
            found.append(_single(record, name) | {"dataAbsentReason": why})
    return [item for item in found if item]


def _observation(record: Record, role: str, code: Json, category: str, when: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": companion_id(record["id"], role),
        "meta": {"tag": tags(record)},
        "status": _OBSERVATION_STATUS.get(record["status"], "final"),
        "category": [{"coding": [{"system": OBSERVATION_CATEGORY, "code": category}]}],
        "code": code,
        "subject": reference("Patient", record["resident_id"]),
        "encounter": reference("Encounter", encounter_id(record)),
        "effectiveDateTime": when,
        "derivedFrom": [reference("QuestionnaireResponse", record["id"])],
    }


def _loinc(code: str, display: str, text: str | None = None) -> Json:
    found: Json = {"coding": [{"system": LOINC, "code": code, "display": display}]}
    if text:
        found["text"] = text
    return found


def _single(record: Record, name: str) -> Json:
    code, display, _, category = _SINGLE[name]
    when = _when(record)
    if name == "hba1c":
        when = record.get("hba1c_date") or when
    return _observation(record, name, _loinc(code, display, _NAMES.get(name)), category, when)


def _quantity(value: Any, name: str) -> Json:
    unit = _SINGLE[name][2] if name in _SINGLE else "mm[Hg]"
    shown = {"mm[Hg]": "mmHg", "Cel": "℃"}.get(unit, unit)
    return {"value": value, "unit": shown, "system": UCUM, "code": unit}


def _absent(code: Any) -> Json | None:
    """Not done, refused or unable differs from blank: blank makes no Observation at all."""
    reason = _ABSENT.get(code) if isinstance(code, str) else None
    if reason is None:
        return None
    own = coding("not_measured", code)
    codings: list[Json] = [{"system": DATA_ABSENT_REASON, "code": reason}]
    return {"coding": [*codings, own] if own else codings}


def _pressure(record: Record, missing: dict[str, Any]) -> Json | None:
    components = []
    for name, (code, display) in _PRESSURES.items():
        value, why = record.get(name), _absent(missing.get(name))
        component: Json = {"code": _loinc(code, f"{display} blood pressure")}
        if value is not None:
            components.append(component | {"valueQuantity": _quantity(value, name)})
        elif why:
            components.append(component | {"dataAbsentReason": why})
    if not components:
        return None
    panel = _observation(record, "blood-pressure", _loinc(*_PRESSURE), "vital-signs", _when(record))
    source = coding("bp_source", record.get("bp_source") or "")
    put_if(panel, "method", {"coding": [source]} if source else None)
    panel["component"] = components
    return panel


def _medications(record: Record) -> list[Json]:
    lines = [line for line in record.get("drugs") or () if isinstance(line, dict)]
    found = [_medication(record, f"drug-{index}", line) for index, line in enumerate(lines)]
    insulin = (record.get("insulin") or {}).get("text")
    if insulin:
        found.append(_medication(record, "insulin", {"name": "胰岛素", "usage": insulin}))
    return [item for item in found if item]


def _medication(record: Record, role: str, line: dict[str, Any]) -> Json | None:
    name = text_or_none(line.get("name"))
    if name is None:
        return None
    medication: Json = {"text": name}
    code = line.get("code")
    known = coding("drugs", code) if isinstance(code, str) else None
    if known:
        medication = {"coding": [known], "text": name}
    if record["status"] == "entered_in_error":
        status = "entered-in-error"
    else:
        status = "not-taken" if record.get("adherence") == "3" else "active"
    statement: Json = {
        "resourceType": "MedicationStatement",
        "id": companion_id(record["id"], role),
        "meta": {"tag": tags(record)},
        "status": status,
        "medicationCodeableConcept": medication,
        "subject": reference("Patient", record["resident_id"]),
        "context": reference("Encounter", encounter_id(record)),
        "effectiveDateTime": _when(record),
        "derivedFrom": [reference("QuestionnaireResponse", record["id"])],
    }
    put_if(statement, "dosage", _dosage(line))
    return statement


def _dosage(line: dict[str, Any]) -> list[Json]:
    dosage: Json = {}
    frequency, dose, unit = line.get("frequency"), line.get("dose"), line.get("unit")
    often = coding("dose_frequency", frequency) if isinstance(frequency, str) else None
    measure = coding("dose_unit", unit) if isinstance(unit, str) else None
    shown = measure["display"] if measure else text_or_none(unit)
    words = [text_or_none(line.get("strength")), often["display"] if often else None]
    if _is_number(dose):
        words.append(f"每次 {dose:g} {shown or ''}".strip())
    words.append(text_or_none(line.get("usage")))
    put_if(dosage, "text", " ".join(word for word in words if word))
    times = line.get("times_per_day")
    if isinstance(times, int) and _is_number(times) and 0 < times < 100:
        repeat = {"frequency": times, "period": 1, "periodUnit": "d"}
        dosage["timing"] = {"repeat": repeat}
        if often:
            dosage["timing"]["code"] = {"coding": [often]}
    if _is_number(dose):
        quantity: Json = {"value": dose}
        if shown and fit(shown):
            quantity["unit"] = shown
        if measure:
            quantity |= {"system": CODE + "dose_unit", "code": measure["code"]}
        dosage["doseAndRate"] = [{"doseQuantity": quantity}]
    return [dosage] if dosage else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
