"""The basic information form (个人基本信息表) as data: what a person fills in, kept whole.

Source: National Basic Public Health Services, 3rd ed. 2017 (form version `NBPHS-2017`), with the
product's extensions. All codes are the form's own codes, never the national code lists'; the lists
are `resources/codes/<name>.csv`. An empty text or tuple means "not asked yet", which differs from
the answer "none" (code 1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Any

from app.care.kept import members, number, rows
from app.models.resident import Resident

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "ANSWER_LISTS",
    "FORM_VERSION",
    "NONE",
    "SINGLE_LISTS",
    "Answer",
    "BasicForm",
    "Consent",
    "Contact",
    "Disease",
    "Event",
    "Guardian",
    "LunarBirthday",
    "columns_of",
    "form_of",
]

FORM_VERSION = "NBPHS-2017"

NONE = "1"
"""The code of "none" (无) in every list that has one; it excludes all other answers."""

# Field → code list, for fields with one answer.
SINGLE_LISTS: Mapping[str, str] = {
    "sex": "sex",
    "id_type": "id_type",
    "no_id_reason": "no_card_reason",
    "residency": "residency",
    "ethnicity": "ethnicity",
    "abo": "blood_abo",
    "rh": "blood_rh",
    "education": "education",
    "occupation": "occupation",
    "marital": "marital",
    "disability_grade": "disability_grade",
    "kitchen_vent": "kitchen_vent",
    "fuel": "fuel",
    "water": "water",
    "toilet": "toilet",
    "livestock": "livestock",
    "care_status": "care_status",
}

# Field → code list, for fields with several answers.
ANSWER_LISTS: Mapping[str, str] = {
    "payment": "payment",
    "drug_allergy": "drug_allergy",
    "exposure": "exposure",
    "disability": "disability",
    "population_flags": "population_flag",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One ticked code with the words written beside it."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call; `relation` is a code of list `relation` (GB/T 4761)."""

    name: str
    phone: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Disease:
    """A past disease; `confirmed` is `YYYY-MM` or `YYYY`, as far as known."""

    code: str
    confirmed: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An operation, injury or transfusion: code 1 none, or 2 with its name or reason and day."""

    code: str
    name: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who decides with or for the resident; `scope` is a code of list `guardian_scope`."""

    name: str = ""
    relation: str = ""
    phone: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent given or refused (lists `consent_type`, `consent_decision`)."""

    type: str
    decision: str
    date: str = ""
    signer: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class LunarBirthday:
    """Month 1-12 and day 1-30 of the lunar calendar: for greetings, never identity."""

    month: int
    day: int
    leap: bool = False


@dataclass(frozen=True, slots=True)
class BasicForm:
    """All that the form holds, as typed or as kept; `check_form` makes the kept form of it.

    `genetic_disease` is empty (not asked), `1` (none) or the disease's name.
    `family` maps `father`, `mother`, `siblings`, `children` to answers of list `family_disease`.
    `communication` holds codes of list `communication`; the dialect's name is the answer's text.
    """

    name: str = ""
    sex: str = ""
    birth_date: date | None = None
    id_type: str = "id_card"
    id_no: str = ""
    no_id_reason: str = ""
    no_id_text: str = ""
    record_no: str = ""
    employer: str = ""
    phone: str = ""
    contacts: tuple[Contact, ...] = ()
    residency: str = ""
    ethnicity: str = ""
    abo: str = ""
    rh: str = ""
    education: str = ""
    occupation: str = ""
    marital: str = ""
    payment: tuple[Answer, ...] = ()
    drug_allergy: tuple[Answer, ...] = ()
    exposure: tuple[Answer, ...] = ()
    past_disease: tuple[Disease, ...] = ()
    surgeries: tuple[Event, ...] = ()
    traumas: tuple[Event, ...] = ()
    transfusions: tuple[Event, ...] = ()
    family: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    genetic_disease: str = ""
    disability: tuple[Answer, ...] = ()
    disability_cert_no: str = ""
    disability_grade: str = ""
    kitchen_vent: str = ""
    fuel: str = ""
    water: str = ""
    toilet: str = ""
    livestock: str = ""
    township: str = ""
    village: str = ""
    village_group: str = ""
    address: str = ""
    registered_address: str = ""
    care_status: str = "home"
    guardian: Guardian = Guardian()
    consents: tuple[Consent, ...] = ()
    population_flags: tuple[Answer, ...] = ()
    lunar_birthday: LunarBirthday | None = None
    communication: tuple[Answer, ...] = ()
    responsible_doctor_id: str = ""
    note: str = ""

    @property
    def temporary(self) -> bool:
        """A temporary record: no paper was shown, for a reason."""
        return self.id_type == "none"


_TEXT_FIELDS = (
    "name",
    "sex",
    "id_type",
    "id_no",
    "record_no",
    "employer",
    "phone",
    "residency",
    "ethnicity",
    "abo",
    "rh",
    "education",
    "occupation",
    "marital",
    "genetic_disease",
    "disability_cert_no",
    "disability_grade",
    "kitchen_vent",
    "fuel",
    "water",
    "toilet",
    "livestock",
    "township",
    "village",
    "village_group",
    "address",
    "registered_address",
    "care_status",
    "responsible_doctor_id",
    "note",
)

# Columns that may not be empty in the table.
_ALWAYS = frozenset({"name", "sex", "id_type", "care_status"})

_REASON_GAP = ": "


def columns_of(form: BasicForm) -> dict[str, Any]:
    """The values of the resident's columns for a checked form (`birth_date` must be known)."""
    columns: dict[str, Any] = {
        name: getattr(form, name) or ("" if name in _ALWAYS else None) for name in _TEXT_FIELDS
    }
    columns["birth_date"] = form.birth_date
    columns["no_id_reason"] = (
        _REASON_GAP.join(part for part in (form.no_id_reason, form.no_id_text) if part) or None
    )
    columns["temporary"] = form.temporary
    columns["form_version"] = FORM_VERSION
    columns["contacts"] = [
        {"name": each.name, "phone": each.phone, "relation": each.relation}
        for each in form.contacts
    ]
    for name in ANSWER_LISTS:
        columns[name] = _answers_to_json(getattr(form, name))
    columns["past_disease"] = [
        {"code": each.code, "confirmed": each.confirmed, "text": each.text}
        for each in form.past_disease
    ]
    for name in ("surgeries", "traumas", "transfusions"):
        columns[name] = [
            {"code": each.code, "name": each.name, "date": each.date}
            for each in getattr(form, name)
        ]
    columns["family"] = {
        member: _answers_to_json(answers) for member, answers in form.family.items() if answers
    }
    columns["guardian"] = (
        {
            "name": form.guardian.name,
            "relation": form.guardian.relation,
            "phone": form.guardian.phone,
            "scope": form.guardian.scope,
        }
        if form.guardian != Guardian()
        else {}
    )
    columns["consents"] = [
        {
            "type": each.type,
            "decision": each.decision,
            "date": each.date,
            "signer": each.signer,
            "evidence": each.evidence,
        }
        for each in form.consents
    ]
    lunar = form.lunar_birthday
    columns["lunar_birthday"] = (
        {"month": lunar.month, "day": lunar.day, "leap": lunar.leap} if lunar else {}
    )
    columns["communication"] = (
        {"answers": _answers_to_json(form.communication)} if form.communication else {}
    )
    return columns


