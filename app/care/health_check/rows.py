"""A health check as a row of the store, and back to what was typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from app.care.health_check.definition import definition, versions
from app.care.health_check.form import HealthCheckInput, derived
from app.care.parsing import clean_text
from app.models.actor import Actor
from app.models.health_check import HealthCheck
from app.models.identity import new_id


@cache
def column_keys() -> tuple[str, ...]:
    """Fields of the form that have a column of their own."""
    return tuple(each.key for each in definition(versions()[-1]).fields() if each.column)


def row_of(form: HealthCheckInput, actor: Actor) -> HealthCheck:
    """The new row; texts cleaned, blanks and fields that are not asked left out."""
    shape = form.form
    answers: dict[str, Any] = {}
    for each in shape.fields():
        if each.kind in ("derived", "assessment") or not each.shown(form.answers):
            continue
        value = _kept(form.answers.get(each.key))
        if value is not None:
            answers[each.key] = value
        if each.words_for:
            chosen = form.answers.get(each.key) or ()
            chosen = chosen if isinstance(chosen, list | tuple) else (chosen,)
            words = clean_text(str(form.answers.get(each.text_key) or ""))
            if words and set(chosen) & set(each.words_for):
                answers[each.text_key] = words
    answers.update(derived(answers))
    columns = {key: answers.pop(key, None) for key in column_keys()}
    columns["guidance"] = columns["guidance"] or []
    return HealthCheck(
        id=new_id(),
        resident_id=form.resident_id,
        check_date=form.check_date,
        doctor_name=actor.name,
        answers=answers,
        not_measured={key: code for key, code in form.not_measured.items() if code},
        form_version=form.form_version,
        **columns,
    )


def answers_of(row: HealthCheck) -> dict[str, Any]:
    """All answers of a kept check by field, derived ones too; lists as tuples."""
    found = {key: value for key, value in row.answers.items() if value is not None}
    for key in column_keys():
        value = getattr(row, key)
        if value not in (None, [], ""):
            found[key] = value
    return {key: tuple(v) if isinstance(v, list) else v for key, v in found.items()}


def form_of(row: HealthCheck) -> HealthCheckInput:
    """What was typed on a kept check, to go on with it."""
    return HealthCheckInput(
        resident_id=row.resident_id,
        check_date=row.check_date,
        form_version=row.form_version,
        answers=answers_of(row),
        not_measured=dict(row.not_measured),
    )


def _kept(value: Any) -> Any:
    if value in (None, "", (), []):
        return None
    if isinstance(value, str):
        return clean_text(value) or None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        rows = [_kept(each) for each in value]
        return [each for each in rows if each is not None] or None
    if isinstance(value, Mapping):
        members = {key: _kept(each) for key, each in value.items()}
        return {key: each for key, each in members.items() if each is not None} or None
    return value
