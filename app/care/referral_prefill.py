"""The beginnings of a referral letter, taken from a follow-up visit that calls for one.

Everything comes from the record; nothing is invented, and the doctor reads and changes all of
it before the letter is sent. The fields have the names of ``LetterInput`` in
``app.care.referral_letter``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.follow_up_form import NO_SYMPTOM, OTHER_SYMPTOM, SYMPTOM_LISTS, FollowUpInput
from app.care.follow_up_history import allergies_of_person
from app.care.follow_up_judgement import Judgement, PastVisit
from app.care.kept import rows
from app.care.limits import shown
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency
from app.care.resident_record.people import records_of_person, same_person
from app.i18n import tr
from app.models import codes
from app.models.resident import Condition, Resident

NO_PAST_DISEASE = "1"
URGENT_SBP_WITH_SIGNS = (180, 110)

# Danger signs that are red flags of the county's tiered-care plans by themselves.
_RED_FLAGS: Mapping[str, str] = {
    "consciousness": "unconsciousness",
    "precordial_pain": "chest_back_pain",
    "orthopnoea": "dyspnoea_orthopnoea",
    "vision_loss": "sudden_vision_loss",
}
_WITH_HIGH_PRESSURE = frozenset({"severe_headache", "nausea_vomiting"})
_PAST_VISITS_TOLD = 3


@dataclass(frozen=True, slots=True)
class ReferralPrefill:
    """What the record can say on a letter. ``urgency`` is a suggestion.

    ``diagnoses``: (ICD-10 code, name); ``vitals`` as measured at the visit; ``source_kind``
    and ``source_id`` name the visit.
    """

    resident_id: str
    urgency: str
    reason_codes: tuple[str, ...]
    red_flags: tuple[str, ...] = ()
    impression: str = ""
    present_history: str = ""
    past_history: str = ""
    treatment_given: str = ""
    diagnoses: tuple[tuple[str, str], ...] = ()
    vitals: Vitals = field(default_factory=Vitals)
    last_results: str = ""
    allergies: str = ""
    current_drugs: tuple[str, ...] = ()
    source_kind: str = "follow_up"
    source_id: str = ""


def build_prefill(
    session: Session,
    resident: Resident,
    visit_id: str,
    form: FollowUpInput,
    judgements: tuple[Judgement, ...],
    history: Mapping[str, tuple[PastVisit, ...]],
) -> ReferralPrefill:
    """The letter's beginnings from a visit and what the record says besides."""
    conditions = session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident.id)),
            Condition.clinical_status == "active",
        )
        .order_by(Condition.id)
    ).all()
    concerned = [c for c in conditions if c.disease in {j.disease for j in judgements}]
    reasons = dict.fromkeys(code for j in judgements for code in j.proposal.referral_reasons)
    if not reasons and any(judgement.refer for judgement in judgements):
        # The doctor refers where the rule does not.
        reasons = {"specialist_needed": None}
    return ReferralPrefill(
        resident_id=resident.id,
        urgency=_urgency(judgements),
        reason_codes=tuple(reasons),
        red_flags=_red_flags(form),
        impression=_impression(concerned, judgements),
        present_history=_present_history(form, judgements, history),
        past_history=_past_history(records_of_person(session, resident), list(conditions)),
        treatment_given=_treatment(form),
        diagnoses=tuple(
            dict.fromkeys((c.code, c.display) for c in concerned if c.code is not None)
        ),
        vitals=Vitals(
            sbp=form.sbp,
            dbp=form.dbp,
            heart_rate=form.heart_rate,
            temperature=form.temperature,
            glucose=next(
                (g for g in (form.fpg, form.random_glucose, form.ppg) if g is not None), None
            ),
        ),
        last_results=_results(form),
        allergies=tr(", ").join(allergies_of_person(session, resident)),
        current_drugs=tuple(line.text() for line in form.drugs)
        + ((form.insulin,) if form.insulin else ()),
        source_id=visit_id,
    )


def _urgency(judgements: tuple[Judgement, ...]) -> str:
    if any(judgement.proposal.urgent for judgement in judgements):
        return Urgency.EMERGENCY
    if any("new_or_worse_complication" in j.proposal.referral_reasons for j in judgements):
        return Urgency.PRIORITY
    return Urgency.ROUTINE


def _red_flags(form: FollowUpInput) -> tuple[str, ...]:
    found = [flag for sign, flag in _RED_FLAGS.items() if sign in form.danger_signs]
    sbp, dbp = URGENT_SBP_WITH_SIGNS
    high = (form.sbp or 0) >= sbp or (form.dbp or 0) >= dbp
    if high and _WITH_HIGH_PRESSURE & set(form.danger_signs):
        found.append("bp_headache_vomiting")
    return tuple(found)