def form_of(row: Resident) -> BasicForm:
    """The form of a kept resident; unknown keys of newer versions are left out."""
    reason, _, reason_text = (row.no_id_reason or "").partition(_REASON_GAP)
    lunar = members(row.lunar_birthday)
    guardian = members(row.guardian)
    texts: dict[str, Any] = {name: getattr(row, name) or "" for name in _TEXT_FIELDS}
    answers: dict[str, Any] = {name: _answers(getattr(row, name)) for name in ANSWER_LISTS}
    return BasicForm(
        **texts,
        birth_date=row.birth_date,
        no_id_reason=reason,
        no_id_text=reason_text,
        contacts=tuple(Contact(**_texts(each, Contact)) for each in rows(row.contacts)),
        **answers,
        past_disease=tuple(Disease(**_texts(each, Disease)) for each in rows(row.past_disease)),
        surgeries=_events(row.surgeries),
        traumas=_events(row.traumas),
        transfusions=_events(row.transfusions),
        family={member: _answers(kept) for member, kept in members(row.family).items()},
        guardian=Guardian(**_texts(guardian, Guardian)),
        consents=tuple(Consent(**_texts(each, Consent)) for each in rows(row.consents)),
        lunar_birthday=LunarBirthday(
            int(number(lunar["month"])), int(number(lunar["day"])), bool(lunar.get("leap"))
        )
        if number(lunar.get("month")) and number(lunar.get("day"))
        else None,
        communication=_answers(members(row.communication).get("answers")),
    )


def _answers_to_json(answers: Iterable[Answer]) -> list[dict[str, str]]:
    return [{"code": each.code, "text": each.text} for each in answers]


def _answers(kept: Any) -> tuple[Answer, ...]:
    return tuple(Answer(**_texts(each, Answer)) for each in rows(kept))


def _events(kept: Any) -> tuple[Event, ...]:
    # A row without a code comes from another program: it names something, so it is a "yes".
    return tuple(Event(**({"code": "2"} | _texts(each, Event))) for each in rows(kept))


def _texts(kept: Mapping[str, Any], kind: "type[DataclassInstance]") -> dict[str, str]:
    known = {each.name for each in fields(kind)}
    return {name: str(value) for name, value in kept.items() if name in known and value is not None}
