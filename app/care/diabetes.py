"""Follow-up of type-2 diabetes: the pure rule.

Source: 国家基本公共卫生服务规范（第三版，2017）2型糖尿病患者健康管理服务规范, rule version
``NBPHS-2017`` (domain reference §5.3). Glucose in mmol/L with one decimal, HbA1c in %,
pressures in mmHg, temperature in ℃. Only *fasting* glucose classifies control.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.care.hypertension import danger_findings, urgent_pressure
from app.care.limits import shown
from app.care.visit_rules import (
    DEFAULT_SETTINGS,
    Assessment,
    Facts,
    Finding,
    PreviousVisit,
    RuleSettings,
    judge,
)
from app.i18n import N_, tr

DISEASE = "type2_diabetes"
FASTING_LIMIT = 7.0
LOW_FASTING = 4.0
HIGH_AFTER_MEAL = 9.9
URGENT_LOW = 3.9
URGENT_HIGH = 16.7
URGENT_HEART_RATE = 100
URGENT_TEMPERATURE = 39.0
FREQUENT_HYPOGLYCAEMIA = "3"

DANGER_SIGNS = (
    "consciousness",
    "nausea_vomiting",
    "palpitation",
    "acetone_breath",
    "sweating",
    "poor_appetite",
    "thirst_polyuria",
    "abdominal_pain",
    "deep_breathing",
    "flushed_skin",
    "fast_heart",
    "high_fever",
    "vision_loss",
    "pregnancy_glucose",
    "unmanageable",
)
"""Codes of list ``danger_sign`` that make a diabetes visit urgent when ticked."""

_ASK = MappingProxyType(
    {
        "2": N_("Much thirst: sudden, or with vomiting or drowsiness?"),
        "4": N_("Much urine: sudden, or with vomiting or drowsiness?"),
        "5": N_("Blurred vision: sudden loss of sight?"),
        "6": N_("Infection: fever, or a wound of the foot?"),
    }
)


@dataclass(frozen=True, slots=True)
class DiabetesVisit:
    """What a visit must say for the rule.

    ``fasting``, ``after_meal``, ``random_glucose``: mmol/L, any may be missing.
    ``hypoglycaemia``: code of list ``hypoglycaemia`` (3 = frequent asks the doctor).
    ``symptoms`` (list ``symptom_diabetes``) only ask; ``danger_signs`` escalate.
    """

    visit_date: date
    fasting: float | None = None
    after_meal: float | None = None
    random_glucose: float | None = None
    sbp: int | None = None
    dbp: int | None = None
    heart_rate: int | None = None
    temperature: float | None = None
    adverse_reaction: bool = False
    complication: bool = False
    hypoglycaemia: str | None = None
    symptoms: frozenset[str] = frozenset()
    danger_signs: frozenset[str] = frozenset()


def assess(
    visit: DiabetesVisit,
    previous: PreviousVisit | None = None,
    settings: RuleSettings = DEFAULT_SETTINGS,
    quarterly_date: date | None = None,
) -> Assessment:
    """Classify a visit, say whether to refer and when to come again (``NBPHS-2017``).

    ``previous``: the last visit before this one that had a fasting glucose. Without a
    fasting value control is not classified and the due date is not moved, but the urgent
    limits apply to any glucose.
    """
    return judge(_facts(visit, settings), previous, settings, quarterly_date)


def uncontrolled(fasting: float | None) -> bool | None:
    """Fasting glucose ≥ 7.0 mmol/L; None without a fasting value."""
    return None if fasting is None else fasting >= FASTING_LIMIT


def urgent_values(visit: DiabetesVisit) -> tuple[Finding, ...]:
    """The numbers that call for an urgent referral, each with its limit."""
    findings: list[Finding] = []
    for code, value, name in _glucoses(visit):
        if value >= URGENT_HIGH:
            findings.append(_glucose_finding(code, name, value, "≥", URGENT_HIGH))
        elif value <= URGENT_LOW:
            findings.append(_glucose_finding(code, name, value, "≤", URGENT_LOW))
    findings.extend(urgent_pressure(visit.sbp, visit.dbp))
    if visit.heart_rate is not None and visit.heart_rate > URGENT_HEART_RATE:
        findings.append(
            Finding(
                "heart_rate",
                tr("heart rate {value} > {limit}").format(
                    value=visit.heart_rate, limit=URGENT_HEART_RATE
                ),
            )
        )
    if visit.temperature is not None and visit.temperature > URGENT_TEMPERATURE:
        findings.append(
            Finding(
                "temperature",
                tr("temperature {value} > {limit}").format(
                    value=shown(visit.temperature, 1), limit=shown(URGENT_TEMPERATURE, 1)
                ),
            )
        )
    return tuple(findings)


def _facts(visit: DiabetesVisit, settings: RuleSettings) -> Facts:
    return Facts(
        visit_date=visit.visit_date,
        uncontrolled=uncontrolled(visit.fasting),
        adverse_reaction=visit.adverse_reaction,
        complication=visit.complication,
        urgent=urgent_values(visit) + danger_findings(visit.danger_signs),
        control=_control(visit.fasting),
        questions=_questions(visit),
        notes=_notes(visit, settings),
    )


def _glucoses(visit: DiabetesVisit) -> list[tuple[str, float, str]]:
    named = (
        ("fasting", visit.fasting, tr("fasting glucose")),
        ("after_meal", visit.after_meal, tr("glucose after a meal")),
        ("random", visit.random_glucose, tr("random glucose")),
    )
    return [(code, value, name) for code, value, name in named if value is not None]


def _glucose_finding(code: str, name: str, value: float, sign: str, limit: float) -> Finding:
    return Finding(code, f"{name} {shown(value, 1)} {sign} {shown(limit, 1)}")


def _control(fasting: float | None) -> tuple[Finding, ...]:
    if fasting is None:
        return ()
    sign = "≥" if fasting >= FASTING_LIMIT else "<"
    return (_glucose_finding("fasting", tr("fasting glucose"), fasting, sign, FASTING_LIMIT),)


def _questions(visit: DiabetesVisit) -> tuple[str, ...]:
    asked: list[str] = []
    if visit.hypoglycaemia == FREQUENT_HYPOGLYCAEMIA:
        asked.append(tr("Frequent hypoglycaemia: look at drugs and meals."))
    if not visit.danger_signs:
        asked.extend(tr(_ASK[code]) for code in sorted(visit.symptoms) if code in _ASK)
    return tuple(asked)


def _notes(visit: DiabetesVisit, settings: RuleSettings) -> tuple[str, ...]:
    """Display only: probably satisfactory without a fasting value, and the county's own marks."""
    notes: list[str] = []
    values = [value for _, value, _ in _glucoses(visit)]
    if visit.fasting is None and values and min(values) > URGENT_LOW:
        limit = settings.probable_glucose
        if max(values) < limit:
            notes.append(
                tr("Not fasting, under {limit}: probably satisfactory (not classified).").format(
                    limit=shown(limit, 1)
                )
            )
    if settings.glucose_flags:
        if visit.fasting is not None and visit.fasting < LOW_FASTING:
            notes.append(tr("Fasting glucose under 4.0: low."))
        if visit.after_meal is not None and visit.after_meal > HIGH_AFTER_MEAL:
            notes.append(tr("Glucose after a meal over 9.9: high."))
    return tuple(notes)
