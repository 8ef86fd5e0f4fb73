"""The fields of each kind of record, read off its table, and the fields without an element.

A column that a mapper does not place in a FHIR element of its own travels as an extension
``urn:township-care:x:<column>``; a column added to a table therefore travels from that day.
Nothing is sent for None, an empty list or dict, or False where the column cannot be None
(so a new boolean column must mean "no" where it is absent).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from math import isfinite
from typing import Any

from sqlalchemy import Boolean, Date, Float, Integer, Table
from sqlalchemy.types import JSON

from app.clock import CLINIC_ZONE, format_instant, parse_instant
from app.fhir.codec import ID, Json, extension, fit, plain, reference
from app.fhir.faults import FormatError
from app.fhir.uris import X
from app.models.base import Instant
from app.models.records import KINDS, Record

TEXT, INTEGER, DECIMAL, BOOLEAN, DATE, INSTANT, LIST, DICT = range(8)

#: Said of a list that is empty although an element of the resource shows items.
_NO_ITEMS = "none"

_VALUE = {
    INTEGER: "valueInteger",
    DECIMAL: "valueDecimal",
    BOOLEAN: "valueBoolean",
    DATE: "valueDate",
    INSTANT: "valueInstant",
}

#: Columns that name another record: the resource type of its primary.
REFERENCES = {
    "author_id": "Practitioner",
    "updated_by": "Practitioner",
    "prescriber_id": "Practitioner",
    "performer_id": "Practitioner",
    "from_doctor_id": "Practitioner",
    "responsible_doctor_id": "Practitioner",
    "resident_id": "Patient",
    "merged_into_id": "Patient",
    "org_id": "Organization",
    "lead_id": "Organization",
    "letter_author_organisation_id": "Organization",
    "referral_id": "ServiceRequest",
    "source_referral_id": "ServiceRequest",
    "task_id": "Task",
    "plan_id": "CarePlan",
    "doctor_id": "Practitioner",
    "leader_id": "Practitioner",
    "team_id": "CareTeam",
    "contract_id": "Contract",
    "renewed_from_id": "Contract",
    "rehab_plan_id": "CarePlan",
    "reply_id": "DocumentReference",
    "attachment_id": "DocumentReference",
    "to_organisation_id": "Organization",
    "host_organisation_id": "Organization",
}

#: Columns (of a kind) that name another record by its id as text: a reference would share that
#: record with whoever is shown this one, perhaps a house that has no part in it.
NAMED_ONLY = frozenset(
    {
        ("consultation", "referral_id"),
        ("referral_visit", "referral_id"),
        ("referral_visit", "rehab_plan_id"),
    }
)

#: Columns whose values (or whose items' ``code``) come from a code list of another name.
CODE_LISTS = {
    "abo": "blood_abo",
    "rh": "blood_rh",
    "mode": "follow_up_mode",
    "surgeries": "history_presence",
    "traumas": "history_presence",
    "transfusions": "history_presence",
    "family": "family_disease",
    "genetic_disease": "history_presence",
    "population_flags": "population_flag",
    "danger_signs": "danger_sign",
    "disease": "chronic_disease",
    "next_measure": "next_step",
    "action": "next_step",
    "proposed_action": "next_step",
    "control_class": "visit_class",
    "proposed_class": "visit_class",
    "salt_target": "salt",
    "dorsalis_pedis_side": "side",
    "outcome": "management_outcome",
    "signer_relation": "relation",
    "evidence": "consent_evidence",
    "mmrc": "mmrc",
    "copd_control": "copd_control",
    "outcome_reason": "management_end_reason",
    "roles": "staff_role",
}
_SAME_NAME = frozenset(
    (
        *("sex", "id_type", "residency", "ethnicity", "education", "occupation", "marital"),
        *("payment", "drug_allergy", "exposure", "past_disease", "disability"),
        *("disability_grade", "kitchen_vent", "fuel", "water", "toilet", "livestock"),
        *("care_status", "record_status", "adherence", "adverse_reaction", "bp_source"),
        *("compliance", "psych", "salt", "dorsalis_pedis", "hypoglycaemia", "not_measured"),
    )
)


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its form, whether it may be None, what it is where nothing was sent.

    ``target``: the resource type that its value refers to, None for no reference.
    """

    name: str
    form: int
    nullable: bool
    default: Any = None
    has_default: bool = False
    target: str | None = None


def _form(column_type: object) -> int:
    if isinstance(column_type, Boolean):
        return BOOLEAN
    if isinstance(column_type, Integer):
        return INTEGER
    if isinstance(column_type, Float):
        return DECIMAL
    if isinstance(column_type, Instant):
        return INSTANT
    if isinstance(column_type, Date):
        return DATE
    return TEXT


def _fields(table: Table) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for column in table.columns:
        default: Any = None
        has_default = False
        if column.default is not None and column.default.is_scalar:
            default, has_default = column.default.arg, True  # type: ignore[attr-defined]
        if isinstance(column.type, JSON):
            default = column.default.arg(None)  # type: ignore[union-attr]
            form = DICT if isinstance(default, dict) else LIST
            has_default = True
        else:
            form = _form(column.type)
        if form == BOOLEAN and not column.nullable:
            default, has_default = False, True
        found[column.name] = Field(
            column.name,
            form,
            bool(column.nullable),
            default,
            has_default or bool(column.nullable),
            REFERENCES.get(column.name),
        )
    return found


@cache
def fields_of(kind: str) -> dict[str, Field]:
    """The fields of a kind by name."""
    fields = _fields(KINDS[kind].table)
    return {
        name: replace(field, target=None) if (kind, name) in NAMED_ONLY else field
        for name, field in fields.items()
    }


