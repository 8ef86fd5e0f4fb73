"""The beginnings of a letter from a rehab session that was held or stopped, while it is still on
the grid: nobody has to save the row first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from app.care.check_in_rules import Assessment, CheckInInput
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency
from app.care.rehab_plan import PlanView
from app.care.rehab_rules import Vitals as SessionVitals
from app.care.rehab_words import hold_line, must_call_doctor, number, stop_line
from app.i18n import tr
from app.models import codes

#: Findings that are red flags of the letter by themselves.
_RED_FLAGS: Mapping[str, str] = {
    "chest_pain": "chest_back_pain",
    "dyspnoea": "dyspnoea_orthopnoea",
    "confusion": "unconsciousness",
    "neuro": "stroke_signs",
    "fracture": "other_danger",
    "dvt": "other_danger",
}


def session_prefill(
    row: CheckInInput, judged: Assessment, plan: PlanView | None, day: date
) -> ReferralPrefill:
    """What the session can say on the letter.

    An emergency where the rules want a doctor at once, else a priority; the writer decides. The
    vitals are the last ones that were measured: after the session, else before it.
    """
    findings = (*judged.stops, *judged.holds)
    urgent = must_call_doctor(findings)
    return ReferralPrefill(
        resident_id=row.resident_id,
        urgency=Urgency.EMERGENCY if urgent else Urgency.PRIORITY,
        reason_codes=("critical_signs",) if urgent else ("condition_deteriorating",),
        red_flags=tuple(
            dict.fromkeys(_RED_FLAGS[each.code] for each in findings if each.code in _RED_FLAGS)
        ),
        impression=plan.diagnosis if plan is not None else "",
        present_history="\n".join(_history(row, judged, day)),
        treatment_given="\n".join(_treatment(row, plan)),
        diagnoses=((plan.diagnosis_code, plan.diagnosis),)
        if plan is not None and plan.diagnosis_code
        else (),
        vitals=_vitals(row),
        source_kind="check_in",
        source_id=row.id,
    )


def _history(row: CheckInInput, judged: Assessment, day: date) -> list[str]:
    lines = []
    for words, why in (
        (tr("Rehab session on {date}, stopped: {why}."), stop_line(judged.stops)),
        (tr("Rehab session on {date}, not begun: {why}."), hold_line(judged.holds)),
    ):
        if why:
            lines.append(words.format(date=day.isoformat(), why=why))
    for words, values in (
        (tr("Before: {values}."), _measured(row.pre)),
        (tr("After: {values}."), _measured(row.post)),
    ):
        if values:
            lines.append(words.format(values=values))
    if row.borg is not None:
        words = tr("Exertion (Borg {scale}): {value}.")
        lines.append(words.format(scale=row.borg_scale, value=row.borg))
    lines += [text for text in (row.pre_note, row.adverse_text) if text]
    return lines


def _measured(values: SessionVitals) -> str:
    parts = []
    if values.sbp is not None and values.dbp is not None:
        parts.append(tr("BP {sbp}/{dbp} mmHg").format(sbp=values.sbp, dbp=values.dbp))
    for value, words in (
        (values.heart_rate, tr("heart rate {value}/min")),
        (values.spo2, tr("SpO₂ {value} %")),
        (values.temperature, tr("temperature {value} ℃")),
        (values.glucose, tr("glucose {value} mmol/L")),
        (values.pain, tr("pain {value} of 10")),
    ):
        if value is not None:
            parts.append(words.format(value=number(value)))
    return tr(", ").join(parts)


def _treatment(row: CheckInInput, plan: PlanView | None) -> list[str]:
    lines = []
    if plan is not None:
        lines.append(
            tr("Rehabilitation since {date}: {goal}").format(
                date=plan.starts_on.isoformat(), goal=plan.goal_short
            )
        )
    exercises = dict.fromkeys(codes.label("rehab_exercise", item.exercise) for item in row.items)
    if exercises:
        lines.append(tr("Exercises: {what}").format(what=tr(", ").join(exercises)))
    if row.action:
        lines.append(
            tr("Done on the spot: {what}").format(what=codes.label("rehab_action", row.action))
        )
    return lines


def _vitals(row: CheckInInput) -> Vitals:
    """The last of each that was measured; temperature and glucose are taken before only."""
    pre, post = row.pre, row.post
    pressed = post if post.sbp is not None or post.dbp is not None else pre
    return Vitals(
        sbp=pressed.sbp,
        dbp=pressed.dbp,
        heart_rate=post.heart_rate if post.heart_rate is not None else pre.heart_rate,
        spo2=post.spo2 if post.spo2 is not None else pre.spo2,
        temperature=pre.temperature,
        glucose=pre.glucose,
    )
