"""Checking the basic information form: every field, all problems at once, plain sentences.

Source: National Basic Public Health Services, 3rd ed. 2017 (form version `NBPHS-2017`): required
fields, code lists, and "none" (无) excluding all other answers. Identity: GB 11643-1999.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from app.care import identity_card, parsing
from app.care.age import age_on
from app.care.basic_form import (
    ANSWER_LISTS,
    NONE,
    SINGLE_LISTS,
    Answer,
    BasicForm,
    Contact,
    Disease,
    Event,
)
from app.care.resident_record.population import BY_RULE_ONLY
from app.errors import InputError
from app.i18n import tr
from app.models import codes

__all__ = ["OLDEST_AGE", "REQUIRED", "REQUIRED_TEMPORARY", "TEXT_LIMITS", "check_form"]

REQUIRED = (
    "name",
    "sex",
    "birth_date",
    "id_no",
    "contacts",
    "residency",
    "ethnicity",
    "drug_allergy",
    "past_disease",
)
"""Fields that the national form must have."""

REQUIRED_TEMPORARY = ("name", "sex", "birth_date", "no_id_reason")
"""Fields of a temporary record: an unconscious person is registered with what is known."""

OLDEST_AGE = 130

TEXT_LIMITS: Mapping[str, int] = {
    "record_no": 17,
    "employer": 100,
    "genetic_disease": 100,
    "disability_cert_no": 30,
    "township": 50,
    "village": 50,
    "village_group": 50,
    "address": 200,
    "registered_address": 200,
    "responsible_doctor_id": 36,
    "note": 1000,
    "no_id_text": 100,
}
"""The most characters a free text may have."""

_ANSWER_TEXT_LIMIT = 100
_MOST_ENTRIES = 20

# Answers that say nothing without words beside them: "other" of the allergies and diseases.
_WORDS_NEEDED = {("drug_allergy", "5"), ("past_disease", "13")}

_LISTS_WITH_NONE = frozenset({"drug_allergy", "exposure", "disability", "family_disease"})

_T = TypeVar("_T")


def check_form(form: BasicForm, today: date, required: Iterable[str] | None = None) -> BasicForm:
    """The form as it is kept: texts cleaned, numbers normalised, card facts filled in.

    `required`: the fields that may not be missing, where they are not those of the form (a roster
    holds no answers about allergies; they are asked when the record is completed).

    From a valid identity number the birth date and the sex are derived when they are missing.
    Raises InputError with one sentence a field: `name`, `birth_date`, `contacts.0.phone`, … .
    """
    problems: dict[str, str] = {}
    form = _texts(form, problems)
    form = _identity(form, today, problems)
    form = _people(form, problems)
    form = _answers(form, problems)
    form = _history(form, today, problems)
    if required is None:
        required = REQUIRED_TEMPORARY if form.temporary else REQUIRED
    for name in required:
        if not getattr(form, name) and name not in problems:
            problems[name] = _missing(name)
    if problems:
        raise InputError(problems)
    return form


def _missing(name: str) -> str:
    match name:
        case "contacts":
            return tr("Write down at least one person to call, with a phone number.")
        case "drug_allergy":
            return tr("Ask about drug allergies and tick the answer; tick None if there are none.")
        case "past_disease":
            return tr("Ask about past diseases and tick the answer; tick None if there are none.")
        case "no_id_reason":
            return tr("Without a card a temporary record is made. Choose why there is no card.")
        case "id_no":
            return tr("Type or scan the ID number, or choose No paper and give the reason.")
    return tr("This must be filled in.")


def _texts(form: BasicForm, problems: dict[str, str]) -> BasicForm:
    changes: dict[str, Any] = {}
    if not form.name.strip():
        problems["name"] = parsing.explain(parsing.ParseFault.NAME_EMPTY)
    else:
        changes["name"] = _read(parsing.clean_name, form.name, "name", problems, form.name)
    for name, limit in TEXT_LIMITS.items():
        text = parsing.clean_text(getattr(form, name))
        if name == "record_no":
            text = parsing.half_width(text).replace("-", "").replace(" ", "")
        if len(text) > limit:
            problems[name] = _too_long(limit)
        changes[name] = text
    for name, code_list in SINGLE_LISTS.items():
        code = getattr(form, name)
        if code and not codes.is_known(code_list, code):
            problems[name] = _not_in_list()
    if form.phone.strip():
        changes["phone"] = _read(parsing.parse_phone, form.phone, "phone", problems, "")
    if changes["record_no"] and not (
        changes["record_no"].isascii()
        and changes["record_no"].isdigit()
        and len(changes["record_no"]) == 17
    ):
        problems["record_no"] = tr("A health-record number has 17 digits. Leave it empty for now.")
    return replace(form, **changes)


def _identity(form: BasicForm, today: date, problems: dict[str, str]) -> BasicForm:
    if form.id_type == "id_card":
        form = replace(form, no_id_reason="", no_id_text="")
        if form.id_no.strip():
            form = _card(form, today, problems)
    elif form.id_type == "other":
        number = parsing.clean_text(parsing.half_width(form.id_no)).upper().replace(" ", "")
        form = replace(form, id_no=number, no_id_reason="", no_id_text="")
        if len(number) > 30:
            problems["id_no"] = _too_long(30)
    else:
        form = replace(form, id_no="")
        if form.no_id_reason == "other" and not form.no_id_text:
            problems["no_id_reason"] = tr("Write the reason in words.")
    birth = form.birth_date
    if birth is not None and "birth_date" not in problems:
        if birth > today:
            problems["birth_date"] = tr("The birth date is in the future. Check the year.")
        elif age_on(birth, today) > OLDEST_AGE:
            problems["birth_date"] = tr(
                "With this birth date the person would be over 130 years old. Check the year."
            )
    return form


def _card(form: BasicForm, today: date, problems: dict[str, str]) -> BasicForm:
    try:
        card = identity_card.read_card(form.id_no, today)
    except identity_card.CardError as error:
        problems["id_no"] = error.message
        return form
    if form.birth_date not in (None, card.birth_date):
        problems["birth_date"] = tr(
            "The ID number says {date}. Compare both with the card and correct the wrong one."
        ).format(date=card.birth_date.isoformat())
    if form.sex in ("1", "2") and form.sex != card.sex:
        problems["sex"] = tr(
            "The ID number says {sex}. Compare both with the card and correct the wrong one."
        ).format(sex=codes.label("sex", card.sex))
    return replace(
        form,
        id_no=card.number,
        birth_date=form.birth_date or card.birth_date,
        sex=form.sex if form.sex in ("1", "2") else card.sex,
    )


def _people(form: BasicForm, problems: dict[str, str]) -> BasicForm:
    contacts: list[Contact] = []
    for index, contact in enumerate(form.contacts):
        where = f"contacts.{index}"
        if not (contact.name.strip() or contact.phone.strip()):
            continue
        contacts.append(
            Contact(
                name=_read(parsing.clean_name, contact.name, f"{where}.name", problems, ""),
                phone=_read(parsing.parse_phone, contact.phone, f"{where}.phone", problems, ""),
                relation=_code("relation", contact.relation, f"{where}.relation", problems),
            )
        )
    _count(contacts, "contacts", problems)
    guardian = form.guardian
    if guardian.name.strip() or guardian.phone.strip():
        guardian = replace(
            guardian,
            name=_read(parsing.clean_name, guardian.name, "guardian.name", problems, ""),
            phone=_read(parsing.parse_phone, guardian.phone, "guardian.phone", problems, "")
            if guardian.phone.strip()
            else "",
            relation=_code("relation", guardian.relation, "guardian.relation", problems),
            scope=_code("guardian_scope", guardian.scope, "guardian.scope", problems),
        )
    for index, consent in enumerate(form.consents):
        _code("consent_type", consent.type, f"consents.{index}.type", problems)
        _code("consent_decision", consent.decision, f"consents.{index}.decision", problems)
    return replace(form, contacts=tuple(contacts), guardian=guardian)


def _answers(form: BasicForm, problems: dict[str, str]) -> BasicForm:
    changes: dict[str, Any] = {}
    for name, code_list in (*ANSWER_LISTS.items(), ("communication", "communication")):
        changes[name] = _checked_answers(name, code_list, getattr(form, name), problems)
    # What the rule says of everybody is not ticked: it would stay when it is no longer true.
    changes["population_flags"] = tuple(
        each for each in changes["population_flags"] if each.code not in BY_RULE_ONLY
    )
    family = {
        member: _checked_answers(f"family.{member}", "family_disease", answers, problems)
        for member, answers in form.family.items()
        if answers
    }
    for member in family:
        _code("family_member", member, f"family.{member}", problems)
    return replace(form, family=family, **changes)


def _checked_answers(
    name: str, code_list: str, answers: Iterable[Answer], problems: dict[str, str]
) -> tuple[Answer, ...]:
    kept: dict[str, Answer] = {}
    for answer in answers:
        _code(code_list, answer.code, name, problems)
        text = parsing.clean_text(answer.text)
        if len(text) > _ANSWER_TEXT_LIMIT:
            problems[name] = _too_long(_ANSWER_TEXT_LIMIT)
        if (name, answer.code) in _WORDS_NEEDED and not text:
            problems[name] = tr("Write in words what the other one is.")
        kept[answer.code] = Answer(answer.code, text)
    if code_list in _LISTS_WITH_NONE:
        _exclusive_none(name, kept, problems)
    return tuple(kept.values())


def _exclusive_none(name: str, given: Iterable[str], problems: dict[str, str]) -> None:
    found = set(given)
    if NONE in found and len(found) > 1:
        problems[name] = tr("None cannot stand beside other answers. Take one of them away.")


def _history(form: BasicForm, today: date, problems: dict[str, str]) -> BasicForm:
    diseases: list[Disease] = []
    for index, disease in enumerate(form.past_disease):
        where = f"past_disease.{index}.confirmed"
        _code("past_disease", disease.code, "past_disease", problems)
        text = parsing.clean_text(disease.text)
        if len(text) > _ANSWER_TEXT_LIMIT:
            problems["past_disease"] = _too_long(_ANSWER_TEXT_LIMIT)
        if ("past_disease", disease.code) in _WORDS_NEEDED and not text:
            problems["past_disease"] = tr("Write in words what the other one is.")
        confirmed = disease.confirmed
        if confirmed.strip() and disease.code != NONE:
            confirmed = _read(
                lambda typed: str(parsing.parse_year_month(typed, today)),
                confirmed,
                where,
                problems,
                "",
            )
            if confirmed and form.birth_date and confirmed[:4] < f"{form.birth_date.year:04d}":
                problems[where] = tr("This is before the birth. Check the year.")
        diseases.append(Disease(disease.code, "" if disease.code == NONE else confirmed, text))
    _exclusive_none("past_disease", [each.code for each in diseases], problems)
    _count(diseases, "past_disease", problems)
    changes: dict[str, Any] = {
        name: _events(name, getattr(form, name), form.birth_date, today, problems)
        for name in ("surgeries", "traumas", "transfusions")
    }
    lunar = form.lunar_birthday
    if lunar and not (1 <= lunar.month <= 12 and 1 <= lunar.day <= 30):
        problems["lunar_birthday"] = tr("A lunar month has at most 30 days, a year 12 months.")
    return replace(form, past_disease=tuple(diseases), **changes)


def _events(
    name: str,
    events: Iterable[Event],
    birth: date | None,
    today: date,
    problems: dict[str, str],
) -> tuple[Event, ...]:
    kept: list[Event] = []
    for index, event in enumerate(events):
        _code("history_presence", event.code, name, problems)
        text = parsing.clean_text(event.name)
        if event.code == NONE:
            kept.append(Event(NONE))
            continue
        if not text:
            problems[f"{name}.{index}.name"] = tr("Write what it was.")
        elif len(text) > _ANSWER_TEXT_LIMIT:
            problems[f"{name}.{index}.name"] = _too_long(_ANSWER_TEXT_LIMIT)
        day = event.date
        if day.strip():
            where = f"{name}.{index}.date"
            day = _read(
                lambda typed: parsing.parse_partial_date(typed, today), day, where, problems, ""
            )
            if day and birth and day < birth.isoformat()[: len(day)]:
                problems[where] = tr("This is before the birth. Check the year.")
        kept.append(Event("2", text, day))
    _exclusive_none(name, [each.code for each in kept], problems)
    _count(kept, name, problems)
    return tuple(kept)


def _read(
    reader: Callable[[str], _T], text: str, where: str, problems: dict[str, str], otherwise: _T
) -> _T:
    try:
        return reader(text)
    except parsing.ParseError as error:
        problems[where] = error.message
        return otherwise


def _code(code_list: str, code: str, where: str, problems: dict[str, str]) -> str:
    if code and not codes.is_known(code_list, code):
        problems[where] = _not_in_list()
    return code


def _count(entries: list[_T], name: str, problems: dict[str, str]) -> None:
    if len(entries) > _MOST_ENTRIES:
        problems[name] = tr("At most {count} lines fit here.").format(count=_MOST_ENTRIES)


def _too_long(limit: int) -> str:
    return tr("At most {count} characters fit here. Shorten the text.").format(count=limit)


def _not_in_list() -> str:
    return tr("This answer is not in the list of the form. Choose one of the list.")
