"""What is typed on a health check, what follows from it by calculation, what must be mended.

Nothing is pre-filled and nothing is invented: a blank stays blank, and a test that was not
done, refused or impossible is marked as such for its whole row of the paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.care.age import SENIOR_AGE, age_on
from app.care.health_check.definition import (
    FieldDefinition,
    FormDefinition,
    GroupDefinition,
    definition,
)
from app.care.limits import Verdict, body_mass_index, check, check_pressure, shown
from app.i18n import tr
from app.models import codes

RULE_VERSION = "NBPHS-2017"
NORMAL, ABNORMAL = "1", "2"
ENROL, CHECK_AGAIN, REFER = "1", "2", "3"
MAX_TEXT = 200
MAX_LINE = 500
ALCOHOL_DIVISOR: Mapping[str, float] = {"spirit": 1, "beer": 10, "red_wine": 4, "yellow_wine": 5}
"""两 of each drink that make one 两 of white spirit (domain reference §4.1)."""
_PRESSURES = (("sbp_left", "dbp_left"), ("sbp_right", "dbp_right"))
_AGES = (
    ("smoking_from_age", "smoking_until_age"),
    ("drinking_from_age", "drinking_until_age"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheckInput:
    """One check as typed. ``answers``: field of the form → value, blank ones left out.

    Values: numbers; codes; tuples of codes; texts; tuples of dicts for the rows of stays, drugs
    and vaccines (dates in ISO form); tuples of texts for the abnormal findings. The words beside
    a choice stand under ``<field>_text``. ``not_measured``: row of the form → code of the list
    ``not_measured``. Derived fields are ignored: they are calculated anew.
    """

    resident_id: str
    check_date: date | None
    form_version: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)

    @property
    def form(self) -> FormDefinition:
        """The version of the form that was filled in."""
        return definition(self.form_version)

    @property
    def concluded(self) -> bool:
        """Whether the doctor's conclusion stands on it."""
        return bool(self.answers.get("conclusion"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is checked: what the rules need to know. ``diseases``: active diagnoses by programme."""

    birth_date: date
    sex: str
    diseases: frozenset[str] = frozenset()


def spirit_equivalent(
    spirit: float | None = None,
    beer: float | None = None,
    red_wine: float | None = None,
    yellow_wine: float | None = None,
) -> float | None:
    """What is drunk a day as 两 of white spirit: beer ÷ 10, red wine ÷ 4, yellow wine ÷ 5.

    All in 两 (50 g); two decimals; None when nothing is known. Source: 健康体检表 2017.
    """
    amounts = {"spirit": spirit, "beer": beer, "red_wine": red_wine, "yellow_wine": yellow_wine}
    known = [(ALCOHOL_DIVISOR[name], value) for name, value in amounts.items() if value is not None]
    if not known:
        return None
    return round(sum(value / divisor for divisor, value in known), 2)


def derived(answers: Mapping[str, Any]) -> dict[str, float]:
    """The fields that follow from others: ``bmi`` (kg/m², 1 decimal) and ``alcohol`` (两/day)."""
    found: dict[str, float] = {}
    bmi = body_mass_index(_number(answers, "weight"), _number(answers, "height"))
    if bmi is not None:
        found["bmi"] = bmi
    alcohol = spirit_equivalent(**{name: _number(answers, name) for name in ALCOHOL_DIVISOR})
    if alcohol is not None:
        found["alcohol"] = alcohol
    return found


def asked_groups(form: FormDefinition, sex: str) -> tuple[GroupDefinition, ...]:
    """The rows that this person is asked: those of the other sex are left out."""
    return tuple(group for group in form.groups() if not group.sex or group.sex == sex)


def open_free_tests(
    form: FormDefinition,
    answers: Mapping[str, Any],
    not_measured: Mapping[str, str],
    person: Person,
    day: date,
) -> tuple[GroupDefinition, ...]:
    """Free tests of a resident of 65 and over that are neither answered nor marked as missing."""
    if day < person.birth_date or age_on(person.birth_date, day) < SENIOR_AGE:
        return ()
    return tuple(
        group
        for group in form.free_tests()
        if (not group.sex or group.sex == person.sex)
        and group.key not in not_measured
        and not any(answers.get(each.key) not in (None, "", ()) for each in group.fields)
    )


def problems_of(form: HealthCheckInput, person: Person, today: date) -> dict[str, str]:
    """What must be mended before the check may be saved: field (or row) → plain sentence."""
    found: dict[str, str] = {}
    if form.check_date is None:
        found["check_date"] = tr("Type the day of the check.")
    elif form.check_date > today:
        found["check_date"] = tr("The check cannot lie in the future.")
    elif form.check_date < person.birth_date:
        found["check_date"] = tr("The check cannot be before the birth.")
    shape = form.form
    for group in asked_groups(shape, person.sex):
        for each in group.fields:
            if each.shown(form.answers):
                found.update(_field_problems(each, form.answers))
    found.update(_mark_problems(form, shape))
    asked = {
        each.key: form.answers[each.key]
        for each in shape.fields()
        if each.key in form.answers and each.shown(form.answers)
    }
    found.update(_together_problems(asked, person, form.check_date))
    found.update(_required_problems(form, shape, person))
    if form.concluded:
        found.update(_conclusion_problems(form.answers))
    return found


def _field_problems(each: FieldDefinition, answers: Mapping[str, Any]) -> dict[str, str]:
    value = answers.get(each.key)
    if value in (None, "", ()):
        return {}
    unknown = tr("This choice is not in the list. Choose again.")
    if each.kind == "number":
        return _number_problem(each, value)
    if each.kind == "choice":
        if not codes.is_known(each.code_list, str(value)):
            return {each.key: unknown}
        return _words_problem(each, (str(value),), answers)
    if each.kind == "several":
        if not all(codes.is_known(each.code_list, str(code)) for code in value):
            return {each.key: unknown}
        if len(value) > 1 and set(value) & set(each.exclusive):
            return {each.key: tr("“None” and something else cannot both be chosen.")}
        return _words_problem(each, tuple(value), answers)
    if each.kind == "text":
        return _text_problem(each.key, str(value))
    if each.kind in ("rows", "lines"):
        return dict(_row_problems(each, tuple(value)))
    return {}


def _number_problem(each: FieldDefinition, value: Any) -> dict[str, str]:
    if each.limit:
        judged = check(each.limit, value)
        return {each.key: judged.message} if judged.verdict is Verdict.BLOCK else {}
    if each.hard is not None and not each.hard[0] <= value <= each.hard[1]:
        return {
            each.key: tr("{name}: {low} to {high} is accepted. Type it again.").format(
                name=each.label, low=shown(each.hard[0], 0), high=shown(each.hard[1], 0)
            )
        }
    return {}


def _words_problem(
    each: FieldDefinition, chosen: tuple[str, ...], answers: Mapping[str, Any]
) -> dict[str, str]:
    words = str(answers.get(each.text_key) or "")
    if set(chosen) & set(each.words_for) and not words and not each.words_optional:
        return {each.key: tr("Write what it is.")}
    return _text_problem(each.key, words)


def _text_problem(key: str, text: str, most: int = MAX_TEXT) -> dict[str, str]:
    if len(text) <= most:
        return {}
    return {key: tr("At most {count} characters fit here. Shorten the text.").format(count=most)}


def _row_problems(each: FieldDefinition, rows: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    if len(rows) > each.most:
        yield each.key, tr("At most {count} lines fit here.").format(count=each.most)
    for row in rows:
        if isinstance(row, str):
            yield from _text_problem(each.key, row, MAX_LINE).items()
            continue
        for member in each.members:
            value = row.get(member.key)
            if member.required and not value:
                yield each.key, tr("Every line needs: {what}.").format(what=member.label)
            if value and member.kind == "choice" and not codes.is_known(member.code_list, value):
                yield each.key, tr("This choice is not in the list. Choose again.")
            if isinstance(value, str):
                yield from _text_problem(each.key, value).items()
        begin, end = row.get("from"), row.get("until")
        if begin and end and end < begin:
            yield each.key, tr("A stay cannot end before it begins.")


def _mark_problems(form: HealthCheckInput, shape: FormDefinition) -> dict[str, str]:
    markable = {group.key: group for group in shape.groups() if group.absent}
    found: dict[str, str] = {}
    for key, code in form.not_measured.items():
        group = markable.get(key)
        if group is None or not codes.is_known("not_measured", code):
            found[key] = tr("This choice is not in the list. Choose again.")
        elif any(form.answers.get(each.key) not in (None, "", ()) for each in group.fields):
            found[group.fields[0].key] = tr(
                "Marked as not measured, but a value is there. Take one of them away."
            )
    return found


def _together_problems(
    answers: Mapping[str, Any], person: Person, day: date | None
) -> dict[str, str]:
    found: dict[str, str] = {}
    for systolic, diastolic in _PRESSURES:
        pair = check_pressure(_number(answers, systolic), _number(answers, diastolic))
        if pair.verdict is Verdict.BLOCK:
            blank = answers.get(diastolic) is None
            found[diastolic if blank else systolic] = pair.message
    age = None
    if day is not None and day >= person.birth_date:
        age = age_on(person.birth_date, day)
    for began, ended in _AGES:
        first, last = _number(answers, began), _number(answers, ended)
        for key, value in ((began, first), (ended, last)):
            if value is not None and age is not None and value > age:
                found[key] = tr("The person is {age} years old; this age is not reached.").format(
                    age=age
                )
        if first is not None and last is not None and last < first:
            found[ended] = tr("Nobody stops before beginning: look at both ages.")
    return found


def _required_problems(
    form: HealthCheckInput, shape: FormDefinition, person: Person
) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in asked_groups(shape, person.sex):
        for each in group.fields:
            wanted = each.required or (each.required_in in person.diseases)
            if not wanted or form.answers.get(each.key) or group.key in form.not_measured:
                continue
            found[each.key] = (
                tr("The foot pulses are required in diabetes. Feel them, or say why not.")
                if each.required_in
                else tr("Choose what applies, or “none”.")
            )
    return found


def _conclusion_problems(answers: Mapping[str, Any]) -> dict[str, str]:
    lines = [line for line in answers.get("abnormal") or () if line]
    if answers["conclusion"] == ABNORMAL and not lines:
        return {"abnormal": tr("Write at least one abnormal finding.")}
    if answers["conclusion"] == NORMAL and lines:
        return {"conclusion": tr("Abnormal findings are written: choose “abnormal”.")}
    return {}


def _number(answers: Mapping[str, Any], key: str) -> float | None:
    value = answers.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