@cache
def child_fields(kind: str, name: str) -> dict[str, Field]:
    """The fields of a child that travels inside a record, without the parent's id."""
    child = next(c for c in KINDS[kind].children if c.name == name)
    table = child.model.__table__
    assert isinstance(table, Table)
    fields = _fields(table)
    del fields[child.parent_column]
    return fields


def code_list_of(name: str) -> str | None:
    """The code list that a column's values come from, if it has one."""
    return name if name in _SAME_NAME else CODE_LISTS.get(name)


def encode(field: Field, value: Any) -> list[Json]:
    """The extensions of one field with a value; one for each item of a list."""
    url = X + field.name
    form = field.form
    if form == LIST and not value:
        return [{"url": url, "valueCode": _NO_ITEMS}]
    if value is None or isinstance(value, list | dict):
        if form == LIST and isinstance(value, list):
            return [extension(url, item, code_list_of(field.name)) for item in value]
        return [extension(url, value, code_list_of(field.name))]
    if form == TEXT and isinstance(value, str):
        if field.target is not None and ID.match(value):
            return [{"url": url, "valueReference": reference(field.target, value)}]
        code_list = code_list_of(field.name)
        if code_list is None and fit(value):
            return [{"url": url, "valueString": value}]
        return [extension(url, value, code_list)]
    return [{"url": url, _VALUE[form]: value}]


def decode(field: Field, found: list[Json]) -> Any:
    """The value of one field from all its extensions."""
    if field.form == LIST:
        if len(found) == 1 and found[0].get("valueCode") == _NO_ITEMS:
            return []
        return [plain(item) for item in found]
    return plain(found[-1])


def omitted(field: Field, value: Any) -> bool:
    """Whether a value is said by saying nothing."""
    return (
        value is None
        or (field.form in (LIST, DICT) and not value)
        or (value is False and not field.nullable)
    )


#: The one Python type of each form; a decimal may also come without its point.
_PYTHON = {
    TEXT: str,
    INTEGER: int,
    DECIMAL: float,
    BOOLEAN: bool,
    DATE: str,
    INSTANT: str,
    LIST: list,
    DICT: dict,
}


@dataclass(frozen=True, slots=True)
class _Checks:
    """What a whole record of some fields must be like.

    ``needed``: the fields that must be said; ``unsaid``: what the others are where they are not,
    ``empty`` those of them that begin as a list or dict of their own; ``forms``: the others'
    forms and whether they may be None.
    """

    needed: tuple[str, ...]
    unsaid: dict[str, Any]
    empty: tuple[tuple[str, Callable[[], Any]], ...]
    forms: dict[str, tuple[int, bool]]


def _checks_of(fields: Mapping[str, Field]) -> _Checks:
    # The tables' fields are made once and live as long as the program.
    found = _known_checks.get(id(fields))
    if found is None or found[0] is not fields:
        unsaid: dict[str, Any] = {}
        empty: list[tuple[str, Callable[[], Any]]] = []
        for name, field in fields.items():
            if field.nullable:
                unsaid[name] = None
            elif field.has_default and field.form in (LIST, DICT):
                empty.append((name, field.default.copy))
            elif field.has_default:
                unsaid[name] = field.default
        needed = tuple(n for n, f in fields.items() if not f.nullable and not f.has_default)
        forms = {name: (field.form, field.nullable) for name, field in fields.items()}
        found = fields, _Checks(needed, unsaid, tuple(empty), forms)
        _known_checks[id(fields)] = found
    return found[1]


_known_checks: dict[int, tuple[Mapping[str, Field], _Checks]] = {}


def complete(fields: Mapping[str, Field], record: Record) -> Record:
    """Fill what was not sent and check every value; FormatError names a bad field."""
    checks = _checks_of(fields)
    for name in checks.needed:
        if name not in record:
            raise FormatError(name)
    forms = checks.forms
    for name, value in record.items():
        known = forms.get(name)
        if known is None:
            continue
        form, nullable = known
        if value is None:
            if not nullable:
                raise FormatError(name)
            continue
        kind: object = type(value)
        if kind is not _PYTHON[form]:
            if form != DECIMAL or kind is not int:
                raise FormatError(name)
            record[name] = float(value)
        elif form == TEXT:
            if not value.isascii():
                value.encode("utf-8")  # half a character cannot be stored
        elif form == INTEGER:
            if not -(2**63) <= value < 2**63:
                raise FormatError(name)
        elif form == DECIMAL:
            if not isfinite(value):
                raise FormatError(name)
        elif form == DATE:
            record[name] = date_text(value)
        elif form == INSTANT:
            record[name] = instant_text(value)
    whole = checks.unsaid | record
    for name, make in checks.empty:
        if name not in whole:
            whole[name] = make()
    return whole


def date_text(value: str) -> str:
    """A whole calendar date as the store keeps it; ValueError for anything else."""
    if len(value) == 10 and value[4] == "-":
        date.fromisoformat(value)
        return value
    return date.fromisoformat(value[:10]).isoformat()


def instant_text(value: str) -> str:
    """An instant as the store keeps it; ValueError for anything else.

    Another program may give a bare date: it begins at midnight of the clinic.
    """
    if len(value) == 10:
        return format_instant(
            datetime.combine(date.fromisoformat(value), time(), tzinfo=CLINIC_ZONE)
        )
    if len(value) == 24 and value[23] == "Z" and value[10] == "T":
        datetime.fromisoformat(value)
        return value
    return format_instant(parse_instant(value))
