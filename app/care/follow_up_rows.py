"""A follow-up visit as rows of the store, and back to what was typed."""

from __future__ import annotations

from typing import Any

from app.care.copd_form import kept_answers, typed_answers
from app.care.drugs import DrugLine
from app.care.follow_up_form import FORM_VERSION, DiseasePart, FollowUpInput, Override
from app.care.follow_up_judgement import Judgement
from app.care.kept import rows, texts
from app.care.parsing import clean_text
from app.care.visit_rules import RULE_VERSION
from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.identity import new_id

_TEXTS = (
    "bp_source", "other_signs", "salt", "salt_target", "psych", "compliance", "adherence",
    "adverse_reaction", "adverse_reaction_text", "complication_text", "not_fasting_reason",
    "dorsalis_pedis", "dorsalis_pedis_side", "hypoglycaemia", "aux_exam", "other_tests",
    "mmrc", "copd_control",
    "referral_reason", "referral_org_dept", "remark",
)  # fmt: skip
_VALUES = (
    "resident_id", "visit_date", "mode", "sbp", "dbp", "heart_rate", "temperature", "weight",
    "weight_target", "height", "waist", "smoking", "smoking_target", "alcohol",
    "alcohol_target", "exercise_per_week", "exercise_per_week_target", "exercise_minutes",
    "exercise_minutes_target", "staple_food", "staple_food_target",
    "new_or_worse_complication", "fpg", "ppg", "random_glucose", "hba1c", "hba1c_date",
    "resident_signed", "respiration", "spo2", "fev1", "fvc", "cat",
)  # fmt: skip


def row_of(form: FollowUpInput, actor: Actor, judgements: tuple[Judgement, ...]) -> FollowUp:
    """The new row of a visit with a part for each judgement; texts cleaned, blanks null."""
    insulin, adjustment = clean_text(form.insulin), clean_text(form.drug_adjustment)
    steps = [judgement.next_step for judgement in judgements if judgement.next_step is not None]
    row = FollowUp(
        id=new_id(),
        **{name: getattr(form, name) for name in _VALUES},
        **{name: clean_text(getattr(form, name)) or None for name in _TEXTS},
        bmi=form.bmi,
        bmi_target=form.bmi_target,
        fev1_fvc=form.fev1_fvc,
        copd=kept_answers(form.copd),
        danger_signs=list(dict.fromkeys(form.danger_signs)),
        not_measured={name: code for name, code in form.not_measured.items() if code},
        drugs=[line.as_dict() for line in form.drugs],
        insulin={"text": insulin} if insulin else {},
        drug_adjustment=[{"text": adjustment}] if adjustment else [],
        next_measure=max(steps, default=None),
        doctor_name=actor.name,
        form_version=FORM_VERSION,
        rule_version=rule_version_of(judgements),
    )
    row.diseases = [_part_row(form, row, judgement) for judgement in judgements]
    return row


def rule_version_of(judgements: tuple[Judgement, ...]) -> str:
    """The rules that a visit was judged by, each once: ``NBPHS-2017+S3-9f2c, LOCAL-2025+…``."""
    return ", ".join(dict.fromkeys(j.proposal.rule_version for j in judgements)) or RULE_VERSION


def form_of(row: FollowUp) -> FollowUpInput:
    """What was typed on a kept visit, to correct it or to write a letter from it."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _VALUES}
    values.update({name: getattr(row, name) or "" for name in _TEXTS})
    return FollowUpInput(
        **values,
        parts=tuple(_part_of(part) for part in row.diseases),
        danger_signs=tuple(texts(row.danger_signs)),
        not_measured=dict(row.not_measured),
        copd=typed_answers(row.copd),
        drugs=tuple(DrugLine.from_dict(line) for line in rows(row.drugs)),
        insulin=str(row.insulin.get("text", "")),
        drug_adjustment="; ".join(str(each.get("text", "")) for each in rows(row.drug_adjustment)),
    )


def _part_row(form: FollowUpInput, row: FollowUp, judgement: Judgement) -> FollowUpDisease:
    part = form.part(judgement.disease)
    assert part is not None
    proposal = judgement.proposal
    problem: bool | None = bool(proposal.uncontrolled) or proposal.adverse_reaction
    if proposal.uncontrolled is None and not proposal.adverse_reaction:
        problem = None
    return FollowUpDisease(
        follow_up_id=row.id,
        resident_id=form.resident_id,
        visit_date=form.visit_date,
        disease=judgement.disease,
        symptoms=list(part.symptoms),
        symptom_text=clean_text(part.symptom_text) or None,
        control_class=judgement.visit_class,
        proposed_class=proposal.visit_class,
        override_reason=clean_text(part.override.reason) if part.override else None,
        uncontrolled=proposal.uncontrolled,
        problem=problem,
        urgent=proposal.urgent,
        urgent_reasons=[finding.text for finding in proposal.urgent_findings],
        action=judgement.next_step,
        proposed_action=proposal.next_step,
        next_visit_date=judgement.next_visit,
    )


def _part_of(part: FollowUpDisease) -> DiseasePart:
    override = None
    if part.override_reason:
        changed_class = part.control_class != part.proposed_class
        changed_step = part.action != part.proposed_action
        override = Override(
            part.override_reason,
            (part.control_class or "") if changed_class else "",
            (part.action or "") if changed_step else "",
        )
    return DiseasePart(
        disease=part.disease,
        symptoms=tuple(texts(part.symptoms)),
        symptom_text=part.symptom_text or "",
        next_visit=part.next_visit_date,
        override=override,
    )