def _impression(concerned: list[Condition], judgements: tuple[Judgement, ...]) -> str:
    lines = []
    for judgement in judgements:
        name = next(
            (c.display for c in concerned if c.disease == judgement.disease),
            codes.label("chronic_disease", judgement.disease),
        )
        findings = [finding.text for finding in judgement.proposal.urgent_findings]
        words = tr(", ").join(findings) or codes.label("visit_class", judgement.visit_class)
        lines.append(tr("{what}: {words}").format(what=name, words=words) if words else name)
    return "\n".join(lines)


def _present_history(
    form: FollowUpInput,
    judgements: tuple[Judgement, ...],
    history: Mapping[str, tuple[PastVisit, ...]],
) -> str:
    lines = [
        tr("Follow-up on {date} ({mode}): {reasons}.").format(
            date=form.visit_date,
            mode=codes.label("follow_up_mode", form.mode),
            reasons="; ".join(judgement.proposal.reason for judgement in judgements),
        )
    ]
    symptoms = _symptoms(form)
    if symptoms:
        lines.append(tr("Symptoms: {symptoms}.").format(symptoms=symptoms))
    if form.danger_signs:
        signs = tr(", ").join(codes.label("danger_sign", sign) for sign in form.danger_signs)
        lines.append(tr("Danger signs: {signs}.").format(signs=signs))
    for text, words in (
        (form.adverse_reaction_text, tr("Drug reaction: {text}.")),
        (form.complication_text, tr("Complication: {text}.")),
        (form.other_signs, tr("Other signs: {text}.")),
    ):
        if text:
            lines.append(words.format(text=text))
    for judgement in judgements:
        past = [
            f"{visit.visit_date} {codes.label('visit_class', visit.visit_class)}"
            for visit in history.get(judgement.disease, ())
            if visit.visit_class
        ][-_PAST_VISITS_TOLD:]
        if past:
            lines.append(
                tr("Earlier visits, {disease}: {visits}.").format(
                    disease=codes.label("chronic_disease", judgement.disease),
                    visits=tr(", ").join(past),
                )
            )
    return "\n".join(lines)


def _symptoms(form: FollowUpInput) -> str:
    found: dict[str, None] = {}
    for part in form.parts:
        for code in part.symptoms:
            if code != NO_SYMPTOM:
                text = codes.label(SYMPTOM_LISTS[part.disease], code)
                found[
                    part.symptom_text if code == OTHER_SYMPTOM and part.symptom_text else text
                ] = None
    return tr(", ").join(found)


def _past_history(records: list[Resident], conditions: list[Condition]) -> str:
    found: dict[str, None] = {}
    for condition in conditions:
        since = tr(" since {onset}").format(onset=condition.onset) if condition.onset else ""
        found[f"{condition.display}{since}"] = None
    covered = {condition.disease for condition in conditions}
    for entry in (each for row in records for each in rows(row.past_disease)):
        code = entry.get("code")
        same = {"2": "hypertension", "3": "type2_diabetes", "5": "copd"}.get(str(code))
        if code == NO_PAST_DISEASE or (same and same in covered):
            continue
        label = str(entry.get("text") or "") or codes.label("past_disease", code)
        found[label] = None
    return tr(", ").join(found)


def _treatment(form: FollowUpInput) -> str:
    lines = [line.text() for line in form.drugs]
    if form.insulin:
        lines.append(tr("Insulin: {text}").format(text=form.insulin))
    if form.adherence:
        lines.append(
            tr("Takes the drugs: {how}").format(how=codes.label("adherence", form.adherence))
        )
    if form.drug_adjustment:
        lines.append(tr("Adjustment today: {text}").format(text=form.drug_adjustment))
    return "\n".join(lines)


def _results(form: FollowUpInput) -> str:
    found: list[str] = []
    if form.sbp is not None and form.dbp is not None:
        found.append(tr("BP {sbp}/{dbp} mmHg").format(sbp=form.sbp, dbp=form.dbp))
    for value, words in (
        (form.fpg, tr("fasting glucose {value} mmol/L")),
        (form.ppg, tr("glucose after a meal {value} mmol/L")),
        (form.random_glucose, tr("random glucose {value} mmol/L")),
        (form.hba1c, tr("HbA1c {value} %")),
    ):
        if value is not None:
            found.append(words.format(value=shown(value, 1)))
    found.extend(text for text in (form.aux_exam, form.other_tests) if text)
    return tr(", ").join(found)
