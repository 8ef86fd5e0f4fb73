"""Between the fields on the screen and the input of the use-case."""

from __future__ import annotations

from typing import Any

from app.care.follow_up_form import (
    DISEASES,
    NOT_MEASURED,
    SYMPTOM_LISTS,
    DiseasePart,
    FollowUpInput,
    Override,
)
from app.care.follow_up_history import HABIT_FIELDS, SHOWN_FIELDS, LastVisit
from app.i18n import tr
from app.models import codes
from app.ui.chronic.form_fields import FollowUpFields
from app.ui.widgets.fields import Field

_NUMBERS = (
    "sbp", "dbp", "heart_rate", "temperature", "weight", "weight_target", "height", "waist",
    "smoking", "smoking_target", "alcohol", "alcohol_target", "exercise_per_week",
    "exercise_per_week_target", "exercise_minutes", "exercise_minutes_target", "staple_food",
    "staple_food_target", "fpg", "ppg", "random_glucose", "hba1c", "hba1c_date",
    "respiration", "spo2", "fev1", "fvc", "cat",
)  # fmt: skip
_TEXTS = (
    "mode", "other_signs", "salt", "salt_target", "psych", "compliance", "adherence",
    "adverse_reaction", "adverse_reaction_text", "complication_text", "not_fasting_reason",
    "dorsalis_pedis", "dorsalis_pedis_side", "hypoglycaemia", "aux_exam", "insulin",
    "drug_adjustment", "referral_reason", "referral_org_dept", "remark", "mmrc", "copd_control",
)  # fmt: skip
_CODE_LISTS = {
    "mode": "follow_up_mode", "salt": "salt", "salt_target": "salt", "psych": "psych",
    "compliance": "compliance", "adherence": "adherence",
    "adverse_reaction": "adverse_reaction", "hypoglycaemia": "hypoglycaemia",
    "dorsalis_pedis": "dorsalis_pedis", "dorsalis_pedis_side": "side",
    "mmrc": "mmrc", "copd_control": "copd_control",
}  # fmt: skip


def read(fields: FollowUpFields, resident_id: str) -> FollowUpInput:
    """The form as typed; hidden fields say nothing, unreadable ones None."""
    values: dict[str, Any] = {name: _value(fields[name]) for name in _NUMBERS}
    values.update({name: _value(fields[name]) or "" for name in _TEXTS})
    chosen = fields.parts.value()
    return FollowUpInput(
        resident_id=resident_id,
        visit_date=fields.visit_date.value(),
        parts=tuple(_part(fields, disease) for disease in DISEASES if disease in chosen),
        enrol=tuple(chosen) if not fields.enrol.isHidden() and fields.enrol.value() else (),
        danger_signs=tuple(fields.danger_signs.value()),
        new_or_worse_complication=bool(fields.complication.value()),
        not_measured={
            name: code for name in NOT_MEASURED if (code := _value(fields[f"not_measured.{name}"]))
        },
        drugs=fields.drugs.value(),
        copd=_copd(fields),
        resident_signed=bool(fields.signed.value()),
        **values,
    )


def show(fields: FollowUpFields, form: FollowUpInput) -> None:
    """Put a kept visit into the fields, to correct it."""
    fields.visit_date.set_value(form.visit_date)
    fields.parts.set_value([part.disease for part in form.parts])
    for name in (*_NUMBERS, *_TEXTS):
        value = getattr(form, name)
        fields[name].set_value(None if value == "" else value)
    for part in form.parts:
        fields[f"{part.disease}.symptoms"].set_value(part.symptoms)
        fields[f"{part.disease}.symptom_text"].set_value(part.symptom_text or None)
        if part.override is not None:
            visit_class, step, reason = fields.overrides[part.disease]
            visit_class.set_value(part.override.visit_class or None)
            step.set_value(part.override.next_step or None)
            reason.set_value(part.override.reason)
    fields.danger_signs.set_value(form.danger_signs)
    fields.complication.set_value(form.new_or_worse_complication)
    for name in NOT_MEASURED:
        fields[f"not_measured.{name}"].set_value(form.not_measured.get(name))
    fields.copd_before = form.copd
    for key, field in fields.items.items():
        field.set_value(form.copd.get(key))
    fields.drugs.set_value(form.drugs)
    fields.signed.set_value(form.resident_signed)


def show_last(fields: FollowUpFields, last: LastVisit | None) -> None:
    """Last visit's values in grey beside the fields."""
    for name in SHOWN_FIELDS:
        if name in fields and name not in ("aux_exam", "other_signs"):
            value = None if last is None else last.values.get(name)
            fields[name].set_last("" if value is None else _words(name, value))
    for disease in DISEASES:
        title = codes.label("chronic_disease", disease)
        noted = () if last is None else last.symptoms.get(disease, ())
        if noted:
            words = tr(", ").join(codes.label(SYMPTOM_LISTS[disease], code) for code in noted)
            title = tr("{disease} (last: {symptoms})").format(disease=title, symptoms=words)
        fields[f"{disease}.symptoms"].set_label(title)
    fields.drugs.set_last_drugs(() if last is None else last.drugs)
    fields.habits_button.setEnabled(
        last is not None and any(name in last.values for name in HABIT_FIELDS)
    )
    fields.drugs_button.setEnabled(last is not None and bool(last.drugs or last.insulin))


def copy_habits(fields: FollowUpFields, last: LastVisit) -> None:
    """Habits as last visit, into fields that are still blank; never a measurement."""
    for name in HABIT_FIELDS:
        value = last.values.get(name)
        if value is not None and fields[name].is_blank() and not fields[name].isHidden():
            fields[name].set_value(value)


def copy_drugs(fields: FollowUpFields, last: LastVisit) -> None:
    """Drugs and insulin as last visit."""
    fields.drugs.copy_last()
    if last.insulin and fields.insulin.is_blank():
        fields.insulin.set_value(last.insulin)


def _part(fields: FollowUpFields, disease: str) -> DiseasePart:
    visit_class, step, reason = (_value(field) for field in fields.overrides[disease])
    override = None
    if visit_class or step or reason:
        override = Override(reason or "", visit_class or "", step or "")
    return DiseasePart(
        disease=disease,
        symptoms=tuple(fields[f"{disease}.symptoms"].value()),
        symptom_text=_value(fields[f"{disease}.symptom_text"]) or "",
        next_visit=fields[f"{disease}.next_visit"].value(),
        override=override,
    )


def _copd(fields: FollowUpFields) -> dict[str, Any]:
    """The answers of the definition's items; those of items it no longer has stay."""
    old = {key: each for key, each in fields.copd_before.items() if key not in fields.items}
    typed = {key: _value(field) for key, field in fields.items.items()}
    return {**old, **{key: each for key, each in typed.items() if each not in (None, "", ())}}


def _value(field: Field) -> Any:
    return None if field.isHidden() else field.value()


def _words(name: str, value: Any) -> str:
    if name in _CODE_LISTS:
        return codes.label(_CODE_LISTS[name], str(value))
    return f"{value:g}" if isinstance(value, int | float) else str(value)
